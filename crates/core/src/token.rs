//! The shape of placeholders, the names that redaction leaves where secrets stood:
//! `LEAKTIGHT_<CLASS>_<TAG>`.
//!
//! A scan must know them, or what was redacted would be found again.

/// What every placeholder starts with.
pub const PREFIX: &str = "LEAKTIGHT_";
/// Characters of the tag, base32 without padding, which tells values apart.
pub const TAG: usize = 12;
/// Characters of the class, at most; a placeholder has at most 48 with it.
pub const CLASS: usize = 48 - PREFIX.len() - 1 - TAG;
/// Characters of a word of the class, at most: one less than a tag has, so that
/// the first word as long as a tag is the tag.
pub const WORD: usize = TAG - 1;

/// Returns the length of the placeholder that `text` starts with, if it does.
///
/// Its end follows from its own letters, whatever stands behind it.
pub fn len(text: &[u8]) -> Option<usize> {
    let class = text.strip_prefix(PREFIX.as_bytes())?;
    let mut rest = class;
    loop {
        let word = rest.iter().take(TAG).take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        if word == TAG {
            let n_class = class.len() - rest.len();
            let is_tag = rest[..TAG].iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
            return (is_tag && (2..=CLASS + 1).contains(&n_class)).then_some(PREFIX.len() + n_class + TAG);
        }
        // The prefix is no word of a class: what starts there is another placeholder.
        if word == 0 || rest.get(word) != Some(&b'_') || rest.starts_with(PREFIX.as_bytes()) {
            return None;
        }
        rest = &rest[word + 1..];
    }
}

/// Returns whether a value is made of placeholders only.
pub(crate) fn is_made_of(value: &[u8]) -> bool {
    let mut rest = value;
    while let Some(len) = len(rest) {
        rest = &rest[len..];
    }
    rest.is_empty() && !value.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_whole() {
        let one = "LEAKTIGHT_AWS_KEY_ABCDEFGHIJ27";
        assert_eq!(len(format!("{one}A").as_bytes()), Some(one.len()));
        assert!(is_made_of(format!("{one}{one}").as_bytes()));
        for text in ["", "LEAKTIGHT_", "xLEAKTIGHT_A_ABCDEFGHIJ27", "LEAKTIGHT_A_ABCDEFGHIJ27-more"] {
            assert!(!is_made_of(text.as_bytes()), "{text}");
        }
    }
}
