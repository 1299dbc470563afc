//! Objects looked up one by one, without reading the indexes of packs as a whole.
//!
//! A hook reads a handful of objects, and an index may have millions of rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::delta::{Spans, apply};
use super::header::{Header, LONGEST_HEADER, Stored};
use super::inflate::Inflater;
use super::window::Window;
use super::{Fault, Kind, LARGEST, loose, u32_at, u64_at};
use crate::id::{ObjectFormat, ObjectId};
use crate::open::{Repo, open_file};

/// Deltas of deltas that are followed, at most; git makes 4,095.
const DEEPEST: usize = 10_000;

/// Reads the objects of a repository one by one.
pub(crate) struct Loader {
    format: ObjectFormat,
    folders: Vec<PathBuf>,
    /// None until an object was not found among the loose ones.
    packs: Option<Vec<Packed>>,
    inflater: Inflater,
    delta: Vec<u8>,
    spans: Spans,
}

/// Bytes of an index that are read at a time: names that are looked up lie anywhere.
const INDEX_STEP: usize = 4 << 10;
/// Bytes of a pack that are read at a time.
const PACK_STEP: usize = 16 << 10;

/// A pack and its index, both open.
struct Packed {
    index: Window,
    pack: Window,
    version: u8,
    /// Objects whose names start with a byte up to this one.
    fanout: Vec<u32>,
}

/// An object in a pack.
#[derive(Clone, Copy)]
struct Place {
    pack_idx: usize,
    offset: u64,
}

impl Loader {
    /// Returns what reads the objects of a repository and its alternates.
    pub(crate) fn new(repo: &Repo) -> Self {
        Self {
            format: repo.object_format(),
            folders: repo.object_dirs().to_vec(),
            packs: None,
            inflater: Inflater::new(),
            delta: Vec::new(),
            spans: Spans::new(),
        }
    }

    /// Reads an object.
    ///
    /// # Errors
    ///
    /// It is not there, it is damaged, too large, or cannot be read.
    pub(crate) fn read(&mut self, id: &ObjectId) -> Result<(Kind, Vec<u8>), Fault> {
        let mut out = Vec::new();
        for folder in &self.folders {
            if let Some(kind) = loose::read(folder, id, (&mut self.inflater, &mut out))? {
                return Ok((kind, out));
            }
        }
        let place = self.find(id)?.ok_or_else(Fault::missing)?;
        let kind = self.packed(place, &mut out)?;
        Ok((kind, out))
    }

    /// Finds an object in the packs; those that came meanwhile are seen, too.
    fn find(&mut self, id: &ObjectId) -> Result<Option<Place>, Fault> {
        let is_first = self.packs.is_none();
        if let Some(place) = self.find_known(id)? {
            return Ok(Some(place));
        }
        if is_first {
            return Ok(None);
        }
        self.packs = None;
        self.find_known(id)
    }

    fn find_known(&mut self, id: &ObjectId) -> Result<Option<Place>, Fault> {
        let packs = match &mut self.packs {
            Some(packs) => packs,
            None => self.packs.insert(open_packs(&self.folders, self.format)?),
        };
        for (pack_idx, pack) in packs.iter_mut().enumerate() {
            if let Some(offset) = pack.find(id.as_bytes())? {
                return Ok(Some(Place { pack_idx, offset }));
            }
        }
        Ok(None)
    }

    /// Reads an object of a pack: its deltas down to what is whole, and up again.
    fn packed(&mut self, place: Place, out: &mut Vec<u8>) -> Result<Kind, Fault> {
        let mut deltas: Vec<(usize, u64, u64)> = Vec::new();
        let mut place = place;
        let kind = loop {
            let format = self.format;
            let header = self.pack(place.pack_idx)?.header(place.offset, format)?;
            match header.stored {
                Stored::Whole(kind) => {
                    self.inflate((place.pack_idx, header.data, header.size), out)?;
                    break kind;
                }
                Stored::At(offset) => {
                    deltas.push((place.pack_idx, header.data, header.size));
                    place.offset = offset;
                }
                Stored::Named(base) => {
                    deltas.push((place.pack_idx, header.data, header.size));
                    match self.find_known(&base)? {
                        Some(found) => place = found,
                        None => break self.loose_base(&base, out)?,
                    }
                }
            }
            if deltas.len() > DEEPEST {
                return Err(Fault::corrupt("its deltas go on for ever"));
            }
        };
        for delta in deltas.into_iter().rev() {
            let mut bytes = std::mem::take(&mut self.delta);
            self.inflate(delta, &mut bytes)?;
            let mut target = Vec::new();
            apply(out, &bytes, &mut target, &mut self.spans)?;
            *out = target;
            self.delta = bytes;
        }
        Ok(kind)
    }

    fn loose_base(&mut self, id: &ObjectId, out: &mut Vec<u8>) -> Result<Kind, Fault> {
        for folder in &self.folders {
            if let Some(kind) = loose::read(folder, id, (&mut self.inflater, out))? {
                return Ok(kind);
            }
        }
        Err(Fault { what: format!("the object {id}, of which it is a delta, is not there"), ..Fault::missing() })
    }

    fn pack(&mut self, pack_idx: usize) -> Result<&mut Packed, Fault> {
        self.packs.as_mut().and_then(|packs| packs.get_mut(pack_idx)).ok_or_else(Fault::missing)
    }

