//! Files, trees and standard input as sources of a secret scan.
//!
//! ```
//! use std::ops::ControlFlow;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use leaktight_core::{Event, Source};
//! use leaktight_fs::{Tree, WalkOptions};
//!
//! let mut options = WalkOptions::default();
//! options.exclude.push("*.lock".to_owned());
//! let tree = Tree::new(["src"], options)?;
//!
//! let scanned = AtomicU64::new(0);
//! tree.drive(&|event| {
//!     if let Event::Scanned(_) = event {
//!         scanned.fetch_add(1, Ordering::Relaxed);
//!     }
//!     ControlFlow::Continue(())
//! });
//! assert!(scanned.into_inner() > 0);
//! # Ok::<(), leaktight_fs::Error>(())
//! ```
//!
//! # What happens to a file
//!
//! The *walk* lists directories on several threads and decides about each
//! entry. *Read* opens what is left and lends its bytes: a small file whole,
//! from a buffer its thread keeps; a large one in parts that overlap, which the
//! threads share among them. A file is never mapped into memory, because one
//! that shrinks meanwhile would kill the process.
//!
//! Every file, link, pipe and directory that is left out ends in exactly one
//! event, [`Scanned`](leaktight_core::Event::Scanned) or
//! [`Skipped`](leaktight_core::Event::Skipped). A directory that is left out
//! counts once, with all below it; one that is walked has no event of its own.
//!
//! # Archives
//!
//! With the feature `archives`, and where the options ask for it, archives and compressed
//! files are opened, one in another. Nothing is written anywhere, memory stays the same
//! whatever headers claim, and all that is in a file shares bounds for depth, members and
//! bytes. A member has an event of its own, and a path with a `!` behind that of its archive.
//!
//! # Text that is not UTF-8
//!
//! UTF-16 and UTF-32 are decoded: bytes and offsets of such a chunk are those of
//! the text as UTF-8, without its byte order mark. Where the raw bytes of such a
//! file hold ASCII as well they are lent too, with raw offsets. All else is lent
//! as it is.

#![forbid(unsafe_code)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "archives")]
mod archive;
mod error;
mod options;
mod read;
mod stdin;
mod sys;
mod tell;
mod tree;
mod walk;

pub use crate::error::Error;
pub use crate::options::WalkOptions;
pub use crate::stdin::{Stdin, stdin_bytes};
pub use crate::tree::Tree;
pub use crate::walk::Globs;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
