//! Asks a hook about an event with a secret, through the command that is installed.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use leaktight_context::hook::Assistant;
use serde_json::{Value, json};

use super::super::plan::{Content, Plan};

/// Returns what is wrong with how the installed hook answers.
pub(super) fn fault(assistant: Assistant, plan: Option<&Plan>) -> Option<String> {
    let plan = plan?;
    let command = command(assistant, plan)?;
    // Not one that could be taken for a dummy, and in no file as a whole.
    let secret = ["AKIA", "T5WQ3MZX", "6KLP2D7Y"].concat();
    let asked = || -> io::Result<(Output, Output)> {
        let folder = tempfile::tempdir()?;
        let ask = |text: &str| run(&command, &event(assistant, text).to_string(), folder.path());
        Ok((ask(&format!("key: {secret}"))?, ask("nothing here")?))
    };
    match asked() {
        Ok((guarded, clean)) => {
            let texts = [&guarded.stdout, &guarded.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let is_same = guarded.stdout == clean.stdout && guarded.status == clean.status;
            if is_same || texts.iter().any(|text| text.contains(&secret)) {
                Some("the hook lets a secret pass: this is a defect; please report it".to_owned())
            } else if !matches!(clean.status.code(), Some(0)) {
                Some("the hook refuses what holds no secret: this is a defect; please report it".to_owned())
            } else {
                None
            }
        }
        Err(err) => Some(format!("the hook can't be run: {err}")),
    }
}

/// How the installed hook is called: a program with its arguments, or a line for a shell.
enum Line {
    Program(String, Vec<String>),
    Shell(String),
}

/// Returns how an assistant calls the hook that is asked here.
fn command(assistant: Assistant, plan: &Plan) -> Option<Line> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of_hook = |hook: &Value| {
        let command = text(&hook["command"])?;
        Some(match hook["args"].as_array() {
            Some(args) => Line::Program(command, args.iter().filter_map(text).collect()),
            None => Line::Shell(command),
        })
    };
    match &plan.content {
        Content::Merged(elements) => {
            let element = elements.iter().find(|element| element.keys == ["hooks", name(assistant)])?;
            let value: Value = serde_json::from_str(&element.json).ok()?;
            of_hook(if value["hooks"].is_array() { &value["hooks"][0] } else { &value })
        }
        Content::Own(own) if assistant == Assistant::Kiro => {
            let value: Value = serde_json::from_str(own).ok()?;
            let hooks = value["hooks"].as_array()?;
            let hook = hooks.iter().find(|hook| hook["trigger"] == name(assistant))?;
            text(&hook["action"]["command"]).map(Line::Shell)
        }
        Content::Own(own) if matches!(assistant, Assistant::Copilot | Assistant::VsCode) => {
            let value: Value = serde_json::from_str(own).ok()?;
            let key = if cfg!(windows) { "powershell" } else { "bash" };
            text(&value["hooks"][name(Assistant::Copilot)][0][key]).map(Line::Shell)
        }
        // A plugin, which calls this program.
        Content::Own(_) => {
            let program = std::env::current_exe().ok()?.to_str()?.to_owned();
            Some(Line::Program(program, vec!["hook".to_owned(), assistant.name().to_owned()]))
        }
        Content::Program(_) => Some(Line::Program(plan.file.to_str()?.to_owned(), Vec::new())),
    }
}

/// The name of the event that is asked about.
fn name(assistant: Assistant) -> &'static str {
    match assistant {
        Assistant::Gemini => "AfterTool",
        Assistant::Copilot => "postToolUse",
        Assistant::Cursor => "beforeReadFile",
        Assistant::Windsurf => "pre_user_prompt",
        Assistant::Cline | Assistant::Kiro => "UserPromptSubmit",
        Assistant::OpenCode => "tool.execute.after",
        _ => "PostToolUse",
    }
}

/// An event as the assistant would send it.
fn event(assistant: Assistant, text: &str) -> Value {
    let name = name(assistant);
    let folder = std::env::temp_dir();
    match assistant {
        Assistant::Copilot => json!({
            "sessionId": "doctor", "timestamp": 0, "cwd": folder, "toolName": "bash", "toolArgs": {"command": "true"},
            "toolResult": {"resultType": "success", "textResultForLlm": text},
        }),
        Assistant::Windsurf => json!({"agent_action_name": name, "tool_info": {"user_prompt": text}}),
        Assistant::Cline => json!({
            "clineVersion": "doctor", "hookName": name, "workspaceRoots": [folder], "userPromptSubmit": {"prompt": text},
        }),
        _ => json!({
            "session_id": "doctor", "transcript_path": transcript(assistant), "cwd": folder, "hook_event_name": name,
            "tool_name": "Bash", "tool_input": {"command": "true"}, "file_path": folder.join("doctor.txt"),
            "prompt": text, "content": text, "tool_response": response(assistant, text),
        }),
    }
}

/// A path that tells the one of its readers whose file it is.
fn transcript(assistant: Assistant) -> Option<&'static str> {
    (assistant == Assistant::VsCode).then_some("/GitHub.copilot-chat/doctor.jsonl")
}

fn response(assistant: Assistant, text: &str) -> Value {
    match assistant {
        Assistant::ClaudeCode => json!({"stdout": text, "stderr": "", "interrupted": false}),
        Assistant::Gemini => json!({"llmContent": text, "returnDisplay": ""}),
        _ => json!(text),
    }
}

/// Runs the hook with what it would write in a folder of its own.
fn run(line: &Line, payload: &str, folder: &std::path::Path) -> io::Result<Output> {
    let mut command = match line {
        Line::Program(program, arguments) => {
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        Line::Shell(text) => {
            let (shell, option) = if cfg!(windows) { ("powershell", "-Command") } else { ("sh", "-c") };
            let mut command = Command::new(shell);
            command.arg(option).arg(text);
            command
        }
    };
    command.env("LEAKTIGHT_HOME", folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read is told by its answer.
        let _ = stdin.write_all(payload.as_bytes());
    }
    child.wait_with_output()
}
