//! How the gate reaches a rule, derived from the rule's own pattern.
//!
//! Two facts are taken from the syntax tree of a pattern: literal text that
//! every match holds, with the range of its offsets from the start of the
//! match; and whether every match holds a long run of token characters, with
//! the range of the run's offsets. The gate needs no more to name every place
//! where the rule could match.

use std::borrow::Cow;

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::follow::{ByteSet, First, Follow};
use super::run::{Run, Runs, core, narrow, wide};
use super::{Boundary, List, Text};

/// Least length of a token run that holds a digit.
pub const HOT_RUN: u32 = 16;
/// Least length of a token run without a digit.
pub const COLD_RUN: u32 = 20;
/// Least length of a run that may also hold `+` and `/`, with a digit.
pub const WIDE_RUN: u32 = 32;

/// The greatest distance between a literal and a run that the gate bridges.
const BRIDGE: u32 = 64;
/// Strings a literal may expand to.
const EXPANSION: usize = 64;
/// Bytes of the shortest literal the gate can look up.
const SHORTEST: usize = 3;
/// Bytes of a literal beyond which more tell nothing new.
const LONGEST: usize = 48;

/// How a rule is reached, and how far its matches extend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Which search names the places.
    pub driver: Driver,
    /// Literals of which every match holds one; empty when only context words lead to the rule.
    pub anchors: List<Anchor>,
    /// Least length of the token run inside a match; 0 when none is guaranteed.
    pub run: u32,
    /// How far before a run an anchor may start.
    pub before: u32,
    /// How far after a run an anchor may end.
    pub after: u32,
    /// How far before the run a match may start: the greatest offset of the run.
    pub lead: u32,
    /// The least offset of the run's end.
    pub reach: u32,
    /// How far after the run a match may end.
    pub trail: u32,
    /// Least length of a match.
    pub min_len: u32,
    /// Greatest length of a match; `u32::MAX` when the pattern has no bound.
    pub max_len: u32,
    /// Whether a run only counts when it holds a digit.
    pub digit: bool,
    /// Information in the literal text of a match, in bits.
    pub bits: u32,
    /// The bytes a match may start with, if they are known.
    pub starts: Option<ByteSet>,
}

/// Which search names the places where a rule could match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Runs of `[A-Za-z0-9]`, and context words near them.
    Core,
    /// Runs of `[A-Za-z0-9_-]`, and literals or context words near them.
    Run,
    /// Longer runs that may also hold `+` and `/`.
    Wide,
    /// Literals or context words anywhere in the text.
    Text,
    /// Values of assignments.
    Assigned,
    /// Every byte: the pattern promises nothing.
    Whole,
    /// None of them: whoever parses the file names the places, see
    /// [`Scanner::report`](crate::Scanner::report).
    Parser,
}

/// Literal text that a match holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The bytes, in lower case when `nocase`.
    pub text: List<u8>,
    /// Whether ASCII case is ignored.
    pub nocase: bool,
    /// Least offset from the start of the match.
    pub min: u32,
    /// Greatest offset from the start of the match; `u32::MAX` without a bound.
    pub max: u32,
    /// What must stand behind it, if the pattern says so.
    pub follow: Option<Follow>,
}

impl Anchor {
    /// Leaves open what follows, where that is not told yet.
    fn close(&mut self) {
        self.follow = self.follow.filter(|follow| follow.least > 0);
    }
}

impl Gate {
    /// Derives the gate of a rule from the syntax tree of its pattern.
    pub(super) fn derive(hir: &Hir, context: &[Text], boundary: Boundary) -> Self {
        let shape = shape(hir);
        let mut gate = shape.choose(!context.is_empty());
        gate.digit |= gate.driver == Driver::Run && !boundary.at_start();
        gate.min_len = shape.min;
        gate.max_len = shape.max;
        gate.starts = shape.first.bytes.filter(|_| shape.min > 0);
        gate.anchors.to_mut().iter_mut().for_each(Anchor::close);
        gate
    }
}

/// What is known of everything a piece of syntax matches.
#[derive(Clone, Debug)]
struct Shape {
    min: u32,
    max: u32,
    /// All the strings it matches, when they are few.
    exact: Option<Vec<Literal>>,
    /// Sets of anchors; every match holds one anchor of each set.
    options: Vec<Vec<Anchor>>,
    first: First,
    core: Runs,
    narrow: Runs,
    wide: Runs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Literal {
    text: Vec<u8>,
    nocase: bool,
}

fn shape(hir: &Hir) -> Shape {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Shape::text(b"", false),
        HirKind::Literal(literal) => Shape::text(&literal.0, false),
        HirKind::Class(class) => Shape::class(class),
        HirKind::Repetition(repetition) => Shape::repeat(repetition),
        HirKind::Capture(capture) => shape(&capture.sub),
        HirKind::Concat(parts) => sequence(parts),
        HirKind::Alternation(parts) => {
            parts.iter().map(shape).reduce(Shape::or).unwrap_or_else(|| Shape::text(b"", false))
        }
    }
}

