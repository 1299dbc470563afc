//! Drops what is no secret, and says why.

use std::collections::HashMap;
use std::iter;
use std::path::{Path, is_separator};

use super::Rejection;
use super::classify::{is_core, is_narrow, is_wide};
use super::confirm::Match;
use crate::check::{self, Outcome, Subject};
use crate::chunk::Chunk;
use crate::entropy::shannon;
use crate::finding::Reason;
use crate::placeholder;
use crate::rule::{Check, Confidence, Driver, Rule, Tag};
use crate::ruleset::RuleSet;
use crate::span::Span;

/// Judges a match: what is left of it, or what speaks against it.
pub(super) fn judge(rules: &RuleSet, chunk: &Chunk<'_>, mut found: Match) -> Result<Match, Reason> {
    let rule = rules.rule(found.rule_idx);
    let bytes = chunk.bytes;
    found.confidence = rules.adjusted(found.rule_idx).confidence.unwrap_or(rule.confidence);
    let mut reasons = [Some(Reason::Pattern), None, None];
    in_file(rule, chunk.origin.kind_path())?;
    let is_assigned = rule.gate.driver == Driver::Assigned;
    if !is_assigned && rule.boundary.at_start() && !starts_freely(bytes, found.whole.start) {
        return Err(Reason::Boundary);
    }
    if !rule.context.is_empty() && goes_on(bytes, found.secret) {
        return Err(Reason::Boundary);
    }
    if rule.gate.bits < SHORT_PREFIX && !is_assigned && in_blob(bytes, found.whole) {
        return Err(Reason::Boundary);
    }
    if is_opaque(rule) && is_digest(bytes, found.secret) {
        return Err(Reason::Placeholder("the digest of a file"));
    }
    in_run(rule, bytes, found.whole)?;
    if is_assigned {
        // The value says more, and faster, than the face of a placeholder.
        run_checks(rule, chunk, &mut found)?;
    }
    let secret = &bytes[found.secret.range()];
    if rule.entropy > 0.0 {
        let bits = shannon(secret);
        if bits < rule.entropy {
            return Err(Reason::Entropy(bits));
        }
        reasons[1] = Some(Reason::Entropy(bits));
    }
    if let Some(face) = placeholder::face(secret, is_generic(rule)) {
        if !placeholder::is_pattern(face) {
            return Err(Reason::Placeholder(face));
        }
        found.confidence = Confidence::Low;
        found.doubtful = true;
        found.reasons.push(Reason::Placeholder(face));
    }
    if !rule.context.is_empty() {
        let word = context(rule, bytes, found.whole).ok_or(Reason::NoContext)?;
        reasons[2] = Some(Reason::Context(word.to_owned()));
        doubt_labels(rule, chunk, &mut found);
    }
    if !is_assigned {
        run_checks(rule, chunk, &mut found)?;
    }
    if (is_opaque(rule) && in_example(chunk, secret)) || (depends_on_text(rule) && is_announced(chunk, found.whole)) {
        found.confidence = Confidence::Low;
        found.doubtful = true;
        found.reasons.push(Reason::Example);
    }
    // Only now, for most matches come no further and need no memory for reasons.
    found.reasons.splice(0..0, reasons.into_iter().flatten());
    Ok(found)
}

/// Whether a rule finds values of any look.
fn is_opaque(rule: &Rule) -> bool {
    let is_wide = !rule.context.is_empty() || rule.confidence < Confidence::High;
    is_wide || rule.gate.driver == Driver::Assigned || is_generic(rule)
}

/// Whether what a rule finds is often an example where the text announces one.
fn depends_on_text(rule: &Rule) -> bool {
    is_opaque(rule) || rule.has_tag(Tag::Hash) || rule.has_tag(Tag::PrivateKey)
}

/// The least length of a value that a machine drew.
const DRAWN: usize = 24;

/// Whether the name of the file says that it holds examples. In a form to be filled in,
/// `.env.example`, what a machine drew is none: keys that work are often left there.
fn in_example(chunk: &Chunk<'_>, secret: &[u8]) -> bool {
    let path = chunk.origin.name().map(|path| path.as_os_str().as_encoded_bytes()).unwrap_or_default();
    let name = path.rsplit(|byte| is_separator(char::from(*byte))).next().unwrap_or_default();
    let is_named = |name: &[u8]| [b"example".as_slice(), b"sample"].iter().any(|word| contains(name, word));
    // In a folder of examples only texts are as good as examples themselves.
    let folder = &path[..path.len() - name.len()];
    let is_text = [b".md".as_slice(), b".rst", b".adoc", b".txt"].iter().any(|end| name.ends_with(end));
    let is_form = [b".example".as_slice(), b".sample"].iter().any(|word| contains(name, word));
    if is_form && secret.len() >= DRAWN && check::is_random(secret) {
        return false;
    }
    is_named(name)
        || (is_text
            && folder.rsplit(|byte| is_separator(char::from(*byte))).any(|part| part.eq_ignore_ascii_case(b"examples")))
}

