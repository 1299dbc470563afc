//! Hooks of all repositories of a user.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::script::Before;
use super::{Change, Hooks, What, beside};
use crate::error::Error;
use crate::open::{read_control, user_config};

/// Bytes of a user's configuration, at most.
const LARGEST: u64 = 8 << 20;

/// All hooks there are: where git looks in our folder only, each must be handed on to.
pub(super) const HOOKS: &[&str] = &[
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-index-change",
    "post-merge",
    "post-receive",
    "post-rewrite",
    "post-update",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-push",
    "pre-rebase",
    "pre-receive",
    "prepare-commit-msg",
    "proc-receive",
    "push-to-checkout",
    "reference-transaction",
    "sendemail-validate",
    "update",
];

/// Returns the hooks of this user.
pub(super) fn hooks() -> Result<Hooks, Error> {
    let own = folder()?;
    let configured = user_config().get("core", None, "hookspath").filter(|path| !path.is_empty()).map(expand);
    match configured {
        Some(path) if path != own => Ok(Hooks { folder: path, before: Before::Beside, config: None }),
        _ => Ok(Hooks { folder: own, before: Before::Repository, config: Some(file()?) }),
    }
}

/// Makes git look for hooks in a folder: appends to the user's configuration.
pub(super) fn configure(file: &Path, folder: &Path) -> Result<Change, Error> {
    let change = |what| Change { path: file.to_path_buf(), what };
    if user_config().get("core", None, "hookspath").map(expand).as_deref() == Some(folder) {
        return Ok(change(What::Unchanged));
    }
    let mut text = read_control(file, LARGEST)?.unwrap_or_default();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend_from_slice(section(folder).as_bytes());
    replace(file, &text)?;
    Ok(change(What::Written))
}

/// Takes away what was appended, if it is still there just so.
pub(super) fn forget(file: &Path, folder: &Path) -> Result<Option<Change>, Error> {
    let Some(text) = read_control(file, LARGEST)? else { return Ok(None) };
    let section = section(folder);
    let change = |what| Some(Change { path: file.to_path_buf(), what });
    match memchr::memmem::find(&text, section.as_bytes()) {
        Some(at) => {
            replace(file, &[&text[..at], &text[at + section.len()..]].concat())?;
            Ok(change(What::Removed))
        }
        None if user_config().get("core", None, "hookspath").map(expand).as_deref() == Some(folder) => {
            Ok(change(What::Kept))
        }
        None => Ok(None),
    }
}

fn section(folder: &Path) -> String {
    let path = folder.to_string_lossy().replace('\\', r"\\").replace('"', "\\\"");
    format!("# leaktight: hooks of all repositories\n[core]\n\thooksPath = \"{path}\"\n")
}

/// Writes a file anew, whole or not at all; where it is a link, what that leads to.
fn replace(file: &Path, text: &[u8]) -> Result<(), Error> {
    let real = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let temporary = beside(&real, "leaktight");
    let write = || {
        if let Some(folder) = real.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = fs::OpenOptions::new();
        let mut out = options.write(true).create_new(true).open(&temporary)?;
        if let Ok(meta) = fs::metadata(&real) {
            out.set_permissions(meta.permissions())?;
        }
        out.write_all(text)?;
        out.sync_all()?;
        fs::rename(&temporary, &real)
    };
    write().map_err(|source| {
        // What is left of the attempt; if that can't be taken away, the error says enough.
        let _ = fs::remove_file(&temporary);
        Error::write(file, source)
    })
}

/// The folder of our own hooks.
fn folder() -> Result<PathBuf, Error> {
    Ok(config_home()?.join("leaktight/git-hooks"))
}

/// The file of the user's configuration that git would write to.
fn file() -> Result<PathBuf, Error> {
    if let Some(file) = var("GIT_CONFIG_GLOBAL") {
        return Ok(file);
    }
    let (own, other) = (home()?.join(".gitconfig"), config_home()?.join("git/config"));
    Ok(if !own.exists() && other.exists() { other } else { own })
}

fn config_home() -> Result<PathBuf, Error> {
    var("XDG_CONFIG_HOME").map_or_else(|| Ok(home()?.join(".config")), Ok)
}

fn home() -> Result<PathBuf, Error> {
    env::home_dir().filter(|home| !home.as_os_str().is_empty()).ok_or(Error::Homeless)
}

fn var(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// A leading `~/` stands for the user's home.
pub(super) fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}
