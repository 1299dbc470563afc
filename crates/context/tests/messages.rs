//! What an assistant writes with placeholders in it is the same again after they
//! were put back and taken out, whatever stands around them.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use leaktight_context::redact::{Book, Key, Redactor, restore};
use leaktight_context::splice::{Document, Format};
use leaktight_core::{RuleSet, sample};
use proptest::prelude::*;
use serde_json::json;

/// Messages a case holds, and cases: 12,800 messages.
const MESSAGES: usize = 32;
const CASES: u32 = 400;

static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| Arc::new(RuleSet::builtin()));

/// Values of all kinds, made when they are needed so that none stands in this file.
fn secrets() -> Vec<String> {
    let token = |rule: &str, seed: u64| {
        let (_, rule) = RULES.find(rule).expect("a rule");
        String::from_utf8(sample(rule, seed).0).expect("text")
    };
    let mut secrets = vec![
        token("github-pat-classic", 1),
        token("github-pat-classic", 3),
        token("aws-access-key-id", 2),
        ["S3nt1nel", "-pa55", "?>/x&y=1"].concat(),
        ["postgres://app:", "Kx7pQ2vLmZ", "@db.internal:5432/app"].concat(),
        ["k\u{e9}Q9/mZ4\"", "vX7\\pL2'$"].concat(),
    ];
    let lines = ["q7Xv", "Zp3L", "m9Rt"].map(|part| format!("{part}/+").repeat(10));
    secrets.push(format!("{}\n{}\n", lines.join("\n"), "Kw2=="));
    secrets
}

/// A book that knows the values, a redactor, and their names: of each value as it is
/// and as it is left in base64.
struct Desk {
    book: Book,
    redactor: Redactor,
    names: Vec<String>,
    encoded: Vec<String>,
}

impl Desk {
    fn new() -> Self {
        let mut book = Book::new(&Key::new([3; 32]));
        let mut redactor = Redactor::new(Arc::clone(&RULES));
        let secrets = secrets();
        let names = secrets.iter().map(|secret| book.placeholder("api-key", secret.as_bytes()).to_string()).collect();
        let encoded = secrets.iter().flat_map(|secret| ["", "u", "us"].map(|before| format!("{before}{secret}:x")));
        let encoded: Vec<String> = encoded
            .map(|text| {
                let redacted = redactor.redact(Format::Text, BASE64.encode(text.as_bytes()).as_bytes(), &mut book);
                String::from_utf8(redacted.bytes).expect("text")
            })
            .collect();
        assert!(encoded.iter().all(|text| text.contains("LEAKTIGHT_")), "{encoded:?}");
        Self { book, redactor, names, encoded }
    }
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::new());
}

/// Text with places for names: `{}` for one of a value, `{b}` for what is left of a
/// value in base64, `{e}` for base64 of a name.
const CONTEXTS: &[&str] = &[
    // Prose.
    "Use {} here.",
    "I replaced {} (see `{}`), then **{}**\u{2014}not '{}'.",
    "- {}\n- {}\n> {}\n",
    "caf\u{e9} \u{1f600}{}\u{1f600} \u{4f60}\u{597d}{}",
    "no name in plain words, only LEAKTIGHT_ and a LEAKTIGHT_KEY_AAAAAAAAAAAA nobody knows",
    "{}{}",
    // Code.
    "const apiKey = `{}`; // was {}",
    "let x: &str = \"{}\"; let y = r#\"{}\"#;",
    "password: '{}'\n  nested:\n    token: {}\n",
    "[default]\naws_secret_access_key = {}\n",
    "if key == \"{}\" { return Err(\"{}\".into()); }",
    "<key id=\"{}\">{}</key><!-- {} -->",
    // JSON in a text.
    "{\"token\": \"{}\", \"n\": 1}",
    "{\"args\": \"{\\\"key\\\": \\\"{}\\\"}\", \"list\": [\"{}\", null]}",
    "```json\n{\n  \"password\": \"{}\",\n  \"other\": \"a\\nb\\t{}\"\n}\n```",
    // Shells.
    "export TOKEN={}",
    "curl -H \"Authorization: Bearer {}\" -d 'key={}' https://api.example.com/v1",
    "--token={} --user=admin",
    "cat <<EOF > .env\nA={}\nB=\"{}\"\nEOF",
    "echo \"$(printf %s '{}')\" | sed 's|{}|x|' && psql \"{}\"",
    "set TOKEN={}\r\n$env:KEY = '{}'\r\n",
    // URLs.
    "https://api.example.com/v1?key={}&x=1#{}",
    "postgres://app:{}@db.internal:5432/app",
    "https://me:{}@git.example.com/a.git?next=%2Fx%3Fk%3D{}",
    "wss://example.com/{}/events;t={}",
    // Base64.
    "Authorization: Basic {b}",
    "data:text/plain;base64,{b}",
    "kind: Secret\ndata:\n  token: {b}\n  other: {b}\n",
    "echo {e} | base64 -d",
    "{\"encoded\": \"{e}\", \"left\": \"{b}\"}",
    "\u{e9}\\\"\t{}\u{0}",
];

