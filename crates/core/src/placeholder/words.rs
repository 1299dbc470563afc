//! Words that give a placeholder away.

use std::cmp::Ordering;

/// Returns the words, in lower case, that cannot stand in a token by chance and
/// start with this letter.
fn telling(first: u8) -> &'static [&'static [u8]] {
    match first {
        b'b' => &[b"baadf00d", b"blahblah"],
        b'c' => &[b"cafebabe", b"censored", b"changeit", b"changeme", b"change_me", b"change-me"],
        b'd' => &[b"deadbeef", b"donotuse", b"dummy"],
        b'e' => &[b"example", b"expired"],
        b'f' => &[b"fakefake", b"fixme", b"foobar", b"faketoken", b"fakekey", b"fakesecret"],
        b'g' => &[b"goeshere", b"goes_here", b"goes-here"],
        b'h' => &[b"hidden"],
        b'i' => &[b"insert", b"invalid", b"ipsum"],
        b'l' => &[b"lorem"],
        b'm' => &[b"masked"],
        b'n' => &[b"notareal", b"notreal", b"not_real", b"not-real", b"not_a_", b"not-a-"],
        b'o' => &[b"obfuscated"],
        b'p' => &[b"placeholder"],
        b'q' => &[b"qwerty"],
        b'r' => &[b"redacted", b"removed", b"replace", b"revoked"],
        b's' => &[b"sample"],
        b't' => &[b"testtest", b"thisisnot", b"thisisa", b"tokenhere"],
        b'u' => &[b"undefined"],
        b'x' => &[b"xxxx"],
        b'y' => &[b"your", b"yyyy"],
        b'z' => &[b"zzzz"],
        _ => &[],
    }
}

/// Words that make a value a placeholder where they stand between joints.
static DECISIVE: Lexicon = Lexicon::new(&[
    "abc123",
    "bar",
    "baz",
    "censored",
    "changeme",
    "dummy",
    "empty",
    "example",
    "expired",
    "fake",
    "fixme",
    "foo",
    "foobar",
    "hidden",
    "insert",
    "invalid",
    "ipsum",
    "lorem",
    "masked",
    "mock",
    "nil",
    "none",
    "notreal",
    "null",
    "placeholder",
    "qux",
    "redacted",
    "removed",
    "replace",
    "replaceme",
    "revoked",
    "sample",
    "tbd",
    "todo",
    "undefined",
    "xxx",
    "your",
    "yours",
    "yyy",
    "zzz",
]);

/// Words that make a value a placeholder when it has no other ones, and at least two.
static FILLERS: Lexicon = Lexicon::new(&[
    "a",
    "access",
    "account",
    "admin",
    "an",
    "and",
    "another",
    "api",
    "apikey",
    "app",
    "application",
    "auth",
    "aws",
    "azure",
    "bearer",
    "bot",
    "client",
    "code",
    "connection",
    "credential",
    "credentials",
    "custom",
    "database",
    "db",
    "default",
    "demo",
    "enter",
    "for",
    "from",
    "github",
    "go",
    "goes",
    "google",
    "here",
    "id",
    "in",
    "is",
    "it",
    "jwt",
    "key",
    "local",
    "long",
    "master",
    "me",
    "my",
    "name",
    "new",
    "not",
    "of",
    "old",
    "openai",
    "or",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "personal",
    "private",
    "project",
    "public",
    "put",
    "pw",
    "pwd",
    "random",
    "real",
    "secret",
    "secrets",
    "server",
    "service",
    "session",
    "set",
    "should",
    "slack",
    "some",
    "something",
    "string",
    "strong",
    "super",
    "test",
    "testing",
    "that",
    "the",
    "this",
    "to",
    "token",
    "use",
    "user",
    "username",
    "valid",
    "value",
    "very",
    "webhook",
    "with",
]);

/// Returns whether a telling word stands anywhere in a token, in one case
/// throughout or with a capital first.
///
/// In a long token even such a word may come up by chance, so there it must be
/// long as well.
pub(crate) fn holds_telling(token: &[u8]) -> bool {
    let least = if token.len() > 200 { 7 } else { 4 };
    (0..token.len()).any(|at| {
        let rest = &token[at..];
        telling(rest[0].to_ascii_lowercase()).iter().any(|word| word.len() >= least && is_there(rest, word))
    })
}

fn is_there(text: &[u8], word: &[u8]) -> bool {
    // Most texts differ in the second letter, which needs no call to tell.
    if text.len() < word.len() || text[1].to_ascii_lowercase() != word[1] {
        return false;
    }
    let found = &text[..word.len()];
    if !found.eq_ignore_ascii_case(word) {
        return false;
    }
    let tail = &found[1..];
    !tail.iter().any(u8::is_ascii_uppercase) || !found.iter().any(u8::is_ascii_lowercase)
}

/// Bytes of a placeholder that people write, at most: in longer values the words stand by chance.
const LONGEST: usize = 64;

/// Returns whether the words of a value, cut at its joints, make it a placeholder.
pub(super) fn is_made_of_fillers(value: &[u8]) -> bool {
    if value.len() > LONGEST {
        return false;
    }
    let (mut words, mut fillers) = (0, 0);
    for word in value.split(|byte| !byte.is_ascii_alphanumeric()).flat_map(humps).filter(|word| !word.is_empty()) {
        words += 1;
        if FILLERS.contains(word) {
            fillers += 1;
        } else if DECISIVE.contains(word) {
            return true;
        }
    }
    words > 1 && words == fillers
}

/// Cuts a word before each capital that follows a lower-case letter.
fn humps(word: &[u8]) -> impl Iterator<Item = &[u8]> {
    word.chunk_by(|before, next| !(before.is_ascii_lowercase() && next.is_ascii_uppercase()))
}

/// A sorted list of words, in lower case.
struct Lexicon {
    words: &'static [&'static str],
    /// For each first letter the lengths of its words as bits, by which most
    /// words are told to be missing.
    lengths: [u16; 26],
}

impl Lexicon {
    const fn new(words: &'static [&'static str]) -> Self {
        let mut lengths = [0; 26];
        let mut idx = 0;
        while idx < words.len() {
            let word = words[idx].as_bytes();
            lengths[(word[0] - b'a') as usize] |= 1 << word.len();
            idx += 1;
        }
        Self { words, lengths }
    }

    /// Looks a word up, whatever its case.
    fn contains(&self, word: &[u8]) -> bool {
        let letter = usize::from(word[0].to_ascii_lowercase().wrapping_sub(b'a'));
        let may_be = word.len() < 16 && self.lengths.get(letter).is_some_and(|lengths| lengths >> word.len() & 1 == 1);
        may_be && self.words.binary_search_by(|entry| compare(entry.as_bytes(), word)).is_ok()
    }
}

/// Compares a word of a list with one of any case.
fn compare(entry: &[u8], word: &[u8]) -> Ordering {
    entry.iter().copied().cmp(word.iter().map(u8::to_ascii_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_lower_case() {
        assert!(DECISIVE.words.is_sorted() && FILLERS.words.is_sorted());
        for first in 0..=255 {
            for word in telling(first) {
                assert_eq!((word[0], *word), (first, word.to_ascii_lowercase().as_slice()));
            }
        }
    }
}
