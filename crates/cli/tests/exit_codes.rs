//! Exit codes, signals, and output that cannot be written.
#![cfg(unix)]

mod common;

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::secrets::token;
use common::{PROGRAM, Project, Run, fifo, finish, run, signal, sink, unscanned};
use serde_json::Value;

const FORMATS: [&str; 8] = ["human", "json", "jsonl", "sarif", "github", "gitlab", "junit", "csv"];

#[test]
fn each_outcome_of_a_scan_has_its_code() {
    let clean = Project::with(&[("a.txt", "nothing")]);
    clean.run(&["scan"]).exits(0).prints("clean: no secrets found");
    let leak = Project::with(&[("a.txt", token(1)), ("b.txt", "x".repeat(100))]);
    leak.run(&["scan"]).exits(1);
    leak.run(&["scan", "--fail-on", "never"]).exits(0);
    leak.run(&["scan", "--rule", "acme"]).exits(2).says("hint: ");
    leak.run(&["scan", "--max-size", "60"]).exits(4).prints("incomplete: 1 finding");
    leak.run(&["scan", "--max-size", "60", "--exclude", "a.txt"]).exits(3).prints("b.txt: size: more than 60 bytes");
    leak.run(&["scan", "--max-size", "10"]).exits(3).prints("incomplete");
}

#[test]
fn a_named_gap_may_be_allowed() {
    let project = Project::with(&[("a.txt", token(1)), ("b.txt", "x".repeat(100))]);
    project.run(&["scan", "--max-size", "60", "--allow-incomplete", "permission,size"]).exits(1);
    let told = project.run(&["scan", "--max-size", "60", "--allow-incomplete", "permission,size"]);
    told.prints("1 of 2 files not scanned (allowed: permission, size)");
    let json = project.run(&["scan", "--max-size", "60", "--allow-incomplete", "size", "--format", "json"]);
    let report: Value = serde_json::from_str(&json.stdout).expect("a report");
    assert_eq!(report["coverage"]["allowed"], serde_json::json!(["size"]));
    project.run(&["scan", "--max-size", "60", "--allow-incomplete", "permission"]).exits(4);
    project.run(&["scan", "--max-size", "60", "--allow-incomplete", "binary"]).exits(2).says("`binary`");
}

#[test]
fn a_scan_ends_when_its_time_is_over() {
    let project = Project::new();
    let pipe = project.path("pipe");
    fifo(&pipe);
    // Open for both, so that the pipe neither blocks nor ends.
    let mut input = OpenOptions::new().read(true).write(true).open(&pipe).expect("a pipe");
    input.write_all(format!("{}\n", token(1)).as_bytes()).expect("the pipe takes it");
    let scan = |more: &[&str]| {
        let mut command = project.command(&[&["scan", "--timeout", "1s", "--format", "json", "-"], more].concat());
        command.stdin(File::open(&pipe).expect("a pipe"));
        finish(piped(command))
    };
    let run = scan(&[]);
    run.exits(4);
    let report: Value = serde_json::from_str(&run.stdout).expect("a whole report");
    assert_eq!(report["counts"]["findings"], 1, "what was found so far is told");
    assert_eq!(report["coverage"]["unscanned"][0]["reason"], "deadline", "{report}");
    assert_eq!(report["coverage"]["interrupted"], false);
    scan(&["--allow-incomplete", "deadline"]).exits(0);
    project.run(&["scan", "--timeout", "soon"]).exits(2).says("use a number of seconds, minutes or hours");
}

#[test]
fn wide_text_is_explained_as_it_is_scanned() {
    let wide: Vec<u8> = token(1).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let project = Project::with(&[("a.txt", [b"\xff\xfe".as_slice(), &wide].concat())]);
    project.run(&["scan"]).exits(1);
    project.run(&["explain", "a.txt"]).exits(1).prints("is a finding");
}

#[test]
fn a_scan_of_nothing_says_so() {
    let empty = Project::new();
    empty.run(&["scan"]).exits(0).prints("nothing was scanned · 0 files, 0 B");
    empty.run(&["scan", "--require-nonempty"]).exits(3);
    empty.pipe(&["scan", "-"], b"").exits(0).prints("1 file, 0 B");
}

