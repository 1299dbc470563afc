//! The key that makes placeholders of values.

use hmac::{Hmac, KeyInit as _, Mac as _};
use leaktight_core::token::TAG;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Thirty-two secret bytes, overwritten when dropped.
///
/// Whoever has the key can tell whether a guess is the value behind a
/// placeholder; without it a placeholder says nothing.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Takes the bytes of a key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Draws a key at random.
    ///
    /// # Errors
    ///
    /// Returns what the system says when it has no random bytes to give.
    pub fn random() -> std::io::Result<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(std::io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Returns the bytes: for the file that keeps the key.
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives a key for one purpose.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(&self.mac(&[purpose.as_bytes()]));
        Self(bytes)
    }

    /// Returns the code of parts, each with its length, so that none can pass for another.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("any length will do");
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Returns sixty bits of the code of parts, in base32.
    pub(super) fn tag(&self, parts: &[&[u8]]) -> String {
        let mut text = data_encoding::BASE32_NOPAD.encode(&self.mac(parts)[..8]);
        text.truncate(TAG);
        text
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}
