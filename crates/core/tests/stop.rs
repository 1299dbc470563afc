//! Scans that are asked to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leaktight_core::{Chunk, Limits, RuleSet, Scanner, SkipReason};

#[test]
fn a_scan_that_is_stopped_looks_no_further_and_says_so() {
    let stop = Arc::new(AtomicBool::new(false));
    let mut limits = Limits::default();
    limits.stop = Some(Arc::clone(&stop));
    let scanner = Scanner::with_limits(Arc::new(RuleSet::builtin()), limits);
    let text = format!("db_password = \"{}\"\n", ["kW4zq8", "RnvR7k"].concat());
    let whole = scanner.scan(&Chunk::memory(text.as_bytes()));
    assert_eq!((whole.findings.len(), whole.skipped.len()), (1, 0));
    stop.store(true, Ordering::Relaxed);
    let stopped = scanner.scan(&Chunk::memory(text.as_bytes()));
    let reasons: Vec<SkipReason> = stopped.skipped.iter().map(|skip| skip.reason).collect();
    assert_eq!((stopped.findings.len(), reasons), (0, vec![SkipReason::Interrupted]));
}
