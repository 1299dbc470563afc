//! All objects of a repository under one numbering, and how to read any of them.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use super::delta::{Spans, apply};
use super::index::Index;
use super::inflate::Inflater;
use super::pack::{Families, Pack, Stored};
use super::window::Window;
use super::{Fault, Kind, loose, midx};
use crate::error::Error;
use crate::id::{ObjectFormat, ObjectId};
use crate::open::{Repo, read_control};

/// Bytes of the index of a pack, at most.
const LARGEST_INDEX: u64 = 16 << 30;
/// Deltas of deltas that are followed, at most; git makes 4,095.
const DEEPEST: usize = 10_000;

/// The objects of a repository, numbered: those of the packs, each by its place,
/// then the loose ones.
pub(crate) struct Objects {
    pub(crate) format: ObjectFormat,
    pub(crate) packs: Vec<Pack>,
    /// The number of the first object of each pack.
    firsts: Vec<u32>,
    pub(crate) loose: Vec<(PathBuf, ObjectId)>,
    loose_by_id: HashMap<ObjectId, u32>,
    /// The kinds of the loose objects; none where one cannot be read.
    loose_kinds: Vec<Option<Kind>>,
    /// The number of the first loose object.
    first_loose: u32,
    /// What could not be opened or listed, and why.
    pub(crate) faults: Vec<(PathBuf, Fault)>,
}

impl Objects {
    /// Opens the packs of a repository and lists its loose objects.
    ///
    /// What cannot be opened is told in `faults`.
    pub(crate) fn open(repo: &Repo) -> Self {
        let mut objects = Self {
            format: repo.object_format(),
            packs: Vec::new(),
            firsts: Vec::new(),
            loose: Vec::new(),
            loose_by_id: HashMap::new(),
            loose_kinds: Vec::new(),
            first_loose: 0,
            faults: Vec::new(),
        };
        for folder in repo.object_dirs() {
            objects.add_packs(&folder.join("pack"));
        }
        for folder in repo.object_dirs() {
            let (ids, faults) = loose::list(folder, objects.format);
            objects.faults.extend(faults.into_iter().map(|(name, fault)| (folder.join(name), fault)));
            for id in ids {
                if objects.find_packed(id.as_bytes()).is_none() && !objects.loose_by_id.contains_key(&id) {
                    let number = objects.first_loose + objects.loose.len() as u32;
                    objects.loose_by_id.insert(id, number);
                    objects.loose.push((folder.clone(), id));
                }
            }
        }
        objects
    }

