//! What a hook takes: a process for each event of an assistant.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::measure::children;

/// Text as tools print it.
const TEXT: &str = include_str!("redact.rs");
/// Processes side by side.
const TOGETHER: usize = 20;

/// Answers events of several sizes, many times each, and prints the median and the
/// greatest of what they took.
pub(crate) fn run(program: &Path, times: usize) -> anyhow::Result<()> {
    ensure!(times > 0, "at least once");
    let folder = std::env::temp_dir().join(format!("leaktight-hook-{}", std::process::id()));
    let desk = Desk { program, empty: folder.join("empty"), full: folder.join("full") };
    fs::create_dir_all(&folder)?;
    desk.fill(500)?;
    // Valid, drawn up here, and in no file as a whole.
    let secret = ["AKIA", "T5WQ3MZX", "6KLP2D7Y"].concat();
    println!("{:<40} median  most  CPU ms; median  most  wall ms", format!("{times} times each"));
    desk.measure("process start", times, None)?;
    desk.measure("64 KB, clean", times, Some((&event(64 << 10, ""), &desk.empty)))?;
    desk.measure("64 KB, with a secret", times, Some((&event(64 << 10, &secret), &desk.empty)))?;
    desk.measure("64 KB, clean, 500 values in the vault", times, Some((&event(64 << 10, ""), &desk.full)))?;
    desk.measure("1 MB, clean", times, Some((&event(1 << 20, ""), &desk.empty)))?;
    desk.together(&event(64 << 10, &secret), times)?;
    Ok(fs::remove_dir_all(&folder)?)
}

/// The event after a command that printed so many bytes, and a secret at the end.
fn event(len: usize, secret: &str) -> Vec<u8> {
    let text: String = TEXT.chars().cycle().take(len).chain(format!("\nkey {secret}\n").chars()).collect();
    let event = json!({
        "session_id": "bench", "cwd": "/", "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {},
        "tool_response": {"stdout": text, "stderr": "", "interrupted": false},
    });
    event.to_string().into_bytes()
}

struct Desk<'a> {
    program: &'a Path,
    empty: std::path::PathBuf,
    full: std::path::PathBuf,
}

impl Desk<'_> {
    /// Puts values into a vault.
    fn fill(&self, n_values: u64) -> anyhow::Result<()> {
        let mut state = 7_u64;
        let mut line = |idx| {
            let mut value = String::new();
            for _ in 0..40 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                value
                    .push(char::from(b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQR23456789"[(state >> 33) as usize % 48]));
            }
            format!("service_{idx}_token = \"{value}\"\n")
        };
        let text: String = (0..n_values).map(&mut line).collect();
        let mut command = Command::new(self.program);
        let mut child = start(command.arg("redact").env("LEAKTIGHT_HOME", &self.full))?;
        feed(&mut child, text.as_bytes())?;
        ensure!(child.wait()?.success(), "the vault can't be filled");
        Ok(())
    }

    fn hook(&self, home: &Path) -> anyhow::Result<Child> {
        start(Command::new(self.program).args(["hook", "claude-code"]).env("LEAKTIGHT_HOME", home))
    }

    fn measure(&self, name: &str, times: usize, work: Option<(&[u8], &Path)>) -> anyhow::Result<()> {
        let (mut cpu, mut wall) = (Vec::new(), Vec::new());
        for _ in 0..times {
            let (before, from) = (children()?, Instant::now());
            match work {
                Some((event, home)) => {
                    let mut child = self.hook(home)?;
                    feed(&mut child, event)?;
                    ensure!(child.wait()?.success(), "{name}: the hook fails");
                }
                None => drop(start(Command::new(self.program).arg("--version"))?.wait()?),
            }
            wall.push(from.elapsed());
            cpu.push(children()?.saturating_sub(before));
        }
        let line = |mut times: Vec<Duration>| {
            times.sort_unstable();
            let ms = |time: Duration| time.as_secs_f64() * 1000.0;
            format!("{:>6.1} {:>6.1}", ms(times[times.len() / 2]), ms(times[times.len() - 1]))
        };
        println!("{name:<40} {}          {}", line(cpu), line(wall));
        Ok(())
    }

    /// Many at once: what they take together, for one of them.
    fn together(&self, event: &[u8], times: usize) -> anyhow::Result<()> {
        let (before, from) = (children()?, Instant::now());
        for _ in 0..times.div_ceil(TOGETHER) {
            let mut hooks = (0..TOGETHER).map(|_| self.hook(&self.empty)).collect::<Result<Vec<_>, _>>()?;
            hooks.iter_mut().try_for_each(|hook| feed(hook, event))?;
            for mut hook in hooks {
                ensure!(hook.wait()?.success(), "a hook fails beside others");
            }
        }
        let n_hooks = (times.div_ceil(TOGETHER) * TOGETHER) as f64;
        let (cpu, wall) = (children()?.saturating_sub(before), from.elapsed());
        let name = format!("{TOGETHER} at once, with a secret; each");
        let mean = |time: Duration| time.as_secs_f64() * 1000.0 / n_hooks;
        println!("{name:<40} {:>6.1} (mean)          {:>6.1} (mean)", mean(cpu), mean(wall));
        Ok(())
    }
}

fn start(command: &mut Command) -> anyhow::Result<Child> {
    let name = command.get_program().to_string_lossy().into_owned();
    let quiet = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().with_context(|| format!("cannot run `{name}`"))
}

/// Gives a process its input, and the end of it.
fn feed(child: &mut Child, input: &[u8]) -> anyhow::Result<()> {
    Ok(child.stdin.take().context("it is piped")?.write_all(input)?)
}
