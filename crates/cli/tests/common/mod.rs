//! What the tests share: a project that is written at run time, secrets that
//! stand in no file of this repository, and runs that end in time.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses some of it")]

pub(crate) mod desk;
pub(crate) mod git;
pub(crate) mod home;
pub(crate) mod secrets;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a run may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_leaktight");

/// A folder of files, removed in the end.
pub(crate) struct Project {
    dir: TempDir,
}

/// What a run of the program left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; none when a signal ended the run.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// Returns an empty folder.
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::Builder::new().prefix("leaktight-cli-").tempdir().expect("a folder") }
    }

    /// Returns a folder with these files.
    pub(crate) fn with<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Self {
        let project = Self::new();
        files.iter().for_each(|(name, bytes)| project.write(name, bytes));
        project
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file, with the folders it needs.
    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file of text")
    }

    /// Returns the program, to be run here.
    pub(crate) fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.root()).stdin(Stdio::null());
        // What the tests run under must not change what they see.
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs the program here.
    pub(crate) fn run(&self, args: &[impl AsRef<OsStr>]) -> Run {
        run(&mut self.command(args), b"")
    }

    /// Runs the program here, with this on standard input.
    pub(crate) fn pipe(&self, args: &[impl AsRef<OsStr>], input: &[u8]) -> Run {
        run(&mut self.command(args), input)
    }

    /// Returns the JSON report of a scan, and its exit code.
    pub(crate) fn scan(&self, args: &[&str]) -> (Value, Option<i32>) {
        let run = self.run(&[&["scan", "--format", "json"], args].concat());
        let document = serde_json::from_str(&run.stdout);
        (document.unwrap_or_else(|err| panic!("one JSON document: {err}\n{run:?}")), run.code)
    }
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Asserts that standard error holds a text.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "{text:?} is to be in\n{}", self.stderr);
        self
    }

    /// Asserts that standard output holds a text.
    #[track_caller]
    pub(crate) fn prints(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "{text:?} is to be in\n{}", self.stdout);
        self
    }
}

/// Runs a command to its end, which must come in time.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Run {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // A program that does not read its input closes it, which is fine.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let run = finish(child);
    writer.join().expect("no panic");
    run
}

/// Waits for a run to end, which must come in time.
pub(crate) fn finish(mut child: Child) -> Run {
    let collect = |stream: Option<Box<dyn std::io::Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                stream.read_to_end(&mut bytes).expect("a pipe can be read");
            }
            String::from_utf8(bytes).expect("output is text")
        })
    };
    let stdout = collect(child.stdout.take().map(|stream| Box::new(stream) as _));
    let stderr = collect(child.stderr.take().map(|stream| Box::new(stream) as _));
    let status = wait(&mut child);
    Run { code: status.code(), stdout: stdout.join().expect("no panic"), stderr: stderr.join().expect("no panic") }
}

/// Waits for a run to end; one that hangs is ended and fails the test.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if start.elapsed() > DEADLINE {
            child.kill().expect("a child can be ended");
            panic!("the run takes more than {DEADLINE:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Makes a named pipe.
pub(crate) fn fifo(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
    assert!(status.success(), "a pipe at {path:?}");
}

/// Sends a signal to a run.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill runs");
    assert!(status.success(), "the signal {name} is sent");
}

/// Returns the places of the findings of a report: path, line and column.
pub(crate) fn places(report: &Value) -> Vec<(String, u64, u64)> {
    let place = |finding: &Value| {
        let number = |name: &str| finding[name].as_u64().expect("a number");
        (finding["path"].as_str().expect("a path").to_owned(), number("line"), number("column"))
    };
    report["findings"].as_array().expect("findings").iter().map(place).collect()
}

/// Returns why a path was not scanned, if a report says so.
pub(crate) fn unscanned(report: &Value, path: &str) -> Option<String> {
    let skips = report["coverage"]["unscanned"].as_array().expect("a list");
    let skip = skips.iter().find(|skip| skip["path"] == path)?;
    skip["reason"].as_str().map(str::to_owned)
}

/// Returns a file opened for writing, for standard output.
pub(crate) fn sink(path: &str) -> File {
    fs::OpenOptions::new().write(true).open(path).expect("a device")
}

/// Asserts that no line is a command and no character is obeyed.
#[track_caller]
pub(crate) fn is_harmless(text: &str, format: &str) {
    let is_odd = |c: char| c.is_control() && !"\r\n".contains(c) || c == '\u{202e}';
    assert!(!text.contains(is_odd), "{format}: {text:?}");
    let is_command = |line: &str| {
        // A command of our own; within it GitHub looks for no other.
        let ours = format == "github" && line.starts_with("::error ");
        !ours && (line.trim_start().starts_with("::") || line.contains("##vso["))
    };
    assert!(!text.lines().any(is_command), "{format}: {text}");
}
