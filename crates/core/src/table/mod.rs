//! What the gate looks for, gathered from all the rules of a set.
//!
//! This module is also compiled into the build script, which turns the tables
//! of the built-in pack into constants: to build them takes longer than to scan
//! a small file.

mod frequency;
mod literal;
mod margin;
mod teddy;

use std::borrow::Cow;
use std::collections::HashMap;

pub(crate) use self::literal::{Entry, Literal, LiteralTable, Windows};
#[cfg(target_arch = "x86_64")]
pub(crate) use self::literal::{FACTOR, LETTER, Set, WORD_BITS};
pub(crate) use self::margin::{Margin, Margins, tier};
use self::teddy::Plan;
#[cfg(target_arch = "x86_64")]
pub(crate) use self::teddy::SHIFT;
pub(crate) use self::teddy::{Teddy, WINDOW};
use crate::rule::{Check, Driver, List, NAME_WORDS, Rule};

/// The greatest length of a match that is looked for, in bytes: patterns
/// without a bound of their own are held to it.
pub(crate) const LONGEST_MATCH: usize = 64 << 10;

/// How far the body of an armoured key may extend, in bytes.
pub(crate) const PEM_LENGTH: usize = 32 << 10;

/// Bytes that an assignment may take at most: the name, what joins it to its value, and the value.
pub(crate) const LONGEST_ASSIGNMENT: usize = 1536;

/// Distinct literals beyond which the text search is left to aho-corasick: the
/// buckets of the vector search let too much pass by then, though most literals
/// share their windows with others.
const TEDDY_LITERALS: usize = 320;

/// The searches of a rule set.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) literals: List<Literal>,
    /// The uses of each literal, by its index.
    pub(crate) uses: List<List<Use>>,
    /// Literals and context words that count near runs.
    pub(crate) near: LiteralTable,
    /// Literals that start a token, entered by their first bytes.
    pub(crate) prefixes: LiteralTable,
    /// Literals that count anywhere.
    pub(crate) text: LiteralTable,
    pub(crate) teddy: Teddy,
    /// The same where there are too many for vectors: literals by their indices,
    /// to be left to aho-corasick.
    pub(crate) crowd: List<u32>,
    /// How far round a run to look.
    pub(crate) margins: Margins,
    /// Rules for the values of assignments.
    pub(crate) assigned: Assigned,
    /// Rules that nothing leads to.
    pub(crate) whole: List<u32>,
    /// Bytes by which parts of a split text must overlap.
    pub(crate) overlap: usize,
}

/// Rules for the values of assignments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assigned {
    /// Those that any assignment may concern.
    pub(crate) generic: List<u32>,
    /// The context words of the others.
    pub(crate) words: LiteralTable,
    /// How far before and after an assignment to look for such a word.
    pub(crate) reach: usize,
    /// The lengths of values that those could be about, as bits.
    pub(crate) lengths: List<u64>,
}

impl Assigned {
    /// Returns whether a rule may name the owner of a value of this length.
    pub(crate) fn has_owners(&self, len: usize) -> bool {
        len >= 8 && self.lengths.get(len / 64).is_some_and(|word| word >> (len % 64) & 1 != 0)
    }

    /// Notes the lengths of the values of a rule.
    fn admit(&mut self, shortest: usize, longest: usize) {
        let lengths = self.lengths.to_mut();
        lengths.resize(LONGEST_ASSIGNMENT / 64, 0);
        for len in shortest..=longest.min(LONGEST_ASSIGNMENT - 1) {
            lengths[len / 64] |= 1 << (len % 64);
        }
    }

    /// Returns whether there is no such rule.
    pub(crate) fn is_empty(&self) -> bool {
        self.generic.is_empty() && self.reach == 0
    }
}

/// One use of a literal by a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// Part of the match, at these offsets from its start; which of the rule's anchors it is.
    Anchor { rule_idx: u32, anchor_idx: u32, min: u32, max: u32 },
    /// A context word; the run near by is the place.
    Context { rule_idx: u32 },
    /// A context word; any place near it is.
    Around { rule_idx: u32 },
    /// A context word; an assignment near by is the place.
    Owner { rule_idx: u32 },
    /// A part of a name: an assignment may follow.
    Name,
}

/// Gathers literals without repeating any.
#[derive(Default)]
struct Gather {
    known: HashMap<(Vec<u8>, bool), u32>,
    literals: Vec<Literal>,
    uses: Vec<Vec<Use>>,
    near: Vec<u32>,
    prefixes: Vec<u32>,
    text: Vec<u32>,
    owners: Vec<u32>,
    assigned: Assigned,
}

impl Gather {
    /// Enters a literal and returns its index.
    fn add(&mut self, text: &[u8], nocase: bool, one: Use) -> u32 {
        let next = self.literals.len() as u32;
        let idx = *self.known.entry((text.to_vec(), nocase)).or_insert(next);
        if idx == next {
            self.literals.push(Literal::new(text, nocase));
            self.uses.push(Vec::new());
        }
        self.uses[idx as usize].push(one);
        idx
    }
}

