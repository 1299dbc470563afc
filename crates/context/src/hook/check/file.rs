//! Files an assistant is about to read.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaktight_core::{Confidence, Origin};

use super::super::Host;
use super::super::call::Call;
use super::super::message;
use super::{Verdict, ruling};
use crate::policy::{self, Action};
use crate::redact::{Book, Redacted};
use crate::splice::Format;
use crate::store::{self, Content, Places, Store, normalize};

/// The largest file that is looked at, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// How many links to what is not there may lie behind each other.
const MAX_LINKS: usize = 40;
/// How many files a glob may name.
const MAX_FILES: usize = 256;

/// What is known of a file.
pub(super) struct Facts {
    pub(super) path: PathBuf,
    pub(super) store: Option<&'static Store>,
    pub(super) len: u64,
}

/// Returns the paths a name may mean: from the folder the assistant works in and
/// from those a script went to, and where symbolic links lead.
pub(super) fn candidates(name: &str, cwd: &Path, folders: &[String], places: &Places<'_>) -> Vec<PathBuf> {
    let mut bases = vec![cwd.to_owned()];
    for folder in folders {
        let next = bases.last().map(|base| base.join(expanded(folder, places))).unwrap_or_default();
        bases.push(next);
    }
    let name = expanded(name, places);
    let mut paths: Vec<PathBuf> = Vec::new();
    for base in bases {
        let path = normalize(&base.join(&name));
        for path in [real(&path), Some(path)].into_iter().flatten() {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

/// Returns where a path leads, links followed as far as there are any: also one whose
/// target is not there yet, because who writes to it makes the target.
fn real(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let known = path.ancestors().find_map(|ancestor| Some((ancestor, ancestor.canonicalize().ok()?)));
        let (ancestor, real) = known?;
        let mut rest = path.strip_prefix(ancestor).ok()?.components();
        let Some(next) = rest.next() else { return Some(real) };
        let entry = real.join(next);
        match entry.read_link() {
            Ok(target) => path = normalize(&real.join(target).join(rest.as_path())),
            Err(_) => return Some(normalize(&entry.join(rest.as_path()))),
        }
    }
    None
}

/// Returns a name with the home folder in the place of `~`.
fn expanded(name: &str, places: &Places<'_>) -> PathBuf {
    match (name.strip_prefix("~/"), places.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        (None, Some(home)) if name == "~" => home.to_owned(),
        _ => PathBuf::from(name),
    }
}

/// Returns the files a name with `*` or `?` in it means.
pub(super) fn globbed(name: &str, cwd: &Path, folders: &[String], places: &Places<'_>) -> Vec<PathBuf> {
    let pattern = name.replace(['?', '['], "*");
    let (fixed, rest) = match pattern.find('*') {
        Some(star) => pattern.split_at(pattern[..star].rfind('/').map_or(0, |slash| slash + 1)),
        None => return Vec::new(),
    };
    let mut found = candidates(if fixed.is_empty() { "." } else { fixed }, cwd, folders, places);
    for segment in rest.split('/').filter(|segment| !segment.is_empty()) {
        let entries = found.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().take(MAX_FILES * 8);
        let names = entries.filter_map(Result::ok).filter(|entry| store::matches_name(segment, &entry.file_name()));
        found = names.map(|entry| entry.path()).take(MAX_FILES).collect();
    }
    found
}

/// Returns what is known of the file or folder a path leads to, if anything is.
pub(super) fn facts(paths: &[PathBuf], places: &Places<'_>) -> Option<Facts> {
    let stores = paths.iter().filter_map(|path| store::find(path, places).map(|store| (path, store)));
    let store = stores.reduce(|best, next| if next.1.content > best.1.content { next } else { best });
    let file = paths
        .iter()
        .find_map(|path| path.metadata().ok().filter(std::fs::Metadata::is_file).map(|meta| (path, meta.len())));
    match (file, store) {
        (Some((path, len)), store) => Some(Facts { path: path.clone(), store: store.map(|(_, store)| store), len }),
        // A store that is not there yet, or is no file, such as `/proc/1/environ` that can't be seen.
        (None, Some((path, store))) => Some(Facts { path: path.clone(), store: Some(store), len: 0 }),
        (None, None) => None,
    }
}

/// Returns a file without its secrets.
///
/// # Errors
///
/// Returns what the system says, or that the file is too large or no file.
pub(super) fn redact(facts: &Facts, host: &mut Host<'_>, book: &mut Book) -> io::Result<Redacted> {
    if facts.len > MAX_FILE {
        return Err(io::Error::other(format!("it is larger than {} MB", MAX_FILE >> 20)));
    }
    let mut bytes = Vec::new();
    File::open(&facts.path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    host.redactor.opaque = &[];
    host.redactor.origin = Arc::new(Origin::File(facts.path.clone()));
    let secret = facts.store.is_some_and(|store| store.content == Content::Secret);
    host.redactor.confidence = if secret { Confidence::Low } else { Confidence::Medium };
    let format = match facts.path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Format::Json,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        _ => Format::Text,
    };
    let mut out = Vec::with_capacity(bytes.len());
    let report = host.redactor.redact_file(format, (&mut &*bytes, &mut out), book);
    host.redactor.origin = Arc::new(Origin::Memory);
    Ok(Redacted { bytes: out, report: report? })
}

/// Decides about a file that is about to go to the model as it is.
pub(super) fn verdict(name: &str, facts: &Facts, (call, host): (&Call<'_>, &mut Host<'_>), book: &mut Book) -> Verdict {
    let refused = facts.store.and_then(|store| ruling::of_store(Action::FileRead, (name, store), (call, host)));
    if let Some(reason) = refused {
        return Verdict::Deny { reason };
    }
    match redact(facts, host, book) {
        Ok(redacted) => match found(name, &redacted, (call, host)) {
            Some(reason) => Verdict::deny(reason),
            None => Verdict::Pass,
        },
        // What can't be read now can't be read by the assistant either, bar a race.
        Err(err) if matches!(err.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => Verdict::Pass,
        Err(err) => Verdict::deny(format!("`{}` could not be looked at: {err}.", message::clean(name))),
    }
}

/// Returns why a file is refused for what it holds; none when it holds nothing.
pub(super) fn found(name: &str, redacted: &Redacted, (call, host): (&Call<'_>, &Host<'_>)) -> Option<String> {
    let report = &redacted.report;
    let name_shown = message::clean(name);
    if !report.skipped.is_empty() {
        return Some(format!("`{name_shown}` could not be scanned as a whole ({}).", report.skipped[0].reason.name()));
    }
    let allowed = || ruling::of_findings(Action::FileRead, report, (call, host)) == policy::Verdict::Allow;
    (report.n_hits + report.n_left > 0 && !allowed()).then(|| {
        let found = message::found(report, &host.rules);
        format!("`{name_shown}` holds {found}. {}", message::instead(name, &host.program))
    })
}

/// Returns why a store is refused.
pub(super) fn of_store(name: &str, store: &Store, host: &Host<'_>) -> String {
    let (name_shown, what) = (message::clean(name), message::store(store));
    format!("`{name_shown}` {what}; none of it goes to a model. {}", message::instead(name, &host.program))
}

/// Tells of a file that was loaded.
pub(super) fn loaded(call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    let Some(name) = &call.file else { return Verdict::Pass };
    let paths = candidates(name, call.cwd(), &[], &host.places);
    let Some(facts) = facts(&paths, &host.places) else { return Verdict::Pass };
    let Ok(redacted) = redact(&facts, host, book) else { return Verdict::Pass };
    if redacted.report.n_hits + redacted.report.n_left == 0 {
        return Verdict::Pass;
    }
    let found = message::found(&redacted.report, &host.rules);
    let message = format!(
        "`{}` was loaded and holds {found}. It has gone to the model: take it out of the file and revoke it.",
        message::clean(name)
    );
    Verdict::Warn { message }
}
