//! Transcripts: the fast way through lines and records agrees with a parser.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use leaktight_context::store::Places;
use leaktight_context::transcript::{At, Options, Outcome, Progress, Transcripts, scan};
use leaktight_core::{Chunk, Confidence, Limits, RuleSet, Scanner, Severity, sample};
use serde_json::{Value, json};

fn scanner() -> Scanner {
    let mut limits = Limits::default();
    limits.inline_allow = false;
    Scanner::with_limits(Arc::new(RuleSet::builtin()), limits)
}

/// Scans the transcripts of a home folder.
fn outcome(home: &Path, threads: usize) -> Outcome {
    let transcripts = Transcripts::builtin().expect("the catalogue is right");
    let variable = |_: &str| None::<OsString>;
    let places = Places::new(Some(home), &variable);
    let (files, skipped) = transcripts.find(&[], &places, None);
    assert!(skipped.is_empty(), "{skipped:?}");
    let progress = Progress::default();
    let options = Options {
        confidence: Confidence::High,
        severity: Severity::Info,
        threads,
        stop: &|| false,
        progress: &progress,
    };
    scan(&scanner(), &files, options)
}

/// The values and lines of what was found.
fn found(outcome: &Outcome) -> BTreeSet<(Vec<u8>, u64)> {
    let places = outcome.leaks.iter().flat_map(|leak| {
        leak.places.iter().map(|place| {
            let At::Line(line) = place.at else { panic!("a line") };
            (leak.finding.secret.expose().to_vec(), line)
        })
    });
    places.collect()
}

/// Calls `visit` with every string of a value, and of JSON in strings.
fn strings(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => {
            visit(text);
            if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
                strings(&inner, visit);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| strings(value, visit)),
        Value::Object(values) => values.values().for_each(|value| strings(value, visit)),
        _ => {}
    }
}

/// The same as `found`, with a parser and line by line.
fn naive(text: &str) -> BTreeSet<(Vec<u8>, u64)> {
    let scanner = scanner();
    let mut found = BTreeSet::new();
    for (idx, line) in text.lines().enumerate() {
        strings(&serde_json::from_str(line).expect("JSON"), &mut |text| {
            for finding in scanner.scan(&Chunk::memory(text.as_bytes())).findings {
                if finding.confidence == Confidence::High {
                    found.insert((finding.secret.expose().to_vec(), idx as u64 + 1));
                }
            }
        });
    }
    found
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Lines of many lengths and shapes, some with a token.
fn lines(seed: u64) -> String {
    let rules = RuleSet::builtin();
    let (_, rule) = rules.find("github-pat-classic").expect("a rule of the pack");
    let mut dice = Dice(seed);
    let mut text = String::new();
    for _ in 0..700 {
        let mut content = "some \"code\" with \\ and é\n\t".repeat(usize::try_from(dice.roll(60)).expect("small"));
        if dice.roll(70) == 0 {
            content = content.repeat(200);
        }
        if dice.roll(12) == 0 {
            let (token, _) = sample(rule, dice.roll(40) + 1);
            content.push_str(&format!("\nTOKEN={}\n", String::from_utf8(token).expect("text")));
        }
        let record = match dice.roll(4) {
            0 => json!({"type": "user", "message": {"content": content}}),
            1 => json!({"type": "assistant", "message": {"content": [{"type": "text", "text": content}]}}),
            2 => json!({"type": "user", "message": {"content": json!({"out": content}).to_string()}}),
            _ => json!({"type": "other", "n": 1.5, "list": [null, true, {"deep": [[content]]}]}),
        };
        text.push_str(&format!("{record}\n"));
    }
    text
}

#[test]
fn batches_and_records_find_what_a_parser_finds() {
    for seed in 1..=2 {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join(".claude/projects/a");
        fs::create_dir_all(&folder).expect("a folder");
        let text = lines(seed);
        fs::write(folder.join("s.jsonl"), &text).expect("a file");
        let expected = naive(&text);
        assert!(expected.len() > 30, "the lines are worth the test");
        assert_eq!(found(&outcome(home.path(), 1)), expected);
    }
}

#[test]
fn threads_change_nothing() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".claude/projects/a");
    fs::create_dir_all(&folder).expect("a folder");
    for seed in 1..=4 {
        fs::write(folder.join(format!("{seed}.jsonl")), lines(seed)).expect("a file");
    }
    let tell = |outcome: &Outcome| -> Vec<_> {
        let leak =
            |leak: &leaktight_context::transcript::Leak| (leak.finding.masked(), leak.n, leak.files.clone(), leak.sent);
        outcome.leaks.iter().map(leak).collect()
    };
    let (one, four) = (outcome(home.path(), 1), outcome(home.path(), 4));
    assert!(one.leaks.len() > 15);
    assert_eq!(tell(&one), tell(&four));
}

#[test]
fn no_bytes_make_a_scan_panic() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join(".claude/projects/a");
    fs::create_dir_all(&folder).expect("a folder");
    let mut dice = Dice(9);
    let text = lines(5).into_bytes();
    for number in 0..40 {
        let at = usize::try_from(dice.roll(text.len() as u64 - 20_000)).expect("small");
        let mut piece = text[at..at + 20_000].to_vec();
        for _ in 0..50 {
            let at = usize::try_from(dice.roll(piece.len() as u64)).expect("small");
            piece[at] = u8::try_from(dice.roll(256)).expect("a byte");
        }
        fs::write(folder.join(format!("{number}.jsonl")), piece).expect("a file");
    }
    let outcome = outcome(home.path(), 2);
    assert!(outcome.skipped.is_empty(), "{:?}", outcome.skipped);
}
