//! What git tells its hooks, and what of a repository that means.

mod lines;
mod message;

use self::lines::Update;
pub use self::message::Message;
use crate::error::Error;
use crate::history;
use crate::id::ObjectId;
use crate::open::Repo;
use crate::refs::Refs;

/// The commits that a hook is asked about: what `new` lead to and `old` don't.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Pushed {
    /// What is pushed.
    pub new: Vec<ObjectId>,
    /// What the other side has.
    pub old: Vec<ObjectId>,
    /// The names that it gets there, of branches and tags.
    pub names: Vec<Vec<u8>>,
}

impl Pushed {
    /// Returns what a push sends, from what git writes to the standard input of
    /// `pre-push`: a line for each reference.
    ///
    /// What the remote has under that name is old, also where it is replaced by
    /// force, and so is everything that any remote was known to have. What is
    /// deleted sends nothing.
    ///
    /// # Errors
    ///
    /// A line is not what git writes, or the references cannot be read.
    pub fn by_push(repo: &Repo, input: &[u8]) -> Result<Self, Error> {
        let updates = lines::pre_push(input)?;
        let mut pushed = Self::of(&updates);
        if !pushed.new.is_empty() {
            let refs = Refs::read(repo)?;
            let remotes = refs.names().filter(|name| name.starts_with(b"refs/remotes/"));
            pushed.old.extend(remotes.filter_map(|name| refs.get(name)));
        }
        Ok(pushed)
    }

    /// Returns what a push brings, from what git writes to the standard input of
    /// `pre-receive`: a line for each reference. Everything that the repository
    /// leads to already is old.
    ///
    /// # Errors
    ///
    /// A line is not what git writes, or the references cannot be read.
    pub fn by_receive(repo: &Repo, input: &[u8]) -> Result<Self, Error> {
        let updates = lines::pre_receive(input)?;
        let mut pushed = Self::of(&updates);
        if !pushed.new.is_empty() {
            pushed.old.extend(Refs::read(repo)?.tips());
        }
        Ok(pushed)
    }

    /// Returns what one commit leads to and another doesn't; without the other, all of it.
    pub fn between(new: ObjectId, old: Option<ObjectId>) -> Self {
        Self { new: vec![new], old: old.into_iter().collect(), names: Vec::new() }
    }

    /// Returns what ranges such as `main..HEAD` name: what the right side leads to and the
    /// left one doesn't. A side that is empty is `HEAD`.
    ///
    /// # Errors
    ///
    /// The references cannot be read, or a name stands for no commit.
    pub fn by_ranges(repo: &Repo, ranges: &[String]) -> Result<Self, Error> {
        let (new, old) = history::ends(repo, ranges)?;
        Ok(Self { new, old, names: Vec::new() })
    }

    fn of(updates: &[Update]) -> Self {
        let named = |side: fn(&Update) -> ObjectId| {
            updates.iter().map(side).filter(|id| !id.is_zero()).collect::<Vec<ObjectId>>()
        };
        let names = updates.iter().filter(|update| !update.new.is_zero()).map(|update| update.name.clone()).collect();
        Self { new: named(|update| update.new), old: named(|update| update.old), names }
    }
}