    /// Inflates `size` bytes out of the stream that starts at `data`.
    fn inflate(&mut self, (pack_idx, data, size): (usize, u64, u64), out: &mut Vec<u8>) -> Result<(), Fault> {
        let len = usize::try_from(size).ok().filter(|_| size <= LARGEST).ok_or_else(|| Fault::large(size))?;
        let pack = self.packs.as_mut().and_then(|packs| packs.get_mut(pack_idx)).ok_or_else(Fault::missing)?;
        // How long the stream is stands nowhere but in its own bytes. Most shrink
        // to a third, and none grows by more than a little.
        let longest = size + size / 1000 + 256;
        if size > 1 << 16 {
            let stream = pack.pack.up_to(data, size / 3)?;
            if self.inflater.whole(stream, len, out).is_ok() {
                return Ok(());
            }
        }
        self.inflater.whole(pack.pack.up_to(data, longest)?, len, out)
    }
}

fn open_packs(folders: &[PathBuf], format: ObjectFormat) -> Result<Vec<Packed>, Fault> {
    let mut packs = Vec::new();
    for folder in folders {
        let entries = match fs::read_dir(folder.join("pack")) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => continue,
            Err(err) => return Err(err.into()),
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "idx")).collect();
        paths.sort();
        for path in paths {
            if let Some(pack) = Packed::open(&path, format)? {
                packs.push(pack);
            }
        }
    }
    Ok(packs)
}

impl Packed {
    /// Opens a pack by its index; none if the pack has gone meanwhile.
    fn open(path: &Path, format: ObjectFormat) -> Result<Option<Self>, Fault> {
        let mut windows = Vec::new();
        for path in [path, &path.with_extension("pack")] {
            match open_file(path) {
                Ok((file, len)) => windows.push(Window::new(Arc::new(file), len)),
                Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(err) => return Err(named(path, err.into())),
            }
        }
        let (Some(pack), Some(index)) = (windows.pop(), windows.pop()) else { return Ok(None) };
        let (mut index, pack) = (index.in_steps(INDEX_STEP), pack.in_steps(PACK_STEP));
        let damaged = || named(path, Fault::corrupt("not the index of a pack"));
        let head = index.up_to(0, 8 + 1024)?;
        let (version, table) = match head.strip_prefix(b"\xfftOc\0\0\0\x02") {
            Some(table) => (2, table),
            None if head.starts_with(b"\xfftOc") => return Err(damaged()),
            None => (1, head.get(..1024).ok_or_else(damaged)?),
        };
        let fanout: Vec<u32> = table.as_chunks::<4>().0.iter().map(|four| u32::from_be_bytes(*four)).collect();
        if fanout.len() != 256 || !fanout.is_sorted() || format.is_empty() {
            return Err(damaged());
        }
        Ok(Some(Self { index, pack, version, fanout }))
    }

    /// Returns where an object starts in the pack.
    fn find(&mut self, id: &[u8]) -> Result<Option<u64>, Fault> {
        let first = usize::from(id[0]);
        let mut from = first.checked_sub(1).map_or(0, |before| self.fanout[before]);
        let mut to = self.fanout[first];
        let (start, row) = match self.version {
            1 => (1024 + 4, 4 + id.len() as u64),
            _ => (8 + 1024, id.len() as u64),
        };
        let mut is_loaded = false;
        while from < to {
            // What is left is read at once, where one reading holds it.
            if !is_loaded && u64::from(to - from) * row <= INDEX_STEP as u64 {
                self.index.get(start + u64::from(from) * row, start + u64::from(to) * row)?;
                is_loaded = true;
            }
            let middle = from + (to - from) / 2;
            let at = start + u64::from(middle) * row;
            match self.index.get(at, at + id.len() as u64)?.cmp(id) {
                std::cmp::Ordering::Equal => return self.offset(middle, id.len() as u64).map(Some),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        Ok(None)
    }

    fn offset(&mut self, place: u32, id_len: u64) -> Result<u64, Fault> {
        let (place, n_objects) = (u64::from(place), u64::from(self.fanout[255]));
        let mut number = |at: u64, len: u64| -> Result<u64, Fault> {
            let bytes = self.index.get(at, at + len)?;
            let number = if len == 8 { u64_at(bytes, 0) } else { u32_at(bytes, 0).map(u64::from) };
            number.ok_or_else(|| Fault::corrupt("the index of a pack ends early"))
        };
        if self.version == 1 {
            return number(1024 + place * (4 + id_len), 4);
        }
        let table = 8 + 1024 + n_objects * (id_len + 4);
        let small = number(table + place * 4, 4)?;
        if small & 0x8000_0000 == 0 {
            return Ok(small);
        }
        number(table + n_objects * 4 + (small & 0x7fff_ffff) * 8, 8)
    }

    fn header(&mut self, start: u64, format: ObjectFormat) -> Result<Header, Fault> {
        let bytes = self.pack.up_to(start, LONGEST_HEADER)?;
        Header::parse(bytes, start, format.len()).ok_or_else(|| Fault::corrupt("its header is damaged"))
    }
}

fn named(path: &Path, fault: Fault) -> Fault {
    Fault { what: format!("{}: {}", path.display(), fault.what), ..fault }
}
