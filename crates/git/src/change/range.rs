//! What commits change.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use leaktight_core::{Blob, Chunk, Commit, Event, Origin, Part, Skip, Source};

use super::walk::{Read as _, Walk};
use super::{Change, ChangeOptions, Objects, blob, commits, guarded, lend, lines, rename};
use crate::error::Error;
use crate::hook::Pushed;
use crate::id::ObjectId;
use crate::open::{Repo, path_of, read_control};
use crate::part::Visitor;
use crate::store::{Fault, Kind, commit, entries, said};

/// Bytes of the list of commits at which a shallow clone ends, at most.
const LARGEST_SHALLOW: u64 = 64 << 20;

/// What the commits of a range change: the lines each of them adds to all of its
/// parents, what its message says and who made it, and the names under which they are pushed.
///
/// A secret that one commit adds and a later one takes away is found, because
/// whoever has the commits has it.
pub struct Range {
    repo: Repo,
    pushed: Pushed,
    ends: HashSet<ObjectId>,
    options: ChangeOptions,
}

impl Range {
    /// Returns what is changed by the commits that one side has and the other hasn't.
    ///
    /// What the other side has and is not there counts for nothing, so that more
    /// is looked at and never less.
    ///
    /// # Errors
    ///
    /// The list of commits at which a shallow clone ends cannot be read.
    pub fn new(repo: Repo, pushed: Pushed, options: ChangeOptions) -> Result<Self, Error> {
        let list = read_control(&repo.common_dir().join("shallow"), LARGEST_SHALLOW)?.unwrap_or_default();
        let ends = list.split(|byte| *byte == b'\n').filter_map(ObjectId::from_hex).collect();
        Ok(Self { repo, pushed, ends, options })
    }

    fn run(&self, visitor: Visitor<'_>) -> ControlFlow<()> {
        self.names(visitor)?;
        let mut objects = Objects::new(&self.repo);
        let found = commits::between(&mut objects, (&self.pushed.new, &self.pushed.old), &self.ends);
        for (id, fault) in &found.faults {
            visitor(Event::Skipped(skip(id, fault)))?;
        }
        let mut seen = HashSet::new();
        for id in found.tags {
            self.message(&mut objects, id, visitor)?;
        }
        // The oldest first: what comes again later is known by then.
        for id in found.commits.into_iter().rev() {
            self.message(&mut objects, id, visitor)?;
            self.commit(&mut objects, id, &mut seen, visitor)?;
        }
        ControlFlow::Continue(())
    }

    /// Lends what a commit or a tag says, and who made it.
    fn message(&self, objects: &mut Objects, id: ObjectId, visitor: Visitor<'_>) -> ControlFlow<()> {
        let (kind, bytes) = match objects.read(&id) {
            Ok(read) => read,
            Err(fault) => return visitor(Event::Skipped(skip(&id, &fault))),
        };
        let part = if kind == Kind::Tag { Part::Tag } else { Part::Commit };
        let origin = origin(None, (part, id), (describe(id, &bytes), true));
        // The offsets are of the texts put together, so that places differ.
        let mut offset = 0;
        for text in said(kind, &bytes).unwrap_or([&bytes, b"", b""]) {
            if !text.is_empty() {
                visitor(Event::Chunk(Chunk { offset, ..Chunk::new(text, Arc::clone(&origin)) }))?;
            }
            offset += text.len() as u64;
        }
        visitor(Event::Scanned(offset))
    }

    /// Lends the names of branches and tags that are pushed.
    fn names(&self, visitor: Visitor<'_>) -> ControlFlow<()> {
        let names = self.pushed.names.join(&b'\n');
        if names.is_empty() {
            return ControlFlow::Continue(());
        }
        let blob = Blob {
            path: None,
            part: Part::Refs,
            id: String::new(),
            commit: None,
            in_head: true,
            removed: None,
            others: 0,
        };
        visitor(Event::Chunk(Chunk::new(&names, Arc::new(Origin::Blob(Box::new(blob))))))
    }

