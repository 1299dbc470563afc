//! One value of a database without its secrets.

use super::super::rows::from_hex;
use crate::redact::{Book, Redacted, Redactor, Report};
use crate::splice::Format;

/// Takes secrets out of values and counts them.
pub(super) struct Eraser<'a> {
    pub(super) redactor: &'a mut Redactor,
    pub(super) book: &'a mut Book,
    /// Places that were replaced.
    pub(super) n_hits: u64,
    /// Places that had to stay.
    pub(super) n_left: u64,
}

/// What stands in the place of a secret in bytes that are no text.
const MASK: u8 = b'*';

impl Eraser<'_> {
    /// Returns a text without its secrets, if it held any.
    pub(super) fn text(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let Some(text) = from_hex(bytes) else { return self.plain(bytes) };
        let redacted = self.plain(&text)?;
        let is_upper = bytes.iter().any(u8::is_ascii_uppercase);
        let encoding = if is_upper { data_encoding::HEXUPPER } else { data_encoding::HEXLOWER };
        Some(encoding.encode(&redacted).into_bytes())
    }

    /// Returns bytes without their secrets, if they held any.
    ///
    /// Bytes that are no text have a structure of their own, with lengths in it: there
    /// a secret is overwritten in its length.
    pub(super) fn blob(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if is_text(bytes) {
            return self.text(bytes);
        }
        let report = self.redactor.redact(Format::Text, bytes, self.book).report;
        let mut masked = bytes.to_vec();
        for hit in &report.hits {
            let start = usize::try_from(hit.offset).expect("it stands in memory");
            masked[start..start + hit.len].fill(MASK);
        }
        let n_more = report.n_hits - report.hits.len() as u64;
        self.n_hits += report.n_hits - n_more;
        self.n_left += report.n_left + n_more;
        (!report.hits.is_empty()).then_some(masked)
    }

    /// Redacts a text as what it is: one document, a document on each line, or text.
    fn plain(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
        let formats: &[Format] = match first {
            Some(b'{' | b'[' | b'"') => &[Format::Json, Format::Jsonl, Format::Text],
            _ => &[Format::Text],
        };
        let attempts = formats.iter().map(|format| self.redactor.redact(*format, bytes, self.book));
        let mut last = None;
        for attempt in attempts {
            let fits = attempt.report.carried.n_faults == 0;
            last = Some(attempt);
            if fits {
                break;
            }
        }
        let Redacted { bytes, report } = last?;
        let Report { n_hits, n_left, .. } = report;
        self.n_hits += n_hits;
        self.n_left += n_left;
        (n_hits > 0).then_some(bytes)
    }
}

/// Whether bytes are text: UTF-8 without control characters but those that text has.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    !bytes.iter().any(is_control) && std::str::from_utf8(bytes).is_ok()
}
