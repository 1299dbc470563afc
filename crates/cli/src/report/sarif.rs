//! SARIF 2.1.0, in the form GitHub's code scanning wants.
//!
//! GitHub shows a suppressed result like any other, so those are there only on
//! demand. Secrets are masked whatever was asked for: the file is uploaded and kept.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use leaktight_core::{Confidence, Finding, Origin, Rule, Severity, Suppression};
use serde::Serialize;
use serde_json::{Value, json};

use super::commit::{self, HistoryRecord};
use super::gap::{Gap, gaps};
use super::json::List;
use super::line::{Masker, columns};
use super::record::Ledger;
use super::text::{clip, origin_text, path_bytes, web_link};
use super::{HOME_PAGE, Report, TOOL_VERSION, encoded_as, json};

/// Characters GitHub reads of a description.
const DESCRIPTION: usize = 1024;
/// Tags GitHub reads of a rule.
const TAGS: usize = 10;

/// Writes a report.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.listed();
    let rules = Rules::new(&findings);
    let masker = Masker::strict(report);
    let run = Run {
        column_kind: "unicodeCodePoints",
        invocations: [invocation(report)],
        newline_sequences: ["\r\n", "\n", "\r"],
        original_uri_base_ids: json!({ "%SRCROOT%": { "description": { "text": "Where the scan began." } } }),
        properties: json!({ "coverage": Ledger::counts(&report.coverage) }),
        results: List(|| findings.iter().map(|finding| result(finding, &rules, &masker))),
        tool: json!({ "driver": driver(&rules) }),
    };
    let schema = "https://json.schemastore.org/sarif-2.1.0.json";
    json::print(&Document { schema, runs: [run], version: "2.1.0" }, out)
}

#[derive(Serialize)]
struct Document<R> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Run<R>; 1],
    version: &'static str,
}

/// A run. All but its results is small, and made at once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<R> {
    column_kind: &'static str,
    invocations: [Value; 1],
    newline_sequences: [&'static str; 3],
    original_uri_base_ids: Value,
    properties: Value,
    results: R,
    tool: Value,
}

/// The rules that have findings, in the order of their ids, and the place of each.
struct Rules<'a> {
    findings: Vec<&'a Finding>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Rules<'a> {
    fn new(findings: &[&'a Finding]) -> Self {
        let by_id: BTreeMap<&str, &Finding> =
            findings.iter().map(|finding| (finding.rule().id.as_ref(), *finding)).collect();
        let places = by_id.keys().enumerate().map(|(place, id)| (*id, place)).collect();
        Self { findings: by_id.into_values().collect(), places }
    }
}

fn driver(rules: &Rules<'_>) -> Value {
    json!({
        "name": "Leaktight",
        "informationUri": HOME_PAGE,
        "version": TOOL_VERSION,
        "semanticVersion": TOOL_VERSION,
        "rules": rules.findings.iter().map(|finding| describe(finding)).collect::<Vec<_>>(),
    })
}

/// Describes the rule of a finding.
fn describe(finding: &Finding) -> Value {
    let rule = finding.rule();
    let link = web_link(&rule.link);
    let mut value = json!({
        "id": rule.id,
        "shortDescription": { "text": clip(&rule.title, DESCRIPTION) },
        "fullDescription": { "text": clip(&rule.impact, DESCRIPTION) },
        "help": { "text": help(rule, link), "markdown": markdown(rule, link) },
        "defaultConfiguration": { "level": level(finding.severity) },
        "properties": {
            "tags": tags(rule),
            "precision": precision(base_confidence(finding)),
            "security-severity": score(finding.severity),
        },
    });
    if let Some(link) = link {
        value["helpUri"] = link.into();
    }
    value
}

fn help(rule: &Rule, link: Option<&str>) -> String {
    let link = link.map(|link| format!("\n{link}")).unwrap_or_default();
    format!("{}\n{}\n{}: {}{link}", rule.title, rule.impact, remedy(rule), rule.revoke)
}

/// What the advice of a rule is called.
fn remedy(rule: &Rule) -> &'static str {
    if rule.is_secret() { "Revoke" } else { "Fix" }
}

