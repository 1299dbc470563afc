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
}

impl Origin {
    /// Returns the path of a file, or none.
    pub fn path(&self) -> Option<&std::path::Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}
