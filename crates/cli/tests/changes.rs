//! Scans of what is staged and what is not, in repositories that git makes.

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::git::Home;
use common::secrets::{password, pem, token};
use common::{Project, places, unscanned};

fn repo() -> (Home, Project) {
    let (home, project) = (Home::new(), Project::new());
    home.repo(&project);
    (home, project)
}

/// Returns the paths and lines of what is found.
fn found(project: &Project, args: &[&str]) -> (Vec<(String, u64)>, Option<i32>) {
    let (report, code) = project.scan(args);
    (places(&report).into_iter().map(|(path, line, _)| (path, line)).collect(), code)
}

fn at(places: &[(&str, u64)]) -> Vec<(String, u64)> {
    places.iter().map(|(path, line)| ((*path).to_owned(), *line)).collect()
}

#[test]
fn staged_is_what_the_index_adds() {
    let (home, project) = repo();
    let git = |args: &[&str]| home.git(project.root(), args);
    project.write("old.txt", format!("one\n{}\nthree\n", token(1)));
    git(&["add", "."]);
    git(&["commit", "-qm", "old"]);
    assert_eq!(found(&project, &["--staged"]), (vec![], Some(0)));

    project.write("old.txt", format!("zero\none\n{}\n{}\nthree\n", token(1), token(2)));
    project.write("new/file.env", format!("\n\n{}\n", password(3).0));
    git(&["add", "."]);
    // What lies in the work tree does not count, nor does what git does not know.
    project.write("old.txt", format!("{}\n", token(4)));
    project.write("unknown.txt", format!("{}\n", token(5)));
    assert_eq!(found(&project, &["--staged"]), (at(&[("new/file.env", 3), ("old.txt", 4)]), Some(1)));
    fs::remove_file(project.path("new/file.env")).expect("it is there");
    assert_eq!(found(&project, &["--staged"]).0.len(), 2, "the index has it still");
    assert_eq!(found(&project, &["--staged", "new"]), (at(&[("new/file.env", 3)]), Some(1)), "under a path only");
    assert_eq!(found(&project, &["--staged", "old.txt"]).0, at(&[("old.txt", 4)]));
    let mut command = project.command(&["scan", "--staged", "-f", "json"]);
    let run = common::run(command.current_dir(project.path("new")), b"");
    assert_eq!(places(&serde_json::from_str(&run.stdout).expect("JSON")).len(), 2, "from any folder of the work tree");
    project.run(&["scan", "--staged", "--history", "."]).exits(2).says("cannot be used with");
}

#[test]
fn a_range_is_what_its_commits_add() {
    let (home, project) = repo();
    let git = |args: &[&str]| home.git(project.root(), args);
    let commit = |name: &str, text: String| {
        project.write(name, text);
        git(&["add", "."]);
        git(&["commit", "-qm", name]);
    };
    commit("old.txt", format!("{}\n", token(1)));
    git(&["tag", "base"]);
    commit("new.txt", format!("\n{}\n", token(2)));
    // Whoever has the commits has what one of them takes away again.
    commit("new.txt", "nothing\n".to_owned());
    commit("old.txt", format!("one\n{}\n{}\n", token(1), token(3)));
    assert_eq!(found(&project, &["--range", "base..HEAD"]), (at(&[("new.txt", 2), ("old.txt", 3)]), Some(1)));
    assert_eq!(found(&project, &["--range", "HEAD~1.."]).0, at(&[("old.txt", 3)]));
    assert_eq!(found(&project, &["--range", "base...HEAD"]).0.len(), 2);
    assert_eq!(found(&project, &["--range", "HEAD..base"]), (vec![], Some(0)));
    project.run(&["scan", "--range", "base"]).exits(2).says("is no range of commits");
    project.run(&["scan", "--range", "nowhere..HEAD"]).exits(2).says("nowhere");
}

