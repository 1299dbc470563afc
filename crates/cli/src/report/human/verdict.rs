//! The verdict in one line, and numbers for people.

use std::fmt::Display;
use std::time::Duration;

use super::super::{Coverage, Report, suppression_name};

/// Returns whether all was looked at, there was something to look at, and nothing was found.
pub(super) fn is_clean(report: &Report) -> bool {
    report.findings.is_empty() && report.coverage.is_complete() && report.coverage.scanned > 0
}

/// Returns what matters most.
pub(super) fn headline(report: &Report) -> String {
    let found = match report.findings.len() as u64 {
        0 if is_clean(report) => "clean: no secrets found".to_owned(),
        0 if report.coverage.scanned == 0 => "nothing was scanned".to_owned(),
        0 => "no findings in what was scanned".to_owned(),
        n => {
            let counts = report.by_severity();
            let counts = counts.iter().rev().map(|(severity, n)| (severity, *n));
            format!("{} ({})", counted(n, "finding"), listed(counts))
        }
    };
    if report.coverage.is_complete() { found } else { format!("incomplete: {found}") }
}

/// Returns the facts that go with it, the time the scan took if it is given.
pub(super) fn facts(report: &Report, elapsed: Option<Duration>) -> Vec<String> {
    let coverage = &report.coverage;
    let time = elapsed.map(|elapsed| format!(" in {:.2} s", elapsed.as_secs_f64())).unwrap_or_default();
    let mut facts = vec![format!("{}{time}", amount(coverage, report.noun))];
    if let (false, false, Some(least)) = (report.findings.is_empty(), report.fails(), report.fail_on) {
        facts.push(format!("none fails the scan (needs {least} confidence)"));
    }
    if report.n_below > 0 {
        facts.push(format!("{} below the level asked for", grouped(report.n_below)));
    }
    if coverage.capped > 0 {
        facts.push(format!("{} more not listed", grouped(coverage.capped)));
    }
    if !report.suppressed.is_empty() {
        let counts = report.suppressed_by().into_iter().map(|(by, n)| (suppression_name(by), n)).collect::<Vec<_>>();
        facts.push(format!("{} suppressed ({})", grouped(report.suppressed.len() as u64), listed(counts)));
    }
    if coverage.n_excluded() > 0 {
        let counts = coverage.excluded.iter().map(|(reason, n)| (reason, *n));
        facts.push(format!("{} excluded ({})", grouped(coverage.n_excluded()), listed(counts)));
    }
    facts
}

/// Returns what was read and how long it took.
pub(in crate::report) fn read(coverage: &Coverage, elapsed: Duration) -> String {
    let mut facts = vec![format!("{} in {:.2} s", amount(coverage, "file"), elapsed.as_secs_f64())];
    if coverage.capped > 0 {
        facts.push(format!("{} more not listed", grouped(coverage.capped)));
    }
    if coverage.n_excluded() > 0 {
        let counts = coverage.excluded.iter().map(|(reason, n)| (reason, *n));
        facts.push(format!("{} excluded ({})", grouped(coverage.n_excluded()), listed(counts)));
    }
    facts.join(" · ")
}

/// Returns how much was scanned.
fn amount(coverage: &Coverage, noun: &str) -> String {
    format!("{}, {}", counted(coverage.scanned, noun), size(coverage.bytes))
}

/// Returns a number of files in words.
pub(in crate::report) fn files(n: u64) -> String {
    counted(n, "file")
}

/// Returns a number with its digits in groups of three.
pub(in crate::report) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number of things in words.
pub(super) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

fn listed<T: Display>(counts: impl IntoIterator<Item = (T, u64)>) -> String {
    let counts = counts.into_iter().map(|(name, n)| format!("{} {name}", grouped(n)));
    counts.collect::<Vec<_>>().join(", ")
}

/// A number of bytes with a decimal unit.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{mixed, report};
    use super::super::verdict;
    use super::*;

    #[test]
    fn says_clean_only_when_all_was_looked_at() {
        let mut report = report(&[("a", b"nothing")]);
        assert_eq!(verdict(&report), "clean: no secrets found · 1 file, 7 B");
        report.coverage.interrupted = true;
        assert_eq!(verdict(&report), "incomplete: no findings in what was scanned · 1 file, 7 B");
    }

    #[test]
    fn says_plainly_that_nothing_was_scanned() {
        assert_eq!(verdict(&report(&[])), "nothing was scanned · 0 files, 0 B");
    }

    #[test]
    fn tells_counts_by_kind() {
        let text = verdict(&mixed());
        assert!(text.starts_with("incomplete: 3 findings (2 critical, 1 medium) · 2 files, "), "{text}");
        assert!(text.ends_with(" · 1 suppressed (1 inline) · 2 excluded (2 binary)"), "{text}");
    }

    #[test]
    fn writes_numbers_for_people() {
        assert_eq!([grouped(999), grouped(1204), grouped(1_234_567)], ["999", "1,204", "1,234,567"]);
        assert_eq!([size(999), size(1500), size(35_230_000)], ["999 B", "1.5 kB", "35.2 MB"]);
    }
}
