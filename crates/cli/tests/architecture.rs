//! The architecture is what `crates/README.md` says, and dependencies stay few.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Packages in the dependency tree of `leaktight-core`, at most.
const CORE: usize = 45;
/// Packages in the lock file, at most.
const ALL: usize = 220;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Returns what Cargo prints, without asking anyone elsewhere.
fn cargo(args: &[&str]) -> Vec<u8> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let output = cargo.args(args).arg("--offline").current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// The members of the workspace: folder, and dependencies among them.
type Members = BTreeMap<String, (String, BTreeSet<String>)>;

fn members() -> Members {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_slice(&metadata).expect("JSON");
    let packages = list(&metadata["packages"]);
    let names: BTreeSet<String> = packages.iter().map(|package| text(&package["name"])).collect();
    let member = |package: &Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().and_then(|folder| folder.strip_prefix(root()).ok()).expect("in the workspace");
        let folder = folder.to_str().expect("text").to_owned();
        let used =
            list(&package["dependencies"]).iter().filter(|used| used["kind"] != "dev").map(|used| text(&used["name"]));
        (text(&package["name"]), (folder, used.filter(|name| names.contains(name)).collect()))
    };
    packages.iter().map(member).collect()
}

/// The same, as the table in `crates/README.md` has it.
fn table() -> Members {
    let readme = fs::read_to_string(root().join("crates/README.md")).expect("a README");
    let table = readme.split_once("| crate |").expect("a table").1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let used = cells[3].split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        (cells[1].to_owned(), (cells[2].to_owned(), used.collect()))
    })
    .collect()
}

#[test]
fn the_table_of_crates_is_true() {
    assert_eq!(table(), members());
}

#[test]
fn the_arrows_are_true() {
    let readme = fs::read_to_string(root().join("crates/README.md")).expect("a README");
    let arrows = readme.split('`').find(|code| code.contains(" -> ")).expect("arrows in backticks");
    let level = |text: &str| -> Vec<String> {
        text.trim_matches(['{', '}']).split(", ").map(|name| format!("leaktight-{name}")).collect()
    };
    let levels: Vec<Vec<String>> = arrows.split(" -> ").map(level).collect();
    let members = members();
    for (idx, level) in levels.iter().enumerate() {
        let below = levels[idx + 1..].concat();
        for name in level {
            let used = &members[name].1;
            assert!(used.iter().all(|name| below.contains(name)), "{name} depends on {used:?}");
            let next = levels.get(idx + 1).map_or(&[][..], Vec::as_slice);
            assert!(next.iter().all(|name| used.contains(name)), "{name} depends on {used:?}");
        }
    }
}

#[test]
fn nothing_depends_on_the_command_line() {
    for (name, (_, used)) in members() {
        assert!(!used.contains("leaktight-cli"), "{name} depends on it");
    }
}

#[test]
fn the_root_is_the_command_line_once_more() {
    let manifest = |folder: &str| -> toml::Table {
        let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        text.parse().expect("TOML")
    };
    let (root, mut cli) = (manifest("."), manifest("crates/cli"));
    for system in cli["target"].as_table_mut().expect("systems").iter_mut() {
        system.1.as_table_mut().expect("dependencies").remove("dev-dependencies");
    }
    for name in ["dependencies", "target", "lints"] {
        assert_eq!(root[name], cli[name], "[{name}]");
    }
}

#[test]
fn dependencies_stay_few() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let n_all = lock.matches("[[package]]").count();
    assert!(n_all <= ALL, "{n_all} packages in Cargo.lock");
    let core = tree_of("leaktight-core");
    assert!(core.len() <= CORE, "{} packages below leaktight-core: {core:?}", core.len());
}

/// The packages a package is built of on this system, itself included. Those of
/// other systems need not be on this machine, nor those of features it is not
/// built with by default.
fn tree_of(name: &str) -> BTreeSet<String> {
    let tree = cargo(&["tree", "--package", name, "--edges", "normal", "--prefix", "none"]);
    let package = |line: &str| line.split(" (").next().unwrap_or_default().to_owned();
    String::from_utf8(tree).expect("text").lines().map(package).filter(|package| !package.is_empty()).collect()
}
