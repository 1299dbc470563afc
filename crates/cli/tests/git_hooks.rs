//! Hooks of git, called by git itself.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use common::git::{Home, said};
use common::secrets::token;
use common::{Project, Run, run};

/// A repository with hooks installed.
fn repo() -> (Home, Project) {
    let (home, project) = (Home::new(), Project::new());
    home.repo(&project);
    leaktight(&home, &project, &["install", "git"]).exits(0).prints(".git/hooks/pre-commit: written");
    (home, project)
}

fn leaktight(home: &Home, project: &Project, args: &[&str]) -> Run {
    run(home.command("leaktight", project.root()).args(args), b"")
}

/// Commits all there is.
fn commit(home: &Home, project: &Project, message: &str) -> Output {
    home.git(project.root(), &["add", "."]);
    home.try_git(project.root(), &["commit", "-qm", message])
}

#[track_caller]
fn is_blocked(output: &Output, secret: &str, what: &str) {
    let said = said(output);
    assert!(!output.status.success(), "{said}");
    for text in [&format!("{what} blocked."), "1. Remove the secret", "baseline", "leaktight:allow"] {
        assert!(said.contains(text), "{text:?} in {said}");
    }
    assert!(!said.contains(&secret[4..20]), "{said}");
}

#[track_caller]
fn passes(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
    assert!(!said(output).contains("leaktight"), "a clean run says nothing: {}", said(output));
}

#[test]
fn a_commit_with_a_secret_is_blocked() {
    let (home, project) = repo();
    project.write("a.txt", "clean\n");
    passes(&commit(&home, &project, "clean"));
    project.write("a.txt", format!("clean\n{}\n", token(1)));
    let output = commit(&home, &project, "with a secret");
    is_blocked(&output, &token(1), "commit");
    assert!(said(&output).contains("a.txt\n\n2:1 critical"), "{}", said(&output));
    // Each of the three ways out works.
    project.write("a.txt", format!("clean\n{} # leaktight{}\n", token(1), ":allow"));
    passes(&commit(&home, &project, "allowed"));
    project.write("b.txt", format!("{}\n", token(2)));
    is_blocked(&commit(&home, &project, "again"), &token(2), "commit");
    leaktight(&home, &project, &["baseline", "create"]).exits(0);
    passes(&commit(&home, &project, "accepted"));
    project.write("c.txt", format!("{}\n", token(3)));
    is_blocked(&commit(&home, &project, "again"), &token(3), "commit");
    project.write("c.txt", "removed\n");
    passes(&commit(&home, &project, "removed"));
}

#[test]
fn the_index_that_git_means_counts() {
    let (home, project) = repo();
    project.write("a.txt", "a\n");
    project.write("b.txt", "b\n");
    passes(&commit(&home, &project, "two files"));
    project.write("a.txt", format!("{}\n", token(1)));
    project.write("b.txt", "changed\n");
    // Git makes another index for these.
    passes(&home.try_git(project.root(), &["commit", "-qm", "only b", "b.txt"]));
    is_blocked(&home.try_git(project.root(), &["commit", "-qm", "only a", "a.txt"]), &token(1), "commit");
    is_blocked(&home.try_git(project.root(), &["commit", "-qam", "all"]), &token(1), "commit");
    // From a folder below, and by amending.
    home.git(project.root(), &["add", "a.txt"]);
    fs::create_dir(project.path("below")).expect("a folder");
    is_blocked(&home.try_git(&project.path("below"), &["commit", "-qm", "below"]), &token(1), "commit");
    is_blocked(&home.try_git(project.root(), &["commit", "-q", "--amend", "-m", "x"]), &token(1), "commit");
}