#[test]
fn wrong_usage_is_told_before_anything_is_scanned() {
    let project = Project::with(&[("a.txt", token(1))]);
    for args in [["scan", "a.txt", "missing"], ["scan", "--quick", "."], ["scan", "--format", "pdf"]] {
        let run = project.run(&args);
        run.exits(2);
        assert_eq!(run.stdout, "", "nothing is reported of a scan that did not start");
    }
    project.run(&[] as &[&str]).exits(2);
    project.run(&["--help"]).exits(0);
    project.run(&["scan", "missing"]).says("`missing`").says("hint: ");
    symlink("nowhere", project.path("link")).expect("a link");
    project.run(&["scan", "link"]).exits(2).says("a link that leads nowhere");
    fifo(&project.path("pipe"));
    project.run(&["scan", "pipe"]).exits(2).says("neither a file nor a directory");
}

#[test]
fn what_may_not_be_read_is_incomplete() {
    let project = Project::with(&[("a.txt", token(1)), ("shut.txt", "x".into()), ("shut/b.txt", token(2))]);
    let program = readable_copy(&project);
    for name in ["shut.txt", "shut"] {
        fs::set_permissions(project.path(name), fs::Permissions::from_mode(0o000)).expect("it is ours");
    }
    let scan = |args: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(project.root()).args(["scan", "--format", "json"]).args(args);
        if rustix::process::geteuid().is_root() {
            // Permissions do not hold for root.
            command.uid(65534).gid(65534);
        }
        let run = run(&mut command, b"");
        (serde_json::from_str::<Value>(&run.stdout).expect("JSON"), run.code)
    };
    let (report, code) = scan(&["."]);
    assert_eq!(code, Some(4));
    assert_eq!(unscanned(&report, "shut.txt").as_deref(), Some("permission"));
    assert_eq!(unscanned(&report, "shut").as_deref(), Some("permission"), "a folder counts once");
    assert_eq!(report["coverage"]["n_unscanned"], 2);
    assert_eq!(scan(&[".", "--exclude", "a.txt"]).1, Some(3));
    fs::set_permissions(project.path("shut"), fs::Permissions::from_mode(0o700)).expect("it is ours");
}

