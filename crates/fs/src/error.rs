//! What keeps a scan from starting, and the reasons behind errors of the system.

use std::io::{Error as IoError, ErrorKind};
use std::path::PathBuf;

use leaktight_core::SkipReason;

/// A tree that cannot be scanned as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path does not exist, or may not be looked at.
    #[error("no file or directory at `{}`", .path.display())]
    Path {
        /// The path as it was given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: IoError,
    },
    /// A path is a symbolic link that leads nowhere.
    #[error("`{}` is a link that leads nowhere", .path.display())]
    Dangling {
        /// The path as it was given.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: IoError,
    },
    /// A path is a pipe, a socket or a device.
    #[error("`{}` is neither a file nor a directory", .path.display())]
    Special {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A glob to include or exclude is not valid.
    #[error("invalid glob `{glob}`")]
    Glob {
        /// The glob as it was given.
        glob: String,
        /// What is wrong with it.
        #[source]
        source: ignore::Error,
    },
}

/// Returns why something was not scanned when opening or reading it fails so.
pub(crate) fn reason(err: &IoError) -> SkipReason {
    match err.kind() {
        ErrorKind::NotFound => SkipReason::Vanished,
        ErrorKind::PermissionDenied => SkipReason::Permission,
        ErrorKind::InvalidFilename => SkipReason::PathTooLong,
        // It was something else when the directory was listed.
        ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::WouldBlock => SkipReason::Changed,
        _ if crate::sys::is_swapped(err) => SkipReason::Changed,
        _ => SkipReason::Io,
    }
}
