//! What can go wrong.

use std::io;
use std::path::PathBuf;

/// Why something could not be stored, read or decided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of a catalogue that is built in has a mistake.
    #[error("`{file}`: {message}")]
    Catalogue {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file or folder with secrets is open to other users.
    #[error("`{}` is open to other users: its mode is {mode:o}, and it must be for its owner only", .path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A file is larger than it may be.
    #[error("`{}` is larger than {most} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes it may have.
        most: u64,
    },
    /// The file of a vault's key holds no key.
    #[error("`{}` holds no key of a vault", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A file of a vault is no part of one.
    #[error("`{}` is no part of a vault", .path.display())]
    NoSegment {
        /// The file.
        path: PathBuf,
    },
    /// A file of a vault was written with another key.
    #[error("`{}` was written with another key", .path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// A file of a vault was cut or changed.
    #[error("`{}` is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A vault changed all the time while it was read.
    #[error("`{}` keeps changing", .path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}
