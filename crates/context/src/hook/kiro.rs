//! Kiro.
//!
//! <https://kiro.dev/docs/cli/hooks>, and `/v3/` there, where events start with a
//! capital. Exit code 2 refuses a tool, with the reason on
//! standard error; what other hooks print is added to the context.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::{Adapter, Reply, Verdict};
use crate::splice::Document;

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["hook_event_name"]), event)?;
    let new = |moment| Call::new(&event, moment, document);
    let deny = Can { deny: true, ..Can::default() };
    Ok(Some(match event.as_str() {
        "userPromptSubmit" | "UserPromptSubmit" => {
            Call { can: deny, content: need(root.get("prompt"), "prompt")?, ..new(Moment::Prompt) }
        }
        "preToolUse" | "PreToolUse" => Call { can: deny, input: root.get("tool_input"), ..new(Moment::Before) },
        "postToolUse" | "PostToolUse" => {
            let content = root.get("tool_response").into_iter().collect();
            Call { input: root.get("tool_input"), content, ..new(Moment::After) }
        }
        _ => return Ok(None),
    }))
}

fn reply(_: &Call<'_>, verdict: Verdict) -> Reply {
    match verdict {
        Verdict::Pass => Reply::default(),
        Verdict::Ask { reason } | Verdict::Deny { reason } => Reply::exit(&reason),
        Verdict::Replace { message, .. } => Reply::exit(&message),
        Verdict::Warn { message } => Reply { stderr: message, code: 1, ..Reply::default() },
    }
}

fn refuse(_: Option<&str>, reason: &str) -> Reply {
    Reply::exit(reason)
}
