//! Takes secrets out of transcripts, for good.

mod database;
mod index;
mod table;
mod value;

use std::collections::HashSet;
use std::fs::{self, File, FileTimes, Metadata};
use std::io::{self, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use leaktight_core::{Confidence, RuleSet};

use super::input::{self, Format, Packing};
use super::leak::{At, Leak};
use crate::redact::{Book, Redactor};
use crate::splice;

/// Keys whose text must stay as it is: a provider signs it or put it there encrypted.
const OPAQUE: &[&str] = &["thinking", "signature", "thoughtSignature", "encrypted_content", "requestState"];

/// What became of files that were to be scrubbed.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Scrubbed {
    /// Files that hold none of the values any more.
    pub files: Vec<PathBuf>,
    /// Places in them that hold a placeholder now.
    pub n: u64,
    /// Files that still hold secrets, and why.
    pub kept: Vec<(PathBuf, String)>,
}

/// Puts placeholders in the place of secrets in files, each of them whole or not at all.
///
/// The placeholders stand for nothing afterwards: the values are kept nowhere.
/// Databases are changed in one transaction each; what was deleted from them goes, too.
/// A file keeps its owner, permissions and times. One that a process has open is
/// left alone, where the system tells (Linux); elsewhere one that was written to
/// within the last minute.
///
/// # Errors
///
/// Returns what the system says when it has no random bytes to give.
pub fn scrub(
    files: &[PathBuf],
    leaks: &[Leak],
    (rules, confidence): (Arc<RuleSet>, Confidence),
) -> io::Result<Scrubbed> {
    let mut book = Book::ephemeral()?;
    for leak in leaks {
        // Into the book, to be found and replaced; it is dropped when all is done.
        book.placeholder(&leak.finding.rule().id, leak.finding.secret.expose());
    }
    let mut redactor = Redactor::new(rules);
    redactor.confidence = confidence;
    redactor.opaque = OPAQUE;
    let mut scrubber = Scrubber { redactor, book, open: open_files(), patience: PATIENCE };
    let mut scrubbed = Scrubbed::default();
    for path in files {
        let is_deleted = |leak: &Leak| leak.places.iter().any(|place| place.at == At::Free && place.path == *path);
        let outcome = match input::format(path) {
            (_, Format::Sqlite) => scrubber.database(path, leaks.iter().any(is_deleted)),
            (packing, format) => scrubber.file(path, (packing, format)),
        };
        match outcome {
            Ok(n) => {
                scrubbed.files.push(path.clone());
                scrubbed.n += n;
            }
            Err(Refusal::Why(why)) => scrubbed.kept.push((path.clone(), why)),
            Err(Refusal::Io(err)) => scrubbed.kept.push((path.clone(), err.to_string())),
        }
    }
    Ok(scrubbed)
}

const IN_USE: &str = "a program has it open; end the assistant and try again";

/// Why a file was left as it was.
#[derive(Debug)]
enum Refusal {
    Why(String),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Why(why.into()))
}

struct Scrubber {
    redactor: Redactor,
    book: Book,
    /// Files that processes have open, where that is known.
    open: Option<HashSet<(u64, u64)>>,
    /// How long statements of a database may take, beyond a second for each MiB of it.
    patience: Duration,
}

/// See [`Scrubber::patience`].
const PATIENCE: Duration = Duration::from_secs(60);

