//! Finding and opening a repository.

mod config;
mod control;
mod layout;
mod owner;

use std::path::{Path, PathBuf};

pub use self::config::Config;
pub use self::control::read_control;
pub(crate) use self::control::{open_file, path_of};
use self::layout::Layout;
pub(crate) use self::owner::user_config;
use crate::error::Error;
use crate::id::ObjectFormat;

/// A repository: where its parts lie, and how they are stored.
///
/// It is opened without waiting for anyone, so that a pipe in the place of a file
/// is an error and never a hang. The environment (`GIT_DIR` and the like) has no
/// say in which repository that is.
#[derive(Clone, Debug)]
pub struct Repo {
    layout: Layout,
    config: Config,
    format: ObjectFormat,
    is_reftable: bool,
    objects: Vec<PathBuf>,
}

/// Extensions of version 1 of the repository format that change nothing here, or
/// that are understood.
const EXTENSIONS: [&str; 8] = [
    "noop",
    "preciousobjects",
    "partialclone",
    "worktreeconfig",
    "objectformat",
    "compatobjectformat",
    "refstorage",
    "relativeworktrees",
];

/// Folders with objects that one may lead to another, at most; as in git.
const MOST_ALTERNATES: usize = 64;

impl Repo {
    /// Finds the repository that `path` belongs to, in that folder or above it.
    ///
    /// # Errors
    ///
    /// There is none, it belongs to someone else, or its format is not understood.
    pub fn discover(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let start = path.canonicalize().map_err(|source| Error::Read { path: path.to_path_buf(), source })?;
        let device = control::device(&start);
        for folder in start.ancestors() {
            // As git does without GIT_DISCOVERY_ACROSS_FILESYSTEM.
            if control::device(folder) != device {
                break;
            }
            if let Some(layout) = Layout::at(folder)? {
                return Self::with_layout(layout);
            }
        }
        Err(Error::NotFound { path: path.to_path_buf() })
    }

    /// Opens the repository whose folder is `path`: a work tree, its `.git`, or a bare repository.
    ///
    /// # Errors
    ///
    /// As for [`Repo::discover`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let folder = path.canonicalize().map_err(|source| Error::Read { path: path.to_path_buf(), source })?;
        let layout = Layout::at(&folder)?.ok_or_else(|| Error::NotFound { path: path.to_path_buf() })?;
        Self::with_layout(layout)
    }

    fn with_layout(layout: Layout) -> Result<Self, Error> {
        owner::check(&layout)?;
        let file = layout.common_dir.join("config");
        let config = Config::read(&file)?;
        let (format, is_reftable) = storage(&config, &layout.common_dir)?;
        let mut repo = Self { layout, config, format, is_reftable, objects: Vec::new() };
        repo.add_objects(&repo.layout.common_dir.join("objects"))?;
        Ok(repo)
    }

    /// Reads objects from this folder, too, and from what it names as alternates:
    /// what `GIT_OBJECT_DIRECTORY` is for in a hook that receives a push.
    ///
    /// # Errors
    ///
    /// A list of alternates cannot be read.
    pub fn add_objects(&mut self, folder: &Path) -> Result<(), Error> {
        if self.objects.iter().any(|known| known == folder) || self.objects.len() >= MOST_ALTERNATES {
            return Ok(());
        }
        self.objects.push(folder.to_path_buf());
        for other in control::alternates(folder)? {
            self.add_objects(&other)?;
        }
        Ok(())
    }

    /// Returns the folder of this work tree's own data: `.git`, or what that leads to.
    pub fn git_dir(&self) -> &Path {
        &self.layout.git_dir
    }

    /// Returns the folder of what all work trees share: objects, branches, configuration.
    pub fn common_dir(&self) -> &Path {
        &self.layout.common_dir
    }

    /// Returns the work tree, or none for a bare repository.
    pub fn work_tree(&self) -> Option<&Path> {
        self.layout.work_tree.as_deref()
    }

    /// Returns the folders that hold objects, its own first, then the alternates.
    pub fn object_dirs(&self) -> &[PathBuf] {
        &self.objects
    }

    /// Returns the hash that names objects.
    pub fn object_format(&self) -> ObjectFormat {
        self.format
    }

    /// Returns whether branches and tags are stored in tables rather than files.
    pub fn is_reftable(&self) -> bool {
        self.is_reftable
    }

    /// Returns what the repository itself configures, without what it includes.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// How objects and references are stored.
fn storage(config: &Config, repo: &Path) -> Result<(ObjectFormat, bool), Error> {
    let unsupported = |what: String| Error::Unsupported { path: repo.to_path_buf(), what };
    let version = config.get("core", None, "repositoryformatversion").unwrap_or("0");
    match version.parse::<u32>() {
        Ok(0) => return Ok((ObjectFormat::Sha1, false)),
        Ok(1) => {}
        _ => return Err(unsupported(format!("repository version {version}"))),
    }
    if let Some(name) = config.names("extensions").find(|name| !EXTENSIONS.contains(name)) {
        return Err(unsupported(format!("extension {name}")));
    }
    let format = match config.get("extensions", None, "objectformat") {
        None | Some("sha1") => ObjectFormat::Sha1,
        Some("sha256") => ObjectFormat::Sha256,
        Some(other) => return Err(unsupported(format!("object format {other}"))),
    };
    match config.get("extensions", None, "refstorage") {
        None | Some("files") => Ok((format, false)),
        Some("reftable") => Ok((format, true)),
        Some(other) => Err(unsupported(format!("reference storage {other}"))),
    }
}

#[cfg(test)]
mod tests;
