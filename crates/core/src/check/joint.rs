//! What ties a value to its name: an operator, quotes, an element, or less.

use std::path::Path;

use memchr::memmem;

use super::assignment::{MAX_NAME, behind, name_start};
use super::strength::{Strength, strength};
use crate::assign::{self, TextKind, is_crossed, is_variable};
use crate::check::words::Words;
use crate::check::{Subject, value};
use crate::span::line_around;

/// The longest line of code whose quotes are counted.
const MAX_LINE: usize = 400;

/// Whether a value in code can't be an expression, although no quotes hold it: its brackets
/// cross, and neither the operator nor a semicolon shows that the language has expressions there.
fn is_foreign(subject: &Subject<'_>, operator: &[u8]) -> bool {
    let tail = subject.after().iter().take(64).take_while(|byte| !byte.is_ascii_whitespace());
    !operator.ends_with(b"=>") && tail.last() != Some(&b';') && is_crossed(subject.bytes, subject.secret.start)
}

/// What ties a value to its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Joint {
    /// An operator and quotes, an operator in a file of settings, in a string of settings, or in an option of a command.
    Tight,
    /// An operator, in a file of any other kind and without quotes.
    Text,
    /// As before, but in code outside of strings and comments, where it is an expression.
    Bare,
    /// A bracket, a comma, a comparison, or nothing but a space.
    Loose,
    /// Quotes that hold a single character in such a file.
    Odd,
    /// Nothing: the value is only a part of one, or a quote closes rather than opens.
    None,
}

impl Joint {
    pub(super) fn of(subject: &Subject<'_>, head: &[u8]) -> Self {
        if behind(subject).is_some() {
            return Self::Loose;
        }
        let bare = without_call(head);
        let inner = head.trim_ascii_end();
        let quote = inner.last().copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        if quote == Some(b'"') && closes(subject, head) && strength(subject.secret_bytes()) < Strength::Opaque {
            return Self::None;
        }
        if quote == Some(b'\'') && is_apostrophe(subject.after()) {
            return Self::None;
        }
        if quote == Some(b'"') && is_joined(subject.secret_bytes()) {
            return Self::None;
        }
        let operator = operator(bare);
        let is_segment = is_segment((subject.before(), subject.whole.start), (bare, operator));
        if is_segment || is_format(inner, subject.secret_bytes()) {
            return Self::None;
        }
        // Only where such a quote allows it does `${` stand for an expression.
        let quotes = || subject.path.map(Quotes::of).unwrap_or_default();
        if quote == Some(b'`') && !quotes().are_raw && memmem::find(subject.secret_bytes(), b"${").is_some() {
            return Self::None;
        }
        let is_element = operator.ends_with(b">") && !operator.ends_with(b"=>");
        if is_element && is_text_of_page(subject) {
            return Self::Loose;
        }
        if quote.is_none() && !is_element && subject.after().first().is_some_and(|next| b"<{$([".contains(next)) {
            return Self::None;
        }
        if is_variable(subject.bytes, subject.whole.start)
            || head.starts_with(b"--")
            || head.starts_with(b"sshpass")
            || is_defined(subject, operator, quote.is_some())
            || is_listed(subject, operator, quote)
            || follows_semicolon(subject.before())
        {
            return Self::Tight;
        }
        let kind = TextKind::of(subject.path);
        let is_code = kind == TextKind::Code && !is_foreign(subject, operator);
        if quote.is_none() && !is_element && is_code && !in_text(subject, subject.secret.start) {
            return Self::Bare;
        }
        let assigns = operator.iter().any(|byte| matches!(byte, b'=' | b':' | b'>'));
        if (!assigns && !is_other_operator(operator, inner)) || is_comparison(operator) {
            return Self::Loose;
        }
        let is_char = quote == Some(b'\'') && quotes().are_chars;
        let quoted = subject.secret.start - 1 - (head.len() - inner.len());
        if is_char && !in_text(subject, quoted) {
            return Self::Odd;
        }
        let is_plain = quote.is_none() && !is_element && !kind.is_settings();
        if is_plain && !is_line(subject, operator) { Self::Text } else { Self::Tight }
    }
}

/// What stands behind the apostrophe of a word that goes on: `the user's`, `can't`.
static ENDINGS: Words = Words::new("d ll re s t ve");

/// Whether what should close a value is an apostrophe in a sentence.
fn is_apostrophe(after: &[u8]) -> bool {
    let Some(rest) = after.strip_prefix(b"'") else { return false };
    let end = rest.iter().take(3).take_while(|byte| byte.is_ascii_lowercase()).count();
    ENDINGS.holds(&rest[..end]) && rest.get(end) == Some(&b' ')
}

/// Elements of settings, whose attributes name what they hold; those of others hold text for people.
static SETTING_TAGS: Words = Words::new("entry env parameter param prop property setting variable");