#[test]
fn unstaged_is_what_the_work_tree_adds() {
    let (home, project) = repo();
    let git = |args: &[&str]| home.git(project.root(), args);
    project.write("a.txt", "one\ntwo\n");
    project.write("b.txt", "one\ntwo\n");
    git(&["add", "."]);
    assert_eq!(found(&project, &["--unstaged"]), (vec![], Some(0)));
    project.write("a.txt", format!("one\r\n{}\r\ntwo\r\n", token(1)));
    project.write("unknown.txt", format!("{}\n", token(2)));
    project.write("announced.txt", format!("{}\n", token(3)));
    git(&["add", "--intent-to-add", "announced.txt"]);
    assert_eq!(found(&project, &["--unstaged"]), (at(&[("a.txt", 2), ("announced.txt", 1)]), Some(1)));
    assert_eq!(found(&project, &["--staged"]), (vec![], Some(0)));
    // Neither a link in the place of a folder nor one in the place of a file leads elsewhere.
    project.write("dir/c.txt", "x\n");
    git(&["add", "dir"]);
    fs::remove_dir_all(project.path("dir")).expect("it is ours");
    fs::create_dir(project.path("elsewhere")).expect("a folder");
    project.write("elsewhere/c.txt", format!("{}\n", token(4)));
    symlink("elsewhere", project.path("dir")).expect("a link");
    fs::remove_file(project.path("b.txt")).expect("it is ours");
    symlink("unknown.txt", project.path("b.txt")).expect("a link");
    assert_eq!(found(&project, &["--unstaged"]).0, at(&[("a.txt", 2), ("announced.txt", 1)]));
}

#[test]
fn renames_modes_and_deletions_add_nothing() {
    let (home, project) = repo();
    let git = |args: &[&str]| home.git(project.root(), args);
    let filler: String = (0..40).map(|line| format!("line {line} of the file\n")).collect();
    for name in ["moved.txt", "gone.txt", "mode.sh", "dir/deep.txt", "edited.txt"] {
        project.write(name, format!("{filler}{}\n", token(name.len() as u64)));
    }
    git(&["add", "."]);
    git(&["commit", "-qm", "old"]);
    git(&["mv", "moved.txt", "elsewhere.txt"]);
    git(&["mv", "dir", "folder"]);
    git(&["mv", "edited.txt", "renamed.txt"]);
    project.write("renamed.txt", format!("new first line\n{}{}\n", project.read("renamed.txt"), token(77)));
    git(&["rm", "-q", "gone.txt"]);
    git(&["add", "renamed.txt"]);
    git(&["update-index", "--chmod=+x", "mode.sh"]);
    assert_eq!(found(&project, &["--staged"]), (at(&[("renamed.txt", 43)]), Some(1)));
}

#[test]
fn the_first_commit_is_all_new() {
    let (home, project) = (Home::new(), Project::new());
    home.git(project.root(), &["init", "-q", "."]);
    assert_eq!(found(&project, &["--staged"]), (vec![], Some(0)));
    project.write("a", format!("{}\n", token(1)));
    home.git(project.root(), &["add", "a"]);
    assert_eq!(found(&project, &["--staged"]), (at(&[("a", 1)]), Some(1)));
}

#[test]
fn conflicts_links_and_submodules_are_looked_at_or_named() {
    let (home, project) = repo();
    let git = |args: &[&str]| home.git(project.root(), args);
    for (branch, text) in [("ours", token(1)), ("theirs", token(2))] {
        git(&["checkout", "-qb", branch, "main"]);
        project.write("README", format!("{text}\n"));
        git(&["commit", "-qam", branch]);
    }
    assert!(!home.try_git(project.root(), &["merge", "ours"]).status.success(), "they are in conflict");
    let link = format!("https://user:{}@example.org", &token(3)[4..]);
    symlink(&link, project.path("link")).expect("a link");
    git(&["init", "-q", "inner"]);
    home.git(&project.path("inner"), &["commit", "-qm", "x", "--allow-empty"]);
    git(&["add", "link", "inner"]);
    let (report, code) = project.scan(&["--staged"]);
    let paths: Vec<String> = places(&report).into_iter().map(|(path, ..)| path).collect();
    // Theirs is checked out: what the other side has is new.
    assert_eq!((paths, code), (vec!["README".to_owned(), "link".to_owned()], Some(1)));
    assert_eq!(report["coverage"]["excluded"]["submodule"], 1);
}

#[test]
fn every_index_is_read() {
    for args in [&["--object-format=sha256"][..], &["--object-format=sha1"]] {
        let (home, project) = (Home::new(), Project::new());
        let git = |args: &[&str]| home.git(project.root(), args);
        git(&[&["init", "-q"], args].concat());
        for number in 0..30 {
            project.write(format!("d{}/f{number}.txt", number % 3), format!("{number}\n"));
        }
        git(&["add", "."]);
        git(&["commit", "-qm", "first"]);
        let change = |seed: u64| {
            project.write("d1/f1.txt", format!("1\n{}\n", token(seed)));
            git(&["add", "d1/f1.txt"]);
            assert_eq!(found(&project, &["--staged"]), (at(&[("d1/f1.txt", 2)]), Some(1)), "{seed}");
            git(&["gc", "-q"]);
            assert_eq!(found(&project, &["--staged"]), (at(&[("d1/f1.txt", 2)]), Some(1)), "{seed}, packed");
            git(&["reset", "-q", "--hard"]);
        };
        change(1);
        git(&["update-index", "--index-version", "4"]);
        change(2);
        git(&["update-index", "--split-index"]);
        change(3);
        git(&["update-index", "--no-split-index"]);
        git(&["sparse-checkout", "set", "--cone", "--sparse-index", "d1"]);
        change(4);
    }
}