/// Returns a copy of the program that everyone may run.
fn readable_copy(project: &Project) -> std::path::PathBuf {
    let bin = Project::new();
    let program = project.path(".git/leaktight");
    fs::create_dir(project.path(".git")).expect("a folder that is not scanned");
    fs::copy(PROGRAM, &program).expect("a copy");
    drop(bin);
    for path in [project.root(), &project.path(".git"), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    program
}

#[test]
fn nobody_who_reads_is_no_error() {
    // Enough for each format to write more than a pipe or a buffer holds.
    let many: String = (0..3000).map(|seed| format!("{}\n", token(seed))).collect();
    let project = Project::with(&[("a.txt", many.as_str()), ("b.txt", "")]);
    let mut all: Vec<Vec<&str>> = Vec::new();
    for format in FORMATS {
        all.push(vec!["scan", "--format", format, "a.txt"]);
        all.push(vec!["scan", "--format", format, "b.txt"]);
    }
    all.extend([vec!["rules", "list"], vec!["rules", "schema"], vec!["explain", "a.txt"], vec!["man"]]);
    all.extend([vec!["completions", "bash"], vec!["--help"], vec!["rules", "show", "github-pat-classic"]]);
    for args in all {
        // Closed before the program starts, or it might be done before that.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = project.command(&args);
        let run = finish(command.stdout(writer).stderr(Stdio::piped()).spawn().expect("a run"));
        assert_eq!((run.code, run.stderr.as_str()), (Some(141), ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let project = Project::with(&[("a.txt", token(1))]);
    let mut all: Vec<Vec<&str>> = FORMATS.iter().map(|format| vec!["scan", "--format", format]).collect();
    all.extend([vec!["rules", "list"], vec!["explain", "a.txt"], vec!["--help"], vec!["--version"], vec!["man"]]);
    for args in all {
        let mut command = project.command(&args);
        let child = command.stdout(sink("/dev/full")).stderr(Stdio::piped()).spawn().expect("a run");
        let run = finish(child);
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
        run.says("error: ").says("No space left on device");
    }
    project.run(&["scan", "-o", "/dev/full"]).exits(2).says("cannot write the report `/dev/full`");
}

#[test]
fn a_signal_ends_the_wait_for_input() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let project = Project::new();
        let pipe = project.path("pipe");
        fifo(&pipe);
        // Open for both, so that the pipe neither blocks nor ends.
        let mut input = OpenOptions::new().read(true).write(true).open(&pipe).expect("a pipe");
        let mut command = project.command(&["scan", "--format", "json", "-"]);
        command.stdin(File::open(&pipe).expect("a pipe"));
        let child = piped(command);
        listens(&child);
        input.write_all(format!("{}\n", token(1)).as_bytes()).expect("the pipe takes it");
        until("the program has read its input", || rustix::io::ioctl_fionread(&input).expect("a pipe") == 0);
        let run = interrupted(child, name);
        run.exits(code);
        let report: Value = serde_json::from_str(&run.stdout).expect("a whole report");
        assert_eq!(report["counts"]["findings"], 1, "what was found so far is told");
        assert_eq!(report["coverage"]["complete"], false);
        assert_eq!(report["coverage"]["interrupted"], true);
    }
}

#[test]
fn a_signal_ends_the_scan_of_a_large_tree() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let project = Project::with(&[("a/0.txt", format!("{}\n{}", token(1), "some text\n".repeat(20_000)))]);
        for idx in 1..3000 {
            fs::hard_link(project.path("a/0.txt"), project.path(format!("a/{idx}.txt"))).expect("a link");
        }
        let child = piped(project.command(&["scan", "--format", "json", "-o", "report.json"]));
        listens(&child);
        thread::sleep(Duration::from_millis(300));
        let run = interrupted(child, name);
        run.exits(code);
        run.prints("incomplete");
        let report: Value = serde_json::from_str(&project.read("report.json")).expect("a whole report");
        assert_eq!(report["coverage"]["interrupted"], true);
        assert!(report["counts"]["findings"].as_u64() > Some(0), "what was found so far is told");
        assert!(report["coverage"]["scanned"].as_u64() < Some(3000));
    }
}

/// Sends a signal, after which a run must end within a second or two.
fn interrupted(child: Child, name: &str) -> Run {
    let start = Instant::now();
    signal(&child, name);
    let run = finish(child);
    assert!(start.elapsed() < Duration::from_secs(3), "it took {:?} to end", start.elapsed());
    run
}

/// Waits until a run has set its handlers for SIGINT and SIGTERM.
fn listens(child: &Child) {
    let path = format!("/proc/{}/status", child.id());
    let wanted = 1_u64 << 1 | 1 << 14;
    until("the program listens for signals", || {
        let status = fs::read_to_string(&path).expect("the status of a child");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).expect("a line about signals");
        u64::from_str_radix(caught.trim(), 16).expect("a number") & wanted == wanted
    });
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

fn piped(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run")
}

#[test]
fn a_report_is_whole_and_for_the_user_only() {
    let project = Project::with(&[("a.txt", token(1))]);
    project.write("out/report.json", "an older report");
    fs::set_permissions(project.path("out/report.json"), fs::Permissions::from_mode(0o644)).expect("it is ours");
    project.run(&["scan", "a.txt", "-o", "out/report.json", "-o", "out/report.sarif"]).exits(1);
    for name in ["out/report.json", "out/report.sarif"] {
        let mode = fs::metadata(project.path(name)).expect("a report").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        let _: Value = serde_json::from_str(&project.read(name)).expect("a whole report");
    }
    let left = fs::read_dir(project.path("out")).expect("a folder").count();
    assert_eq!(left, 2, "no temporary file is left");
}

#[test]
fn a_report_that_cannot_be_written_leaves_all_as_it_was() {
    let project = Project::with(&[("a.txt", token(1)), ("dir/x", String::new()), ("real.json", "as it was".into())]);
    project.run(&["scan", "-o", "no/such/report.json"]).exits(2).says("cannot write the report `no/such/report.json`");
    assert!(!project.path("no").exists());
    project.run(&["scan", "-o", "dir"]).exits(2).says("cannot write the report `dir`");
    fifo(&project.path("pipe"));
    project.run(&["scan", "a.txt", "-o", "pipe"]).exits(2).says("it is not a regular file");
    symlink("real.json", project.path("link.json")).expect("a link");
    project.run(&["scan", "-o", "link.json"]).exits(2).says("it is a symbolic link");
    assert_eq!(project.read("real.json"), "as it was");
    assert!(project.path("link.json").is_symlink());
    project.run(&["baseline", "create", "-o", "link.json"]).exits(2).says("it is a symbolic link");
    assert_eq!(project.read("real.json"), "as it was");
}

