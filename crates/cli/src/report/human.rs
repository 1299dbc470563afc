//! Text for people.
//!
//! A file is a heading, a finding a block under it; what a rule has to say is
//! said once. The verdict is the last line, where the eye is.

mod fit;
mod verdict;

use std::collections::HashMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style as Colour};
use leaktight_core::{Finding, Severity};

pub(super) use self::fit::wrap;
use self::fit::{fit, width};
use self::verdict::{counted, facts, headline, is_clean};
pub(super) use self::verdict::{files, grouped, read};
use super::commit;
use super::gap::gaps;
use super::line::Masker;
use super::text::{shown, shown_origin, shown_path};
use super::{Report, Style, encoding, suppression_name};

/// Gaps listed one by one.
const LISTED: usize = 10;
/// Columns of a terminal below which lines are not clipped further.
const NARROWEST: usize = 40;

pub(super) const BOLD: Colour = Colour::new().bold();
pub(super) const FRAME: Colour = AnsiColor::Blue.on_default().bold();
pub(super) const ALARM: Colour = AnsiColor::Red.on_default().bold();
pub(super) const GOOD: Colour = AnsiColor::Green.on_default().bold();

/// Writes a report.
pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut printer = Printer::new(report, style, out);
    for group in report.listed().chunk_by(|a, b| a.origin.root() == b.origin.root()) {
        printer.file(group)?;
    }
    printer.gaps(report)?;
    printer.verdict(report)
}

/// Writes what was not scanned, and how the scan ended.
pub(super) fn summary(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut printer = Printer::new(report, style, out);
    printer.gaps(report)?;
    printer.verdict(report)
}

/// Writes the parts of a report to a terminal.
struct Printer<'a> {
    style: Style,
    masker: Masker<'a>,
    /// The rules whose advice was given, by index.
    told: HashMap<usize, Told>,
    out: &'a mut dyn Write,
}

/// Where the advice of a rule was given.
struct Told {
    /// The place where it stands.
    at: String,
    /// The file that last had it or a pointer to it.
    file: String,
}

impl<'a> Printer<'a> {
    fn new(report: &'a Report, style: Style, out: &'a mut dyn Write) -> Self {
        Self { style, masker: Masker::new(report), told: HashMap::new(), out }
    }

    /// Writes the findings of one file.
    fn file(&mut self, findings: &[&Finding]) -> io::Result<()> {
        let path = shown_origin(&findings[0].origin);
        writeln!(self.out, "{}\n", self.paint(BOLD, &path))?;
        let last = findings.iter().map(|finding| finding.start.line).max().unwrap_or(1);
        let gutter = last.to_string().len() + 2;
        findings.iter().try_for_each(|finding| self.finding(finding, &path, gutter))
    }

    fn finding(&mut self, finding: &Finding, path: &str, gutter: usize) -> io::Result<()> {
        self.heading(finding)?;
        self.excerpt(finding, gutter)?;
        if let Some(blob) = commit::of(finding) {
            if let Some(introduced) = &blob.commit {
                self.note("commit", &commit::line(introduced, &self.masker), gutter)?;
            }
            self.note("state", &commit::fate(blob, &self.masker), gutter)?;
        }
        self.note("encoding", &encoding(finding), gutter)?;
        self.advice(finding, path, gutter)?;
        if self.style.explain {
            let reasons: Vec<String> = finding.reasons.iter().map(ToString::to_string).collect();
            self.note("reasons", &reasons.join("; "), gutter)?;
        }
        self.note("fingerprint", &finding.fingerprint.to_string(), gutter)?;
        writeln!(self.out)
    }