#[test]
fn keys_are_seen_across_old_lines() {
    let (home, project) = repo();
    let key = pem(1);
    let mut lines: Vec<&str> = key.lines().collect();
    let fifth = lines.remove(5);
    project.write("key.pem", lines.join("\n") + "\n");
    home.git(project.root(), &["add", "."]);
    home.git(project.root(), &["commit", "-qm", "part of a key"]);
    lines.insert(5, fifth);
    project.write("key.pem", lines.join("\n") + "\n");
    home.git(project.root(), &["add", "."]);
    assert_eq!(found(&project, &["--staged"]), (at(&[("key.pem", 1)]), Some(1)));
}

#[test]
fn wide_text_is_read() {
    let (home, project) = repo();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    project.write("a.txt", [b"\xff\xfe".to_vec(), wide("first line\nlast line\n")].concat());
    home.git(project.root(), &["add", "."]);
    home.git(project.root(), &["commit", "-qm", "wide"]);
    let text = format!("first line\n{}\nlast line\n", token(1));
    project.write("a.txt", [b"\xff\xfe".to_vec(), wide(&text)].concat());
    home.git(project.root(), &["add", "."]);
    assert_eq!(found(&project, &["--staged"]), (at(&[("a.txt", 2)]), Some(1)));
}

#[test]
fn damage_is_told() {
    let (home, project) = repo();
    project.write("a", format!("{}\n", token(1)));
    home.git(project.root(), &["add", "a"]);
    let id = home.git(project.root(), &["rev-parse", ":a"]);
    let object = project.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let whole = fs::read(&object).expect("an object");
    fs::remove_file(&object).expect("it is ours");
    let (report, code) = project.scan(&["--staged"]);
    assert_eq!((unscanned(&report, "a").as_deref(), code), (Some("missing"), Some(3)));
    fs::write(&object, &whole[..whole.len() / 2]).expect("room");
    let (report, code) = project.scan(&["--staged"]);
    assert_eq!((unscanned(&report, "a").as_deref(), code), (Some("corrupt"), Some(3)));
    fs::write(&object, whole).expect("room");
    project.write(".git/index", "DIRC");
    project.run(&["scan", "--staged"]).exits(2).says(".git/index` is damaged");
    fs::remove_file(project.path(".git/index")).expect("it is ours");
    common::fifo(&project.path(".git/index"));
    project.run(&["scan", "--staged"]).exits(2).says("not a regular file");
    project.run(&["scan", "--staged", "/"]).exits(2).says("no git repository");
}

#[test]
fn nothing_that_a_repository_configures_is_run() {
    let (home, project) = repo();
    let git = |args: &[&str]| home.git(project.root(), args);
    let canary = project.path("canary");
    let run = format!("touch {}", canary.display());
    project.write(".gitattributes", "*.txt diff=x filter=x\n*.bin -diff binary\n");
    project.write("a.txt", format!("{}\n", token(1)));
    project.write("b.bin", format!("{}\n", token(2)));
    git(&["add", "."]);
    for name in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.external",
        "diff.x.textconv",
        "diff.x.command",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "credential.helper",
        "core.editor",
        "gpg.program",
        "core.alternateRefsCommand",
        "alias.diff",
        "alias.status",
    ] {
        git(&["config", name, &format!("!{run}; {run}")]);
    }
    git(&["config", "core.hooksPath", "hooks"]);
    for hook in ["pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"] {
        project.write(format!("hooks/{hook}"), format!("#!/bin/sh\n{run}\n"));
        fs::set_permissions(project.path(format!("hooks/{hook}")), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("it is ours");
    }
    fs::remove_file(&canary).ok();
    let expected = at(&[("a.txt", 1), ("b.bin", 1)]);
    assert_eq!(found(&project, &["--staged"]), (expected.clone(), Some(1)));
    project.write("a.txt", format!("{}\n{}\n", token(1), token(3)));
    assert_eq!(found(&project, &["--unstaged"]), (at(&[("a.txt", 2)]), Some(1)));
    project.run(&["hook", "git", "pre-commit"]).exits(1);
    project.pipe(&["hook", "git", "pre-push", "origin", "x"], b"").exits(0);
    assert!(!canary.exists(), "something was run");
}
