//! GitHub Copilot in Visual Studio Code.
//!
//! Its payloads are like those of Claude Code, with `tool_input.filePath`. It can
//! refuse and change what a tool is given; after a tool it can only stop.

use super::call::{Call, Can, Moment};
use super::claude::{denial, raw};
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Option<Call<'d>> {
    let root = document.root();
    let named = ["hook_event_name", "hookEventName"].iter().find_map(|key| root.get(key).and_then(Node::string));
    let event = named.or(event.map(str::to_owned))?;
    let new = |moment| Call::new(&event, moment, document);
    let deny = Can { deny: true, ..Can::default() };
    let content = |key: &str| root.get(key).into_iter().collect();
    Some(match event.as_str() {
        "UserPromptSubmit" => {
            let can = Can { expands_mentions: true, ..deny };
            Call { can, content: content("prompt"), ..new(Moment::Prompt) }
        }
        "PreToolUse" => {
            let can = Can { rewrite: true, ..deny };
            Call { can, input: root.get("tool_input"), ..new(Moment::Before) }
        }
        "PostToolUse" => {
            let input = root.get("tool_input");
            Call { can: deny, input, content: content("tool_response"), ..new(Moment::After) }
        }
        _ => return None,
    })
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    match (call.moment, verdict) {
        (_, Verdict::Pass) => Reply::default(),
        (_, Verdict::Replace { nodes, .. }) => specific(vec![("updatedInput", raw(nodes))]),
        (Moment::Before, Verdict::Deny { reason }) => specific(denial(reason)),
        (_, Verdict::Deny { reason }) => stop(&reason),
        (_, Verdict::Warn { message }) => Reply::json(&Value::Object(vec![("systemMessage", Value::Text(message))])),
    }
}

fn specific(mut members: Vec<(&'static str, Value)>) -> Reply {
    members.insert(0, ("hookEventName", Value::text("PreToolUse")));
    Reply::json(&Value::Object(vec![("hookSpecificOutput", Value::Object(members))]))
}

fn stop(reason: &str) -> Reply {
    Reply::json(&Value::Object(vec![
        ("continue", Value::Flag(false)),
        ("stopReason", Value::text(reason)),
        ("decision", Value::text("block")),
        ("reason", Value::text(reason)),
    ]))
}

fn refuse(event: Option<&str>, reason: &str) -> Reply {
    match event {
        Some("PreToolUse") => specific(denial(reason.to_owned())),
        Some("PostToolUse" | "UserPromptSubmit") => stop(reason),
        _ => Reply::exit(reason),
    }
}
