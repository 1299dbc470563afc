//! No output of any command holds a secret in clear, nor one in base64 or hex,
//! unless `--show-secrets` asks for it.

mod common;

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use common::secrets::{password, pem, token};
use common::{Project, Run};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

const FORMATS: [&str; 8] = ["human", "json", "jsonl", "sarif", "github", "gitlab", "junit", "csv"];

/// A tree with secrets, alone, together, in copies and in other spellings.
struct Planted {
    project: Project,
    /// What must not be seen.
    secrets: Vec<String>,
    /// What of it must not be seen either.
    pieces: HashSet<Vec<u8>>,
}

impl Planted {
    fn new() -> Self {
        let (token, other) = (token(7), token(8));
        let (assignment, word) = password(9);
        let key = pem(10);
        let project = Project::with(&[
            ("token.env", format!("# ours\nTOKEN={token}\n")),
            ("both.env", format!("A={token} B={other} C={token}\n")),
            (
                "copies.txt",
                format!("{token} {} {}\n", BASE64.encode(token.as_bytes()), HEXLOWER.encode(token.as_bytes())),
            ),
            ("basic.txt", format!("x {token} Basic {}\n", BASE64.encode(format!("me:{token}").as_bytes()))),
            ("shift.txt", format!("x {token} {}=\n", BASE64URL.encode(format!("me.:{token}:you").as_bytes()))),
            ("upper.txt", format!("x {token} 0x{}\n", HEXUPPER.encode(token.as_bytes()))),
            ("far.txt", format!("{token}\n")),
            ("settings.py", format!("{assignment}\nuser = 'me'; {assignment}\n")),
            ("deploy.yaml", format!("{assignment} # {token}\nkey: placeholder\n")),
            ("allowed.txt", format!("{other} # leaktight{}\n", ":allow")),
            ("turned-down.env", format!("A={token};password=placeholder1;api_key=xxxxxxxxxxxxxxxx\n")),
            ("id_rsa", key.clone()),
            ("inline.json", format!("{{\"key\": {key:?}}}\n")),
        ]);
        let mut secrets = vec![token, other, word];
        // Any line of a key tells part of it; the last may be short.
        secrets.extend(key.lines().filter(|line| !line.starts_with('-') && line.len() == 64).map(str::to_owned));
        let pieces = secrets.iter().flat_map(|secret| pieces(secret)).collect();
        Self { project, secrets, pieces }
    }

    /// Asserts that text holds nothing of a secret, in clear or encoded.
    #[track_caller]
    fn is_clean(&self, text: &str, what: &str) {
        for len in [CLEAR, ENCODED] {
            let seen = text.as_bytes().windows(len).find(|window| self.pieces.contains(*window));
            let seen = seen.map(String::from_utf8_lossy);
            assert_eq!(seen, None, "{what} holds part of a secret:\n{text}");
        }
    }

    #[track_caller]
    fn is_clean_run(&self, run: &Run, args: &[&str]) {
        assert!(run.code.is_some_and(|code| code <= 4), "{args:?}: {run:?}");
        self.is_clean(&run.stdout, &format!("standard output of {args:?}"));
        self.is_clean(&run.stderr, &format!("standard error of {args:?}"));
    }
}

/// Characters of a secret in a row that give it away, in clear and encoded.
const CLEAR: usize = 8;
const ENCODED: usize = 12;

/// What of a secret gives it away: some of its middle, in clear, in base64 at any
/// offset, or in hex. Its first and last four characters may be shown.
fn pieces(secret: &str) -> Vec<Vec<u8>> {
    let middle = &secret.as_bytes()[4..secret.len() - 4];
    let hex = [HEXLOWER.encode(middle), HEXUPPER.encode(middle)];
    let encoded = hex.into_iter().chain((0..3).map(|offset| inner_base64(middle, offset)));
    let encoded = encoded.flat_map(|whole| whole.as_bytes().windows(ENCODED).map(<[u8]>::to_vec).collect::<Vec<_>>());
    let pieces: Vec<_> = middle.windows(CLEAR).map(<[u8]>::to_vec).chain(encoded).collect();
    assert!(!pieces.is_empty(), "`{secret}` is long enough");
    pieces
}

