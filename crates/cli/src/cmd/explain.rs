//! `explain`: why a text is or is not a finding.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use leaktight_core::{
    Chunk, Finding, Limits, Origin, Position, Reason, Rejection, RuleSet, Scan, Scanner, Secret, Span, encoded_copies,
    line_around,
};

use super::{member, setup};
use crate::args::Explain;
use crate::report::{encoding, suppression_name};
use crate::term::{escape, escape_path};
use crate::{Hint, exit};

/// Bytes that are explained, at most.
const LARGEST: u64 = 16 << 20;
/// Bytes by which encoded copies of a secret are known.
const KEY: usize = 8;

/// Explains a text and returns the exit code: 1 when there is a finding.
pub(crate) fn run(args: &Explain) -> anyhow::Result<u8> {
    let mut rules = setup::rules(&args.rules)?;
    let only: Vec<String> = args.rule.iter().cloned().collect();
    setup::keep_only(&mut rules, &only)?;
    let mut limits = Limits::default();
    limits.explain = true;
    let scanner = Scanner::with_limits(setup::share(rules)?, limits);
    let (text, name, line) = read(args)?;
    let text = leaktight_core::Encoding::text(&text);
    let origin = name.map_or(Origin::Stdin, Origin::File);
    let chunk = Chunk::new(&text, Arc::new(origin));
    let mut scan = scanner.scan(&chunk);
    scan.rejected.sort_by_key(|rejection| rejection.span);
    let all = setup::with_all_rules(scanner.rules(), &args.rules)?.map(|all| all.scan(&chunk)).unwrap_or_default();
    let secrets = Secrets::of(&text, &[&scan, &all]);
    if let Some(line) = line {
        check_line(args, &text, line)?;
        keep_line(&mut scan, &text, line);
    }
    if args.rule.is_none() {
        scan.rejected.retain(|rejection| !matches!(rejection.reason, Reason::OtherFile));
    }
    let mut out = String::new();
    for finding in &scan.findings {
        explain_finding(&mut out, finding);
    }
    let mut places = Places::default();
    for rejection in &scan.rejected {
        let place = places.of(&text, rejection.span.start);
        explain_rejection(&mut out, (scanner.rules(), rejection, place), (&text, &secrets));
    }
    if out.is_empty() {
        explain_silence(&mut out, scanner.rules(), args, line);
    }
    io::stdout().lock().write_all(out.as_bytes())?;
    Ok(if scan.findings.is_empty() { exit::CLEAN } else { exit::FINDINGS })
}

/// The text, the name it counts as, and the line asked for.
fn read(args: &Explain) -> anyhow::Result<(Vec<u8>, Option<PathBuf>, Option<u64>)> {
    if args.place.as_os_str() == "-" {
        let mut text = Vec::new();
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut text).context("cannot read standard input")?;
        if text.len() as u64 > LARGEST {
            let message = format!("standard input is larger than {} MiB", LARGEST >> 20);
            return Err(Hint::new(message, "`leaktight scan --explain -` takes any amount").into());
        }
        return Ok((text, args.name.clone(), None));
    }
    let (path, line) = split_line(&args.place);
    if let Some((text, name)) = member::read(&path, LARGEST)? {
        return Ok((text, Some(args.name.clone().unwrap_or(name)), line));
    }
    let text = crate::config::read_small(&path).with_context(|| format!("cannot read `{}`", escape_path(&path)))?;
    Ok((text, Some(args.name.clone().unwrap_or(path)), line))
}

/// Splits `FILE:LINE`; a file that has such a name is meant as a whole.
fn split_line(place: &Path) -> (PathBuf, Option<u64>) {
    let split = place.to_str().filter(|_| !place.exists()).and_then(|text| text.rsplit_once(':'));
    match split.and_then(|(path, line)| Some((path, line.parse().ok()?))) {
        Some((path, line)) => (path.into(), Some(line)),
        None => (place.to_owned(), None),
    }
}

/// Makes sure that the text has such a line.
fn check_line(args: &Explain, text: &[u8], line: u64) -> anyhow::Result<()> {
    const HINT: &str = "name a line from 1 on, or the file alone for all of it";
    let end = Position::default().after(text);
    let n_lines = end.line - u64::from(end.column == 1);
    if (1..=n_lines).contains(&line) {
        return Ok(());
    }
    let (path, _) = split_line(&args.place);
    let s = if n_lines == 1 { "" } else { "s" };
    let message = format!("`{}` has no line {line}: it has {n_lines} line{s}", escape_path(&path));
    Err(Hint::new(message, HINT).into())
}

