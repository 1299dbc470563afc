//! Compiles the built-in rule pack into constants, so that a program that
//! scans parses no TOML and no pattern at start-up.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "the rule module is shared with the library"
)]

#[path = "src/rule/mod.rs"]
mod rule;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use rule::{Anchor, Companion, Gate, Rule};

fn main() {
    println!("cargo::rerun-if-changed=src/rule");
    let rules = match rule::read_rules(leaktight_rules::PACK, &[]) {
        Ok(rules) => rules,
        Err(errors) => {
            for error in errors {
                eprintln!("error: {error}");
            }
            process::exit(1);
        }
    };
    let mut code = String::from("&[\n");
    for (rule, _) in &rules {
        emit(&mut code, rule);
    }
    code.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("pack.rs"), code).expect("OUT_DIR can be written");
}

fn emit(code: &mut String, rule: &Rule) {
    let list = |names: Vec<String>| format!("Cow::Borrowed(&[{}])", names.join(", "));
    let texts = |texts: &[rule::Text]| list(texts.iter().map(|text| format!("Cow::Borrowed({text:?})")).collect());
    let checks = list(rule.checks.iter().map(|check| format!("Check::{check:?}")).collect());
    let tags = list(rule.tags.iter().map(|tag| format!("Tag::{tag:?}")).collect());
    let companions = list(rule.companions.iter().map(companion).collect());
    writeln!(
        code,
        "Rule {{ id: Cow::Borrowed({:?}), provider: Cow::Borrowed({:?}), title: Cow::Borrowed({:?}), \
         severity: Severity::{:?}, confidence: Confidence::{:?}, pattern: Cow::Borrowed({:?}), \
         boundary: Boundary::{:?}, context: {}, reach: {}, files: {}, entropy: {:?}, checks: {checks}, \
         companions: {companions}, tags: {tags}, impact: Cow::Borrowed({:?}), revoke: Cow::Borrowed({:?}), \
         link: Cow::Borrowed({:?}), gate: {} }},",
        rule.id,
        rule.provider,
        rule.title,
        rule.severity,
        rule.confidence,
        rule.pattern,
        rule.boundary,
        texts(&rule.context),
        rule.reach,
        texts(&rule.files),
        rule.entropy,
        rule.impact,
        rule.revoke,
        rule.link,
        gate(&rule.gate),
    )
    .expect("strings grow");
}

fn companion(companion: &Companion) -> String {
    format!(
        "Companion {{ id: Cow::Borrowed({:?}), within: {}, required: {} }}",
        companion.id, companion.within, companion.required
    )
}

fn gate(gate: &Gate) -> String {
    let anchors: Vec<String> = gate.anchors.iter().map(anchor).collect();
    format!(
        "Gate {{ driver: Driver::{:?}, anchors: Cow::Borrowed(&[{}]), run: {}, before: {}, after: {}, lead: {}, \
         reach: {}, trail: {}, min_len: {}, max_len: {}, digit: {}, bits: {}, follow: {} }}",
        gate.driver,
        anchors.join(", "),
        gate.run,
        gate.before,
        gate.after,
        gate.lead,
        gate.reach,
        gate.trail,
        gate.min_len,
        gate.max_len,
        gate.digit,
        gate.bits,
        gate.follow.map_or("None".to_owned(), |follow| format!("Some({follow:?})")),
    )
}

fn anchor(anchor: &Anchor) -> String {
    format!(
        "Anchor {{ text: Cow::Borrowed(&{:?}), nocase: {}, min: {}, max: {} }}",
        anchor.text, anchor.nocase, anchor.min, anchor.max
    )
}
