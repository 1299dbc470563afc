//! Placeholders: values that stand where a secret should, and how they look.

mod documented;
mod words;

use memchr::memmem;

pub(crate) use self::documented::is_documented;
pub(crate) use self::words::holds_telling;

/// What a template starts and ends with.
const TEMPLATES: &[(&[u8], &[u8])] = &[
    (b"{{", b"}}"),
    (b"${", b"}"),
    (b"$(", b")"),
    (b"#{", b"}"),
    (b"<%", b"%>"),
    (b"%{", b"}"),
    (b"%(", b")"),
    (b"$[", b"]"),
];

/// How many characters in a row make a run of the alphabet.
const MIN_SEQUENCE: usize = 10;
/// How many of either case do, in a value that may be anything.
const WHOLE_SEQUENCE: usize = 20;
/// How long a run of letters and digits must be before its variety is judged.
const MIN_BODY: usize = 12;
/// The longest period that is looked for in a long value.
const MAX_PERIOD: usize = 64;

const ALPHABET: &str = "a run of the alphabet";
const BLOCK: &str = "a block repeated";

/// Returns whether what gives a placeholder away is a pattern in it rather than what it
/// says: a person may have drawn it up to look real, or have taken it for a password.
pub(crate) fn is_pattern(face: &str) -> bool {
    face == ALPHABET || face == BLOCK
}

/// Returns what gives a placeholder away, or none for a value that could be real.
///
/// Of a format that identifies itself the secret is the whole token, prefix
/// included, and its body is random, so that only what cannot be chance counts.
/// With `generic` the value may be anything, and words count that a person
/// would write; but a word that some people do take for their password, such as
/// `secret` or `admin`, is no placeholder by itself. Of a URI they do not count,
/// for its host is public.
pub(crate) fn face(secret: &[u8], generic: bool) -> Option<&'static str> {
    let common = [
        (is_documented as fn(&[u8]) -> bool, "a documented example"),
        (crate::token::is_made_of, "what redaction put there"),
        (is_masked, "a mask such as ***"),
        (is_monotonous, "one character repeated"),
        (is_sequence, ALPHABET),
        (is_whole_alphabet, ALPHABET),
        (repeats_body, BLOCK),
        (holds_telling, "a word such as example"),
    ];
    let of_people = [
        (is_wrapped as fn(&[u8]) -> bool, "a wrapper such as <...>"),
        (is_alphabet, ALPHABET),
        (is_filler, "a mask such as xxx"),
        (words::is_made_of_fillers, "words such as my-secret"),
    ];
    let is_uri = generic && secret.contains(&b':') && memmem::find(secret, b"://").is_some();
    let common = if is_uri { &common[..common.len() - 1] } else { common.as_slice() };
    let of_people = match (generic, is_uri) {
        (false, _) => &[],
        (true, true) => &of_people[..1],
        (true, false) => of_people.as_slice(),
    };
    common.iter().chain(of_people).find(|(holds, _)| holds(secret)).map(|(_, face)| *face)
}

/// Returns whether a value is one block over and over.
///
/// The block may be half the value, or up to 64 bytes of a longer one.
pub(crate) fn repeats(value: &[u8]) -> bool {
    let longest = (value.len() / 2).min(MAX_PERIOD);
    let recurs = |period: usize| value[period] == value[0] && value[period..] == value[..value.len() - period];
    value.len() >= 8 && (1..=longest).any(recurs)
}

/// Returns whether a value holds a name to be replaced, such as `${NAME}` or `{{ name }}`.
pub(crate) fn is_template(value: &[u8]) -> bool {
    let may_open = |byte: &u8| matches!(byte, b'{' | b'$' | b'#' | b'<' | b'%');
    if !value.iter().any(may_open) {
        return false;
    }
    TEMPLATES.iter().any(|(open, close)| {
        let Some(start) = memmem::find(value, open) else {
            return false;
        };
        let rest = &value[start + open.len()..];
        // What starts as a template may have been cut off at a quote in it.
        memmem::find(rest, close).map_or(start == 0, |end| end > 0 && rest[..end].iter().all(|byte| is_inner(*byte)))
    })
}

/// Whether a byte may stand in a template: a password that holds both brackets
/// by chance seldom has only such bytes between them.
fn is_inner(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" ._-:/'\"|,()[]?+@!={}&".contains(&byte)
}

