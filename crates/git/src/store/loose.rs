//! Objects in files of their own.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use super::inflate::Inflater;
use super::{Fault, Kind, LARGEST};
use crate::id::{ObjectFormat, ObjectId};
use crate::open::open_file;

/// Bytes of the longest header: a kind, a length, and a NUL.
const HEADER: usize = 32;

/// Returns the names of all loose objects of a folder, in order, and the folders
/// that could not be listed.
pub(super) fn list(objects: &Path, format: ObjectFormat) -> (Vec<ObjectId>, Vec<(String, Fault)>) {
    let (mut ids, mut faults) = (Vec::new(), Vec::new());
    for first in 0..=255_u8 {
        let name = format!("{first:02x}");
        let entries = match fs::read_dir(objects.join(&name)) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => continue,
            Err(err) => {
                faults.push((name, err.into()));
                continue;
            }
        };
        let names = entries.flatten().map(|entry| [name.as_bytes(), entry.file_name().as_encoded_bytes()].concat());
        ids.extend(names.filter_map(|name| ObjectId::from_hex(&name)).filter(|id| id.as_bytes().len() == format.len()));
    }
    ids.sort_unstable();
    (ids, faults)
}

/// Reads a loose object.
pub(super) fn read(
    objects: &Path,
    id: &ObjectId,
    (inflater, out): (&mut Inflater, &mut Vec<u8>),
) -> Result<Option<Kind>, Fault> {
    let name = id.to_string();
    let path = objects.join(&name[..2]).join(&name[2..]);
    let (file, len) = match open_file(&path) {
        Ok(opened) => opened,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(err.into()),
    };
    if len > LARGEST {
        return Err(Fault::large(len));
    }
    let mut stream = Vec::new();
    file.take(LARGEST).read_to_end(&mut stream)?;
    inflate(&stream, inflater, out).map(Some)
}

/// Inflates a loose object, whose length stands inside.
fn inflate(stream: &[u8], inflater: &mut Inflater, out: &mut Vec<u8>) -> Result<Kind, Fault> {
    inflater.unknown(stream, out)?;
    let head = &out[..out.len().min(HEADER)];
    let nul = memchr::memchr(0, head).ok_or_else(|| Fault::corrupt("not an object"))?;
    let (kind, len) = header(&head[..nul]).ok_or_else(|| Fault::corrupt("not an object"))?;
    out.drain(..=nul);
    if len != out.len() as u64 {
        return Err(Fault::corrupt(format!("{} bytes where {len} are promised", out.len())));
    }
    Ok(kind)
}

fn header(text: &[u8]) -> Option<(Kind, u64)> {
    let (kind, len) = std::str::from_utf8(text).ok()?.split_once(' ')?;
    let kind = match kind {
        "commit" => Kind::Commit,
        "tree" => Kind::Tree,
        "blob" => Kind::Blob,
        "tag" => Kind::Tag,
        _ => return None,
    };
    Some((kind, len.parse().ok()?))
}
