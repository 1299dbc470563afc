//! What a look at a content finds, and on what that depends.

use std::sync::Arc;

use leaktight_core::{Chunk, Encoding, Finding, Origin, Scan, Scanner, has_ascii_run};

use super::regions::Marks;

/// Bytes at the start that tell the encoding.
const HEAD: usize = 8 << 10;

/// Whether anything was found in a content, if only what is not to be told.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Found {
    #[default]
    Nothing,
    /// Only in the text as it stands: what is found depends on what is near.
    Plainly,
    /// Some of it in what was decoded, or where what stands far away counts, whether anything was
    /// found or not; or so much that not all was told.
    Deeply,
}

/// What a look at a content found.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) findings: Vec<Finding>,
    /// Where was found what is not to be told.
    pub(super) below: Vec<u64>,
    pub(super) found: Found,
    /// The marks that were met.
    pub(super) marks: Marks,
}

impl Look {
    /// Looks at a whole content, in whatever encoding it is.
    pub(super) fn of(scanner: &Scanner, bytes: &[u8], origin: &Arc<Origin>, decoded: &mut Vec<u8>) -> Self {
        let mut look = Self::default();
        each_text(scanner, bytes, (origin, decoded), |scan| look.take(scan, 0));
        look
    }

    /// Adds what was found in a part of a content, behind so many bytes of it.
    pub(super) fn take(&mut self, scan: Scan, offset: u64) {
        let is_nested = |finding: &Finding| !finding.origin.steps().is_empty();
        let found = match is_hit(&scan) {
            _ if scan.is_far || scan.capped > 0 || scan.findings.iter().any(is_nested) => Found::Deeply,
            true => Found::Plainly,
            false => Found::Nothing,
        };
        self.found = self.found.max(found);
        self.marks |= scan.marks;
        self.below.extend(scan.below.iter().map(|(place, _)| offset + place));
        for mut finding in scan.findings {
            finding.offset += offset;
            self.findings.push(finding);
        }
    }
}

pub(super) fn encoding_of(bytes: &[u8]) -> Encoding {
    Encoding::detect(&bytes[..bytes.len().min(HEAD)]).0
}

/// Finds the secrets of a content in whatever encoding it is.
///
/// Offsets in text that is not UTF-8 are those of what it stands for.
pub(super) fn scan(scanner: &Scanner, bytes: &[u8], origin: &Arc<Origin>, decoded: &mut Vec<u8>) -> Vec<Finding> {
    let mut findings = Vec::new();
    each_text(scanner, bytes, (origin, decoded), |scan| findings.extend(scan.findings));
    findings
}

/// Scans what the bytes stand for, and the bytes themselves where they may hold text.
fn each_text(
    scanner: &Scanner,
    bytes: &[u8],
    (origin, decoded): (&Arc<Origin>, &mut Vec<u8>),
    mut take: impl FnMut(Scan),
) {
    let (encoding, mark) = Encoding::detect(&bytes[..bytes.len().min(HEAD)]);
    if encoding != Encoding::Bytes {
        decoded.clear();
        encoding.decode(&bytes[mark..], decoded);
        take(scanner.scan(&Chunk::new(decoded, Arc::clone(origin))));
    }
    if encoding == Encoding::Bytes || has_ascii_run(bytes) {
        take(scanner.scan(&Chunk::new(bytes, Arc::clone(origin))));
    }
}

/// Returns whether a scan found anything, if only what is not to be told.
pub(super) fn is_hit(scan: &Scan) -> bool {
    !scan.findings.is_empty() || !scan.below.is_empty()
}
