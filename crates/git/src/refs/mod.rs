//! Branches, tags and all other references.

mod head;
mod loose;
mod packed;
mod reftable;
mod revision;

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use self::head::head;
pub(crate) use self::revision::{peel, resolve};
use crate::error::Error;
use crate::id::ObjectId;
use crate::open::{Repo, path_of, read_control};

/// Bytes of a reference's file, at most.
const LARGEST: u64 = 64 << 10;
/// References that may lead to each other, at most; as in git.
const DEEPEST: usize = 5;
/// Bytes of the log of the stash, at most.
const LARGEST_LOG: u64 = 64 << 20;

/// The references of a repository, by their full names.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    targets: BTreeMap<Vec<u8>, ObjectId>,
    /// The commit that is checked out; none before the first commit.
    pub(crate) head: Option<ObjectId>,
    /// Commits that are checked out in other work trees.
    others: Vec<ObjectId>,
    /// Stashes: those behind `refs/stash` stand in its log only.
    stashes: Vec<ObjectId>,
}

/// What a reference's file holds.
#[derive(Clone, Debug)]
enum Target {
    Object(ObjectId),
    /// The name of another reference.
    Symbolic(Vec<u8>),
}

impl Refs {
    /// Reads all references.
    ///
    /// # Errors
    ///
    /// A file of them cannot be read or is not what it should be.
    pub(crate) fn read(repo: &Repo) -> Result<Self, Error> {
        let common = repo.common_dir();
        let mut found = BTreeMap::new();
        read_into(repo, common, &mut found)?;
        if repo.git_dir() != common {
            // Bisections and the like belong to one work tree, as `HEAD` does.
            read_into(repo, repo.git_dir(), &mut found)?;
        }
        let head = head_of(repo, repo.git_dir())?;
        let mut refs = Self { head: head.and_then(|head| follow(head, &found)), ..Self::default() };
        refs.targets =
            found.iter().filter_map(|(name, target)| Some((name.clone(), follow(target.clone(), &found)?))).collect();
        for tree in loose::work_trees(common)? {
            refs.others.extend(head_of(repo, &tree)?.and_then(|head| follow(head, &found)));
        }
        refs.stashes = stashes(repo)?;
        Ok(refs)
    }

    /// Returns the names of all references, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.targets.keys().map(Vec::as_slice)
    }

    /// Returns the object behind a full name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<ObjectId> {
        self.targets.get(name).copied()
    }

    /// Returns all objects that something leads to, each as often as it does.
    pub(crate) fn tips(&self) -> impl Iterator<Item = ObjectId> {
        let heads = self.head.iter().chain(&self.others).chain(&self.stashes);
        self.targets.values().chain(heads).copied()
    }

    /// Returns which objects stand in for which: what `git replace` notes.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = (ObjectId, ObjectId)> {
        self.targets
            .iter()
            .filter_map(|(name, target)| Some((ObjectId::from_hex(name.strip_prefix(b"refs/replace/")?)?, *target)))
    }
}

fn read_into(repo: &Repo, git_dir: &Path, found: &mut BTreeMap<Vec<u8>, Target>) -> Result<(), Error> {
    if repo.is_reftable() {
        return reftable::read(git_dir, repo.object_format(), found);
    }
    packed::read(git_dir, found)?;
    loose::read(git_dir, found)
}

fn head_of(repo: &Repo, git_dir: &Path) -> Result<Option<Target>, Error> {
    if repo.is_reftable() {
        let mut found = BTreeMap::new();
        reftable::read(git_dir, repo.object_format(), &mut found)?;
        return Ok(found.remove(&b"HEAD"[..]));
    }
    let head = git_dir.join("HEAD");
    // Old repositories have a link to the branch.
    if let Ok(target) = head.read_link() {
        return Ok(Some(Target::Symbolic(target.into_os_string().into_encoded_bytes())));
    }
    Ok(read_control(&head, LARGEST)?.and_then(|text| parse(&text)))
}

fn parse(text: &[u8]) -> Option<Target> {
    if let Some(name) = text.strip_prefix(b"ref:") {
        return Some(Target::Symbolic(name.trim_ascii().to_vec()));
    }
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    ObjectId::from_hex(&text[..end]).map(Target::Object)
}

fn follow(mut target: Target, found: &BTreeMap<Vec<u8>, Target>) -> Option<ObjectId> {
    for _ in 0..=DEEPEST {
        match target {
            Target::Object(id) => return Some(id),
            Target::Symbolic(name) => target = found.get(&name)?.clone(),
        }
    }
    None
}

/// Returns the commits of all stashes.
fn stashes(repo: &Repo) -> Result<Vec<ObjectId>, Error> {
    let log = repo.common_dir().join(path_of(b"logs/refs/stash"));
    let Some(text) = read_control(&log, LARGEST_LOG)? else { return Ok(Vec::new()) };
    let new = |line: &[u8]| ObjectId::from_hex(line.split(|byte| *byte == b' ').nth(1)?);
    Ok(text.split(|byte| *byte == b'\n').filter_map(new).filter(|id| !id.is_zero()).collect())
}
