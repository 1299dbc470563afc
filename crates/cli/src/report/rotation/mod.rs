//! What leaked through assistants, as a list of what to rotate.

mod human;
mod json;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leaktight_context::transcript::{Leak, Scrubbed, Sent};
use leaktight_core::Severity;

use super::line::Masker;
use super::{Coverage, Format, Style};
use crate::args::Show;
use crate::{Hint, output};

/// What leaked, and what was done about it.
#[derive(Debug)]
pub(crate) struct Rotation {
    /// The leaks in the order to rotate them.
    pub(crate) leaks: Vec<Leak>,
    /// What was looked at.
    pub(crate) coverage: Coverage,
    /// What became of the files, if they were to be scrubbed.
    pub(crate) scrubbed: Option<Scrubbed>,
    /// The home folder, which people write as `~`.
    pub(crate) home: Option<PathBuf>,
    /// When the list is made.
    pub(crate) now: SystemTime,
    /// How long the scan took.
    pub(crate) elapsed: Duration,
    /// Print secrets in clear.
    pub(crate) show_secrets: bool,
}

impl Rotation {
    /// Returns whether there is nothing to tell.
    pub(crate) fn is_clean(&self) -> bool {
        self.leaks.is_empty() && self.coverage.is_complete()
    }

    fn n_sent(&self) -> usize {
        self.leaks.iter().filter(|leak| leak.sent == Sent::Yes).count()
    }

    fn by_severity(&self) -> BTreeMap<Severity, u64> {
        let mut counts = BTreeMap::new();
        for leak in &self.leaks {
            *counts.entry(leak.finding.severity).or_default() += 1;
        }
        counts
    }

    /// Returns the days since a leak was first written down.
    fn age(&self, leak: &Leak) -> Option<u64> {
        let now = self.now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let first = u64::try_from(leak.first?.as_second()).ok()?;
        Some(now.saturating_sub(first) / 86_400)
    }

    /// Returns a path as people write it.
    fn short(&self, path: &Path) -> PathBuf {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        below.map_or_else(|| path.to_path_buf(), |below| Path::new("~").join(below))
    }

    /// Returns a masker that knows all the secrets.
    fn masker(&self) -> Masker<'_> {
        // Into the tables of the masker, to be looked for and hidden.
        Masker::of(self.leaks.iter().map(|leak| leak.finding.secret.expose()), self.show_secrets)
    }
}

/// Refuses formats that are made for findings in files.
pub(crate) fn check(show: &Show) -> anyhow::Result<()> {
    let known = |format| matches!(format, Format::Human | Format::Json | Format::Jsonl);
    if output::targets(&show.format, &show.output).iter().all(|target| known(target.format)) {
        return Ok(());
    }
    Err(Hint::new("transcripts are reported as human, json or jsonl only", "choose one of them with --format").into())
}

/// Writes a list.
///
/// # Errors
///
/// Returns what writing returned.
pub(crate) fn write(rotation: &Rotation, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(rotation, out),
        Format::Jsonl => json::write_lines(rotation, out),
        Format::Summary => human::summary(rotation, style, out),
        _ => human::write(rotation, style, out),
    }
}
