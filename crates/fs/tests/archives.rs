//! Archives: what is read of them, and what is said about the rest. The numbers in the
//! names of tests are those of cases that were written down before any of this was.

#[path = "common/archive.rs"]
mod archive;
mod common;
#[path = "common/pack.rs"]
mod pack;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use archive::{DEPTH, bzip2, holds, lacks, scan, scan_with, xz, zstd};
use common::{Told, remember};
use leaktight_core::{Event, SkipReason, Source as _};
use leaktight_fs::{Tree, WalkOptions};
use pack::{Entry, ar, gzip, header, member, tar, tar_of, zip, zip_of};
use proptest::prelude::*;

#[test]
fn z1_each_format_is_opened() {
    let files = [("a/b.txt", "one"), ("c", "two")];
    let want = [("x!a/b.txt", "one"), ("x!c", "two")];
    holds(&zip(&files), &want);
    holds(&zip_of(&[Entry::stored("a/b.txt", b"one"), Entry::stored("c", b"two")]), &want);
    holds(&tar(&files), &want);
    holds(&ar(&files), &want);
    for compress in [gzip, xz, bzip2, zstd] {
        holds(&compress(b"some text"), &[("x", "some text")]);
        holds(&compress(&tar(&files)), &want);
        holds(&[compress(b"some "), compress(b"text")].concat(), &[("x", "some text")]);
    }
    holds(&zip::<&str>(&[]), &[]);
}

#[test]
fn z1_one_in_another() {
    let package = ar(&[("debian-binary", b"2.0\n".to_vec()), ("data.tar.xz", xz(&tar(&[("etc/x", "text")])))]);
    holds(&package, &[("x!data.tar.xz!etc/x", "text"), ("x!debian-binary", "2.0\n")]);
    let nest = zip(&[("a.tar.gz", gzip(&tar(&[("b.zip", zip(&[("c.txt", "deep")]))])))]);
    holds(&nest, &[("x!a.tar.gz!b.zip!c.txt", "deep")]);
}

#[test]
fn z1_what_is_not_read_is_told() {
    let told = scan(b"7z\xbc\xaf\x27\x1c\0\x04 and so on");
    lacks(&told, "x", SkipReason::Binary);
    assert_eq!(told.skipped[0].2, "7z");
    let odd = Entry { method: 9, ..Entry::new("a", b"text") };
    lacks(&scan(&zip_of(&[odd])), "x!a", SkipReason::Encoding);
    let told = scan(&zip(&[("a.png", b"\x89PNG\r\n\x1a\n\0\0".as_slice()), ("b", b"text")]));
    lacks(&told, "x!a.png", SkipReason::Binary);
    assert_eq!(told.scanned, 2, "the archive and the text");
}

#[test]
fn nothing_is_opened_unless_asked_for() {
    lacks(&scan_with(&zip(&[("a", "text")]), |options| options.archive_depth = 0), "x", SkipReason::Binary);
    let told = scan_with(&zip(&[("a", "text")]), |options| (options.archive_depth, options.binary) = (0, true));
    assert_eq!((told.paths(), told.skipped.len()), (vec!["x"], 0));
}

#[test]
fn z2_what_expands_without_bound_is_cut_off() {
    let zeros = vec![0; 64 << 20];
    // Twenty thousand bytes of nothing but zeros, twice.
    for bomb in [gzip(&gzip(&zeros)), zip(&[("a", gzip(&zeros))]), bzip2(&zeros), xz(&zeros), zstd(&gzip(&zeros))] {
        let told = scan(&bomb);
        let is_limit = |(_, reason, _): &(_, SkipReason, String)| *reason == SkipReason::ArchiveLimit;
        assert!(told.skipped.iter().any(is_limit), "{:?}", told.skipped);
    }
}

#[test]
fn z2_empty_streams_are_not_read_for_ever() {
    for pack in [gzip, bzip2, xz, zstd] {
        let empty = pack(b"").repeat(200_000);
        lacks(&scan(&gzip(&empty)), "x", SkipReason::ArchiveLimit);
        // A log to which each line was added by itself.
        let lines: Vec<u8> = (0..2000).flat_map(|n| pack(format!("line {n}\n").as_bytes())).collect();
        let told = scan(&lines);
        assert!(told.skipped.is_empty(), "{:?}", told.skipped);
    }
}

