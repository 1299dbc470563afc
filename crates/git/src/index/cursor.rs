//! Reads numbers and names from bytes that may end anywhere.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Returns the next bytes.
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// Returns the next two bytes as a number.
    pub(super) fn u16(&mut self) -> Option<u16> {
        self.0.split_first_chunk().map(|(bytes, rest)| {
            self.0 = rest;
            u16::from_be_bytes(*bytes)
        })
    }

    /// Returns the next four bytes as a number.
    pub(super) fn u32(&mut self) -> Option<u32> {
        self.0.split_first_chunk().map(|(bytes, rest)| {
            self.0 = rest;
            u32::from_be_bytes(*bytes)
        })
    }

    /// Returns the next eight bytes as a number.
    pub(super) fn u64(&mut self) -> Option<u64> {
        self.0.split_first_chunk().map(|(bytes, rest)| {
            self.0 = rest;
            u64::from_be_bytes(*bytes)
        })
    }

    /// Returns the bytes up to the next `end`, which is left out and passed.
    pub(super) fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let at = memchr::memchr(end, self.0)?;
        let taken = &self.0[..at];
        self.0 = &self.0[at + 1..];
        Some(taken)
    }

    /// Returns a number of any length, in which each byte but the last has its top bit set.
    pub(super) fn varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = self.take(1)?[0];
            value = value.checked_add(usize::from(byte & 0x7f))?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            // Each length has its own numbers, so that none is written in two ways.
            value = value.checked_add(1)?.checked_mul(128)?;
        }
    }

    /// Returns the decimal number up to `end`, which is passed.
    pub(super) fn decimal(&mut self, end: u8) -> Option<i64> {
        std::str::from_utf8(self.until(end)?).ok()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_have_one_form() {
        let read = |bytes: &[u8]| Cursor(bytes).varint();
        assert_eq!(read(&[0x7f]), Some(127));
        assert_eq!(read(&[0x80, 0x00]), Some(128));
        assert_eq!(read(&[0x80, 0x80, 0x00]), Some(128 + 128 * 128));
        assert_eq!((read(&[0x80]), read(&[0xff; 30])), (None, None));
    }
}