/// Neighbours with few strings are joined first, so that a word spelt as one
/// class for each letter (as `(?i)` does) stays one literal wherever it stands.
fn sequence(parts: &[Hir]) -> Shape {
    let mut joined: Vec<Shape> = Vec::new();
    for part in parts.iter().map(shape) {
        let both = joined.last().and_then(|last| product(last.exact.as_ref()?, part.exact.as_ref()?));
        match (both, joined.pop()) {
            (Some(_), Some(last)) => joined.push(last.then(part)),
            (None, Some(last)) => joined.extend([last, part]),
            (_, None) => joined.push(part),
        }
    }
    joined.into_iter().reduce(Shape::then).unwrap_or_else(|| Shape::text(b"", false))
}

impl Shape {
    fn text(text: &[u8], nocase: bool) -> Self {
        let len = text.len() as u32;
        let text = if nocase { text.to_ascii_lowercase() } else { text.to_vec() };
        Self {
            min: len,
            max: len,
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
            exact: None,
            options: Vec::new(),
            first: First::unknown(),
            core: Runs::default(),
            narrow: Runs::default(),
            wide: Runs::default(),
        }
    }

    fn repeat(repetition: &Repetition) -> Self {
        let once = shape(&repetition.sub);
        let (least, most) = (repetition.min, repetition.max.unwrap_or(u32::MAX));
        let fixed = least == most && least as usize <= LONGEST;
        if fixed && least > 0 && once.exact.as_ref().is_some_and(|exact| exact.len() == 1) {
            return (1..least).fold(once.clone(), |all, _| all.then(once.clone()));
        }
        let mut all = once.clone();
        all.exact = None;
        all.min = once.min.saturating_mul(least);
        all.max = once.max.saturating_mul(most);
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
        let options = merge_adjacent(options);
        Self {
            min: self.min.saturating_add(next.min),
            max: self.max.saturating_add(next.max),
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
            exact,
            options,
            first: self.first.or(&other.first),
            core: self.core.or(other.core, left, right, HOT_RUN),
            narrow: self.narrow.or(other.narrow, left, right, HOT_RUN),
            wide: self.wide.or(other.wide, left, right, WIDE_RUN),
        }
    }

    /// The sets of anchors, the exact strings among them.
    fn all_options(&self) -> Vec<Vec<Anchor>> {
        let mut all = self.options.clone();
        all.extend(self.exact.as_deref().map(at_start));
        all
    }

    fn choose(&self, has_context: bool) -> Gate {
        let options = self.all_options();
        let narrow = self.narrow.all(self.min, self.max, HOT_RUN);
        let wide = self.wide.all(self.min, self.max, WIDE_RUN);
        for (driver, runs) in [(Driver::Run, &narrow), (Driver::Wide, &wide)] {
            if let Some(gate) = nearest(driver, &options, runs) {
                return gate;
            }
        }
        // A specific literal finds its places by itself; context words are the
        // next best thing, near a run when there is one.
        let text = best(&options).map(|set| Gate::text(set));
        if let Some(gate) = text.as_ref().filter(|gate| !has_context || gate.bits >= 16) {
            return gate.clone();
        }
        if has_context {
            let core = self.core.all(self.min, self.max, HOT_RUN);
            for (driver, runs) in [(Driver::Core, &core), (Driver::Run, &narrow), (Driver::Wide, &wide)] {
                let cost = |run: &&Run| (run.max.saturating_add(run.after), u32::MAX - run.len);
                if let Some(run) = runs.iter().filter(|run| run.digit).min_by_key(cost) {
                    return Gate::at_run(driver, *run);
                }
            }
            return Gate { driver: Driver::Text, ..Gate::whole() };
        }
        text.unwrap_or_else(Gate::whole)
    }
}

impl Gate {
    /// The gate of a rule for the values of assignments.
    pub(super) fn assigned(hir: &Hir) -> Self {
        let shape = shape(hir);
        Self { driver: Driver::Assigned, min_len: shape.min, max_len: shape.max, ..Self::whole() }
    }

    /// Returns the gate of a rule whose places a parser names.
    pub(super) fn parser() -> Self {
        Self { driver: Driver::Parser, ..Self::whole() }
    }

    fn whole() -> Self {
        Self {
            driver: Driver::Whole,
            anchors: Cow::Borrowed(&[]),
            run: 0,
            before: 0,
            after: 0,
            lead: 0,
            reach: 0,
            trail: 0,
            min_len: 0,
            max_len: 0,
            digit: false,
            bits: 0,
            starts: None,
        }
    }

    fn at_run(driver: Driver, run: Run) -> Self {
        let reach = run.min.saturating_add(run.len);
        Self { driver, run: run.len, lead: run.max, reach, trail: run.after, digit: true, ..Self::whole() }
    }

