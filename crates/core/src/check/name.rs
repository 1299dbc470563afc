//! The names of variables, fields and options, word by word.

use crate::check::words::Words;

/// Words that promise a secret a person may have chosen.
static SECRET: Words = Words::new(
    "adgangskode clave contrasena credential credentials creds dbpass dbpassword haslo heslo kennwort keypass losenord \
    motdepasse mypassword parola pass passcode passe passphrase passwd password passwords passwort pepper pin psk \
    psw pswd pw pwd salasana salt secret secrets senha senord sifre sshpass storepass userpass userpassword wachtwoord",
);

/// Words that promise a secret a machine drew.
static TOKENS: Words = Words::new(
    "accesskey accesstoken apikey auth authkey authorization authtoken bearer cookie jwt pat privatekey secretkey \
    signingkey token tokens",
);

/// Words before `token` or `tokens` that make it no secret: places in lists, pieces of text, colours.
static OTHER_TOKENS: Words = Words::new(
    "action antiforgery cancel cancellation change continuation csrf cursor idempotency \
    input lock max next num output page paging pagination request scroll sync verification xsrf",
);

/// Words of which one must stand before `key` for it to promise a secret.
static KEYS: Words = Words::new(
    "access account api app application auth client consumer cookie crypt decryption encrypt encryption hmac jwt \
    licence license master private secret security service session shared sign signing storage subscription webhook",
);

/// Words before `key` or `keys` that make it a name of something else.
static OTHER_KEYS: Words = Words::new(
    "answer arrow badge bucket cache child class collection column composite config content data dict entity event \
    feature field file foreign gpg group hash header host hot i idempotency index instance item json label language \
    locale lookup map message meta metadata namespace node object option order parent partition path pgp pref primary project \
    property publishable query react redis registry resource room routing row s setting shortcut site sort ssh state \
    tag topic translation unique view widget",
);

/// Words that say of a name ending in them that it holds no secret.
static HARMLESS: Words = Words::new(
    "address age alg algo algorithm arn attempts attribute backend body builder callback caption char chars class column comment config \
    count date days description dialog dir directory email enabled encoding encryption endpoint engine env error exception exp expiration \
    expired expires expiry factory field fields file filename fingerprint flag form format func function group handler \
    checksum crc digest etag guid hash hashed header headers help helper hint href icon id ids image index info input issuer kind label length level limit link \
    list location manager max md message messages method min mode model module msg name names namespace num number page param \
    parameter params path pattern placeholder policy position prefix project prompt property provider question ref reference \
    regex region requirement requirements reset resource role rotation rule rules scheme scope selector service size source state \
    sha status store strength style suffix tag template text time timeout title tooltip ttl type types uri url usage \
    user username uuid valid validation validator version view warning",
);

/// Words for the state of a file or a repository, whose values look drawn at random.
static STATES: Words = Words::new("commit integrity md ref rev revision sri");

/// Words that may follow the one that decides.
static TRAILING: Words = Words::new(
    "again base64 confirm confirmation current default dev encoded live new old plain prod production raw repeat \
    repeated sandbox staging str string test val value variable",
);

/// Words that say of a secret that it opens nothing.
static UNREAL: Words = Words::new(
    "bad bogus broken dummy encrypted example expired fake incorrect invalid mismatched mock mocked nonexistent nonmatching placeholder \
    sample unmatched wrong",
);

/// Names of types, which may stand between a name and its value.
static TYPES: Words = Words::new("char const optional securestring str string text varchar");

/// What a name says about its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Promise {
    /// It is a secret, which a person may have chosen.
    Secret,
    /// It is a secret that a machine drew.
    Token,
    /// It may be one: a key of an unknown kind.
    Hint,
    /// Nothing.
    Nothing,
    /// It is none.
    Harmless,
}

/// Letters of a name, and words, beyond which it is cut.
const MAX_LETTERS: usize = 96;
const MAX_WORDS: usize = 24;

/// A name, as lower-case words.
///
/// Without memory of its own elsewhere, for one is read at each assignment.
#[derive(Clone, Copy)]
pub(super) struct Name {
    letters: [u8; MAX_LETTERS],
    /// Where each word ends among the letters.
    ends: [u8; MAX_WORDS],
    n_words: usize,
}