impl Scrubber {
    /// Scrubs a file and returns the number of places that were replaced.
    fn file(&mut self, path: &Path, (packing, format): (Packing, Format)) -> Result<u64, Refusal> {
        let format = match format {
            Format::Lines => splice::Format::Jsonl,
            Format::Document => splice::Format::Json,
            Format::Text | Format::Sqlite => splice::Format::Text,
        };
        let before = fs::symlink_metadata(path)?;
        self.check(&before)?;
        if format == splice::Format::Text && !is_text(path, packing)? {
            return refuse("it is no text and would be damaged");
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut plain = tempfile::Builder::new().prefix(".leaktight-").tempfile_in(folder)?;
        let mut reader = input::open(path, packing).map_err(|trouble| Refusal::Why(trouble.1))?;
        let report = self.redactor.redact_stream(format, (&mut *reader, plain.as_file_mut()), &mut self.book)?;
        let n_left = report.n_left;
        if report.n_hits == 0 && n_left == 0 {
            return refuse("nothing was found in it a second time");
        }
        let packed = pack(plain, packing, folder)?;
        like(packed.as_file(), &before)?;
        packed.as_file().sync_all()?;
        if !is_same(&before, &fs::symlink_metadata(path)?) {
            return refuse("it was written to meanwhile");
        }
        packed.persist(path).map_err(|err| err.error)?;
        settled(report.n_hits, n_left)
    }

    /// Refuses a file that may be in use, or has another name.
    fn check(&self, meta: &Metadata) -> Result<(), Refusal> {
        if !meta.is_file() {
            return refuse("it is not a regular file");
        }
        match &self.open {
            Some(open) if id(meta).is_some_and(|id| open.contains(&id)) => {
                return refuse(IN_USE);
            }
            None if meta.modified()?.elapsed().is_ok_and(|age| age.as_secs() < 60) => {
                return refuse("it was written to within the last minute; end the assistant and try again");
            }
            _ => {}
        }
        if n_names(meta) > 1 {
            refuse("it has several names (hard links), and the others would keep the secrets")
        } else {
            Ok(())
        }
    }
}

/// Whether a file begins as text does: a database that is damaged does not.
fn is_text(path: &Path, packing: Packing) -> Result<bool, Refusal> {
    let mut head = Vec::new();
    let reader = input::open(path, packing).map_err(|trouble| Refusal::Why(trouble.1))?;
    reader.take(8 << 10).read_to_end(&mut head)?;
    Ok(!head.contains(&0))
}

/// Returns how many values were replaced, unless others had to stay.
fn settled(n_hits: u64, n_left: u64) -> Result<u64, Refusal> {
    if n_left > 0 {
        return refuse(format!("{n_left} values stand where text must not change; {n_hits} were replaced"));
    }
    Ok(n_hits)
}

/// Packs a file as the old one was.
fn pack(mut plain: tempfile::NamedTempFile, packing: Packing, folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    if packing == Packing::None {
        return Ok(plain);
    }
    plain.rewind()?;
    let mut packed = tempfile::Builder::new().prefix(".leaktight-").tempfile_in(folder)?;
    let mut source = io::BufReader::new(plain.as_file());
    match packing {
        Packing::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(packed.as_file_mut(), flate2::Compression::default());
            io::copy(&mut source, &mut encoder)?;
            encoder.finish()?;
        }
        _ => {
            let mut bytes = Vec::new();
            // A frame for every 16 MiB, so that memory stays bounded.
            while source.by_ref().take(16 << 20).read_to_end(&mut bytes)? > 0 {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                packed.write_all(&ruzstd::encoding::compress_to_vec(bytes.as_slice(), level))?;
                bytes.clear();
            }
        }
    }
    Ok(packed)
}

/// Gives a file the owner, permissions and times of another.
fn like(file: &File, meta: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (meta.uid(), meta.gid()) {
            fchown(file, Some(meta.uid()), Some(meta.gid()))?;
        }
    }
    file.set_permissions(meta.permissions())?;
    set_times(file, meta)
}

/// Gives a file the times of another.
fn set_times(file: &File, meta: &Metadata) -> io::Result<()> {
    let times = FileTimes::new().set_modified(meta.modified()?);
    file.set_times(meta.accessed().map_or(times, |accessed| times.set_accessed(accessed)))
}

/// Returns whether a file is the one it was, and unchanged.
fn is_same(before: &Metadata, now: &Metadata) -> bool {
    let times = before.modified().ok() == now.modified().ok();
    times && before.len() == now.len() && id(before) == id(now)
}

#[cfg(unix)]
fn id(meta: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((meta.dev(), meta.ino()))
}

#[cfg(not(unix))]
fn id(_meta: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(unix)]
fn n_names(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    meta.nlink()
}

#[cfg(not(unix))]
fn n_names(_meta: &Metadata) -> u64 {
    1
}

/// Returns the files that processes have open, as far as this user may know.
#[cfg(target_os = "linux")]
fn open_files() -> Option<HashSet<(u64, u64)>> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let others = processes.filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()) && name != own)
    });
    let descriptors = others.filter_map(|entry| fs::read_dir(entry.path().join("fd")).ok()).flat_map(Iterator::flatten);
    Some(descriptors.filter_map(|entry| id(&fs::metadata(entry.path()).ok()?)).collect())
}

#[cfg(not(target_os = "linux"))]
fn open_files() -> Option<HashSet<(u64, u64)>> {
    None
}
