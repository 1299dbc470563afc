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
use crate::splice::{Document, Kind, Node};

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
            let content = need(root.get("llm_request"), "llm_request")?;
            let content: Vec<Node<'d>> = content.into_iter().flat_map(|request| parts(request, MESSAGES)).collect();
            let can = Can { replace: root.at(&["llm_request", MESSAGES]).is_some(), ..deny };
            Call { can, content, ..new(Moment::Request) }
        }
        "BeforeTool" => {
            let can = Can { rewrite: true, restore: true, output_replaced: true, ..deny };
            Call { can, input: root.get("tool_input"), ..new(Moment::Before) }
        }
        "AfterTool" => {
            let parts = root.get("tool_response").into_iter().flat_map(|response| parts(response, OUTPUT));
            Call { can: replace, input: root.get("tool_input"), content: parts.collect(), ..new(Moment::After) }
        }
        _ => return Ok(None),
    }))
}

/// The member of a request that can be replaced.
const MESSAGES: &str = "messages";
/// The member of a tool's output that the model reads.
const OUTPUT: &str = "llmContent";

/// Returns the members of a value, that of `first` before the others; what is no object is
/// one part. What only a person gets to see beside an output goes to no model.
fn parts<'d>(node: Node<'d>, first: &str) -> Vec<Node<'d>> {
    if node.kind() != Kind::Object {
        return vec![node];
    }
    let head = node.get(first);
    let is_shown = |key: &[u8]| head.is_some() && key == b"returnDisplay";
    let others = node.entries().filter(|(key, _)| **key != *first.as_bytes() && !is_shown(key));
    head.into_iter().chain(others.map(|(_, node)| node)).collect()
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    let specific = |members: Vec<(&'static str, Value)>| {
        let members = [vec![("hookEventName", Value::text(&*call.event))], members].concat();
        Reply::json(&Value::Object(vec![("hookSpecificOutput", Value::Object(members))]))
    };
    match (call.event.as_str(), verdict) {
        // Nothing but the messages can be replaced.
        ("BeforeModel", Verdict::Replace { nodes, message }) if nodes.iter().skip(1).any(Option::is_some) => {
            let found = message.trim_end_matches(", replaced here");
            deny(&format!("{found}, not only in its messages, so it is not sent"))
        }
        ("BeforeModel", Verdict::Replace { nodes, .. }) => {
            specific(vec![("llm_request", Value::Object(vec![("messages", raw(nodes))]))])
        }
        ("BeforeTool", Verdict::Replace { nodes, .. }) => specific(vec![("tool_input", raw(nodes))]),
        // The reason takes the place of the output.
        (_, Verdict::Replace { nodes, message }) => {
            let texts = call.content.iter().zip(&nodes).map(|(old, new)| output(new.as_deref().unwrap_or(old.raw())));
            let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
            deny(&format!("{}\n[leaktight: {message}]", texts.join("\n")))
        }
        (_, Verdict::Ask { reason } | Verdict::Deny { reason }) => deny(&reason),
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
