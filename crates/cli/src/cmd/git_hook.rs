//! `hook git`: answers git.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use leaktight_git::ObjectId;

use super::scan;
use crate::args::{Changes, GitEvent, GitHook, History, Scan, Select, Show, Transcripts};
use crate::changes::Called;
use crate::{Hint, exit};

/// Bytes that git writes to a hook, at most: some millions of references.
const LARGEST: u64 = 1 << 30;

/// Scans what git asks about; prints nothing when there is nothing to say, and
/// otherwise what to do next.
pub(super) fn run(hook: &GitHook) -> anyhow::Result<u8> {
    let changes = Changes { called: Some(called(hook.event, &hook.args)?), ..Changes::default() };
    let scan = Scan {
        paths: vec![PathBuf::from(".")],
        changes,
        history: History::default(),
        transcripts: Transcripts::default(),
        select: Select::default(),
        judge: hook.judge.clone(),
        show: Show { quiet: true, no_progress: true, ..hook.show.clone() },
    };
    let code = scan::run(&scan)?;
    if let Some(advice) = advice(hook.event, code) {
        // The report says what is wrong; when this can't be written, nothing is lost.
        let _ = io::stderr().write_all(advice.as_bytes());
    }
    Ok(code)
}

fn called(event: GitEvent, args: &[OsString]) -> anyhow::Result<Called> {
    Ok(match event {
        GitEvent::PreCommit | GitEvent::PreMergeCommit => Called::Commit,
        GitEvent::CommitMsg => {
            const HINT: &str = "git gives it to the hook; call this as `leaktight hook git commit-msg FILE`";
            let file = args.first().ok_or_else(|| Hint::new("the file of the message is missing", HINT))?;
            Called::Message(file.into())
        }
        GitEvent::PrePush => match framework() {
            Some(called) => called,
            None => Called::Push(input()?),
        },
        GitEvent::PreReceive => Called::Receive(input()?),
    })
}

/// Returns what the pre-commit framework tells of a push: it keeps the input of
/// the hook to itself and says what matters in variables.
fn framework() -> Option<Called> {
    let id = |name: &str| ObjectId::from_hex(env::var(name).ok()?.as_bytes()).filter(|id| !id.is_zero());
    let name = env::var_os("PRE_COMMIT_REMOTE_BRANCH").unwrap_or_default().into_encoded_bytes();
    Some(Called::Between(id("PRE_COMMIT_TO_REF")?, id("PRE_COMMIT_FROM_REF"), name))
}

fn input() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(LARGEST).read_to_end(&mut bytes).context("cannot read what git writes to the hook")?;
    Ok(bytes)
}

/// Returns what to do next, if something was found or not everything was scanned.
fn advice(event: GitEvent, code: u8) -> Option<String> {
    let what = if matches!(event, GitEvent::PrePush | GitEvent::PreReceive) { "push" } else { "commit" };
    match code {
        exit::FINDINGS | exit::INCOMPLETE_FINDINGS => {
            Some(format!("\n{what} blocked. What to do next:\n{}", steps(event)))
        }
        exit::INCOMPLETE => Some(format!(
            "\n{what} blocked: not everything could be scanned; to let it pass, add --allow-incomplete REASON to the hook.\n"
        )),
        _ => None,
    }
}

/// Returns the ways out of a finding.
fn steps(event: GitEvent) -> String {
    let how = match event {
        GitEvent::PreCommit | GitEvent::PreMergeCommit => "and stage the file again",
        GitEvent::CommitMsg => return steps_of_message(),
        GitEvent::PrePush => "from the commits themselves (`git rebase -i`), not in a later one, and from names",
        GitEvent::PreReceive => "from the commits themselves, not in a later one, and from names",
    };
    // Nobody who pushes decides what a server accepts from now on.
    let whole = match event {
        GitEvent::PreReceive => "whoever keeps the server lays a baseline or leaktight.toml into its repository.",
        _ => "run `leaktight baseline create` and commit the baseline.",
    };
    format!(
        "1. Remove the secret {how}; if anyone else may have seen it, revoke it.\n\
         2. To accept all findings of today, {whole}\n\
         3. To accept one line, write `leaktight:{mark}` in a comment on it.\n",
        mark = "allow",
    )
}

/// The same for a message: no baseline holds one, and it has no comments.
fn steps_of_message() -> String {
    format!(
        "1. Remove the secret from the message, which git has kept:\n   \
         `git commit -e -F \"$(git rev-parse --git-path COMMIT_EDITMSG)\"`;\n   \
         if anyone else may have seen it, revoke it.\n\
         2. To accept one line of the message, write `leaktight:{mark}` at its end.\n",
        mark = "allow",
    )
}
