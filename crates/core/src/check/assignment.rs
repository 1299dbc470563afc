//! Assignments: a name that promises a secret, an operator, and a value.

use std::path::Path;

use memchr::memmem;

use crate::assign::{self, TextKind, has_hint, is_crossed, is_variable};
use crate::check::name::{Name, Promise};
use crate::check::pairs::are_of_words;
use crate::check::random::{Counts, distinct_signs, is_composed, is_random, reads_as_words};
use crate::check::words::Words;
use crate::check::{Outcome, Standing, Subject, base64, value, words};
use crate::placeholder;
use crate::span::line_around;
use crate::token;

/// The longest line of code whose quotes are counted.
const MAX_LINE: usize = 400;

/// The longest part of a name that is looked at before a match.
const MAX_NAME: usize = 48;

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

/// Whether the name of a value ends in a word for what is no secret, such as `id` or `url`.
pub(crate) fn is_label(subject: &Subject<'_>) -> bool {
    let before = subject.before();
    Name::before(&before[name_start(before, subject.whole.start)..]).is_label()
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
fn behind<'a>(subject: &Subject<'a>) -> Option<&'a [u8]> {
    let is_behind = subject.whole.start == subject.secret.start && subject.whole.end > subject.secret.end;
    is_behind.then(|| subject.bytes.get(subject.secret.end..subject.whole.end))?
}

/// The name that decides.
fn name(subject: &Subject<'_>) -> Name {
    let before = subject.before();
    Name::before(behind(subject).unwrap_or_else(|| of_element(&before[name_start(before, subject.whole.start)..])))
}

