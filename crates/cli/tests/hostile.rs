//! Hostile input, as the command line meets it: no hang, no crash, no gap that
//! is not told, and nothing in the output that anyone obeys.
#![cfg(unix)]

mod common;

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::secrets::{random, token};
use common::{Project, fifo, finish, is_harmless, places, unscanned};
use data_encoding::BASE64;
use serde_json::Value;

const FORMATS: [&str; 8] = ["human", "json", "jsonl", "sarif", "github", "gitlab", "junit", "csv"];

// W: what lies in a tree.

#[test]
fn what_is_no_file_is_left_out_and_counted() {
    let project = Project::with(&[("a.txt", token(1))]);
    fifo(&project.path("pipe"));
    let _socket = UnixListener::bind(project.path("socket")).expect("a socket");
    symlink("/dev/zero", project.path("zero")).expect("a link");
    let (report, code) = project.scan(&["."]);
    assert_eq!(code, Some(1));
    assert_eq!(report["coverage"]["excluded"], serde_json::json!({ "special": 2, "symlink": 1 }));
    let (report, _) = project.scan(&["--follow", "--follow-outside", "."]);
    assert_eq!(report["coverage"]["excluded"], serde_json::json!({ "special": 3 }));
}

#[test]
fn an_ignore_file_that_is_a_pipe_makes_a_gap() {
    for name in [".gitignore", ".ignore"] {
        let project = Project::with(&[("a.txt", token(1))]);
        fifo(&project.path(name));
        let (report, code) = project.scan(&["."]);
        assert_eq!((code, unscanned(&report, name).as_deref()), (Some(4), Some("ignore-file")));
        assert_eq!(project.scan(&["--no-ignore", "."]).1, Some(1));
    }
}

#[test]
fn links_neither_loop_nor_lead_out() {
    let outside = Project::with(&[("b.txt", token(2))]);
    let project = Project::with(&[("a/a.txt", token(1))]);
    symlink("..", project.path("a/up")).expect("a link");
    symlink("self", project.path("self")).expect("a link");
    symlink("there", project.path("here")).expect("a link");
    symlink("here", project.path("there")).expect("a link");
    symlink(outside.root(), project.path("out")).expect("a link");
    symlink(outside.path("b.txt"), project.path("out.txt")).expect("a link");
    let (report, code) = project.scan(&["."]);
    assert_eq!((places(&report).len(), code), (1, Some(1)));
    assert_eq!(report["coverage"]["excluded"]["symlink"], 6);
    let (report, _) = project.scan(&["--follow", "."]);
    assert_eq!(places(&report).len(), 1);
    assert_eq!(report["coverage"]["excluded"]["outside-root"], 2);
    let (report, _) = project.scan(&["--follow", "--follow-outside", "."]);
    assert_eq!(places(&report).len(), 3, "{report:#}");
}

#[test]
fn a_link_that_is_named_is_followed() {
    let project = Project::with(&[("a.txt", token(1)), ("dir/b.txt", token(2))]);
    symlink("a.txt", project.path("file")).expect("a link");
    symlink("dir", project.path("folder")).expect("a link");
    let (report, code) = project.scan(&["file", "folder"]);
    assert_eq!((places(&report).len(), code), (2, Some(1)));
}

#[test]
fn deep_trees_end() {
    let project = Project::new();
    let deep = "d/".repeat(1500);
    project.write(format!("{deep}a.txt"), token(1));
    let (report, code) = project.scan(&["."]);
    assert_eq!(code, Some(1));
    assert_eq!(places(&report), [(format!("{deep}a.txt"), 1, 1)]);
}

#[test]
fn names_that_are_no_text_keep_their_bytes() {
    let project = Project::new();
    let name = b"caf\xe9.txt";
    project.write(Path::new(OsStr::from_bytes(name)), token(1));
    let (report, _) = project.scan(&["."]);
    let finding = &report["findings"][0];
    assert_eq!(finding["path"], "caf\u{fffd}.txt");
    assert_eq!(finding["path_bytes_b64"], BASE64.encode(name));
    project.run(&["scan"]).prints("caf\\xe9.txt");
}

