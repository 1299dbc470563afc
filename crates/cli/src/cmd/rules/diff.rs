//! `rules diff`: what a change of rules gains and loses on the same files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use leaktight_context::Attacks;
use leaktight_core::rule::read_rules;
use leaktight_core::{Confidence, Finding, Limits, Origin, RuleSet, Scanner};
use leaktight_fs::{Tree, WalkOptions};

use super::{builtin_ids, count, print, setup};
use crate::args::RulesDiff;
use crate::collect::{Collector, Least};
use crate::interrupt::Interrupt;
use crate::report::Coverage;
use crate::term::{escape, escape_path};
use crate::{Hint, exit, progress};

/// The name that stands for the built-in rules.
const BUILTIN: &str = "builtin";

/// Scans the same files with both sets of rules, and prints how they differ.
pub(super) fn run(args: &RulesDiff) -> anyhow::Result<u8> {
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let sets = [rules(&args.old)?, rules(&args.new)?];
    let mut scans = Vec::new();
    for set in sets {
        scans.push(scan(set, &args.on, &interrupt)?);
        if let Some(code) = interrupt.code() {
            return Ok(code);
        }
    }
    let [(old, seen), (new, _)] = &scans[..] else { unreachable!("two sets were scanned with") };
    let diff = Diff::of(old, new);
    let mut text = diff.table();
    diff.list(&mut text, args.limit);
    let _ = writeln!(text, "{}", diff.summary(seen));
    for (_, coverage) in &scans {
        gaps(&mut text, coverage);
    }
    print(&text)?;
    let complete = scans.iter().all(|(_, coverage)| coverage.is_complete() && coverage.capped == 0);
    Ok(if complete { exit::CLEAN } else { exit::INCOMPLETE })
}

/// The rules of a file or a folder alone, or the built-in ones.
fn rules(place: &Path) -> anyhow::Result<RuleSet> {
    if place.as_os_str() == BUILTIN {
        return Ok(RuleSet::builtin());
    }
    let texts = setup::read_texts(&setup::rule_files(&[place.to_owned()])?)?;
    let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let read = read_rules(&named, &builtin_ids()).map_err(|errors| setup::complaints(&errors))?;
    let rules = read.into_iter().map(|(rule, _)| rule).collect();
    RuleSet::from_rules(rules).map_err(|err| setup::complaints(&[err]))
}

/// All findings of the files, whatever ignore files and marks say about them.
fn scan(rules: RuleSet, paths: &[PathBuf], interrupt: &Interrupt) -> anyhow::Result<(Vec<Finding>, Coverage)> {
    let mut limits = Limits::default();
    limits.inline_allow = false;
    let attacks = setup::attacks();
    let scanner = Scanner::with_limits(setup::share(rules.with_parsed(Attacks::rules()))?, limits);
    let mut options = WalkOptions::default();
    options.no_ignore = true;
    options.overlap = scanner.rules().overlap();
    let tree = Tree::new(paths, options).map_err(|err| Hint::of_tree(&err))?;
    let collector = Collector::new((&scanner, &attacks), interrupt, Least::ALL);
    progress::during(true, || collector.progress(), || collector.drive(&tree));
    let (findings, _, coverage) = collector.finish();
    Ok((findings, coverage))
}

/// What a finding is known by on both sides.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
struct Key<'a> {
    rule_id: &'a str,
    origin: &'a Origin,
    offset: u64,
    len: usize,
}

/// The findings of both sides, and how they differ.
struct Diff<'a> {
    old: BTreeMap<Key<'a>, &'a Finding>,
    new: BTreeMap<Key<'a>, &'a Finding>,
}

impl<'a> Diff<'a> {
    fn of(old: &'a [Finding], new: &'a [Finding]) -> Self {
        Self { old: keyed(old), new: keyed(new) }
    }

    fn gained(&self) -> impl Iterator<Item = (&Key<'a>, &&'a Finding)> {
        self.new.iter().filter(|(key, _)| !self.old.contains_key(key))
    }

    fn lost(&self) -> impl Iterator<Item = (&Key<'a>, &&'a Finding)> {
        self.old.iter().filter(|(key, _)| !self.new.contains_key(key))
    }

    /// Findings of both sides, with the confidence each gives them, where these differ.
    fn changed(&self) -> impl Iterator<Item = (&Key<'a>, Confidence, &&'a Finding)> {
        let both = self.new.iter().filter_map(|(key, new)| Some((key, self.old.get(key)?.confidence, new)));
        both.filter(|(_, old, new)| *old != new.confidence)
    }

