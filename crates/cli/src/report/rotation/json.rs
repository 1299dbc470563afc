//! The list as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use leaktight_context::transcript::{At, Leak, Place, Scrubbed, Sent};
use leaktight_core::{Confidence, Fingerprint, Severity, Tag};
use serde::Serialize;

use super::super::json::{print, print_line};
use super::super::line::Masker;
use super::super::record::{Ledger, SkipRecord, TOOL, Timing, Tool, VERSION};
use super::super::text::path_text;
use super::Rotation;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    counts: Counts,
    leaks: Vec<Record<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scrubbed: Option<Cleared<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    scrubbed: Option<Cleared<'a>>,
    coverage: Ledger<'a>,
    timing: Timing,
}

#[derive(Serialize)]
struct Counts {
    leaks: usize,
    sent_to_provider: usize,
    severity: BTreeMap<Severity, u64>,
}

/// A secret to rotate.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    rule: &'a str,
    title: &'a str,
    provider: &'a str,
    severity: Severity,
    confidence: Confidence,
    /// The secret, masked unless it was asked for.
    secret: String,
    fingerprint: Fingerprint,
    tags: &'a [Tag],
    impact: &'a str,
    revoke: &'a str,
    link: Option<&'a str>,
    /// Null where nothing tells.
    sent_to_provider: Option<bool>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    age_days: Option<u64>,
    /// Records that hold it.
    records: u64,
    assistants: &'a BTreeSet<String>,
    sessions: Vec<String>,
    projects: Vec<String>,
    tools: Vec<String>,
    files: Vec<FileRecord<'a>>,
    /// Files beyond those listed.
    more_files: u64,
    places: Vec<PlaceRecord<'a>>,
}

#[derive(Serialize)]
struct FileRecord<'a> {
    path: std::borrow::Cow<'a, str>,
    records: u64,
}

#[derive(Serialize)]
struct PlaceRecord<'a> {
    path: std::borrow::Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<i64>,
    /// It stands in no row any more, and still in the file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    sent_to_provider: Option<bool>,
}

#[derive(Serialize)]
struct Cleared<'a> {
    files: Vec<std::borrow::Cow<'a, str>>,
    replaced: u64,
    kept: Vec<Kept<'a>>,
}

#[derive(Serialize)]
struct Kept<'a> {
    path: std::borrow::Cow<'a, str>,
    reason: &'a str,
}

fn sent(sent: Sent) -> Option<bool> {
    match sent {
        Sent::Yes => Some(true),
        Sent::No => Some(false),
        Sent::Unknown => None,
    }
}

impl<'a> Record<'a> {
    fn new(rotation: &'a Rotation, leak: &'a Leak, masker: &Masker<'_>) -> Self {
        let rule = leak.finding.rule();
        // Names come from records that held secrets, and may hold some themselves.
        let names = |names: &BTreeSet<String>| names.iter().map(|name| masker.plain(name)).collect();
        Self {
            kind: "leak",
            rule: &rule.id,
            title: &rule.title,
            provider: &rule.provider,
            severity: leak.finding.severity,
            confidence: leak.finding.confidence,
            secret: masker.secret(&leak.finding),
            fingerprint: leak.finding.fingerprint,
            tags: &rule.tags,
            impact: &rule.impact,
            revoke: &rule.revoke,
            link: (!rule.link.is_empty()).then_some(rule.link.as_ref()),
            sent_to_provider: sent(leak.sent),
            first_seen: leak.first.map(|time| time.to_string()),
            last_seen: leak.last.map(|time| time.to_string()),
            age_days: rotation.age(leak),
            records: leak.n,
            assistants: &leak.assistants,
            sessions: names(&leak.sessions),
            projects: names(&leak.projects),
            tools: names(&leak.tools),
            files: leak
                .files
                .iter()
                .map(|(path, records)| FileRecord { path: path_text(path), records: *records })
                .collect(),
            more_files: leak.n_more_files,
            places: leak.places.iter().map(PlaceRecord::new).collect(),
        }
    }
}

impl<'a> PlaceRecord<'a> {
    fn new(place: &'a Place) -> Self {
        let (line, table, row) = match &place.at {
            At::Line(line) => (Some(*line), None, None),
            At::Row(table, row) => (None, Some(table.as_str()), Some(*row)),
            At::Free => (None, None, None),
        };
        let deleted = place.at == At::Free;
        Self { path: path_text(&place.path), line, table, row, deleted, sent_to_provider: sent(place.sent) }
    }
}

impl<'a> Cleared<'a> {
    fn new(scrubbed: &'a Scrubbed) -> Self {
        let kept = scrubbed.kept.iter().map(|(path, reason)| Kept { path: path_text(path), reason });
        Self {
            files: scrubbed.files.iter().map(|path| path_text(path)).collect(),
            replaced: scrubbed.n,
            kept: kept.collect(),
        }
    }
}

impl Counts {
    fn new(rotation: &Rotation) -> Self {
        Self { leaks: rotation.leaks.len(), sent_to_provider: rotation.n_sent(), severity: rotation.by_severity() }
    }
}

/// Writes one document.
pub(super) fn write(rotation: &Rotation, out: &mut dyn Write) -> io::Result<()> {
    let masker = rotation.masker();
    let document = Document {
        version: VERSION,
        tool: TOOL,
        counts: Counts::new(rotation),
        leaks: rotation.leaks.iter().map(|leak| Record::new(rotation, leak, &masker)).collect(),
        scrubbed: rotation.scrubbed.as_ref().map(Cleared::new),
        coverage: Ledger::full(&rotation.coverage),
        timing: Timing::of(rotation.elapsed),
    };
    print(&document, out)
}

/// Writes an object a line, the summary last.
pub(super) fn write_lines(rotation: &Rotation, out: &mut dyn Write) -> io::Result<()> {
    let masker = rotation.masker();
    for leak in &rotation.leaks {
        print_line(&Record::new(rotation, leak, &masker), out)?;
    }
    for skip in &rotation.coverage.unscanned {
        print_line(&SkipRecord::line(skip), out)?;
    }
    let summary = Summary {
        kind: "summary",
        version: VERSION,
        tool: TOOL,
        counts: Counts::new(rotation),
        scrubbed: rotation.scrubbed.as_ref().map(Cleared::new),
        coverage: Ledger::counts(&rotation.coverage),
        timing: Timing::of(rotation.elapsed),
    };
    print_line(&summary, out)
}
