//! Scans of unified diffs.

mod common;

use common::secrets::{password, pem, token};
use common::{Project, places, unscanned};
use serde_json::Value;

/// A diff of one file whose lines are these, each with its mark.
fn diff(lines: &[String]) -> String {
    let n = |marks: &str| lines.iter().filter(|line| marks.contains(&line[..1])).count();
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("--- a/src/x.py\n+++ b/src/x.py\n@@ -10,{} +10,{} @@\n{lines}", n(" -"), n(" +"))
}

fn scan(project: &Project, diff: &str, args: &[&str]) -> (Value, Option<i32>) {
    let run = project.pipe(&[&["scan", "--diff", "-", "-f", "json"], args].concat(), diff.as_bytes());
    (serde_json::from_str(&run.stdout).unwrap_or_else(|err| panic!("{err}: {run:?}")), run.code)
}

#[test]
fn only_added_lines_count() {
    let project = Project::new();
    let lines = [
        format!(" kept = '{}'", token(1)),
        format!("-gone = '{}'", token(2)),
        format!("+come = '{}'", token(3)),
        format!(" more = '{}'", token(4)),
    ];
    let (report, code) = scan(&project, &diff(&lines), &[]);
    assert_eq!((places(&report), code), (vec![("src/x.py".to_owned(), 11, 9)], Some(1)));
    let (report, code) = scan(&project, &diff(&lines[..2]), &[]);
    assert_eq!((places(&report), code), (vec![], Some(0)));
}

#[test]
fn lines_that_stay_help_to_understand() {
    let project = Project::new();
    let key = pem(1);
    let mut lines: Vec<String> = key.lines().map(|line| format!(" {line}")).collect();
    let (report, code) = scan(&project, &diff(&lines), &[]);
    assert_eq!((places(&report), code), (vec![], Some(0)), "nothing of it is new");
    lines[5].replace_range(..1, "+");
    let (report, code) = scan(&project, &diff(&lines), &[]);
    assert_eq!((places(&report).len(), code), (1, Some(1)), "a key with a new line is a new key");
    assert_eq!(report["findings"][0]["path"], "src/x.py");
}

#[test]
fn a_diff_may_lie_in_a_file() {
    let project = Project::new();
    let text = diff(&[format!("+{}", password(1).0)]);
    project.write("change.diff", &text);
    project.run(&["scan", "--diff", "change.diff"]).exits(1).prints("src/x.py").prints("10:");
    project.run(&["scan", "--diff", "no.diff"]).exits(2).says("cannot read the diff `no.diff`").says("hint: ");
    project.run(&["scan", "--diff", "-", "src"]).exits(2).says("cannot be used with");
    project.write("change.diff", "");
    project.run(&["scan", "--diff", "change.diff"]).exits(0).prints("nothing was scanned");
}

#[test]
fn what_the_configuration_says_counts() {
    let project = Project::with(&[("leaktight.toml", "[scan]\nexclude = [\"src/\"]\n")]);
    let text = diff(&[format!("+{}", token(1))]);
    let (report, code) = scan(&project, &text, &[]);
    assert_eq!((&report["coverage"]["excluded"]["excluded"], code), (&Value::from(1), Some(0)));
    let (_, code) = scan(&project, &text, &["--no-project-config"]);
    assert_eq!(code, Some(1));
    let allowed = diff(&[format!("+{} # leaktight{}", token(1), ":allow")]);
    assert_eq!(scan(&project, &allowed, &["--no-project-config"]).1, Some(0));
    assert_eq!(scan(&project, &allowed, &["--no-project-config", "--no-inline-allow"]).1, Some(1));
}

#[test]
fn a_baseline_of_files_counts_for_diffs() {
    let project = Project::with(&[("src/x.py", format!("{}\n", password(1).0))]);
    project.run(&["baseline", "create"]).exits(0);
    let text = diff(&[format!("+{}", password(1).0)]);
    assert_eq!(scan(&project, &text, &[]).1, Some(0));
    assert_eq!(scan(&project, &text, &["--no-project-config"]).1, Some(1));
}

