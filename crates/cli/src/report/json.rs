//! JSON: one document, or one object a line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use leaktight_core::{Severity, Suppression};
use serde::{Serialize, Serializer};

use super::Report;
use super::line::Masker;
use super::record::{Ledger, Record, SkipRecord, TOOL, Timing, Tool, VERSION};
use super::text::{is_hash_command, path_text};
use crate::term;

#[derive(Serialize)]
struct Document<'a, F, S> {
    version: u32,
    tool: Tool,
    targets: Vec<Cow<'a, str>>,
    counts: Counts,
    findings: F,
    suppressed: S,
    coverage: Ledger<'a>,
    timing: Timing,
}

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    tool: Tool,
    counts: Counts,
    coverage: Ledger<'a>,
    timing: Timing,
}

/// Numbers of findings, whether they are listed or not.
#[derive(Serialize)]
struct Counts {
    findings: usize,
    /// Findings among them by severity.
    severity: BTreeMap<Severity, u64>,
    suppressed: usize,
    /// Suppressed findings by what suppressed them.
    suppressed_by: BTreeMap<Suppression, u64>,
    /// Findings below the confidence or severity asked for.
    below: u64,
}

impl Counts {
    fn new(report: &Report) -> Self {
        Self {
            findings: report.findings.len(),
            severity: report.by_severity(),
            suppressed: report.suppressed.len(),
            suppressed_by: report.suppressed_by(),
            below: report.n_below,
        }
    }
}

/// Writes a report as one document.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let masker = Masker::new(report);
    let document = Document {
        version: VERSION,
        tool: TOOL,
        targets: report.targets.iter().map(|target| path_text(target)).collect(),
        counts: Counts::new(report),
        findings: List(|| report.findings.iter().map(|finding| Record::new(finding, &masker))),
        suppressed: List(|| report.listed_suppressed().iter().map(|finding| Record::new(finding, &masker))),
        coverage: Ledger::full(&report.coverage),
        timing: Timing::new(report),
    };
    print(&document, out)
}

/// Writes a report as lines: the findings in the order of their places, what was not scanned, and a summary last.
pub(super) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let masker = Masker::new(report);
    for finding in report.listed() {
        print_line(&Record::new(finding, &masker), out)?;
    }
    for skip in &report.coverage.unscanned {
        print_line(&SkipRecord::line(skip), out)?;
    }
    let summary = Summary {
        kind: "summary",
        version: VERSION,
        tool: TOOL,
        counts: Counts::new(report),
        coverage: Ledger::counts(&report.coverage),
        timing: Timing::new(report),
    };
    print_line(&summary, out)
}

/// Writes JSON with line breaks and indents.
pub(super) fn print<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines { out, line: Vec::new() };
    serde_json::to_writer_pretty(&mut lines, value)?;
    writeln!(lines)
}

/// A list whose items are made when they are written, so that there is one at a time.
pub(super) struct List<F>(pub(super) F);

impl<I, F> Serialize for List<F>
where
    I: IntoIterator<Item: Serialize>,
    F: Fn() -> I,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// Passes on line after line, each harmless. No string of JSON goes over the end of a line.
struct Lines<'a> {
    out: &'a mut dyn Write,
    line: Vec<u8>,
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) =
            bytes.iter().rposition(|byte| *byte == b'\n').map(|at| self.line.len() - bytes.len() + at + 1)
        {
            let text = std::str::from_utf8(&self.line[..end]).map_err(io::Error::other)?;
            self.out.write_all(harmless(text).as_bytes())?;
            self.line.drain(..end);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes JSON as one line.
pub(super) fn print_line<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", harmless(&serde_json::to_string(value)?))
}

/// Writes as `\u` escapes what a terminal or a build service could obey. These
/// characters stand within strings only, so the meaning stays the same.
fn harmless(json: &str) -> Cow<'_, str> {
    let is_bad = |at: usize, c: char| c == '#' && is_hash_command(&json[at..]) || c >= '\x7f' && is_unsafe(c);
    if !json.char_indices().any(|(at, c)| is_bad(at, c)) {
        return json.into();
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for (at, c) in json.char_indices() {
        if is_bad(at, c) {
            let units = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            safe.push_str(&units);
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

fn is_unsafe(c: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = c.encode_utf8(&mut buffer);
    term::escape(text.as_bytes()) != text
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::Value;

    use super::super::Format;
    use super::super::testing::{mixed, render, report, token};
    use super::*;

    #[test]
    fn writes_one_document_with_its_ledger() {
        let document: Value = serde_json::from_str(&render(&mixed(), Format::Json)).expect("one document");
        let lens = ["findings", "suppressed"].map(|name| document[name].as_array().map_or(0, Vec::len));
        assert_eq!(lens, [3, 1]);
        assert_eq!((&document["counts"]["findings"], &document["counts"]["suppressed"]), (&3.into(), &1.into()));
        assert_eq!(document["coverage"]["complete"], false);
        assert_eq!(document["coverage"]["unscanned"][0]["reason"], "permission");
        assert_eq!(document["coverage"]["excluded"]["binary"], 2);
        assert_eq!(document["timing"]["elapsed_ms"], 120);
    }

    #[test]
    fn writes_one_object_a_line_and_the_summary_last() {
        let text = render(&mixed(), Format::Jsonl);
        let kinds: Vec<Value> =
            text.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object")["type"].clone()).collect();
        assert_eq!(kinds, ["finding", "finding", "finding", "finding", "skip", "summary"]);
    }

    #[test]
    fn escapes_what_a_terminal_obeys_and_keeps_the_meaning() {
        let path = "a\u{1b}\u{9b}\u{202e}##vso[x]\u{e0041}é";
        let text = render(&report(&[(path, token(1).as_bytes())]), Format::Jsonl);
        assert!(text.chars().all(|c| c == '\n' || !is_unsafe(c)), "{text}");
        assert!(!text.contains("##vso["), "{text}");
        let line: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("an object");
        assert_eq!(line["path"], path);
    }

    #[test]
    fn a_list_is_written_item_by_item() {
        struct Seen<'a>(&'a Cell<usize>);
        impl Write for Seen<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.set(self.0.get() + bytes.iter().filter(|byte| **byte == b'\n').count());
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Cell::new(0);
        let items = (0..9).inspect(|number: &usize| {
            // The bracket, and all items but the last.
            assert!(lines.get() >= *number, "{} lines are out before item {number}", lines.get());
        });
        print(&List(|| items.clone()), &mut Seen(&lines)).expect("nothing fails");
        assert_eq!(lines.get(), 11);
    }

    #[test]
    fn two_runs_differ_in_nothing() {
        assert_eq!(render(&mixed(), Format::Json), render(&mixed(), Format::Json));
    }
}
