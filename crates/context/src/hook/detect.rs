//! Tells an assistant by its payload.

use super::Assistant;
use crate::splice::{Document, Members, Node};

/// Where payloads name their event.
const NAMES: [&str; 4] = ["hook_event_name", "hookName", "agent_action_name", "hookEventName"];

/// Returns the event a payload names.
fn event_name(document: &Document<'_>) -> Option<String> {
    let root = document.root();
    NAMES.iter().find_map(|key| root.get(key)?.string())
}

/// What can be told of a payload that is not whole, or no JSON from somewhere on.
pub(super) struct Head(Vec<(String, Option<String>)>);

impl Head {
    pub(super) fn read(payload: &[u8]) -> Self {
        Self(Members::of(payload))
    }

    /// Returns the event it names.
    pub(super) fn event(&self) -> Option<&str> {
        let named = |key: &&str| self.0.iter().rev().find(|(name, _)| name == key)?.1.as_deref();
        NAMES.iter().find_map(named)
    }

    /// Returns whether it has a member of this name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(name, _)| name == key)
    }
}

/// Returns who runs the hooks of an assistant: Cursor also runs those of Claude Code,
/// and Visual Studio Code those of Claude Code and of Copilot.
pub(super) fn caller(assistant: Assistant, document: &Document<'_>) -> Assistant {
    let is_read_by_others = matches!(assistant, Assistant::ClaudeCode | Assistant::Copilot);
    match detect(document).filter(|_| is_read_by_others) {
        Some(caller @ (Assistant::Cursor | Assistant::VsCode)) => caller,
        _ => assistant,
    }
}

/// Returns the assistant that sent a payload. The surest signs come first: a key
/// that only one assistant has, before a path that may say anything.
pub(super) fn detect(document: &Document<'_>) -> Option<Assistant> {
    let root = document.root();
    let has = |key: &str| root.get(key).is_some();
    let event = event_name(document).unwrap_or_default();
    let transcript = root.get("transcript_path").and_then(Node::string).unwrap_or_default();
    Some(match event.as_str() {
        _ if has("cursor_version") => Assistant::Cursor,
        _ if has("agent_action_name") => Assistant::Windsurf,
        _ if has("clineVersion") => Assistant::Cline,
        "BeforeAgent"
        | "BeforeModel"
        | "BeforeTool"
        | "AfterTool"
        | "AfterModel"
        | "AfterAgent"
        | "BeforeToolSelection"
        | "PreCompress" => Assistant::Gemini,
        "agentSpawn" | "userPromptSubmit" | "preToolUse" | "postToolUse" | "stop" => Assistant::Kiro,
        "tool.execute.before" | "tool.execute.after" | "chat.message" => Assistant::OpenCode,
        _ if has("turn_id") || transcript.contains(".codex") => Assistant::Codex,
        _ if has("sessionId") && has("timestamp") => Assistant::Copilot,
        _ if transcript.to_ascii_lowercase().contains("github.copilot-chat") => Assistant::VsCode,
        _ if transcript.contains(".gemini") => Assistant::Gemini,
        _ if has("session_id") && has("hook_event_name") => Assistant::ClaudeCode,
        _ => return None,
    })
}
