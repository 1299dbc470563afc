//! AWS access key ids, which hold the number of their account.

use data_encoding::BASE32_NOPAD;

use crate::check::Outcome;

/// Accounts in the documentation of AWS.
const DOCUMENTED: &[u64] = &[123_456_789_012, 111_122_223_333, 444_455_556_666, 999_999_999_999, 12_345_678_901];

/// Accounts whose keys are planted to alert their owner when they are used.
const CANARIES: &[u64] = &[
    44_858_866_125,
    52_310_077_262,
    171_436_882_533,
    251_535_659_677,
    266_735_846_894,
    344_043_088_457,
    351_906_852_752,
    390_477_818_340,
    426_127_672_474,
    427_150_556_519,
    439_872_796_651,
    445_142_720_921,
    465_867_158_099,
    534_261_010_715,
    595_918_472_158,
    637_958_123_769,
    693_412_236_332,
    717_712_589_309,
    730_335_385_048,
    732_624_840_810,
    735_421_457_923,
    819_147_034_852,
    893_192_397_702,
    959_235_150_393,
    982_842_642_351,
    992_382_622_183,
];

/// Checks the account of an access key id.
///
/// A canary is low rather than dropped: somebody put it there to be found, and
/// its owner should hear of it from a person and not from an attacker.
pub(super) fn check(secret: &[u8]) -> Outcome {
    if secret.ends_with(b"EXAMPLE") {
        return Outcome::Drop;
    }
    match account(secret) {
        Some(account) if DOCUMENTED.contains(&account) => Outcome::Drop,
        Some(account) if CANARIES.contains(&account) => Outcome::Low,
        _ => Outcome::Neutral,
    }
}

/// Decodes the account from a key id: 40 bits behind the first of the body.
fn account(secret: &[u8]) -> Option<u64> {
    let bytes = BASE32_NOPAD.decode(secret.get(4..20)?).ok()?;
    let head = bytes.first_chunk::<6>()?;
    let number = head.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    Some((number & 0x7fff_ffff_ff80) >> 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_id(account: u64) -> Vec<u8> {
        let number = (account << 7 | 1 << 47).to_be_bytes();
        let body = [&number[2..], &[7, 77, 177, 77]].concat();
        [b"AKIA", BASE32_NOPAD.encode(&body).as_bytes()].concat()
    }

    #[test]
    fn the_account_decides() {
        assert_eq!(check(&key_id(123_456_789_012)), Outcome::Drop);
        assert_eq!(check(&key_id(52_310_077_262)), Outcome::Low);
        assert_eq!(check(&key_id(314_159_265_358)), Outcome::Neutral);
    }

    #[test]
    fn the_documentation_is_dropped() {
        assert_eq!(check(concat!("AKIAIOSFODNN7", "EXAMPLE").as_bytes()), Outcome::Drop);
    }
}
