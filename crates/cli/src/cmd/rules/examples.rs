//! Runs the examples of rules, with the gate and without it.

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use leaktight_core::rule::{Example, RuleSource, read_rules};
use leaktight_core::{Chunk, Confidence, Limits, Origin, PACK, Rule, RuleSet, Scanner, fill_example};

use super::{builtin_ids, count, print, setup};
use crate::exit;

/// Samples of its rule that each example is filled with.
const SAMPLES: u64 = 8;
/// Samples of them a match example must be found with: one in many is turned
/// down for its looks, as a real token would be.
const ENOUGH: u64 = 6;

/// Runs the examples of the files, or of the built-in rules.
pub(super) fn test(files: &[PathBuf]) -> anyhow::Result<u8> {
    let texts = if files.is_empty() {
        PACK.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    } else {
        setup::read_texts(&setup::rule_files(files)?)?
    };
    let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut known = builtin_ids();
    let all = read_rules(&named, &known).map_err(|errors| setup::complaints(&errors))?;
    known.extend(all.iter().map(|(rule, _)| rule.id.as_ref()));
    let mut err = io::stderr().lock();
    let (mut n_examples, mut n_failed) = (0, 0);
    for file in &named {
        // Read a second time, because rules don't know their file.
        for (rule, source) in read_rules(&[*file], &known).map_err(|errors| setup::complaints(&errors))? {
            let failures = run(&rule, &source);
            n_examples += source.matches.len() + source.ignore.len();
            n_failed += failures.len();
            for failure in failures {
                writeln!(err, "error: {}: rule `{}`, {failure}", file.0, rule.id)?;
            }
        }
    }
    if n_failed > 0 {
        writeln!(err, "error: {n_failed} of {n_examples} examples fail")?;
        return Ok(exit::USAGE);
    }
    let n_rules = count(all.len(), "rule");
    print(&format!("{n_rules}, {}: all as they should be, with and without the gate\n", count(n_examples, "example")))
}

/// An example that does not come out as its rule says. It tells nothing of the text.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    kind: Kind,
    /// The example's number among those of its kind, from 1.
    number: usize,
    /// Samples the rule found something in, with the gate and without it.
    found: (u64, u64),
    tried: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Match,
    Ignore,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kind == Kind::Match { "match" } else { "ignore" };
        write!(f, "{kind} example {}: ", self.number)?;
        match (self.found, self.tried) {
            ((with, without), tried) if with != without => {
                write!(f, "found in {with} of {tried} samples with the gate, in {without} without it")
            }
            (_, 1) if self.kind == Kind::Ignore => write!(f, "found, and should not be"),
            (_, 1) => write!(f, "not found"),
            ((with, _), tried) => write!(f, "found in {with} of {tried} samples"),
        }
    }
}

/// Runs all examples of a rule and returns those that fail.
pub(super) fn run(rule: &Rule, source: &RuleSource) -> Vec<Failure> {
    let (Some(fast), Some(slow)) = (alone(rule, false), alone(rule, true)) else {
        return Vec::new();
    };
    let of = |kind: Kind, examples: &[Example]| {
        let run = |(idx, example): (usize, &Example)| {
            let texts = fill(rule, &example.text(), kind);
            let found = (n_found(&fast, rule, &texts), n_found(&slow, rule, &texts));
            Failure { kind, number: idx + 1, found, tried: texts.len() as u64 }
        };
        examples.iter().enumerate().map(run).filter(fails).collect::<Vec<_>>()
    };
    [of(Kind::Match, &source.matches), of(Kind::Ignore, &source.ignore)].concat()
}

fn fails(failure: &Failure) -> bool {
    let (with, without) = failure.found;
    let enough = ENOUGH.min(failure.tried);
    with != without || (failure.kind == Kind::Match && with < enough) || (failure.kind == Kind::Ignore && with > 0)
}

/// The texts of an example: one if nothing in it is to be filled in.
fn fill(rule: &Rule, example: &str, kind: Kind) -> Vec<Vec<u8>> {
    let is_filled = kind == Kind::Match && example.contains("{token}");
    let seeds = if is_filled { 1..=SAMPLES } else { 7..=7 };
    seeds.map(|seed| fill_example(rule, example, seed)).collect()
}

/// A scanner for one rule, without its companions, which are other rules.
fn alone(rule: &Rule, exhaustive: bool) -> Option<Scanner> {
    let mut rule = rule.clone();
    rule.companions = Vec::new().into();
    let mut limits = Limits::default();
    limits.exhaustive = exhaustive;
    // Rules that were read compile; one that grows too large was an error before.
    Some(Scanner::with_limits(Arc::new(RuleSet::from_rules(vec![rule]).ok()?), limits))
}

fn n_found(scanner: &Scanner, rule: &Rule, texts: &[Vec<u8>]) -> u64 {
    let name = rule.files.first().map_or("text.txt".to_owned(), |name| name.replace('*', "x"));
    let origin = Arc::new(Origin::File(name.into()));
    let least = rule.confidence.min(Confidence::Medium);
    let is_found = |text: &&Vec<u8>| {
        let scan = scanner.scan(&Chunk::new(text, Arc::clone(&origin)));
        scan.findings.iter().any(|finding| finding.confidence >= least)
    };
    texts.iter().filter(is_found).count() as u64
}
