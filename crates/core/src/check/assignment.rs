//! Assignments: a name that promises a secret, an operator, and a value.

use memchr::memmem;

use super::joint::{Joint, without_call};
use super::strength::{Strength, strength};
use crate::assign::{TextKind, has_hint};
use crate::check::name::{Name, Promise};
use crate::check::pairs::are_of_words;
use crate::check::random::Counts;
use crate::check::words::Words;
use crate::check::{Outcome, Standing, Subject, base64, value, words};
use crate::placeholder;
use crate::span::line_around;
use crate::token;

/// The longest part of a name that is looked at before a match.
pub(super) const MAX_NAME: usize = 48;

/// Checks that the name says secret and that the value could be one.
pub(super) fn check(subject: &Subject<'_>) -> Outcome {
    match promise(subject) {
        // Another rule looks at those.
        Promise::Nothing | Promise::Hint | Promise::Harmless => Outcome::Drop,
        promise => judge(subject, promise),
    }
}

/// How much the name of an assignment says, before its value is looked at.
pub(crate) fn standing(subject: &Subject<'_>) -> Standing {
    let head = head(subject);
    match promise(subject) {
        // An id is no secret, but may have an owner who wants to know.
        Promise::Harmless if is_id(head) => Standing::Unknown,
        Promise::Harmless => Standing::Harmless,
        Promise::Nothing if !has_hint(head) => Standing::Unknown,
        _ => Standing::Telling,
    }
}

/// Whether the name in front of a value ends in `id`.
fn is_id(head: &[u8]) -> bool {
    let end = head.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
    end > 1 && head[end - 2..end].eq_ignore_ascii_case(b"id")
}

/// Checks that the name may say secret and that the value looks drawn at random.
pub(super) fn check_hinted(subject: &Subject<'_>) -> Outcome {
    match promise(subject) {
        Promise::Secret | Promise::Token | Promise::Harmless => Outcome::Drop,
        Promise::Nothing if !has_hint(head(subject)) => Outcome::Drop,
        promise => judge(subject, promise),
    }
}

/// What stands from the name to the value.
fn head<'a>(subject: &Subject<'a>) -> &'a [u8] {
    let before = subject.before();
    &before[subject.whole.start.min(before.len())..]
}

/// Whether what a value is assigned to, on its line and through a call, is public:
/// `$public = pack('H*', '...')`.
pub(crate) fn is_public(subject: &Subject<'_>) -> bool {
    let before = subject.before();
    let line = &before[line_around(before, before.len(), MAX_LINE).start..];
    let Some(operator) = memchr::memrchr(b'=', line) else { return false };
    let name = line[..operator].trim_ascii_end();
    let start = name.iter().rposition(|byte| !is_part(*byte)).map_or(0, |last| last + 1);
    Name::new(&name[start..]).is_public()
}

/// The part of a line before a value that is looked at.
const MAX_LINE: usize = 160;

/// Whether the name of a value ends in a word for what is no secret, such as `id` or `url`.
pub(crate) fn is_label(subject: &Subject<'_>) -> bool {
    let before = subject.before();
    Name::before(&before[name_start(before, subject.whole.start)..]).is_label()
}

/// Whether a name ends in a word for what is no secret, such as `id` or `integrity`.
pub(crate) fn names_label(name: &[u8]) -> bool {
    Name::new(name).is_label()
}

/// What the name says.
fn promise(subject: &Subject<'_>) -> Promise {
    match behind(subject) {
        Some(name) => Name::deciding(name).1,
        // The class of a placeholder says what was taken out, and nothing of what follows.
        None if is_redacted(subject.before(), subject.whole.start) => Promise::Harmless,
        None => promise_of(subject.before(), subject.whole.start),
    }
}

/// The name, where it stands behind the value it is compared with.
pub(super) fn behind<'a>(subject: &Subject<'a>) -> Option<&'a [u8]> {
    let is_behind = subject.whole.start == subject.secret.start && subject.whole.end > subject.secret.end;
    is_behind.then(|| subject.bytes.get(subject.secret.end..subject.whole.end))?
}

/// The name that decides.
fn name(subject: &Subject<'_>) -> Name {
    let before = subject.before();
    Name::before(behind(subject).unwrap_or_else(|| of_element(&before[name_start(before, subject.whole.start)..])))
}

/// The part of a text before the end of an element, behind which stands only that of the value,
/// and before a call that wraps the value.
fn of_element(name: &[u8]) -> &[u8] {
    let name = without_call(name);
    memmem::find(name, b"</").map_or(name, |end| &name[..end])
}

/// What the name says that starts at `start`, or a part of it, in the text that ends before the value.
fn promise_of(before: &[u8], start: usize) -> Promise {
    let start = start.min(before.len());
    let (head, name) = (&before[start..], of_element(&before[name_start(before, start)..]));
    match Name::deciding(name).1 {
        // An option has no more to say, and a name in a text may be two words.
        Promise::Nothing if name.starts_with(b"--key") => Promise::Hint,
        Promise::Nothing if is_key(head) => Name::spaced(&before[..start]).promise(),
        promise => promise,
    }
}

