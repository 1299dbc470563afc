//! What assistants wrote down: their transcripts, and the secrets in them.
//!
//! Which assistant keeps what, where, and what of it went to a provider is data
//! (`rules/transcripts`). Files are read in batches of whole lines; a batch in which
//! nothing is found is done with, and only a record that holds a value is taken
//! apart: whose session it is, when and by which tool it was written, and whether
//! the value left the machine. A prompt or the output of a tool counts as sent once
//! an answer stands behind it.
//!
//! A value is one leak, however many records repeat it.

mod catalog;
mod files;
mod input;
mod leak;
mod lines;
mod record;
mod rows;
mod scan;
mod scrub;
mod sqlite;
mod time;

use std::path::{Path, PathBuf};

pub use jiff::Timestamp;

use leaktight_core::{Skip, SkipReason};

pub use self::catalog::Assistant;
pub use self::leak::{At, Leak, Place, Sent};
pub use self::scan::{Options, Outcome, Progress, scan};
pub use self::scrub::{Scrubbed, scrub};
use crate::Error;
use crate::store::Places;

/// Levels of JSON in strings of JSON that are looked into.
const NESTED: usize = 3;

/// Why something was not read as a whole, and more about it.
type Trouble = (SkipReason, String);

/// Assistants and where they keep their transcripts.
#[derive(Debug)]
pub struct Transcripts {
    assistants: Vec<Assistant>,
}

/// A file that belongs to an assistant.
#[derive(Debug)]
#[non_exhaustive]
pub struct File<'a> {
    /// The file.
    pub path: PathBuf,
    /// The assistant.
    pub assistant: &'a Assistant,
    store: &'a catalog::Store,
}

impl Transcripts {
    /// Returns the built-in catalogue.
    ///
    /// # Errors
    ///
    /// Returns the first mistake in the catalogue; a test says there is none.
    pub fn builtin() -> Result<Self, Error> {
        Ok(Self { assistants: catalog::read(leaktight_rules::TRANSCRIPTS)? })
    }

    /// Returns the assistants.
    pub fn assistants(&self) -> &[Assistant] {
        &self.assistants
    }

    /// Returns the transcripts of the named assistants that are there, all of
    /// them without a name, in the order of their paths, and what can't be read.
    ///
    /// `project` is the folder in which some assistants keep theirs.
    pub fn find(&self, names: &[String], places: &Places<'_>, project: Option<&Path>) -> (Vec<File<'_>>, Vec<Skip>) {
        files::find(self, names, (places, project))
    }
}
