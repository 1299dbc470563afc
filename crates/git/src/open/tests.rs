//! Repositories as git makes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// Runs git in a folder; the tests ask the real one.
fn git(folder: &Path, args: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]);
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = git.args(args).current_dir(folder).output().expect("git runs");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("it is there");
    (folder, path)
}

fn repo(folder: &Path, name: &str) -> PathBuf {
    git(folder, &["init", "-q", name]);
    let repo = folder.join(name);
    fs::write(repo.join("a"), "a").expect("a file");
    git(&repo, &["add", "a"]);
    git(&repo, &["commit", "-qm", "one"]);
    repo
}

#[test]
fn finds_a_repository_from_below() {
    let (_kept, folder) = folder();
    let path = repo(&folder, "r");
    fs::create_dir(path.join("sub")).expect("a folder");
    let found = Repo::discover(path.join("sub")).expect("a repository");
    assert_eq!((found.work_tree(), found.git_dir()), (Some(path.as_path()), path.join(".git").as_path()));
    assert_eq!(Repo::open(path.join(".git")).expect("a repository").work_tree(), Some(path.as_path()));
    assert!(matches!(Repo::open(path.join("sub")), Err(Error::NotFound { .. })));
}

#[test]
fn opens_bare_repositories_work_trees_and_submodules() {
    let (_kept, folder) = folder();
    let path = repo(&folder, "r");
    git(&folder, &["clone", "-q", "--bare", "r", "b"]);
    git(&path, &["worktree", "add", "-q", "../w"]);
    let main = repo(&folder, "m");
    git(&main, &["submodule", "add", "-q", "../r", "s"]);
    assert_eq!(Repo::open(folder.join("b")).expect("a repository").work_tree(), None);
    let tree = Repo::open(folder.join("w")).expect("a work tree");
    assert_eq!((tree.common_dir(), tree.work_tree()), (path.join(".git").as_path(), Some(folder.join("w").as_path())));
    let sub = Repo::open(main.join("s")).expect("a submodule");
    assert_eq!(sub.git_dir(), main.join(".git/modules/s"));
}

#[test]
fn follows_alternates_once() {
    let (_kept, folder) = folder();
    let path = repo(&folder, "r");
    git(&folder, &["clone", "-q", "--shared", "r", "c"]);
    // A circle ends.
    fs::write(path.join(".git/objects/info/alternates"), "../../../c/.git/objects\n").expect("a file");
    let found = Repo::open(folder.join("c")).expect("a repository");
    assert_eq!(found.object_dirs(), [folder.join("c/.git/objects"), path.join(".git/objects")]);
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_an_error() {
    for name in ["HEAD", "config", "objects/info/alternates", "commondir"] {
        let (_kept, folder) = folder();
        let path = repo(&folder, "r").join(".git");
        let _ = fs::remove_file(path.join(name));
        assert!(Command::new("mkfifo").arg(path.join(name)).status().expect("mkfifo runs").success());
        let err = Repo::open(&path).expect_err(name);
        assert!(err.to_string().contains(name), "{err}");
    }
}

#[test]
fn refuses_formats_it_does_not_know() {
    let (_kept, folder) = folder();
    let path = repo(&folder, "r");
    let config = |text: &str| fs::write(path.join(".git/config"), format!("[core]\n{text}")).expect("a file");
    config("repositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\nrefStorage = reftable\n");
    let found = Repo::open(&path).expect("these are known");
    assert_eq!((found.object_format(), found.is_reftable()), (ObjectFormat::Sha256, true));
    for text in ["repositoryformatversion = 2", "repositoryformatversion = 1\n[extensions]\nnew = 1"] {
        config(text);
        assert!(matches!(Repo::open(&path), Err(Error::Unsupported { .. })), "{text}");
    }
    config("x");
    assert!(Repo::open(&path).is_ok(), "version 0 is the default");
    config("= broken");
    assert!(matches!(Repo::open(&path), Err(Error::Damaged { .. })));
}
