//! Tells what a machine drew at random from what a person wrote.

use crate::check::Outcome;
use crate::check::dice::Dice;
use crate::check::pairs;

/// The pairs of letters that make up more than half of English text, and of
/// identifiers made of English words.
const PAIRS: &[&[u8; 2]] = &[
    b"th", b"he", b"in", b"er", b"an", b"re", b"on", b"at", b"en", b"nd", b"ti", b"es", b"or", b"te", b"of", b"ed",
    b"is", b"it", b"al", b"ar", b"st", b"to", b"nt", b"ng", b"se", b"ha", b"as", b"ou", b"io", b"le", b"ve", b"co",
    b"me", b"de", b"hi", b"ri", b"ro", b"ic", b"ne", b"ea", b"ra", b"ce", b"li", b"ch", b"ll", b"be", b"ma", b"si",
    b"om", b"ur", b"ss", b"ow", b"ke", b"ey", b"us", b"pa", b"ta", b"la", b"tr", b"el", b"ec", b"am", b"ss", b"wo",
    b"rd", b"et", b"cr", b"ok",
];

/// For each first letter, the second letters of its common pairs as bits.
const COMMON: [u32; 26] = {
    let mut table = [0; 26];
    let mut idx = 0;
    while idx < PAIRS.len() {
        table[(PAIRS[idx][0] - b'a') as usize] |= 1 << (PAIRS[idx][1] - b'a');
        idx += 1;
    }
    table
};

/// Checks that the secret looks drawn at random.
pub(super) fn check(secret: &[u8]) -> Outcome {
    if is_random(secret) && !is_composed(secret) { Outcome::Neutral } else { Outcome::Drop }
}

/// Returns the secret with its letters and digits drawn anew, each from its own
/// kind, until it looks random. What comes before the last `_` or `-` stays.
pub(super) fn repair(secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    let prefix = secret.iter().rposition(|byte| matches!(byte, b'_' | b'-')).map_or(secret.len().min(4), |at| at + 1);
    let mut new = secret.to_vec();
    for _ in 0..32 {
        if is_random(&new) {
            return new;
        }
        for byte in &mut new[prefix..] {
            *byte = redraw(*byte, dice);
        }
    }
    new
}

/// Whether a value looks drawn at random by a machine.
///
/// Of a hundred random values of 16 letters and digits or more, at most one is refused.
pub(crate) fn is_random(value: &[u8]) -> bool {
    if is_hex(value) {
        return distinct(value) >= 8;
    }
    let counts = Counts::of(value);
    // Without a digit only a long mix of both cases is no word.
    let is_mix = counts.digits > 0 || (value.len() >= 16 && changes(value) * 4 >= value.len());
    is_mix
        && counts.classes() > 1
        && value.len() >= 8
        && distinct(value) >= value.len().min(24) / 3
        && !reads_as_words(value)
}

/// Whether the value is long hex, or a UUID.
fn is_hex(value: &[u8]) -> bool {
    let hex = value.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let hyphens = value.iter().filter(|byte| **byte == b'-').count();
    hex >= 32 && (hex == value.len() || (hyphens == 4 && value.len() == 36))
}

/// Whether letters form common pairs and kinds of characters seldom change, as in words.
pub(super) fn reads_as_words(value: &[u8]) -> bool {
    let (mut pairs, mut common) = (0, 0);
    for pair in value.windows(2) {
        let (first, second) = (pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase());
        if first.is_ascii_lowercase() && second.is_ascii_lowercase() {
            pairs += 1;
            common += (COMMON[usize::from(first - b'a')] >> (second - b'a') & 1) as usize;
        }
    }
    // Of random pairs one in ten is common, of English ones six in ten. Of few
    // pairs more must be, and digits must not outweigh them.
    pairs * 3 >= value.len() && common * 10 > 20 + pairs * 3 && changes(value) * 100 < value.len() * 40
}

/// Whether the value is composed of words and numbers as names and versions
/// are: `ecdsa-sha2-nistp256`, `defaultToConfig2`, `widget-1.4.2`.
pub(super) fn is_composed(value: &[u8]) -> bool {
    let is_part = |part: &[u8]| {
        let mut words = part.chunk_by(|before, next| !(before.is_ascii_digit() && next.is_ascii_uppercase()));
        let is_short = |word: &[u8]| word.iter().filter(|byte| byte.is_ascii_alphabetic()).count() < 4;
        let count = words.clone().count();
        let short = words.clone().filter(|word| is_short(word)).count();
        words.all(is_identifier) && (count < 2 || short < 2)
    };
    // Capitals and digits alone make up many a key of base32.
    value.iter().any(u8::is_ascii_lowercase)
        && value.split(|byte| b"-_./:+@#= ".contains(byte)).all(is_part)
        && (!has_humps(value) || pairs::are_of_words(value))
}

/// Whether a capital starts a word somewhere, as in camel case, and by chance in one of four pairs of drawn letters.
fn has_humps(value: &[u8]) -> bool {
    let is_hump =
        |pair: &[u8]| pair[1].is_ascii_uppercase() && (pair[0].is_ascii_lowercase() || pair[0].is_ascii_digit());
    value.windows(2).any(is_hump)
}

