//! How assignments are judged.

use std::path::Path;

use super::*;
use crate::span::Span;

fn judge_in(path: &str, head: &str, value: &str, tail: &str) -> Outcome {
    judge_by(check, path, head, value, tail)
}

fn judge_by(check: fn(&Subject<'_>) -> Outcome, path: &str, head: &str, value: &str, tail: &str) -> Outcome {
    let text = format!("{head}{value}{tail}");
    let secret = Span::new(head.len(), head.len() + value.len());
    check(&Subject { bytes: text.as_bytes(), whole: Span::new(0, text.len()), secret, path: Some(Path::new(path)) })
}

fn settings(head: &str, value: &str) -> Outcome {
    judge_in("a.yml", head, value, "")
}

#[test]
fn a_secret_value_of_a_secret_name_passes() {
    for value in ["k3J9mQ2xR7vT", "Tr0ub4dor&3", "hunter2k9", "5bf29c1e07d3a8465bf29c1e07d3a846"] {
        assert_eq!(settings("db_password = \"", value), Outcome::Pass, "{value}");
    }
    assert_eq!(settings("colour = ", "k3J9mQ2xR7vT"), Outcome::Drop);
}

#[test]
fn a_harmless_name_is_dropped() {
    for head in ["password_field = ", "tokenType: ", "public_key=", "token_key = ", "secret_name: "] {
        assert_eq!(settings(head, "k3J9mQ2xR7vT"), Outcome::Drop, "{head}");
    }
}

#[test]
fn a_placeholder_is_no_name() {
    for name in ["LEAKTIGHT_API_KEY_ABCDEFGHIJ27", "dLEAKTIGHT_API_KEY_ABCDEFGHIJ27x"] {
        assert_eq!(settings(&format!("{name}="), "kW4zq8RnvR7k"), Outcome::Drop, "{name}");
    }
    assert_ne!(settings("LEAKTIGHT_API_KEY=", "kW4zq8RnvR7k"), Outcome::Drop);
}

#[test]
fn a_value_that_repeats_its_name_is_dropped() {
    assert_eq!(settings("DB_PASSWORD=", "password"), Outcome::Drop);
    assert_eq!(settings("\"apiKey\": \"", "api_key"), Outcome::Drop);
}

#[test]
fn a_word_of_a_sentence_is_dropped() {
    assert_eq!(judge_in("a.js", "messages:{pass:'", "Elem9nt\\\\", "'s default was overridden"), Outcome::Drop);
    assert_eq!(judge_in("a.js", "x:{pass:'", "k3J9mQ2xR7vT", "'s:1}"), Outcome::Pass);
}

#[test]
fn a_call_may_wrap_a_value_and_a_line_may_list_it() {
    for (path, head) in [
        ("a.py", "password = Field(\""),
        ("a.php", "$password = md5(\""),
        ("a.rs", "let secret_key = Secret::new(\""),
        ("a.js", "const secret = new TextEncoder().encode(\""),
        ("build.gradle", "    keyPassword \""),
        ("httpd.conf", "AuthLDAPBindPassword \""),
        ("a.clj", "{:db-password \""),
    ] {
        assert_eq!(judge_in(path, head, "Granite-Caramel-51", "\"\n"), Outcome::Neutral, "{head}");
    }
    let translated = judge_in("a.py", "password = translate(\"", "Granite-Caramel-51", "\"\n");
    assert_eq!(translated, Outcome::Low);
}

#[test]
fn short_words_are_passwords_in_settings() {
    assert_eq!(judge_in(".env", "DB_PASSWORD=", "pelikan", "\n"), Outcome::Neutral);
    assert_eq!(judge_in("a.yml", "password: ", "pelikan", "\n"), Outcome::Neutral);
    for (path, head, value) in [
        ("a.py", "password = \"", "pelikan"),
        ("a.yml", "password: ", "prompt"),
        ("a.yml", "secrets: ", "inherit"),
        ("a.yml", "password: ", "guest"),
        ("a.yml", "token: ", "pelikan"),
    ] {
        assert_eq!(judge_in(path, head, value, "\n"), Outcome::Low, "{head}{value}");
    }
}

#[test]
fn what_a_key_is_assigned_to_may_be_public() {
    let is = |head: &str| {
        let secret = Span::new(head.len(), head.len());
        is_public(&Subject { bytes: head.as_bytes(), whole: secret, secret, path: None })
    };
    assert!(is("$public = pack('H*', '") && is("let pub_key = hex(\"") && is("private = x;\n publicKey=\""));
    assert!(!is("public static String PRIVATE_KEY = \"") && !is("public = x;\n key=\"") && !is("\""));
}

#[test]
fn common_words_are_low() {
    for value in ["secret", "changeme", "123456", "test123", "my-secret-key"] {
        assert_eq!(settings("db_password: ", value), Outcome::Low, "{value}");
    }
}

#[test]
fn an_unquoted_name_in_code_is_dropped() {
    assert_eq!(judge_in("a.py", "password = ", "entered2", ")"), Outcome::Drop);
    assert_eq!(judge_in("a.cjs", "password = ", "entered2", ")"), Outcome::Drop);
    assert_eq!(judge_in("a.py", "password = \"", "entered2", "\""), Outcome::Pass);
    assert_eq!(judge_in("a.yml", "password: ", "entered2", ""), Outcome::Pass);
    assert_eq!(judge_in("a.cs", "s = \"User=sa;Password=", "entered2", ";\""), Outcome::Pass);
}

#[test]
fn a_value_without_quotes_or_operator_must_look_random() {
    for (head, tail) in
        [("token: ", ""), ("setPassword(\"", "\")"), ("login(\"password\", \"", "\")"), ("password \"", "\"")]
    {
        assert_eq!(judge_in("a.md", head, "dragonfire", tail), Outcome::Low, "{head}");
        assert_ne!(judge_in("a.md", head, "k3J9mQ2xR7vT", tail), Outcome::Low, "{head}");
    }
}

#[test]
fn a_key_of_an_unknown_kind_must_look_random_and_be_long() {
    let hinted = |head: &str, value: &str| judge_by(check_hinted, "a.yml", head, value, "");
    assert_eq!(hinted("acme_key = \"", "k3J9mQ2xR7vTk3J9mQ2x"), Outcome::Neutral);
    assert_eq!(hinted("acme_key = \"", "k3J9mQ2xR7"), Outcome::Low);
    assert_eq!(hinted("cache_key = \"", "k3J9mQ2xR7vTk3J9mQ2x"), Outcome::Drop);
    assert_eq!(hinted("release_gpg_key = \"", "k3J9mQ2xR7vTk3J9mQ2x"), Outcome::Drop);
}

#[test]
fn a_quote_that_closes_and_a_value_that_goes_on_are_dropped() {
    assert_eq!(judge_in("a.js", "x = \"password = \"", "dragonfire", "\""), Outcome::Drop);
    assert_eq!(judge_in("a.txt", "--token=", "v2.k3J9m", "<token>"), Outcome::Drop);
    let joined = "+e.error),e?.token)}}";
    assert_eq!(judge_in("a.txt", "No \\n \"; x(\"App Check token: \"", joined, "\""), Outcome::Drop);
    let minified = "+_);switch(D[0]){case 1:s.push(_);";
    assert_eq!(judge_in("a.mjs", "Error(\"state: \"+j+\", token: \"", minified, "\""), Outcome::Drop);
    assert_eq!(judge_in("a.txt", "App Check token: \"", "+kQ7x9Tz8wqLk3nR2", "\""), Outcome::Pass);
}

#[test]
fn what_makes_secrets_is_none() {
    assert_eq!(judge_in("a.js", "\"AcmeTokenBuilder\", \"", "init_chunk_6TQVIW2G", "\""), Outcome::Drop);
    assert_eq!(settings("tokenFactory = ", "k3J9mQ2xR7vT"), Outcome::Drop);
}

#[test]
fn a_name_that_says_wrong_is_low() {
    for head in ["wrong_password: ", "nonMatchingToken = ", "fakeSecret: "] {
        assert_eq!(settings(head, "k3J9mQ2xR7vT"), Outcome::Low, "{head}");
    }
}

#[test]
fn letters_only_say_little() {
    assert_eq!(settings("password: ", "correcthorsebattery"), Outcome::Neutral);
}

/// Judges a value whose name starts at the bar.
fn judge_behind(path: &str, head: &str, value: &str, tail: &str) -> Outcome {
    let start = head.find('|').expect("a bar");
    let text = format!("{}{value}{tail}", head.replacen('|', "", 1));
    let secret = Span::new(head.len() - 1, head.len() - 1 + value.len());
    let whole = Span::new(start, secret.end);
    check(&Subject { bytes: text.as_bytes(), whole, secret, path: Some(Path::new(path)) })
}

#[test]
fn a_call_or_a_definition_names_its_setting() {
    for (path, head) in [
        ("a.py", "os.getenv(\"|DB_PASSWORD\", \""),
        ("a.php", "define('|DB_PASSWORD',       '"),
        ("a.ino", "#define |WIFI_PASSWORD \""),
        ("a.rb", "Acme::|password = \""),
    ] {
        let close = &head[head.len() - 1..];
        assert_eq!(judge_behind(path, head, "Granite7x", close), Outcome::Pass, "{head}");
    }
    assert_eq!(judge_behind("a.rs", "Token::|Password(\"", "Granite7x", "\")"), Outcome::Drop);
    assert_eq!(judge_behind("a.js", "f(\"|password\", \"", "Granite7x", "\")"), Outcome::Low);
    assert_eq!(judge_behind("a.yml", "checksum/|secret: ", "5bf29c1e07d3a8465bf29c1e07d3a846", ""), Outcome::Drop);
}

#[test]
fn a_password_of_all_kinds_of_characters_needs_no_quotes_in_text() {
    assert_ne!(judge_in("a.md", "Password: ", "Granite@2022", "\n"), Outcome::Low);
    assert_eq!(judge_in("a.md", "Password: ", "Granite2022", "\n"), Outcome::Low);
}
