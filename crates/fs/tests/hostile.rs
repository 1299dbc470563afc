//! Trees with tricks: pipes, links, loops, depth.
#![cfg(target_os = "linux")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use common::{drive, options, scan, write};
use leaktight_core::SkipReason;
use leaktight_fs::{Error, Tree, WalkOptions};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};

fn pipe(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
}

#[test]
fn never_opens_pipes_and_sockets() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[("a", "a")]);
    pipe(&dir.path().join("pipe"));
    let _socket = UnixListener::bind(dir.path().join("socket")).expect("a socket");
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.paths(), ["a"]);
    assert_eq!(told.skip("pipe"), Some(SkipReason::Special));
    assert_eq!(told.skip("socket"), Some(SkipReason::Special));
    let err = Tree::new([dir.path().join("pipe")], WalkOptions::default()).expect_err("not a file");
    assert!(matches!(err, Error::Special { .. }));
}

#[test]
fn an_ignore_file_that_is_none_does_not_block() {
    let dir = tempfile::tempdir().expect("a directory");
    write(
        dir.path(),
        &[
            ("a", "a"),
            ("sub/b", "b"),
            ("big/c", "c"),
            ("big/.gitignore", &"#\n".repeat(600_000)),
            ("dir/.ignore/d", "d"),
        ],
    );
    pipe(&dir.path().join(".gitignore"));
    pipe(&dir.path().join("sub/.ignore"));
    symlink("a", dir.path().join("big/.ignore")).expect("a link");
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.paths(), ["a", "big/.gitignore", "big/c", "dir/.ignore/d", "sub/b"]);
    for path in [".gitignore", "sub/.ignore", "big/.gitignore"] {
        assert_eq!(told.skip(path), Some(SkipReason::IgnoreFile));
    }
    assert_eq!(told.skip("big/.ignore"), Some(SkipReason::Symlink), "like git");
    assert_eq!(told.scanned, 4, "a file that is scanned but not used counts as not used");
}

#[test]
fn a_pipe_as_exclude_file_does_not_block() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[(".git/config", "x"), ("a", "a")]);
    fs::create_dir(dir.path().join(".git/info")).expect("a directory");
    pipe(&dir.path().join(".git/info/exclude"));
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.skip(".git/info/exclude"), Some(SkipReason::IgnoreFile));
    assert_eq!(told.skip(".git"), Some(SkipReason::VersionControl));
}

#[test]
fn ignore_files_do_not_eat_up_memory() {
    let dir = tempfile::tempdir().expect("a directory");
    let many: String = (0..10_000).map(|idx| format!("some-name-{idx}\n")).collect();
    write(dir.path(), &[(".gitignore", &many), ("a/.gitignore", &many), ("a/some-name-7", "x"), ("b/.gitignore", "x")]);
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.skip("a/.gitignore"), Some(SkipReason::IgnoreFile), "what holds at one place is too much");
    assert_eq!(told.skip("a/some-name-7"), Some(SkipReason::Ignored));
    assert_eq!(told.paths(), [".gitignore", "a/.gitignore", "b/.gitignore"]);
}

#[test]
fn links_count_and_are_not_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[("real/a", "a")]);
    for (target, link) in
        [("real/a", "file"), ("real", "dir"), ("/etc/passwd", "out"), ("self", "self"), ("none", "dangling")]
    {
        symlink(target, dir.path().join(link)).expect("a link");
    }
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.paths(), ["real/a"]);
    assert_eq!(told.skipped.len(), 5);
    assert!(told.skipped.iter().all(|(_, reason, _)| *reason == SkipReason::Symlink));
}

#[test]
fn a_link_named_outright_is_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[("real/a", "a")]);
    symlink("real/a", dir.path().join("file")).expect("a link");
    symlink("real", dir.path().join("dir")).expect("a link");
    symlink("none", dir.path().join("dangling")).expect("a link");
    for (link, want) in [("file", "file"), ("dir", "dir/a")] {
        let told = drive(Tree::new([dir.path().join(link)], WalkOptions::default()).expect("a tree"));
        assert_eq!(told.lent.keys().collect::<Vec<_>>(), [&dir.path().join(want)]);
    }
    let err = Tree::new([dir.path().join("dangling")], WalkOptions::default()).expect_err("leads nowhere");
    assert!(matches!(err, Error::Dangling { .. }));
}