#[test]
fn a_message_with_a_secret_is_blocked() {
    let (home, project) = repo();
    project.write("a.txt", "a\n");
    let output = commit(&home, &project, &format!("subject\n\nuse {}", token(1)));
    let said = said(&output);
    assert!(!output.status.success() && !said.contains(&token(1)[4..20]), "{said}");
    assert!(said.contains("commit blocked.") && said.contains("git commit -e -F"), "{said}");
    assert!(!said.contains("baseline") && !said.contains("in a comment"), "neither helps here: {said}");
    // Both ways out work.
    passes(&commit(&home, &project, &format!("subject\n\nuse {} leaktight{}", token(1), ":allow")));
    project.write("a.txt", "b\n");
    passes(&commit(&home, &project, "subject"));
    // What git shows below its scissors is not part of the message.
    project.write("a.txt", format!("{} # leaktight{}\n", token(2), ":allow"));
    home.git(project.root(), &["add", "."]);
    let mut editor = home.command("git", project.root());
    editor.env("GIT_EDITOR", "sed -i 1s/^/subject/").args(["commit", "-v"]);
    passes(&editor.output().expect("git runs"));
}

/// Adds an empty bare repository as the remote `origin`.
fn remote(home: &Home, project: &Project, name: &str) -> Project {
    let bare = Project::new();
    home.git(bare.root(), &["init", "-q", "--bare", "."]);
    home.git(project.root(), &["remote", "add", name, bare.root().to_str().expect("text")]);
    bare
}

fn force(home: &Home, project: &Project, message: &str) {
    home.git(project.root(), &["add", "."]);
    home.git(project.root(), &["commit", "-qnm", message]);
}

#[test]
fn a_push_of_a_secret_is_blocked() {
    let (home, project) = repo();
    let _bare = remote(&home, &project, "origin");
    let push = |args: &[&str]| home.try_git(project.root(), &[&["push", "-q"], args].concat());
    passes(&push(&["origin", "main"]));

    project.write("a.txt", format!("{}\n", token(1)));
    force(&home, &project, "with a secret");
    project.write("a.txt", "gone\n");
    force(&home, &project, "without it");
    let output = push(&["origin", "main"]);
    is_blocked(&output, &token(1), "push");
    assert!(said(&output).contains("with a secret"), "the commit is named: {}", said(&output));
    is_blocked(&push(&["origin", "main:refs/heads/new"]), &token(1), "push");
    is_blocked(&push(&["--force", "origin", "main"]), &token(1), "push");

    // What a remote has is not new, whatever branch it is pushed to.
    passes(&push(&["--no-verify", "origin", "main"]));
    home.git(project.root(), &["checkout", "-qb", "topic"]);
    project.write("b.txt", "clean\n");
    force(&home, &project, "clean");
    passes(&push(&["origin", "topic"]));
    passes(&push(&["origin", "--delete", "topic"]));
    home.git(project.root(), &["reset", "-q", "--hard", "HEAD~2"]);
    passes(&push(&["--force", "origin", "topic:main"]));

    // Messages and tags count, too.
    home.git(project.root(), &["tag", "-am", &format!("use {}", token(2)), "v1"]);
    is_blocked(&push(&["origin", "v1"]), &token(2), "push");
    home.git(project.root(), &["commit", "-qn", "--allow-empty", "-m", &format!("use {}", token(3))]);
    is_blocked(&push(&["origin", "topic"]), &token(3), "push");
}

#[test]
fn only_a_merge_s_own_lines_are_its() {
    let (home, project) = repo();
    let _bare = remote(&home, &project, "origin");
    let git = |args: &[&str]| home.git(project.root(), args);
    let push = |args: &[&str]| home.try_git(project.root(), &[&["push", "-q"], args].concat());
    project.write("a.txt", format!("one\n{}\ntwo\n", token(1)));
    force(&home, &project, "old secret");
    git(&["push", "-q", "--no-verify", "origin", "main"]);
    for (branch, file) in [("left", "l.txt"), ("right", "r.txt")] {
        git(&["checkout", "-qb", branch, "main"]);
        project.write(file, "clean\n");
        force(&home, &project, branch);
    }
    git(&["merge", "-q", "--no-edit", "left"]);
    passes(&push(&["origin", "right"]));
    git(&["checkout", "-qb", "evil", "main"]);
    git(&["merge", "-q", "--no-ff", "--no-commit", "left"]);
    project.write("evil.txt", format!("{}\n", token(2)));
    force(&home, &project, "evil merge");
    is_blocked(&push(&["origin", "evil"]), &token(2), "push");
}

