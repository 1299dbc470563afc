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
    /// The standard input of a hook is not what git writes to it.
    #[error("line {line} of the input of `{hook}` is not what git writes")]
    HookInput {
        /// The hook.
        hook: &'static str,
        /// The number of the line, from 1.
        line: usize,
    },
    /// A file cannot be written or taken away.
    #[error("cannot write `{}`", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: IoError,
    },
    /// Something is where a hook would be.
    #[error("the hook `{}` is in the way: {what}", .path.display())]
    Occupied {
        /// The hook.
        path: PathBuf,
        /// What it is, and what to do.
        what: String,
    },
    /// Hooks of this repository would not be run.
    #[error("`core.hooksPath` names `{}` for all repositories, so git runs no hook of this one", .path.display())]
    GlobalHooks {
        /// The folder of hooks.
        path: PathBuf,
    },
    /// Nobody knows where the user's files are.
    #[error("there is no home folder")]
    Homeless,
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
    pub(crate) fn write(path: impl Into<PathBuf>, source: IoError) -> Self {
        Self::Write { path: path.into(), source }
    }

    pub(crate) fn damaged(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into() }
    }
}
