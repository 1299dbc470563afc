//! A pack: what lies where in it, and what is a delta of what.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::header::{self, LONGEST_HEADER};
use super::index::Index;
use super::inflate::Inflater;
use super::window::Window;
use super::{Fault, Kind, LARGEST, u32_at};
use crate::error::Error;
use crate::id::ObjectFormat;
use crate::open::open_file;

/// No slot.
pub(crate) const NONE: u32 = u32::MAX;

/// A pack and its index.
///
/// Objects are numbered twice: by *place*, the order of their names in the index,
/// and by *slot*, the order in which they lie in the pack.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) path: PathBuf,
    pub(crate) index: Index,
    file: Arc<File>,
    len: u64,
    id_len: usize,
    /// Where the object in each slot starts.
    starts: Vec<u64>,
    /// The place of the object in each slot.
    pub(crate) places: Vec<u32>,
    /// The slot of the object at each place.
    pub(crate) slots: Vec<u32>,
    /// What is wrong with the pack as a whole.
    pub(crate) fault: Option<String>,
}

/// The header of an object in a pack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) stored: Stored,
    /// Bytes of the object, or of its delta.
    pub(crate) size: u64,
    /// Where its compressed bytes start.
    pub(crate) data: u64,
}

/// How an object is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stored {
    Whole(Kind),
    /// As a delta of the object in that slot of the same pack.
    Delta(u32),
    /// As a delta of an object that is elsewhere; at this offset stands its name.
    Foreign(u64),
}