fn markdown(rule: &Rule, link: Option<&str>) -> String {
    let [title, impact, revoke] = [&rule.title, &rule.impact, &rule.revoke].map(|text| escape_markdown(text));
    let link = link.map(|link| format!("\n\n<{}>", escape_link(link))).unwrap_or_default();
    format!("**{title}**\n\n{impact}\n\n**{}:** {revoke}{link}", remedy(rule))
}

/// Escapes what makes links, images and HTML.
fn escape_markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '<' | '>' | '[' | ']' | '\\') {
            safe.push('\\');
        }
        safe.push(c);
    }
    safe
}

fn escape_link(link: &str) -> String {
    link.replace('<', "%3C").replace('>', "%3E")
}

fn tags(rule: &Rule) -> Vec<&str> {
    ["security", if rule.is_secret() { "secret" } else { "assistant" }]
        .into_iter()
        .chain(rule.tags.iter().map(|tag| tag.name()))
        .take(TAGS)
        .collect()
}

/// The confidence of a plain match, which is a fact about the rule.
fn base_confidence(finding: &Finding) -> Confidence {
    finding.rules.adjusted(finding.rule_idx).confidence.unwrap_or(finding.rule().confidence)
}

fn precision(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "very-high",
        Confidence::Medium => "medium",
        _ => "low",
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        _ => "note",
    }
}

/// The score GitHub turns into the severity of the same name.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        _ => "1.0",
    }
}

fn result(finding: &Finding, rules: &Rules<'_>, masker: &Masker<'_>) -> Value {
    let rule = finding.rule();
    let introduced = commit::introduced(finding, masker);
    let encoded = encoded_as(finding);
    let text = format!("{} found{encoded}. {} {} {introduced}", rule.title, rule.impact, rule.revoke);
    let mut value = json!({
        "ruleId": rule.id,
        "ruleIndex": rules.places[rule.id.as_ref()],
        "level": level(finding.severity),
        "message": { "text": escape_message(text.trim_end()) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": origin_artifact(&finding.origin),
            "region": region(finding, masker),
        }}],
        "partialFingerprints": { "leaktight/v1": finding.fingerprint },
        "properties": { "confidence": finding.confidence, "severity": finding.severity },
    });
    if let Some(blob) = commit::of(finding) {
        value["properties"]["history"] = json!(HistoryRecord::new(blob, masker));
    }
    if !finding.origin.steps().is_empty() {
        value["properties"]["encoding"] = json!(finding.origin.steps());
    }
    if let Some(by) = finding.suppressed {
        value["suppressions"] = json!([suppression(by)]);
    }
    value
}

/// Escapes brackets, which make links in a message.
fn escape_message(text: &str) -> String {
    text.replace('[', "\\[").replace(']', "\\]")
}

/// The place in characters, and exactly in bytes: those of a long line before
/// the excerpt are not known, and count as a character each.
fn region(finding: &Finding, masker: &Masker<'_>) -> Value {
    let (start, end) = columns(finding);
    json!({
        "startLine": finding.start.line,
        "startColumn": start,
        "endLine": finding.end.line,
        "endColumn": end,
        "byteOffset": finding.offset,
        "byteLength": finding.length,
        "snippet": { "text": masker.line(finding).text() },
    })
}

fn suppression(by: Suppression) -> Value {
    let kind = if by == Suppression::Inline { "inSource" } else { "external" };
    json!({ "kind": kind, "status": "accepted", "justification": super::suppression_name(by) })
}

fn invocation(report: &Report) -> Value {
    json!({
        "executionSuccessful": report.coverage.is_complete(),
        "toolExecutionNotifications": gaps(&report.coverage).iter().map(notification).collect::<Vec<_>>(),
    })
}

fn notification(gap: &Gap<'_>) -> Value {
    let mut value = json!({
        "descriptor": { "id": gap.kind },
        "level": if gap.is_incomplete { "error" } else { "warning" },
        "message": { "text": escape_message(&gap.message()) },
    });
    if let Some(path) = gap.path {
        value["locations"] = json!([{ "physicalLocation": { "artifactLocation": artifact(path) } }]);
    }
    value
}