#[test]
fn a_server_turns_secrets_down() {
    let (home, project) = (Home::new(), Project::new());
    home.repo(&project);
    let bare = remote(&home, &project, "origin");
    let done = leaktight(&home, &bare, &["install", "git"]);
    done.exits(0).prints("hooks/pre-receive: written");
    let push = |args: &[&str]| home.try_git(project.root(), &[&["push", "-q"], args].concat());
    passes(&push(&["origin", "main"]));
    project.write("a.txt", format!("{}\n", token(1)));
    force(&home, &project, "with a secret");
    is_blocked(&push(&["origin", "main"]), &token(1), "push");
    is_blocked(&push(&["origin", "main:refs/heads/other"]), &token(1), "push");
    // What is pushed decides nothing; what the keeper of the server lays down does.
    leaktight(&home, &project, &["baseline", "create"]).exits(0);
    let (accepted, name) = (project.read(".leaktight-baseline.json"), ".leaktight-baseline.json");
    home.git(project.root(), &["add", name]);
    home.git(project.root(), &["commit", "-q", "--no-verify", "-m", "accept"]);
    is_blocked(&push(&["origin", "main"]), &token(1), "push");
    home.git(project.root(), &["reset", "-q", "--hard", "HEAD~1"]);
    bare.write(name, accepted);
    passes(&push(&["origin", "main:refs/heads/accepted"]));
    passes(&push(&["--delete", "origin", "accepted"]));
    fs::remove_file(bare.path(name)).expect("it is there");
    assert_eq!(home.git(bare.root(), &["rev-parse", "main"]), home.git(project.root(), &["rev-parse", "HEAD~1"]));
    assert_eq!(home.git(bare.root(), &["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
    home.git(project.root(), &["reset", "-q", "--hard", "HEAD~1"]);
    project.write("a.txt", "clean\n");
    force(&home, &project, "clean");
    passes(&push(&["origin", "main", "main:refs/heads/other"]));
    passes(&push(&["--delete", "origin", "other"]));
    home.git(project.root(), &["commit", "-q", "--amend", "--allow-empty", "-m", "other"]);
    passes(&push(&["--force", "origin", "main"]));
}

#[test]
fn work_trees_have_the_same_hooks() {
    let (home, project) = repo();
    let other = Project::new();
    let path = other.path("tree");
    home.git(project.root(), &["worktree", "add", "-q", path.to_str().expect("text")]);
    other.write("tree/a.txt", format!("{}\n", token(1)));
    home.git(&path, &["add", "a.txt"]);
    is_blocked(&home.try_git(&path, &["commit", "-m", "x"]), &token(1), "commit");
    let again = run(home.command("leaktight", &path).args(["install", "git"]), b"");
    again.exits(0).prints(".git/hooks/pre-commit: already there");
    other.write("tree/a.txt", "clean\n");
    home.git(&path, &["add", "a.txt"]);
    passes(&home.try_git(&path, &["commit", "-m", "x"]));
}

/// Writes a hook.
fn hook(project: &Project, name: &str, text: &str) {
    project.write(name, format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(project.path(name), fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back() {
    let (home, project) = (Home::new(), Project::new());
    home.repo(&project);
    hook(&project, ".git/hooks/pre-commit", "echo ran >> .git/ran; test ! -e stop");
    hook(&project, ".git/hooks/pre-push", "cat > .git/pushed");
    let before = project.read(".git/hooks/pre-commit");
    let done = leaktight(&home, &project, &["install", "git"]);
    done.exits(0).prints("pre-commit: written; the hook that was there runs first");
    leaktight(&home, &project, &["install", "git"]).exits(0).prints("pre-commit: already there");

    project.write("a.txt", "clean\n");
    passes(&commit(&home, &project, "clean"));
    assert_eq!(project.read(".git/ran"), "ran\n");
    project.write("stop", "");
    assert!(!commit(&home, &project, "stopped").status.success(), "the other hook has its say");
    fs::remove_file(project.path("stop")).expect("it is ours");
    project.write("a.txt", format!("{}\n", token(1)));
    is_blocked(&commit(&home, &project, "secret"), &token(1), "commit");
    let _bare = remote(&home, &project, "origin");
    passes(&home.try_git(project.root(), &["push", "-q", "origin", "main"]));
    assert!(project.read(".git/pushed").starts_with("refs/heads/main "), "both hooks read what git writes");

    let undone = leaktight(&home, &project, &["uninstall", "git"]);
    undone.exits(0).prints("pre-commit: removed; the hook that was there before is back");
    assert_eq!(project.read(".git/hooks/pre-commit"), before);
    assert!(!project.path(".git/hooks/commit-msg").exists());
    leaktight(&home, &project, &["uninstall", "git"]).exits(0).prints("nothing of leaktight is installed");
}

#[test]
fn nothing_of_others_is_overwritten() {
    let (home, project) = repo();
    let path = project.path(".git/hooks/pre-commit");
    let changed = project.read(".git/hooks/pre-commit") + "echo more\n";
    project.write(".git/hooks/pre-commit", &changed);
    let refused = leaktight(&home, &project, &["install", "git"]);
    refused.exits(2).says("it was changed after it was installed").says("hint: ");
    leaktight(&home, &project, &["uninstall", "git"]).exits(0).prints("pre-commit: left alone");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), changed);

    hook(&project, ".git/hooks/pre-commit", "true");
    hook(&project, ".git/hooks/pre-commit.before-leaktight", "true");
    let refused = leaktight(&home, &project, &["install", "git"]);
    refused.exits(2).says("an older one is kept beside it already");
    assert!(!project.path(".git/hooks/pre-push").exists(), "nothing was begun");
}

#[test]
fn the_folder_that_git_is_told_of_counts() {
    let (home, project) = (Home::new(), Project::new());
    home.repo(&project);
    home.git(project.root(), &["config", "core.hooksPath", "tools/hooks"]);
    let done = leaktight(&home, &project, &["install", "git", "--hook", "pre-commit"]);
    done.exits(0).prints("tools/hooks/pre-commit: written");
    assert!(!project.path(".git/hooks/pre-commit").exists() && !project.path("tools/hooks/pre-push").exists());
    project.write("a.txt", format!("{}\n", token(1)));
    is_blocked(&commit(&home, &project, "x"), &token(1), "commit");
    leaktight(&home, &project, &["install", "git", "/"]).exits(2).says("no git repository");
}

#[test]
fn all_repositories_of_a_user_can_have_hooks() {
    let home = Home::new();
    home.write(".gitconfig", "[alias]\n\tx = status\n");
    let before = fs::read_to_string(home.path(".gitconfig")).expect("it is there");
    let (one, other) = (Project::new(), Project::new());
    home.repo(&one);
    hook(&one, ".git/hooks/pre-commit", "echo ran >> .git/ran");
    hook(&one, ".git/hooks/post-commit", "echo ran >> .git/ran");
    let done = leaktight(&home, &one, &["install", "git", "--global"]);
    done.exits(0).prints("git-hooks/pre-commit: written").prints(".gitconfig: written");
    leaktight(&home, &one, &["install", "git", "--global"]).exits(0).prints(".gitconfig: already there");
    let made = home.try_git(Project::new().root(), &["init", "-q"]);
    assert!(made.status.success() && made.stderr.is_empty(), "of hooks that are not there yet: {}", said(&made));
    home.repo(&other);
    for project in [&one, &other] {
        project.write("a.txt", format!("{}\n", token(1)));
        is_blocked(&commit(&home, project, "x"), &token(1), "commit");
        project.write("a.txt", "clean\n");
        passes(&commit(&home, project, "clean"));
    }
    assert_eq!(one.read(".git/ran"), "ran\nran\nran\n", "the hooks of the repository run as well");
    leaktight(&home, &one, &["install", "git"]).exits(2).says("core.hooksPath").says("--global");

    leaktight(&home, &one, &["uninstall", "git", "--global"]).exits(0).prints(".gitconfig: removed");
    assert_eq!(fs::read_to_string(home.path(".gitconfig")).expect("it is there"), before);
    one.write("a.txt", format!("{}\n", token(1)));
    passes(&commit(&home, &one, "unchecked"));
}

#[test]
fn a_hook_without_its_program_blocks_and_says_why() {
    let (home, project) = repo();
    let script = project.read(".git/hooks/pre-commit");
    assert!(script.contains("hook git pre-commit"), "{script}");
    let path = project.path(".git/hooks/pre-commit");
    fs::write(&path, script.replace(common::PROGRAM, "/no/such/program")).expect("it is ours");
    project.write("a.txt", "clean\n");
    home.git(project.root(), &["add", "."]);
    let mut git = home.command("git", project.root());
    let output = git.env("PATH", "/usr/bin:/bin").args(["commit", "-m", "x"]).output().expect("git runs");
    assert!(!output.status.success() && said(&output).contains("leaktight is not installed"), "{}", said(&output));
}

#[test]
fn what_git_would_never_write_is_refused() {
    let (_home, project) = repo();
    project
        .pipe(&["hook", "git", "pre-push", "origin", "x"], b"what\n")
        .exits(2)
        .says("line 1 of the input of `pre-push`");
    project.pipe(&["hook", "git", "pre-receive"], b"\xff\n").exits(2).says("line 1");
    project.run(&["hook", "git", "commit-msg"]).exits(2).says("the file of the message is missing");
    project.run(&["hook", "git", "commit-msg", "no/such"]).exits(2).says("cannot read `no/such`");
    project.run(&["hook", "git", "what"]).exits(2);
}

#[test]
fn people_and_names_count_as_well() {
    let (home, project) = repo();
    let _bare = remote(&home, &project, "origin");
    let push = |args: &[&str]| home.try_git(project.root(), &[&["push", "-q"], args].concat());
    passes(&push(&["origin", "main"]));

    let branch = format!("main:refs/heads/x-{}", token(1));
    is_blocked(&push(&["origin", &branch]), &token(1), "push");
    passes(&push(&["--no-verify", "origin", &branch]));
    passes(&push(&["origin", &format!(":refs/heads/x-{}", token(1))]));

    for (seed, variable) in
        (2..).zip(["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"])
    {
        let mut git = home.command("git", project.root());
        git.env(variable, token(seed)).args(["commit", "-qn", "--allow-empty", "-m", "one more"]);
        assert!(git.status().expect("git runs").success());
        is_blocked(&push(&["origin", "main"]), &token(seed), "push");
        let (report, code) = project.scan(&["--range", "origin/main..HEAD"]);
        assert_eq!((&report["counts"]["findings"], code), (&1.into(), Some(1)), "{variable}");
        home.git(project.root(), &["reset", "-q", "--hard", "origin/main"]);
    }
    let mut git = home.command("git", project.root());
    git.env("GIT_COMMITTER_NAME", token(6)).args(["tag", "-am", "first", "v1"]);
    assert!(git.status().expect("git runs").success());
    is_blocked(&push(&["origin", "v1"]), &token(6), "push");
}