/// Whether the value is words in camel case with a number behind, or a number.
fn is_identifier(value: &[u8]) -> bool {
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let name = &value[..value.len() - digits];
    if name.is_empty() {
        return digits < 6;
    }
    let humps = || name.chunk_by(|before, next| !(before.is_ascii_lowercase() && next.is_ascii_uppercase()));
    let is_acronym = |hump: &&[u8]| {
        hump.len() > 2 && hump[1].is_ascii_uppercase() && hump.last().is_some_and(u8::is_ascii_lowercase)
    };
    let count = humps().count();
    let is_camel = name.len() >= 3 * count - 2 && name.len() <= 20 * count && humps().filter(is_acronym).count() < 2;
    digits < 5 && name.iter().all(u8::is_ascii_alphabetic) && is_camel
}

/// Returns how many different signs there are that seldom stand in names and paths.
pub(super) fn distinct_signs(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    let is_sign = |byte: &&u8| byte.is_ascii_punctuation() && !b"-_./:,".contains(byte);
    value.iter().filter(is_sign).filter(|byte| !std::mem::replace(&mut seen[usize::from(**byte)], true)).count()
}

/// Whether a value is drawn from letters, digits and so many signs that it is no text of any language.
pub(crate) fn is_jumble(value: &[u8]) -> bool {
    const SIGNS: usize = 4;
    !value.iter().any(u8::is_ascii_whitespace) && distinct_signs(value) >= SIGNS && is_random(value)
}

/// Returns how often the kind of character changes.
fn changes(value: &[u8]) -> usize {
    value.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count()
}

/// How many characters of each kind a value has.
pub(super) struct Counts {
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    pub(super) other: usize,
}

impl Counts {
    /// Counts the characters of a value.
    pub(super) fn of(value: &[u8]) -> Self {
        let count = |is: fn(&u8) -> bool| value.iter().filter(|byte| is(byte)).count();
        let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
        let digits = count(u8::is_ascii_digit);
        Self { lower, upper, digits, other: value.len() - lower - upper - digits }
    }

    /// Returns how many of lower case, upper case and digits are there.
    pub(super) fn classes(&self) -> usize {
        [self.lower, self.upper, self.digits].iter().filter(|count| **count > 0).count()
    }
}

/// Returns how many different bytes there are.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().filter(|byte| !std::mem::replace(&mut seen[usize::from(**byte)], true)).count()
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
}

fn redraw(byte: u8, dice: &mut Dice) -> u8 {
    match byte {
        b'a'..=b'f' => dice.pick(b"abcdef"),
        b'g'..=b'z' => dice.pick(b"ghijklmnopqrstuvwxyz"),
        b'A'..=b'F' => dice.pick(b"ABCDEF"),
        b'G'..=b'Z' => dice.pick(b"GHIJKLMNOPQRSTUVWXYZ"),
        b'2'..=b'7' => dice.pick(b"234567"),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::dice::ALNUM;
    use crate::check::tests::{outcome, repair_all};
    use crate::rule::Check;

    /// Returns how many of 10,000 random values of an alphabet are taken for random.
    fn share(alphabet: &[u8], len: usize) -> usize {
        let mut dice = Dice::new(len as u64);
        let mut draw = || (0..len).map(|_| dice.pick(alphabet)).collect::<Vec<u8>>();
        (0..10_000).filter(|_| check(&draw()) == Outcome::Neutral).count()
    }

    #[test]
    fn random_values_are_random() {
        for (alphabet, len) in [
            (ALNUM, 16),
            (ALNUM, 20),
            (ALNUM, 32),
            (ALNUM, 64),
            (&ALNUM[..36], 24),
            (b"abcdefghijklmnopqrstuvwxyz234567", 46),
        ] {
            let share = share(alphabet, len);
            assert!(share >= 9_900, "{share} of 10000 with {} characters of {}", len, alphabet.escape_ascii());
        }
        assert!(share(b"0123456789abcdef", 32) >= 9_990);
        assert!(share(&ALNUM[10..], 40) >= 9_800, "letters only, but long");
        assert!(is_random(b"3f2b8c1e-9d47-4a06-b5e3-71c8d2f0a964"));
    }

    #[test]
    fn words_are_not_random() {
        let words = [
            "getUserPasswordFromRequest1",
            "my_database_password_2",
            "application-secret-name1",
            "ThisIsAStringWithoutAnyMeaning",
            "org.springframework.boot1",
            "aaaaaaaaaaaaaaaaaaaaaaa1",
            "00000000000000000000000000000000",
            "password",
            "123456789012",
            "com-example-service-account-prod1",
            "SecretManagerServiceClient2",
        ];
        for word in words {
            assert!(!is_random(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn names_are_composed() {
        for name in
            ["ecdsa-sha2-nistp256", "defaultToConfig2", "widget-1.4.2", "AwsEc2VpcPeeringConnection", "withXSRFToken"]
        {
            assert!(is_composed(name.as_bytes()), "{name}");
        }
        for value in ["k3J9mQ2xR7vT", "s3cr3t-k3y", "kJmQxRvTwZbNcHjFdGsApLqE", "d07f3be95ac41862fd93"] {
            assert!(!is_composed(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_repaired_value_is_random_and_keeps_its_prefix() {
        let repaired = repair_all(Check::Random, b"crsr_passwordpasswordpassword12");
        assert_eq!(outcome(Check::Random, &repaired), Outcome::Neutral);
        assert!(repaired.starts_with(b"crsr_"));
    }
}
