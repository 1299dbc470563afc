//! What hooks of assistants do not understand, and refuse.

mod common;

use common::desk::{Desk, answer, denied};
use serde_json::{Value, json};

#[test]
fn what_cannot_be_read_is_refused() {
    let desk = Desk::new();
    let large = format!("{{\"hook_event_name\": \"PreToolUse\", \"x\": \"{}\"}}", "a".repeat(17 << 20));
    let inputs: [&[u8]; 9] = [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"{\"hook_event_name\": 5, \"hookName\": 5, \"agent_action_name\": 5}",
        b"{\"hook_event_name\": \"PreToolUse\"",
        large.as_bytes(),
    ];
    for input in inputs {
        for assistant in [
            "claude-code",
            "codex",
            "gemini",
            "copilot",
            "cursor",
            "windsurf",
            "cline",
            "kiro",
            "vscode",
            "opencode",
            "auto",
        ] {
            let run = desk.ask(&[assistant], input);
            // Where the event is known it may be refused in its own words.
            let is_named = input.starts_with(b"{\"hook_event_name\": \"PreToolUse\"");
            let is_refused = run.code == Some(2) || (is_named && is_denial(&run.stdout));
            assert!(is_refused, "{assistant} {:?} {run:?}", input.get(..20));
            assert!(!run.stderr.contains("panic"), "{run:?}");
        }
    }
    let run = desk.event(&["claude-code"], "PreToolUse", json!({"tool_name": "Bash"}));
    denied(&answer(&run));
    assert_eq!(desk.claude("PostToolUse", json!({"tool_name": "Bash"})), Value::Null);
}

/// Whether an answer refuses a tool, in the words of any assistant.
fn is_denial(answer: &str) -> bool {
    const PLACES: [&str; 4] =
        ["/hookSpecificOutput/permissionDecision", "/permissionDecision", "/permission", "/decision"];
    let Ok(answer) = serde_json::from_str::<Value>(answer) else { return false };
    PLACES.iter().any(|place| answer.pointer(place).is_some_and(|word| word == "deny" || word == "block"))
}

