//! Forms of values that are no secret by themselves: what is filled in, looked up or named elsewhere.

use memchr::memmem;

use crate::check::Subject;
use crate::check::words::Words;

/// What media types begin with.
static MEDIA: Words = Words::new("application audio font image message model multipart text video");

/// Whether the value is a media type, as of RFC 6838: `application/vnd.acme.report+json`.
pub(super) fn is_media_type(value: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', value) else { return false };
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b".+-".contains(byte);
    MEDIA.holds(&value[..slash].to_ascii_lowercase())
        && value.get(slash + 1).is_some_and(u8::is_ascii_alphabetic)
        && value[slash + 1..].iter().all(is_part)
}

/// Whether the value is the format of another one: `{host}/realms/{id}`, `digest-{0}`, `systems/%s`.
/// One pair of braces at the start is none: `{noop}` says how a password is stored.
pub(super) fn is_format(value: &[u8]) -> bool {
    let is_inner = |byte: &u8| is_word(*byte) || *byte == b'.';
    let mut starts = memchr::memchr_iter(b'{', value).filter(|start| {
        let rest = &value[start + 1..];
        let len = rest.iter().take_while(|byte| is_inner(byte)).count();
        // Nothing between the braces is told from a password only in a path.
        let is_filled = len > 0 || value[..*start].ends_with(b"/");
        is_filled && rest.get(len) == Some(&b'}') && !value[..*start].ends_with(b"{")
    });
    match (starts.next(), starts.next()) {
        (Some(0), None) | (None, _) => is_printed(value),
        _ => true,
    }
}

/// Whether a string is to be filled in, as a word of its own: `%s`.
fn is_printed(value: &[u8]) -> bool {
    let is_joined = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    memmem::find_iter(value, b"%s")
        .any(|at| !is_joined(at.checked_sub(1).map(|before| &value[before])) && !is_joined(value.get(at + 2)))
}

/// What a name ends in that says of what kind something is, or that it is so.
static STATES: Words = Words::new("allowed disabled enabled field found log required support supported type");

/// Whether the value is a name that says how something is: `not_supported`, `method_type`.
pub(super) fn is_state(value: &[u8]) -> bool {
    let mut parts = value.rsplit(|byte| *byte == b'_');
    parts.next().is_some_and(|last| STATES.holds(last))
        && value.contains(&b'_')
        && parts.all(|part| part.len() > 1 && part.iter().all(u8::is_ascii_lowercase))
}

/// Whether what stands round a value makes it a name to be filled in: `password={password}`.
pub(super) fn is_field(subject: &Subject<'_>) -> bool {
    let value = subject.secret_bytes();
    subject.before().ends_with(b"{")
        && subject.after().starts_with(b"}")
        && value.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_')
}

/// Whether the value is a part of something, by its name: `hostvars[array]["password"]`. It may be
/// cut off behind a name of several words.
pub(super) fn is_element(value: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.');
    let len = value.iter().take_while(|byte| is_name(byte)).count();
    let Some((b'[', rest)) = value[len..].split_first() else { return false };
    let inner = rest.iter().take_while(|byte| is_name(byte)).count();
    len > 0
        && match rest.get(inner) {
            Some(b'"' | b'\'') => inner == 0,
            Some(b']') => inner > 0 && matches!(rest.get(inner + 1), None | Some(b'[' | b'.' | b',' | b')' | b' ')),
            Some(b' ') => inner > 0,
            None => rest.contains(&b'_') && rest[0].is_ascii_lowercase(),
            _ => false,
        }
}

/// Whether the value is a package of the npm registry, or something in it: `@acme/core:Token`.
pub(super) fn is_package(value: &[u8]) -> bool {
    let Some((b'@', rest)) = value.split_first() else { return false };
    let Some(slash) = memchr::memchr(b'/', rest) else { return false };
    let is_scope = |byte: &u8| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'.');
    slash > 2
        && rest[..slash].iter().all(is_scope)
        && rest.get(slash + 1).is_some_and(u8::is_ascii_lowercase)
        && rest[slash + 1..].iter().all(|byte| is_word(*byte) || b"-./:#".contains(byte))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(is: fn(&[u8]) -> bool, yes: &[&str], no: &[&str]) {
        yes.iter().for_each(|value| assert!(is(value.as_bytes()), "{value}"));
        no.iter().for_each(|value| assert!(!is(value.as_bytes()), "{value}"));
    }

    #[test]
    fn a_format_is_filled_in() {
        let formats = [
            "{url}/admin/{realm}/secret",
            "md5{0}",
            "jdbc:x://{host}:1;user=<u>@{host};",
            "systems/%s/passwords",
            "v1/users/{}/password",
            "%s",
        ];
        all(is_format, &formats, &["{noop}k3J9mQ", "{SSHA}k3J9mQ==", "k3{J9 mQ}x", "k3{J9", "k3%sJ9", "{}k3J9"]);
    }

    #[test]
    fn an_element_is_looked_up() {
        let elements = [
            "hostvars[array][\"proxy\"]",
            "item['x']",
            "item[dr_target_host + '_x']",
            "config[name]",
            "a.b[c].d",
            "item[target_host",
        ];
        all(is_element, &elements, &["pass[word", "pa[k3]J9", "x[9]", "[abc]", "hunter[2]", "pass[word]9"]);
    }

    #[test]
    fn a_state_is_the_name_of_one() {
        let states = ["not_supported", "method_type", "no_log", "password_reset_required"];
        all(is_state, &states, &["supported", "type", "k3_type", "My_type", "my_pass_word", "_type", "a_log"]);
    }

    #[test]
    fn a_package_has_a_scope() {
        all(
            is_package,
            &["@acme/core:IToken", "@acme/core", "@acme-x/a.b/c#D"],
            &["@dm1n/x", "@ab/c", "@acme", "@acme/9k", "@acme/c$"],
        );
    }

    #[test]
    fn a_media_type_begins_with_a_known_one() {
        let types = ["application/vnd.acme.report", "image/svg+xml", "Text/plain"];
        all(is_media_type, &types, &["text/k3J9_mQ", "a/b", "text/9", "text"]);
    }
}
