//! The rules that hold when nobody says otherwise.

use leaktight_core::{Severity, Tag};

use super::{Action, Names, Rule, Verdict, When};

/// Files that go to the model without a tool that reads them, and so past its hooks.
const INSTRUCTIONS: [&str; 8] = [
    "file:*CLAUDE.md",
    "file:*CLAUDE.local.md",
    "file:*AGENTS.md",
    "file:*GEMINI.md",
    "file:*copilot-instructions.md",
    "file:*.cursorrules",
    "file:*.windsurfrules",
    "file:*.mdc",
];

/// Returns the rules with their names.
pub(super) fn rules() -> Vec<(&'static str, Rule)> {
    let mut rules = of_content();
    rules.extend(of_values());
    rules
}

fn actions(list: &[Action]) -> Names {
    Names::from(list.iter().map(|action| action.name()))
}

/// What is read, found and handed on.
fn of_content() -> Vec<(&'static str, Rule)> {
    let reading = actions(&[Action::FileRead, Action::CommandRun]);
    let handing = actions(&[Action::McpCall]);
    vec![
        (
            "sensitive-source",
            Rule::new(
                When { action: reading, sensitive: Some(true), ..When::default() },
                Verdict::Block,
                "it holds secrets whatever they look like",
            ),
        ),
        (
            "public",
            Rule::new(
                When { tag: vec![Tag::Public], finding: Some(true), ..When::default() },
                Verdict::Allow,
                "it is meant to be public",
            ),
        ),
        (
            "critical-to-tool",
            Rule::new(
                When { action: handing, severity: Some(Severity::Critical), finding: Some(true), ..When::default() },
                Verdict::Block,
                "a critical secret would be handed to another program",
            ),
        ),
    ]
}

/// What is shown in clear, and where a value takes the place of its placeholder.
fn of_values() -> Vec<(&'static str, Rule)> {
    let restore = |to: Names, finding: Option<bool>, effect: Verdict, reason: &str| {
        let when = When { action: actions(&[Action::SecretRestore]), destination: to, finding, ..When::default() };
        Rule::new(when, effect, reason)
    };
    let reveal = When { action: actions(&[Action::SecretReveal]), ..When::default() };
    let near = Names::from(["local", "file:*"]);
    // Paths from the root are those outside the folder of the assistant.
    let elsewhere = Names::from(["file:/*"]);
    vec![
        ("reveal", Rule::new(reveal, Verdict::Ask, "a secret would be shown in clear")),
        (
            "restore-to-network",
            restore(Names::from(["network:*"]), None, Verdict::Ask, "a secret would be sent over the network"),
        ),
        ("restore", restore(near, Some(true), Verdict::Allow, "it stays on this machine")),
        (
            "restore-elsewhere",
            restore(
                elsewhere,
                None,
                Verdict::Ask,
                "a secret would be written outside the folder the assistant works in",
            ),
        ),
        (
            "restore-to-instructions",
            restore(
                Names::from(INSTRUCTIONS),
                None,
                Verdict::Ask,
                "an assistant sends this file along with every request",
            ),
        ),
    ]
}
