//! What a scan found, in the formats people and programs read.

mod commit;
mod csv;
mod gap;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod line;
pub(crate) mod reach;
mod record;
pub(crate) mod rotation;
mod sarif;
#[cfg(test)]
mod testing;
mod text;

pub(crate) use self::sarif::artifact;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use leaktight_core::{Confidence, Finding, Origin, Severity, Skip, SkipReason, Suppression};

/// The version reports name.
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where people read about the program.
const HOME_PAGE: &str = env!("CARGO_PKG_REPOSITORY");

/// The whole result of a scan.
#[derive(Debug)]
pub(crate) struct Report {
    /// The findings to report: not suppressed, in the order of path, place and rule.
    pub(crate) findings: Vec<Finding>,
    /// Findings that are suppressed, with the same order.
    pub(crate) suppressed: Vec<Finding>,
    /// What was looked at.
    pub(crate) coverage: Coverage,
    /// What was asked for, as it was typed.
    pub(crate) targets: Vec<PathBuf>,
    /// Findings below the confidence or severity asked for; counted, not reported.
    pub(crate) n_below: u64,
    /// How long the scan took.
    pub(crate) elapsed: Duration,
    /// Findings of this confidence or more make the scan fail, if any do.
    pub(crate) fail_on: Option<Confidence>,
    /// Print secrets in clear: in the formats for people and programs. Those made
    /// for a service (SARIF, GitHub, GitLab, JUnit) mask them all the same.
    pub(crate) show_secrets: bool,
    /// Report the suppressed findings, too, and what suppressed them.
    pub(crate) include_suppressed: bool,
    /// What the units of the scan are called: `file`, or `object` in a history.
    pub(crate) noun: &'static str,
}

/// The coverage ledger: everything discovered is scanned, excluded or unscanned.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// Units scanned as a whole.
    pub(crate) scanned: u64,
    /// Bytes of them.
    pub(crate) bytes: u64,
    /// Units left out on purpose, by reason.
    pub(crate) excluded: BTreeMap<SkipReason, u64>,
    /// Units that were to be scanned and were not, in the order of their paths.
    pub(crate) unscanned: Vec<Skip>,
    /// Findings beyond the limit of a chunk, counted and not kept.
    pub(crate) capped: u64,
    /// The user or the system broke the scan off.
    pub(crate) interrupted: bool,
    /// Reasons for which units may be unscanned, as `--allow-incomplete` says.
    pub(crate) allowed: Vec<SkipReason>,
}

impl Coverage {
    /// Returns whether everything that was to be scanned was.
    pub(crate) fn is_complete(&self) -> bool {
        self.unscanned.is_empty() && !self.interrupted
    }

    /// Returns whether something is missing that nobody allowed to be.
    pub(crate) fn has_gaps(&self) -> bool {
        self.interrupted || self.unscanned.iter().any(|skip| !self.allowed.contains(&skip.reason))
    }

    /// Says of what was broken off that the time was over.
    pub(crate) fn blame_deadline(unscanned: &mut Vec<Skip>) {
        const WHY: &str = "the scan took longer than --timeout allows";
        let is_cut = |skip: &&mut Skip| skip.reason == SkipReason::Interrupted;
        for skip in unscanned.iter_mut().filter(is_cut) {
            *skip = Skip::new(&skip.path, SkipReason::Deadline, WHY);
        }
        if !unscanned.iter().any(|skip| skip.reason == SkipReason::Deadline) {
            unscanned.push(Skip::new(".", SkipReason::Deadline, WHY));
        }
    }

    /// Returns the number of units left out on purpose.
    pub(crate) fn n_excluded(&self) -> u64 {
        self.excluded.values().sum()
    }

    /// Returns the number of all units.
    pub(crate) fn discovered(&self) -> u64 {
        self.scanned + self.n_excluded() + self.unscanned.len() as u64
    }
}

impl Report {
    /// Returns whether any finding makes the scan fail.
    pub(crate) fn fails(&self) -> bool {
        self.fail_on.is_some_and(|least| self.findings.iter().any(|finding| finding.confidence >= least))
    }

    /// Returns the findings to list, the suppressed in their places if they were asked for.
    fn listed(&self) -> Vec<&Finding> {
        let mut listed: Vec<&Finding> = self.findings.iter().chain(self.listed_suppressed()).collect();
        if self.include_suppressed {
            let key = |finding: &Finding| (finding.offset, finding.rule_idx);
            listed.sort_by(|a, b| place(&a.origin).cmp(&place(&b.origin)).then_with(|| key(a).cmp(&key(b))));
        }
        listed
    }

