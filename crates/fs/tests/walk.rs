//! Trees without tricks: what is scanned and what is left out.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use common::{Told, drive, options, remember, scan, write};
use leaktight_core::{Event, SkipReason, Source};
use leaktight_fs::{Tree, WalkOptions};

#[test]
fn shows_paths_as_they_were_given() {
    // The tests of a package run in its directory.
    let told = drive(Tree::new(["./src/../src"], WalkOptions::default()).expect("a tree"));
    assert!(told.lent.contains_key(Path::new("src/../src/lib.rs")));
    let told = drive(Tree::new(["."], options(|options| options.include.push("Cargo.toml".into()))).expect("a tree"));
    assert_eq!(told.paths(), ["Cargo.toml"]);
    let told = drive(Tree::new(["./Cargo.toml", "Cargo.toml"], WalkOptions::default()).expect("a tree"));
    assert_eq!((told.paths(), told.scanned), (vec!["Cargo.toml"], 1));
}

#[test]
fn honours_ignore_files_even_without_a_repository() {
    let dir = tempfile::tempdir().expect("a directory");
    let files = [
        (".gitignore", "/build\n*.log\n!keep.log\nnested/deep\n"),
        (".hidden", "a"),
        ("a.txt", "a"),
        ("build/b.txt", "b"),
        ("sub/build/c.txt", "c"),
        ("sub/.gitignore", "!d.log\n"),
        ("sub/d.log", "d"),
        ("x.log", "x"),
        ("keep.log", "k"),
        ("nested/deep/e.txt", "e"),
        ("dot/.ignore", "f.txt\n"),
        ("dot/.gitignore", "!f.txt\n"),
        ("dot/f.txt", "f"),
    ];
    write(dir.path(), &files);
    let told = scan(dir.path(), |_| {});
    let scanned = [
        ".gitignore",
        ".hidden",
        "a.txt",
        "dot/.gitignore",
        "dot/.ignore",
        "keep.log",
        "sub/.gitignore",
        "sub/build/c.txt",
        "sub/d.log",
    ];
    assert_eq!(told.paths(), scanned);
    let ignored: Vec<_> =
        told.skipped.iter().map(|(path, reason, _)| (path.to_str().expect("text"), *reason)).collect();
    let want = ["build", "dot/f.txt", "nested/deep", "x.log"].map(|path| (path, SkipReason::Ignored));
    assert_eq!(ignored, want, "an ignored directory counts once");
    assert_eq!(scan(dir.path(), |options| options.no_ignore = true).scanned, files.len() as u64);
}

#[test]
fn honours_the_ignore_files_above_within_a_repository() {
    let dir = tempfile::tempdir().expect("a directory");
    let files = [
        (".git/info/exclude", "excluded\n"),
        (".git/config", "x"),
        (".gitignore", "/a/b/c.txt\n"),
        ("a/b/c.txt", "c"),
        ("a/b/d.txt", "d"),
        ("a/excluded", "e"),
        ("a/inner/.git/config", "x"),
        ("a/inner/excluded", "e"),
    ];
    write(dir.path(), &files);
    let told = scan(&dir.path().join("a"), |_| {});
    // Another repository has rules of its own.
    assert_eq!(told.paths(), ["b/d.txt", "inner/excluded"]);
    assert_eq!(told.skip("b/c.txt"), Some(SkipReason::Ignored));
    assert_eq!(told.skip("excluded"), Some(SkipReason::Ignored));
    assert_eq!(told.skip("inner/.git"), Some(SkipReason::VersionControl));
}

#[test]
fn scans_what_is_named_outright_whatever_else_holds() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[(".gitignore", "*\n"), ("secret.txt", "s"), ("ignored/a.txt", "a")]);
    let paths = [dir.path().join("secret.txt"), dir.path().join("ignored")];
    let told = drive(Tree::new(paths, options(|options| options.exclude.push("*.txt".into()))).expect("a tree"));
    assert_eq!(told.lent.keys().collect::<Vec<_>>(), [&dir.path().join("secret.txt")]);
    assert_eq!(told.skipped.len(), 1);
}

#[test]
fn globs_include_and_exclude() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[("src/a.rs", "a"), ("src/gen/b.rs", "b"), ("c.md", "c"), (".d/e.rs", "e")]);
    let told = scan(dir.path(), |options| {
        options.include.push("src/**".into());
        options.exclude.push("gen/".into());
        options.hidden = false;
    });
    assert_eq!(told.paths(), ["src/a.rs"]);
    assert_eq!(told.skipped.len(), 3);
    assert!(told.skipped.iter().all(|(_, reason, _)| *reason == SkipReason::Excluded));
}

