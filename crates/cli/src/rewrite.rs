//! Changes a file whole or not at all, or writes to standard output.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::term::escape_path;

/// Where changed text goes.
pub(crate) enum Rewrite {
    Stdout(BufWriter<io::Stdout>),
    File(Box<Replacement>),
}

/// A file and what is to take its place.
pub(crate) struct Replacement {
    path: PathBuf,
    /// The file as it was found.
    before: Metadata,
    file: BufWriter<NamedTempFile>,
}

impl Rewrite {
    /// Returns standard output.
    pub(crate) fn stdout() -> Self {
        Self::Stdout(BufWriter::with_capacity(64 << 10, io::stdout()))
    }

    /// Returns what takes the place of a file when it is finished.
    ///
    /// # Errors
    ///
    /// Returns what the system says, or that it is no regular file.
    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        let before = fs::symlink_metadata(path)?;
        if before.file_type().is_symlink() {
            return Err(io::Error::other("it is a symbolic link; name the file it leads to"));
        }
        if !before.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".leaktight-").tempfile_in(folder)?;
        let file = BufWriter::with_capacity(64 << 10, file);
        Ok(Self::File(Box::new(Replacement { path: path.to_owned(), before, file })))
    }

    /// Returns what to write to.
    pub(crate) fn output(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(out) => out,
            Self::File(replacement) => &mut replacement.file,
        }
    }

    /// Puts what was written in its place, or drops it unless it is `wanted`.
    ///
    /// # Errors
    ///
    /// Returns what the system says, or that the file changed meanwhile; it is
    /// then as it was.
    pub(crate) fn finish(self, wanted: bool) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush().context("cannot write to standard output"),
            Self::File(replacement) if wanted => {
                let path = escape_path(&replacement.path);
                replacement.finish().with_context(|| format!("cannot change `{path}`"))
            }
            Self::File(_) => Ok(()),
        }
    }
}

/// Gives a file the owner and the group of another, before its permissions; returns
/// whether the system let us.
#[cfg(unix)]
fn keep_owner(file: &File, before: &Metadata) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let now = file.metadata()?;
    if (now.uid(), now.gid()) == (before.uid(), before.gid()) {
        return Ok(true);
    }
    if fchown(file, Some(before.uid()), Some(before.gid())).is_ok() {
        return Ok(true);
    }
    // A group of one's own can be kept without its owner.
    let _ = fchown(file, None, Some(before.gid()));
    Ok(false)
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _before: &Metadata) -> io::Result<bool> {
    Ok(true)
}

impl Replacement {
    fn finish(self) -> io::Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        if !keep_owner(file.as_file(), &self.before)? {
            let path = escape_path(&self.path);
            // Nothing is left to do when even this can't be written.
            let _ = writeln!(io::stderr(), "warning: the owner of `{path}` could not be kept: it is yours now");
        }
        file.as_file().set_permissions(self.before.permissions())?;
        file.as_file().sync_all()?;
        let now = fs::symlink_metadata(&self.path)?;
        if (now.len(), now.modified().ok()) != (self.before.len(), self.before.modified().ok()) {
            return Err(io::Error::other("it changed while it was read"));
        }
        file.persist(&self.path).map_err(|err| err.error)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // Not every file system can make a name last; the file is whole either way.
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}
