//! OpenCode, through the plugin that `leaktight install opencode` writes.
//!
//! The plugin runs in the assistant and may change anything; it sends
//! `{hook_event_name, cwd, tool_name, tool_input | content}` and gets
//! `{"deny": reason}`, `{"replace": value}`, `{"warn": message}` or nothing.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::claude::raw;
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::Document;

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"{}" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hook_event_name"]), event)?;
    let new = |moment| Call::new(&event, moment, document);
    let all = Can { replace: true, deny: true, rewrite: true, output_replaced: true, ..Can::default() };
    let content = || need(root.get("content"), "content");
    Ok(Some(match event.as_str() {
        "chat.message" => Call { can: all, content: content()?, ..new(Moment::Prompt) },
        "tool.execute.before" => Call { can: all, input: root.get("tool_input"), ..new(Moment::Before) },
        "tool.execute.after" => {
            let content = root.get("content").into_iter().collect();
            Call { can: all, content, input: root.get("tool_input"), ..new(Moment::After) }
        }
        "messages.transform" => Call { can: all, content: content()?, ..new(Moment::Request) },
        _ => return Ok(None),
    }))
}

fn reply(_: &Call<'_>, verdict: Verdict) -> Reply {
    let members = match verdict {
        Verdict::Pass => Vec::new(),
        Verdict::Replace { nodes, .. } => vec![("replace", raw(nodes))],
        Verdict::Ask { reason } | Verdict::Deny { reason } => vec![("deny", Value::Text(reason))],
        Verdict::Warn { message } => vec![("warn", Value::Text(message))],
    };
    Reply::json(&Value::Object(members))
}

fn refuse(_: Option<&str>, reason: &str) -> Reply {
    Reply { stdout: Value::Object(vec![("deny", Value::text(reason))]).write(), ..Reply::exit(reason) }
}
