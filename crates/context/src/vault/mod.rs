//! Keeps what placeholders stand for, encrypted, between one run and the next.
//!
//! A vault is a folder that only its owner may enter:
//!
//! - `key` is drawn at random when the vault is made; everything else hangs on it,
//!   the placeholders as well.
//! - `*.segment` hold entries, encrypted with XChaCha20-Poly1305. Each process
//!   that has something to add writes a segment of its own, whole or not at all,
//!   and waits for nobody. Who finds many joins them, if nobody else is at it.
//! - `lock` holds off a second one who joins or purges.
//!
//! A segment that can't be read is told and never touched. Entries that nothing
//! used for as long as the vault's time to live are forgotten.

mod seal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use self::seal::{Flaw, Seal};
use crate::Error;
use crate::private::{self, Patience, failed};
use crate::redact::{Book, Entry, Key, Placeholder};

/// How long an entry lives that nothing uses: thirty days.
pub const TIME_TO_LIVE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Segments from which on they are joined.
const MANY: usize = 32;
/// Bytes of a segment, at most.
const LARGEST: u64 = 256 << 20;
/// Bytes of the file of a key, at most.
const KEY_FILE: u64 = 128;
/// What the file of a key starts with.
const KEY_HEAD: &str = "leaktight vault key 1\n";
/// How often a listing is tried again when files go away under it, before others are held off.
const TRIES: usize = 3;

/// A folder that keeps what placeholders stand for.
#[derive(Debug)]
pub struct Vault {
    folder: PathBuf,
    key: Key,
    /// How long an entry lives that nothing uses.
    pub time_to_live: Duration,
}

/// What a vault holds.
#[derive(Debug)]
#[must_use]
pub struct Contents {
    /// The entries that could be read.
    pub book: Book,
    /// Why others could not; their files are as they were.
    pub damaged: Vec<Error>,
}

/// Which entries to purge.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Purge<'a> {
    /// All of them, those of damaged segments included.
    All,
    /// Those whose time has come.
    Expired,
    /// Those of these placeholders.
    Named(&'a [Placeholder]),
}

/// A file of entries.
type Segment = (PathBuf, Vec<Entry>);
/// The segments that could be read, and why others could not.
type Loaded = (Vec<Segment>, Vec<Error>);

