//! From a word in a name to the value.

use memchr::memmem;

use super::value::{element, line, quoted, unquoted};
use super::{Assignment, TextKind, is_closer, is_name, is_quote, is_space, skip, skip_back};
use crate::span::Span;

/// Characters of a name behind the word that led to it.
const MAX_REST: usize = 40;
/// Spaces on each side of what joins name and value.
const MAX_SPACE: usize = 64;

/// Reads the assignment whose name holds the word at `word`.
pub(crate) fn forward(bytes: &[u8], word: Span, kind: TextKind) -> Option<Assignment> {
    let (reader, name_end) = Reader::new(bytes, word, kind);
    let start = reader.start;
    if let Some(value) = reader.compared() {
        return Some(Assignment { whole: Span::new(value.start, name_end), value });
    }
    let value = reader.behind_name(name_end)?;
    Some(Assignment { whole: Span::new(start.min(word.start), value.end), value })
}

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    kind: TextKind,
    /// Where the name, or the word in it, starts.
    start: usize,
}

impl<'a> Reader<'a> {
    /// A reader of what follows the name that holds a word, and the end of that name.
    pub(super) fn new(bytes: &'a [u8], word: Span, kind: TextKind) -> (Self, usize) {
        let start = word.start + bytes[word.range()].iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
        let inner = bytes[start..word.end].iter().take_while(|byte| is_name(**byte)).count();
        (Self { bytes, kind, start }, skip(bytes, start + inner, MAX_REST, is_name))
    }

    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    pub(super) fn space(&self, at: usize) -> usize {
        skip(self.bytes, at, MAX_SPACE, is_space)
    }

    /// The value behind a name, whatever joins them.
    fn behind_name(&self, name_end: usize) -> Option<Span> {
        let closed = self.close(name_end);
        let next = self.space(closed);
        match self.at(next) {
            b'=' | b':' | b'?' | b'+' | b'|' | b'!' | b'.' => self.behind_operator(next),
            b'>' if next == name_end => element(self.bytes, next + 1),
            b'>' if next == closed && self.is_attribute() => self.content(next + 1),
            b'<' if self.at(next + 1) == b'-' => quoted(self.bytes, self.space(next + 2)),
            b'<' if next == name_end => self.sibling(next),
            b'(' if next == closed => self.argument(next + 1),
            b'"' | b'\'' | b'`' if next > closed => quoted(self.bytes, next),
            b'@' if next > closed && is_quote(self.at(next + 1)) => quoted(self.bytes, next),
            b',' => self.pair(closed, next + 1),
            b'\r' | b'\n' => self.named_value(next),
            b'{' => self.named_value(next + 1),
            _ if next > closed && self.is_option() => quoted(self.bytes, next).or_else(|| self.plain(next)),
            byte if byte.is_ascii_digit() && is_variable(self.bytes, self.start) => {
                unquoted(self.bytes, next, TextKind::Settings)
            }
            byte if byte.is_ascii_alphabetic() && next > closed => self.behind_word((name_end, closed), next),
            _ => None,
        }
    }

    /// Whether the name is that of an option of a command: `--db-password`.
    fn is_option(&self) -> bool {
        let name = skip_back(self.bytes, self.start, 48, is_name);
        self.bytes[name..].starts_with(b"--") && matches!(self.bytes[..name].last(), None | Some(b' ' | b'\t' | b'\n'))
    }

    /// The value of an option, without quotes.
    fn plain(&self, at: usize) -> Option<Span> {
        unquoted(self.bytes, at, TextKind::Settings)
    }

    /// The value that the name is compared with, in front of it: `"x" == password`.
    fn compared(&self) -> Option<Span> {
        let name = skip_back(self.bytes, self.start, 48, is_name);
        let operator = skip_back(self.bytes, name, 4, is_space);
        let start = skip_back(self.bytes, operator, 3, |byte| matches!(byte, b'=' | b'!'));
        let called =
            [b".equals(".as_slice(), b".equalsIgnoreCase("].into_iter().find(|call| self.bytes[..name].ends_with(call));
        let start = match called {
            Some(call) => name - call.len(),
            None if operator - start < 2 => return None,
            None => start,
        };
        let close = skip_back(self.bytes, start, 4, is_space).checked_sub(1)?;
        let quote = *self.bytes.get(close).filter(|byte| is_quote(**byte))?;
        let line = skip_back(self.bytes, close, 256, |byte| !matches!(byte, b'\r' | b'\n'));
        let open = self.bytes[line..close].iter().rposition(|byte| *byte == quote)? + line;
        let value = Span::new(open + 1, close);
        (value.len() >= 5).then_some(value)
    }

