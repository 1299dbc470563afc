//! JSON Web Tokens.

use serde_json::Value;

use crate::check::Outcome;
use crate::check::base64::encode_like;
use crate::check::dice::Dice;
use crate::check::json;

/// Checks that header and payload are JSON, and that the token is no documented example.
pub(super) fn check(secret: &[u8]) -> Outcome {
    let Some(start) = json::start(secret) else {
        return Outcome::Drop;
    };
    let parts: Vec<&[u8]> = secret[start..].split(|byte| *byte == b'.').collect();
    // The shape alone says much, so that a header that is cut or made up is
    // low; JSON that is no header is another thing altogether.
    let Some(header) = json::object(parts[0]) else {
        return if parts.len() == 3 { Outcome::Low } else { Outcome::Drop };
    };
    let Some(alg) = header.get("alg").and_then(Value::as_str) else {
        return Outcome::Drop;
    };
    // An encrypted token has five parts, and only its header can be read.
    if header.get("enc").is_some() && parts.len() == 5 {
        return Outcome::Neutral;
    }
    let signature = parts.get(2).copied().unwrap_or_default();
    match parts.get(1).and_then(|payload| json::object(payload)) {
        None => Outcome::Low,
        Some(payload) if is_documented(&payload) => Outcome::Drop,
        Some(_) if alg.eq_ignore_ascii_case("none") || signature.is_empty() => Outcome::Low,
        Some(_) => Outcome::Pass,
    }
}

/// Returns the token with a valid header and payload.
pub(super) fn repair(secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Some(start) = json::start(secret) else {
        return secret.to_vec();
    };
    let mut parts: Vec<Vec<u8>> = secret[start..].split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    parts.resize_with(3.max(parts.len()), || dice.text(43));
    if json::object(&parts[0]).is_none_or(|header| header.get("alg").is_none()) {
        parts[0] = header(&parts[0]);
    }
    if json::object(&parts[1]).is_none() {
        parts[1] = json::fill(&parts[1], dice);
    }
    [&secret[..start], &parts.join(&b'.')].concat()
}

/// Returns the usual header that starts as the sample does.
fn header(sample: &[u8]) -> Vec<u8> {
    let text: &[u8] = if sample.starts_with(b"eyJ0") {
        b"{\"typ\":\"JWT\",\"alg\":\"HS256\"}"
    } else {
        b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
    };
    encode_like(text, b"")
}

/// Whether the payload is that of jwt.io, of RFC 7519, or of Supabase's local stack.
fn is_documented(payload: &Value) -> bool {
    let is = |claim: &str, value: &str| payload.get(claim).and_then(Value::as_str) == Some(value);
    let jwt_io =
        is("sub", "1234567890") && (is("name", "John Doe") || payload.get("iat") == Some(&1_516_239_022.into()));
    jwt_io || is("iss", "joe") || is("iss", "supabase-demo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{outcome, repair_all};
    use crate::rule::Check;

    fn token(header: &str, payload: &str, signature: &str) -> Vec<u8> {
        let part = |text: &str| encode_like(text.as_bytes(), b"-");
        [part(header), part(payload), signature.as_bytes().to_vec()].join(&b'.')
    }

    const HEADER: &str = r#"{"alg":"HS256"}"#;

    #[test]
    fn a_token_passes_once_repaired() {
        for start in ["eyJ", "eyJ0eXAi", "glcbt-eyJ"] {
            let sample = format!("{start}{}.eyJ{}.{}", "k3J9".repeat(5), "k3J9".repeat(9), "k3J9".repeat(11));
            let repaired = repair_all(Check::Jwt, sample.as_bytes());
            assert_eq!(outcome(Check::Jwt, &repaired), Outcome::Pass, "{start}");
            assert!(repaired.starts_with(start.as_bytes()), "{start}");
        }
    }

    #[test]
    fn documented_payloads_are_dropped() {
        let payloads = [
            r#"{"sub":"1234567890","name":"John Doe","iat":1516239022}"#,
            r#"{"iss":"joe","exp":1300819380,"http://example.com/is_root":true}"#,
            r#"{"iss":"supabase-demo","role":"anon","exp":1983812996}"#,
        ];
        for payload in payloads {
            assert_eq!(check(&token(HEADER, payload, "abc")), Outcome::Drop, "{payload}");
        }
    }

    #[test]
    fn an_unsigned_token_is_low() {
        assert_eq!(check(&token(r#"{"alg":"none"}"#, r#"{"sub":"a"}"#, "abc")), Outcome::Low);
        assert_eq!(check(&token(HEADER, r#"{"sub":"a"}"#, "")), Outcome::Low);
    }

    #[test]
    fn a_token_whose_parts_are_no_objects_falls() {
        assert_eq!(check(&token(HEADER, "[1]", "abc")), Outcome::Low);
        assert_eq!(check(&token(r#"{"kid":"1"}"#, r#"{"sub":"a"}"#, "abc")), Outcome::Drop);
        assert_eq!(check(b"eyJhbGciOi...eyJzdWIi"), Outcome::Drop);
        assert_eq!(check(b"eyJmadeup.eyJmadeup.madeup"), Outcome::Low);
    }
}