/// Names, and what of them must not appear in any output.
const NAMES: [(&str, &str); 11] = [
    ("a\n::error::owned.txt", "\n::error::owned"),
    ("a\n::stop-commands::x", "\n::stop-commands::x"),
    ("##vso[task.setvariable]x", "##vso[task"),
    ("\x1b]0;owned\x07.txt", "\x1b"),
    ("tab\tand\rreturn", "\tand"),
    ("=cmd|' !A0", "\n=cmd"),
    ("-rf", "\n-rf"),
    (" leading\u{202e}txt.exe", "\u{202e}"),
    ("quote\"'<script>&amp;.txt", "<script>"),
    ("\u{9b}31mred", "\u{9b}"),
    ("](javascript:x)`", "\u{0}"),
];

#[test]
fn names_are_data_in_every_format() {
    let project = Project::new();
    for (seed, (name, _)) in (1..).zip(NAMES) {
        project.write(name, format!("{}\n", token(seed)));
        // Something that cannot be scanned has a name as well.
        project.write(format!("{name}.big"), "x".repeat(2000));
    }
    for format in FORMATS {
        let run = project.run(&["scan", "--format", format, "--max-size", "1000", "."]);
        run.exits(4);
        assert_eq!(run.stderr, "");
        is_harmless(&run.stdout, format);
        for (name, bad) in NAMES {
            // These mean something to some readers only.
            let may = match bad {
                "<script>" => format != "junit",
                "\n=cmd" | "\n-rf" => format != "csv",
                "##vso[task" => format == "github",
                _ => false,
            };
            assert!(may || !run.stdout.contains(bad), "{format} shows {name:?}:\n{}", run.stdout);
        }
        match format {
            "json" | "sarif" | "gitlab" => drop(serde_json::from_str::<Value>(&run.stdout).expect("one document")),
            "jsonl" => {
                let kinds = run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
                let kinds: Vec<Value> = kinds.map(|line| line["type"].clone()).collect();
                assert_eq!((kinds.len(), kinds.last()), (23, Some(&"summary".into())));
            }
            "csv" => {
                let mut table = csv::Reader::from_reader(run.stdout.as_bytes());
                assert!(
                    table
                        .records()
                        .all(|row| row.expect("a row")[6].starts_with(['a', '\\', '\'', 't', 'q', ']', ' ']))
                );
            }
            "github" => assert_eq!(run.stdout.lines().count(), 13, "{}", run.stdout),
            _ => {}
        }
    }
}

#[test]
fn names_in_errors_are_data_too() {
    let project = Project::new();
    let bad = "a\n::error::owned\x1b]0;x\x07\u{202e}";
    let escaped = "a\\n::error::owned\\u{1b}]0;x\\u{7}\\u{202e}";
    let all: [&[&str]; 12] = [
        &["scan", bad],
        &["scan", "--exclude", &format!("{bad}[")],
        &["scan", "--rule", bad],
        &["scan", "--rules", bad],
        &["scan", "--config", bad],
        &["scan", "--baseline", bad],
        &["scan", "--allow-incomplete", bad],
        &["scan", "-o", &format!("{bad}/report")],
        &["explain", bad],
        &["rules", "show", bad],
        &["rules", "check", bad],
        &["baseline", "create", bad],
    ];
    for args in all {
        let run = project.run(args);
        run.exits(2).says(escaped);
        is_harmless(&run.stderr, "an error");
    }
}

#[test]
fn what_the_parser_of_arguments_quotes_is_data_too() {
    let project = Project::new();
    let bad = "a\n::error::owned\x1b]0;x\x07\u{202e}";
    for args in [&["scan", &format!("--{bad}")] as &[&str], &["scan", "--format", bad], &["scan", "-j", bad], &[bad]] {
        let run = project.run(args);
        run.exits(2).says("error: ");
        is_harmless(&run.stderr, "an error");
    }
}

// E: what stands in a file.

