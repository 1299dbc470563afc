//! What came in, where, and where it went.

mod common;

use common::{Sandbox, named, token};
use leaktight_core::{Part, SkipReason};

#[test]
fn tells_a_secret_once_where_it_came_in() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("README", "nothing\n");
    let commit = sandbox.commit("src/a.env", format!("# keys\nKEY={}\n", token(1)));
    sandbox.commit("src/a.env", format!("# all keys\n\nKEY={}\nMORE=1\n", token(1)));
    sandbox.git("r", &["mv", "src/a.env", "b.env"]);
    sandbox.git("r", &["commit", "-qm", "rename"]);
    sandbox.git("r", &["switch", "-qc", "side", "HEAD~1"]);
    sandbox.commit("other", "x\n");
    sandbox.git("r", &["switch", "-q", "main"]);
    sandbox.git("r", &["merge", "-q", "--no-ff", "side"]);
    for packed in [false, true] {
        if packed {
            sandbox.git("r", &["gc", "-q"]);
        }
        let told = sandbox.scan("r");
        let blob = told.place(&token(1));
        assert_eq!(named(blob), (commit.as_str(), "src/a.env"));
        let introduced = blob.commit.as_ref().expect("a commit");
        assert_eq!(
            (introduced.author.as_str(), introduced.subject.as_str()),
            ("Ann <ann@example.org>", "change src/a.env")
        );
        assert_eq!(introduced.offset, 60);
        assert!(blob.in_head && blob.removed.is_none() && blob.others == 0, "{blob:?}");
        assert_eq!(told.findings[0].start.line, 2);
        assert!(told.skipped.is_empty(), "{:?}", told.skipped);
    }
}

#[test]
fn tells_where_a_secret_went_and_where_else_it_stands() {
    let sandbox = Sandbox::with_repo(&[]);
    let line = |seed| format!("KEY={}\n", token(seed));
    let first = sandbox.commit("a.env", line(1) + &line(2));
    sandbox.commit("copy/b.env", line(2) + &line(2));
    sandbox.commit("a.env", line(2));
    let gone = sandbox.head();
    sandbox.commit("c", "x");
    let told = sandbox.scan("r");
    let (one, two) = (told.place(&token(1)), told.place(&token(2)));
    assert_eq!((named(one).0, named(two).0), (first.as_str(), first.as_str()));
    assert_eq!(one.removed.as_ref().map(|commit| commit.id.as_str()), Some(gone.as_str()));
    assert!(!one.in_head && two.in_head);
    assert_eq!((one.others, two.others), (0, 2));
}

#[test]
fn finds_what_only_a_merge_holds() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a", "1\n");
    sandbox.git("r", &["switch", "-qc", "side"]);
    sandbox.commit("b", "2\n");
    sandbox.git("r", &["switch", "-q", "main"]);
    sandbox.commit("c", "3\n");
    sandbox.git("r", &["merge", "-q", "--no-commit", "--no-ff", "side"]);
    sandbox.write("r/evil.env", format!("KEY={}\n", token(1)));
    sandbox.git("r", &["add", "-A"]);
    sandbox.git("r", &["commit", "-qm", "merge"]);
    let merge = sandbox.head();
    sandbox.git("r", &["rm", "-q", "evil.env"]);
    sandbox.git("r", &["commit", "-qm", "clean"]);
    assert_eq!(named(sandbox.scan("r").place(&token(1))), (merge.as_str(), "evil.env"));
}

#[test]
fn finds_what_messages_notes_and_stashes_hold() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a", "1\n");
    sandbox.git("r", &["commit", "-q", "--allow-empty", "-m", &format!("use {}\n\nas key", token(1))]);
    let said = sandbox.head();
    sandbox.git("r", &["tag", "-am", &format!("release\n\n{}", token(2)), "v1"]);
    sandbox.git("r", &["notes", "add", "-m", &format!("note {}", token(3))]);
    for seed in [4, 5] {
        sandbox.write("r/a", format!("KEY={}\n", token(seed)));
        sandbox.git("r", &["stash", "-q"]);
    }
    let told = sandbox.scan("r");
    let (commit, tag) = (told.place(&token(1)), told.place(&token(2)));
    assert_eq!((commit.part, named(commit).0), (Part::Commit, said.as_str()));
    let subject = &commit.commit.as_ref().expect("a commit").subject;
    assert!(!subject.contains(&token(1)) && subject.starts_with("use ****"), "{subject}");
    assert_eq!((tag.part, tag.id.as_str()), (Part::Tag, sandbox.git("r", &["rev-parse", "v1"]).as_str()));
    for seed in 3..=5 {
        assert_eq!(told.place(&token(seed)).part, Part::File);
    }
}

