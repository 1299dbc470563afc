//! How the gate reaches a rule, derived from the rule's own pattern.
//!
//! Two facts are taken from the syntax tree of a pattern: literal text that
//! every match holds, with the range of its offsets from the start of the
//! match; and whether every match holds a long run of token characters, with
//! the range of the run's offsets. The gate needs no more to name every place
//! where the rule could match.

use std::borrow::Cow;

use regex_syntax::hir::Hir;

use super::follow::{ByteSet, Follow};
use super::run::{Run, core};
use super::shape::{Shape, best, set_bits, usable};
use super::{Boundary, List, Text};

/// Least length of a token run that holds a digit.
pub const HOT_RUN: u32 = 16;
/// Least length of a token run without a digit.
pub const COLD_RUN: u32 = 20;
/// Least length of a run that may also hold `+` and `/`, with a digit.
pub const WIDE_RUN: u32 = 32;

/// The greatest distance between a literal and a run that the gate bridges.
const BRIDGE: u32 = 64;

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
    /// Information in the literal text the gate looks for, in bits.
    pub bits: u32,
    /// Information in all the literal text every match holds, in bits.
    pub told: u32,
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
    pub(super) fn close(&mut self) {
        self.follow = self.follow.filter(|follow| follow.least > 0);
    }
}

impl Gate {
    /// Derives the gate of a rule from the syntax tree of its pattern.
    pub(super) fn derive(hir: &Hir, context: &[Text], boundary: Boundary) -> Self {
        let shape = Shape::of(hir);
        let mut gate = Self::choose(&shape, !context.is_empty(), boundary);
        gate.min_len = shape.min;
        gate.max_len = shape.max;
        gate.told = shape.bits;
        gate.starts = shape.first.bytes.filter(|_| shape.min > 0);
        gate.anchors.to_mut().iter_mut().for_each(Anchor::close);
        gate
    }

    /// The cheapest way to the places where such a shape could match.
    fn choose(shape: &Shape, has_context: bool, boundary: Boundary) -> Self {
        let options = shape.all_options();
        let narrow = shape.narrow.all(shape.min, shape.max, HOT_RUN);
        let wide = shape.wide.all(shape.min, shape.max, WIDE_RUN);
        for (driver, runs) in [(Driver::Run, &narrow), (Driver::Wide, &wide)] {
            if let Some(gate) = nearest(driver, &options, runs, boundary) {
                return gate;
            }
        }
        // A specific literal finds its places by itself; context words are the
        // next best thing, near a run when there is one.
        let text = best(&options).map(|set| Self::text(set));
        if let Some(gate) = text.as_ref().filter(|gate| !has_context || gate.bits >= 16) {
            return gate.clone();
        }
        if has_context {
            let core = shape.core.all(shape.min, shape.max, HOT_RUN);
            for (driver, runs) in [(Driver::Core, &core), (Driver::Run, &narrow), (Driver::Wide, &wide)] {
                let cost = |run: &&Run| (run.max.saturating_add(run.after), u32::MAX - run.len);
                if let Some(run) = runs.iter().filter(|run| run.digit).min_by_key(cost) {
                    return Self::at_run(driver, *run);
                }
            }
            return Self { driver: Driver::Text, ..Self::whole() };
        }
        text.unwrap_or_else(Self::whole)
    }

    /// The gate of a rule for the values of assignments.
    pub(super) fn assigned(hir: &Hir) -> Self {
        let shape = Shape::of(hir);
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
            told: 0,
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
fn nearest(driver: Driver, options: &[Vec<Anchor>], runs: &[Run], boundary: Boundary) -> Option<Gate> {
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
                let starts = boundary.at_start()
                    && before == 0
                    && set.iter().all(|anchor| anchor.max == 0 && core(anchor.text[0]));
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
    fn a_long_word_in_a_pattern_is_no_run_that_needs_a_digit() {
        let gate = gate("some_very_long_name_of_a_setting[ ]=([!-~]{4,99})");
        assert_eq!((gate.driver, gate.digit), (Driver::Text, false));
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