impl Vault {
    /// Opens the vault in `folder`, or makes one.
    ///
    /// # Errors
    ///
    /// Returns what the system says, that others may enter the folder or read
    /// the key, or that the key is none.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        private::folder(folder)?;
        let path = folder.join("key");
        if !path.exists() {
            let key = Key::random().map_err(failed("make", &path))?;
            private::create(&path, &key_file(&key))?;
        }
        // Whoever was first, all use the key that lies there now.
        let key = read_key(&path)?;
        let vault = Self { folder: folder.to_owned(), key, time_to_live: TIME_TO_LIVE };
        // What is left lying does no harm, so that nothing hangs on it.
        let _ = vault.sweep();
        Ok(vault)
    }

    /// Opens the vault in `folder`, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Vault::open`].
    pub fn find(folder: &Path) -> Result<Option<Self>, Error> {
        let key = folder.join("key");
        match fs::symlink_metadata(&key) {
            Ok(_) => Self::open(folder).map(Some),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(failed("read", &key)(err)),
        }
    }

    /// Returns the key: for codes that must agree with the vault's.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Reads all entries whose time has not come.
    ///
    /// # Errors
    ///
    /// Returns what the system says when the folder can't be listed.
    pub fn read(&self, now: SystemTime) -> Result<Contents, Error> {
        let (entries, damaged) = self.load()?;
        let mut book = Book::new(&self.key);
        for entry in entries.into_iter().flat_map(|(_, entries)| entries) {
            if !self.is_over(&entry, now) {
                book.add(entry);
            }
        }
        Ok(Contents { book, damaged })
    }

    /// Writes the entries of a book that are new, and those that were used and
    /// would live less than half their time.
    ///
    /// Waits for no other process. What is written lasts when this returns.
    ///
    /// # Errors
    ///
    /// Returns what the system says; the vault is then as it was.
    pub fn save(&self, book: &mut Book, now: SystemTime) -> Result<(), Error> {
        let seconds = seconds(now);
        let half = self.time_to_live.as_secs() / 2;
        let is_due = |entry: &&Entry| entry.used && (entry.seen == 0 || entry.seen.saturating_add(half) < seconds);
        let due = book.entries().iter().filter(is_due).map(|entry| (entry, seconds));
        if due.clone().next().is_some() {
            self.write(due)?;
        }
        book.mark_saved(seconds);
        let segments = self.segments()?;
        if segments.len() > MANY {
            self.join(now)?;
        }
        Ok(())
    }

    /// Removes entries and returns how many there were.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn purge(&self, which: Purge<'_>, now: SystemTime) -> Result<usize, Error> {
        let _lock = private::lock(&self.folder.join("lock"), Patience::Wait)?;
        let (segments, _) = self.load_locked()?;
        let goes = |entry: &Entry| match which {
            Purge::All => true,
            Purge::Expired => self.is_over(entry, now),
            Purge::Named(names) => names.contains(&entry.placeholder),
        };
        let book = self.merge(&segments);
        let n_gone = book.entries().iter().filter(|entry| goes(entry)).count();
        self.rewrite(&segments, &book, |entry| !goes(entry) && !self.is_over(entry, now))?;
        if matches!(which, Purge::All) {
            self.segments()?.iter().try_for_each(|path| remove(path))?;
        }
        Ok(n_gone)
    }

    /// Makes one segment of all that can be read, unless another process is at it.
    fn join(&self, now: SystemTime) -> Result<(), Error> {
        let Some(_lock) = private::lock(&self.folder.join("lock"), Patience::Leave)? else { return Ok(()) };
        let (segments, _) = self.load_locked()?;
        self.rewrite(&segments, &self.merge(&segments), |entry| !self.is_over(entry, now))
    }

    /// Returns what is in segments, each entry once.
    fn merge(&self, segments: &[Segment]) -> Book {
        let mut book = Book::new(&self.key);
        for entry in segments.iter().flat_map(|(_, entries)| entries) {
            book.add(entry.clone());
        }
        book
    }

    /// Writes the entries that stay into a new segment and removes the old ones.
    fn rewrite(&self, segments: &[Segment], book: &Book, stays: impl Fn(&Entry) -> bool) -> Result<(), Error> {
        let kept = book.entries().iter().filter(|entry| stays(entry)).map(|entry| (entry, entry.seen));
        if kept.clone().next().is_some() {
            self.write(kept)?;
        }
        segments.iter().try_for_each(|(path, _)| remove(path))
    }

    /// Removes what processes left that were killed while they wrote.
    fn sweep(&self) -> Result<(), Error> {
        const LONG_AGO: Duration = Duration::from_secs(10 * 60);
        for path in self.files(|name| name.starts_with(private::UNFINISHED))? {
            let age = fs::metadata(&path).and_then(|meta| meta.modified()).map(|time| time.elapsed());
            if age.is_ok_and(|age| age.is_ok_and(|age| age > LONG_AGO)) {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn write<'e>(&self, entries: impl Iterator<Item = (&'e Entry, u64)> + Clone) -> Result<(), Error> {
        let segment = Seal::new(&self.key).seal(entries).map_err(failed("write to", &self.folder))?;
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(|err| failed("write to", &self.folder)(io::Error::other(err)))?;
        let name = format!("{}.segment", data_encoding::HEXLOWER.encode(&number));
        private::create(&self.folder.join(name), &segment).map(|_| ())
    }

    /// Reads all segments, and says why some can't be.
    ///
    /// A segment that goes away meanwhile was joined with others by another
    /// process, and what it held is in a new one.
    fn load(&self) -> Result<Loaded, Error> {
        for _ in 0..TRIES {
            if let Some(loaded) = self.load_once()? {
                return Ok(loaded);
            }
        }
        // They are joined all the time: hold that off.
        let _lock = private::lock(&self.folder.join("lock"), Patience::Wait)?;
        self.load_locked()
    }

    /// As [`Vault::load`], for who has the lock.
    fn load_locked(&self) -> Result<Loaded, Error> {
        self.load_once()?.ok_or_else(|| Error::Busy { path: self.folder.clone() })
    }

    /// As [`Vault::load`], or none when a segment went away.
    fn load_once(&self) -> Result<Option<Loaded>, Error> {
        let seal = Seal::new(&self.key);
        let (mut read, mut damaged) = (Vec::new(), Vec::new());
        for path in self.segments()? {
            match read_segment(&seal, &path) {
                Ok(entries) => read.push((path, entries)),
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(err) => damaged.push(err),
            }
        }
        Ok(Some((read, damaged)))
    }

    fn segments(&self) -> Result<Vec<PathBuf>, Error> {
        self.files(|name| name.ends_with(".segment"))
    }

    /// Lists the files whose name is wanted, in order.
    fn files(&self, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
        let list = fs::read_dir(&self.folder).map_err(failed("list", &self.folder))?;
        let mut paths = Vec::new();
        for entry in list {
            let entry = entry.map_err(failed("list", &self.folder))?;
            if entry.file_name().to_str().is_some_and(&is_wanted) {
                paths.push(entry.path());
            }
        }
        paths.sort_unstable();
        Ok(paths)
    }

    fn is_over(&self, entry: &Entry, now: SystemTime) -> bool {
        entry.seen.saturating_add(self.time_to_live.as_secs()) < seconds(now)
    }
}

fn read_segment(seal: &Seal, path: &Path) -> Result<Vec<Entry>, Error> {
    let bytes = private::read(path, LARGEST)?;
    seal.open(&bytes).map_err(|flaw| {
        let path = path.to_owned();
        match flaw {
            Flaw::Format => Error::NoSegment { path },
            Flaw::Key => Error::OtherKey { path },
            Flaw::Damaged => Error::Damaged { path },
        }
    })
}

/// Removes a file that may be gone.
fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(err)),
        _ => Ok(()),
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn key_file(key: &Key) -> Zeroizing<Vec<u8>> {
    let digits = Zeroizing::new(data_encoding::HEXLOWER.encode(key.expose()));
    let mut text = Zeroizing::new(Vec::with_capacity(KEY_HEAD.len() + digits.len() + 1));
    for part in [KEY_HEAD, &digits, "\n"] {
        text.extend_from_slice(part.as_bytes());
    }
    text
}

fn read_key(path: &Path) -> Result<Key, Error> {
    let text = Zeroizing::new(private::read(path, KEY_FILE)?);
    let digits = text.strip_prefix(KEY_HEAD.as_bytes()).map(<[u8]>::trim_ascii_end);
    let mut bytes = Zeroizing::new([0; 32]);
    let decoded = digits
        .filter(|digits| digits.len() == 64)
        .map(|digits| data_encoding::HEXLOWER.decode_mut(digits, bytes.as_mut_slice()).is_ok_and(|len| len == 32));
    if decoded != Some(true) {
        return Err(Error::NoKey { path: path.to_owned() });
    }
    Ok(Key::new(*bytes))
}
