//! What coding assistants send and keep, and how secrets are taken out of it.
//!
//! A payload is never parsed into a tree and written again: that would lose the
//! order of keys, the spelling of numbers and what a newer version added. Its
//! *string leaves* are found in the raw bytes, scanned in their unescaped view,
//! and replaced in place; every other byte stays as it was.
//!
//! No module here knows a command, a terminal or an environment variable.

#![forbid(unsafe_code)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod attack;
pub mod audit;
mod error;
pub mod grant;
pub mod hook;
pub mod policy;
mod private;
pub mod redact;
pub mod shell;
pub mod splice;
pub mod store;
pub mod transcript;
pub mod vault;

pub use crate::attack::{Attack, Attacks, Own};
pub use crate::error::Error;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
