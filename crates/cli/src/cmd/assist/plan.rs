//! What is installed for each assistant, and where.

use std::env;
use std::path::{Path, PathBuf};

use leaktight_context::Own;
use leaktight_context::hook::Assistant;
use serde_json::{Value, json};

use super::merge::Element;
use crate::vault;

/// Seconds an assistant waits for a hook; this program answers earlier.
const TIMEOUT: u64 = 10;

/// A file and what it gets.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) file: PathBuf,
    pub(super) content: Content,
}

/// What a file gets.
#[derive(Debug)]
pub(super) enum Content {
    /// Elements, beside what others keep there.
    Merged(Vec<Element>),
    /// A file of our own.
    Own(String),
    /// A program of our own.
    Program(String),
}

/// Where to install: for the user, or for a project.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    User,
    Project(&'a Path),
}

/// Returns what is installed; nothing for an assistant that this can't be done for.
pub(super) fn plan(assistant: Assistant, scope: Scope<'_>, program: &str) -> Option<Vec<Plan>> {
    let home = vault::home()?;
    let place = |variable: &str, user: &str, project: &str| match scope {
        Scope::User => {
            match Some(variable).filter(|name| !name.is_empty()).and_then(env::var_os).filter(|it| !it.is_empty()) {
                Some(folder) => PathBuf::from(folder).join(Path::new(user).file_name().unwrap_or_default()),
                None => home.join(user),
            }
        }
        Scope::Project(root) => root.join(project),
    };
    let merged = |file, elements| vec![Plan { file, content: Content::Merged(elements) }];
    Some(match assistant {
        Assistant::ClaudeCode => {
            merged(place("CLAUDE_CONFIG_DIR", ".claude/settings.json", ".claude/settings.json"), claude(program))
        }
        Assistant::Codex => merged(place("CODEX_HOME", ".codex/hooks.json", ".codex/hooks.json"), codex(program)),
        Assistant::Gemini => merged(place("", ".gemini/settings.json", ".gemini/settings.json"), gemini(program)),
        Assistant::Cursor => merged(place("", ".cursor/hooks.json", ".cursor/hooks.json"), cursor(program)),
        Assistant::Windsurf => {
            merged(place("", ".codeium/windsurf/hooks.json", ".windsurf/hooks.json"), windsurf(program))
        }
        Assistant::Copilot => {
            let file = place("", ".copilot/hooks/leaktight.json", ".github/hooks/leaktight.json");
            vec![Plan { file, content: Content::Own(copilot(program)) }]
        }
        Assistant::OpenCode => {
            let file = place("", ".config/opencode/plugin/leaktight.js", ".opencode/plugin/leaktight.js");
            vec![Plan { file, content: Content::Own(opencode(program)) }]
        }
        Assistant::Cline => ["PreToolUse", "PostToolUse", "UserPromptSubmit"]
            .map(|event| Plan {
                file: place("", "Documents/Cline/Hooks", ".clinerules/hooks").join(event),
                content: Content::Program(cline(program)),
            })
            .into(),
        // It reads the file of Copilot CLI, in projects.
        Assistant::VsCode if matches!(scope, Scope::Project(_)) => {
            let file = place("", "", ".github/hooks/leaktight.json");
            vec![Plan { file, content: Content::Own(copilot(program)) }]
        }
        Assistant::Kiro => {
            let file = place("", ".kiro/hooks/leaktight.json", ".kiro/hooks/leaktight.json");
            vec![Plan { file, content: Content::Own(kiro(program)) }]
        }
        _ => return None,
    })
}