#[test]
fn wide_text_is_read_with_and_without_a_mark() {
    let text = format!("one\r\ntwo\nkey = {}\n", token(1));
    let wide = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}{text}").encode_utf16().flat_map(order).collect()
    };
    let files = [
        ("le.txt", wide(u16::to_le_bytes, "")),
        ("le-bom.txt", wide(u16::to_le_bytes, "\u{feff}")),
        ("be.txt", wide(u16::to_be_bytes, "")),
        ("be-bom.txt", wide(u16::to_be_bytes, "\u{feff}")),
        ("utf8-bom.txt", format!("\u{feff}{text}").into_bytes()),
        ("utf32.txt", text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect()),
    ];
    let project = Project::with(&files);
    let (report, code) = project.scan(&["."]);
    assert_eq!(code, Some(1));
    let mut names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(places(&report), names.map_places(3, 7));
    for (name, bytes) in &files {
        let run = project.pipe(&["scan", "--format", "json", "-"], bytes);
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(places(&report), ["<stdin>"].map_places(3, 7), "{name}");
    }
}

/// Turns names into places.
trait MapPlaces {
    fn map_places(&self, line: u64, column: u64) -> Vec<(String, u64, u64)>;
}

impl<T: AsRef<[&'static str]>> MapPlaces for T {
    fn map_places(&self, line: u64, column: u64) -> Vec<(String, u64, u64)> {
        self.as_ref().iter().map(|name| ((*name).to_owned(), line, column)).collect()
    }
}

#[test]
fn every_kind_of_line_end_counts_once() {
    let project = Project::new();
    for (name, end) in [("cr", "\r"), ("crlf", "\r\n"), ("lf", "\n")] {
        project.write(name, format!("one{end}two{end}{end}x {}{end}last", token(1)));
    }
    let (report, _) = project.scan(&["."]);
    assert_eq!(places(&report), ["cr", "crlf", "lf"].map_places(4, 3));
}

#[test]
fn the_first_and_the_last_byte_count() {
    let all = token(1);
    let project = Project::with(&[
        ("all", all.clone()),
        ("last", format!("x {all}")),
        ("first", format!("{all} x")),
        ("nul", format!("\0\0\0{all}\0")),
        ("odd", String::new()),
    ]);
    project.write("odd", [b"\xff\xfe\xc3 ", all.as_bytes(), b"\xe2\x82"].concat());
    project.write("image.png", &all);
    let (report, _) = project.scan(&["all", "last", "first", "nul", "image.png"]);
    assert_eq!(places(&report).len(), 5, "{report:#}");
    project.write("latin1", [b"caf\xe9 \xc3 ", all.as_bytes(), b"\xe2\x82"].concat());
    assert_eq!(places(&project.scan(&["latin1"]).0).len(), 1);
}

