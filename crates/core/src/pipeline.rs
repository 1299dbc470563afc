//! The two ends of a scan: where bytes come from, and where findings go.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::chunk::Chunk;
use crate::finding::Finding;
use crate::rule::named;
use crate::scan::Scan;

/// A place where bytes come from.
///
/// A source pushes: it lends each chunk to the visitor, on whatever thread has
/// the bytes. What it leaves out on purpose or can't read it reports as a
/// [`Skip`], so that everything it discovers is scanned, excluded or unscanned.
pub trait Source {
    /// Tells `visitor` all that happens, from several threads at once, until
    /// that breaks off or everything was seen.
    fn drive(&self, visitor: &(dyn Fn(Event<'_>) -> ControlFlow<()> + Sync));
}

/// What a source tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// Bytes to look at: a whole unit, or an overlapping part of a large one.
    /// None at all when a source that waits for bytes asks whether to go on.
    Chunk(Chunk<'a>),
    /// A unit was lent as a whole; its size in bytes.
    Scanned(u64),
    /// A unit was not lent, or not as a whole.
    Skipped(Skip),
    /// What a source found by itself, because it looks at less than the whole
    /// of what it reads and knows where the findings come from.
    Found(Box<Scan>),
}

/// A place where findings go.
pub trait Sink: Send {
    /// Takes a finding. A break asks the scan to end early.
    fn finding(&mut self, finding: Finding) -> ControlFlow<()>;
    /// Takes what was not scanned.
    fn skipped(&mut self, skip: Skip);
}

/// Gives the findings and skips of one scan to a sink.
pub fn deliver(scan: Scan, sink: &mut dyn Sink) -> ControlFlow<()> {
    for skip in scan.skipped {
        sink.skipped(skip);
    }
    scan.findings.into_iter().try_for_each(|finding| sink.finding(finding))
}

/// Something discovered that was not scanned.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Skip {
    /// What was not scanned.
    pub path: PathBuf,
    /// Why.
    pub reason: SkipReason,
    /// More about it, for people: an error of the system, a limit.
    pub detail: String,
}

impl Skip {
    /// Returns a skip of `path` for `reason`.
    pub fn new(path: impl Into<PathBuf>, reason: SkipReason, detail: impl fmt::Display) -> Self {
        Self { path: path.into(), reason, detail: detail.to_string() }
    }
}

named! {
    /// Why something was not scanned.
    SkipReason {
        /// An ignore file names it.
        Ignored("ignored"),
        /// A glob of the command line or the configuration leaves it out.
        Excluded("excluded"),
        /// A binary file.
        Binary("binary"),
        /// A symbolic link inside a tree.
        Symlink("symlink"),
        /// A link that leads out of the tree.
        OutsideRoot("outside-root"),
        /// A pipe, a socket or a device.
        Special("special"),
        /// A file system that is not one of files, such as `/proc`.
        PseudoFs("pseudo-fs"),
        /// The data of a version control system.
        VersionControl("version-control"),
        /// Larger than the limit.
        Size("size"),
        /// It may not be read.
        Permission("permission"),
        /// It went away before it was opened.
        Vanished("vanished"),
        /// It changed while it was read.
        Changed("changed"),
        /// It could not be read.
        Io("io"),
        /// A path too long for the system.
        PathTooLong("path-too-long"),
        /// An ignore file could not be used.
        IgnoreFile("ignore-file"),
        /// An encoding that is not understood.
        Encoding("encoding"),
        /// Binary data where text was asked for: a file that was named, or one that a diff does not show.
        Opaque("opaque"),
        /// It is not in the format it should be in.
        Malformed("malformed"),
        /// An object that is not in the repository, as in a partial clone.
        Missing("missing"),
        /// Data that is damaged.
        Corrupt("corrupt"),
        /// The history before a commit that is not in a shallow clone.
        Shallow("shallow"),
        /// An object of a repository that no branch or tag leads to.
        Unreachable("unreachable"),
        /// Another repository within one.
        Submodule("submodule"),
        /// Encrypted, so that it can't be read.
        Encrypted("encrypted"),
        /// Archives that are nested too deep, expand to too much, or have too many members.
        ArchiveLimit("archive-limit"),
        /// Encoded text nested too deep, or that decodes to too much.
        DecodeLimit("decode-limit"),
        /// The scan was interrupted.
        Interrupted("interrupted"),
        /// The time that was given for the scan was over.
        Deadline("deadline"),
        /// A defect of this program.
        Internal("internal"),
    }
}

impl SkipReason {
    /// Returns whether it was left out on purpose, so that the scan is still complete.
    pub fn is_exclusion(self) -> bool {
        matches!(
            self,
            Self::Ignored
                | Self::Excluded
                | Self::Binary
                | Self::Symlink
                | Self::OutsideRoot
                | Self::Special
                | Self::PseudoFs
                | Self::VersionControl
                | Self::Submodule
                | Self::Unreachable
        )
    }
}
