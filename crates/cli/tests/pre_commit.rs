//! The hooks of `.pre-commit-hooks.yaml`, run by the pre-commit framework itself.

mod common;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use common::Project;
use common::git::{Home, said};
use common::secrets::token;

/// Returns whether the framework is there. Where it must be, it is an error if it isn't.
fn is_there() -> bool {
    let is_there = Command::new("pre-commit").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(is_there || std::env::var_os("CI").is_none(), "pre-commit is to be on PATH: `pip install pre-commit`");
    if !is_there {
        // Past the harness, which would keep it to itself.
        writeln!(std::io::stderr(), "SKIPPED: pre-commit is not on PATH; `pip install pre-commit`").ok();
    }
    is_there
}

/// The repository of the hooks: what the framework clones.
fn hooks(home: &Home, files: &[&str]) -> Project {
    let hooks = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for file in files {
        hooks.write(file, std::fs::read(root.join(file)).expect("a file"));
    }
    home.git(hooks.root(), &["init", "-q", "."]);
    home.git(hooks.root(), &["add", "-f", "."]);
    home.git(hooks.root(), &["commit", "-qm", "hooks"]);
    hooks
}

/// A repository that uses hooks.
fn repo(home: &Home, hooks: &Project, ids: &[&str]) -> Project {
    let project = Project::new();
    let rev = home.git(hooks.root(), &["rev-parse", "HEAD"]);

    home.repo(&project);
    let ids: String = ids.iter().map(|id| format!("  - id: {id}\n")).collect();
    let config = format!("repos:\n- repo: {}\n  rev: {rev}\n  hooks:\n{ids}", hooks.root().display());
    project.write(".pre-commit-config.yaml", config);
    let mut install = home.command("pre-commit", project.root());
    install.args(["install", "-t", "pre-commit", "-t", "pre-merge-commit", "-t", "commit-msg", "-t", "pre-push"]);
    let output = install.output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    project
}

fn commit(home: &Home, project: &Project, message: &str) -> Output {
    home.git(project.root(), &["add", "."]);
    home.try_git(project.root(), &["commit", "-m", message])
}

#[track_caller]
fn is_blocked(output: &Output, what: &str) {
    let said = said(output);
    assert!(!output.status.success() && said.contains(what) && said.contains("1. Remove the secret"), "{said}");
}

#[track_caller]
fn passes(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

#[test]
fn the_framework_runs_the_hooks() {
    if !is_there() {
        return;
    }
    let home = Home::new();
    let hooks = hooks(&home, &[".pre-commit-hooks.yaml"]);
    let project = repo(&home, &hooks, &["leaktight", "leaktight-message", "leaktight-push"]);
    project.write("a.txt", "clean\n");
    passes(&commit(&home, &project, "clean"));
    project.write("a.txt", format!("{}\n", token(1)));
    is_blocked(&commit(&home, &project, "x"), "commit blocked");
    // With changes that are not staged, which the framework puts aside.
    project.write("a.txt", "clean again\n");
    home.git(project.root(), &["add", "."]);
    project.write("a.txt", format!("{}\n", token(1)));
    passes(&home.try_git(project.root(), &["commit", "-m", "staged is clean"]));
    is_blocked(&home.try_git(project.root(), &["commit", "-a", "-m", "all"]), "commit blocked");
    project.write("a.txt", "clean\n");
    is_blocked(&commit(&home, &project, &format!("use {}", token(2))), "commit blocked");
    passes(&commit(&home, &project, "clean"));

    let bare = Project::new();
    home.git(bare.root(), &["init", "-q", "--bare", "."]);
    home.git(project.root(), &["remote", "add", "origin", bare.root().to_str().expect("text")]);
    passes(&home.try_git(project.root(), &["push", "-q", "origin", "main"]));
    project.write("a.txt", format!("{}\n", token(3)));
    home.git(project.root(), &["add", "."]);
    home.git(project.root(), &["commit", "-qnm", "unchecked"]);
    is_blocked(&home.try_git(project.root(), &["push", "origin", "main"]), "push blocked");
    is_blocked(&home.try_git(project.root(), &["push", "origin", "main:other"]), "push blocked");
}

#[test]
#[ignore = "the framework builds the program, which takes minutes"]
fn the_framework_builds_the_program() {
    if !is_there() {
        return;
    }
    let home = Home::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = home.git(&root, &["ls-files"]);
    let hooks = hooks(&home, &files.lines().collect::<Vec<_>>());
    let project = repo(&home, &hooks, &["leaktight-rust", "leaktight-rust-message", "leaktight-rust-push"]);
    let run = |args: &[&str]| {
        let mut git = home.command("git", project.root());
        // A build that is soon done; crates are those that are on this machine.
        git.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_LTO", "off");
        git.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"));
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            let usual = std::env::home_dir().map(|home| home.join(folder).into_os_string());
            git.env(name, std::env::var_os(name).or(usual).expect("a home folder"));
        }
        git.args(args).output().expect("git runs")
    };
    project.write("a.txt", "clean\n");
    home.git(project.root(), &["add", "."]);
    let output = run(&["commit", "-m", "clean"]);
    passes(&output);
    assert!(said(&output).contains("leaktight"), "{}", said(&output));
    project.write("a.txt", format!("{}\n", token(1)));
    home.git(project.root(), &["add", "."]);
    is_blocked(&run(&["commit", "-m", "x"]), "commit blocked");
}
