//! `install` and `uninstall`: hooks of git.

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::ValueEnum as _;
use leaktight_git::{Change, Error, Hooks, Repo, What};

use crate::args::{GitEvent, GitInstall};
use crate::term::{escape, escape_path};
use crate::{Hint, exit};

/// Installs hooks of git.
pub(crate) fn run(args: &GitInstall) -> anyhow::Result<u8> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let (hooks, is_bare) = hooks(args).map_err(|err| complaint(&err))?;
    let events = match (args.hook.as_slice(), is_bare) {
        ([], true) => &[GitEvent::PreReceive][..],
        ([], false) => &[GitEvent::PreCommit, GitEvent::PreMergeCommit, GitEvent::CommitMsg, GitEvent::PrePush],
        (named, _) => named,
    };
    let names: Vec<String> =
        events.iter().filter_map(GitEvent::to_possible_value).map(|value| value.get_name().to_owned()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let changes = hooks.install(&names, &program).map_err(|err| complaint(&err))?;
    tell(&changes, "")
}

/// Takes hooks of git away again.
pub(crate) fn undo(args: &GitInstall) -> anyhow::Result<u8> {
    let (hooks, _) = hooks(args).map_err(|err| complaint(&err))?;
    let changes = hooks.uninstall().map_err(|err| complaint(&err))?;
    tell(&changes, &format!("nothing of leaktight is installed in {}", escape_path(hooks.folder())))
}

/// Returns where hooks are, and whether that is a repository without a work tree.
fn hooks(args: &GitInstall) -> Result<(Hooks, bool), Error> {
    if args.global {
        return Ok((Hooks::of_user()?, false));
    }
    let repo = Repo::discover(&args.path)?;
    Ok((Hooks::of_repo(&repo)?, repo.work_tree().is_none()))
}

fn tell(changes: &[Change], nothing: &str) -> anyhow::Result<u8> {
    let mut text = String::new();
    for change in changes {
        let what = match change.what {
            What::Written => "written",
            What::Chained => "written; the hook that was there runs first",
            What::Updated => "brought up to date",
            What::Unchanged => "already there",
            What::Removed => "removed",
            What::Restored => "removed; the hook that was there before is back",
            What::Kept => "left alone: it was changed by someone",
            _ => "changed",
        };
        text.push_str(&format!("{}: {what}\n", escape_path(&change.path)));
    }
    if changes.is_empty() {
        text = format!("{nothing}\n");
    }
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?;
    Ok(exit::CLEAN)
}

fn complaint(err: &Error) -> Hint {
    let hint = match err {
        Error::GlobalHooks { .. } => "`leaktight install git --global` installs there, for all repositories",
        Error::NotFound { .. } => "name a folder of a git repository, or use --global",
        Error::Owner { .. } => "nothing was changed",
        _ => "nothing that was not written by leaktight is overwritten; see what is there",
    };
    let source = std::error::Error::source(err).map(|cause| io::Error::other(cause.to_string()));
    Hint::caused(escape(err.to_string().as_bytes()), hint, source)
}
