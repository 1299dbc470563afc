//! Git repositories as sources of a secret scan.
//!
//! ```no_run
//! use leaktight_git::Repo;
//!
//! let repo = Repo::discover("crates")?;
//! println!("repository at {}", repo.git_dir().display());
//! # Ok::<(), leaktight_git::Error>(())
//! ```
//!
//! # Trust
//!
//! A repository may be anyone's. No process is started, so nothing that it
//! configures is run. Files of a repository are opened without waiting, read only
//! if they are regular files, and held to a size. Whose a repository is, is checked
//! as git does it: one that belongs to someone else is refused unless the user's
//! own configuration names it in `safe.directory`.

#![forbid(unsafe_code)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod change;
mod diff;
mod error;
mod history;
mod hook;
mod id;
mod index;
mod install;
mod open;
mod part;
mod refs;
mod store;

pub use crate::change::{ChangeOptions, Filter, Range, Staged, Unstaged};
pub use crate::diff::Diff;
pub use crate::error::Error;
pub use crate::history::{History, HistoryOptions, Inspect, make_contents};
pub use crate::hook::{Message, Pushed};
pub use crate::id::{ObjectFormat, ObjectId};
pub use crate::install::{Change, Hooks, What};
pub use crate::open::{Config, Repo, read_control};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
