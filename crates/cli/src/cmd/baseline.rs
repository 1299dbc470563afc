//! `baseline create`: accepts the findings of today.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::slice;

use anyhow::Context as _;
use leaktight_core::{Confidence, Limits, Scanner};

use super::scan::{self, Project};
use super::setup;
use crate::args::{BaselineArgs, BaselineCommand};
use crate::baseline::{self, Baseline};
use crate::interrupt::Interrupt;
use crate::report::Coverage;
use crate::term::escape_path;
use crate::{Hint, config, exit, output};

/// Scans a folder and writes its findings to the baseline.
pub(crate) fn run(args: &BaselineArgs) -> anyhow::Result<u8> {
    let BaselineCommand::Create { path, history, output: file, rules, select } = &args.command;
    let interrupt = Interrupt::listen().context("cannot listen for signals")?;
    // The configuration counts; an earlier baseline, which may be damaged, does not.
    let project = Project::configured(setup::project_file(slice::from_ref(path), config::NAME))?;
    let mut rules = setup::rules(rules)?;
    project.adjust(&mut rules)?;
    let mut limits = Limits::default();
    limits.marks = project.marks();
    let scanner = Scanner::with_limits(setup::share(rules)?, limits);
    let mut accepted = Baseline::default();
    for in_history in [Some(false), history.then_some(true)].into_iter().flatten() {
        let scanned = (path.as_path(), in_history, &**select);
        let (findings, coverage) = scan::findings(scanned, &scanner, (&project, &interrupt))?;
        if let Some(code) = interrupt.code() {
            return Ok(code);
        }
        check(&coverage)?;
        let open = findings.into_iter().filter(|finding| finding.suppressed.is_none());
        // What a usual scan does not report need not be accepted, but would be new
        // to a scan that reports more; so all of it is.
        let open: Vec<_> = open.filter(|finding| finding.confidence >= Confidence::Low).collect();
        accepted.join(Baseline::of(&open));
    }
    let file = file.clone().unwrap_or_else(|| place(path));
    output::share(&file, accepted.to_json()?.as_bytes())
        .with_context(|| format!("cannot write the baseline `{}`", escape_path(&file)))?;
    let n = accepted.len();
    writeln!(io::stdout(), "{n} finding{} accepted in {}", if n == 1 { "" } else { "s" }, escape_path(&file))?;
    Ok(exit::CLEAN)
}

/// Refuses a scan that left something out, as a baseline would hide what that holds.
fn check(coverage: &Coverage) -> anyhow::Result<()> {
    if coverage.is_complete() {
        return Ok(());
    }
    let first = coverage.unscanned.first().map(|skip| escape_path(&skip.path)).unwrap_or_default();
    let n = coverage.unscanned.len();
    let message = format!("{n} could not be scanned, so a baseline would hide what it holds: `{first}`");
    Err(Hint::new(message, "`leaktight scan` lists what could not be scanned, and why").into())
}

fn place(path: &Path) -> PathBuf {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    if folder == Path::new(".") { baseline::NAME.into() } else { folder.join(baseline::NAME) }
}
