//! The inside of JSON strings: plain runs, escapes, and writing them.

use std::borrow::Cow;

/// Returns how many of the first bytes are plain: no quote, backslash or control character.
pub(crate) fn plain(bytes: &[u8]) -> usize {
    // Eight bytes at once, and exact about the first that is not plain: a borrow
    // only reaches bytes behind one that has been found already.
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & TOPS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (idx, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found =
            below(word, 0x20) | below(word ^ (ONES * u64::from(b'"')), 1) | below(word ^ (ONES * u64::from(b'\\')), 1);
        if found != 0 {
            return idx * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + tail.unwrap_or(rest.len())
}

/// Returns what a backslash with this byte behind it stands for.
pub(crate) fn short_escape(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' | b'\\' | b'/' => byte,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// Returns the text that `raw` stands for between the quotes of a JSON string.
///
/// Half of a surrogate pair becomes three bytes that are not UTF-8. What is no
/// escape stays as it is.
pub fn unescape(raw: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let (mut at, mut follows) = (0, false);
    while at < raw.len() {
        let rest = &raw[at..];
        let escape = parse_escape(rest);
        match escape {
            Some((unit, len)) => {
                append(unit, follows, &mut out);
                at += len;
            }
            None => {
                let plain = memchr::memchr(b'\\', &rest[1..]).map_or(rest.len(), |plain| plain + 1);
                out.extend_from_slice(&rest[..plain]);
                at += plain;
            }
        }
        follows = escape.is_some();
    }
    Cow::Owned(out)
}

/// Reads the escape that stands first: its UTF-16 unit and its length.
fn parse_escape(rest: &[u8]) -> Option<(u16, usize)> {
    if rest.first() != Some(&b'\\') {
        return None;
    }
    if rest.get(1) == Some(&b'u') {
        let digits = std::str::from_utf8(rest.get(2..6)?).ok()?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return u16::from_str_radix(digits, 16).ok().filter(|_| all_hex).map(|unit| (unit, 6));
    }
    short_escape(*rest.get(1)?).map(|byte| (u16::from(byte), 2))
}

/// Appends `value` as it stands between the quotes of a JSON string, with no
/// more escapes than JSON demands.
///
/// Half of a surrogate pair, which a view holds as three bytes, becomes an
/// escape again; all other bytes stay as they are.
pub fn escape(value: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < value.len() {
        let rest = &value[at..];
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20 | 0xed)).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..plain]);
        at += plain;
        if plain < rest.len() {
            at += escape_one(&rest[plain..], out);
        }
    }
}

/// Escapes what stands first and returns how many bytes that were.
fn escape_one(rest: &[u8], out: &mut Vec<u8>) -> usize {
    let byte = rest[0];
    if let Some(unit) = surrogate(rest) {
        out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
        return 3;
    }
    match byte {
        0xed => out.push(byte),
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        8 => out.extend_from_slice(b"\\b"),
        12 => out.extend_from_slice(b"\\f"),
        _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    }
    1
}

/// Returns the half of a surrogate pair that these bytes start with, as WTF-8 writes it.
fn surrogate(bytes: &[u8]) -> Option<u16> {
    match bytes {
        [0xed, high @ 0xa0..=0xbf, low @ 0x80..=0xbf, ..] => {
            Some(0xd000 | u16::from(high & 0x3f) << 6 | u16::from(low & 0x3f))
        }
        _ => None,
    }
}

/// Appends the UTF-16 unit of an escape as UTF-8 and returns how many bytes of
/// the text it stands for now. The second half of a pair joins the first, which
/// must have come from an escape directly before it (`follows`).
pub(crate) fn append(unit: u16, follows: bool, out: &mut Vec<u8>) -> usize {
    let first = out.len().checked_sub(3).filter(|_| follows).and_then(|start| surrogate(&out[start..]));
    if let (Some(high @ 0xd800..0xdc00), 0xdc00..0xe000) = (first, unit) {
        out.truncate(out.len() - 3);
        let point = 0x10000 + (u32::from(high & 0x3ff) << 10 | u32::from(unit & 0x3ff));
        let character = char::from_u32(point).expect("a pair makes a character");
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return 4;
    }
    let start = out.len();
    match char::from_u32(u32::from(unit)) {
        Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            let [high, low] = [0x80 | (unit >> 6 & 0x3f), 0x80 | (unit & 0x3f)];
            out.extend([0xed, high as u8, low as u8]);
        }
    }
    out.len() - start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_runs_end_at_the_first_special_byte() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for at in 0..40 {
                let mut bytes = vec![b'a'; 40];
                bytes[at] = special;
                bytes[39] = b'"';
                assert_eq!(plain(&bytes), at, "{special}");
            }
        }
        assert_eq!(plain("é\u{7f}~!#[]^".as_bytes()), "é\u{7f}~!#[]^".len());
    }

    #[test]
    fn escapes_what_json_demands() {
        let mut out = Vec::new();
        escape(b"a\"\\\n\x01/\xed\xa0\x80\xed", &mut out);
        assert_eq!(out, b"a\\\"\\\\\\n\\u0001/\\ud800\xed");
    }

    #[test]
    fn unescapes_what_a_parser_would() {
        assert_eq!(
            *unescape(br#"a\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"#),
            *"a\"\\/\u{8}\u{c}\n\r\té\u{1f600}".as_bytes()
        );
        assert_eq!(*unescape(br"\ud800x\q\u12"), *b"\xed\xa0\x80x\\q\\u12");
    }

    #[test]
    fn halves_of_a_pair_join() {
        let mut out = Vec::new();
        assert_eq!(append(0xd83d, false, &mut out), 3);
        assert_eq!(append(0xde00, true, &mut out), 4);
        assert_eq!(out, "\u{1f600}".as_bytes());
        assert_eq!(append(0xde00, true, &mut out), 3, "a half alone stays one");
    }
}
