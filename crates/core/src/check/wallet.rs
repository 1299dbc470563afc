//! Checksums of keys that people keep themselves: wallets, age, NATS, cards.

use bech32::primitives::decode::{CheckedHrpstring, UncheckedHrpstring};
use bech32::primitives::iter::Fe32IterExt;
use bech32::{Bech32, Fe32};
use crc::{CRC_16_XMODEM, Crc};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use crate::check::Outcome;

const CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// Checks the checksum of BIP-173.
pub(super) fn check_bech32(secret: &[u8]) -> Outcome {
    let text = std::str::from_utf8(secret).ok();
    verdict(text.is_some_and(|text| CheckedHrpstring::new::<Bech32>(text).is_ok()))
}

/// Returns the secret with the right checksum of BIP-173.
pub(super) fn repair_bech32(secret: &[u8]) -> Vec<u8> {
    with_bech32(secret).unwrap_or_else(|| secret.to_vec())
}

/// Checks the double SHA-256 of base58check.
pub(super) fn check_base58(secret: &[u8]) -> Outcome {
    let bytes = bs58::decode(secret).into_vec().unwrap_or_default();
    let holds = |(body, stated): (&[u8], &[u8; 4])| base58_checksum(body) == *stated;
    verdict(bytes.split_last_chunk().is_some_and(holds))
}

/// The first bytes of the double SHA-256 that stand behind the body.
fn base58_checksum(body: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(Sha256::digest(body)).into();
    [a, b, c, d]
}

/// Returns the secret with the right double SHA-256.
pub(super) fn repair_base58(secret: &[u8]) -> Vec<u8> {
    let Ok(bytes) = bs58::decode(secret).into_vec() else {
        return secret.to_vec();
    };
    let Some((body, _)) = bytes.split_last_chunk::<4>() else {
        return secret.to_vec();
    };
    bs58::encode([body, &base58_checksum(body)].concat()).into_vec()
}

/// Checks the CRC-16 of a NATS key.
pub(super) fn check_nkey(secret: &[u8]) -> Outcome {
    let bytes = BASE32_NOPAD.decode(secret).unwrap_or_default();
    let holds = |(body, stated): (&[u8], &[u8; 2])| CRC16.checksum(body).to_le_bytes() == *stated;
    verdict(bytes.split_last_chunk::<2>().is_some_and(holds))
}

/// Returns the NATS key with the right CRC-16.
pub(super) fn repair_nkey(secret: &[u8]) -> Vec<u8> {
    // The last character of 58 holds bits that stand for no byte and must be 0.
    let whole = secret.len() / 8 * 8;
    let padded = [&secret[..whole], b"AAAAAAAA"].concat();
    let Ok(bytes) = BASE32_NOPAD.decode(&padded) else {
        return secret.to_vec();
    };
    let Some(body) = bytes.get(..(secret.len() * 5 / 8).saturating_sub(2)) else {
        return secret.to_vec();
    };
    let crc = CRC16.checksum(body).to_le_bytes();
    BASE32_NOPAD.encode(&[body, &crc].concat()).into_bytes()
}

/// Checks the last digit of a card number.
pub(super) fn check_luhn(secret: &[u8]) -> Outcome {
    // One number in ten passes by chance, so that a right digit says little.
    if luhn(secret) == Some(0) { Outcome::Neutral } else { Outcome::Drop }
}

/// Returns the card number with the right last digit.
pub(super) fn repair_luhn(secret: &[u8]) -> Vec<u8> {
    let mut number = secret.to_vec();
    let Some(last) = number.iter().rposition(u8::is_ascii_digit) else {
        return number;
    };
    number[last] = b'0';
    let missing = luhn(&number).map_or(0, |sum| (10 - sum) % 10);
    number[last] += missing as u8;
    number
}

