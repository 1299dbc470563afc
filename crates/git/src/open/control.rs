//! The small files that steer a repository.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Bytes of a list of alternates, at most.
const LARGEST: u64 = 1 << 20;

/// Opens a regular file without waiting: a pipe, a socket or a device is an error.
///
/// # Errors
///
/// What the system says, or that it is no regular file.
pub(crate) fn open_file(path: &Path) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Opening a pipe would wait for someone to write to it.
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    let file = options.open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok((file, meta.len()))
}

/// Reads a file of at most `limit` bytes that steers a repository; none if there is no such file.
///
/// # Errors
///
/// It is no regular file, it is larger, or the system says no.
pub fn read_control(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let fail = |source| Error::Read { path: path.to_path_buf(), source };
    let (file, len) = match open_file(path) {
        Ok(opened) => opened,
        Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(err) => return Err(fail(err)),
    };
    if len > limit {
        return Err(fail(io::Error::other(format!("larger than {limit} bytes"))));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(limit).read_to_end(&mut bytes).map_err(fail)?;
    Ok(Some(bytes))
}

/// Returns the other folders of objects that a folder of objects names.
pub(super) fn alternates(objects: &Path) -> Result<Vec<PathBuf>, Error> {
    let Some(text) = read_control(&objects.join("info/alternates"), LARGEST)? else { return Ok(Vec::new()) };
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let named = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    // One that is gone is left out, as git does; what it held is then missing.
    Ok(named.filter_map(|line| objects.join(path_of(line)).canonicalize().ok()).collect())
}

/// Returns the path that bytes of a repository's file stand for.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        std::ffi::OsStr::from_bytes(bytes).into()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}

/// Returns which file system a folder lies on, if that can be known.
pub(super) fn device(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        folder.metadata().ok().map(|meta| meta.dev())
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}
