//! Hunks: how many lines of which side they hold.

/// A hunk that is being read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Hunk {
    /// The line of the new file it starts at.
    pub(super) line: u64,
    /// Lines of each old side that are still to come: one, or one a parent.
    old: Vec<u64>,
    /// Lines of the new side that are still to come.
    new: u64,
}

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Context,
    Added,
    /// Of an old side only.
    Removed,
    /// A note about the line before, not a line of any file.
    Note,
}

impl Hunk {
    /// Reads `@@ -1,2 +3,4 @@`, for a merge `@@@ -1,2 -1,2 +3,4 @@@` and so on,
    /// and for a property of Subversion `## -1,2 +3,4 ##`.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let mark = *text.first()?;
        let n_marks = text.iter().take_while(|byte| **byte == mark).count();
        let (marks, rest) = text.split_at(n_marks);
        if !(mark == b'@' && n_marks >= 2 || marks == b"##") {
            return None;
        }
        let mut words = rest.split(|byte| *byte == b' ').skip(1);
        let old: Option<Vec<u64>> =
            words.by_ref().take(n_marks - 1).map(|word| range(word, b'-').map(|(_, len)| len)).collect();
        let (line, new) = range(words.next()?, b'+')?;
        (words.next()? == marks).then_some(Self { line: line.max(1), old: old?, new })
    }

    /// Returns whether all of its lines were read.
    pub(super) fn is_over(&self) -> bool {
        self.new == 0 && self.old.iter().all(|left| *left == 0)
    }

    /// Returns the bytes that stand before the text of a line.
    pub(super) fn columns(&self) -> usize {
        self.old.len()
    }

    /// Counts a line; none if it cannot be a line of this hunk.
    pub(super) fn take(&mut self, text: &[u8]) -> Option<Kind> {
        if text.first() == Some(&b'\\') {
            return Some(Kind::Note);
        }
        // Mail programs and editors take spaces at the end of a line away.
        let prefix = text.iter().copied().chain(std::iter::repeat(b' ')).take(self.columns());
        if prefix.clone().any(|byte| !b" +-".contains(&byte)) {
            return None;
        }
        let is_removed = prefix.clone().any(|byte| byte == b'-');
        // An old side has the lines that it does not add or, among those that
        // are in no new file, the ones it takes away.
        let mark = if is_removed { b'-' } else { b' ' };
        for (left, _) in self.old.iter_mut().zip(prefix.clone()).filter(|(_, byte)| *byte == mark) {
            *left = left.checked_sub(1)?;
        }
        if is_removed {
            return Some(Kind::Removed);
        }
        self.new = self.new.checked_sub(1)?;
        Some(if prefix.clone().any(|byte| byte == b'+') { Kind::Added } else { Kind::Context })
    }
}

/// Reads `-1,2` or `-1`, which stands for one line.
fn range(word: &[u8], sign: u8) -> Option<(u64, u64)> {
    let text = std::str::from_utf8(word.strip_prefix(&[sign])?).ok()?;
    let (start, len) = text.split_once(',').unwrap_or((text, "1"));
    Some((start.parse().ok()?, len.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_kind_of_header() {
        let read = |text: &str| Hunk::parse(text.as_bytes()).map(|hunk| (hunk.line, hunk.old, hunk.new));
        assert_eq!(read("@@ -1,2 +3,4 @@"), Some((3, vec![2], 4)));
        assert_eq!(read("@@ -1 +3 @@ fn main() {"), Some((3, vec![1], 1)));
        assert_eq!(read("@@ -0,0 +0,0 @@"), Some((1, vec![0], 0)));
        assert_eq!(read("@@@ -1,2 -3,4 +5,6 @@@"), Some((5, vec![2, 4], 6)));
        assert_eq!(read("## -0,0 +1 ##"), Some((1, vec![0], 1)));
        for text in ["@@", "@@ -1,2 +3,4", "@@ +1 -1 @@", "@@@ -1 +1 @@@", "@@ -x +1 @@", "# -1 +1 #", "@@ -1 +1 @@@"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn counts_the_lines_of_a_merge() {
        let mut hunk = Hunk::parse(b"@@@ -1,3 -1,3 +1,3 @@@").expect("a header");
        let kinds = ["  both", "- first", " -second", "++ new", "+ first's not"].map(|text| hunk.take(text.as_bytes()));
        assert_eq!(kinds.map(Option::unwrap), [Kind::Context, Kind::Removed, Kind::Removed, Kind::Added, Kind::Added]);
        assert_eq!((hunk.old, hunk.new), (vec![1, 0], 0));
    }

    #[test]
    fn refuses_lines_beyond_its_counts() {
        let mut hunk = Hunk::parse(b"@@ -1 +1 @@").expect("a header");
        assert_eq!(hunk.take(b"diff"), None);
        assert_eq!(hunk.take(b"\\ No newline at end of file"), Some(Kind::Note));
        assert_eq!(hunk.take(b""), Some(Kind::Context));
        assert!(hunk.is_over());
        assert_eq!(hunk.take(b"+x"), None);
    }
}
