//! Which placeholder stands for which value.

use std::collections::HashMap;
use std::io::Read;

use leaktight_core::{Secret, shannon};

use super::key::Key;
use super::known::{self, Known};
use super::placeholder::Placeholder;

/// The values that placeholders stand for.
///
/// The same value has the same placeholder for as long as the key is the same,
/// in whatever order values come.
#[derive(Debug)]
pub struct Book {
    key: Key,
    entries: Vec<Entry>,
    by_name: HashMap<Placeholder, usize>,
    by_tag: HashMap<String, usize>,
    known: KnownValues,
}

/// A value and its placeholder.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What stands for the value.
    pub placeholder: Placeholder,
    /// The value.
    pub value: Secret,
    /// How the value was spelled, when not in the usual way.
    pub spelling: Option<Spelling>,
    /// When the value was last seen, in seconds since 1970; 0 for an entry that is not stored yet.
    pub seen: u64,
    /// It was looked up or found again since it was read.
    pub used: bool,
}

/// An unusual way to spell a value in JSON, such as `\/` for a slash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Spelling {
    /// How many strings the value stood in, one in the other.
    pub depth: u8,
    /// The bytes as they stood there.
    pub raw: Secret,
}

/// The search for known values, made when it is first needed.
#[derive(Default)]
struct KnownValues {
    search: Known,
    /// Entries that the search has taken in.
    n_added: usize,
}

impl std::fmt::Debug for KnownValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} entries", self.n_added)
    }
}

impl Book {
    /// Returns a book without an entry.
    pub fn new(key: &Key) -> Self {
        Self {
            key: key.derive("leaktight placeholder 1"),
            entries: Vec::new(),
            by_name: HashMap::new(),
            by_tag: HashMap::new(),
            known: KnownValues::default(),
        }
    }

    /// Returns a book for one run: its placeholders mean nothing to any other.
    ///
    /// # Errors
    ///
    /// Returns what the system says when it has no random bytes to give.
    pub fn ephemeral() -> std::io::Result<Self> {
        Ok(Self::new(&Key::random()?))
    }

    /// Returns the entries, in the order they came.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds an entry that was stored. One whose placeholder the key would not
    /// make of its value is left out; returns whether it was taken.
    pub fn add(&mut self, entry: Entry) -> bool {
        let name = entry.placeholder.as_str();
        let mut tags = (0..2).map(|round| self.tag(&entry.value, entry.spelling.as_ref(), round));
        let Some(tag) = tags.find(|tag| name.ends_with(tag)) else { return false };
        if let Some(idx) = self.by_tag.get(&tag) {
            let known = &mut self.entries[*idx];
            known.seen = known.seen.max(entry.seen);
            return true;
        }
        self.insert(tag, entry);
        true
    }

    /// Returns the entry of a placeholder.
    pub fn get(&self, placeholder: &Placeholder) -> Option<&Entry> {
        self.by_name.get(placeholder).map(|idx| &self.entries[*idx])
    }

    /// Returns the placeholder of a value, an old one if it has one.
    pub fn placeholder(&mut self, class: &str, value: &[u8]) -> Placeholder {
        self.name(class, value, None).placeholder.clone()
    }

    /// Returns the entry of a value as it is spelled, a new one of `class` if there is none.
    pub(super) fn name(&mut self, class: &str, value: &[u8], spelling: Option<Spelling>) -> &Entry {
        let value = Secret::new(value);
        // Two values of one tag are as good as impossible; then the second takes the next.
        for round in 0..=u8::MAX {
            let tag = self.tag(&value, spelling.as_ref(), round);
            match self.by_tag.get(&tag) {
                Some(idx) if self.entries[*idx].value == value && self.entries[*idx].spelling == spelling => {
                    let idx = *idx;
                    self.entries[idx].used = true;
                    return &self.entries[idx];
                }
                Some(_) => {}
                None => {
                    let placeholder = Placeholder::new(class, &tag);
                    let entry = Entry { placeholder, value, spelling, seen: 0, used: true };
                    return self.insert(tag, entry);
                }
            }
        }
        unreachable!("256 tags of 60 bits are taken")
    }

    /// Notes that all entries in use were stored at `now`.
    pub(crate) fn mark_saved(&mut self, now: u64) {
        for entry in self.entries.iter_mut().filter(|entry| entry.used) {
            entry.used = false;
            entry.seen = if entry.seen == 0 { now } else { entry.seen };
        }
    }

