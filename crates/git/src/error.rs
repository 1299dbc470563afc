//! What keeps a repository from being read.

use std::io::Error as IoError;
use std::path::PathBuf;

/// A repository, or a part of it, that cannot be read as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Neither a folder nor any above it is a repository.
    #[error("no git repository at or above `{}`", .path.display())]
    NotFound {
        /// The path as it was given.
        path: PathBuf,
    },
    /// The repository belongs to someone else and is not named in `safe.directory`.
    #[error("`{}` belongs to another user; if you trust it, run `git config --global --add safe.directory {}`", .path.display(), .repo.display())]
    Owner {
        /// What belongs to someone else.
        path: PathBuf,
        /// What to name in `safe.directory`.
        repo: PathBuf,
    },
    /// A file of the repository cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: IoError,
    },
    /// A file of the repository does not hold what it should.
    #[error("`{}` is damaged: {what}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A branch, tag or commit that was asked for is not there.
    #[error("`{name}` names no commit: {what}")]
    Revision {
        /// The name as it was given.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// The repository has a format that is not understood.
    #[error("`{}` has an unsupported format: {what}", .path.display())]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// The format.
        what: String,
    },
}

impl Error {
    pub(crate) fn damaged(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into() }
    }
}
