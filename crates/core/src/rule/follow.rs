//! What a pattern demands behind the literal it starts with.

use regex_syntax::hir::{Hir, HirKind};

use super::anchor::{Anchor, class_bytes, shape};

/// What stands behind a literal: any bytes of one set, then some of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Bytes that may be passed over.
    pub skip: ByteSet,
    /// How many of them at most.
    pub most: u32,
    /// Bytes that must come then.
    pub then: ByteSet,
    /// How many of these in a row at least.
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

/// What must stand behind the anchors a pattern starts with.
pub(super) fn follow(hir: &Hir, anchors: &[Anchor]) -> Option<Follow> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let longest = anchors.iter().map(|anchor| anchor.text.len()).max()?;
    // The leading parts that make up the anchors, and no more than they.
    let mut lead = shape(parts.first()?);
    let mut n_lead = 1;
    while lead.max as usize != longest || lead.exact.is_none() {
        lead = lead.then(shape(parts.get(n_lead)?));
        lead.exact.as_ref()?;
        n_lead += 1;
    }
    let mut follow = Follow { skip: ByteSet::default(), most: 0, then: ByteSet::default(), least: 1 };
    for part in &parts[n_lead..] {
        if part.properties().minimum_len()? > 0 {
            // Another part that may come here instead asks for one byte only.
            let is_only = follow.then == ByteSet::default();
            follow.then.extend(first_bytes(part)?);
            follow.least = if is_only { row(part) } else { 1 };
            return Some(follow);
        }
        match optional_class(part) {
            Some((bytes, most)) => {
                follow.skip.extend(bytes);
                follow.most = follow.most.saturating_add(most);
            }
            None => follow.then.extend(first_bytes(part)?),
        }
    }
    None
}

/// The class of a part such as `[a-z]{0,9}`, and how often it may repeat.
fn optional_class(hir: &Hir) -> Option<(ByteSet, u32)> {
    let HirKind::Repetition(repetition) = hir.kind() else { return None };
    let HirKind::Class(class) = repetition.sub.kind() else { return None };
    Some((byte_set(class_bytes(class)?), repetition.max?))
}

/// How many bytes of the class a part starts with come in a row at least, as far as that is worth a look.
fn row(hir: &Hir) -> u32 {
    match hir.kind() {
        HirKind::Capture(capture) => row(&capture.sub),
        HirKind::Repetition(repetition) if matches!(repetition.sub.kind(), HirKind::Class(_)) => {
            repetition.min.clamp(1, LONGEST_ROW)
        }
        _ => 1,
    }
}

/// Bytes of a row that are looked at, at most.
const LONGEST_ROW: u32 = 32;

/// The bytes that something of at least one byte may start with.
fn first_bytes(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(byte_set(literal.0[..1].to_vec())),
        HirKind::Class(class) => Some(byte_set(class_bytes(class)?)),
        HirKind::Repetition(repetition) => first_bytes(&repetition.sub),
        HirKind::Capture(capture) => first_bytes(&capture.sub),
        HirKind::Concat(parts) => {
            let mut all = ByteSet::default();
            for part in parts {
                if !matches!(part.kind(), HirKind::Look(_) | HirKind::Empty) {
                    all.extend(first_bytes(part)?);
                }
                if part.properties().minimum_len()? > 0 {
                    return Some(all);
                }
            }
            None
        }
        HirKind::Alternation(parts) => parts.iter().try_fold(ByteSet::default(), |mut all, part| {
            all.extend(first_bytes(part)?);
            Some(all)
        }),
        HirKind::Empty | HirKind::Look(_) => None,
    }
}

fn byte_set(bytes: Vec<u8>) -> ByteSet {
    let mut set = ByteSet::default();
    bytes.into_iter().for_each(|byte| set.insert(byte));
    set
}
