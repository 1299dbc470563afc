//! A line that tells a person at a terminal that the scan goes on.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

/// Calls `work` and, while it runs long, shows what `state` returns: files and bytes.
pub(crate) fn during<T>(wanted: bool, state: impl Fn() -> (u64, u64) + Sync, work: impl FnOnce() -> T) -> T {
    if !wanted || !std::io::stderr().is_terminal() {
        return work();
    }
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        // Without a thread to draw on, the scan simply goes on unseen.
        let state = &state;
        let drawn = std::thread::Builder::new().spawn_scoped(scope, move || draw(state, &is_done));
        let result = work();
        drop(done);
        drop(drawn);
        result
    })
}

fn draw(state: &impl Fn() -> (u64, u64), is_done: &std::sync::mpsc::Receiver<()>) {
    let ended = |wait| !matches!(is_done.recv_timeout(wait), Err(std::sync::mpsc::RecvTimeoutError::Timeout));
    if ended(Duration::from_millis(700)) {
        return;
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    loop {
        let (files, bytes) = state();
        bar.set_message(format!("{} files, {}", HumanCount(files), HumanBytes(bytes)));
        bar.tick();
        if ended(Duration::from_millis(120)) {
            break;
        }
    }
    bar.finish_and_clear();
}
