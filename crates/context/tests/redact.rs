//! What is taken out comes back, and nothing else changes.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::{Arc, LazyLock};

use leaktight_context::redact::{Book, Key, Redacted, Redactor, restore};
use leaktight_context::splice::{Format, escape};
use leaktight_core::{RuleSet, sample};
use proptest::prelude::*;
use serde_json::json;

static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| Arc::new(RuleSet::builtin()));

fn token(rule: &str, seed: u64) -> String {
    let (_, rule) = RULES.find(rule).expect("a rule");
    String::from_utf8(sample(rule, seed).0).expect("text")
}

/// Some secrets, made when they are needed so that none stands in this file.
fn secrets() -> Vec<String> {
    let url = ["postgres://app:", "S3nt1nel", "-pa55", "@db.internal:5432/app"].concat();
    vec![token("github-pat-classic", 1), token("aws-access-key-id", 2), token("github-pat-classic", 3), url]
}

fn book() -> Book {
    Book::new(&Key::new([3; 32]))
}

fn redact(format: Format, text: &[u8], book: &mut Book) -> Redacted {
    Redactor::new(Arc::clone(&RULES)).redact(format, text, book)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Checks that a text loses its secrets, comes back, and keeps what it lost lost.
fn check(format: Format, text: &[u8], hidden: &[&str]) -> Vec<u8> {
    let mut book = book();
    let once = redact(format, text, &mut book);
    for secret in hidden {
        assert!(!show(&once.bytes).contains(secret), "{} of {}", show(&once.bytes), show(text));
    }
    assert_eq!(show(&restore(format, &once.bytes, &book).bytes), show(text), "from {}", show(&once.bytes));
    let twice = redact(format, &once.bytes, &mut book);
    assert_eq!(show(&twice.bytes), show(&once.bytes), "a second time changes nothing");
    once.bytes
}

#[test]
fn everything_but_the_value_stays_as_it_is() {
    let [pat, key] = [token("github-pat-classic", 1), token("aws-access-key-id", 2)];
    let text = format!(
        "\u{feff}{{ \"z\" : 1.0e5 ,\r\n\t\"caf\\u00e9\":[-0,\"B=\\/\\nA={pat}\"], \"z\": \"{key}\",\"zzz\":1 }}\n"
    );
    let mut book = book();
    let redacted = redact(Format::Json, text.as_bytes(), &mut book);
    let (mut expected, entries) = (text.clone(), book.entries());
    for (value, entry) in [&pat, &key].into_iter().zip(entries) {
        expected = expected.replace(value, entry.placeholder.as_str());
    }
    assert_eq!(show(&redacted.bytes), expected);
    assert!(redacted.report.is_complete());
    let hits = redacted.report.hits.iter();
    let lines: Vec<_> = hits.map(|hit| (hit.class.as_str(), hit.line, hit.leaf_line)).collect();
    assert_eq!(lines, [("github-pat-classic", 2, 2), ("aws-access-key-id", 2, 1)]);
    check(Format::Json, text.as_bytes(), &[&pat, &key]);
}

#[test]
fn a_value_with_quotes_and_backslashes_is_replaced_as_a_whole() {
    let value = ["p\\\"a\\\\sW", "q9$zKK2"].concat();
    for text in [
        format!("{{\"password\": \"{value}\"}}"),
        format!("{{\"a\": [{{\"db_password\": \"{value}\", \"port\": 1}}]}}"),
        format!("{{\"text\": \"{}\"}}", show(&escaped(&format!("{{\"password\": \"{value}\"}}")))),
    ] {
        let redacted = check(Format::Json, text.as_bytes(), &["zKK2", "sWq9"]);
        assert_eq!(show(&redacted).matches("LEAKTIGHT_").count(), 1, "{}", show(&redacted));
    }
}

fn escaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    escape(text.as_bytes(), &mut out);
    out
}

#[test]
fn text_without_secrets_stays_as_it_is() {
    for (format, text) in [
        (Format::Json, "{\"a\": \"b\\u0000\"}"),
        (Format::Jsonl, "{}\n[1]\r\n\n\"x\""),
        (Format::Sse, ": hi\n\ndata: {\"a\":\"b\"}\n\ndata: [DONE]\n\n"),
        (Format::Text, "\u{0}\r\n"),
        (Format::Json, ""),
    ] {
        assert_eq!(check(format, text.as_bytes(), &[]), text.as_bytes());
    }
}

