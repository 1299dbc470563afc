//! What is known of everything a piece of syntax matches: how long it is, the literals and the
//! token runs in it, and how it may start.

use std::borrow::Cow;

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::anchor::{Anchor, HOT_RUN, WIDE_RUN};
use super::follow::{First, Follow};
use super::run::{Runs, core, narrow, wide};

/// Strings a literal may expand to.
const EXPANSION: usize = 64;
/// Bytes of the shortest literal the gate can look up.
const SHORTEST: usize = 3;
/// Bytes of a literal beyond which more tell nothing new.
const LONGEST: usize = 48;

/// What is known of everything a piece of syntax matches.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Least and greatest length of a match.
    pub(super) min: u32,
    pub(super) max: u32,
    /// All the strings it matches, when they are few.
    exact: Option<Vec<Literal>>,
    /// Sets of anchors; every match holds one anchor of each set.
    options: Vec<Vec<Anchor>>,
    /// Information in the literal text every match holds, in bits.
    pub(super) bits: u32,
    /// How it may start.
    pub(super) first: First,
    /// Its runs of `[A-Za-z0-9]`, then with `_` and `-`, then with `+` and `/` as well.
    pub(super) core: Runs,
    pub(super) narrow: Runs,
    pub(super) wide: Runs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Literal {
    text: Vec<u8>,
    nocase: bool,
}

impl Shape {
    /// Reads the syntax tree of a pattern.
    pub(super) fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::text(b"", false),
            HirKind::Literal(literal) => Self::text(&literal.0, false),
            HirKind::Class(class) => Self::class(class),
            HirKind::Repetition(repetition) => Self::repeat(repetition),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Concat(parts) => Self::sequence(parts),
            HirKind::Alternation(parts) => {
                parts.iter().map(Self::of).reduce(Self::or).unwrap_or_else(|| Self::text(b"", false))
            }
        }
    }

    /// Neighbours with few strings are joined first, so that a word spelt as one
    /// class for each letter (as `(?i)` does) stays one literal wherever it stands.
    fn sequence(parts: &[Hir]) -> Self {
        let mut joined: Vec<Self> = Vec::new();
        for part in parts.iter().map(Self::of) {
            let both = joined.last().and_then(|last| product(last.exact.as_ref()?, part.exact.as_ref()?));
            match (both, joined.pop()) {
                (Some(_), Some(last)) => joined.push(last.then(part)),
                (None, Some(last)) => joined.extend([last, part]),
                (_, None) => joined.push(part),
            }
        }
        joined.into_iter().reduce(Self::then).unwrap_or_else(|| Self::text(b"", false))
    }

    fn text(text: &[u8], nocase: bool) -> Self {
        let len = text.len() as u32;
        let text = if nocase { text.to_ascii_lowercase() } else { text.to_vec() };
        Self {
            min: len,
            max: len,
            bits: literal_bits(&text),
            core: Runs::text(&text, core, HOT_RUN),
            narrow: Runs::text(&text, narrow, HOT_RUN),
            wide: Runs::text(&text, wide, WIDE_RUN),
            first: match text.first() {
                Some(byte) if nocase => First::of(&[*byte, byte.to_ascii_uppercase()]),
                Some(byte) => First::of(&[*byte]),
                None => First::of(&[]),
            },
            exact: Some(vec![Literal { text, nocase }]),
            options: Vec::new(),
        }
    }

    fn class(class: &Class) -> Self {
        let bytes = class_bytes(class);
        let Some(bytes) = bytes else { return Self::unknown(1, 4) };
        Self {
            min: 1,
            max: 1,
            bits: if is_letter(&bytes) { literal_bits(&bytes[..1]) } else { 0 },
            exact: class_literals(&bytes),
            options: Vec::new(),
            first: First::of(&bytes),
            core: Runs::class(&bytes, core),
            narrow: Runs::class(&bytes, narrow),
            wide: Runs::class(&bytes, wide),
        }
    }

    fn unknown(min: u32, max: u32) -> Self {
        Self {
            min,
            max,
            bits: 0,
            exact: None,
            options: Vec::new(),
            first: First::unknown(),
            core: Runs::default(),
            narrow: Runs::default(),
            wide: Runs::default(),
        }
    }

    fn repeat(repetition: &Repetition) -> Self {
        let once = Self::of(&repetition.sub);
        let (least, most) = (repetition.min, repetition.max.unwrap_or(u32::MAX));
        let fixed = least == most && least as usize <= LONGEST;
        if fixed && least > 0 && once.exact.as_ref().is_some_and(|exact| exact.len() == 1) {
            return (1..least).fold(once.clone(), |all, _| all.then(once.clone()));
        }
        let mut all = once.clone();
        all.exact = None;
        all.min = once.min.saturating_mul(least);
        all.max = once.max.saturating_mul(most);
        all.bits = once.bits.saturating_mul(least);
        if least == 0 {
            all.options = Vec::new();
        } else {
            all.options = once.all_options();
        }
        if most > 1 {
            // The same again may come behind it.
            all.options.iter_mut().flatten().for_each(Anchor::close);
        }
        all.first = once.first.repeat((once.min, once.max), repetition);
        all.core = once.core.repeat(once.min, least);
        all.narrow = once.narrow.repeat(once.min, least);
        all.wide = once.wide.repeat(once.min, least);
        all
    }

    /// This shape followed by another.
    fn then(self, next: Self) -> Self {
        let (size, next_size) = ((self.min, self.max), (next.min, next.max));
        let (min, max) = size;
        let shift = |anchor: &mut Anchor| {
            anchor.min = anchor.min.saturating_add(min);
            anchor.max = anchor.max.saturating_add(max);
        };
        let mut options = self.options;
        let both = self.exact.as_deref().zip(next.exact.as_deref()).and_then(|(left, right)| product(left, right));
        let mut behind = None;
        if both.is_none() {
            options.extend(self.exact.as_deref().map(at_start));
            behind = next.exact.as_deref().map(at_start);
        }
        behind.iter_mut().flatten().for_each(shift);
        for anchor in options.iter_mut().flatten() {
            anchor.follow = anchor.follow.and_then(|follow| follow.next(&next.first, next_size));
        }
        options.extend(behind);
        for mut set in next.options {
            set.iter_mut().for_each(shift);
            options.push(set);
        }
        // Without those that are of no use, so that long patterns stay cheap.
        options.retain(|set| usable(set));
        Self {
            min: self.min.saturating_add(next.min),
            max: self.max.saturating_add(next.max),
            bits: self.bits.saturating_add(next.bits),
            exact: both,
            options,
            first: self.first.then(size, &next.first),
            core: self.core.then(next.core, size, next_size, HOT_RUN),
            narrow: self.narrow.then(next.narrow, size, next_size, HOT_RUN),
            wide: self.wide.then(next.wide, size, next_size, WIDE_RUN),
        }
    }

    /// Either this shape or another.
    fn or(self, other: Self) -> Self {
        let exact = match (&self.exact, &other.exact) {
            (Some(left), Some(right)) if left.len() + right.len() <= EXPANSION => {
                Some(left.iter().chain(right).cloned().collect())
            }
            _ => None,
        };
        let options = if exact.is_some() {
            Vec::new()
        } else {
            match (best(&self.all_options()), best(&other.all_options())) {
                (Some(left), Some(right)) if left.len() + right.len() <= EXPANSION => {
                    vec![left.iter().chain(right).cloned().collect()]
                }
                _ => Vec::new(),
            }
        };
        let (left, right) = ((self.min, self.max), (other.min, other.max));
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            bits: self.bits.min(other.bits),
            exact,
            options,
            first: self.first.or(&other.first),
            core: self.core.or(other.core, left, right, HOT_RUN),
            narrow: self.narrow.or(other.narrow, left, right, HOT_RUN),
            wide: self.wide.or(other.wide, left, right, WIDE_RUN),
        }
    }

    /// The sets of anchors, the exact strings among them.
    pub(super) fn all_options(&self) -> Vec<Vec<Anchor>> {
        let mut all = self.options.clone();
        all.extend(self.exact.as_deref().map(at_start));
        all
    }
}