/// The words of a name.
struct NameWords<'a>([&'a [u8]; MAX_WORDS], usize);

impl<'a> std::ops::Deref for NameWords<'a> {
    type Target = [&'a [u8]];

    fn deref(&self) -> &Self::Target {
        &self.0[..self.1]
    }
}

impl Name {
    /// Reads the name that decides, from the text between the start of a match
    /// and its value: the last one, or if that says nothing the last that says secret.
    pub(super) fn before(text: &[u8]) -> Self {
        Self::deciding(text).0
    }

    /// The same, and what it says.
    pub(super) fn deciding(text: &[u8]) -> (Self, Promise) {
        let names = || text.split(|byte| !is_part(*byte)).filter(|name| !name.is_empty()).map(Self::new);
        let with_promise = |name: Self| (name, name.promise());
        let last = names().rfind(|name| !name.is_type()).map(with_promise);
        if let Some(last) = last.filter(|(_, promise)| *promise != Promise::Nothing) {
            return last;
        }
        let secret =
            names().map(with_promise).rfind(|(_, promise)| matches!(promise, Promise::Secret | Promise::Token));
        secret.or(last).unwrap_or_else(|| with_promise(Self::new(b"")))
    }

    /// Reads `key` and the word before it, from the text that ends before `key`.
    pub(super) fn spaced(before: &[u8]) -> Self {
        let text = before.strip_suffix(b" ").unwrap_or_default();
        let len = text.iter().rev().take_while(|byte| is_part(**byte)).count();
        Self::new(&[&text[text.len() - len..], b" key"].concat())
    }

    /// Splits a name at its joints and humps. Of a path only the last two parts
    /// say what the value is.
    pub(super) fn new(name: &[u8]) -> Self {
        let mut dots = memchr::memrchr_iter(b'.', name);
        let name = dots.nth(1).map_or(name, |dot| &name[dot + 1..]);
        let mut new = Self { letters: [0; MAX_LETTERS], ends: [0; MAX_WORDS], n_words: 0 };
        let (mut len, mut start) = (0, 0);
        for (idx, byte) in name.iter().enumerate() {
            let (before, next) = (idx.checked_sub(1).map(|idx| name[idx]), name.get(idx + 1));
            if starts_word(before, *byte, next.copied()) && len > start {
                new.end_word(len);
                start = len;
            }
            if byte.is_ascii_alphabetic() && len < MAX_LETTERS {
                new.letters[len] = byte.to_ascii_lowercase();
                len += 1;
            }
        }
        if len > start {
            new.end_word(len);
        }
        new
    }

    fn end_word(&mut self, at: usize) {
        if self.n_words < MAX_WORDS {
            self.ends[self.n_words] = at as u8;
            self.n_words += 1;
        }
    }

    fn words(&self) -> NameWords<'_> {
        let mut words = [&[][..]; MAX_WORDS];
        let mut start = 0;
        for (word, end) in words.iter_mut().zip(&self.ends[..self.n_words]) {
            *word = &self.letters[start..usize::from(*end)];
            start = usize::from(*end);
        }
        NameWords(words, self.n_words)
    }

    /// Whether the name ends in a word for what is no secret.
    pub(super) fn is_label(&self) -> bool {
        let all = self.words();
        let words = deciding(&all);
        words.last().is_some_and(|last| HARMLESS.holds(last) || STATES.holds(last)) && !is_secret_id(words)
    }

    /// Whether the name says that its value is for everybody to see.
    pub(super) fn is_public(&self) -> bool {
        is_public(&self.words())
    }

    /// Returns what the name says about its value.
    pub(super) fn promise(&self) -> Promise {
        let all = self.words();
        let words = deciding(&all);
        let Some(last) = words.last() else {
            return Promise::Nothing;
        };
        if is_public(&all)
            || is_other_token(words)
            || is_harmless_key(words)
            || matches!(words, [b"existing", .., b"secret"])
            || (HARMLESS.holds(last) && !is_secret_id(words))
        {
            return Promise::Harmless;
        }
        let any = |list: &Words| words.iter().any(|word| list.holds(word));
        match () {
            () if any(&SECRET) || ends_in_secret(last) => Promise::Secret,
            () if words.iter().any(|word| word.starts_with(b"passw") || word.starts_with(b"secret")) => Promise::Secret,
            () if any(&TOKENS) || words.windows(2).any(is_secret_key) || ends_in_any(last, &[b"token", b"apikey"]) => {
                Promise::Token
            }
            () if is_hint(words) => Promise::Hint,
            () => Promise::Nothing,
        }
    }

