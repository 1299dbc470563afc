//! Values at a distance from their names: fields of what a name heads, or of what it is itself a field.

use super::forward::{NAMING, Reader};
use super::{Assignment, TextKind, is_name, is_quote, is_space, skip, skip_back};
use crate::check;
use crate::span::Span;

/// Bytes from a name to a value it heads, and as many back.
const MAX_BLOCK: usize = 640;
/// Fields of a block that are read.
const MAX_FIELDS: usize = 32;

/// Keys of fields that hold the value of what a block or another field names.
const VALUES: &[&[u8]] = &[b"value", b"default", b"defaultvalue", b"default_value", b"parametervalue"];

/// Endings of names of many secrets, each of which has a name of its own.
const MANY: &[&[u8]] = &[b"passwords", b"secrets", b"tokens", b"apikeys", b"api_keys", b"api-keys"];

/// Calls `each` with the values that a name leads to through fields: those of the block it heads,
/// as in `db_password: { type: string, value: x }` or `passwords: { ann: x }`, and the one beside
/// the field it stands in, as in `{ value: x, key: password }`.
pub(crate) fn fields(bytes: &[u8], word: Span, kind: TextKind, mut each: impl FnMut(Assignment)) {
    let (reader, name_end) = Reader::new(bytes, word, kind);
    let start = skip_back(bytes, word.start, 48, is_name);
    let block = Block { bytes, reader, name: Span::new(start, name_end) };
    let closed = block.reader.close(name_end);
    let next = block.reader.space(closed);
    match block.at(next) {
        b'{' | b'(' => block.braces(next + 1, &mut each),
        b':' | b'=' => block.behind_operator(next, &mut each),
        b'\r' | b'\n' | b',' | b'}' | b'/' if block.is_value() => block.beside(closed, &mut each),
        byte if byte.is_ascii_alphabetic() && next > closed && block.is_value() => block.beside(closed, &mut each),
        b'\r' | b'\n' if closed > name_end && block.is_section() => block.lines((next, None), &mut each),
        _ => {}
    }
}

struct Block<'a> {
    bytes: &'a [u8],
    reader: Reader<'a>,
    name: Span,
}

