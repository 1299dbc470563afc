//! Bytes that do not print themselves.

use std::fmt;

use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret value: it prints and serialises as a mask, and its memory is
/// overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// What stands for a secret of which nothing may be shown.
    pub const HIDDEN: &'static str = "********";

    /// Takes a copy of the bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Returns the bytes in clear. This is the one door: say at each call where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what may be shown of a secret too random to guess: the first `prefix` bytes, which are no secret,
    /// and the last four of a long value, so that a person can tell keys apart.
    pub fn mask(&self, prefix: usize) -> String {
        let bytes = &self.0;
        let long = bytes.len() >= prefix + 20;
        let head = if long { String::from_utf8_lossy(&bytes[..prefix]) } else { "".into() };
        let tail = if long { String::from_utf8_lossy(&bytes[bytes.len() - 4..]) } else { "".into() };
        format!("{head}{}{tail}", Self::HIDDEN)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(Self::HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_nothing_of_a_short_secret() {
        let secret = Secret::new(b"correct horse");
        assert_eq!(format!("{secret} {secret:?}"), "******** Secret(13 bytes)");
    }

    #[test]
    fn shows_only_the_ends_of_a_long_one() {
        assert_eq!(Secret::new(b"abc_0123456789012345678901234567").mask(4), "abc_********4567");
    }
}
