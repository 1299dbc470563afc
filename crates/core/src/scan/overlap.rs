//! One finding for each secret and place: the more specific rule wins.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Rejection;
use super::confirm::Match;
use crate::finding::Reason;
use crate::rule::{Check, Confidence, Rule};
use crate::ruleset::RuleSet;

/// Checks that have the last word on confidence: GitHub's checksum is documented
/// and was never changed, and the other two know the user and the host.
const LAST_WORDS: [Check; 3] = [Check::GithubCrc32, Check::Userinfo, Check::Connection];

/// Leaves disjoint matches, in the order of their places.
pub(super) fn resolve(rules: &RuleSet, matches: &mut Vec<Match>, rejected: &mut Vec<Rejection>) {
    if matches.windows(2).all(|pair| pair[0].secret.end <= pair[1].secret.start) {
        return;
    }
    let mut order: Vec<usize> = (0..matches.len()).collect();
    order.sort_by_key(|idx| {
        let found = &matches[*idx];
        (Reverse(rank(rules.rule(found.rule_idx))), Reverse(found.secret.len()), found.rule_idx, *idx)
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
