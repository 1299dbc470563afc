//! `redact`, `restore` and `vault`: what goes out comes back, and nothing is lost.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Command, Stdio};

use common::secrets::{password, pem, token};
use common::{Project, Run};

/// Returns the program with a vault of its own and no assistant about.
fn command(project: &Project, args: &[&str]) -> Command {
    let vault = project.path("home/vault");
    let (name, rest) = args.split_first().expect("a command");
    let all = [&[name, "--vault", vault.to_str().expect("text")], rest].concat();
    let mut command = project.command(&all);
    for mark in ["AI_AGENT", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CODEX_SANDBOX", "CURSOR_AGENT", "GEMINI_CLI"] {
        command.env_remove(mark);
    }
    command
}

fn pipe(project: &Project, args: &[&str], input: &str) -> Run {
    common::run(&mut command(project, args), input.as_bytes())
}

#[test]
fn text_goes_out_without_secrets_and_comes_back() {
    let project = Project::new();
    let (token, key) = (token(1), pem(2));
    let (assignment, word) = password(3);
    let json = serde_json::json!({"content": format!("A={token}\n"), "arguments": serde_json::json!({"key": key}).to_string()});
    for (format, text) in [
        ("text", format!("token {token}\n{assignment}\n{key}")),
        ("env", format!("TOKEN={token}\nPORT=2\n")),
        ("json", format!("{json:#}\n")),
        ("jsonl", format!("{json}\n{json}\n")),
        ("sse", format!("event: x\ndata: {json}\n\ndata: [DONE]\n\n")),
    ] {
        let redacted = pipe(&project, &["redact", "--format", format], &text);
        redacted.exits(0).says("replaced");
        for secret in [&token, &word, &key.lines().nth(5).expect("a line").to_owned()] {
            assert!(
                !redacted.stdout.contains(secret.as_str()) && !redacted.stderr.contains(secret.as_str()),
                "{redacted:#?}"
            );
        }
        let restored = pipe(&project, &["restore", "--format", format], &redacted.stdout);
        assert_eq!(restored.exits(0).stdout, text);
        let again = pipe(&project, &["redact", "--quiet", "--format", format], &text);
        assert_eq!((again.exits(0).stdout.as_str(), again.stderr.as_str()), (redacted.stdout.as_str(), ""));
    }
}

#[test]
fn values_of_variables_are_read_to_their_ends() {
    let project = Project::new();
    let value = ["Xk9,", "mQ2,vL7pR4t"].concat();
    // What a program prints says so by its names; else the format does.
    for (args, name) in [(&["redact"][..], "DB_PASSWORD"), (&["redact", "--format", "env"], "db_password")] {
        let run = pipe(&project, args, &format!("PORT=2\n{name}={value}\n"));
        assert!(run.stdout.contains(&format!("{name}=LEAKTIGHT_")) && !run.stdout.contains(&value[4..]), "{run:?}");
    }
}

#[test]
fn a_file_is_changed_whole_and_back() {
    let token = token(1);
    let text = format!("{{\"b\": 1.0, \"a\": \"x\\n{token}\"}}");
    let project = Project::with(&[("settings.json", &text)]);
    let path = project.path("settings.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("ours");
    pipe(&project, &["redact", "--in-place", "settings.json"], "").exits(0);
    let redacted = fs::read_to_string(&path).expect("text");
    assert!(!redacted.contains(&token) && redacted.starts_with("{\"b\": 1.0, \"a\": \"x\\nLEAKTIGHT_"), "{redacted}");
    pipe(&project, &["restore", "--in-place", "settings.json"], "").exits(0);
    assert_eq!(fs::read_to_string(&path).expect("text"), text);
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(project.root()).expect("a folder").count(), 2, "nothing is left beside it");
}

#[test]
fn what_is_not_as_asked_is_told_and_not_changed() {
    let token = token(1);
    let text = format!("{{\"a\": \"{token}\"");
    let project = Project::with(&[("broken.txt", &text)]);
    let run = pipe(&project, &["redact", "--format", "json"], &text);
    run.exits(3).says("the document ends too early at byte");
    assert!(!run.stdout.contains(&token), "it is redacted all the same");
    pipe(&project, &["redact", "-i", "--format", "json", "broken.txt"], "").exits(2).says("was not changed");
    assert_eq!(fs::read_to_string(project.path("broken.txt")).expect("text"), text);
    fs::rename(project.path("broken.txt"), project.path("broken.json")).expect("a move");
    pipe(&project, &["redact", "-i", "broken.json"], "").exits(0).says("read as text there");
    assert!(!fs::read_to_string(project.path("broken.json")).expect("text").contains(&token));
    pipe(&project, &["redact", "-i"], "").exits(2).says("standard input has no place to change");
}

