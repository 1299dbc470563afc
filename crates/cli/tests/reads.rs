//! What assistants are answered when they read files, through the program.

mod common;

use std::fs;
use std::path::PathBuf;

use common::desk::{Desk, answer, bash, denied};
use serde_json::{Value, json};

/// A value that is read to its end only where the name of the file says so.
fn assignment() -> (String, String) {
    let value = ["Xk9,", "mQ2,vL7pR4t"].concat();
    (format!("DB_PASSWORD={value}\nPORT=2\n"), value)
}

#[test]
fn the_name_of_a_file_decides_how_it_is_read() {
    let desk = Desk::new();
    let (text, value) = assignment();
    let path = desk.path(".env");
    let cat = json!({"command": "cd x && head -5 ../.env | nl"});
    let file = json!({"filePath": path, "content": text, "numLines": 2, "startLine": 1, "totalLines": 2});
    let cursor = json!({"cursor_version": "1", "tool_name": "Read", "tool_input": {"path": path}, "tool_output": text});
    let batch = json!([{"tool_name": "Read", "tool_input": {"file_path": path}, "tool_response": text}]);
    let lines = text.replace("DB_", "./.env:1:DB_");
    let search = json!({"command": "grep -rn PASS ."});
    for (assistant, event, rest) in [
        ("claude-code", "PostToolUse", json!({"tool_name": "Read", "tool_input": {}, "tool_response": {"file": file}})),
        (
            "claude-code",
            "PostToolUse",
            json!({"tool_name": "Bash", "tool_input": cat, "tool_response": {"stdout": text}}),
        ),
        (
            "claude-code",
            "PostToolUse",
            json!({"tool_name": "Bash", "tool_input": search, "tool_response": {"stdout": lines}}),
        ),
        (
            "claude-code",
            "PostToolUse",
            json!({"tool_name": "Grep", "tool_input": {"path": "."}, "tool_response": lines}),
        ),
        ("claude-code", "PostToolBatch", json!({"tool_calls": batch})),
        ("claude-code", "PostToolUseFailure", json!({"tool_name": "Bash", "tool_input": cat, "error": text})),
        (
            "codex",
            "PostToolUse",
            json!({"tool_name": "Bash", "tool_input": {"command": "cat .env"}, "tool_response": text}),
        ),
        (
            "gemini",
            "AfterTool",
            json!({"tool_name": "read_file", "tool_input": {"file_path": path}, "tool_response": {"llmContent": text}}),
        ),
        (
            "copilot",
            "",
            json!({"toolName": "view", "toolArgs": json!({"path": path}).to_string(), "toolResult": {"textResultForLlm": text}}),
        ),
        ("cursor", "beforeReadFile", json!({"file_path": path, "content": text})),
        ("cursor", "postToolUse", cursor),
        ("kiro", "postToolUse", json!({"tool_name": "fs_read", "tool_input": {"path": path}, "tool_response": text})),
        (
            "vscode",
            "PostToolUse",
            json!({"tool_name": "read_file", "tool_input": {"filePath": path}, "tool_response": text}),
        ),
        (
            "opencode",
            "tool.execute.after",
            json!({"tool_name": "read", "tool_input": {"filePath": path}, "content": text}),
        ),
    ] {
        let run = desk.event(&[assistant], event, rest.clone());
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(told.to_ascii_lowercase().contains("secret"), "{assistant} {event} {rest}: {run:?}");
        assert!(!told.contains(&value[4..]), "{assistant} {event}: {run:?}");
    }
    let cline = json!({"clineVersion": "3", "hookName": "PostToolUse",
        "postToolUse": {"toolName": "read_file", "parameters": {"path": path}, "result": text}});
    assert_eq!(answer(&desk.ask(&["cline"], cline.to_string().as_bytes()))["cancel"], true);
}

#[test]
fn a_file_is_read_as_a_copy_or_not_at_all() {
    let desk = Desk::new();
    let read = json!({"tool_name": "Read", "tool_input": {"file_path": desk.path(".env"), "limit": 5}});
    let run = desk.event(&["claude-code", "--shadow", "always"], "PreToolUse", read.clone());
    let specific = &answer(&run)["hookSpecificOutput"];
    assert!(specific.get("permissionDecision").is_none(), "a copy approves nothing");
    assert_eq!(specific["updatedInput"]["limit"], 5);
    let copy = PathBuf::from(specific["updatedInput"]["file_path"].as_str().expect("a path"));
    assert!(fs::read_to_string(&copy).expect("a copy").starts_with("A=LEAKTIGHT_AWS"));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&copy.metadata().expect("a copy").permissions()) & 0o777, 0o600);
    assert_eq!(desk.claude("PreToolUse", read), Value::Null, "what is read is replaced afterwards");
}

#[test]
fn a_large_file_is_looked_at_before_it_is_read() {
    let desk = Desk::new();
    let read = json!({"tool_name": "Read", "tool_input": {"file_path": desk.path("big.log")}});
    let answer_of = |args: &[&str]| answer(&desk.event(args, "PreToolUse", read.clone()));
    let copied = answer_of(&["claude-code"]);
    assert!(copied["hookSpecificOutput"]["updatedInput"]["file_path"].is_string(), "{copied}");
    let refused = answer_of(&["claude-code", "--shadow", "never"]);
    let reason = denied(&refused);
    assert!(reason.contains("(line 3201)") && reason.contains("leaktight show"), "{reason}");
}

#[test]
fn a_store_is_never_read() {
    let desk = Desk::new();
    desk.home.write(".aws/credentials", "[default]\naws_secret_access_key = hunter2\n");
    let path = desk.home.path(".aws/credentials");
    for tool in ["Read", "Grep"] {
        let key = if tool == "Read" { "file_path" } else { "path" };
        let answer = desk.claude("PreToolUse", json!({"tool_name": tool, "tool_input": {key: path}}));
        assert!(denied(&answer).contains("AWS CLI"), "{answer}");
    }
    for command in [
        "cat ~/.aws/credentials",
        "bash -c 'cat $HOME/.aws/credentials'",
        "cat ~/.aws/cred*",
        "grep -r key ~/.aws",
        "cp ~/.aws/credentials x",
        "cd ~/.aws; cat credentials",
        "python3 -c \"print(open('/proc/self/environ').read())\"",
    ] {
        denied(&desk.claude("PreToolUse", bash(command)));
    }
}

#[cfg(unix)]
#[test]
fn a_link_hides_nothing() {
    let desk = Desk::new();
    desk.home.write(".ssh/id_ed25519", "x");
    std::os::unix::fs::symlink(desk.home.path(".ssh/id_ed25519"), desk.project.path("notes.txt")).expect("a link");
    let answer =
        desk.claude("PreToolUse", json!({"tool_name": "Read", "tool_input": {"file_path": desk.path("notes.txt")}}));
    assert!(denied(&answer).contains("OpenSSH"), "{answer}");
    std::os::unix::fs::symlink(desk.project.path(".env"), desk.project.path("settings")).expect("a link");
    let answer = desk.claude("UserPromptSubmit", json!({"prompt": "see @settings"}));
    assert_eq!(answer["decision"], "block");
}
