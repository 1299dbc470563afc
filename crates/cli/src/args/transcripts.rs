//! What to scan instead of files: what assistants wrote down.

use clap::Parser;

/// What to scan instead of files.
#[derive(Debug, Default, Parser)]
#[command(next_help_heading = "Transcripts")]
pub(crate) struct Transcripts {
    /// Scan what coding assistants wrote down, all of them or those named, and list the secrets to rotate
    #[arg(long, value_name = "NAME", num_args = 0.., conflicts_with_all = ["paths", "diff", "staged", "unstaged", "range", "history"])]
    pub(crate) assistants: Option<Vec<String>>,
    /// Put placeholders in the place of the secrets found there, for good
    #[arg(long, requires = "assistants")]
    pub(crate) scrub: bool,
}

/// What `inventory` shows.
#[derive(Debug, Parser)]
pub(crate) struct Inventory {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
