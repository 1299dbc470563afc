//! Repositories made by git itself, and what a scan of their history tells.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses some of it")]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};

use leaktight_core::{Blob, Event, Finding, Origin, RuleSet, Scanner, SkipReason, Source as _, sample};
use leaktight_git::{Error, History, HistoryOptions, Repo};

static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| Arc::new(RuleSet::builtin()));

/// Returns a token of GitHub, another one for each seed.
pub(crate) fn token(seed: u64) -> String {
    let (_, rule) = RULES.find("github-pat-classic").expect("a rule");
    String::from_utf8(sample(rule, 2 * seed + 1).0).expect("text")
}

/// A folder with repositories, removed in the end.
pub(crate) struct Sandbox {
    _kept: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

/// What a scan told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) findings: Vec<Finding>,
    pub(crate) skipped: Vec<(String, SkipReason, String)>,
    pub(crate) scanned: u64,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let kept = tempfile::tempdir().expect("a folder");
        let root = kept.path().canonicalize().expect("it is there");
        Self { _kept: kept, root }
    }

    /// Returns a sandbox with a repository `r`.
    pub(crate) fn with_repo(options: &[&str]) -> Self {
        let sandbox = Self::new();
        sandbox.git(".", &[&["init", "-q", "-b", "main"], options, &["r"]].concat());
        sandbox
    }

    /// Runs git in a folder and returns what it prints.
    pub(crate) fn git(&self, folder: &str, args: &[&str]) -> String {
        let output = self.command(folder, args).output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn command(&self, folder: &str, args: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.current_dir(self.root.join(folder))
            .args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"])
            .args(args);
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", &self.root);
        let second = 1_700_000_000 + self.ticks();
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "Ann").env(format!("GIT_{who}_EMAIL"), "ann@example.org");
            git.env(format!("GIT_{who}_DATE"), format!("{second} +0100"));
        }
        git
    }

    /// A clock that goes on with every command.
    fn ticks(&self) -> u64 {
        static CLOCK: Mutex<u64> = Mutex::new(0);
        let mut clock = CLOCK.lock().expect("no panic");
        *clock += 60;
        *clock
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// Writes a file of the repository `r`, commits it, and returns the commit.
    pub(crate) fn commit(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        self.write(&format!("r/{name}"), bytes);
        self.git("r", &["add", "-A"]);
        self.git("r", &["commit", "-qm", &format!("change {name}")]);
        self.head()
    }

    pub(crate) fn head(&self) -> String {
        self.git("r", &["rev-parse", "HEAD"])
    }

    /// Scans the history of a repository.
    pub(crate) fn scan(&self, folder: &str) -> Told {
        self.scan_with(folder, |_| ()).expect("a repository")
    }

    pub(crate) fn scan_with(&self, folder: &str, change: impl FnOnce(&mut HistoryOptions)) -> Result<Told, Error> {
        let mut options = HistoryOptions::default();
        options.threads = 2;
        change(&mut options);
        let repo = Repo::discover(self.root.join(folder))?;
        let history = History::new(repo, Scanner::new(Arc::clone(&RULES)), options)?;
        let told = Mutex::new(Told::default());
        history.drive(&|event| {
            let mut told = told.lock().expect("no panic");
            match event {
                Event::Found(scan) => told.findings.extend(scan.findings),
                Event::Scanned(_) => told.scanned += 1,
                Event::Skipped(skip) => told.skipped.push((skip.path.display().to_string(), skip.reason, skip.detail)),
                Event::Chunk(_) => panic!("a history is scanned, not lent"),
            }
            ControlFlow::Continue(())
        });
        Ok(told.into_inner().expect("no panic"))
    }
}

impl Told {
    /// Returns where a secret came in, which must be told once.
    #[track_caller]
    pub(crate) fn place(&self, secret: &str) -> &Blob {
        let found: Vec<&Finding> =
            self.findings.iter().filter(|finding| finding.secret.expose() == secret.as_bytes()).collect();
        assert_eq!(found.len(), 1, "told once: {found:?} {:?}", self.skipped);
        match &*found[0].origin {
            Origin::Blob(blob) => blob,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn has(&self, secret: &str) -> bool {
        self.findings.iter().any(|finding| finding.secret.expose() == secret.as_bytes())
    }

    /// Returns what was skipped for a reason.
    pub(crate) fn gaps(&self, reason: SkipReason) -> Vec<&str> {
        self.skipped.iter().filter(|skip| skip.1 == reason).map(|skip| skip.0.as_str()).collect()
    }
}

/// Returns the commit, path and line that a blob names.
pub(crate) fn named(blob: &Blob) -> (&str, &str) {
    let commit = blob.commit.as_ref().map_or("", |commit| commit.id.as_str());
    (commit, blob.path.as_deref().and_then(Path::to_str).unwrap_or(""))
}