#[test]
fn json_in_strings_stays_json() {
    let pat = token("github-pat-classic", 1);
    let inner = serde_json::json!({"cmd": format!("export A=\"{pat}\"\n"), "n": [1, {"x": "y"}]}).to_string();
    let outer = serde_json::json!({"arguments": inner, "other": "text"}).to_string();
    let outer = serde_json::json!([outer, "tail"]).to_string();
    let redacted = check(Format::Json, outer.as_bytes(), &[&pat]);
    let levels = serde_json::from_slice::<Vec<String>>(&redacted).expect("JSON");
    let middle: serde_json::Value = serde_json::from_str(&levels[0]).expect("JSON");
    let inner: serde_json::Value = serde_json::from_str(middle["arguments"].as_str().expect("text")).expect("JSON");
    assert!(inner["cmd"].as_str().expect("text").starts_with("export A=\"LEAKTIGHT_GITHUB_PAT"));
}

#[test]
fn a_value_has_one_name_however_it_is_escaped() {
    let value = "k\u{e9}Q9/mZ4\"vX7\\pL2";
    let mut book = book();
    let name = book.placeholder("db-password", value.as_bytes());
    for text in [
        serde_json::json!({ "p": value }).to_string(),
        serde_json::json!({ "p": serde_json::json!({ "q": value }).to_string() }).to_string(),
    ] {
        let redacted = redact(Format::Json, text.as_bytes(), &mut book);
        assert!(show(&redacted.bytes).contains(name.as_str()), "{}", show(&redacted.bytes));
        assert_eq!(show(&restore(Format::Json, &redacted.bytes, &book).bytes), text);
    }
    // An unusual spelling has a name of its own, so that it can come back.
    let odd = "{\"p\": \"k\\u00E9Q9\\/mZ4\\\"vX7\\\\pL2\"}";
    let redacted = redact(Format::Json, odd.as_bytes(), &mut book);
    assert!(!show(&redacted.bytes).contains("Q9"), "{}", show(&redacted.bytes));
    assert_eq!(show(&restore(Format::Json, &redacted.bytes, &book).bytes), odd);
    let bare = show(&redacted.bytes).replace("{\"p\": \"", "").replace("\"}", "");
    assert_eq!(show(&restore(Format::Text, bare.as_bytes(), &book).bytes), value);
}

#[test]
fn a_known_value_is_replaced_wherever_it_stands() {
    let value = "S3nt1nel-pa55?>/x";
    let mut book = book();
    let name = book.placeholder("db-password", value.as_bytes());
    book.placeholder("db-user", b"postgres");
    let text = format!("I used {value} for postgres.");
    assert_eq!(show(&redact(Format::Text, text.as_bytes(), &mut book).bytes), format!("I used {name} for postgres."));
    for spelled in ["S3nt1nel-pa55%3F%3E%2Fx", "S3nt1nel-pa55?>\\/x", "S3nt1nel-pa55?\\u003e/x"] {
        let text = format!("see {spelled}.");
        let redacted = redact(Format::Text, text.as_bytes(), &mut book);
        assert!(!show(&redacted.bytes).contains("S3nt1nel"), "{}", show(&redacted.bytes));
        assert_eq!(show(&restore(Format::Text, &redacted.bytes, &book).bytes), text);
    }
    for before in ["", "u", "us", "user:"] {
        let text = format!("Basic {}=", data_encoding::BASE64.encode(format!("{before}{value}").as_bytes()));
        let redacted = redact(Format::Text, text.as_bytes(), &mut book);
        let rest = show(&redacted.bytes);
        assert!(rest.contains("LEAKTIGHT_") && rest.len() < text.len() + 30, "{rest}");
        assert_eq!(show(&restore(Format::Text, &redacted.bytes, &book).bytes), text);
    }
}