    fn text(set: &[Anchor]) -> Self {
        Self { driver: Driver::Text, bits: set_bits(set), anchors: Cow::Owned(set.to_vec()), ..Self::whole() }
    }
}

/// The best pair of a set of anchors and a run close to it.
fn nearest(driver: Driver, options: &[Vec<Anchor>], runs: &[Run]) -> Option<Gate> {
    let mut found: Option<(u32, Gate)> = None;
    for set in options.iter().filter(|set| usable(set)) {
        for run in runs {
            let before = set.iter().map(|a| run.max.saturating_sub(a.min)).max()?;
            let after = set
                .iter()
                .map(|a| a.max.saturating_add(a.text.len() as u32).saturating_sub(run.min.saturating_add(run.len)))
                .max()?;
            if before > BRIDGE || after > BRIDGE {
                continue;
            }
            let score = set_bits(set).min(40) * 4 + run.len.min(32) - before.max(after) / 4;
            if found.as_ref().is_none_or(|(best, _)| score > *best) {
                // Source code holds many runs without a digit, so only tokens
                // that start with their literal are looked for there.
                let starts = before == 0 && set.iter().all(|anchor| anchor.max == 0 && core(anchor.text[0]));
                let digit = driver == Driver::Wide || run.len < COLD_RUN || !starts;
                if digit && !run.digit {
                    continue;
                }
                let anchors = Cow::Owned(set.clone());
                let bits = set_bits(set);
                found = Some((score, Gate { anchors, before, after, digit, bits, ..Gate::at_run(driver, *run) }));
            }
        }
    }
    found.map(|(_, gate)| gate)
}

fn usable(set: &[Anchor]) -> bool {
    !set.is_empty() && set.iter().all(|anchor| anchor.text.len() >= SHORTEST)
}

fn best(options: &[Vec<Anchor>]) -> Option<&Vec<Anchor>> {
    options.iter().filter(|set| usable(set)).max_by_key(|set| set_bits(set))
}

/// Information in the least telling anchor of a set, in bits.
fn set_bits(set: &[Anchor]) -> u32 {
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

/// Drops sets that can't be used, so that long patterns stay cheap.
fn merge_adjacent(mut options: Vec<Vec<Anchor>>) -> Vec<Vec<Anchor>> {
    options.retain(|set| usable(set));
    options
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

fn class_literals(bytes: &[u8]) -> Option<Vec<Literal>> {
    if let [upper, lower] = bytes
        && upper.to_ascii_lowercase() == *lower
    {
        return Some(vec![Literal { text: vec![*lower], nocase: true }]);
    }
    let few = bytes.len() <= 8;
    few.then(|| bytes.iter().map(|byte| Literal { text: vec![*byte], nocase: false }).collect())
}

#[cfg(test)]
mod tests {
    use regex_syntax::ParserBuilder;

    use super::*;

    fn gate(pattern: &str) -> Gate {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).expect("a pattern");
        Gate::derive(&hir, &[], Boundary::None)
    }

    #[test]
    fn what_a_pattern_demands_behind_a_literal_is_known() {
        for (pattern, yes, no) in [
            ("hunter[ ]{0,3}=", &["=", "  =x"][..], &["", "    =", " x="][..]),
            // In the middle, in a branch, and beyond the end of the branch.
            ("[a-z]{2,9}hunter[ ]?(?:=|is)", &["=", " i"], &["x", "  "]),
            ("(?:[0-9]{3}hunter|[a-z]{3}killer)s?[(]", &["(", "s("], &["S", " ", "s"]),
            ("(?:hunter[0-9]{4}|killer[0-9]{4}x)", &["1234"], &["123x"]),
            ("(?i:hunter)(?:)(?:[a-z]=)?X", &["a", "X"], &["1"]),
            // What is repeated may follow itself.
            ("[a-z]{1,9}(?:hunter[0-9]?){1,3}=", &["h", "=", "x"], &[]),
            ("hunter.*", &["", "x"], &[]),
        ] {
            let gate = gate(pattern);
            for anchor in &*gate.anchors {
                let allows = |text: &str| anchor.follow.is_none_or(|follow| follow.allows(text.as_bytes()));
                assert!(yes.iter().all(|text| allows(text)), "{pattern}: {anchor:?}");
                assert!(!no.iter().any(|text| allows(text)), "{pattern}: {anchor:?}");
            }
            assert!(!gate.anchors.is_empty(), "{pattern}");
        }
    }

    #[test]
    fn the_first_byte_of_a_match_is_known() {
        let starts = |pattern: &str| {
            let set = gate(pattern).starts?;
            Some((0..=255).filter(|byte| set.contains(*byte)).map(char::from).collect::<String>())
        };
        assert_eq!(starts("(?i:k)?(?:[ab]|_)hunter").as_deref(), Some("K_abk"));
        assert_eq!(starts("^[ ]{0,2}hunter").as_deref(), Some(" h"));
        assert_eq!(starts("(?:hunter)?"), None);
    }
}
