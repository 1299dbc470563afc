//! A desk at which an assistant works, and what its hooks answer there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::secrets::token;
use super::{Project, Run, run};

/// A project, a home folder, and secrets that must never be seen.
pub(crate) struct Desk {
    pub(crate) project: Project,
    pub(crate) home: Project,
    pub(crate) aws: String,
    pub(crate) token: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let aws = ["AKIA", "Y3T6WQ2MZX5KLP7D"].concat();
        let token = token(3);
        let project = Project::with(&[
            (".env", format!("A={aws}\nPORT=2\n")),
            ("src/a.rs", "fn main() {}\n".to_owned()),
            ("a b.txt", format!("x {aws}\n")),
            ("big.log", format!("{}{aws}\n{}", "nothing here\n".repeat(3_200), "nothing there\n".repeat(600))),
        ]);
        Self { project, home: Project::new(), aws, token }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.project.path(name).to_str().expect("text").to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.project.command(&[&["hook"], args].concat());
        for name in [
            "XDG_RUNTIME_DIR",
            "XDG_DATA_HOME",
            "XDG_CONFIG_HOME",
            "XDG_STATE_HOME",
            "LEAKTIGHT_HOME",
            "CLAUDE_PROJECT_DIR",
        ] {
            command.env_remove(name);
        }
        command.env("HOME", self.home.root());
        command
    }

    /// Asks with bytes; no answer and no file at home may hold a secret.
    #[track_caller]
    pub(crate) fn ask(&self, args: &[&str], payload: &[u8]) -> Run {
        let run = run(&mut self.command(args), payload);
        self.is_clean(&run);
        run
    }

    #[track_caller]
    pub(crate) fn is_clean(&self, run: &Run) {
        for secret in [&self.aws, &self.token] {
            assert!(!run.stdout.contains(secret.as_str()), "{run:?}");
            assert!(!run.stderr.contains(secret.as_str()), "{run:?}");
            for file in [".local", ".cache"].iter().flat_map(|folder| files(&self.home.path(folder))) {
                // Runs side by side replace files, so that one may be gone.
                let bytes = fs::read(&file).unwrap_or_default();
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{} holds a secret", file.display());
            }
        }
    }

    /// Asks about an event, whose folder is the project's.
    #[track_caller]
    pub(crate) fn event(&self, args: &[&str], event: &str, rest: Value) -> Run {
        self.ask(args, self.payload(event, rest).as_bytes())
    }

    /// Asks about an event whose answer holds values, for a file.
    pub(crate) fn event_with_values(&self, args: &[&str], event: &str, rest: Value) -> Run {
        run(&mut self.command(args), self.payload(event, rest).as_bytes())
    }

    fn payload(&self, event: &str, rest: Value) -> String {
        let mut payload = json!({
            "session_id": "11111111-2222", "transcript_path": "/home/dev/.claude/projects/x.jsonl",
            "cwd": self.project.root(), "hook_event_name": event,
        });
        payload.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        payload.to_string()
    }

    /// The answer of Claude Code's hook.
    #[track_caller]
    pub(crate) fn claude(&self, event: &str, rest: Value) -> Value {
        answer(&self.event(&["claude-code"], event, rest))
    }

    /// The text with its secrets replaced by what the vault has for them.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let run = run(self.project.command(&["filter"]).env("HOME", self.home.root()), text.as_bytes());
        assert_ne!(run.stdout, text);
        run.stdout
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The one JSON document a run printed, or null.
#[track_caller]
pub(crate) fn answer(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    if run.stdout.is_empty() { Value::Null } else { serde_json::from_str(&run.stdout).expect("one JSON document") }
}

/// A reason that is a refusal before a tool.
#[track_caller]
pub(crate) fn denied(answer: &Value) -> &str {
    let specific = &answer["hookSpecificOutput"];
    assert_eq!(specific["permissionDecision"], "deny", "{answer}");
    specific["permissionDecisionReason"].as_str().expect("a reason")
}

pub(crate) fn bash(command: &str) -> Value {
    json!({"tool_name": "Bash", "tool_input": {"command": command}})
}
