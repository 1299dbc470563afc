//! A whole history beside its limits: making all contents, and git's own reader.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use leaktight_core::{Event, RuleSet, Scanner, Source as _};
use leaktight_git::{History, HistoryOptions, Repo, make_contents};

use crate::measure::cpu;

/// Makes all contents, scans the history, and prints the CPU seconds of both.
pub(crate) fn compare(path: &Path) -> anyhow::Result<()> {
    let repo = Repo::discover(path)?;
    let ((objects, bytes), limit) = cpu(|| make_contents(&repo, 2))?;
    println!("limit: {limit:.2} CPU s for {objects} contents, {} MB", bytes / 1_000_000);
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    let (scanned, found) = (AtomicU64::new(0), AtomicU64::new(0));
    let history = History::new(repo, scanner, HistoryOptions::default())?;
    let ((), scan) = cpu(|| {
        history.drive(&|event| {
            match event {
                Event::Scanned(_) => drop(scanned.fetch_add(1, Ordering::Relaxed)),
                Event::Found(scan) => drop(found.fetch_add(scan.findings.len() as u64, Ordering::Relaxed)),
                _ => {}
            }
            ControlFlow::Continue(())
        });
    })?;
    println!(
        "scan: {scan:.2} CPU s for {} objects, {} secrets: {:.2} times the limit",
        scanned.into_inner(),
        found.into_inner(),
        scan / limit
    );
    Ok(())
}
