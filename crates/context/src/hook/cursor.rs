//! Cursor, agent bundle of September 2026.
//!
//! <https://cursor.com/docs/hooks>. It can refuse, and replace what MCP tools
//! return, but nothing that commands print or files hold. A permission hook that
//! prints no JSON refuses. It also runs the hooks of Claude Code's settings, whose
//! payloads tell by `cursor_version` that they are Cursor's.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::claude::raw;
use super::json::Value;
use super::tool::{self, Tool};
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Kind, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"{}" };

/// Characters of context, at most: more are dropped as a whole.
const MAX_CONTEXT: usize = 9_000;

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = uncapitalized(&event_name((document, &["hook_event_name"]), event)?);
    let new = |moment| {
        let mut call = Call::new(&event, moment, document);
        if call.cwd.as_os_str().is_empty() {
            let folder = root.get("workspace_roots").and_then(|roots| roots.items().next()).and_then(Node::string);
            call.cwd = folder.unwrap_or_default().into();
        }
        call
    };
    let any = |keys: &[&str]| keys.iter().find_map(|key| root.get(key));
    let deny = Can { deny: true, ..Can::default() };
    Ok(Some(match event.as_str() {
        "beforeSubmitPrompt" | "userPromptSubmit" => {
            let attachments = root.get("attachments").into_iter().flat_map(Node::items);
            let mentions = attachments.filter_map(|one| one.get("file_path").and_then(Node::string)).collect();
            let can = Can { expands_mentions: true, ..deny };
            Call { can, mentions, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) }
        }
        "beforeReadFile" | "beforeTabFileRead" => {
            let file = root.get("file_path").and_then(Node::string).ok_or(Missing("file_path"))?;
            // Without its content the file is read here.
            let content = root.get("content").filter(|content| content.kind() == Kind::Text).into_iter().collect();
            Call { can: deny, file: Some(file), input: Some(root), content, ..new(Moment::Before) }
        }
        "beforeShellExecution" => {
            let can = Can { ask: true, ..deny };
            Call { can, tool: "shell".to_owned(), input: Some(root), ..new(Moment::Before) }
        }
        "beforeMCPExecution" => {
            let tool = format!("mcp:{}", root.get("tool_name").and_then(Node::string).unwrap_or_default());
            Call { can: deny, tool, input: root.get("tool_input"), ..new(Moment::Before) }
        }
        "preToolUse" => {
            let can = Can { rewrite: true, ..deny };
            Call { can, input: root.get("tool_input"), ..new(Moment::Before) }
        }
        "postToolUse" => {
            let mut call = new(Moment::After);
            let is_mcp = tool::kind(&call.tool) == Tool::Sends;
            call.can = Can { replace: is_mcp, ..Can::default() };
            call.input = root.get("tool_input");
            call.content = any(&["tool_output", "tool_response", "result_json", "output"]).into_iter().collect();
            call
        }
        _ => return Ok(None),
    }))
}

/// Returns the name of an event with a small first letter: the hooks of Claude Code's
/// settings have a capital.
fn uncapitalized(name: &str) -> String {
    let mut name = name.to_owned();
    name.get_mut(..1).map(str::make_ascii_lowercase);
    name
}

fn reply(call: &Call<'_>, verdict: Verdict) -> Reply {
    let is_prompt = call.moment == Moment::Prompt;
    let members = match verdict {
        Verdict::Pass if call.file.is_some() => vec![("permission", Value::text("allow"))],
        Verdict::Pass if is_prompt => vec![("continue", Value::Flag(true))],
        // Nothing is said, so that the user is still asked.
        Verdict::Pass => Vec::new(),
        Verdict::Replace { nodes, .. } if call.moment == Moment::Before => vec![("updated_input", raw(nodes))],
        Verdict::Replace { nodes, .. } => vec![("updated_mcp_tool_output", raw(nodes))],
        Verdict::Ask { reason } if call.can.ask => permission("ask", &reason),
        Verdict::Ask { reason } | Verdict::Deny { reason } if is_prompt => {
            vec![("continue", Value::Flag(false)), ("user_message", Value::Text(reason))]
        }
        Verdict::Ask { reason } | Verdict::Deny { reason } => denial(&reason),
        Verdict::Warn { message } => {
            let message: String = message.chars().take(MAX_CONTEXT).collect();
            vec![("additional_context", Value::Text(message))]
        }
    };
    Reply::json(&Value::Object(members))
}

fn denial(reason: &str) -> Vec<(&'static str, Value)> {
    permission("deny", reason)
}

fn permission(decision: &str, reason: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("permission", Value::text(decision)),
        ("user_message", Value::text(reason)),
        ("agent_message", Value::text(reason)),
    ]
}

fn refuse(event: Option<&str>, reason: &str) -> Reply {
    let members = match event.map(uncapitalized).as_deref() {
        Some("beforeSubmitPrompt" | "userPromptSubmit") => {
            vec![("continue", Value::Flag(false)), ("user_message", Value::text(reason))]
        }
        _ => denial(reason),
    };
    Reply { stdout: Value::Object(members).write(), ..Reply::exit(reason) }
}