fn elements(events: &[&'static str], make: impl Fn(&str) -> Value) -> Vec<Element> {
    let element = |event: &&'static str| Element { keys: vec!["hooks", event], json: make(event).to_string() };
    events.iter().map(element).collect()
}

fn claude(program: &str) -> Vec<Element> {
    const EVENTS: [&str; 6] =
        ["UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "InstructionsLoaded"];
    let mut all = elements(&EVENTS, |event| {
        let mut hook =
            json!({"type": "command", "command": program, "args": ["hook", "claude-code"], "timeout": TIMEOUT});
        // Elsewhere it would not stop anything.
        if matches!(event, "UserPromptSubmit" | "PreToolUse") {
            hook["onFailure"] = json!("block");
        }
        json!({"hooks": [hook]})
    });
    // What a command is rewritten to must pass without a question.
    for rule in ["Bash(set -o pipefail)".to_owned(), format!("Bash({program} filter)")] {
        all.push(Element { keys: vec!["permissions", "allow"], json: json!(rule).to_string() });
    }
    all
}

fn codex(program: &str) -> Vec<Element> {
    let command = format!("{} hook codex", quoted(program));
    elements(
        &["UserPromptSubmit", "PreToolUse", "PostToolUse"],
        |_| json!({"hooks": [{"type": "command", "command": command, "timeout": TIMEOUT}]}),
    )
}

fn gemini(program: &str) -> Vec<Element> {
    let command = format!("{} hook gemini", quoted(program));
    elements(&["BeforeAgent", "BeforeModel", "BeforeTool", "AfterTool"], |_| {
        let hook = json!({"type": "command", "name": "leaktight", "command": command, "timeout": TIMEOUT * 1000});
        json!({"matcher": "*", "hooks": [hook]})
    })
}

fn cursor(program: &str) -> Vec<Element> {
    const EVENTS: [&str; 6] = [
        "beforeSubmitPrompt",
        "beforeReadFile",
        "beforeTabFileRead",
        "beforeShellExecution",
        "beforeMCPExecution",
        "postToolUse",
    ];
    let command = format!("{} hook cursor", quoted(program));
    elements(&EVENTS, |event| {
        let mut hook = json!({"command": command, "timeout": TIMEOUT});
        if event != "postToolUse" {
            hook["failClosed"] = json!(true);
        }
        hook
    })
}

fn windsurf(program: &str) -> Vec<Element> {
    const EVENTS: [&str; 6] = [
        "pre_user_prompt",
        "pre_run_command",
        "pre_read_code",
        "pre_write_code",
        "pre_mcp_tool_use",
        "post_mcp_tool_use",
    ];
    let command = format!("{} hook windsurf", quoted(program));
    elements(&EVENTS, |_| json!({"command": command, "show_output": true}))
}

fn copilot(program: &str) -> String {
    let hook = |event: &str| {
        let command = format!("{} hook copilot {event}", quoted(program));
        json!([{"type": "command", "bash": command, "powershell": command, "timeoutSec": TIMEOUT}])
    };
    let events = ["userPromptSubmitted", "preToolUse", "postToolUse"];
    let hooks: serde_json::Map<String, Value> = events.iter().map(|event| ((*event).to_owned(), hook(event))).collect();
    format!("{:#}\n", json!({"version": 1, "hooks": hooks}))
}

/// Only these two triggers can refuse, <https://kiro.dev/docs/cli/v3/hooks/>.
fn kiro(program: &str) -> String {
    let command = format!("{} hook kiro", quoted(program));
    let hook = |trigger: &str| {
        let action = json!({"type": "command", "command": command});
        let name = format!("leaktight-{}", trigger.to_ascii_lowercase());
        json!({"name": name, "trigger": trigger, "action": action, "timeout": TIMEOUT, "enabled": true})
    };
    let hooks: Vec<Value> = ["UserPromptSubmit", "PreToolUse"].map(hook).into();
    format!("{:#}\n", json!({"version": "v1", "hooks": hooks}))
}

/// Returns a path as a word of a shell.
fn opencode(program: &str) -> String {
    include_str!("opencode.js").replace("@PROGRAM@", &json!(program).to_string())
}

fn cline(program: &str) -> String {
    format!("#!/bin/sh\nexec {} hook cline\n", quoted(program))
}

/// Returns how the hooks look that are installed here.
pub(crate) fn own() -> Own {
    // By its path only: what a name alone leads to depends on variables and folders.
    let mut own = Own::default();
    if let Some(program) = env::current_exe().ok().as_deref().and_then(Path::to_str) {
        own.programs.extend([program.to_owned(), quoted(program)]);
        own.files.extend([opencode(program), cline(program)]);
    }
    own
}

fn quoted(program: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:\\".contains(c);
    if program.chars().all(is_plain) { program.to_owned() } else { format!("'{}'", program.replace('\'', r"'\''")) }
}
