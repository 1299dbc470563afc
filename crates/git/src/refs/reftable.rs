//! References in tables, the format `reftable` of git's documentation.

use std::collections::BTreeMap;
use std::path::Path;

use super::Target;
use crate::error::Error;
use crate::id::{ObjectFormat, ObjectId};
use crate::open::{path_of, read_control};

/// Bytes of a table, at most.
const LARGEST: u64 = 1 << 30;
/// Bytes of the list of tables, at most.
const LARGEST_LIST: u64 = 1 << 20;

/// Reads the references in the tables of a folder `reftable`, the newest last.
///
/// # Errors
///
/// A table cannot be read or is damaged.
pub(super) fn read(git_dir: &Path, format: ObjectFormat, found: &mut BTreeMap<Vec<u8>, Target>) -> Result<(), Error> {
    let folder = git_dir.join("reftable");
    let list = read_control(&folder.join("tables.list"), LARGEST_LIST)?.unwrap_or_default();
    for name in list.split(|byte| *byte == b'\n').filter(|name| !name.is_empty()) {
        let file = folder.join(path_of(name));
        let bytes = read_control(&file, LARGEST)?.ok_or_else(|| Error::damaged(&file, "the table is not there"))?;
        table(&bytes, format, found).ok_or_else(|| Error::damaged(&file, "not a table of references"))?;
    }
    Ok(())
}

/// Adds the references of a table; what it deletes goes.
fn table(bytes: &[u8], format: ObjectFormat, found: &mut BTreeMap<Vec<u8>, Target>) -> Option<()> {
    let (header, footer) = match bytes.get(..5)? {
        b"REFT\x01" => (24, 68),
        b"REFT\x02" => (28, 72),
        _ => return None,
    };
    let block_size = u24(bytes, 5)?;
    let bytes = &bytes[..bytes.len().checked_sub(footer)?];
    let mut start = 0;
    while start < bytes.len() {
        // The header of the file belongs to its first block.
        let at = if start == 0 { header } else { start };
        if bytes.get(at) != Some(&b'r') {
            break;
        }
        let len = u24(bytes, at + 1)?;
        let block = bytes.get(start..start.checked_add(len)?)?;
        records(block, at + 4 - start, format, found)?;
        let is_padded = len < block_size && bytes.get(start + len).is_none_or(|next| *next == 0);
        start += if is_padded { block_size } else { len.max(1) };
    }
    Some(())
}

fn records(block: &[u8], from: usize, format: ObjectFormat, found: &mut BTreeMap<Vec<u8>, Target>) -> Option<()> {
    let restarts = usize::from(u16::from_be_bytes(*block.last_chunk()?));
    let end = block.len().checked_sub(2 + 3 * restarts)?;
    let mut cursor = Cursor { bytes: block.get(..end)?, at: from };
    let mut name: Vec<u8> = Vec::new();
    while cursor.at < cursor.bytes.len() {
        let shared = usize::try_from(cursor.number()?).ok()?;
        let tail = cursor.number()?;
        let suffix = cursor.take(usize::try_from(tail >> 3).ok()?)?;
        if shared > name.len() {
            return None;
        }
        name.truncate(shared);
        name.extend_from_slice(suffix);
        cursor.number()?;
        let mut id = || cursor.take(format.len()).and_then(ObjectId::from_bytes);
        let target = match tail & 7 {
            0 => None,
            1 => Some(Target::Object(id()?)),
            // The second is what a tag leads to; the tag itself says so, too.
            2 => {
                let tag = id()?;
                id()?;
                Some(Target::Object(tag))
            }
            3 => {
                let len = usize::try_from(cursor.number()?).ok()?;
                Some(Target::Symbolic(cursor.take(len)?.to_vec()))
            }
            _ => return None,
        };
        match target {
            Some(target) => drop(found.insert(name.clone(), target)),
            None => drop(found.remove(&name)),
        }
    }
    Some(())
}

fn u24(bytes: &[u8], at: usize) -> Option<usize> {
    let three = bytes.get(at..at + 3)?;
    Some(three.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// A number of seven bits a byte, the highest first, each longer form starting where the shorter ends.
    fn number(&mut self) -> Option<u64> {
        let mut byte = *self.bytes.get(self.at)?;
        self.at += 1;
        let mut number = u64::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = *self.bytes.get(self.at)?;
            self.at += 1;
            number = number.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
        }
        Some(number)
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let part = self.bytes.get(self.at..self.at.checked_add(len)?)?;
        self.at += len;
        Some(part)
    }
}
