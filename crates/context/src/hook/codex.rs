//! OpenAI Codex CLI, 0.169.
//!
//! <https://developers.openai.com/codex/hooks>. An unknown key voids an answer;
//! `ask` is not understood and lets a command run; a changed input needs `allow`,
//! which also approves the call; a reason after a tool takes the place of its
//! output, and one of more than 10,000 characters is written to a file.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::claude::{block, denial, raw};
use super::json::Value;
use super::{Adapter, Reply, Verdict, check};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

/// Characters of a reason, at most.
const MAX_REASON: usize = 9_000;

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hook_event_name"]), event)?;
    let new = |moment| Call::new(&event, moment, document);
    let deny = Can { deny: true, ..Can::default() };
    let input = root.get("tool_input");
    Ok(Some(match event.as_str() {
        "UserPromptSubmit" => Call { can: deny, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) },
        "PreToolUse" | "PermissionRequest" => {
            let can = Can { output_replaced: true, ..deny };
            let unasked = root.get("permission_mode").and_then(Node::string).as_deref() == Some("bypassPermissions");
            Call { can, input, unasked, ..new(Moment::Before) }
        }
        "PostToolUse" => {
            let can = Can { replace: true, ..deny };
            Call { can, input, content: root.get("tool_response").into_iter().collect(), ..new(Moment::After) }
        }
        _ => return Ok(None),
    }))
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    match (call.event.as_str(), verdict) {
        ("PreToolUse", Verdict::Replace { nodes, .. }) if call.unasked => {
            specific(&call.event, vec![("permissionDecision", Value::text("allow")), ("updatedInput", raw(nodes))])
        }
        ("PreToolUse", Verdict::Replace { message, .. }) => specific(&call.event, denial(message)),
        (_, Verdict::Replace { nodes, message }) => {
            let text = nodes.into_iter().flatten().next().map(|node| output(&node)).unwrap_or_default();
            block(&shortened(&text, &message))
        }
        ("PreToolUse", Verdict::Ask { reason } | Verdict::Deny { reason }) => specific(&call.event, denial(reason)),
        ("PermissionRequest", Verdict::Ask { reason } | Verdict::Deny { reason }) => {
            let decision = vec![("behavior", Value::text("deny")), ("message", Value::Text(reason))];
            specific(&call.event, vec![("decision", Value::Object(decision))])
        }
        (_, Verdict::Ask { reason } | Verdict::Deny { reason }) => block(&reason),
        (_, Verdict::Warn { message }) => Reply::json(&Value::Object(vec![("systemMessage", Value::Text(message))])),
        (_, Verdict::Pass) => Reply::default(),
    }
}

fn specific(event: &str, mut members: Vec<(&'static str, Value)>) -> Reply {
    members.insert(0, ("hookEventName", Value::text(event)));
    Reply::json(&Value::Object(vec![("hookSpecificOutput", Value::Object(members))]))
}

/// Returns a redacted output as the model is to read it.
pub(super) fn output(node: &[u8]) -> String {
    match Document::parse(node) {
        Ok(document) => check::text(document.root()),
        Err(_) => String::from_utf8_lossy(node).into_owned(),
    }
}

/// Returns a text with a note, its middle left out where it is too long.
fn shortened(text: &str, note: &str) -> String {
    let n_chars = text.chars().count();
    if n_chars <= MAX_REASON {
        return format!("{text}\n[leaktight: {note}]");
    }
    let head: String = text.chars().take(MAX_REASON * 2 / 3).collect();
    let tail: String = text.chars().skip(n_chars - MAX_REASON / 3).collect();
    let left_out = n_chars - MAX_REASON * 2 / 3 - MAX_REASON / 3;
    format!("{head}\n[leaktight: {left_out} characters left out here]\n{tail}\n[leaktight: {note}]")
}

fn refuse(event: Option<&str>, reason: &str) -> Reply {
    match event {
        Some("PreToolUse") => specific("PreToolUse", denial(reason.to_owned())),
        Some("PostToolUse" | "UserPromptSubmit") => block(reason),
        _ => Reply::exit(reason),
    }
}