#[test]
fn z3_members_share_what_a_file_may_expand_to() {
    let zeros = gzip(&vec![0; 8 << 20]);
    let told = scan(&gzip(&zip(&vec![("a", zeros); 8])));
    let limits = told.skipped.iter().filter(|(_, reason, _)| *reason == SkipReason::ArchiveLimit).count();
    assert!(limits >= 2, "a member and the archive: {:?}", told.skipped);
}

#[test]
fn z3_overlapping_members_are_expanded_once() {
    let zeros = vec![0; 1 << 20];
    let mut entries = vec![Entry::new("a", &zeros)];
    entries.extend((0..500).map(|idx| Entry { data: Vec::new(), ..Entry::new(format!("b{idx}"), &zeros) }));
    let mut bytes = zip_of(&entries);
    // All of the directory leads to the first of them.
    for at in memchr::memmem::find_iter(&bytes.clone(), b"PK\x01\x02") {
        bytes[at + 42..at + 46].fill(0);
    }
    let told = scan(&bytes);
    assert!(told.bytes < 8 << 20, "{}", told.bytes);
    assert!(told.skipped.iter().any(|(_, reason, _)| *reason == SkipReason::Malformed));
}

#[test]
fn z5_what_lies_deeper_is_told() {
    let deep = |n| (0..n).fold(b"text".to_vec(), |bytes, _| zip(&[("a", bytes)]));
    holds(&deep(5), &[("x!a!a!a!a!a", "text")]);
    lacks(&scan(&deep(6)), "x!a!a!a!a!a", SkipReason::ArchiveLimit);
    let told = scan_with(&deep(2), |options| options.archive_depth = 1);
    lacks(&told, "x!a", SkipReason::ArchiveLimit);
    assert_eq!(told.skipped[0].2, "zip, nested more than 1 deep");
    let told = scan(&(0..6).fold(b"text".to_vec(), |bytes, _| gzip(&bytes)));
    lacks(&told, "x", SkipReason::ArchiveLimit);
}

#[test]
fn z6_names_are_never_more_than_names() {
    let names: [&[u8]; 7] = [b"../../up", b"/etc/passwd", b"C:\\x\\y", b"a\nb", b"\x1b[31m", b"\xff\xfe", b"nul\0byte"];
    let members: Vec<Entry> = names.iter().map(|name| Entry::new(name, b"text")).collect();
    let told = scan(&zip_of(&members));
    assert_eq!((told.scanned, told.skipped.len(), told.lent.len()), (8, 0, 7));
    assert!(told.lent.contains_key(Path::new("x!../../up")));
    assert!(told.lent.contains_key(Path::new("x!/etc/passwd")));
}

#[test]
fn z7_links_and_devices_are_counted() {
    let told = scan(&tar_of(&[
        member(b"file", b'0', b"text"),
        member(b"soft", b'2', b""),
        member(b"hard", b'1', b""),
        member(b"pipe", b'6', b""),
        member(b"disk", b'4', b""),
        member(b"dir/", b'5', b""),
    ]));
    let left: Vec<_> = told.skipped.iter().map(|(path, reason, _)| (path.to_str().expect("text"), *reason)).collect();
    use SkipReason::{Special, Symlink};
    assert_eq!(left, [("x!disk", Special), ("x!hard", Symlink), ("x!pipe", Special), ("x!soft", Symlink)]);
    assert_eq!((told.paths(), told.scanned), (vec!["x!file"], 2));
    // A hard link may have content, and then it is no less a file.
    holds(&tar_of(&[member(b"hard", b'1', b"text")]), &[("x!hard", "text")]);
}

#[test]
fn z8_what_is_encrypted_is_told() {
    let locked = Entry { flags: 1, ..Entry::stored("a", b"gibberish") };
    let told = scan(&zip_of(&[locked, Entry::new("b", b"text")]));
    lacks(&told, "x!a", SkipReason::Encrypted);
    assert_eq!(told.text("x!b"), "text");
}

