//! Lists the files of the pack and of the catalogue, so that adding one needs no line of Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    for folder in ["attacks", "pack", "paths", "transcripts"] {
        list(folder);
    }
}

/// Writes a constant with the names and texts of a folder's files.
fn list(folder: &str) {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let path = Path::new(&root).join(folder);
    println!("cargo::rerun-if-changed={}", path.display());
    let mut names: Vec<String> = fs::read_dir(&path)
        .expect("the package holds the folder")
        .map(|entry| entry.expect("the folder can be read").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let path = path.join(&name);
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(list, "    (\"rules/{folder}/{name}\", include_str!({path:?})),").expect("strings grow");
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join(format!("{folder}.rs")), list).expect("OUT_DIR can be written");
}
