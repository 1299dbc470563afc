//! Repositories that git itself makes, in temporary folders.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{PROGRAM, Project};

/// A home folder without anything in it, so that no configuration of whoever
/// runs the tests counts.
pub(crate) struct Home(Project);

impl Home {
    pub(crate) fn new() -> Self {
        Self(Project::new())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        self.0.write(name, text);
    }

    /// Returns a command that sees this home and finds the program.
    pub(crate) fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        let bin = Path::new(PROGRAM).parent().expect("a folder");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        command.current_dir(folder).env("PATH", path).env("HOME", self.0.root());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") || name.to_string_lossy().starts_with("PRE_COMMIT") {
                command.env_remove(name);
            }
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").env_remove("XDG_CONFIG_HOME").env_remove("NO_COLOR");
        for (name, value) in [("NAME", "a"), ("EMAIL", "a@example.org")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command
    }

    /// Runs git; it may fail.
    pub(crate) fn try_git(&self, folder: &Path, args: &[impl AsRef<OsStr>]) -> Output {
        self.command("git", folder).args(args).output().expect("git runs")
    }

    /// Runs git, and returns what it prints.
    #[track_caller]
    pub(crate) fn git(&self, folder: &Path, args: &[impl AsRef<OsStr>]) -> String {
        let output = self.try_git(folder, args);
        let said = String::from_utf8_lossy(&output.stderr);
        let args: Vec<_> = args.iter().map(AsRef::as_ref).collect();
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Makes a repository with one commit.
    pub(crate) fn repo(&self, project: &Project) {
        self.git(project.root(), &["init", "-qb", "main", "."]);
        project.write("README", "nothing here\n");
        self.git(project.root(), &["add", "README"]);
        self.git(project.root(), &["commit", "-qm", "first"]);
    }
}

/// Returns all that a run of git said.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
