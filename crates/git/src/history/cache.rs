//! What an earlier scan of the same repository found, in a file.
//!
//! It holds names of objects, places and counts, and nothing of what was found:
//! a secret is looked at again where it stands.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use leaktight_core::{Scanner, SkipReason};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::open::{open_file, read_control};

/// Bytes of a cache, at most.
const LARGEST: u64 = 1 << 30;
/// The first line of the file; the number changes when scans find other things,
/// or note them in another form, within one version of the crate.
const TITLE: &str = concat!("leaktight history 2 ", env!("CARGO_PKG_VERSION"), "\n");
/// Bytes of the checksum behind the title.
const SUM: usize = 32;

/// A digest that changes whenever something does that it was made of.
pub(super) type State = [u8; SUM];

/// What is kept of a scan.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Cache {
    /// The rules it was made with.
    pub(super) rules: State,
    /// Packs whose contents were looked at.
    pub(super) packs: Vec<PackEntry>,
    /// For each secret a place where it stands in a content, if it does.
    pub(super) secrets: Vec<Option<Witness>>,
    /// The whole result, if everything was as it was then.
    pub(super) result: Option<Outcome>,
}

/// A pack, and what was found in its contents.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct PackEntry {
    pub(super) checksum: Vec<u8>,
    pub(super) len: u64,
    /// A digest of the kinds of file its contents were known as.
    pub(super) kinds: State,
    /// Contents, and their bytes.
    pub(super) scanned: (u64, u64),
    /// Places of objects, secrets, offsets.
    pub(super) hits: Vec<(u32, u32, u64)>,
}

/// Where a secret stands.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Witness {
    pub(super) object: String,
    /// The path its content was scanned as; none for no name.
    pub(super) path: Option<String>,
    pub(super) rule: String,
    pub(super) offset: u64,
}

/// The whole result of a scan.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Outcome {
    /// What it depends on.
    pub(super) state: State,
    /// Objects, and their bytes.
    pub(super) scanned: (u64, u64),
    pub(super) skipped: Vec<(String, SkipReason, String)>,
    pub(super) told: Vec<Told>,
}

/// A finding, without what was found.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Told {
    pub(super) rule: String,
    pub(super) offset: u64,
    pub(super) object: String,
    /// The bytes of the path.
    pub(super) path: Option<Vec<u8>>,
    /// 0 for a file, 1 for a commit, 2 for a tag.
    pub(super) part: u8,
    pub(super) commit: Option<String>,
    pub(super) in_head: bool,
    pub(super) removed: Option<String>,
    pub(super) others: u64,
}

/// Returns the file for a repository in a folder of caches.
pub(super) fn file_of(folder: &Path, common_dir: &Path) -> PathBuf {
    let name = Sha256::digest(common_dir.as_os_str().as_encoded_bytes());
    let hex: String = name[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    folder.join(format!("history-{hex}"))
}

/// Returns a digest of all that rules say, of what configuration changes, and of
/// what a scan may do.
pub(super) fn digest_of(scanner: &Scanner) -> State {
    let rules = scanner.rules();
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", scanner.limits()).as_bytes());
    for (rule_idx, rule) in rules.rules().iter().enumerate() {
        hash.update(format!("{rule:?}{:?}\0", rules.adjusted(rule_idx)).as_bytes());
    }
    hash.finalize().into()
}

impl Cache {
    /// Reads a cache; none if there is none.
    ///
    /// # Errors
    ///
    /// Returns why the file is not to be trusted, for people.
    pub(super) fn read(file: &Path) -> Result<Option<Self>, String> {
        if let Some(trouble) = foreign(file) {
            return Err(trouble.to_owned());
        }
        let bytes = read_control(file, LARGEST).map_err(|err| err.to_string())?;
        let Some(bytes) = bytes else { return Ok(None) };
        let Some(rest) = bytes.strip_prefix(TITLE.as_bytes()) else {
            // Of another version: it is written anew and needs no remark.
            return if bytes.starts_with(b"leaktight history ") {
                Ok(None)
            } else {
                Err("it is not a cache".to_owned())
            };
        };
        let (sum, body) = rest.split_at_checked(SUM).ok_or("it is cut off")?;
        if Sha256::digest(body)[..] != *sum {
            return Err("it is damaged".to_owned());
        }
        serde_json::from_slice(body).map(Some).map_err(|_| "it is damaged".to_owned())
    }

    /// Writes the cache, readable to the user only; the file is whole or as it was.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        make_folder(folder)?;
        let body = serde_json::to_vec(self).map_err(io::Error::other)?;
        let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || {
            let mut out = options.open(&temporary)?;
            out.write_all(TITLE.as_bytes())?;
            out.write_all(&Sha256::digest(&body))?;
            out.write_all(&body)?;
            fs::rename(&temporary, file)
        };
        write().inspect_err(|_| drop(fs::remove_file(&temporary)))
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Returns why a file could have been written by someone else, if it could.
#[cfg(unix)]
fn foreign(file: &Path) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = open_file(file).ok()?.0.metadata().ok()?;
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Some("it belongs to another user");
    }
    (meta.mode() & 0o022 != 0).then_some("others may write to it")
}

#[cfg(not(unix))]
fn foreign(file: &Path) -> Option<&'static str> {
    let _ = open_file(file);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusts_only_what_it_wrote() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = file_of(&folder.path().join("new"), Path::new("/r"));
        assert!(Cache::read(&file).is_ok_and(|cache| cache.is_none()));
        let cache = Cache { rules: [7; SUM], ..Cache::default() };
        cache.write(&file).expect("room");
        assert!(Cache::read(&file).is_ok_and(|cache| cache.is_some_and(|cache| cache.rules == [7; SUM])));
        let mut bytes = fs::read(&file).expect("a file");
        *bytes.last_mut().expect("a byte") ^= 1;
        for damaged in [&bytes[..], &bytes[..TITLE.len() + 3], b"x"] {
            fs::write(&file, damaged).expect("room");
            assert!(Cache::read(&file).is_err());
        }
        fs::write(&file, "leaktight history 0 of another version").expect("room");
        assert!(Cache::read(&file).is_ok_and(|cache| cache.is_none()));
    }

    #[cfg(unix)]
    #[test]
    fn does_not_trust_what_others_may_write() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cache");
        Cache::default().write(&file).expect("room");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("ours");
        assert!(Cache::read(&file).is_err());
    }
}