/// Whether the text before the match on its line announces an example.
fn is_announced(chunk: &Chunk<'_>, whole: Span) -> bool {
    let before = &chunk.bytes[whole.start.saturating_sub(ANNOUNCED)..whole.start];
    let line = before.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    ANNOUNCEMENTS.iter().any(|words| contains(line, words))
}

/// How far before a match the words may stand that announce an example, in bytes.
const ANNOUNCED: usize = 64;

const ANNOUNCEMENTS: &[&[u8]] = &[b"example of", b"for example", b"example:", b"e.g.", b"for instance"];

/// Whether a person may have chosen the value, so that words in it say something.
fn is_generic(rule: &Rule) -> bool {
    let judged =
        [Check::Literal, Check::Assignment, Check::Hinted, Check::Userinfo, Check::Connection, Check::Password];
    rule.has_tag(Tag::Password) || judged.iter().any(|check| rule.checks.contains(check))
}

/// Whether the rule is confined to files of other names.
pub(super) fn in_file(rule: &Rule, path: Option<&Path>) -> Result<(), Reason> {
    if rule.files.is_empty() {
        return Ok(());
    }
    let path = path.ok_or(Reason::OtherFile)?;
    let whole = path.as_os_str().as_encoded_bytes();
    let Some(last) = whole.last() else { return Err(Reason::OtherFile) };
    let name = || whole.rsplit(|byte| is_separator(char::from(*byte))).next().unwrap_or_default();
    let fits = rule.files.iter().any(|pattern| {
        let pattern = pattern.as_bytes();
        // The last letter turns most of them down.
        if !pattern.last().is_some_and(|end| *end == b'*' || end.eq_ignore_ascii_case(last)) {
            return false;
        }
        if pattern.contains(&b'/') { ends_in(pattern, whole) } else { wildcard(pattern, name()) }
    });
    if fits { Ok(()) } else { Err(Reason::OtherFile) }
}

/// Whether a path, or the part of it behind some separator, fits a pattern.
fn ends_in(pattern: &[u8], path: &[u8]) -> bool {
    let starts = memchr::memchr_iter(b'/', path).map(|separator| separator + 1);
    iter::once(0).chain(starts).any(|at| wildcard(pattern, &path[at..]))
}

/// Whether `text` fits a pattern in which `*` stands for any text.
pub(crate) fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let tail = &pattern[memchr::memrchr(b'*', pattern).map_or(0, |star| star + 1)..];
    if text.len() < tail.len() || !text[text.len() - tail.len()..].eq_ignore_ascii_case(tail) {
        return false;
    }
    let (mut at, mut in_text, mut star) = (0, 0, None);
    while in_text < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, in_text));
            at += 1;
        } else if pattern.get(at).is_some_and(|byte| byte.eq_ignore_ascii_case(&text[in_text])) {
            at += 1;
            in_text += 1;
        } else if let Some((back, seen)) = star {
            star = Some((back, seen + 1));
            at = back + 1;
            in_text = seen + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Whether a token may start at `at`: what stands before is no word character,
/// or the tail of an escape.
pub(super) fn starts_freely(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at];
    match before.last() {
        Some(last) if last.is_ascii_alphanumeric() || *last == b'_' => is_escape(before),
        _ => true,
    }
}

/// Whether a secret of base64 is only a part of longer base64, or of a path.
fn goes_on(bytes: &[u8], secret: Span) -> bool {
    let is_joint = |byte: Option<&u8>| matches!(byte, Some(b'/' | b'+'));
    let (before, after) = (secret.start.checked_sub(1).map(|at| &bytes[at]), bytes.get(secret.end));
    bytes[secret.range()].iter().any(|byte| is_joint(Some(byte))) && (is_joint(before) || is_joint(after))
}

/// Whether a secret is a part of a digest that says so: `sha256=...`, `sha512-...`.
fn is_digest(bytes: &[u8], secret: Span) -> bool {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/_=:-".contains(byte);
    let start = secret.start - bytes[..secret.start].iter().rev().take(100).take_while(is_part).count();
    let token = &bytes[start..secret.start];
    DIGESTS.iter().any(|name| {
        let is_named = token.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        is_named && matches!(token.get(name.len()), Some(b'-' | b'=' | b':'))
    })
}