impl Tables {
    /// Gathers the searches of rules.
    ///
    /// More rounds of planning make the search of text faster, and take longer.
    pub(crate) fn new(rules: &[Rule], rounds: usize) -> Self {
        let mut gather = Gather::default();
        let mut margins = Margins::default();
        let mut whole = Vec::new();
        for (idx, rule) in rules.iter().enumerate() {
            let rule_idx = idx as u32;
            add_rule(&mut gather, rule, rule_idx);
            margins.cover(rule);
            if rule.gate.driver == Driver::Whole {
                whole.push(rule_idx);
            }
        }
        if !gather.assigned.is_empty() {
            add_names(&mut gather);
        }
        Self::assemble(gather, margins, whole, (overlap(rules), rounds))
    }

    fn assemble(mut gather: Gather, margins: Margins, whole: Vec<u32>, (overlap, rounds): (usize, usize)) -> Self {
        for list in [&mut gather.near, &mut gather.prefixes, &mut gather.text, &mut gather.owners] {
            list.sort_unstable();
            list.dedup();
        }
        let literals = gather.literals;
        let of = |list: &[u32]| list.iter().map(|idx| (*idx, &literals[*idx as usize])).collect::<Vec<_>>();
        let near = LiteralTable::new(&of(&gather.near));
        let prefixes = LiteralTable::of_prefixes(&of(&gather.prefixes));
        let crowded = gather.text.len() > TEDDY_LITERALS;
        let in_text = if crowded { Vec::new() } else { of(&gather.text) };
        let texts: Vec<&[u8]> = in_text.iter().map(|(_, literal)| &*literal.text).collect();
        let plan = Plan::new(&texts, rounds);
        let windows = in_text.iter().zip(plan.windows()).map(|((idx, literal), at)| ((*idx, at), &*literal.text));
        let (text, teddy) = (LiteralTable::of(windows), plan.teddy());
        let crowd = Cow::Owned(if crowded { gather.text } else { Vec::new() });
        let assigned = Assigned { words: LiteralTable::new(&of(&gather.owners)), ..gather.assigned };
        let uses = Cow::Owned(gather.uses.into_iter().map(Cow::Owned).collect());
        let (literals, whole) = (Cow::Owned(literals), Cow::Owned(whole));
        Self { near, prefixes, text, teddy, crowd, margins, assigned, whole, overlap, uses, literals }
    }
}

/// Enters a rule for the values of assignments.
fn add_assigned(gather: &mut Gather, rule: &Rule, rule_idx: u32) {
    if rule.context.is_empty() {
        gather.assigned.generic.to_mut().push(rule_idx);
        return;
    }
    for word in &*rule.context {
        let idx = gather.add(word.as_bytes(), true, Use::Owner { rule_idx });
        gather.owners.push(idx);
    }
    gather.assigned.reach = gather.assigned.reach.max(rule.reach as usize);
    gather.assigned.admit(rule.gate.min_len as usize, rule.gate.max_len as usize);
}

/// Enters the parts of names that lead to assignments.
fn add_names(gather: &mut Gather) {
    for word in NAME_WORDS {
        let idx = gather.add(word.as_bytes(), true, Use::Name);
        gather.text.push(idx);
    }
}

fn add_rule(gather: &mut Gather, rule: &Rule, rule_idx: u32) {
    let gate = &rule.gate;
    if gate.driver == Driver::Assigned {
        return add_assigned(gather, rule, rule_idx);
    }
    let near = matches!(gate.driver, Driver::Core | Driver::Run | Driver::Wide);
    for (anchor_idx, anchor) in gate.anchors.iter().enumerate() {
        let one = Use::Anchor { rule_idx, anchor_idx: anchor_idx as u32, min: anchor.min, max: anchor.max };
        let idx = gather.add(&anchor.text, anchor.nocase, one);
        if near { &mut gather.near } else { &mut gather.text }.push(idx);
        if gate.driver == Driver::Run && !gate.digit {
            gather.prefixes.push(idx);
        }
    }
    if gate.anchors.is_empty() && gate.driver != Driver::Whole {
        for word in &*rule.context {
            let one = if near { Use::Context { rule_idx } } else { Use::Around { rule_idx } };
            let idx = gather.add(word.as_bytes(), true, one);
            if near { &mut gather.near } else { &mut gather.text }.push(idx);
        }
    }
}

fn overlap(rules: &[Rule]) -> usize {
    let of = |rule: &Rule| {
        let longest = (rule.gate.max_len as usize).min(LONGEST_MATCH);
        let companion = rule.companions.iter().map(|one| one.within as usize).max().unwrap_or(0);
        let pem = if rule.checks.contains(&Check::Pem) { PEM_LENGTH } else { 0 };
        let longest = if rule.gate.driver == Driver::Assigned { LONGEST_ASSIGNMENT } else { longest };
        longest + pem + (rule.reach as usize).max(companion) + 64
    };
    rules.iter().map(of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::ruleset::RuleSet;

    #[test]
    fn the_built_in_rules_leave_vectors_room() {
        let tables = RuleSet::builtin();
        assert!(tables.tables().crowd.is_empty(), "their text is searched by vectors");
    }
}
