//! What git asks a hook about.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use leaktight_core::Source;
use leaktight_git::{ChangeOptions, Error, Message, ObjectId, Pushed, Range, Repo, Staged};

/// A call by git: which hook, and what comes with it.
#[derive(Clone, Debug)]
pub(crate) enum Called {
    /// About what is staged.
    Commit,
    /// About the message in this file.
    Message(PathBuf),
    /// About what a push sends: what git wrote to standard input.
    Push(Vec<u8>),
    /// About the commits behind one id and not the other, and the name they get.
    Between(ObjectId, Option<ObjectId>, Vec<u8>),
    /// About what a push brings: what git wrote to standard input.
    Receive(Vec<u8>),
}

impl Called {
    /// Returns the source of what git asks about; none where that is nothing.
    ///
    /// The environment counts here, and nowhere else: git tells its hooks by it
    /// which repository, which index and which objects it means.
    pub(super) fn source(&self, options: ChangeOptions) -> Result<Option<Box<dyn Source>>, Error> {
        if let Self::Message(path) = self {
            return Ok(Some(Box::new(Message::read(path)?)));
        }
        let mut repo = match path("GIT_DIR") {
            Some(folder) => Repo::open(folder)?,
            None => Repo::discover(".")?,
        };
        let pushed = match self {
            Self::Message(_) | Self::Commit => {
                let index = path("GIT_INDEX_FILE");
                return Ok(Some(Box::new(Staged::new(repo, index.as_deref(), options)?)));
            }
            Self::Push(input) => Pushed::by_push(&repo, input)?,
            Self::Between(new, old, name) => {
                let mut pushed = Pushed::between(*new, *old);
                pushed.names.extend((!name.is_empty()).then(|| name.clone()));
                pushed
            }
            Self::Receive(input) => {
                add_objects(&mut repo)?;
                Pushed::by_receive(&repo, input)?
            }
        };
        if pushed.new.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(Range::new(repo, pushed, options)?)))
    }
}

/// Adds the folder in which git keeps what a push brings until a hook agrees.
fn add_objects(repo: &mut Repo) -> Result<(), Error> {
    let own = ["GIT_OBJECT_DIRECTORY", "GIT_QUARANTINE_PATH"].into_iter().filter_map(path);
    let others = env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
    let others: Vec<PathBuf> = env::split_paths(&others).filter(|folder| !folder.as_os_str().is_empty()).collect();
    own.chain(others).try_for_each(|folder| repo.add_objects(&folder))
}

fn path(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(|value| Path::new(&value).to_path_buf())
}
