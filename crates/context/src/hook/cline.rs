//! Cline.
//!
//! <https://docs.cline.bot> ("Hooks"). A hook can cancel, or add to the context.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::json::Value;
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: br#"{"cancel":false}"# };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hookName"]), event)?;
    let folder = root.get("workspaceRoots").and_then(|roots| roots.items().next()).and_then(Node::string);
    let deny = Can { deny: true, ..Can::default() };
    let call = |moment, body: Option<Node<'d>>| {
        let tool = body.and_then(|body| body.get("toolName")).and_then(Node::string).unwrap_or_default();
        let cwd = folder.clone().unwrap_or_default().into();
        Call { cwd, tool, can: deny, ..Call::new(&event, moment, document) }
    };
    Ok(Some(match event.as_str() {
        "PreToolUse" => {
            let body = root.get("preToolUse");
            Call { input: body.and_then(|body| body.get("parameters")), ..call(Moment::Before, body) }
        }
        "PostToolUse" => {
            let body = root.get("postToolUse");
            Call {
                input: body.and_then(|body| body.get("parameters")),
                content: body.and_then(|body| body.get("result")).into_iter().collect(),
                ..call(Moment::After, body)
            }
        }
        "UserPromptSubmit" | "TaskStart" => {
            let body = root.get("userPromptSubmit").or_else(|| root.get("taskStart"));
            let content = need(body, "userPromptSubmit")?;
            Call { content, can: Can { expands_mentions: true, ..deny }, ..call(Moment::Prompt, body) }
        }
        _ => return Ok(None),
    }))
}

fn reply(_: &Call<'_>, verdict: Verdict) -> Reply {
    match verdict {
        Verdict::Pass => Reply { stdout: ADAPTER.nothing.to_vec(), ..Reply::default() },
        Verdict::Ask { reason } | Verdict::Deny { reason } => cancel(&reason),
        Verdict::Replace { message, .. } => cancel(&message),
        Verdict::Warn { message } => {
            let members = vec![("cancel", Value::Flag(false)), ("contextModification", Value::Text(message))];
            Reply::json(&Value::Object(members))
        }
    }
}

fn cancel(reason: &str) -> Reply {
    Reply::json(&Value::Object(vec![("cancel", Value::Flag(true)), ("errorMessage", Value::text(reason))]))
}

fn refuse(_: Option<&str>, reason: &str) -> Reply {
    Reply { stdout: cancel(reason).stdout, ..Reply::exit(reason) }
}
