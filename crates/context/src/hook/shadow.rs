//! Copies of files without their secrets, for assistants that may read those instead.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// Writes a copy of `file` into the folder of a session and returns its path. Only
/// the user may read it; it keeps the file's name, which tells what kind it is.
///
/// # Errors
///
/// Returns what the system says.
pub(super) fn write(folder: &Path, session: &str, file: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    prune(folder);
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let session: String = session.chars().take(64).map(plain).collect();
    let folder = folder.join(if session.is_empty() { "session" } else { &session });
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(&folder)?;
    let name = file.file_name().unwrap_or_default();
    // The place of the file, so that two of one name don't meet.
    let place = data_encoding::HEXLOWER.encode(&Sha256::digest(file.as_os_str().as_encoded_bytes())[..8]);
    let folder = folder.join(place);
    builder.recursive(true).create(&folder)?;
    let copy = folder.join(name);
    let temporary = folder.join(format!(".{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(&temporary)?.write_all(bytes)?;
    fs::rename(&temporary, &copy)?;
    Ok(copy)
}

/// How long the copies of a session stay after the last was made.
const STAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes the copies of old sessions. They hold no secret, but nobody needs them.
fn prune(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let age = entry.metadata().and_then(|meta| meta.modified()).map(|time| time.elapsed().unwrap_or_default());
        if age.is_ok_and(|age| age > STAY) {
            // Another process may be at it.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
