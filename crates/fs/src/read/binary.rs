//! Binary formats by their first bytes.

/// Bytes at the start of a file that tell text from binary data.
pub(crate) const HEAD: usize = 8 << 10;

/// Returns the name of the binary format `head` starts with.
///
/// Only data with a NUL among its first bytes counts: text that happens to start
/// like an image is text. Data with a NUL but of no known format has no name
/// either, because text may follow.
pub(crate) fn format(head: &[u8]) -> Option<&'static str> {
    let head = &head[..head.len().min(HEAD)];
    memchr::memchr(0, head)?;
    let starts = |&&(at, magic, _): &&(usize, &[u8], &str)| head.get(at..).is_some_and(|rest| rest.starts_with(magic));
    FORMATS.iter().find(starts).map(|&(_, _, name)| name)
}

/// Returns what to do about a file of a binary format that was asked for by its name.
pub(crate) fn advice(format: &str) -> String {
    if PACKED.contains(&format) {
        format!("{format}: unpack it, and scan what it holds")
    } else {
        format!("{format}: it is no text; `--binary` scans its bytes as they are")
    }
}

/// Formats that hold files or text in a form that does not show.
pub(crate) const PACKED: &[&str] = &[
    "deb", "rpm", "zip", "gzip", "bzip2", "xz", "zstd", "lz4", "lzma", "lzip", "compress", "zlib", "7z", "rar", "cab",
    "cpio", "squashfs", "git pack",
];

/// Where a format has which bytes, and its name.
const FORMATS: &[(usize, &[u8], &str)] = &[
    // Programs.
    (0, b"\x7fELF", "elf"),
    (0, b"MZ", "pe"),
    (0, b"\xfe\xed\xfa\xce", "mach-o"),
    (0, b"\xfe\xed\xfa\xcf", "mach-o"),
    (0, b"\xce\xfa\xed\xfe", "mach-o"),
    (0, b"\xcf\xfa\xed\xfe", "mach-o"),
    (0, b"\xca\xfe\xba\xbe", "java class"),
    (0, b"\0asm", "wasm"),
    (0, b"!<arch>\ndebian", "deb"),
    (0, b"!<arch>\n", "ar"),
    (0, b"BC\xc0\xde", "llvm bitcode"),
    (0, b"dex\n", "dex"),
    (2, b"\r\r\n", "pyc"),
    (2, b"\r\n\0\0\0\0", "pyc"),
    // Images.
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (8, b"WEBPVP8", "webp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"\0\0\x01\0", "ico"),
    (0, b"\0\0\x02\0", "cur"),
    (0, b"8BPS\0\x01", "psd"),
    (0, b"icns\0", "icns"),
    (0, b"\0\0\0\x0cJXL ", "jpeg xl"),
    (0, b"\0\0\0\x0cjP  ", "jpeg 2000"),
    // Sound and films.
    (8, b"WAVEfmt ", "wav"),
    (8, b"AVI LIST", "avi"),
    (0, b"ID3\x02", "mp3"),
    (0, b"ID3\x03", "mp3"),
    (0, b"ID3\x04", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"OggS\0", "ogg"),
    (0, b"fLaC\0", "flac"),
    (0, b"MThd\0\0\0\x06", "midi"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"FLV\x01", "flv"),
    (4, b"ftyp", "mp4"),
    // Fonts.
    (0, b"\0\x01\0\0\0", "truetype"),
    (0, b"OTTO\0", "opentype"),
    (0, b"ttcf\0", "truetype"),
    (0, b"wOFF\0", "woff"),
    (0, b"wOF2\0", "woff2"),
    // Archives and compressed data.
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"BZh91AY&SY", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x50\x2a\x4d\x18", "zstd"),
    (0, b"\x5d\0\0", "lzma"),
    (0, b"LZIP\x01", "lzip"),
    (0, b"\x1f\x9d\x90", "compress"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"x\x01", "zlib"),
    (0, b"x\x9c", "zlib"),
    (0, b"x\xda", "zlib"),
    (0, b"\x02\x21\x4c\x18", "lz4"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"070701\0", "cpio"),
    (0, b"hsqs", "squashfs"),
    // Documents and data.
    (0, b"%PDF-", "pdf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2"),
    (0, b"SQLite format 3\0", "sqlite"),
    (0, b"PAR1\x15", "parquet"),
    (0, b"ARROW1\0\0", "arrow"),
    (0, b"Obj\x01", "avro"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"\x93NUMPY", "numpy"),
    (0, b"glTF\x02\0\0\0", "gltf"),
    (0, b"\xde\x12\x04\x95", "gettext catalogue"),
    (0, b"\x95\x04\x12\xde", "gettext catalogue"),
    (0, b"DIRC\0\0\0", "git index"),
    (0, b"PACK\0\0\0\x02", "git pack"),
    (0, b"\xfftOc\0\0\0\x02", "git pack index"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_binary_formats_by_content_alone() {
        assert_eq!(format(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Some("png"));
        assert_eq!(format(b"\x7fELF\x02\x01\x01\0\0"), Some("elf"));
        assert_eq!(format(b"PK\x03\x04\x14\0\0\0"), Some("zip"));
        assert_eq!(format(b"MZ and so on, a text without a NUL"), None);
        assert_eq!(format(b"\0\0\0token = 'x'"), None);
        assert_eq!(format(b""), None);
    }
}
