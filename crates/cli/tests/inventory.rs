//! `inventory`: what an assistant can reach in a home made up here.

mod common;

use common::secrets::token;
use common::{Project, Run};
use serde_json::{Value, json};

/// Runs the command with a home folder and nothing else in the environment.
fn run(home: &Project, args: &[&str], variable: Option<(&str, &str)>) -> Run {
    let work = Project::new();
    let mut command = work.command(&[&["inventory"], args].concat());
    command.env_clear().env("HOME", home.root()).env("PATH", "/usr/bin:/bin").envs(variable);
    common::run(&mut command, b"")
}

fn store<'a>(report: &'a Value, id: &str) -> &'a Value {
    let stores = report["stores"].as_array().expect("a list");
    stores.iter().find(|store| store["id"] == id).unwrap_or_else(|| panic!("{id} in {report}"))
}

/// A home folder with a token in many places.
fn home(token: &str) -> Project {
    let servers = json!({"mcpServers": {"a": {"command": "a", "env": {"GITHUB_TOKEN": token}}}});
    Project::with(&[
        (".claude.json", servers.to_string()),
        (".bash_history", format!("ls\nexport GITHUB_TOKEN={token}\n")),
        (".aws/credentials", "[default]\nregion = eu-west-1\n".to_owned()),
        (".claude/projects/-work/s.jsonl", format!("{{\"text\": \"{token}\"}}\n")),
        (".config/harmless/settings.json", "{}".to_owned()),
        (".zshrc", "alias ll='ls -l'\n".to_owned()),
    ])
}

#[test]
fn stores_and_secrets_in_clear_are_listed_without_a_value() {
    let (token, other) = (token(21), token(22));
    let home = home(&token);
    let json = run(&home, &["--json"], Some(("MY_TOKEN", &other)));
    json.exits(1);
    let report: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let state = store(&report, "claude-state");
    assert_eq!(state["files"][0]["secrets"][0]["rule"], "github-pat-classic", "{report}");
    assert_eq!((&state["all_secret"], &state["severity"]), (&json!(false), &json!("critical")));
    let history =
        report["stores"].as_array().expect("a list").iter().flat_map(|store| store["files"].as_array().expect("files"));
    let history = history.filter(|file| file["path"].as_str().is_some_and(|path| path.ends_with(".bash_history")));
    let secrets: Vec<&Value> = history.flat_map(|file| file["secrets"].as_array().expect("a list")).collect();
    assert_eq!(secrets.len(), 1, "{report}");
    assert_eq!(secrets[0]["line"], 2);
    let aws = report["stores"].as_array().expect("a list").iter().find(|store| store["group"] == "cloud");
    assert_eq!(aws.expect("the store of a cloud")["all_secret"], true, "listed although nothing in it looks secret");
    assert_eq!(store(&report, "claude-transcripts")["files"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        report["environment"],
        json!([{"name": "MY_TOKEN", "rule": "github-pat-classic", "title": report["environment"][0]["title"], "severity": "critical"}])
    );
    let text = run(&home, &[], Some(("MY_TOKEN", &other)));
    text.exits(1).prints("~/.claude.json").prints("MY_TOKEN").prints("= do: ");
    for output in [&json.stdout, &json.stderr, &text.stdout, &text.stderr] {
        assert!(!output.contains(&token[8..36]) && !output.contains(&other[8..36]), "{output}");
        assert!(!output.contains(".zshrc"), "a file without a secret is no news: {output}");
    }
}

#[test]
#[cfg(unix)]
fn a_file_that_everyone_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let home = home(&token(23));
    let path = home.path(".aws/credentials");
    for (mode, is_open) in [(0o600, false), (0o644, true)] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("permissions");
        let report: Value = serde_json::from_str(&run(&home, &["--json"], None).stdout).expect("JSON");
        let files = report["stores"]
            .as_array()
            .expect("a list")
            .iter()
            .flat_map(|store| store["files"].as_array().expect("files"));
        let file = files
            .clone()
            .find(|file| file["path"].as_str().is_some_and(|path| path.ends_with("credentials")))
            .expect("the file");
        assert_eq!((&file["mode"], &file["open_to_all"]), (&json!(format!("{mode:04o}")), &json!(is_open)));
    }
}
