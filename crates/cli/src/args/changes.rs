//! What to scan instead of whole files: what changed in them.

use std::path::PathBuf;

use clap::{Parser, ValueHint};

/// What to scan instead of whole files.
#[derive(Debug, Default, Parser)]
#[command(next_help_heading = "Changes")]
pub(crate) struct Changes {
    /// Scan the lines that a unified diff adds; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "paths")]
    pub(crate) diff: Option<PathBuf>,
}

impl Changes {
    /// Returns whether changes are to be scanned at all.
    pub(crate) fn is_wanted(&self) -> bool {
        self.diff.is_some()
    }
}