const DIGESTS: &[&[u8]] = &[b"sha1", b"sha224", b"sha256", b"sha384", b"sha512", b"md5", b"blake2b", b"blake3"];

/// Whether bytes end in an escape: `\n`, `%3D`, `\x22`, `\u0022`, or the end of
/// a terminal colour.
fn is_escape(before: &[u8]) -> bool {
    let hex = |from: usize| before[before.len() - from..].iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b't' | b'r' | b'b' | b'f' | b'v' | b'0' | b'a'] => true,
        [.., b'%', _, _] | [.., b'\\', b'x', _, _] => hex(2),
        [.., b'\\', b'u' | b'U', _, _, _, _] => hex(4),
        [.., b'm'] => {
            let code = &before[..before.len() - 1];
            let digits = code.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
            code[..code.len() - digits].ends_with(b"\x1b[")
        }
        _ => false,
    }
}

/// Bits of a prefix that base64 of anything may hold by chance.
const SHORT_PREFIX: u32 = 24;

/// Whether a match stands in base64: what is on either side belongs to it, and one is no part of a path.
fn in_blob(bytes: &[u8], whole: Span) -> bool {
    let before = whole.start.checked_sub(1).map(|at| bytes[at]);
    matches!((before, bytes.get(whole.end)), (Some(b'+'), Some(b'+' | b'/')) | (Some(b'/'), Some(b'+')))
}

/// Whether the match holds a token run of the kind its rule was promised: what
/// the gate looks for, so that it misses nothing that passes here.
fn in_run(rule: &Rule, bytes: &[u8], whole: Span) -> Result<(), Reason> {
    let member: fn(u8) -> bool = match rule.gate.driver {
        Driver::Core => is_core,
        Driver::Run => is_narrow,
        Driver::Wide => is_wide,
        Driver::Text | Driver::Assigned | Driver::Whole | Driver::Parser => return Ok(()),
    };
    let gate = &rule.gate;
    let text = &bytes[whole.range()];
    let mut at = 0;
    while at <= (gate.lead as usize).min(text.len()) {
        let len = text[at..].iter().take_while(|byte| member(**byte)).count();
        let long = len >= gate.run as usize && at + len >= gate.reach as usize;
        if long && (!gate.digit || text[at..at + len].iter().any(u8::is_ascii_digit)) {
            return Ok(());
        }
        at += len + 1;
    }
    Err(Reason::NoRun)
}

/// The context word of the rule that stands near the match.
fn context<'a>(rule: &'a Rule, bytes: &[u8], whole: Span) -> Option<&'a str> {
    let reach = rule.reach as usize;
    let from = whole.start.saturating_sub(reach);
    let to = (whole.end + reach / 2).min(bytes.len());
    let near = &bytes[from..to];
    // The owner of an assigned value stands as a word of its own: `box`, not `mailbox`.
    let fits: fn(&[u8], usize) -> bool = if rule.gate.driver == Driver::Assigned { starts_word } else { |_, _| true };
    rule.context.iter().map(AsRef::as_ref).find(|word| contains_where(near, word.as_bytes(), fits))
}

/// Whether `text` holds `word`, in any case.
fn contains(text: &[u8], word: &[u8]) -> bool {
    contains_where(text, word, |_, _| true)
}

/// Whether `text` holds `word`, in any case, at a place that fits.
fn contains_where(text: &[u8], word: &[u8], fits: fn(&[u8], usize) -> bool) -> bool {
    let Some(first) = word.first() else { return false };
    let starts = memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), text);
    let is_at = |at: usize| text.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word));
    starts.into_iter().any(|at| is_at(at) && fits(text, at))
}

/// Whether a word may start at a place: behind no letter, or at a hump.
fn starts_word(text: &[u8], at: usize) -> bool {
    let is_lower = |at: usize| text.get(at).is_some_and(u8::is_ascii_lowercase);
    let Some(before) = at.checked_sub(1) else { return true };
    !text[before].is_ascii_alphabetic() || (!is_lower(at) && (is_lower(before) || is_lower(at + 1)))
}

/// Lowers the confidence in a value whose name says that it is an identifier,
/// an address or the like: a client ID has the look of its secret, and a public key that of a private one.
fn doubt_labels(rule: &Rule, chunk: &Chunk<'_>, found: &mut Match) {
    let subject = Subject { bytes: chunk.bytes, whole: found.whole, secret: found.secret, path: chunk.origin.name() };
    let is_assigned = rule.gate.driver == Driver::Assigned;
    let is_label = || is_assigned && !rule.has_tag(Tag::Identifier) && check::is_label(&subject);
    if is_label() || (rule.has_tag(Tag::PrivateKey) && check::is_public(&subject)) {
        found.confidence = Confidence::Low;
        found.doubtful = true;
        found.reasons.push(Reason::Failed("name"));
    }
}

