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
    fn leaves_nothing_a_terminal_obeys() {
        assert_eq!(escape(b"a\x1b[31mb\r\n\xff"), "a\\u{1b}[31mb\\r\\n\\xff");
        assert_eq!(escape("x\u{202e}y\u{200b}z é 日".as_bytes()), "x\\u{202e}y\\u{200b}z é 日");
    }
}
