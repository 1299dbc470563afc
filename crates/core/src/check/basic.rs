//! The credentials of HTTP Basic authentication.

use crate::check::base64::{decode, encode_like, unpadded};
use crate::check::dice::Dice;
use crate::check::{Outcome, random, value, words};
use crate::placeholder;

/// Checks that the secret is base64 of a user and a password.
pub(super) fn check(secret: &[u8]) -> Outcome {
    let bytes = decode(secret).filter(|bytes| is_printable(bytes)).unwrap_or_default();
    let Some(colon) = memchr::memchr(b':', &bytes) else {
        return Outcome::Drop;
    };
    let (user, password) = (&bytes[..colon], &bytes[colon + 1..]);
    if placeholder::is_documented(unpadded(secret)) || placeholder::is_documented(secret) {
        return Outcome::Drop;
    }
    if password.is_empty() || password == b"x-oauth-basic" || password.eq_ignore_ascii_case(b"x") {
        // Some services take an API key as the user.
        return if random::is_random(user) { Outcome::Pass } else { Outcome::Low };
    }
    judge(user, password)
}

/// Judges a user and a password that are both there.
fn judge(user: &[u8], password: &[u8]) -> Outcome {
    if !value::is_literal(password) {
        return Outcome::Drop;
    }
    let is_placeholder = placeholder::face(password, true).is_some() || words::is_dummy_pair(user, password);
    if is_placeholder || words::is_dummy(password) { Outcome::Low } else { Outcome::Pass }
}

/// Returns base64 of a user and a password that is as long.
pub(super) fn repair(secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    let len = unpadded(secret).len() * 3 / 4;
    let Some(room) = len.checked_sub(4) else {
        return secret.to_vec();
    };
    encode_like(&[b"svc:", dice.text(room).as_slice()].concat(), secret)
}

fn is_printable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{outcome, repair_all};
    use crate::rule::Check;

    fn basic(text: &str) -> Outcome {
        check(&encode_like(text.as_bytes(), b"=="))
    }

    #[test]
    fn credentials_pass_once_repaired() {
        for sample in ["k3J9".repeat(6), format!("{}==", "k3J9".repeat(6).split_at(22).0)] {
            let repaired = repair_all(Check::BasicAuth, sample.as_bytes());
            assert_eq!(outcome(Check::BasicAuth, &repaired), Outcome::Pass);
            assert_eq!(repaired.len(), sample.len());
        }
    }

    #[test]
    fn examples_and_placeholders_are_dropped() {
        for text in ["Aladdin:open sesame", "me:<password>", "me:${PASS}", "no colon"] {
            assert_eq!(basic(text), Outcome::Drop, "{text}");
        }
    }

    #[test]
    fn a_common_password_is_low() {
        for text in ["me:", "admin:admin", "me:password", "user:secret1"] {
            assert_eq!(basic(text), Outcome::Low, "{text}");
        }
        assert_eq!(basic("jenkins:password"), Outcome::Low);
        assert_eq!(basic("jenkins:tr0ub4dor&3"), Outcome::Pass);
    }

    #[test]
    fn an_api_key_may_stand_for_the_user() {
        assert_eq!(basic(concat!("sk_live_", "k3J9mQ2xR7vT4wZ1bN6c:")), Outcome::Pass);
    }
}