    fn heading(&mut self, finding: &Finding) -> io::Result<()> {
        let rule = finding.rule();
        let severity = self.paint(colour_of(finding.severity), finding.severity.name());
        let title = self.paint(BOLD, &shown(rule.title.as_bytes()));
        let (line, column) = (finding.start.line, finding.start.column);
        let more = finding.suppressed.map(|by| format!(", suppressed: {}", suppression_name(by))).unwrap_or_default();
        let id = shown(rule.id.as_bytes());
        writeln!(self.out, "{line}:{column} {severity}: {title} [{id}, {} confidence{more}]", finding.confidence)
    }

    /// Writes the line, masked, and the mark below the secret.
    fn excerpt(&mut self, finding: &Finding, gutter: usize) -> io::Result<()> {
        let room = self.style.width.max(NARROWEST).saturating_sub(gutter + 3);
        let line = fit(self.masker.line(finding), room);
        let bar = self.paint(FRAME, "|");
        let number = self.paint(FRAME, &format!("{:>width$}", finding.start.line, width = gutter));
        let mark = "^".repeat(width(&line.secret).max(1));
        let mark = self.paint(colour_of(finding.severity), &mark);
        let more = match finding.end.line - finding.start.line {
            0 => String::new(),
            _ => format!(" up to line {}", finding.end.line),
        };
        writeln!(self.out, "{:gutter$} {bar}", "")?;
        writeln!(self.out, "{number} {bar} {}", line.text())?;
        writeln!(self.out, "{:gutter$} {bar} {:indent$}{mark}{more}", "", "", indent = width(&line.before))
    }

    /// Writes what a finder can do and how to stop it: in full where the rule
    /// comes first, a pointer to that place once in every other file.
    fn advice(&mut self, finding: &Finding, path: &str, gutter: usize) -> io::Result<()> {
        let rule = finding.rule();
        match self.told.get_mut(&finding.rule_idx) {
            None => {
                let told = Told { at: format!("{path}:{}", finding.start.line), file: path.to_owned() };
                self.told.insert(finding.rule_idx, told);
                self.note("impact", &rule.impact, gutter)?;
                self.note(if rule.is_secret() { "revoke" } else { "fix" }, &rule.revoke, gutter)?;
                self.note("link", &rule.link, gutter)
            }
            Some(told) if told.file != path => {
                path.clone_into(&mut told.file);
                let text = format!("{} for impact and revocation", told.at);
                self.note("see", &text, gutter)
            }
            Some(_) => Ok(()),
        }
    }

    /// Writes a remark below a line, wrapped; nothing if there is nothing to say.
    fn note(&mut self, name: &str, text: &str, gutter: usize) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let indent = gutter + name.len() + 5;
        let room = self.style.width.max(NARROWEST).saturating_sub(indent);
        let text = wrap(&shown(text.as_bytes()), room).join(&format!("\n{:indent$}", ""));
        let (sign, name) = (self.paint(FRAME, "="), self.paint(BOLD, name));
        writeln!(self.out, "{:gutter$} {sign} {name}: {text}", "")
    }

    /// Says what was not scanned although it was to be.
    fn gaps(&mut self, report: &Report) -> io::Result<()> {
        let mut gaps = gaps(&report.coverage);
        gaps.retain(|gap| gap.is_incomplete);
        if gaps.is_empty() {
            return Ok(());
        }
        let (n, all) = (report.coverage.unscanned.len(), report.coverage.discovered());
        let allowed: Vec<&str> = report.coverage.allowed.iter().map(|reason| reason.name()).collect();
        let allowed = if allowed.is_empty() { String::new() } else { format!(" (allowed: {})", allowed.join(", ")) };
        let head = format!("incomplete: {} of {} not scanned{allowed}", grouped(n as u64), counted(all, report.noun));
        writeln!(self.out, "{}", self.paint(ALARM, &head))?;
        for gap in gaps.iter().take(LISTED) {
            let path = gap.path.map(|path| format!("{}: ", shown_path(path))).unwrap_or_default();
            writeln!(self.out, "  {path}{}", gap.text)?;
        }
        if gaps.len() > LISTED {
            writeln!(self.out, "  and {} more", grouped((gaps.len() - LISTED) as u64))?;
        }
        writeln!(self.out)
    }

    /// Writes the last line.
    fn verdict(&mut self, report: &Report) -> io::Result<()> {
        let colour = if is_clean(report) { GOOD } else { ALARM };
        let head = self.paint(colour, &headline(report));
        let facts = facts(report, Some(report.elapsed));
        writeln!(self.out, "{head} · {}", facts.join(" · "))
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        if self.style.colour { format!("{colour}{text}{colour:#}") } else { text.to_owned() }
    }
}

