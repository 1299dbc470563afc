//! Installs hooks, and takes them away again.
//!
//! Nothing is overwritten that was not written here: a hook that is there already
//! is kept beside ours and runs first, and comes back in the end.

mod global;
mod script;

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use self::script::{Before, KEPT, Owner, owner};
use crate::error::Error;
use crate::open::{Repo, open_file, user_config};

/// Bytes of a hook that are looked at, at most.
const LARGEST: u64 = 1 << 20;

/// What became of a hook.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The hook's file, or the file of git's configuration.
    pub path: PathBuf,
    /// What became of it.
    pub what: What,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// It was written.
    Written,
    /// It was written, and the hook that was there runs first.
    Chained,
    /// It was written before and was brought up to date.
    Updated,
    /// It was there, just so.
    Unchanged,
    /// It was taken away.
    Removed,
    /// It was taken away, and the hook that was there before is back.
    Restored,
    /// It was changed by someone, and left alone.
    Kept,
}

/// A folder of hooks.
#[derive(Clone, Debug)]
pub struct Hooks {
    folder: PathBuf,
    before: Before,
    /// The configuration that makes git look there, where that is ours to say.
    config: Option<PathBuf>,
}

impl Hooks {
    /// Returns the folder in which git looks for the hooks of a repository.
    ///
    /// # Errors
    ///
    /// The user's configuration names one for all repositories, so that hooks
    /// of this one would not be run.
    pub fn of_repo(repo: &Repo) -> Result<Self, Error> {
        let folder = match repo.config().get("core", None, "hookspath").filter(|path| !path.is_empty()) {
            Some(path) => {
                let root = repo.work_tree().unwrap_or(repo.git_dir());
                root.join(global::expand(path))
            }
            None => match user_config().get("core", None, "hookspath").filter(|path| !path.is_empty()) {
                Some(path) => return Err(Error::GlobalHooks { path: global::expand(path) }),
                None => repo.common_dir().join("hooks"),
            },
        };
        Ok(Self { folder, before: Before::Beside, config: None })
    }

    /// Returns the folder in which git looks for the hooks of all repositories
    /// of this user; one of our own if the user has none.
    ///
    /// # Errors
    ///
    /// The user has no home folder.
    pub fn of_user() -> Result<Self, Error> {
        global::hooks()
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Installs hooks that run `program`, by their names.
    ///
    /// # Errors
    ///
    /// Something is in the way that cannot be kept, and then nothing is changed;
    /// or a file cannot be written.
    pub fn install(&self, hooks: &[&str], program: &Path) -> Result<Vec<Change>, Error> {
        let mut all: Vec<(&str, Option<&Path>)> = hooks.iter().map(|hook| (*hook, Some(program))).collect();
        if self.before == Before::Repository {
            // Git looks for no hook of a repository any more, so all are handed on to.
            all.extend(global::HOOKS.iter().filter(|hook| !hooks.contains(hook)).map(|hook| (*hook, None)));
        }
        for (hook, _) in &all {
            self.check(hook)?;
        }
        fs::create_dir_all(&self.folder).map_err(|source| Error::write(&self.folder, source))?;
        let mut changes = Vec::new();
        for (hook, program) in all {
            let change = self.write(hook, &script::script(hook, program, self.before))?;
            if program.is_some() {
                changes.push(change);
            }
        }
        if let Some(config) = &self.config {
            changes.push(global::configure(config, &self.folder)?);
        }
        Ok(changes)
    }

    /// Takes away the hooks that were installed, and brings back those that were there before.
    ///
    /// # Errors
    ///
    /// A file cannot be taken away.
    pub fn uninstall(&self) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        if let Some(config) = &self.config {
            changes.extend(global::forget(config, &self.folder)?);
        }
        for hook in global::HOOKS {
            changes.extend(self.remove(hook)?);
        }
        Ok(changes)
    }

    /// Refuses what is in the way and can't be kept.
    fn check(&self, hook: &str) -> Result<(), Error> {
        let path = self.folder.join(hook);
        let occupied = |what: &str| Err(Error::Occupied { path: path.clone(), what: what.to_owned() });
        match read(&path)? {
            Some(Owner::Changed) => {
                occupied("it was changed after it was installed; take it away to have it written anew")
            }
            Some(Owner::Other) if exists(&kept(&path)) => {
                occupied("an older one is kept beside it already; take one of the two away")
            }
            _ => Ok(()),
        }
    }

    fn write(&self, hook: &str, script: &str) -> Result<Change, Error> {
        let path = self.folder.join(hook);
        let what = match read(&path)? {
            None => create(&path, script).map(|()| What::Written),
            Some(Owner::Ours) if fs::read(&path).is_ok_and(|now| now == script.as_bytes()) => Ok(What::Unchanged),
            Some(Owner::Ours) => fs::remove_file(&path).and_then(|()| create(&path, script)).map(|()| What::Updated),
            Some(_) => fs::rename(&path, kept(&path)).and_then(|()| create(&path, script)).map(|()| What::Chained),
        };
        let what = what.map_err(|source| Error::write(&path, source))?;
        Ok(Change { path, what })
    }

    fn remove(&self, hook: &str) -> Result<Option<Change>, Error> {
        let path = self.folder.join(hook);
        let what = match read(&path)? {
            None | Some(Owner::Other) => return Ok(None),
            Some(Owner::Changed) => Ok(What::Kept),
            Some(Owner::Ours) if exists(&kept(&path)) => fs::rename(kept(&path), &path).map(|()| What::Restored),
            Some(Owner::Ours) => fs::remove_file(&path).map(|()| What::Removed),
        };
        let what = what.map_err(|source| Error::write(&path, source))?;
        Ok(Some(Change { path, what }))
    }
}

/// Returns the name under which a hook is kept.
fn kept(path: &Path) -> PathBuf {
    beside(path, KEPT)
}

/// Returns a path with another ending behind the one it has.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Returns whose the hook at a path is, none if there is nothing.
fn read(path: &Path) -> Result<Option<Owner>, Error> {
    let fail = |source| Error::Read { path: path.to_path_buf(), source };
    match path.symlink_metadata() {
        Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(err) => return Err(fail(err)),
        // Ours are files.
        Ok(meta) if !meta.is_file() => return Ok(Some(Owner::Other)),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let (file, _) = open_file(path).map_err(fail)?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(fail)?;
    Ok(Some(owner(&bytes)))
}

/// Writes a script that was not there.
fn create(path: &Path, script: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    options.open(path)?.write_all(script.as_bytes())
}
