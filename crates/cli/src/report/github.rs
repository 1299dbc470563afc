//! GitHub workflow commands, which become annotations of a pull request.
//!
//! GitHub shows ten annotations of a level for each step: what is incomplete
//! comes first, then the worst findings.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use leaktight_core::{Finding, Severity};

use super::commit;
use super::gap::{Gap, gaps};
use super::line::{Masker, columns};
use super::text::{origin_text, shown_path};
use super::{Report, encoded_as, human};
use crate::term;

/// Gaps told one by one.
const LISTED: usize = 10;

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let gaps = gaps(&report.coverage);
    if !gaps.is_empty() {
        let title = if report.coverage.is_complete() { "Limited scan" } else { "Incomplete scan" };
        writeln!(out, "::error title={}::{}", property(title), data(&gap_text(&gaps)))?;
    }
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| Reverse(finding.severity));
    let masker = Masker::strict(report);
    for finding in findings {
        write_finding(finding, &masker, out)?;
    }
    writeln!(out, "leaktight: {}", human::verdict(report))
}

fn write_finding(finding: &Finding, masker: &Masker<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rule = finding.rule();
    let message = format!(
        "{} ({}, {} confidence{}). {} {} {} {}",
        rule.title,
        rule.id,
        finding.confidence,
        encoded_as(finding),
        rule.impact,
        rule.revoke,
        rule.link,
        commit::introduced(finding, masker)
    );
    writeln!(
        out,
        "::{} file={},{},title={}::{}",
        level(finding.severity),
        property(&origin_text(&finding.origin)),
        place(finding),
        property(&format!("{}: {}", finding.severity, rule.title)),
        data(message.trim_end()),
    )
}

/// The properties of the place. Columns count only where the lines are one.
fn place(finding: &Finding) -> String {
    let (line, end_line) = (finding.start.line, finding.end.line);
    if line != end_line {
        return format!("line={line},endLine={end_line}");
    }
    let (column, end_column) = columns(finding);
    format!("line={line},col={column},endLine={end_line},endColumn={end_column}")
}

fn gap_text(gaps: &[Gap<'_>]) -> String {
    let mut text = String::new();
    for gap in gaps.iter().take(LISTED) {
        let path = gap.path.map(|path| format!("{}: ", shown_path(path))).unwrap_or_default();
        let _ = writeln!(text, "{path}{}", gap.message());
    }
    if gaps.len() > LISTED {
        let _ = writeln!(text, "and {} more", gaps.len() - LISTED);
    }
    text.truncate(text.trim_end().len());
    text
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        _ => "notice",
    }
}

/// Returns text for the message of a command.
fn data(text: &str) -> String {
    encode(text, &['%', '\r', '\n'])
}

/// Returns text for a property of a command.
fn property(text: &str) -> String {
    encode(text, &['%', '\r', '\n', ':', ','])
}

/// Percent-encodes the special characters, which is undone by GitHub, and
/// escapes what a terminal would obey, which is not.
fn encode(text: &str, special: &[char]) -> String {
    let mut safe = String::with_capacity(text.len());
    for part in text.split_inclusive(special) {
        let plain = part.trim_end_matches(special);
        safe.push_str(&term::escape(plain.as_bytes()));
        for c in part[plain.len()..].chars() {
            let _ = write!(safe, "%{:02X}", c as u32);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{mixed, render, report, token};

    #[test]
    fn tells_the_gaps_and_then_the_worst() {
        let text = render(&mixed(), Format::Github);
        let starts = [
            "::error title=Incomplete scan::private/key: not scanned: permission: permission denied",
            "::error file=config/prod.env,line=2,col=13,endLine=2,endColumn=50,title=critical%3A Acme API token::",
            "::error file=deploy.yaml,line=3,",
            "::warning file=deploy.yaml,line=1,",
            "leaktight: incomplete: 3 findings",
        ];
        assert_eq!(text.lines().count(), starts.len(), "{text}");
        for (line, start) in text.lines().zip(starts) {
            assert!(line.starts_with(start), "{line}");
        }
    }

    #[test]
    fn a_path_never_starts_a_line_or_a_property() {
        let path = "a\n::stop-commands::x,line=9\x1b%";
        let text = render(&report(&[(path, token(1).as_bytes())]), Format::Github);
        assert!(text.starts_with("::error file=a%0A%3A%3Astop-commands%3A%3Ax%2Cline=9\\u{1b}%25,line=1,"), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
