//! The names that stand where secrets stood.

use std::fmt;

use leaktight_core::Span;
use leaktight_core::token::{self, CLASS, PREFIX, TAG, WORD};
use memchr::memmem;

/// A name that stands where a secret stood: `LEAKTIGHT_<CLASS>_<TAG>`.
///
/// It has capital letters, digits and underscores only, so that it survives
/// JSON, shells, YAML, URLs and identifiers as it is. The class says what kind
/// of secret it stands for, and the tag which one, without telling anything of it.
///
/// Where one ends follows from its own letters, so that two may stand side by
/// side. It is told by its exact letters: one in lower case is no placeholder,
/// because it could not be put back the way it was.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Placeholder(String);

impl Placeholder {
    /// Returns the placeholder of a class, such as a rule's id, and a tag of twelve base32 characters.
    pub(super) fn new(class: &str, tag: &str) -> Self {
        Self(format!("{PREFIX}{}_{tag}", class_name(class)))
    }

    /// Reads a placeholder that is the whole of `bytes`.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let is_whole = token::len(bytes) == Some(bytes.len());
        is_whole.then(|| Self(String::from_utf8_lossy(bytes).into_owned()))
    }

    /// Returns the placeholder as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the class.
    pub fn class(&self) -> &str {
        &self.0[PREFIX.len()..self.0.len() - TAG - 1]
    }

    /// Returns where the placeholders of a text stand, known or not.
    pub fn find(text: &[u8]) -> impl Iterator<Item = Span> {
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let start = at + memmem::find(&text[at..], PREFIX.as_bytes())?;
                match token::len(&text[start..]) {
                    Some(len) => {
                        at = start + len;
                        return Some(Span::new(start, at));
                    }
                    None => at = start + 1,
                }
            }
        })
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Returns the name of a class in a placeholder: words of capital letters and digits.
fn class_name(class: &str) -> String {
    let words = class.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        let word = word[..word.len().min(WORD)].to_ascii_uppercase();
        if word == PREFIX.trim_end_matches('_') {
            continue;
        }
        let joined = name.len() + usize::from(!name.is_empty()) + word.len();
        if joined > CLASS {
            break;
        }
        if !name.is_empty() {
            name.push('_');
        }
        name.push_str(&word);
    }
    if name.is_empty() { "SECRET".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        Placeholder::find(text.as_bytes()).map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn classes_become_short_words() {
        assert_eq!(class_name("github-pat-classic"), "GITHUB_PAT_CLASSIC");
        assert_eq!(class_name("organisation-key"), "ORGANISATIO_KEY");
        assert_eq!(class_name("a-very-long-name-of-a-rule-indeed"), "A_VERY_LONG_NAME_OF_A");
        assert_eq!(class_name("-leaktight-"), "SECRET");
    }

    #[test]
    fn its_end_follows_from_its_letters() {
        let [one, two] = ["LEAKTIGHT_AWS_KEY_ABCDEFGHIJ27", "LEAKTIGHT_X_ZZZZZZZZZZZZ"];
        assert_eq!(found(&format!("x{one}{two}_{one}Y LEAKTIGHT_{two}")), [one, two, one, two]);
        assert_eq!(Placeholder::parse(one.as_bytes()).expect("one").class(), "AWS_KEY");
        assert!(Placeholder::parse(format!("{one}A").as_bytes()).is_none());
    }

    #[test]
    fn what_looks_different_is_none() {
        let long = format!("LEAKTIGHT_{}_ABCDEFGHIJKL", "ABC_".repeat(7));
        for text in [
            "LEAKTIGHT_ABCDEFGHIJKL",
            "LEAKTIGHT_A_ABCDEFGHIJK",
            "LEAKTIGHT_A_ABCDEFGHIJK1",
            "LEAKTIGHT__A_ABCDEFGHIJKL",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
        assert!(found(&long).is_empty() && found(&long.to_lowercase()).is_empty());
    }
}
