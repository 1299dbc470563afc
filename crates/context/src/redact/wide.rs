//! UTF-16 and UTF-32: read as UTF-8, and written as they were.
//!
//! Nothing is lost on the way: units that are no characters are written like
//! them, as UTF-8 was before it ended at U+10FFFF.

use std::io::{self, Read, Write};

use leaktight_core::Encoding;

/// Bytes read at a time.
const BLOCK: usize = 64 << 10;
/// Bytes that tell the encoding.
const HEAD: usize = 8 << 10;
/// Bytes that are no wide text, kept to be looked at.
const ASIDE: usize = 4 << 20;
/// Bytes of ASCII in a row that could hold a secret.
const RUN: usize = 12;

/// What was among wide text and is none.
pub(super) struct Aside {
    /// Runs of ASCII, each on its own line; text of other scripts may read so, too.
    pub(super) text: Vec<u8>,
    /// There was more than is kept.
    pub(super) is_cut: bool,
}

/// Calls `work` with input and output as UTF-8, whatever the encoding of the input is.
///
/// # Errors
///
/// Returns what reading, writing or `work` returned, or that what it wrote is not UTF-8.
pub(super) fn pass<T>(
    (input, output): (&mut dyn Read, &mut dyn Write),
    work: impl FnOnce((&mut dyn Read, &mut dyn Write)) -> io::Result<T>,
) -> io::Result<(T, Aside)> {
    let mut head = Vec::with_capacity(HEAD);
    (&mut *input).take(HEAD as u64).read_to_end(&mut head)?;
    let (encoding, mark) = Encoding::detect(&head);
    if encoding == Encoding::Bytes {
        let done = work((&mut head.chain(input), output))?;
        return Ok((done, Aside { text: Vec::new(), is_cut: false }));
    }
    output.write_all(&head[..mark])?;
    let mut reader = Reader::new(encoding, Box::new(head[mark..].chain(input)));
    let mut writer = Writer { encoding, output, text: Vec::new(), raw: Vec::new() };
    let done = work((&mut reader, &mut writer))?;
    writer.end(&reader.raw)?;
    reader.end_run();
    Ok((done, reader.aside))
}

/// Reads wide text as UTF-8.
struct Reader<'a> {
    encoding: Encoding,
    input: Box<dyn Read + 'a>,
    /// What was read and makes no unit or no pair yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    /// How much of the text was handed out.
    at: usize,
    /// The run of ASCII at the end of what was read.
    run: Vec<u8>,
    aside: Aside,
}

impl<'a> Reader<'a> {
    fn new(encoding: Encoding, input: Box<dyn Read + 'a>) -> Self {
        let aside = Aside { text: Vec::new(), is_cut: false };
        Self { encoding, input, raw: Vec::new(), text: Vec::new(), at: 0, run: Vec::new(), aside }
    }

    /// Reads more; returns whether there was any.
    fn fill(&mut self) -> io::Result<bool> {
        let held = self.raw.len();
        let read = self.input.by_ref().take(BLOCK as u64).read_to_end(&mut self.raw)?;
        for idx in held..self.raw.len() {
            self.look_at(self.raw[idx]);
        }
        (self.at, self.text) = (0, Vec::with_capacity(self.raw.len()));
        let done = self.decode(read < BLOCK);
        self.raw.drain(..done);
        Ok(!self.text.is_empty())
    }

    /// Decodes what is whole and returns how many bytes that were.
    fn decode(&mut self, is_last: bool) -> usize {
        let width = self.encoding.width();
        let n_units = self.raw.len() / width;
        let unit = |idx: usize| self.encoding.unit(&self.raw, idx * width);
        let mut idx = 0;
        while idx < n_units {
            let first = unit(idx);
            let is_high = width == 2 && (0xd800..0xdc00).contains(&first);
            if is_high && idx + 1 == n_units && !is_last {
                break;
            }
            let second = if is_high && idx + 1 < n_units { unit(idx + 1) } else { 0 };
            let is_pair = (0xdc00..0xe000).contains(&second);
            put(if is_pair { 0x10000 + ((first - 0xd800) << 10 | (second - 0xdc00)) } else { first }, &mut self.text);
            idx += 1 + usize::from(is_pair);
        }
        idx * width
    }

    fn look_at(&mut self, byte: u8) {
        if matches!(byte, b' '..=b'~' | b'\t') && self.run.len() < BLOCK {
            self.run.push(byte);
        } else {
            self.end_run();
        }
    }

    fn end_run(&mut self) {
        if self.run.len() >= RUN {
            self.aside.is_cut |= self.aside.text.len() + self.run.len() > ASIDE;
            if !self.aside.is_cut {
                self.aside.text.extend_from_slice(&self.run);
                self.aside.text.push(b'\n');
            }
        }
        self.run.clear();
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() && !self.fill()? {
            return Ok(0);
        }
        let len = out.len().min(self.text.len() - self.at);
        out[..len].copy_from_slice(&self.text[self.at..][..len]);
        self.at += len;
        Ok(len)
    }
}

/// Writes UTF-8 as wide text.
struct Writer<'a> {
    encoding: Encoding,
    output: &'a mut dyn Write,
    /// A character that is not whole yet.
    text: Vec<u8>,
    raw: Vec<u8>,
}

