//! Reports for the tests of the formats, made by scanning a few bytes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use leaktight_core::{Chunk, Confidence, Origin, RuleSet, Scanner, Skip, SkipReason, Suppression};

use super::{Coverage, Format, Report, Style, write};

const RULES: &str = r#"
provider = "Acme"

[[rule]]
id = "acme-token"
title = "Acme API token"
severity = "critical"
pattern = 'acme_[0-9A-Za-z]{32}'
tags = ["long-lived"]
impact = "Reads and writes every widget of the organisation."
revoke = "Open Settings, Tokens and press Revoke."
link = "https://acme.example/tokens"
match = ["{token}", "x={token}"]
ignore = ["{short}", "{long}"]

[[rule]]
id = "acme-password"
title = "Acme password"
severity = "medium"
confidence = "medium"
pattern = 'acmepw=([0-9A-Za-z]{12,40})'
tags = ["password"]
impact = "Logs in as the user."
revoke = "Change the password."
match = ["{token}", "x {token}"]
ignore = ["acmepw=", "acmepw"]
"#;

/// Returns a secret of the rule `acme-token`, another one for each seed.
pub(super) fn token(seed: u64) -> String {
    format!("{}{}", "acme_", random(seed, 32))
}

/// Returns letters and digits, others for each seed.
pub(super) fn random(seed: u64, len: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 62) as usize
    };
    let alphabet = ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"].concat();
    (0..len).map(|_| char::from(alphabet.as_bytes()[next()])).collect()
}

/// Returns the report of a complete scan of files, given as paths and contents.
pub(super) fn report(files: &[(&str, &[u8])]) -> Report {
    let rules = Arc::new(RuleSet::from_files(&[("test.toml", RULES)]).expect("the rules are sound"));
    let scanner = Scanner::new(Arc::clone(&rules));
    let mut found = Vec::new();
    for (path, bytes) in files {
        let origin = Arc::new(Origin::File(PathBuf::from(path)));
        found.extend(scanner.scan(&Chunk::new(bytes, origin)).findings);
    }
    let (suppressed, findings) = found.into_iter().partition(|finding| finding.suppressed.is_some());
    Report {
        findings,
        suppressed,
        coverage: Coverage {
            scanned: files.len() as u64,
            bytes: files.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
            ..Coverage::default()
        },
        targets: vec![PathBuf::from(".")],
        n_below: 0,
        elapsed: Duration::from_millis(120),
        fail_on: Some(Confidence::Medium),
        show_secrets: false,
        include_suppressed: true,
        noun: "file",
    }
}

/// Returns a report with three findings, a suppressed one, exclusions and a skip.
pub(super) fn mixed() -> Report {
    let env = format!("# keys\nexport ACME={} # prod\n", token(1));
    let yaml = format!("acmepw={}\nold: {} # {}:allow\nnew: {}\n", random(4, 20), token(2), "leaktight", token(3));
    let mut report = report(&[("config/prod.env", env.as_bytes()), ("deploy.yaml", yaml.as_bytes())]);
    report.coverage.excluded = BTreeMap::from([(SkipReason::Binary, 2)]);
    report.coverage.unscanned = vec![Skip::new("private/key", SkipReason::Permission, "permission denied")];
    assert_eq!(report.suppressed_by().get(&Suppression::Inline), Some(&1), "one finding is allowed");
    report
}

/// Returns every secret that [`mixed`] holds.
pub(super) fn planted() -> Vec<String> {
    vec![token(1), token(2), token(3), random(4, 20)]
}

/// Returns a report as text, without colour and 80 columns wide.
pub(super) fn render(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    let style = Style { colour: false, width: 80, explain: true };
    write(report, format, style, &mut out).expect("memory takes everything");
    String::from_utf8(out).expect("reports are text")
}