/// Judges the value of a name.
fn judge(subject: &Subject<'_>, promise: Promise) -> Outcome {
    let secret = subject.secret_bytes();
    let head = head(subject);
    if !value::is_literal(secret) {
        return Outcome::Drop;
    }
    if name(subject).is_unreal() || (secret.len() >= 24 && decodes_to_placeholder(secret)) {
        return Outcome::Low;
    }
    let joint = Joint::of(subject, head);
    if matches!(joint, Joint::None | Joint::Bare) || (is_name(secret) && Name::before(head).echoes(secret)) {
        return Outcome::Drop;
    }
    let strength = if is_set(subject, (joint, promise)) { Strength::Fair } else { strength(secret) };
    let least = match (joint, promise) {
        (_, Promise::Nothing) | (Joint::Odd, _) => return Outcome::Low,
        (_, Promise::Hint) if secret.len() < MIN_HINTED || is_uuid(secret) => return Outcome::Low,
        (_, Promise::Token) if secret.len() < MIN_TOKEN => return Outcome::Low,
        (Joint::Tight, Promise::Secret) => Strength::Fair,
        // In text, too, a mix of all kinds of characters is no word.
        (Joint::Text, Promise::Secret) if is_mix(secret) => Strength::Strong,
        (Joint::Loose, _) if is_numbered(secret) => return Outcome::Low,
        _ => Strength::Opaque,
    };
    match strength {
        strength if strength < least => Outcome::Low,
        Strength::Strong | Strength::Opaque if joint != Joint::Loose && promise != Promise::Hint => Outcome::Pass,
        _ => Outcome::Neutral,
    }
}

/// What settings of passwords say instead of one.
static CHOICES: Words = Words::new(
    "allow always ask basic bcrypt blank change custom deny denied digest dynamic empty enable enabled enter expired \
    expires export false field file forgot given gssapi hashed hidden ignore import inherit inline input internal kerberos keep \
    ldap local locked login manual mask masked match md5 never normal note off omit oauth open other pam peer plain \
    prompt random read remote remove rename reset saved scram secure set show static stdin store stored strong title \
    trust type unset update updated upper using value vault verify weak with write wrong",
);

/// Whether a value that is a short word is the password all the same: in a file of settings, which
/// have no other use for a word there, but for those that say how one is asked for.
fn is_set(subject: &Subject<'_>, (joint, promise): (Joint, Promise)) -> bool {
    let secret = subject.secret_bytes();
    (joint, promise) == (Joint::Tight, Promise::Secret)
        && (5..8).contains(&secret.len())
        && secret.iter().all(u8::is_ascii_lowercase)
        && TextKind::of(subject.path).is_settings()
        && !words::is_dummy(secret)
        && !CHOICES.holds(secret)
}

/// Whether a value is a mix of all kinds of characters.
fn is_mix(secret: &[u8]) -> bool {
    let counts = Counts::of(secret);
    secret.len() >= 8 && counts.classes() == 3 && counts.other > 0
}

/// Whether there is a single digit in a value that may be a name.
fn is_numbered(secret: &[u8]) -> bool {
    secret.iter().filter(|byte| byte.is_ascii_digit()).count() == 1 && are_of_words(secret)
}

/// The least length of a value that a machine drew.
const MIN_TOKEN: usize = 10;
/// The least length of a value whose name only hints at a secret.
const MIN_HINTED: usize = 15;

/// Where the name starts that a match starts in.
pub(super) fn name_start(before: &[u8], start: usize) -> usize {
    let start = start.min(before.len());
    start - before[..start].iter().rev().take(MAX_NAME).take_while(|byte| is_part(**byte)).count()
}

fn is_part(byte: u8) -> bool {
    value::is_word(byte) || matches!(byte, b'-' | b'.' | b'$')
}

/// Whether there is a placeholder in the name that a match starts in.
fn is_redacted(before: &[u8], start: usize) -> bool {
    let rest = &before[name_start(before, start)..];
    let len = rest.iter().take(2 * MAX_NAME).take_while(|byte| is_part(**byte)).count();
    memmem::find_iter(&rest[..len], token::PREFIX).any(|at| token::len(&rest[at..]).is_some())
}

/// Whether the name is `key` and nothing else.
fn is_key(head: &[u8]) -> bool {
    head.get(..3).is_some_and(|word| word.eq_ignore_ascii_case(b"key"))
        && !head.get(3).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether the value is base64 of text in which a word gives a placeholder away.
fn decodes_to_placeholder(secret: &[u8]) -> bool {
    base64::decode(secret).is_some_and(|text| {
        text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
            && placeholder::holds_telling(&text)
    })
}

fn is_uuid(secret: &[u8]) -> bool {
    secret.len() == 36 && secret.iter().filter(|byte| **byte == b'-').count() == 4
}

/// Whether the value could be the name of a variable.
fn is_name(secret: &[u8]) -> bool {
    secret.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && secret.iter().all(|byte| value::is_word(*byte) || *byte == b'-')
}

#[cfg(test)]
#[path = "assignment_tests.rs"]
mod tests;
