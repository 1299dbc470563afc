//! Tells a literal value from a reference, an expression, a name or prose.

use memchr::memmem;

use crate::check::Outcome;
use crate::check::dice::Dice;
use crate::check::forms::{is_element, is_format, is_media_type, is_package, is_state};
use crate::check::random::{Counts, is_composed, is_random, reads_as_words};
use crate::check::words::Words;
use crate::placeholder;

/// What a value starts with when it names a secret that stands elsewhere.
static REFERENCES: Words = Words::new(
    "!env !getatt !ref !secret !sub !unsafe !vault $ansible_vault @microsoft.keyvault @env: @keychain: akv:// arn:* arn:aws aws:secretsmanager \
    azurekeyvault config( config. config[ configuration[ data. each. enc( enc[ encrypted: env( env. env: env[ \
    gcp-sm:// getenv( import.meta keyring: keyvault: local. lookup( module. op:// os.environ os.getenv params. \
    process.env projects/ secret:// secretref: secrets. secrets[ secure: self. settings. sha256: sha512: sm:// ssm: system.getenv \
    this. valuefrom var. vars. vault( vault. vault/ vault: {cipher}",
);

/// Words of programming languages that stand for a value or its type.
static KEYWORDS: Words = Words::new(
    "any argument array ascii bool boolean bytes char const false function int integer latin-1 latin1 n/a na nan new nil none null nullptr number \
    object optional required return securestring self str string text this true undefined unknown utf-16 utf-8 utf8 varchar void yes",
);

/// What names of files end in.
static EXTENSIONS: Words = Words::new(
    "cfg conf crt css csv env go htm html ini java jks js json jsx key keystore lock log md p12 pem pfx php png \
    properties py rb sh sql svg toml ts tsx txt xml yaml yml",
);

/// Checks that the secret is a literal.
pub(super) fn check_literal(secret: &[u8]) -> Outcome {
    if is_literal(secret) { Outcome::Neutral } else { Outcome::Drop }
}

/// Checks that both cases of letters and a digit are there.
pub(super) fn check_mixed(secret: &[u8]) -> Outcome {
    if Counts::of(secret).classes() == 3 { Outcome::Neutral } else { Outcome::Drop }
}

/// Returns the secret with a letter of each case and a digit near its end.
pub(super) fn repair_mixed(secret: &[u8]) -> Vec<u8> {
    let mut new = secret.to_vec();
    if Counts::of(&new).classes() == 3 {
        return new;
    }
    let places = new.iter_mut().rev().filter(|byte| byte.is_ascii_alphanumeric());
    for (place, byte) in places.zip(*b"k7Q") {
        *place = byte;
    }
    new
}

/// Returns the secret, or letters and digits of its length when it is no literal.
pub(super) fn repair_literal(secret: &[u8], dice: &mut Dice) -> Vec<u8> {
    if is_literal(secret) && is_random(secret) {
        return secret.to_vec();
    }
    repair_mixed(&dice.text(secret.len()))
}

/// Whether a value stands for itself.
pub(super) fn is_literal(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    // What stands behind a percent sign is a place for a value to be printed, behind a backslash a sign.
    let is_printed = |at: usize| at > 0 && matches!(value[at - 1], b'%' | b'\\');
    let has_substance = value
        .iter()
        .enumerate()
        .any(|(at, byte)| (byte.is_ascii_alphanumeric() && !is_printed(at)) || !byte.is_ascii());
    has_substance
        && !is_binary(value)
        && !is_reference(value)
        && !is_keyword(value)
        && !is_expression(value)
        && !is_place(value)
        && !is_media_type(value)
        && !is_format(value)
        && !is_element(value)
        && !is_package(value)
        && !is_state(value)
        && !is_prose(value)
        && !is_constant(value)
        && !is_pattern(value)
        && !is_algorithm(value)
        && !is_ciphertext(value)
        && !is_note(value)
}

