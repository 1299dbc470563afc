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

/// A repository that uses the hooks as they are in this one.
fn repo() -> (Home, Project, Project) {
    let (home, hooks, project) = (Home::new(), Project::new(), Project::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let yaml = std::fs::read_to_string(root.join(".pre-commit-hooks.yaml")).expect("hooks");
    home.git(hooks.root(), &["init", "-q", "."]);
    hooks.write(".pre-commit-hooks.yaml", yaml);
    home.git(hooks.root(), &["add", "."]);
    home.git(hooks.root(), &["commit", "-qm", "hooks"]);
    let rev = home.git(hooks.root(), &["rev-parse", "HEAD"]);

    home.repo(&project);
    let ids = ["leaktight", "leaktight-message", "leaktight-push"].map(|id| format!("  - id: {id}\n")).concat();
    let config = format!("repos:\n- repo: {}\n  rev: {rev}\n  hooks:\n{ids}", hooks.root().display());
    project.write(".pre-commit-config.yaml", config);
    let mut install = home.command("pre-commit", project.root());
    install.args(["install", "-t", "pre-commit", "-t", "pre-merge-commit", "-t", "commit-msg", "-t", "pre-push"]);
    let output = install.output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    (home, hooks, project)
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
    let (home, _hooks, project) = repo();
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
