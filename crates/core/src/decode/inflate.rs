//! Streams of gzip and zlib, as tools put them into base64.

use miniz_oxide::inflate::{
    DecompressError, TINFLStatus, decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit,
};

use super::Decoded;

/// How a stream of gzip starts: its mark, and the one method there is (RFC 1952, 2.3.1).
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
/// The same in base64, where it fills four digits.
const GZIP_BASE64: &[u8] = b"H4sI";

/// How streams of zlib start (RFC 1950, 2.2): a window of 32 KiB, one of four levels.
const ZLIB: [[u8; 2]; 4] = [[0x78, 0x01], [0x78, 0x5e], [0x78, 0x9c], [0x78, 0xda]];
/// The same in base64, where two bits more belong to what follows.
const ZLIB_BASE64: [&[u8]; 4] = [b"eAE", b"eF4", b"eJ", b"eN"];

/// Returns where in a run of base64 a stream starts: at the start of the run,
/// or of gzip also behind the tail of an escape.
pub(super) fn starts_in_base64(run: &[u8]) -> Option<usize> {
    let head = &run[..run.len().min(9)];
    if head.first() != Some(&b'e') && !head.contains(&b'H') {
        return None;
    }
    let gzip = head.windows(GZIP_BASE64.len()).position(|window| window == GZIP_BASE64);
    let third = |digits: &[u8]| match digits {
        b"eJ" => matches!(run.get(2), Some(b'w'..=b'z')),
        b"eN" => matches!(run.get(2), Some(b'o'..=b'r')),
        _ => true,
    };
    gzip.or_else(|| ZLIB_BASE64.iter().any(|start| run.starts_with(start) && third(start)).then_some(0))
}

/// Returns whether bytes start like a stream.
pub(super) fn is_stream(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP) || ZLIB.iter().any(|start| bytes.starts_with(start))
}

/// Appends what a stream holds to `out`, at most `most` bytes: up to its first fault, if it has one.
pub(super) fn inflate(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> Decoded {
    let result = match gzip_body(bytes) {
        Some(body) => decompress_to_vec_with_limit(body, most),
        None => decompress_to_vec_zlib_with_limit(bytes, most),
    };
    let (text, decoded) = match result {
        Ok(text) => (text, Decoded::Whole),
        Err(DecompressError { status: TINFLStatus::HasMoreOutput, output }) => (output, Decoded::Cut),
        Err(DecompressError { mut output, .. }) => {
            // Room for more, which never came.
            output.truncate(output.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
            (output, Decoded::Whole)
        }
    };
    out.extend_from_slice(&text);
    decoded
}

/// What follows the header of a stream of gzip (RFC 1952, 2.3).
fn gzip_body(bytes: &[u8]) -> Option<&[u8]> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    let flags = *bytes.strip_prefix(&GZIP)?.first()?;
    let mut rest = bytes.get(10..)?;
    if flags & EXTRA != 0 {
        let (len, extra) = rest.split_first_chunk::<2>()?;
        rest = extra.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for _ in 0..(flags & NAME != 0) as u8 + (flags & COMMENT != 0) as u8 {
        rest = &rest[memchr::memchr(0, rest)? + 1..];
    }
    if flags & CHECKSUM != 0 { rest.get(2..) } else { Some(rest) }
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};

    use super::*;

    fn inflated(bytes: &[u8], most: usize) -> (Vec<u8>, Decoded) {
        let mut out = Vec::new();
        let decoded = inflate(bytes, most, &mut out);
        (out, decoded)
    }

    #[test]
    fn streams_are_inflated_whatever_their_header_holds() {
        let text = b"some text, some text, some text".repeat(9);
        let deflated = compress_to_vec(&text, 6);
        let plain: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        let full: &[u8] = &[0x1f, 0x8b, 8, 30, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9, b'n', 0, b'c', 0, 7, 7];
        for header in [plain, full] {
            let stream = [header, &deflated, &[0; 8]].concat();
            assert!(is_stream(&stream));
            assert_eq!(inflated(&stream, 1000), (text.clone(), Decoded::Whole));
            assert_eq!(inflated(&stream, 20), (text[..20].to_vec(), Decoded::Cut));
        }
        assert_eq!(inflated(&compress_to_vec_zlib(&text, 6), 1000), (text, Decoded::Whole));
    }

    #[test]
    fn a_faulty_stream_gives_what_comes_before_the_fault() {
        let text = b"some text that is long enough".to_vec();
        let stream = compress_to_vec_zlib(&text, 0);
        let (out, decoded) = inflated(&stream[..20], 1000);
        assert!(text.starts_with(&out) && decoded == Decoded::Whole);
        for bytes in [&GZIP[..], b"", &[0x1f, 0x8b, 8, 255, 0, 0, 0, 0, 0, 3, 255, 255]] {
            assert_eq!(inflated(bytes, 1000).1, Decoded::Whole);
        }
    }
}
