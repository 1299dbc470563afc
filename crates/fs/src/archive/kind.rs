//! What is packed, by its first bytes: never by its name.

use std::fmt;

use crate::read::HEAD;

/// How something is packed that can be opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Ar,
    Bzip2,
    Gzip,
    Tar,
    Xz,
    Zip,
    Zstd,
}

impl Kind {
    /// Returns how data that starts so is packed, if it is.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, b'P', b'K', 3, 4, ..] => {
                Some(Self::Zip)
            }
            // Deflate is the only method there is; the upper flags are reserved.
            [0x1f, 0x8b, 8, flags, ..] if *flags < 0x20 => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(Self::Bzip2),
            // The block of a text of nothing.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // A frame may stand first that is to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ if head.starts_with(super::ar::MAGIC) => super::ar::is_one(head).then_some(Self::Ar),
            _ => super::tar::is_one(head).then_some(Self::Tar),
        }
    }

    /// Returns how data that starts so is packed; as a zip, too, where its first member stands
    /// behind something short, such as the first line of a program.
    pub(crate) fn within(head: &[u8]) -> Option<Self> {
        Self::of(head).or_else(|| {
            let head = &head[..head.len().min(HEAD)];
            // A header holds zeros, and text none.
            memchr::memchr(0, head)?;
            let mut marks = memchr::memmem::find_iter(head, b"PK\x03\x04");
            marks.any(|at| is_header(&head[at..])).then_some(Self::Zip)
        })
    }

    /// Bytes at the end of a file that tell whether it ends as a zip.
    pub(crate) const TAIL: u64 = 22 + (1 << 16);

    /// Returns whether a file that ends so is a zip behind something else: at any
    /// length of the comment in binary data, in text only without one.
    pub(crate) fn by_tail(tail: &[u8], is_binary: bool) -> Option<Self> {
        let ends = |at: &usize| match tail.get(*at..) {
            Some([b'P', b'K', 5, 6, 0, 0, 0, 0, rest @ ..]) if rest.len() >= 14 => {
                usize::from(u16::from_le_bytes([rest[12], rest[13]])) == rest.len() - 14
            }
            _ => false,
        };
        let from = tail.len().saturating_sub(Self::TAIL as usize);
        let mut marks = memchr::memmem::rfind_iter(&tail[from..], b"PK\x05\x06").map(|at| from + at);
        let is_one = ends(&tail.len().saturating_sub(22)) || (is_binary && marks.any(|at| ends(&at)));
        is_one.then_some(Self::Zip)
    }

    /// Returns whether it holds one text rather than members with names.
    pub(crate) fn is_compression(self) -> bool {
        matches!(self, Self::Bzip2 | Self::Gzip | Self::Xz | Self::Zstd)
    }
}

/// Returns whether the header of a member of a zip stands here: of a version there is, packed
/// by a method there is, with a name.
fn is_header(bytes: &[u8]) -> bool {
    let number = |at: usize| bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes);
    let is_method = |method| matches!(method, 0..=14 | 16 | 18..=20 | 93..=99);
    matches!(bytes.get(4), Some(10..=63)) && number(8).is_some_and(is_method) && matches!(number(26), Some(1..=4096))
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ar => "ar",
            Self::Bzip2 => "bzip2",
            Self::Gzip => "gzip",
            Self::Tar => "tar",
            Self::Xz => "xz",
            Self::Zip => "zip",
            Self::Zstd => "zstd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_is_packed_by_content_alone() {
        assert_eq!(Kind::of(b"PK\x03\x04\x14\0"), Some(Kind::Zip));
        assert_eq!(Kind::of(b"PK is how it starts"), None);
        assert_eq!(Kind::of(b"\x1f\x8b\x08\0"), Some(Kind::Gzip));
        assert_eq!(Kind::of(b"BZh9 is no bzip2"), None);
        assert_eq!(Kind::of(b"BZh91AY&SY"), Some(Kind::Bzip2));
        assert_eq!(Kind::of(b"!<arch>\nis how such a file starts"), None);
        assert_eq!(Kind::of(&[0; 1024]), None);
        assert_eq!(Kind::of(b""), None);
    }

    #[test]
    fn knows_a_zip_behind_something_short() {
        let header = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a";
        let behind = |start: &[u8], header: &[u8]| Kind::within(&[start, header].concat());
        assert_eq!(behind(b"#!/bin/sh\n", header), Some(Kind::Zip));
        assert_eq!(behind(&[b'#'; HEAD], header), None);
        assert_eq!(behind(b"#!/bin/sh\n", &header[..26]), None, "cut off");
        assert_eq!(behind(b"is_zip = b'PK\x03\x04'", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), None);
    }

    #[test]
    fn knows_a_zip_behind_something_else_by_its_end() {
        let end = |comment: &[u8]| [b"text PK\x05\x06\0\0\0\0".as_slice(), &[1; 12], b"\x03\0", comment].concat();
        assert_eq!(Kind::by_tail(&end(b"abc"), true), Some(Kind::Zip));
        assert_eq!(Kind::by_tail(&end(b"abc"), false), None);
        assert_eq!(Kind::by_tail(&end(b"ab"), true), None);
        let end = [b"text PK\x05\x06\0\0\0\0".as_slice(), &[1; 12], b"\0\0"].concat();
        assert_eq!(Kind::by_tail(&end, false), Some(Kind::Zip));
        assert_eq!(Kind::by_tail(b"PK\x05\x06", true), None);
    }
}
