//! The objects of a repository: packed, loose, and those of alternates.

mod commit;
mod delta;
mod families;
mod header;
mod index;
mod inflate;
mod loader;
mod lookup;
mod loose;
mod midx;
mod objects;
mod pack;
mod tree;
mod window;

use std::fmt;

pub(crate) use self::commit::{commit, said, tag};
pub(crate) use self::delta::Spans;
pub(crate) use self::families::{Crew, Visit, walk};
pub(crate) use self::loader::Loader;
pub(crate) use self::lookup::Lookup;
pub(crate) use self::objects::{Objects, Reader};
pub(crate) use self::pack::{Families, NONE, Pack};
pub(crate) use self::tree::{Entry, Mode, entries, split_entry};
pub(crate) use self::window::Window;
use leaktight_core::SkipReason;

/// Bytes of an object that is taken into memory, at most.
pub(crate) const LARGEST: u64 = 256 << 20;

/// What an object is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// Why an object cannot be read.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) reason: SkipReason,
    pub(crate) what: String,
}

impl Fault {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self { reason: SkipReason::Corrupt, what: what.into() }
    }

    pub(crate) fn missing() -> Self {
        Self { reason: SkipReason::Missing, what: "the object is not in the repository".to_owned() }
    }

    /// Returns the fault of a content larger than the limit, if there is one.
    pub(crate) fn beyond(limit: Option<u64>, len: usize) -> Option<Self> {
        let limit = limit.filter(|limit| len as u64 > *limit)?;
        Some(Self { reason: SkipReason::Size, what: format!("more than {limit} bytes") })
    }

    pub(crate) fn large(len: u64) -> Self {
        Self { reason: SkipReason::Size, what: format!("{len} bytes, more than {LARGEST}") }
    }
}

impl From<std::io::Error> for Fault {
    fn from(err: std::io::Error) -> Self {
        let reason = match err.kind() {
            std::io::ErrorKind::UnexpectedEof => SkipReason::Corrupt,
            std::io::ErrorKind::NotFound => SkipReason::Vanished,
            std::io::ErrorKind::PermissionDenied => SkipReason::Permission,
            _ => SkipReason::Io,
        };
        Self { reason, what: err.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Returns `N` bytes at `at`, if they are there.
pub(crate) fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Returns the big-endian number of four bytes at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    chunk(bytes, at).map(u32::from_be_bytes)
}

/// Returns the big-endian number of eight bytes at `at`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    chunk(bytes, at).map(u64::from_be_bytes)
}
