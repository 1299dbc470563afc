//! How far a change of text can change what is found round it.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::rule::{Check, Driver, Rule};
use crate::ruleset::RuleSet;
use crate::table::{LONGEST_ASSIGNMENT, LONGEST_MATCH, PEM_LENGTH};

/// How far a change of text can change what is found round it.
///
/// Whoever knows what is found in a text, and scans only what has changed in it,
/// looks at the lines that have changed, `near` bytes on either side of them, and
/// on to the ends of the lines there; and where a mark stands within its reach of
/// that, as far again round the mark.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Reach {
    /// Bytes on either side.
    pub near: usize,
    /// Bytes beyond which the end of a line needs not be looked for.
    pub line: usize,
    /// What stands in every match that reaches farther.
    pub marks: Vec<Mark>,
    /// Rules, by index, whose finding may depend on one that stands farther away, and those of the other.
    linked: Vec<usize>,
}

/// Text that stands in every match of a rule that reaches far.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mark {
    /// The text.
    pub text: Vec<u8>,
    /// Bytes on either side on which such a match may depend.
    pub reach: usize,
}

/// Bytes that count as near: a rule that reaches farther than that is known by
/// its marks, if it has any.
const NEAR: usize = 768;
/// Bytes at the start of two marks for which one is taken.
const ALIKE: usize = 6;
/// Marks, at most.
const MOST_MARKS: usize = 64;
/// Bytes beyond match and context that checks look at; whole lines are looked at anyway.
const SLACK: usize = 448;

impl Reach {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let mut reach = Self { near: NEAR, line: NEAR, marks: Vec::new(), linked: Vec::new() };
        for rule in rules.rules() {
            let (whole, context) = (length(rule), context(rules, rule));
            if whole + context <= NEAR {
                continue;
            }
            // What stands in one line is found by the ends of lines.
            if middle_of(rule).is_some_and(|middle| middle + context <= NEAR) {
                reach.line = reach.line.max(whole + context);
                continue;
            }
            let anchors = &rule.gate.anchors;
            // A mark is met beside the token that its rule asks for, so that those must lie close together.
            let is_spread = rule.gate.run as usize > NEAR;
            if is_spread || anchors.is_empty() || anchors.iter().any(|anchor| anchor.nocase) {
                reach.near = reach.near.max(whole + context);
            } else {
                let mark = |text: &[u8]| Mark { text: text.to_vec(), reach: whole + context };
                reach.marks.extend(anchors.iter().map(|anchor| mark(&anchor.text)));
            }
        }
        reach.thin();
        for (rule_idx, rule) in rules.rules().iter().enumerate() {
            let longest = |other: usize| length(rule).max(length(&rules.rules()[other]));
            let is_wide = |other, within: u32| within as usize + longest(other) + SLACK > reach.near;
            let companions = rules.companions(rule_idx).filter(|(other, companion)| is_wide(*other, companion.within));
            reach.linked.extend(companions.flat_map(|(other, _)| [rule_idx, other]));
        }
        reach.linked.sort_unstable();
        reach.linked.dedup();
        reach
    }

    /// Returns the rules, by index and in order, whose finding may depend on another one that stands
    /// farther away than what is near, and those of the other.
    pub fn linked(&self) -> &[usize] {
        &self.linked
    }

    /// Takes one mark for those that begin alike, and leaves out each in which another one
    /// stands; what is left reaches as far. The fewer marks, the faster is the search for them.
    fn thin(&mut self) {
        self.marks.sort();
        self.marks.dedup_by(|next, last| {
            let len = last.text.iter().zip(&next.text).take_while(|(one, other)| one == other).count();
            let is_alike = len >= ALIKE;
            if is_alike {
                last.text.truncate(len);
                last.reach = last.reach.max(next.reach);
            }
            is_alike
        });
        self.marks.sort_by_key(|mark| (mark.text.len(), mark.text.clone()));
        let mut kept: Vec<Mark> = Vec::new();
        for mark in self.marks.drain(..) {
            match kept.iter_mut().find(|short| memchr::memmem::find(&mark.text, &short.text).is_some()) {
                Some(short) => short.reach = short.reach.max(mark.reach),
                None => kept.push(mark),
            }
        }
        // Those that reach least are worth no search of their own.
        kept.sort_by_key(|mark| std::cmp::Reverse(mark.reach));
        for mark in kept.drain(MOST_MARKS.min(kept.len())..) {
            self.near = self.near.max(mark.reach);
        }
        // Of what is near all is looked at anyway.
        kept.retain(|mark| mark.reach > self.near);
        self.marks = kept;
    }

    /// Returns the greatest reach of a mark.
    pub fn far(&self) -> usize {
        self.marks.iter().map(|mark| mark.reach).max().unwrap_or(0)
    }
}

/// The longest match of a rule, with what its checks add to it.
fn length(rule: &Rule) -> usize {
    if rule.gate.driver == Driver::Assigned {
        return LONGEST_ASSIGNMENT;
    }
    let longest = (rule.gate.max_len as usize).min(LONGEST_MATCH);
    let armour = if rule.checks.contains(&Check::Pem) { 2 * PEM_LENGTH } else { 0 };
    longest + armour
}

