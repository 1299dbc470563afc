//! JSON objects in base64, as many tokens are.

use serde_json::Value;

use crate::check::Outcome;
use crate::check::base64::{decode, encode_like, is_digit, unpadded};
use crate::check::dice::Dice;
use crate::span::Span;

/// Checks that the secret is, or holds behind its prefix, a JSON object in base64.
pub(super) fn check(secret: &[u8]) -> Outcome {
    let Some(start) = start(secret) else {
        return Outcome::Drop;
    };
    let rest = &secret[start..];
    if object(rest).is_some() || object(&secret[segment(secret, start).range()]).is_some() {
        return Outcome::Pass;
    }
    Outcome::Low
}

/// Returns the secret with the base64 replaced by that of an object.
pub(super) fn repair(secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Some(start) = start(secret) else {
        return secret.to_vec();
    };
    let span = segment(secret, start);
    let object = fill(&secret[span.range()], dice);
    [&secret[..span.start], &object, &secret[span.end..]].concat()
}

/// Decodes base64 of a JSON object.
pub(super) fn object(text: &[u8]) -> Option<Value> {
    let bytes = decode(text)?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    value.is_object().then_some(value)
}

/// Returns base64 of a JSON object that is as long as the sample and starts as it does.
pub(super) fn fill(sample: &[u8], dice: &mut Dice) -> Vec<u8> {
    let len = unpadded(sample).len() * 3 / 4;
    let bytes = decode(&unpadded(sample)[..unpadded(sample).len() / 4 * 4]).unwrap_or_default();
    let letters = bytes.iter().skip(2).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let key = bytes.get(2..2 + letters).filter(|key| !key.is_empty()).unwrap_or(b"k");
    let head = [b"{\"", key, b"\":\""].concat();
    let Some(room) = len.checked_sub(head.len() + 2) else {
        return encode_like(b"{\"k\":\"\"}", b"");
    };
    encode_like(&[&head, dice.text(room).as_slice(), b"\"}"].concat(), sample)
}

/// Returns where base64 of `{"` or of `{` and white space starts.
pub(super) fn start(secret: &[u8]) -> Option<usize> {
    secret.windows(2).position(|pair| matches!(pair, b"ey" | b"ew"))
}

/// Returns the base64 that starts there: up to its padding, a dot, or the last
/// `_`, when that starts a signature of 256 bits.
fn segment(secret: &[u8], start: usize) -> Span {
    let rest = &secret[start..];
    let run = rest.iter().take_while(|byte| is_digit(**byte)).count();
    let padding = rest[run..].iter().take(2).take_while(|byte| **byte == b'=').count();
    if run + padding < rest.len() {
        return Span::new(start, start + run + padding);
    }
    let signature = memchr::memrchr(b'_', rest).filter(|at| rest.len() - at == 44);
    Span::new(start, start + signature.unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{outcome, repair_all};
    use crate::rule::Check;

    #[test]
    fn an_object_passes_once_repaired() {
        for prefix in ["ops_eyJ", "glc_eyJvIjoi", "eyJrIjoi", "sntrys_eyJpYXQiO"] {
            let token = format!("{prefix}{}", "k3J9".repeat(20));
            let repaired = repair_all(Check::Base64Json, token.as_bytes());
            assert_eq!(outcome(Check::Base64Json, &repaired), Outcome::Pass, "{prefix}");
            assert!(repaired.starts_with(prefix.as_bytes()), "{prefix}: {}", repaired.escape_ascii());
        }
    }

    #[test]
    fn a_signature_behind_the_object_is_kept() {
        let signature = "k3J9".repeat(11)[..43].to_owned();
        let token = format!("sntrys_eyJpYXQiO{}=_{signature}", "k3J9".repeat(9));
        let repaired = repair_all(Check::Base64Json, token.as_bytes());
        assert_eq!(outcome(Check::Base64Json, &repaired), Outcome::Pass);
        assert!(repaired.ends_with(signature.as_bytes()));
    }

    #[test]
    fn what_is_no_object_is_low_or_dropped() {
        assert_eq!(outcome(Check::Base64Json, b"eyJrIjoiredactedredacted"), Outcome::Doubt);
        assert_eq!(outcome(Check::Base64Json, b"c2VjcmV0"), Outcome::Drop);
    }
}