/// Whether the value is no text: it holds what controls a terminal, or much that is not UTF-8.
fn is_binary(value: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let foreign = value.iter().filter(|byte| !byte.is_ascii()).count();
    value.iter().any(is_control) || (foreign * 3 > value.len() && std::str::from_utf8(value).is_err())
}

/// Whether the value is replaced by another one before it is used.
fn is_reference(value: &[u8]) -> bool {
    let start: Vec<u8> = value.iter().take(24).map(u8::to_ascii_lowercase).collect();
    placeholder::is_template(value)
        || is_variable(value)
        || is_cut_template(value)
        || is_variable(without_escapes(value))
        || is_wrapped(value)
        || REFERENCES.prefixes(&start).next().is_some()
}

/// Whether the value is what another is taken for by default, up to its end: `-${NAME`.
fn is_cut_template(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"-").unwrap_or(value).strip_prefix(b"${");
    name.is_some_and(|name| name.iter().all(|byte| is_word(*byte)))
}

/// The value behind the escapes it starts with: `\\0$name`.
fn without_escapes(value: &[u8]) -> &[u8] {
    let mut rest = value;
    while let [b'\\', byte, behind @ ..] = rest
        && byte.is_ascii_alphanumeric()
    {
        rest = behind;
    }
    rest
}

/// Whether the value is a sign and a name: `$NAME`, `:name`, `&name`, `@name`, `%s`.
fn is_variable(value: &[u8]) -> bool {
    let [sign @ (b'$' | b':' | b'&' | b'@' | b'*' | b'%'), name @ ..] = value else {
        return false;
    };
    let name = name.strip_suffix(&[*sign]).unwrap_or(name);
    let is_name = |part: &[u8]| {
        part.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && part.iter().all(|byte| is_word(*byte))
    };
    match sign {
        b'$' => name
            .split(|byte| matches!(byte, b'.' | b'>' | b'-' | b'[' | b']' | b'\'' | b':' | b'$'))
            .all(|part| part.is_empty() || is_name(part)),
        // A password may well start with such a sign, but then seldom lacks digits.
        _ => is_name(name) && !name.iter().any(u8::is_ascii_digit),
    }
}

/// Whether the value stands in brackets, as in `<your key>`.
fn is_wrapped(value: &[u8]) -> bool {
    matches!(
        value,
        [b'<', .., b'>']
            | [b'{', .., b'}']
            | [b'[', .., b']']
            | [b'%', .., b'%']
            | [b'^', .., b'$']
            | [b'_', b'_', .., b'_', b'_']
            | [b'$', b'(', .., b')']
            | [b'$', b'{', .., b'}']
    )
}

/// Whether the value is a word of a language or the name of a type.
fn is_keyword(value: &[u8]) -> bool {
    let is = |word: &[u8]| KEYWORDS.holds(&word.to_ascii_lowercase());
    let word_end = value.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(value.len());
    let is_generic = value.ends_with(b">") && value.get(word_end) == Some(&b'<');
    let is_subscript = value.ends_with(b"]") && value.get(word_end) == Some(&b'[') && word_end > 0;
    is(value)
        || is_generic
        || is_subscript
        || (matches!(&value[word_end..], b"?" | b";" | b"," | b":") && is(&value[..word_end]))
}

/// Whether the value is a call or a chain of names.
fn is_expression(value: &[u8]) -> bool {
    let end = value
        .iter()
        .position(|byte| !is_word(*byte) && !matches!(byte, b'.' | b':' | b'>' | b'-' | b'?' | b'!'))
        .unwrap_or(value.len());
    let starts_name = value.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let is_call = value.get(end) == Some(&b'(')
        && end > 0
        && matches!(value.last(), Some(b')' | b'(' | b';' | b',' | b'"' | b'\'' | b'.'));
    // Padded base64 starts with a plus now and then.
    let is_cut = matches!(value, [b'+' | b'<', ..])
        && matches!(value.last(), Some(b'(' | b'+' | b'=' | b'>'))
        && !(value.ends_with(b"=") && is_random(value));
    let is_joined = matches!(value, [b'.', b'$', name @ .., b'.'] if name.iter().all(|byte| is_word(*byte)));
    let is_comparison = memmem::find(value, b"===").is_some() || memmem::find(value, b"!==").is_some();
    is_cut || is_joined || is_comparison || is_chain(value) || (starts_name && (is_call || is_arrow(value)))
}

