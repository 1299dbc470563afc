//! Runs of token characters that every match of a pattern holds.

/// Runs of characters of a class that every match holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    /// Every byte of every match belongs to the class.
    pub(super) full: bool,
    /// Guaranteed length of the run a match starts with.
    pub(super) head: u32,
    /// Guaranteed length of the run a match ends with.
    pub(super) tail: u32,
    /// Whether these two may hold a digit.
    digits: (bool, bool),
    /// Runs found so far that are long enough.
    pub(super) long: Vec<Run>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Least and greatest offset of its first byte.
    pub(super) min: u32,
    pub(super) max: u32,
    /// Its guaranteed length.
    pub(super) len: u32,
    /// How far behind its last byte, wherever that is, a match may end.
    pub(super) after: u32,
    /// Whether everything since it began belongs to the class.
    pub(super) open: bool,
    /// Whether it may hold a digit: a word of the language does not.
    pub(super) digit: bool,
}

pub(super) fn core(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

pub(super) fn narrow(byte: u8) -> bool {
    core(byte) || byte == b'_' || byte == b'-'
}

pub(super) fn wide(byte: u8) -> bool {
    narrow(byte) || byte == b'+' || byte == b'/'
}

impl Runs {
    pub(super) fn text(text: &[u8], member: fn(u8) -> bool, least: u32) -> Self {
        text.iter()
            .map(|byte| Self::class(&[*byte], member))
            .enumerate()
            .fold(Self { full: true, ..Self::default() }, |all, (at, one)| {
                all.then(one, (at as u32, at as u32), (1, 1), least)
            })
    }

    pub(super) fn class(bytes: &[u8], member: fn(u8) -> bool) -> Self {
        let full = !bytes.is_empty() && bytes.iter().all(|byte| member(*byte));
        let digit = full && bytes.iter().any(u8::is_ascii_digit);
        Self { full, head: u32::from(full), tail: u32::from(full), digits: (digit, digit), long: Vec::new() }
    }

    pub(super) fn repeat(self, once: u32, least: u32) -> Self {
        if self.full {
            let len = once.saturating_mul(least);
            return Self { full: true, head: len, tail: len, digits: self.digits, long: Vec::new() };
        }
        if least == 0 { Self::default() } else { self }
    }

    /// `size` is the least and greatest length of what precedes, `next_size` of what follows.
    pub(super) fn then(mut self, next: Self, size: (u32, u32), next_size: (u32, u32), least: u32) -> Self {
        for run in &mut self.long {
            if !(run.open && next.full) {
                run.after = run.after.saturating_add(next_size.1);
                run.open = false;
            }
        }
        let joined = self.tail + next.head;
        let digit = self.digits.1 || next.digits.0;
        let start = |len: u32| (size.0.saturating_sub(len), size.1.saturating_sub(len));
        if joined >= least {
            let (min, max) = match (self.full, size.1) {
                (true, _) => (0, 0),
                (false, u32::MAX) => (start(self.tail).0, u32::MAX),
                (false, _) => start(self.tail),
            };
            let after = if next.full { 0 } else { next_size.1.saturating_sub(next.head) };
            self.long.push(Run { min, max, len: joined, after, open: next.full, digit });
        }
        self.long.extend(next.long.iter().map(|run| Run {
            min: run.min.saturating_add(size.0),
            max: run.max.saturating_add(size.1),
            ..*run
        }));
        Self {
            head: if self.full { size.0 + next.head } else { self.head },
            tail: if next.full { self.tail + next_size.0 } else { next.tail },
            digits: (self.digits.0 || self.full && next.digits.0, next.digits.1 || next.full && self.digits.1),
            full: self.full && next.full,
            long: self.long,
        }
    }

    pub(super) fn or(self, other: Self, left: (u32, u32), right: (u32, u32), least: u32) -> Self {
        let mut long = Vec::new();
        let pick = |runs: &[Run]| runs.iter().max_by_key(|run| run.len).copied();
        if let (Some(a), Some(b)) = (pick(&self.all(left.0, left.1, least)), pick(&other.all(right.0, right.1, least)))
        {
            long.push(Run {
                min: a.min.min(b.min),
                max: a.max.max(b.max),
                len: a.len.min(b.len),
                after: a.after.max(b.after),
                open: a.open && b.open,
                digit: a.digit && b.digit,
            });
        }
        Self {
            full: self.full && other.full,
            head: self.head.min(other.head),
            tail: self.tail.min(other.tail),
            digits: (self.digits.0 && other.digits.0, self.digits.1 && other.digits.1),
            long,
        }
    }

    /// Every run that is long enough, those at the ends included.
    pub(super) fn all(&self, min: u32, max: u32, least: u32) -> Vec<Run> {
        let mut all = self.long.clone();
        if self.head >= least {
            let after = if self.full { 0 } else { max.saturating_sub(self.head) };
            all.push(Run { min: 0, max: 0, len: self.head, after, open: self.full, digit: self.digits.0 });
        }
        if self.tail >= least && !self.full {
            let end = if max == u32::MAX { u32::MAX } else { max.saturating_sub(self.tail) };
            let (start, digit) = (min.saturating_sub(self.tail), self.digits.1);
            all.push(Run { min: start, max: end, len: self.tail, after: 0, open: true, digit });
        }
        all
    }
}
