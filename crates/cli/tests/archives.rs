//! Archives, as the program is run on them.

mod common;
#[path = "../../fs/tests/common/pack.rs"]
mod pack;

use std::time::{Duration, Instant};

use common::secrets::token;
use common::{Project, is_harmless, places, unscanned};
use pack::{Entry, gzip, member, tar, tar_of, zip, zip_of};
use serde_json::Value;

/// Returns an archive in others, with a token deep in it and one nearer.
fn nest() -> Vec<u8> {
    let inner = zip(&[("src/c.txt", format!("first line\nkey = {}\n", token(1)))]);
    zip(&[("b.tar.gz", gzip(&tar(&[("c.zip", inner)]))), ("near.env", format!("KEY={}\n", token(2)).into_bytes())])
}

fn coverage<'a>(report: &'a Value, name: &str) -> &'a Value {
    &report["coverage"][name]
}

#[test]
fn members_are_explained_by_the_path_of_a_report() {
    let project = Project::with(&[("d/a.zip", nest()), ("b!c.txt", token(3).into_bytes())]);
    let (far, near) = ("d/a.zip!b.tar.gz!c.zip!src/c.txt", "d/a.zip!near.env");
    for place in [far, &format!("./{far}:2"), near, "b!c.txt"] {
        project.run(&["explain", place]).exits(1).prints("github-pat-classic");
    }
    project.run(&["explain", "d/a.zip!b.tar.gz!c.zip!src/c.txt:1"]).exits(0);
    let whole = project.run(&["explain", "d/a.zip"]);
    whole.exits(2).says("`d/a.zip` is an archive").says("there is `d/a.zip!");
    project.run(&["explain", "d/a.zip!no.txt"]).exits(2).says("has no member `d/a.zip!no.txt`").says("there is");
    project.run(&["explain", "d/no.zip!no.txt"]).exits(2).says("No such file");
}

#[test]
fn findings_are_told_by_archive_and_member() {
    let project = Project::with(&[("a.zip", nest()), ("b.txt", format!("{}\n", token(3)).into_bytes())]);
    let (report, code) = project.scan(&["."]);
    let want = [("a.zip!b.tar.gz!c.zip!src/c.txt", 2, 7), ("a.zip!near.env", 1, 5), ("b.txt", 1, 1)];
    assert_eq!(places(&report), want.map(|(path, line, column)| (path.to_owned(), line, column)));
    assert_eq!((code, coverage(&report, "complete")), (Some(1), &true.into()));
    // Two files, two archives and two texts in one of them.
    assert_eq!(coverage(&report, "discovered"), 6, "{report:#}");
    for (format, path) in [
        ("human", "a.zip!b.tar.gz!c.zip!src/c.txt"),
        ("csv", "a.zip!b.tar.gz!c.zip!src/c.txt"),
        ("jsonl", "a.zip!b.tar.gz!c.zip!src/c.txt"),
        ("github", "file=a.zip!b.tar.gz!c.zip!src/c.txt"),
        ("gitlab", "a.zip!b.tar.gz!c.zip!src/c.txt"),
        ("junit", "a.zip!b.tar.gz!c.zip!src/c.txt"),
        ("sarif", "a.zip%21b.tar.gz%21c.zip%21src/c.txt"),
    ] {
        project.run(&["scan", "--format", format, "."]).exits(1).prints(path);
    }
}

#[test]
fn what_is_found_is_what_is_found_unpacked() {
    let files =
        [(".env", format!("DB_PASS{}=Tr0ub4dor{}\n", "WORD", "xKq9")), ("doc/x.md", token(5)), ("x.json", token(6))];
    let unpacked = Project::with(&files);
    let packed = Project::with(&[("x.tar.gz", gzip(&tar(&files)))]);
    let prints = |project: &Project| {
        let (report, _) = project.scan(&["--confidence", "low", "."]);
        let findings = report["findings"].as_array().expect("findings").clone();
        let mut prints: Vec<String> =
            findings.iter().map(|finding| format!("{} {}", finding["fingerprint"], finding["confidence"])).collect();
        prints.sort();
        prints
    };
    assert_eq!(prints(&packed), prints(&unpacked));
    assert_eq!(prints(&packed).len(), 3);
}

#[test]
fn a_baseline_accepts_what_is_in_archives() {
    let project = Project::with(&[("a.zip", nest())]);
    project.run(&["baseline", "create"]).exits(0);
    let run = project.run(&["scan"]);
    run.exits(0).prints("2 suppressed");
}

