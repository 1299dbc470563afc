//! Commits of findings in a history.

use leaktight_core::{Blob, Commit, Finding, Origin};
use serde::Serialize;

use super::line::Masker;

/// Digits of a commit's name that are shown to people.
const SHORT: usize = 12;

/// Returns what is known about a finding in a history.
pub(super) fn of(finding: &Finding) -> Option<&Blob> {
    match finding.origin.root() {
        Origin::Blob(blob) => Some(blob),
        _ => None,
    }
}

/// A finding's place in the history, as programs read it.
#[derive(Serialize)]
pub(super) struct HistoryRecord {
    /// `file`, or `commit`, `tag` or `refs` for their texts.
    part: &'static str,
    /// The object that holds the secret.
    object: String,
    /// The commit that introduced it; null where no commit leads to it.
    commit: Option<CommitRecord>,
    /// Whether it is still in the commit that is checked out.
    in_head: bool,
    /// The commit that took it away from what is checked out; null where none did.
    removed: Option<CommitRecord>,
    /// Other places where the same secret stands or stood.
    other_places: u64,
}

/// A commit, as programs read it.
#[derive(Serialize)]
struct CommitRecord {
    id: String,
    author: String,
    /// When it was written, by its author's clock.
    date: String,
    subject: String,
}

impl HistoryRecord {
    pub(super) fn new(blob: &Blob, masker: &Masker<'_>) -> Self {
        let commit = |commit: &Commit| CommitRecord {
            id: commit.id.clone(),
            author: masker.text(&commit.author),
            date: timestamp(commit),
            subject: masker.text(&commit.subject),
        };
        Self {
            part: part(blob),
            object: blob.id.clone(),
            commit: blob.commit.as_ref().map(commit),
            in_head: blob.in_head,
            removed: blob.removed.as_ref().map(commit),
            other_places: blob.others,
        }
    }
}

fn part(blob: &Blob) -> &'static str {
    use leaktight_core::Part;
    match blob.part {
        Part::Commit => "commit",
        Part::Tag => "tag",
        Part::Refs => "refs",
        _ => "file",
    }
}

/// Returns a name for a text that has no path.
pub(super) fn name(blob: &Blob) -> String {
    format!("<{} {}>", if part(blob) == "file" { "object" } else { part(blob) }, short(&blob.id))
}

fn short(id: &str) -> &str {
    &id[..id.len().min(SHORT)]
}

/// Returns a commit in a line, for people: name, day, author and subject.
pub(super) fn line(commit: &Commit, masker: &Masker<'_>) -> String {
    let day = timestamp(commit);
    let (day, author, subject) = (&day[..10], masker.text(&commit.author), masker.text(&commit.subject));
    format!("{} of {day} by {author}: {subject}", short(&commit.id))
}

/// Returns what is known about a finding's commit in a sentence, nothing for one in a file.
pub(super) fn introduced(finding: &Finding, masker: &Masker<'_>) -> String {
    let Some(blob) = of(finding) else { return String::new() };
    let by = blob.commit.as_ref().map(|commit| format!("Introduced by {}. ", line(commit, masker)));
    let state = fate(blob, masker);
    format!("{}{}{}.", by.unwrap_or_default(), state[..1].to_uppercase(), &state[1..])
}

/// Returns what became of a secret, for people.
pub(super) fn fate(blob: &Blob, masker: &Masker<'_>) -> String {
    let state = match &blob.removed {
        _ if blob.in_head => "still in HEAD".to_owned(),
        Some(commit) => format!("gone from HEAD since {}", line(commit, masker)),
        None => "not in HEAD".to_owned(),
    };
    match blob.others {
        0 => state,
        1 => format!("{state}; 1 other place"),
        n => format!("{state}; {n} other places"),
    }
}

/// Returns when a commit was written, by its author's clock, as RFC 3339 has it.
pub(super) fn timestamp(commit: &Commit) -> String {
    // Clocks are off by a day at most; forged ones say anything.
    let offset = commit.offset.clamp(-1439, 1439);
    let secs = commit.time.saturating_add(i64::from(offset) * 60).clamp(0, 253_402_300_799).unsigned_abs();
    let (year, month, day) = date(secs / 86_400);
    let (hour, minute, second) = (secs / 3600 % 24, secs / 60 % 60, secs % 60);
    let (sign, zone) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    let zone = format!("{sign}{:02}:{:02}", zone / 60, zone % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}")
}

/// The date of a day counted from 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last one of a year
/// and every 400 years have the same number of days.
pub(super) fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (next, month_of) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (era * 400 + year + next, month_of, day - (153 * month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_time_by_the_clock_of_the_author() {
        let commit =
            |time, offset| Commit { time, offset, id: String::new(), author: String::new(), subject: String::new() };
        assert_eq!(timestamp(&commit(1_709_251_199, 90)), "2024-03-01T01:29:59+01:30");
        assert_eq!(timestamp(&commit(1_709_251_199, -210)), "2024-02-29T20:29:59-03:30");
        assert_eq!(timestamp(&commit(i64::MAX, i32::MAX)), "9999-12-31T23:59:59+23:59");
        assert_eq!(timestamp(&commit(i64::MIN, 0)), "1970-01-01T00:00:00+00:00");
    }

    #[test]
    fn reckons_dates() {
        for (days, expected) in
            [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (19_782, (2024, 2, 29)), (20_089, (2025, 1, 1))]
        {
            assert_eq!(date(days), expected);
        }
    }
}
