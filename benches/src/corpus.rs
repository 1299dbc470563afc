//! A corpus anyone can make: the sources cargo has unpacked, and large files.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// Bytes of each large file.
const BIG: usize = 64 << 20;

/// Makes `tree/` and `big/` in a folder.
pub(crate) fn make(folder: &Path) -> anyhow::Result<()> {
    let sources = registry()?;
    let tree = folder.join("tree");
    let mut n_files = 0;
    copy(&sources, &tree, &mut n_files)?;
    ensure!(n_files > 0, "the cargo registry at {} holds no sources: build something first", sources.display());
    let big = folder.join("big");
    fs::create_dir_all(&big)?;
    write_big(&big.join("records.json"), record_json)?;
    write_big(&big.join("records.csv"), record_csv)?;
    write_big(&big.join("service.log"), record_log)?;
    joined(&tree, &big.join("joined.txt"))?;
    println!("{n_files} files in {}, four large ones in {}", tree.display(), big.display());
    Ok(())
}

/// The folder where cargo unpacks the sources of packages.
pub(crate) fn registry() -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor a home directory is known")?;
    Ok(home.join("registry/src"))
}

fn copy(from: &Path, to: &Path, n_files: &mut u64) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target, n_files)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
            *n_files += 1;
        }
    }
    Ok(())
}

/// Joins the Rust sources of a tree into one file of limited size.
fn joined(tree: &Path, file: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(fs::File::create(file)?);
    let (mut folders, mut size) = (vec![tree.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if size < BIG && path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read(&path)?;
                size += text.len();
                out.write_all(&text)?;
            }
        }
    }
    Ok(out.flush()?)
}

fn write_big(file: &Path, record: fn(u64) -> String) -> anyhow::Result<()> {
    let mut out = BufWriter::new(fs::File::create(file)?);
    let mut size = 0;
    for number in 0.. {
        let line = record(number);
        size += line.len();
        out.write_all(line.as_bytes())?;
        if size >= BIG {
            break;
        }
    }
    Ok(out.flush()?)
}

/// A number that looks drawn at random and is the same in every run.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 27)
}

fn record_json(number: u64) -> String {
    let id = mixed(number);
    format!(
        "{{\"id\":{number},\"name\":\"item {}\",\"url\":\"https://example.org/items/{number}?page={}\",\"etag\":\"{id:016x}\",\"tags\":[\"a\",\"b\"],\"price\":{}.{}}},",
        id % 1000,
        id % 17,
        id % 900,
        id % 100
    )
}

fn record_csv(number: u64) -> String {
    let id = mixed(number);
    format!("{number},item {},{id:016x},{},{}\n", id % 5000, id % 97, id % 31)
}

fn record_log(number: u64) -> String {
    let id = mixed(number);
    format!(
        "2026-01-{:02}T{:02}:{:02}:00Z INFO server request id={id:016x} GET /api/v1/items/{} 200 {}ms\n",
        id % 28 + 1,
        id % 24,
        id % 60,
        id % 9999,
        id % 800
    )
}