    /// Behind a subscript and what closes a name: `name["x"]`, `name\"`, `name')`.
    pub(super) fn close(&self, at: usize) -> usize {
        let mut at = at;
        if self.at(at) == b'[' {
            let end = skip(self.bytes, at + 1, 16, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if self.at(end) == b']' {
                at = end + 1;
            }
        }
        let at = skip(self.bytes, at, 3, |byte| byte == b'\\');
        skip(self.bytes, at, 3, is_closer)
    }

    /// The value behind an operator: `=`, `:`, `:=`, `=>`, `?=`, `||=`, `==` ...
    fn behind_operator(&self, at: usize) -> Option<Span> {
        // Behind `=` a value may start with any sign.
        let is_sign = |byte: u8| if self.at(at) == b'=' { byte == b'=' } else { b":?.+|!=".contains(&byte) };
        let end = skip(self.bytes, at, 4, is_sign);
        let operator = &self.bytes[at..end];
        if matches!(operator, b"||" | b"??") {
            // What is taken when there is no such variable.
            return quoted(self.bytes, self.space(end));
        }
        if !matches!(operator.last(), Some(b'=' | b':')) {
            return None;
        }
        if matches!(operator, b":" | b"?:" | b"!:")
            && let Some(value) = self.behind_type(end)
        {
            return Some(value);
        }
        if let Some(value) = self.line(operator, end) {
            return Some(value);
        }
        let is_arrow = operator == b"=" && self.at(end) == b'>';
        self.value(end + usize::from(is_arrow))
    }

    /// The value that is the rest of a line, in a file of settings that has one on each.
    fn line(&self, operator: &[u8], at: usize) -> Option<Span> {
        let (behind, at) = (at, self.space(at));
        // What starts with these is no plain value of YAML.
        let is_plain = || !b"`{}[]&*!|>%@#,$<".contains(&self.at(at));
        let may_be = match self.kind {
            TextKind::Lines => matches!(operator, b"=" | b":"),
            TextKind::Yaml => operator == b":" && is_plain(),
            // What a program printed, or a person piped, tells by itself that it is of that kind.
            TextKind::Other => operator == b"=" && behind == at && self.is_environment(),
            _ => false,
        };
        let value = (may_be && self.is_first()).then(|| line(self.bytes, at, self.kind))??;
        // In such text a line may stand in a string that ends before it: `{"x":"\nTOKEN=...","y":...`.
        let closes = |pair: &[u8]| pair[0] == b'"' && b",:;}])".contains(&pair[1]);
        let is_whole = self.kind != TextKind::Other || {
            let text = &self.bytes[value.range()];
            !text.ends_with(b"\"") && !text.windows(2).any(closes)
        };
        is_whole.then_some(value)
    }

    /// Whether the name is that of a variable of an environment, in capitals, with the operator behind it.
    fn is_environment(&self) -> bool {
        let start = skip_back(self.bytes, self.start, 64, is_name);
        let name = &self.bytes[start..skip(self.bytes, start, 128, is_name)];
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        name.iter().all(is_part) && self.at(start + name.len()) == b'='
    }

    /// Whether the name is the first on its line, but for a keyword or a dash.
    pub(super) fn is_first(&self) -> bool {
        let name = skip_back(self.bytes, self.start, 64, is_name);
        let quote = skip_back(self.bytes, name, 1, is_quote);
        let before = &self.bytes[skip_back(self.bytes, quote, 64, |byte| !matches!(byte, b'\r' | b'\n'))..quote];
        let keyword = before.trim_ascii();
        before.len() < 64 && matches!(keyword, b"" | b"-" | b"export" | b"set")
    }

    /// The value behind a type and `=`: `password: &'static str = "..."`.
    fn behind_type(&self, at: usize) -> Option<Span> {
        let start = self.space(at);
        let end = skip(self.bytes, start, 28, |byte| byte.is_ascii_alphanumeric() || b"_.<>[]&*?' ".contains(&byte));
        // `the <see cref="x"/>` is a sentence with a tag in it.
        let is_type = end > start && memmem::find(&self.bytes[start..end], b" <").is_none();
        (is_type && self.at(end) == b'=' && !matches!(self.at(end + 1), b'=' | b'>')).then(|| self.value(end + 1))?
    }

    /// The value behind a word that follows the name: a type and `=`, `is`, `value=`.
    fn behind_word(&self, (name_end, closed): (usize, usize), at: usize) -> Option<Span> {
        if is_variable(self.bytes, self.start) {
            return unquoted(self.bytes, at, TextKind::Settings);
        }
        if self.bytes[at..].starts_with(b"is ") && is_closer_or_space(self.at(self.space(at + 2))) {
            return quoted(self.bytes, self.space(at + 2));
        }
        if self.bytes[at..].starts_with(b"is ") && self.kind != TextKind::Code {
            return unquoted(self.bytes, self.space(at + 2), self.kind);
        }
        if closed > name_end && self.bytes[at..].starts_with(b"or ") {
            return quoted(self.bytes, self.space(at + 3));
        }
        if let Some(value) = self.named_value(at) {
            return Some(value);
        }
        if closed > name_end && self.is_attribute() {
            let end = skip(self.bytes, at, 80, |byte| !matches!(byte, b'<' | b'>' | b'\r' | b'\n'));
            return (self.at(end) == b'>').then(|| self.content(end + 1))?;
        }
        let is_element = self.start > 0 && self.tag_starts();
        if is_element {
            let end = skip(self.bytes, name_end, 80, |byte| !matches!(byte, b'<' | b'>' | b'\r' | b'\n'));
            return (self.at(end) == b'>').then(|| element(self.bytes, end + 1))?;
        }
        // What stands in quotes is no declaration.
        (closed == name_end).then(|| self.behind_type(at))?
    }

    /// Whether the name is that of an element: `<name`.
    fn tag_starts(&self) -> bool {
        let start = skip_back(self.bytes, self.start, 48, is_name);
        start > 0 && self.bytes[start - 1] == b'<'
    }

    /// Whether the name is the value of an attribute that names an element.
    fn is_attribute(&self) -> bool {
        named_tag(self.bytes, self.start).is_some()
    }

    /// The text of an element, or of the one in it: `<entry key="password">x`, `<data name="password"><value>x`.
    fn content(&self, at: usize) -> Option<Span> {
        element(self.bytes, at).or_else(|| self.inner(at))
    }

    /// The text of the element behind that of the name: `<name>password</name><value>x`.
    fn sibling(&self, at: usize) -> Option<Span> {
        let end = skip(self.bytes, at, 40, |byte| is_name(byte) || matches!(byte, b'<' | b'/'));
        let is_end = self.at(at + 1) == b'/' && self.at(end) == b'>';
        is_end.then(|| self.inner(end + 1))?
    }

    /// The text of an element that holds a value.
    fn inner(&self, at: usize) -> Option<Span> {
        let at = self.space(self.next_line(self.space(at)));
        let rest = self.bytes.get(at..)?.strip_prefix(b"<")?;
        let len = rest.iter().take(MAX_REST).take_while(|byte| is_name(**byte)).count();
        let is_value = VALUES.iter().any(|tag| rest[..len].eq_ignore_ascii_case(tag));
        (is_value && rest.get(len) == Some(&b'>')).then(|| element(self.bytes, at + len + 2))?
    }

    /// The value behind a name in quotes and a comma: `"password", "x"`.
    fn pair(&self, closed: usize, at: usize) -> Option<Span> {
        if let Some(value) = self.named_value(at) {
            return Some(value);
        }
        let is_quoted = matches!(self.bytes[..closed].last(), Some(b'"' | b'\''));
        let name = skip_back(self.bytes, self.start, 48, is_name);
        (is_quoted || is_symbol(&self.bytes[..name])).then(|| quoted(self.bytes, self.space(at)))?
    }

    /// The value of an argument: `setPassword("x")`.
    fn argument(&self, at: usize) -> Option<Span> {
        quoted(self.bytes, self.space(at))
    }

    /// The value of a field that is called so: `name: PASSWORD, value: x`.
    fn named_value(&self, at: usize) -> Option<Span> {
        let at = self.space(self.next_line(self.space(at)));
        let at = skip(self.bytes, at, 1, |byte| matches!(byte, b'"' | b'\''));
        let is =
            |word: &&[u8]| self.bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
        let word = [b"value".as_slice(), b"default"].into_iter().find(is)?;
        let at = skip(self.bytes, at + word.len(), 1, |byte| matches!(byte, b'"' | b'\''));
        let at = self.space(at);
        matches!(self.at(at), b'=' | b':').then(|| self.value(at + 1))?
    }

    /// Behind the end of a line and the spaces the next one starts with.
    fn next_line(&self, at: usize) -> usize {
        let end = if self.at(at) == b'\r' { at + 1 } else { at };
        if self.bytes.get(end) == Some(&b'\n') { skip(self.bytes, end + 1, 40, is_space) } else { at }
    }

    /// A value, perhaps on the next line, as the first argument of a call, or of a block.
    pub(super) fn value(&self, at: usize) -> Option<Span> {
        let at = self.space(at);
        let next = self.next_line(at);
        let inner = self.called(next).map_or(next, |inner| self.space(self.next_line(inner)));
        if let Some(value) = quoted(self.bytes, inner).or_else(|| self.fallback(next)) {
            return Some(value);
        }
        if next > at || inner > next {
            return None;
        }
        match self.at(at) {
            b'|' | b'>' => self.block(at),
            b'\\' | b'"' | b'\'' | b'`' => None,
            _ => unquoted(self.bytes, at, self.kind),
        }
    }

    /// Where the first argument of a call starts: `[]byte(`, `new String(`, `String::from(`, `new A().b(`.
    fn called(&self, at: usize) -> Option<usize> {
        let starts = |text: &[u8]| self.bytes.get(at..).is_some_and(|rest| rest.starts_with(text));
        let start =
            [b"[]".as_slice(), b"new "].into_iter().find(|text| starts(text)).map_or(at, |text| at + text.len());
        let is_callee = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
        let mut end = skip(self.bytes, start, 26, is_callee);
        if self.bytes[end.min(self.bytes.len())..].starts_with(b"().") {
            end = skip(self.bytes, end + 2, 26, is_callee);
        }
        (self.at(end) == b'(').then_some(end + 1)
    }

    /// What is taken where the environment does not say: `process.env.X ?? "x"`, `getenv('X') ?: 'x'`.
    fn fallback(&self, at: usize) -> Option<Span> {
        let end = skip(self.bytes, at, 80, |byte| !matches!(byte, b'\r' | b'\n' | b';'));
        let text = &self.bytes[at.min(end)..end];
        let names_it = text.windows(3).take(24).any(|word| word.eq_ignore_ascii_case(b"env"));
        let joints = [b" ?? ".as_slice(), b" || ", b" ?: ", b" or ", b") { "];
        let behind = |joint: &[u8]| memmem::find(text, joint).map(|found| at + found + joint.len());
        names_it.then(|| joints.into_iter().find_map(behind))?.and_then(|value| quoted(self.bytes, value))
    }

    /// The first line of a block of YAML.
    fn block(&self, at: usize) -> Option<Span> {
        let end = skip(self.bytes, at + 1, 2, |byte| matches!(byte, b'-' | b'+'));
        let next = self.next_line(end);
        (next > end && self.kind != TextKind::Code).then(|| unquoted(self.bytes, next, TextKind::Settings))?
    }
}

/// Elements that hold the value of a name that stands before.
const VALUES: &[&[u8]] = &[b"value", b"string", b"param-value"];

/// Attributes and fields that name what an element or another field holds.
pub(super) const NAMING: &[&[u8]] = &[b"name", b"key", b"id", b"parameterkey", b"parametername", b"field"];

/// The name of the element of which an attribute is a name that holds the place: `entry` of `<entry key="x`.
pub(crate) fn named_tag(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let name = skip_back(bytes, at, 64, is_name);
    let open = name.checked_sub(2).filter(|open| is_quote(bytes[open + 1]) && bytes[*open] == b'=')?;
    let attribute = skip_back(bytes, open, 8, is_name);
    let is_naming = NAMING.iter().any(|one| bytes[attribute..open].eq_ignore_ascii_case(one));
    let start = skip_back(bytes, attribute, 64, |byte| !matches!(byte, b'<' | b'>' | b'\r' | b'\n'));
    if !is_naming || start == 0 || bytes[start - 1] != b'<' {
        return None;
    }
    Some(&bytes[start..skip(bytes, start, 40, |byte| is_name(byte) || byte == b':')])
}

/// Whether the name that stands behind is a symbol of Ruby or Clojure: `set :password, "x"`.
pub(crate) fn is_symbol(before: &[u8]) -> bool {
    let outer = before.strip_suffix(b":").map(<[u8]>::last);
    outer.is_some_and(|outer| outer.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'(' | b'{' | b',')))
}

/// Whether the name is that of a variable of an image: `ENV NAME value`.
pub(crate) fn is_variable(bytes: &[u8], start: usize) -> bool {
    let name = skip_back(bytes, start, 48, is_name);
    let keyword = skip_back(bytes, name, 4, is_space);
    keyword < name && bytes[..keyword].ends_with(b"ENV") && matches!(bytes[..keyword - 3].last(), None | Some(b'\n'))
}

fn is_closer_or_space(byte: u8) -> bool {
    is_closer(byte) || byte == b'`'
}
