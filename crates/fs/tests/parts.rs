//! Large files, encodings and borders.

mod common;

use std::fs;

use common::{Lent, Told, scan};

const SECRET: &[u8] = b"ghp_0123456789abcdefghij";

/// Returns line, column and offset of every occurrence, each once.
fn find(lent: &[Lent]) -> Vec<(u64, u64, u64)> {
    let mut found = Vec::new();
    for part in lent {
        for at in memchr::memmem::find_iter(&part.bytes, SECRET) {
            let before = &part.bytes[..at];
            let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
            let column = match before.iter().rposition(|byte| *byte == b'\n') {
                Some(newline) => (at - newline) as u64,
                None => part.column + at as u64,
            };
            found.push((part.line + lines, column, part.offset + at as u64));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn scan_bytes(bytes: &[u8], overlap: usize, part: usize) -> Told {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("file"), bytes).expect("a file");
    scan(dir.path(), |options| {
        options.overlap = overlap;
        options.part = part;
    })
}

#[test]
fn finds_a_secret_at_every_place_of_a_large_file() {
    for filler in ["line of text\n", "no_space_at_all", "words between\t"] {
        let text = filler.repeat(200);
        for at in (0..text.len()).step_by(7) {
            let mut bytes = text.clone().into_bytes();
            bytes.splice(at..at, SECRET.iter().copied());
            let told = scan_bytes(&bytes, SECRET.len(), 512);
            let line = 1 + text[..at].matches('\n').count() as u64;
            let column = at as u64 - text[..at].rfind('\n').map_or(0, |newline| newline as u64 + 1) + 1;
            assert_eq!(find(&told.lent.values().next().expect("a file").clone()), [(line, column, at as u64)]);
            assert_eq!((told.scanned, told.bytes), (1, bytes.len() as u64));
            assert!(told.lent.values().next().expect("a file").len() > 3, "it was lent in parts");
        }
    }
}

#[test]
fn finds_a_secret_in_wide_text_small_and_large() {
    let text = format!(
        "{}key = '{}'\r\n{}",
        "eine Zeile für Grüße\r\n".repeat(150),
        "ghp_0123456789abcdefghij",
        "x\n".repeat(1000)
    );
    let wide = |bom: &str, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("{bom}{text}").encode_utf16().flat_map(order).collect()
    };
    let offset = text.find("ghp_").expect("planted") as u64;
    let cases = [
        wide("\u{feff}", u16::to_le_bytes),
        wide("\u{feff}", u16::to_be_bytes),
        wide("", u16::to_le_bytes),
        wide("", u16::to_be_bytes),
        format!("\u{feff}{text}").chars().flat_map(|one| (one as u32).to_le_bytes()).collect(),
        format!("\u{feff}{text}").chars().flat_map(|one| (one as u32).to_be_bytes()).collect(),
        text.clone().into_bytes(),
    ];
    for bytes in cases {
        for (overlap, part) in [(32, 8 << 20), (32, 1024)] {
            let told = scan_bytes(&bytes, overlap, part);
            assert_eq!(find(told.lent.values().next().expect("a file")), [(151, 8, offset)]);
            assert_eq!((told.scanned, told.bytes, told.skipped.len()), (1, bytes.len() as u64, 0));
        }
    }
}

#[test]
fn lends_ascii_in_a_file_that_only_claims_to_be_wide() {
    let bytes = [b"\xff\xfe".as_slice(), b"x = ", SECRET, b"\n"].concat();
    let told = scan_bytes(&bytes, 32, 1 << 20);
    let lent = told.lent.values().next().expect("a file");
    assert_eq!(lent.len(), 2, "once as what it claims, once as it is");
    assert_eq!(find(lent), [(1, 5, 6)]);
}

#[test]
fn keeps_utf8_marks_and_broken_text() {
    let told = scan_bytes(b"\xef\xbb\xbfa\xff\xfeb", 32, 1 << 20);
    assert_eq!(told.lent.values().next().expect("a file")[0].bytes, b"\xef\xbb\xbfa\xff\xfeb");
}

#[test]
fn a_large_file_is_shared_among_threads_without_loss() {
    let mut text = String::new();
    for idx in 0..200_000 {
        text += &format!("line {idx} of many\n");
    }
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["one", "two", "three"] {
        fs::write(dir.path().join(name), &text).expect("a file");
    }
    let told = scan(dir.path(), |options| {
        options.threads = 4;
        options.part = 100_000;
        options.overlap = 100;
    });
    assert_eq!((told.scanned, told.bytes), (3, 3 * text.len() as u64));
    for lent in told.lent.values() {
        let mut lent = lent.clone();
        lent.sort_by_key(|part| part.offset);
        let mut covered = 0;
        for part in lent {
            let at = usize::try_from(part.offset).expect("small");
            assert!(at <= covered);
            assert_eq!(&text.as_bytes()[at..at + part.bytes.len()], part.bytes);
            let want = format!("line {} of many", part.line - 1);
            assert!(part.bytes.starts_with(want.as_bytes()), "a part starts with its line");
            covered = at + part.bytes.len();
        }
        assert_eq!(covered, text.len());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_sparse_file_takes_no_time() {
    use std::os::unix::fs::FileExt;
    let dir = tempfile::tempdir().expect("a directory");
    let file = fs::File::create(dir.path().join("sparse")).expect("a file");
    file.write_all_at(SECRET, 5 << 30).expect("room");
    file.set_len(1 << 40).expect("a hole");
    let told = scan(dir.path(), |_| {});
    let lent = told.lent.values().next().expect("a file");
    assert_eq!(find(lent), [(1, (5 << 30) + 1, 5 << 30)]);
    assert_eq!((told.scanned, told.bytes), (1, 1 << 40));
}
