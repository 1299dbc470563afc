//! The coverage ledger: everything discovered is scanned, excluded or unscanned,
//! and an independent walk discovers the same.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use common::secrets::token;
use common::{Project, fifo};
use serde_json::Value;

/// Counts what is no folder, and folders of version control as one.
fn walk(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    entries
        .map(|entry| match entry.file_type().expect("a kind").is_dir() && entry.file_name() != ".git" {
            true => walk(&entry.path()),
            false => 1,
        })
        .sum()
}

fn tree() -> Project {
    let project = Project::new();
    for idx in 0..400 {
        let text = if idx % 50 == 0 { token(idx) } else { "x".repeat(usize::try_from(idx).expect("small")) };
        project.write(format!("a{}/b{}/f{idx}.txt", idx % 5, idx % 7), text);
    }
    project.write("a1/image.png", b"\x89PNG\r\n\x1a\n\0\0");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.write("a0/empty", "");
    project.write("large", "some text\n".repeat(200_000));
    fifo(&project.path("a2/pipe"));
    symlink("../a1", project.path("a2/link")).expect("a link");
    symlink("nowhere", project.path("dangling")).expect("a link");
    project
}

#[track_caller]
fn sums(report: &Value, discovered: u64) {
    let coverage = &report["coverage"];
    let number = |name: &str| coverage[name].as_u64().expect("a number");
    let excluded: u64 = coverage["excluded"].as_object().expect("counts").values().filter_map(Value::as_u64).sum();
    assert_eq!(number("discovered"), discovered, "{coverage:#}");
    assert_eq!(number("scanned") + excluded + number("n_unscanned"), discovered, "{coverage:#}");
    let listed = coverage["unscanned"].as_array().expect("a list").len() as u64;
    assert_eq!(listed, number("n_unscanned"));
    assert_eq!(coverage["complete"], listed == 0);
}

#[test]
fn everything_ends_in_one_state() {
    let project = tree();
    let discovered = walk(project.root());
    assert!(discovered > 400);
    for args in [
        &["."] as &[&str],
        &["--max-size", "100", "."],
        &["--exclude", "*3.txt", "--include", "a*/**", "."],
        &["--follow", "--binary", "--threads", "7", "."],
        &["--no-ignore", "--no-project-config", "--threads", "1", "."],
    ] {
        let (report, code) = project.scan(args);
        sums(&report, discovered);
        let is_complete = report["coverage"]["complete"] == true;
        assert_eq!(code, Some(if is_complete { 1 } else { 4 }), "{args:?}");
    }
}

#[test]
fn bytes_are_those_of_the_files() {
    let project = Project::with(&[("a", "x".repeat(1000)), ("b", "y".repeat(3_000_000)), ("c", String::new())]);
    let (report, _) = project.scan(&["."]);
    assert_eq!((&report["coverage"]["bytes"], &report["coverage"]["scanned"]), (&3_001_000.into(), &3.into()));
    let (report, _) = project.scan(&["a", "./a", "b", "."]);
    assert_eq!(report["coverage"]["discovered"], 5, "what is named twice in one way counts once: {report:#}");
}

#[test]
fn every_format_tells_of_a_gap() {
    let project = Project::with(&[("a", "x".repeat(1000)), ("b", token(1))]);
    for format in ["human", "json", "jsonl", "sarif", "github", "gitlab", "junit", "csv"] {
        let run = project.run(&["scan", "--max-size", "100", "--format", format, "."]);
        run.exits(4).prints("size");
        assert!(!run.stdout.contains("clean"), "{format}");
    }
}

#[test]
fn an_ignored_folder_counts_once() {
    let project =
        Project::with(&[(".gitignore", "build/\n*.log\n"), ("build/a", "a"), ("build/b", "b"), ("x.log", "x")]);
    let (report, _) = project.scan(&["."]);
    sums(&report, 3);
    assert_eq!(report["coverage"]["excluded"]["ignored"], 2);
}
