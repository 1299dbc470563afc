//! Secrets are found in what text stands for, and nothing is found in noise.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use leaktight_core::{Chunk, Finding, Limits, Origin, RuleSet, Scan, Scanner, Step, sample};

/// A step, and how it writes a byte.
type Spelling = (Step, fn(u8) -> String);

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| scanner(|_| ()));
static SLOW: LazyLock<Scanner> = LazyLock::new(|| scanner(|limits| limits.exhaustive = true));

fn scanner(change: impl FnOnce(&mut Limits)) -> Scanner {
    let mut limits = Limits::default();
    change(&mut limits);
    Scanner::with_limits(Arc::new(RuleSet::builtin()), limits)
}

/// A token of GitHub's with a valid checksum, another one for each seed.
fn token(seed: u64) -> String {
    let rules = SCANNER.rules();
    let (_, rule) = rules.find("github-pat-classic").expect("a rule of the pack");
    let (text, secret) = sample(rule, seed);
    String::from_utf8(text[secret.range()].to_vec()).expect("letters and digits")
}

fn scan(text: &[u8]) -> Scan {
    let chunk = Chunk::new(text, Arc::new(Origin::File("a.txt".into())));
    let scan = SCANNER.scan(&chunk);
    let slow = SLOW.scan(&chunk);
    let places = |scan: &Scan| -> Vec<_> {
        scan.findings.iter().map(|one| (one.rule_idx, one.offset, one.length, one.origin.steps())).collect()
    };
    assert_eq!(places(&scan), places(&slow), "the gate agrees with the exhaustive scan");
    for finding in &scan.findings {
        assert!(finding.offset as usize + finding.length <= text.len(), "spans are in bounds");
    }
    scan
}

/// The one finding of a text, and the bytes that stand for it.
fn only(text: &[u8]) -> (Finding, Vec<u8>) {
    let mut scan = scan(text);
    assert!(scan.skipped.is_empty(), "{:?}", scan.skipped);
    assert_eq!(scan.findings.len(), 1, "{}", text.escape_ascii());
    let finding = scan.findings.remove(0);
    let at = finding.offset as usize;
    (finding.clone(), text[at..at + finding.length].to_vec())
}

/// Asserts that the token is found, decoded by the steps, in `run` or a part of it.
fn finds(text: &str, run: &str, steps: &[Step], secret: &str) {
    finds_bytes(text.as_bytes(), run.as_bytes(), steps, secret);
}

fn finds_bytes(text: &[u8], run: &[u8], steps: &[Step], secret: &str) {
    let (finding, source) = only(text);
    assert_eq!(finding.secret.expose(), secret.as_bytes(), "{}", text.escape_ascii());
    assert_eq!(finding.origin.steps(), steps, "{}", text.escape_ascii());
    assert_eq!(finding.origin.path(), Some(Path::new("a.txt")));
    let within = run.windows(source.len()).any(|part| part == source);
    assert!(within, "{} is no part of {}", source.escape_ascii(), run.escape_ascii());
}

fn escaped(text: &str, escape: impl Fn(u8) -> String) -> String {
    text.bytes().map(escape).collect()
}

fn wrapped(text: &str, width: usize, joiner: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    lines.join(joiner)
}

#[test]
fn base64_of_every_alphabet_padding_and_alignment() {
    for seed in 1..3 {
        let secret = token(seed);
        for before in ["", "a", "ab", "key=", "<a b=\"", "\u{3ff}\u{3ff}?>"] {
            let inner = format!("{before}{}{secret}?>~", if before.len() < 3 { " " } else { "" });
            for run in [
                BASE64.encode(inner.as_bytes()),
                BASE64_NOPAD.encode(inner.as_bytes()),
                BASE64URL_NOPAD.encode(inner.as_bytes()),
            ] {
                for around in
                    ["{}", "x: {}\n", "data:text/plain;base64,{}\"", "a\\n{}\\n", "/a/b/{}", "key-{}", "x%3D{}"]
                {
                    finds(&around.replace("{}", &run), &run, &[Step::Base64], &secret);
                }
            }
        }
    }
}