fn is_masked(secret: &[u8]) -> bool {
    let marks: [&[u8]; 5] = [b"***", b"...", "\u{2026}".as_bytes(), "\u{2022}\u{2022}".as_bytes(), b"####"];
    let may = |byte: u8| matches!(byte, b'*' | b'.' | b'#' | 0xe2);
    secret.iter().any(|byte| may(*byte)) && marks.iter().any(|mark| memmem::find(secret, mark).is_some())
}

/// Whether the body has hardly more than one character, or one of them in a long row.
fn is_monotonous(secret: &[u8]) -> bool {
    let tail = tail(body(secret));
    if tail.len() >= MIN_BODY && has_few(tail, 3) {
        return true;
    }
    let row = secret.chunk_by(|before, next| before == next).map(<[u8]>::len).max().unwrap_or(0);
    // Zero bytes are rows of `A` or `0` in real keys.
    let long = secret
        .chunk_by(|before, next| before == next)
        .any(|row| row.len() >= 10 && !b"A0".contains(&row[0]) || row.len() >= 8 && row[0] == b'X');
    long || row >= 8 && row * 5 >= secret.len() * 2 || row == secret.len() && row > 3
}

/// Whether ten characters of one case in a row follow each other as digits and
/// letters do, up or down, or up when every other one is left out, as in `a1b2c3`.
fn is_sequence(secret: &[u8]) -> bool {
    let (mut up, mut down, mut woven) = (1, 1, 2);
    for at in 1..secret.len() {
        let (before, byte) = (secret[at - 1], secret[at]);
        up = if follows(before, byte) { up + 1 } else { 1 };
        down = if follows(byte, before) { down + 1 } else { 1 };
        woven = if at > 1 && follows(secret[at - 2], byte) { woven + 1 } else { 2 };
        if up.max(down).max(woven) >= MIN_SEQUENCE {
            return true;
        }
    }
    false
}

/// Whether all of the alphabet, and the start of it again or of the digits, is there in a row.
fn is_whole_alphabet(secret: &[u8]) -> bool {
    longest_row(secret) >= 32
}

/// Whether most of the alphabet is there in a row, in any case of letters.
fn is_alphabet(secret: &[u8]) -> bool {
    longest_row(secret) >= WHOLE_SEQUENCE
}