    fn add_packs(&mut self, folder: &std::path::Path) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return,
            Err(err) => return self.faults.push((folder.to_path_buf(), err.into())),
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "pack")).collect();
        paths.sort();
        let mut shared = None;
        for path in paths {
            match self.open_pack(path.clone(), &mut shared) {
                Ok(pack) => {
                    self.firsts.push(self.first_loose);
                    self.first_loose += pack.n_slots();
                    self.packs.push(pack);
                }
                Err(err) => self.faults.push((path, fault_of(&err))),
            }
        }
    }

    fn open_pack(&self, path: PathBuf, shared: &mut Option<HashMap<String, Index>>) -> Result<Pack, Error> {
        let file = path.with_extension("idx");
        let index = match read_control(&file, LARGEST_INDEX)? {
            Some(bytes) => Index::parse(&bytes, self.format, &file)?,
            None => {
                let folder = path.parent().unwrap_or(&path);
                let all = match shared {
                    Some(all) => all,
                    None => shared.insert(midx::read(folder, self.format)?),
                };
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                all.remove(&name).ok_or_else(|| Error::damaged(&path, "it has no index"))?
            }
        };
        if self.first_loose.checked_add(index.len() as u32).is_none_or(|sum| sum > u32::MAX / 2) {
            return Err(Error::Unsupported { path, what: "more than two thousand million objects".to_owned() });
        }
        Pack::open(path, index, self.format)
    }

    /// Reads what each loose object is, and which objects of the packs are deltas of which.
    ///
    /// What cannot be read is told with its number.
    pub(crate) fn sort(&mut self) -> (Vec<Families>, Vec<(u32, Fault)>) {
        let mut reader = Reader::new(self);
        let (mut bytes, mut faults, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
        for number in self.first_loose..self.len() {
            let kind = reader.read(number, &mut bytes);
            kinds.push(kind.as_ref().ok().copied());
            faults.extend(kind.err().map(|fault| (number, fault)));
        }
        let mut families = Vec::new();
        for (pack_idx, pack) in self.packs.iter().enumerate() {
            let number = |slot: u32| self.number(pack_idx, pack.places[slot as usize]);
            let mut family = Families::read(pack, |slot| reader.read(number(slot), &mut bytes));
            faults.extend(std::mem::take(&mut family.faults).into_iter().map(|(slot, fault)| (number(slot), fault)));
            families.push(family);
        }
        self.loose_kinds = kinds;
        (families, faults)
    }

    /// Returns the numbers of the loose objects of a kind.
    pub(crate) fn loose_of(&self, kind: Kind) -> impl Iterator<Item = u32> {
        let kinds = self.loose_kinds.iter().zip(self.first_loose..);
        kinds.filter(move |(known, _)| **known == Some(kind)).map(|(_, number)| number)
    }

    /// Returns how many objects there are, those that are in several packs once for each.
    pub(crate) fn len(&self) -> u32 {
        self.first_loose + self.loose.len() as u32
    }

    /// Returns the number of the object at a place of a pack.
    pub(crate) fn number(&self, pack_idx: usize, place: u32) -> u32 {
        self.firsts[pack_idx] + place
    }

    /// Returns the pack of an object and its place there; none for a loose object.
    pub(crate) fn place(&self, number: u32) -> Option<(usize, u32)> {
        if number >= self.first_loose {
            return None;
        }
        let pack_idx = self.firsts.partition_point(|first| *first <= number) - 1;
        Some((pack_idx, number - self.firsts[pack_idx]))
    }

    /// Returns the name of an object.
    pub(crate) fn id(&self, number: u32) -> Option<ObjectId> {
        match self.place(number) {
            Some((pack_idx, place)) => self.packs[pack_idx].index.id(place),
            None => self.loose.get((number - self.first_loose) as usize).map(|(_, id)| *id),
        }
    }

    /// Returns the bytes of an object's name.
    pub(crate) fn bytes(&self, number: u32) -> &[u8] {
        match self.place(number) {
            Some((pack_idx, place)) => self.packs[pack_idx].index.bytes(place),
            None => self.loose[(number - self.first_loose) as usize].1.as_bytes(),
        }
    }

    fn find_packed(&self, id: &[u8]) -> Option<u32> {
        self.packs.iter().zip(&self.firsts).find_map(|(pack, first)| pack.index.find(id).map(|place| first + place))
    }

    /// Returns the number of an object: the first one, where several packs hold it.
    pub(crate) fn find(&self, id: &[u8]) -> Option<u32> {
        self.find_packed(id).or_else(|| self.loose_by_id.get(&ObjectId::from_bytes(id)?).copied())
    }

    /// Returns the numbers of all objects whose names start with these hexadecimal digits.
    pub(crate) fn starting(&self, digits: &str) -> Vec<u32> {
        let packed = self.packs.iter().zip(&self.firsts);
        let packed = packed.flat_map(|(pack, first)| pack.index.starting(digits).into_iter().map(move |at| first + at));
        let loose = self.loose_by_id.iter().filter(|(id, _)| id.to_string().starts_with(digits)).map(|(_, at)| *at);
        let mut found: Vec<u32> = packed.chain(loose).collect();
        found.sort_unstable_by_key(|number| (self.id(*number), *number));
        found.dedup_by_key(|number| self.id(*number));
        found
    }
}

