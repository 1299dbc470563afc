//! Tells words from drawn letters by the pairs of letters in them.

/// How much more often each letter follows another in the words of names than in drawn
/// text, in quarters of a natural logarithm: a row for each first letter, a column for each second.
///
/// Counted in 10,352 names in camel case of the sources of this project's dependencies by
/// `leaktight-bench pairs`, which also says how far it is right: above -12 are 99 % of names
/// that it was not made of, and 7 % of values of 16 letters and digits.
#[rustfmt::skip]
static SCORES: [[i8; 26]; 26] = [
    [-8, 3, 5, 4, -10, -2, 3, -10, 2, -14, -2, 8, 4, 7, -15, 4, -12, 8, 5, 10, -1, -4, -2, -6, 2, -9],
    [1, -7, -5, -10, 0, -8, -15, -18, 3, -6, -18, 4, -11, -16, 1, -16, -14, -1, -6, -7, 2, -18, -16, -15, 1, -16],
    [5, -7, -3, -8, 6, -11, -16, 5, 1, -8, 4, 1, -7, -12, 8, -5, -12, 0, -3, 6, 0, -8, -15, -18, -5, -15],
    [4, -9, -7, 0, 8, -5, -13, -8, 5, -12, -15, -4, -12, -10, 0, -9, -14, 0, -1, -6, 0, -10, -6, -14, -7, -16],
    [5, -4, 6, 8, 1, 2, 1, -9, -4, -12, -3, 4, 4, 9, -3, 0, 0, 12, 8, 6, -8, 0, -4, 6, -3, -12],
    [1, -8, -8, -4, 1, 9, -11, -18, 4, -18, -10, 4, -7, -5, 4, -12, -15, -1, -2, -2, -3, -12, -13, -14, -9, -15],
    [-3, -9, -16, -14, 4, -16, -6, -1, 0, -18, -16, -4, -8, 0, -5, -15, -16, -1, 1, -4, -2, -14, -13, -16, -5, -11],
    [4, -16, -15, -15, 4, -12, -18, -14, 0, -14, -18, -12, -6, -12, 1, -16, -14, -2, -5, -1, -4, -14, -13, -16, -9, -16],
    [3, -3, 5, 4, 3, 1, 4, -18, -4, -15, -8, 5, 4, 10, 6, 0, -11, 0, 4, 8, -15, 1, -15, -1, -15, 2],
    [-7, -18, -12, -14, -6, -18, -15, -14, -7, -18, -8, -18, -18, -16, -5, -16, -15, -15, -8, -15, -8, -15, -18, -18, -16, -15],
    [-5, -15, -10, -6, 4, -15, -14, -14, 0, -18, -16, -14, -18, -6, -12, -14, -15, -14, -4, -7, -8, -14, -12, -18, -15, -16],
    [5, -6, -12, 2, 8, -6, -10, -14, 7, -16, -8, 4, -12, -16, 6, -3, -18, -12, -2, 1, 2, -10, -10, -18, -3, -18],
    [7, 0, -11, -9, 7, -14, -15, -15, 2, -16, -14, -6, -2, -9, 2, 3, -18, -14, -2, -7, 0, -18, -18, -16, -4, -15],
    [5, -12, 4, 7, 7, 1, 6, -12, 3, -12, -1, -5, -7, 0, 4, -3, -14, -8, 4, 7, 3, 1, -11, -16, -3, -12],
    [-4, -3, 4, 4, -11, 1, -1, -14, -1, -7, -3, 3, 4, 9, 0, 4, -16, 9, 1, 2, 4, -2, 3, -5, -12, -15],
    [6, -9, -9, -7, 7, -12, -18, -1, -1, -16, -13, 3, -11, -12, 2, 0, -18, 6, -3, 3, 0, -7, -14, -16, -8, -14],
    [-16, -16, -14, -16, -12, -16, -15, -15, -16, -15, -16, -9, -16, -16, -15, -18, -16, -18, -14, -18, 1, -15, -15, -16, -18, -18],
    [8, -11, -1, 1, 9, -4, -1, -15, 7, -16, -3, -3, 1, 0, 8, -8, -14, 5, 5, 4, 0, -6, -8, -16, 3, -15],
    [-1, -8, 4, -11, 8, -8, -5, 2, 6, -16, -5, -2, -3, -7, 2, 2, -5, -9, 3, 9, 3, -11, -6, -16, 1, -9],
    [7, -10, -1, -7, 11, -4, -13, 4, 8, -18, -14, -3, -8, -10, 6, -2, -18, 7, 1, 2, 1, -14, -6, -9, 5, -7],
    [-1, -2, 1, -5, 3, -1, -4, -14, -1, -12, -15, 3, 3, 6, -5, 2, -16, 3, 2, 5, -14, -15, -16, -6, -15, -14],
    [5, -16, -12, -15, 5, -14, -16, -16, 1, -15, -16, -14, -13, -14, -11, -14, -18, -18, -11, -7, -16, -16, -15, -12, -15, -15],
    [-1, -16, -16, -15, 0, -18, -18, -4, 1, -14, -16, -9, -18, -3, -1, -12, -14, 0, -6, -12, -18, -18, -16, -15, -16, -18],
    [-6, -15, -5, -9, -3, -15, -18, -15, -7, -16, -16, -14, -12, -18, -7, 1, -16, -18, -15, 2, -13, -15, -15, -12, -9, -18],
    [-9, -6, -8, -14, -5, -14, -15, -13, -11, -18, -18, -4, -4, -3, -10, 2, -16, -10, -3, 0, -13, -16, -12, -18, -18, -12],
    [-10, -16, -14, -13, 4, -10, -18, -15, -9, -14, -18, -11, -18, -14, -2, -14, -14, -15, -13, -14, -14, -16, -14, -15, -10, -12],
];

/// The sum of scores above which letters are of words: a few odd pairs, as of acronyms, are forgiven.
const LEAST: i32 = -12;

/// Whether the letters of a value follow each other as in words rather than at random.
/// Where a hump starts a word, the pair says nothing.
pub(super) fn are_of_words(value: &[u8]) -> bool {
    let place = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
    let is_within = |pair: &&[u8]| {
        pair.iter().all(u8::is_ascii_alphabetic) && !(pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
    };
    let pairs = value.windows(2).filter(is_within);
    pairs.map(|pair| i32::from(SCORES[place(pair[0])][place(pair[1])])).sum::<i32>() > LEAST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_drawn_letters() {
        for words in ["defaultToConfig2", "AwsEc2VpcPeeringConnection", "withXSRFToken", "SecretManagerServiceClient"] {
            assert!(are_of_words(words.as_bytes()), "{words}");
        }
        for value in ["zfjuDqlbUvu6DSpod6TbwMHF1SXPAlbL", "VxhGsafhtGI9GpzMKdnS", "QqyukuZjH4FQ"] {
            assert!(!are_of_words(value.as_bytes()), "{value}");
        }
    }
}
