//! The fast path against its slow twins on real trees.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use leaktight_core::{Chunk, Event, Limits, RuleSet, Scan, Scanner, Source as _};

use crate::floor;

/// Scans every chunk of a tree in three ways and fails when they differ.
pub(crate) fn compare(path: &Path) -> anyhow::Result<()> {
    let rules = Arc::new(RuleSet::builtin());
    let with = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        Scanner::with_limits(Arc::clone(&rules), limits)
    };
    let fast = with(|_| ());
    let portable = with(|limits| limits.portable = true);
    let slow = with(|limits| limits.exhaustive = true);
    let (n_chunks, n_findings) = (AtomicU64::new(0), AtomicU64::new(0));
    let differing: Mutex<Vec<String>> = Mutex::default();
    floor::tree(path)?.drive(&|event| {
        let Event::Chunk(chunk) = event else { return ControlFlow::Continue(()) };
        n_chunks.fetch_add(1, Ordering::Relaxed);
        let found = places(&fast.scan(&chunk));
        n_findings.fetch_add(found.len() as u64, Ordering::Relaxed);
        if found != places(&slow.scan(&chunk)) || found != places(&portable.scan(&chunk)) {
            differing.lock().unwrap_or_else(PoisonError::into_inner).push(name(&chunk));
        }
        ControlFlow::Continue(())
    });
    let differing = differing.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!("{} chunks, {} findings, {} differ", n_chunks.into_inner(), n_findings.into_inner(), differing.len());
    ensure!(differing.is_empty(), "the scans differ on {}", differing.join(", "));
    Ok(())
}

/// What must agree: rule, offset, length and confidence of each finding.
fn places(scan: &Scan) -> Vec<(usize, u64, usize, &'static str)> {
    let place = |finding: &leaktight_core::Finding| {
        (finding.rule_idx, finding.offset, finding.secret.len(), finding.confidence.name())
    };
    scan.findings.iter().map(place).collect()
}

fn name(chunk: &Chunk<'_>) -> String {
    chunk.origin.path().map(|path| path.display().to_string()).unwrap_or_default()
}
