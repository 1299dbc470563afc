//! Passwords in URIs: `scheme://user:password@host`.

use crate::check::{Outcome, Subject, random, value, words};
use crate::placeholder;

/// The longest user or host that is looked at.
const MAX_NAME: usize = 255;

/// Top-level names and names under which nothing real is found.
const NOWHERE: &[&[u8]] =
    &[b"example", b"invalid", b"localhost", b"local", b"test", b"example.com", b"example.org", b"example.net"];

/// Checks that the password of a URI is neither a reference nor a placeholder.
pub(super) fn check(subject: &Subject<'_>) -> Outcome {
    let password = subject.secret_bytes();
    let (user, host) = (user(subject.before()), host(subject.after()));
    if !is_literal(password) {
        return Outcome::Drop;
    }
    // Of several hosts, `user:pass@host:port,user:pass@host:port`, the first tells enough.
    let is_list = password.contains(&b',');
    let first = password.split(|byte| *byte == b'@').next().filter(|_| is_list).unwrap_or(password);
    if placeholder::face(password, true).is_some() || words::is_dummy_pair(user, first) {
        return Outcome::Low;
    }
    judge(user, password, host)
}

/// Judges a password by itself, and by the user and the host it belongs to.
pub(super) fn judge(user: &[u8], password: &[u8], host: &[u8]) -> Outcome {
    if words::is_dummy_pair(user, password) {
        return Outcome::Low;
    }
    // A name that nobody gives in documentation, and again as its password, opens something.
    if password == user && password.len() > 7 && !words::is_dummy(user) {
        return Outcome::Doubt;
    }
    let is_weak = words::is_dummy(&unescape(password)) || password == user || password.len() < 3;
    match (is_weak, Host::of(host)) {
        (true, Host::Real) if !words::is_word_for_password(password) => Outcome::Neutral,
        (true, _) => Outcome::Low,
        (false, Host::Example) if random::is_random(password) => Outcome::Neutral,
        (false, Host::Example) => Outcome::Low,
        (false, _) => Outcome::Pass,
    }
}

/// Whether the password stands for itself. It may be a name in capitals, for a
/// URI cannot refer to one, and it may look like a path or a chain.
fn is_literal(password: &[u8]) -> bool {
    let looks_foreign = password
        .iter()
        .any(|byte| matches!(byte, b'$' | b'{' | b'<' | b'%' | b'[' | b'*' | b'(' | b':' | b'#' | b'.' | b'_' | b'!'));
    !looks_foreign || value::is_literal(password)
}

/// Replaces percent escapes by the bytes they stand for.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        let escaped = tail.first_chunk::<2>().filter(|_| *byte == b'%').and_then(|digits| hex(*digits));
        bytes.push(escaped.unwrap_or(*byte));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    bytes
}

fn hex(digits: [u8; 2]) -> Option<u8> {
    let value = |digit: u8| (digit as char).to_digit(16);
    u8::try_from(value(digits[0])? << 4 | value(digits[1])?).ok()
}

/// Where a URI leads.
#[derive(Clone, Copy, PartialEq)]
enum Host {
    /// A host of documentation.
    Example,
    /// This machine, a name that only a private network knows, or none that could be read.
    Near,
    /// Any other host.
    Real,
}

impl Host {
    fn of(host: &[u8]) -> Self {
        let host = host.to_ascii_lowercase();
        let is_under =
            |name: &&&[u8]| host.strip_suffix(**name).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."));
        if matches!(host.as_slice(), b"localhost" | b"::1" | b"0.0.0.0" | b"host.docker.internal")
            || host.starts_with(b"127.")
        {
            return Self::Near;
        }
        if NOWHERE.iter().any(|name| is_under(&name))
            || host.starts_with(b"example.")
            || matches!(host.as_slice(), b"host" | b"hostname" | b"server" | b"domain.com")
        {
            return Self::Example;
        }
        if host.contains(&b'.') { Self::Real } else { Self::Near }
    }
}

