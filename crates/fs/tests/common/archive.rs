//! What tests of archives need: scans of one file, and how it is packed.
#![allow(dead_code, clippy::allow_attributes, reason = "each test uses some of it")]

use std::fs;
use std::io::Write as _;

use leaktight_core::SkipReason;
use leaktight_fs::WalkOptions;

use crate::common::{self, Told};

pub(crate) const DEPTH: usize = 5;

/// Scans one file as `x`, below a folder.
pub(crate) fn scan(bytes: &[u8]) -> Told {
    scan_with(bytes, |_| {})
}

pub(crate) fn scan_with(bytes: &[u8], change: impl FnOnce(&mut WalkOptions)) -> Told {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("x"), bytes).expect("a file");
    common::scan(dir.path(), |options| {
        options.archive_depth = DEPTH;
        change(options);
    })
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(0)).expect("a writer");
    writer.write_all(bytes).expect("in memory");
    writer.finish().expect("in memory")
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(bytes).expect("in memory");
    writer.finish().expect("in memory")
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Returns LZMA as a zip has it, with a mark at its end.
pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(0);
    let mut writer = lzma_rust2::LzmaWriter::new_no_header(Vec::new(), &options, true).expect("a writer");
    let head = [&[9, 20, 5, 0, writer.props()][..], &options.dict_size.to_le_bytes()].concat();
    writer.write_all(bytes).expect("in memory");
    [head, writer.finish().expect("in memory")].concat()
}

/// Asserts what was lent of a file, path and text, and that nothing was left out.
#[track_caller]
pub(crate) fn holds(bytes: &[u8], files: &[(&str, &str)]) {
    let told = scan(bytes);
    assert_eq!(told.skipped, [], "all of it is read");
    assert_eq!(told.paths(), files.iter().map(|(path, _)| *path).collect::<Vec<_>>());
    files.iter().for_each(|(path, text)| assert_eq!(told.text(path), *text, "{path}"));
}

/// Asserts why one thing was not scanned, and that nothing else was left out.
#[track_caller]
pub(crate) fn lacks(told: &Told, path: &str, reason: SkipReason) {
    assert_eq!(told.skip(path), Some(reason), "{told:?}");
    assert_eq!(told.skipped.len(), 1, "{:?}", told.skipped);
}
