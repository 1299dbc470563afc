//! Odd forms of archives: what other programs read of them is read, and the rest is told.

#[path = "common/archive.rs"]
mod archive;
mod common;
#[path = "common/pack.rs"]
mod pack;

use std::path::Path;

use archive::{bzip2, holds, lacks, lzma, scan, xz, zstd};
use leaktight_core::SkipReason;
use pack::{Entry, gzip, header, member, tar, tar_of, zip, zip_of};

#[test]
fn z11_headers_that_disagree_with_the_directory_are_told() {
    let told = scan(&zip_of(&[Entry { listed: b"fake".to_vec(), ..Entry::new("real", b"text") }]));
    lacks(&told, "x!fake", SkipReason::Malformed);
    assert_eq!(told.text("x!real"), "text");
    // What the directory does not name is scanned as well.
    let mut hidden = zip(&[("shown", "one")]);
    hidden.splice(0..0, {
        let other = zip(&[("hidden", "two")]);
        other[..memchr::memmem::find(&other, b"PK\x01\x02").expect("a directory")].to_vec()
    });
    let told = scan(&hidden);
    assert_eq!(told.paths(), ["x!hidden", "x!shown"]);
}

#[test]
fn z11_what_stands_before_a_zip_is_scanned_too() {
    for start in ["#!/usr/bin/env python3\n# some text\n", "\x7fELF\0\0\0\0"] {
        let bytes = [start.as_bytes(), &zip(&[("a", "one")]), &zip(&[("b", "two")])].concat();
        let told = scan(&bytes);
        assert_eq!(told.skipped, []);
        assert_eq!((told.text("x!a"), told.text("x!b")), ("one".to_owned(), "two".to_owned()));
        assert_eq!(told.lent.contains_key(Path::new("x")), start.starts_with('#'));
    }
}

#[test]
fn a_program_of_one_line_may_stand_before_a_zip_anywhere() {
    let app = [b"#!/usr/bin/env python3\n", &zip(&[("main.py", "text")])[..]].concat();
    let start = "#!/usr/bin/env python3\n";
    holds(&[&app[..], b"\n"].concat(), &[("x", start), ("x!main.py", "text")]);
    holds(&tar(&[("app.pyz", app.clone())]), &[("x!app.pyz", start), ("x!app.pyz!main.py", "text")]);
    holds(&gzip(&app), &[("x", start), ("x!main.py", "text")]);
}

#[test]
fn z11_what_stands_behind_a_zip_is_looked_at_or_told() {
    let one = zip(&[("a", "one")]);
    let random: Vec<u8> = (0..999_u32).map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8).collect();
    for magic in [&b"7z\xbc\xaf\x27\x1c\0\x04"[..], b"Rar!\x1a\x07\x01\0", b"x\x9c\0", b"LZIP\x01\0"] {
        let packed = [magic, &random].concat();
        lacks(&scan(&packed), "x", SkipReason::Binary);
        lacks(&scan(&[&one[..], &packed].concat()), "x", SkipReason::Binary);
        lacks(&scan(&[&packed[..], b"PK\x05\x06", &[0; 18]].concat()), "x", SkipReason::Binary);
    }
    // A program behind it is none that unpacks it.
    let program = b"\x7fELF\0\0\0\0\nsome text\n";
    let told = scan(&[&one[..], program, &one, program].concat());
    assert_eq!(told.skipped, []);
    let places: Vec<u64> = told.lent[Path::new("x")].iter().map(|lent| lent.offset).collect();
    assert_eq!(places, [one.len() as u64, (2 * one.len() + program.len()) as u64], "at their places in the file");
    // A comment belongs to the first of two.
    let mut commented = one.clone();
    let len = commented.len();
    commented[len - 2] = 3;
    let told = scan(&[&commented[..], b"hey", &zip(&[("b", "two")])].concat());
    assert_eq!((told.skipped.as_slice(), told.text("x!b")), (&[][..], "two".to_owned()));
}

