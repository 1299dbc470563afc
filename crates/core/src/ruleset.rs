//! Rules that belong together, compiled.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex_automata::meta::Regex;
use regex_syntax::hir::{Hir, HirKind};

use crate::check;
use crate::reach::Reach;
use crate::rule::{Anchor, Text};
use crate::rule::{
    Boundary, ByteSet, Check, Companion, Confidence, Driver, Follow, Gate, Rule, RuleError, Severity, Tag, read_rules,
};
use crate::scan;
use crate::table::{Assigned, Entry, Literal, LiteralTable, Margin, Margins, Tables, Teddy, Use, Windows};

static BUILTIN: &[Rule] = include!(concat!(env!("OUT_DIR"), "/pack.rs"));

/// The searches of the built-in rules.
static TABLES: Tables = include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// Bytes of a compiled pattern, at most; a larger one is an error of the rule.
const PATTERN_SIZE: usize = 8 << 20;

/// Rules, compiled once and never changed.
///
/// Patterns are compiled one by one when they are first needed.
pub struct RuleSet {
    rules: Cow<'static, [Rule]>,
    patterns: Vec<OnceLock<Option<Regex>>>,
    tables: Cow<'static, Tables>,
    /// The search for literals where they crowd, built when first needed.
    crowd: OnceLock<AhoCorasick>,
    companions: Vec<Vec<usize>>,
    /// What the files of each rule end in, as bits, gathered when first needed.
    ends: OnceLock<Vec<u128>>,
    overrides: HashMap<usize, Override>,
}

/// What configuration changes about a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// Do not report findings of the rule.
    pub off: bool,
    /// The severity to report.
    pub severity: Option<Severity>,
    /// The confidence of a plain match.
    pub confidence: Option<Confidence>,
}

impl RuleSet {
    /// Returns the built-in rules.
    pub fn builtin() -> Self {
        Self::compile(Cow::Borrowed(BUILTIN), Cow::Borrowed(&TABLES))
    }