/// A message: contexts, what stands between them, and what it is wrapped in.
#[derive(Clone, Debug)]
struct Message {
    parts: Vec<(usize, [usize; 4], usize)>,
    words: String,
    wrap: usize,
}

fn message() -> impl Strategy<Value = Message> {
    let part = (0..CONTEXTS.len(), any::<[u16; 4]>(), 0..BETWEEN.len());
    let part = part.prop_map(|(context, picks, between)| (context, picks.map(usize::from), between));
    let parts = prop::collection::vec(part, 1..6);
    (parts, "[a-z ,.\n=:\"'\\\\é]{0,20}", 0..6_usize).prop_map(|(parts, words, wrap)| Message { parts, words, wrap })
}

/// What stands between contexts. Without it two of them would be one token, and what
/// follows a name in a token is taken for a part of its secret.
const BETWEEN: &[&str] = &[
    " ", "
", "; ", "

", ", ", "
",
];

impl Message {
    /// Returns the text, and its format.
    fn write(&self, desk: &Desk) -> (Format, String) {
        let mut text = self.words.clone();
        for (context, picks, between) in &self.parts {
            text.push_str(BETWEEN[*between]);
            text.push_str(&fill(CONTEXTS[*context], picks, desk));
        }
        match self.wrap {
            0 | 1 => (Format::Text, text),
            2 => (Format::Json, json!({ "content": [text, 1] }).to_string()),
            3 => (Format::Json, json!({ "args": json!({ "x": text, "y": [text] }).to_string() }).to_string()),
            4 => (Format::Jsonl, format!("{}\n{}\n", json!({ "a": text }), json!([text]))),
            _ => (Format::Sse, format!("event: delta\ndata: {}\n\ndata: [DONE]\n\n", json!({ "delta": text }))),
        }
    }
}

impl Message {
    /// Checks that the text is the same after its values came and went.
    fn check(&self, desk: &mut Desk) -> Result<(), TestCaseError> {
        let (format, text) = self.write(desk);
        let restored = restore(format, text.as_bytes(), &desk.book);
        if format == Format::Json {
            prop_assert!(Document::parse(&restored.bytes).is_ok());
        }
        let again = desk.redactor.redact(format, &restored.bytes, &mut desk.book);
        prop_assert_eq!(String::from_utf8_lossy(&again.bytes), text);
        Ok(())
    }
}

/// Puts names into their places, another for each.
fn fill(context: &str, picks: &[usize; 4], desk: &Desk) -> String {
    let (mut text, mut rest, mut n_filled) = (String::new(), context, 0);
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let pick = picks[n_filled % picks.len()] + n_filled / picks.len();
        let place = ["{}", "{b}", "{e}"].into_iter().find(|place| rest.starts_with(place));
        match place {
            Some("{}") => text.push_str(&desk.names[pick % desk.names.len()]),
            Some("{b}") => text.push_str(&desk.encoded[pick % desk.encoded.len()]),
            Some(_) if pick.is_multiple_of(2) => {
                text.push_str(&BASE64.encode(desk.names[pick % desk.names.len()].as_bytes()));
            }
            Some(_) => text.push_str(&BASE64URL_NOPAD.encode(desk.names[pick % desk.names.len()].as_bytes())),
            None => text.push('{'),
        }
        n_filled += usize::from(place.is_some());
        rest = &rest[place.map_or(1, str::len)..];
    }
    text + rest
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn restoring_and_redacting_cancel_out(messages in prop::collection::vec(message(), MESSAGES)) {
        DESK.with_borrow_mut(|desk| {
            let n_values = desk.book.entries().len();
            let outcome = messages.iter().try_for_each(|message| message.check(desk));
            if outcome.is_err() || desk.book.entries().len() > n_values {
                // What was learned of one message would tell on the next.
                *desk = Desk::new();
            }
            outcome
        })?;
    }
}

#[test]
fn every_value_comes_back_in_every_context() {
    let mut desk = Desk::new();
    let secrets = secrets();
    for context in CONTEXTS.iter().filter(|context| context.contains("{}")) {
        for (idx, secret) in secrets.iter().enumerate() {
            let text = fill(context, &[idx; 4], &desk);
            let restored = restore(Format::Text, text.as_bytes(), &desk.book);
            assert!(restored.n_restored > 0 && String::from_utf8_lossy(&restored.bytes).contains(secret), "{text}");
            let again = desk.redactor.redact(Format::Text, &restored.bytes, &mut desk.book);
            assert_eq!(String::from_utf8_lossy(&again.bytes), text);
        }
    }
}
