//! The line of a finding as it may be shown.

use std::collections::{BTreeSet, HashMap};

use leaktight_core::{Finding, Span, encoded_copies};

use super::Report;
use super::text::shown;

/// What stands for a secret of which nothing is told.
const MASK: &str = "********";
/// Bytes by which copies of a secret are looked up; shorter secrets have none.
const KEY: usize = 8;

/// A line in three parts, escaped, with `…` where its beginning is left out.
pub(super) struct Line {
    /// The text before the secret.
    pub(super) before: String,
    /// The secret, masked.
    pub(super) secret: String,
    /// The text behind the secret.
    pub(super) after: String,
}

impl Line {
    /// Returns the parts together.
    pub(super) fn text(&self) -> String {
        [self.before.as_str(), &self.secret, &self.after].concat()
    }
}

/// Hides the secrets of a report: each finding's own, and the copies of every
/// one of them that stand in the lines of others, in clear, base64 or hex.
pub(super) struct Masker<'a> {
    show: bool,
    heads: HashMap<&'a [u8], Vec<&'a [u8]>>,
    tails: HashMap<&'a [u8], Vec<&'a [u8]>>,
}

impl<'a> Masker<'a> {
    /// Returns a masker that hides secrets unless the report is to show them.
    pub(super) fn new(report: &'a Report) -> Self {
        Self { show: report.show_secrets, ..Self::strict(report) }
    }

    /// Returns a masker that hides secrets whatever the report says: what is
    /// made for a service is stored there and shown to more people than asked.
    pub(super) fn strict(report: &'a Report) -> Self {
        let all = report.findings.iter().chain(&report.suppressed).filter(|finding| finding.rule().is_secret());
        // Into the tables of this masker, to be looked for and hidden.
        Self::of(all.map(|finding| finding.secret.expose()), false)
    }

    /// Returns a masker that hides these secrets unless they are to be shown.
    pub(super) fn of(secrets: impl Iterator<Item = &'a [u8]>, show: bool) -> Self {
        let mut masker = Self { show, heads: HashMap::new(), tails: HashMap::new() };
        secrets.collect::<BTreeSet<_>>().into_iter().for_each(|secret| masker.add(secret));
        masker
    }

    /// Returns text with a mask in the place of each secret in it.
    pub(super) fn plain(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let hidden = if self.show { Vec::new() } else { self.hidden(bytes, &[]) };
        if hidden.is_empty() { text.to_owned() } else { hide(bytes, Span::new(0, bytes.len()), &hidden) }
    }

    fn add(&mut self, secret: &'a [u8]) {
        let (Some(head), Some(tail)) = (secret.first_chunk::<KEY>(), secret.last_chunk::<KEY>()) else { return };
        self.heads.entry(head).or_default().push(secret);
        self.tails.entry(tail).or_default().push(secret);
    }

    /// Returns the secret of a finding as it may be told; not escaped.
    pub(super) fn secret(&self, finding: &Finding) -> String {
        if self.show {
            // Into the report, because the user asked for it.
            String::from_utf8_lossy(finding.secret.expose()).into_owned()
        } else {
            finding.masked()
        }
    }

    /// Returns other text from outside, such as the subject of a commit; not escaped.
    pub(super) fn text(&self, text: &str) -> String {
        if self.show {
            return text.to_owned();
        }
        let bytes = text.as_bytes();
        let hidden = self.hidden(bytes, &[]);
        let (mut safe, mut at) = (Vec::new(), 0);
        for span in hidden.iter().filter(|span| !span.is_empty()) {
            if span.start >= at {
                safe.extend_from_slice(&bytes[at..span.start]);
                safe.extend_from_slice(MASK.as_bytes());
            }
            at = at.max(span.end);
        }
        safe.extend_from_slice(&bytes[at..]);
        String::from_utf8_lossy(&safe).into_owned()
    }

    /// Returns the line of a finding.
    pub(super) fn line(&self, finding: &Finding) -> Line {
        let excerpt = &finding.excerpt;
        // Into the report, less the spans that hold secrets.
        let text = excerpt.text.expose();
        let hidden = if self.show { Vec::new() } else { self.hidden(text, &excerpt.secrets) };
        let is_cut = finding.start.column > excerpt.mark.start as u64 + 1;
        let before = hide(text, Span::new(0, excerpt.mark.start), &hidden);
        Line {
            before: if is_cut { format!("…{before}") } else { before },
            secret: if self.show { plain(&text[excerpt.mark.range()]) } else { shown(finding.masked().as_bytes()) },
            after: hide(text, Span::new(excerpt.mark.end, text.len()), &hidden),
        }
    }

    /// The spans to hide, in order: those given and all copies of other secrets.
    fn hidden(&self, text: &[u8], secrets: &[Span]) -> Vec<Span> {
        let mut hidden = secrets.to_vec();
        for (at, key) in text.windows(KEY).enumerate() {
            let heads = self.heads.get(key).into_iter().flatten();
            hidden.extend(heads.filter_map(|secret| copy_from(text, at, secret)));
            let tails = self.tails.get(key).into_iter().flatten();
            hidden.extend(tails.filter_map(|secret| copy_until(text, at + KEY, secret)));
        }
        hidden.extend(encoded_copies(text, |bytes| self.knows(bytes)));
        hidden.sort_unstable();
        hidden
    }

