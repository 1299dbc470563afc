//! One finding for each secret and place: the more specific rule wins.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Rejection;
use super::confirm::Match;
use crate::finding::Reason;
use crate::rule::{Check, Confidence, Rule};
use crate::ruleset::RuleSet;
use crate::span::{Span, line_around};

/// Checks that have the last word on confidence: GitHub's checksum is documented
/// and was never changed, and the other two know the user and the host.
const LAST_WORDS: [Check; 3] = [Check::GithubCrc32, Check::Userinfo, Check::Connection];

/// The longest line that is looked at for the name of a value, on each side of it.
const MAX_LINE: usize = 400;

/// Leaves disjoint matches, in the order of their places.
pub(super) fn resolve(rules: &RuleSet, bytes: &[u8], matches: &mut Vec<Match>, rejected: &mut Vec<Rejection>) {
    if matches.windows(2).all(|pair| pair[0].secret.end <= pair[1].secret.start) {
        return;
    }
    let mut order: Vec<usize> = (0..matches.len()).collect();
    order.sort_by_cached_key(|idx| {
        let found = &matches[*idx];
        let rule = rules.rule(found.rule_idx);
        let (class, specificity) = rank(rule);
        let (row, distance) = if class == 2 { owner(rule, bytes, found.whole) } else { (Row::Same, 0) };
        let says = (Reverse(class), row, Reverse(specificity), Reverse(found.secret.len()));
        (says, distance, found.rule_idx, *idx)
    });
    // Kept matches by their start; they are disjoint, so two neighbours suffice.
    let mut kept: BTreeMap<usize, usize> = BTreeMap::new();
    for idx in order {
        let secret = matches[idx].secret;
        let before = kept.range(..=secret.start).next_back();
        let after = kept.range(secret.start..).next();
        let rival = before.into_iter().chain(after).find(|(_, other)| matches[**other].secret.overlaps(secret));
        if let Some((_, winner)) = rival {
            let (winner, loser, confidence) = (*winner, rules.rule(matches[idx].rule_idx), matches[idx].confidence);
            let rule = rules.rule(matches[winner].rule_idx);
            if !LAST_WORDS.iter().any(|check| rule.checks.contains(check)) {
                raise(&mut matches[winner], loser, confidence);
            }
            let id = rule.id.clone().into_owned();
            rejected.push(Rejection { rule_idx: matches[idx].rule_idx, span: secret, reason: Reason::Overlap(id) });
        } else {
            kept.insert(secret.start, idx);
        }
    }
    let mut all: Vec<Option<Match>> = matches.drain(..).map(Some).collect();
    matches.extend(kept.values().filter_map(|idx| all[*idx].take()));
}

/// Where the word stands that tells whose an opaque value is, from the nearest on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Row {
    /// On the line of the value, where its own name is.
    Same,
    /// Somewhere before it.
    Before,
    /// Only behind it: that is where the next setting stands.
    After,
}

/// The nearest context word of a rule before a match, and how far away it starts.
fn owner(rule: &Rule, bytes: &[u8], whole: Span) -> (Row, usize) {
    let line = line_around(bytes, whole.start, MAX_LINE);
    let far = whole.start.saturating_sub(rule.reach as usize);
    let is_at = |at: usize| {
        rule.context
            .iter()
            .any(|word| bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes())))
    };
    let found = (far..whole.end).rev().find(|at| is_at(*at));
    match found {
        Some(at) => (if at >= line.start { Row::Same } else { Row::Before }, whole.start.saturating_sub(at)),
        None if (whole.end..line.end).any(is_at) => (Row::Same, usize::MAX),
        None => (Row::After, usize::MAX),
    }
}

/// Raises a match whose format alone says little to medium, where its name
/// says secret as well.
fn raise(winner: &mut Match, loser: &Rule, confidence: Confidence) {
    if winner.confidence == Confidence::Low && confidence > Confidence::Low {
        winner.confidence = Confidence::Medium;
        winner.reasons.push(Reason::Companion(loser.id.clone().into_owned()));
    }
}

/// How much a rule says: a format of its own, a vendor's word near an opaque
/// token, or only a name that promises a secret.
pub(super) fn rank(rule: &Rule) -> (u32, u32) {
    let judged = [
        Check::Literal,
        Check::Assignment,
        Check::Hinted,
        Check::Userinfo,
        Check::Connection,
        Check::Password,
        Check::Random,
        Check::BasicAuth,
    ];
    let generic = judged.iter().any(|check| rule.checks.contains(check));
    let class = match (rule.context.is_empty(), generic, rule.gate.anchors.is_empty()) {
        (true, true, _) => 1,
        (_, _, true) | (false, true, _) => 2,
        _ => 3,
    };
    (class, rule.specificity() + if rule.context.is_empty() { 0 } else { 8 })
}
