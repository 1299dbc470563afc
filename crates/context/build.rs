//! Compiles the catalogues of secret stores and of attacks into constants.

#![allow(dead_code, missing_docs, reason = "the reader is shared with the tests of the library")]

#[path = "src/attack/file.rs"]
mod attacks;
#[path = "src/store/file.rs"]
mod stores;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use attacks::RuleSource;
use stores::StoreSource;

fn main() {
    println!("cargo::rerun-if-changed=src/store/file.rs");
    println!("cargo::rerun-if-changed=src/attack/file.rs");
    let mut code = String::from("&[\n");
    let stores = unless_wrong(stores::read(leaktight_rules::PATHS));
    stores.iter().for_each(|(group, store)| emit(&mut code, group, store));
    write("stores.rs", code + "]");
    let mut code = String::from("&[\n");
    unless_wrong(attacks::read(leaktight_rules::ATTACKS)).iter().for_each(|rule| emit_attack(&mut code, rule));
    write("attacks.rs", code + "]");
}

fn unless_wrong<T>(read: Result<T, Vec<String>>) -> T {
    read.unwrap_or_else(|errors| {
        errors.iter().for_each(|error| eprintln!("error: {error}"));
        process::exit(1);
    })
}

fn write(name: &str, code: String) {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join(name), code).expect("OUT_DIR can be written");
}

fn emit_attack(code: &mut String, rule: &RuleSource) {
    let paths = |texts: &[String]| {
        let split: Vec<String> = texts.iter().map(|text| format!("&{:?}", attacks::parts(text))).collect();
        format!("&[{}]", split.join(", "))
    };
    let kind = |kind: &str| attacks::KINDS.iter().find(|(name, _)| *name == kind).map_or("", |(_, variant)| *variant);
    let places = rule.places.iter().map(|place| {
        format!(
            "Place {{ kind: Kind::{}, files: {}, at: {}, is: &{:?}, hosts: &{:?} }}",
            kind(&place.kind),
            paths(&place.files),
            paths(&place.at),
            place.is,
            place.hosts,
        )
    });
    writeln!(
        code,
        "AttackRule {{ id: {:?}, provider: {:?}, title: {:?}, severity: Severity::{}, impact: {:?}, fix: {:?}, \
         link: {:?}, places: &[{}] }},",
        rule.id,
        rule.provider,
        rule.title,
        variant(&rule.severity),
        rule.impact,
        rule.fix,
        rule.link,
        places.collect::<Vec<_>>().join(", "),
    )
    .expect("strings grow");
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