#[test]
fn followed_links_end_and_stay_inside() {
    let outer = tempfile::tempdir().expect("a directory");
    let root = outer.path().join("root");
    write(outer.path(), &[("root/real/a", "a"), ("root/z", "z"), ("outside/b", "b"), ("outside/deep/c", "c")]);
    let links = [
        ("..", "real/up"),
        ("real", "again"),
        ("z", "file"),
        ("self", "self"),
        ("none", "dangling"),
        ("../outside", "out"),
        ("../outside/deep", "outdeep"),
        ("../outside/b", "outfile"),
        ("../..", "top"),
    ];
    for (target, link) in links {
        symlink(target, root.join(link)).expect("a link");
    }
    pipe(&root.join("pipe"));
    symlink("pipe", root.join("topipe")).expect("a link");

    let told = scan(&root, |options| options.follow = true);
    assert_eq!(told.paths(), ["file", "real/a", "z"]);
    for path in ["real/up", "again", "self", "dangling"] {
        assert_eq!(told.skip(path), Some(SkipReason::Symlink), "{path}");
    }
    for path in ["out", "outdeep", "outfile", "top"] {
        assert_eq!(told.skip(path), Some(SkipReason::OutsideRoot), "{path}");
    }
    assert_eq!(told.skip("topipe"), Some(SkipReason::Special));

    fs::remove_file(root.join("top")).expect("gone");
    let told = scan(&root, |options| (options.follow, options.follow_outside) = (true, true));
    assert_eq!(told.paths(), ["file", "out/b", "out/deep/c", "outfile", "real/a", "z"]);
    assert_eq!(told.skip("outdeep"), Some(SkipReason::Symlink), "each directory once");
}

#[test]
fn scans_names_of_any_bytes() {
    let dir = tempfile::tempdir().expect("a directory");
    let names: [&[u8]; 6] = [b"\xff\xfe", b"a\nb", b"-rf", b" lead", b"tab\t\"quote'", b"\x1b[31m"];
    for name in names {
        fs::write(dir.path().join(OsStr::from_bytes(name)), "x").expect("a file");
    }
    let told = scan(dir.path(), |options| options.exclude.push("zzz".into()));
    for name in names {
        assert!(told.lent.contains_key(Path::new(OsStr::from_bytes(name))), "{name:?}");
    }
}

#[test]
fn what_may_not_be_read_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[("a", "a"), ("locked", "b"), ("dir/c", "c"), ("ign/.gitignore", "d"), ("ign/d", "d")]);
    let lock =
        |path: &str, mode| fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(mode)).expect("ours");
    for path in ["locked", "dir", "ign/.gitignore"] {
        lock(path, 0);
    }
    // Nothing is locked to root.
    let is_root = fs::File::open(dir.path().join("locked")).is_ok();
    let told = scan(dir.path(), |_| {});
    lock("dir", 0o700);
    if !is_root {
        assert_eq!(told.paths(), ["a", "ign/d"]);
        assert_eq!(told.skip("locked"), Some(SkipReason::Permission));
        assert_eq!(told.skip("dir"), Some(SkipReason::Permission));
        assert_eq!(told.skip("ign/.gitignore"), Some(SkipReason::IgnoreFile));
    }
}

#[test]
fn a_file_that_vanished_or_changed_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), &[("gone", "a"), ("pipe", "b"), ("link", "c"), ("dir", "d")]);
    let paths = ["gone", "pipe", "link", "dir"].map(|name| dir.path().join(name));
    let tree = Tree::new(&paths, options(|_| {})).expect("a tree");
    for path in &paths {
        fs::remove_file(path).expect("ours");
    }
    pipe(&paths[1]);
    symlink("none", &paths[2]).expect("a link");
    fs::create_dir(&paths[3]).expect("a directory");
    let mut told = drive(tree);
    told.skipped.sort();
    let reasons: Vec<_> = told.skipped.iter().map(|(path, reason, _)| (path.clone(), *reason)).collect();
    use SkipReason::{Changed, Vanished};
    let [gone, pipe, link, dir] = paths;
    assert_eq!(reasons, [(dir, Changed), (gone, Vanished), (link, Vanished), (pipe, Changed)]);
}

/// Makes directories in directories, each with an `extra` one beside it.
fn nest(root: &Path, depth: usize, name: &str, extra: bool) {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut dir = rustix::fs::open(root, flags, Mode::empty()).expect("a directory");
    for _ in 0..depth {
        rustix::fs::mkdirat(&dir, name, Mode::RWXU).expect("a directory");
        if extra {
            rustix::fs::mkdirat(&dir, "side", Mode::RWXU).expect("a directory");
            let side = rustix::fs::openat(&dir, "side", flags, Mode::empty()).expect("a directory");
            let file = rustix::fs::openat(&side, "f", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).expect("a file");
            rustix::io::write(&file, b"x").expect("room");
        }
        dir = rustix::fs::openat(&dir, name, flags, Mode::empty()).expect("a directory");
    }
    let file = rustix::fs::openat(&dir, "leaf", OFlags::CREATE | OFlags::WRONLY, Mode::RWXU).expect("a file");
    rustix::io::write(&file, b"leaf").expect("room");
}

