//! The first members of a JSON object that may be cut off or broken.

use super::document::mark_len;
use super::lexer::{Container, Events, Lexer, Role};
use super::text;

/// Members that are kept, at most.
const MOST: usize = 64;
/// Bytes of a name or value that is kept, at most.
const LONGEST: usize = 128;

/// Gathers the members of the outermost object.
pub(crate) struct Members<'a> {
    bytes: &'a [u8],
    depth: usize,
    start: usize,
    found: Vec<(String, Option<String>)>,
}

impl<'a> Members<'a> {
    /// Returns the names of the members up to where `bytes` are no JSON any more, with
    /// the values of those that are short strings.
    pub(crate) fn of(bytes: &'a [u8]) -> Vec<(String, Option<String>)> {
        let mut members = Self { bytes, depth: 0, start: 0, found: Vec::new() };
        // What was read before a fault stands.
        let _ = Lexer::default().push(bytes, mark_len(bytes), &mut members);
        members.found
    }

    fn string(&self, at: usize) -> Option<String> {
        let raw = &self.bytes[self.start..at];
        (raw.len() <= LONGEST).then(|| String::from_utf8_lossy(&text::unescape(raw)).into_owned())
    }
}

impl Events for Members<'_> {
    fn open(&mut self, _role: Role, at: usize) {
        self.start = at;
    }

    fn close(&mut self, role: Role, at: usize) {
        if self.depth != 1 || self.found.len() > MOST {
            return;
        }
        let text = self.string(at);
        match role {
            Role::Key => self.found.push((text.unwrap_or_default(), None)),
            Role::Value => self.found.last_mut().into_iter().for_each(|last| last.1.clone_from(&text)),
        }
    }

    fn enter(&mut self, _container: Container, _at: usize) {
        self.depth += 1;
    }

    fn leave(&mut self, _at: usize) {
        self.depth -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_the_end_is_read() {
        let members = Members::of(br#"{"a": "x", "b": {"c": "y"}, "d": 5, "e": "cut"#);
        let expected = [("a", Some("x")), ("b", None), ("d", None), ("e", None)];
        assert_eq!(members, expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))));
        assert!(Members::of(b"[\"a\"]").is_empty() && Members::of(b"").is_empty());
    }
}