#[test]
fn what_is_not_understood_is_refused() {
    let desk = Desk::new();
    desk.project.write("clean.rs", "fn main() {}\n");
    let bash = |input: Value| json!({"tool_name": "Bash", "tool_input": input});
    let base = json!({"sessionId": "1", "timestamp": 1});
    let cases = [
        ("claude-code", "UserPromptSubmit", json!({}), "prompt", "/decision"),
        ("claude-code", "UserPromptSubmit", json!({"prompt": 5}), "prompt", "/decision"),
        ("claude-code", "PreToolUse", bash(json!("cat .env")), "tool_input", "/hookSpecificOutput/permissionDecision"),
        ("claude-code", "PreToolUse", bash(json!(null)), "tool_input", "/hookSpecificOutput/permissionDecision"),
        ("claude-code", "PreToolUse", bash(json!({"command": 5})), "command", "/hookSpecificOutput/permissionDecision"),
        ("claude-code", "PreToolUse", bash(json!({"command": ["cat", 5]})), "command", "/hookSpecificOutput"),
        ("claude-code", "PreToolUse", json!({"tool_input": {}}), "tool_name", "/hookSpecificOutput/permissionDecision"),
        ("claude-code", "PostToolBatch", json!({"tool_calls": {}}), "tool_calls", "/decision"),
        ("codex", "UserPromptSubmit", json!({"prompt": null}), "prompt", "/decision"),
        ("codex", "PreToolUse", bash(json!([])), "tool_input", "/hookSpecificOutput/permissionDecision"),
        ("gemini", "BeforeAgent", json!({}), "prompt", "/decision"),
        ("gemini", "BeforeModel", json!({"llm_request": 1}), "llm_request", "/decision"),
        ("copilot", "userPromptSubmitted", json!({}), "prompt", "/decision"),
        ("copilot", "preToolUse", json!({"toolName": "bash", "toolArgs": 5}), "tool_input", "/permissionDecision"),
        ("cursor", "beforeSubmitPrompt", json!({}), "prompt", "/user_message"),
        ("cursor", "UserPromptSubmit", json!({"cursor_version": "1"}), "prompt", "/continue"),
        ("cursor", "beforeReadFile", json!({"content": ""}), "file_path", "/permission"),
        ("cursor", "beforeReadFile", json!({"file_path": "none"}), "content", "/permission"),
        ("cursor", "beforeShellExecution", json!({"command": {}}), "command", "/permission"),
        ("vscode", "UserPromptSubmit", json!({}), "prompt", "/continue"),
        (
            "vscode",
            "PreToolUse",
            json!({"tool_name": "read_file", "tool_input": {}}),
            "file_path",
            "/hookSpecificOutput",
        ),
        ("opencode", "chat.message", json!({}), "content", "/deny"),
    ];
    for (assistant, event, rest, missing, place) in cases {
        let run = match assistant {
            "copilot" => {
                let mut payload = base.clone();
                payload.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
                desk.ask(&[assistant, event], payload.to_string().as_bytes())
            }
            _ => desk.event(&[assistant], event, rest),
        };
        let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert!(told.pointer(place).is_some(), "{assistant} {event}: {run:?}");
        assert!(told.to_string().contains(&format!("`{missing}`")), "{assistant} {event}: {run:?}");
    }
    for (action, info) in [
        ("pre_run_command", json!({})),
        ("pre_run_command", json!(null)),
        ("pre_user_prompt", json!({})),
        ("pre_read_code", json!({})),
    ] {
        let payload = json!({"agent_action_name": action, "tool_info": info});
        assert_eq!(desk.ask(&["windsurf"], payload.to_string().as_bytes()).code, Some(2), "{payload}");
    }
    // A file that comes without its content is read here.
    let read = |name: &str| answer(&desk.event(&["cursor"], "beforeReadFile", json!({"file_path": desk.path(name)})));
    assert_eq!(read("clean.rs"), json!({"permission": "allow"}));
    assert_eq!(read(".env")["permission"], "deny");
    // Tools without arguments run, and what can't tell a secret is no reason to stop.
    for input in [json!(null), json!({})] {
        assert_eq!(desk.claude("PreToolUse", json!({"tool_name": "mcp__x__y", "tool_input": input})), Value::Null);
    }
}

#[test]
fn an_output_in_another_place_is_found() {
    let desk = Desk::new();
    let ask = |event: &str, rest: Value| answer(&desk.event(&["gemini"], event, rest));
    let text = format!("A={}", desk.aws);
    for response in [
        json!(text),
        json!([{"text": text}]),
        json!({"error": {"message": text}}),
        json!({"llmContent": "fine", "data": {"message": text}}),
    ] {
        let answer = ask("AfterTool", json!({"tool_name": "x", "tool_response": response}));
        let reason = answer["reason"].as_str().expect("a reason");
        assert!(answer["decision"] == "deny" && reason.contains("A=LEAKTIGHT_AWS"), "{answer}");
        assert_eq!(reason.starts_with("fine\n"), response.get("llmContent").is_some());
    }
    let shown = json!({"llmContent": "fine", "returnDisplay": {"diff": text}});
    assert!(ask("AfterTool", json!({"tool_name": "x", "tool_response": shown})).is_null(), "no model reads it");
    for request in
        [json!(text), json!({"systemInstruction": text}), json!({"messages": [text], "systemInstruction": text})]
    {
        assert_eq!(ask("BeforeModel", json!({"llm_request": request}))["decision"], "deny", "{request}");
    }
    let answer = desk.claude("PostToolUse", json!({"tool_name": "Bash", "tool_output": text}));
    assert_eq!(answer["continue"], false, "{answer}");
}

#[test]
fn what_is_too_large_is_stopped_in_the_words_of_its_event() {
    let desk = Desk::new();
    let large = "a".repeat(17 << 20);
    for (event, key, place) in [
        ("PostToolUse", "tool_response", "/continue"),
        ("PostToolBatch", "tool_calls", "/decision"),
        ("PreToolUse", "tool_input", "/hookSpecificOutput/permissionDecision"),
    ] {
        let run = desk.event(&["claude-code"], event, json!({"tool_name": "Bash", key: large}));
        let told: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{event}: {run:?}"));
        assert!(told.pointer(place).is_some(), "{told}");
    }
}
