//! What an assistant and its user are told: the kind of secret and its place, never
//! the secret, and the way that is open.

use leaktight_core::{Rule, RuleSet};

use crate::redact::{Hit, Report};
use crate::store::Store;

/// How many findings are told one by one.
const TOLD: usize = 5;

/// Returns what was found, such as "2 secrets: GitHub token (line 1), AWS key (line 5)".
pub(super) fn found(report: &Report, rules: &RuleSet) -> String {
    let hits: Vec<&Hit> = report.hits.iter().chain(&report.left).collect();
    let n_hits = report.n_hits + report.n_left;
    let told: Vec<String> =
        hits.iter().take(TOLD).map(|hit| format!("{} (line {})", title(hit, rules), hit.leaf_line)).collect();
    let more = if n_hits > TOLD as u64 { format!(" and {} more", n_hits - TOLD as u64) } else { String::new() };
    let noun = if n_hits == 1 { "a secret" } else { "secrets" };
    format!("{noun}: {}{more}", told.join(", "))
}

fn title(hit: &Hit, rules: &RuleSet) -> String {
    rule(hit, rules).map_or_else(|| format!("a value known as {}", hit.class), |rule| rule.title.to_string())
}

/// Returns the rule of a finding. A known value has the class of its placeholder:
/// the rule's id in other letters.
pub(super) fn rule<'r>(hit: &Hit, rules: &'r RuleSet) -> Option<&'r Rule> {
    rules.find(&hit.class.to_ascii_lowercase().replace('_', "-")).map(|(_, rule)| rule)
}

/// Returns how to go on with a file that is not to be read as it is.
pub(super) fn instead(file: &str, program: &str) -> String {
    let file = clean(file);
    format!(
        "Read it with placeholders in place of its secrets: `{program} show {file}`; \
         use its values without seeing them: `{program} run --env-file {file} -- COMMAND`."
    )
}

/// Returns how to go on with values that are not to be printed.
pub(super) fn instead_of_values(program: &str) -> String {
    format!("Use values without seeing them: `{program} run -- COMMAND`.")
}

/// Returns how to go on with a command that prints what can't be looked at before.
pub(super) fn instead_of_output(program: &str) -> String {
    format!(
        "Let its output pass through the filter, which puts placeholders for secrets: `COMMAND | {program} filter`. \
         A single file is read with `{program} show FILE`."
    )
}

/// Returns what a store is, to follow the name of a file.
pub(super) fn store(store: &Store) -> String {
    format!("belongs to {} and holds {}", store.owner, store.holds)
}

/// Returns text from outside without what could be mistaken for anything else.
pub(super) fn clean(text: &str) -> String {
    let clean = |c: char| if c.is_control() || c == '`' { '?' } else { c };
    let short: String = text.chars().map(clean).take(200).collect();
    if short.contains(|c: char| c.is_whitespace() || "'\"$&;|<>()".contains(c)) {
        return format!("'{}'", short.replace('\'', r"'\''"));
    }
    short
}
