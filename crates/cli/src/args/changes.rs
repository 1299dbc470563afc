//! What to scan instead of whole files: what changed in them.

use std::path::PathBuf;

use clap::{Parser, ValueHint};

use crate::changes::Called;

/// What to scan instead of whole files.
#[derive(Debug, Default, Parser)]
#[command(next_help_heading = "Changes")]
pub(crate) struct Changes {
    /// Scan the lines that a unified diff adds; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "paths")]
    pub(crate) diff: Option<PathBuf>,
    /// Scan the lines that are staged for the next commit, those under PATH in its repository
    #[arg(long, conflicts_with = "diff")]
    pub(crate) staged: bool,
    /// Scan the lines of the work tree that are not staged, likewise; files git does not know are left out
    #[arg(long, conflicts_with = "diff")]
    pub(crate) unstaged: bool,
    /// Scan the lines that the commits of B add and A does not have; with --history their whole contents; may be repeated
    #[arg(long, value_name = "A..B", conflicts_with = "diff")]
    pub(crate) range: Vec<String>,
    /// What git called as a hook; never given by hand
    #[arg(skip)]
    pub(crate) called: Option<Called>,
}

impl Changes {
    /// Returns whether changes are to be scanned at all.
    pub(crate) fn is_wanted(&self) -> bool {
        self.diff.is_some() || self.staged || self.unstaged || !self.range.is_empty() || self.called.is_some()
    }
}
