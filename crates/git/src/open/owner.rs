//! Whose a repository is.

use std::path::{Path, PathBuf};

use super::config::Config;
use super::layout::Layout;
use crate::error::Error;

/// Refuses a repository of someone else, unless the user trusts it.
///
/// As git does it: the work tree, the folder of data and the file that leads there
/// must all be the user's own, or the user's or the system's configuration names
/// the repository in `safe.directory`. What the repository itself says counts for nothing.
pub(super) fn check(layout: &Layout) -> Result<(), Error> {
    let parts = [layout.git_file.as_deref(), layout.work_tree.as_deref(), Some(layout.git_dir.as_path())];
    let Some(foreign) = parts.into_iter().flatten().find(|path| !is_own(path)) else { return Ok(()) };
    let repo = layout.work_tree.as_deref().unwrap_or(&layout.git_dir);
    if is_safe(repo, &trusted()) {
        return Ok(());
    }
    Err(Error::Owner { path: foreign.to_path_buf(), repo: repo.to_path_buf() })
}

#[cfg(unix)]
fn is_own(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(meta) = path.symlink_metadata() else { return false };
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() == user {
        return true;
    }
    // As git has it: whoever became root by sudo still owns what was theirs.
    let sudo = std::env::var("SUDO_UID").ok().and_then(|id| id.parse::<u32>().ok());
    user == 0 && sudo == Some(meta.uid())
}

/// Elsewhere there is no owner that could be compared in safe code.
#[cfg(not(unix))]
fn is_own(_: &Path) -> bool {
    true
}

/// Returns the values of `safe.directory` in the configuration of the system and the user.
fn trusted() -> Vec<String> {
    let mut values = Vec::new();
    for value in user_config().all("safe", None, "directory") {
        // An empty value forgets those before it.
        if value.is_empty() { values.clear() } else { values.push(value.to_owned()) }
    }
    values
}

/// Returns what the system and the user configure; files that can't be read are left out.
pub(crate) fn user_config() -> Config {
    let read = |file: PathBuf| Config::read_with_includes(&file).ok();
    Config::joined(config_files().into_iter().filter_map(read))
}

/// The files git reads before a repository's own.
fn config_files() -> Vec<PathBuf> {
    let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let mut files = Vec::new();
    if path("GIT_CONFIG_NOSYSTEM").is_none() {
        files.push(path("GIT_CONFIG_SYSTEM").unwrap_or_else(|| "/etc/gitconfig".into()));
    }
    if let Some(file) = path("GIT_CONFIG_GLOBAL") {
        files.push(file);
    } else if let Some(home) = std::env::home_dir() {
        files.push(path("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("git/config"));
        files.push(home.join(".gitconfig"));
    }
    files
}

fn is_safe(repo: &Path, trusted: &[String]) -> bool {
    trusted.iter().any(|value| {
        if value == "*" {
            return true;
        }
        let folder = expand(value);
        if folder.ends_with("*") {
            // `a/*` stands for everything below `a`.
            return folder.parent().and_then(real).is_some_and(|parent| repo.starts_with(&parent) && repo != parent);
        }
        real(&folder).is_some_and(|folder| folder == repo)
    })
}

fn real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// A leading `~/` stands for the user's home.
fn expand(value: &str) -> PathBuf {
    match (value.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_trusted_by_name_by_folder_or_with_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let repo = folder.path().canonicalize().expect("it is there").join("repo");
        std::fs::create_dir(&repo).expect("a folder");
        let safe = |value: &str| is_safe(&repo, &[value.to_owned()]);
        let parent = repo.parent().and_then(Path::to_str).expect("text");
        assert!(safe("*") && safe(&format!("{parent}/repo")) && safe(&format!("{parent}/*")));
        assert!(!safe(parent) && !safe(&format!("{parent}/rep")) && !safe(""));
    }
}
