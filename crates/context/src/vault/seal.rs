//! Entries as encrypted bytes, and back.

use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use leaktight_core::Secret;
use zeroize::Zeroizing;

use crate::redact::{Entry, Key, Placeholder, Spelling};

/// What a segment starts with: the format and its version.
const MAGIC: &[u8; 8] = b"LKTVLT1\n";
/// Bytes that tell one key from another, without telling anything of it.
const KEY_ID: usize = 8;
const NONCE: usize = 24;
/// Bytes in front of what is encrypted.
const HEAD: usize = MAGIC.len() + KEY_ID + NONCE;
/// Bytes behind it that prove that nothing was changed.
const TAG: usize = 16;

/// Why a segment can't be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    /// It does not start as a segment does.
    Format,
    /// It was written with another key.
    Key,
    /// It was cut or changed.
    Damaged,
}

/// Encrypts and decrypts segments.
pub(super) struct Seal {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID],
}

impl Seal {
    pub(super) fn new(key: &Key) -> Self {
        let id = key.mac(&[b"leaktight vault key id 1"]);
        let secret = Zeroizing::new(key.mac(&[b"leaktight vault 1"]));
        Self {
            cipher: XChaCha20Poly1305::new((&*secret).into()),
            key_id: id[..KEY_ID].try_into().expect("long enough"),
        }
    }

    /// Returns the entries as a segment.
    ///
    /// # Errors
    ///
    /// Returns what the system says when it has no random bytes to give.
    pub(super) fn seal<'e>(&self, entries: impl Iterator<Item = (&'e Entry, u64)> + Clone) -> std::io::Result<Vec<u8>> {
        let len: usize = entries.clone().map(|(entry, _)| length(entry)).sum();
        // All of it at once: growing would leave copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(len + TAG));
        for (entry, seen) in entries {
            write(entry, seen, &mut text);
        }
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(std::io::Error::other)?;
        let mut segment = Vec::with_capacity(HEAD + text.len() + TAG);
        segment.extend_from_slice(MAGIC);
        segment.extend_from_slice(&self.key_id);
        let mut body = text;
        self.cipher
            .encrypt_in_place(&XNonce::from(nonce), &segment, &mut *body)
            .map_err(|_| std::io::Error::other("the entries are too long to encrypt"))?;
        segment.extend_from_slice(&nonce);
        segment.extend_from_slice(&body);
        Ok(segment)
    }

    /// Returns the entries of a segment.
    ///
    /// # Errors
    ///
    /// Returns why it can't be read.
    pub(super) fn open(&self, segment: &[u8]) -> Result<Vec<Entry>, Flaw> {
        let head = segment.get(..HEAD).ok_or(Flaw::Format)?;
        let (public, nonce) = head.split_at(MAGIC.len() + KEY_ID);
        let key_id = public.strip_prefix(MAGIC).ok_or(Flaw::Format)?;
        if key_id != self.key_id {
            return Err(Flaw::Key);
        }
        let nonce: [u8; NONCE] = nonce.try_into().expect("as long as a nonce");
        let mut text = Zeroizing::new(segment[HEAD..].to_vec());
        self.cipher.decrypt_in_place(&XNonce::from(nonce), public, &mut *text).map_err(|_| Flaw::Damaged)?;
        let mut rest = text.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            entries.push(read(&mut rest).ok_or(Flaw::Damaged)?);
        }
        Ok(entries)
    }
}

/// Bytes of an entry besides its name, value and spelling.
const FIXED: usize = 8 + 1 + 3 * 4;

fn length(entry: &Entry) -> usize {
    let raw = entry.spelling.as_ref().map_or(0, |spelling| spelling.raw.len());
    FIXED + entry.placeholder.as_str().len() + entry.value.len() + raw
}

/// Appends an entry: when it was seen, its depth, and three texts with their
/// lengths, all little-endian. A depth of 255 says that it has no spelling.
fn write(entry: &Entry, seen: u64, out: &mut Vec<u8>) {
    let (depth, raw) = entry.spelling.as_ref().map_or((u8::MAX, [].as_slice()), |one| (one.depth, one.raw.expose()));
    out.extend_from_slice(&seen.to_le_bytes());
    out.push(depth);
    // The value goes into a buffer that is encrypted and then overwritten.
    for text in [entry.placeholder.as_str().as_bytes(), entry.value.expose(), raw] {
        let len = u32::try_from(text.len()).expect("a value is shorter than 4 GiB");
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(text);
    }
}

fn read(rest: &mut &[u8]) -> Option<Entry> {
    let seen = u64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
    let depth = *rest.split_off_first()?;
    let mut text = || {
        let len = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
        rest.split_off(..usize::try_from(len).ok()?)
    };
    let (name, value, raw) = (text()?, text()?, text()?);
    Some(Entry {
        placeholder: Placeholder::parse(name)?,
        value: Secret::new(value),
        spelling: (depth != u8::MAX).then(|| Spelling { depth, raw: Secret::new(raw) }),
        seen,
        used: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Book;

    fn entries() -> Vec<Entry> {
        let mut book = Book::new(&Key::new([1; 32]));
        book.placeholder("some-class", b"a value");
        book.placeholder("some-class", b"\xff\0 another");
        let mut entries = book.entries().to_vec();
        entries[1].spelling = Some(Spelling { depth: 2, raw: Secret::new(b"raw") });
        entries
    }

    #[test]
    fn entries_come_back() {
        let seal = Seal::new(&Key::new([1; 32]));
        let segment = seal.seal(entries().iter().map(|entry| (entry, 77))).expect("random bytes");
        assert!(!segment.windows(7).any(|part| part == b"a value"));
        let back = seal.open(&segment).expect("entries");
        for (one, other) in back.iter().zip(entries()) {
            assert_eq!((&one.placeholder, &one.value), (&other.placeholder, &other.value));
            assert_eq!((&one.spelling, one.seen), (&other.spelling, 77));
        }
        assert_eq!(back.len(), 2);
    }

    #[test]
    fn every_change_is_noticed() {
        let seal = Seal::new(&Key::new([1; 32]));
        let segment = seal.seal(entries().iter().map(|entry| (entry, 77))).expect("random bytes");
        for at in 0..segment.len() {
            let mut changed = segment.clone();
            changed[at] ^= 1;
            assert!(seal.open(&changed).is_err(), "byte {at}");
            assert!(seal.open(&segment[..at]).is_err(), "cut at {at}");
        }
        assert_eq!(Seal::new(&Key::new([2; 32])).open(&segment).err(), Some(Flaw::Key));
    }
}
