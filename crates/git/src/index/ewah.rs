//! Compressed bitmaps, as a split index has them.

use super::cursor::Cursor;

/// Bits a bitmap may have: more than any index has entries.
const MOST: u32 = 1 << 26;

/// Reads a bitmap and returns the positions of its bits, in order.
pub(super) fn positions(cursor: &mut Cursor<'_>) -> Option<Vec<usize>> {
    let n_bits = cursor.u32().filter(|n_bits| *n_bits <= MOST)? as usize;
    let n_words = cursor.u32()? as usize;
    let mut words = Cursor(cursor.take(n_words.checked_mul(8)?)?);
    let _last_marker = cursor.u32()?;
    let mut found = Vec::new();
    let mut at = 0;
    while !words.0.is_empty() {
        // A marker: a bit, how many words are full of it, how many words follow as they are.
        let marker = words.u64()?;
        let n_full = usize::try_from(marker >> 1 & 0xffff_ffff).ok()?;
        let n_plain = usize::try_from(marker >> 33).ok()?;
        let end = at + n_full * 64;
        if marker & 1 == 1 {
            found.extend(at..end.min(n_bits));
        }
        at = end;
        for _ in 0..n_plain {
            let word = words.u64()?;
            found.extend((0..64).filter(|bit| word >> bit & 1 == 1).map(|bit| at + bit).filter(|bit| *bit < n_bits));
            at += 64;
        }
        if at > n_bits + 64 {
            return None;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bitmap(n_bits: u32, words: &[u64]) -> Vec<u8> {
        let mut bytes = n_bits.to_be_bytes().to_vec();
        bytes.extend(u32::try_from(words.len()).expect("few").to_be_bytes());
        bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        bytes.extend([0; 4]);
        bytes
    }

    #[test]
    fn reads_runs_and_plain_words() {
        let marker = |bit: u64, n_full: u64, n_plain: u64| bit | n_full << 1 | n_plain << 33;
        let bytes = bitmap(200, &[marker(1, 1, 1), 0b101, marker(0, 1, 1), 1]);
        let expected: Vec<usize> = (0..64).chain([64, 66, 192]).collect();
        assert_eq!(positions(&mut Cursor(&bytes)), Some(expected));
    }

    #[test]
    fn refuses_bombs() {
        assert_eq!(positions(&mut Cursor(&bitmap(64, &[1 | 0xffff_ffff << 1]))), None);
        assert_eq!(positions(&mut Cursor(&bitmap(u32::MAX, &[]))), None);
        assert_eq!(positions(&mut Cursor(&bitmap(64, &[1 << 33]))), None);
    }
}
