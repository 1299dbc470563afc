//! A home folder in which assistants wrote things down.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::{Project, Run};

/// A home folder and a folder to work in.
pub(crate) struct Home {
    pub(crate) home: Project,
    pub(crate) work: Project,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { home: Project::new(), work: Project::new() }
    }

    /// Writes records as lines.
    pub(crate) fn lines(&self, name: &str, records: &[Value]) {
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        self.home.write(name, text);
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let mut command = self.work.command(&[&["scan"], args].concat());
        command.env("HOME", self.home.root());
        for name in ["CLAUDE_CONFIG_DIR", "CODEX_HOME", "COPILOT_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
            command.env_remove(name);
        }
        super::run(&mut command, b"")
    }

    /// Returns the JSON report of all assistants, and the exit code.
    pub(crate) fn scan(&self, args: &[&str]) -> (Value, Option<i32>) {
        let run = self.run(&[args, &["--format", "json", "--assistants"]].concat());
        let document = serde_json::from_str(&run.stdout);
        (document.unwrap_or_else(|err| panic!("one JSON document: {err}\n{run:?}")), run.code)
    }

    /// Returns the only leak there is.
    #[track_caller]
    pub(crate) fn leak(&self) -> Value {
        let (report, code) = self.scan(&[]);
        assert_eq!(code, Some(1), "{report}");
        let leaks = report["leaks"].as_array().expect("a list");
        assert_eq!(leaks.len(), 1, "{report}");
        leaks[0].clone()
    }

    /// Returns length and times of all files, to see whether anything was touched.
    pub(crate) fn traces(&self) -> BTreeMap<PathBuf, (u64, SystemTime)> {
        let mut traces = BTreeMap::new();
        walk(self.home.root(), &mut traces);
        traces
    }

    /// Asserts that no byte of any file holds a secret.
    #[track_caller]
    pub(crate) fn is_free_of(&self, secret: &str) {
        for path in self.traces().into_keys().filter(|path| path.is_file()) {
            let bytes = fs::read(&path).expect("a file");
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds it", path.display());
        }
    }
}

fn walk(folder: &Path, traces: &mut BTreeMap<PathBuf, (u64, SystemTime)>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let meta = entry.metadata().expect("a file");
        if meta.is_dir() {
            walk(&entry.path(), traces);
        }
        traces.insert(entry.path(), (meta.len(), meta.modified().expect("a time")));
    }
}
