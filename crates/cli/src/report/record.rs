//! Findings and coverage as JSON programs read.
//!
//! Names and meanings of the fields are stable: fields may be added, none is
//! renamed or removed within a version of the document.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use data_encoding::BASE64;
use leaktight_core::{Confidence, Finding, Fingerprint, Reason, Severity, Skip, SkipReason, Step, Suppression, Tag};
use serde::Serialize;

use super::commit::{self, HistoryRecord};
use super::line::Masker;
use super::text::{origin_text, path_text, shown};
use super::{Coverage, Report};

/// The version of the document.
pub(super) const VERSION: u32 = 1;

/// A finding.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    /// Always `finding`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Id of the rule.
    rule: &'a str,
    /// What was found, for people.
    title: &'a str,
    /// Whose secret it is.
    provider: &'a str,
    severity: Severity,
    confidence: Confidence,
    /// The file, `<stdin>` or `<memory>`; what is not UTF-8 is replaced.
    path: Cow<'a, str>,
    /// The bytes of a path that is not UTF-8, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes_b64: Option<String>,
    /// The line of the secret's first byte, from 1.
    line: u64,
    /// The column of the secret's first byte, from 1, in bytes.
    column: u64,
    /// The line of the position behind the secret's last byte.
    end_line: u64,
    /// The column of the position behind the secret's last byte.
    end_column: u64,
    /// Bytes of the file before the secret.
    offset: u64,
    /// Bytes of the file that hold the secret, encoded or not.
    length: usize,
    /// How the secret is encoded there, the outermost step first; left out where it is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encoding: Vec<Step>,
    /// The secret, decoded, and masked unless it was asked for.
    secret: String,
    /// The line round the secret: clipped, masked, and escaped for a terminal.
    excerpt: String,
    /// Identifies the finding wherever it moves.
    fingerprint: Fingerprint,
    /// Facts about the kind of secret.
    tags: &'a [Tag],
    /// What a holder of the secret can do.
    impact: &'a str,
    /// How to revoke it; how to undo a setting.
    revoke: &'a str,
    /// The vendor's page; null where there is none.
    link: Option<&'a str>,
    /// Why the finding stands: objects of a kind and, with some, a detail.
    reasons: &'a [Reason],
    /// What suppressed the finding: `inline`, `baseline`, `config`, or null.
    suppressed: Option<Suppression>,
    /// Where in the history it stands, for a scan of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryRecord>,
}

impl<'a> Record<'a> {
    /// Returns the record of a finding.
    pub(super) fn new(finding: &'a Finding, masker: &Masker<'_>) -> Self {
        let rule = finding.rule();
        Self {
            kind: "finding",
            rule: &rule.id,
            title: &rule.title,
            provider: &rule.provider,
            severity: finding.severity,
            confidence: finding.confidence,
            path: origin_text(&finding.origin),
            path_bytes_b64: finding.origin.path().and_then(odd_bytes),
            line: finding.start.line,
            column: finding.start.column,
            end_line: finding.end.line,
            end_column: finding.end.column,
            offset: finding.offset,
            length: finding.length,
            encoding: finding.origin.steps(),
            secret: masker.secret(finding),
            excerpt: masker.line(finding).text(),
            fingerprint: finding.fingerprint,
            tags: &rule.tags,
            impact: &rule.impact,
            revoke: &rule.revoke,
            link: (!rule.link.is_empty()).then_some(rule.link.as_ref()),
            reasons: &finding.reasons,
            suppressed: finding.suppressed,
            history: commit::of(finding).map(|blob| HistoryRecord::new(blob, masker)),
        }
    }
}

/// Something that was to be scanned and was not.
#[derive(Serialize)]
pub(super) struct SkipRecord<'a> {
    /// `skip`, where lines of several types are mixed.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes_b64: Option<String>,
    reason: SkipReason,
    detail: String,
}

impl<'a> SkipRecord<'a> {
    /// Returns a record for a list of skips.
    pub(super) fn new(skip: &'a Skip) -> Self {
        Self {
            kind: None,
            path: path_text(&skip.path),
            path_bytes_b64: odd_bytes(&skip.path),
            reason: skip.reason,
            detail: shown(skip.detail.as_bytes()),
        }
    }

