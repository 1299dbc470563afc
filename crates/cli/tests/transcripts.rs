//! `scan --assistants`: what assistants wrote down, in homes made up here.

mod common;

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use common::home::Home;
use common::secrets::{password, token};
use rusqlite::Connection;
use serde_json::{Value, json};

const CLAUDE: &str = ".claude/projects/-work-a/7c1.jsonl";

/// A session of Claude Code that reads a token with a tool.
fn claude(token: &str, is_answered: bool) -> Vec<Value> {
    let base = |kind: &str, message: Value| json!({"type": kind, "sessionId": "s-1", "cwd": "/home/dev/a", "timestamp": "2026-03-01T10:00:00.000Z", "message": message});
    let call = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"file_path": ".env"}}]});
    let result = json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": format!("1\tA={token}\n")}]});
    let mut output = base("user", result);
    output["toolUseResult"] = json!({"type": "text", "file": {"content": format!("A={token}\n")}});
    let mut records =
        vec![base("user", json!({"role": "user", "content": "read it"})), base("assistant", call), output];
    if is_answered {
        records.push(base("assistant", json!({"role": "assistant", "content": [{"type": "text", "text": "done"}]})));
    }
    records
}

#[test]
fn a_value_is_one_leak_however_often_it_is_repeated() {
    let (home, token) = (Home::new(), token(1));
    let mut records = claude(&token, true);
    for text in [format!("The token is {token}."), format!("export A={token}")] {
        let content = json!([{"type": "text", "text": text}]);
        records.push(json!({"type": "assistant", "sessionId": "s-1", "timestamp": "2026-03-02T10:00:00Z", "message": {"content": content}}));
    }
    home.lines(CLAUDE, &records);
    home.home.write(".claude/projects/-work-a/7c1/tool-results/b1.txt", format!("A={token}\n"));
    let leak = home.leak();
    assert_eq!((&leak["records"], &leak["sent_to_provider"]), (&json!(4), &json!(true)));
    assert_eq!((&leak["projects"], &leak["tools"]), (&json!(["/home/dev/a"]), &json!(["Read"])));
    assert_eq!(leak["assistants"], json!(["claude-code"]));
    assert_eq!(leak["first_seen"], "2026-03-01T10:00:00Z");
    assert_eq!(leak["files"].as_array().map(Vec::len), Some(2));
    assert!(leak["sessions"].as_array().expect("a list").contains(&json!("s-1")));
}

#[test]
fn what_was_blocked_was_not_sent_and_what_nobody_answered_is_not_known() {
    let (home, token) = (Home::new(), token(2));
    let blocked = json!({"type": "queue-operation", "operation": "enqueue", "sessionId": "s-1", "content": format!("use {token}")});
    let told = json!({"type": "system", "content": format!("blocked by hook\n\nOriginal prompt: use {token}")});
    home.lines(CLAUDE, &[blocked, told]);
    assert_eq!(home.leak()["sent_to_provider"], json!(false));
    home.lines(CLAUDE, &claude(&token, false));
    assert_eq!(home.leak()["sent_to_provider"], Value::Null);
    home.lines(CLAUDE, &claude(&token, true));
    assert_eq!(home.leak()["sent_to_provider"], json!(true));
    let hook = json!({"type": "attachment", "attachment": {"type": "hook_success", "stdout": token}});
    home.lines(CLAUDE, &[hook]);
    assert_eq!(home.leak()["sent_to_provider"], json!(false));
}

/// A session of Codex, as its rollout has it.
fn codex(token: &str) -> Vec<Value> {
    let at = "2026-04-01T10:00:00.000Z";
    let item = |payload: Value| json!({"timestamp": at, "type": "response_item", "payload": payload});
    vec![
        json!({"timestamp": at, "type": "session_meta", "payload": {"id": "c-1", "cwd": "/home/dev/b"}}),
        item(
            json!({"type": "function_call", "name": "exec_command", "call_id": "call_1", "arguments": "{\"cmd\":\"cat .env\"}"}),
        ),
        json!({"timestamp": at, "type": "event_msg", "payload": {"type": "item_completed", "item": {"type": "CommandExecution", "aggregated_output": format!("A={token}\n")}}}),
        item(json!({"type": "function_call_output", "call_id": "call_1", "output": format!("A={token}\n")})),
        item(json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]})),
    ]
}