impl Writer<'_> {
    /// Ends with bytes that make no unit.
    fn end(&mut self, tail: &[u8]) -> io::Result<()> {
        if !self.text.is_empty() {
            return Err(not_text());
        }
        self.output.write_all(tail)
    }

    fn encode(&mut self, unit: u32) {
        match (self.encoding, unit) {
            (Encoding::Utf16Le | Encoding::Utf16Be, 0x10000..) => {
                let rest = unit - 0x10000;
                self.push(0xd800 + (rest >> 10));
                self.push(0xdc00 + (rest & 0x3ff));
            }
            _ => self.push(unit),
        }
    }

    fn push(&mut self, unit: u32) {
        match self.encoding {
            Encoding::Utf16Le => self.raw.extend_from_slice(&unit.to_le_bytes()[..2]),
            Encoding::Utf16Be => self.raw.extend_from_slice(&unit.to_be_bytes()[2..]),
            Encoding::Utf32Be => self.raw.extend_from_slice(&unit.to_be_bytes()),
            _ => self.raw.extend_from_slice(&unit.to_le_bytes()),
        }
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        let text = std::mem::take(&mut self.text);
        let mut at = 0;
        while at < text.len() {
            let len = len_of(text[at]).ok_or_else(not_text)?;
            let Some(character) = text.get(at..at + len) else { break };
            self.encode(take(character).ok_or_else(not_text)?);
            at += len;
        }
        self.text.extend_from_slice(&text[at..]);
        self.output.write_all(&self.raw)?;
        self.raw.clear();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what is to be put in is not UTF-8, so text of wide units can't hold it")
}

/// Appends a unit the way UTF-8 writes characters, whatever it is.
fn put(unit: u32, text: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(unit) {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    // Halves of pairs take three bytes, and what is beyond Unicode up to seven.
    let len = (3..7).find(|len| u64::from(unit) >> (5 * len + 1) == 0).unwrap_or(7);
    let lead = !(0xff_u8 >> len);
    let high = (u64::from(unit) >> (6 * (len - 1))) as u8;
    text.push(lead | high);
    text.extend((0..len - 1).rev().map(|idx| 0x80 | (unit >> (6 * idx)) as u8 & 0x3f));
}

/// Returns how many bytes a character takes that starts so.
fn len_of(first: u8) -> Option<usize> {
    match first.leading_ones() as usize {
        0 => Some(1),
        len @ 2..=7 => Some(len),
        _ => None,
    }
}

/// Returns the unit that these bytes stand for.
fn take(character: &[u8]) -> Option<u32> {
    let (&first, rest) = character.split_first()?;
    if rest.is_empty() {
        return Some(u32::from(first));
    }
    let high = u64::from(first & (0x7f_u8 >> character.len()));
    let unit = rest.iter().try_fold(high, |unit, byte| (byte >> 6 == 2).then_some(unit << 6 | u64::from(byte & 0x3f)));
    u32::try_from(unit?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: [Encoding; 4] = [Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Utf32Le, Encoding::Utf32Be];

    /// Reads in small pieces, which cut units and pairs.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = self.0.len().min(out.len()).min(3);
            out[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn wide(encoding: Encoding, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer { encoding, output: &mut out, text: Vec::new(), raw: Vec::new() };
        writer.write_all(text.as_bytes()).expect("text");
        out
    }

    /// Returns what comes out, the text on the way, and what is no text.
    fn through(bytes: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let (mut out, mut seen) = (Vec::new(), Vec::new());
        let work = |(input, output): (&mut dyn Read, &mut dyn Write)| {
            input.read_to_end(&mut seen)?;
            seen.chunks(5).try_for_each(|chunk| output.write_all(chunk))
        };
        let ((), aside) = pass((&mut Drip(bytes), &mut out), work).expect("memory can be read");
        (out, seen, aside.text)
    }

    #[test]
    fn any_bytes_come_out_as_they_went_in() {
        let text = "one = \"Grüße, 世界 😀\"\r\n".repeat(9000);
        for encoding in WIDE {
            let plain = wide(encoding, &text);
            let marked = wide(encoding, &format!("\u{feff}{text}"));
            for bytes in [&plain[..], &marked] {
                let (out, seen, aside) = through(bytes);
                assert!(out == bytes && seen == text.as_bytes() && aside.is_empty(), "{encoding:?}");
            }
            let odd: Vec<u8> = (0..200_000_u32).map(|idx| (idx.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
            for cut in 0..4 {
                let bytes = [&marked[..], &odd[..odd.len() - cut]].concat();
                assert!(through(&bytes).0 == bytes, "{encoding:?}, {cut} bytes less");
            }
        }
        assert_eq!(through(b"bytes \xff\xfe").0, b"bytes \xff\xfe");
        assert_eq!(through(b"").0, b"");
    }

    #[test]
    fn what_is_no_wide_text_is_set_aside() {
        let wide = wide(Encoding::Utf16Le, "\u{feff}one line\r\n");
        let (_, _, aside) = through(&[&wide[..], b"appended = as bytes\nand so on, too\n"].concat());
        assert_eq!(aside, b"appended = as bytes\nand so on, too\n");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        let mut out = Vec::new();
        let bytes = wide(Encoding::Utf16Le, "\u{feff}text");
        let result = pass((&mut &*bytes, &mut out), |(_, output)| output.write_all(b"\xff\xfe"));
        assert!(result.is_err());
    }
}
