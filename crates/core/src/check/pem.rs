//! Private keys in armour: PEM, OpenSSH and PGP, as files hold them and as
//! source code quotes them.

use memchr::memmem;

use crate::check::base64::{self, decode, is_digit};
use crate::check::dice::Dice;
use crate::check::{Outcome, Subject};
use crate::entropy::shannon;
use crate::placeholder;
use crate::span::Span;
use crate::table::PEM_LENGTH;

/// The least base64 a key has: an Ed25519 key in PKCS #8.
const MIN_BODY: usize = 64;
/// The least base64 that counts as a key although its end is missing.
const MIN_TRUNCATED: usize = 200;
/// The least base64 in one piece that counts as body rather than as a word.
const MIN_RUN: usize = 16;
/// The most bytes between two lines of a body: indentation, quotes, comment marks.
const MAX_GAP: usize = 48;
/// The most bytes between the first line and the body: headers stand there.
const MAX_HEADERS: usize = 400;

/// Checks that a line `BEGIN … PRIVATE KEY` is followed by a key, and extends the
/// match to the end of that; or that base64 is that of an armoured key.
pub(super) fn check(subject: &Subject<'_>) -> Outcome {
    let Some(window) = subject.bytes.get(subject.whole.start..) else {
        return Outcome::Drop;
    };
    let window = &window[..window.len().min(subject.whole.len() + 64)];
    match Begin::find(window).filter(|begin| begin.line.start <= subject.whole.len()) {
        Some(begin) => check_armour(subject.bytes, subject.whole.start, &begin),
        None => check_encoded(subject.bytes, subject.secret.start),
    }
}

/// Returns the token completed to a key of the same label, and the key's range.
pub(super) fn repair(token: &[u8], dice: &mut Dice) -> (Vec<u8>, Span) {
    if let Some(begin) = Begin::find(token) {
        let newline: &[u8] = if token[..begin.line.start].contains(&b'"') { b"\\n" } else { b"\n" };
        let key = armour(begin.label(token), newline, dice);
        let span = Span::new(begin.line.start, begin.line.start + key.len());
        return ([&token[..begin.line.start], &key].concat(), span);
    }
    let text = decode(&token[..token.len() / 4 * 4]).unwrap_or_default();
    let text = [text.as_slice(), b"-----"].concat();
    let label = Begin::find(&text).map_or(b"RSA PRIVATE KEY".as_slice(), |begin| begin.label(&text));
    let key = base64::encode_like(&armour(label, b"\n", dice), b"");
    let whole = Span::new(0, key.len());
    (key, whole)
}

/// The first line of an armour.
struct Begin {
    /// The line, its dashes included.
    line: Span,
    label: Span,
}

impl Begin {
    fn find(text: &[u8]) -> Option<Self> {
        let word = memmem::find(text, b"BEGIN ")?;
        let is_rule = |byte: &&u8| matches!(byte, b'-' | b' ');
        let start = word - text[..word].iter().rev().take_while(is_rule).count();
        let start = start + text[start..word].iter().take_while(|byte| **byte == b' ').count();
        let label = word + 6;
        let label_end = label + memchr::memchr(b'-', &text[label..]).filter(|len| *len < 48)?;
        let end = label_end + text[label_end..].iter().take_while(|byte| **byte == b'-').count();
        Some(Self { line: Span::new(start, end), label: Span::new(label, label_end) })
    }

    fn label<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text[self.label.range()].trim_ascii()
    }
}

/// Checks the armour whose first line was found `base` bytes into the chunk.
fn check_armour(bytes: &[u8], base: usize, begin: &Begin) -> Outcome {
    let start = base + begin.line.end;
    let limit = bytes.len().min(start + PEM_LENGTH);
    let window = &bytes[start..limit];
    let next = memmem::find(window, b"-BEGIN ").unwrap_or(window.len());
    let end = find_end(&window[..next]);
    let body = Body::read(&window[..end.map_or(next, |end| end.start)], end.is_some());
    let label = begin.label(&bytes[base..]);
    let at = |offset: usize| Outcome::Extend(Span::new(base + begin.line.start, start + offset));
    match (body.judge(label), end) {
        (Verdict::Key, Some(end)) => at(end.end),
        (Verdict::Key, None) if body.text.len() >= MIN_TRUNCATED => at(body.end),
        (Verdict::Unknown, Some(_)) => Outcome::Low,
        (Verdict::Unknown, None) if body.text.len() >= MIN_TRUNCATED => Outcome::Low,
        _ => Outcome::Drop,
    }
}