/// The base64 characters that depend on the bytes alone, which start `offset`
/// bytes into a group of three.
fn inner_base64(bytes: &[u8], offset: usize) -> String {
    let skipped = (3 - offset) % 3;
    let whole = (bytes.len() - skipped) / 3 * 3;
    BASE64.encode(&bytes[skipped..skipped + whole])
}

#[test]
fn the_tree_is_worth_the_test() {
    let planted = Planted::new();
    let (report, code) = planted.project.scan(&["--show-secrets", "--confidence", "low", "."]);
    assert_eq!(code, Some(1));
    let found: Vec<&str> =
        report["findings"].as_array().expect("findings").iter().filter_map(|one| one["secret"].as_str()).collect();
    for secret in &planted.secrets {
        assert!(found.iter().any(|one| one.contains(secret)), "`{secret}` is found");
    }
}

#[test]
fn no_report_holds_a_secret() {
    let planted = Planted::new();
    let variants: [&[&str]; 5] = [
        &["."],
        &["--explain", "--confidence", "low", "--include-suppressed", "."],
        &["--max-size", "100", "."],
        &["--no-inline-allow", "--binary", "--color", "always", "."],
        &["--rule", "github-pat-classic", "--fail-on", "never", "."],
    ];
    for format in FORMATS {
        for variant in variants {
            let args = [&["scan", "--format", format], variant].concat();
            planted.is_clean_run(&planted.project.run(&args), &args);
        }
        for name in ["token.env", "both.env", "copies.txt", "settings.py", "id_rsa", "deploy.yaml"] {
            let text = fs::read(planted.project.path(name)).expect("a file");
            let args = ["scan", "--format", format, "--explain", "-"];
            planted.is_clean_run(&planted.project.pipe(&args, &text), &args);
        }
    }
}

