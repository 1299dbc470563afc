//! What was found in which object.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use leaktight_core::{Finding, Reason};
use sha2::{Digest as _, Sha256};

/// A secret, by rule and content, numbered.
pub(super) type SecretIdx = u32;

/// A secret in an object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Hit {
    /// The object.
    pub(super) number: u32,
    pub(super) secret: SecretIdx,
    /// Bytes before it in the text of the object.
    pub(super) offset: u64,
}

/// What tells one secret from another: a digest of rule and content, so that
/// nothing of the content is kept.
pub(super) type Key = [u8; 32];

/// Numbers the secrets, for several threads, and remembers where each stands.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<Numbered>);

#[derive(Debug, Default)]
struct Numbered {
    by_key: HashMap<Key, SecretIdx>,
    stands: Vec<Option<Stand>>,
}

/// A place in a content where a secret was found, and as what file.
#[derive(Clone, Debug)]
pub(super) struct Stand {
    pub(super) number: u32,
    pub(super) finding: Finding,
}

impl Secrets {
    /// Returns the number of a secret.
    pub(super) fn of(&self, finding: &Finding) -> SecretIdx {
        self.number(finding, None)
    }

    /// Returns the number of a secret that was found in a content.
    pub(super) fn in_content(&self, finding: &Finding, number: u32) -> SecretIdx {
        self.number(finding, Some(number))
    }

    fn number(&self, finding: &Finding, content: Option<u32>) -> SecretIdx {
        let mut known = self.lock();
        let next = known.stands.len() as SecretIdx;
        let secret = *known.by_key.entry(key(finding)).or_insert(next);
        if secret == next {
            known.stands.push(None);
        }
        if let (Some(number), None) = (content, &known.stands[secret as usize]) {
            known.stands[secret as usize] = Some(Stand { number, finding: finding.clone() });
        }
        secret
    }

    /// Returns a place for each secret, none for one that stands in messages only.
    pub(super) fn stands(&self) -> Vec<Option<Stand>> {
        self.lock().stands.clone()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().stands.len()
    }

    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(finding: &Finding) -> Key {
    let mut hash = Sha256::new();
    hash.update(finding.rule().id.as_bytes());
    hash.update([0]);
    // Into a digest that is kept in memory only.
    hash.update(finding.secret.expose());
    if finding.reasons.contains(&Reason::Setting) {
        // The name of a setting: what it is set to is on its line.
        hash.update(finding.fingerprint.to_string());
    }
    hash.finalize().into()
}
