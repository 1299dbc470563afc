//! GitHub Copilot CLI, 1.0, and the coding agent, which read the same files.
//!
//! <https://docs.github.com/copilot> ("cli-hooks-reference"). Payloads in camel
//! case don't name their event: it comes from the command line, or follows from
//! their keys. A hook that fails refuses a tool; one that is too late does not.

use super::call::{Call, Can, Missing, Moment, need};
use super::claude::{question, raw};
use super::codex::output;
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let any = |keys: &[&str]| keys.iter().find_map(|key| root.get(key));
    let named = any(&["hook_event_name", "hookName"]).and_then(Node::string).filter(|name| !name.is_empty());
    let has = |key: &str| root.get(key).is_some();
    // What holds none of these keys may be an event that needs no answer, if it is one.
    let other = || has("sessionId").then_some("other");
    let unnamed = || inferred(has).or_else(other).map(str::to_owned);
    let event = event.map(str::to_owned).or(named).or_else(unnamed).ok_or(Missing("hook_event_name"))?;
    let new = |moment| Call::new(&event, moment, document);
    let input = any(&["toolArgs", "toolInput", "tool_args", "tool_input"]);
    let deny = Can { deny: true, ..Can::default() };
    let replace = Can { replace: true, ..deny };
    Ok(Some(match event.as_str() {
        "userPromptSubmitted" | "UserPromptSubmitted" | "UserPromptSubmit" => {
            Call { can: replace, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) }
        }
        "preToolUse" | "PreToolUse" | "permissionRequest" | "PermissionRequest" => {
            let is_use = event.ends_with("ToolUse");
            let can = Can { ask: is_use, rewrite: is_use, output_replaced: true, ..deny };
            Call { can, input, ..new(Moment::Before) }
        }
        "postToolUse" | "PostToolUse" | "postToolUseFailure" | "PostToolUseFailure" => {
            let content = any(&["toolResult", "tool_result", "tool_response"]).into_iter().collect();
            Call { can: replace, input, content, ..new(Moment::After) }
        }
        _ => return Ok(None),
    }))
}

/// Returns the event whose payload has these keys.
pub(super) fn inferred(has: impl Fn(&str) -> bool) -> Option<&'static str> {
    Some(match () {
        () if has("toolResult") => "postToolUse",
        () if has("toolArgs") => "preToolUse",
        () if has("prompt") => "userPromptSubmitted",
        () => return None,
    })
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    match (call.moment, verdict) {
        (_, Verdict::Pass) => Reply::default(),
        (Moment::Before, Verdict::Replace { nodes, .. }) => {
            Reply::json(&Value::Object(vec![("modifiedArgs", raw(nodes))]))
        }
        (Moment::Prompt, Verdict::Replace { nodes, .. }) => {
            let text = nodes.into_iter().flatten().next().map(|node| output(&node)).unwrap_or_default();
            Reply::json(&Value::Object(vec![("modifiedPrompt", Value::Text(text))]))
        }
        (_, Verdict::Replace { nodes, .. }) => Reply::json(&Value::Object(vec![("modifiedResult", raw(nodes))])),
        (Moment::Before, Verdict::Ask { reason }) => Reply::json(&Value::Object(question(reason))),
        (moment, Verdict::Ask { reason } | Verdict::Deny { reason }) => denial(moment, &call.event, &reason),
        (_, Verdict::Warn { message }) => Reply { stderr: message, ..Reply::default() },
    }
}

fn denial(moment: Moment, event: &str, reason: &str) -> Reply {
    let members = match moment {
        Moment::Before if event.ends_with("ermissionRequest") => {
            vec![("behavior", Value::text("deny")), ("message", Value::text(reason))]
        }
        Moment::Before => {
            vec![("permissionDecision", Value::text("deny")), ("permissionDecisionReason", Value::text(reason))]
        }
        Moment::After => {
            let result = vec![("resultType", Value::text("failure")), ("textResultForLlm", Value::text(reason))];
            vec![("modifiedResult", Value::Object(result))]
        }
        _ => vec![("decision", Value::text("block")), ("reason", Value::text(reason))],
    };
    Reply::json(&Value::Object(members))
}

fn refuse(event: Option<&str>, reason: &str) -> Reply {
    let lower = event.map(str::to_ascii_lowercase).unwrap_or_default();
    match lower.as_str() {
        "pretooluse" | "permissionrequest" => denial(Moment::Before, event.unwrap_or_default(), reason),
        "posttooluse" | "posttoolusefailure" => denial(Moment::After, "", reason),
        "userpromptsubmitted" | "userpromptsubmit" => denial(Moment::Prompt, "", reason),
        _ => Reply::exit(reason),
    }
}