#[test]
fn what_is_no_diff_is_not_clean() {
    let project = Project::new();
    let (report, code) = scan(&project, "password", &[]);
    assert_eq!((unscanned(&report, "-").as_deref(), code), (Some("malformed"), Some(3)));
    let (report, code) = scan(&project, &diff(&[format!("+{}", token(1))]).replace("+10,1", "+10,3"), &[]);
    assert_eq!((unscanned(&report, "src/x.py").as_deref(), code), (Some("malformed"), Some(4)));
}

#[test]
fn every_format_names_the_line_of_the_new_file() {
    let project = Project::new();
    let text = diff(&[format!("-{}", token(1)), "+a".to_owned(), format!("+{}", token(2))]);
    for (format, place) in [
        ("human", "src/x.py\n\n11:1 "),
        ("json", "\"line\": 11,"),
        ("jsonl", "\"line\":11,"),
        ("sarif", "\"startLine\": 11"),
        ("github", "file=src/x.py,line=11,"),
        ("gitlab", "\"start_line\": 11"),
        ("junit", "file=\"src/x.py\" line=\"11\""),
        ("csv", ",src/x.py,11,1,"),
    ] {
        project.pipe(&["scan", "--diff", "-", "-f", format], text.as_bytes()).exits(1).prints(place);
    }
}

#[test]
fn what_a_diff_does_not_show_is_not_clean() {
    let project = Project::new();
    let binary = |name: &str| {
        format!("diff --git a/{name} b/{name}\nindex 1..2 100644\nBinary files a/{name} and b/{name} differ\n")
    };
    let (report, code) = scan(&project, &(binary("notes.txt") + &binary("logo.png")), &[]);
    assert_eq!((unscanned(&report, "notes.txt").as_deref(), code), (Some("opaque"), Some(3)));
    assert_eq!((unscanned(&report, "logo.png"), &report["coverage"]["excluded"]["binary"]), (None, &Value::from(1)));
    let patch = "diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 4\nLc${NkU|@g%CjbCY\n\n";
    assert_eq!(scan(&project, patch, &[]).1, Some(3));
    assert_eq!(scan(&project, patch, &["--allow-incomplete", "opaque"]).1, Some(0));
    let gone = "diff --git a/x b/x\ndeleted file mode 100644\nindex 1..0\nBinary files a/x and /dev/null differ\n";
    assert_eq!(scan(&project, gone, &[]).1, Some(0), "what is taken away is not new");
}

#[test]
fn what_stands_round_a_diff_is_scanned() {
    let project = Project::new();
    let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n";
    let id = "0123456789abcdef0123456789abcdef01234567";
    let mail = |n: u64| {
        format!(
            "From {id} Mon Sep 17 00:00:00 2001\nFrom: {} <a@b.example>\nSubject: [PATCH] {}\n\nuse\n{}\n---\n x | 1 +\n\n\
             {diff}-- \n2.39.2\n\n",
            token(n),
            token(n + 1),
            token(n + 2),
        )
    };
    let (report, code) = scan(&project, &(mail(1) + &mail(4)), &[]);
    let lines: Vec<u64> = places(&report).into_iter().map(|(_, line, _)| line).collect();
    assert_eq!((lines, code), (vec![2, 3, 6, 19, 20, 23], Some(1)));
    project.write("a.patch", mail(1));
    project.run(&["scan", "--diff", "a.patch"]).exits(1).prints("a.patch\n\n2:7 critical");

    let log = |n: u64| format!("commit {id}\nAuthor: a\n\n    use {}\n\n{diff}\n", token(n));
    let renamed = format!("diff --git a/x b/y\nrename from x\nrename to y\n\n{}", log(2));
    let (report, code) = scan(&project, &(log(1) + &renamed), &[]);
    let lines: Vec<u64> = places(&report).into_iter().map(|(_, line, _)| line).collect();
    assert_eq!((lines, code), (vec![4, 19], Some(1)));
}
