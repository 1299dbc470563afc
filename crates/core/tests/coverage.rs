//! Every kind of credential in `rules/kinds.txt` has a rule, or a reason why not.
//!
//! `rules/COVERAGE.md` says which: `UPDATE=1 cargo test -p leaktight-core --test coverage` rewrites it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use leaktight_core::PACK;
use leaktight_core::rule::read_rules;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../rules").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|err| panic!("rules/{name}: {err}"))
}

/// The ids of the kinds, in order.
fn kinds() -> Vec<String> {
    read("kinds.txt").lines().map(str::to_owned).collect()
}

/// Why kinds have no rule, by their ids.
fn reasons() -> BTreeMap<String, String> {
    toml::from_str(&read("uncovered.toml")).expect("uncovered.toml maps ids to reasons")
}

/// The rules that find each kind: the one of its name, and those that cover it.
fn rules() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (rule, source) in read_rules(PACK, &[]).expect("the pack compiles") {
        for kind in [rule.id.to_string()].into_iter().chain(source.covers) {
            found.entry(kind).or_default().push(rule.id.to_string());
        }
    }
    found
}

#[test]
fn every_kind_has_a_rule_or_a_reason() {
    let (rules, reasons) = (rules(), reasons());
    let mut open = kinds();
    open.retain(|kind| !rules.contains_key(kind) && !reasons.contains_key(kind));
    assert!(open.is_empty(), "kinds with neither:\n{}", open.join("\n"));
}

#[test]
fn no_kind_has_both_and_no_name_is_unknown() {
    let (kinds, rules, reasons) = (kinds(), rules(), reasons());
    assert!(kinds.is_sorted() && kinds.windows(2).all(|pair| pair[0] != pair[1]), "kinds.txt is sorted, each id once");
    for (kind, reason) in &reasons {
        assert!(kinds.contains(kind), "uncovered.toml names `{kind}`, which is no kind");
        assert!(!rules.contains_key(kind), "{kind} has a rule: drop it from uncovered.toml");
        assert!(reason.len() > 10, "{kind} has a reason");
    }
    for (kind, by) in rules {
        let own = by.contains(&kind);
        assert!(own || kinds.contains(&kind), "{by:?} cover `{kind}`, which is no kind");
        assert!(!(own && by.len() > 1), "{by:?} cover `{kind}`, which has a rule of its own");
    }
}

#[test]
fn the_table_is_true() {
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path("COVERAGE.md"), &table).expect("COVERAGE.md can be written");
    }
    assert!(
        read("COVERAGE.md") == table,
        "COVERAGE.md is stale: UPDATE=1 cargo test -p leaktight-core --test coverage"
    );
}

fn table() -> String {
    let (kinds, rules, reasons) = (kinds(), rules(), reasons());
    let found: Vec<&String> = kinds.iter().filter(|kind| rules.contains_key(*kind)).collect();
    let mut text = format!(
        "# Coverage\n\n\
         Of {} kinds of credentials, {} are found by a rule and {} are not, for a reason\n\
         given below.\n\n\
         A test keeps this file true: `UPDATE=1 cargo test -p leaktight-core --test coverage`\n\
         rewrites it from `kinds.txt`, `uncovered.toml` and the rules.\n\n\
         ## Found\n\n| kind | rule |\n|---|---|\n",
        kinds.len(),
        found.len(),
        reasons.len(),
    );
    for kind in found {
        let _ = writeln!(text, "| {kind} | {} |", rules[kind].join(", "));
    }
    text.push_str("\n## Not found\n\n| kind | why |\n|---|---|\n");
    for (kind, reason) in reasons {
        let _ = writeln!(text, "| {kind} | {reason} |");
    }
    text
}
