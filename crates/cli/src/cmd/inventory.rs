//! `inventory`: what an assistant running as this user can reach.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use leaktight_context::store::{self, Content, Format, Places, Store};
use leaktight_core::{Chunk, Confidence, Finding, Limits, Origin, Scanner, Severity, Skip, SkipReason};
use leaktight_fs::{Tree, WalkOptions};

use super::{setup, transcripts};
use crate::args::Inventory;
use crate::collect::{Collector, Least};
use crate::interrupt::Interrupt;
use crate::report::Coverage;
use crate::report::reach::{self, Reach, Reached};
use crate::vault::home;
use crate::{Hint, exit, progress};

/// Bytes of a file that is looked into.
const LARGEST: u64 = 32 << 20;

/// Takes stock, reports, and returns the exit code: 1 when anything can be reached.
pub(crate) fn run(args: &Inventory) -> anyhow::Result<u8> {
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    let home = home();
    let variable = |name: &str| env::var_os(name);
    let places = Places::new(home.as_deref(), &variable);
    let (mut files, skipped) = store::present(&places, transcripts::project().as_deref());
    // What this user can't read no assistant of theirs can.
    files.retain(|(_, path)| File::open(path).is_ok());
    let mut limits = Limits::default();
    limits.inline_allow = false;
    let scanner = Scanner::with_limits(setup::share(setup::rules(&[])?)?, limits);
    let (findings, mut coverage) = look(&files, &scanner, &interrupt)?;
    skipped.into_iter().for_each(|skip| account(&mut coverage, skip));
    coverage.unscanned.sort();
    let environment = environment(&scanner);
    let reach = Reach { stores: group(files, findings), environment, coverage, home };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = if args.json { reach::write_json(&reach, &mut out) } else { reach::write(&reach, &mut out) };
    written.and_then(|()| out.flush()).context("cannot write to standard output")?;
    Ok(interrupt.code().unwrap_or_else(|| code(&reach)))
}

/// Scans the files that people can read, all but those that `scan --assistants` reads.
fn look(
    files: &[(&'static Store, PathBuf)],
    scanner: &Scanner,
    interrupt: &Interrupt,
) -> anyhow::Result<(Vec<Finding>, Coverage)> {
    let is_text = |store: &Store| !matches!(store.format, Format::Binary | Format::Sqlite) && !is_transcript(store);
    let paths: Vec<&Path> = files.iter().filter(|(store, _)| is_text(store)).map(|(_, path)| path.as_path()).collect();
    if paths.is_empty() {
        return Ok((Vec::new(), Coverage::default()));
    }
    let mut options = WalkOptions::default();
    options.overlap = scanner.rules().overlap();
    options.max_size = Some(LARGEST);
    let tree = Tree::new(paths, options).map_err(|err| Hint::of_tree(&err))?;
    let attacks = setup::attacks();
    let least = Least { confidence: Confidence::Medium, severity: Severity::Info };
    let collector = Collector::new((scanner, &attacks), interrupt, least);
    progress::during(true, || collector.progress(), || collector.drive(&tree));
    let (mut findings, _, coverage) = collector.finish();
    findings.retain(|finding| finding.rule().is_secret());
    Ok((findings, coverage))
}

/// Whether `scan --assistants` is the command to read it.
fn is_transcript(store: &Store) -> bool {
    store.id.ends_with("-transcripts")
}

fn account(coverage: &mut Coverage, skip: Skip) {
    if skip.reason.is_exclusion() || skip.reason == SkipReason::Permission {
        *coverage.excluded.entry(skip.reason).or_default() += 1;
    } else {
        coverage.unscanned.push(skip);
    }
}

/// Puts the findings to the files they were made in, the gravest store first.
/// A store that often holds secrets and holds none now is left out.
fn group(files: Vec<(&'static Store, PathBuf)>, findings: Vec<Finding>) -> Vec<Reached> {
    let mut by_path: BTreeMap<PathBuf, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        let path = finding.origin.path().map(Path::to_path_buf).unwrap_or_default();
        by_path.entry(path).or_default().push(finding);
    }
    let mut stores: Vec<Reached> = Vec::new();
    for (store, path) in files {
        let secrets = by_path.remove(&path).unwrap_or_default();
        if secrets.is_empty() && store.content == Content::Mixed && !is_transcript(store) {
            continue;
        }
        match stores.last_mut().filter(|last| last.store.id == store.id) {
            Some(last) => last.files.push((path, secrets)),
            None => stores.push(Reached { store, files: vec![(path, secrets)] }),
        }
    }
    stores.sort_by_key(|reached| (std::cmp::Reverse(reached.severity()), std::cmp::Reverse(reached.n_secrets())));
    stores
}

/// Returns the variables of the environment that hold secrets, which every program inherits.
fn environment(scanner: &Scanner) -> Vec<(String, Finding)> {
    let mut found = Vec::new();
    for (name, value) in env::vars_os() {
        let line = [name.as_encoded_bytes(), b"=", value.as_encoded_bytes()].concat();
        let findings = scanner.scan(&Chunk::new(&line, Arc::new(Origin::Memory))).findings;
        let gravest = findings.into_iter().filter(|finding| finding.confidence >= Confidence::Medium);
        let gravest = gravest.max_by_key(|finding| (finding.severity, finding.confidence));
        found.extend(gravest.map(|finding| (name.to_string_lossy().into_owned(), finding)));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn code(reach: &Reach) -> u8 {
    let found = !reach.stores.is_empty() || !reach.environment.is_empty();
    match (reach.coverage.is_complete(), found) {
        (true, false) => exit::CLEAN,
        (true, true) => exit::FINDINGS,
        (false, false) => exit::INCOMPLETE,
        (false, true) => exit::INCOMPLETE_FINDINGS,
    }
}
