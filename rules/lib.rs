//! The rule pack of Leaktight: one TOML file for each provider, as data.
//!
//! This crate holds no logic. `leaktight-core` compiles the pack when it is
//! built itself, so that a program that scans parses none of it at start-up.

/// The files of the pack, in the order of their names: the path from the
/// package's root and the text.
pub const PACK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pack.rs"));
