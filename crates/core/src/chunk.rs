//! Bytes, and where they came from.

use std::path::PathBuf;
use std::sync::Arc;

use crate::span::{Position, Span};

/// Bytes to scan, with their origin.
#[derive(Clone, Debug)]
pub struct Chunk<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Where they came from.
    pub origin: Arc<Origin>,
    /// Offset of the first byte within the origin.
    pub offset: u64,
    /// Line and column of the first byte within the origin.
    pub position: Position,
    /// What of the bytes is new, in order and disjoint; all of it where none.
    ///
    /// A finding stands only when its secret shares a byte with one of these.
    /// The other bytes are read as what stands round it: a context word, the
    /// first lines of a key block.
    pub added: Option<&'a [Span]>,
}

impl<'a> Chunk<'a> {
    /// Returns a chunk that is the whole of its origin.
    pub fn new(bytes: &'a [u8], origin: Arc<Origin>) -> Self {
        Self { bytes, origin, offset: 0, position: Position::default(), added: None }
    }

    /// Returns a chunk of bytes in memory.
    pub fn memory(bytes: &'a [u8]) -> Self {
        Self::new(bytes, Arc::new(Origin::Memory))
    }

    /// Returns whether any of the bytes of `span` are new.
    pub fn is_added(&self, span: Span) -> bool {
        let Some(added) = self.added else { return true };
        let first = added.partition_point(|new| new.end <= span.start);
        added.get(first).is_some_and(|new| new.start < span.end)
    }
}

/// Where bytes came from.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Origin {
    /// Bytes in memory.
    Memory,
    /// Standard input.
    Stdin,
    /// A file, by the path to show, which is relative to where the scan began where it can be.
    File(PathBuf),
    /// An object of a repository.
    Blob(Box<Blob>),
}

/// Text of a repository's history, and the commit it came with.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Blob {
    /// The path of a file in its commit; none for other text, and where no commit is known.
    pub path: Option<PathBuf>,
    /// What the text is.
    pub part: Part,
    /// The name of the object, in hexadecimal digits.
    pub id: String,
    /// The commit that introduced what was found; none when none leads to the object.
    pub commit: Option<Commit>,
    /// Whether it is still in the commit that is checked out.
    pub in_head: bool,
    /// The commit that took it away from the branch that is checked out.
    pub removed: Option<Commit>,
    /// Other places where the same stands or stood: paths, lines, messages.
    pub others: u64,
}

/// What a text of a repository is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Part {
    /// The content of a file.
    File,
    /// The message and the people of a commit.
    Commit,
    /// The message and the author of a tag.
    Tag,
    /// The names of branches and tags.
    Refs,
}

/// A commit, for people.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Commit {
    /// When it was written, in seconds since 1970.
    pub time: i64,
    /// Minutes by which its author's clock was ahead of UTC.
    pub offset: i32,
    /// Its name, in hexadecimal digits.
    pub id: String,
    /// Its author, as `name <address>`.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
}

impl Origin {
    /// Returns the path of a file, or none.
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Blob(blob) => blob.path.as_deref(),
            _ => None,
        }
    }
}
