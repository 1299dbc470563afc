//! The trail in the formats of others.

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use serde_json::{Value, json};

/// What an export is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum ExportFormat {
    /// The lines as they are
    Jsonl,
    /// Data Security Findings of the Open Cybersecurity Schema Framework, one a line
    Ocsf,
    /// `CloudEvents` 1.0 in JSON, one a line
    Cloudevents,
    /// One SARIF 2.1.0 log
    Sarif,
}

/// Writes the lines of a trail.
pub(super) struct Export<W> {
    format: ExportFormat,
    out: W,
    n_lines: u64,
}

impl<W: Write> Export<W> {
    pub(super) fn new(format: ExportFormat, out: W) -> Self {
        Self { format, out, n_lines: 0 }
    }

    /// Writes a line.
    pub(super) fn add(&mut self, line: &Value) -> io::Result<()> {
        self.n_lines += 1;
        match self.format {
            ExportFormat::Jsonl => writeln!(self.out, "{line}"),
            ExportFormat::Ocsf => writeln!(self.out, "{}", ocsf(line)),
            ExportFormat::Cloudevents => writeln!(self.out, "{}", cloud_event(line)),
            ExportFormat::Sarif => {
                let before = if self.n_lines == 1 { head() } else { ",\n".to_owned() };
                self.out.write_all(before.as_bytes())?;
                write!(self.out, "{}", result(line))
            }
        }
    }

    /// Writes what comes behind the last line.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.format == ExportFormat::Sarif {
            if self.n_lines == 0 {
                self.out.write_all(head().as_bytes())?;
            }
            self.out.write_all(b"]}]}\n")?;
        }
        Ok(())
    }
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

/// The classes of what was found.
fn classes(line: &Value) -> Vec<&str> {
    let findings = line["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    findings.iter().filter_map(|found| found["class"].as_str()).collect()
}

fn title(line: &Value) -> String {
    let what = classes(line).join(", ");
    let what = if what.is_empty() { "no finding".to_owned() } else { what };
    format!("{}: {} of {}: {what}", text(line, "effect"), text(line, "action"), text(line, "agent"))
}

/// A Data Security Finding, class 2006, with the profile `security_control`
/// (<https://schema.ocsf.io/1.6.0/classes/data_security_finding>).
fn ocsf(line: &Value) -> Value {
    let effect = text(line, "effect");
    // Allowed, denied, modified; and informational, medium, high.
    let (action, severity) = match effect {
        "allow" => (1, 1),
        "redact" => (4, 3),
        _ => (2, 4),
    };
    let time = text(line, "ts").parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
    let mut finding = json!({
        "class_uid": 2006, "class_name": "Data Security Finding", "category_uid": 2, "category_name": "Findings",
        "activity_id": 1, "activity_name": "Create", "type_uid": 200_601, "time": time,
        "severity_id": severity, "status_id": 1, "is_alert": effect != "allow", "action_id": action,
        "metadata": {
            "version": "1.6.0", "profiles": ["security_control"], "uid": text(line, "hash"),
            "sequence": line["seq"], "labels": line["tags"],
            "product": { "name": "leaktight", "vendor_name": "Leaktight", "version": env!("CARGO_PKG_VERSION") },
        },
        "finding_info": { "uid": text(line, "hash"), "title": title(line), "types": classes(line) },
        "policy": { "name": text(line, "policy") },
        "actor": { "application": { "name": text(line, "agent") } },
        "unmapped": line,
    });
    if let Some(session) = line["session"].as_str() {
        finding["actor"]["session"] = json!({ "uid": session });
    }
    if let Some(path) = line["resource"].as_str() {
        let name = Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy());
        finding["file"] = json!({ "name": name, "path": path, "type_id": 1 });
    }
    finding
}

/// An event of CloudEvents 1.0 (<https://github.com/cloudevents/spec>).
fn cloud_event(line: &Value) -> Value {
    let subject = ["resource", "tool", "event"].iter().find_map(|key| line[key].as_str()).unwrap_or("event");
    json!({
        "specversion": "1.0", "id": text(line, "hash"), "source": "urn:leaktight:hook",
        "type": "dev.leaktight.egress.decision.v1", "subject": subject, "time": text(line, "ts"),
        "datacontenttype": "application/json", "data": line,
    })
}

/// What a log starts with, up to the first result.
fn head() -> String {
    let driver = json!({ "name": "leaktight", "version": env!("CARGO_PKG_VERSION") });
    format!(
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\
         \"runs\":[{{\"tool\":{{\"driver\":{driver}}},\"results\":["
    )
}

/// A result of SARIF 2.1.0.
fn result(line: &Value) -> Value {
    let level = match text(line, "effect") {
        "allow" => "note",
        "redact" => "warning",
        _ => "error",
    };
    let mut result = json!({
        "ruleId": classes(line).first().copied().unwrap_or_else(|| text(line, "policy")),
        "level": level, "message": { "text": title(line) },
        "partialFingerprints": { "leaktightTrail/v1": text(line, "hash") },
        "properties": { "tags": line["tags"], "policy": text(line, "policy"), "time": text(line, "ts") },
    });
    if let Some(path) = line["resource"].as_str() {
        let artifact = crate::report::artifact(Path::new(path));
        result["locations"] = json!([{ "physicalLocation": { "artifactLocation": artifact } }]);
    }
    result
}
