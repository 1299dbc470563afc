//! The index of several packs, where a pack has none of its own.

use std::collections::HashMap;
use std::path::Path;

use super::index::Index;
use super::{u32_at, u64_at};
use crate::error::Error;
use crate::id::ObjectFormat;
use crate::open::read_control;

/// Bytes of an index, at most.
const LARGEST: u64 = 16 << 30;

/// Returns the indexes of packs by the names of their own index files, out of the
/// `multi-pack-index` of a folder of packs; none if there is no such file.
///
/// # Errors
///
/// The file cannot be read or is not what it should be.
pub(super) fn read(folder: &Path, format: ObjectFormat) -> Result<HashMap<String, Index>, Error> {
    let file = folder.join("multi-pack-index");
    let Some(bytes) = read_control(&file, LARGEST)? else { return Ok(HashMap::new()) };
    parse(&bytes, format).ok_or_else(|| Error::damaged(file, "not an index of several packs"))
}

fn parse(bytes: &[u8], format: ObjectFormat) -> Option<HashMap<String, Index>> {
    let (signature, version) = (bytes.get(..4)?, *bytes.get(4)?);
    if signature != b"MIDX" || version != 1 {
        return None;
    }
    let n_chunks = usize::from(*bytes.get(6)?);
    let part = |name: &[u8]| {
        let row = (0..n_chunks).map(|row| 12 + row * 12).find(|at| bytes.get(*at..at + 4) == Some(name))?;
        let (from, to) = (u64_at(bytes, row + 4)?, u64_at(bytes, row + 16)?);
        bytes.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    };
    let ids: Vec<&[u8]> = part(b"OIDL")?.chunks_exact(format.len()).collect();
    let places = part(b"OOFF")?;
    let large = part(b"LOFF").unwrap_or_default();
    let names = part(b"PNAM")?.split(|byte| *byte == 0).map(|name| String::from_utf8_lossy(name).into_owned());
    let mut packs: Vec<(String, Vec<u8>, Vec<u64>)> =
        names.filter(|name| !name.is_empty()).map(|name| (name, Vec::new(), Vec::new())).collect();
    for (at, id) in ids.iter().enumerate() {
        let pack = packs.get_mut(u32_at(places, at * 8)? as usize)?;
        let small = u32_at(places, at * 8 + 4)?;
        let offset = match small & 0x8000_0000 {
            _ if large.is_empty() => u64::from(small),
            0 => u64::from(small),
            _ => u64_at(large, (small & 0x7fff_ffff) as usize * 8)?,
        };
        pack.1.extend_from_slice(id);
        pack.2.push(offset);
    }
    packs.into_iter().map(|(name, ids, offsets)| Some((name, Index::new(format, ids, offsets)?))).collect()
}
