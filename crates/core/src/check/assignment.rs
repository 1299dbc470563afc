//! Assignments: a name that promises a secret, an operator, and a value.

use std::path::Path;

use crate::check::name::{Name, Promise};
use crate::check::random::{Counts, is_random, reads_as_words};
use crate::check::{Outcome, Subject, value, words};
use crate::span::line_around;

/// Files whose string literals are quoted, so that an unquoted word is a name.
const CODE: &str =
    "c cc cpp cs cxx dart ex go groovy h hpp java js jsx kt kts lua m mjs php pl py rb rs scala swift ts tsx vb vue";

/// Checks that the name says secret and that the value could be one.
pub(super) fn check(subject: &Subject<'_>) -> Outcome {
    let secret = subject.secret_bytes();
    let head = subject.bytes.get(subject.whole.start..subject.secret.start).unwrap_or_default();
    let name = Name::before(head);
    let promise = name.promise();
    if promise == Promise::Harmless || !value::is_literal(secret) {
        return Outcome::Drop;
    }
    if is_name(secret) && (name.echoes(secret) || is_expression(subject)) {
        return Outcome::Drop;
    }
    match (strength(secret), promise) {
        (Strength::Weak, _) => Outcome::Low,
        (Strength::Strong, Promise::Secret) => Outcome::Pass,
        _ => Outcome::Neutral,
    }
}

/// How much a value looks like a secret by itself.
enum Strength {
    /// A word, a number, or a name.
    Weak,
    /// Neither.
    Fair,
    /// Random, or of several kinds of characters.
    Strong,
}

fn strength(secret: &[u8]) -> Strength {
    let counts = Counts::of(secret);
    let letters = counts.lower + counts.upper;
    if words::is_dummy(secret) || letters == 0 || (letters == secret.len() && letters < 8) || is_phrase(secret) {
        return Strength::Weak;
    }
    let kinds = counts.classes() + usize::from(counts.other > 0);
    let is_strong = is_random(secret) || (kinds > 1 && counts.digits > 0) || kinds > 2;
    if is_strong && !(secret.len() > 12 && reads_as_words(secret)) { Strength::Strong } else { Strength::Fair }
}

/// Whether the value is several words of letters that are joined, as names of things are.
fn is_phrase(secret: &[u8]) -> bool {
    let mut parts = secret.split(|byte| matches!(byte, b'-' | b'_' | b'.' | b' '));
    parts.clone().count() > 1 && parts.all(|part| part.iter().all(u8::is_ascii_alphabetic)) && reads_as_words(secret)
}

/// Whether the value could be the name of a variable.
fn is_name(secret: &[u8]) -> bool {
    secret.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && secret.iter().all(|byte| value::is_word(*byte) || *byte == b'-')
}

/// Whether the value stands unquoted in code, and so names something.
fn is_expression(subject: &Subject<'_>) -> bool {
    if !subject.path.is_some_and(is_code) {
        return false;
    }
    let line = line_around(subject.bytes, subject.secret.start);
    let before = subject.bytes.get(line.start..subject.secret.start).unwrap_or_default();
    let quotes = |quote: u8| memchr::memchr_iter(quote, before).count();
    // An odd number of quotes before the value means that it stands in a string.
    [b'"', b'\'', b'`'].into_iter().all(|quote| quotes(quote) % 2 == 0)
}

fn is_code(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| words::holds(CODE, extension.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn judge_in(path: &str, head: &str, value: &str, tail: &str) -> Outcome {
        let text = format!("{head}{value}{tail}");
        let secret = Span::new(head.len(), head.len() + value.len());
        check(&Subject { bytes: text.as_bytes(), whole: Span::new(0, text.len()), secret, path: Some(Path::new(path)) })
    }

    fn judge(head: &str, value: &str) -> Outcome {
        judge_in("a.txt", head, value, "")
    }

    #[test]
    fn a_secret_value_of_a_secret_name_passes() {
        for value in ["k3J9mQ2xR7vT", "Tr0ub4dor&3", "hunter2k9", "5bf29c1e07d3a8465bf29c1e07d3a846"] {
            assert_eq!(judge("db_password = \"", value), Outcome::Pass, "{value}");
        }
        assert_eq!(judge("colour = ", "k3J9mQ2xR7vT"), Outcome::Neutral);
    }

    #[test]
    fn a_harmless_name_is_dropped() {
        for head in ["password_field = ", "tokenType: ", "public_key=", "token_key = ", "secret_name: "] {
            assert_eq!(judge(head, "k3J9mQ2xR7vT"), Outcome::Drop, "{head}");
        }
    }

    #[test]
    fn a_value_that_repeats_its_name_is_dropped() {
        assert_eq!(judge("DB_PASSWORD=", "password"), Outcome::Drop);
        assert_eq!(judge("\"apiKey\": \"", "api_key"), Outcome::Drop);
    }

    #[test]
    fn common_words_are_low() {
        for value in ["secret", "changeme", "123456", "test123", "my-secret-key", "dragon"] {
            assert_eq!(judge("db_password: ", value), Outcome::Low, "{value}");
        }
    }

    #[test]
    fn an_unquoted_name_in_code_is_dropped() {
        assert_eq!(judge_in("a.py", "password = ", "entered2", ")"), Outcome::Drop);
        assert_eq!(judge_in("a.py", "password = \"", "entered2", "\""), Outcome::Pass);
        assert_eq!(judge_in("a.yml", "password: ", "entered2", ""), Outcome::Pass);
        assert_eq!(judge_in("a.cs", "s = \"User=sa;Password=", "entered2", ";\""), Outcome::Pass);
    }

    #[test]
    fn letters_only_say_little() {
        assert_eq!(judge("password: ", "correcthorsebattery"), Outcome::Neutral);
    }
}
