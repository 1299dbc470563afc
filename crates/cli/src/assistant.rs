//! Whether an assistant runs this program.

use std::env;
use std::io::{self, IsTerminal as _};

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

/// Programs whose children are run by an assistant.
#[cfg(target_os = "linux")]
const PROGRAMS: &[&str] = &["claude", "codex", "copilot", "cursor-agent", "gemini", "opencode", "windsurf"];

/// Refuses what only a person in a terminal may ask for: where an assistant runs this
/// program, by its variables or as a process above, and where there is no terminal.
///
/// # Errors
///
/// Returns the refusal.
pub(crate) fn refuse_without_person(what: &str) -> anyhow::Result<()> {
    const HINT: &str = "run it yourself, in a terminal of your own";
    refuse(what)?;
    if let Some(name) = ancestor() {
        return Err(crate::Hint::new(format!("an assistant must not {what}: `{name}` runs this"), HINT).into());
    }
    if !io::stdin().is_terminal() {
        return Err(crate::Hint::new(format!("nobody may {what} without a terminal"), HINT).into());
    }
    Ok(())
}

/// Returns the assistant among the processes that led to this one.
#[cfg(target_os = "linux")]
fn ancestor() -> Option<&'static str> {
    /// Processes that are looked at, at most.
    const MOST: usize = 64;
    let mut process = std::os::unix::process::parent_id();
    for _ in 0..MOST {
        // `PID (NAME) STATE PARENT ...`, where a name may hold anything.
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (head, tail) = stat.rsplit_once(')')?;
        let name = head.split_once('(')?.1;
        if let Some(found) = PROGRAMS.iter().find(|program| name == **program) {
            return Some(found);
        }
        process = tail.split_whitespace().nth(1)?.parse().ok()?;
    }
    None
}

#[cfg(not(target_os = "linux"))]
fn ancestor() -> Option<&'static str> {
    None
}