    /// Returns the built-in rules, without compiling any.
    pub fn pack() -> &'static [Rule] {
        BUILTIN
    }

    /// Returns the rules of the files, given as names and texts.
    ///
    /// # Errors
    ///
    /// Returns every error of the files; then no rule is compiled.
    pub fn from_files(files: &[(&str, &str)]) -> Result<Self, Vec<RuleError>> {
        let rules: Vec<Rule> = read_rules(files, &[])?.into_iter().map(|(rule, _)| rule).collect();
        Self::from_rules(rules).map_err(|err| vec![err])
    }

    /// Returns the built-in rules and those of the files; a rule of the files
    /// takes the place of a built-in one of the same id.
    ///
    /// # Errors
    ///
    /// Returns every error of the files; then no rule is compiled.
    pub fn extended(files: &[(&str, &str)]) -> Result<Self, Vec<RuleError>> {
        let known: Vec<&str> = BUILTIN.iter().map(|rule| rule.id.as_ref()).collect();
        let added: Vec<Rule> = read_rules(files, &known)?.into_iter().map(|(rule, _)| rule).collect();
        let kept = BUILTIN.iter().filter(|rule| added.iter().all(|other| other.id != rule.id));
        let rules = kept.cloned().chain(added.iter().cloned()).collect();
        Self::from_rules(rules).map_err(|err| vec![err])
    }

    /// Returns a set of these rules.
    ///
    /// # Errors
    ///
    /// Returns the first rule whose pattern is too large to compile.
    pub fn from_rules(rules: Vec<Rule>) -> Result<Self, RuleError> {
        let tables = Tables::new(&rules, 0);
        let set = Self::compile(Cow::Owned(rules), Cow::Owned(tables));
        let failed = (0..set.rules.len()).find(|idx| set.pattern(*idx).is_none());
        match failed {
            Some(idx) => Err(RuleError {
                file: String::new(),
                line: 0,
                column: 0,
                rule: Some(set.rules[idx].id.clone().into_owned()),
                message: format!("has a pattern that compiles to more than {} MiB", PATTERN_SIZE >> 20),
            }),
            None => Ok(set),
        }
    }

    /// Adds rules without a pattern, see [`Rule::parsed`]; one whose id is taken is left out.
    #[must_use]
    pub fn with_parsed(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut all = self.rules.into_owned();
        for rule in rules {
            if all.iter().all(|other| other.id != rule.id) {
                self.patterns.push(OnceLock::new());
                self.companions.push(Vec::new());
                all.push(rule);
            }
        }
        self.rules = Cow::Owned(all);
        self.ends = OnceLock::new();
        self
    }

    fn compile(rules: Cow<'static, [Rule]>, tables: Cow<'static, Tables>) -> Self {
        let by_id: HashMap<&str, usize> = if rules.iter().any(|rule| !rule.companions.is_empty()) {
            rules.iter().enumerate().map(|(idx, rule)| (rule.id.as_ref(), idx)).collect()
        } else {
            HashMap::new()
        };
        let companions = rules
            .iter()
            .map(|rule| rule.companions.iter().filter_map(|one| by_id.get(one.id.as_ref()).copied()).collect())
            .collect();
        Self {
            tables,
            crowd: OnceLock::new(),
            patterns: (0..rules.len()).map(|_| OnceLock::new()).collect(),
            companions,
            ends: OnceLock::new(),
            rules,
            overrides: HashMap::new(),
        }
    }

    /// Returns the number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Returns whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Returns the rules, in the order of their files.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns a rule by its index.
    ///
    /// # Panics
    ///
    /// Panics when there are not so many rules.
    pub fn rule(&self, rule_idx: usize) -> &Rule {
        &self.rules[rule_idx]
    }

    /// Returns a rule and its index by id.
    pub fn find(&self, id: &str) -> Option<(usize, &Rule)> {
        self.rules.iter().enumerate().find(|(_, rule)| rule.id == id)
    }

    /// Changes what is reported of the rule `id`; returns whether there is such a rule.
    pub fn adjust(&mut self, id: &str, change: Override) -> bool {
        let Some((idx, _)) = self.find(id) else { return false };
        self.overrides.insert(idx, change);
        true
    }

    /// Returns what configuration changes about a rule.
    pub fn adjusted(&self, rule_idx: usize) -> Override {
        if self.overrides.is_empty() {
            return Override::default();
        }
        self.overrides.get(&rule_idx).copied().unwrap_or_default()
    }

    /// Returns how far apart bytes may be that a single finding depends on:
    /// parts of a split text must overlap by as much.
    pub fn overlap(&self) -> usize {
        self.tables.overlap
    }

    /// Returns how far a change of text can change what is found round it.
    pub fn reach(&self) -> Reach {
        Reach::new(self)
    }

    /// Returns the path of a file in which the rules find what they find in
    /// every file of this name; there are far fewer of them than of names.
    ///
    /// Where a rule is confined to folders the path lies in one of them, so that
    /// more may be found in it, never less.
    pub fn stand_in(&self, name: &str) -> String {
        let patterns = self.rules.iter().flat_map(|rule| rule.files.iter());
        let split =
            |pattern: &'_ str| pattern.rsplit_once('/').map(|(folder, last)| (folder.to_owned(), last.to_owned()));
        let named = patterns.map(|pattern| split(pattern).unwrap_or((String::new(), pattern.to_string())));
        let named: Vec<(String, String)> = named.collect();
        let folders = |name: &str| {
            let fits = |last: &str| scan::wildcard(last.as_bytes(), name.as_bytes());
            named.iter().filter(|(_, last)| fits(last)).map(|(folder, _)| folder.clone()).max()
        };
        match folders(name) {
            Some(folder) if !folder.is_empty() => format!("{folder}/{name}"),
            None => Some(check::kind_of(name)).filter(|kind| folders(kind).is_none()).unwrap_or(name.to_owned()),
            Some(_) => name.to_owned(),
        }
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The search for all the literals of a set that has too many for vectors.
    pub(crate) fn crowd(&self) -> &AhoCorasick {
        self.crowd.get_or_init(|| {
            let patterns = self.tables.crowd.iter().map(|idx| &self.tables.literals[*idx as usize].text);
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(patterns)
                .expect("the literals of a rule set are far fewer and shorter than an automaton can hold")
        })
    }

    /// The companions of a rule that exist, with their indices.
    pub(crate) fn companions(&self, rule_idx: usize) -> impl Iterator<Item = (usize, &Companion)> {
        self.companions[rule_idx].iter().copied().zip(self.rules[rule_idx].companions.iter())
    }

    /// Whether a rule may be about a file whose path ends in three bytes, which turns most down.
    pub(crate) fn may_end(&self, rule_idx: usize, end: [u8; END]) -> bool {
        let of = |files: &[Text]| files.iter().fold(0, |ends, pattern| ends | end_of(pattern.as_bytes()));
        let ends = self.ends.get_or_init(|| self.rules.iter().map(|rule| of(&rule.files)).collect());
        ends[rule_idx] & bit_of(end) != 0
    }

    /// The compiled pattern of a rule; none when it grows too large.
    pub(crate) fn pattern(&self, rule_idx: usize) -> Option<&Regex> {
        self.patterns[rule_idx].get_or_init(|| compile_pattern(&self.rules[rule_idx])).as_ref()
    }
}

