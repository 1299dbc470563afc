//! What keeps a report from telling all.

use std::path::Path;

use super::Coverage;
use super::text::shown;

/// Something the reader must know before trusting that nothing else was found.
pub(super) struct Gap<'a> {
    /// A name for it, in kebab case.
    pub(super) kind: &'static str,
    /// What is concerned, if it is one thing.
    pub(super) path: Option<&'a Path>,
    /// What happened, for people, escaped.
    pub(super) text: String,
    /// Whether something was left out that was to be scanned.
    pub(super) is_incomplete: bool,
}

impl Gap<'_> {
    /// Returns what happened where nothing around it says that this was not scanned.
    pub(super) fn message(&self) -> String {
        if self.path.is_some() { format!("not scanned: {}", self.text) } else { self.text.clone() }
    }
}

/// Returns the gaps of a scan, those without a path first.
pub(super) fn gaps(coverage: &Coverage) -> Vec<Gap<'_>> {
    let mut gaps = Vec::new();
    if coverage.interrupted {
        gaps.push(general("interrupted", "the scan was broken off".to_owned(), true));
    }
    if coverage.scanned == 0 {
        gaps.push(general("nothing-scanned", "nothing was scanned: 0 files".to_owned(), false));
    }
    if coverage.capped > 0 {
        let text = format!("{} more findings are beyond the limit and are not listed", coverage.capped);
        gaps.push(general("capped", text, false));
    }
    gaps.extend(coverage.unscanned.iter().map(|skip| Gap {
        kind: skip.reason.name(),
        path: Some(&skip.path),
        text: describe(skip.reason.name(), &skip.detail),
        is_incomplete: true,
    }));
    gaps
}

fn general(kind: &'static str, text: String, is_incomplete: bool) -> Gap<'static> {
    Gap { kind, path: None, text, is_incomplete }
}

fn describe(reason: &str, detail: &str) -> String {
    if detail.is_empty() { reason.to_owned() } else { format!("{reason}: {}", shown(detail.as_bytes())) }
}
