//! `filter`: standard input to standard output, with placeholders for secrets.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use leaktight_context::redact::Redactor;
use leaktight_context::splice::Format;
use leaktight_core::RuleSet;

use crate::exit;
use crate::vault::Shelf;

/// Filters until the input ends.
pub(crate) fn run() -> anyhow::Result<u8> {
    let mut shelf = Shelf::open().context("cannot make placeholders")?;
    if let Some(trouble) = &shelf.trouble {
        let _ = writeln!(io::stderr(), "warning: {trouble}");
    }
    let mut redactor = Redactor::new(Arc::new(RuleSet::builtin()));
    let streams = (&mut io::stdin().lock() as &mut dyn io::Read, &mut io::stdout().lock() as &mut dyn io::Write);
    let report =
        redactor.redact_file(Format::Text, streams, &mut shelf.book).context("cannot filter standard input")?;
    io::stdout().flush().context("cannot write to standard output")?;
    if report.n_hits > 0 {
        let saved = shelf.save();
        let _ = writeln!(io::stderr(), "[leaktight: {} replaced by placeholders]", report.n_hits);
        saved.context("cannot keep what the placeholders stand for")?;
    }
    Ok(if report.is_complete() { exit::CLEAN } else { exit::INCOMPLETE })
}