#[test]
fn z9_what_is_damaged_is_read_as_far_as_it_goes() {
    let text = "0123456789abcdef".repeat(4000);
    let packed = gzip(text.as_bytes());
    let told = scan(&packed[..packed.len() / 2]);
    lacks(&told, "x", SkipReason::Corrupt);
    assert!(!told.text("x").is_empty() && text.starts_with(&told.text("x")));

    let bytes = zip(&[("a", "one"), ("b", "two")]);
    let told = scan(&bytes[..memchr::memmem::find(&bytes, b"PK\x01\x02").expect("a directory")]);
    lacks(&told, "x", SkipReason::Corrupt);
    assert_eq!(told.paths(), ["x!a", "x!b"]);

    let mut wrong = Entry::new("a", b"text");
    wrong.crc ^= 1;
    let told = scan(&zip_of(&[wrong, Entry::new("b", b"text")]));
    lacks(&told, "x!a", SkipReason::Corrupt);
    assert_eq!(told.paths(), ["x!a", "x!b"]);

    let mut longer = Entry::new("a", b"text");
    longer.data.extend(b"hidden behind the end");
    longer.packed += 21;
    lacks(&scan(&zip_of(&[longer])), "x!a", SkipReason::Corrupt);

    let bytes = tar(&[("a", "one"), ("b", "two")]);
    lacks(&scan(&bytes[..2048]), "x", SkipReason::Corrupt);
    let told = scan(&bytes[..1538]);
    assert_eq!(told.skip("x!b"), Some(SkipReason::Corrupt));
    assert_eq!(told.paths(), ["x!a", "x!b"]);
    let mut holed = bytes.clone();
    holed[600] = b'!';
    holed.splice(1024..1024, vec![b'?'; 512]);
    let told = scan(&holed);
    lacks(&told, "x", SkipReason::Corrupt);
    assert_eq!(told.paths(), ["x!a", "x!b"], "what follows is found");
}

#[test]
fn z10_sizes_that_lie_cost_nothing() {
    for size in [*b"77777777777\0", *b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"] {
        let bytes = [&header(b"a", b'0', &size)[..], b"some text"].concat();
        let told = scan(&bytes);
        assert_eq!(told.skip("x!a"), Some(SkipReason::Corrupt));
        assert_eq!(told.text("x!a"), "some text");
    }
    let negative = [&header(b"a", b'0', &[0xff; 12])[..], b"some text"].concat();
    assert_eq!(scan(&negative).skip("x"), Some(SkipReason::Corrupt));
    for (packed, size) in [(u32::MAX, u32::MAX), (u32::MAX - 1, 0), (0, 4), (3, 4)] {
        let told = scan(&zip_of(&[Entry { packed, size, ..Entry::new("a", b"text") }]));
        assert!(!told.skipped.is_empty(), "{packed} {size}");
    }
    holds(&zip_of(&[Entry { size: u32::MAX - 1, ..Entry::new("a", b"text") }]), &[("x!a", "text")]);
}

#[test]
fn z12_names_of_gigabytes_are_not_read() {
    let long = [member(b"././@LongLink", b'L', "/n".repeat(90).as_bytes()), member(b"short", b'0', b"text")];
    holds(&tar_of(&long), &[(&format!("x!{}", "/n".repeat(90)), "text")]);
    let path = format!("path={}\n", "p".repeat(150));
    let pax = [member(b"pax", b'x', format!("160 {path}").as_bytes()), member(b"short", b'0', b"text")];
    holds(&tar_of(&pax), &[(&format!("x!{}", "p".repeat(150)), "text")]);
    let bomb = [&header(b"././@LongLink", b'L', b"77777777777\0")[..], &[b'a'; 3000]].concat();
    lacks(&scan(&bomb), "x", SkipReason::Corrupt);
}

#[test]
fn z13_members_of_one_name_are_both_scanned() {
    let files = [("a", "one"), ("a", "two"), ("a#2", "three")];
    for bytes in [zip(&files), tar(&files), ar(&files)] {
        let told = scan(&bytes);
        assert_eq!((told.scanned, told.skipped.len(), told.lent.len()), (4, 0, 3), "{:?}", told.lent.keys());
    }
}

