//! Directories on the way: open, or yet to be opened.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rules::Rules;
use crate::sys::Dir;

/// Where a walk starts.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) dir: Dir,
    /// Its canonical path.
    pub(crate) real: PathBuf,
    /// The canonical path of the tree that links must not leave.
    pub(crate) bounds: PathBuf,
    /// Its path below the repository it belongs to, which ignore files go by.
    pub(crate) within: PathBuf,
    /// Whether it is itself in a file system that is none of files.
    pub(crate) is_pseudo: bool,
    /// Whether a link led here, so that directories seen before are left out.
    pub(crate) is_linked: bool,
    /// Directories below it that are open.
    pub(crate) n_open: AtomicUsize,
}

/// A directory as it is called.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) root: Arc<Root>,
    /// Its path as it is shown.
    pub(crate) shown: PathBuf,
    /// Its path below the repository.
    pub(crate) full: PathBuf,
    pub(crate) rules: Arc<Rules>,
}

/// A directory that is open.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) folder: Arc<Folder>,
    pub(crate) dir: Arc<Dir>,
}

/// A directory that is to be opened.
#[derive(Debug)]
pub(crate) struct Pending {
    parent: Parent,
    name: OsString,
}

#[derive(Debug)]
enum Parent {
    Open(Arc<Node>),
    /// Too many directories were open to keep this one.
    Closed(Arc<Folder>),
}

/// Directories kept open while entries of them wait.
const OPEN: usize = 64;

impl Folder {
    /// Returns the path of an entry below the root.
    pub(crate) fn below(&self, name: &OsStr) -> PathBuf {
        self.full.strip_prefix(&self.root.within).unwrap_or(Path::new("")).join(name)
    }
}

impl Node {
    pub(crate) fn new(folder: Folder, dir: Arc<Dir>) -> Arc<Self> {
        folder.root.n_open.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { folder: Arc::new(folder), dir })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.folder.root.n_open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pending {
    pub(crate) fn new(node: &Arc<Node>, name: OsString) -> Self {
        let is_full = node.folder.root.n_open.load(Ordering::Relaxed) > OPEN;
        let parent = if is_full { Parent::Closed(node.folder.clone()) } else { Parent::Open(node.clone()) };
        Self { parent, name }
    }

    pub(crate) fn folder(&self) -> &Arc<Folder> {
        match &self.parent {
            Parent::Open(node) => &node.folder,
            Parent::Closed(folder) => folder,
        }
    }

    /// Returns the folder it is, as yet with the rules of its parent.
    pub(crate) fn child(&self) -> Folder {
        let parent = self.folder();
        let (shown, full) = (parent.shown.join(&self.name), parent.full.join(&self.name));
        Folder { root: parent.root.clone(), shown, full, rules: parent.rules.clone() }
    }

    pub(crate) fn open(&self) -> io::Result<Dir> {
        match &self.parent {
            Parent::Open(node) => node.dir.child(&self.name),
            Parent::Closed(folder) => folder.root.dir.below(&folder.below(&self.name)),
        }
    }
}