pub(super) fn usable(set: &[Anchor]) -> bool {
    !set.is_empty() && set.iter().all(|anchor| anchor.text.len() >= SHORTEST)
}

pub(super) fn best(options: &[Vec<Anchor>]) -> Option<&Vec<Anchor>> {
    options.iter().filter(|set| usable(set)).max_by_key(|set| set_bits(set))
}

/// Information in the least telling anchor of a set, in bits.
pub(super) fn set_bits(set: &[Anchor]) -> u32 {
    let least = set.iter().map(|anchor| literal_bits(&anchor.text)).min().unwrap_or(0);
    least.saturating_sub((set.len() as u32).ilog2().min(least) / 2)
}

fn literal_bits(text: &[u8]) -> u32 {
    text.iter().map(|byte| if byte.is_ascii_alphanumeric() { 5 } else { 6 }).sum()
}

fn at_start(literals: &[Literal]) -> Vec<Anchor> {
    literals
        .iter()
        .map(|literal| Anchor {
            text: Cow::Owned(literal.text.clone()),
            nocase: literal.nocase,
            min: 0,
            max: 0,
            follow: Some(Follow::open()),
        })
        .collect()
}

fn product(left: &[Literal], right: &[Literal]) -> Option<Vec<Literal>> {
    if left.len() * right.len() > EXPANSION {
        return None;
    }
    let mut all = Vec::with_capacity(left.len() * right.len());
    for head in left {
        for tail in right {
            if head.text.len() + tail.text.len() > LONGEST {
                return None;
            }
            let nocase = head.nocase || tail.nocase;
            let mut text = [head.text.as_slice(), &tail.text].concat();
            if nocase {
                text.make_ascii_lowercase();
            }
            all.push(Literal { text, nocase });
        }
    }
    Some(all)
}

fn class_bytes(class: &Class) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    match class {
        Class::Bytes(class) => {
            for range in class.ranges() {
                bytes.extend(range.start()..=range.end());
            }
        }
        Class::Unicode(class) => {
            for range in class.ranges() {
                if !range.end().is_ascii() {
                    return None;
                }
                bytes.extend(range.start() as u8..=range.end() as u8);
            }
        }
    }
    Some(bytes)
}

/// Whether a class is one byte, or one letter in either case.
fn is_letter(bytes: &[u8]) -> bool {
    matches!(bytes, [_]) || matches!(bytes, [upper, lower] if upper.to_ascii_lowercase() == *lower)
}

fn class_literals(bytes: &[u8]) -> Option<Vec<Literal>> {
    if bytes.len() == 2 && is_letter(bytes) {
        return Some(vec![Literal { text: vec![bytes[1]], nocase: true }]);
    }
    let few = bytes.len() <= 8;
    few.then(|| bytes.iter().map(|byte| Literal { text: vec![*byte], nocase: false }).collect())
}
