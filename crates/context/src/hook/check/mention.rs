//! Files a prompt mentions as `@file`, which are read without asking any hook.

use super::super::Host;
use super::super::call::Call;
use super::{Verdict, content, file};
use crate::redact::Book;

/// How many mentions are looked at; more are refused.
const MAX_MENTIONS: usize = 100;

/// Decides about the files that a prompt mentions.
pub(super) fn check(call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    let prompts: Vec<String> = call.content.iter().map(|node| content::text(*node)).collect();
    let attached = call.mentions.iter().map(|name| vec![name.as_str()]);
    let names: Vec<Vec<&str>> = prompts.iter().flat_map(|prompt| mentions(prompt)).chain(attached).collect();
    if names.len() > MAX_MENTIONS {
        return Verdict::deny(format!("the prompt mentions more than {MAX_MENTIONS} files"));
    }
    for spellings in names {
        for name in spellings {
            let paths = file::candidates(name, call.cwd(), &[], &host.places);
            let Some(facts) = file::facts(&paths, &host.places) else { continue };
            match file::verdict(name, &facts, (call, host), book) {
                Verdict::Pass => break,
                verdict => return verdict,
            }
        }
    }
    Verdict::Pass
}

/// Returns the names that mentions may mean, for each the longest first.
fn mentions(prompt: &str) -> Vec<Vec<&str>> {
    let mut mentions = Vec::new();
    for (at, _) in prompt.match_indices('@') {
        // `me@example.com` mentions nothing.
        if prompt[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "._-+".contains(c)) {
            continue;
        }
        let rest = &prompt[at + 1..];
        let quoted = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).and_then(|quote| {
            let end = rest[1..].find(quote)?;
            Some(vec![&rest[1..=end]])
        });
        mentions.push(quoted.unwrap_or_else(|| bare(rest)));
    }
    mentions.retain(|names| !names.is_empty());
    mentions
}

/// The names a mention without quotes may mean: punctuation behind it, and the
/// lines of it, are no part of a name, or are. A space may be escaped.
fn bare(rest: &str) -> Vec<&str> {
    let mut end = rest.len();
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        if c.is_whitespace() && !escaped {
            end = at;
            break;
        }
        escaped = c == '\\' && !escaped;
    }
    let whole = &rest[..end];
    let mut names = vec![whole];
    names.extend(whole.split_once('#').map(|(name, _)| name));
    let trimmed = whole.trim_end_matches(|c: char| ".,;:!?)]}>'\"`".contains(c));
    names.push(trimmed);
    names.extend(trimmed.split_once('#').map(|(name, _)| name));
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_told_from_addresses() {
        let first =
            |prompt| mentions(prompt).into_iter().map(|names| *names.last().expect("a name")).collect::<Vec<_>>();
        assert_eq!(first("see @.env and @src/a.rs, or (@~/x)."), [".env", "src/a.rs", "~/x"]);
        assert_eq!(first("me@example.com @\"a b.txt\" @'c d'"), ["a b.txt", "c d"]);
        assert_eq!(first("@.env#L1-3"), [".env"]);
        assert!(first("@ nothing").is_empty());
    }
}
