//! Azure keys that end in a Marvin32 hash of themselves.

use crate::check::Outcome;
use crate::check::base64::{self, decode};
use crate::check::crc::digits;
use crate::check::dice::{ALNUM, Dice};

/// Marks within a key; each stands ten characters before the padding.
const TAGS: &[&[u8; 4]] = &[
    b"+ASt", b"ACDb", b"AzCa", b"+ABa", b"APIM", b"+ASb", b"+AEh", b"+ARm", b"AIoT", b"AZEG", b"AzSe", b"+ACR",
    b"AzFu", b"+AMC", b"+SQL",
];

/// Seeds the services use, most common first. Which service uses which is of
/// no interest: a false key passes one of them once in a hundred million times.
const SEEDS: &[&[u8; 8]] = &[
    b"Default0",
    b"MastRW00",
    b"MastRO00",
    b"Access00",
    b"AbAcct00",
    b"Master00",
    b"System00",
    b"Functi00",
    b"SysAll00",
    b"Resour00",
    b"SystRO00",
    b"SystRW00",
    b"Encryp00",
    b"Query000",
    b"PAdmin00",
    b"Classic0",
    b"ACRDflt0",
    b"UsrPwd00",
    b"IoTHub00",
    b"DpsKey00",
    b"Device00",
    b"Tenant00",
    b"Gatewy00",
    b"GitKey00",
    b"Send0000",
    b"Manage00",
    b"Listen00",
    b"Unknown0",
];

/// Where a common annotated key has its mark.
const CASK_MARK: usize = 52;
/// How many characters of a common annotated key the hash covers.
const CASK_COVERED: usize = 80;

/// Checks the hash in the last four bytes of a key; a key without a tag has none.
pub(super) fn check_key(key: &[u8]) -> Outcome {
    let Some(tag) = tag(key) else {
        return Outcome::Neutral;
    };
    let Some(bytes) = decode(key) else {
        return Outcome::Low;
    };
    let Some((body, stated)) = bytes.split_last_chunk::<4>() else {
        return Outcome::Low;
    };
    let holds = |seed: &&&[u8; 8]| marvin32(body, u64::from_be_bytes(***seed)).to_le_bytes() == *stated;
    match SEEDS.iter().find(holds) {
        Some(_) => Outcome::Pass,
        None if tag == b"AzCa" && is_redis(key, body) => Outcome::Pass,
        // The seed of Event Grid is not published.
        None if tag == b"AZEG" => Outcome::Neutral,
        None => Outcome::Low,
    }
}

/// Checks the hash in the last four characters of a common annotated key.
pub(super) fn check_cask(key: &[u8]) -> Outcome {
    match (cask_hash(key), key.get(CASK_COVERED..CASK_COVERED + 4)) {
        (Some(hash), Some(stated)) if stated == cask_text(hash) => Outcome::Pass,
        (Some(hash), Some(stated)) if stated == cask_base64(hash) => Outcome::Pass,
        _ => Outcome::Low,
    }
}

/// Returns the key with the right hash, made of letters and digits.
pub(super) fn repair_key(key: &[u8], dice: &mut Dice) -> Vec<u8> {
    let Some(tag) = tag(key) else {
        return key.to_vec();
    };
    let seed = match tag {
        b"ACDb" => b"MastRW00",
        b"AzCa" => b"Access00",
        _ => b"Default0",
    };
    let mut key = key.to_vec();
    for _ in 0..256 {
        key[0] = dice.pick(ALNUM);
        let Some(new) = with_hash(&key, u64::from_be_bytes(*seed)) else {
            break;
        };
        let hash = &new[tag_at(&new).unwrap_or(0) + 4..];
        if hash.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'=') {
            return new;
        }
    }
    key
}

/// Returns the common annotated key with the right hash.
pub(super) fn repair_cask(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    if let Some(hash) = cask_hash(&key)
        && let Some(place) = key.get_mut(CASK_COVERED..CASK_COVERED + 4)
    {
        place.copy_from_slice(&cask_text(hash));
    }
    key
}

/// Returns the tag of a key, if it stands in its place.
fn tag(key: &[u8]) -> Option<&[u8; 4]> {
    let tag = key.get(tag_at(key)?..)?.first_chunk::<4>()?;
    TAGS.contains(&tag).then_some(tag)
}

/// Returns where a key would have its tag.
fn tag_at(key: &[u8]) -> Option<usize> {
    base64::unpadded(key).len().checked_sub(10)
}

