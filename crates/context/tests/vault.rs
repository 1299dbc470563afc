//! A vault keeps what it was given, whoever else is at it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use leaktight_context::Error;
use leaktight_context::redact::{Placeholder, restore};
use leaktight_context::splice::Format;
use leaktight_context::vault::{Purge, TIME_TO_LIVE, Vault};

/// Tells a child what vault to write to.
const FOLDER: &str = "LEAKTIGHT_TEST_VAULT";
/// Tells a child its number.
const NUMBER: &str = "LEAKTIGHT_TEST_NUMBER";

fn folder() -> tempfile::TempDir {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().expect("a folder")
}

fn remember(vault: &Vault, value: &str, now: SystemTime) -> Placeholder {
    let mut book = vault.read(now).expect("readable").book;
    let name = book.placeholder("test", value.as_bytes());
    vault.save(&mut book, now).expect("writable");
    name
}

fn values(vault: &Vault) -> BTreeSet<String> {
    let contents = vault.read(SystemTime::now()).expect("readable");
    assert!(contents.damaged.is_empty(), "{:?}", contents.damaged);
    let entries = contents.book.entries().iter();
    entries.map(|entry| String::from_utf8_lossy(entry.value.expose()).into_owned()).collect()
}

fn segments(folder: &Path) -> Vec<std::path::PathBuf> {
    let list = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    list.filter(|path| path.extension().is_some_and(|ending| ending == "segment")).collect()
}

#[test]
fn what_one_run_takes_out_the_next_puts_back() {
    let folder = folder();
    let now = SystemTime::now();
    let name = remember(&Vault::open(folder.path()).expect("a vault"), "value", now);
    let vault = Vault::find(folder.path()).expect("no trouble").expect("a vault");
    let book = vault.read(now).expect("readable").book;
    assert_eq!(restore(Format::Text, name.as_str().as_bytes(), &book).bytes, b"value");
    assert_eq!(remember(&vault, "value", now), name);
    assert_eq!(segments(folder.path()).len(), 1, "what is there already is not written again");
}

