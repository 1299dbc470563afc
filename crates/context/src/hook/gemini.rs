//! Gemini CLI, 0.61.
//!
//! <https://geminicli.com/docs/hooks/reference>. What a person writes, and the
//! files mentioned in it, is replaced in the request to the model, which also
//! comes with every later turn; the hook before the agent can only refuse it.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::claude::raw;
use super::codex::output;
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::Document;

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hook_event_name"]), event)?;
    let new = |moment| Call::new(&event, moment, document);
    let deny = Can { deny: true, ..Can::default() };
    let replace = Can { replace: true, ..deny };
    Ok(Some(match event.as_str() {
        "BeforeAgent" => {
            let can = Can { replaced_later: true, ..deny };
            Call { can, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) }
        }
        "BeforeModel" => {
            let request = need(root.get("llm_request"), "llm_request")?;
            let content = request.into_iter().filter_map(|request| request.get("messages")).collect();
            Call { can: replace, content, ..new(Moment::Request) }
        }
        "BeforeTool" => {
            let can = Can { rewrite: true, restore: true, output_replaced: true, ..deny };
            Call { can, input: root.get("tool_input"), ..new(Moment::Before) }
        }
        "AfterTool" => {
            let content = root.at(&["tool_response", "llmContent"]).into_iter().collect();
            Call { can: replace, input: root.get("tool_input"), content, ..new(Moment::After) }
        }
        _ => return Ok(None),
    }))
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    let specific = |members: Vec<(&'static str, Value)>| {
        let members = [vec![("hookEventName", Value::text(&*call.event))], members].concat();
        Reply::json(&Value::Object(vec![("hookSpecificOutput", Value::Object(members))]))
    };
    match (call.event.as_str(), verdict) {
        ("BeforeModel", Verdict::Replace { nodes, .. }) => {
            specific(vec![("llm_request", Value::Object(vec![("messages", raw(nodes))]))])
        }
        ("BeforeTool", Verdict::Replace { nodes, .. }) => specific(vec![("tool_input", raw(nodes))]),
        // The reason takes the place of the output.
        (_, Verdict::Replace { nodes, message }) => {
            let text = nodes.into_iter().flatten().next().map(|node| output(&node)).unwrap_or_default();
            deny(&format!("{text}\n[leaktight: {message}]"))
        }
        (_, Verdict::Deny { reason }) => deny(&reason),
        (_, Verdict::Warn { message }) => Reply::json(&Value::Object(vec![("systemMessage", Value::Text(message))])),
        (_, Verdict::Pass) => Reply::default(),
    }
}

fn deny(reason: &str) -> Reply {
    Reply::json(&Value::Object(vec![("decision", Value::text("deny")), ("reason", Value::text(reason))]))
}

fn refuse(event: Option<&str>, reason: &str) -> Reply {
    match event {
        Some("BeforeAgent" | "BeforeModel" | "BeforeTool" | "AfterTool") => deny(reason),
        _ => Reply::exit(reason),
    }
}
