//! Symbolic links that are followed.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError};

use leaktight_core::SkipReason;

use super::Walk;
use super::folder::{Folder, Root};
use super::worker::Worker;
use crate::error::reason;
use crate::sys::{Dir, Kind};
use crate::tell::Unit;

/// A link found in a tree.
#[derive(Debug)]
pub(crate) struct Link {
    /// The directory it is in.
    folder: Arc<Folder>,
    shown: PathBuf,
    full: PathBuf,
}

impl Link {
    pub(crate) fn new(folder: Arc<Folder>, name: &OsStr) -> Self {
        let (shown, full) = (folder.shown.join(name), folder.full.join(name));
        Self { folder, shown, full }
    }
}

impl Walk<'_> {
    /// Keeps a link until all real directories were seen.
    pub(crate) fn defer(&self, link: Link) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        // Roots that overlap may show the same link twice; once is enough.
        if let Some(link) = links.insert(link.shown.clone(), link) {
            drop(links);
            self.teller.skip(&link.shown, SkipReason::Symlink, "it was found before");
        }
    }
}

impl Worker<'_> {
    /// Scans what a link leads to.
    pub(crate) fn follow(&mut self, link: Link) {
        self.at.clone_from(&link.shown);
        if let Err((reason, detail)) = self.target(&link) {
            self.walk.teller.skip(&link.shown, reason, detail);
        }
    }

    fn target(&mut self, link: &Link) -> Result<(), (SkipReason, String)> {
        let trouble = |err: io::Error| (reason(&err), err.to_string());
        let root = &link.folder.root;
        // A link that leads nowhere or in circles is no file that went away.
        let real =
            fs::canonicalize(root.real.join(below(link))).map_err(|err| (SkipReason::Symlink, err.to_string()))?;
        if !real.starts_with(&root.bounds) && !self.walk.tree.options.follow_outside {
            return Err((SkipReason::OutsideRoot, "it leads out of the tree".to_owned()));
        }
        // From here on no link is followed: the path is canonical, and if that
        // has changed meanwhile, opening it fails.
        let (Some(parent), Some(name)) = (real.parent(), real.file_name()) else {
            return self.linked_dir(link, &real);
        };
        let parent = Dir::open_real(parent).map_err(trouble)?;
        match parent.look(name).map_err(trouble)?.0 {
            Kind::Dir => return self.linked_dir(link, &real),
            Kind::File => self.file(Unit::new(link.shown.clone()), parent.file(name)),
            _ => return Err((SkipReason::Special, "a pipe, a socket or a device".to_owned())),
        }
        Ok(())
    }

    fn linked_dir(&mut self, link: &Link, real: &Path) -> Result<(), (SkipReason, String)> {
        let open = || Ok((Dir::open_real(real)?, Dir::open_real(real)?));
        let (dir, own) = open().map_err(|err: io::Error| (reason(&err), err.to_string()))?;
        let parent = &link.folder;
        if dir.is_pseudo() && !parent.root.is_pseudo {
            return Err((SkipReason::PseudoFs, "not a file system of files".to_owned()));
        }
        let root = Root {
            dir: own,
            real: real.to_path_buf(),
            bounds: parent.root.bounds.clone(),
            within: link.full.clone(),
            is_pseudo: parent.root.is_pseudo,
            is_linked: true,
            n_open: AtomicUsize::new(0),
        };
        let (shown, full, rules) = (link.shown.clone(), link.full.clone(), parent.rules.clone());
        self.list(Folder { root: Arc::new(root), shown, full, rules }, dir);
        Ok(())
    }
}

/// Returns the path of a link below the root.
fn below(link: &Link) -> PathBuf {
    link.folder.below(link.shown.file_name().unwrap_or_default())
}
