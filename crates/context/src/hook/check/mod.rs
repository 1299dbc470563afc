//! Decides what becomes of an event.

mod before;
mod content;
mod file;
mod guard;
mod known;
mod look;
mod mention;
mod origin;
mod ruling;
mod script;
mod within;
mod write;

pub(super) use self::content::text;
pub(super) use self::ruling::action;
use super::Host;
use super::call::{Call, Moment};
use crate::redact::Book;

/// What becomes of an event.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing.
    Pass,
    /// What goes to the model, or to a tool, is replaced by this.
    Replace {
        /// JSON for each node of the content, or for the input; none where a node stays as it is.
        nodes: Vec<Option<Vec<u8>>>,
        /// What was replaced.
        message: String,
    },
    /// A person is asked.
    Ask {
        /// About what.
        reason: String,
    },
    /// The step is refused.
    Deny {
        /// Why, and what to do instead.
        reason: String,
    },
    /// The user is told.
    Warn {
        /// What.
        message: String,
    },
}

impl Verdict {
    pub(super) fn deny(reason: impl Into<String>) -> Self {
        Self::Deny { reason: reason.into() }
    }

    /// Returns what is to be recorded.
    pub(super) fn note(&self) -> Option<String> {
        match self {
            Self::Pass => None,
            Self::Replace { message, .. } => Some(format!("replaced: {message}")),
            Self::Ask { reason } => Some(format!("asked: {reason}")),
            Self::Deny { reason } => Some(format!("denied: {reason}")),
            Self::Warn { message } => Some(format!("warned: {message}")),
        }
    }
}

/// Decides what becomes of an event.
pub(super) fn check(call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    match call.moment {
        Moment::Prompt if call.can.replaced_later && !host.deny_prompts => Verdict::Pass,
        Moment::Prompt => match content::check(call, host, book) {
            Verdict::Pass if call.can.expands_mentions => mention::check(call, host, book),
            verdict => verdict,
        },
        Moment::Before => before::check(call, host, book),
        Moment::After | Moment::Request => content::check(call, host, book),
        Moment::Loaded => file::loaded(call, host, book),
    }
}