#[test]
fn what_is_not_json_is_told_and_redacted_all_the_same() {
    let pat = token("github-pat-classic", 1);
    let texts = [
        format!("{{\"a\": \"{pat}\""),
        format!("{{a: {pat}}}"),
        format!("[1] {pat}"),
        format!("{{\"a\":\"\n{pat}\"}}"),
    ];
    for text in texts {
        let redacted = redact(Format::Json, text.as_bytes(), &mut book());
        assert!(!redacted.report.is_complete() && redacted.report.carried.n_faults == 1, "{text}");
        check(Format::Json, text.as_bytes(), &[&pat]);
    }
    let lines = format!("{{\"a\": \"x\"}}\n{{\"b\": \"{pat}\n{{\"c\": \"{pat}\"}}\n");
    let redacted = redact(Format::Jsonl, lines.as_bytes(), &mut book());
    assert_eq!(redacted.report.carried.n_faults, 1);
    check(Format::Jsonl, lines.as_bytes(), &[&pat]);
    let redacted = redact(Format::Json, b"{\"a\": \"\xff\"}", &mut book());
    assert!(!redacted.report.is_complete(), "what is not UTF-8 is not JSON");
}

#[test]
fn opaque_values_stay_and_are_told() {
    let pat = token("github-pat-classic", 1);
    let text = serde_json::json!([{"thinking": pat, "signature": pat, "text": pat}]).to_string();
    let mut redactor = Redactor::new(Arc::clone(&RULES));
    redactor.opaque = &["thinking", "signature"];
    let redacted = redactor.redact(Format::Json, text.as_bytes(), &mut book());
    assert_eq!((redacted.report.n_hits, redacted.report.n_left), (1, 2));
    let value: serde_json::Value = serde_json::from_slice(&redacted.bytes).expect("JSON");
    assert_eq!(value[0]["thinking"], pat.as_str());
    assert!(value[0]["text"].as_str().expect("text").starts_with("LEAKTIGHT_"));
}

#[test]
fn events_are_redacted_line_by_line() {
    let pat = token("github-pat-classic", 1);
    let text = format!(
        ": {pat}\nevent: delta\ndata: {{\"t\": \"a\\n{pat}\"}}\n\ndata:{{\ndata: \"b\": \"{pat}\"}}\n\ndata: [DONE]\r\n\r\n"
    );
    let redacted = redact(Format::Sse, text.as_bytes(), &mut book());
    assert_eq!((redacted.report.n_hits, redacted.report.carried.n_faults), (3, 0));
    check(Format::Sse, text.as_bytes(), &[&pat]);
}

#[test]
fn a_name_nobody_knows_is_left_alone() {
    let text = "key = LEAKTIGHT_AWSKEY_AAAAAAAAAAAA";
    let mut book = book();
    let redacted = redact(Format::Text, text.as_bytes(), &mut book);
    assert_eq!(show(&redacted.bytes), text);
    let restored = restore(Format::Text, text.as_bytes(), &book);
    assert_eq!((show(&restored.bytes), restored.n_restored, restored.n_unknown), (text.to_owned(), 0, 1));
}

