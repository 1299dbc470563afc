//! What the README says is true: commands, exit codes and configuration.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::secrets::{password, token};
use common::{PROGRAM, Project};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("a README")
}

/// Returns the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let starts = text.match_indices(&open).map(|(at, _)| &text[at + open.len()..]);
    starts.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Returns the commands of all blocks, without comments.
fn commands() -> Vec<String> {
    let text = blocks(&readme(), "sh").concat();
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// A project like the one the README talks about: with git, without secrets.
fn project() -> Project {
    let project =
        Project::with(&[("src/main.rs", "fn main() {}\n"), ("config/prod.env", "PORT=80\n"), ("third_party/x", "x")]);
    let lines: String = (1..=12).map(|line| format!("LINE_{line}=on\n")).collect();
    project.write("config/prod.env", lines);
    let commit = ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "all"];
    let remote = ["update-ref", "refs/remotes/origin/main", "HEAD"];
    for args in [&["init", "-q"] as &[&str], &["add", "."], &commit, &remote] {
        let status = Command::new("git").args(args).current_dir(project.root()).status().expect("git runs");
        assert!(status.success(), "git {args:?}");
    }
    project
}

/// Has a hook decide something, so that there is a trail.
fn leave_trail(project: &Project, home: &Project) {
    let payload = serde_json::json!({
        "hook_event_name": "PostToolUse", "cwd": project.root(), "tool_name": "Bash", "tool_input": {},
        "tool_response": {"stdout": token(1), "stderr": ""},
    });
    let mut hook = project.command(&["hook", "claude-code"]);
    hook.env("HOME", home.root()).env_remove("XDG_STATE_HOME").env_remove("LEAKTIGHT_HOME");
    common::run(&mut hook, payload.to_string().as_bytes()).exits(0);
}

#[test]
fn its_commands_run() {
    let (project, home) = (project(), Project::new());
    leave_trail(&project, &home);
    let mut n_run = 0;
    for line in commands().iter().filter(|line| line.split_whitespace().any(|word| word == "leaktight")) {
        let bin = Path::new(PROGRAM).parent().expect("a folder");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        // As in the hook of a careful person: what fails on the left counts as well.
        shell.args(["-ec", line]).current_dir(project.root()).env("PATH", path);
        shell.env("HOME", home.root()).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
        shell.env_remove("XDG_STATE_HOME").env_remove("LEAKTIGHT_HOME");
        let run = common::run(&mut shell, b"");
        // Any machine holds some secret that an assistant could reach.
        let is_fine = run.code == Some(0) || (line.contains("inventory") && run.code == Some(1));
        assert!(is_fine, "{line}: {run:?}");
        // What is written elsewhere than asked for is told.
        assert!(run.stderr.is_empty() || line.contains("install "), "{line}: {run:?}");
        n_run += 1;
    }
    assert!(n_run >= 10, "{n_run} commands");
    for name in ["leaks.sarif", "leaktight.sarif", "gl-secret-detection-report.json", ".leaktight-baseline.json"] {
        assert!(project.path(name).is_file(), "{name}");
    }
}

#[test]
fn its_commands_find_what_there_is() {
    let project = project();
    let (assignment, _) = password(1);
    let env = project.read("config/prod.env").replacen("LINE_12=on", &assignment, 1);
    project.write("config/prod.env", &env);
    project.run(&["scan"]).exits(1);
    project.run(&["scan", "src", "config/prod.env"]).exits(1);
    project.run(&["explain", "config/prod.env:12"]).exits(1).prints("is a finding");
    project.run(&["baseline", "create"]).exits(0);
    project.run(&["scan"]).exits(0);
}

#[test]
fn its_cargo_commands_are_possible() {
    let cargo: Vec<String> = commands().into_iter().filter(|line| line.starts_with("cargo ")).collect();
    assert_eq!(cargo, ["cargo install --path crates/cli", "cargo run --release -- scan .", "cargo test --workspace"]);
    assert!(root().join("crates/cli/Cargo.toml").is_file());
    // `cargo run` at the root runs the default member, if it is this one.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    assert_eq!(manifest["workspace"]["default-members"], toml::Value::from(vec!["crates/cli"]));
}

#[test]
fn its_exit_codes_are_those_of_the_program() {
    let source = include_str!("../src/exit.rs");
    let mut codes: Vec<u8> = source
        .lines()
        .filter_map(|line| line.split_once(": u8 = "))
        .map(|(_, code)| code.trim_end_matches(';').parse().expect("a number"))
        .collect();
    let table = readme().split_once("| exit code |").expect("a table").1.to_owned();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut told: Vec<u8> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or_default().split(','))
        .map(|code| code.trim().parse().expect("a number"))
        .collect();
    codes.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, codes);
}

#[test]
fn its_configuration_is_valid() {
    let config = blocks(&readme(), "toml");
    assert_eq!(config.len(), 2);
    let project = project();
    project.write("leaktight.toml", config.concat());
    let run = project.run(&["scan"]);
    run.exits(0).prints("1 excluded");
    project.run(&["policy", "list"]).exits(0).prints("project:no-production-keys");
}
