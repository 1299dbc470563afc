//! Words that people write where a secret should stand.
//!
//! A list of words is text, with a space between them.

/// Words a value may be made of, without being more than a dummy or a default.
const DUMMIES: &str = "a abc abcd access admin administrator api apikey app auth bar baz change changeit changeme client code \
    credential credentials database db default demo dev development docker dummy elastic example fake foo foobar \
    for grafana guest hello here hunter id in invalid is it key letmein local login mariadb master me minio \
    minioadmin mock mongo mongodb mssql my mysql name new no none not old oracle pass passphrase passw passwd \
    password pg pgsql postgres postgresql private prod production public pw pwd qwerty rabbit rabbitmq random real \
    redis root sa sample secret secrets secure server service some something sometoken staging string strong super \
    system temp test tester testing the this tmp token top use user username vagrant value very weak welcome \
    wordpress world wrong xxx your";

/// Words that stand for the user in an example of credentials.
const USERS: &str = "account dbuser foo id login me myuser myusername name someuser theuser u uname user user1 userid username usr \
    youruser yourusername";

/// Words that stand for the password in an example of credentials.
const PASSWORDS: &str = "bar baz dbpass dbpassword key mypass mypassword p pass pass1 passwd password passwort pw pwd secret \
    somepassword token userpass userpassword yourpass yourpassword";

/// The longest value that is looked at word by word.
const MAX_DUMMY: usize = 40;

/// Whether a list holds a word, which must be in lower case.
pub(super) fn holds(list: &str, word: &[u8]) -> bool {
    list.split(' ').any(|entry| entry.as_bytes() == word)
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
    let is = |list: &str, value: &[u8]| {
        let word: Vec<u8> =
            value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        holds(list, &word)
    };
    is(USERS, user) && is(PASSWORDS, password)
}

/// Whether a password is the word for one.
pub(super) fn is_word_for_password(password: &[u8]) -> bool {
    holds(PASSWORDS, &password.to_ascii_lowercase()) || password.eq_ignore_ascii_case(b"secret")
}

/// Returns the letters in lower case, with those that digits and signs stand for.
fn plain(value: &[u8]) -> Vec<u8> {
    let inner = value.trim_ascii();
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
        for word in DUMMIES.split(' ').filter(|word| letters[start..].starts_with(word.as_bytes())) {
            reached[start + word.len()] = true;
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
