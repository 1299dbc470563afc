//! `rules`: lists, shows, checks, tests and compares rules.

mod diff;
mod examples;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;

use leaktight_core::rule::{Driver, RuleSource, read_rules, schema};
use leaktight_core::{Rule, RuleSet, sample};
use serde_json::json;

use super::setup;
use crate::args::{Rules, RulesCommand};
use crate::exit;

/// Runs a command about rules.
pub(crate) fn run(args: &Rules) -> anyhow::Result<u8> {
    match &args.command {
        RulesCommand::List { filter, json } => list(filter.as_deref(), *json),
        RulesCommand::Show { id } => show(id),
        RulesCommand::Check { files } => check(files),
        RulesCommand::Test { files } => examples::test(files),
        RulesCommand::Diff(args) => diff::run(args),
        RulesCommand::Schema => print(&(serde_json::to_string_pretty(&schema())? + "\n")),
    }
}

fn print(text: &str) -> anyhow::Result<u8> {
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(exit::CLEAN)
}

fn list(filter: Option<&str>, as_json: bool) -> anyhow::Result<u8> {
    let rules = setup::rules(&[])?;
    let wanted = filter.unwrap_or_default().to_lowercase();
    let holds =
        |rule: &&Rule| [&rule.id, &rule.title, &rule.provider].iter().any(|text| text.to_lowercase().contains(&wanted));
    let chosen: Vec<&Rule> = rules.rules().iter().filter(holds).collect();
    if as_json {
        let all: Vec<_> = chosen.iter().map(|rule| describe(rule)).collect();
        return print(&(serde_json::to_string_pretty(&all)? + "\n"));
    }
    let width = chosen.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in &chosen {
        let _ = writeln!(text, "{:width$}  {:8}  {}", rule.id, rule.severity, rule.title);
    }
    let _ = writeln!(text, "{} rules", chosen.len());
    print(&text)
}

fn describe(rule: &Rule) -> serde_json::Value {
    json!({
        "id": rule.id, "provider": rule.provider, "title": rule.title, "severity": rule.severity,
        "confidence": rule.confidence, "pattern": rule.pattern, "context": rule.context, "files": rule.files,
        "entropy": rule.entropy, "checks": rule.checks, "tags": rule.tags, "impact": rule.impact,
        "revoke": rule.revoke, "link": rule.link,
    })
}

fn show(id: &str) -> anyhow::Result<u8> {
    let rules = setup::rules(&[])?;
    let (_, rule) = rules.find(id).ok_or_else(|| setup::unknown_rule(&rules, id))?;
    let mut text = format!("{} ({})\n{}\n\n", rule.title, rule.id, rule.provider);
    let names = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let rows = [
        ("severity", rule.severity.to_string()),
        ("confidence", rule.confidence.to_string()),
        ("impact", rule.impact.to_string()),
        ("revoke", rule.revoke.to_string()),
        ("link", rule.link.to_string()),
        ("pattern", rule.pattern.to_string()),
        ("context", names(rule.context.iter().map(ToString::to_string).collect())),
        ("files", names(rule.files.iter().map(ToString::to_string).collect())),
        ("entropy", format!("{:.1} bits per byte or more", rule.entropy)),
        ("checks", names(rule.checks.iter().map(ToString::to_string).collect())),
        ("companions", names(rule.companions.iter().map(|one| one.id.to_string()).collect())),
        ("tags", names(rule.tags.iter().map(ToString::to_string).collect())),
        ("reached by", reached(rule)),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "{name:11} {value}");
    }
    print(&text)
}

/// How the gate reaches a rule, in words.
fn reached(rule: &Rule) -> String {
    let literals: Vec<String> = rule
        .gate
        .anchors
        .iter()
        .map(|anchor| format!("`{}`", String::from_utf8_lossy(&anchor.text).escape_debug()))
        .collect();
    let by = if literals.is_empty() { "a context word".to_owned() } else { literals.join(" or ") };
    match rule.gate.driver {
        Driver::Core | Driver::Run | Driver::Wide => {
            format!("{by} near a token of {} characters or more", rule.gate.run)
        }
        Driver::Text => format!("{by} anywhere in the text"),
        Driver::Assigned if rule.context.is_empty() => "the value of an assignment".to_owned(),
        Driver::Assigned => "the value of an assignment near a context word".to_owned(),
        Driver::Whole => "every byte of the text".to_owned(),
        Driver::Parser => "parsing the file".to_owned(),
    }
}

/// Reads the files, runs all examples, and lists all that is wrong.
fn check(files: &[PathBuf]) -> anyhow::Result<u8> {
    let texts = setup::read_texts(&setup::rule_files(files)?)?;
    let named: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut complaints: Vec<String> = Vec::new();
    let mut n_rules = 0;
    match read_rules(&named, &builtin_ids()) {
        Ok(rules) => {
            n_rules = rules.len();
            for (rule, source) in rules {
                complaints.extend(shape(&rule, &source));
                let failures = examples::run(&rule, &source);
                complaints.extend(failures.iter().map(|failure| format!("rule `{}`, {failure}", rule.id)));
            }
        }
        Err(errors) => complaints.extend(errors.iter().map(setup::complaint)),
    }
    let mut err = io::stderr().lock();
    for complaint in &complaints {
        writeln!(err, "error: {complaint}")?;
    }
    if !complaints.is_empty() {
        return Ok(exit::USAGE);
    }
    print(&format!("{} in {}: no mistake found\n", count(n_rules, "rule"), count(named.len(), "file")))
}

/// What is wrong with a rule before it is run.
fn shape(rule: &Rule, source: &RuleSource) -> Vec<String> {
    let mut wrong = Vec::new();
    if rule.gate.driver == Driver::Whole && rule.files.is_empty() {
        wrong.push(format!(
            "rule `{}` would be tried at every byte: give its pattern a literal of three bytes, or the rule context words",
            rule.id
        ));
    }
    if source.matches.len() < 2 || source.ignore.len() < 2 {
        wrong.push(format!("rule `{}` has less than two examples of each kind", rule.id));
    }
    if sample(rule, 1).0.is_empty() {
        wrong.push(format!("rule `{}` has a pattern no example can be made of", rule.id));
    }
    wrong
}

/// The ids of the built-in rules, which others may name as companions.
fn builtin_ids() -> Vec<&'static str> {
    RuleSet::pack().iter().map(|rule| rule.id.as_ref()).collect()
}

/// A number of things, in words.
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
