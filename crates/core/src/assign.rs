//! Assignments: a name, what joins it to a value, and the value.
//!
//! One reader for all languages and formats. A word such as `passw` in a name
//! is followed *forward* to the value, through types, subscripts, calls,
//! elements and pairs; a run of token characters is followed *backward* to its
//! name, which needs no telling word then. Both read a bounded stretch of text.
//!
//! Contract: may return what is no assignment, for the checks to judge.

mod backward;
mod forward;
mod value;

use std::path::Path;

pub(crate) use self::backward::{backward, has_hint, may_tell};
pub(crate) use self::forward::forward;
use crate::check::Words;
use crate::span::Span;

/// A name and its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Assignment {
    /// From the name, or from the word in it that led here, to the end of the value.
    pub(crate) whole: Span,
    /// The value, without its quotes.
    pub(crate) value: Span,
}

/// What kind of text a file holds, as far as its name tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TextKind {
    /// Source code, whose literals are quoted, so that an unquoted word is a name.
    Code,
    /// Settings, whose values need no quotes.
    Settings,
    /// Anything else.
    Other,
}

static CODE: Words = Words::new(
    "c cc cpp cs cts cxx dart ex go groovy h hpp java js jsx kt kts lua m map mjs mts php pl py rb rs scala swift ts tsx vb vue",
);

static SETTINGS: Words = Words::new(
    "bash bashrc bash_history bash_profile boto cfg cnf conf config cred credentials creds dockerfile env envrc esmtprc \
    flaskenv ini netrc npmrc passwd profile properties pypirc s3cfg sh tfvars yaml yml zsh zshrc zsh_history",
);

impl TextKind {
    /// Returns what the name of a file tells: its extension, or the whole of a name without one.
    pub(crate) fn of(path: Option<&Path>) -> Self {
        let name = path.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix('.').unwrap_or(&name);
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_env = name.split('.').next() == Some("env");
        match () {
            () if CODE.holds(last.as_bytes()) => Self::Code,
            () if is_env || SETTINGS.holds(last.as_bytes()) => Self::Settings,
            () => Self::Other,
        }
    }
}

/// Whether a byte may stand in a name.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether a byte may close what a name stands in.
fn is_closer(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b']' | b')')
}

/// Returns the place behind at most `most` bytes that satisfy `is`.
fn skip(bytes: &[u8], at: usize, most: usize, is: fn(u8) -> bool) -> usize {
    let from = at.min(bytes.len());
    at + bytes[from..].iter().take(most).take_while(|byte| is(**byte)).count()
}

/// Returns the place before at most `most` bytes that satisfy `is`.
fn skip_back(bytes: &[u8], at: usize, most: usize, is: fn(u8) -> bool) -> usize {
    at - bytes[..at].iter().rev().take(most).take_while(|byte| is(**byte)).count()
}
