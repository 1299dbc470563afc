//! The rule pack of Leaktight, and its catalogue of secret stores, as data.
//!
//! This crate holds no logic. What uses a table compiles it when it is built
//! itself, so that a program that scans parses none of it at start-up.

/// The files of the pack, one for each provider, in the order of their names:
/// the path from the package's root and the text.
pub const PACK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pack.rs"));

/// The files of the catalogue of secret stores, one for each kind: files whose
/// content is secret whatever it looks like, or often is.
pub const PATHS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/paths.rs"));

/// The files about attacks on assistants that a repository can carry: what they
/// set, what it means and how to undo it.
pub const ATTACKS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/attacks.rs"));

/// The files about transcripts: which assistant keeps what and where, and what of it went to a provider.
pub const TRANSCRIPTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/transcripts.rs"));