    /// Returns the suppressed findings if they were asked for.
    fn listed_suppressed(&self) -> &[Finding] {
        if self.include_suppressed { &self.suppressed } else { &[] }
    }

    /// Returns the number of suppressed findings by what suppressed them.
    pub(crate) fn suppressed_by(&self) -> BTreeMap<Suppression, u64> {
        let mut counts = BTreeMap::new();
        for by in self.suppressed.iter().filter_map(|finding| finding.suppressed) {
            *counts.entry(by).or_default() += 1;
        }
        counts
    }

    /// Returns the number of findings by severity.
    pub(crate) fn by_severity(&self) -> BTreeMap<Severity, u64> {
        let mut counts = BTreeMap::new();
        for finding in &self.findings {
            *counts.entry(finding.severity).or_default() += 1;
        }
        counts
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// What was not scanned and how the scan ended, without the findings.
    Summary,
    /// One JSON document.
    Json,
    /// One JSON object a line, the summary last.
    Jsonl,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// GitHub workflow commands.
    Github,
    /// GitLab secret detection report.
    Gitlab,
    /// JUnit XML.
    Junit,
    /// Comma-separated values.
    Csv,
}

/// How text for people may look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Use colour.
    pub(crate) colour: bool,
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Say why each finding stands.
    pub(crate) explain: bool,
}

/// Writes a report.
///
/// # Errors
///
/// Returns what writing returned.
pub(crate) fn write(report: &Report, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, style, out),
        Format::Summary => human::summary(report, style, out),
        Format::Json => json::write(report, out),
        Format::Jsonl => json::write_lines(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Github => github::write(report, out),
        Format::Gitlab => gitlab::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Csv => csv::write(report, out),
    }
}

/// Returns what findings are ordered by: the path first, so that what lies in an
/// archive stands where the archive stands.
pub(crate) fn place(origin: &Origin) -> (Option<&Path>, &Origin) {
    (origin.path(), origin.root())
}

/// How the secret of a finding is encoded, for people: `base64 > escape`; empty where it is not.
pub(crate) fn encoding(finding: &Finding) -> String {
    finding.origin.steps().iter().map(|step| step.name()).collect::<Vec<_>>().join(" > ")
}

/// The same as the end of a sentence that says what was found.
fn encoded_as(finding: &Finding) -> String {
    let encoding = encoding(finding);
    if encoding.is_empty() { encoding } else { format!(", encoded as {encoding}") }
}

/// The name reports use for what suppressed a finding.
pub(crate) fn suppression_name(by: Suppression) -> &'static str {
    match by {
        Suppression::Inline => "inline",
        Suppression::Baseline => "baseline",
        Suppression::Config => "config",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{mixed, planted, render, report, token};
    use super::*;

    #[test]
    fn no_format_holds_a_secret() {
        for format in Format::value_variants() {
            let text = render(&mixed(), *format);
            for secret in planted() {
                // The last four characters of a long secret may be shown, and the rule's prefix.
                let body = &secret[5..secret.len() - 4];
                assert!(!text.contains(&body[..8]) && !text.contains(&body[body.len() - 8..]), "{format:?}: {text}");
            }
        }
    }

    #[test]
    fn secrets_are_shown_on_demand_but_never_to_services() {
        let shown = |format: &Format| {
            let report = Report { show_secrets: true, ..mixed() };
            render(&report, *format).contains(&token(1))
        };
        let showing: Vec<Format> = Format::value_variants().iter().copied().filter(shown).collect();
        assert_eq!(showing, [Format::Human, Format::Json, Format::Jsonl, Format::Csv]);
    }

    #[test]
    fn hostile_paths_are_neither_commands_nor_escapes() {
        for path in
            ["a\n::stop-commands::x", "::error::x", "\x1b]0;x\x07", "##vso[task.x]", "=cmd", "a\u{202e}b", "\u{9b}1m"]
        {
            let report = report(&[(path, token(1).as_bytes())]);
            for format in Format::value_variants() {
                let text = render(&report, *format);
                let is_odd = |c: char| c.is_control() && !"\r\n".contains(c) || c == '\u{202e}';
                assert!(!text.contains(is_odd), "{format:?}: {text:?}");
                if *format == Format::Github {
                    assert_eq!(text.matches("\n").count(), 2, "one command and the verdict: {text}");
                    continue;
                }
                let is_command = |line: &str| line.trim_start().starts_with("::") || line.contains("##vso[");
                assert!(!text.lines().any(is_command), "{format:?}: {text}");
            }
        }
    }

    #[test]
    fn reports_are_the_same_each_time() {
        for format in Format::value_variants().iter().filter(|format| **format != Format::Gitlab) {
            assert_eq!(render(&mixed(), *format), render(&mixed(), *format));
        }
    }
}