fn run_checks(rule: &Rule, chunk: &Chunk<'_>, found: &mut Match) -> Result<(), Reason> {
    for check in &*rule.checks {
        let subject =
            Subject { bytes: chunk.bytes, whole: found.whole, secret: found.secret, path: chunk.origin.kind_path() };
        match check::run(*check, &subject) {
            Outcome::Pass => pass(*check, found),
            Outcome::Neutral => {}
            Outcome::Extend(span) => {
                found.secret = span;
                found.whole = Span::new(found.whole.start.min(span.start), found.whole.end.max(span.end));
                pass(*check, found);
            }
            Outcome::Doubt => {
                found.confidence = found.confidence.min(Confidence::Medium);
                found.doubtful = true;
                found.reasons.push(Reason::Failed(check.name()));
            }
            Outcome::Low => {
                found.confidence = Confidence::Low;
                found.doubtful = true;
                found.reasons.push(Reason::Failed(check.name()));
            }
            Outcome::Drop => return Err(Reason::Failed(check.name())),
        }
    }
    Ok(())
}

fn pass(check: Check, found: &mut Match) {
    if !found.doubtful && proves(check) {
        found.confidence = Confidence::High;
    }
    found.reasons.push(Reason::Passed(check.name()));
}

/// Whether a check that holds leaves no doubt; the others only take doubts away.
fn proves(check: Check) -> bool {
    !matches!(check, Check::Literal | Check::Random | Check::Mixed | Check::Base64)
}

/// Raises the matches whose companions stand near; drops those that need one and have none.
pub(super) fn companions(rules: &RuleSet, matches: &mut Vec<Match>, rejected: &mut Vec<Rejection>) {
    if matches.iter().all(|found| rules.rule(found.rule_idx).companions.is_empty()) {
        return;
    }
    let mut places: HashMap<usize, Vec<Span>> = HashMap::new();
    for found in matches.iter() {
        places.entry(found.rule_idx).or_default().push(found.secret);
    }
    let near = |rule_idx: usize, secret: Span, within: usize| {
        let spans = places.get(&rule_idx).map_or(&[][..], Vec::as_slice);
        let from = spans.partition_point(|span| span.end + within < secret.start);
        spans[from..].iter().take_while(|span| span.start <= secret.end + within).any(|span| !span.overlaps(secret))
    };
    matches.retain_mut(|found| {
        for (other, companion) in rules.companions(found.rule_idx) {
            let id = companion.id.clone().into_owned();
            if near(other, found.secret, companion.within as usize) {
                found.reasons.push(Reason::Companion(id));
                if !found.doubtful {
                    found.confidence = found.confidence.raised();
                }
            } else if companion.required {
                let reason = Reason::NoCompanion(id);
                rejected.push(Rejection { rule_idx: found.rule_idx, span: found.secret, reason });
                return false;
            }
        }
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_does_not_belong_to_the_word_behind_it() {
        let free = |text: &[u8]| starts_freely(text, text.len());
        assert!(free(b"") && free(b"=") && free(b"x\\n") && free(b"%3D") && free(b"\\u0022") && free(b"\x1b[32m"));
        assert!(!free(b"n") && !free(b"3D") && !free(b"0022") && !free(b"[32m") && !free(b"_"));
    }

    #[test]
    fn an_owner_is_a_word_of_its_own() {
        let starts = |text: &str| starts_word(text.as_bytes(), text.to_lowercase().find("box").expect("a box"));
        assert!(starts("box") && starts("my_box") && starts("myBox") && starts("MY_BOX") && starts("APIBoxKey"));
        assert!(!starts("mailbox") && !starts("MAILBOX") && !starts("Inbox"));
    }

    #[test]
    fn base64_goes_on_on_both_sides() {
        let is_in = |text: &[u8]| in_blob(text, Span::new(1, text.len() - 1));
        assert!(is_in(b"+EAAB+") && is_in(b"+EAAB/") && is_in(b"/EAAB+"));
        assert!(!is_in(b"/EAAB/") && !is_in(b"+EAAB&") && !is_in(b"\"EAAB\"") && !in_blob(b"EAAB", Span::new(0, 4)));
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(wildcard(b"*.pgpass", b".pgpass") && wildcard(b"*.env*", b"a.env.local") && wildcard(b"A", b"a"));
        assert!(!wildcard(b"*.env", b"a.env.local") && !wildcard(b"a*b*c", b"acb"));
    }
}
