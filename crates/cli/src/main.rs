//! `leaktight`: finds secrets before they leave your machine.

#![forbid(unsafe_code)]

mod args;
mod assistant;
mod baseline;
mod changes;
mod cmd;
mod collect;
mod config;
mod exit;
mod hygiene;
mod interrupt;
mod output;
mod policy;
mod progress;
mod report;
mod rewrite;
mod term;
mod trail;
mod vault;
mod when;

use std::io::{self, Write as _};
use std::panic;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::{ContextKind, ContextValue};

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
        Command::Redact(redact) => cmd::redact::redact(&redact),
        Command::Restore(restore) => cmd::redact::restore(&restore),
        Command::Vault(vault) => cmd::vault::run(&vault),
        Command::Hook(hook) => cmd::hook::dispatch(&hook.command),
        Command::Filter => cmd::filter::run(),
        Command::Inventory(inventory) => cmd::inventory::run(&inventory),
        Command::Show(show) => cmd::show::run(&show),
        Command::Run(run) => cmd::run::run(&run),
        Command::Install(install) => cmd::assist::dispatch(&install.command, &cmd::assist::INSTALL),
        Command::Uninstall(install) => cmd::assist::dispatch(&install.command, &cmd::assist::UNINSTALL),
        Command::Doctor(doctor) => cmd::assist::doctor::run(&doctor),
        Command::Policy(policy) => cmd::policy::run(&policy),
        Command::Grant(grant) => cmd::grant::run(&grant),
        Command::Audit(audit) => cmd::audit::run(&audit),
        Command::Completions(completions) => cmd::manual::completions(completions.shell),
        Command::Man => cmd::manual::man(),
    }
}

/// Help and versions go to standard output, mistakes to standard error.
fn usage(err: &clap::Error) -> ExitCode {
    if let Some(text) = harmless(err) {
        // Nothing is left to do when even this can't be written.
        let _ = io::stderr().write_all(text.as_bytes());
        return ExitCode::from(exit::USAGE);
    }
    let printed = err.print().and_then(|()| io::stdout().flush());
    match printed {
        _ if err.use_stderr() => ExitCode::from(exit::USAGE),
        Ok(()) => ExitCode::from(exit::CLEAN),
        Err(err) => ExitCode::from(complain(&anyhow::Error::new(err).context("cannot write to standard output"))),
    }
}

/// Returns the error in our own words if it quotes what a terminal or a build
/// service would obey, such as the name of a file that starts with a dash.
fn harmless(err: &clap::Error) -> Option<String> {
    let is_odd = |text: &str| term::escape(text.as_bytes()) != text;
    let kinds = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue];
    let mut quoted = kinds.into_iter().filter_map(|kind| match err.get(kind)? {
        ContextValue::String(text) => Some(text.as_str()),
        _ => None,
    });
    let text = quoted.find(|text| is_odd(text))?;
    let what = err.kind().as_str().unwrap_or("wrong usage");
    Some(format!("error: {what}: `{}`\nhint: try `leaktight --help`\n", term::escape(text.as_bytes())))
}

/// Prints an error with its causes and returns the exit code it means.
fn complain(err: &anyhow::Error) -> u8 {
    if is_broken_pipe(err) {
        return exit::BROKEN_PIPE;
    }
    let mut text = format!("error: {err}\n");
    for cause in err.chain().skip(1) {
        // Ours are escaped where they are made; these are of others.
        text.push_str(&format!("  caused by: {}\n", term::escape(cause.to_string().as_bytes())));
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

/// An error that knows what to do next. Its message holds nothing a terminal obeys.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Hint {
    message: String,
    hint: &'static str,
    source: Option<io::Error>,
}

impl Hint {
    pub(crate) fn new(message: impl Into<String>, hint: &'static str) -> Self {
        Self { message: message.into(), hint, source: None }
    }

    /// Returns an error with its cause, if there is one.
    pub(crate) fn caused(message: String, hint: &'static str, source: impl Into<Option<io::Error>>) -> Self {
        Self { source: source.into(), ..Self::new(message, hint) }
    }

    /// Returns the error of a repository that cannot be read, with its cause.
    pub(crate) fn of_git(err: &leaktight_git::Error) -> Self {
        const HINT: &str = "nothing was scanned; name a git repository that is whole and yours";
        let source = std::error::Error::source(err).map(|cause| io::Error::other(cause.to_string()));
        Self { source, ..Self::new(term::escape(err.to_string().as_bytes()), HINT) }
    }

    /// Returns the error of a tree that cannot be scanned as asked, with its cause.
    pub(crate) fn of_tree(err: &leaktight_fs::Error) -> Self {
        const HINT: &str = "nothing was scanned; correct the command line and run it again";
        let source = std::error::Error::source(err).map(|cause| io::Error::other(cause.to_string()));
        Self { source, ..Self::new(term::escape(err.to_string().as_bytes()), HINT) }
    }
}
