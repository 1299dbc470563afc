//! CPU time, wall time and memory of a command.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// Runs a command several times and prints one line: the least CPU seconds, the
/// least wall seconds, the greatest memory in MiB.
pub(crate) fn run(times: u32, command: &[String]) -> anyhow::Result<()> {
    let (program, args) = command.split_first().context("a command is needed")?;
    let (mut cpu, mut wall) = (Duration::MAX, Duration::MAX);
    for _ in 0..times.max(1) {
        let before = children()?;
        let start = Instant::now();
        Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("cannot run `{program}`"))?;
        wall = wall.min(start.elapsed());
        cpu = cpu.min(children()?.saturating_sub(before));
    }
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() / 1024;
    println!("{:.3} {:.3} {memory}", cpu.as_secs_f64(), wall.as_secs_f64());
    Ok(())
}

/// Runs something and returns its result and the CPU seconds that all threads took.
pub(crate) fn cpu<T>(work: impl FnOnce() -> T) -> anyhow::Result<(T, f64)> {
    let before = used(UsageWho::RUSAGE_SELF)?;
    let result = work();
    Ok((result, used(UsageWho::RUSAGE_SELF)?.saturating_sub(before).as_secs_f64()))
}

/// CPU time of all children so far.
pub(crate) fn children() -> anyhow::Result<Duration> {
    used(UsageWho::RUSAGE_CHILDREN)
}

fn used(who: UsageWho) -> anyhow::Result<Duration> {
    let usage = getrusage(who)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}