/// Removes what [`nest`] made, from below; the standard library would keep all of it open.
fn unnest(root: &Path, depth: usize, name: &str) {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut dir = rustix::fs::open(root, flags, Mode::empty()).expect("a directory");
    for _ in 0..depth {
        dir = rustix::fs::openat(&dir, name, flags, Mode::empty()).expect("a directory");
    }
    rustix::fs::unlinkat(&dir, "leaf", AtFlags::empty()).expect("a file");
    for _ in 0..depth {
        dir = rustix::fs::openat(&dir, "..", flags, Mode::empty()).expect("a directory");
        rustix::fs::unlinkat(&dir, name, AtFlags::REMOVEDIR).expect("an empty directory");
        let _ = rustix::fs::unlinkat(&dir, "side/f", AtFlags::empty());
        let _ = rustix::fs::unlinkat(&dir, "side", AtFlags::REMOVEDIR);
    }
}

#[test]
fn survives_ten_thousand_nested_directories() {
    // The second tree keeps more directories waiting than may be open, below a path the system would not take whole.
    for (depth, name, extra) in
        [(10_000, "d", false), (200, "a-directory-with-quite-a-long-name-as-there-are-some", true)]
    {
        let dir = tempfile::tempdir().expect("a directory");
        nest(dir.path(), depth, name, extra);
        let told = scan(dir.path(), |_| {});
        unnest(dir.path(), depth, name);
        assert_eq!(told.skipped, []);
        assert_eq!(told.scanned, 1 + if extra { depth as u64 } else { 0 });
        let deepest = told.lent.keys().find(|path| path.ends_with("leaf")).expect("the leaf");
        assert_eq!(deepest.components().count(), depth + 1);
    }
}

#[test]
fn a_directory_with_many_entries_is_walked_in_pages() {
    let dir = tempfile::tempdir().expect("a directory");
    for idx in 0..5000 {
        fs::write(dir.path().join(format!("file-{idx}")), "x").expect("a file");
    }
    fs::write(dir.path().join(".gitignore"), "*7\n").expect("a file");
    let told = scan(dir.path(), |options| options.threads = 4);
    assert_eq!((told.scanned, told.skipped.len()), (4501, 500));
}

#[test]
fn leaves_out_pseudo_file_systems_but_reads_them_when_named() {
    let told = scan(Path::new("/"), |options| {
        // Enough to see what happens at the top.
        options.exclude = ["/[!dps]*", "/dev/*", "/s[!y]*", "/p[!r]*", "/.*"].map(String::from).to_vec();
    });
    for path in ["proc", "sys", "dev"] {
        assert_eq!(told.skip(path), Some(SkipReason::PseudoFs), "{path}");
    }
    let told = drive(Tree::new(["/proc/self/status"], WalkOptions::default()).expect("a file"));
    assert!(told.text("/proc/self/status").contains("Pid:"));
    let told =
        drive(Tree::new(["/proc/self/net"], options(|options| options.max_size = Some(1 << 20))).expect("a tree"));
    assert!(told.scanned > 0);
}

#[test]
fn conserves_everything() {
    let dir = tempfile::tempdir().expect("a directory");
    for idx in 0..500 {
        write(dir.path(), &[(&format!("a{}/b{}/f{idx}.txt", idx % 5, idx % 13), "text")]);
    }
    write(dir.path(), &[(".gitignore", "*3.txt\n"), ("x/.git/HEAD", "x")]);
    pipe(&dir.path().join("a1/pipe"));
    symlink("nowhere", dir.path().join("a2/link")).expect("a link");
    let mut n_found = 0;
    let mut dirs = vec![PathBuf::from(dir.path())];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(next).expect("a directory").map(|entry| entry.expect("an entry")) {
            match entry.file_type().expect("a kind").is_dir() && entry.file_name() != ".git" {
                true => dirs.push(entry.path()),
                false => n_found += 1,
            }
        }
    }
    let told = scan(dir.path(), |_| {});
    assert_eq!(told.scanned as usize + told.skipped.len(), n_found);
    assert!(told.skipped.len() > 50);
}
