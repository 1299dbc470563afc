//! What the gate looks for, gathered from all the rules of a set.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;

use super::classify::Teddy;
use super::literals::{Literal, LiteralTable, grams};
use super::runs::{Kind, Run};
use crate::assign;
use crate::rule::{Driver, NAME_WORDS, Rule};
use crate::ruleset::LONGEST_MATCH;
use crate::span::Span;

/// Distinct literals beyond which the text search is left to aho-corasick: the
/// eight buckets of the vector search let too much pass by then.
const TEDDY_LITERALS: usize = 192;

/// The searches of a rule set.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(super) literals: Vec<Literal>,
    /// The uses of each literal, by its index.
    pub(super) uses: Vec<Vec<Use>>,
    /// Literals and context words that count near runs.
    pub(super) near: LiteralTable,
    /// Literals that start a token, entered by their first bytes.
    pub(super) prefixes: LiteralTable,
    /// Literals that count anywhere.
    pub(super) text: TextSearch,
    pub(super) teddy: Teddy,
    /// How far round a run to look.
    pub(super) margins: Margins,
    /// Rules for the values of assignments.
    pub(super) assigned: Assigned,
    /// Rules that nothing leads to.
    pub(super) whole: Vec<u32>,
    /// Bytes by which parts of a split text must overlap.
    pub(crate) overlap: usize,
}

/// The search for literals that count anywhere in the text.
#[derive(Debug)]
pub(super) enum TextSearch {
    /// Behind the vector search for their windows.
    Teddy(LiteralTable),
    /// For many literals; the patterns are literals by their index in the second part.
    Corasick(Box<AhoCorasick>, Vec<u32>),
}

/// How far to look round runs of each kind: the shorter and the less random a
/// run, the fewer rules can match there, and the less of the text is searched.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Margins {
    core: [Margin; TIERS.len() + 1],
    hot: [Margin; TIERS.len() + 1],
    wide: Margin,
}

/// Lengths at which more rules begin to count.
const TIERS: [usize; 3] = [20, 24, 32];

fn tier(len: usize) -> usize {
    TIERS.iter().filter(|tier| len >= **tier).count()
}

impl Margins {
    /// Returns how far to look round a run.
    pub(super) fn of(&self, run: Run) -> Margin {
        match run.kind {
            Kind::Core => self.core[tier(run.len())],
            Kind::Hot => self.hot[tier(run.len())],
            Kind::Cold => Margin::default(),
            Kind::Wide => self.wide,
        }
    }

    /// Makes room for a rule that is reached at runs.
    fn cover(&mut self, rule: &Rule) {
        let gate = &rule.gate;
        let (before, after) = if gate.anchors.is_empty() {
            (gate.lead.saturating_add(rule.reach), gate.trail.saturating_add(rule.reach / 2 + LONGEST_WORD))
        } else {
            (gate.before, gate.after)
        };
        let tiers = tier(gate.run as usize)..;
        match gate.driver {
            Driver::Core => self.core[tiers].iter_mut().for_each(|margin| margin.cover(before, after)),
            Driver::Run => {
                let both = self.core[tiers.clone()].iter_mut().chain(&mut self.hot[tiers]);
                both.for_each(|margin| margin.cover(before, after));
            }
            Driver::Wide => self.wide.cover(before, after),
            Driver::Text | Driver::Assigned | Driver::Whole => {}
        }
    }
}

/// Bytes before and after a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Margin {
    pub(super) before: usize,
    pub(super) after: usize,
}

impl Margin {
    fn cover(&mut self, before: u32, after: u32) {
        self.before = self.before.max(before as usize).min(LONGEST_MATCH);
        self.after = self.after.max(after as usize).min(LONGEST_MATCH);
    }
}

/// Rules for the values of assignments.
#[derive(Debug, Default)]
pub(super) struct Assigned {
    /// Those that any assignment may concern.
    pub(super) generic: Vec<u32>,
    /// The context words of the others.
    pub(super) words: LiteralTable,
    /// How far before and after an assignment to look for such a word.
    pub(super) reach: usize,
}

impl Assigned {
    /// Returns whether there is no such rule.
    pub(super) fn is_empty(&self) -> bool {
        self.generic.is_empty() && self.reach == 0
    }
}