#[test]
fn base64_in_lines_of_any_width() {
    let inner = format!("some text before\nTOKEN={}\nand some text behind it, to fill more lines", token(3));
    let run = BASE64.encode(inner.as_bytes());
    for width in [23, 37, 61, 64, 76] {
        for joiner in ["\n", "\r\n", "\n    ", "\\n", "\" +\n  \"", "\\\n", "\n# "] {
            let lines = wrapped(&run, width, joiner);
            finds(&format!("x = \"{lines}\"\n"), &lines, &[Step::Base64], &token(3));
        }
    }
}

#[test]
fn hex_in_either_case() {
    let inner = format!("TOKEN={};", token(4));
    for run in [HEXLOWER.encode(inner.as_bytes()), HEXUPPER.encode(inner.as_bytes())] {
        for around in ["{}", "0x{}", "'\\x{}'", "a-{}", "X'{}'"] {
            finds(&around.replace("{}", &run), &run, &[Step::Hex], &token(4));
        }
        let lines = wrapped(&run, 39, "\n");
        finds(&lines, &lines, &[Step::Hex], &token(4));
    }
}

#[test]
fn text_that_is_escaped_throughout() {
    let secret = token(5);
    let all: [Spelling; 9] = [
        (Step::Percent, |byte| format!("%{byte:02x}")),
        (Step::Percent, |byte| format!("%{byte:02X}")),
        (Step::Escape, |byte| format!("\\u{byte:04x}")),
        (Step::Escape, |byte| format!("\\x{byte:02x}")),
        (Step::Escape, |byte| format!("\\u{{{byte:x}}}")),
        (Step::Escape, |byte| format!("\\{byte:03o}")),
        (Step::Escape, |byte| format!("\\\\u{byte:04x}")),
        (Step::Entity, |byte| format!("&#{byte};")),
        (Step::Entity, |byte| format!("&#x{byte:x};")),
    ];
    for (step, escape) in all {
        let run = escaped(&secret, escape);
        for around in ["{}", "x = $'{}'", "a \"{}\", b", "<p>&lt;{}&gt;</p>", "\\\"{}\\\""] {
            finds(&around.replace("{}", &run), &run, &[step], &secret);
        }
    }
}

#[test]
fn a_token_with_a_single_escape() {
    let secret = token(6);
    let all: [Spelling; 4] = [
        (Step::Percent, |byte| format!("%{byte:02X}")),
        (Step::Escape, |byte| format!("\\u{byte:04x}")),
        (Step::Escape, |byte| format!("\\x{byte:02x}")),
        (Step::Entity, |byte| format!("&#{byte};")),
    ];
    for at in [0, 3, 4, 12, 39] {
        for (step, escape) in all {
            let run = format!("{}{}{}", &secret[..at], escape(secret.as_bytes()[at]), &secret[at + 1..]);
            finds(&format!("a = \"{run}\"\n"), &run, &[step], &secret);
        }
    }
}

#[test]
fn string_literals_that_are_joined() {
    let secret = token(7);
    for at in [4, 11, 30] {
        for joiner in ["\" + \"", "\"+\"", "\" . \"", "\" +\n    \"", "\" & \""] {
            let run = format!("{}{joiner}{}", &secret[..at], &secret[at..]);
            finds(&format!("a = \"{run}\";\n"), &run, &[Step::Concat], &secret);
        }
    }
}

#[test]
fn utf16_of_either_order_inside_other_bytes() {
    let secret = token(8);
    let text = format!("TOKEN={secret}");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for run in [&little, &big] {
        for before in [&b""[..], b"ab", b"abc\xff", &[0xff, 0xfe], &[7; 61]] {
            let bytes = [before, run, b"\0\0 and text"].concat();
            finds_bytes(&bytes, &bytes, &[Step::Utf16], &secret);
        }
        let encoded = BASE64.encode(run);
        finds(&format!("powershell -enc {encoded}"), &encoded, &[Step::Base64, Step::Utf16], &secret);
    }
}