/// Gives a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.0.len().min(buffer.len()).min(self.1);
        buffer[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

/// A long document with strings and secrets at places that no window agrees with.
fn long_document(secrets: &[String]) -> (String, u64) {
    let mut text = String::from("[");
    let mut n_secrets = 0;
    while text.len() < 9 << 20 {
        let secret = &secrets[n_secrets % secrets.len()];
        let filler = "caf\\u00e9 \\n\\\\ ".repeat(n_secrets * 7919 % 9000 + 1);
        text.push_str(&format!("\"{filler}{secret} {filler}\",\n"));
        text.push_str(&format!("{{\"k{n_secrets}\": \"{{\\\"a\\\": \\\"\\\\n{secret}\\\"}}\"}},"));
        n_secrets += 1;
    }
    text.push_str("\"end\"]");
    (text, 2 * n_secrets as u64)
}

#[test]
fn windows_change_nothing() {
    let secrets = &secrets()[..3];
    let (text, n_secrets) = long_document(secrets);
    let (mut book, mut out) = (book(), Vec::new());
    let report = Redactor::new(Arc::clone(&RULES))
        .redact_stream(Format::Json, (&mut Slow(text.as_bytes(), 65_521), &mut out), &mut book)
        .expect("memory");
    assert!(report.is_complete(), "{:?}", report.carried);
    assert_eq!(report.n_hits, n_secrets);
    let mut expected = text.clone();
    for entry in book.entries() {
        expected = expected.replace(&show(entry.value.expose()), entry.placeholder.as_str());
    }
    assert_eq!(book.entries().len(), secrets.len());
    assert!(show(&out) == expected, "the same but for the names");
    assert!(restore(Format::Json, &out, &book).bytes == text.as_bytes(), "comes back");
    let offsets: BTreeSet<u64> = report.hits.iter().map(|hit| hit.offset).collect();
    assert_eq!(offsets.len(), report.hits.len(), "each is told once");
}

#[test]
fn a_document_of_brackets_is_no_danger() {
    let deep = [vec![b'['; 3 << 20], vec![b']'; 3 << 20]].concat();
    let redacted = redact(Format::Json, &deep, &mut book());
    assert!(redacted.report.is_complete() && redacted.bytes == deep);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redacting_and_restoring_cancel_out(
        parts in prop::collection::vec((any::<Vec<u8>>(), 0..4_usize, any::<bool>()), 0..5),
        format in 0..4_usize,
    ) {
        let secrets = secrets();
        let format = [Format::Text, Format::Json, Format::Jsonl, Format::Sse][format];
        let mut text = Vec::new();
        for (noise, idx, quoted) in &parts {
            if *quoted {
                text.extend_from_slice(b"data: {\"a\\u00e9\": \"");
                escape(noise, &mut text);
                text.extend_from_slice(secrets[*idx].as_bytes());
                text.extend_from_slice(b"\"}\n");
            } else {
                text.extend_from_slice(noise);
                text.extend_from_slice(secrets[*idx].as_bytes());
            }
        }
        let mut book = book();
        let redacted = redact(format, &text, &mut book);
        prop_assert_eq!(restore(format, &redacted.bytes, &book).bytes, text);
        let again = redact(format, &redacted.bytes, &mut book);
        prop_assert_eq!(show(&again.bytes), show(&redacted.bytes));
    }

    #[test]
    fn any_bytes_come_back(
        text in "[\\[\\]{}\":,\\\\a-bun0-9é\\x00-\\x1f\u{d7ff}]{0,60}",
        format in 0..4_usize,
    ) {
        let format = [Format::Text, Format::Json, Format::Jsonl, Format::Sse][format];
        let mut book = book();
        let redacted = redact(format, text.as_bytes(), &mut book);
        prop_assert_eq!(show(&restore(format, &redacted.bytes, &book).bytes), text.clone());
        if format == Format::Json {
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(redacted.report.carried.n_faults == 0, valid);
        }
    }
}

#[test]
fn colours_hide_no_secret() {
    let token = token("github-pat-classic", 1);
    let (head, tail) = token.split_at(4);
    let coloured = format!("\x1b[01;31m\x1b[K{head}\x1b[m\x1b[K{tail}\x1b[m");
    check(Format::Text, format!("key: {coloured}\n").as_bytes(), &[&token, tail]);
    let json = format!("{{\"stdout\": \"key: {}\\n\"}}", coloured.replace('\x1b', "\\u001b"));
    let redacted = check(Format::Json, json.as_bytes(), &[&token, tail]);
    assert!(show(&redacted).contains("01;31m\\u001b[KLEAKTIGHT_"), "{}", show(&redacted));
    // A value that no rule would find.
    let value = ["S3nt1nel", "-pa55?>"].concat();
    let mut book = book();
    book.placeholder("value", value.as_bytes());
    let text = format!("x \x1b[31m{}\x1b[0m{} y", &value[..5], &value[5..]);
    let redacted = redact(Format::Text, text.as_bytes(), &mut book);
    let shown = show(&redacted.bytes);
    assert!(shown.starts_with("x \x1b[31mLEAKTIGHT_") && shown.ends_with(" y") && !shown.contains("pa55"), "{shown}");
}

/// A stream whose text comes in pieces of so many letters, as two makers of models send it.
fn streams(text: &str, len: usize) -> [String; 3] {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = letters.chunks(len).map(|piece| piece.iter().collect()).collect();
    let stream = |event: &dyn Fn(&str) -> serde_json::Value| {
        let events = pieces.iter().map(|piece| format!("event: x\ndata: {}\n\n", event(piece)));
        format!("{}: ping\n\ndata: [DONE]\n\n", events.collect::<String>())
    };
    [
        stream(
            &|piece| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}),
        ),
        stream(&|piece| json!({"id": "c", "choices": [{"index": 0, "delta": {"content": piece}}]})),
        stream(&|piece| {
            let call = json!({"index": 0, "function": {"arguments": piece}});
            json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
        }),
    ]
}