/// Whether the value is names joined by dots, as in `settings.database.password`.
fn is_chain(value: &[u8]) -> bool {
    let is_name = |part: &[u8]| {
        let is_group = part.len() < 5 && part.starts_with(b"$");
        is_group || (!part.is_empty() && part.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_'))
    };
    let value = value.strip_prefix(b"@").unwrap_or(value);
    let mut parts = value.split(|byte| *byte == b'.').map(|part| part.strip_suffix(b"?").unwrap_or(part));
    value.contains(&b'.') && parts.all(is_name)
}

/// Whether the value is names joined by arrows or double colons.
fn is_arrow(value: &[u8]) -> bool {
    let joined = memmem::find(value, b"->").is_some() || memmem::find(value, b"::").is_some();
    joined && value.iter().all(|byte| is_word(*byte) || matches!(byte, b'-' | b'>' | b':' | b'.'))
}

/// Whether the value is a path, a URL that carries no credentials, or an address.
fn is_place(value: &[u8]) -> bool {
    if let Some(scheme) = memmem::find(value, b"://") {
        let rest = &value[scheme + 3..];
        let authority = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#')).next().unwrap_or_default();
        return value[..scheme].iter().all(|byte| is_word(*byte) || matches!(byte, b'+' | b'-' | b'.'))
            && !authority.contains(&b'@');
    }
    is_path(value) || is_page(value) || is_address(value) || is_selector(value) || is_date(value) || is_account(value)
}

/// Whether the value is an address of the web without its scheme: `//example.com/a.js`.
fn is_page(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"//") else { return false };
    let host = rest.split(|byte| *byte == b'/').next().unwrap_or_default();
    host.contains(&b'.')
        && rest.len() > host.len()
        && host.iter().all(|byte| is_word(*byte) || matches!(byte, b'.' | b'-' | b':'))
}

/// Whether the value is the address of an account or a contract of Ethereum.
fn is_account(value: &[u8]) -> bool {
    value.len() == 42 && value.starts_with(b"0x") && value[2..].iter().all(u8::is_ascii_hexdigit)
}

fn is_path(value: &[u8]) -> bool {
    // A file whose content is the value, as command lines have it.
    let value = value.strip_prefix(b"@").filter(|rest| rest.starts_with(b"/")).unwrap_or(value);
    let is_clear = [b"./".as_slice(), b"../", b"~/", b".\\", b"file:"].iter().any(|start| value.starts_with(start));
    let is_drive = matches!(value, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    let extension = memchr::memrchr(b'.', value).map(|dot| &value[dot + 1..]).unwrap_or_default();
    let is_file = EXTENSIONS.holds(extension) && value.len() > extension.len() + 1;
    let slashes = memchr::memchr_iter(b'/', value).count();
    let is_rooted = value.starts_with(b"/")
        && slashes > 1
        && value.iter().all(|byte| is_word(*byte) || matches!(byte, b'/' | b'.' | b'-' | b'@'));
    let is_rooted_deep = is_rooted && slashes > 2 && {
        let (folders, _) = value.split_at(memchr::memrchr(b'/', value).unwrap_or(0));
        folders.split(|byte| *byte == b'/').skip(1).all(|name| {
            name.len() > 1 && name.iter().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'-' | b'_'))
        })
    };
    is_clear || is_drive || is_file || is_rooted_deep || (is_rooted && (!is_random(value) || is_composed(value)))
}