/// Whether a value is the text of an element that an attribute names, and that is none of settings.
fn is_text_of_page(subject: &Subject<'_>) -> bool {
    assign::named_tag(subject.bytes, subject.whole.start)
        .is_some_and(|tag| !SETTING_TAGS.holds(&tag.to_ascii_lowercase()))
}

/// Files of languages in whose single quotes stands one character.
static CHARS: Words = Words::new("c cc cpp cxx h hpp m mm rs swift");

/// Files of languages whose backticks hold nothing but text.
static RAW_QUOTES: Words = Words::new("c cc cpp cs cxx go h hpp java py rb rs sh sql");

/// What quotes mean in a file, as far as its extension tells.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Quotes {
    /// One character stands in single quotes.
    are_chars: bool,
    /// Nothing but text stands in backticks.
    are_raw: bool,
}

impl Quotes {
    pub(super) fn of(path: &Path) -> Self {
        let ending = path.extension().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
        Self { are_chars: CHARS.holds(ending.as_bytes()), are_raw: RAW_QUOTES.holds(ending.as_bytes()) }
    }
}

/// Whether the assignment is all that stands on its line, as in a file of an environment.
fn is_line(subject: &Subject<'_>, operator: &[u8]) -> bool {
    let start = name_start(subject.before(), subject.whole.start);
    let before = subject.bytes[..start].iter().rev().take_while(|byte| !matches!(byte, b'\n' | b'\r'));
    let is_alone = before.take(8).all(|byte| matches!(byte, b' ' | b'\t'));
    let ends = subject.after().first().is_none_or(|next| matches!(next, b'\n' | b'\r'));
    operator == b"=" && is_alone && ends
}

/// Whether the name next to the value stands behind a semicolon, as in `User=sa;Password=x`.
fn follows_semicolon(before: &[u8]) -> bool {
    let end = before.iter().rposition(|byte| value::is_word(*byte)).map_or(0, |last| last + 1);
    let name = before[..end].iter().rev().take(MAX_NAME).take_while(|byte| value::is_word(**byte)).count();
    before[..end - name].ends_with(b";")
}

/// Calls that make of their argument what is stored or sent, whoever they belong to.
static WRAPPERS: Words = Words::new(
    "byte bytearray bytes encode field from getbytes hash hashpw md5 new password_hash secret secretstr secretstring \
    securestring sha1 sha2 sha256 sha512 str string tosecurestring",
);

/// What stands before a call that only wraps the value: `key = ` of `key = []byte("`.
pub(super) fn without_call(head: &[u8]) -> &[u8] {
    let Some(call) = without_quotes(head).strip_suffix(b"(") else { return head };
    let is_callee = |byte: &u8| value::is_word(*byte) || matches!(byte, b'.' | b':' | b'(' | b')');
    let start = call.iter().rposition(|byte| !is_callee(byte)).map_or(0, |last| last + 1);
    let name = call[start..].rsplit(|byte| matches!(byte, b'.' | b':' | b')')).next().unwrap_or_default();
    let before = call[..start].trim_ascii_end();
    let before = before.strip_suffix(b"[]").or(before.strip_suffix(b"new")).unwrap_or(before).trim_ascii_end();
    let assigns = matches!(before.last(), Some(b'=' | b':' | b'>'));
    if assigns && WRAPPERS.holds(&name.to_ascii_lowercase()) { before } else { head }
}

/// Whether a value in quotes stands right behind its name, with nothing else on the line, as in
/// settings of Gradle and Apache, or behind a symbol, as in Ruby and Clojure.
fn is_listed(subject: &Subject<'_>, operator: &[u8], quote: Option<u8>) -> bool {
    let before = subject.before();
    let outer = &before[..name_start(before, subject.whole.start)];
    let is_alone = || {
        let start = outer.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let rest = subject.after().strip_prefix(&[quote.unwrap_or_default()]).unwrap_or_default();
        let is_last = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).is_none_or(|byte| *byte == b'\n');
        is_last && matches!(outer[..outer.len() - start].last(), None | Some(b'\n'))
    };
    // A word in quotes may as well be what a sentence is about.
    let is_value = quote.is_some() && subject.secret_bytes().iter().any(u8::is_ascii_digit);
    match operator {
        b"" => is_value && (assign::is_symbol(outer) || is_alone()),
        b"," => is_value && assign::is_symbol(outer),
        _ => false,
    }
}

/// What stands between the last name and the value, quotes and brackets left out.
fn operator(head: &[u8]) -> &[u8] {
    let head = without_quotes(head);
    let start = head.iter().rposition(|byte| value::is_word(*byte)).map_or(0, |last| last + 1);
    &head[start..]
}

/// What stands before a value without the quotes and spaces next to it.
fn without_quotes(head: &[u8]) -> &[u8] {
    let is_around = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\') || byte.is_ascii_whitespace();
    &head[..head.len() - head.iter().rev().take_while(is_around).count()]
}

