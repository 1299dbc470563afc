//! The index: what the next commit will hold.

mod cursor;
mod ewah;
mod parse;
mod tree;

use std::ops::Range;
use std::path::Path;

use self::parse::Link;
pub(crate) use self::tree::Node;
use crate::error::Error;
use crate::id::{ObjectFormat, ObjectId};
use crate::open::read_control;

/// Bytes of an index file, at most.
const LARGEST: u64 = 2 << 30;

/// The kinds of entries, by the upper bits of their mode.
pub(crate) mod mode {
    /// Bits that tell the kind.
    pub(crate) const KIND: u32 = 0o170_000;
    /// A regular file.
    pub(crate) const FILE: u32 = 0o100_000;
    /// A symbolic link.
    pub(crate) const LINK: u32 = 0o120_000;
    /// A commit of another repository.
    pub(crate) const COMMIT: u32 = 0o160_000;
}

/// The entries of an index, in the order of their paths and stages.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    format: ObjectFormat,
    entries: Vec<Entry>,
    paths: Paths,
    /// The root of the cache of trees; nothing is known when there is none.
    pub(crate) tree: Node,
}

/// An entry of an index.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    path: Range<usize>,
    pub(crate) id: ObjectId,
    pub(crate) mode: u32,
    /// 0, or in a conflict 1 to 3: the common ancestor, ours, theirs.
    pub(crate) stage: u8,
    /// Only announced by `git add --intent-to-add`.
    pub(crate) is_intended: bool,
    /// Not to be in the work tree.
    pub(crate) is_skipped: bool,
    pub(crate) stat: Stat,
}

/// What a file in the work tree was like when it was added: seconds and
/// nanoseconds cut to 32 bits, and so are inode and size.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Stat {
    pub(crate) changed: (u32, u32),
    pub(crate) modified: (u32, u32),
    pub(crate) inode: u32,
    pub(crate) size: u32,
}

impl Default for Index {
    fn default() -> Self {
        Self { format: ObjectFormat::Sha1, entries: Vec::new(), paths: Paths::default(), tree: Node::default() }
    }
}

impl Index {
    /// Reads an index file, and the one it shares entries with; without a file
    /// there are no entries.
    ///
    /// # Errors
    ///
    /// It cannot be read, it is damaged, or its format is not understood.
    pub(crate) fn read(file: &Path, format: ObjectFormat) -> Result<Self, Error> {
        let Some(bytes) = read_control(file, LARGEST)? else { return Ok(Self { format, ..Self::default() }) };
        let (own, link) = parse::parse(file, &bytes, format)?;
        let index = match link {
            Some(link) if !link.base.is_zero() => own.join(file, &link)?,
            _ => own,
        };
        if index.is_sorted() { Ok(index) } else { Err(Error::damaged(file, "its entries are not in order")) }
    }

    /// Returns the entries.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the path of an entry, with `/` at the end for a folder of a sparse index.
    pub(crate) fn path(&self, entry: &Entry) -> &[u8] {
        &self.paths.bytes[entry.path.clone()]
    }

    /// Joins a split index with the one it shares, which lies beside it.
    fn join(self, file: &Path, link: &Link) -> Result<Self, Error> {
        let shared = file.with_file_name(format!("sharedindex.{}", link.base));
        let bytes = read_control(&shared, LARGEST)?;
        let bytes = bytes.ok_or_else(|| Error::damaged(file, format!("`{}` is missing", shared.display())))?;
        let (base, _) = parse::parse(&shared, &bytes, self.format)?;
        let mut joined = Self { format: self.format, tree: self.tree.clone(), ..Self::default() };
        // Replacements come first and without a path, in the order of their places.
        let n_replaced = link.replaced.len().min(self.entries.len());
        let (replacing, added) = self.entries.split_at(n_replaced);
        if replacing.len() < link.replaced.len() {
            return Err(Error::damaged(file, "it replaces more entries than it has"));
        }
        let mut added = added.iter().peekable();
        for (idx, old) in base.entries.iter().enumerate() {
            if link.deleted.binary_search(&idx).is_ok() {
                continue;
            }
            let path = base.path(old);
            while let Some(new) = added.next_if(|new| (self.path(new), new.stage) < (path, old.stage)) {
                joined.push(self.path(new), new);
            }
            let entry = link.replaced.binary_search(&idx).map_or(old, |place| &replacing[place]);
            joined.push(path, entry);
        }
        added.for_each(|new| joined.push(self.path(new), new));
        Ok(joined)
    }

    fn push(&mut self, path: &[u8], entry: &Entry) {
        if let Some(path) = self.paths.push(path) {
            self.entries.push(Entry { path, ..entry.clone() });
        }
    }

    fn is_sorted(&self) -> bool {
        let key = |entry| (self.path(entry), entry.stage);
        self.entries.windows(2).all(|pair| key(&pair[0]) < key(&pair[1]))
    }
}

/// Paths, one behind the other.
#[derive(Clone, Debug, Default)]
struct Paths {
    bytes: Vec<u8>,
    last: Range<usize>,
}

/// Bytes of a path, at most; four times what Linux allows.
const LONGEST: usize = 16 << 10;
/// Bytes of all paths, at most: compressed, a few may stand for very many.
const MOST: usize = 1 << 30;

impl Paths {
    fn with_capacity(len: usize) -> Self {
        Self { bytes: Vec::with_capacity(len), last: 0..0 }
    }

    /// Appends a path and returns its place.
    fn push(&mut self, path: &[u8]) -> Option<Range<usize>> {
        self.push_after(self.last.len(), path)
    }

    /// Appends a path that is the last one less `dropped` bytes, and more behind it.
    fn push_after(&mut self, dropped: usize, more: &[u8]) -> Option<Range<usize>> {
        let kept = self.last.len().checked_sub(dropped)?;
        let start = self.bytes.len();
        if kept + more.len() > LONGEST || start > MOST {
            return None;
        }
        self.bytes.extend_from_within(self.last.start..self.last.start + kept);
        self.bytes.extend_from_slice(more);
        self.last = start..self.bytes.len();
        Some(self.last.clone())
    }
}

#[cfg(test)]
mod tests;
