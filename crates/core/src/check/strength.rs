//! How much a value looks like a secret by itself.

use crate::check::name::Name;
use crate::check::pairs::are_of_words;
use crate::check::random::{Counts, distinct_signs, is_composed, is_random, reads_as_words};
use crate::check::words;
use crate::placeholder;

/// How much a value looks like a secret by itself.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Strength {
    /// A word, a number, or a name.
    Weak,
    /// Neither.
    Fair,
    /// Of several kinds of characters.
    Strong,
    /// As nobody would write it: random, or a thorough mix.
    Opaque,
}

pub(super) fn strength(secret: &[u8]) -> Strength {
    let counts = Counts::of(secret);
    let letters = counts.lower + counts.upper;
    let is_word = letters == secret.len() && letters < 8;
    let kinds = counts.classes() + usize::from(counts.other > 0);
    if letters == 0 || is_word || is_phrase(secret) || placeholder::is_mostly_sequence(secret) {
        return Strength::Weak;
    }
    if words::is_dummy(secret) && !is_disguised(secret) {
        // People meet the rules for passwords with a common word, a capital and a digit, or three digits.
        return if (kinds > 2 || counts.digits > 2) && secret.len() >= 8 { Strength::Fair } else { Strength::Weak };
    }
    if secret.len() > 12 && reads_as_words(secret) && distinct_signs(secret) < 5 {
        return Strength::Fair;
    }
    let is_mix = secret.len() >= 10 && counts.digits > 0 && letters > 2 && kinds > 2;
    let has_variety = counts.digits > 0 || secret.len() >= 24 || !are_of_words(secret);
    let is_opaque = ((is_random(secret) || is_mix) && has_variety && !is_composed(secret))
        || (secret.len() >= 12
            && letters > 2
            && distinct_signs(secret) >= 5
            && is_dense(secret, letters + counts.digits));
    match (is_opaque, (kinds > 1 && counts.digits > 0) || kinds > 2) {
        (true, _) => Strength::Opaque,
        (_, true) => Strength::Strong,
        _ => Strength::Fair,
    }
}

/// Whether a value is of letters and digits for a third, and of no white space.
fn is_dense(secret: &[u8], n_plain: usize) -> bool {
    n_plain * 3 >= secret.len() && !secret.iter().any(u8::is_ascii_whitespace)
}

/// Whether signs stand for letters within a word, a dollar sign for an `s`, as
/// people write who take a common word for a password.
fn is_disguised(secret: &[u8]) -> bool {
    let is_sign = |three: &[u8]| {
        matches!(three[1], b'@' | b'$' | b'0' | b'3' | b'5')
            && three[0].is_ascii_alphabetic()
            && three[2].is_ascii_alphabetic()
    };
    secret.len() >= 8 && secret.windows(3).any(is_sign)
}

/// Whether the value is several words of letters that are joined, as names of things are.
fn is_phrase(secret: &[u8]) -> bool {
    let is_hump = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    let is_camel = secret.iter().all(u8::is_ascii_alphabetic) && secret.windows(2).any(is_hump);
    if is_composed(secret) && (is_camel || Name::new(secret).is_of_secrets()) {
        return true;
    }
    let mut parts = secret.split(|byte| matches!(byte, b'-' | b'_' | b'.' | b' '));
    let (count, is_lower) = (parts.clone().count(), secret.iter().all(|byte| !byte.is_ascii_uppercase()));
    count > 1
        && (count > 2 && is_lower || reads_as_words(secret))
        && parts.all(|part| part.iter().all(u8::is_ascii_alphabetic))
}