    /// Returns a record for a line of its own.
    pub(super) fn line(skip: &'a Skip) -> Self {
        Self { kind: Some("skip"), ..Self::new(skip) }
    }
}

/// The coverage ledger.
#[derive(Serialize)]
pub(super) struct Ledger<'a> {
    /// Everything that was to be scanned was.
    complete: bool,
    /// The sum of scanned, excluded and unscanned.
    discovered: u64,
    scanned: u64,
    bytes: u64,
    /// What was left out on purpose, by reason.
    excluded: &'a BTreeMap<SkipReason, u64>,
    n_unscanned: usize,
    /// Left out where the skips stand elsewhere in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    unscanned: Option<Vec<SkipRecord<'a>>>,
    capped: u64,
    interrupted: bool,
    /// Reasons for which the scan may be incomplete and pass all the same.
    #[serde(skip_serializing_if = "<[SkipReason]>::is_empty")]
    allowed: &'a [SkipReason],
}

impl<'a> Ledger<'a> {
    /// Returns the ledger without the list of skips.
    pub(super) fn counts(coverage: &'a Coverage) -> Self {
        Self {
            complete: coverage.is_complete(),
            discovered: coverage.discovered(),
            scanned: coverage.scanned,
            bytes: coverage.bytes,
            excluded: &coverage.excluded,
            n_unscanned: coverage.unscanned.len(),
            unscanned: None,
            capped: coverage.capped,
            interrupted: coverage.interrupted,
            allowed: &coverage.allowed,
        }
    }

    /// Returns the ledger with the list of skips.
    pub(super) fn full(coverage: &'a Coverage) -> Self {
        let unscanned = coverage.unscanned.iter().map(SkipRecord::new).collect();
        Self { unscanned: Some(unscanned), ..Self::counts(coverage) }
    }
}

/// The program that wrote a report.
#[derive(Serialize)]
pub(super) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// This program.
pub(super) const TOOL: Tool = Tool { name: "leaktight", version: super::TOOL_VERSION };

/// The only part of a report that differs between two runs over the same bytes.
#[derive(Serialize)]
pub(super) struct Timing {
    elapsed_ms: u64,
}

impl Timing {
    /// Returns the timing of a report.
    pub(super) fn new(report: &Report) -> Self {
        Self::of(report.elapsed)
    }

    /// Returns the timing of a scan that took so long.
    pub(super) fn of(elapsed: std::time::Duration) -> Self {
        Self { elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// The bytes of a path that is not UTF-8, in base64.
fn odd_bytes(path: &Path) -> Option<String> {
    path.to_str().is_none().then(|| BASE64.encode(path.as_os_str().as_encoded_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{report, token};
    use super::*;

    fn record_of(report: &Report) -> serde_json::Value {
        serde_json::to_value(Record::new(&report.findings[0], &Masker::new(report))).expect("a record is JSON")
    }

    #[test]
    fn tells_the_place_and_masks_the_secret() {
        let record = record_of(&report(&[("a/b.env", format!("x\nKEY={}", token(1)).as_bytes())]));
        let place = ["path", "line", "column", "end_line", "end_column", "offset", "length"].map(|name| &record[name]);
        assert_eq!(serde_json::json!(place), serde_json::json!(["a/b.env", 2, 5, 2, 42, 6, 37]));
        assert!(record["secret"].as_str().is_some_and(|text| text.starts_with("acme_********")), "{record}");
        assert_eq!(record["suppressed"], serde_json::Value::Null);
    }

    #[test]
    fn shows_the_secret_when_asked() {
        let mut report = report(&[("a", token(1).as_bytes())]);
        report.show_secrets = true;
        assert_eq!(record_of(&report)["secret"], token(1));
    }

    #[cfg(unix)]
    #[test]
    fn keeps_the_bytes_of_a_path_that_is_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff"));
        assert_eq!(odd_bytes(path), Some(BASE64.encode(b"a\xff")));
        assert_eq!(odd_bytes(Path::new("é")), None);
    }
}