/// Returns the user, from the text that ends before the password.
fn user(before: &[u8]) -> &[u8] {
    let before = before.strip_suffix(b":").unwrap_or(before);
    let is_part = |byte: &&u8| !matches!(byte, b'/' | b'"' | b'\'' | b'@' | b'=' | b'`') && !byte.is_ascii_whitespace();
    let len = before.iter().rev().take(MAX_NAME).take_while(is_part).count();
    &before[before.len() - len..]
}

/// Returns the host, from the text that starts behind the password.
fn host(after: &[u8]) -> &[u8] {
    let near = &after[..after.len().min(MAX_NAME)];
    let Some(at) = memchr::memchr3(b'@', b'\n', b' ', near).filter(|at| near[*at] == b'@') else {
        return b"";
    };
    let rest = near[at + 1..].strip_prefix(b"[").unwrap_or(&near[at + 1..]);
    let is_v6 = near.get(at + 1) == Some(&b'[');
    let is_part = |byte: &&u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'.' | b'-' | b'_')
            || (is_v6 && **byte == b':')
            || !byte.is_ascii()
    };
    &rest[..rest.iter().take_while(is_part).count()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn check_uri(user: &str, password: &str, host: &str) -> Outcome {
        let text = format!("postgres://{user}:{password}@{host}");
        let start = 12 + user.len();
        let secret = Span::new(start, start + password.len());
        check(&Subject { bytes: text.as_bytes(), whole: Span::new(0, text.len()), secret, path: None })
    }

    #[test]
    fn a_password_passes() {
        assert_eq!(check_uri("app", "k3J9mQ2xR7", "db.corp.net:5432/app"), Outcome::Pass);
        assert_eq!(check_uri("app", "k3J9mQ2xR7", "localhost/app"), Outcome::Pass);
        assert_eq!(check_uri("user", "Gr33nT3a!", "10.0.0.7/x"), Outcome::Pass);
    }

    #[test]
    fn a_common_word_is_low_near_by() {
        for host in ["localhost", "127.0.0.1:5432", "db/app", "example.com/x", "[::1]:80"] {
            assert_eq!(check_uri("postgres", "postgres", host), Outcome::Low, "{host}");
        }
        assert_eq!(check_uri("root", "secret", "db.corp.net"), Outcome::Low);
        assert_eq!(check_uri("root", "admin", "db.corp.net"), Outcome::Neutral);
        assert_eq!(check_uri("root", "p%40ssw0rd", "db"), Outcome::Low);
    }

    #[test]
    fn a_name_of_its_own_is_a_poor_password_but_one() {
        assert_eq!(check_uri("billing_app", "billing_app", "db"), Outcome::Doubt);
        assert_eq!(check_uri("testuser", "testuser", "db"), Outcome::Low);
    }

    #[test]
    fn the_words_of_documentation_are_low() {
        for (user, password) in
            [("user", "password"), ("username", "password"), ("user", "pass"), ("foo", "bar"), ("me", "xxxxxx")]
        {
            assert_eq!(check_uri(user, password, "db.corp.net"), Outcome::Low, "{user}");
        }
    }

    #[test]
    fn of_several_hosts_the_first_tells_enough() {
        assert_eq!(check_uri("user", "pass@host:port[,user2:pass2", "host2"), Outcome::Low);
        assert_eq!(check_uri("user", "k3J9mQ2xR7@db1:1,user:k3J9mQ2xR7", "db2"), Outcome::Pass);
    }

    #[test]
    fn references_are_dropped() {
        for password in ["${PASS}", "$PASS", "%s", "{password}", "%(pw)s", "{{pw}}", "***", "[PASSWORD]", "#{pw}"] {
            assert_eq!(check_uri("app", password, "db.corp.net"), Outcome::Drop, "{password}");
        }
    }
}
