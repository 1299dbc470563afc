//! The lines that git writes to hooks.

use crate::error::Error;
use crate::id::ObjectId;

/// What becomes of a reference: an id of zeros stands for none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Update {
    /// Its name where it is pushed to.
    pub(super) name: Vec<u8>,
    pub(super) old: ObjectId,
    pub(super) new: ObjectId,
}

/// Reads lines of `<local ref> <local id> <remote ref> <remote id>`.
pub(super) fn pre_push(input: &[u8]) -> Result<Vec<Update>, Error> {
    // The local reference may be an expression with spaces in it, such as a date.
    parse(input, "pre-push", |n_words| Some([n_words.checked_sub(4)? + 3, n_words - 3, n_words - 2]))
}

/// Reads lines of `<old id> <new id> <ref>`.
pub(super) fn pre_receive(input: &[u8]) -> Result<Vec<Update>, Error> {
    parse(input, "pre-receive", |n_words| (n_words >= 3).then_some([0, 1, 2]))
}

/// Reads lines of words; `places` tells which word is the old id, which the new
/// one, and which the name, of so many.
fn parse(input: &[u8], hook: &'static str, places: fn(usize) -> Option<[usize; 3]>) -> Result<Vec<Update>, Error> {
    let read = |line: &[u8]| {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let [old, new, name] = places(words.len())?;
        let (old, new) = (ObjectId::from_hex(words[old])?, ObjectId::from_hex(words[new])?);
        Some(Update { name: words[name].to_vec(), old, new })
    };
    let lines = input.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).enumerate();
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| read(line).ok_or(Error::HookInput { hook, line: at + 1 }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef01234567";
    const Z: &str = "0000000000000000000000000000000000000000";

    fn told(updates: Result<Vec<Update>, Error>) -> Result<Vec<(String, String)>, String> {
        let ids = |update: &Update| (update.old.to_string(), update.new.to_string());
        updates.map(|updates| updates.iter().map(ids).collect()).map_err(|err| err.to_string())
    }

    #[test]
    fn reads_what_git_writes() {
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        let push =
            format!("refs/heads/x {A} refs/heads/x {Z}\n(delete) {Z} refs/heads/y {A}\nHEAD@{{1 day ago}} {A} r {A}\n");
        assert_eq!(told(pre_push(push.as_bytes())), Ok(vec![pair(Z, A), pair(A, Z), pair(A, A)]));
        let receive = format!("{Z} {A} refs/heads/x\n\n{A} {Z} refs/tags/a\n");
        assert_eq!(told(pre_receive(receive.as_bytes())), Ok(vec![pair(Z, A), pair(A, Z)]));
        assert_eq!(told(pre_push(b"")), Ok(vec![]));
    }

    #[test]
    fn names_the_line_that_is_none() {
        let err = told(pre_receive(format!("{Z} {A} x\nfoo\n").as_bytes()));
        assert_eq!(err, Err("line 2 of the input of `pre-receive` is not what git writes".to_owned()));
        assert!(told(pre_push(format!("a {A} b abc\n").as_bytes())).is_err());
    }
}
