//! Finds secrets in bytes.
//!
//! This crate holds the rules, the matching and the judgement of Leaktight. It
//! does no I/O, starts no thread and reads neither clock nor environment, so it
//! runs wherever Rust does.
//!
//! ```
//! use std::sync::Arc;
//! use leaktight_core::{Chunk, RuleSet, Scanner};
//!
//! let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
//! let scan = scanner.scan(&Chunk::memory(b"nothing secret here"));
//! assert!(scan.findings.is_empty());
//! ```
//!
//! # Stages
//!
//! The *gate* looks at every byte once and names the few places where a rule
//! could match; *confirm* runs the rule's expression there; the *filter* drops
//! what is a placeholder, fails a check or lacks its context; *overlap* leaves
//! one finding for each secret and place.

#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

mod assign;
mod check;
mod chunk;
mod decode;
mod encoding;
mod entropy;
mod finding;
mod pipeline;
mod placeholder;
mod reach;
pub mod rule;
mod ruleset;
mod sample;
mod scan;
mod secret;
mod span;
mod table;
pub mod token;

/// The files of the built-in rules: names and texts.
pub use leaktight_rules::PACK;

pub use crate::chunk::{Blob, Chunk, Commit, Origin, Part};
pub use crate::decode::{Step, control_len, encoded_copies};
pub use crate::encoding::{Encoding, has_ascii_run};
pub use crate::entropy::shannon;
pub use crate::finding::{Excerpt, Finding, Fingerprint, Reason, Suppression};
pub use crate::pipeline::{Event, Sink, Skip, SkipReason, Source, deliver};
pub use crate::reach::{Mark, Reach};
pub use crate::rule::{Confidence, Rule, RuleError, Severity, Tag};
pub use crate::ruleset::{Override, RuleSet};
pub use crate::sample::{fill_example, sample};
pub use crate::scan::{Limits, Rejection, Scan, Scanner};
pub use crate::secret::Secret;
pub use crate::span::{Position, Span, line_around};