/// How far from a match stands what else decides about it.
///
/// A companion that must be there is a finding by itself, so a text without any
/// finding holds none; only where it waits for a companion of its own does it count.
fn context(rules: &RuleSet, rule: &Rule) -> usize {
    let waits = |id: &str| rules.find(id).is_some_and(|(_, other)| other.companions.iter().any(|one| one.required));
    let companions = rule.companions.iter().filter(|one| waits(&one.id)).map(|one| one.within as usize);
    (rule.reach as usize).max(companions.max().unwrap_or(0)) + SLACK
}

/// The greatest length from the first to the last line end of a match; none for
/// a rule whose checks go on behind the match.
fn middle_of(rule: &Rule) -> Option<usize> {
    if rule.checks.contains(&Check::Pem) {
        return None;
    }
    let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(&rule.pattern).ok()?;
    Some(lines(&hir).middle.unwrap_or(0))
}

/// How what a piece of syntax matches can be cut by line ends; lengths at most.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// Of all of it.
    whole: usize,
    /// Up to the first line end.
    head: usize,
    /// From the last line end.
    tail: usize,
    /// Between the two; none if there is never a line end.
    middle: Option<usize>,
}

impl Lines {
    fn plain(len: usize) -> Self {
        Self { whole: len, head: len, tail: len, middle: None }
    }

    fn then(self, next: Self) -> Self {
        let whole = self.whole.saturating_add(next.whole);
        match (self.middle, next.middle) {
            (None, None) => Self::plain(whole),
            (None, _) => Self { whole, head: self.whole.saturating_add(next.head), ..next },
            (_, None) => Self { whole, tail: self.tail.saturating_add(next.whole), ..self },
            // Either may do without its line ends.
            (Some(one), Some(other)) => Self {
                whole,
                head: self.head.max(self.whole.saturating_add(next.head)),
                tail: next.tail.max(next.whole.saturating_add(self.tail)),
                middle: Some(one.saturating_add(self.tail).saturating_add(next.head).saturating_add(other)),
            },
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            whole: self.whole.max(other.whole),
            head: self.head.max(other.head),
            tail: self.tail.max(other.tail),
            middle: self.middle.max(other.middle),
        }
    }
}

fn lines(hir: &Hir) -> Lines {
    let all = hir.properties().maximum_len().unwrap_or(LONGEST_MATCH).min(LONGEST_MATCH);
    let broken = Lines { whole: all, head: all, tail: all, middle: Some(all) };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Lines::plain(0),
        HirKind::Literal(literal) if literal.0.iter().any(|byte| is_end(*byte)) => broken,
        HirKind::Class(class) if holds_end(class) => broken,
        HirKind::Literal(_) | HirKind::Class(_) => Lines::plain(all),
        HirKind::Repetition(repetition) if lines(&repetition.sub).middle.is_some() => broken,
        HirKind::Repetition(_) => Lines::plain(all),
        HirKind::Capture(capture) => lines(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(lines).reduce(Lines::then).unwrap_or_default(),
        HirKind::Alternation(parts) => parts.iter().map(lines).reduce(Lines::or).unwrap_or_default(),
    }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn holds_end(class: &Class) -> bool {
    match class {
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .any(|range| [b'\n', b'\r'].iter().any(|end| (range.start()..=range.end()).contains(end))),
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .any(|range| ['\n', '\r'].iter().any(|end| (range.start()..=range.end()).contains(end))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Chunk, Scanner, sample};

    fn middle(pattern: &str) -> Option<usize> {
        lines(&ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).expect("a pattern")).middle
    }

    #[test]
    fn measures_what_lies_between_line_ends() {
        assert_eq!(middle("[a-z]{500}"), None);
        assert_eq!(middle("[^x]{5}"), Some(5));
        // At most: spaces and the colon between, each side counted with either end.
        assert_eq!(middle(r"key[ \n]{0,8}:[ \n]{0,8}[a-z]{4000}"), Some(33));
        assert_eq!(middle(r"a\nb{9}(?:\n|c{20})d"), Some(34));
    }

    #[test]
    fn few_rules_reach_far() {
        let reach = RuleSet::builtin().reach();
        assert!(reach.near <= 2 * NEAR && reach.line < 10_000, "{} {}", reach.near, reach.line);
        assert!(reach.marks.iter().all(|mark| mark.text.len() >= 3), "{:?}", reach.marks);
        assert!(reach.far() > 64 << 10, "armoured keys are long");
    }

    #[test]
    fn a_scan_that_watches_tells_of_rules_with_companions_far_away() {
        let rules = Arc::new(RuleSet::builtin());
        let reach = rules.reach();
        let (rule_idx, rule) = rules.find("aws-temporary-access-key-id").expect("a rule");
        assert!(reach.linked().contains(&rule_idx) && reach.linked().len() < 30, "{:?}", reach.linked());
        let text = sample(rule, 3).0;
        let is_far = |scanner: &Scanner, text: &[u8]| scanner.scan(&Chunk::memory(text)).is_far;
        let scanner = Scanner::new(Arc::clone(&rules));
        assert!(!is_far(&scanner, &text), "nobody asked");
        let scanner = scanner.watch(&reach);
        assert!(is_far(&scanner, &text) && !is_far(&scanner, b"nothing"));
    }
}