#[test]
fn one_long_line_takes_little_memory() {
    const LEN: usize = 64 << 20;
    let project = Project::new();
    // Secrets at both ends and across the places where parts of 8 MiB meet.
    let mut file = fs::File::create(project.path("line")).expect("a file");
    let text = "some words and numb3rs ".repeat(1 << 12);
    (0..LEN.div_ceil(text.len())).for_each(|_| file.write_all(text.as_bytes()).expect("room"));
    let starts: Vec<usize> = (1..8).map(|part| (part << 23) - 20).chain([0, LEN - 42]).collect();
    for (seed, start) in (1..).zip(&starts) {
        file.seek(SeekFrom::Start(*start as u64)).expect("a place");
        let before = if *start == 0 { "" } else { " " };
        file.write_all(format!("{before}{} ", token(seed)).as_bytes()).expect("room");
    }
    file.set_len(LEN as u64 - 1).expect("a size");
    drop(file);

    let mut command = project.command(&["scan", "--format", "json", "--threads", "2", "line"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
    let (run, most) = watched(child);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(places(&report).len(), starts.len(), "{:?}", places(&report));
    assert!(most < 96 << 10, "{most} KiB of memory");
    let excerpt = report["findings"][3]["excerpt"].as_str().expect("text");
    assert!(excerpt.len() < 1000, "the line is clipped: {} bytes", excerpt.len());
}

/// Waits for a run, and returns it with the most memory it took, in KiB.
fn watched(child: Child) -> (common::Run, u64) {
    let path = format!("/proc/{}/status", child.id());
    let watch = thread::spawn(move || {
        let mut most = 0;
        while let Ok(status) = fs::read_to_string(&path) {
            let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
            most = line.trim().trim_end_matches(" kB").parse().expect("a number");
            thread::sleep(Duration::from_millis(5));
        }
        most
    });
    let run = finish(child);
    (run, watch.join().expect("no panic"))
}

#[test]
fn a_key_without_an_end_takes_linear_time() {
    let begin = format!("-----{} RSA {} KEY-----\n", "BEGIN", "PRIVATE");
    let body = format!("{}\n", random(1, 64)).repeat(3);
    let time = |n: usize| {
        let project = Project::with(&[("keys", format!("{begin}{body}").repeat(n))]);
        let start = Instant::now();
        let run = project.run(&["scan", "keys"]);
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
        start.elapsed()
    };
    let best = |n: usize| (0..3).map(|_| time(n)).min().expect("three");
    let (one, four) = (best(1000), best(4000));
    // Four times the input, and room for a busy machine: quadratic were sixteen.
    assert!(four < one * 9 + Duration::from_millis(200), "{one:?} and then {four:?}");
}

#[test]
fn explaining_many_rejections_takes_linear_time() {
    let time = |n: usize| {
        let project = Project::with(&[("many", "password=placeholder; api_key=xxxxxxxxxxxxxxxx\n".repeat(n))]);
        let start = Instant::now();
        project.run(&["explain", "many"]).exits(0).prints(&format!("\n{n}:1"));
        start.elapsed()
    };
    let best = |n: usize| (0..2).map(|_| time(n)).min().expect("two");
    let (one, eight) = (best(2000), best(16_000));
    assert!(eight < one * 20 + Duration::from_millis(200), "{one:?} and then {eight:?}");
}

#[test]
fn many_findings_are_listed_up_to_a_limit_and_counted_beyond() {
    let text: String = (0..12_000).map(|seed| format!("{}\n", token(seed))).collect();
    let project = Project::with(&[("many", text)]);
    let (report, code) = project.scan(&["many"]);
    assert_eq!(code, Some(1));
    let n = report["findings"].as_array().expect("findings").len() as u64;
    let capped = report["coverage"]["capped"].as_u64().expect("a number");
    assert_eq!((n + capped, report["coverage"]["complete"] == true), (12_000, true), "{n} listed");
    project.run(&["scan", "-f", "github", "many"]).prints("not listed");
}

// W15, W16: what changes meanwhile.

#[test]
fn a_file_that_shrinks_meanwhile_is_told() {
    // When exactly the program reads is not ours to say, so there are some tries.
    let told = (1..=8).any(|step| {
        let project = Project::new();
        let text = "some words and numb3rs\n".repeat(1 << 20);
        project.write("log", &text);
        let mut command = project.command(&["scan", "-f", "json", "--threads", "1", "log"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
        thread::sleep(Duration::from_millis(40 * step));
        let file = OpenOptions::new().write(true).open(project.path("log")).expect("a file");
        file.set_len(100).expect("a size");
        let run = finish(child);
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let changed = unscanned(&report, "log").as_deref() == Some("changed");
        assert_eq!(run.code, Some(if changed { 3 } else { 0 }), "{run:?}");
        changed
    });
    assert!(told, "a file that shrinks is a gap");
}

#[test]
fn a_file_that_grows_for_ever_is_told() {
    let project = Project::new();
    project.write("log", "some words and numb3rs\n".repeat(1 << 20));
    let mut file = OpenOptions::new().append(true).open(project.path("log")).expect("a file");
    let mut command = project.command(&["scan", "-f", "json", "--threads", "1", "log"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a run");
    let end = thread::spawn(move || finish(child));
    while !end.is_finished() {
        file.write_all(&[b'x'; 128 << 10]).expect("room");
        thread::sleep(Duration::from_millis(3));
    }
    let run = end.join().expect("no panic");
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((run.code, unscanned(&report, "log").as_deref()), (Some(3), Some("changed")), "{run:?}");
}

// O: two runs.

#[test]
fn threads_change_nothing_in_a_report() {
    let project = Project::new();
    for idx in 0..200 {
        project.write(format!("d{}/f{idx}.txt", idx % 7), format!("x\n{}\n", token(idx)));
    }
    let report = |threads: &str| {
        let mut report = project.scan(&["--threads", threads, "."]).0;
        report["timing"] = Value::Null;
        report
    };
    let one = report("1");
    assert_eq!(places(&one).len(), 200);
    assert_eq!(one, report("8"));
    assert_eq!(one, report("8"));
}