fn zstd(records: &[Value]) -> Vec<u8> {
    let text: String = records.iter().map(|record| format!("{record}\n")).collect();
    ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn packed_rollouts_of_codex_are_read() {
    let (home, token) = (Home::new(), token(3));
    home.home.write(".codex/sessions/2026/04/01/rollout-a.jsonl.zst", zstd(&codex(&token)));
    let leak = home.leak();
    assert_eq!((&leak["records"], &leak["sent_to_provider"]), (&json!(2), &json!(true)));
    assert_eq!((&leak["sessions"], &leak["projects"]), (&json!(["c-1"]), &json!(["/home/dev/b"])));
    assert_eq!(leak["tools"], json!(["CommandExecution", "exec_command"]));
    assert_eq!(leak["places"][0]["line"], json!(3));
    assert_eq!(leak["places"][0]["sent_to_provider"], json!(false));
}

#[test]
fn gemini_copilot_and_aider_are_read() {
    let home = Home::new();
    let tokens = [token(4), token(5), token(6)];
    let response = json!({"functionResponse": {"name": "read_file", "response": {"output": &tokens[0]}}});
    home.lines(
        ".gemini/tmp/a/chats/session-1.jsonl",
        &[
            json!({"sessionId": "g-1", "projectHash": "p"}),
            json!({"type": "user", "timestamp": "2026-05-01T00:00:00Z", "content": [response]}),
            json!({"type": "gemini", "content": "done"}),
        ],
    );
    home.lines(
        ".copilot/session-state/x/events.jsonl",
        &[
            json!({"type": "session.start", "data": {"sessionId": "p-1", "context": {"cwd": "/home/dev/c"}}}),
            json!({"type": "tool.execution_start", "data": {"toolCallId": "call_1", "toolName": "view", "arguments": {}}}),
            json!({"type": "hook.start", "data": {"input": &tokens[1]}}),
            json!({"type": "tool.execution_complete", "data": {"toolCallId": "call_1", "result": {"content": &tokens[1]}}}),
            json!({"type": "assistant.message", "data": {"content": "done"}}),
        ],
    );
    home.work.write(".aider.chat.history.md", format!("# chat\n\n> {}\n", tokens[2]));
    let (report, _) = home.scan(&[]);
    let of = |assistant: &str| {
        let leaks = report["leaks"].as_array().expect("a list");
        let found = leaks.iter().find(|leak| leak["assistants"] == json!([assistant]));
        found.unwrap_or_else(|| panic!("a leak of {assistant} in {report}")).clone()
    };
    let gemini = of("gemini");
    assert_eq!((&gemini["sent_to_provider"], &gemini["tools"]), (&json!(true), &json!(["read_file"])));
    assert_eq!(gemini["sessions"], json!(["g-1"]));
    let copilot = of("copilot-cli");
    assert_eq!((&copilot["sent_to_provider"], &copilot["tools"]), (&json!(true), &json!(["view"])));
    assert_eq!((&copilot["projects"], &copilot["records"]), (&json!(["/home/dev/c"]), &json!(2)));
    let aider = of("aider");
    assert_eq!((&aider["sent_to_provider"], &aider["places"][0]["line"]), (&Value::Null, &json!(3)));
}

#[test]
fn a_log_that_was_never_written_back_is_read_and_nothing_is_touched() {
    let (home, token) = (Home::new(), token(7));
    let path = home.home.path(".codex/thread_history_1.sqlite");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let owner = Connection::open(&path).expect("a database");
    owner
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE thread_items (thread_id TEXT, created_at_ms INTEGER, item_json TEXT);")
        .expect("a table");
    let item = json!({"type": "CommandExecution", "aggregated_output": format!("A={token}\n")}).to_string();
    owner.execute("INSERT INTO thread_items VALUES ('c-1', 1772359200000, ?1)", [&item]).expect("a row");
    let before = home.traces();
    let leak = home.leak();
    assert_eq!((&leak["sessions"], &leak["first_seen"]), (&json!(["c-1"]), &json!("2026-03-01T10:00:00Z")));
    assert_eq!(leak["places"][0]["table"], json!("thread_items"));
    assert_eq!(home.traces(), before, "nothing was written");
    owner.execute("INSERT INTO thread_items VALUES ('c-2', 0, 'more')", []).expect("its owner can go on");
    // Without its index, as a copy of the folder has it.
    let copy = Home::new();
    for ending in ["", "-wal"] {
        let from = home.home.path(format!(".codex/thread_history_1.sqlite{ending}"));
        copy.home.write(format!(".codex/thread_history_1.sqlite{ending}"), fs::read(from).expect("a file"));
    }
    let before = copy.traces();
    assert_eq!(copy.leak()["records"], json!(1));
    assert_eq!(copy.traces(), before, "nothing was written");
}

#[test]
fn a_database_that_is_locked_is_read() {
    let (home, token) = (Home::new(), token(8));
    let path = home.home.path(".config/Cursor/User/globalStorage/state.vscdb");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let owner = Connection::open(&path).expect("a database");
    owner
        .execute_batch("CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);")
        .expect("a table");
    let bubble = json!({"type": 2, "text": format!("A={token}")}).to_string();
    owner.execute("INSERT INTO cursorDiskKV VALUES ('bubbleId:k-1:m-1', ?1)", [bubble.as_bytes()]).expect("a row");
    owner.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let before = home.traces();
    let leak = home.leak();
    assert_eq!((&leak["sessions"], &leak["assistants"]), (&json!(["k-1"]), &json!(["cursor"])));
    assert_eq!(home.traces(), before, "nothing was written");
}

#[test]
fn what_was_deleted_and_still_stands_in_the_file_is_found() {
    let (home, token) = (Home::new(), token(17));
    let path = home.home.path(".codex/state_5.sqlite");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let owner = Connection::open(&path).expect("a database");
    owner.execute_batch("PRAGMA secure_delete=OFF; CREATE TABLE threads (id TEXT, title TEXT);").expect("a table");
    owner.execute("INSERT INTO threads VALUES ('c-1', ?1)", [format!("use {token}")]).expect("a row");
    owner.execute_batch("DELETE FROM threads").expect("no row");
    drop(owner);
    let leak = home.leak();
    assert_eq!((&leak["records"], &leak["places"][0]["deleted"]), (&json!(1), &json!(true)));
}

#[test]
fn long_values_and_hexadecimal_ones_are_read() {
    let home = Home::new();
    let path = home.home.path(".cursor/chats/a/b/store.db");
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let owner = Connection::open(&path).expect("a database");
    owner.execute_batch("CREATE TABLE blobs (id TEXT, data BLOB); CREATE TABLE meta (value TEXT);").expect("tables");
    let long = [vec![b'x'; 17 << 20], format!(" A={} ", token(9)).into_bytes()].concat();
    owner.execute("INSERT INTO blobs VALUES ('a', ?1)", [&long]).expect("a row");
    let hex = data_encoding::HEXLOWER.encode(json!({"name": token(10)}).to_string().as_bytes());
    owner.execute("INSERT INTO meta VALUES (?1)", [&hex]).expect("a row");
    drop(owner);
    let (report, code) = home.scan(&[]);
    assert_eq!((report["leaks"].as_array().map(Vec::len), code), (Some(2), Some(1)), "{report}");
}

#[test]
fn what_cannot_be_read_is_told() {
    let home = Home::new();
    home.home.write(".codex/sessions/a.jsonl.zst", b"not packed");
    let bomb = ruzstd::encoding::compress_to_vec(&vec![0; 1 << 20][..], ruzstd::encoding::CompressionLevel::Fastest);
    home.home.write(".codex/sessions/b.jsonl.zst", bomb.repeat(100));
    home.home.write(".codex/state_5.sqlite", [b"SQLite format 3\0".as_slice(), &[7; 5000]].concat());
    home.home.write(".codeium/windsurf/cascade/x.pb", b"sealed");
    let (report, code) = home.scan(&[]);
    assert_eq!(code, Some(3), "{report}");
    for (name, reason) in [
        (".codex/sessions/a.jsonl.zst", "encoding"),
        (".codex/sessions/b.jsonl.zst", "size"),
        (".codex/state_5.sqlite", "encoding"),
        (".codeium/windsurf/cascade/x.pb", "encoding"),
    ] {
        let path = home.home.path(name);
        assert_eq!(
            common::unscanned(&report, path.to_str().expect("text")).as_deref(),
            Some(reason),
            "{name}: {report}"
        );
    }
}

#[test]
fn secrets_are_found_through_escapes_and_json_in_json() {
    let home = Home::new();
    let (_, word) = password(16);
    // The word stands behind a quote that is escaped three times.
    let inner = json!({"db_pass": "x", "note": format!("{}word = \"{word}\"", "db_pass")}).to_string();
    let middle = json!({"body": inner}).to_string();
    home.lines(CLAUDE, &[json!({"type": "user", "message": {"content": middle}})]);
    let (report, _) = home.scan(&["--show-secrets"]);
    let secrets: Vec<&str> =
        report["leaks"].as_array().expect("a list").iter().filter_map(|leak| leak["secret"].as_str()).collect();
    assert_eq!(secrets, [word], "{report}");
}

#[test]
fn the_list_is_ranked_and_tells_no_secret() {
    let home = Home::new();
    let (old, new) = (token(11), token(12));
    let mut records = claude(&new, true);
    records.iter_mut().for_each(|record| record["timestamp"] = json!("2026-06-01T00:00:00Z"));
    records.extend(claude(&old, true));
    // A folder and a session that carry the secret themselves.
    records.iter_mut().for_each(|record| record["cwd"] = json!(format!("/home/dev/{old}/a")));
    home.lines(CLAUDE, &records);
    for format in ["human", "json", "jsonl"] {
        let run = home.run(&["--assistants", "claude-code", "--format", format]);
        run.exits(1).prints("github-pat-classic");
        for secret in [&old, &new] {
            assert!(
                !run.stdout.contains(&secret[8..36]) && !run.stderr.contains(&secret[8..36]),
                "{format}: {}",
                run.stdout
            );
        }
    }
    let (report, _) = home.scan(&[]);
    let times: Vec<&str> =
        report["leaks"].as_array().expect("a list").iter().filter_map(|leak| leak["first_seen"].as_str()).collect();
    assert_eq!(times, ["2026-03-01T10:00:00Z", "2026-06-01T00:00:00Z"], "the oldest first");
}

#[test]
fn names_choose_assistants_and_wrong_ones_are_told() {
    let home = Home::new();
    home.lines(CLAUDE, &claude(&token(13), true));
    home.run(&["--assistants", "codex"]).exits(0);
    home.run(&["--assistants", "codex", "--require-nonempty"]).exits(3);
    home.run(&["--assistants", "claude-code", "codex"]).exits(1);
    home.run(&["--assistants", "clippy"]).exits(2).says("there is no assistant `clippy`");
    home.run(&["--assistants", "--format", "sarif"]).exits(2).says("human, json or jsonl");
    home.run(&["--scrub"]).exits(2);
}

#[test]
fn scrubbing_leaves_lines_times_and_permissions() {
    let (home, token) = (Home::new(), token(14));
    let mut records = claude(&token, true);
    records.push(json!({"type": "assistant", "message": {"content": [{"type": "thinking", "thinking": "hm", "signature": "abc"}]}}));
    home.lines(CLAUDE, &records);
    home.home.write(".claude/projects/-work-a/7c1/tool-results/b1.txt", format!("A={token}\n"));
    home.home.write(".codex/sessions/a.jsonl.zst", zstd(&codex(&token)));
    let path = home.home.path(CLAUDE);
    let time = SystemTime::now() - Duration::from_secs(86_400);
    File::options().append(true).open(&path).expect("a file").set_modified(time).expect("a time");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("permissions");
    let before = fs::metadata(&path).expect("a file");
    let n_files = home.traces().len();
    let (report, code) = home.scan(&["--scrub"]);
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(report["scrubbed"]["kept"], json!([]), "{report}");
    assert_eq!(report["scrubbed"]["files"].as_array().map(Vec::len), Some(3));
    let text = fs::read_to_string(&path).expect("text");
    assert!(!text.contains(&token) && text.contains("LEAKTIGHT_"), "{text}");
    assert_eq!(text.lines().count(), records.len());
    for (line, record) in text.lines().zip(&records) {
        let scrubbed: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(scrubbed["type"], record["type"]);
    }
    let after = fs::metadata(&path).expect("a file");
    assert_eq!(after.modified().expect("a time"), before.modified().expect("a time"));
    assert_eq!(after.permissions(), before.permissions());
    assert_eq!(home.traces().len(), n_files, "nothing is left beside the files");
    let (report, code) = home.scan(&[]);
    assert_eq!(code, Some(0), "the packed file holds nothing either: {report}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_is_open_and_a_linked_one_are_not_scrubbed() {
    let (home, token) = (Home::new(), token(15));
    home.lines(CLAUDE, &claude(&token, true));
    let other = ".claude/projects/-work-a/other.jsonl";
    home.lines(other, &claude(&token, true));
    fs::hard_link(home.home.path(other), home.home.path("linked")).expect("a link");
    let open = File::options().append(true).open(home.home.path(CLAUDE)).expect("a file");
    let (report, code) = home.scan(&["--scrub"]);
    drop(open);
    assert_eq!(code, Some(4), "{report}");
    let kept = report["scrubbed"]["kept"].as_array().expect("a list");
    let reasons: Vec<&str> = kept.iter().filter_map(|one| one["reason"].as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("has it open")), "{report}");
    assert!(reasons.iter().any(|reason| reason.contains("hard links")), "{report}");
    assert!(home.home.read(CLAUDE).contains(&token), "it is as it was");
}