fn fault_of(err: &Error) -> Fault {
    let source = std::error::Error::source(err).and_then(|source| source.downcast_ref::<std::io::Error>());
    match source {
        Some(source) => {
            Fault { reason: Fault::from(std::io::Error::from(source.kind())).reason, what: source.to_string() }
        }
        None => Fault::corrupt(match err {
            Error::Damaged { what, .. } => what.clone(),
            other => other.to_string(),
        }),
    }
}

/// Reads objects in any order, with the buffers that takes.
pub(crate) struct Reader<'a> {
    objects: &'a Objects,
    windows: Vec<Window>,
    inflater: Inflater,
    delta: Vec<u8>,
    spans: Spans,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(objects: &'a Objects) -> Self {
        let windows = objects.packs.iter().map(Pack::window).collect();
        Self { objects, windows, inflater: Inflater::new(), delta: Vec::new(), spans: Spans::new() }
    }

    pub(crate) fn objects(&self) -> &'a Objects {
        self.objects
    }

    /// Reads an object by its number.
    ///
    /// # Errors
    ///
    /// It is damaged, too large, or cannot be read.
    pub(crate) fn read(&mut self, number: u32, out: &mut Vec<u8>) -> Result<Kind, Fault> {
        match self.objects.place(number) {
            Some((pack_idx, place)) => self.packed(pack_idx, place, out),
            None => {
                let (folder, id) = &self.objects.loose[(number - self.objects.first_loose) as usize];
                loose::read(folder, id, (&mut self.inflater, out))?.ok_or_else(Fault::missing)
            }
        }
    }

    /// Reads an object by its name.
    ///
    /// # Errors
    ///
    /// As for [`Reader::read`], and it is not there.
    pub(crate) fn read_id(&mut self, id: &ObjectId, out: &mut Vec<u8>) -> Result<Kind, Fault> {
        let number = self.objects.find(id.as_bytes()).ok_or_else(Fault::missing)?;
        self.read(number, out)
    }

    fn packed(&mut self, pack_idx: usize, place: u32, out: &mut Vec<u8>) -> Result<Kind, Fault> {
        let pack = &self.objects.packs[pack_idx];
        let mut chain = Vec::new();
        let mut slot = pack.slots[place as usize];
        let kind = loop {
            let header = pack.header(slot, &mut self.windows[pack_idx])?;
            match header.stored {
                Stored::Whole(kind) => {
                    pack.inflate(
                        (slot, header.size, header.data),
                        (&mut self.windows[pack_idx], &mut self.inflater),
                        out,
                    )?;
                    break kind;
                }
                Stored::Delta(base) => {
                    chain.push((slot, header));
                    slot = base;
                }
                Stored::Foreign(at) => {
                    chain.push((slot, header));
                    let id_len = self.objects.format.len() as u64;
                    let id = ObjectId::from_bytes(self.windows[pack_idx].get(at, at + id_len)?);
                    let id = id.ok_or_else(Fault::missing)?;
                    let base = self.objects.find(id.as_bytes()).ok_or_else(|| Fault {
                        what: format!("the object {id}, of which it is a delta, is not there"),
                        ..Fault::missing()
                    })?;
                    // Two packs could lead to each other for ever.
                    if chain.len() > DEEPEST || self.objects.place(base).is_some_and(|(other, _)| other >= pack_idx) {
                        return Err(Fault::corrupt("its base is in a later pack"));
                    }
                    break self.read(base, out)?;
                }
            }
            if chain.len() > DEEPEST {
                return Err(Fault::corrupt("its deltas go on for ever"));
            }
        };
        for (slot, header) in chain.into_iter().rev() {
            let mut delta = std::mem::take(&mut self.delta);
            pack.inflate(
                (slot, header.size, header.data),
                (&mut self.windows[pack_idx], &mut self.inflater),
                &mut delta,
            )?;
            let mut target = Vec::new();
            apply(out, &delta, &mut target, &mut self.spans)?;
            *out = target;
            self.delta = delta;
        }
        Ok(kind)
    }
}
