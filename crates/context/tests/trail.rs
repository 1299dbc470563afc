//! What an audit trail and a log of grants hold against.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leaktight_context::audit::{Record, Trail, Verified};
use leaktight_context::grant::{Grants, Now, Order, Uptime};
use leaktight_context::policy::{Action, Decision, Destination, Found, Policy, Request, Verdict};
use leaktight_context::redact::Key;
use leaktight_core::{Confidence, Severity};
use tempfile::TempDir;

/// Tells a child what trail to write to.
const FOLDER: &str = "LEAKTIGHT_TEST_TRAIL";

fn folder() -> TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().expect("a folder")
}

/// A request to restore a token into a request to a host, which is asked about.
fn request() -> (Request, Decision) {
    let mut request = Request::new("claude-code", Action::SecretRestore);
    request.context.destination = Some(Destination::Network("api.example.com".to_owned()));
    request.resource.findings.push(Found::new("github-pat-classic", Severity::High, Confidence::High));
    request.resource.findings[0].placeholder = Some("LEAKTIGHT_X_ABCDEFGHIJKL".to_owned());
    let decision = Policy::builtin().decide(&request);
    assert_eq!(decision.verdict, Verdict::Ask);
    (request, decision)
}

fn record() -> Record {
    let (request, decision) = request();
    Record::new(&request, &decision)
}

/// Days after some day.
fn day(number: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + number * 24 * 60 * 60)
}

fn written(folder: &Path) -> Trail {
    let trail = Trail::open(folder).expect("a trail");
    for number in 0..9 {
        assert_eq!(trail.append(&record(), day(number / 4)).expect("writable"), number + 1);
    }
    trail
}

fn breaks(verified: &Verified) -> Vec<(u64, u64, &'static str)> {
    verified.breaks.iter().map(|one| (one.line, one.seq, one.fault)).collect()
}

#[test]
fn a_trail_goes_on_over_days() {
    let folder = folder();
    let trail = written(folder.path());
    let files = trail.files().expect("readable");
    assert_eq!(files.len(), 3);
    assert_eq!(fs::metadata(&files[0]).expect("there").permissions().mode() & 0o777, 0o600);
    let verified = trail.verify().expect("readable");
    assert_eq!((verified.n_lines, verified.head.0, breaks(&verified)), (9, 9, vec![]));
    let text = fs::read_to_string(&files[0]).expect("text");
    let line: serde_json::Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&line["seq"], &line["effect"], &line["action"]), (&1.into(), &"ask".into(), &"secret.restore".into()));
    assert_eq!(line["findings"][0]["ph"], "LEAKTIGHT_X_ABCDEFGHIJKL");
    assert!(text.lines().all(|line| line.len() <= 1024));
}

#[test]
fn what_is_done_to_a_trail_shows() {
    let folder = folder();
    let trail = written(folder.path());
    let files = trail.files().expect("readable");
    let text = fs::read_to_string(&files[1]).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[&str], expected: &[(u64, u64, &'static str)]| {
        fs::write(&files[1], lines.join("\n") + "\n").expect("writable");
        assert_eq!(breaks(&trail.verify().expect("readable")), expected);
        fs::write(&files[1], &text).expect("writable");
    };
    let changed = lines[2].replace("\"ask\"", "\"allow\"");
    check(&[lines[0], lines[1], &changed, lines[3]], &[(3, 7, "the line was changed")]);
    check(&[lines[0], lines[2], lines[3]], &[(2, 6, "lines are missing before it")]);
    let cut = &lines[1][..lines[1].len() / 2];
    check(
        &[lines[0], cut, lines[2], lines[3]],
        &[(2, 6, "the line is cut or no record"), (3, 6, "lines are missing before it")],
    );
    fs::remove_file(&files[2]).expect("there");
    assert_eq!(breaks(&trail.verify().expect("readable")), [(0, 9, "lines are missing at the end")]);
}

#[test]
fn a_trail_goes_on_after_a_cut_at_any_byte() {
    let folder = folder();
    let trail = written(folder.path());
    let last = trail.files().expect("readable").pop().expect("a file");
    let text = fs::read(&last).expect("readable");
    let head = fs::read(folder.path().join("head")).expect("readable");
    for at in (0..text.len()).step_by(37) {
        fs::write(&last, &text[..at]).expect("writable");
        fs::write(folder.path().join("head"), &head).expect("writable");
        assert_eq!(trail.append(&record(), day(2)).expect("writable"), 10);
        let verified = trail.verify().expect("readable");
        assert!(!verified.breaks.is_empty() && verified.head.0 == 10, "cut at {at}");
        assert_eq!(trail.append(&record(), day(2)).expect("writable"), 11);
        assert_eq!(trail.verify().expect("readable").breaks, verified.breaks, "the rest holds");
    }
}

/// What each of twenty processes does; by itself it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let trail = Trail::open(Path::new(&folder)).expect("a trail");
    for _ in 0..5 {
        trail.append(&record(), day(0)).expect("writable");
    }
}

