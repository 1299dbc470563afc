//! Tests of the check of armoured keys.

use super::*;
use crate::check::{repair, run};
use crate::rule::Check;

const LABELS: &[&str] =
    &["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"];

fn begin(label: &str) -> String {
    format!("-----BEGIN {label}-----")
}

fn key(label: &str) -> String {
    let first = begin(label);
    let span = Span::new(0, first.len());
    let (key, _) = repair(Check::Pem, first.into_bytes(), span, 3);
    String::from_utf8(key).expect("armour is ASCII")
}

/// Returns the outcome for the armour in a text.
fn check_text(text: &str) -> Outcome {
    let start = text.find("-----BEGIN").expect("the test has an armour");
    let line = text[start + 10..].find("-----").map_or(10, |at| at + 15);
    let whole = Span::new(start, start + line);
    run(Check::Pem, &Subject { bytes: text.as_bytes(), whole, secret: whole, path: None })
}

/// Asserts that the match is extended to exactly the key in the text.
fn extends_to_end(text: &str) {
    let start = text.find("-----BEGIN").expect("the test has an armour");
    let last = text.rfind("-----END").expect("the test has an end");
    let end = last + 8 + text[last + 8..].find("-----").expect("the end has its dashes") + 5;
    assert_eq!(check_text(text), Outcome::Extend(Span::new(start, end)), "{text}");
}

#[test]
fn a_key_of_each_kind_extends_to_its_end() {
    for label in LABELS {
        extends_to_end(&format!("key:\n{}\nmore", key(label)));
    }
}

#[test]
fn line_ends_may_be_written_in_many_ways() {
    for newline in [
        "\r\n",
        "\\n",
        "\\r\\n",
        "\\\\n",
        " ",
        "\n    ",
        "\\n\" +\n  \"",
        "',\n  '",
        "\n# ",
        "\n// ",
        "\n * ",
        "%0A",
        "&#10;",
        "\\u000a",
    ] {
        for label in LABELS {
            extends_to_end(&format!("x = \"{}\"\n", key(label).replace('\n', newline)));
        }
    }
}

#[test]
fn headers_may_stand_before_the_body() {
    let headers = "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,5BF29C1E07D3A8465BF29C1E07D3A846\n\n";
    extends_to_end(&key("RSA PRIVATE KEY").replacen("-----\n", headers, 1));
    let comment = "-----\nVersion: GnuPG v2\nComment: https://gnupg.org\n\n";
    extends_to_end(&key("PGP PRIVATE KEY BLOCK").replacen("-----\n\n", comment, 1));
}

#[test]
fn stubs_are_dropped() {
    let bodies =
        ["", "...", "MIIEpAIBAAKCAQEA...", "<your key here>", "MIIEpAIBAAKCAQEA", "\n", "your private key goes here"];
    for body in bodies {
        let text = format!("{}\n{body}\n-----END RSA PRIVATE KEY-----", begin("RSA PRIVATE KEY"));
        assert_eq!(check_text(&text), Outcome::Drop, "{text}");
    }
    let repeated = format!(
        "{}\n{}\n-----END RSA PRIVATE KEY-----",
        begin("RSA PRIVATE KEY"),
        "MIIEpAIBAAKCAQEA0k3J9mQ2xR7".repeat(9)
    );
    assert_eq!(check_text(&repeated), Outcome::Drop);
    let redacted = key("RSA PRIVATE KEY").replacen("\n", "\n[...]\n", 3);
    assert_eq!(check_text(&redacted), Outcome::Drop);
}

#[test]
fn code_that_mentions_an_armour_is_dropped() {
    let code = format!(
        "if text.starts_with(\"{}\") {{ return parse_private_key_from_text(text); }}",
        begin("RSA PRIVATE KEY")
    );
    assert_eq!(check_text(&code), Outcome::Drop);
    let both = format!("{code}\n{}\n\"-----END RSA PRIVATE KEY-----\"", "let certificate_chain = read();\n".repeat(40));
    assert_eq!(check_text(&both), Outcome::Drop);
}

#[test]
fn a_long_body_counts_although_its_end_is_missing() {
    let whole = key("RSA PRIVATE KEY");
    let cut = whole.find("\n-----END").expect("the key has an end");
    let text = format!("{}\n\nsome words that follow\n", &whole[..cut]);
    assert_eq!(check_text(&text), Outcome::Extend(Span::new(0, cut)));
    assert_eq!(check_text(&whole[..150]), Outcome::Drop);
}

#[test]
fn base64_of_another_kind_is_doubtful() {
    let text = key("OPENSSH PRIVATE KEY").replace("OPENSSH", "RSA").replacen("b3Bl", "c3Bl", 1).replacen(
        "\n",
        "\nq7TzR3nHk3J9mQ2x",
        4,
    );
    assert_eq!(check_text(&text), Outcome::Doubt);
}

#[test]
fn a_key_ends_before_the_next_begins() {
    let text = format!("{}\n{}", begin("RSA PRIVATE KEY"), key("RSA PRIVATE KEY"));
    assert_eq!(check_text(&text), Outcome::Drop);
}

#[test]
fn a_key_in_base64_extends_over_all_of_it() {
    let sample = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt";
    let (token, span) = repair(Check::Pem, sample.as_bytes().to_vec(), Span::new(0, sample.len()), 3);
    assert_eq!(span, Span::new(0, token.len()));
    let text = [b"tls.key: ", token.as_slice(), b"\nkind: Secret\n"].concat();
    let whole = Span::new(9, 9 + sample.len());
    let subject = Subject { bytes: &text, whole, secret: whole, path: None };
    assert_eq!(run(Check::Pem, &subject), Outcome::Extend(Span::new(9, 9 + token.len())));
}
