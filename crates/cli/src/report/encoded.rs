//! Copies of a secret in base64 and hex, which give it away as well.

use leaktight_core::Span;

/// The least length of a run of digits that is decoded.
const RUN: usize = 12;

/// Returns the runs of base64 and hex digits in a text that stand for bytes of which `is_known` knows.
pub(crate) fn spans(text: &[u8], is_known: impl Fn(&[u8]) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    for (digit, base) in [(sextet as fn(u8) -> Option<u8>, 6), (nibble as fn(u8) -> Option<u8>, 4)] {
        for run in runs(text, digit) {
            let digits: Vec<u8> = text[run.range()].iter().filter_map(|byte| digit(*byte)).collect();
            // Where in the run a group of digits begins is not known.
            let groups = if base == 6 { 4 } else { 2 };
            if (0..groups).any(|skipped| is_known(&decode(&digits[skipped..], base))) {
                spans.push(run);
            }
        }
    }
    spans
}

/// The longest runs of digits.
fn runs(text: &[u8], digit: fn(u8) -> Option<u8>) -> Vec<Span> {
    let mut runs = Vec::new();
    let mut start = 0;
    for end in 0..=text.len() {
        if text.get(end).is_some_and(|byte| digit(*byte).is_some()) {
            continue;
        }
        if end - start >= RUN {
            runs.push(Span::new(start, end));
        }
        start = end + 1;
    }
    runs
}

/// Digits of `base` bits each as bytes; what does not fill a byte is left out.
fn decode(digits: &[u8], base: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(digits.len());
    let (mut bits, mut n_bits) = (0_u32, 0);
    for digit in digits {
        bits = bits << base | u32::from(*digit);
        n_bits += base;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits & 0xff) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    bytes
}

/// A digit of base64, in either alphabet.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// A digit of hex.
fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let knows = |bytes: &[u8]| bytes.windows(9).any(|window| window == b"known one");
        spans(text.as_bytes(), knows).iter().map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn finds_copies_at_any_place_of_a_run() {
        for before in ["", "a", "ab", "abc?", "\u{3ff}\u{3ff}"] {
            let bytes = format!("{before}known one?>");
            let bytes = bytes.as_bytes();
            for run in [BASE64URL_NOPAD.encode(bytes), HEXLOWER.encode(bytes), HEXUPPER.encode(bytes)] {
                assert_eq!(found(&format!("x = {run}; y")), [run.as_str()], "{before}");
                assert_eq!(found(&run), [run.as_str()]);
            }
            let run = BASE64.encode(bytes);
            assert_eq!(found(&format!("\"{run}\"")), [run.trim_end_matches('=')]);
        }
        assert_eq!(found(&format!("0x{}", HEXLOWER.encode(b"known one"))), [HEXLOWER.encode(b"known one")]);
    }

    #[test]
    fn leaves_other_runs_alone() {
        assert!(found("known one in clear, c29tZXRoaW5nIGVsc2UgYWx0b2dldGhlcg==, 736f6d657468696e67").is_empty());
    }
}
