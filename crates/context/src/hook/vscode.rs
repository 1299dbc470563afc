//! GitHub Copilot in Visual Studio Code.
//!
//! Its payloads are like those of Claude Code, with `tool_input.filePath`. It can
//! refuse and change what a tool is given; after a tool it can only stop.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::claude::{denial, question, raw};
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::Document;

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hook_event_name", "hookEventName"]), event)?;
    let new = |moment| Call::new(&event, moment, document);
    let deny = Can { deny: true, ..Can::default() };
    Ok(Some(match event.as_str() {
        "UserPromptSubmit" => {
            let can = Can { expands_mentions: true, ..deny };
            Call { can, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) }
        }
        "PreToolUse" => {
            let can = Can { ask: true, rewrite: true, ..deny };
            Call { can, input: root.get("tool_input"), ..new(Moment::Before) }
        }
        "PostToolUse" => {
            let content = root.get("tool_response").into_iter().collect();
            Call { can: deny, input: root.get("tool_input"), content, ..new(Moment::After) }
        }
        _ => return Ok(None),
    }))
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    match (call.moment, verdict) {
        (_, Verdict::Pass) => Reply::default(),
        (_, Verdict::Replace { nodes, .. }) => specific(vec![("updatedInput", raw(nodes))]),
        (Moment::Before, Verdict::Ask { reason }) => specific(question(reason)),
        (Moment::Before, Verdict::Deny { reason }) => specific(denial(reason)),
        (_, Verdict::Ask { reason } | Verdict::Deny { reason }) => stop(&reason),
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
