//! Repositories that are damaged, or made to do harm.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Sandbox, Told, named, token};
use leaktight_core::SkipReason;

/// A repository with one pack, deltas in it, and a secret in its first commit.
fn packed() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::with_repo(&[]);
    let text = |n: usize| (0..n).map(|line| format!("line {line} of {}\n", line * line)).collect::<String>();
    sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    for n in 0..20 {
        sandbox.commit("long.txt", text(300 + n) + &text(100 - n));
    }
    sandbox.git("r", &["gc", "-q"]);
    let folder = fs::read_dir(sandbox.root.join("r/.git/objects/pack")).expect("packs");
    let pack =
        folder.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "pack"));
    (sandbox, pack.expect("a pack"))
}

/// Puts bytes in the place of a file that may not be written to.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("ours");
    fs::write(path, bytes).expect("room");
}

fn is_incomplete(told: &Told) -> bool {
    told.skipped.iter().any(|(_, reason, _)| !reason.is_exclusion())
}

#[test]
fn every_damaged_byte_of_a_pack_is_noticed() {
    let (sandbox, pack) = packed();
    let bytes = fs::read(&pack).expect("a pack");
    let whole = sandbox.scan("r");
    assert!(whole.skipped.is_empty() && whole.has(&token(1)), "{:?}", whole.skipped);
    for at in (12..bytes.len() - 20).step_by(bytes.len() / 60) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        replace(&pack, &damaged);
        let told = sandbox.scan("r");
        assert!(is_incomplete(&told), "byte {at} of {}: {:?}", bytes.len(), told.skipped);
        assert!(told.skipped.iter().all(|skip| skip.0.starts_with("object ")), "objects are named: {:?}", told.skipped);
    }
}

#[test]
fn what_is_left_of_a_truncated_pack_is_scanned() {
    let (sandbox, pack) = packed();
    let bytes = fs::read(&pack).expect("a pack");
    for len in [0, 5, 12, bytes.len() / 3, bytes.len() - 1] {
        replace(&pack, &bytes[..len]);
        let told = sandbox.scan("r");
        assert!(is_incomplete(&told), "{len} of {}", bytes.len());
    }
}

#[test]
fn a_damaged_index_is_an_incomplete_scan() {
    let (sandbox, pack) = packed();
    let index = pack.with_extension("idx");
    let bytes = fs::read(&index).expect("an index");
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x81;
        replace(&index, &damaged);
        // Whatever comes of it: no panic and no hang.
        drop(sandbox.scan("r"));
    }
    replace(&index, &bytes[..bytes.len() / 2]);
    assert!(is_incomplete(&sandbox.scan("r")));
}

#[test]
fn damaged_loose_objects_are_named() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    sandbox.commit("b", "other\n");
    let id = sandbox.git("r", &["rev-parse", "HEAD:b"]);
    let path = sandbox.root.join("r/.git/objects").join(&id[..2]).join(&id[2..]);
    let bytes = fs::read(&path).expect("an object");
    for damaged in [&bytes[..bytes.len() / 2], b"", b"x\x9c garbage"] {
        replace(&path, damaged);
        let told = sandbox.scan("r");
        assert_eq!(told.gaps(SkipReason::Corrupt), [format!("object {id}")]);
        assert!(told.has(&token(1)), "the rest is scanned");
    }
}

/// A stream of zlib that holds `len` zeros, in stored form a small one: made by git itself.
#[test]
fn a_loose_object_that_inflates_without_end_is_bounded() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a", "1\n");
    // 300 MiB of zeros: a third of a megabyte on disk.
    sandbox.write("r/bomb", vec![0_u8; 300 << 20]);
    let id = sandbox.git("r", &["hash-object", "-w", "bomb"]);
    fs::remove_file(sandbox.root.join("r/bomb")).expect("ours");
    let told = sandbox.scan("r");
    assert_eq!(told.gaps(SkipReason::Size), [format!("object {id}")]);
}

/// A file with a secret under ten thousand million paths, in eleven objects.
#[test]
fn trees_named_many_times_are_read_once() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.write("r/a.env", format!("KEY={}\n", token(1)));
    let mut tree = format!("100644 blob {}", sandbox.git("r", &["hash-object", "-w", "a.env"]));
    for _ in 0..10 {
        let entries: String = (0..10).map(|name| format!("{tree}\t{name}\n")).collect();
        sandbox.write("r/entries", entries);
        let script = "git mktree <entries";
        let made = Command::new("sh").args(["-c", script]).current_dir(sandbox.root.join("r")).output();
        let made = made.expect("git runs");
        assert!(made.status.success(), "{made:?}");
        tree = format!("040000 tree {}", String::from_utf8_lossy(&made.stdout).trim());
    }
    let tree = tree.rsplit(' ').next().expect("an id");
    let commit = sandbox.git("r", &["commit-tree", "-m", "bomb", tree]);
    sandbox.git("r", &["update-ref", "HEAD", &commit]);
    let start = Instant::now();
    let told = sandbox.scan("r");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(told.findings.len(), 1, "{told:?}");
}

#[cfg(unix)]
#[test]
fn pipes_never_make_it_wait() {
    for name in [
        "packed-refs",
        "refs/heads/pipe",
        "shallow",
        "info/grafts",
        "logs/refs/stash",
        "objects/aa/{38}",
        "objects/pack/pack-1.pack",
        "index",
        "info/exclude",
    ] {
        let (sandbox, pack) = packed();
        let name = name.replace("{38}", &"a".repeat(38));
        let path = match name.as_str() {
            "objects/pack/pack-1.pack" => pack,
            _ => sandbox.root.join("r/.git").join(&name),
        };
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let _ = fs::remove_file(&path);
        assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
        let start = Instant::now();
        let told = sandbox.scan_with("r", |_| ());
        assert!(start.elapsed() < Duration::from_secs(20), "{name}");
        let is_noticed = told.is_err() || told.as_ref().is_ok_and(is_incomplete);
        let is_read = !matches!(name.as_str(), "index" | "info/exclude" | "info/grafts");
        assert!(is_noticed || !is_read, "{name}: {told:?}");
    }
}

#[test]
fn nothing_a_repository_configures_is_run() {
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.write("r/.gitattributes", "* diff=x filter=x\n");
    let commit = sandbox.commit("a.env", format!("KEY={}\n", token(1)));
    let canary = sandbox.root.join("canary");
    let touch = format!("touch {}", canary.display());
    let config = format!(
        "[core]\nfsmonitor = {touch}\nhooksPath = hooks\npager = {touch}\nsshCommand = {touch}\nalternateRefsCommand = {touch}\n\
         [diff \"x\"]\ntextconv = {touch}\ncommand = {touch}\n[filter \"x\"]\nsmudge = {touch}\nclean = {touch}\n\
         process = {touch}\n[diff]\nexternal = {touch}\n[credential]\nhelper = !{touch}\n[gpg]\nprogram = {touch}\n\
         [remote \"origin\"]\nurl = ext::{touch}\npromisor = true\n[alias]\nlog = !{touch}\n[include]\npath = /dev/zero\n"
    );
    sandbox.write("r/.git/config", config);
    for hook in ["post-checkout", "pre-auto-gc", "reference-transaction"] {
        sandbox.write(&format!("r/.git/hooks/{hook}"), format!("#!/bin/sh\n{touch}\n"));
    }
    assert_eq!(named(sandbox.scan("r").place(&token(1))).0, commit);
    drop(sandbox.scan_with("r", |options| options.max_commits = Some(5)));
    assert!(!canary.exists(), "something was run");
}
