//! The hooks of git.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use super::{Judge, Show};

/// A hook of git, called as git calls its hooks.
#[derive(Debug, Parser)]
pub(crate) struct GitHook {
    /// The hook
    #[arg(value_enum)]
    pub(crate) event: GitEvent,
    /// What git gives to the hook
    pub(crate) args: Vec<OsString>,
    #[command(flatten)]
    pub(crate) judge: Judge,
    #[command(flatten)]
    pub(crate) show: Show,
}

/// A hook of git.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum GitEvent {
    /// Before a commit: what is staged.
    PreCommit,
    /// Before a merge is committed: what is staged.
    PreMergeCommit,
    /// Before a commit: what its message says.
    CommitMsg,
    /// Before a push: the commits that no remote has.
    PrePush,
    /// On a server, before a push is taken in: the commits it brings.
    PreReceive,
}

/// Where to install hooks of git.
#[derive(Debug, Parser)]
pub(crate) struct GitInstall {
    /// A folder of the repository
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// For all repositories of this user
    #[arg(long, conflicts_with = "path")]
    pub(crate) global: bool,
    /// The hooks; may be repeated [default: pre-commit, pre-merge-commit, commit-msg, pre-push]
    #[arg(long, value_enum, value_name = "HOOK")]
    pub(crate) hook: Vec<GitEvent>,
}