impl Block<'_> {
    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// Whether the name is one of many secrets.
    fn is_many(&self) -> bool {
        let name = &self.bytes[self.name.range()];
        MANY.iter().any(|end| name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end))
    }

    /// Whether a field of this key holds a value.
    fn holds(&self, key: &[u8]) -> bool {
        self.is_many() && !check::names_label(key) || VALUES.iter().any(|one| key.eq_ignore_ascii_case(one))
    }

    fn behind_operator(&self, at: usize, each: &mut impl FnMut(Assignment)) {
        let end = skip(self.bytes, at, 2, |byte| matches!(byte, b':' | b'=' | b'>'));
        let next = self.reader.space(end);
        match self.at(next) {
            b'{' => self.braces(next + 1, each),
            b'\r' | b'\n' if &self.bytes[at..end] == b":" && self.reader.is_first() => {
                self.lines((next, Some(self.indent(self.name.start))), each);
            }
            _ => {}
        }
    }

    /// Reads the fields up to the bracket that closes a block.
    fn braces(&self, from: usize, each: &mut impl FnMut(Assignment)) {
        let end = self.bytes.len().min(self.name.start + MAX_BLOCK);
        let mut at = from;
        for _ in 0..MAX_FIELDS {
            at = skip(self.bytes, at, 80, |byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b';'));
            let Some(field) = self.field(at).filter(|field| field.value < end) else { return };
            self.take(&field, each);
            at = self.behind(field.value);
        }
    }

    /// Reads the lines of a block: those of the first one's indent, which is greater than that of
    /// the name, or those of a section.
    fn lines(&self, (from, indent): (usize, Option<usize>), each: &mut impl FnMut(Assignment)) {
        let end = self.bytes.len().min(self.name.start + MAX_BLOCK);
        let (mut at, mut own) = (from, None);
        for _ in 0..MAX_FIELDS {
            at = skip(self.bytes, at, MAX_BLOCK, |byte| !matches!(byte, b'\n')) + 1;
            let first = skip(self.bytes, at, 80, is_space);
            if first >= end || (indent.is_none() && self.at(first) == b'[') {
                return;
            }
            if matches!(self.at(first), b'\r' | b'\n' | b'#' | b';') {
                continue;
            }
            let depth = first - at;
            if indent.is_some_and(|least| depth <= least && (depth < least || self.at(first) != b'-')) {
                return;
            }
            if *own.get_or_insert(depth) != depth {
                continue;
            }
            let item = if self.at(first) == b'-' { skip(self.bytes, first + 1, 8, is_space) } else { first };
            match self.field(item).filter(|field| field.value < end) {
                Some(field) => self.take(&field, each),
                None if item > first && self.is_many() => self.tell(self.reader.value(item), each),
                None => {}
            }
        }
    }

    /// Reads the fields beside that in which the name stands.
    fn beside(&self, closed: usize, each: &mut impl FnMut(Assignment)) {
        let end = self.bytes.len().min(self.name.start + MAX_BLOCK);
        let mut at = closed;
        for _ in 0..MAX_FIELDS {
            at = skip(self.bytes, at, 80, |byte| byte.is_ascii_whitespace() || byte == b',');
            let Some(field) = self.field(at).filter(|field| field.value < end) else { break };
            if VALUES.iter().any(|one| field.key(self.bytes).eq_ignore_ascii_case(one)) {
                return self.tell(self.reader.value(field.value), each);
            }
            at = self.behind(field.value);
        }
        self.before(each);
    }

    /// Reads the fields before that in which the name stands.
    fn before(&self, each: &mut impl FnMut(Assignment)) {
        let from = self.name.start.saturating_sub(MAX_BLOCK / 2);
        let text = &self.bytes[from..self.name.start];
        let is_item =
            |at: usize| text[at] == b'-' && text[..at].trim_ascii_end().len() < at && text.get(at + 1) == Some(&b' ');
        let open = (0..text.len()).rfind(|at| matches!(text[*at], b'{' | b'}' | b'<' | b'>') || is_item(*at));
        let Some(open) = open.filter(|at| !matches!(text[*at], b'}' | b'>')) else { return };
        let tag =
            if text[open] == b'<' { skip(text, open + 1, 40, |byte| is_name(byte) || byte == b':') } else { open + 1 };
        let mut at = from + tag;
        for _ in 0..MAX_FIELDS {
            at = skip(self.bytes, at, 80, |byte| byte.is_ascii_whitespace() || byte == b',');
            let Some(field) = self.field(at).filter(|field| field.value < self.name.start) else { return };
            if VALUES.iter().any(|one| field.key(self.bytes).eq_ignore_ascii_case(one)) {
                let value = self.reader.value(field.value).filter(|value| value.end < self.name.start);
                value.into_iter().for_each(|value| {
                    each(Assignment { whole: Span::new(value.start, self.name.end), value });
                });
                return;
            }
            at = self.behind(field.value);
        }
    }

    /// Whether the name is the value of a field that names something.
    fn is_value(&self) -> bool {
        let quote = skip_back(self.bytes, self.name.start, 1, is_quote);
        let operator = skip_back(self.bytes, quote, 4, is_space);
        let end = skip_back(self.bytes, operator, 1, |byte| matches!(byte, b':' | b'='));
        let closer = skip_back(self.bytes, skip_back(self.bytes, end, 4, is_space), 1, is_quote);
        let key = skip_back(self.bytes, closer, 24, is_name);
        end < operator && NAMING.iter().any(|one| self.bytes[key..closer].eq_ignore_ascii_case(one))
    }

    /// Whether the name is that of a section: `[passwords]`, alone on its line.
    fn is_section(&self) -> bool {
        let before = &self.bytes[..self.name.start];
        let line = before.strip_suffix(b"[");
        self.is_many() && line.is_some_and(|line| matches!(line.last(), None | Some(b'\n')))
    }

    fn indent(&self, at: usize) -> usize {
        let line = skip_back(self.bytes, at, 80, |byte| byte != b'\n');
        skip(self.bytes, line, 80, is_space) - line
    }

    fn take(&self, field: &Field, each: &mut impl FnMut(Assignment)) {
        if self.holds(field.key(self.bytes)) {
            self.tell(self.reader.value(field.value), each);
        }
    }

    fn tell(&self, value: Option<Span>, each: &mut impl FnMut(Assignment)) {
        if let Some(value) = value.filter(|value| value.end - self.name.start < 2 * MAX_BLOCK) {
            each(Assignment { whole: Span::new(self.name.start, value.end), value });
        }
    }

    /// The field whose key starts at `at`.
    fn field(&self, at: usize) -> Option<Field> {
        let start = skip(self.bytes, at, 1, is_quote);
        let end = skip(self.bytes, start, 64, is_name);
        let next = skip(self.bytes, skip(self.bytes, end, 1, is_quote), 40, is_space);
        let value = skip(self.bytes, next, 2, |byte| matches!(byte, b':' | b'=' | b'>'));
        (end > start && value > next).then(|| Field { key: Span::new(start, end), value: self.reader.space(value) })
    }

    /// Behind a value, whatever it is.
    fn behind(&self, at: usize) -> usize {
        let first = self.at(at);
        let text = &self.bytes[at.min(self.bytes.len())..self.bytes.len().min(at + MAX_BLOCK)];
        let len = match first {
            b'{' | b'[' => closing(text),
            _ if is_quote(first) => string(text),
            _ => text.iter().position(|byte| matches!(byte, b',' | b'\n' | b'}' | b'>')),
        };
        len.map_or(self.bytes.len(), |len| at + len)
    }
}

/// A field, and where its value starts.
struct Field {
    key: Span,
    value: usize,
}

impl Field {
    fn key<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.key.range()]
    }
}

/// The length of a string, its quotes included.
fn string(text: &[u8]) -> Option<usize> {
    let quote = *text.first()?;
    let mut at = 1;
    while *text.get(at)? != quote {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    Some(at + 1)
}

/// The length of what stands in brackets, those included.
fn closing(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        match *text.get(at)? {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            byte if is_quote(byte) => at += string(&text[at..])? - 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}