    /// Whether bytes hold the start or the end of a secret.
    fn knows(&self, bytes: &[u8]) -> bool {
        bytes.windows(KEY).any(|key| self.heads.contains_key(key) || self.tails.contains_key(key))
    }
}

/// The copy of a secret that starts at `at`, which the end of the text may cut short.
fn copy_from(text: &[u8], at: usize, secret: &[u8]) -> Option<Span> {
    let len = secret.len().min(text.len() - at);
    text[at..].starts_with(&secret[..len]).then(|| Span::new(at, at + len))
}

/// The copy of a secret that ends at `end`, which the start of the text may cut short.
fn copy_until(text: &[u8], end: usize, secret: &[u8]) -> Option<Span> {
    let len = secret.len().min(end);
    text[..end].ends_with(&secret[secret.len() - len..]).then(|| Span::new(end - len, end))
}

/// A part of the text with a mask in the place of each hidden span.
fn hide(text: &[u8], part: Span, hidden: &[Span]) -> String {
    let mut safe = String::new();
    let mut at = part.start;
    for span in hidden.iter().filter(|span| span.overlaps(part) && !span.is_empty()) {
        if span.start > at {
            safe.push_str(&plain(&text[at..span.start]));
        }
        if span.end > at {
            safe.push_str(MASK);
            at = span.end.min(part.end);
        }
    }
    safe.push_str(&plain(&text[at..part.end]));
    safe
}

/// Text of a line, escaped, with spaces for tabs.
fn plain(bytes: &[u8]) -> String {
    bytes.split(|byte| *byte == b'\t').map(shown).collect::<Vec<_>>().join("    ")
}

/// Returns the columns at which a finding's secret starts and ends, from 1 and
/// counted in characters, the end exclusive.
///
/// Of a long line only the part round the secret is known; before it every byte
/// counts as a character.
pub(super) fn columns(finding: &Finding) -> (u64, u64) {
    let mark = finding.excerpt.mark;
    // Nowhere: the characters are counted.
    let (text, secret) = (finding.excerpt.text.expose(), finding.secret.expose());
    let unseen = (finding.start.column - 1).saturating_sub(mark.start as u64);
    let start = 1 + unseen + count(&text[..mark.start]);
    if !finding.origin.steps().is_empty() {
        // What stands for the secret is ASCII, of which bytes are characters.
        let is_one = finding.end.line == finding.start.line;
        return (start, if is_one { start + finding.length as u64 } else { finding.end.column });
    }
    if finding.end.line == finding.start.line {
        return (start, start + count(secret));
    }
    let last = usize::try_from(finding.end.column - 1).unwrap_or(usize::MAX).min(secret.len());
    (start, 1 + count(&secret[secret.len() - last..]))
}

/// The number of characters; what is not UTF-8 counts as one for each sequence.
fn count(bytes: &[u8]) -> u64 {
    bytes
        .utf8_chunks()
        .map(|chunk| chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty()))
        .sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use super::super::testing::{report, token};
    use super::*;

    fn line_of(text: &str) -> Line {
        let report = report(&[("a.txt", text.as_bytes())]);
        Masker::new(&report).line(&report.findings[0])
    }

    #[test]
    fn masks_every_secret_of_the_line() {
        let text = format!("a={} b={} # {}", token(1), token(2), token(1));
        let line = line_of(&text).text();
        assert!(!line.contains(&token(1)[5..20]) && !line.contains(&token(2)[5..20]), "{line}");
        assert!(line.starts_with("a=acme_********") && line.contains("# ********"), "{line}");
    }

    #[test]
    fn masks_copies_that_no_rule_finds() {
        let other = token(1);
        let text = format!("{other}\nx{other}x {}", token(2));
        let report = report(&[("a.txt", text.as_bytes())]);
        let line = Masker::new(&report).line(report.findings.last().expect("two findings")).text();
        assert!(!line.contains(&other[5..20]), "{line}");
    }

    #[test]
    fn masks_copies_cut_short_by_the_clip() {
        let other = token(1);
        let text = format!("{other}\n{}{other}{}{}", "-".repeat(200), "-".repeat(50), token(2));
        let report = report(&[("a.txt", text.as_bytes())]);
        let line = Masker::new(&report).line(report.findings.last().expect("two findings")).text();
        assert!(!line.contains(&other[other.len() - 10..]), "{line}");
    }

    #[test]
    fn counts_columns_in_characters() {
        let text = format!("é 日 {}", token(1));
        let report = report(&[("a.txt", text.as_bytes())]);
        assert_eq!(report.findings[0].start.column, 8, "the scan counts bytes");
        assert_eq!(columns(&report.findings[0]), (5, 5 + token(1).len() as u64));
    }
}
