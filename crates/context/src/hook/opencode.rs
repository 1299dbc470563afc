//! OpenCode, through the plugin that `leaktight install opencode` writes.
//!
//! The plugin runs in the assistant and may change anything; it sends
//! `{hook_event_name, cwd, tool_name, tool_input | content}` and gets
//! `{"deny": reason}`, `{"replace": value}`, `{"warn": message}` or nothing.

use super::call::{Call, Can, Moment};
use super::claude::raw;
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"{}" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Option<Call<'d>> {
    let root = document.root();
    let event = root.get("hook_event_name").and_then(Node::string).or(event.map(str::to_owned))?;
    let new = |moment| Call::new(&event, moment, document);
    let all = Can { replace: true, deny: true, rewrite: true, output_replaced: true, ..Can::default() };
    let content = root.get("content").into_iter().collect();
    Some(match event.as_str() {
        "chat.message" => Call { can: all, content, ..new(Moment::Prompt) },
        "tool.execute.before" => Call { can: all, input: root.get("tool_input"), ..new(Moment::Before) },
        "tool.execute.after" => Call { can: all, content, input: root.get("tool_input"), ..new(Moment::After) },
        "messages.transform" => Call { can: all, content, ..new(Moment::Request) },
        _ => return None,
    })
}

fn reply(_: &Call<'_>, verdict: Verdict) -> Reply {
    let members = match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Replace { nodes, .. } => vec![("replace", raw(nodes))],
        Verdict::Deny { reason } => vec![("deny", Value::Text(reason))],
        Verdict::Warn { message } => vec![("warn", Value::Text(message))],
    };
    Reply::json(&Value::Object(members))
}

fn refuse(_: Option<&str>, reason: &str) -> Reply {
    Reply { stdout: Value::Object(vec![("deny", Value::text(reason))]).write(), ..Reply::exit(reason) }
}