/// Returns the key with its last four bytes replaced by the hash of the rest.
fn with_hash(key: &[u8], seed: u64) -> Option<Vec<u8>> {
    let bytes = decode(key)?;
    let (body, _) = bytes.split_last_chunk::<4>()?;
    let hash = marvin32(body, seed).to_le_bytes();
    Some(base64::encode_like(&[body, &hash].concat(), key))
}

/// Whether the hash holds in the form of Redis, which has no `+` and no `/`.
fn is_redis(key: &[u8], body: &[u8]) -> bool {
    let hash = marvin32(body, u64::from_be_bytes(*b"Access00")).to_le_bytes();
    let mut right = base64::encode_like(&[body, &hash].concat(), key);
    for byte in &mut right {
        match byte {
            b'+' => *byte = b'P',
            b'/' => *byte = b'F',
            _ => {}
        }
    }
    right == key
}

fn cask_hash(key: &[u8]) -> Option<u32> {
    if !key.get(CASK_MARK..)?.starts_with(b"JQQJ9") {
        return None;
    }
    let bytes = decode(key.get(..CASK_COVERED)?)?;
    Some(marvin32(&bytes, u64::from_be_bytes(*b"Default0")))
}

fn cask_text(hash: u32) -> [u8; 4] {
    let text = digits(hash.swap_bytes(), ALNUM, 6);
    [text[0], text[1], text[2], text[3]]
}

fn cask_base64(hash: u32) -> Vec<u8> {
    data_encoding::BASE64.encode(&hash.to_le_bytes()[..3]).into_bytes()
}

/// Computes the Marvin hash of 32 bits, as published with .NET.
fn marvin32(data: &[u8], seed: u64) -> u32 {
    let mut state = (seed as u32, (seed >> 32) as u32);
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let word = word.first_chunk::<4>().map_or(0, |word| u32::from_le_bytes(*word));
        state = block((state.0.wrapping_add(word), state.1));
    }
    let rest = words.remainder();
    let tail = rest.iter().rev().fold(0x80, |tail: u32, byte| tail << 8 | u32::from(*byte));
    state = block(block((state.0.wrapping_add(tail), state.1)));
    state.0 ^ state.1
}

fn block((mut low, mut high): (u32, u32)) -> (u32, u32) {
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    (low, high.rotate_left(19))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{holds_until_changed, outcome, repair_all};
    use crate::rule::Check;

    #[test]
    fn marvin_agrees_with_the_published_vectors() {
        let seed = 0x004f_b61a_001b_dbcc;
        assert_eq!(marvin32(b"", seed), 0x30ed_35c1 ^ 0x00cd_3c7d);
        assert_eq!(marvin32(b"\xaf", seed), 0x48e7_3fc7 ^ 0x7d75_ddc1);
        assert_eq!(marvin32(b"\x86\x42\xdc\x59", seed), 0x7008_f2e8 ^ 0x7e9c_f556);
    }

    #[test]
    fn a_tagged_key_holds_until_a_character_changes() {
        let long = "k3J9".repeat(19);
        for tag in ["+ASt", "ACDb", "+ABa", "APIM"] {
            holds_until_changed(Check::AzureMarvin, &format!("{long}{tag}abcdeA=="), 3);
        }
        holds_until_changed(Check::AzureMarvin, &format!("{}AzCaBabcde=", &long[..33]), 3);
        holds_until_changed(Check::AzureMarvin, &format!("{}AzSeBabcde", &long[..42]), 3);
        holds_until_changed(Check::AzureMarvin, &format!("{}AzFuabcdeA==", &long[..44]), 3);
    }

    #[test]
    fn a_key_without_a_tag_is_neutral() {
        let key = format!("{}==", &"k3J9".repeat(22)[..86]);
        assert_eq!(outcome(Check::AzureMarvin, key.as_bytes()), Outcome::Neutral);
    }

    #[test]
    fn a_repaired_key_keeps_its_shape() {
        let key = repair_all(Check::AzureMarvin, format!("{}+AStabcdeA==", "k3J9".repeat(19)).as_bytes());
        assert_eq!(key.len(), 88);
        assert_eq!(&key[76..80], b"+ASt");
        assert!(b"AQgw".contains(&key[85]));
    }

    #[test]
    fn a_common_annotated_key_holds_until_a_character_changes() {
        let key = format!("{}JQQJ99AK{}AZDO0000", "k3J9".repeat(13), "AAAA".repeat(4));
        holds_until_changed(Check::AzureCask, &key, 3);
        assert_eq!(outcome(Check::AzureCask, b"JQQJ99"), Outcome::Doubt);
    }
}