#[test]
fn members_are_read_as_files_are() {
    let wide: Vec<u8> = "\u{feff}wide text".encode_utf16().flat_map(u16::to_le_bytes).collect();
    holds(&zip(&[("a", wide)]), &[("x!a", "wide text")]);
    let large = "some line of text\n".repeat(40_000);
    let told = scan_with(&gzip(&tar(&[("a", &large)])), |options| (options.part, options.overlap) = (4096, 64));
    let lent = &told.lent[Path::new("x!a")];
    assert!(lent.len() > 100);
    let mut covered = 0;
    for part in lent {
        let at = usize::try_from(part.offset).expect("small");
        assert!(at <= covered && large.as_bytes()[at..].starts_with(&part.bytes));
        assert_eq!(part.line, part.offset / 18 + 1);
        covered = at + part.bytes.len();
    }
    assert_eq!(covered, large.len());
    let told = scan_with(&zip(&[("a", "x".repeat(5000)), ("b", "y".repeat(500))]), |options| {
        options.max_size = Some(1000);
    });
    lacks(&told, "x!a", SkipReason::Size);
}

#[test]
fn globs_leave_members_out() {
    let files = [("src/a.rs", "one"), ("gen/b.rs", "two"), ("c.lock", "three")];
    let told = scan_with(&zip(&files), |options| options.exclude = vec!["gen/".into(), "*.lock".into()]);
    assert_eq!(told.paths(), ["x!src/a.rs"]);
    assert_eq!(told.skip("x!gen/b.rs"), Some(SkipReason::Excluded));
    assert_eq!(told.skip("x!c.lock"), Some(SkipReason::Excluded));
}

#[test]
fn a_scan_that_is_broken_off_ends_within_an_archive() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("x"), gzip(&tar(&[("a", vec![0_u8; 64 << 20]), ("b", b"text".to_vec())])))
        .expect("a file");
    let mut options = WalkOptions::default();
    options.archive_depth = DEPTH;
    let (told, n_asked) = (Mutex::new(Told::default()), Mutex::new(0));
    Tree::new([dir.path()], options).expect("a tree").drive(&|event| {
        if let Event::Chunk(_) = event {
            *n_asked.lock().expect("no panic") += 1;
            return ControlFlow::Break(());
        }
        remember(&mut told.lock().expect("no panic"), event);
        ControlFlow::Continue(())
    });
    let told = told.into_inner().expect("no panic");
    assert_eq!(*n_asked.lock().expect("no panic"), 1);
    assert!(told.skipped.iter().any(|(_, reason, _)| *reason == SkipReason::Interrupted), "{told:?}");
}

/// Some archive that is sound.
fn archive() -> impl Strategy<Value = Vec<u8>> {
    let files = proptest::collection::vec(("[a-z/.]{1,12}", proptest::collection::vec(any::<u8>(), 0..600)), 0..6);
    let base = (files, 0..4_u8).prop_map(|(files, kind)| {
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        match kind {
            0 => zip(&files),
            1 => tar(&files),
            2 => ar(&files),
            _ => zip_of(&files.iter().map(|(name, bytes)| Entry::new(name, bytes).described()).collect::<Vec<_>>()),
        }
    });
    (base, 0..6_u8).prop_map(|(bytes, packing)| match packing {
        0 => gzip(&bytes),
        1 => xz(&bytes),
        2 => bzip2(&bytes),
        3 => zstd(&bytes),
        4 => zip(&[("nested", bytes)]),
        _ => bytes,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damage_is_told_and_never_worse(
        mut bytes in archive(),
        cut in proptest::option::of(any::<prop::sample::Index>()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let sound = bytes.clone();
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let len = bytes.len();
        for (at, byte) in changes.iter().filter(|_| len > 0) {
            bytes[at.index(len)] = *byte;
        }
        let told = scan(&bytes);
        prop_assert!(told.scanned as usize + told.skipped.len() >= 1, "the file is told");
        prop_assert!(told.skipped.iter().all(|(_, reason, _)| *reason != SkipReason::Internal), "{:?}", told.skipped);
        if sound == bytes {
            prop_assert!(told.skipped.iter().all(|(_, reason, _)| reason.is_exclusion()), "{:?}", told.skipped);
        }
    }

    #[test]
    fn any_bytes_behind_a_magic_are_survived(
        magic in prop::sample::select(vec![
            &b"PK\x03\x04"[..], b"PK\x05\x06", b"\x1f\x8b\x08\0", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"!<arch>\n",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let told = scan(&[magic, &bytes].concat());
        prop_assert!(told.scanned as usize + told.skipped.len() >= 1);
        prop_assert!(told.skipped.iter().all(|(_, reason, _)| *reason != SkipReason::Internal), "{:?}", told.skipped);
    }
}
