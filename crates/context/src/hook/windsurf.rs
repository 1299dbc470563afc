//! Windsurf (Cascade).
//!
//! <https://docs.windsurf.com/windsurf/cascade/hooks>. A hook can refuse, by exit
//! code 2 with the reason on standard error, and nothing else.

use super::call::{Call, Can, Moment};
use super::{Adapter, Reply, Verdict};
use crate::splice::{Document, Node};

pub(super) static ADAPTER: Adapter = Adapter { read, reply, refuse, nothing: b"" };

fn read<'d>(event: Option<&str>, document: &'d Document<'d>) -> Option<Call<'d>> {
    let root = document.root();
    let event = root.get("agent_action_name").and_then(Node::string).or(event.map(str::to_owned))?;
    let info = root.get("tool_info");
    let text = |key: &str| info.and_then(|info| info.get(key)).and_then(Node::string).unwrap_or_default();
    let call = |moment, tool: &str| {
        let call = Call::new(&event, moment, document);
        Call { can: Can { deny: true, ..Can::default() }, tool: tool.to_owned(), cwd: text("cwd").into(), ..call }
    };
    let content = |key: &str| info.and_then(|info| info.get(key)).into_iter().collect();
    Some(match event.as_str() {
        "pre_user_prompt" => Call { content: content("user_prompt"), ..call(Moment::Prompt, "") },
        "pre_run_command" => Call { input: info, ..call(Moment::Before, "run_command") },
        "pre_read_code" => Call { input: info, ..call(Moment::Before, "read_code") },
        "pre_write_code" => Call { input: info, ..call(Moment::Before, "write_code") },
        "pre_mcp_tool_use" => {
            let input = info.and_then(|info| info.get("mcp_tool_arguments"));
            Call { input, ..call(Moment::Before, "mcp_tool_use") }
        }
        "post_mcp_tool_use" => {
            Call { can: Can::default(), content: content("mcp_result"), ..call(Moment::After, "mcp") }
        }
        _ => return None,
    })
}

fn reply(_: &Call<'_>, verdict: Verdict) -> Reply {
    match verdict {
        Verdict::Pass => Reply::default(),
        Verdict::Deny { reason } => Reply::exit(&reason),
        Verdict::Replace { message, .. } => Reply::exit(&message),
        Verdict::Warn { message } => Reply { stderr: message, ..Reply::default() },
    }
}

fn refuse(_: Option<&str>, reason: &str) -> Reply {
    Reply::exit(reason)
}
