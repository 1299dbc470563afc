//! How often letters follow each other in names, from the sources cargo has unpacked: the
//! table of `crates/core/src/check/pairs.rs`, and how well it tells names from drawn values.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::ensure;

use crate::corpus;

/// Steps of the table in a unit of natural logarithm.
const STEPS: f64 = 4.0;
/// Bytes of a file that are read: a few long ones shall not decide.
const MOST: usize = 64 << 10;

type Table = [[i32; 26]; 26];

/// Prints the table of all names, and what one of half of them says of the other half.
pub(crate) fn print(folder: Option<&Path>) -> anyhow::Result<()> {
    let registry = corpus::registry()?;
    let mut names = BTreeSet::new();
    collect(folder.unwrap_or(&registry), &mut names)?;
    ensure!(names.len() > 10_000, "too few names: build something first");
    for row in table(names.iter()) {
        println!("    {row:?},");
    }
    let is_known = |name: &&String| name.bytes().map(usize::from).sum::<usize>() % 2 == 0;
    let half = table(names.iter().filter(is_known));
    let unknown: Vec<&String> = names.iter().filter(|name| !is_known(name)).collect();
    let drawn: Vec<String> = drawn(20_000);
    println!("\nof {} names, one of half of them; values of 16 letters and digits", names.len());
    for least in [-12, -8, -4, 0, 4] {
        let share = |all: &mut dyn Iterator<Item = &String>, count: usize| {
            all.filter(|name| score(&half, name) > least).count() as f64 * 100.0 / count as f64
        };
        let (names, values) =
            (share(&mut unknown.iter().copied(), unknown.len()), share(&mut drawn.iter(), drawn.len()));
        println!("above {least:3}: {names:6.2} % of the other names, {values:5.2} % of drawn values");
    }
    Ok(())
}

/// Collects the different names in camel case in the files of a folder.
fn collect(folder: &Path, names: &mut BTreeSet<String>) -> anyhow::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, names)?;
        } else if path.extension().is_some_and(|end| end == "rs" || end == "md" || end == "h") {
            let bytes = fs::read(&path)?;
            let text = &bytes[..bytes.len().min(MOST)];
            names.extend(text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| is_name(word)).map(text_of));
        }
    }
    Ok(())
}

fn text_of(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// Whether a word is of several in camel case.
fn is_name(word: &[u8]) -> bool {
    (8..=40).contains(&word.len())
        && word.iter().filter(|byte| byte.is_ascii_digit()).count() * 4 < word.len()
        && word.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

/// The pairs of letters within the words of a name.
fn pairs(name: &str) -> impl Iterator<Item = (usize, usize)> {
    let place = |byte: u8| usize::from(byte.to_ascii_lowercase() - b'a');
    let is_within = |pair: &&[u8]| pair[0].is_ascii_alphabetic() && pair[1].is_ascii_lowercase();
    name.as_bytes().windows(2).filter(is_within).map(move |pair| (place(pair[0]), place(pair[1])))
}

/// How much more often each pair stands in names than it were drawn, in steps of its logarithm.
fn table<'a>(names: impl Iterator<Item = &'a String>) -> Table {
    let mut counts = [[2_u64; 26]; 26];
    for (first, second) in names.flat_map(|name| pairs(name)) {
        counts[first][second] += 1;
    }
    let total = counts.iter().flatten().sum::<u64>() as f64;
    counts.map(|row| row.map(|count| ((count as f64 / total * 676.0).ln() * STEPS).round() as i32))
}

fn score(table: &Table, name: &str) -> i32 {
    pairs(name).map(|(first, second)| table[first][second]).sum()
}

/// Draws values of 16 letters and digits.
fn drawn(count: usize) -> Vec<String> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[(state >> 32) as usize % LETTERS.len()])
    };
    (0..count).map(|_| (0..16).map(|_| draw()).collect()).collect()
}