#[test]
fn nothing_lies_there_in_clear() {
    let folder = folder();
    remember(&Vault::open(folder.path()).expect("a vault"), "a-value-in-clear", SystemTime::now());
    for path in fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let bytes = fs::read(&path).expect("readable");
        assert!(!bytes.windows(8).any(|part| part == b"in-clear"), "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = folder();
    let folder = root.path().join("new/vault");
    let vault = Vault::open(&folder).expect("a vault");
    remember(&vault, "value", SystemTime::now());
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for path in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    fs::set_permissions(folder.join("key"), fs::Permissions::from_mode(0o640)).expect("ours");
    assert!(matches!(Vault::open(&folder), Err(Error::Exposed { mode: 0o640, .. })));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("ours");
    assert!(matches!(Vault::open(&folder), Err(Error::Exposed { mode: 0o755, .. })));
}

#[test]
fn entries_that_nothing_uses_are_forgotten() {
    let folder = folder();
    let vault = Vault::open(folder.path()).expect("a vault");
    let start = SystemTime::now();
    let day = Duration::from_secs(24 * 60 * 60);
    let (used, unused) = (remember(&vault, "used", start), remember(&vault, "unused", start));
    remember(&vault, "used", start + 20 * day);
    let book = vault.read(start + TIME_TO_LIVE + day).expect("readable").book;
    assert!(book.get(&used).is_some() && book.get(&unused).is_none());
    assert_eq!(vault.purge(Purge::Expired, start + TIME_TO_LIVE + day).expect("purged"), 1);
    assert_eq!(values(&vault), BTreeSet::from(["used".to_owned()]));
}

#[test]
fn purging_removes_what_was_named_or_all() {
    let folder = folder();
    let vault = Vault::open(folder.path()).expect("a vault");
    let now = SystemTime::now();
    let [one, _, _] = ["one", "two", "three"].map(|value| remember(&vault, value, now));
    assert_eq!(vault.purge(Purge::Named(&[one]), now).expect("purged"), 1);
    assert_eq!(values(&vault), BTreeSet::from(["two".to_owned(), "three".to_owned()]));
    assert_eq!(vault.purge(Purge::All, now).expect("purged"), 2);
    assert!(segments(folder.path()).is_empty());
}

#[test]
fn a_damaged_segment_is_told_and_left() {
    let folder = folder();
    let vault = Vault::open(folder.path()).expect("a vault");
    let now = SystemTime::now();
    remember(&vault, "lost", now);
    let damaged = segments(folder.path()).remove(0);
    let bytes = fs::read(&damaged).expect("readable");
    fs::write(&damaged, &bytes[..bytes.len() - 1]).expect("writable");
    for number in 0..40 {
        remember(&vault, &format!("kept {number}"), now);
    }
    let contents = vault.read(now).expect("readable");
    assert_eq!(contents.book.entries().len(), 40);
    assert!(matches!(contents.damaged.as_slice(), [Error::Damaged { path }] if *path == damaged));
    assert!(segments(folder.path()).len() < 40, "segments are joined");
    fs::write(&damaged, bytes).expect("writable");
    assert_eq!(vault.read(now).expect("readable").book.entries().len(), 41, "nothing is lost");
}

#[test]
fn a_vault_of_another_key_says_so() {
    let folder = folder();
    let now = SystemTime::now();
    remember(&Vault::open(folder.path()).expect("a vault"), "value", now);
    fs::remove_file(folder.path().join("key")).expect("there");
    let contents = Vault::open(folder.path()).expect("a vault").read(now).expect("readable");
    assert!(contents.book.entries().is_empty());
    assert!(matches!(contents.damaged.as_slice(), [Error::OtherKey { .. }]));
    fs::write(folder.path().join("key"), "no key\n").expect("writable");
    assert!(matches!(Vault::open(folder.path()), Err(Error::NoKey { .. })));
}

/// What each of twenty processes does; by itself it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let number = std::env::var(NUMBER).expect("a number");
    let vault = Vault::open(Path::new(&folder)).expect("a vault");
    for round in 0..5 {
        for value in [format!("value {number} {round}"), format!("shared {round}")] {
            remember(&vault, &value, SystemTime::now());
        }
    }
}

#[test]
fn twenty_processes_lose_nothing() {
    let root = folder();
    let folder = root.path().join("vault");
    let program = std::env::current_exe().expect("a program");
    let start = |number: u32| {
        Command::new(&program)
            .args(["--exact", "child"])
            .env(FOLDER, &folder)
            .env(NUMBER, number.to_string())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("a process")
    };
    let children: Vec<_> = (0..20).map(start).collect();
    for mut child in children {
        assert!(child.wait().expect("a process").success());
    }
    let vault = Vault::open(&folder).expect("a vault");
    let own = (0..20).flat_map(|number| (0..5).map(move |round| format!("value {number} {round}")));
    let expected: BTreeSet<String> = own.chain((0..5).map(|round| format!("shared {round}"))).collect();
    assert_eq!(values(&vault), expected);
    assert!(segments(&folder).len() < 100, "segments are joined");
}

#[test]
fn what_a_killed_process_left_is_swept() {
    let folder = folder();
    drop(Vault::open(folder.path()).expect("a vault"));
    let [old, new] = [".new-aaaaaa", ".new-bbbbbb"].map(|name| folder.path().join(name));
    for path in [&old, &new] {
        fs::write(path, b"x").expect("a file");
    }
    let hour_ago = SystemTime::now() - Duration::from_secs(60 * 60);
    fs::File::options().write(true).open(&old).and_then(|file| file.set_modified(hour_ago)).expect("a time");
    drop(Vault::open(folder.path()).expect("a vault"));
    assert!(!old.exists(), "nobody is at it any more");
    assert!(new.exists(), "somebody may be at it");
}