#[test]
fn only_a_person_may_restore() {
    let project = Project::new();
    let redacted = pipe(&project, &["redact"], &token(1));
    for (args, input) in [(&["restore"][..], redacted.stdout.as_str()), (&["vault", "purge", "--all"], "")] {
        let run = common::run(command(&project, args).env("CLAUDECODE", "1"), input.as_bytes());
        run.exits(2).says("an assistant must not");
        assert_eq!(run.stdout, "");
    }
    pipe(&project, &["restore"], &redacted.stdout).exits(0);
}

#[test]
fn the_vault_shows_no_value_and_can_be_purged() {
    let project = Project::new();
    let (one, two) = (token(1), token(2));
    pipe(&project, &["restore"], "x").exits(2).says("there is no vault");
    let redacted = pipe(&project, &["redact"], &format!("{one} {two}\n"));
    let listed = pipe(&project, &["vault", "list"], "");
    listed.exits(0).prints("2 in the vault").prints("LEAKTIGHT_GITHUB_PAT_CLASSIC_");
    let records = pipe(&project, &["vault", "list", "--json"], "");
    for secret in [&one, &two] {
        assert!(!listed.stdout.contains(&secret[4..]) && !records.stdout.contains(&secret[4..]));
    }
    let name = redacted.stdout.split(' ').next().expect("a placeholder");
    pipe(&project, &["vault", "purge"], "").exits(2);
    pipe(&project, &["vault", "purge", &one], "").exits(2).says("no placeholder");
    pipe(&project, &["vault", "purge", name], "").exits(0).prints("1 removed");
    let restored = pipe(&project, &["restore"], &redacted.stdout);
    restored.exits(3).says("1 placeholder is not known");
    assert_eq!(restored.stdout, format!("{name} {two}\n"));
    pipe(&project, &["vault", "purge", "--all"], "").exits(0).prints("1 removed");
    pipe(&project, &["vault", "list"], "").exits(0).prints("0 in the vault");
}

#[test]
fn a_vault_that_cannot_be_used_stops_only_what_would_lose_something() {
    let token = token(1);
    let project = Project::with(&[("a.txt", &token), ("home/vault/x", &String::new())]);
    fs::set_permissions(project.path("home/vault"), fs::Permissions::from_mode(0o755)).expect("ours");
    let run = pipe(&project, &["redact"], &token);
    run.exits(0).says("open to other users");
    assert!(run.stdout.starts_with("LEAKTIGHT_"));
    pipe(&project, &["redact", "-i", "a.txt"], "").exits(2).says("--no-vault");
    assert_eq!(fs::read_to_string(project.path("a.txt")).expect("text"), token);
    pipe(&project, &["restore"], &run.stdout).exits(2).says("there is no vault");
    let run = project.pipe(&["redact", "--no-vault", "-i", "a.txt"], b"");
    run.exits(0);
    assert!(fs::read_to_string(project.path("a.txt")).expect("text").starts_with("LEAKTIGHT_"));
}

#[test]
fn a_secret_is_found_before_it_can_be_told_for_one() {
    let (assignment, word) = password(3);
    let filler = "words that say nothing\n".repeat(300_000);
    let project = Project::with(&[("long.txt", format!("use {word} here\n{filler}{assignment}\n"))]);
    let run = pipe(&project, &["redact", "long.txt"], "");
    assert!(!run.exits(0).stdout.contains(&word));
    let restored = pipe(&project, &["restore"], &run.stdout);
    assert!(restored.stdout == fs::read_to_string(project.path("long.txt")).expect("text"));
}

#[test]
fn twenty_at_once_agree() {
    let project = Project::new();
    let text: String = (0..8).map(|seed| format!("{}\n", token(seed))).collect();
    fs::write(project.path("in.txt"), &text).expect("writable");
    let start = |_| {
        let mut command = command(&project, &["redact", "in.txt"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run")
    };
    let children: Vec<_> = (0..20).map(start).collect();
    let runs: Vec<Run> = children.into_iter().map(common::finish).collect();
    for run in &runs {
        assert_eq!(run.exits(0).stdout, runs[0].stdout);
    }
    assert_eq!(pipe(&project, &["restore"], &runs[0].stdout).exits(0).stdout, text);
}

#[test]
fn a_policy_is_explained() {
    let project = Project::with(&[
        (
            "leaktight.toml",
            "[[policy]]\nid = \"mine\"\nwhen = { class = \"aws-*\" }\neffect = \"block\"\nreason = \"no\"\n",
        ),
        (".git/HEAD", ""),
        ("home/config/leaktight/policy.toml", "disable = [\"builtin:reveal\"]\n"),
    ]);
    let run = |args: &[&str], input: &str| {
        let mut command = project.command(args);
        command.env("XDG_CONFIG_HOME", project.path("home/config")).env_remove("LEAKTIGHT_HOME");
        common::run(&mut command, input.as_bytes())
    };
    let request = r#"{"principal": {"id": "codex"}, "action": "tool.output", "resource": {"findings":
        [{"class": "aws-access-key-id", "severity": "high", "confidence": "high"}]}}"#;
    run(&["policy", "test"], request).exits(0).prints("block: project:mine (no)");
    let listed = run(&["policy", "list"], "");
    listed.exits(0).prints("builtin:sensitive-source").prints("project:mine");
    assert!(!listed.stdout.contains("builtin:reveal"), "the user switched it off");
    run(&["policy", "test"], "{\"action\": \"tool.output\"}").exits(2).says("holds no request");
    project.write("leaktight.toml", "[[policy]]\nwhen = { action = \"file.raed\" }\neffect = \"block\"\n");
    run(&["policy", "list"], "").exits(2).says("names an action that does not exist: `file.raed`");
    project.write("home/config/leaktight/policy.toml", "disable = [\"builtin:x\"]\n");
    run(&["policy", "list"], "").exits(2).says("disables a rule that does not exist");
}