    /// Lends what a commit changes.
    fn commit(
        &self,
        objects: &mut Objects,
        id: ObjectId,
        seen: &mut HashSet<Change>,
        visitor: Visitor<'_>,
    ) -> ControlFlow<()> {
        let (tree, parents, about) = match self.trees(objects, id) {
            Ok(trees) => trees,
            Err((id, fault)) => return visitor(Event::Skipped(skip(&id, &fault))),
        };
        let mut walk = Walk::new(objects);
        walk.trees(b"", (&parents, tree), 0);
        let mut found = walk.found;
        rename::detect(&mut found, objects);
        for skip in found.skipped {
            visitor(Event::Skipped(skip))?;
        }
        for change in found.changed {
            // The same change in another branch is no other change.
            if seen.insert(change.clone()) {
                let path = path_of(&change.path);
                let origin =
                    origin(Some(path), (Part::File, change.new), (about.clone(), self.is_kept(objects, &change)));
                lend(&change, origin, (objects, &self.options), visitor)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns whether what is pushed has all lines of a content still, at that path.
    fn is_kept(&self, objects: &mut Objects, change: &Change) -> bool {
        let Some(tip) = self.pushed.new.first() else { return false };
        let Some(id) = find(objects, *tip, &change.path) else { return false };
        if id == change.new {
            return true;
        }
        match (blob(objects, &id), blob(objects, &change.new)) {
            (Ok(tip), Ok(new)) => lines::added(&tip, &new).is_empty(),
            _ => false,
        }
    }

    /// Returns the tree of a commit, those of its parents, and what people want to know about it.
    fn trees(&self, objects: &mut Objects, id: ObjectId) -> Result<Trees, (ObjectId, Fault)> {
        let mut read = |id: ObjectId| {
            let (kind, bytes) = objects.read(&id).map_err(|fault| (id, fault))?;
            let text = commit(&bytes).filter(|_| kind == Kind::Commit);
            let (tree, parents) =
                text.map(|text| (text.tree, text.parents)).ok_or_else(|| (id, Fault::corrupt("not a commit")))?;
            Ok((tree, parents, describe(id, &bytes)))
        };
        let (tree, mut parents, about) = read(id)?;
        if self.ends.contains(&id) {
            parents.clear();
        }
        let parents =
            parents.into_iter().map(|parent| read(parent).map(|(tree, ..)| tree)).collect::<Result<_, _>>()?;
        Ok((tree, parents, about))
    }
}

impl Source for Range {
    fn drive(&self, visitor: Visitor<'_>) {
        guarded(visitor, || self.run(visitor));
    }
}

/// The tree of a commit, those of its parents, and what people want to know about it.
type Trees = (ObjectId, Vec<ObjectId>, Option<Commit>);

fn origin(
    path: Option<PathBuf>,
    (part, id): (Part, ObjectId),
    (commit, in_head): (Option<Commit>, bool),
) -> Arc<Origin> {
    let blob = Blob { path, part, id: id.to_string(), commit, in_head, removed: None, others: 0 };
    Arc::new(Origin::Blob(Box::new(blob)))
}

/// Returns what people want to know about a commit.
fn describe(id: ObjectId, bytes: &[u8]) -> Option<Commit> {
    let text = commit(bytes)?;
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let subject = text.message.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    Some(Commit {
        time: text.author.time,
        offset: text.author.offset,
        id: id.to_string(),
        author: lossy(text.author.who),
        subject: lossy(subject),
    })
}

/// Returns the content at a path of a commit.
fn find(objects: &mut Objects, commit_id: ObjectId, path: &[u8]) -> Option<ObjectId> {
    let (_, bytes) = objects.read(&commit_id).ok()?;
    let mut id = commit(&bytes)?.tree;
    for name in path.split(|byte| *byte == b'/') {
        let (kind, bytes) = objects.read(&id).ok()?;
        if kind != Kind::Tree {
            return None;
        }
        let mut found = entries(&bytes, id.as_bytes().len()).filter_map(Result::ok);
        id = ObjectId::from_bytes(found.find(|entry| entry.name == name)?.id)?;
    }
    Some(id)
}

fn skip(id: &ObjectId, fault: &Fault) -> Skip {
    Skip::new(".", fault.reason, format!("object {id}: {}", fault.what))
}
