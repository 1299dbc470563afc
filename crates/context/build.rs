//! Compiles the catalogue of secret stores into a constant.

#![allow(dead_code, missing_docs, reason = "the reader is shared with the tests of the library")]

#[path = "src/store/file.rs"]
mod file;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use file::StoreSource;

fn main() {
    println!("cargo::rerun-if-changed=src/store/file.rs");
    let stores = match file::read(leaktight_rules::PATHS) {
        Ok(stores) => stores,
        Err(errors) => {
            errors.iter().for_each(|error| eprintln!("error: {error}"));
            process::exit(1);
        }
    };
    let mut code = String::from("&[\n");
    stores.iter().for_each(|(group, store)| emit(&mut code, group, store));
    code.push(']');
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("stores.rs"), code).expect("OUT_DIR can be written");
}

fn emit(code: &mut String, group: &str, store: &StoreSource) {
    writeln!(
        code,
        "Store {{ id: {:?}, group: {group:?}, owner: {:?}, files: &{:?}, except: &{:?}, format: Format::{}, \
         severity: Severity::{}, content: Content::{}, holds: {:?}, keep: &{:?} }},",
        store.id,
        store.owner,
        store.files,
        store.except,
        variant(&store.format),
        variant(&store.severity),
        variant(&store.content),
        store.holds,
        store.keep,
    )
    .expect("strings grow");
}

/// The name of a variant, for a name in a file.
fn variant(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}