/// Checks base64 whose text is an armoured key, or whose bytes are a bare one.
fn check_encoded(bytes: &[u8], start: usize) -> Outcome {
    let window = &bytes[start.min(bytes.len())..bytes.len().min(start.saturating_add(2 * PEM_LENGTH))];
    let body = Body::read(window, false);
    let span = Span::new(start, start + body.end);
    let text = decode(&body.text[..body.text.len() / 4 * 4]).unwrap_or_default();
    if let Some(begin) = Begin::find(&text) {
        return match check_armour(&text, 0, &begin) {
            Outcome::Extend(_) => Outcome::Extend(span),
            other => other,
        };
    }
    match body.judge(b"") {
        Verdict::Key if body.text.len() >= MIN_TRUNCATED => Outcome::Extend(span),
        _ => Outcome::Drop,
    }
}

/// Returns the last line of an armour, its dashes included.
fn find_end(window: &[u8]) -> Option<Span> {
    memmem::find_iter(window, b"END ").find_map(|at| {
        let before = window[..at].trim_ascii_end();
        let line = &window[at..window.len().min(at + 64)];
        memmem::find(line, b"PRIVATE KEY").filter(|_| before.ends_with(b"-"))?;
        let dashes = before.iter().rev().take_while(|byte| **byte == b'-').count();
        let label = memchr::memchr(b'-', line).unwrap_or(line.len());
        let end = label + line[label..].iter().take_while(|byte| **byte == b'-').count();
        Some(Span::new(before.len() - dashes, at + end))
    })
}

/// What a body is.
#[derive(PartialEq)]
enum Verdict {
    /// Key material of the kind the label says.
    Key,
    /// Much base64, but of another kind.
    Unknown,
    /// A stub, an example, or code that mentions an armour.
    Stub,
}

/// The base64 of an armour, freed from what surrounds its lines.
struct Body {
    text: Vec<u8>,
    /// Where the last line of it ends.
    end: usize,
    /// Whether a header says that it is encrypted.
    encrypted: bool,
    /// Whether something stands there that no body has, such as an ellipsis.
    broken: bool,
}

impl Body {
    /// Reads a body. One whose end is not known stops where its lines do.
    fn read(window: &[u8], bounded: bool) -> Self {
        let mut body = Self { text: Vec::new(), end: 0, encrypted: false, broken: false };
        let mut at = 0;
        let mut short = Span::default();
        while let Some(run) = next_run(window, at) {
            at = run.end;
            if run.len() < MIN_RUN {
                short = run;
                continue;
            }
            let gap = if body.end == 0 { MAX_HEADERS } else { MAX_GAP };
            if !bounded && run.start - body.end > gap {
                break;
            }
            body.text.extend_from_slice(&window[run.range()]);
            body.end = run.end;
        }
        // The last line may be too short to tell it from a word.
        if body.end > 0 && short.start > body.end && (bounded || short.start - body.end < 4) {
            body.text.extend_from_slice(&window[short.range()]);
            body.end = short.end;
        }
        let covered = if bounded { window } else { &window[..body.end] };
        body.encrypted = memmem::find(covered, b"ENCRYPTED").is_some() || memmem::find(covered, b"DEK-Info").is_some();
        body.broken = is_broken(covered) || 2 * body.text.len() < covered.trim_ascii().len();
        body
    }

