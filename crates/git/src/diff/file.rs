//! A file of a diff: its names, and what became of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::{Event, Origin, Skip, SkipReason};

use super::binary;
use super::name::{self, NOTHING};
use crate::open::path_of;

/// What is known of a file whose part of a diff is being read.
#[derive(Debug, Default)]
pub(super) struct File {
    /// The names in the first line, when git wrote it.
    git: Option<(Vec<u8>, Vec<u8>)>,
    /// The names behind `---` and `+++`.
    sides: Option<(Vec<u8>, Vec<u8>)>,
    /// The name that needs no prefix taken away.
    plain: Option<Vec<u8>>,
    /// Bytes of text that is new.
    pub(super) added: u64,
    /// The diff says that it is binary and does not show it.
    pub(super) is_binary: bool,
    /// The diff takes it away.
    pub(super) is_gone: bool,
    /// What is wrong with this part of the diff.
    pub(super) trouble: Option<String>,
}

impl File {
    /// Returns a file for what stands behind `diff --git `.
    pub(super) fn of_git(text: &[u8]) -> Self {
        Self { git: name::pair(text), ..Self::default() }
    }

    /// Returns a file of this name.
    pub(super) fn named(name: &[u8]) -> Self {
        Self { plain: Some(name::parse(name)), ..Self::default() }
    }

    /// Takes the new name of a file that was renamed or copied.
    pub(super) fn rename(&mut self, name: &[u8]) {
        self.plain = Some(name::parse(name));
    }

    /// Takes the names behind `---` and `+++`.
    pub(super) fn set_sides(&mut self, old: Vec<u8>, new: Vec<u8>) {
        self.sides = Some((old, new));
    }

    /// Returns whether the names of both sides are known, so that others start a new file.
    pub(super) fn has_sides(&self) -> bool {
        self.sides.is_some()
    }

    /// Returns the path of the new file; of the old one where there is no new one.
    pub(super) fn path(&self) -> Option<PathBuf> {
        if let Some(plain) = &self.plain {
            return Some(path_of(plain));
        }
        let git = self.git.as_ref().map(|(old, new)| (old.as_slice(), new.as_slice()));
        let (old, new) = self.sides.as_ref().or(self.git.as_ref())?;
        let (old, new) = if new == NOTHING { (new, old) } else { (old, new) };
        let name = name::strip(old, new, git);
        (!name.is_empty()).then(|| path_of(name))
    }

    /// Returns where text of the file comes from: the diff itself if no file is named.
    pub(super) fn origin(&self, diff: &Arc<Origin>) -> Arc<Origin> {
        self.path().map_or_else(|| Arc::clone(diff), |path| Arc::new(Origin::File(path)))
    }

    /// Says what became of the file.
    pub(super) fn finish(self, excluded: Option<String>) -> Event<'static> {
        let path = self.path().unwrap_or_else(|| Path::new("-").to_path_buf());
        if let Some(glob) = excluded {
            Event::Skipped(Skip::new(path, SkipReason::Excluded, glob))
        } else if let Some(trouble) = self.trouble {
            Event::Skipped(Skip::new(path, SkipReason::Malformed, trouble))
        } else if self.is_binary && (self.is_gone || binary::is_named(&path)) {
            Event::Skipped(Skip::new(path, SkipReason::Binary, "the diff does not show it"))
        } else if self.is_binary {
            Event::Skipped(Skip::new(path, SkipReason::Opaque, "the diff does not show it; `git diff --text` does"))
        } else {
            Event::Scanned(self.added)
        }
    }
}
