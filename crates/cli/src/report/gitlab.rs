//! GitLab's secret detection report, version 15 of its schema.

use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leaktight_core::{Finding, Severity};
use serde::Serialize;
use serde_json::{Value, json};

use super::commit::{self, date};
use super::gap::{Gap, gaps};
use super::json::List;
use super::line::Masker;
use super::text::{clip, origin_text, shown_path, web_link};
use super::{HOME_PAGE, Report, TOOL_VERSION, encoded_as, json};

/// Writes a report that says the scan ended now.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_at(report, SystemTime::now(), out)
}

fn write_at(report: &Report, end: SystemTime, out: &mut dyn Write) -> io::Result<()> {
    let masker = Masker::strict(report);
    let vulnerabilities = || report.findings.iter().map(|finding| vulnerability(finding, &masker));
    let document = Document { scan: scan(report, end), version: "15.0.4", vulnerabilities: List(vulnerabilities) };
    json::print(&document, out)
}

#[derive(Serialize)]
struct Document<V> {
    scan: Value,
    version: &'static str,
    vulnerabilities: V,
}

fn scan(report: &Report, end: SystemTime) -> Value {
    let tool = json!({
        "id": "leaktight",
        "name": "Leaktight",
        "url": HOME_PAGE,
        "version": TOOL_VERSION,
        "vendor": { "name": "Leaktight" },
    });
    let start = end.checked_sub(report.elapsed).unwrap_or(UNIX_EPOCH);
    json!({
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": timestamp(start),
        "end_time": timestamp(end),
        "status": if report.coverage.is_complete() { "success" } else { "failure" },
        "messages": gaps(&report.coverage).iter().map(message).collect::<Vec<_>>(),
    })
}

fn message(gap: &Gap<'_>) -> Value {
    let path = gap.path.map(|path| format!("{}: ", shown_path(path))).unwrap_or_default();
    json!({ "level": "warn", "value": format!("{path}{}", gap.message()) })
}

fn vulnerability(finding: &Finding, masker: &Masker<'_>) -> Value {
    let rule = finding.rule();
    let links: Vec<Value> = web_link(&rule.link).map(|url| json!({ "url": url })).into_iter().collect();
    json!({
        "id": id(finding),
        "category": "secret_detection",
        "name": clip(&rule.title, 255),
        "description": description(finding),
        "solution": clip(&rule.revoke, 7000),
        "severity": severity(finding.severity),
        "scanner": { "id": "leaktight", "name": "Leaktight" },
        "location": {
            "file": origin_text(&finding.origin),
            "start_line": finding.start.line,
            "end_line": finding.end.line,
            "commit": commit(finding, masker),
        },
        "identifiers": [{
            "type": "leaktight_rule_id",
            "name": format!("Leaktight rule {}", rule.id),
            "value": rule.id,
        }],
        "links": links,
        "raw_source_code_extract": masker.line(finding).text(),
    })
}

/// The commit of a finding in a history.
fn commit(finding: &Finding, masker: &Masker<'_>) -> Value {
    match commit::of(finding).and_then(|blob| blob.commit.as_ref()) {
        Some(commit) => json!({
            "sha": commit.id,
            "author": masker.text(&commit.author),
            "date": commit::timestamp(commit),
            "message": masker.text(&commit.subject),
        }),
        // What GitLab's own analyzer writes when it scans no commit.
        None => json!({ "sha": "0000000" }),
    }
}

fn description(finding: &Finding) -> String {
    let rule = finding.rule();
    let encoding = encoded_as(finding);
    format!("{} found{encoding}, with {} confidence. {}", rule.title, finding.confidence, rule.impact)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        _ => "Info",
    }
}

/// An id in the form of a UUID of version 8: 8 bytes of the fingerprint, 8 of
/// the place, so that two copies of a secret have two ids.
fn id(finding: &Finding) -> String {
    let place = format!("{}\0{}", origin_text(&finding.origin), finding.offset);
    let hex = format!("{:.16}{:016x}", finding.fingerprint.to_string(), fnv(place.as_bytes()));
    let variant = ['8', '9', 'a', 'b'][usize::from(hex.as_bytes()[16]) % 4];
    format!("{}-{}-8{}-{variant}{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// FNV-1a: the same on every machine and in every release, unlike the hash of `std`.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A time as GitLab wants it: UTC, to the second, without a zone.
fn timestamp(time: SystemTime) -> String {
    let secs = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let (year, month, day) = date(secs / 86_400);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{mixed, report, token};
    use super::*;

    fn document(report: &Report) -> Value {
        let mut out = Vec::new();
        write_at(report, UNIX_EPOCH + Duration::from_secs(1_709_251_199), &mut out).expect("memory takes everything");
        serde_json::from_slice(&out).expect("one document")
    }

    #[test]
    fn holds_what_the_schema_requires() {
        let document = document(&mixed());
        let scan = &document["scan"];
        assert_eq!(scan["status"], "failure");
        assert_eq!(
            (&scan["start_time"], &scan["end_time"]),
            (&json!("2024-02-29T23:59:58"), &json!("2024-02-29T23:59:59"))
        );
        assert_eq!(scan["messages"][0]["value"], "private/key: not scanned: permission: permission denied");
        let first = &document["vulnerabilities"][0];
        assert_eq!(first["severity"], "Critical");
        assert_eq!(first["location"]["file"], "config/prod.env");
        assert_eq!((&first["location"]["start_line"], &first["location"]["end_line"]), (&json!(2), &json!(2)));
        assert_eq!(first["identifiers"][0]["value"], "acme-token");
    }

    #[test]
    fn every_place_has_an_id_of_its_own() {
        let text = format!("{}\n{}\n", token(1), token(1));
        let report = report(&[("a", text.as_bytes()), ("b", text.as_bytes())]);
        let mut ids: Vec<String> = report.findings.iter().map(id).collect();
        assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'8'), "{ids:?}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4);
    }
}
