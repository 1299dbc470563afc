//! The names of files as diffs write them.

/// The name that stands for no file.
pub(super) const NOTHING: &[u8] = b"/dev/null";

/// Letters of the prefixes git puts before names: a, b, and with
/// `diff.mnemonicPrefix` commit, index, work tree, object, and 1, 2.
const LETTERS: &[u8] = b"abciow12";

/// Returns the name behind `--- `, `+++ ` or `rename to `: in quotes, or up to a
/// tab, behind which stands a time or a revision.
pub(super) fn parse(text: &[u8]) -> Vec<u8> {
    if let Some((name, _)) = unquote(text) {
        return name;
    }
    let end = memchr::memchr(b'\t', text).unwrap_or(text.len());
    text[..end].to_vec()
}

/// Reads a name in quotes, as in C, and returns what stands behind it.
fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        match byte {
            b'"' => return Some((name, rest)),
            b'\\' => rest = unescape(rest, &mut name)?,
            _ => name.push(*byte),
        }
    }
}

/// Reads what stands behind a backslash.
fn unescape<'a>(text: &'a [u8], name: &mut Vec<u8>) -> Option<&'a [u8]> {
    if let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] = text {
        name.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
        return Some(rest);
    }
    let (byte, rest) = text.split_first()?;
    name.push(match byte {
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        _ => *byte,
    });
    Some(rest)
}

/// Returns the two names behind `diff --git `.
///
/// Without quotes a space may be part of a name or stand between the two. They
/// differ in their prefixes only, unless a file was renamed, which other lines tell.
pub(super) fn pair(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    if let Some((old, rest)) = unquote(text) {
        return Some((old, parse(rest.strip_prefix(b" ")?)));
    }
    let middle = text.len() / 2;
    let (old, new) = (text.get(..middle)?, text.get(middle + 1..)?);
    let is_same = text.len() % 2 == 1 && text[middle] == b' ' && (old == new || body(old) == body(new));
    if is_same {
        return Some((old.to_vec(), new.to_vec()));
    }
    let at = memchr::memmem::rfind(text, b" \"").or_else(|| memchr::memmem::rfind(text, b" b/"))?;
    Some((text[..at].to_vec(), parse(&text[at + 1..])))
}

fn body(name: &[u8]) -> Option<&[u8]> {
    prefix(name).map(|_| &name[2..])
}

/// Returns the letter of a prefix.
fn prefix(name: &[u8]) -> Option<u8> {
    match name {
        [letter, b'/', _, ..] if LETTERS.contains(letter) => Some(*letter),
        _ => None,
    }
}

/// Returns the new name without the prefix git puts before it.
///
/// The prefixes of the two names differ, so that a folder that happens to be
/// called `b` is left in its place.
pub(super) fn strip<'a>(old: &[u8], new: &'a [u8], git: Option<(&[u8], &[u8])>) -> &'a [u8] {
    let is_prefixed = match (prefix(old), prefix(new)) {
        (Some(old), Some(new)) => old != new,
        (None, Some(letter)) if old == NOTHING || old.is_empty() => match git {
            Some((old, new)) => prefix(old) != prefix(new),
            None => matches!(letter, b'a' | b'b'),
        },
        _ => false,
    };
    if is_prefixed { &new[2..] } else { new }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_quotes_and_what_follows_a_tab() {
        assert_eq!(parse(b"b/a b.txt\t2024-01-01 00:00:00"), b"b/a b.txt");
        assert_eq!(parse(br#""b/\303\244\t\"x\"\\""#), "b/ä\t\"x\"\\".as_bytes());
        assert_eq!(parse(b"\"open"), b"\"open");
        assert_eq!(parse(b"\"bad \\"), b"\"bad \\");
    }

    #[test]
    fn splits_the_line_of_git() {
        let pair =
            |text: &str| pair(text.as_bytes()).map(|(old, new)| (String::from_utf8(old), String::from_utf8(new)));
        let names = |old: &str, new: &str| Some((Ok(old.to_owned()), Ok(new.to_owned())));
        assert_eq!(pair("a/x b/x"), names("a/x", "b/x"));
        assert_eq!(pair("a/x b/y b/x b/y"), names("a/x b/y", "b/x b/y"));
        assert_eq!(pair("b/x b/x"), names("b/x", "b/x"));
        assert_eq!(pair(r#""a/\t" "b/\t""#), names("a/\t", "b/\t"));
        assert_eq!(pair("a/long b/x"), names("a/long", "b/x"));
        assert_eq!(pair(""), None);
    }

    #[test]
    fn strips_what_git_puts_before_a_name_and_nothing_else() {
        let stripped = |old: &str, new: &'static str| {
            String::from_utf8_lossy(strip(old.as_bytes(), new.as_bytes(), None)).into_owned()
        };
        assert_eq!(stripped("a/x", "b/x"), "x");
        assert_eq!(stripped("i/x", "w/x"), "x");
        assert_eq!(stripped("b/x", "b/x"), "b/x");
        assert_eq!(stripped("/dev/null", "b/x"), "x");
        assert_eq!(stripped("old/x", "new/x"), "new/x");
        assert_eq!(strip(NOTHING, b"b/x", Some((b"b/x", b"b/x"))), b"b/x");
        assert_eq!(strip(NOTHING, b"b/b/x", Some((b"a/b/x", b"b/b/x"))), b"b/x");
    }
}
