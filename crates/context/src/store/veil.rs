//! Takes all values out of a store, whatever they look like.

use leaktight_core::Span;

use super::{Format, Store};
use crate::redact::{Book, Placeholder};
use crate::splice::{Document, Edits, Kind, Node, escape};

/// Returns a store's text with placeholders in the place of its values. Keys,
/// comments and the values of keys to keep stay.
///
/// A text that is not of the store's format has every line replaced.
pub fn veil(store: &Store, bytes: &[u8], book: &mut Book) -> Vec<u8> {
    let mut veil = Veil { store, book, bytes, edits: Edits::default() };
    match store.format {
        Format::Json => match Document::parse(bytes) {
            Ok(document) => veil.json(document.root()),
            Err(_) => veil.lines(Veil::whole),
        },
        Format::Env | Format::Ini | Format::Properties | Format::Toml | Format::Yaml => veil.lines(Veil::assignment),
        Format::Netrc => veil.lines(Veil::netrc),
        Format::Pem => veil.lines(Veil::armoured),
        _ => veil.lines(Veil::whole),
    }
    veil.edits.apply(bytes)
}

struct Veil<'a> {
    store: &'a Store,
    book: &'a mut Book,
    bytes: &'a [u8],
    edits: Edits,
}

impl Veil<'_> {
    fn keeps(&self, key: &[u8]) -> bool {
        self.store.keep.iter().any(|kept| kept.as_bytes().eq_ignore_ascii_case(key))
    }

    /// Replaces a value, unless it is one that says nothing.
    fn replace(&mut self, span: Span) {
        let value = &self.bytes[span.range()];
        if is_plain(value) || Placeholder::parse(value).is_some() {
            return;
        }
        let name = self.book.placeholder(self.store.id, value);
        self.edits.replace(span, name.as_str().as_bytes().to_vec());
    }

    /// Goes through a document without recursion: its depth is the file's to choose.
    fn json(&mut self, root: Node<'_>) {
        let mut nodes = vec![root];
        while let Some(node) = nodes.pop() {
            match node.kind() {
                Kind::Text => self.text(node),
                Kind::Object => {
                    nodes.extend(node.entries().filter(|(key, _)| !self.keeps(key)).map(|(_, node)| node));
                }
                _ => nodes.extend(node.items()),
            }
        }
    }

    fn text(&mut self, node: Node<'_>) {
        let Some(value) = node.text().filter(|value| !is_plain(value) && Placeholder::parse(value).is_none()) else {
            return;
        };
        let name = self.book.placeholder(self.store.id, &value);
        let mut text = vec![b'"'];
        escape(name.as_str().as_bytes(), &mut text);
        text.push(b'"');
        self.edits.replace(node.span(), text);
    }

    fn lines(&mut self, each: fn(&mut Self, Span)) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', self.bytes).chain([self.bytes.len()]) {
            let line = trim(self.bytes, Span::new(start, end));
            if !line.is_empty() {
                each(self, line);
            }
            start = end + 1;
        }
    }

    fn whole(&mut self, line: Span) {
        self.replace(line);
    }

    /// `key = value`, `key: value`, `- value`, or a line of a longer value.
    fn assignment(&mut self, line: Span) {
        let text = &self.bytes[line.range()];
        let is_header = text.starts_with(b"[") && text.ends_with(b"]");
        if text.starts_with(b"#") || text.starts_with(b";") || is_header || matches!(text, b"---" | b"{" | b"}") {
            return;
        }
        let separator = text.iter().position(|byte| *byte == b'=' || *byte == b':');
        let is_key = |key: &[u8]| {
            !key.is_empty() && key.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_./ \"'".contains(byte))
        };
        match separator.filter(|at| is_key(&text[..*at])) {
            Some(at) => {
                let key = without(without(text[..at].trim_ascii(), b"- "), b"export ");
                if !self.keeps(unquoted(key)) {
                    self.value(trim(self.bytes, Span::new(line.start + at + 1, line.end)));
                }
            }
            None => {
                let skipped = if text.starts_with(b"- ") { 2 } else { 0 };
                self.value(trim(self.bytes, Span::new(line.start + skipped, line.end)));
            }
        }
    }

    /// A value with its quotes, if it has any.
    fn value(&mut self, span: Span) {
        let text = &self.bytes[span.range()];
        // What opens a longer value is none.
        if matches!(text, b"|" | b"|-" | b">" | b">-" | b"|+" | b"{" | b"[" | b"\"\"\"" | b"'''") {
            return;
        }
        let inner = unquoted(text);
        let start = span.start + if inner.len() < text.len() { 1 } else { 0 };
        self.replace(Span::new(start, start + inner.len()));
    }

    /// `machine … login … password …`, in any number of lines.
    fn netrc(&mut self, line: Span) {
        let mut expects = true;
        let mut at = line.start;
        while at < line.end {
            let rest = &self.bytes[at..line.end];
            let len = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
            let word = &rest[..len];
            match word {
                b"" => {}
                b"machine" => expects = false,
                b"login" | b"password" | b"account" | b"macdef" | b"default" => expects = true,
                _ if expects => self.replace(Span::new(at, at + len)),
                _ => expects = true,
            }
            at += len.max(1);
        }
    }

    fn armoured(&mut self, line: Span) {
        let text = &self.bytes[line.range()];
        if !(text.starts_with(b"-----") && text.ends_with(b"-----")) {
            self.replace(line);
        }
    }
}