/// Whether the value is a date, or starts with one and a time.
fn is_date(value: &[u8]) -> bool {
    let is_digit = |at: usize| value[at].is_ascii_digit();
    value.len() >= 10
        && (value.len() == 10 || matches!(value[10], b'T' | b' '))
        && value[4] == b'-'
        && value[7] == b'-'
        && [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(is_digit)
}

/// Whether the value names an element of a page or an action of a controller:
/// `#login-form`, `.token-field`, `users/tokens#show`.
fn is_selector(value: &[u8]) -> bool {
    let is_name = |part: &[u8]| {
        let mut words = part.split(|byte| matches!(byte, b'-' | b'_' | b'/' | b' '));
        words.all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_lowercase))
    };
    match value {
        [b'#' | b'.', name @ ..] => is_name(name) && (name.contains(&b'-') || reads_as_words(name)),
        _ => value.contains(&b'/') && value.split(|byte| matches!(byte, b'#' | b'@')).all(is_name),
    }
}

/// Whether the value is the address of a mailbox.
fn is_address(value: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', value) else {
        return false;
    };
    let (local, domain) = (&value[..at], &value[at + 1..]);
    let Some(dot) = memchr::memrchr(b'.', domain) else {
        return false;
    };
    let top = &domain[dot + 1..];
    let is_top = (2..=6).contains(&top.len()) && top.iter().all(u8::is_ascii_lowercase);
    let is_name =
        |part: &[u8]| !part.is_empty() && part.iter().all(|byte| is_word(*byte) || matches!(byte, b'.' | b'-' | b'+'));
    is_top && is_name(local) && is_name(&domain[..dot])
}

/// Parts of the names of algorithms and their parameters.
static ALGORITHMS: Words = Words::new(
    "aes aes128 aes192 aes256 argon2 argon2d argon2i argon2id base64 aws4 bcrypt blowfish cbc chacha20 ctr des ecdsa ed25519 \
    es256 gcm hmac hs256 hs384 hs512 md5 oaep padding pbkdf2 pkcs1 pkcs5 pkcs7 poly1305 ps256 rs256 rs384 rs512 rsa scram \
    scrypt sha sha1 sha224 sha256 sha384 sha512 siv xchacha20",
);

/// Whether the value names an algorithm: `scram-sha-256`, `pbkdf2:sha256:600000`.
fn is_algorithm(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| b"-_:/.$,".contains(byte)).filter(|part| !part.is_empty());
    let is_name = |part: &[u8]| ALGORITHMS.holds(&part.to_ascii_lowercase());
    value.len() < 48
        && parts.clone().any(is_name)
        && parts.all(|part| is_name(part) || part.iter().all(u8::is_ascii_digit))
}

/// Where people keep secrets, and what they call it.
static KEEPERS: Words = Words::new("1password bitwarden env keepass keychain lastpass onepassword passbolt sso vault");

/// Whether the value says where the secret is kept: `see-vault-2`, `from-env`, `in 1password`.
fn is_note(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| b"-_/ ".contains(byte)).filter(|part| !part.is_empty());
    let is_keeper = |part: &[u8]| KEEPERS.holds(&part.to_ascii_lowercase());
    let is_plain = |part: &[u8]| part.iter().all(u8::is_ascii_alphabetic) || part.len() == 1 || is_keeper(part);
    value.len() < 32 && parts.clone().count() > 1 && parts.clone().any(is_keeper) && parts.all(is_plain)
}

/// Whether the value was encrypted by a service that keeps the key: what AWS KMS and Google
/// Cloud KMS return starts so in base64, with the version and the length of what follows.
fn is_ciphertext(value: &[u8]) -> bool {
    let starts = |starts: &[&[u8]]| starts.iter().any(|start| value.starts_with(start));
    value.len() > 96 && starts(&[b"AQICAH", b"AQECAH", b"CiQA", b"CiUA"]) || starts(&[b"kms:", b"enc:", b"ENC:"])
}