#[test]
fn content_decides_and_not_attributes_or_encodings() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.write("r/.gitattributes", "*.txt -diff\n*.dat binary\n");
    let wide: Vec<u8> = format!("\u{feff}KEY={}\r\n", token(1)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.commit("wide.ini", wide);
    sandbox.commit("plain.txt", format!("KEY={}\n", token(2)));
    sandbox.commit(
        "blob.dat",
        [&b"\x89PNG\r\n\x1a\n\0\0\0\0"[..], format!("KEY={}", token(3)).as_bytes(), b"\0\xff"].concat(),
    );
    sandbox.git("r", &["gc", "-q"]);
    let told = sandbox.scan("r");
    (1..=3).for_each(|seed| assert_ne!(named(told.place(&token(seed))).1, ""));
}

#[test]
fn what_nothing_leads_to_is_told_when_asked_for() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a", "1\n");
    sandbox.commit("b.env", format!("KEY={}\n", token(1)));
    sandbox.git("r", &["reset", "-q", "--hard", "HEAD~1"]);
    let told = sandbox.scan("r");
    assert!(!told.has(&token(1)));
    assert_eq!(told.gaps(SkipReason::Unreachable).len(), 1, "{:?}", told.skipped);
    let told = sandbox.scan_with("r", |options| options.unreachable = true).expect("a repository");
    let blob = told.place(&token(1));
    assert_eq!((blob.commit.as_ref(), blob.path.as_deref()), (None, None));
    assert!(told.gaps(SkipReason::Unreachable).is_empty());
}

#[test]
fn finds_the_same_however_it_is_stored() {
    let sandbox = Sandbox::with_repo(&[]);
    let text = |n: usize| (0..n).map(|line| format!("line {line} of a long file\n")).collect::<String>();
    let mut commits = Vec::new();
    for n in 1..40 {
        let key = if n % 4 == 0 { format!("KEY={}\n", token(n as u64)) } else { String::new() };
        commits.push(sandbox.commit("long.txt", format!("{}{key}{}", text(200 + n), text(300 - n))));
    }
    let check = |folder: &str| {
        let told = sandbox.scan(folder);
        for n in (4..40).step_by(4) {
            assert_eq!(named(told.place(&token(n))), (commits[n as usize - 1].as_str(), "long.txt"), "{folder}");
        }
        assert_eq!(told.findings.len(), 9, "{folder}");
        assert!(told.skipped.is_empty(), "{folder}: {:?}", told.skipped);
    };
    check("r");
    sandbox.git("r", &["repack", "-qad"]);
    check("r");
    sandbox.git("r", &["-c", "repack.useDeltaBaseOffset=false", "-c", "pack.indexVersion=1", "repack", "-qadf"]);
    check("r");
    sandbox.git("r", &["worktree", "add", "-q", "../w"]);
    check("w");
    sandbox.git(".", &["clone", "-q", "--bare", "r", "bare"]);
    check("bare");
    sandbox.git(".", &["clone", "-q", "--shared", "r", "shared"]);
    check("shared");
    sandbox.git(".", &["init", "-q", "super"]);
    sandbox.git("super", &["submodule", "--quiet", "add", "../r", "sub"]);
    check("super/sub");
}

#[test]
fn reads_indexes_of_several_packs() {
    let sandbox = Sandbox::with_repo(&[]);
    for seed in 1..=3 {
        sandbox.commit("a.env", format!("KEY={}\n", token(seed)));
        sandbox.git("r", &["repack", "-qd"]);
    }
    sandbox.git("r", &["multi-pack-index", "write"]);
    for entry in std::fs::read_dir(sandbox.root.join("r/.git/objects/pack")).expect("packs").flatten() {
        if entry.path().extension().is_some_and(|end| end == "idx") {
            std::fs::remove_file(entry.path()).expect("a file");
        }
    }
    let told = sandbox.scan("r");
    (1..=3).for_each(|seed| assert_eq!(named(told.place(&token(seed))).1, "a.env"));
    assert!(told.skipped.is_empty(), "{:?}", told.skipped);
}