/// Returns the last line of a report, without how long the scan took.
pub(super) fn verdict(report: &Report) -> String {
    format!("{} · {}", headline(report), facts(report, None).join(" · "))
}

/// Returns the colour of a severity.
pub(super) fn colour_of(severity: Severity) -> Colour {
    match severity {
        Severity::Critical | Severity::High => ALARM,
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low => AnsiColor::Cyan.on_default().bold(),
        _ => BOLD,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use leaktight_core::{Skip, SkipReason};

    use super::super::Format;
    use super::super::testing::{mixed, render, report, token};
    use super::*;

    #[test]
    fn shows_a_finding_like_a_compiler() {
        let report = report(&[("config/prod.env", format!("# keys\nexport ACME={} # prod\n", token(1)).as_bytes())]);
        let text = render(&report, Format::Human);
        let shown = format!("acme_********{}", &token(1)[33..]);
        let expected = format!(
            "config/prod.env

2:13 critical: Acme API token [acme-token, high confidence]
    |
  2 | export ACME={shown} # prod
    |             ^^^^^^^^^^^^^^^^^
    = impact: Reads and writes every widget of the organisation.
    = revoke: Open Settings, Tokens and press Revoke.
    = link: https://acme.example/tokens
"
        );
        assert!(text.starts_with(&expected), "{text}\n{expected}");
        let last = "1 finding (1 critical) · 1 file, 64 B in 0.12 s";
        assert_eq!(text.lines().last(), Some(last));
    }

    #[test]
    fn gives_the_advice_of_a_rule_once() {
        let both = format!("{}\n{}\n", token(1), token(2));
        let text = render(&report(&[("a", both.as_bytes()), ("b", both.as_bytes())]), Format::Human);
        assert_eq!(text.matches("= impact: ").count(), 1, "{text}");
        assert_eq!(text.matches("= see: a:1 for impact and revocation").count(), 1, "{text}");
    }

    #[test]
    fn lists_some_of_what_was_not_scanned_and_counts_the_rest() {
        let mut report = report(&[("a", b"nothing")]);
        let skip = |n| Skip::new(PathBuf::from(format!("f{n}\n::error::x")), SkipReason::Io, "");
        report.coverage.unscanned = (0..12).map(skip).collect();
        let text = render(&report, Format::Human);
        assert!(text.starts_with("incomplete: 12 of 13 files not scanned\n  f0\\n::error::x: io\n"), "{text}");
        assert!(text.contains("\n  and 2 more\n"), "{text}");
        assert!(!text.contains("clean"), "{text}");
    }

    #[test]
    fn needs_no_colour_and_takes_it_only_when_allowed() {
        let report = mixed();
        assert!(!render(&report, Format::Human).contains('\x1b'));
        let style = Style { colour: true, width: 80, explain: false };
        let mut out = Vec::new();
        write(&report, style, &mut out).expect("memory takes everything");
        assert!(String::from_utf8_lossy(&out).contains("\x1b[1m\x1b[31mcritical\x1b[0m"));
    }

    #[test]
    fn clips_lines_to_the_terminal() {
        let text = format!("{}{}{}", "a".repeat(60), format_args!(" {} ", token(1)), "b".repeat(60));
        let text = render(&report(&[("a", text.as_bytes())]), Format::Human);
        assert!(text.lines().filter(|line| line.contains(" | ")).all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("acme_********"), "{text}");
    }
}