/// The part of a text before the end of an element, behind which stands only that of the value.
fn of_element(name: &[u8]) -> &[u8] {
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

/// Whether a value in code can't be an expression, although no quotes hold it: its brackets
/// cross, and neither the operator nor a semicolon shows that the language has expressions there.
fn is_foreign(subject: &Subject<'_>, operator: &[u8]) -> bool {
    let tail = subject.after().iter().take(64).take_while(|byte| !byte.is_ascii_whitespace());
    !operator.ends_with(b"=>") && tail.last() != Some(&b';') && is_crossed(subject.bytes, subject.secret.start)
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
    let strength = strength(secret);
    let least = match (joint, promise) {
        (_, Promise::Nothing) | (Joint::Odd, _) => return Outcome::Low,
        (_, Promise::Hint) if secret.len() < MIN_HINTED || is_uuid(secret) => return Outcome::Low,
        (_, Promise::Token) if secret.len() < MIN_TOKEN => return Outcome::Low,
        (Joint::Tight, Promise::Secret) => Strength::Fair,
        (Joint::Loose, _) if is_numbered(secret) => return Outcome::Low,
        _ => Strength::Opaque,
    };
    match strength {
        strength if strength < least => Outcome::Low,
        Strength::Strong | Strength::Opaque if joint != Joint::Loose && promise != Promise::Hint => Outcome::Pass,
        _ => Outcome::Neutral,
    }
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
fn name_start(before: &[u8], start: usize) -> usize {
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

/// What ties a value to its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Joint {
    /// An operator and quotes, an operator in a file of settings, in a string of settings, or in an option of a command.
    Tight,
    /// An operator, in a file of any other kind and without quotes.
    Text,
    /// As before, but in code outside of strings and comments, where it is an expression.
    Bare,
    /// A bracket, a comma, a comparison, or nothing but a space.
    Loose,
    /// Quotes that hold a single character in such a file.
    Odd,
    /// Nothing: the value is only a part of one, or a quote closes rather than opens.
    None,
}

impl Joint {
    fn of(subject: &Subject<'_>, head: &[u8]) -> Self {
        if behind(subject).is_some() {
            return Self::Loose;
        }
        let inner = head.trim_ascii_end();
        let quote = inner.last().copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        if quote == Some(b'"') && closes(subject, head) && strength(subject.secret_bytes()) < Strength::Opaque {
            return Self::None;
        }
        if is_segment(subject.before(), subject.whole.start, head) || is_format(inner, subject.secret_bytes()) {
            return Self::None;
        }
        // Only where such a quote allows it does `${` stand for an expression.
        let is_raw = subject.path.is_some_and(|path| RAW_QUOTES.holds(extension(path).as_bytes()));
        if quote == Some(b'`') && !is_raw && memmem::find(subject.secret_bytes(), b"${").is_some() {
            return Self::None;
        }
        let operator = operator(head);
        let is_element = operator.ends_with(b">") && !operator.ends_with(b"=>");
        if is_element && is_text_of_page(subject) {
            return Self::Loose;
        }
        if quote.is_none() && !is_element && subject.after().first().is_some_and(|next| b"<{$([".contains(next)) {
            return Self::None;
        }
        if is_variable(subject.bytes, subject.whole.start)
            || head.starts_with(b"--")
            || head.starts_with(b"sshpass")
            || follows_semicolon(subject.before())
        {
            return Self::Tight;
        }
        let kind = TextKind::of(subject.path);
        let is_code = kind == TextKind::Code && !is_foreign(subject, operator);
        if quote.is_none() && !is_element && is_code && !in_text(subject, subject.secret.start) {
            return Self::Bare;
        }
        let assigns = operator.iter().any(|byte| matches!(byte, b'=' | b':' | b'>'));
        if (!assigns && !is_other_operator(operator, inner)) || is_comparison(operator) {
            return Self::Loose;
        }
        let is_char = quote == Some(b'\'') && subject.path.is_some_and(|path| CHARS.holds(extension(path).as_bytes()));
        let quoted = subject.secret.start - 1 - (head.len() - inner.len());
        if is_char && !in_text(subject, quoted) {
            return Self::Odd;
        }
        let is_plain = quote.is_none() && !is_element && kind != TextKind::Settings;
        if is_plain && !is_line(subject, operator) { Self::Text } else { Self::Tight }
    }
}

/// Elements of settings, whose attributes name what they hold; those of others hold text for people.
static SETTING_TAGS: Words = Words::new("entry env parameter param prop property setting variable");

/// Whether a value is the text of an element that an attribute names, and that is none of settings.
fn is_text_of_page(subject: &Subject<'_>) -> bool {
    assign::named_tag(subject.bytes, subject.whole.start)
        .is_some_and(|tag| !SETTING_TAGS.holds(&tag.to_ascii_lowercase()))
}

/// Files of languages in whose single quotes stands one character.
static CHARS: Words = Words::new("c cc cpp cxx h hpp m mm rs swift");

/// Files of languages whose backticks hold nothing but text.
static RAW_QUOTES: Words = Words::new("c cc cpp cs cxx go h hpp java py rb rs sh sql");

fn extension(path: &Path) -> String {
    path.extension().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase()
}

/// Whether the assignment is all that stands on its line, as in a file of an environment.
fn is_line(subject: &Subject<'_>, operator: &[u8]) -> bool {
    let start = name_start(subject.before(), subject.whole.start);
    let before = subject.bytes[..start].iter().rev().take_while(|byte| !matches!(byte, b'\n' | b'\r'));
    let is_alone = before.take(8).all(|byte| matches!(byte, b' ' | b'\t'));
    let ends = subject.after().first().is_none_or(|next| matches!(next, b'\n' | b'\r'));
    operator == b"=" && is_alone && ends
}

/// Whether the name next to the value stands behind a semicolon, as in `User=sa;Password=x`.
fn follows_semicolon(before: &[u8]) -> bool {
    let end = before.iter().rposition(|byte| value::is_word(*byte)).map_or(0, |last| last + 1);
    let name = before[..end].iter().rev().take(MAX_NAME).take_while(|byte| value::is_word(**byte)).count();
    before[..end - name].ends_with(b";")
}

/// What stands between the last name and the value, quotes and brackets left out.
fn operator(head: &[u8]) -> &[u8] {
    let is_around = |byte: &&u8| matches!(byte, b'"' | b'\'' | b'`' | b'\\') || byte.is_ascii_whitespace();
    let end = head.len() - head.iter().rev().take_while(is_around).count();
    let start = head[..end].iter().rposition(|byte| value::is_word(*byte)).map_or(0, |last| last + 1);
    &head[start..end]
}

/// Whether the value is a format string of Python that holds a place for a value.
fn is_format(inner: &[u8], secret: &[u8]) -> bool {
    let prefix = inner.split_last().map_or(inner, |(_, prefix)| prefix);
    let letters = prefix.iter().rev().take(2).take_while(|byte| b"rRbBuUfF".contains(byte));
    let is_format = letters.clone().any(|byte| matches!(byte, b'f' | b'F'));
    let start = prefix.len() - letters.count();
    let is_prefix = prefix[..start].last().is_none_or(|byte| !value::is_word(*byte));
    is_format && is_prefix && secret.contains(&b'{')
}

/// Whether the name is a segment of a longer one, as in `arn:aws:secret:x` and
/// `Token::Str("x")`, or of the address of a badge, whose tokens are public.
fn is_segment(before: &[u8], start: usize, head: &[u8]) -> bool {
    let start = name_start(before, start);
    let outer = &before[start.saturating_sub(24)..start];
    let is_arn = (outer.ends_with(b":") && head.ends_with(b":")) || outer.ends_with(b"::");
    let is_path = head.windows(3).any(|three| three[..2] == *b"::" && three[2].is_ascii_alphabetic());
    is_arn || is_path || memmem::find(outer, b"badge").is_some()
}

/// Whether a value is taken when there is no other, or assigned as in R.
fn is_other_operator(operator: &[u8], inner: &[u8]) -> bool {
    let is_or =
        || inner.strip_suffix(b"\"").or(inner.strip_suffix(b"'")).is_some_and(|inner| inner.ends_with(b") or "));
    operator.ends_with(b"||") || operator.ends_with(b"??") || operator == b"<-" || is_or()
}

fn is_comparison(operator: &[u8]) -> bool {
    let has = |pair: &[u8]| operator.windows(2).any(|two| two == pair);
    (has(b"==") || has(b"!=") || has(b"=~")) && !operator.starts_with(b":")
}

/// Whether the double quote before a value closes a string: an odd number of
/// such quotes stands before it on its line.
fn closes(subject: &Subject<'_>, head: &[u8]) -> bool {
    let spaces = head.len() - head.trim_ascii_end().len();
    let quote = subject.secret.start.saturating_sub(spaces + 1);
    let line = line_around(subject.bytes, quote, MAX_LINE);
    let before = subject.bytes.get(line.start..quote).unwrap_or_default();
    // In a minified file quotes say nothing.
    before.len() < MAX_LINE && !before.contains(&b'\\') && memchr::memchr_iter(b'"', before).count() % 2 == 1
}

/// How much a value looks like a secret by itself.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Strength {
    /// A word, a number, or a name.
    Weak,
    /// Neither.
    Fair,
    /// Of several kinds of characters.
    Strong,
    /// As nobody would write it: random, or a thorough mix.
    Opaque,
}

fn strength(secret: &[u8]) -> Strength {
    let counts = Counts::of(secret);
    let letters = counts.lower + counts.upper;
    let is_word = letters == secret.len() && letters < 8;
    let kinds = counts.classes() + usize::from(counts.other > 0);
    if letters == 0 || is_word || is_phrase(secret) || placeholder::is_mostly_sequence(secret) {
        return Strength::Weak;
    }
    if words::is_dummy(secret) && !is_disguised(secret) {
        // People meet the rules for passwords with a common word, a capital and a digit, or three digits.
        return if (kinds > 2 || counts.digits > 2) && secret.len() >= 8 { Strength::Fair } else { Strength::Weak };
    }
    if secret.len() > 12 && reads_as_words(secret) && distinct_signs(secret) < 5 {
        return Strength::Fair;
    }
    let is_mix = secret.len() >= 10 && counts.digits > 0 && letters > 2 && kinds > 2;
    let has_variety = counts.digits > 0 || secret.len() >= 24 || !are_of_words(secret);
    let is_opaque = ((is_random(secret) || is_mix) && has_variety && !is_composed(secret))
        || (secret.len() >= 12
            && letters > 2
            && distinct_signs(secret) >= 5
            && is_dense(secret, letters + counts.digits));
    match (is_opaque, (kinds > 1 && counts.digits > 0) || kinds > 2) {
        (true, _) => Strength::Opaque,
        (_, true) => Strength::Strong,
        _ => Strength::Fair,
    }
}

/// Whether a value is of letters and digits for a third, and of no white space.
fn is_dense(secret: &[u8], n_plain: usize) -> bool {
    n_plain * 3 >= secret.len() && !secret.iter().any(u8::is_ascii_whitespace)
}

/// Whether signs stand for letters within a word, a dollar sign for an `s`, as
/// people write who take a common word for a password.
fn is_disguised(secret: &[u8]) -> bool {
    let is_sign = |three: &[u8]| {
        matches!(three[1], b'@' | b'$' | b'0' | b'3' | b'5')
            && three[0].is_ascii_alphabetic()
            && three[2].is_ascii_alphabetic()
    };
    secret.len() >= 8 && secret.windows(3).any(is_sign)
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

/// Whether the value is several words of letters that are joined, as names of things are.
fn is_phrase(secret: &[u8]) -> bool {
    let is_hump = |pair: &[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    let is_camel = secret.iter().all(u8::is_ascii_alphabetic) && secret.windows(2).any(is_hump);
    if is_composed(secret) && (is_camel || Name::new(secret).is_of_secrets()) {
        return true;
    }
    let mut parts = secret.split(|byte| matches!(byte, b'-' | b'_' | b'.' | b' '));
    let (count, is_lower) = (parts.clone().count(), secret.iter().all(|byte| !byte.is_ascii_uppercase()));
    count > 1
        && (count > 2 && is_lower || reads_as_words(secret))
        && parts.all(|part| part.iter().all(u8::is_ascii_alphabetic))
}

/// Whether the value could be the name of a variable.
fn is_name(secret: &[u8]) -> bool {
    secret.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && secret.iter().all(|byte| value::is_word(*byte) || *byte == b'-')
}

/// Whether a place before the value stands in a string, after an odd number of quotes, or in a comment.
fn in_text(subject: &Subject<'_>, at: usize) -> bool {
    let line = line_around(subject.bytes, at, MAX_LINE);
    let before = subject.bytes.get(line.start..at).unwrap_or_default();
    let start = before.trim_ascii_start();
    let is_comment = [b"//".as_slice(), b"#", b"*", b"/*", b"--", b"<!--"].iter().any(|mark| start.starts_with(mark));
    // In a minified file quotes say nothing.
    let is_string = |quote: u8| memchr::memchr_iter(quote, before).count() % 2 == 1;
    before.len() < MAX_LINE && (is_comment || [b'"', b'\'', b'`'].into_iter().any(is_string))
}

#[cfg(test)]
#[path = "assignment_tests.rs"]
mod tests;