#[test]
fn twenty_processes_make_one_chain() {
    let folder = folder();
    let program = std::env::current_exe().expect("a program");
    let start = |_| {
        let mut command = Command::new(&program);
        command.args(["--exact", "child"]).env(FOLDER, folder.path()).stdout(std::process::Stdio::null());
        command.spawn().expect("a process")
    };
    for mut child in (0..20).map(start).collect::<Vec<_>>() {
        assert!(child.wait().expect("a process").success());
    }
    let verified = Trail::open(folder.path()).expect("a trail").verify().expect("readable");
    assert_eq!((verified.n_lines, breaks(&verified)), (100, vec![]));
}

fn order(uses: u32) -> Order {
    Order {
        class: "github-*".to_owned(),
        action: "secret.restore".to_owned(),
        destination: "network:api.example.com".to_owned(),
        session: None,
        task: None,
        lasts: Duration::from_secs(1800),
        uses,
        reason: "a test".to_owned(),
    }
}

fn now(wall: u64, up: u64) -> Now {
    let up = Some(Uptime { boot: "this one".to_owned(), seconds: up });
    Now { wall: day(0) + Duration::from_secs(wall), up }
}

fn grants(folder: &Path) -> Grants {
    Grants::open(&folder.join("grants.jsonl"), &Key::new([5; 32])).expect("a log")
}

#[test]
fn a_grant_is_used_up() {
    let folder = folder();
    let grants = grants(folder.path());
    let (request, decision) = request();
    assert_eq!(grants.take(&request, &decision, &now(0, 0)).expect("readable"), None);
    let grant = grants.issue(&order(1), &now(0, 0)).expect("writable");
    assert_eq!(grants.take(&request, &decision, &now(1, 1)).expect("readable"), Some(vec![grant.id]));
    assert_eq!(grants.take(&request, &decision, &now(2, 2)).expect("readable"), None);
}

#[test]
fn a_grant_ends_by_both_clocks() {
    let folder = folder();
    let grants = grants(folder.path());
    grants.issue(&order(9), &now(10, 10)).expect("writable");
    for (wall, up, n_left) in [(10, 10, 1), (1810, 1810, 1), (1811, 1811, 0), (9, 20, 0), (20, 1811, 0), (20, 9, 0)] {
        assert_eq!(grants.list(&now(wall, up)).expect("readable").len(), n_left, "{wall} {up}");
    }
    let elsewhere = Now { up: Some(Uptime { boot: "another".to_owned(), seconds: 1 }), ..now(20, 0) };
    assert_eq!(grants.list(&elsewhere).expect("readable").len(), 1);
}

