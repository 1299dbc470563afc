//! What members are called.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::Origin;

/// What stands between an archive and a name in it.
const MARK: &[u8] = b"!";
/// Endings of names that say how a file is compressed.
const ENDINGS: [&str; 5] = ["bz2", "gz", "xz", "zst", "zstd"];

/// Returns the place of a member, with a mark behind its name where others have the same.
/// A name may be anything, such as `../../etc/passwd`: nothing is ever written there.
pub(super) fn member(archive: &Origin, name: &[u8], mark: &str) -> Arc<Origin> {
    let outer = archive.path().unwrap_or(Path::new("-")).as_os_str().as_encoded_bytes();
    let path = path([outer, MARK, name, mark.as_bytes()].concat());
    Arc::new(Origin::Member { path, name: inner(name) })
}

/// Returns the place of what comes out of a compressed file: where that is.
pub(super) fn unpacked(origin: &Arc<Origin>) -> Arc<Origin> {
    let (Some(path), Some(name)) = (origin.path(), origin.name()) else { return Arc::clone(origin) };
    let ending = name.extension().unwrap_or_default();
    let is_known = ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known));
    let name = if is_known { name.with_extension("") } else { name.to_path_buf() };
    Arc::new(Origin::Member { path: path.to_path_buf(), name })
}

/// Returns a name as a path, whichever slashes were used.
fn inner(name: &[u8]) -> PathBuf {
    let is_foreign = !name.contains(&b'/') && name.contains(&b'\\');
    path(name.iter().map(|byte| if is_foreign && *byte == b'\\' { b'/' } else { *byte }).collect())
}

#[cfg(unix)]
fn path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn path(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_behind_their_archives() {
        let file = Origin::File("a/b.zip".into());
        let outer = member(&file, b"c.tar.gz", "");
        let inner = member(&outer, b"dir\\.env", "#2");
        assert_eq!(inner.path(), Some(Path::new("a/b.zip!c.tar.gz!dir\\.env#2")));
        assert_eq!(inner.name(), Some(Path::new("dir/.env")));
        assert_eq!(member(&file, b"/etc/passwd", "").path(), Some(Path::new("a/b.zip!/etc/passwd")));
        assert_eq!(member(&Origin::Stdin, b"x", "").path(), Some(Path::new("-!x")));
    }

    #[test]
    fn what_is_unpacked_has_the_name_without_its_ending() {
        let file = Arc::new(Origin::File("a/prod.env.GZ".into()));
        assert_eq!(unpacked(&file).path(), Some(Path::new("a/prod.env.GZ")));
        assert_eq!(unpacked(&file).name(), Some(Path::new("a/prod.env")));
        assert_eq!(*unpacked(&Arc::new(Origin::Stdin)), Origin::Stdin);
    }
}
