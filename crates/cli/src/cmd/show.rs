//! `show`: prints a file with placeholders in the place of its secrets.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, ValueHint};
use leaktight_context::redact::Redactor;
use leaktight_context::splice;
use leaktight_context::store::{self, Content, Format, Places, Store};
use leaktight_core::{Confidence, Origin, RuleSet};

use crate::term::escape_path;
use crate::vault::{self, Shelf};
use crate::{Hint, exit};

/// The largest file that is shown, in bytes.
const MAX_FILE: u64 = 64 << 20;

#[derive(Debug, Parser)]
pub(crate) struct ShowFile {
    /// The file
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Replace every value, as in a file that is known to hold nothing but secrets
    #[arg(long)]
    all: bool,
}

/// Prints the file.
pub(crate) fn run(args: &ShowFile) -> anyhow::Result<u8> {
    let bytes = read(&args.file)?;
    let home = vault::home();
    let variable = |name: &str| env::var_os(name);
    let path = fs::canonicalize(&args.file).unwrap_or_else(|_| store::normalize(&args.file));
    let known = store::find(&path, &Places::new(home.as_deref(), &variable));
    if known.is_some_and(|store| matches!(store.format, Format::Binary | Format::Sqlite)) || bytes.contains(&0) {
        const HINT: &str = "use what it holds through the program that keeps it";
        return Err(Hint::new(format!("`{}` is no text", escape_path(&args.file)), HINT).into());
    }
    let mut shelf = Shelf::open().context("cannot make placeholders")?;
    if let Some(trouble) = &shelf.trouble {
        // Nothing is left to do when even this can't be written.
        let _ = writeln!(io::stderr(), "warning: {trouble}");
    }
    let (text, is_complete) = redacted(&path, (known, args.all), &bytes, &mut shelf);
    shelf.save().map_err(vault::explain)?;
    io::stdout().write_all(&text).and_then(|()| io::stdout().flush()).context("cannot write to standard output")?;
    Ok(if is_complete { exit::CLEAN } else { exit::INCOMPLETE })
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = escape_path(file);
    let meta = fs::metadata(file).with_context(|| format!("cannot read `{name}`"))?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        let why = if meta.is_file() { "is too large" } else { "is not a regular file" };
        return Err(
            Hint::new(format!("`{name}` {why}"), "`leaktight redact` reads anything from standard input").into()
        );
    }
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read `{name}`"))?;
    Ok(bytes)
}

/// Returns a file's text without its secrets, and whether all of it could be looked at.
fn redacted(
    path: &Path,
    (known, all): (Option<&'static Store>, bool),
    bytes: &[u8],
    shelf: &mut Shelf,
) -> (Vec<u8>, bool) {
    let mut redactor = Redactor::new(Arc::new(RuleSet::builtin()));
    redactor.origin = Arc::new(Origin::File(path.to_owned()));
    // A guess is enough in a file that holds secrets.
    redactor.confidence = if known.is_some() { Confidence::Low } else { Confidence::Medium };
    let format = match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => splice::Format::Json,
        Some("jsonl" | "ndjson") => splice::Format::Jsonl,
        _ => splice::Format::Text,
    };
    let redacted = redactor.redact(format, bytes, &mut shelf.book);
    let is_complete = redacted.report.skipped.is_empty() && redacted.report.n_left == 0;
    let is_secret = known.is_some_and(|store| store.content == Content::Secret);
    let Some(store) = known.or_else(plain).filter(|_| is_secret || all) else { return (redacted.bytes, is_complete) };
    // What no rule knows is replaced as well.
    (store::veil(store, &redacted.bytes, &mut shelf.book), true)
}

/// The store that a file of variables is, for files of no store.
fn plain() -> Option<&'static Store> {
    store::stores().iter().find(|store| store.id == "dotenv")
}
