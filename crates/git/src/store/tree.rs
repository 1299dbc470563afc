//! The entries of a tree.

use super::Fault;

/// An entry of a tree: its name, and the object it leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) mode: Mode,
    pub(crate) name: &'a [u8],
    pub(crate) id: &'a [u8],
}

/// What an entry is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// A file, or the target of a symbolic link.
    Blob,
    Tree,
    /// A commit of another repository.
    Submodule,
}

/// Returns the entries of a tree whose ids have `id_len` bytes, in their order,
/// and a fault where it is not one.
pub(crate) fn entries(mut tree: &[u8], id_len: usize) -> impl Iterator<Item = Result<Entry<'_>, Fault>> {
    std::iter::from_fn(move || {
        let next = split_entry(tree, id_len).transpose()?;
        tree = next.as_ref().map_or(&[], |(_, rest)| rest);
        Some(next.map(|(entry, _)| entry))
    })
}

/// Returns the first entry of a tree, and what is behind it; none of an empty one.
pub(crate) fn split_entry(tree: &[u8], id_len: usize) -> Result<Option<(Entry<'_>, &[u8])>, Fault> {
    if tree.is_empty() {
        return Ok(None);
    }
    split(tree, id_len).map(Some).ok_or_else(|| Fault::corrupt("it holds an entry that is none"))
}

fn split(tree: &[u8], id_len: usize) -> Option<(Entry<'_>, &[u8])> {
    let nul = memchr::memchr(0, tree)?;
    let id = tree.get(nul + 1..nul + 1 + id_len)?;
    // Modes have five or six digits.
    let space = tree[..nul.min(8)].iter().position(|byte| *byte == b' ')?;
    let mode = match &tree[..space] {
        b"40000" | b"040000" => Mode::Tree,
        b"160000" => Mode::Submodule,
        _ => Mode::Blob,
    };
    Some((Entry { mode, name: &tree[space + 1..nul], id }, &tree[nul + 1 + id_len..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entries_up_to_the_first_that_is_none() {
        let id = [7; 20];
        let tree = [&b"100644 a b\0"[..], &id, b"40000 d\0", &id, b"160000 s\0", &id[..19]].concat();
        let found: Vec<_> = entries(&tree, 20).collect();
        assert_eq!(found.len(), 3);
        assert!(
            found[0].as_ref().is_ok_and(|entry| entry.name == b"a b" && entry.mode == Mode::Blob && entry.id == id)
        );
        assert!(found[1].as_ref().is_ok_and(|entry| entry.mode == Mode::Tree));
        assert!(found[2].is_err());
    }
}
