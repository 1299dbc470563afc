//! Windsurf (Cascade).
//!
//! <https://docs.windsurf.com/windsurf/cascade/hooks>. A hook can refuse, by exit
//! code 2 with the reason on standard error, and nothing else.

use super::call::{Call, Can, Missing, Moment, event_name, need};
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Result<Option<Call<'d>>, Missing> {
    let root = document.root();
    let event = event_name((document, &["agent_action_name"]), event)?;
    let info = root.get("tool_info");
    let text = |key: &str| info.and_then(|info| info.get(key)).and_then(Node::string).unwrap_or_default();
    let call = |moment, tool: &str| {
        let call = Call::new(&event, moment, document);
        Call { can: Can { deny: true, ..Can::default() }, tool: tool.to_owned(), cwd: text("cwd").into(), ..call }
    };
    Ok(Some(match event.as_str() {
        "pre_user_prompt" => {
            let prompt = info.and_then(|info| info.get("user_prompt"));
            Call { content: need(prompt, "tool_info.user_prompt")?, ..call(Moment::Prompt, "") }
        }
        "pre_run_command" => Call { input: info, ..call(Moment::Before, "run_command") },
        "pre_read_code" => Call { input: info, ..call(Moment::Before, "read_code") },
        "pre_write_code" => Call { input: info, ..call(Moment::Before, "write_code") },
        "pre_mcp_tool_use" => {
            let input = info.and_then(|info| info.get("mcp_tool_arguments"));
            Call { input, ..call(Moment::Before, "mcp_tool_use") }
        }
        "post_mcp_tool_use" => {
            let content = info.and_then(|info| info.get("mcp_result")).into_iter().collect();
            Call { can: Can::default(), content, ..call(Moment::After, "mcp") }
        }
        _ => return Ok(None),
    }))
}

fn reply(_: &Call<'_>, verdict: Verdict) -> Reply {
    match verdict {
        Verdict::Pass => Reply::default(),
        Verdict::Ask { reason } | Verdict::Deny { reason } => Reply::exit(&reason),
        Verdict::Replace { message, .. } => Reply::exit(&message),
        Verdict::Warn { message } => Reply { stderr: message, ..Reply::default() },
    }
}

fn refuse(_: Option<&str>, reason: &str) -> Reply {
    Reply::exit(reason)
}
