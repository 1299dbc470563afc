//! Copies of a secret in base64 and hex, which give it away as well.

use super::digits::{bytes_of, nibble, sextet};
use crate::span::Span;

/// The least length of a run of digits that is decoded.
const RUN: usize = 12;

/// Returns the runs of base64 and hex digits in a text that stand for bytes of
/// which `is_known` knows, whatever else they stand for.
pub fn encoded_copies(text: &[u8], is_known: impl Fn(&[u8]) -> bool) -> Vec<Span> {
    let mut spans = Vec::new();
    for (digit, base) in [(sextet as fn(u8) -> Option<u8>, 6), (nibble as fn(u8) -> Option<u8>, 4)] {
        for run in runs(text, digit) {
            let digits: Vec<u8> = text[run.range()].iter().filter_map(|byte| digit(*byte)).collect();
            // Where in the run a group of digits begins is not known.
            let groups = if base == 6 { 4 } else { 2 };
            if (0..groups).any(|skipped| is_known(&bytes_of(digits[skipped..].iter().copied(), base))) {
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

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        let knows = |bytes: &[u8]| bytes.windows(9).any(|window| window == b"known one");
        encoded_copies(text.as_bytes(), knows).iter().map(|span| &text[span.range()]).collect()
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