#[test]
fn what_was_redacted_is_not_found_again() {
    let (assignment, _) = password(3);
    let project = Project::with(&[("a.env", format!("A={}\n{assignment}\n{}", token(1), pem(2)))]);
    pipe(&project, &["redact", "-i", "a.env"], "").exits(0);
    project.run(&["scan", "--confidence", "low", "a.env"]).exits(0);
}

/// Text as it stands in files, with a byte order mark: UTF-16 and UTF-32, both ways round.
fn wide(text: &str) -> Vec<Vec<u8>> {
    let text = format!("\u{feff}{text}");
    let of_two = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let of_four = |order: fn(u32) -> [u8; 4]| text.chars().flat_map(|one| order(u32::from(one))).collect::<Vec<u8>>();
    vec![of_two(u16::to_le_bytes), of_two(u16::to_be_bytes), of_four(u32::to_le_bytes), of_four(u32::to_be_bytes)]
}

#[test]
fn wide_text_goes_out_in_its_own_encoding_and_comes_back() {
    let token = token(1);
    for (idx, text) in wide(&format!("Grüße 😀\r\nTOKEN={token}\r\n")).into_iter().enumerate() {
        let project = Project::with(&[("a.txt", &text)]);
        pipe(&project, &["redact", "-i", "a.txt"], "").exits(0).says("line 2: github-pat-classic is");
        let redacted = fs::read(project.path("a.txt")).expect("there");
        let plain = leaktight_core::Encoding::text(&redacted);
        let plain = String::from_utf8_lossy(&plain);
        assert!(plain.starts_with("Grüße 😀\r\nTOKEN=LEAKTIGHT_"), "{idx}: {plain}");
        project.run(&["scan", "a.txt"]).exits(0);
        pipe(&project, &["restore", "-i", "a.txt"], "").exits(0);
        assert!(fs::read(project.path("a.txt")).expect("there") == text, "{idx}: every byte is back");
    }
}

#[test]
fn bytes_among_wide_text_are_not_taken_for_clean() {
    // As when a program appends a line to a file that another one made.
    let text = [&wide("first line\r\n")[0][..], format!("TOKEN={}\n", token(1)).as_bytes()].concat();
    let project = Project::with(&[("a.txt", &text)]);
    let mut redact = command(&project, &["redact", "a.txt"]);
    redact.stdout(common::sink("/dev/null")).stderr(Stdio::piped());
    let run = common::finish(redact.spawn().expect("a run"));
    run.exits(4).says("not scanned: encoding (bytes among UTF-16");
    pipe(&project, &["redact", "-i", "a.txt"], "").exits(2).says("was not changed");
    assert!(fs::read(project.path("a.txt")).expect("there") == text);
}

#[test]
fn a_file_with_other_names_is_not_changed() {
    let text = format!("{}\n", token(1));
    let project = Project::with(&[("a.txt", &text)]);
    fs::hard_link(project.path("a.txt"), project.path("b.txt")).expect("a link");
    pipe(&project, &["redact", "-i", "a.txt"], "").exits(2).says("several names (hard links)").says("hint: ");
    assert_eq!(fs::read_to_string(project.path("a.txt")).expect("text"), text);
    pipe(&project, &["redact", "a.txt"], "").exits(0);
}

#[test]
fn a_file_keeps_its_owner() {
    let project = Project::with(&[("a.txt", token(1))]);
    let path = project.path("a.txt");
    if std::os::unix::fs::chown(&path, Some(1234), Some(2345)).is_err() {
        return; // Only root may give files away.
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("it may");
    pipe(&project, &["redact", "-i", "a.txt"], "").exits(0);
    let meta = fs::metadata(&path).expect("there");
    assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o7777), (1234, 2345, 0o640));
}

#[test]
fn a_pipe_is_not_waited_for() {
    let project = Project::new();
    common::fifo(&project.path("pipe"));
    for command in ["redact", "restore"] {
        pipe(&project, &[command, "pipe"], "").exits(2).says("`pipe` is not a regular file").says("hint: ");
    }
}
