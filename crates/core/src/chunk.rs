//! Bytes, and where they came from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::decode::Step;
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

    /// Returns a chunk of what a part of `parent` stands for.
    pub(crate) fn nested(bytes: &'a [u8], parent: &Chunk<'_>, step: Step) -> Self {
        Self::new(bytes, Arc::new(Origin::Nested { parent: Arc::clone(&parent.origin), step }))
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
    /// What lies in an archive, or comes out of a file that is compressed.
    Member {
        /// The path to show: that of the file, and behind a `!` for each archive the name in it.
        path: PathBuf,
        /// The path by which its kind is told: the name in the innermost archive,
        /// without the ending that says how it is compressed.
        name: PathBuf,
    },
    /// An object of a repository.
    Blob(Box<Blob>),
    /// What a part of other bytes stands for.
    Nested {
        /// Where the other bytes came from.
        parent: Arc<Self>,
        /// How they were decoded.
        step: Step,
    },
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
    /// Returns where the bytes came from before anything was decoded.
    pub fn root(&self) -> &Self {
        let mut origin = self;
        while let Self::Nested { parent, .. } = origin {
            origin = parent;
        }
        origin
    }

    /// Returns the same steps of decoding from another place.
    #[must_use]
    pub fn with_root(&self, root: Arc<Self>) -> Arc<Self> {
        match self {
            Self::Nested { parent, step } => Arc::new(Self::Nested { parent: parent.with_root(root), step: *step }),
            _ => root,
        }
    }

    /// Returns how the bytes were decoded, the outermost step first; none when they were not.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut origin = self;
        while let Self::Nested { parent, step } = origin {
            steps.push(*step);
            origin = parent;
        }
        steps.reverse();
        steps
    }

    /// Returns the path of the file that holds the bytes, decoded or not, or none.
    pub fn path(&self) -> Option<&Path> {
        match self.root() {
            Self::File(path) | Self::Member { path, .. } => Some(path),
            Self::Blob(blob) => blob.path.as_deref(),
            _ => None,
        }
    }

    /// Returns the path by whose name and folders the bytes are judged: that of the
    /// file, or of a member within its archive.
    pub fn name(&self) -> Option<&Path> {
        match self.root() {
            Self::Member { name, .. } => Some(name),
            root => root.path(),
        }
    }

    /// The path that tells what kind of text this is: none for what is decoded
    /// from data, which may be of any kind.
    pub(crate) fn kind_path(&self) -> Option<&Path> {
        let is_data = |step: &Step| step.is_data();
        if self.steps().iter().any(is_data) { None } else { self.name() }
    }
}
