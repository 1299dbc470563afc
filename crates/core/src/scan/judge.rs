//! From matches to findings: places, excerpts, fingerprints, marks in the text.

use std::sync::Arc;

use super::Scanner;
use super::confirm::Match;
use super::mark;
use super::nested::Nested;
use crate::chunk::Chunk;
use crate::finding::{Excerpt, Finding, Fingerprint, Reason, Suppression};
use crate::rule::{Rule, Severity, Tag};
use crate::secret::Secret;
use crate::span::{Position, Span, line_around};

/// Bytes of a line shown on either side of a secret.
const MARGIN: usize = 72;
/// Bytes of a secret shown, when it is long.
const SHOWN: usize = 120;
/// Bytes of a line on either side of a secret that belong to its fingerprint.
const CONTEXT: usize = 128;

/// Turns the matches of a chunk and the findings in what it decodes to, both in
/// the order of their places, into findings of the chunk,
/// those that are not new left out.
pub(super) fn findings(scanner: &Scanner, chunk: &Chunk<'_>, matches: &[Match], nested: Vec<Nested>) -> Vec<Finding> {
    let mut secrets: Vec<Span> = matches.iter().map(|found| found.secret).collect();
    secrets.extend(nested.iter().map(|one| one.span));
    let mut judge = Judge { scanner, chunk, secrets: join(secrets), seen: (0, chunk.position) };
    let mut nested = nested.into_iter().peekable();
    let most = scanner.limits.findings;
    let mut findings = Vec::with_capacity((matches.len() + nested.len()).min(most));
    let least = scanner.limits.confidence;
    let new = matches.iter().filter(|found| found.confidence >= least && chunk.is_added(found.secret));
    for found in new {
        while let Some(one) = nested.next_if(|one| one.span < found.secret) {
            findings.push(judge.adopt(one));
        }
        findings.push(judge.finding(found));
        if findings.len() >= most {
            break;
        }
    }
    findings.extend(nested.map(|one| judge.adopt(one)));
    findings.truncate(most);
    findings
}

/// Makes findings, one place after the other.
struct Judge<'a> {
    scanner: &'a Scanner,
    chunk: &'a Chunk<'a>,
    /// All of them are masked, also those that are not new or beyond the limit.
    secrets: Vec<Span>,
    /// The last place whose line and column are known.
    seen: (usize, Position),
}

/// How bad a leak is: of an identifier, with the secret beside it, as bad as any.
fn severity(rule: &Rule, found: &Match) -> Severity {
    let is_paired = || found.reasons.iter().any(|reason| matches!(reason, Reason::Companion(_)));
    if rule.has_tag(Tag::Identifier) && is_paired() { rule.severity.max(Severity::High) } else { rule.severity }
}

impl Judge<'_> {
    fn finding(&mut self, found: &Match) -> Finding {
        let (scanner, chunk, secret) = (self.scanner, self.chunk, found.secret);
        let rule = scanner.rules.rule(found.rule_idx);
        let bytes = &chunk.bytes[secret.range()];
        let (start, end) = self.positions(secret);
        Finding {
            rules: Arc::clone(&scanner.rules),
            rule_idx: found.rule_idx,
            origin: Arc::clone(&chunk.origin),
            offset: chunk.offset + secret.start as u64,
            length: secret.len(),
            secret: Secret::new(bytes),
            start,
            end,
            excerpt: excerpt(chunk.bytes, secret, &self.secrets),
            confidence: found.confidence,
            severity: scanner.rules.adjusted(found.rule_idx).severity.unwrap_or_else(|| severity(rule, found)),
            reasons: found.reasons.clone(),
            fingerprint: Fingerprint::new(rule, bytes, line_parts(chunk.bytes, secret)),
            suppressed: self.is_allowed(rule, secret).then_some(Suppression::Inline),
        }
    }

    /// Makes a finding of what was found in decoded bytes: where it is and what
    /// stands round it changes, what it is does not.
    fn adopt(&mut self, nested: Nested) -> Finding {
        let Nested { span, mut finding, .. } = nested;
        (finding.start, finding.end) = self.positions(span);
        finding.offset = self.chunk.offset + span.start as u64;
        finding.length = span.len();
        finding.excerpt = excerpt(self.chunk.bytes, span, &self.secrets);
        if self.is_allowed(finding.rule(), span) {
            finding.suppressed = Some(Suppression::Inline);
        }
        finding
    }

    fn positions(&mut self, secret: Span) -> (Position, Position) {
        let bytes = self.chunk.bytes;
        let start = self.seen.1.advance(bytes, Span::new(self.seen.0, secret.start));
        self.seen = (secret.start, start);
        (start, start.advance(bytes, secret))
    }

    fn is_allowed(&self, rule: &Rule, secret: Span) -> bool {
        mark::is_allowed(self.scanner, rule, self.chunk.bytes, secret)
    }
}