impl Pack {
    /// Opens a pack whose index was read.
    ///
    /// # Errors
    ///
    /// The file is not a pack of as many objects.
    pub(crate) fn open(path: PathBuf, index: Index, format: ObjectFormat) -> Result<Self, Error> {
        let (file, len) = open_file(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let file = Arc::new(file);
        let fault = check(&mut Window::new(Arc::clone(&file), len), len, &index, &path)?;
        let mut places: Vec<u32> = (0..index.len() as u32).collect();
        places.sort_unstable_by_key(|place| index.offsets[*place as usize]);
        let mut slots = vec![0; places.len()];
        for (slot, place) in places.iter().enumerate() {
            slots[*place as usize] = slot as u32;
        }
        let starts = places.iter().map(|place| index.offsets[*place as usize]).collect();
        Ok(Self { path, index, file, len, id_len: format.len(), starts, places, slots, fault })
    }

    pub(crate) fn window(&self) -> Window {
        Window::new(Arc::clone(&self.file), self.len)
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn n_slots(&self) -> u32 {
        self.places.len() as u32
    }

    /// Where the object in a slot ends: where the next one starts.
    fn end(&self, slot: u32) -> u64 {
        let last = self.len.saturating_sub(self.id_len as u64);
        self.starts.get(slot as usize + 1).map_or(last, |start| (*start).min(last))
    }

    /// Reads the header of the object in a slot.
    pub(crate) fn header(&self, slot: u32, window: &mut Window) -> Result<Header, Fault> {
        let raw = self.raw_header(slot, window)?;
        let stored = match raw.stored {
            header::Stored::Whole(kind) => Stored::Whole(kind),
            header::Stored::At(base) => Stored::Delta(self.slot_at(base, slot).ok_or_else(damaged)?),
            header::Stored::Named(id) => match self.index.find(id.as_bytes()) {
                Some(place) => Stored::Delta(self.slots[place as usize]),
                None => Stored::Foreign(raw.data - self.id_len as u64),
            },
        };
        Ok(Header { stored, size: raw.size, data: raw.data })
    }

    /// Reads the header of an object whose base is known.
    pub(super) fn raw_header(&self, slot: u32, window: &mut Window) -> Result<header::Header, Fault> {
        let start = self.starts[slot as usize];
        let bytes = window.up_to(start, LONGEST_HEADER)?;
        header::Header::parse(bytes, start, self.id_len).ok_or_else(damaged)
    }

    /// Inflates what is stored in a slot, the object or its delta: `size` bytes, from `data` on.
    pub(crate) fn inflate(
        &self,
        (slot, size, data): (u32, u64, u64),
        (window, inflater): (&mut Window, &mut Inflater),
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let len = usize::try_from(size).ok().filter(|_| size <= LARGEST).ok_or_else(|| Fault::large(size))?;
        let stream = window.get(data, self.end(slot).max(data))?;
        inflater.whole(stream, len, out)
    }

    /// Returns the slot of the object that starts at an offset, looking from a later slot
    /// backwards: a base lies before its deltas, and mostly close by.
    fn slot_at(&self, offset: u64, later: u32) -> Option<u32> {
        let (mut step, mut end) = (1, later as usize);
        while let Some(start) = end.checked_sub(step).filter(|start| self.starts[*start] > offset) {
            (end, step) = (start, 2 * step);
        }
        let from = end.saturating_sub(step);
        let found = self.starts[from..end].binary_search(&offset).ok()?;
        u32::try_from(from + found).ok()
    }
}

fn damaged() -> Fault {
    Fault::corrupt("its header is damaged")
}

/// Checks the ends of a pack; returns what is wrong with it when the rest can still be read.
fn check(window: &mut Window, len: u64, index: &Index, path: &Path) -> Result<Option<String>, Error> {
    let source = |source| Error::Read { path: path.to_path_buf(), source };
    let head = window.up_to(0, 12).map_err(source)?;
    if !head.starts_with(b"PACK") || !matches!(u32_at(head, 4), Some(2 | 3)) {
        return Err(Error::damaged(path, "not a pack of version 2 or 3"));
    }
    if u32_at(head, 8) != Some(index.len() as u32) {
        return Ok(Some(format!("its index knows {} objects, and the pack says otherwise", index.len())));
    }
    let sum_len = index.checksum.len() as u64;
    let tail = window.get(len.saturating_sub(sum_len), len).map_err(source)?;
    let is_whole = sum_len == 0 || tail == index.checksum;
    Ok((!is_whole).then(|| "it does not end as its index says: it is truncated or damaged".to_owned()))
}

/// What is a delta of what: the objects of a pack as families, each with a
/// root that is stored whole.
#[derive(Debug)]
pub(crate) struct Families {
    /// The kind of the object in each slot; none where no root leads to it.
    kinds: Vec<Option<Kind>>,
    /// The first delta of each slot.
    first: Vec<u32>,
    /// The next delta of the same base.
    next: Vec<u32>,
    /// Objects of each family, its head included.
    weight: Vec<u32>,
    /// Slots of the objects stored whole, in their order.
    pub(crate) roots: Vec<u32>,
    /// Slots that cannot be read, and why.
    pub(crate) faults: Vec<(u32, Fault)>,
}

impl Families {
    /// Reads all headers of a pack, in their order. `kind_of` tells the kind of
    /// an object that is a delta of one in another pack.
    pub(crate) fn read(pack: &Pack, mut kind_of: impl FnMut(u32) -> Result<Kind, Fault>) -> Self {
        let n_slots = pack.places.len();
        let mut families = Self {
            kinds: vec![None; n_slots],
            first: vec![NONE; n_slots],
            next: vec![NONE; n_slots],
            weight: vec![1; n_slots],
            roots: Vec::new(),
            faults: Vec::new(),
        };
        let mut window = pack.window();
        for slot in 0..pack.n_slots() {
            let root = match pack.header(slot, &mut window).map(|header| header.stored) {
                Ok(Stored::Whole(kind)) => Ok(kind),
                Ok(Stored::Foreign(_)) => kind_of(slot),
                Ok(Stored::Delta(base)) => {
                    families.next[slot as usize] = families.first[base as usize];
                    families.first[base as usize] = slot;
                    continue;
                }
                Err(fault) => Err(fault),
            };
            match root {
                Ok(kind) => {
                    families.kinds[slot as usize] = Some(kind);
                    families.roots.push(slot);
                }
                Err(fault) => families.faults.push((slot, fault)),
            }
        }
        families.settle();
        families
    }

    /// Tells every delta the kind of its root, and every base the weight of its deltas.
    fn settle(&mut self) {
        let mut order = self.roots.clone();
        let mut at = 0;
        while at < order.len() {
            let slot = order[at];
            let kind = self.kinds[slot as usize];
            let mut delta = self.first[slot as usize];
            while delta != NONE {
                self.kinds[delta as usize] = kind;
                order.push(delta);
                delta = self.next[delta as usize];
            }
            at += 1;
        }
        // What no root leads to hangs on a damaged object, or its deltas go in a circle.
        let known: Vec<u32> = self.faults.iter().map(|(slot, _)| *slot).collect();
        for slot in (0..self.kinds.len() as u32).filter(|slot| self.kinds[*slot as usize].is_none()) {
            if known.binary_search(&slot).is_err() {
                self.faults.push((slot, Fault::corrupt("it is a delta of what cannot be read")));
            }
        }
        for slot in order.into_iter().rev() {
            let mut delta = self.first[slot as usize];
            while delta != NONE {
                self.weight[slot as usize] += self.weight[delta as usize];
                delta = self.next[delta as usize];
            }
        }
    }

    pub(crate) fn kind(&self, slot: u32) -> Option<Kind> {
        self.kinds[slot as usize]
    }

    /// Returns the roots of a kind.
    pub(crate) fn roots_of(&self, kind: Kind) -> impl Iterator<Item = u32> {
        self.roots.iter().copied().filter(move |slot| self.kind(*slot) == Some(kind))
    }

    /// Appends the deltas of a base, the one with the largest family first.
    ///
    /// A stack that takes them in that order holds few bases at a time: when the
    /// last and largest family is begun, nobody needs the base any more.
    pub(crate) fn deltas(&self, slot: u32, out: &mut Vec<u32>) {
        let from = out.len();
        let mut delta = self.first[slot as usize];
        while delta != NONE {
            out.push(delta);
            delta = self.next[delta as usize];
        }
        if out.len() > from + 1
            && let Some(largest) = (from..out.len()).max_by_key(|at| self.weight[out[*at] as usize])
        {
            out.swap(from, largest);
            // The rest in the order in which they lie in the pack.
            out[from + 1..].sort_unstable_by(|a, b| b.cmp(a));
        }
    }
}
