//! The format of an index file.

use std::path::Path;

use super::cursor::Cursor;
use super::{Entry, Index, Paths, Stat, ewah, tree};
use crate::error::Error;
use crate::id::{ObjectFormat, ObjectId};

/// What a split index takes from the index it shares.
pub(super) struct Link {
    /// The name of the shared index.
    pub(super) base: ObjectId,
    /// Entries of the shared index that are gone, and that this one replaces, by position.
    pub(super) deleted: Vec<usize>,
    pub(super) replaced: Vec<usize>,
}

/// An index file, and what it takes from another one.
pub(super) type Parsed = (Index, Option<Link>);

/// Reads the bytes of an index file.
pub(super) fn parse(file: &Path, bytes: &[u8], format: ObjectFormat) -> Result<Parsed, Error> {
    let damaged = |what: &str| Error::damaged(file, what);
    let mut cursor = Cursor(bytes.len().checked_sub(format.len()).map_or(&[], |end| &bytes[..end]));
    if cursor.take(4) != Some(b"DIRC") {
        return Err(damaged("it is no index"));
    }
    let version = cursor.u32().unwrap_or(0);
    if !(2..=4).contains(&version) {
        return Err(Error::Unsupported { path: file.to_path_buf(), what: format!("index version {version}") });
    }
    let n_entries = cursor.u32().ok_or_else(|| damaged("it ends too early"))? as usize;
    let mut index = Index { format, ..Index::default() };
    index.reserve(n_entries, cursor.0.len());
    for number in 0..n_entries {
        parse_entry(&mut cursor, version, &mut index)
            .ok_or_else(|| damaged(&format!("entry {number} is not whole")))?;
    }
    let link = parse_extensions(cursor, &mut index).map_err(|err| match err {
        Trouble::Unknown(name) => {
            Error::Unsupported { path: file.to_path_buf(), what: format!("index extension {name}") }
        }
        Trouble::Damaged(name) => damaged(&format!("its extension {name} is not whole")),
    })?;
    Ok((index, link))
}

/// Appends the next entry; none if it is damaged.
fn parse_entry(cursor: &mut Cursor<'_>, version: u32, index: &mut Index) -> Option<()> {
    const EXTENDED: u16 = 1 << 14;
    const INTENT_TO_ADD: u16 = 1 << 13;
    const SKIP_WORKTREE: u16 = 1 << 14;
    let start = cursor.0.len();
    let mut fields = Cursor(cursor.take(40)?);
    let mut next = || fields.u32();
    let (changed, modified) = ((next()?, next()?), (next()?, next()?));
    let (_device, inode, mode, _user, _group, size) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let id = ObjectId::from_bytes(cursor.take(index.format.len())?)?;
    let flags = cursor.u16()?;
    let more = if version >= 3 && flags & EXTENDED != 0 { cursor.u16()? } else { 0 };
    let path = if version == 4 {
        let dropped = cursor.varint()?;
        index.paths.push_after(dropped, cursor.until(0)?)?
    } else {
        let path = index.paths.push(cursor.until(0)?)?;
        // Zeros up to a multiple of eight bytes, of which there was one.
        let len = start - cursor.0.len();
        cursor.take(len.next_multiple_of(8) - len)?;
        path
    };
    index.entries.push(Entry {
        path,
        id,
        mode,
        stage: (flags >> 12 & 3) as u8,
        is_intended: more & INTENT_TO_ADD != 0,
        is_skipped: more & SKIP_WORKTREE != 0,
        stat: Stat { changed, modified, inode, size },
    });
    Some(())
}

enum Trouble {
    Unknown(String),
    Damaged(&'static str),
}

fn parse_extensions(mut cursor: Cursor<'_>, index: &mut Index) -> Result<Option<Link>, Trouble> {
    let mut link = None;
    while let Some(name) = cursor.take(4) {
        let bytes = cursor.u32().and_then(|len| cursor.take(len as usize)).ok_or(Trouble::Damaged("list"))?;
        match name {
            // A cache only: one that is damaged is as good as none.
            b"TREE" => index.tree = tree::parse(bytes, index.format).unwrap_or_default(),
            b"link" => link = Some(parse_link(bytes, index.format).ok_or(Trouble::Damaged("link"))?),
            // Folders of a sparse index are entries that can be told by their mode.
            b"sdir" => {}
            // Those that start with a capital may be left alone.
            [b'A'..=b'Z', ..] => {}
            _ => return Err(Trouble::Unknown(String::from_utf8_lossy(name).escape_default().to_string())),
        }
    }
    Ok(link)
}

fn parse_link(bytes: &[u8], format: ObjectFormat) -> Option<Link> {
    let mut cursor = Cursor(bytes);
    let base = ObjectId::from_bytes(cursor.take(format.len())?)?;
    if cursor.0.is_empty() {
        return Some(Link { base, deleted: Vec::new(), replaced: Vec::new() });
    }
    let deleted = ewah::positions(&mut cursor)?;
    Some(Link { base, deleted, replaced: ewah::positions(&mut cursor)? })
}

impl Index {
    /// Makes room for entries, as many as there can be in so many bytes.
    fn reserve(&mut self, n_entries: usize, len: usize) {
        const SHORTEST: usize = 62;
        self.entries.reserve(n_entries.min(len / SHORTEST));
        self.paths = Paths::with_capacity(len.min(n_entries.saturating_mul(64)));
    }
}
