//! From a run of token characters to the name of the value it belongs to.

use super::{Assignment, is_closer, is_name, is_quote, is_space, skip, skip_back};
use crate::check;
use crate::rule::NAME_WORDS;
use crate::span::Span;

/// Characters of a value before the run that led to it.
const MAX_LEAD: usize = 64;
/// Characters of a value behind the run.
const MAX_TAIL: usize = 768;
/// Characters of a name.
const MAX_NAME: usize = 64;
/// Spaces on each side of what joins name and value.
const MAX_SPACE: usize = 64;

/// Words in names that make a value worth a look when it looks random.
const HINTS: &[&str] = &[
    "key", "pass", "auth", "token", "secret", "pwd", "_pat", "-pat", "cred", "_api", "-api", "_sid", "private", "salt",
];

/// Further parts of names that promise a secret: every such word holds one of these, of the
/// hints, or of [`NAME_WORDS`].
const TELLING: &[&str] = &[
    "adgangskode",
    "bearer",
    "clave",
    "contrasena",
    "cookie",
    "haslo",
    "heslo",
    "jwt",
    "kennwort",
    "parola",
    "pat",
    "pepper",
    "pin",
    "psk",
    "psw",
    "pw",
    "salasana",
    "senha",
    "sifre",
    "wachtwoord",
];

/// Reads the assignment whose value holds a run. Names with a word of
/// [`NAME_WORDS`] are left to the reader that starts at that word.
pub(crate) fn backward(bytes: &[u8], run: Span) -> Option<Assignment> {
    let start = skip_back(bytes, run.start, MAX_LEAD, is_lead);
    let start = with_scheme(bytes, start);
    let end = skip(bytes, run.end, MAX_TAIL, is_value);
    let quote = quote_before(bytes, start);
    let quote = if quote < start { call_before(bytes, quote) } else { quote };
    let name = name_before(bytes, skip_back(bytes, quote, MAX_SPACE, is_space), quote < start)?;
    let value = Span::new(start, end);
    (!NAME_PARTS.is_in(&bytes[name.range()])).then_some(Assignment { whole: Span::new(name.start, end), value })
}

/// Whether a name hints at a secret.
pub(crate) fn has_hint(name: &[u8]) -> bool {
    HINT_PARTS.is_in(name)
}

/// Whether a name may say anything of its value: false is certain.
pub(crate) fn may_tell(name: &[u8]) -> bool {
    has_hint(name) || TELLING_PARTS.is_in(name)
}

/// Parts of names, of which those that start with a byte are found at once.
struct Parts {
    words: &'static [&'static str],
    /// The words that start with each byte of ASCII, as bits.
    starts: [u64; 128],
}

static TELLING_PARTS: Parts = Parts::new(TELLING);
static NAME_PARTS: Parts = Parts::new(NAME_WORDS);
static HINT_PARTS: Parts = Parts::new(HINTS);

impl Parts {
    const fn new(words: &'static [&'static str]) -> Self {
        assert!(words.len() <= 64, "a bit for each word");
        let mut starts = [0; 128];
        let mut idx = 0;
        while idx < words.len() {
            starts[words[idx].as_bytes()[0] as usize] |= 1 << idx;
            idx += 1;
        }
        Self { words, starts }
    }

    /// Whether a name holds one of the words, in any case of letters.
    fn is_in(&self, name: &[u8]) -> bool {
        (0..name.len()).any(|at| {
            let mut rest = self.starts[usize::from(name[at].to_ascii_lowercase() & 127)];
            while rest != 0 {
                let word = self.words[rest.trailing_zeros() as usize].as_bytes();
                rest &= rest - 1;
                if name.get(at..at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word)) {
                    return true;
                }
            }
            false
        })
    }
}

/// The start of a value of two parts, as in `TOKEN=user:x`.
fn with_scheme(bytes: &[u8], start: usize) -> usize {
    let Some(colon) = start.checked_sub(1).filter(|at| bytes[*at] == b':') else { return start };
    let scheme = skip_back(bytes, colon, 16, |byte| byte.is_ascii_alphanumeric());
    let follows = scheme < colon && scheme > 0 && matches!(bytes[scheme - 1], b'=' | b'"' | b'\'');
    // A name in quotes would be closed by one before the colon.
    if follows { scheme } else { start }
}

fn is_lead(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'/' | b'~' | b'-')
}

fn is_value(byte: u8) -> bool {
    is_lead(byte) || matches!(byte, b'=' | b':')
}

/// Before the quote a value starts with, and the backslashes before that.
fn quote_before(bytes: &[u8], start: usize) -> usize {
    match bytes[..start].last() {
        Some(byte) if is_quote(*byte) => skip_back(bytes, start - 1, 3, |byte| byte == b'\\'),
        _ => start,
    }
}

/// Before the call whose first argument starts at `at`: `[]byte(`, `new String(`, `String::from(`.
fn call_before(bytes: &[u8], at: usize) -> usize {
    let Some(open) = at.checked_sub(1).filter(|open| bytes[*open] == b'(') else { return at };
    let callee = skip_back(bytes, open, 32, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':'));
    let before = &bytes[..callee];
    let outer = before.strip_suffix(b"[]").or(before.strip_suffix(b"new ")).unwrap_or(before);
    // What is called alone has a name of its own.
    let joint = outer.trim_ascii_end().last();
    if callee < open && matches!(joint, Some(b'=' | b':' | b'>')) { outer.len() } else { at }
}

/// The name before an operator that ends at `end`.
fn name_before(bytes: &[u8], end: usize, is_quoted: bool) -> Option<Span> {
    let joint = match bytes[..end] {
        [.., b'=', b'>'] => end - 2,
        [.., b'>'] if !is_quoted => return tag(bytes, end - 1),
        [.., b'=' | b':'] => skip_back(bytes, end, 4, |byte| b":?.+|!=".contains(&byte)),
        [.., b','] if is_quoted => end - 1,
        _ => return None,
    };
    let is_pair = bytes[joint] == b',';
    let spaces = skip_back(bytes, joint, MAX_SPACE, is_space);
    let close = skip_back(bytes, spaces, 3, is_closer);
    if is_pair && close == spaces {
        return None;
    }
    let close = skip_back(bytes, close, 3, |byte| byte == b'\\');
    name_at(bytes, close)
}

fn name_at(bytes: &[u8], end: usize) -> Option<Span> {
    let start = skip_back(bytes, end, MAX_NAME, is_name);
    let name = &bytes[start..end];
    (name.iter().any(u8::is_ascii_alphabetic) && !is_drawn(name)).then_some(Span::new(start, end))
}

/// Whether what stands where a name should was drawn by a machine, as a part of base64 is.
fn is_drawn(name: &[u8]) -> bool {
    let is_joint = |byte: &u8| matches!(byte, b'_' | b'-' | b'.');
    name.len() >= 20 && !name.iter().any(is_joint) && check::is_random(name)
}

/// The name of the element whose opening tag ends at `end`.
fn tag(bytes: &[u8], end: usize) -> Option<Span> {
    let start = skip_back(bytes, end, 120, |byte| !matches!(byte, b'<' | b'>' | b'\r' | b'\n'));
    if start == 0 || bytes[start - 1] != b'<' {
        return None;
    }
    let name_end = skip(bytes, start, MAX_NAME, is_name).min(end);
    (name_end > start).then_some(Span::new(start, name_end))
}