#[test]
fn the_checksum_of_a_frame_is_compared() {
    let packed = zstd(b"some text");
    let mut damaged = packed.clone();
    *damaged.last_mut().expect("a checksum") ^= 1;
    let told = scan(&damaged);
    lacks(&told, "x", SkipReason::Corrupt);
    assert_eq!(told.text("x"), "some text");
    let cut = [&packed[..], b"\x50\x2a\x4d\x18\xff\0\0\0abcd"].concat();
    lacks(&scan(&cut), "x", SkipReason::Corrupt);
}

#[test]
fn frames_to_be_skipped_may_stand_first() {
    let packed = [b"\x52\x2a\x4d\x18\x04\0\0\0abcd", &zstd(b"text")[..]].concat();
    holds(&packed, &[("x", "text")]);
}

#[test]
fn z11_sizes_may_stand_behind_a_member() {
    holds(
        &zip_of(&[Entry::new("a", b"one").described(), Entry::stored("b", b"two").described()]),
        &[("x!a", "one"), ("x!b", "two")],
    );
}

#[test]
fn the_end_of_a_member_is_found_for_each_method() {
    let packed = |method, flags, data: Vec<u8>, text: &[u8]| {
        let packed = u32::try_from(data.len()).expect("a short text");
        Entry { method, flags, data, packed, ..Entry::stored(if text == b"one" { "a" } else { "b" }, text) }.described()
    };
    for (method, flags, pack) in [(12, 0, bzip2 as fn(&[u8]) -> Vec<u8>), (14, 2, lzma), (93, 0, zstd), (95, 0, xz)] {
        let both = [b"one", b"two"].map(|text| packed(method, flags, pack(text), text));
        holds(&zip_of(&both), &[("x!a", "one"), ("x!b", "two")]);
    }
}

#[test]
fn notes_of_a_tar_are_scanned_where_they_are_text() {
    let text = |kind: u8, note: &[u8]| {
        let told = scan(&tar_of(&[member(b"note", kind, note), member(b"a", b'0', b"text")]));
        assert_eq!(told.skipped, [], "{}", char::from(kind));
        told.lent.get(Path::new("x")).map(|lent| (lent[0].offset, String::from_utf8_lossy(&lent[0].bytes).into_owned()))
    };
    let comment = "20 comment=my note\n";
    for (kind, note) in [(b'x', comment), (b'g', comment), (b'V', "label"), (b'N', "names")] {
        assert_eq!(text(kind, note.as_bytes()), Some((512, note.to_owned())));
    }
    assert_eq!(text(b'L', b"a\0 and more"), Some((512, "a\0 and more".to_owned())));
    assert_eq!(text(b'x', b"11 path=abc\n and more"), Some((512, "11 path=abc\n and more".to_owned())));
    for (kind, note) in
        [(b'x', "12 path=abc\n"), (b'g', "18 mtime=12345678\n"), (b'L', "a\0"), (b'K', "b\0"), (b'V', "")]
    {
        assert_eq!(text(kind, note.as_bytes()), None);
    }
    let long = format!("path={}\n", "p".repeat(2 << 20));
    let long = format!("{} {long}", long.len() + 8);
    let told = scan(&tar_of(&[member(b"pax", b'x', long.as_bytes()), member(b"a", b'0', b"text")]));
    lacks(&told, "x", SkipReason::ArchiveLimit);
}

#[test]
fn a_tar_may_claim_any_size() {
    for size in [u64::MAX, u64::MAX - 1, 1 << 63] {
        let mut field = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        field[4..].copy_from_slice(&size.to_be_bytes());
        let told = scan(&[header(b"a", b'0', &field).as_slice(), &[b'a'; 512], &[0; 1024]].concat());
        assert_eq!(told.skip("x!a"), Some(SkipReason::Corrupt), "{told:?}");
    }
}
