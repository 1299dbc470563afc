//! The index of a pack: names of objects, and where they start.

use std::path::Path;

use super::{u32_at, u64_at};
use crate::error::Error;
use crate::id::{ObjectFormat, ObjectId};

/// Names of objects in order, and where each starts in its pack.
#[derive(Debug)]
pub(crate) struct Index {
    id_len: usize,
    ids: Vec<u8>,
    pub(crate) offsets: Vec<u64>,
    fanout: Box<[u32; 257]>,
    /// The checksum at the end of the pack, where the index has it.
    pub(crate) checksum: Vec<u8>,
}

impl Index {
    /// Returns an index of names, given one behind the other and in order, and offsets.
    pub(crate) fn new(format: ObjectFormat, ids: Vec<u8>, offsets: Vec<u64>) -> Option<Self> {
        let id_len = format.len();
        if ids.len() != offsets.len() * id_len || u32::try_from(offsets.len()).is_err() {
            return None;
        }
        if ids.chunks_exact(id_len).is_sorted() {
            let mut fanout = Box::new([0_u32; 257]);
            for id in ids.chunks_exact(id_len) {
                fanout[usize::from(id[0]) + 1] += 1;
            }
            for first in 0..256 {
                fanout[first + 1] += fanout[first];
            }
            return Some(Self { id_len, ids, offsets, fanout, checksum: Vec::new() });
        }
        None
    }

    /// Reads the bytes of an index of version 1 or 2.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub(crate) fn parse(bytes: &[u8], format: ObjectFormat, file: &Path) -> Result<Self, Error> {
        let index = match bytes.strip_prefix(b"\xfftOc") {
            Some([0, 0, 0, 2, ..]) => version_2(bytes, format),
            Some(_) => return Err(Error::damaged(file, "a pack index of an unknown version")),
            None => version_1(bytes, format),
        };
        let mut index = index.ok_or_else(|| Error::damaged(file, "not the index of a pack"))?;
        let id_len = format.len();
        index.checksum = bytes[bytes.len() - 2 * id_len..bytes.len() - id_len].to_vec();
        Ok(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Returns the name of an object by its place.
    pub(crate) fn bytes(&self, at: u32) -> &[u8] {
        &self.ids[at as usize * self.id_len..][..self.id_len]
    }

    pub(crate) fn id(&self, at: u32) -> Option<ObjectId> {
        ObjectId::from_bytes(self.bytes(at))
    }

    /// Returns the place of an object.
    pub(crate) fn find(&self, id: &[u8]) -> Option<u32> {
        let first = usize::from(*id.first()?);
        let (mut from, mut to) = (self.fanout[first], self.fanout[first + 1]);
        while from < to {
            let middle = from + (to - from) / 2;
            match self.bytes(middle).cmp(id) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// Returns the places of all objects whose names start with these hexadecimal digits.
    pub(crate) fn starting(&self, digits: &str) -> Vec<u32> {
        let is_it = |at: &u32| self.id(*at).is_some_and(|id| id.to_string().starts_with(digits));
        let first = digits.get(..2).and_then(|two| usize::from_str_radix(two, 16).ok());
        first.map_or(Vec::new(), |first| (self.fanout[first]..self.fanout[first + 1]).filter(is_it).collect())
    }
}

fn version_1(bytes: &[u8], format: ObjectFormat) -> Option<Index> {
    let id_len = format.len();
    let n_objects = u32_at(bytes, 255 * 4)? as usize;
    let row = 4 + id_len;
    let table = bytes.get(256 * 4..)?;
    if table.len() != n_objects.checked_mul(row)?.checked_add(2 * id_len)? {
        return None;
    }
    let rows = || table.chunks_exact(row).take(n_objects);
    let ids = rows().flat_map(|row| &row[4..]).copied().collect();
    let offsets = rows().map(|row| u32_at(row, 0).map(u64::from)).collect::<Option<_>>()?;
    Index::new(format, ids, offsets)
}

fn version_2(bytes: &[u8], format: ObjectFormat) -> Option<Index> {
    let id_len = format.len();
    let n_objects = u32_at(bytes, 8 + 255 * 4)? as usize;
    let ids_at: usize = 8 + 256 * 4;
    let offsets_at = ids_at.checked_add(n_objects.checked_mul(id_len + 4)?)?;
    let large_at = offsets_at.checked_add(n_objects.checked_mul(4)?)?;
    let end = bytes.len().checked_sub(2 * id_len)?;
    let ids = bytes.get(ids_at..ids_at + n_objects * id_len)?.to_vec();
    let small = bytes.get(offsets_at..large_at)?;
    let large = bytes.get(large_at..end)?;
    let offset = |small: u32| match small & 0x8000_0000 {
        0 => Some(u64::from(small)),
        _ => u64_at(large, (small & 0x7fff_ffff) as usize * 8),
    };
    let offsets =
        small.as_chunks::<4>().0.iter().map(|four| offset(u32::from_be_bytes(*four))).collect::<Option<_>>()?;
    Index::new(format, ids, offsets)
}
