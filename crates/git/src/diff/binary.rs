//! Files that are binary by their names.
//!
//! A diff that does not show a file says no more than its name: any text may be
//! marked as binary, by an attribute or a NUL.

use std::path::Path;

/// Returns whether a file of this name is left out wherever it stands.
pub(super) fn is_named(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    ENDINGS.binary_search(&ending.as_str()).is_ok()
}

/// Endings of the formats that a scan of files knows by their first bytes.
const ENDINGS: &[&str] = &[
    "7z", "a", "apk", "avi", "avif", "bmp", "bz2", "cab", "class", "deb", "dex", "dll", "dmg", "doc", "docx", "dylib",
    "ear", "eot", "exe", "flac", "flv", "gif", "glb", "gz", "h5", "heic", "icns", "ico", "jar", "jp2", "jpeg", "jpg",
    "jxl", "lib", "lz4", "m4a", "mid", "mkv", "mo", "mov", "mp3", "mp4", "npy", "npz", "o", "ogg", "otf", "parquet",
    "pdf", "png", "ppt", "pptx", "psd", "pyc", "rar", "rpm", "so", "tgz", "tif", "tiff", "ttc", "ttf", "war", "wasm",
    "wav", "webm", "webp", "whl", "woff", "woff2", "xls", "xlsx", "xz", "zip", "zst",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_in_order() {
        assert!(ENDINGS.is_sorted(), "they are searched by halves");
        assert!(is_named(Path::new("a/Logo.PNG")) && is_named(Path::new("x.tar.gz")));
        assert!(!is_named(Path::new("png")) && !is_named(Path::new("a.png/x.txt")) && !is_named(Path::new("")));
    }
}
