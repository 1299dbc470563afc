//! Whether an assistant runs this program.

use std::env;

/// Variables that assistants set for the programs they run.
const MARKS: &[&str] = &[
    "AI_AGENT",
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CODEX_SANDBOX",
    "CODEX_SANDBOX_NETWORK_DISABLED",
    "COPILOT_CLI",
    "CURSOR_AGENT",
    "CURSOR_TRACE_ID",
    "GEMINI_CLI",
    "OPENCODE",
];

/// Returns the variable that tells that an assistant runs this program.
///
/// It can be unset, so this is no wall: it keeps an assistant from doing by
/// mistake, or because a text told it to, what a person should do.
pub(crate) fn mark() -> Option<&'static str> {
    MARKS.iter().copied().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Refuses what only a person may ask for.
///
/// # Errors
///
/// Returns the refusal when an assistant runs this program.
pub(crate) fn refuse(what: &str) -> anyhow::Result<()> {
    match mark() {
        Some(name) => {
            let message = format!("an assistant must not {what}: `{name}` is set");
            Err(crate::Hint::new(message, "run it yourself, in a terminal of your own").into())
        }
        None => Ok(()),
    }
}
