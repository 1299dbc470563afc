//! Tells each secret once, at the place where it came in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use leaktight_core::{Blob, Chunk, Commit, Finding, Origin, Part, Scanner, SkipReason};

use super::attribute::{Asked, Fate};
use super::hits::{Hit, SecretIdx, Secrets};
use super::inspect::{Placed, inspect};
use super::look::scan;
use super::names::Known;
use super::narrow::Refused;
use super::options::HistoryOptions;
use super::run::Teller;
use crate::id::ObjectId;
use crate::open::path_of;
use crate::store::{self, Kind, Lookup, Mode, Objects, Reader, entries};

/// Trees within trees that are followed.
const DEEPEST: usize = 256;
/// Trees and files of a commit that are looked at for the place of a secret, at most: a few
/// trees, each many times in the next, make as many paths as anyone likes.
const MOST_ENTRIES: u32 = 1 << 20;
/// Bytes of a subject that are shown.
const SUBJECT: usize = 200;

/// Makes findings of what is known about secrets.
pub(super) struct Reporter<'a> {
    pub(super) objects: &'a Objects,
    pub(super) lookup: &'a Lookup<'a>,
    pub(super) scanner: &'a Scanner,
    pub(super) options: &'a HistoryOptions,
    pub(super) known: &'a Known,
    pub(super) secrets: &'a Secrets,
    pub(super) asked: &'a Asked<'a>,
    pub(super) placed: &'a Placed,
    pub(super) teller: &'a Teller<'a>,
    /// Secrets that stand in files that are left out.
    pub(super) refused: BTreeMap<SecretIdx, Refused>,
}

/// A file of a commit.
type Place = (Vec<u8>, u32);