/// Whether a value is nothing, a number of few digits, or a truth.
fn is_plain(value: &[u8]) -> bool {
    let is_number = value.len() <= 5 && value.iter().all(u8::is_ascii_digit);
    value.trim_ascii().is_empty() || is_number || matches!(value, b"true" | b"false" | b"null" | b"~" | b"{}" | b"[]")
}

fn trim(bytes: &[u8], span: Span) -> Span {
    let text = &bytes[span.range()];
    let start = span.start + (text.len() - text.trim_ascii_start().len());
    Span::new(start, start + text.trim_ascii().len())
}

/// Returns text without the quotes round it.
fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => text,
    }
}

fn without<'t>(text: &'t [u8], prefix: &[u8]) -> &'t [u8] {
    text.strip_prefix(prefix).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::super::stores;
    use super::*;

    /// Returns a store's text without its values, each of which is an `x`.
    fn veiled(id: &str, text: &str) -> String {
        let store = stores().iter().find(|store| store.id == id).expect("a store");
        let mut book = Book::ephemeral().expect("random bytes");
        let bytes = veil(store, text.as_bytes(), &mut book);
        let mut text = String::from_utf8(bytes).expect("text");
        for entry in book.entries() {
            text = text.replace(entry.placeholder.as_str(), "x");
        }
        text
    }

    #[test]
    fn values_go_and_the_rest_stays() {
        for (id, text, expected) in [
            (
                "aws-credentials",
                "[default]\n# mine\na_key = b\nregion=eu\n",
                "[default]\n# mine\na_key = x\nregion=eu\n",
            ),
            (
                "gh-hosts",
                "github.com:\n    oauth_token: \"abc\"\n    user: me\n",
                "github.com:\n    oauth_token: \"x\"\n    user: me\n",
            ),
            (
                "codex-auth",
                r#"{"auth_mode": "a", "t": {"k": ["v", 1, null]}}"#,
                r#"{"auth_mode": "a", "t": {"k": ["x", 1, null]}}"#,
            ),
            (
                "netrc",
                concat!("machine a.b login me pass", "word s\nmachine c\n  pass", "word t"),
                concat!("machine a.b login x pass", "word x\nmachine c\n  pass", "word x"),
            ),
            ("git-credentials", "https://a:b@c\n\n", "x\n\n"),
            (
                "ssh-private-keys",
                "-----BEGIN X-----\nabc\n-----END X-----\n",
                "-----BEGIN X-----\nx\n-----END X-----\n",
            ),
            ("vault-token", "abc\n", "x\n"),
            (
                "kube-config",
                "users:\n- name: a\n  user:\n    token: |\n      abc\n",
                "users:\n- name: a\n  user:\n    token: |\n      x\n",
            ),
            ("codex-auth", "not json\n", "x\n"),
        ] {
            assert_eq!(veiled(id, text), expected, "{id}");
        }
    }
}
