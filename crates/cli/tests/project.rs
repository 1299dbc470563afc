//! Configuration, baselines and rules of others: none of them is obeyed further than it
//! should be, and what is wrong with one is told as data.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::secrets::token;
use common::{Project, fifo, is_harmless, places};

const CONFIG: &str = "leaktight.toml";
const BASELINE: &str = ".leaktight-baseline.json";

#[test]
fn a_rule_that_does_not_exist_may_have_been_meant_otherwise() {
    let project = Project::with(&[("leaktight.toml", "[rules.github-pat-clasic]\nenabled = false\n")]);
    project.run(&["scan"]).exits(2).says("`github-pat-clasic`; there is `github-pat-classic`");
    project.run(&["rules", "show", "aws-acces-key-id"]).exits(2).says("there is `aws-access-key-id`");
    project.run(&["scan", "--no-project-config", "--rule", "zzz"]).exits(2).says("there is no rule `zzz`\n");
}

#[test]
fn configuration_that_is_no_file_is_not_taken_from_a_tree() {
    let all = "[scan]\nexclude = [\"*\"]\n";
    let elsewhere = Project::with(&[("all.toml", all), ("base.json", "{")]);
    for (name, target) in [(CONFIG, "all.toml"), (BASELINE, "base.json")] {
        let project = Project::with(&[("a.txt", token(1))]);
        symlink(elsewhere.path(target), project.path(name)).expect("a link");
        project.run(&["scan", "."]).exits(1);
        let option = if name == CONFIG { "--config" } else { "--baseline" };
        fs::remove_file(project.path(name)).expect("a link");
        fifo(&project.path(name));
        project.run(&["scan", "."]).exits(1);
        project.run(&["scan", option, name, "."]).exits(2).says("it is not a regular file");
        fs::remove_file(project.path(name)).expect("a pipe");
        fs::create_dir(project.path(name)).expect("a folder");
        project.run(&["scan", "."]).exits(1);
    }
    let project = Project::with(&[("a.txt", token(1))]);
    fifo(&project.path("rules.toml"));
    project.run(&["scan", "--rules", "rules.toml", "."]).exits(2).says("it is not a regular file");
    project.run(&["rules", "check", "rules.toml"]).exits(2).says("it is not a regular file");
    project.run(&["explain", "rules.toml"]).exits(2).says("it is not a regular file");
}

#[test]
fn huge_configuration_is_an_error_and_takes_no_memory() {
    for name in [CONFIG, BASELINE] {
        let project = Project::with(&[("a.txt", token(1))]);
        fs::File::create(project.path(name)).and_then(|file| file.set_len(1 << 33)).expect("a sparse file");
        project.run(&["scan", "a.txt"]).exits(2).says("it is larger than 16 MiB");
        project.run(&["scan", "--no-project-config", "a.txt"]).exits(1);
    }
}

#[test]
fn marks_of_other_programs_count_where_a_project_says_so() {
    let text = format!("{} # gitleaks{}\n", token(1), ":allow");
    let project = Project::with(&[("a.txt", text.as_str())]);
    assert_eq!(project.scan(&["."]).1, Some(1));
    project.write(CONFIG, "[scan]\nmarks = [\"gitleaks:allow\"]\n");
    let (report, code) = project.scan(&["."]);
    assert_eq!((&report["counts"]["suppressed_by"], code), (&serde_json::json!({ "inline": 1 }), Some(0)));
    assert_eq!(project.scan(&["--no-inline-allow", "."]).1, Some(1));
    project.write(CONFIG, "[scan]\nmarks = [\"=\"]\n");
    project.run(&["scan", "."]).exits(2).says("leaktight.toml:2:10").says("less than 6 characters");
}

#[test]
fn what_a_project_hides_is_counted_and_can_be_overruled() {
    let project = Project::with(&[("a.txt", token(1)), ("b.txt", format!("{} # leaktight{}", token(2), ":allow"))]);
    project.write(CONFIG, "[scan]\nexclude = [\"a.*\"]\n");
    let (report, code) = project.scan(&["."]);
    assert_eq!(code, Some(0));
    assert_eq!(report["coverage"]["excluded"]["excluded"], 1);
    assert_eq!(report["counts"]["suppressed_by"], serde_json::json!({ "inline": 1 }));
    assert_eq!(places(&project.scan(&["--no-project-config", "--no-inline-allow", "."]).0).len(), 2);
}

#[test]
fn configuration_of_folders_above_counts_within_a_repository_only() {
    let project =
        Project::with(&[("leaktight.toml", "[scan]\nexclude = [\"a.txt\"]\n".into()), ("work/a.txt", token(1))]);
    let work = |args: &[&str]| {
        let mut command = project.command(args);
        common::run(command.current_dir(project.path("work")), b"")
    };
    // Anyone may write to a folder above, such as /tmp.
    work(&["scan", "."]).exits(1);
    project.run(&["scan", "work"]).exits(0);
    fs::create_dir(project.path(".git")).expect("a folder");
    work(&["scan", "."]).exits(0);
}

