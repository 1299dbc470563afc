//! Files that only their owner may read.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::Error;

/// What the names of files start with that are not finished.
pub(crate) const UNFINISHED: &str = ".new-";

/// Returns the error of a file or folder.
pub(crate) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}

/// Makes a folder that only its owner may enter, or makes sure that it is one.
pub(crate) fn folder(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed("create", path))?;
    check_private(path, &fs::metadata(path).map_err(failed("read", path))?)
}

/// Makes sure that others have no access.
#[cfg(unix)]
fn check_private(path: &Path, meta: &fs::Metadata) -> Result<(), Error> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions());
    if mode & 0o077 != 0 {
        return Err(Error::Exposed { path: path.to_owned(), mode: mode & 0o777 });
    }
    Ok(())
}

/// Elsewhere a folder of the user is open to the user only, by inheritance.
#[cfg(not(unix))]
fn check_private(_path: &Path, _meta: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

/// Reads a private file of at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(failed("read", path))?;
    let meta = file.metadata().map_err(failed("read", path))?;
    check_private(path, &meta)?;
    // As long as the file: a buffer that grows would leave copies behind.
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(most)).unwrap_or(0) + 1);
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > most {
        return Err(Error::TooLarge { path: path.to_owned(), most });
    }
    Ok(bytes)
}

/// Writes a private file that is whole or not there, and is never in the place
/// of another; returns whether there was none.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    let folder = path.parent().expect("the file is in a folder");
    let mut file =
        tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder).map_err(failed("create a file in", folder))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed("write", path))?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            sync_folder(folder);
            Ok(true)
        }
        Err(err) if err.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(err) => Err(failed("write", path)(err.error)),
    }
}

/// Writes a private file that is always whole, in the place of another if there is one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().expect("the file is in a folder");
    let mut file =
        tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder).map_err(failed("create a file in", folder))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.persist(path).map(drop).map_err(|err| failed("write", path)(err.error))
}

/// Makes the names in a folder last.
fn sync_folder(folder: &Path) {
    // Not every file system can; the file itself is safe by now.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// Opens a file that only its owner may read, should it be new.
pub(crate) fn open(path: &Path, options: &mut fs::OpenOptions) -> Result<File, Error> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path).map_err(failed("open", path))
}

/// Holds others off as long as it lives.
pub(crate) struct Lock(#[expect(dead_code, reason = "the lock goes when the file is closed")] File);

/// Takes a lock, or returns none when another process has it and
/// `patience` does not wait.
pub(crate) fn lock(path: &Path, patience: Patience) -> Result<Option<Lock>, Error> {
    let file = open(path, fs::OpenOptions::new().create(true).truncate(false).write(true))?;
    let taken = take(&file, patience).map_err(failed("lock", path))?;
    Ok(taken.then_some(Lock(file)))
}

/// Whether to wait for a lock.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    Wait,
    Leave,
}

#[cfg(unix)]
fn take(file: &File, patience: Patience) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    let operation = match patience {
        Patience::Wait => FlockOperation::LockExclusive,
        Patience::Leave => FlockOperation::NonBlockingLockExclusive,
    };
    match flock(file, operation) {
        Ok(()) => Ok(true),
        Err(err) if err == rustix::io::Errno::WOULDBLOCK => Ok(false),
        Err(err) => Err(err.into()),
    }
}

/// Elsewhere nobody who could do without gets a lock, and who can't takes the chance.
#[cfg(not(unix))]
fn take(_file: &File, patience: Patience) -> io::Result<bool> {
    Ok(matches!(patience, Patience::Wait))
}
