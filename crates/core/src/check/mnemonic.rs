//! BIP-39 mnemonics.

use bip39::{Error, Language, Mnemonic};

use crate::check::Outcome;
use crate::check::dice::Dice;
use crate::placeholder;

/// The most words a mnemonic has.
const MAX_WORDS: usize = 24;

/// Checks the words of a mnemonic and their checksum.
pub(super) fn check(secret: &[u8]) -> Outcome {
    let Some(words) = words(secret) else {
        return Outcome::Drop;
    };
    let text = words.join(" ");
    if placeholder::is_documented(text.as_bytes()) {
        return Outcome::Drop;
    }
    match Mnemonic::parse_in_normalized(Language::English, &text) {
        Ok(_) if is_monotonous(&words) => Outcome::Low,
        Ok(_) => Outcome::Pass,
        Err(Error::InvalidChecksum) => Outcome::Low,
        Err(_) => Outcome::Drop,
    }
}

/// Returns a valid mnemonic of about as many words.
pub(super) fn repair(secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    let count = words(secret).map_or(12, |words| words.len());
    let entropy = dice.bytes((count / 3).clamp(4, 8) * 4);
    let Ok(mnemonic) = Mnemonic::from_entropy_in(Language::English, &entropy) else {
        return secret.to_vec();
    };
    mnemonic.words().collect::<Vec<_>>().join(" ").into_bytes()
}

/// Returns the words in lower case, whatever stands between them.
fn words(secret: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(secret).ok()?.to_ascii_lowercase();
    let words: Vec<String> =
        text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    (12..=MAX_WORDS).contains(&words.len()).then_some(words)
}

/// Whether the mnemonic is one word over and over, as test vectors are.
fn is_monotonous(words: &[String]) -> bool {
    let distinct = words.iter().enumerate().filter(|(idx, word)| !words[..*idx].contains(word)).count();
    distinct * 2 <= words.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{outcome, repair_all};
    use crate::rule::Check;

    #[test]
    fn a_mnemonic_holds_until_a_word_changes() {
        for count in [12, 15, 18, 21, 24] {
            let mnemonic = repair_all(Check::Bip39, "zoo ".repeat(count).as_bytes());
            let text = String::from_utf8(mnemonic).expect("it is made of English words");
            assert_eq!(text.split(' ').count(), count);
            assert_eq!(outcome(Check::Bip39, text.as_bytes()), Outcome::Pass);
            let mut words: Vec<&str> = text.split(' ').collect();
            words[0] = "notaword";
            assert_eq!(outcome(Check::Bip39, words.join(" ").as_bytes()), Outcome::Drop);
        }
    }

    #[test]
    fn words_in_a_wrong_order_are_low() {
        let mnemonic = repair_all(Check::Bip39, "zoo ".repeat(24).as_bytes());
        let text = String::from_utf8(mnemonic).expect("it is made of English words");
        let words: Vec<&str> = text.split(' ').rev().collect();
        assert_eq!(outcome(Check::Bip39, words.join("\n").as_bytes()), Outcome::Low);
    }

    #[test]
    fn test_vectors_are_dropped() {
        let abandon = format!("{}about", "abandon ".repeat(11));
        assert_eq!(outcome(Check::Bip39, abandon.as_bytes()), Outcome::Drop);
        let legal = concat!("legal winner thank year wave sausage", " worth useful legal winner thank yellow");
        assert_eq!(outcome(Check::Bip39, legal.as_bytes()), Outcome::Drop);
    }
}
