//! Lists the files of the pack, so that adding one needs no line of Rust.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let pack = Path::new(&root).join("pack");
    println!("cargo::rerun-if-changed={}", pack.display());
    let mut names: Vec<String> = fs::read_dir(&pack)
        .expect("the package holds a folder `pack`")
        .map(|entry| entry.expect("the folder `pack` can be read").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        let path = pack.join(&name);
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(list, "    (\"rules/pack/{name}\", include_str!({path:?})),").expect("strings grow");
    }
    list.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("pack.rs"), list).expect("OUT_DIR can be written");
}