/// Turns places that a parser named, in order, into findings.
pub(super) fn settings(
    scanner: &Scanner,
    chunk: &Chunk<'_>,
    places: &[(usize, Span)],
    secrets: &[Match],
) -> Vec<Finding> {
    let hidden: Vec<Span> = secrets.iter().map(|found| found.secret).collect();
    let mut seen = (0, chunk.position);
    let finding = |(rule_idx, span): &(usize, Span)| {
        let (rule, adjusted) = (scanner.rules.rule(*rule_idx), scanner.rules.adjusted(*rule_idx));
        // A name that is itself a secret is not shown.
        let is_shown = hidden.iter().all(|secret| !secret.overlaps(*span));
        let span = if is_shown { *span } else { Span::new(span.start, span.start) };
        let start = seen.1.advance(chunk.bytes, Span::new(seen.0, span.start));
        seen = (span.start, start);
        let allowed = mark::is_allowed(scanner, rule, chunk.bytes, span);
        let line = line_around(chunk.bytes, span.start, CONTEXT);
        // A secret beside the setting could be guessed from the hash of its line.
        let is_bare = hidden.iter().all(|secret| !secret.overlaps(line));
        let parts = if is_bare { line_parts(chunk.bytes, span) } else { (&b""[..], &b""[..]) };
        let name = &chunk.bytes[span.range()];
        Finding {
            rules: Arc::clone(&scanner.rules),
            rule_idx: *rule_idx,
            origin: Arc::clone(&chunk.origin),
            offset: chunk.offset + span.start as u64,
            length: span.len(),
            secret: Secret::new(name),
            start,
            end: start.advance(chunk.bytes, span),
            excerpt: clipped(chunk.bytes, span, &hidden),
            confidence: adjusted.confidence.unwrap_or(rule.confidence),
            severity: adjusted.severity.unwrap_or(rule.severity),
            reasons: vec![Reason::Setting],
            fingerprint: Fingerprint::new(rule, name, parts),
            suppressed: allowed.then_some(Suppression::Inline),
        }
    };
    places.iter().map(finding).collect()
}

/// The text before and after the secret on its lines, clipped.
fn line_parts(bytes: &[u8], secret: Span) -> (&[u8], &[u8]) {
    let before = line_around(bytes, secret.start, CONTEXT).start;
    let after = line_around(bytes, secret.end, CONTEXT).end;
    (&bytes[before..secret.start], &bytes[secret.end..after.max(secret.end)])
}

/// The line round a secret with all secrets of it, copies of this one included.
fn excerpt(bytes: &[u8], secret: Span, secrets: &[Span]) -> Excerpt {
    let mut excerpt = clipped(bytes, secret, secrets);
    let copies = copies(excerpt.text.expose(), &bytes[secret.range()]);
    excerpt.secrets = join(excerpt.secrets.into_iter().chain(copies).collect());
    excerpt
}

/// The line round a mark, clipped, with those of the secrets that stand on it.
fn clipped(bytes: &[u8], secret: Span, secrets: &[Span]) -> Excerpt {
    let line = line_around(bytes, secret.start, MARGIN + SHOWN);
    let from = line.start.max(secret.start.saturating_sub(MARGIN));
    let end = secret.end.min(line.end.max(secret.start)).min(secret.start + SHOWN);
    let to = line.end.min(end + MARGIN).max(end);
    let window = Span::new(from, to);
    let clip = |span: Span| Span::new(span.start.max(from) - from, span.end.min(to).max(from) - from);
    let first = secrets.partition_point(|span| span.end <= from);
    let masked = secrets[first..].iter().take_while(|span| span.start < to).map(|span| clip(*span)).collect();
    Excerpt { text: Secret::new(&bytes[window.range()]), mark: clip(secret), secrets: join(masked) }
}

/// Further places where the secret stands in the text.
fn copies(text: &[u8], secret: &[u8]) -> Vec<Span> {
    memchr::memmem::find_iter(text, secret).map(|at| Span::new(at, at + secret.len())).collect()
}

fn join(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    spans.dedup_by(|next, last| {
        let joined = next.start <= last.end;
        if joined {
            last.end = last.end.max(next.end);
        }
        joined
    });
    spans
}
