//! Files and directories that were asked for.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use leaktight_core::{Event, Source};

use crate::error::Error;
use crate::options::WalkOptions;
use crate::walk::{Globs, Walk};

/// Files and directory trees to scan.
///
/// A file that is named outright is scanned whatever ignore files and globs say,
/// and a link that is named outright is followed. One of a binary format is then
/// told as opaque, which is no exclusion.
#[derive(Debug)]
pub struct Tree {
    pub(crate) arguments: Vec<Argument>,
    pub(crate) globs: Globs,
    pub(crate) options: WalkOptions,
}

/// A path that was asked for.
#[derive(Debug)]
pub(crate) struct Argument {
    /// The path as it was given.
    pub(crate) path: PathBuf,
    /// The same without a leading `./`, as it is shown.
    pub(crate) shown: PathBuf,
    /// The canonical path.
    pub(crate) real: PathBuf,
    pub(crate) is_dir: bool,
    len: u64,
}

impl Tree {
    /// Returns a source of what lies at and below `paths`.
    ///
    /// A path that is given twice is scanned once.
    ///
    /// # Errors
    ///
    /// A path that does not exist, a link that leads nowhere, a path that is
    /// neither file nor directory and a glob that is not valid are errors.
    pub fn new<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, options: WalkOptions) -> Result<Self, Error> {
        let globs = Globs::new(&options.include, &options.exclude)?;
        let mut arguments: Vec<Argument> =
            paths.into_iter().map(|path| argument(path.as_ref())).collect::<Result<_, _>>()?;
        let mut seen = HashSet::new();
        arguments.retain(|argument| seen.insert(argument.real.clone()));
        Ok(Self { arguments, globs, options })
    }

    /// Returns the number of threads that may find something to do.
    pub(crate) fn workers(&self) -> usize {
        let most = self.options.workers();
        let part = self.options.reading().part as u64;
        // Other threads are not worth starting for a few files.
        let n_parts = |argument: &Argument| if argument.is_dir { u64::MAX } else { 1 + argument.len / part };
        let n_parts = self.arguments.iter().map(n_parts).fold(0, u64::saturating_add);
        usize::try_from(n_parts).unwrap_or(most).clamp(1, most.max(1))
    }
}

impl Source for Tree {
    fn drive(&self, visitor: &(dyn Fn(Event<'_>) -> ControlFlow<()> + Sync)) {
        Walk::new(self, visitor).drive();
    }
}

fn argument(path: &Path) -> Result<Argument, Error> {
    let meta = match fs::metadata(path) {
        Ok(meta) => meta,
        Err(source) if source.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(Error::Dangling { path: path.to_path_buf(), source });
        }
        Err(source) => return Err(Error::Path { path: path.to_path_buf(), source }),
    };
    if !meta.is_dir() && !meta.is_file() {
        return Err(Error::Special { path: path.to_path_buf() });
    }
    // Collecting the components drops every `.` but a leading one.
    let shown: PathBuf = path.strip_prefix(".").unwrap_or(path).components().collect();
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    Ok(Argument { path: path.to_path_buf(), shown, real, is_dir: meta.is_dir(), len: meta.len() })
}