#[test]
fn claims_of_a_token() {
    let claims = format!("{{\"sub\":\"1234\",\"gh\":\"{}\",\"iat\":1516239022}}", token(9));
    let header = BASE64URL_NOPAD.encode(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    let payload = BASE64URL_NOPAD.encode(claims.as_bytes());
    let jwt = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&[0x5a; 32]));
    let scan = scan(format!("x {jwt}").as_bytes());
    let inner: Vec<_> = scan.findings.iter().filter(|one| !one.origin.steps().is_empty()).collect();
    assert_eq!(inner.len(), 1);
    assert_eq!((inner[0].secret.expose(), inner[0].origin.steps()), (token(9).as_bytes(), vec![Step::Base64]));
}

/// Bytes that look drawn at random, the same each time.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(byte).collect()
}

#[test]
fn one_encoding_in_another() {
    let secret = token(10);
    let first = BASE64.encode(format!("{{\"token\": \"{secret}\"}}").as_bytes());
    let twice = BASE64.encode(format!("data: {first}").as_bytes());
    finds(&format!("x: {twice}\n"), &twice, &[Step::Base64, Step::Base64], &secret);
    let hex = HEXLOWER.encode(format!("data: {first}").as_bytes());
    finds(&format!("x: {hex}\n"), &hex, &[Step::Hex, Step::Base64], &secret);
    let escapes = escaped(&secret, |byte| format!("\\u{byte:04x}"));
    let wrapped = wrapped(&BASE64.encode(format!("{{\"token\": \"{escapes}\"}}").as_bytes()), 61, "\n");
    finds(&wrapped, &wrapped, &[Step::Base64, Step::Escape], &secret);
    let percent = escaped(&first, |byte| format!("%{byte:02x}"));
    finds(&percent, &percent, &[Step::Percent, Step::Base64], &secret);
}

#[test]
fn streams_in_base64() {
    let text = format!("{{\"data\": \"{}\", \"token\": \"{}\"}}", "abc ".repeat(200), token(11));
    let deflated = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
    let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &deflated, &[0; 8]].concat();
    let zlib = miniz_oxide::deflate::compress_to_vec_zlib(text.as_bytes(), 6);
    for stream in [gzip, zlib] {
        let run = BASE64.encode(&stream);
        finds(&format!("release: {run}"), &run, &[Step::Base64, Step::Gzip], &token(11));
        let twice = BASE64.encode(run.as_bytes());
        finds(&format!("release: {twice}"), &twice, &[Step::Base64, Step::Base64, Step::Gzip], &token(11));
    }
}

#[test]
fn a_fingerprint_does_not_depend_on_the_encoding() {
    let secret = token(12);
    let plain = only(format!("a = {secret}\n").as_bytes()).0.fingerprint;
    let inner = format!("a = {secret}\n");
    for run in [BASE64.encode(inner.as_bytes()), HEXLOWER.encode(inner.as_bytes())] {
        assert_eq!(only(run.as_bytes()).0.fingerprint, plain);
        assert_eq!(only(wrapped(&run, 37, "\n").as_bytes()).0.fingerprint, plain);
    }
}

#[test]
fn a_mark_beside_the_encoded_text_counts() {
    let run = BASE64.encode(format!("a = {}", token(13)).as_bytes());
    let (finding, _) = only(format!("x = {run} # leaktight:allow\n").as_bytes());
    assert!(finding.suppressed.is_some());
}

#[test]
fn what_is_decoded_twice_is_found_once() {
    let secret = token(14);
    let text = format!(
        "a = \"{secret}\" + \"\" // https:\\/\\/example.org\\/{}?x=%2Fabcdefghij0123456789%2F\n",
        "a1".repeat(12)
    );
    let (finding, source) = only(text.as_bytes());
    assert_eq!((source.as_slice(), finding.origin.steps()), (secret.as_bytes(), vec![]));
}

#[test]
fn what_lies_too_deep_is_a_skip() {
    let mut text = format!("a = {}", token(15));
    for depth in 1..=6 {
        text = format!("some text {}", BASE64.encode(text.as_bytes()));
        let scan = scan(text.as_bytes());
        let reasons: Vec<&str> = scan.skipped.iter().map(|skip| skip.reason.name()).collect();
        let is_deep = depth > Limits::default().depth;
        assert_eq!(scan.findings.len(), usize::from(!is_deep), "{depth}");
        assert_eq!(reasons, if is_deep { vec!["decode-limit"] } else { vec![] }, "{depth}");
    }
    assert!(scanner(|limits| limits.depth = 0).scan(&Chunk::memory(text.as_bytes())).skipped.is_empty());
}