#[test]
fn broken_configuration_is_quoted_as_data() {
    let quoted = [
        (CONFIG, "[rules.\"\\u001B]0;x\\u0007\"]\nenabled = false\n"),
        (CONFIG, "\"\\u001B]0;x\\u0007\" = 1\n"),
        (CONFIG, "[scan]\nexclude = \"\\u001B]0;x\\u0007\"\n"),
        (CONFIG, "[[suppress]]\nfingerprint = \"\\u001B]0;x\\u0007\"\n"),
        (BASELINE, "{\"\\u001b]0;x\\u0007\":1}"),
        (BASELINE, "{\"version\":\"\\u001b]0;x\\u0007\"}"),
        (BASELINE, "{\"version\":1,\"findings\":{\"\\u001b]0;x\\u0007\":{\"rule\":\"\",\"path\":\"\",\"count\":1}}}"),
    ];
    for (name, text) in quoted {
        let project = Project::with(&[("a.txt", token(1).as_str()), (name, text)]);
        let run = project.run(&["scan", "."]);
        run.exits(2);
        is_harmless(&run.stderr, name);
    }
    let rules = [
        "\"\\u001B]0;x\\u0007\" = 1\n",
        "provider = \"A\"\n[[rule]]\nid = \"\\u001B]0;x\\u0007\"\ntitle = \"\"\nseverity = \"high\"\npattern = 'x'\nimpact = \"\"\nrevoke = \"\"\nmatch = []\nignore = []\n",
    ];
    for text in rules {
        let project = Project::with(&[("rules.toml", text)]);
        for args in [["rules", "check", "rules.toml"], ["scan", "--rules", "rules.toml"]] {
            let run = project.run(&args);
            run.exits(2);
            is_harmless(&run.stderr, text);
        }
    }
}

#[test]
fn a_pattern_that_explodes_is_an_error() {
    let rule = |pattern: &str| {
        format!(
            "provider = \"A\"\n[[rule]]\nid = \"a-b\"\ntitle = \"A\"\nseverity = \"high\"\npattern = '{pattern}'\nimpact = \"i\"\nrevoke = \"r\"\nmatch = [\"a\"]\nignore = [\"b\"]\n"
        )
    };
    let project = Project::with(&[("a.txt", "a".repeat(100_000))]);
    for pattern in ["(?:x{1000}){1000}", "a{100}{100}{100}{100}", "acme(", "(?<=a)acme"] {
        project.write("rules.toml", rule(pattern));
        project.run(&["scan", "--rules", "rules.toml"]).exits(2).says("rule `a-b`");
        project.run(&["rules", "check", "rules.toml"]).exits(2).says("rule `a-b`");
    }
    project.write("rules.toml", rule("(?:a+)+b"));
    project.run(&["scan", "--rules", "rules.toml", "a.txt"]).exits(0);
}

#[test]
fn a_baseline_that_is_no_object_is_refused() {
    let list = "{\"version\":1,\"findings\":{\"0123456789abcdef01234567\":[\"a\",\"b\",1]}}";
    for text in ["[1,{}]", list] {
        let project = Project::with(&[("a.txt", token(1).as_str()), (BASELINE, text)]);
        project.run(&["scan", "."]).exits(2).says("is not a baseline");
    }
}

#[test]
fn a_baseline_is_for_all_to_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::with(&[("a.txt", token(1)), ("new", String::new())]);
    let mode = |name: &str| fs::metadata(project.path(name)).expect("there").permissions().mode() & 0o777;
    project.run(&["baseline", "create"]).exits(0);
    assert_eq!(mode(BASELINE), mode("new"), "as any file that is made here");
    fs::set_permissions(project.path(BASELINE), fs::Permissions::from_mode(0o660)).expect("ours");
    project.run(&["baseline", "create"]).exits(0);
    assert_eq!(mode(BASELINE), 0o660, "what someone has chosen stays");
    project.run(&["scan", "-o", "report.json", "."]).exits(0);
    assert_eq!(mode("report.json"), 0o600, "a report is the user's own");
}

#[test]
fn a_glob_that_is_not_valid_is_told_with_its_place() {
    let project = Project::with(&[("a.txt", token(1).as_str()), (CONFIG, "[scan]\nexclude = [\"a\", \"[a\"]\n")]);
    for args in [["scan", "."], ["scan", "--staged"], ["baseline", "create"]] {
        let run = project.run(&args);
        run.exits(2).says("leaktight.toml` has an invalid glob in `scan.exclude`").says("leaktight.toml:2:17");
        assert!(!run.stderr.contains("command line"), "{}", run.stderr);
    }
}
