use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A repository made by git itself.
struct Made(TempDir);

impl Made {
    fn new(args: &[&str]) -> Self {
        let made = Self(tempfile::tempdir().expect("a folder"));
        made.git(&[&["init", "-q", "."], args].concat());
        made
    }

    fn git(&self, args: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gc.auto=0"]).args(args);
        let output = git.current_dir(self.0.path()).env("GIT_CONFIG_NOSYSTEM", "1").output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(".git/index")
    }

    fn index(&self, format: ObjectFormat) -> Index {
        Index::read(&self.file(), format).expect("an index")
    }

    /// Asserts that the index is what git says it is.
    fn assert_agrees(&self, format: ObjectFormat) {
        let index = self.index(format);
        let line = |entry: &Entry| {
            let path = String::from_utf8_lossy(index.path(entry));
            format!("{:06o} {} {}\t{path}\n", entry.mode, entry.id, entry.stage)
        };
        let ours: String = index.entries().iter().map(line).collect();
        assert_eq!(ours, self.git(&["-c", "core.quotepath=off", "ls-files", "--stage", "--sparse"]));
    }

    fn fill(&self) {
        for name in ["a.txt", "a/b/c.txt", "a/b/ä.txt", "a-b", "src/lib.rs", "src/main.rs"] {
            self.write(name, name);
        }
        self.git(&["add", "."]);
    }
}

#[test]
fn reads_every_version() {
    let made = Made::new(&[]);
    made.fill();
    for version in ["2", "4", "3"] {
        made.git(&["update-index", "--index-version", version]);
        made.assert_agrees(ObjectFormat::Sha1);
        made.write("intended", "x");
        made.git(&["add", "--intent-to-add", "intended"]);
        made.assert_agrees(ObjectFormat::Sha1);
        let index = made.index(ObjectFormat::Sha1);
        let intended: Vec<&[u8]> =
            index.entries().iter().filter(|entry| entry.is_intended).map(|entry| index.path(entry)).collect();
        assert_eq!(intended, [b"intended"]);
        made.git(&["rm", "-q", "--cached", "intended"]);
    }
}

#[test]
fn reads_names_of_sha256() {
    let made = Made::new(&["--object-format=sha256"]);
    made.fill();
    made.assert_agrees(ObjectFormat::Sha256);
    made.git(&["commit", "-qm", "x"]);
    let tree = made.git(&["rev-parse", "HEAD^{tree}"]);
    let known = made.index(ObjectFormat::Sha256).tree.known.map(|(id, n_entries)| (id.to_string(), n_entries));
    assert_eq!(known, Some((tree.trim().to_owned(), 6)));
}

#[test]
fn reads_split_indexes() {
    let made = Made::new(&[]);
    made.fill();
    made.git(&["-c", "splitIndex.maxPercentChange=100", "update-index", "--split-index"]);
    made.assert_agrees(ObjectFormat::Sha1);
    let git = |args: &[&str]| {
        made.git(&[&["-c", "splitIndex.maxPercentChange=100", "-c", "core.splitIndex=true"], args].concat())
    };
    made.write("src/lib.rs", "changed");
    made.write("0 first", "new");
    made.write("src/m", "new");
    git(&["add", "."]);
    git(&["rm", "-q", "--cached", "a-b"]);
    made.assert_agrees(ObjectFormat::Sha1);
    let shared = fs::read_dir(made.0.path().join(".git")).expect("a folder");
    let shared: Vec<PathBuf> = shared
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_string_lossy().contains("sharedindex"))
        .collect();
    assert!(!shared.is_empty(), "git did split it");
    shared.iter().for_each(|path| fs::remove_file(path).expect("it is ours"));
    let err = Index::read(&made.file(), ObjectFormat::Sha1).expect_err("half of it is gone");
    assert!(err.to_string().contains("sharedindex"), "{err}");
}

#[test]
fn reads_sparse_indexes() {
    let made = Made::new(&[]);
    made.fill();
    made.git(&["commit", "-qm", "x"]);
    made.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "src"]);
    made.assert_agrees(ObjectFormat::Sha1);
    let index = made.index(ObjectFormat::Sha1);
    let folders: Vec<&[u8]> =
        index.entries().iter().filter(|entry| entry.mode == 0o040_000).map(|entry| index.path(entry)).collect();
    assert_eq!(folders, [b"a/"]);
}

#[test]
fn reads_conflicts() {
    let made = Made::new(&["-b", "main"]);
    made.fill();
    made.git(&["commit", "-qm", "x"]);
    made.git(&["checkout", "-qb", "other"]);
    for (branch, text) in [("other", "theirs"), ("main", "ours")] {
        made.git(&["checkout", "-q", branch]);
        made.write("a.txt", text);
        made.git(&["commit", "-qam", text]);
    }
    let mut merge = Command::new("git");
    merge.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "merge", "other"]).current_dir(made.0.path());
    assert!(!merge.output().expect("git runs").status.success(), "they are in conflict");
    made.assert_agrees(ObjectFormat::Sha1);
    let stages: Vec<u8> = made.index(ObjectFormat::Sha1).entries().iter().map(|entry| entry.stage).collect();
    assert_eq!(stages, [0, 1, 2, 3, 0, 0, 0, 0]);
}

#[test]
fn the_cache_of_trees_knows_what_did_not_change() {
    let made = Made::new(&[]);
    made.fill();
    made.git(&["commit", "-qm", "x"]);
    let tree = |name: &str| made.git(&["rev-parse", &format!("HEAD:{name}")]).trim().to_owned();
    made.write("src/lib.rs", "changed");
    made.git(&["add", "src/lib.rs"]);
    let root = made.index(ObjectFormat::Sha1).tree;
    let known = |node: &Node| node.known.map(|(id, _)| id.to_string());
    assert_eq!((known(&root), root.child(b"src").and_then(known)), (None, None));
    assert_eq!(root.child(b"a").and_then(known), Some(tree("a")));
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let made = Made::new(&[]);
    made.fill();
    made.git(&["commit", "-qm", "x"]);
    for version in ["2", "4"] {
        made.git(&["update-index", "--index-version", version]);
        let bytes = fs::read(made.file()).expect("an index");
        let file = made.0.path().join("damaged");
        for len in 0..bytes.len() {
            fs::write(&file, &bytes[..len]).expect("a file");
            // Whether it is an error depends on what is missing: the hash in the end is not checked.
            let _ = Index::read(&file, ObjectFormat::Sha1);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            fs::write(&file, damaged).expect("a file");
            let _ = Index::read(&file, ObjectFormat::Sha1);
        }
    }
    let texts: [&[u8]; 4] = [b"", b"DIRC", b"DIRC\0\0\0\x02\xff\xff\xff\xff", b"something else that is long enough"];
    for text in texts {
        let file = made.0.path().join("damaged");
        fs::write(&file, text).expect("a file");
        assert!(Index::read(&file, ObjectFormat::Sha1).is_err(), "{text:?}");
    }
}
