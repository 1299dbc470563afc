//! A whole history beside its limit: making all contents. And its slow twin.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use leaktight_core::{Event, Finding, Origin, RuleSet, Scanner, Source as _};
use leaktight_git::{History, HistoryOptions, Repo, make_contents};

use crate::measure::cpu;

/// Makes all contents, scans the history, and prints the CPU seconds of both;
/// then, if asked to, looks at every content whole and fails if that finds other things.
pub(crate) fn compare(path: &Path, twin: bool) -> anyhow::Result<()> {
    let repo = Repo::discover(path)?;
    let ((objects, bytes), limit) = cpu(|| make_contents(&repo, 2))?;
    println!("limit: {limit:.2} CPU s for {objects} contents, {} MB", bytes / 1_000_000);
    let mut options = HistoryOptions::default();
    let (found, seconds) = scan(&repo, &options)?;
    println!("scan: {seconds:.2} CPU s, {:.2} times the limit", seconds / limit);
    second(&repo, seconds)?;
    if twin {
        options.exhaustive = true;
        let (all, seconds) = scan(&repo, &options)?;
        println!("every content whole: {seconds:.2} CPU s");
        let differing: Vec<_> = found.symmetric_difference(&all).collect();
        ensure!(differing.is_empty(), "the two find different things: {differing:?}");
    }
    Ok(())
}

/// Scans a history twice with a cache, and prints what the second scan takes.
fn second(repo: &Repo, first: f64) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("leaktight-bench-{}", std::process::id()));
    let mut options = HistoryOptions::default();
    options.cache = Some(folder.clone());
    let found = scan(repo, &options)?.0;
    let (again, seconds) = scan(repo, &options)?;
    std::fs::remove_dir_all(&folder)?;
    ensure!(found == again, "the second scan finds other things");
    println!("second scan: {seconds:.2} CPU s, 1/{:.0} of the first", first / seconds);
    Ok(())
}

/// Scans a history; returns the places of what was found, and the CPU seconds.
fn scan(repo: &Repo, options: &HistoryOptions) -> anyhow::Result<(BTreeSet<String>, f64)> {
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    let history = History::new(repo.clone(), scanner, options.clone())?;
    let (scanned, found) = (AtomicU64::new(0), Mutex::new(BTreeSet::new()));
    let ((), seconds) = cpu(|| {
        history.drive(&|event| {
            match event {
                Event::Scanned(_) => drop(scanned.fetch_add(1, Ordering::Relaxed)),
                Event::Found(scan) => {
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.extend(scan.findings.iter().map(place));
                }
                _ => {}
            }
            ControlFlow::Continue(())
        });
    })?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{} objects, {} secrets", scanned.into_inner(), found.len());
    Ok((found, seconds))
}

/// What must agree: rule, commit, path, offset, and what came of it.
fn place(finding: &Finding) -> String {
    let Origin::Blob(blob) = &*finding.origin else { return String::new() };
    let commit = |commit: &Option<leaktight_core::Commit>| commit.as_ref().map(|commit| commit.id.clone());
    format!(
        "{} {:?} {:?} {} {} {:?} {}",
        finding.rule().id,
        commit(&blob.commit),
        blob.path,
        finding.offset,
        blob.in_head,
        commit(&blob.removed),
        blob.others
    )
}