/// Whether the value is a regular expression: it holds a class of letters or digits, as `[a-z]`
/// is, or a group that says what it is.
fn is_pattern(value: &[u8]) -> bool {
    if [b"(?:".as_slice(), b"(?P<", b"(?i)"].iter().any(|group| memmem::find(value, group).is_some()) {
        return true;
    }
    let Some(open) = memchr::memchr(b'[', value) else { return false };
    let class = &value[open + 1..];
    let class = &class[..memchr::memchr(b']', class).unwrap_or(0)];
    class.windows(3).any(|range| matches!(range, b"a-z" | b"A-Z" | b"0-9" | b"a-f" | b"A-F"))
}

/// Whether a text that is not all ASCII is prose: a label, a sentence of words, or one in a
/// script that sets no spaces.
fn is_foreign_prose(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let has_letters = text.chars().any(|c| !c.is_ascii() && c.is_alphabetic());
    // Kana, Han and Thai: a sentence is one word there, and a password is seldom so long.
    let is_dense = |c: &char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{e00}'..='\u{e7f}');
    let dense = text.chars().filter(is_dense).count();
    let is_mark = |c: char| matches!(c, '\'' | '’' | '-' | '(' | ')' | '"' | '«' | '»' | '/' | '`' | '.' | ',' | ':');
    let words = text.split_whitespace().count();
    let plain = text.split_whitespace().filter(|word| word.chars().all(|c| c.is_alphabetic() || is_mark(c))).count();
    (digits == 0 && has_letters) || (digits < 3 && dense >= 8) || (words > 2 && plain * 3 >= words * 2)
}