#[test]
fn says_what_a_clone_left_out() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    sandbox.commit("a.env", "KEY=\n");
    sandbox.commit("b.env", format!("KEY={}\n", token(2)));
    let url = format!("file://{}/r", sandbox.root.display());
    sandbox.git(".", &["clone", "-q", "--depth=1", &url, "shallow"]);
    let told = sandbox.scan("shallow");
    assert_eq!(told.gaps(SkipReason::Shallow), [format!("commit {}", sandbox.head())]);
    assert!(told.has(&token(2)) && !told.has(&token(1)));
    assert!(told.gaps(SkipReason::Missing).is_empty(), "{:?}", told.skipped);
    sandbox.git("r", &["config", "uploadpack.allowFilter", "true"]);
    sandbox.git(".", &["clone", "-q", "--filter=blob:none", "--no-checkout", &url, "partial"]);
    let told = sandbox.scan("partial");
    assert_eq!(told.gaps(SkipReason::Missing).len(), 3, "{:?}", told.skipped);
    assert!(told.skipped.iter().all(|skip| skip.2.contains("partial clone")), "{:?}", told.skipped);
}

#[test]
fn replaced_and_grafted_commits_hide_nothing() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.env", "KEY=\n");
    let bad = sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    let good = sandbox.commit("a.env", "KEY=none\n");
    sandbox.git("r", &["replace", &bad, &good]);
    assert_eq!(named(sandbox.scan("r").place(&token(1))).0, bad);
    sandbox.git("r", &["replace", "-d", &bad]);
    let root = sandbox.git("r", &["rev-list", "--max-parents=0", "HEAD"]);
    sandbox.git("r", &["switch", "-q", "--orphan", "lost"]);
    let lost = sandbox.commit("b.env", format!("KEY={}\n", token(2)));
    sandbox.git("r", &["switch", "-q", "main"]);
    sandbox.git("r", &["branch", "-qD", "lost"]);
    assert!(!sandbox.scan("r").has(&token(2)));
    sandbox.write("r/.git/info/grafts", format!("{root} {lost}\n"));
    assert_eq!(named(sandbox.scan("r").place(&token(2))).0, lost);
}

#[test]
fn reads_repositories_named_by_sha_256() {
    let sandbox = Sandbox::with_repo(&["--object-format=sha256"]);
    let commit = sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    sandbox.commit("a.env", format!("# more\nKEY={}\n", token(1)));
    assert_eq!(commit.len(), 64);
    for _ in 0..2 {
        let told = sandbox.scan("r");
        assert_eq!(named(told.place(&token(1))), (commit.as_str(), "a.env"));
        assert!(told.skipped.is_empty(), "{:?}", told.skipped);
        sandbox.git("r", &["gc", "-q"]);
    }
}

#[test]
fn reads_references_in_tables() {
    let sandbox = Sandbox::new();
    let init = ["init", "-q", "-b", "main", "--ref-format=reftable", "r"];
    if !sandbox.command(".", &init).output().expect("git runs").status.success() {
        return; // This git is too old to make such a repository.
    }
    let commit = sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    for branch in 0..300 {
        sandbox.git("r", &["branch", &format!("feature/number-{branch}")]);
    }
    sandbox.git("r", &["branch", "-D", "-q", "feature/number-7"]);
    sandbox.git("r", &["switch", "-qc", "side"]);
    let other = sandbox.commit("b.env", format!("KEY={}\n", token(2)));
    sandbox.git("r", &["worktree", "add", "-q", "../w", "main"]);
    for folder in ["r", "w"] {
        let told = sandbox.scan(folder);
        let (one, two) = (told.place(&token(1)), told.place(&token(2)));
        assert_eq!((named(one).0, named(two).0), (commit.as_str(), other.as_str()));
        assert_eq!((one.in_head, two.in_head), (true, folder == "r"));
    }
}

#[test]
fn an_empty_repository_is_no_error() {
    let sandbox = Sandbox::with_repo(&[]);
    let told = sandbox.scan("r");
    assert_eq!((told.scanned, told.findings.len(), told.skipped.len()), (0, 0, 0));
}