fn origin_artifact(origin: &Origin) -> Value {
    match origin.path() {
        Some(path) => artifact(path),
        None => json!({ "uri": encode(origin_text(origin).as_bytes()) }),
    }
}

/// The location of a file: relative to where the scan began, unless it lies elsewhere.
pub(crate) fn artifact(path: &Path) -> Value {
    let bytes = path_bytes(path);
    if path.is_absolute() {
        let slash = if bytes.starts_with(b"/") { "" } else { "/" };
        return json!({ "uri": format!("file://{slash}{}", encode(&bytes)) });
    }
    let bytes = bytes.strip_prefix(b"./").unwrap_or(&bytes);
    json!({ "uri": encode(bytes), "uriBaseId": "%SRCROOT%" })
}

/// Percent-encodes everything but the unreserved characters of RFC 3986 and `/`.
fn encode(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{mixed, render, report, token};
    use super::*;

    fn run_of(report: &Report) -> Value {
        let document: Value = serde_json::from_str(&render(report, Format::Sarif)).expect("one document");
        assert_eq!(document["version"], "2.1.0");
        document["runs"][0].clone()
    }

    #[test]
    fn every_rule_has_what_github_requires() {
        let run = run_of(&mixed());
        let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
        assert_eq!(rules.len(), 2, "only rules with findings");
        for rule in rules {
            for text in ["/id", "/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
                assert!(rule.pointer(text).and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{text}");
            }
            let score = rule["properties"]["security-severity"].as_str().expect("a string");
            assert!(score.parse::<f32>().is_ok_and(|score| score > 0.0 && score <= 10.0), "{score}");
            assert_eq!(rule["properties"]["tags"][0], "security");
        }
    }

    #[test]
    fn every_result_has_what_github_requires() {
        let run = run_of(&mixed());
        let results = run["results"].as_array().expect("results");
        assert_eq!(results.len(), 4, "the suppressed one too");
        for result in results {
            let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("an index") as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
            assert!(result["partialFingerprints"]["leaktight/v1"].is_string());
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
            for name in ["startLine", "startColumn", "endLine", "endColumn"] {
                assert!(place["region"][name].as_u64() >= Some(1), "{name}");
            }
        }
        let kinds: Vec<&Value> = results.iter().filter_map(|result| result.pointer("/suppressions/0/kind")).collect();
        assert_eq!(kinds, ["inSource"]);
    }

    #[test]
    fn the_end_column_is_behind_the_secret() {
        let run = run_of(&report(&[("a", format!("é={}", token(1)).as_bytes())]));
        let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
        let place = ["startColumn", "endColumn", "byteOffset", "byteLength"].map(|name| &region[name]);
        assert_eq!(json!(place), json!([3, 40, 3, 37]));
    }

    #[test]
    fn says_that_the_scan_is_incomplete() {
        let run = run_of(&mixed());
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let notification = &invocation["toolExecutionNotifications"][0];
        assert_eq!(
            (&notification["level"], &notification["descriptor"]["id"]),
            (&json!("error"), &json!("permission"))
        );
        let uri = notification.pointer("/locations/0/physicalLocation/artifactLocation/uri");
        assert_eq!(uri, Some(&json!("private/key")));
    }

    #[test]
    fn uris_are_relative_and_encoded() {
        let uri = |path: &str| artifact(Path::new(path))["uri"].clone();
        assert_eq!(uri("./a b/é:#?%\n.txt"), "a%20b/%C3%A9%3A%23%3F%25%0A.txt");
        assert_eq!(uri("a/b-c_d.rs"), "a/b-c_d.rs");
        #[cfg(unix)]
        assert_eq!(artifact(Path::new("/etc/x")), json!({ "uri": "file:///etc/x" }));
    }

    #[test]
    fn rule_text_makes_no_links() {
        assert_eq!(escape_message("[a](b)"), "\\[a\\](b)");
        assert_eq!(escape_markdown("<b>[x](y)"), "\\<b\\>\\[x\\](y)");
    }
}