/// Returns the Luhn sum of the digits, modulo 10; spaces and hyphens are left out.
fn luhn(number: &[u8]) -> Option<u32> {
    let mut sum = 0;
    let mut places = 0;
    for byte in number.iter().rev().filter(|byte| !matches!(byte, b' ' | b'-')) {
        let digit = (*byte as char).to_digit(10)?;
        sum += match (places % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        };
        places += 1;
    }
    (places > 1).then_some(sum % 10)
}

fn with_bech32(secret: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(secret).ok()?;
    let parts = UncheckedHrpstring::new(text).ok()?;
    let data = parts.data_part_ascii();
    let data = &data[..data.len().checked_sub(6)?];
    let data: Vec<Fe32> = data.iter().filter_map(|byte| Fe32::from_char(*byte as char).ok()).collect();
    let fixed: String = data.into_iter().with_checksum::<Bech32>(&parts.hrp()).chars().collect();
    let upper = secret.iter().any(u8::is_ascii_uppercase);
    Some(if upper { fixed.to_ascii_uppercase() } else { fixed }.into_bytes())
}

fn verdict(holds: bool) -> Outcome {
    if holds { Outcome::Pass } else { Outcome::Low }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{holds_until_changed, outcome, repair_all};
    use crate::rule::Check;

    #[test]
    fn an_age_key_holds_until_a_character_changes() {
        let token = format!("AGE-SECRET-KEY-1{}", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2)[..58].to_owned());
        let mut token = repair_all(Check::Bech32, token.as_bytes());
        assert_eq!(token.len(), 74);
        assert_eq!(outcome(Check::Bech32, &token), Outcome::Pass);
        token[20] = if token[20] == b'Q' { b'P' } else { b'Q' };
        assert_eq!(outcome(Check::Bech32, &token), Outcome::Doubt);
        holds_until_changed(
            Check::Bech32,
            &format!("nsec1{}", "qpzry9x8gf2tvdw0s3jn54khce6mua7l".repeat(2).split_at(58).0),
            9,
        );
    }

    #[test]
    fn a_bitcoin_key_holds_until_a_character_changes() {
        holds_until_changed(Check::Base58, &format!("5{}", "Kq7TzR3n".repeat(7).split_at(50).0), 9);
        holds_until_changed(Check::Base58, &format!("xprv{}", "Kq7TzR3n".repeat(14).split_at(107).0), 9);
    }

    #[test]
    fn a_repaired_bitcoin_key_keeps_its_start_and_length() {
        for start in ["5", "K", "L", "xprv"] {
            let len = match start {
                "5" => 51,
                "xprv" => 111,
                _ => 52,
            };
            let token = format!("{start}{}", "wTzR3nHq".repeat(14));
            let repaired = repair_all(Check::Base58, &token.as_bytes()[..len]);
            assert_eq!(repaired.len(), len, "{start}");
            assert!(repaired.starts_with(start.as_bytes()), "{start}");
        }
    }

    #[test]
    fn a_nats_seed_holds_until_a_character_changes() {
        let token = repair_all(Check::NkeyCrc16, format!("SUA{}", "MKQ2XR7V".repeat(7).split_at(55).0).as_bytes());
        assert_eq!(token.len(), 58);
        assert_eq!(outcome(Check::NkeyCrc16, &token), Outcome::Pass);
        let other = [&token[..9], b"A", &token[10..]].concat();
        assert_eq!(outcome(Check::NkeyCrc16, &other), Outcome::Low);
        assert_eq!(outcome(Check::NkeyCrc16, b""), Outcome::Low);
    }

    #[test]
    fn a_card_number_with_a_wrong_digit_is_dropped() {
        for number in ["4539 1488 0343 6460", "3782-8224-6310-000"] {
            let mut number = repair_all(Check::Luhn, number.as_bytes());
            assert_eq!(outcome(Check::Luhn, &number), Outcome::Neutral);
            let last = number.len() - 1;
            number[last] = b'0' + (number[last] - b'0' + 1) % 10;
            assert_eq!(outcome(Check::Luhn, &number), Outcome::Drop);
        }
    }
}