/// Whether the value is a format string of Python that holds a place for a value.
fn is_format(inner: &[u8], secret: &[u8]) -> bool {
    let prefix = inner.split_last().map_or(inner, |(_, prefix)| prefix);
    let letters = prefix.iter().rev().take(2).take_while(|byte| b"rRbBuUfF".contains(byte));
    let is_format = letters.clone().any(|byte| matches!(byte, b'f' | b'F'));
    let start = prefix.len() - letters.count();
    let is_prefix = prefix[..start].last().is_none_or(|byte| !value::is_word(*byte));
    is_format && is_prefix && secret.contains(&b'{')
}

/// Whether the name is a segment of a longer one, as in `arn:aws:secret:x` and
/// `Token::Str("x")`, or of the address of a badge, whose tokens are public.
fn is_segment((before, start): (&[u8], usize), (head, operator): (&[u8], &[u8])) -> bool {
    let start = name_start(before, start);
    let outer = &before[start.saturating_sub(24)..start];
    // What is assigned to a name in a scope is a value like any other.
    let is_arn =
        (outer.ends_with(b":") && head.ends_with(b":")) || (outer.ends_with(b"::") && operator.trim_ascii() != b"=");
    let is_digest = outer.ends_with(b"checksum/");
    let is_path = head.windows(3).any(|three| three[..2] == *b"::" && three[2].is_ascii_alphabetic());
    is_arn || is_path || is_digest || memmem::find(outer, b"badge").is_some()
}

/// Calls that read or set what their first argument names.
const SETTERS: &[&[u8]] = &[b"env", b"define", b"default", b"property", b"variable", b"environ.get", b"flag.string"];

/// Whether a name that no operator follows is that of a setting: `#define NAME "x"`, `getenv("NAME", "x")`.
fn is_defined(subject: &Subject<'_>, operator: &[u8], is_quoted: bool) -> bool {
    let before = subject.before();
    let outer = &before[..name_start(before, subject.whole.start)];
    match operator {
        b"" | b"@" => is_quoted && outer.trim_ascii_end().ends_with(b"#define"),
        b"," | b"\"," | b"'," => {
            let call = outer.strip_suffix(b"\"").or(outer.strip_suffix(b"'")).unwrap_or(outer).trim_ascii_end();
            let call = call.strip_suffix(b"(").unwrap_or_default();
            let name = &call[call.len().saturating_sub(24)..].to_ascii_lowercase();
            is_quoted && SETTERS.iter().any(|one| name.ends_with(one))
        }
        _ => false,
    }
}

/// Whether a value is taken when there is no other, or assigned as in R.
fn is_other_operator(operator: &[u8], inner: &[u8]) -> bool {
    let is_or =
        || inner.strip_suffix(b"\"").or(inner.strip_suffix(b"'")).is_some_and(|inner| inner.ends_with(b") or "));
    operator.ends_with(b"||") || operator.ends_with(b"??") || operator == b"<-" || is_or()
}

fn is_comparison(operator: &[u8]) -> bool {
    let has = |pair: &[u8]| operator.windows(2).any(|two| two == pair);
    (has(b"==") || has(b"!=") || has(b"=~")) && !operator.starts_with(b":")
}

/// Whether the double quote before a value closes a string: an odd number of
/// such quotes stands before it on its line.
fn closes(subject: &Subject<'_>, head: &[u8]) -> bool {
    let spaces = head.len() - head.trim_ascii_end().len();
    let quote = subject.secret.start.saturating_sub(spaces + 1);
    let line = line_around(subject.bytes, quote, MAX_LINE);
    let before = subject.bytes.get(line.start..quote).unwrap_or_default();
    // In a minified file quotes say nothing.
    before.len() < MAX_LINE && !before.contains(&b'\\') && memchr::memchr_iter(b'"', before).count() % 2 == 1
}

/// Whether a value is what joins two strings, the quote before it closing the first: `+e.error)`.
fn is_joined(value: &[u8]) -> bool {
    matches!(value, [b'+', first, ..] if first.is_ascii_alphabetic() || matches!(first, b'_' | b'$'))
        && value.iter().any(|byte| matches!(byte, b'(' | b')' | b';' | b','))
}

/// Whether a place before the value stands in a string, after an odd number of quotes, or in a comment.
fn in_text(subject: &Subject<'_>, at: usize) -> bool {
    let line = line_around(subject.bytes, at, MAX_LINE);
    let before = subject.bytes.get(line.start..at).unwrap_or_default();
    let start = before.trim_ascii_start();
    let is_comment = [b"//".as_slice(), b"#", b"*", b"/*", b"--", b"<!--"].iter().any(|mark| start.starts_with(mark));
    // In a minified file quotes say nothing.
    let is_string = |quote: u8| memchr::memchr_iter(quote, before).count() % 2 == 1;
    before.len() < MAX_LINE && (is_comment || [b'"', b'\'', b'`'].into_iter().any(is_string))
}
