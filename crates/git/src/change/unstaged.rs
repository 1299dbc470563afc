//! What the work tree changes.

use std::fs::{self, Metadata};
use std::io::{self, Read as _};
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use leaktight_core::{Event, Origin, Skip, SkipReason, Source};

use super::lend::{self, Content};
use super::{ChangeOptions, Objects, blob, guarded};
use crate::error::Error;
use crate::index::{Entry, Index, Stat, mode};
use crate::open::{Repo, open_file, path_of};
use crate::part::Visitor;
use crate::store::{Fault, LARGEST};

/// What is not staged: the lines that files of the work tree have and the index
/// doesn't. Files that git does not know are no part of it, nor is what was only
/// touched.
///
/// Files are taken as they lie in the work tree: no filter is run, so that line
/// ends make no difference, and what git keeps elsewhere (LFS) counts as new.
pub struct Unstaged {
    repo: Repo,
    root: PathBuf,
    index: Index,
    /// When the index was written: files changed since may look as they did.
    written: (u32, u32),
    options: ChangeOptions,
}

impl Unstaged {
    /// Reads the index of a repository.
    ///
    /// # Errors
    ///
    /// The index cannot be read, or there is no work tree.
    pub fn new(repo: Repo, options: ChangeOptions) -> Result<Self, Error> {
        let file = repo.git_dir().join("index");
        let root = repo.work_tree().map(Path::to_path_buf);
        let root = root.ok_or_else(|| Error::NotFound { path: repo.git_dir().to_path_buf() })?;
        let written = fs::symlink_metadata(&file).map_or((0, 0), |meta| stat(&meta).modified);
        let index = Index::read(&file, repo.object_format())?;
        Ok(Self { repo, root, index, written, options })
    }

    fn run(&self, visitor: Visitor<'_>) -> ControlFlow<()> {
        let mut objects = Objects::new(&self.repo);
        let mut folders = Folders::default();
        for entry in self.index.entries() {
            let path = path_of(self.index.path(entry));
            let is_file = matches!(entry.mode & mode::KIND, mode::FILE | mode::LINK);
            if !is_file || entry.is_skipped || !folders.lead_to(&self.root, &path) {
                continue;
            }
            let full = self.root.join(&path);
            // A file that is gone adds no line.
            let Ok(meta) = fs::symlink_metadata(&full) else { continue };
            if self.is_same(entry, &meta) {
                continue;
            }
            self.compare((entry, path), (&full, &meta), &mut objects, visitor)?;
        }
        ControlFlow::Continue(())
    }

    /// Returns whether a file looks as it did when it was added, and had time to look otherwise.
    fn is_same(&self, entry: &Entry, meta: &Metadata) -> bool {
        !entry.is_intended
            && meta.is_symlink() == (entry.mode & mode::KIND == mode::LINK)
            && stat(meta) == entry.stat
            && entry.stat.modified < self.written
    }

    fn compare(
        &self,
        (entry, path): (&Entry, PathBuf),
        (full, meta): (&Path, &Metadata),
        objects: &mut Objects,
        visitor: Visitor<'_>,
    ) -> ControlFlow<()> {
        if let Some(why) = self.options.why_not(&path) {
            return visitor(Event::Skipped(Skip::new(path, SkipReason::Excluded, why)));
        }
        if !meta.is_file() && !meta.is_symlink() {
            return visitor(Event::Skipped(Skip::new(path, SkipReason::Special, "no longer a file")));
        }
        let new = match read(full, meta) {
            Ok(new) => new,
            Err(fault) => return visitor(Event::Skipped(Skip::new(path, fault.reason, fault.what))),
        };
        // What is only announced has no content yet, and neither has what can't be read.
        let old = if entry.is_intended { None } else { blob(objects, &entry.id).ok() };
        if old.as_ref() == Some(&new) {
            return ControlFlow::Continue(());
        }
        let content = Content { origin: Arc::new(Origin::File(path)), new: &new, old: old.as_slice() };
        lend::lend(&content, self.options.overlap, visitor)
    }
}

impl Source for Unstaged {
    fn drive(&self, visitor: Visitor<'_>) {
        guarded(visitor, || self.run(visitor));
    }
}

/// Reads a file of the work tree, or where a link leads.
fn read(path: &Path, meta: &Metadata) -> Result<Vec<u8>, Fault> {
    if meta.is_symlink() {
        return Ok(fs::read_link(path)?.into_os_string().into_encoded_bytes());
    }
    let (file, len) = open_file(path)?;
    if len > LARGEST {
        return Err(Fault::large(len));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    if !same_file(path, meta) {
        return Err(io::Error::from(io::ErrorKind::NotFound).into());
    }
    Ok(bytes)
}

/// Returns whether a path still leads to the file it did, and not through a link.
fn same_file(path: &Path, meta: &Metadata) -> bool {
    fs::symlink_metadata(path).is_ok_and(|now| stat(&now).inode == stat(meta).inode && now.is_file())
}

/// The folder that was looked at last, which the next file mostly lies in as well.
#[derive(Default)]
struct Folders {
    known: PathBuf,
    is_good: bool,
}

impl Folders {
    /// Returns whether a path stays below the root, on real folders only: one that
    /// leads through a link does not belong to the repository.
    fn lead_to(&mut self, root: &Path, path: &Path) -> bool {
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return false;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        if folder != self.known || !self.is_good {
            let mut above = folder.ancestors().filter(|above| !above.as_os_str().is_empty());
            self.is_good = above.all(|above| fs::symlink_metadata(root.join(above)).is_ok_and(|meta| meta.is_dir()));
            folder.clone_into(&mut self.known);
        }
        self.is_good
    }
}

/// Returns what an index would note of a file.
#[cfg(unix)]
fn stat(meta: &Metadata) -> Stat {
    use std::os::unix::fs::MetadataExt as _;
    // As in an index, the lower 32 bits.
    Stat {
        changed: (meta.ctime() as u32, meta.ctime_nsec() as u32),
        modified: (meta.mtime() as u32, meta.mtime_nsec() as u32),
        inode: meta.ino() as u32,
        size: meta.len() as u32,
    }
}

/// Nothing is known, so that contents are compared.
#[cfg(not(unix))]
fn stat(meta: &Metadata) -> Stat {
    Stat { size: meta.len() as u32, ..Stat::default() }
}
