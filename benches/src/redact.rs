//! Redacting a conversation, beside what copying, parsing and scanning it take.

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leaktight_context::redact::{Book, Key, Redactor, restore_stream};
use leaktight_context::splice::{Document, Format};
use leaktight_core::{Chunk, Limits, RuleSet, Scanner, sample};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// Values that are known beforehand.
const KNOWN: u64 = 200;
/// Bytes between two secrets.
const SPARSE: usize = 1 << 20;

/// Prints one line for each kind of work: its CPU seconds and GB/s.
pub(crate) fn run(megabytes: usize) -> anyhow::Result<()> {
    let rules = Arc::new(RuleSet::builtin());
    let clean = conversation(megabytes << 20, |_| String::new());
    let secret = |number: usize| token(&rules, number as u64);
    let text = conversation(megabytes << 20, |number| format!(" TOKEN={} ", secret(number)));
    limits(&clean)?;
    let mut limits = Limits::default();
    limits.inline_allow = false;
    let scanner = Scanner::with_limits(Arc::clone(&rules), limits);
    measure("scan, as bytes", clean.len(), || {
        let _ = black_box(scanner.scan(&Chunk::memory(&clean)));
        Ok(())
    })?;
    let mut redactor = Redactor::new(Arc::clone(&rules));
    let mut pass = |what: &str, text: &[u8], book: &mut Book| {
        measure(what, text.len(), || {
            let report = redactor.redact_stream(Format::Json, (&mut &*text, &mut io::sink()), book)?;
            anyhow::ensure!(report.is_complete(), "{:?}", report.carried);
            Ok(())
        })
    };
    pass("redact, no secret", &clean, &mut book(&rules, 0))?;
    pass("redact, no secret, 200 known", &clean, &mut book(&rules, KNOWN))?;
    let mut kept = book(&rules, 0);
    pass("redact, a secret each MB", &text, &mut kept)?;
    let mut redacted = Vec::new();
    redactor.redact_stream(Format::Json, (&mut text.as_slice(), &mut redacted), &mut kept)?;
    measure("restore", redacted.len(), || {
        restore_stream(Format::Json, (&mut redacted.as_slice(), &mut io::sink()), &kept)?;
        Ok(())
    })?;
    println!("{:<30} {:>8} MiB at most", "memory", getrusage(UsageWho::RUSAGE_SELF)?.max_rss() / 1024);
    Ok(())
}

/// What no redaction can be faster than.
fn limits(text: &[u8]) -> anyhow::Result<()> {
    measure("copy", text.len(), || {
        black_box(text.to_vec());
        Ok(())
    })?;
    measure("serde_json, ignoring all", text.len(), || {
        black_box(serde_json::from_slice::<serde::de::IgnoredAny>(text)?);
        Ok(())
    })?;
    measure("index of a document", text.len(), || {
        black_box(Document::parse(text)?);
        Ok(())
    })
}

fn measure(what: &str, len: usize, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (mut cpu, mut wall) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let (before, start) = (used()?, Instant::now());
        work()?;
        wall = wall.min(start.elapsed());
        cpu = cpu.min(used()?.saturating_sub(before));
    }
    let rate = len as f64 / cpu.as_secs_f64() / 1e9;
    println!("{what:<30} {:>8.3} CPU-s {:>8.3} wall-s {rate:>7.2} GB/s", cpu.as_secs_f64(), wall.as_secs_f64());
    Ok(())
}

/// CPU time of this process so far.
fn used() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

fn book(rules: &RuleSet, n_known: u64) -> Book {
    let mut book = Book::new(&Key::new([1; 32]));
    for number in 0..n_known {
        book.placeholder("known", token(rules, 1_000_000 + number).as_bytes());
    }
    book
}

fn token(rules: &RuleSet, seed: u64) -> String {
    let (_, rule) = rules.find("github-pat-classic").expect("a built-in rule");
    String::from_utf8_lossy(&sample(rule, seed).0).into_owned()
}

/// A request to a model of about so many bytes: files that were read, calls of
/// tools whose arguments are JSON in a string, and what people say.
fn conversation(len: usize, secret: impl Fn(usize) -> String) -> Vec<u8> {
    let mut text = b"{\"model\": \"some-model\", \"max_tokens\": 8192, \"messages\": [".to_vec();
    let mut n_secrets = 0;
    for number in 0.. {
        let mut file: String = (0..60).map(|line| code(number * 60 + line)).collect();
        if text.len() / SPARSE >= n_secrets {
            file.push_str(&secret(n_secrets));
            n_secrets += 1;
        }
        let arguments = serde_json::json!({"path": format!("src/part{number}.rs"), "content": &file[..file.len() / 4]});
        let turn = serde_json::json!([
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": format!("toolu_{number}"), "content": file}]},
            {"role": "assistant", "tool_calls": [{"id": number, "function": {"name": "Write", "arguments": arguments.to_string()}}]},
            {"role": "user", "content": "Now do the same for the next one, please."},
        ]);
        let turn = turn.to_string();
        text.extend_from_slice(&turn.as_bytes()[1..turn.len() - 1]);
        if text.len() >= len {
            break;
        }
        text.push(b',');
    }
    text.extend_from_slice(b"]}");
    text
}

/// A line of a program.
fn code(number: usize) -> String {
    match number % 5 {
        0 => format!("    let value_{number} = self.items.get({number}).map(|item| item.name.as_str());\n"),
        1 => "    if value.is_empty() {\n        return Err(\"nothing to do\".into());\n    }\n".to_owned(),
        2 => format!("    // Entry {number}: see \"docs\\notes.md\" for why.\n"),
        3 => format!("    log::debug!(\"step {{}} of {{}}: {{:?}}\", step, {number}, state);\n"),
        _ => "\n".to_owned(),
    }
}
