//! `leaktight`: finds secrets before they leave your machine.

#![forbid(unsafe_code)]

mod args;
mod baseline;
mod cmd;
mod collect;
mod config;
mod exit;
mod hygiene;
mod interrupt;
mod output;
mod progress;
mod report;
mod term;

use std::io::{self, Write as _};
use std::panic;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Command};

fn main() -> ExitCode {
    hygiene::harden();
    hygiene::silence_panics();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(err) => return usage(&err),
    };
    match panic::catch_unwind(|| run(args)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(err)) => ExitCode::from(complain(&err)),
        Err(_) => ExitCode::from(exit::INTERNAL),
    }
}

fn run(args: Args) -> anyhow::Result<u8> {
    match args.command {
        Command::Scan(scan) => cmd::scan::run(&scan),
        Command::Rules(rules) => cmd::rules::run(&rules),
        Command::Explain(explain) => cmd::explain::run(&explain),
        Command::Baseline(baseline) => cmd::baseline::run(&baseline),
        Command::Completions(completions) => cmd::manual::completions(completions.shell),
        Command::Man => cmd::manual::man(),
    }
}

/// Help and versions go to standard output, mistakes to standard error.
fn usage(err: &clap::Error) -> ExitCode {
    let printed = err.print().and_then(|()| io::stdout().flush());
    match printed {
        _ if err.use_stderr() => ExitCode::from(exit::USAGE),
        Ok(()) => ExitCode::from(exit::CLEAN),
        Err(err) => ExitCode::from(complain(&anyhow::Error::new(err).context("cannot write to standard output"))),
    }
}

/// Prints an error with its causes and returns the exit code it means.
fn complain(err: &anyhow::Error) -> u8 {
    if is_broken_pipe(err) {
        return exit::BROKEN_PIPE;
    }
    let mut text = format!("error: {err}\n");
    for cause in err.chain().skip(1) {
        text.push_str(&format!("  caused by: {cause}\n"));
    }
    if let Some(hint) = err.chain().find_map(|cause| cause.downcast_ref::<Hint>()) {
        text.push_str(&format!("hint: {}\n", hint.hint));
    }
    // Nothing is left to do when even this can't be written.
    let _ = io::stderr().write_all(text.as_bytes());
    exit::USAGE
}

fn is_broken_pipe(err: &anyhow::Error) -> bool {
    err.chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// An error that knows what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Hint {
    message: String,
    hint: &'static str,
}

impl Hint {
    pub(crate) fn new(message: impl Into<String>, hint: &'static str) -> Self {
        Self { message: message.into(), hint }
    }
}
