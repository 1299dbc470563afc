//! Base64 of either alphabet, padded or not.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

use crate::check::Outcome;
use crate::decode::{decode_base64, sextet};

/// Checks that the secret decodes.
pub(super) fn check(secret: &[u8]) -> Outcome {
    match decode(secret) {
        Some(bytes) if !bytes.is_empty() => Outcome::Neutral,
        _ => Outcome::Drop,
    }
}

/// Decodes base64 of either alphabet, even both at once, with or without padding.
///
/// Bits that stand for no byte may have any value.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let text = unpadded(text);
    let whole = text.len() % 4 != 1 && text.iter().all(|byte| is_digit(*byte));
    whole.then(|| decode_base64(text))
}

/// Returns the text without the `=` at its end, of which there may be two.
pub(super) fn unpadded(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"=").unwrap_or(text);
    text.strip_suffix(b"=").unwrap_or(text)
}

/// Encodes bytes in the alphabet of a sample, with the sample's padding.
pub(super) fn encode_like(bytes: &[u8], sample: &[u8]) -> Vec<u8> {
    let url = sample.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let mut text = if url { BASE64URL_NOPAD.encode(bytes) } else { BASE64_NOPAD.encode(bytes) }.into_bytes();
    text.extend_from_slice(&sample[unpadded(sample).len()..]);
    text
}

/// Whether a byte belongs to either alphabet.
pub(super) fn is_digit(byte: u8) -> bool {
    sextet(byte).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_that_is_no_base64_is_dropped() {
        assert_eq!(check(b"c2VjcmV0"), Outcome::Neutral);
        assert_eq!(check(b"c2Vjcm"), Outcome::Neutral);
        for text in [b"c2Vj m V0".as_slice(), b"c2Vjc", b"", b"=="] {
            assert_eq!(check(text), Outcome::Drop, "{}", text.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn decodes_what_it_encodes(bytes in proptest::collection::vec(any::<u8>(), 0..50), url in any::<bool>()) {
            let sample: &[u8] = if url { b"a-b" } else { b"ab" };
            prop_assert_eq!(decode(&encode_like(&bytes, sample)), Some(bytes));
        }
    }
}