#[test]
fn errors_name_what_is_wrong() {
    let error = |path: &str, options| Tree::new([path], options).expect_err("not valid").to_string();
    assert_eq!(error("no/such/file", WalkOptions::default()), "no file or directory at `no/such/file`");
    assert_eq!(error(".", options(|options| options.include.push("[z-a]".into()))), "invalid glob `[z-a]`");
}

#[test]
fn an_empty_tree_and_an_empty_file_are_fine() {
    let dir = tempfile::tempdir().expect("a directory");
    assert_eq!((scan(dir.path(), |_| {}).scanned, scan(dir.path(), |_| {}).skipped.len()), (0, 0));
    write(dir.path(), &[("empty", "")]);
    let told = scan(dir.path(), |_| {});
    assert_eq!((told.scanned, told.bytes, told.lent.len()), (1, 0, 0));
}

#[test]
fn leaves_out_binary_formats_and_large_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let files = [
        ("real.png", "\u{89}PNG\r\n\u{1a}\n\0\0"),
        ("text.png", "a text by the name of an image"),
        ("program", "\x7fELF\u{2}\u{1}\u{1}\0\0"),
        ("mixed.dat", "\0\0\0token = 'abc'\0"),
        ("large.txt", "0123456789"),
    ];
    write(dir.path(), &files);
    // As bytes rather than UTF-8.
    fs::write(dir.path().join("real.png"), b"\x89PNG\r\n\x1a\n\0\0").expect("a file");
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.paths(), ["large.txt", "mixed.dat", "text.png"]);
    assert_eq!(told.skip("real.png"), Some(SkipReason::Binary));
    assert_eq!(told.skip("program"), Some(SkipReason::Binary));
    assert_eq!(scan(dir.path(), |options| options.binary = true).scanned, 5);
    let told = scan(dir.path(), |options| options.max_size = Some(9));
    assert_eq!(told.skip("large.txt"), Some(SkipReason::Size));
}

#[test]
fn all_that_is_discovered_ends_in_one_state() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let told = scan(&root, |options| options.no_ignore = true);
    let mut found = BTreeSet::new();
    let mut dirs = vec![root.clone()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry")) {
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() && entry.file_name() != ".git" {
                dirs.push(entry.path());
            } else {
                found.insert(entry.path());
            }
        }
    }
    // Others may be at work in this tree.
    let told_of = told.scanned as usize + told.skipped.len();
    assert!(told_of.abs_diff(found.len()) < 20, "{told_of} told, {} found", found.len());
}

#[test]
fn a_panic_costs_one_file() {
    let dir = tempfile::tempdir().expect("a directory");
    for idx in 0..200 {
        write(dir.path(), &[(&format!("d{}/f{idx}", idx % 7), "x")]);
    }
    let told = Mutex::new(Told::default());
    Tree::new([dir.path()], options(|_| {})).expect("a tree").drive(&|event| {
        if let Event::Chunk(chunk) = &event {
            assert!(!chunk.origin.path().expect("a path").ends_with("f77"), "planted");
        }
        remember(&mut told.lock().expect("no panic"), event);
        ControlFlow::Continue(())
    });
    let told = told.into_inner().expect("no panic");
    assert_eq!(told.scanned, 199);
    let (path, reason, detail) = &told.skipped[0];
    assert!(path.ends_with("d0/f77"));
    assert_eq!((*reason, detail.as_str()), (SkipReason::Internal, "the scan of it panicked"));
}

#[test]
fn a_break_ends_all_soon_and_says_so_once() {
    let dir = tempfile::tempdir().expect("a directory");
    for idx in 0..2000 {
        write(dir.path(), &[(&format!("d{}/f{idx}", idx % 50), "x")]);
    }
    for threads in [1, 2, 4] {
        let told = Mutex::new(Told::default());
        let tree = Tree::new([dir.path()], options(|options| options.threads = threads)).expect("a tree");
        tree.drive(&|event| {
            let mut told = told.lock().expect("no panic");
            remember(&mut told, event);
            if told.scanned >= 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let told = told.into_inner().expect("no panic");
        assert!(told.scanned < 20, "{} scanned", told.scanned);
        assert_eq!(told.skipped.len(), 1);
        assert_eq!(told.skipped[0].1, SkipReason::Interrupted);
    }
}

#[test]
fn threads_find_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    for idx in 0..3000 {
        write(dir.path(), &[(&format!("a{}/b{}/f{idx}", idx % 3, idx % 11), "text")]);
    }
    let one = scan(dir.path(), |options| options.threads = 1);
    let many = scan(dir.path(), |options| options.threads = 8);
    assert_eq!(one.scanned, 3000);
    assert_eq!(one.paths(), many.paths());
}
