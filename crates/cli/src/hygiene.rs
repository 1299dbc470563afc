//! Keeps what the process holds in memory from being written elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Turns core dumps off, by limit and by flag: a core handler that reads from a
/// pipe ignores the limit.
#[cfg(target_os = "linux")]
pub(crate) fn harden() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    // Neither failing makes the scan wrong, so neither stops it.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// There is nothing to do elsewhere.
#[cfg(not(target_os = "linux"))]
pub(crate) fn harden() {}

/// How many panics of a run are told one by one: one that comes with every file would
/// bury the report, which counts them all.
const TOLD: usize = 3;

/// Makes a panic say where it happened and not what it held: its message may
/// quote what was scanned.
pub(crate) fn silence_panics() {
    let n_told = AtomicUsize::new(0);
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        match n_told.fetch_add(1, Ordering::Relaxed) {
            ..TOLD => eprintln!("error: internal defect at {place}; please report it, without the scanned text"),
            TOLD => eprintln!("error: more internal defects, which are not told one by one"),
            _ => {}
        }
    }));
}
