//! JUnit XML: each finding is a failed test, each gap of the coverage an error.

use std::fmt::Write as _;
use std::io::{self, Write};

use leaktight_core::Finding;

use super::commit;
use super::gap::{Gap, gaps};
use super::line::Masker;
use super::text::{shown_origin, shown_path};
use super::{Report, encoded_as};
use crate::term;

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let gaps = gaps(&report.coverage);
    let (failures, skipped) = (report.findings.len(), report.listed_suppressed().len());
    let is_clean = failures == 0 && gaps.is_empty();
    let tests = failures + skipped + gaps.len() + usize::from(is_clean);
    let counts = format!(r#"tests="{tests}" failures="{failures}" errors="{}""#, gaps.len());
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="leaktight" {counts}>"#)?;
    writeln!(out, r#"  <testsuite name="leaktight" {counts} skipped="{skipped}">"#)?;
    let masker = Masker::strict(report);
    for finding in &report.findings {
        write_finding(finding, &masker, out)?;
    }
    for finding in report.listed_suppressed() {
        write_suppressed(finding, out)?;
    }
    for gap in &gaps {
        write_gap(gap, out)?;
    }
    if is_clean {
        // Most readers take a suite without a test for a mistake.
        writeln!(out, r#"    <testcase classname="leaktight" name="no secrets"/>"#)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn write_finding(finding: &Finding, masker: &Masker<'_>, out: &mut dyn Write) -> io::Result<()> {
    let rule = finding.rule();
    let encoding = encoded_as(finding);
    let message = format!("{} ({}, {} confidence{encoding})", rule.title, finding.severity, finding.confidence);
    let text = [
        format!("{} | {}", finding.start.line, masker.line(finding).text()),
        rule.impact.to_string(),
        rule.revoke.to_string(),
        rule.link.to_string(),
        format!("fingerprint {}", finding.fingerprint),
        commit::introduced(finding, masker),
    ];
    writeln!(out, "    <testcase {}>", case(finding))?;
    writeln!(
        out,
        "      <failure type=\"{}\" message=\"{}\">{}</failure>",
        xml(&rule.id),
        xml(&message),
        text.iter().filter(|line| !line.is_empty()).map(|line| xml(line)).collect::<Vec<_>>().join("\n")
    )?;
    writeln!(out, "    </testcase>")
}

fn write_suppressed(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let by = finding.suppressed.map_or("suppressed", super::suppression_name);
    writeln!(out, "    <testcase {}>", case(finding))?;
    writeln!(out, "      <skipped message=\"{by}\"/>\n    </testcase>")
}

fn write_gap(gap: &Gap<'_>, out: &mut dyn Write) -> io::Result<()> {
    let name = gap.path.map_or_else(|| "scan".to_owned(), shown_path);
    writeln!(out, "    <testcase classname=\"{}\" name=\"coverage\">", xml(&name))?;
    writeln!(out, "      <error type=\"{}\" message=\"{}\"/>\n    </testcase>", gap.kind, xml(&gap.message()))
}

/// The attributes that name the test of a finding.
fn case(finding: &Finding) -> String {
    let path = xml(&shown_origin(&finding.origin));
    let (id, start) = (xml(&finding.rule().id), finding.start);
    format!(
        r#"classname="{path}" name="{id} at {line}:{column}" file="{path}" line="{line}""#,
        line = start.line,
        column = start.column
    )
}

/// Escapes text for an element or an attribute. Characters that XML 1.0 does
/// not allow, even as references, are made visible.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in term::escape(text.as_bytes()).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(safe, "\\u{{{:x}}}", c as u32);
            }
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{mixed, render, report, token};
    use super::*;

    #[test]
    fn counts_findings_as_failures_and_gaps_as_errors() {
        let text = render(&mixed(), Format::Junit);
        assert!(text.contains(r#"tests="5" failures="3" errors="1" skipped="1""#), "{text}");
        let count = |tag: &str| text.matches(tag).count();
        assert_eq!([count("<failure"), count("<error"), count("<skipped"), count("<testcase")], [3, 1, 1, 5]);
    }

    #[test]
    fn a_clean_scan_is_one_passed_test_and_an_empty_one_is_an_error() {
        assert!(render(&report(&[("a", b"nothing")]), Format::Junit).contains(r#"name="no secrets"/>"#));
        assert!(render(&report(&[]), Format::Junit).contains("nothing was scanned"));
    }

    #[test]
    fn escapes_what_would_end_an_attribute_or_is_not_allowed() {
        assert_eq!(xml("<a b=\"&'\">\x1b\u{ffff}"), "&lt;a b=&quot;&amp;&apos;&quot;&gt;\\u{1b}\\u{ffff}");
        let text = render(&report(&[("<script>\"\n\x00", token(1).as_bytes())]), Format::Junit);
        assert!(text.contains(r#"classname="&lt;script&gt;&quot;\n\u{0}""#), "{text}");
    }
}
