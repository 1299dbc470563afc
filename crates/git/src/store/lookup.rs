//! Numbers of objects by their names, in as little time as it takes.

use std::hash::{BuildHasher as _, RandomState};

use super::objects::Objects;
use super::pack::NONE;

/// A table of the numbers of all objects. An object in several packs has one
/// number here, its first.
pub(crate) struct Lookup<'a> {
    objects: &'a Objects,
    /// Numbers by the start of the name, with gaps.
    table: Vec<u32>,
    mask: usize,
    keys: [u64; 3],
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(objects: &'a Objects) -> Self {
        let size = (objects.len() as usize * 2).next_power_of_two().max(16);
        let random = RandomState::new();
        let keys = [0, 1, 2].map(|key| random.hash_one(key));
        let mut lookup = Self { objects, table: vec![NONE; size], mask: size - 1, keys };
        for number in 0..objects.len() {
            let bytes = objects.bytes(number);
            let mut at = hash(bytes, keys) & lookup.mask;
            loop {
                match lookup.table[at] {
                    NONE => break lookup.table[at] = number,
                    known if objects.bytes(known) == bytes => break,
                    _ => at = (at + 1) & lookup.mask,
                }
            }
        }
        lookup
    }

    /// Returns the number of an object.
    pub(crate) fn find(&self, id: &[u8]) -> Option<u32> {
        let mut at = hash(id, self.keys) & self.mask;
        loop {
            match self.table[at] {
                NONE => return None,
                known if self.objects.bytes(known) == id => return Some(known),
                _ => at = (at + 1) & self.mask,
            }
        }
    }

    /// Returns the pack that holds an object; loose ones count as one more.
    pub(crate) fn pack_of(&self, number: u32) -> usize {
        self.objects.place(number).map_or(self.objects.packs.len(), |(pack_idx, _)| pack_idx)
    }

    /// Returns the first number of the object that has this one.
    pub(crate) fn first(&self, number: u32) -> u32 {
        if self.objects.packs.len() <= 1 {
            return number;
        }
        self.find(self.objects.bytes(number)).unwrap_or(number)
    }
}

/// Hashes a name with keys nobody can know: the names in an index are whatever
/// its maker wrote, and many that meet in one place would cost hours.
fn hash(id: &[u8], keys: [u64; 3]) -> usize {
    let part = |part: Option<&[u8; 8]>| part.map_or(0, |eight| u64::from_le_bytes(*eight));
    let (first, middle, last) =
        (part(id.first_chunk()), part(id.get(8..).and_then(<[u8]>::first_chunk)), part(id.last_chunk()));
    let mixed = u128::from(first ^ keys[0]) * u128::from(middle ^ keys[1]);
    ((mixed as u64) ^ ((mixed >> 64) as u64) ^ (last ^ keys[2]).rotate_left(17)) as usize
}
