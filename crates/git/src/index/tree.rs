//! The cache of trees: which folders of an index are which tree.

use super::cursor::Cursor;
use crate::id::{ObjectFormat, ObjectId};

/// Folders within folders, at most; as in git.
const DEEPEST: usize = 2048;

/// A folder of an index.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Node {
    pub(crate) name: Vec<u8>,
    /// The tree that it is, and how many entries that has; none when that is not known.
    pub(crate) known: Option<(ObjectId, usize)>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    /// Returns the folder of that name within this one.
    pub(crate) fn child(&self, name: &[u8]) -> Option<&Self> {
        // Sorted when it is read, because git sorts them by length first.
        self.children.binary_search_by(|child| child.name.as_slice().cmp(name)).ok().map(|idx| &self.children[idx])
    }
}

/// Reads the extension `TREE`; none if it is damaged.
pub(super) fn parse(bytes: &[u8], format: ObjectFormat) -> Option<Node> {
    let mut cursor = Cursor(bytes);
    // Folders that are not complete, each with the number of children to come.
    let mut open: Vec<(Node, usize)> = Vec::new();
    loop {
        let (node, n_children) = parse_one(&mut cursor, format)?;
        open.push((node, n_children));
        if open.len() > DEEPEST {
            return None;
        }
        while open.last().is_some_and(|(_, left)| *left == 0) {
            let (mut done, _) = open.pop()?;
            done.children.sort_by(|a, b| a.name.cmp(&b.name));
            let Some((parent, left)) = open.last_mut() else { return Some(done) };
            parent.children.push(done);
            *left -= 1;
        }
    }
}

fn parse_one(cursor: &mut Cursor<'_>, format: ObjectFormat) -> Option<(Node, usize)> {
    let name = cursor.until(0)?.to_vec();
    let n_entries = cursor.decimal(b' ')?;
    let n_children = usize::try_from(cursor.decimal(b'\n')?).ok()?;
    let known = match usize::try_from(n_entries) {
        Ok(n_entries) => Some((ObjectId::from_bytes(cursor.take(format.len())?)?, n_entries)),
        Err(_) => None,
    };
    Some((Node { name, known, children: Vec::new() }, n_children))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_folders_within_folders() {
        let id = [7; 20];
        let bytes = [b"\0-1 2\n".as_slice(), b"b\x003 1\n", &id, b"c\x002 0\n", &id, b"aa\0-1 0\n"].concat();
        let root = parse(&bytes, ObjectFormat::Sha1).expect("it is whole");
        let known = Some((ObjectId::from_bytes(&id).expect("20 bytes"), 2));
        assert_eq!(root.child(b"b").and_then(|b| b.child(b"c")).map(|c| c.known), Some(known));
        assert_eq!(root.child(b"aa").map(|aa| aa.known), Some(None));
        assert_eq!((root.child(b"c"), root.known), (None, None));
    }

    #[test]
    fn refuses_what_is_cut_short_or_too_deep() {
        let bytes = b"\0-1 1\na\0-1 0\n";
        assert!(parse(bytes, ObjectFormat::Sha1).is_some());
        assert!((0..bytes.len()).all(|len| parse(&bytes[..len], ObjectFormat::Sha1).is_none()));
        assert_eq!(parse(&b"\0-1 1\n".repeat(100_000), ObjectFormat::Sha1), None);
    }
}