    fn judge(&self, label: &[u8]) -> Verdict {
        let is_url_safe = self.text.contains(&b'_');
        if self.broken
            || is_url_safe
            || self.text.len() < MIN_BODY
            || shannon(&self.text) < 4.0
            || placeholder::repeats(&self.text)
        {
            return Verdict::Stub;
        }
        let is_opaque = self.encrypted || [b"PGP".as_slice(), b"SSH2"].iter().any(|kind| label.starts_with(kind));
        let head = &self.text[..MIN_BODY];
        // A comment mark may have been taken for the start of the body.
        if is_opaque || (0..4).any(|skip| is_key(&head[skip..])) { Verdict::Key } else { Verdict::Unknown }
    }
}

/// Whether the text holds what no body does: an ellipsis, a mask, or a template.
fn is_broken(text: &[u8]) -> bool {
    let marks: [&[u8]; 7] = [b"...", "\u{2026}".as_bytes(), b"***", b"{{", b"${", b"xxxxxx", b"XXXXXX"];
    let is_tag = |at: usize| !text[at + 1..].starts_with(b"br");
    marks.iter().any(|mark| memmem::find(text, mark).is_some()) || memchr::memchr_iter(b'<', text).any(is_tag)
}

/// Whether base64 starts as a key does: DER that holds an integer or a sequence, or OpenSSH's mark.
fn is_key(head: &[u8]) -> bool {
    let Some(bytes) = decode(&head[..head.len() / 4 * 4]) else {
        return false;
    };
    let inner = match *bytes {
        [0x30, 0x2c..=0x7f, inner, ..] | [0x30, 0x81, _, inner, ..] => inner,
        [0x30, 0x82, _, _, inner, ..] | [0x30, 0x83, _, _, _, inner, ..] => inner,
        _ => return bytes.starts_with(b"openssh-key-v1\0"),
    };
    matches!(inner, 0x02 | 0x30)
}

/// Returns the next run of base64 from `at` on; escapes of line ends are no part of one.
fn next_run(window: &[u8], mut at: usize) -> Option<Span> {
    loop {
        let rest = window.get(at..).filter(|rest| !rest.is_empty())?;
        let skip = escape(rest);
        if skip > 0 {
            at += skip;
            continue;
        }
        let len = rest.iter().take_while(|byte| is_digit(**byte) && **byte != b'-').count();
        if len > 0 {
            let padding = rest[len..].iter().take(2).take_while(|byte| **byte == b'=').count();
            return Some(Span::new(at, at + len + padding));
        }
        at += 1;
    }
}

/// Returns the length of the escape of a line end or of white space that starts here, 0 for none.
fn escape(rest: &[u8]) -> usize {
    match rest {
        [b'\\', ..] => {
            let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
            match &rest[slashes..] {
                [b'u', b'0', b'0', b'0', _, ..] => slashes + 5,
                [b'n' | b'r' | b't', ..] => slashes + 1,
                _ => slashes,
            }
        }
        [b'%', b'0', b'A' | b'a' | b'D' | b'd', ..] => 3,
        [b'&', b'#', ..] => memchr::memchr(b';', &rest[..rest.len().min(8)]).map_or(1, |end| end + 1),
        [b'<', b'b', b'r', ..] => 3,
        _ => 0,
    }
}

/// Makes an armoured key of random bytes.
fn armour(label: &[u8], newline: &[u8], dice: &mut Dice) -> Vec<u8> {
    let head: &[u8] = match label {
        b"OPENSSH PRIVATE KEY" => b"openssh-key-v1\0\0\0\0\x04none",
        _ => b"\x30\x82\x01\x28\x02\x01\x00",
    };
    let bytes = [head, &dice.bytes(300 - head.len())].concat();
    let body = base64::encode_like(&bytes, b"");
    let mut lines = vec![[b"-----BEGIN ", label, b"-----"].concat()];
    if label.starts_with(b"PGP") {
        lines.push(Vec::new());
    }
    lines.extend(body.chunks(64).map(<[u8]>::to_vec));
    lines.push([b"-----END ", label, b"-----"].concat());
    lines.join(newline)
}

#[cfg(test)]
#[path = "pem_tests.rs"]
mod tests;