/// The text of all pieces of a stream.
fn joined(stream: &[u8]) -> String {
    let texts = ["/delta/text", "/choices/0/delta/content", "/choices/0/delta/tool_calls/0/function/arguments"];
    let events = show(stream);
    let events = events.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
    let text = |event: serde_json::Value| {
        texts.iter().find_map(|place| event.pointer(place)?.as_str().map(str::to_owned)).unwrap_or_default()
    };
    events.map(text).collect()
}

#[test]
fn what_arrives_in_pieces_is_replaced_as_a_whole() {
    let token = token("github-pat-classic", 1);
    let text = format!("{{\"key\": \"{token}\", \"other\": \"nothing\"}}");
    for len in [1, 3, 7, 25, 100] {
        for stream in streams(&text, len) {
            let mut book = book();
            let redacted = redact(Format::Sse, stream.as_bytes(), &mut book);
            let name = book.entries()[0].placeholder.to_string();
            assert_eq!(redacted.report.n_hits, 1, "{stream}");
            assert_eq!(joined(&redacted.bytes), text.replace(&token, &name));
            let n_events = |bytes: &[u8]| show(bytes).matches("\n\n").count();
            assert_eq!(n_events(&redacted.bytes), n_events(stream.as_bytes()), "no event is lost");
            let restored = restore(Format::Sse, &redacted.bytes, &book);
            assert_eq!((restored.n_restored, joined(&restored.bytes)), (1, text.clone()));
            assert_eq!(redact(Format::Sse, &redacted.bytes, &mut book).bytes, redacted.bytes);
            for piece in streams(&joined(&redacted.bytes), len) {
                let restored = restore(Format::Sse, piece.as_bytes(), &book);
                assert_eq!(joined(&restored.bytes), text, "a placeholder may be cut anywhere");
            }
        }
    }
}

#[test]
fn values_in_pieces_of_json_are_escaped_for_it() {
    let value = ["k9\"vX7\\", "pL2'$\nZq8mRt"].concat();
    let mut book = book();
    let name = book.placeholder("value", value.as_bytes()).to_string();
    let text = json!({ "a": name, "b": 1 }).to_string();
    for len in [2, 16, 64] {
        let [.., stream] = streams(&text, len);
        let restored = restore(Format::Sse, stream.as_bytes(), &book);
        let arguments: serde_json::Value = serde_json::from_str(&joined(&restored.bytes)).expect("JSON");
        assert_eq!(arguments["a"], value);
        let redacted = redact(Format::Sse, &restored.bytes, &mut book);
        assert_eq!(joined(&redacted.bytes), text, "it is the same value again");
    }
}

#[test]
fn pieces_are_joined_across_windows() {
    let tokens: Vec<String> = (1..40).map(|seed| token("github-pat-classic", seed)).collect();
    let noise = "some words of no weight at all\n".repeat(120);
    let text: String = tokens.iter().map(|token| format!("{noise}key {token}\n")).collect();
    let [_, stream, _] = streams(&text, 2);
    assert!(stream.len() > 5 << 20, "{}", stream.len());
    let mut book = book();
    let redacted = redact(Format::Sse, stream.as_bytes(), &mut book);
    let shown = joined(&redacted.bytes);
    assert!(tokens.iter().all(|token| !shown.contains(token.as_str())));
    assert_eq!(redacted.report.n_hits, 39);
    assert_eq!(joined(&restore(Format::Sse, &redacted.bytes, &book).bytes), text);
}
