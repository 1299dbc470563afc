//! Text that is safe to print on a terminal.

use std::fmt::Write as _;
use std::path::Path;

/// Returns text from outside with everything a terminal, a log or a reader
/// could mistake made visible: control characters, invalid UTF-8, and the
/// characters that change the direction of text or take no space.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\t' => safe.push_str("\\t"),
                '\n' => safe.push_str("\\n"),
                '\r' => safe.push_str("\\r"),
                _ if c.is_control() || is_unseen(c) => {
                    let _ = write!(safe, "\\u{{{:x}}}", c as u32);
                }
                _ => safe.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(safe, "\\x{byte:02x}");
        }
    }
    safe
}

/// Returns a path as [`escape`] returns text.
pub(crate) fn escape_path(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

/// Returns a message about a file less what it quotes of it, escaped. A key is
/// quoted, a value is not: it may be a secret that was written in the wrong place,
/// and the message says where to look.
pub(crate) fn unquoted(message: &str) -> String {
    let mut safe = String::new();
    let mut rest = message;
    while let Some(start) = rest.find(['`', '"']) {
        let quote = &rest[start..=start];
        let Some(len) = end_of(&rest[start + 1..], quote) else { break };
        let inner = &rest[start + 1..][..len];
        let shown = if quote == "`" && is_name(inner) { inner } else { "…" };
        safe.push_str(&format!("{}{quote}{shown}{quote}", escape(&rest.as_bytes()[..start])));
        rest = &rest[start + len + 2..];
    }
    safe + &escape(rest.as_bytes())
}

/// Returns where quoted text ends, which may hold quotes behind a backslash.
fn end_of(text: &str, quote: &str) -> Option<usize> {
    text.match_indices(quote).map(|(at, _)| at).find(|at| quote == "`" || !text.as_bytes()[..*at].ends_with(b"\\"))
}

/// Whether text is a name as keys, rules and rule files have them, rather than a value.
fn is_name(text: &str) -> bool {
    let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./".contains(&byte);
    text.len() <= 48 && n_digits <= 2 && text.bytes().all(is_plain)
}

/// Characters that change how their neighbours are shown, or show nothing.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_names_and_no_values() {
        assert_eq!(
            unquoted("unknown field `exclud`, expected `exclude`"),
            "unknown field `exclud`, expected `exclude`"
        );
        assert_eq!(unquoted(r#"invalid type: string "a\"b", expected 1"#), r#"invalid type: string "…", expected 1"#);
        assert_eq!(unquoted("unknown variant `S3cretPart`"), "unknown variant `…`");
        assert_eq!(unquoted("odd `a\x1b"), "odd `a\\u{1b}");
    }

    #[test]
    fn leaves_nothing_a_terminal_obeys() {
        assert_eq!(escape(b"a\x1b[31mb\r\n\xff"), "a\\u{1b}[31mb\\r\\n\\xff");
        assert_eq!(escape("x\u{202e}y\u{200b}z é 日".as_bytes()), "x\\u{202e}y\\u{200b}z é 日");
    }
}
