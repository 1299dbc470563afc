//! `scan --assistants`: what coding assistants wrote down.

use std::env;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Instant, SystemTime};

use anyhow::Context as _;
use leaktight_context::store::Places;
use leaktight_context::transcript::{self, Options, Outcome, Progress, Transcripts};
use leaktight_core::{Limits, Scanner, Skip, SkipReason};

use super::{scan, setup};
use crate::args::{FailOn, Scan};
use crate::interrupt::Interrupt;
use crate::report::Coverage;
use crate::report::rotation::{self, Rotation};
use crate::vault::home;
use crate::{Hint, exit, output, progress};

/// Scans transcripts, reports, scrubs if asked to, and returns the exit code.
pub(crate) fn run(args: &Scan, names: &[String]) -> anyhow::Result<u8> {
    let start = Instant::now();
    let interrupt = Interrupt::listen().context("cannot listen for signals")?.within(args.select.timeout);
    let allowed = scan::allowed_gaps(&args.judge.allow_incomplete)?;
    rotation::check(&args.show)?;
    let catalogue = Transcripts::builtin()?;
    check_names(&catalogue, names)?;
    let scanner = scanner(args)?;
    let (files, skipped) = find(&catalogue, names);
    let progress = Progress::default();
    let options = Options {
        confidence: args.judge.confidence,
        severity: args.judge.severity,
        threads: threads(args),
        stop: &|| interrupt.is_over(),
        progress: &progress,
    };
    let seen = || (progress.files.load(Ordering::Relaxed), progress.bytes.load(Ordering::Relaxed));
    let outcome = progress::during(!args.show.no_progress, seen, || transcript::scan(&scanner, &files, options));
    let mut coverage = coverage(&outcome, skipped, seen());
    coverage.interrupted = interrupt.code().is_some();
    if !coverage.interrupted && coverage.unscanned.iter().any(|skip| skip.reason == SkipReason::Interrupted) {
        Coverage::blame_deadline(&mut coverage.unscanned);
    }
    coverage.allowed = allowed;
    if args.judge.require_nonempty && coverage.scanned == 0 {
        let nothing = "nothing was scanned, and --require-nonempty was given";
        coverage.unscanned.push(Skip::new("~", SkipReason::Vanished, nothing));
    }
    let scrubbed = if args.transcripts.scrub && !coverage.interrupted {
        let rules = Arc::clone(scanner.rules());
        let scrubbed = transcript::scrub(&outcome.files, &outcome.leaks, (rules, args.judge.confidence));
        Some(scrubbed.context("cannot make placeholders")?)
    } else {
        None
    };
    if args.show.show_secrets {
        scan::warn_of_secrets();
    }
    let rotation = Rotation {
        leaks: outcome.leaks,
        coverage,
        scrubbed,
        home: home(),
        now: SystemTime::now(),
        elapsed: start.elapsed(),
        show_secrets: args.show.show_secrets,
    };
    output::write_each(&args.show, rotation.is_clean(), |format, style, out| {
        rotation::write(&rotation, format, style, out)
    })?;
    Ok(interrupt.code().unwrap_or_else(|| code(args, &rotation)))
}

fn scanner(args: &Scan) -> anyhow::Result<Scanner> {
    let mut rules = setup::rules(&args.judge.rules)?;
    // Only a configuration that is named: none belongs to the home folder.
    scan::Project::configured(args.judge.config.clone())?.adjust(&mut rules)?;
    setup::keep_only(&mut rules, &args.judge.only)?;
    let mut limits = Limits::default();
    // Whoever wrote a mark into a transcript did not mean the transcript.
    limits.inline_allow = false;
    limits.findings = usize::MAX;
    Ok(Scanner::with_limits(setup::share(rules)?, limits))
}

fn check_names(catalogue: &Transcripts, names: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = catalogue.assistants().iter().map(|assistant| assistant.name.as_str()).collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let name = crate::term::escape(name.as_bytes());
            let message = format!("there is no assistant `{name}`; known are {}", known.join(", "));
            Err(Hint::new(message, "without a name, `--assistants` scans what all of them wrote down").into())
        }
    }
}

/// Finds the transcripts of this user and of the project that is worked on.
fn find<'a>(catalogue: &'a Transcripts, names: &[String]) -> (Vec<transcript::File<'a>>, Vec<Skip>) {
    let home = home();
    let variable = |name: &str| env::var_os(name);
    let places = Places::new(home.as_deref(), &variable);
    catalogue.find(names, &places, project().as_deref())
}

/// Returns the root of the repository that this is run in, or else this folder.
pub(super) fn project() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    Some(here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(Path::new(&here)).to_path_buf())
}

fn threads(args: &Scan) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    args.select.threads.map_or_else(cores, usize::from)
}

/// Returns the account of all files.
fn coverage(outcome: &Outcome, skipped: Vec<Skip>, (files, bytes): (u64, u64)) -> Coverage {
    let mut coverage = Coverage { scanned: files, bytes, capped: outcome.n_dropped, ..Coverage::default() };
    for skip in skipped.into_iter().chain(outcome.skipped.iter().cloned()) {
        if skip.reason.is_exclusion() {
            *coverage.excluded.entry(skip.reason).or_default() += 1;
        } else {
            coverage.unscanned.push(skip);
        }
    }
    coverage.unscanned.sort();
    coverage
}

fn code(args: &Scan, rotation: &Rotation) -> u8 {
    let fails = match args.judge.fail_on {
        FailOn::At(least) => rotation.leaks.iter().any(|leak| leak.finding.confidence >= least),
        FailOn::Never => false,
    };
    let gaps = rotation.coverage.has_gaps();
    let kept = rotation.scrubbed.as_ref().is_some_and(|scrubbed| !scrubbed.kept.is_empty());
    match (gaps || kept, fails) {
        (false, false) => exit::CLEAN,
        (false, true) => exit::FINDINGS,
        (true, false) => exit::INCOMPLETE,
        (true, true) => exit::INCOMPLETE_FINDINGS,
    }
}