#[test]
fn no_file_written_holds_a_secret() {
    let planted = Planted::new();
    let out = Project::new();
    let mut args = vec!["scan".to_owned(), ".".to_owned()];
    for format in FORMATS {
        args.extend(["-f".to_owned(), format.to_owned(), "-o".to_owned()]);
        args.push(out.path(format).to_str().expect("text").to_owned());
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    planted.is_clean_run(&planted.project.run(&args), &args);
    let baseline = out.path("baseline.json");
    let args = ["baseline", "create", "-o", baseline.to_str().expect("text")];
    planted.is_clean_run(&planted.project.run(&args), &args);
    let written: Vec<_> =
        fs::read_dir(out.root()).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(written.len(), FORMATS.len() + 1);
    for path in written {
        let text = fs::read_to_string(&path).expect("text");
        assert!(text.len() > 100, "{path:?} holds a report");
        planted.is_clean(&text, &path.display().to_string());
    }
}

#[test]
fn no_other_command_tells_a_secret() {
    let planted = Planted::new();
    let project = &planted.project;
    for entry in fs::read_dir(project.root()).expect("a folder").map(|entry| entry.expect("an entry")) {
        let name = entry.file_name().into_string().expect("text");
        let text = fs::read_to_string(entry.path()).expect("text");
        let mut all = vec![vec!["explain".to_owned(), name.clone()]];
        all.extend((1..=text.lines().count()).map(|line| vec!["explain".to_owned(), format!("{name}:{line}")]));
        all.push(["explain", "--rule", "generic-assigned-secret", &name].map(str::to_owned).to_vec());
        for args in all {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            planted.is_clean_run(&project.run(&args), &args);
        }
        let args = ["explain", "--name", "settings.py", "-"];
        planted.is_clean_run(&project.pipe(&args, text.as_bytes()), &args);
        // A file that is no rule file, no configuration and no baseline.
        let wrong: [&[&str]; 7] = [
            &["rules", "check", &name],
            &["rules", "test", &name],
            &["rules", "diff", "builtin", &name, "--on", "."],
            &["scan", "--rules", &name, "."],
            &["scan", "--config", &name, "."],
            &["scan", "--baseline", &name, "."],
            &["explain", "--rules", &name, "token.env"],
        ];
        for args in wrong {
            let run = project.run(args);
            assert_eq!(run.code, Some(2), "{args:?}");
            planted.is_clean_run(&run, args);
        }
    }
    let none = "provider = \"X\"\n[[rule]]\nid = \"x-key\"\ntitle = \"X\"\nseverity = \"low\"\npattern = 'xyz_[0-9]{16}'\n\
                impact = \"i\"\nrevoke = \"r\"\nmatch = []\nignore = []\n";
    project.write("none.toml", none);
    for args in [["builtin", "none.toml"], ["none.toml", "builtin"]] {
        let args = [&["rules", "diff"], &args as &[&str], &["--limit", "1000", "--on", "."]].concat();
        let run = project.run(&args);
        run.exits(0).prints("github-pat-classic");
        planted.is_clean_run(&run, &args);
    }
    for args in [&["rules", "list"] as &[&str], &["rules", "schema"], &["completions", "zsh"], &["man"], &["--help"]] {
        planted.is_clean_run(&project.run(args), args);
    }
}

#[test]
fn errors_do_not_quote_what_was_written_in_the_wrong_place() {
    let planted = Planted::new();
    let secret = &planted.secrets[0];
    let config = [
        format!("[scan]\nexclude = \"{secret}\"\n"),
        format!("[scan]\nexclude = [1, \"{secret}\"]\n"),
        format!("token = \"{secret}\"\n"),
        format!("{secret} = 1\n"),
        format!("[rules.{secret}]\nenabled = false\n"),
        format!("[rules.github-pat-classic]\nseverity = \"{secret}\"\n"),
        format!("[[suppress]]\nfingerprint = \"{secret}\"\n"),
        format!("[scan]\ntoken = {secret}\n"),
    ];
    let baseline = [
        format!("{{\"version\": \"{secret}\"}}"),
        format!("{{\"version\": 1, \"{secret}\": 1}}"),
        format!("{{\"version\": 1, \"findings\": \"{secret}\"}}"),
        format!("{{\"version\": 1, \"findings\": {{\"{secret}\": {{\"rule\":\"\",\"path\":\"\",\"count\":1}}}}}}"),
    ];
    let rules = [
        format!("token = \"{secret}\"\n"),
        format!("{secret} = \"x\"\n"),
        format!("provider = [\"{secret}\"]\n"),
        format!("provider = \"A\"\nrule = \"{secret}\"\n"),
    ];
    let all = [("leaktight.toml", "--config", &config as &[String]), ("base.json", "--baseline", &baseline)];
    for (name, option, texts) in all.into_iter().chain([("rules.toml", "--rules", &rules as &[String])]) {
        for text in texts {
            planted.project.write(name, text);
            let args = ["scan", option, name, "token.env"];
            let run = planted.project.run(&args);
            assert_eq!(run.code, Some(2), "{text}: {run:?}");
            planted.is_clean_run(&run, &[&args as &[&str], &[text]].concat());
            if option == "--rules" {
                planted.is_clean_run(&planted.project.run(&["rules", "check", name]), &["rules", "check", text]);
            }
        }
        fs::remove_file(planted.project.path(name)).expect("a file");
    }
}

#[test]
fn showing_secrets_is_announced_and_no_service_gets_them() {
    let planted = Planted::new();
    for format in FORMATS {
        let run = planted.project.run(&["scan", "--show-secrets", "--format", format, "token.env"]);
        let shows = ["human", "json", "jsonl", "csv"].contains(&format);
        assert_eq!(run.stdout.contains(&planted.secrets[0]), shows, "{format}");
        run.exits(1).says("warning: secrets are printed in clear");
        planted.is_clean(&run.stderr, "the warning");
    }
}

/// Tracked files are all within reach: only what `.gitignore` names is left out.
#[test]
fn this_repository_holds_no_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let project = Project::new();
    let mut command = project.command(&["scan", "--require-nonempty", "."]);
    common::run(command.current_dir(root), b"").exits(0);
}