/// Whether the value is text: words with spaces, or a label in another script; or it ends where more is to follow.
fn is_prose(value: &[u8]) -> bool {
    if [b" or".as_slice(), b" and", b" not"].iter().any(|end| value.ends_with(end)) {
        return true;
    }
    if !value.is_ascii() {
        return std::str::from_utf8(value).is_ok_and(is_foreign_prose);
    }
    let is_plain = |word: &[u8]| {
        let end = word.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
        word.starts_with(b"%") && word.len() < 4
            || matches!(word, [b'{', .., b'}'])
            || word[..end].iter().all(|byte| {
                byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-' | b'(' | b'"' | b'/' | b'`' | b'.')
            })
    };
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let count = words.clone().count();
    let plain = words.by_ref().filter(|word| is_plain(word)).count();
    count > 1 && plain * 3 >= count * 2
}

/// Whether the value is a name in capitals, as constants and variables have, or the
/// number of one: `0x0000001f`.
fn is_constant(value: &[u8]) -> bool {
    if let [b'0', b'x' | b'X', digits @ ..] = value
        && digits.len() <= 8
        && digits.iter().all(u8::is_ascii_hexdigit)
    {
        return true;
    }
    let is_part = |part: &[u8]| {
        let letters = part.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        let digits = part.len() - letters;
        letters + digits.min(1) > 1 && digits < 3 && part[letters..].iter().all(u8::is_ascii_digit)
    };
    value.contains(&b'_') && value.split(|byte| *byte == b'_').filter(|part| !part.is_empty()).all(is_part)
}

/// Whether a byte may stand in a name.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{outcome, repair_all};
    use crate::rule::Check;

    #[test]
    fn literals_are_literals() {
        let values = [
            "hunter2",
            "Tr0ub4dor&3",
            "k3J9mQ2xR7vT4wZ1",
            "abc(123",
            "p@ss.w0rd",
            "$2b$10$abc",
            "correcthorsebattery",
            "a/b+c9Z8==",
            "text/k3J9_mQ2xR7",
            "S3cret!",
            concat!("mongodb://u:", "k3J9@db.corp.test/x"),
            "password",
            "Пароль123",
            "СекретныйПароль1",
            "@dm1n",
            "a{{b}c${d]e(f>}}",
            "A,.:-\u{a8}@*",
            "//k3J9/mQ2xR7.vT4",
            "k3J9mQ2x==",
            "MIXED_k3J9mQ",
            "pass w0rd!2 x9",
            "vault42",
            "sha-sum-k3J9",
            concat!("+UUBA/Lj9/9k3J9mQ2xR7", "vT4wZ1a8Qe0="),
        ];
        for value in values {
            assert!(is_literal(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn references_are_no_literals() {
        let values = [
            "${DB_PASS}",
            "$DB_PASS",
            "$db->password",
            "%DB_PASS%",
            "{{ secret }}",
            "<password>",
            "process.env.PASS",
            "os.environ['PASS']",
            "$(cat x)",
            "getenv('X')",
            "config.get('x')",
            "secrets.X",
            "vault:path#key",
            "op://vault/item/field",
            "ENC[AES256_GCM,data:x]",
            "{cipher}ab12",
            "!vault |",
            "var.db_password",
            ":password",
            "%s",
            "__PASS__",
            "#{pass}",
            "prefix-${x}",
            "-${JOB_TOKEN",
            "\\0$secret",
            "//cdn.acme.test/x9Kq2/7vR.js/3",
            "d===t?a:b9",
            "${PASS:=$2}",
            "arn:aws:secretsmanager:x",
            "$(date +%s | sha256sum | head -c 64)",
            "@/dev/stdin",
            "/var/run/docker/netns/7eab3f41823f",
            "0x0000001f",
            "application/vnd.acme.report",
            "image/svg+xml",
            ".$minLength.",
        ];
        for value in values {
            assert!(!is_literal(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn code_and_prose_are_no_literals() {
        let values = [
            "string",
            "None",
            "null",
            "getPassword()",
            "foo(",
            "settings.database.password",
            "@acme.build.Module",
            "style.$S2",
            "2024-03-05T10:20:30Z",
            "#login-form",
            "admin/users/tokens#show",
            "/docs/widget@2.1/start",
            "+encode(",
            "<input name=",
            "Foo::BAR",
            "self->pass",
            "String?",
            "Optional[str]",
            "/etc/ssl/private",
            "./key",
            "server.pem",
            "https://example.org/x",
            "me@corp.test",
            "Enter your password",
            "Passwort ändern",
            "Пароль",
            "Siden har mindst én overskrift på niveau 1",
            "Les valeurs d’aria-level sont valides",
            "要素に0より大きい見出しは存在しません",
            "{PH1} tokens",
            "%[a-f0-9]{2}",
            "[A-Za-z0-9._~+/-]+=*",
            ":(?P<version>.+)",
            "scram-sha-256",
            "pbkdf2:sha256:600000",
            "see-vault-2",
            "in 1password",
            "sha256:abc",
            "AWS4-HMAC-SHA256",
            "k3J9\u{1}mQ2xR7",
            concat!("0x6e119cf659707d4b7adc", "8f732191fa51820f079e"),
            "DB_PASSWORD",
            "",
            "***",
            "...",
        ];
        for value in values {
            assert!(!is_literal(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn both_cases_and_a_digit_are_mixed() {
        assert_eq!(outcome(Check::Mixed, b"aB3"), Outcome::Neutral);
        assert_eq!(outcome(Check::Mixed, b"ab3"), Outcome::Drop);
        assert_eq!(outcome(Check::Mixed, &repair_all(Check::Mixed, b"abcdefghijklm==")), Outcome::Neutral);
    }

    #[test]
    fn a_repaired_literal_is_one() {
        let repaired = repair_all(Check::Literal, b"process.env.SECRET");
        assert_eq!(repaired.len(), 18);
        assert_eq!(outcome(Check::Literal, &repaired), Outcome::Neutral);
    }
}