#[test]
fn a_report_may_go_to_standard_error() {
    let project = Project::with(&[("a.txt", token(1))]);
    project.run(&["scan", "a.txt", "-f", "json", "-o", "/dev/stderr"]).exits(1).says("\"findings\"");
    let file = File::create(project.path("err")).expect("a file");
    let mut command = project.command(&["scan", "a.txt", "-f", "json", "-o", "/dev/stderr"]);
    let run = finish(command.stderr(file).stdout(Stdio::null()).spawn().expect("a run"));
    run.exits(1);
    assert!(project.read("err").contains("\"findings\""));
    assert!(Path::new("/dev/stderr").is_symlink(), "the device is still there");
}

#[test]
fn a_baseline_can_be_made_anew() {
    let project = Project::with(&[("a.txt", token(1))]);
    project.write(".leaktight-baseline.json", "damaged");
    project.run(&["scan"]).exits(2).says("not a baseline").says("hint: make it anew");
    project.run(&["baseline", "create"]).exits(0).prints("1 finding accepted");
    project.run(&["scan"]).exits(0).prints("1 suppressed (1 baseline)");
    project.run(&["baseline", "create"]).exits(0).prints("1 finding accepted");
    project.run(&["scan"]).exits(0).prints("1 suppressed (1 baseline)");
}

#[test]
fn a_baseline_of_part_of_a_tree_is_none() {
    let project = Project::with(&[("a.txt", token(1))]);
    fifo(&project.path(".gitignore"));
    project.run(&["scan"]).exits(4).prints(".gitignore: ignore-file");
    project.run(&["baseline", "create"]).exits(2).says("`.gitignore`");
    assert!(!project.path(".leaktight-baseline.json").exists());
}

#[test]
fn what_is_named_and_no_text_is_not_clean() {
    let packed = b"7z\xbc\xaf\x27\x1c\0\x04".as_slice();
    let project = Project::with(&[("a/a.7z", packed), ("a/program", b"\x7fELF\x02\x01\x01\0\0"), ("a/b.txt", b"text")]);
    project.run(&["scan", "a/a.7z"]).exits(3).prints("a/a.7z: opaque: 7z: unpack it, and scan what it holds");
    project.run(&["scan", "a/program"]).exits(3).prints("a/program: opaque: elf: it is no text; `--binary`");
    project.run(&["scan", "--binary", "a/program"]).exits(0);
    project.run(&["scan", "--allow-incomplete", "opaque", "a/a.7z"]).exits(0);
    project.run(&["scan", "a"]).exits(0).prints("2 excluded (2 binary)");
    project.run(&["scan", "a", "a/a.7z"]).exits(3);
    project.pipe(&["scan", "-"], packed).exits(3).prints("-: opaque: 7z: unpack it");
}

#[test]
fn a_line_that_is_not_there_is_not_explained() {
    let project = Project::with(&[("a.txt", "one\ntwo\nthree"), ("empty.txt", "")]);
    for line in ["a.txt:4", "a.txt:0"] {
        project.run(&["explain", line]).exits(2).says(&format!("`a.txt` has no line {}: it has 3 lines", &line[6..]));
    }
    project.run(&["explain", "a.txt:3"]).exits(0).prints("on line 3");
    project.run(&["explain", "empty.txt:1"]).exits(2).says("it has 0 lines");
}

#[test]
fn rules_for_other_files_are_explained_on_demand_only() {
    let project = Project::with(&[("a.txt", token(1))]);
    let other = "confined to files of other names";
    let all = project.run(&["explain", "a.txt"]);
    assert!(!all.exits(1).stdout.contains(other), "{}", all.stdout);
    project.run(&["explain", "--rule", "secret-file-value", "a.txt"]).exits(0).prints(other);
}
