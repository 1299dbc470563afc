//! Passwords in connection strings: `Server=db;User ID=app;Password=x`, as
//! ADO.NET, ODBC, libpq, Redis clients and forms write them.

use memchr::memchr_iter;

use crate::assign::TextKind;
use crate::check::place::in_string;
use crate::check::words::Words;
use crate::check::{Outcome, Subject, userinfo, value};
use crate::span::{Span, line_around};

/// Keys of a user, in lower case and without spaces and signs.
static USERS: Words = Words::new("clientid email login uid user userid username");

/// Keys of a host.
static HOSTS: Words = Words::new(
    "addr address datasource endpoint host hostaddr hostname networkaddress server servername url workstationid",
);

/// Other keys by which a connection string is known.
static OTHERS: Words = Words::new(
    "abortconnect accountname authtype connectionlifetime connecttimeout database dbname defaultdatabase driver dsn \
    encrypt granttype initialcatalog integratedsecurity multipleactiveresultsets persistsecurityinfo pooling port \
    provider servicename sslmode trustedconnection trustservercertificate",
);

/// Bytes on either side of a password within which the other keys stand.
const REACH: usize = 400;
/// The most words a key has.
const MAX_WORDS: usize = 3;
/// The most bytes between the sign behind a key and its value: spaces, and what opens a quotation.
const MAX_GAP: usize = 9;
/// The longest key, in bytes.
const MAX_KEY: usize = 40;

/// Checks that the keys beside a password are those of a connection string, and
/// that the password is neither a reference nor a placeholder.
pub(super) fn check(subject: &Subject<'_>) -> Outcome {
    let secret = subject.secret_bytes();
    let context = Context::of(subject);
    if !context.is_known || !value::is_literal(secret) || is_field(subject, &context) || is_torn(subject) {
        return Outcome::Drop;
    }
    // In code an unquoted value is a name, and one in quotes of its own an argument.
    if TextKind::of(subject.path) == TextKind::Code && (!in_string(subject) || is_argument(subject)) {
        return Outcome::Drop;
    }
    userinfo::judge(context.user, secret, context.host)
}

/// Whether the password is the first word of several in quotes: `password='with spaces'`.
fn is_torn(subject: &Subject<'_>) -> bool {
    subject.before().ends_with(b"='") && subject.after().first() == Some(&b' ')
}

/// Whether the password is in quotes that open behind its key, which is in no string:
/// `connect(user="u", password="x")`.
fn is_argument(subject: &Subject<'_>) -> bool {
    let key = Span::new(subject.whole.start, subject.whole.start);
    subject.before().trim_ascii_end().ends_with(b"\"") && !in_string(&Subject { whole: key, secret: key, ..*subject })
}

/// Whether the password is a word in braces that a program replaces, rather
/// than one that ODBC quotes in this way.
fn is_field(subject: &Subject<'_>, context: &Context<'_>) -> bool {
    let secret = subject.secret_bytes();
    let is_name = secret.iter().all(|byte| value::is_word(*byte) || matches!(byte, b'.' | b':' | b'[' | b']'));
    let has_digit = secret.iter().any(u8::is_ascii_digit) && secret.len() > 7;
    subject.before().ends_with(b"{") && is_name && !(context.quotes_in_braces && has_digit)
}

/// What stands beside a password.
#[derive(Default)]
struct Context<'a> {
    user: &'a [u8],
    host: &'a [u8],
    /// Whether a key is there that connection strings have.
    is_known: bool,
    /// Whether another value is in braces, as ODBC writes them.
    quotes_in_braces: bool,
}

impl<'a> Context<'a> {
    fn of(subject: &Subject<'a>) -> Self {
        let line = line_around(subject.bytes, subject.secret.start, REACH);
        let text = subject.bytes.get(line.range()).unwrap_or_default();
        let mut context = Self::default();
        let own = subject.secret.start.saturating_sub(line.start);
        for at in memchr_iter(b'=', text).filter(|at| !(*at < own && own - at <= MAX_GAP)) {
            let (key, value) = (&text[..at], value_of(&text[at + 1..]));
            let is = |list: &Words| is_key(key, list);
            context.is_known |= is(&USERS) || is(&HOSTS) || is(&OTHERS);
            context.quotes_in_braces |= value.starts_with(b"{");
            if context.user.is_empty() && is(&USERS) {
                context.user = value;
            } else if context.host.is_empty() && is(&HOSTS) {
                context.host = host_of(value);
            }
        }
        context
    }
}

