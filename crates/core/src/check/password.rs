//! Passwords in places that take nothing else: an argument of a login, an
//! option of a command, a clause of SQL.

use crate::check::random::{Counts, is_random};
use crate::check::{Outcome, pairs, value, words};

/// The least length of a password that is no word, in bytes.
const MIN_LEN: usize = 6;

/// Checks that the secret is a literal that somebody chose, and no dummy.
pub(super) fn check(secret: &[u8]) -> Outcome {
    if !value::is_literal(secret) {
        return Outcome::Drop;
    }
    let counts = Counts::of(secret);
    let kinds = counts.classes() + usize::from(counts.other > 0);
    // Names and words stand in such places in tests; a password of letters only is rare, unless drawn.
    let is_joined = |byte: &u8| byte.is_ascii_alphabetic() || b"_-./ ".contains(byte);
    let is_word = kinds < 2 || (secret.iter().all(is_joined) && pairs::are_of_words(secret));
    // A common word with a number behind it is what people set, and what is guessed first.
    let is_numbered = secret.len() >= 8
        && secret[..3].iter().all(u8::is_ascii_graphic)
        && secret[secret.len() - 3..].iter().all(u8::is_ascii_digit)
        && counts.lower + counts.upper > 3;
    match () {
        () if is_numbered => Outcome::Neutral,
        // What those give who have no account, by RFC 1635.
        () if secret.starts_with(b"anonymous") => Outcome::Low,
        () if words::is_dummy(secret) || is_word || secret.len() < MIN_LEN => Outcome::Low,
        () if is_random(secret) && kinds > 2 => Outcome::Pass,
        () => Outcome::Neutral,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_pass_or_say_nothing() {
        assert_eq!(check(b"k3J9mQ2xR7vT"), Outcome::Pass);
        for password in [b"tiger2blau".as_slice(), b"kiwi#mantle", b"P@ssw0rd123", b"secret123", b"WdAldfNJUpKd"] {
            assert_eq!(check(password), Outcome::Neutral, "{}", password.escape_ascii());
        }
    }

    #[test]
    fn words_are_low_and_references_dropped() {
        for word in
            [b"secret".as_slice(), b"wonderland", b"p@ssw0rd1", b"camelCase", b"bidding_strategy", b"123456", b"x1"]
        {
            assert_eq!(check(word), Outcome::Low, "{}", word.escape_ascii());
        }
        for reference in [b"$PASS".as_slice(), b"{0}", b"process.env.PASS", b"%s", b"getPassword()"] {
            assert_eq!(check(reference), Outcome::Drop, "{}", reference.escape_ascii());
        }
    }
}