impl Reporter<'_> {
    /// Tells all secrets.
    pub(super) fn tell(&self, fates: &[Fate], hits: &[Hit]) {
        let mut reader = Reader::new(self.objects);
        let mut by_commit: BTreeMap<u32, Vec<SecretIdx>> = BTreeMap::new();
        for (secret, fate) in fates.iter().enumerate() {
            let secret = secret as SecretIdx;
            match (fate.introduced, fate.said) {
                (Some(commit), _) => by_commit.entry(commit).or_default().push(secret),
                (None, Some(said)) => self.tell_said(said, (secret, fate), &mut reader),
                (None, None) => match self.refused.get(&secret) {
                    Some((path, why)) if !fate.tagged => self.teller.skip(path_of(path), SkipReason::Excluded, why),
                    _ => self.tell_stray((secret, fate), hits, &mut reader),
                },
            }
        }
        for (commit, secrets) in by_commit {
            self.tell_files(commit, &secrets, (fates, &mut reader));
        }
    }

    /// Tells the secrets that a commit introduced into files.
    fn tell_files(&self, commit: u32, secrets: &[SecretIdx], (fates, reader): (&[Fate], &mut Reader<'_>)) {
        let Some(node) = self.asked.graph.node(commit) else { return };
        let (mut places, mut left): (Vec<Place>, u32) = (Vec::new(), MOST_ENTRIES);
        self.find((node.tree, Vec::new(), 0), secrets, (reader, &mut places, &mut left));
        places.sort();
        let mut left: Vec<SecretIdx> = secrets.to_vec();
        for (path, number) in places {
            if left.is_empty() {
                return;
            }
            let set = self.asked.sets.of(number);
            if !left.iter().any(|secret| self.asked.sets.holds(set, *secret)) {
                continue;
            }
            for (secret, finding) in self.rescan(number, Some(path_of(&path)), reader) {
                if let Some(at) = left.iter().position(|one| *one == secret) {
                    left.swap_remove(at);
                    let blob = self.blob((&fates[secret as usize], Some(commit)), reader);
                    let path = Some(path_of(&path));
                    self.teller.found(finding, Blob { path, id: self.id(number), ..blob });
                }
            }
        }
        for secret in left {
            // Only under another name of its content: told without one.
            self.tell_stray((secret, &fates[secret as usize]), &[], reader);
        }
    }

    /// Finds the files of a tree that hold one of the secrets.
    fn find(
        &self,
        (tree, path, depth): (u32, Vec<u8>, usize),
        secrets: &[SecretIdx],
        (reader, places, left): (&mut Reader<'_>, &mut Vec<Place>, &mut u32),
    ) {
        let mut bytes = Vec::new();
        if depth > DEEPEST || !matches!(reader.read(tree, &mut bytes), Ok(Kind::Tree)) {
            return;
        }
        for entry in entries(&bytes, self.objects.format.len()).map_while(Result::ok) {
            let Some(number) = self.lookup.find(entry.id) else { continue };
            let set = self.asked.sets.of(number);
            if set == 0 || !secrets.iter().any(|secret| self.asked.sets.holds(set, *secret)) {
                continue;
            }
            // What is left then is told without a place.
            let Some(fewer) = left.checked_sub(1) else { return };
            *left = fewer;
            let path = if path.is_empty() { entry.name.to_vec() } else { [&path, &b"/"[..], entry.name].concat() };
            match entry.mode {
                Mode::Tree => self.find((number, path, depth + 1), secrets, (reader, places, left)),
                Mode::Blob if self.options.why_not(&path_of(&path)).is_some() => {}
                Mode::Blob => places.push((path, number)),
                Mode::Submodule => {}
            }
        }
    }

    /// Scans a content again, now under its own name, and returns each secret's first finding.
    fn rescan(&self, number: u32, path: Option<PathBuf>, reader: &mut Reader<'_>) -> Vec<(SecretIdx, Finding)> {
        let mut bytes = Vec::new();
        if let Err(fault) = reader.read(number, &mut bytes) {
            self.teller.skip(format!("object {}", self.id(number)), fault.reason, fault.what);
            return Vec::new();
        }
        let origin = match &path {
            Some(path) => Arc::new(Origin::File(path.clone())),
            None => Arc::clone(&self.known.origins[self.known.first(number) as usize]),
        };
        let mut found = scan(self.scanner, &bytes, &origin, &mut Vec::new());
        if let Some(inspector) = self.options.inspect.as_deref() {
            let tails = self.placed.tails(number).filter(|_| path.is_none());
            found.extend(path.iter().chain(tails).flat_map(|path| inspect(inspector, &bytes, path)));
        }
        self.firsts(found)
    }

    fn firsts(&self, findings: Vec<Finding>) -> Vec<(SecretIdx, Finding)> {
        let mut firsts: Vec<(SecretIdx, Finding)> = Vec::new();
        for finding in findings {
            let secret = self.secrets.of(&finding);
            if firsts.iter().all(|(known, _)| *known != secret) {
                firsts.push((secret, finding));
            }
        }
        firsts
    }

    /// Tells a secret that a message holds.
    fn tell_said(&self, number: u32, (secret, fate): (SecretIdx, &Fate), reader: &mut Reader<'_>) {
        let mut bytes = Vec::new();
        let Ok(kind) = reader.read(number, &mut bytes) else { return };
        let found = self.firsts(say(self.scanner, kind, &bytes)).into_iter().find(|(found, _)| *found == secret);
        let Some((_, finding)) = found else { return };
        let (part, commit) = if kind == Kind::Commit { (Part::Commit, Some(number)) } else { (Part::Tag, None) };
        let blob = Blob { part, id: self.id(number), ..self.blob((fate, commit), reader) };
        self.teller.found(finding, blob);
    }

    /// Tells a secret that no commit leads to, if that was asked for.
    fn tell_stray(&self, (secret, fate): (SecretIdx, &Fate), hits: &[Hit], reader: &mut Reader<'_>) {
        let holders = hits.iter().filter(|hit| hit.secret == secret).map(|hit| hit.number);
        let Some(number) = holders.min_by_key(|number| self.id(*number)) else { return };
        if !fate.is_reachable() && !self.options.unreachable {
            let what = "something was found in it, and no reference leads to it";
            return self.teller.skip(format!("object {}", self.id(number)), SkipReason::Unreachable, what);
        }
        let found = self.rescan(number, None, reader).into_iter().find(|(found, _)| *found == secret);
        let Some((_, finding)) = found else { return };
        let blob = Blob { id: self.id(number), ..self.blob((fate, None), reader) };
        self.teller.found(finding, blob);
    }

    fn id(&self, number: u32) -> String {
        self.objects.id(number).map(|id| id.to_string()).unwrap_or_default()
    }

    fn blob(&self, (fate, commit): (&Fate, Option<u32>), reader: &mut Reader<'_>) -> Blob {
        let mut describer = Describer { scanner: self.scanner, reader };
        let mut describe = |number: u32| describer.commit(&self.objects.id(number)?);
        Blob {
            path: None,
            part: Part::File,
            id: String::new(),
            commit: commit.and_then(&mut describe),
            in_head: fate.in_head,
            removed: fate.removed.and_then(describe),
            others: fate.others(),
        }
    }
}

/// Describes commits for people.
pub(super) struct Describer<'a, 'b> {
    pub(super) scanner: &'a Scanner,
    pub(super) reader: &'a mut Reader<'b>,
}

impl Describer<'_, '_> {
    /// Describes a commit; what is a secret in it is left out.
    pub(super) fn commit(&mut self, id: &ObjectId) -> Option<Commit> {
        let mut bytes = Vec::new();
        self.reader.read_id(id, &mut bytes).ok()?;
        let text = store::commit(&bytes)?;
        let subject = text.message.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
        Some(Commit {
            time: text.author.time,
            offset: text.author.offset,
            id: id.to_string(),
            author: self.harmless(text.author.who),
            subject: self.harmless(subject),
        })
    }

    fn harmless(&self, text: &[u8]) -> String {
        const MASK: &[u8] = b"********";
        let (mut safe, mut at) = (Vec::new(), 0);
        for finding in self.scanner.scan(&Chunk::memory(text)).findings {
            let start = usize::try_from(finding.offset).unwrap_or(text.len());
            safe.extend_from_slice(text.get(at..start).unwrap_or_default());
            safe.extend_from_slice(MASK);
            at = start + finding.secret.len();
        }
        safe.extend_from_slice(text.get(at..).unwrap_or_default());
        String::from_utf8_lossy(&safe[..safe.len().min(SUBJECT)]).into_owned()
    }
}

/// Finds the secrets in the text of a commit or a tag: its message, and who made it.
pub(super) fn say(scanner: &Scanner, kind: Kind, bytes: &[u8]) -> Vec<Finding> {
    let texts = store::said(kind, bytes).unwrap_or_default();
    let origin = Arc::new(Origin::Memory);
    texts.into_iter().flat_map(|text| scanner.scan(&Chunk::new(text, Arc::clone(&origin))).findings).collect()
}
