//! What members are called.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::Origin;

/// What stands between an archive and a name in it.
const MARK: &[u8] = b"!";
/// Bytes of a name that are told, at most.
const LONGEST: usize = 1024;
/// Endings of names that say how a file is compressed.
const ENDINGS: [&str; 5] = ["bz2", "gz", "xz", "zst", "zstd"];

/// Returns the place of a member, with a mark behind its name where others have the same.
/// A name may be anything, such as `../../etc/passwd`: nothing is ever written there.
pub(super) fn member(archive: &Origin, name: &[u8], mark: &str) -> Arc<Origin> {
    let outer = archive.path().unwrap_or(Path::new("-")).as_os_str().as_encoded_bytes();
    let path = path([outer, MARK, &*shown(name), mark.as_bytes()].concat());
    // What a file is, its ending tells.
    let end = &name[name.len().saturating_sub(LONGEST)..];
    Arc::new(Origin::Member { path, name: inner(end) })
}

/// Returns a name as it is told: every finding and skip of an archive in this one repeats it, so
/// that of a longer one there is the start, and a number by which it differs from others.
fn shown(name: &[u8]) -> Cow<'_, [u8]> {
    if name.len() <= LONGEST {
        return Cow::Borrowed(name);
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    Cow::Owned([&name[..LONGEST], format!("\u{2026}{:016x}", hasher.finish()).as_bytes()].concat())
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
    fn long_names_are_told_in_short() {
        let file = Origin::File("a.zip".into());
        let long = |end: &str| member(&file, format!("{}{end}", "n".repeat(1 << 20)).as_bytes(), "");
        let (one, other) = (long("/one.env"), long("/other.env"));
        assert!(one.path().is_some_and(|path| path.as_os_str().len() < 1100) && one.path() != other.path());
        assert!(one.name().is_some_and(|name| name.ends_with("one.env") && name.as_os_str().len() == 1024));
    }

    #[test]
    fn what_is_unpacked_has_the_name_without_its_ending() {
        let file = Arc::new(Origin::File("a/prod.env.GZ".into()));
        assert_eq!(unpacked(&file).path(), Some(Path::new("a/prod.env.GZ")));
        assert_eq!(unpacked(&file).name(), Some(Path::new("a/prod.env")));
        assert_eq!(*unpacked(&Arc::new(Origin::Stdin)), Origin::Stdin);
    }
}
