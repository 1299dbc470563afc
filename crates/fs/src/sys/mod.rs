//! What the system does for us: directories, kinds of files, holes.
//!
//! On Unix everything goes through descriptors of directories, so that nothing
//! that changes in a tree meanwhile leads out of it, and paths may be of any
//! length. Elsewhere plain paths have to do.

use std::ffi::OsString;

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use self::portable::*;
#[cfg(unix)]
pub(crate) use self::unix::*;

/// What a directory entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Dir,
    File,
    Link,
    Special,
    /// The directory doesn't say.
    Unknown,
}

impl From<std::fs::FileType> for Kind {
    fn from(kind: std::fs::FileType) -> Self {
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Dir
        } else if kind.is_symlink() {
            Self::Link
        } else {
            Self::Special
        }
    }
}

/// An entry of a directory.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: OsString,
    pub(crate) kind: Kind,
}