/// Bytes of the ends of paths that are told apart.
pub(crate) const END: usize = 3;

/// One of 128 bits for the end of a path, in any case.
fn bit_of(end: [u8; END]) -> u128 {
    1 << (end.iter().fold(0_u32, |hash, byte| hash * 31 + u32::from(byte.to_ascii_lowercase())) % u128::BITS)
}

/// The bit of the end of a pattern of file names, all if a star stands there.
fn end_of(pattern: &[u8]) -> u128 {
    match pattern.last_chunk::<END>() {
        Some(end) if !end.contains(&b'*') => bit_of(*end),
        _ => u128::MAX,
    }
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleSet({} rules)", self.rules.len())
    }
}

fn compile_pattern(rule: &Rule) -> Option<Regex> {
    // The boundary belongs to the expression, so that an alternative that ends
    // too early gives way to a longer one.
    let end = match rule.gate.driver {
        Driver::Assigned => r"\z",
        _ if rule.boundary.at_end() => r"\b{end-half}",
        _ => "",
    };
    let pattern = format!("(?:{}){end}", rule.pattern);
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&pattern).ok()?;
    Regex::builder()
        .configure(
            Regex::config()
                .utf8_empty(false)
                .nfa_size_limit(Some(PATTERN_SIZE))
                .onepass_size_limit(Some(256 << 10))
                // A lazy DFA turns most candidates down before a slower engine
                // has to look for the group.
                .hybrid(true)
                .hybrid_cache_capacity(1 << 19)
                .dfa(false),
        )
        .build_from_hir(&if starts_fixed(rule) { loosened(hir) } else { hir })
        .ok()
}

/// Whether the gate knows where a match starts, so that the window holds it to its greatest length.
fn starts_fixed(rule: &Rule) -> bool {
    let gate = &rule.gate;
    let is_fixed = !gate.anchors.is_empty() && gate.anchors.iter().all(|anchor| anchor.min == anchor.max);
    is_fixed || gate.driver == Driver::Assigned
}

/// The greatest bound of a repetition that is compiled as such.
const MAX_BOUND: u32 = 64;

/// Takes the bounds off long repetitions, which cost a state for each count.
fn loosened(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Repetition(mut one) => {
            if one.max.is_some_and(|max| max > MAX_BOUND && max > one.min) {
                one.max = None;
            }
            one.sub = Box::new(loosened(*one.sub));
            Hir::repetition(one)
        }
        HirKind::Capture(mut group) => {
            group.sub = Box::new(loosened(*group.sub));
            Hir::capture(group)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(loosened).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(loosened).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_is_judged_like_the_name() {
        let rules = RuleSet::builtin();
        let stand_in = |name| rules.stand_in(name);
        assert_eq!([stand_in("Main.PY"), stand_in(".env.local"), stand_in("Dockerfile")], ["x.py", "x.ini", "x.conf"]);
        assert_eq!([stand_in("id_rsa"), stand_in("production.key")], ["id_rsa", "config/credentials/production.key"]);
    }
}
