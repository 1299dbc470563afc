//! Secrets made up at run time, so that none stands in this repository.

use data_encoding::BASE64;

const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns letters and digits, others for each seed.
pub(crate) fn random(seed: u64, len: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        // A step of SplitMix64, which is random enough from the first number on.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % 62).expect("small")
    };
    (0..len).map(|_| char::from(DIGITS[next()])).collect()
}

/// Returns a GitHub token with the checksum GitHub would give it.
pub(crate) fn token(seed: u64) -> String {
    let body = random(seed, 30);
    let mut sum = crc32(body.as_bytes());
    let mut check = [b'0'; 6];
    for digit in check.iter_mut().rev() {
        *digit = DIGITS[(sum % 62) as usize];
        sum /= 62;
    }
    format!("{}_{body}{}", "ghp", String::from_utf8_lossy(&check))
}

/// Returns an assignment of a password, and the password.
pub(crate) fn password(seed: u64) -> (String, String) {
    let word = format!("{}!{}", random(seed, 9), random(seed + 1, 7));
    (format!("{}word = \"{word}\"", "db_pass"), word)
}

/// Returns a private key in PEM, of the right shape and of no use.
pub(crate) fn pem(seed: u64) -> String {
    // The DER of a key of 2048 bits starts so; the numbers are random.
    let mut der = vec![0x30, 0x82, 0x04, 0xa4, 0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01, 0x00];
    der.extend_from_slice(random(seed, 1180).as_bytes());
    let text = BASE64.encode(&der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    let mark = |word: &str| format!("-----{word} RSA {} KEY-----", "PRIVATE");
    format!("{}\n{}\n{}\n", mark("BEGIN"), lines.join("\n"), mark("END"))
}

/// CRC-32 as in zip files, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(sum & 1)))
    };
    !bytes.iter().fold(!0, step)
}
