//! Words that people write where a secret should stand.
//!
//! A list of words is text, with a space between them.

/// Words a value may be made of, without being more than a dummy or a default.
static DUMMIES: Words = Words::new(
    "a abc abcd access adgangskode admin administrator api apikey app auth bar baz change changeit changeme clave client code \
    contrasena geheim geheimnis haslo heslo jelszo kennwort losenord motdepasse parola passord passwort salainen salasana senha sifre wachtwoord \
    credential credentials database db default demo dev development docker dummy elastic example fake foo foobar \
    for grafana guest hello here hunter id in invalid is it key letmein local login mariadb master me minio \
    minioadmin mock mongo mongodb mssql my mysql name new no none not old oracle pass passphrase passw passwd \
    password pg pgsql postgres postgresql private prod production public pw pwd qwerty rabbit rabbitmq random real \
    redis root sa sample secret secrets secure server service some something sometoken staging string strong super \
    system temp test tester testing the this tmp token top use user username vagrant value very weak welcome \
    wordpress world wrong xxx your",
);

/// Words that stand for the user in an example of credentials.
static USERS: Words = Words::new(
    "account dbuser foo id login me myuser myusername name someuser theuser u uname user user1 userid username usr \
    youruser yourusername",
);

/// Words that stand for the password in an example of credentials.
static PASSWORDS: Words = Words::new(
    "bar baz dbpass dbpassword key mypass mypassword p pass pass1 passwd password passwort pw pwd secret \
    somepassword token userpass userpassword yourpass yourpassword",
);

/// The longest value that is looked at word by word.
const MAX_DUMMY: usize = 40;

/// The most words of a list.
const MAX_WORDS: usize = 320;

/// A list of words in lower case, with a space between them.
pub(crate) struct Words {
    text: &'static str,
    /// The lengths of the words that start with a byte, as bits.
    lengths: [u32; 128],
    /// Where the words start in the text, in the order of their first bytes.
    places: [u16; MAX_WORDS],
    /// Where the words that start with a byte begin among the places.
    groups: [u16; 129],
}

impl Words {
    /// Makes a list of its text, when the program is compiled.
    ///
    /// # Panics
    ///
    /// Panics on a word of more than 31 bytes or beyond ASCII, and on more than [`MAX_WORDS`].
    pub(crate) const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let (mut lengths, mut places, mut groups) = ([0; 128], [0; MAX_WORDS], [0; 129]);
        let mut byte = 0;
        let mut n_words = 0;
        while byte < 128 {
            groups[byte] = n_words as u16;
            let mut at = 0;
            while at < bytes.len() {
                let len = word_len(bytes, at);
                if len > 0 && bytes[at] as usize == byte {
                    assert!(len < 32, "a word is short");
                    lengths[byte] |= 1 << len;
                    places[n_words] = at as u16;
                    n_words += 1;
                }
                at += len + 1;
            }
            byte += 1;
        }
        groups[128] = n_words as u16;
        Self { text, lengths, places, groups }
    }

    /// Whether the list holds a word, which must be in lower case.
    pub(crate) fn holds(&self, word: &[u8]) -> bool {
        if word.len() >= 32 || self.lengths_at(word) >> word.len() & 1 == 0 {
            return false;
        }
        let (text, first) = (self.text.as_bytes(), usize::from(word[0]));
        let group = usize::from(self.groups[first])..usize::from(self.groups[first + 1]);
        self.places[group].iter().any(|at| {
            let rest = &text[usize::from(*at)..];
            rest.starts_with(word) && matches!(rest.get(word.len()), None | Some(b' '))
        })
    }

    /// The words of the list.
    #[cfg(test)]
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> {
        self.text.split_ascii_whitespace()
    }

    /// The lengths of the words of the list that a text starts with.
    pub(super) fn prefixes<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let lengths = self.lengths_at(text);
        (1..32.min(text.len() + 1)).filter(move |len| lengths >> len & 1 != 0 && self.holds(&text[..*len]))
    }

    fn lengths_at(&self, word: &[u8]) -> u32 {
        word.first().and_then(|first| self.lengths.get(usize::from(*first))).copied().unwrap_or(0)
    }
}

/// The length of the word at a place of a list.
const fn word_len(text: &[u8], at: usize) -> usize {
    let mut len = 0;
    while at + len < text.len() && text[at + len] != b' ' {
        len += 1;
    }
    len
}

/// Whether a value is nothing but such words, digits and what joins them.
pub(super) fn is_dummy(value: &[u8]) -> bool {
    if value.len() > MAX_DUMMY {
        return false;
    }
    let letters = plain(value);
    letters.is_empty() || is_made_of_words(&letters)
}

/// Whether user and password are the words for them, as in documentation.
pub(super) fn is_dummy_pair(user: &[u8], password: &[u8]) -> bool {
    let is = |list: &Words, value: &[u8]| {
        let word: Vec<u8> =
            value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        list.holds(&word)
    };
    is(&USERS, user) && is(&PASSWORDS, password)
}

/// Whether a password is the word for one.
pub(super) fn is_word_for_password(password: &[u8]) -> bool {
    PASSWORDS.holds(&password.to_ascii_lowercase()) || password.eq_ignore_ascii_case(b"secret")
}

/// Returns the letters in lower case, with those that digits and signs stand for.
fn plain(value: &[u8]) -> Vec<u8> {
    let inner = value.trim_ascii();
    // A number in front is as little a part of the word as one behind it.
    let inner = &inner[inner.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
    let end = inner.iter().rposition(u8::is_ascii_alphabetic).map_or(0, |last| last + 1);
    let letter = |byte: &u8| match byte {
        b'@' => Some(b'a'),
        b'0' => Some(b'o'),
        b'$' => Some(b's'),
        b'3' => Some(b'e'),
        byte if byte.is_ascii_alphabetic() => Some(byte.to_ascii_lowercase()),
        // A byte beyond ASCII, and a digit between letters, belong to no word.
        byte if byte.is_ascii_digit() || !byte.is_ascii() => Some(b'?'),
        _ => None,
    };
    let mut letters: Vec<u8> = inner[..end].iter().filter_map(letter).collect();
    if inner[end..].iter().any(|byte| !byte.is_ascii()) {
        letters.push(b'?');
    }
    letters
}

/// Whether letters can be cut into words of the list.
fn is_made_of_words(letters: &[u8]) -> bool {
    let mut reached = vec![false; letters.len() + 1];
    reached[0] = true;
    for start in 0..letters.len() {
        if !reached[start] {
            continue;
        }
        for len in DUMMIES.prefixes(&letters[start..]) {
            reached[start + len] = true;
        }
    }
    reached[letters.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_what_joins_them_are_dummies() {
        for value in [
            "secret",
            "password123",
            "P@ssw0rd!",
            "123456",
            "my-secret",
            "testPassword",
            "changeme",
            "postgres",
            "super_secret_key",
        ] {
            assert!(is_dummy(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn other_values_are_no_dummies() {
        for value in ["hunter2k9", "s3cr3tS4uce", "correcthorse", "pass9word7x", "пароль", "tr0ub4dor&3"] {
            assert!(!is_dummy(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn pairs_of_documentation_are_known() {
        assert!(is_dummy_pair(b"user", b"password"));
        assert!(is_dummy_pair(b"your_username", b"your_password"));
        assert!(is_dummy_pair(b"foo", b"bar"));
        assert!(!is_dummy_pair(b"root", b"root"), "this opens many a database");
    }
}
