//! The text of commits and tags.

use super::Kind;
use crate::id::ObjectId;

/// What a commit says.
#[derive(Clone, Debug)]
pub(crate) struct CommitText<'a> {
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) author: Person<'a>,
    pub(crate) committer: Person<'a>,
    pub(crate) message: &'a [u8],
}

/// Who, and when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Person<'a> {
    /// `name <address>`.
    pub(crate) who: &'a [u8],
    /// Seconds since 1970.
    pub(crate) time: i64,
    /// Minutes ahead of UTC.
    pub(crate) offset: i32,
}

/// Reads a commit; none if it is not one.
pub(crate) fn commit(text: &[u8]) -> Option<CommitText<'_>> {
    let (headers, message) = split(text);
    let mut lines = headers.split(|byte| *byte == b'\n');
    let tree = ObjectId::from_hex(lines.next()?.strip_prefix(b"tree ")?)?;
    let mut found =
        CommitText { tree, parents: Vec::new(), author: Person::default(), committer: Person::default(), message };
    for line in lines {
        if let Some(parent) = line.strip_prefix(b"parent ") {
            found.parents.push(ObjectId::from_hex(parent)?);
        } else if let Some(author) = line.strip_prefix(b"author ") {
            found.author = person(author);
        } else if let Some(committer) = line.strip_prefix(b"committer ") {
            found.committer = person(committer);
            // Signatures and the like follow, which name no one.
            break;
        }
    }
    Some(found)
}

/// What a tag says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TagText<'a> {
    pub(crate) target: ObjectId,
    pub(crate) tagger: Person<'a>,
    pub(crate) message: &'a [u8],
}

/// Reads a tag; none if it is not one.
pub(crate) fn tag(text: &[u8]) -> Option<TagText<'_>> {
    let (headers, message) = split(text);
    let mut lines = headers.split(|byte| *byte == b'\n');
    let target = ObjectId::from_hex(lines.next()?.strip_prefix(b"object ")?)?;
    let tagger = lines.find_map(|line| line.strip_prefix(b"tagger ")).map(person).unwrap_or_default();
    Some(TagText { target, tagger, message })
}

/// Returns what people wrote in a commit or a tag: the message, and who they are.
pub(crate) fn said(kind: Kind, text: &[u8]) -> Option<[&[u8]; 3]> {
    if kind == Kind::Tag {
        return tag(text).map(|text| [text.message, text.tagger.who, b""]);
    }
    let text = commit(text)?;
    let (author, committer) = (text.author.who, text.committer.who);
    Some([text.message, author, if committer == author { b"" } else { committer }])
}

fn split(text: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memmem::find(text, b"\n\n") {
        Some(at) => (&text[..at], &text[at + 2..]),
        None => (text, b""),
    }
}

/// Reads `name <address> seconds +hhmm`; what is missing is zero.
fn person(text: &[u8]) -> Person<'_> {
    let end = memchr::memrchr(b'>', text).map_or(0, |at| at + 1);
    let (who, when) = text.split_at(end);
    let mut words = when.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut number = || words.next().and_then(|word| std::str::from_utf8(word).ok()?.parse::<i64>().ok()).unwrap_or(0);
    let (time, zone) = (number(), number());
    let offset = i32::try_from(zone / 100 * 60 + zone % 100).unwrap_or(0);
    Person { who, time, offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_commits_and_tags() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "tree {id}\nparent {id}\nparent {id}\nauthor A <a@b> 1700000000 -0330\ncommitter C <c@d> 1 +0000\n\
             gpgsig -----BEGIN\n x\n\nsubject\n\nbody\n"
        );
        let found = commit(text.as_bytes()).expect("a commit");
        assert_eq!((found.parents.len(), found.message), (2, &b"subject\n\nbody\n"[..]));
        assert_eq!((found.author.who, found.author.time, found.author.offset), (&b"A <a@b>"[..], 1_700_000_000, -210));
        let text = format!("object {id}\ntype commit\ntag v1\ntagger T <t@u> 5 +0100\n\nfirst\n");
        let found = tag(text.as_bytes()).expect("a tag");
        assert_eq!((found.tagger.time, found.tagger.offset, found.message), (5, 60, &b"first\n"[..]));
        assert!(commit(b"").is_none() && commit(b"tree 1\n").is_none() && tag(b"x").is_none());
    }
}
