//! Comma-separated values, as RFC 4180 has them.
//!
//! A row is a finding or, so that no sheet looks complete that is not, something
//! that was not scanned.

use std::io::{self, Write};

use ::csv::Writer;
use leaktight_core::Finding;

use super::commit;
use super::gap::{Gap, gaps};
use super::line::Masker;
use super::text::{shown, shown_origin, shown_path};
use super::{Report, encoding, suppression_name};

/// Columns of the table.
const N: usize = 25;

const HEADER: [&str; N] = [
    "type",
    "rule",
    "title",
    "provider",
    "severity",
    "confidence",
    "path",
    "line",
    "column",
    "end_line",
    "end_column",
    "secret",
    "excerpt",
    "fingerprint",
    "impact",
    "revoke",
    "link",
    "suppressed",
    "commit",
    "author",
    "date",
    "in_head",
    "removed",
    "other_places",
    "encoding",
];

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let masker = Masker::new(report);
    let mut table = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    table.write_record(HEADER).map_err(cause)?;
    for finding in report.listed() {
        write_row(finding_row(finding, &masker), &mut table)?;
    }
    for gap in gaps(&report.coverage) {
        write_row(gap_row(&gap), &mut table)?;
    }
    table.flush()
}

fn write_row(row: [String; N], table: &mut Writer<&mut dyn Write>) -> io::Result<()> {
    table.write_record(row.map(inert)).map_err(cause)
}

/// Returns the error of the system, whose kind a plain conversion would lose.
fn cause(err: ::csv::Error) -> io::Error {
    match err.into_kind() {
        ::csv::ErrorKind::Io(err) => err,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

fn finding_row(finding: &Finding, masker: &Masker<'_>) -> [String; N] {
    let rule = finding.rule();
    let blob = commit::of(finding);
    let introduced = blob.and_then(|blob| blob.commit.as_ref());
    let removed = blob.and_then(|blob| blob.removed.as_ref());
    [
        "finding".to_owned(),
        rule.id.to_string(),
        rule.title.to_string(),
        rule.provider.to_string(),
        finding.severity.to_string(),
        finding.confidence.to_string(),
        shown_origin(&finding.origin),
        finding.start.line.to_string(),
        finding.start.column.to_string(),
        finding.end.line.to_string(),
        finding.end.column.to_string(),
        shown(masker.secret(finding).as_bytes()),
        masker.line(finding).text(),
        finding.fingerprint.to_string(),
        rule.impact.to_string(),
        rule.revoke.to_string(),
        rule.link.to_string(),
        finding.suppressed.map(suppression_name).unwrap_or_default().to_owned(),
        introduced.map(|commit| commit.id.clone()).unwrap_or_default(),
        introduced.map(|commit| shown(masker.text(&commit.author).as_bytes())).unwrap_or_default(),
        introduced.map(commit::timestamp).unwrap_or_default(),
        blob.map(|blob| blob.in_head.to_string()).unwrap_or_default(),
        removed.map(|commit| commit.id.clone()).unwrap_or_default(),
        blob.map(|blob| blob.others.to_string()).unwrap_or_default(),
        encoding(finding),
    ]
}

/// A row of type `gap`: its kind stands for the rule, what happened for the title.
fn gap_row(gap: &Gap<'_>) -> [String; N] {
    let mut row: [String; N] = Default::default();
    row[0] = "gap".to_owned();
    row[1] = gap.kind.to_owned();
    row[2] = gap.message();
    row[6] = gap.path.map(shown_path).unwrap_or_default();
    row
}

/// Returns a cell that no spreadsheet takes for a formula.
fn inert(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{mixed, render, report, token};
    use super::*;

    #[test]
    fn writes_a_row_for_each_finding_and_gap() {
        let text = render(&mixed(), Format::Csv);
        let mut table = ::csv::Reader::from_reader(text.as_bytes());
        assert_eq!(table.headers().expect("a header"), &HEADER[..]);
        let rows: Vec<_> = table.records().map(|row| row.expect("a row")).collect();
        let kinds: Vec<&str> = rows.iter().map(|row| &row[0]).collect();
        assert_eq!(kinds, ["finding", "finding", "finding", "finding", "gap"]);
        assert_eq!((&rows[0][6], &rows[0][7], &rows[0][8]), ("config/prod.env", "2", "13"));
    }

    #[test]
    fn takes_the_force_out_of_formulas() {
        for cell in ["=cmd", "+1", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(inert(cell.to_owned()), format!("'{cell}"));
        }
        let text = render(&report(&[("=cmd|' /C calc'!A0", token(1).as_bytes())]), Format::Csv);
        assert!(text.contains(",'=cmd|"), "{text}");
    }
}
