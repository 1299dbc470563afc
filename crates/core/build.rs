//! Compiles the built-in rule pack into constants, so that a program that
//! scans parses no TOML and no pattern at start-up, and builds no table.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "the modules of rules and tables are shared with the library"
)]

#[path = "build/emit.rs"]
mod emit;
#[path = "src/rule/mod.rs"]
mod rule;
#[path = "src/table/mod.rs"]
mod table;

use std::path::Path;
use std::{env, fs, process};

use crate::emit::Emit;

fn main() {
    for source in ["build", "src/rule", "src/table"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let rules: Vec<rule::Rule> = match rule::read_rules(leaktight_rules::PACK, &[]) {
        Ok(rules) => rules.into_iter().map(|(rule, _)| rule).collect(),
        Err(errors) => {
            for error in errors {
                eprintln!("error: {error}");
            }
            process::exit(1);
        }
    };
    let tables = table::Tables::new(&rules, 6);
    write("pack.rs", &format!("&{}", emit::array(&rules)));
    write("tables.rs", &tables.emit());
}

fn write(name: &str, code: &str) {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join(name), code).expect("OUT_DIR can be written");
}