    /// Whether a value says the same as the name: its words, all or a part of them.
    pub(super) fn echoes(&self, value: &[u8]) -> bool {
        let value = Self::new(value);
        let (own, other) = (self.words(), value.words());
        let len = other.len();
        let is_part = len > 0 && len <= own.len() && own.windows(len).any(|words| words == &*other);
        // The name may also be all of the value but a word or two.
        let is_longer = own.len() > 1 && (own.len()..=own.len() + 2).contains(&len);
        let is_whole = is_longer && other.windows(own.len()).any(|words| words == &*own);
        is_part || is_whole || (len > 0 && other.concat() == own.concat())
    }

    /// Whether the name says that its value opens nothing: `wrongPassword`, `nonMatchingToken`.
    pub(super) fn is_unreal(&self) -> bool {
        let words = self.words();
        let is_negated =
            |pair: &[&[u8]]| pair[0] == b"non" && matches!(pair[1], b"existent" | b"existing" | b"matching");
        words.iter().any(|word| UNREAL.holds(word)) || words.windows(2).any(is_negated)
    }

    /// Whether several words name a kind of secret, as `signInPassword` does.
    pub(super) fn is_of_secrets(&self) -> bool {
        self.n_words > 1 && self.words().iter().any(|word| SECRET.holds(word) || TOKENS.holds(word))
    }

    fn is_type(&self) -> bool {
        matches!(&*self.words(), [word] if TYPES.holds(word))
    }
}

/// Whether the name ends in `key` and names a place rather than a secret, as `token_key` does.
fn is_harmless_key(words: &[&[u8]]) -> bool {
    let [.., before, last] = words else {
        return false;
    };
    let is_other = OTHER_KEYS.holds(before) || ((SECRET.holds(before) || TOKENS.holds(before)) && !KEYS.holds(before));
    matches!(*last, b"key" | b"keys") && is_other
}

/// Whether two words are `key` and what makes it a secret one.
fn is_secret_key(pair: &[&[u8]]) -> bool {
    matches!(pair[1], b"key" | b"keys") && KEYS.holds(pair[0])
}

/// Whether the name ends in `key` and nothing says what kind of key.
fn is_hint(words: &[&[u8]]) -> bool {
    match words {
        [.., _, last] => last.ends_with(b"key") || matches!(*last, b"keys" | b"api" | b"private"),
        [only] => only.len() > 3 && only.ends_with(b"key"),
        _ => false,
    }
}

/// Whether the name says that everybody may know the value.
fn is_public(words: &[&[u8]]) -> bool {
    let holds = |word: &[u8]| words.contains(&word);
    words.iter().any(|word| matches!(*word, b"public" | b"pub" | b"pubkey"))
        || ((holds(b"csrf") || holds(b"xsrf")) && !holds(b"secret") && !holds(b"key"))
        || (holds(b"vapid") && !holds(b"private"))
}

/// The words without those that may follow the one that decides.
fn deciding<'a, 'b>(words: &'b [&'a [u8]]) -> &'b [&'a [u8]] {
    let trailing = words.iter().rev().take_while(|word| TRAILING.holds(word) || word.len() == 1).count();
    &words[..words.len() - trailing]
}

/// Whether the name is `secret_id`, which is a secret of Vault, although ids are none.
fn is_secret_id(words: &[&[u8]]) -> bool {
    matches!(words, [.., b"secret", b"id"])
}

/// Whether the name ends in `token` and what makes it no secret.
fn is_other_token(words: &[&[u8]]) -> bool {
    matches!(words, [.., b"token", b"data"])
        || matches!(words, [.., before, last] if matches!(*last, b"token" | b"tokens") && OTHER_TOKENS.holds(before))
}