/// How many characters in a row follow each other, in any case of letters.
fn longest_row(secret: &[u8]) -> usize {
    let follow = |pair: &[u8]| follows(pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase());
    let (mut run, mut longest) = (1, 1);
    for pair in secret.windows(2) {
        run = if follow(pair) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Whether a third of a value, and at least six characters, follow each other.
pub(crate) fn is_mostly_sequence(value: &[u8]) -> bool {
    let (mut run, mut longest) = (1, 1);
    for pair in value.windows(2) {
        run = if follows(pair[0], pair[1]) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest >= 6 && longest * 3 >= value.len()
}

/// Whether a character comes next: in the alphabet, or where digits and letters meet.
fn follows(before: u8, byte: u8) -> bool {
    if byte == before.wrapping_add(1) {
        return byte.is_ascii_alphanumeric() && before.is_ascii_alphanumeric();
    }
    matches!((before, byte), (b'9' | b'f' | b'z', b'0' | b'a') | (b'9' | b'F' | b'Z', b'0' | b'A'))
}

fn repeats_body(secret: &[u8]) -> bool {
    let body = body(secret);
    repeats(body) || repeats(tail(body))
}

/// Returns the last three quarters, for a prefix may touch the body, as `AKIA` does.
fn tail(body: &[u8]) -> &[u8] {
    &body[body.len() / 4..]
}

/// Whether the value stands in brackets or is a variable.
fn is_wrapped(secret: &[u8]) -> bool {
    match secret {
        [b'<', .., b'>'] | [b'{', .., b'}'] | [b'[', .., b']'] | [b'%', .., b'%'] => true,
        [b'_', b'_', .., b'_', b'_'] => true,
        _ => is_template(secret),
    }
}

/// Whether nothing but `x` and signs is there.
fn is_filler(secret: &[u8]) -> bool {
    let is_mark = |byte: &u8| matches!(byte, b'x' | b'X') || (byte.is_ascii() && !byte.is_ascii_alphanumeric());
    secret.iter().all(is_mark) && (secret.iter().any(|byte| byte.eq_ignore_ascii_case(&b'x')) || has_few(secret, 2))
}

/// Returns the longest run of letters and digits.
fn body(secret: &[u8]) -> &[u8] {
    let runs = secret.split(|byte| !byte.is_ascii_alphanumeric());
    runs.max_by_key(|run| run.len()).unwrap_or_default()
}

/// Whether a value has at most so many different bytes.
fn has_few(value: &[u8], most: usize) -> bool {
    let mut seen = [0; 4];
    let mut count = 0;
    for byte in value {
        if seen[..count].contains(byte) {
            continue;
        }
        if count == most {
            return false;
        }
        seen[count] = *byte;
        count += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A body that looks drawn at random.
    const BODY: &str = "k3J9mQ2xR7vT4wZ1bN6cH8jF5dG0sApL";

    fn token(text: &str) -> Option<&'static str> {
        face(text.as_bytes(), false)
    }

    fn value(text: &str) -> Option<&'static str> {
        face(text.as_bytes(), true)
    }

    #[test]
    fn real_tokens_have_no_face() {
        let hex = "5bf29c1e07d3a846b1c0e9d25f7a4836";
        for text in [
            format!("ghp_{BODY}"),
            format!("sk_test_{BODY}"),
            hex.to_owned(),
            format!("xoxb-38205716429-{BODY}"),
            format!("my_secret_{BODY}"),
        ] {
            assert_eq!(token(&text), None, "{text}");
        }
    }

    #[test]
    fn the_faces_of_tokens_are_named() {
        let cases = [
            (format!("ghp_{}", "a".repeat(36)), "one character repeated"),
            (format!("AKIA{}", "01".repeat(8)), "one character repeated"),
            (concat!("sk_live_", "abcdefghijklmnopqrstuvwx").to_owned(), "a run of the alphabet"),
            (concat!("sk_live_", "a1b2c3d4e5f6a7b8").to_owned(), "a run of the alphabet"),
            (concat!("glpat-", "zyxwvutsrqponmlkjihg").to_owned(), "a run of the alphabet"),
            (format!("key-{}", "5bf29c1e".repeat(4)), "a block repeated"),
            (format!("AKIA{}EXAMPLE", &BODY[..9]), "a word such as example"),
            (concat!("ghp_XXXX", "k3J9mQ2xR7vT4wZ1bN6cH8jF5dG0sApL").to_owned(), "a word such as example"),
            ("sk-your-api-key".to_owned(), "a word such as example"),
            (format!("xoxb-{}...", &BODY[..9]), "a mask such as ***"),
            (concat!("sk_test_", "4eC39HqLyjWDarjtT1zdp7dc").to_owned(), "a documented example"),
        ];
        for (text, face) in cases {
            assert_eq!(token(&text), Some(face), "{text}");
        }
    }

    #[test]
    fn words_people_write_count_for_generic_values_only() {
        for text in [
            "my-secret",
            "your_password_here",
            "mySecretKey",
            "<password>",
            "${PASSWORD}",
            "todo",
            "foo",
            "test_token",
            "xx-xx",
            "----",
            "changeme",
            "api_key_here",
        ] {
            assert!(value(text).is_some(), "{text}");
        }
        assert_eq!(token("test_token"), None);
    }

    #[test]
    fn what_could_be_a_password_has_no_face() {
        for text in [
            "secret",
            "password",
            "hunter2",
            "admin",
            "123456",
            "test",
            "Tr0ub4dor&3",
            "correct-horse",
            "S3cr3t!",
            "mynameisbob9",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
    }

    #[test]
    fn short_runs_in_hex_are_chance() {
        assert_eq!(token(concat!("01234567", "5bf29c1e07d3a846b1c0e9d2")), None);
        assert!(token("0123456789abcdef5bf29c1e07d3a846").is_some());
    }

    proptest! {
        #[test]
        fn face_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), generic in any::<bool>()) {
            face(&bytes, generic);
        }

        #[test]
        fn random_tokens_have_no_face(body in "[0-9A-Za-z]{36}") {
            let text = format!("ghp_{body}");
            // One in some ten thousand holds a word by chance; none has another face.
            prop_assert!(matches!(token(&text), None | Some("a word such as example")));
        }
    }
}
