//! Marks in a text that let a finding pass.

use memchr::memmem;

use super::Scanner;
use crate::rule::Rule;
use crate::ruleset::RuleSet;
use crate::span::{Span, line_around};

/// How far from a secret a mark may stand on a line, in bytes.
const REACH: usize = 4096;
/// What our own marks start with.
const OURS: &[u8] = b"leaktight:";

/// Returns whether a mark on the lines of the secret, or one for the next line on the
/// line before, lets it pass.
///
/// `leaktight:allow` counts for every rule; with the name of a rule behind it,
/// for that rule only.
pub(super) fn is_allowed(scanner: &Scanner, rule: &Rule, bytes: &[u8], secret: Span) -> bool {
    if !scanner.limits.inline_allow {
        return false;
    }
    let from = line_around(bytes, secret.start, REACH).start;
    let to = line_around(bytes, secret.end, REACH).end.max(from);
    let (rules, id) = (&scanner.rules, rule.id.as_ref());
    let text = &bytes[from..to];
    let is_other = || scanner.limits.marks.iter().any(|mark| memmem::find(text, mark.as_bytes()).is_some());
    names(text, b"allow", (rules, id)) || names(before(bytes, from), b"allow-next-line", (rules, id)) || is_other()
}

/// The line before the one that starts at `start`; none where that is not the start of a line.
fn before(bytes: &[u8], start: usize) -> &[u8] {
    let Some(rest) = bytes[..start].strip_suffix(b"\n") else { return &[] };
    let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
    let reach = &rest[rest.len().saturating_sub(REACH)..];
    let end = memchr::memrchr(b'\n', reach).map_or(0, |end| end + 1);
    &reach[end..]
}

/// Whether a text holds our mark of this name for a rule.
fn names(text: &[u8], name: &[u8], (rules, id): (&RuleSet, &str)) -> bool {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'-';
    memmem::find_iter(text, OURS).any(|at| {
        let rest = text[at + OURS.len()..].trim_ascii_start();
        let (found, rest) = rest.split_at(rest.iter().take_while(is_word).count());
        let rest = rest.trim_ascii_start();
        let rule = std::str::from_utf8(&rest[..rest.iter().take_while(is_word).count()]).unwrap_or_default();
        found == name && (rule == id || rules.find(rule).is_none())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Limits;

    #[test]
    fn marks_count_for_their_line_or_the_next() {
        let limits = Limits { marks: vec!["other:ignore".to_owned()], ..Limits::default() };
        let scanner = Scanner::with_limits(Arc::new(RuleSet::builtin()), limits);
        let rule = scanner.rules.rule(0);
        let id = rule.id.clone();
        for (text, allowed) in [
            ("x = SECRET # leaktight:allow", true),
            ("x = SECRET # leaktight: allow", true),
            ("x = SECRET # leaktight:allow {id}", true),
            ("x = SECRET # leaktight:allow, for now", true),
            ("x = SECRET # leaktight:allow {other}", false),
            ("x = SECRET # leaktight:allow-next-line", false),
            ("x = SECRET # leaktight:allowed", false),
            ("x = SECRET # other:ignore", true),
            ("# leaktight:allow-next-line\nx = SECRET", true),
            ("# leaktight:allow-next-line {id}\r\nx = SECRET", true),
            ("# leaktight:allow-next-line {other}\nx = SECRET", false),
            ("# leaktight:allow-next-line\n\nx = SECRET", false),
            ("# leaktight:allow\nx = SECRET", false),
            ("# other:ignore\nx = SECRET", false),
            ("# leaktight:allow-next-line\nx: |\n  SECRET", false),
            ("x: | # none\n# leaktight:allow-next-line\n  SECRET", true),
        ] {
            let text = text.replace("{id}", &id).replace("{other}", &scanner.rules.rule(1).id);
            let at = text.find("SECRET").expect("it is there");
            let span = Span::new(at, at + 6);
            assert_eq!(is_allowed(&scanner, rule, text.as_bytes(), span), allowed, "{text}");
        }
    }
}