#[test]
fn a_stream_that_grows_without_end_is_cut() {
    let deflated = miniz_oxide::deflate::compress_to_vec(&vec![b'a'; 64 << 20], 9);
    let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &deflated, &[0; 8]].concat();
    let run = BASE64.encode(&gzip);
    let scan = SCANNER.scan(&Chunk::memory(run.as_bytes()));
    assert_eq!(scan.skipped.len(), 1);
    assert_eq!(scan.skipped[0].reason.name(), "decode-limit");
}

#[test]
fn noise_decodes_to_nothing() {
    let mut text = String::new();
    for seed in 1..40 {
        let bytes = noise(seed, 64);
        text += &format!("\"integrity\": \"sha512-{}\",\n", BASE64.encode(&bytes));
        text += &format!("commit {} {}\n", HEXLOWER.encode(&bytes[..20]), HEXLOWER.encode(&bytes[20..52]));
        text += &format!("id: {}-4a5b-8c7d-{}\n", HEXLOWER.encode(&bytes[..6]), HEXLOWER.encode(&bytes[6..12]));
    }
    text += &format!("url(data:image/png;base64,{})\n", BASE64.encode(&noise(7, 20_000)));
    let mappings = "AAAA,SAASA,EAAgBC,GACrB,OAAOA;AACT,".repeat(60);
    text += &format!("//# sourceMappingURL=data:application/json;base64,{}\n", BASE64.encode(mappings.as_bytes()));
    text += &format!("import x from \"../{}\";\n", "node_modules/some-package/dist/esm/components/".repeat(20));
    let scan = SCANNER.scan(&Chunk::memory(text.as_bytes()));
    let decoded: Vec<_> = scan.findings.iter().filter(|one| !one.origin.steps().is_empty()).collect();
    assert!(decoded.is_empty(), "{decoded:?}");
    assert!(scan.skipped.is_empty(), "{:?}", scan.skipped);
}

#[test]
fn hostile_text_neither_panics_nor_is_found() {
    let line = "H4sIAAAAAAAAA6tWKkktLlGyUlBQAAAAAAAAAAA\n";
    let texts = [
        "VVVV".repeat(50_000),
        line.repeat(5_000),
        "%41%42".repeat(30_000),
        "\\u0041".repeat(30_000),
        "\"a1b2c3d4e5f6a7b8\" + ".repeat(9_000),
        "a1b2c3d4e5f6a7b8%2B".repeat(10_000),
        "Zm9vYmFyZm9vYmFyZm9vYmFy\u{e9}".repeat(7_000),
        "a\0".repeat(100_000),
    ];
    for text in texts {
        let scan = SCANNER.scan(&Chunk::memory(text.as_bytes()));
        assert!(scan.findings.is_empty());
    }
}

#[test]
fn colours_hide_nothing() {
    let secret = token(1);
    let (head, tail) = secret.split_at(4);
    let colours = ["\x1b[01;31m\x1b[K", "\x1b[m\x1b[K", "\x1b[38;5;9m", "\x1b(B\x1b[m", "\x1b]8;;\x1b\\"];
    for colour in colours {
        let text = format!("key {colour}{head}{colour}{tail}{colour} .");
        finds(&text, &text, &[Step::Control], &secret);
        // What ends in another letter than `m` touches the token.
        let text = format!("key {colour}{secret}");
        let steps = if colour.ends_with('K') { &[Step::Control][..] } else { &[] };
        finds(&text, &text, steps, &secret);
    }
    let lines = format!("\x1b[2m10:00\x1b[0m start\n\x1b[2m10:01\x1b[0m T=\x1b[1m{head}\x1b[0m{tail}\n");
    finds(&lines, &lines, &[Step::Control], &secret);
    assert!(only(format!("\x1b[2m10:00\x1b[0m key {secret} \x1b[K").as_bytes()).0.origin.steps().is_empty());
}
