//! Claude Code, 2.1.330 and compatible.
//!
//! <https://code.claude.com/docs/en/hooks>. Beyond the documentation: an
//! `updatedToolOutput` of another shape than the output is ignored, and so is a
//! `decision` after a tool; after a failure nothing is heeded, so that the batch of
//! outputs is what can still be stopped; files of 32 KiB and more are sent to be
//! counted before the hook after the tool runs; and `@file` passes all hooks but
//! that of the prompt.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Kind, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

/// A file from this size on is looked at before it is read, in bytes: half of the
/// size from which on one was seen to be counted.
const COUNTED: u64 = 16 << 10;

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hook_event_name"]), event)?;
    let new = |moment| Call::new(&event, moment, document);
    let deny = Can { deny: true, ..Can::default() };
    let content = |keys: &[&str]| keys.iter().filter_map(|key| root.get(key)).collect();
    Ok(Some(match event.as_str() {
        "UserPromptSubmit" | "UserPromptExpansion" => {
            let can = Can { expands_mentions: true, ..deny };
            Call { can, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) }
        }
        "PreToolUse" => {
            let can = Can { rewrite: true, restore: true, success_replaced: true, counted_from: Some(COUNTED), ..deny };
            let unasked = root.get("permission_mode").and_then(Node::string).as_deref() == Some("bypassPermissions");
            let can = Can { ask: !unasked, ..can };
            Call { can, input: root.get("tool_input"), unasked, ..new(Moment::Before) }
        }
        "PostToolUse" => {
            let can = Can { replace: true, ..deny };
            Call { can, input: root.get("tool_input"), content: content(&["tool_response"]), ..new(Moment::After) }
        }
        "PostToolUseFailure" => {
            Call { input: root.get("tool_input"), content: content(&["error"]), ..new(Moment::After) }
        }
        "PostToolBatch" => {
            let calls = root.get("tool_calls").filter(|calls| calls.kind() == Kind::Array);
            let calls = calls.ok_or(Missing("tool_calls"))?;
            let content = calls.items().flat_map(responses).collect();
            Call { can: deny, input: Some(calls), content, ..new(Moment::After) }
        }
        "InstructionsLoaded" => Call { file: root.get("file_path").and_then(Node::string), ..new(Moment::Loaded) },
        _ => return Ok(None),
    }))
}

/// What came of a call: all that it was not given.
fn responses(call: Node<'_>) -> Vec<Node<'_>> {
    if call.kind() != Kind::Object {
        return vec![call];
    }
    let is_given = |key: &[u8]| matches!(key, b"tool_input" | b"tool_name" | b"tool_use_id");
    call.entries().filter(|(key, _)| !is_given(key)).map(|(_, node)| node).collect()
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    let specific = |mut members: Vec<(&'static str, Value)>| {
        members.insert(0, ("hookEventName", Value::text(&*call.event)));
        Reply::json(&Value::Object(vec![("hookSpecificOutput", Value::Object(members))]))
    };
    match (call.event.as_str(), verdict) {
        ("PreToolUse", Verdict::Replace { nodes, .. }) => specific(vec![("updatedInput", raw(nodes))]),
        (_, Verdict::Replace { nodes, .. }) => specific(vec![("updatedToolOutput", raw(nodes))]),
        ("PreToolUse", Verdict::Ask { reason }) => specific(question(reason)),
        ("PreToolUse", Verdict::Deny { reason }) => specific(denial(reason)),
        // The request that would hold the output is not sent.
        ("PostToolUse", Verdict::Deny { reason }) => stop(&reason),
        ("PostToolBatch", Verdict::Deny { reason }) => block(&reason),
        (_, Verdict::Ask { reason } | Verdict::Deny { reason }) => block_prompt(&call.event, &reason),
        (_, Verdict::Warn { message }) => Reply::json(&Value::Object(vec![("systemMessage", Value::text(message))])),
        (_, Verdict::Pass) => Reply::default(),
    }
}

/// The one node that was replaced.
pub(super) fn raw(nodes: Vec<Option<Vec<u8>>>) -> Value {
    Value::Raw(nodes.into_iter().flatten().next().unwrap_or_else(|| b"null".to_vec()))
}

pub(super) fn denial(reason: String) -> Vec<(&'static str, Value)> {
    vec![("permissionDecision", Value::text("deny")), ("permissionDecisionReason", Value::Text(reason))]
}

pub(super) fn question(reason: String) -> Vec<(&'static str, Value)> {
    vec![("permissionDecision", Value::text("ask")), ("permissionDecisionReason", Value::Text(reason))]
}

/// `decision: block` with its reason.
pub(super) fn block(reason: &str) -> Reply {
    Reply::json(&Value::Object(vec![("decision", Value::text("block")), ("reason", Value::text(reason))]))
}

fn stop(reason: &str) -> Reply {
    Reply::json(&Value::Object(vec![("continue", Value::Flag(false)), ("stopReason", Value::text(reason))]))
}

fn block_prompt(event: &str, reason: &str) -> Reply {
    let specific = vec![("hookEventName", Value::text(event)), ("suppressOriginalPrompt", Value::Flag(true))];
    Reply::json(&Value::Object(vec![
        ("decision", Value::text("block")),
        ("reason", Value::text(reason)),
        ("hookSpecificOutput", Value::Object(specific)),
    ]))
}

fn refuse(event: Option<&str>, reason: &str) -> Reply {
    let reply = match event {
        Some("PreToolUse") => {
            let mut members = denial(reason.to_owned());
            members.insert(0, ("hookEventName", Value::text("PreToolUse")));
            Reply::json(&Value::Object(vec![("hookSpecificOutput", Value::Object(members))]))
        }
        Some("PostToolBatch") => block(reason),
        Some(event @ ("UserPromptSubmit" | "UserPromptExpansion")) => block_prompt(event, reason),
        // An exit code would not stop what a tool has printed.
        Some("PostToolUse" | "PostToolUseFailure") => return stop(reason),
        // It may be the output of a tool as well.
        None => stop(reason),
        Some(_) => Reply::default(),
    };
    Reply { stdout: reply.stdout, ..Reply::exit(reason) }
}
