//! What may part the digits of one encoded text: the end of a line, written out
//! or escaped, with an indent or a comment's mark, or of a string literal.

/// Bytes of a joiner, at most.
const LONGEST: usize = 200;

/// Returns the place behind a joiner that starts at `at`, if more text follows.
pub(super) fn skip(bytes: &[u8], at: usize) -> Option<usize> {
    let end = bytes.len().min(at + LONGEST);
    let (mut idx, mut n_quotes, mut broken) = (at, 0, false);
    while idx < end {
        match bytes[idx] {
            b' ' | b'\t' => {}
            b'\n' | b'\r' => broken = true,
            b'\\' => {
                let escaped = bytes.get(idx + 1)?;
                match escaped {
                    b'n' | b'r' | b'\n' | b'\r' => broken = true,
                    b't' => {}
                    b'"' | b'\'' => n_quotes += 1,
                    b'\\' if idx + 2 < end => {
                        idx += 1;
                        continue;
                    }
                    _ => return None,
                }
                idx += 1;
            }
            b'"' | b'\'' | b'`' => n_quotes += 1,
            b'+' | b'.' | b',' | b'&' if n_quotes == 1 => {}
            b'#' | b'>' | b'*' | b'|' if broken && n_quotes == 0 => {}
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_') => {
                let joins = n_quotes == 2 || n_quotes == 0 && broken;
                return joins.then_some(idx);
            }
            _ => return None,
        }
        idx += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_string_literals_are_joined() {
        for joiner in
            ["\n", "\r\n\t  ", "\\n", "\\r\\n", "\\\\n", "\n# ", "\" +\n  \"", "' . '", "\\n\" \\\n \"", "\",\n  \""]
        {
            let text = format!("abc{joiner}def");
            assert_eq!(skip(text.as_bytes(), 3), Some(3 + joiner.len()), "{joiner:?}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for joiner in [" ", "=", "\n=", "\"", ": \"", "\n\n\"", "\" + x + \"", "\\x", "", "\n"] {
            let text = format!("abc{joiner}");
            assert_eq!(skip(text.as_bytes(), 3), None, "{joiner:?}");
        }
        assert_eq!(skip(&[b'\n'; 1000], 0), None);
    }
}