#[test]
fn the_depth_can_be_chosen() {
    let project = Project::with(&[("a.zip", nest())]);
    let (report, code) = project.scan(&["--archive-depth", "1", "."]);
    assert_eq!((code, report["findings"].as_array().map(Vec::len)), (Some(4), Some(1)));
    assert_eq!(unscanned(&report, "a.zip!b.tar.gz").as_deref(), Some("archive-limit"));
    let (report, code) = project.scan(&["--archive-depth", "0", "."]);
    assert_eq!((code, coverage(&report, "excluded")["binary"].as_u64()), (Some(0), Some(1)));
    project.run(&["scan", "--archive-depth", "0", "a.zip"]).exits(3).prints("zip: unpack it");
    project.run(&["scan", "--archive-depth", "99", "."]).exits(2);
}

#[test]
fn standard_input_may_be_an_archive() {
    let project = Project::new();
    project.pipe(&["scan", "-"], &nest()).exits(1).prints("-!b.tar.gz!c.zip!src/c.txt").prints("-!near.env");
    project.pipe(&["scan", "-"], &gzip(token(1).as_bytes())).exits(1).prints("<stdin>");
    let half = gzip("some text that is long enough ".repeat(90).as_bytes());
    project.pipe(&["scan", "-"], &half[..half.len() - 9]).exits(3).prints("corrupt");
    project.pipe(&["scan", "--archive-depth", "0", "-"], &nest()).exits(3).prints("unpack it");
}

#[test]
fn what_cannot_be_read_makes_a_scan_incomplete() {
    let locked = Entry { flags: 1, ..Entry::stored("locked", b"gibberish") };
    let bomb = gzip(&gzip(&vec![0; 64 << 20]));
    let project = Project::with(&[
        ("a.zip", zip_of(&[locked, Entry::new("open", token(1).as_bytes())])),
        ("b.gz", bomb),
        ("c.zip", zip(&[("x", token(2))])[..60].to_vec()),
    ]);
    let (report, code) = project.scan(&["."]);
    assert_eq!(code, Some(4));
    let reasons = ["a.zip!locked", "b.gz", "c.zip"].map(|path| unscanned(&report, path));
    assert_eq!(reasons.map(Option::unwrap_or_default), ["encrypted", "archive-limit", "corrupt"]);
    let allow = ["--allow-incomplete", "encrypted,archive-limit,corrupt", "."];
    assert_eq!(project.scan(&allow).1, Some(1));
}

#[test]
fn names_in_archives_are_neither_paths_nor_commands() {
    let project = Project::new();
    let names =
        ["../../../tmp/leaktight-up", "/etc/passwd", "a\n::error::x", "\x1b]0;x\x07", "##vso[task.x]", "\u{202e}"];
    let files: Vec<Vec<u8>> = names.iter().map(|name| member(name.as_bytes(), b'0', token(7).as_bytes())).collect();
    project.write("x.tar", tar_of(&files));
    for format in ["human", "github", "gitlab", "sarif", "junit", "csv", "json", "jsonl"] {
        let run = project.run(&["scan", "--format", format, "."]);
        run.exits(1);
        is_harmless(&run.stdout, format);
    }
    assert!(!std::path::Path::new("/tmp/leaktight-up").exists());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_while_unpacking() {
    let project = Project::with(&[("a.zip", nest())]);
    let mut command = project.command(&["scan", "."]);
    // Neither is there such a folder, nor could it be made.
    command.env("TMPDIR", "/proc/none").env("TMP", "/proc/none");
    common::run(&mut command, b"").exits(1).prints("near.env");
}

#[test]
fn excludes_hold_in_archives() {
    let project = Project::with(&[
        ("a.zip", zip(&[("gen/x.txt", token(1)), ("src/y.txt", token(2)), ("z.lock", token(3))])),
        ("leaktight.toml", b"[scan]\nexclude = [\"*.lock\"]\n".to_vec()),
    ]);
    let (report, _) = project.scan(&["--exclude", "gen/", "."]);
    assert_eq!(places(&report), [("a.zip!src/y.txt".to_owned(), 1, 1)]);
    assert_eq!(coverage(&report, "excluded")["excluded"], 2);
    let (report, _) = project.scan(&["--exclude", "a.zip!src/*", "--exclude", "gen/", "a.zip"]);
    assert_eq!(places(&report), [], "also where the archive is named");
}

#[test]
fn a_timeout_ends_within_an_archive() {
    let project = Project::new();
    let text = "a line of text that takes a while\n".repeat(3_000_000);
    project.write("x.tgz", gzip(&tar(&[("a", &text), ("b", &text), ("c", &text), ("d", &text)])));
    let start = Instant::now();
    let (report, code) = project.scan(&["--timeout", "1s", "."]);
    assert_eq!(code, Some(3), "{report:#}");
    let unscanned = coverage(&report, "unscanned").as_array().expect("a list");
    assert!(unscanned.iter().all(|skip| skip["reason"] == "deadline"), "{report:#}");
    assert!(start.elapsed() < Duration::from_secs(30));
}