#[test]
fn a_grant_is_for_what_it_names() {
    let folder = folder();
    let grants = grants(folder.path());
    let mut bound = order(9);
    bound.session = Some("s1".to_owned());
    let grant = grants.issue(&bound, &now(0, 0)).expect("writable");
    let (mut request, decision) = request();
    let take = |request: &Request| grants.take(request, &decision, &now(1, 1)).expect("readable").is_some();
    assert!(!take(&request), "another session");
    request.principal.session = Some("s1".to_owned());
    assert!(take(&request));
    request.context.destination = Some(Destination::Network("evil.example".to_owned()));
    assert!(!take(&request), "another destination");
    request.context.destination = Some(Destination::Network("api.example.com".to_owned()));
    request.resource.findings.push(Found::new("aws-secret", Severity::High, Confidence::High));
    let both = Policy::builtin().decide(&request);
    assert_eq!(grants.take(&request, &both, &now(1, 1)).expect("readable"), None, "one of two is not enough");
    assert!(grants.revoke(&grant.id).expect("writable") && grants.list(&now(1, 1)).expect("readable").is_empty());
}

#[test]
fn a_grant_does_not_overrule_what_blocks() {
    let folder = folder();
    let grants = grants(folder.path());
    grants.issue(&order(9), &now(0, 0)).expect("writable");
    let (request, mut decision) = request();
    decision.verdict = Verdict::Block;
    assert_eq!(grants.take(&request, &decision, &now(1, 1)).expect("readable"), None);
}

#[test]
fn lines_that_others_wrote_do_not_count() {
    let folder = folder();
    let grants = grants(folder.path());
    grants.issue(&order(1), &now(0, 0)).expect("writable");
    let path = folder.path().join("grants.jsonl");
    let text = fs::read_to_string(&path).expect("text");
    fs::write(&path, text.replace("\"uses\":1", "\"uses\":9")).expect("writable");
    assert!(grants.list(&now(1, 1)).expect("readable").is_empty());
    fs::write(&path, format!("{text}{}", &text[..text.len() / 2])).expect("writable");
    assert_eq!(grants.list(&now(1, 1)).expect("readable").len(), 1, "a line that was cut is none");
}

#[test]
fn a_trail_without_its_head_does_not_hold() {
    const MISSING: &str = "the file `head` is missing, so lines may be missing at the end";
    let folder = folder();
    let trail = written(folder.path());
    let last = trail.files().expect("readable").pop().expect("a file");
    fs::remove_file(folder.path().join("head")).expect("there");
    fs::write(&last, "").expect("writable");
    assert_eq!(breaks(&trail.verify().expect("readable")), [(0, 9, MISSING)]);
    // A new head does not make good for what was lost.
    trail.append(&record(), day(2)).expect("writable");
    let verified = trail.verify().expect("readable");
    assert_eq!(breaks(&verified), [(1, 9, "lines are missing before it")]);
    trail.append(&record(), day(2)).expect("writable");
    assert_eq!(trail.verify().expect("readable").breaks, verified.breaks, "the rest holds");
}

#[test]
fn a_last_line_that_was_made_anew_shows() {
    let (one, other) = (folder(), folder());
    let trail = written(one.path());
    let mut forged = record();
    forged.policy = "another".to_owned();
    let last = trail.files().expect("readable").pop().expect("a file");
    fs::write(other.path().join("head"), fs::read(one.path().join("head")).expect("readable")).expect("writable");
    fs::remove_file(&last).expect("there");
    let files = trail.files().expect("readable");
    let line = fs::read_to_string(&files[1]).expect("text").lines().last().expect("a line").to_owned();
    let place: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    fs::write(one.path().join("head"), serde_json::json!({"seq": 8, "hash": place["hash"]}).to_string())
        .expect("writable");
    trail.append(&forged, day(2)).expect("writable");
    fs::copy(other.path().join("head"), one.path().join("head")).expect("writable");
    assert_eq!(breaks(&trail.verify().expect("readable")), [(0, 10, "the last line is not the one in `head`")]);
}

#[test]
fn a_trail_that_was_emptied_does_not_hold() {
    let folder = folder();
    let trail = written(folder.path());
    for entry in fs::read_dir(folder.path()).expect("readable") {
        fs::remove_file(entry.expect("an entry").path()).expect("there");
    }
    assert_eq!(breaks(&trail.verify().expect("readable")), [(0, 1, "there is no line, though the trail was begun")]);
}