    /// One line for each rule whose findings differ.
    fn table(&self) -> String {
        let mut rows: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
        let mut tally = |key: &Key<'a>, column: usize| rows.entry(key.rule_id).or_default()[column] += 1;
        self.old.keys().for_each(|key| tally(key, 0));
        self.new.keys().for_each(|key| tally(key, 1));
        self.gained().for_each(|(key, _)| tally(key, 2));
        self.lost().for_each(|(key, _)| tally(key, 3));
        self.changed().for_each(|(key, ..)| tally(key, 4));
        rows.retain(|_, row| row[2..].iter().any(|n| *n > 0));
        let mut text = String::new();
        if rows.is_empty() {
            return text;
        }
        let width = rows.keys().map(|id| id.len()).max().unwrap_or(0).max(4);
        let _ = writeln!(
            text,
            "{:width$}  {:>7}  {:>7}  {:>7}  {:>7}  {:>7}",
            "rule", "old", "new", "gained", "lost", "changed"
        );
        for (id, [old, new, gained, lost, changed]) in rows {
            let _ = writeln!(text, "{id:width$}  {old:7}  {new:7}  {gained:7}  {lost:7}  {changed:7}");
        }
        text
    }

    /// The findings that differ, at most so many of each kind.
    fn list(&self, text: &mut String, limit: usize) {
        let gained = self.gained().map(|(_, finding)| line('+', finding, None)).collect();
        let lost = self.lost().map(|(_, finding)| line('-', finding, None)).collect();
        let changed = self.changed().map(|(_, old, finding)| line('~', finding, Some(old))).collect();
        for (what, lines) in [("gained", gained), ("lost", lost), ("changed", changed)] {
            let lines: Vec<String> = lines;
            if lines.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n{what}:");
            lines.iter().take(limit).for_each(|line| text.push_str(line));
            if lines.len() > limit {
                let _ = writeln!(text, "... and {} more", lines.len() - limit);
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
    }

    fn summary(&self, seen: &Coverage) -> String {
        let (found, gone) = (n_places(self.gained(), &self.old), n_places(self.lost(), &self.new));
        format!(
            "{} scanned: {} gained, {} lost, {} changed; {} newly found, {} no longer",
            count(usize::try_from(seen.scanned).unwrap_or(usize::MAX), "file"),
            self.gained().count(),
            self.lost().count(),
            self.changed().count(),
            count(found, "place"),
            count(gone, "place"),
        )
    }
}

fn keyed(findings: &[Finding]) -> BTreeMap<Key<'_>, &Finding> {
    let key = |finding: &'_ Finding| (finding.offset, finding.secret.len());
    let entry = |finding| {
        let (offset, len) = key(finding);
        (Key { rule_id: &finding.rule().id, origin: &finding.origin, offset, len }, finding)
    };
    findings.iter().map(entry).collect()
}

/// The number of places of some findings on which the other side finds nothing.
fn n_places<'a, 'b: 'a>(
    some: impl Iterator<Item = (&'a Key<'b>, &'a &'b Finding)>,
    others: &BTreeMap<Key<'b>, &'b Finding>,
) -> usize {
    let known: BTreeSet<(&Origin, u64)> = others.keys().map(|key| (key.origin, key.offset)).collect();
    let spans: BTreeMap<(&Origin, u64), usize> = others.keys().map(|key| ((key.origin, key.offset), key.len)).collect();
    let is_free = |key: &Key<'b>| {
        let end = key.offset + key.len as u64;
        let inside = known.range((key.origin, key.offset)..(key.origin, end)).next().is_some();
        let before = spans.range(..=(key.origin, key.offset)).next_back();
        !inside && before.is_none_or(|((origin, at), len)| *origin != key.origin || at + *len as u64 <= key.offset)
    };
    some.filter(|(key, _)| is_free(key)).map(|(key, _)| (key.origin, key.offset)).collect::<BTreeSet<_>>().len()
}

/// A finding on one line, masked.
fn line(mark: char, finding: &Finding, old: Option<Confidence>) -> String {
    let place = finding.origin.path().map(escape_path).unwrap_or_default();
    let old = old.map_or(String::new(), |old| format!("{old} -> "));
    let (start, confidence) = (finding.start, finding.confidence);
    let secret = escape(finding.masked().as_bytes());
    format!("{mark} {place}:{}:{}  {}  {old}{confidence}  {secret}\n", start.line, start.column, finding.rule().id)
}

/// What was not scanned, which the figures say nothing about.
fn gaps(text: &mut String, coverage: &Coverage) {
    for skip in &coverage.unscanned {
        let _ = writeln!(text, "not scanned: {}: {}", escape_path(&skip.path), skip.reason);
    }
    if coverage.capped > 0 {
        let _ = writeln!(
            text,
            "not compared: {} beyond the most that are kept",
            count(coverage.capped as usize, "finding")
        );
    }
}
