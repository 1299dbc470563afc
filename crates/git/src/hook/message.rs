//! The message of a commit, before the commit is made.

use std::path::PathBuf;
use std::sync::Arc;

use leaktight_core::{Chunk, Event, Origin, Source};

use crate::error::Error;
use crate::open::read_control;
use crate::part::Visitor;

/// Bytes of a message, at most.
const LARGEST: u64 = 64 << 20;

/// The message of a commit in the file that git gives to `commit-msg`.
///
/// What git says below its scissors is left out, because it will not be part of
/// the message. Lines that look like comments are not: whether git strips them
/// depends on how it was called.
pub struct Message {
    path: PathBuf,
    text: Vec<u8>,
}

impl Message {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// It is not there, or cannot be read.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let Some(mut text) = read_control(&path, LARGEST)? else {
            return Err(Error::Read { path, source: std::io::ErrorKind::NotFound.into() });
        };
        text.truncate(end(&text));
        Ok(Self { path, text })
    }
}

impl Source for Message {
    fn drive(&self, visitor: Visitor<'_>) {
        let chunk = Chunk::new(&self.text, Arc::new(Origin::File(self.path.clone())));
        if visitor(Event::Chunk(chunk)).is_continue() {
            // It was the last event: there is nothing left to break off.
            let _ = visitor(Event::Scanned(self.text.len() as u64));
        }
    }
}

/// Returns where the message ends: at the scissors of git, with what git says below.
fn end(text: &[u8]) -> usize {
    const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------\n";
    let is_cut = |at: &usize| {
        let start = text[..*at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let comment = &text[start..*at];
        let below = [comment, b" Do not modify or remove the line above."].concat();
        !comment.is_empty() && text[at + SCISSORS.len()..].starts_with(&below)
    };
    let cut = memchr::memmem::find_iter(text, SCISSORS).find(is_cut);
    cut.map_or(text.len(), |at| memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_at_the_scissors_of_git_only() {
        let line = " ------------------------ >8 ------------------------";
        let git = format!("subject\n\n# comment\n#{line}\n# Do not modify or remove the line above.\n# x\ndiff\n");
        assert_eq!(&git.as_bytes()[..end(git.as_bytes())], b"subject\n\n# comment\n");
        let other = format!("subject\n;;{line}\n;; Do not modify or remove the line above.\n");
        assert_eq!(end(other.as_bytes()), 8);
        let forged = format!("subject\n#{line}\nmore\n");
        assert_eq!(end(forged.as_bytes()), forged.len());
    }
}
