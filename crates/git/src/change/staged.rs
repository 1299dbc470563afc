//! What the next commit changes.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use leaktight_core::{Event, Origin, Source};

use super::walk::Walk;
use super::{ChangeOptions, Objects, guarded, lend, rename};
use crate::error::Error;
use crate::id::ObjectId;
use crate::index::Index;
use crate::open::{Repo, path_of};
use crate::part::Visitor;
use crate::refs::head;
use crate::store::{Kind, commit};

/// What is staged: the lines the next commit adds.
///
/// The index is what counts, whatever lies in the work tree. Of a conflict all
/// versions are looked at. Paths are those below the root of the work tree.
pub struct Staged {
    repo: Repo,
    index: Index,
    head: Option<ObjectId>,
    options: ChangeOptions,
}

impl Staged {
    /// Reads the index of a repository: `index`, or its own if that is none.
    ///
    /// # Errors
    ///
    /// The index or the reference to the current commit cannot be read.
    pub fn new(repo: Repo, index: Option<&Path>, options: ChangeOptions) -> Result<Self, Error> {
        let own = repo.git_dir().join("index");
        let index = Index::read(index.unwrap_or(&own), repo.object_format())?;
        let head = head(&repo)?;
        Ok(Self { repo, index, head, options })
    }

    fn run(&self, visitor: Visitor<'_>) -> ControlFlow<()> {
        let mut objects = Objects::new(&self.repo);
        let tree = match self.head.map(|head| tree_of(&mut objects, head)).transpose() {
            Ok(tree) => tree,
            Err(skip) => return visitor(Event::Skipped(skip)),
        };
        let mut walk = Walk::new(&mut objects);
        walk.index(&self.index, tree);
        let mut found = walk.found;
        rename::detect(&mut found, &mut objects);
        for skip in found.skipped {
            visitor(Event::Skipped(skip))?;
        }
        found.changed.iter().try_for_each(|change| {
            let origin = Arc::new(Origin::File(path_of(&change.path)));
            lend(change, origin, (&mut objects, &self.options), visitor)
        })
    }
}

/// Returns the tree of a commit.
fn tree_of(objects: &mut Objects, id: ObjectId) -> Result<ObjectId, leaktight_core::Skip> {
    use super::walk::Read as _;
    use crate::store::Fault;
    let read = objects.read(&id).and_then(|(kind, bytes)| match (kind, commit(&bytes)) {
        (Kind::Commit, Some(text)) => Ok(text.tree),
        _ => Err(Fault::corrupt("it is no commit")),
    });
    read.map_err(|fault| leaktight_core::Skip::new(".", fault.reason, format!("commit {id}: {}", fault.what)))
}

impl Source for Staged {
    fn drive(&self, visitor: Visitor<'_>) {
        guarded(visitor, || self.run(visitor));
    }
}