/// One use of a literal by a rule.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    /// Part of the match, at these offsets from its start.
    Anchor { rule_idx: u32, min: u32, max: u32 },
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
    pub(crate) fn new(rules: &[Rule]) -> Self {
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
        Self::assemble(gather, margins, whole, overlap(rules))
    }

    /// The rules of which a context word stands near an assignment, each once.
    pub(super) fn owners(&self, bytes: &[u8], whole: Span) -> Vec<u32> {
        if self.assigned.reach == 0 {
            return Vec::new();
        }
        let from = whole.start.saturating_sub(self.assigned.reach);
        let to = (whole.end + self.assigned.reach / 2).min(bytes.len());
        let (mut places, mut owners) = (Vec::new(), Vec::new());
        self.assigned.words.sieve(bytes, from, to, &mut places);
        for at in places {
            self.assigned.words.find_at(bytes, at, |literal, start| {
                if self.literals[literal as usize].is_at(bytes, start) {
                    owners.extend(self.uses[literal as usize].iter().filter_map(|one| match one {
                        Use::Owner { rule_idx } => Some(*rule_idx),
                        _ => None,
                    }));
                }
            });
        }
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    fn assemble(mut gather: Gather, margins: Margins, whole: Vec<u32>, overlap: usize) -> Self {
        for list in [&mut gather.near, &mut gather.prefixes, &mut gather.text, &mut gather.owners] {
            list.sort_unstable();
            list.dedup();
        }
        let literals = gather.literals;
        let of = |list: &[u32]| list.iter().map(|idx| (*idx, &literals[*idx as usize])).collect::<Vec<_>>();
        let near = LiteralTable::new(&of(&gather.near));
        let prefixes = LiteralTable::of_prefixes(&of(&gather.prefixes));
        let (text, teddy) = if gather.text.len() <= TEDDY_LITERALS {
            let grams = grams(&of(&gather.text));
            let windows: Vec<&[u8]> = grams.iter().map(|one| one.bytes.as_slice()).collect();
            (TextSearch::Teddy(LiteralTable::of_grams(&grams)), Teddy::new(&windows))
        } else {
            (corasick(&literals, &gather.text), Teddy::new(&[]))
        };
        let assigned = Assigned { words: LiteralTable::new(&of(&gather.owners)), ..gather.assigned };
        Self { near, prefixes, text, teddy, margins, assigned, whole, overlap, uses: gather.uses, literals }
    }
}

/// The longest context word counts as this many bytes when a margin is laid.
const LONGEST_WORD: u32 = 32;

/// Enters a rule for the values of assignments.
fn add_assigned(gather: &mut Gather, rule: &Rule, rule_idx: u32) {
    if rule.context.is_empty() {
        gather.assigned.generic.push(rule_idx);
        return;
    }
    for word in &*rule.context {
        let idx = gather.add(word.as_bytes(), true, Use::Owner { rule_idx });
        gather.owners.push(idx);
    }
    gather.assigned.reach = gather.assigned.reach.max(rule.reach as usize);
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
    for anchor in &*gate.anchors {
        let one = Use::Anchor { rule_idx, min: anchor.min, max: anchor.max };
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

fn corasick(literals: &[Literal], list: &[u32]) -> TextSearch {
    let patterns = list.iter().map(|idx| &literals[*idx as usize].text);
    let search = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(patterns)
        .expect("the literals of a rule set are far fewer and shorter than an automaton can hold");
    TextSearch::Corasick(Box::new(search), list.to_vec())
}

fn overlap(rules: &[Rule]) -> usize {
    let of = |rule: &Rule| {
        let longest = (rule.gate.max_len as usize).min(LONGEST_MATCH);
        let companion = rule.companions.iter().map(|one| one.within as usize).max().unwrap_or(0);
        let pem = if rule.checks.contains(&crate::rule::Check::Pem) { crate::check::PEM_LENGTH } else { 0 };
        let longest = if rule.gate.driver == Driver::Assigned { assign::LONGEST } else { longest };
        longest + pem + (rule.reach as usize).max(companion) + 64
    };
    rules.iter().map(of).max().unwrap_or(0)
}