/// Whether a word without joints ends in one for a password: `mysqlpw`, `SMTPPASS`.
fn ends_in_secret(word: &[u8]) -> bool {
    let is_pass = ends_in_any(word, &[b"pass"])
        && !ends_in_any(word, &[b"bypass", b"compass", b"overpass", b"surpass", b"trespass", b"underpass"]);
    is_pass
        || (word.len() <= 8 && ends_in_any(word, &[b"pw"]))
        || ends_in_any(word, &[b"password", b"passwd", b"passwort", b"passphrase", b"secret", b"pwd"])
}

fn ends_in_any(word: &[u8], ends: &[&[u8]]) -> bool {
    ends.iter().any(|end| word.ends_with(end))
}

/// Whether a word of a name starts with this byte.
fn starts_word(before: Option<u8>, byte: u8, next: Option<u8>) -> bool {
    let after_letter = before.is_some_and(|before| before.is_ascii_alphabetic());
    let is_hump = byte.is_ascii_uppercase() && before.is_some_and(|before| before.is_ascii_lowercase());
    let ends_capitals = byte.is_ascii_uppercase() && next.is_some_and(|next| next.is_ascii_lowercase());
    !after_letter || is_hump || ends_capitals
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assign::may_tell;
    use crate::rule::NAME_WORDS;

    #[test]
    fn names_are_split_at_joints_and_humps() {
        let words = |name: &str| Name::new(name.as_bytes()).words().join(&b' ');
        assert_eq!(words("dbPassword1"), b"db password");
        assert_eq!(words("AWS_SECRET-accessKey"), b"aws secret access key");
        assert_eq!(words("APIKeyV2"), b"api key v");
    }

    #[test]
    fn names_that_promise_a_secret() {
        for name in [
            "password",
            "DB_PASSWORD",
            "userPassword1",
            "PASSWORD_DEFAULT",
            "passwordConfirm",
            "secretAccessKey",
            "mysqlpassword",
            "mysqlpw",
            "SMTPPASS",
            "db_pw",
            "wachtwoord",
            "csrf_secret",
        ] {
            assert_eq!(Name::new(name.as_bytes()).promise(), Promise::Secret, "{name}");
        }
        for name in ["api_key", "auth-token", "githubToken", "JWT"] {
            assert_eq!(Name::new(name.as_bytes()).promise(), Promise::Token, "{name}");
        }
        assert_eq!(Name::new(b"acme_key").promise(), Promise::Hint);
    }

    #[test]
    fn every_word_that_promises_may_tell() {
        for word in SECRET.words().chain(TOKENS.words()) {
            assert!(NAME_WORDS.iter().any(|part| word.contains(part)) || may_tell(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn names_that_promise_none() {
        for name in [
            "password_field",
            "tokenType",
            "secret_name",
            "passwordHash",
            "public_key",
            "token_key",
            "api_key_id",
            "PASSWORD_RESET_URL",
            "auth_header",
            "NextToken",
            "cacheKey",
            "existingSecret",
            "SECRET_MANAGER_PROJECT",
            "password_encryption",
            "secret_engine",
            "password_md5",
            "tokenData",
        ] {
            assert_eq!(Name::new(name.as_bytes()).promise(), Promise::Harmless, "{name}");
        }
        for name in ["colour", "compass", "bypass"] {
            assert_eq!(Name::new(name.as_bytes()).promise(), Promise::Nothing, "{name}");
        }
    }

    #[test]
    fn the_name_before_a_value_is_the_one_that_decides() {
        for text in [
            "password: str = \"",
            "private String dbPassword = \"",
            "\"password\": \"",
            "obj['password'] = '",
            "--password ",
            "setPassword(\"",
        ] {
            assert_eq!(Name::before(text.as_bytes()).promise(), Promise::Secret, "{text}");
        }
    }

    #[test]
    fn labels_name_no_secret() {
        let is_label = |name: &str| Name::new(name.as_bytes()).is_label();
        assert!(is_label("ACME_CLIENT_ID") && is_label("acmeUrl") && is_label("md5") && is_label("rev"));
        assert!(!is_label("acme_key") && !is_label("secret_id") && !is_label("acme"));
    }

    #[test]
    fn a_value_may_echo_its_name() {
        let name = Name::new(b"DB_PASSWORD");
        assert!(name.echoes(b"password") && name.echoes(b"dbPassword") && name.echoes(b"db"));
        assert!(!name.echoes(b"password1x9z") || name.echoes(b"password"));
        assert!(!name.echoes(b"hunter"));
    }
}