    fn insert(&mut self, tag: String, entry: Entry) -> &Entry {
        let idx = self.entries.len();
        self.by_name.insert(entry.placeholder.clone(), idx);
        self.by_tag.insert(tag, idx);
        self.entries.push(entry);
        &self.entries[idx]
    }

    fn tag(&self, value: &Secret, spelling: Option<&Spelling>, round: u8) -> String {
        // The value and its spelling go into the keyed hash and nowhere else.
        let (depth, raw) = spelling.map_or((0, [].as_slice()), |one| (one.depth, one.raw.expose()));
        self.key.tag(&[value.expose(), &[depth], raw, &[round]])
    }

    /// Returns in how many places of what a reader gives, whatever it is, a value
    /// stands that may be replaced wherever it stands, in any of its spellings.
    ///
    /// # Errors
    ///
    /// Returns what reading returned.
    pub(crate) fn count(&mut self, reader: &mut dyn Read) -> std::io::Result<u64> {
        const WINDOW: u64 = 4 << 20;
        let known = self.known();
        let (mut window, mut n_hits) = (Vec::new(), 0);
        loop {
            // What may be the beginning of a value is looked at with the next window again.
            let seen = window.len().min(known.longest());
            window.drain(..window.len() - seen);
            if reader.take(WINDOW).read_to_end(&mut window)? == 0 {
                return Ok(n_hits);
            }
            n_hits += known.find(&window).iter().filter(|hit| hit.span.end > seen).count() as u64;
        }
    }

    /// Returns the search for the values that may be replaced wherever they
    /// stand, all entries so far included.
    pub(super) fn known(&mut self) -> &Known {
        let KnownValues { search, n_added } = &mut self.known;
        for (idx, entry) in self.entries.iter().enumerate().skip(*n_added) {
            // The value goes into the search, which overwrites it when dropped.
            let value = entry.value.expose();
            if entry.spelling.is_none() && may_spread(value) {
                search.add(value, u32::try_from(idx).expect("fewer than four billion entries"));
            }
        }
        *n_added = self.entries.len();
        search
    }
}

/// Whether a value is to be replaced wherever it stands, by itself: it is long
/// and varied enough that other text would not hold it by chance.
fn may_spread(value: &[u8]) -> bool {
    /// Bits, estimated from how often each byte occurs.
    const LEAST: f32 = 30.0;
    /// Bytes from which on words count as well.
    const LONG: usize = 20;
    if value.len() < known::SHORTEST {
        return false;
    }
    let kinds: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, |byte| !byte.is_ascii_alphanumeric()];
    let n_kinds = kinds.iter().filter(|is_kind| value.iter().any(is_kind)).count();
    (n_kinds >= 2 || value.len() >= LONG) && shannon(value) * value.len() as f32 >= LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book {
        Book::new(&Key::new([7; 32]))
    }

    #[test]
    fn the_same_value_has_the_same_name() {
        let (mut one, mut two) = (book(), book());
        let first = one.placeholder("some-token", b"value-a");
        two.placeholder("other", b"value-b");
        assert_eq!(two.placeholder("some-token", b"value-a"), first);
        assert_eq!(two.placeholder("another-class", b"value-a"), first, "the first class stays");
        assert_ne!(Book::new(&Key::new([8; 32])).placeholder("some-token", b"value-a"), first);
    }

    #[test]
    fn an_entry_of_another_key_is_not_taken() {
        let mut other = Book::new(&Key::new([8; 32]));
        other.placeholder("x", b"value");
        let mut book = book();
        assert!(!book.add(other.entries()[0].clone()));
        assert!(book.entries().is_empty());
    }

    #[test]
    fn places_are_counted_across_windows() {
        let mut book = book();
        book.placeholder("x", b"S3nt1nel-pa55");
        let noise = vec![b'.'; (4 << 20) - 5];
        let bytes = [&noise[..], b"S3nt1nel-pa55", &noise[..], b"S3nt1nel-pa55"].concat();
        assert_eq!(book.count(&mut bytes.as_slice()).expect("memory"), 2);
        assert_eq!(book.count(&mut noise.as_slice()).expect("memory"), 0);
    }

    #[test]
    fn common_words_stay_where_they_are() {
        for word in ["postgres", "admin", "changeme", "authentication", "aaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert!(!may_spread(word.as_bytes()), "{word}");
        }
        assert!(may_spread(b"S3nt1nel-pa55"));
    }
}