fn keep_line(scan: &mut Scan, text: &[u8], line: u64) {
    scan.findings.retain(|finding| (finding.start.line..=finding.end.line).contains(&line));
    let mut places = Places::default();
    scan.rejected.retain(|rejection| places.of(text, rejection.span.start).line == line);
}

/// Finds positions one after the other, in the order of their places: counting
/// lines from the start for each would take the square of their number.
#[derive(Default)]
struct Places {
    at: usize,
    position: Position,
}

impl Places {
    fn of(&mut self, text: &[u8], at: usize) -> Position {
        self.position = self.position.advance(text, Span::new(self.at, at));
        self.at = at;
        self.position
    }
}

/// Where in a text something stands that may be a secret.
struct Secrets {
    /// Where each starts, in order, and the greatest end up to it.
    ends: Vec<(usize, usize)>,
}

impl Secrets {
    /// Takes what was found, what was turned down, and encoded copies of what was found.
    fn of(text: &[u8], scans: &[&Scan]) -> Self {
        let found = || scans.iter().flat_map(|scan| &scan.findings);
        // Nowhere: they are looked for in the text.
        let keys =
            found().flat_map(|finding| [finding.secret.expose().first_chunk(), finding.secret.expose().last_chunk()]);
        let keys: HashSet<&[u8; KEY]> = keys.flatten().collect();
        let knows =
            |bytes: &[u8]| bytes.windows(KEY).any(|key| key.try_into().is_ok_and(|key: &[u8; KEY]| keys.contains(key)));
        let mut spans = encoded_copies(text, knows);
        spans.extend(found().filter_map(|finding| {
            let start = usize::try_from(finding.offset).ok()?;
            Some(Span::new(start, start + finding.length))
        }));
        spans.extend(scans.iter().flat_map(|scan| &scan.rejected).map(|rejection| rejection.span));
        spans.sort_unstable();
        let mut end = 0;
        let ends = spans.into_iter().map(|span| {
            end = span.end.max(end);
            (span.start, end)
        });
        Self { ends: ends.collect() }
    }

    /// Where to start with the text in front of a place: a few bytes before it,
    /// on its line, and behind what may be a secret.
    fn before(&self, text: &[u8], at: usize) -> usize {
        let start = line_around(text, at, 24).start;
        let n_before = self.ends.partition_point(|(start, _)| *start < at);
        let end = n_before.checked_sub(1).map_or(0, |last| self.ends[last].1);
        end.clamp(start, at)
    }
}

fn explain_finding(out: &mut String, finding: &Finding) {
    let rule = finding.rule();
    let place = finding.start;
    let _ = writeln!(out, "{}:{}: {} is a finding: {}", place.line, place.column, finding.masked(), rule.title);
    let _ = writeln!(out, "  rule {}, severity {}, confidence {}", rule.id, finding.severity, finding.confidence);
    if !finding.origin.steps().is_empty() {
        let _ = writeln!(out, "  encoding {}", encoding(finding));
    }
    for reason in &finding.reasons {
        let _ = writeln!(out, "  - {reason}");
    }
    if let Some(by) = finding.suppressed {
        let _ = writeln!(out, "  suppressed: {}", suppression_name(by));
    }
}

fn explain_rejection(
    out: &mut String,
    (rules, rejection, place): (&RuleSet, &Rejection, Position),
    (text, secrets): (&[u8], &Secrets),
) {
    let rule = rules.rule(rejection.rule_idx);
    let shown = Secret::HIDDEN;
    let before = &text[secrets.before(text, rejection.span.start)..rejection.span.start];
    let _ = writeln!(out, "{}:{}: {}{} is no finding of {}", place.line, place.column, escape(before), shown, rule.id);
    let asked = match rejection.reason {
        Reason::Entropy(_) => format!(", and the rule asks for {:.2}", rule.entropy),
        Reason::NoContext => format!(": {}", rule.context.join(", ")),
        _ => String::new(),
    };
    let _ = writeln!(out, "  - {}{asked}", rejection.reason);
}

fn explain_silence(out: &mut String, rules: &RuleSet, args: &Explain, line: Option<u64>) {
    let place = line.map_or("in the text".to_owned(), |line| format!("on line {line}"));
    let _ = match &args.rule {
        Some(id) => {
            let pattern = rules.find(id).map_or("", |(_, rule)| rule.pattern.as_ref());
            writeln!(out, "the pattern of {id} matches nowhere {place}:\n  {pattern}")
        }
        None => writeln!(out, "no pattern of {} rules matches anywhere {place}", rules.len()),
    };
}