/// Whether a text ends in one of the keys, of one or more words.
fn is_key(text: &[u8], keys: &Words) -> bool {
    let text = &text[text.len().saturating_sub(MAX_KEY)..];
    let is_part = |byte: &u8| value::is_word(*byte) || matches!(byte, b' ' | b'-');
    let start = text.iter().rposition(|byte| !is_part(byte)).map_or(0, |other| other + 1);
    let mut name = Vec::new();
    let words = text[start..].rsplit(|byte| !value::is_word(*byte)).filter(|word| !word.is_empty());
    words.take(MAX_WORDS).any(|word| {
        let plain = word.iter().filter(|byte| **byte != b'_').map(u8::to_ascii_lowercase);
        name.splice(0..0, plain);
        keys.holds(&name)
    })
}

/// Returns the value at the start of a text.
fn value_of(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_start();
    let is_end = |byte: &u8| matches!(byte, b';' | b'&' | b'"' | b'\'' | b'<' | b')') || byte.is_ascii_whitespace();
    &text[..text.iter().position(is_end).unwrap_or(text.len())]
}

/// Returns the host in a value such as `tcp:db.corp.net,1433`.
fn host_of(value: &[u8]) -> &[u8] {
    let start = value.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let value = value[start..].strip_prefix(b"tcp:").unwrap_or(&value[start..]);
    &value[..value.iter().position(|byte| matches!(byte, b',' | b':' | b'\\')).unwrap_or(value.len())]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn judge_in(path: &str, before: &str, password: &str, after: &str) -> Outcome {
        let text = format!("{before}{password}{after}");
        let secret = Span::new(before.len(), before.len() + password.len());
        let key = before.rfind(['p', 'P']).expect("a key");
        let whole = Span::new(key, secret.end);
        check(&Subject { bytes: text.as_bytes(), whole, secret, path: Some(Path::new(path)) })
    }

    fn judge(before: &str, password: &str, after: &str) -> Outcome {
        judge_in("a.txt", before, password, after)
    }

    #[test]
    fn passwords_beside_known_keys_pass() {
        for (before, after) in [
            ("Server=tcp:db.corp.net,1433;User ID=app;Password=", ";Encrypt=True"),
            ("PWD=", ";UID=app;DSN=prod"),
            ("host=db.corp.net port=5432 user=app password=", " sslmode=require"),
            ("db.corp.net:6380,password=", ",ssl=True,abortConnect=False"),
            ("grant_type=password&username=app&password=", ""),
            ("Driver={ODBC Driver 17};Server=db;PWD={", "}"),
        ] {
            assert_eq!(judge(before, "k3J9mQ2xR7", after), Outcome::Pass, "{before}");
        }
    }

    #[test]
    fn without_such_keys_there_is_no_connection_string() {
        assert_eq!(judge("colour=red;password=", "k3J9mQ2xR7", ""), Outcome::Drop);
        assert_eq!(judge("password=", "k3J9mQ2xR7", ""), Outcome::Drop);
        assert_eq!(judge("superuser=1;password=", "k3J9mQ2xR7", "\nuser=app"), Outcome::Drop);
    }

    #[test]
    fn fields_and_references_are_dropped() {
        for (before, password, after) in [
            ("Server=db;User=app;Password={", "password1", "}"),
            ("Server=db;User=app;Password={", "0", "}"),
            ("Driver={x};Server=db;PWD={", "password", "}"),
            ("Server=db;User=app;Password=", "${DB_PASS}", ";"),
        ] {
            assert_eq!(judge(before, password, after), Outcome::Drop, "{password}");
        }
    }

    #[test]
    fn the_words_of_documentation_are_low() {
        assert_eq!(judge("Server=host;User Id=username;Password=", "secret", ";"), Outcome::Low);
    }

    #[test]
    fn common_words_are_low() {
        assert_eq!(judge("Server=localhost;Uid=root;Pwd=", "root", ";"), Outcome::Low);
        assert_eq!(judge("host=localhost user=postgres password=", "postgres", ""), Outcome::Low);
    }

    #[test]
    fn a_name_in_code_is_dropped() {
        assert_eq!(judge_in("a.py", "connect(host=h, user=u, password=", "entered2", ")"), Outcome::Drop);
        let argument = judge_in("a.py", "connect(user=\"u\", password=\"", "entered2", "\")");
        assert_eq!(argument, Outcome::Drop, "it is the value of an assignment");
        assert_eq!(judge_in("a.py", "connect(\"host=h user=u password=", "entered2", "\")"), Outcome::Pass);
    }
}
