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
    let line = format!("db_password = \"{}\"\n", ["kW4zq8", "RnvR7k"].concat());
    let text = format!("{}{line}", "some text of no interest\n".repeat(10_000));
    let scan = |text: &str| {
        let scan = scanner.scan(&Chunk::memory(text.as_bytes()));
        (scan.findings.len(), scan.skipped.iter().map(|skip| skip.reason).collect::<Vec<SkipReason>>())
    };
    assert_eq!(scan(&text), (1, vec![]));
    stop.store(true, Ordering::Relaxed);
    assert_eq!(scan(&text), (0, vec![SkipReason::Interrupted]));
    assert_eq!(scan(&line), (1, vec![]), "what is short was looked at");
}
