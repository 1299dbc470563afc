//! Directories by path, where there is nothing better.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::{Entry, Kind};

/// The canonical path: what makes a directory itself.
pub(crate) type Id = PathBuf;

/// A directory.
#[derive(Debug)]
pub(crate) struct Dir(PathBuf);

impl Dir {
    /// Opens a directory by its path, through links.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        match fs::metadata(path)?.is_dir() {
            true => Ok(Self(path.to_path_buf())),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Opens a directory by its canonical path, without links.
    pub(crate) fn open_real(path: &Path) -> io::Result<Self> {
        Self::open(path)
    }

    /// Opens an entry that is a directory, not a link.
    pub(crate) fn child(&self, name: &OsStr) -> io::Result<Self> {
        match self.look(name)?.0 {
            Kind::Dir => Ok(Self(self.0.join(name))),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Opens the directory at a relative path that holds no link.
    pub(crate) fn below(&self, path: &Path) -> io::Result<Self> {
        path.components().try_fold(Self(self.0.clone()), |dir, name| dir.child(name.as_os_str()))
    }

    /// Opens an entry to read it, not through a link.
    pub(crate) fn file(&self, name: &OsStr) -> io::Result<File> {
        match self.look(name)?.0 {
            Kind::File => File::open(self.0.join(name)),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Returns what an entry is, and its size, without opening it.
    pub(crate) fn look(&self, name: &OsStr) -> io::Result<(Kind, u64)> {
        let meta = fs::symlink_metadata(self.0.join(name))?;
        Ok((meta.file_type().into(), meta.len()))
    }

    /// Returns what tells this directory from all others.
    pub(crate) fn id(&self) -> io::Result<Id> {
        fs::canonicalize(&self.0)
    }

    /// Returns whether the directory is the kernel's talk rather than files.
    pub(crate) fn is_pseudo(&self) -> bool {
        false
    }
}

/// The entries of a directory, page by page.
pub(crate) struct Listing<'a> {
    entries: io::Result<fs::ReadDir>,
    dir: std::marker::PhantomData<&'a Dir>,
}

impl<'a> Listing<'a> {
    /// Starts to list a directory, once.
    pub(crate) fn new(dir: &'a Dir, _: &'a mut Vec<u8>) -> Self {
        Self { entries: fs::read_dir(&dir.0), dir: std::marker::PhantomData }
    }

    /// Appends some entries and returns whether there may be more.
    pub(crate) fn page(&mut self, entries: &mut Vec<Entry>) -> io::Result<bool> {
        let listing = match &mut self.entries {
            Ok(listing) => listing,
            Err(err) => return Err(io::Error::from(err.kind())),
        };
        for _ in 0..1024 {
            let Some(entry) = listing.next() else { return Ok(false) };
            let entry = entry?;
            let kind = entry.file_type().map_or(Kind::Unknown, Kind::from);
            entries.push(Entry { name: entry.file_name(), kind });
        }
        Ok(true)
    }
}

/// Opens a file that was named outright, through links.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Returns whether a link or a special file took the place of a file.
pub(crate) fn is_swapped(_: &io::Error) -> bool {
    false
}

/// Returns whether a file takes up less room than it is long.
pub(crate) fn is_sparse(_: &Metadata) -> bool {
    false
}

/// Returns where data starts at or after `offset`, none when there is no more.
pub(crate) fn next_data(_: &File, offset: u64) -> Option<u64> {
    Some(offset)
}

/// Returns where a hole starts after `offset`, none when that is not known.
pub(crate) fn next_hole(_: &File, _: u64) -> Option<u64> {
    None
}

/// Returns standard input.
pub(crate) fn stdin() -> io::Result<io::StdinLock<'static>> {
    Ok(io::stdin().lock())
}

impl crate::stdin::Input for io::StdinLock<'_> {
    fn is_ready(&mut self) -> bool {
        true
    }
}
