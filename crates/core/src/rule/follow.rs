//! What a pattern demands behind a literal.

use regex_syntax::hir::Repetition;

/// What stands behind a literal: any bytes of one set, then some of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Bytes that may be passed over.
    pub skip: ByteSet,
    /// How many of them at most.
    pub most: u32,
    /// Bytes that must come then.
    pub then: ByteSet,
    /// How many of these in a row at least; 0 while what comes is not known.
    pub least: u32,
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// Returns whether the byte belongs to the set.
    #[inline]
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    fn extend(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }
}

impl Follow {
    /// Returns whether what is behind the literal may continue a match. May say
    /// yes where nothing matches, but never no where something does.
    #[inline]
    pub fn allows(&self, behind: &[u8]) -> bool {
        for (at, byte) in behind.iter().enumerate().take(self.most as usize + 1) {
            let comes = behind.get(at..at + self.least as usize);
            if comes.is_some_and(|bytes| bytes.iter().all(|byte| self.then.contains(*byte))) {
                return true;
            }
            if !self.skip.contains(*byte) {
                return false;
            }
        }
        false
    }
}

impl Follow {
    /// What is known of a literal behind which a pattern has not been read.
    pub(super) const fn open() -> Self {
        Self { skip: ByteSet([0; 4]), most: 0, then: ByteSet([0; 4]), least: 0 }
    }

    /// Adds what a piece of syntax demands that comes next, at least and at most so long. Without
    /// an answer, anything may come.
    pub(super) fn next(mut self, first: &First, (min, max): (u32, u32)) -> Option<Self> {
        if self.least > 0 || max == 0 {
            return Some(self);
        }
        if let Some(most) = first.class.filter(|_| min == 0) {
            self.skip.extend(first.bytes?);
            self.most = self.most.saturating_add(most);
            return Some(self);
        }
        // Another part that may come here instead asks for one byte only.
        let is_only = self.then == ByteSet::default();
        self.then.extend(first.bytes?);
        if min > 0 {
            self.least = if is_only { first.row } else { 1 };
        }
        Some(self)
    }
}

/// What a piece of syntax starts with.
#[derive(Clone, Debug)]
pub(super) struct First {
    /// The bytes it may start with, if they are known.
    pub(super) bytes: Option<ByteSet>,
    /// How often it repeats one class at most, where it does nothing else.
    class: Option<u32>,
    /// How many of these bytes come in a row at least, as far as that is worth a look.
    row: u32,
}

impl First {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut set = ByteSet::default();
        bytes.iter().for_each(|byte| set.insert(*byte));
        Self { bytes: Some(set), class: None, row: 1 }
    }

    pub(super) fn unknown() -> Self {
        Self { bytes: None, class: None, row: 1 }
    }

    /// The start of a piece, of this length, and of another behind it.
    pub(super) fn then(self, (min, max): (u32, u32), next: &Self) -> Self {
        match (min, max) {
            (0, 0) => next.clone(),
            (0, _) => Self { row: 1, ..self.or(next) },
            _ => Self { class: None, ..self },
        }
    }

    /// The start of one piece or the other.
    pub(super) fn or(self, other: &Self) -> Self {
        let both = self.bytes.zip(other.bytes).map(|(mut one, more)| {
            one.extend(more);
            one
        });
        Self { bytes: both, class: None, row: self.row.min(other.row) }
    }

    /// The start of a piece, of this length, that is repeated.
    pub(super) fn repeat(self, size: (u32, u32), repetition: &Repetition) -> Self {
        if size != (1, 1) {
            return Self { class: None, row: 1, ..self };
        }
        Self { class: repetition.max, row: repetition.min.clamp(1, LONGEST_ROW), ..self }
    }
}

/// Bytes of a row that are looked at, at most.
const LONGEST_ROW: u32 = 32;
