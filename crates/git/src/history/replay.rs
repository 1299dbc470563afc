//! Tells again what an earlier scan found, and remembers what this one does.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use leaktight_core::{Blob, Event, Finding, Origin, Part, Skip, SkipReason};
use sha2::{Digest as _, Sha256};

use super::History;
use super::cache::{Cache, Outcome, PackEntry, State, Told, Witness};
use super::hits::{Hit, SecretIdx, Secrets, Stand};
use super::inspect::inspect;
use super::look::scan;
use super::report::{Describer, say};
use super::run::Teller;
use crate::id::ObjectId;
use crate::open::{path_of, read_control};
use crate::store::{Objects, Pack, Reader};

/// Bytes of the files that count into the state, at most.
const LARGEST: u64 = 64 << 20;

/// Returns a digest of everything the result of a scan depends on, besides the rules.
pub(super) fn state_of(history: &History, objects: &Objects) -> State {
    let mut hash = Sha256::new();
    for pack in &objects.packs {
        hash.update(&pack.index.checksum);
        hash.update(pack.len().to_le_bytes());
        hash.update([u8::from(pack.path.with_extension("promisor").exists())]);
    }
    hash.update(b"loose");
    objects.loose.iter().for_each(|(_, id)| hash.update(id.as_bytes()));
    let options = &history.options;
    let (by_path, unreachable) = (options.inspect.is_some(), options.unreachable);
    hash.update(format!("{:?}{:?}{unreachable:?}{by_path:?}", history.refs, options.branches).as_bytes());
    for name in ["shallow", "info/grafts"] {
        let text = read_control(&history.repo.common_dir().join(name), LARGEST).ok().flatten();
        hash.update(format!("{text:?}").as_bytes());
    }
    hash.finalize().into()
}

/// Tells the result of an earlier scan of the very same repository; returns
/// whether it could be told.
pub(super) fn replay(outcome: &Outcome, history: &History, (objects, teller): (&Objects, &Teller<'_>)) -> bool {
    let mut reader = Reader::new(objects);
    let mut found = Vec::with_capacity(outcome.told.len());
    // All of it first: a result that is told in part could not be taken back.
    let mut texts: HashMap<(&str, Option<&[u8]>), Vec<Finding>> = HashMap::new();
    for told in &outcome.told {
        let key = (told.object.as_str(), told.path.as_deref());
        let findings = texts.entry(key).or_insert_with(|| look(told, history, &mut reader).unwrap_or_default());
        let is_it = |finding: &&Finding| finding.offset == told.offset && finding.rule().id == told.rule;
        let Some(finding) = findings.iter().find(is_it) else { return false };
        found.push((finding.clone(), told));
    }
    let mut describer = Describer { scanner: &history.scanner, reader: &mut reader };
    let (n_scanned, bytes) = outcome.scanned;
    for at in 0..n_scanned {
        teller.tell(Event::Scanned(if at == 0 { bytes } else { 0 }));
    }
    for (path, reason, detail) in &outcome.skipped {
        teller.skip(path, *reason, detail);
    }
    for (finding, told) in found {
        let mut commit = |id: &Option<String>| describer.commit(&ObjectId::from_hex(id.as_ref()?.as_bytes())?);
        let blob = Blob {
            path: told.path.as_deref().map(path_of),
            part: [Part::File, Part::Commit, Part::Tag][usize::from(told.part.min(2))],
            id: told.object.clone(),
            commit: commit(&told.commit),
            in_head: told.in_head,
            removed: commit(&told.removed),
            others: told.others,
        };
        teller.found(finding, blob);
    }
    true
}

/// Scans an object again.
fn look(told: &Told, history: &History, reader: &mut Reader<'_>) -> Option<Vec<Finding>> {
    let mut bytes = Vec::new();
    let kind = reader.read_id(&ObjectId::from_hex(told.object.as_bytes())?, &mut bytes).ok()?;
    if told.part != 0 {
        return Some(say(&history.scanner, kind, &bytes));
    }
    let path = told.path.as_deref().map(path_of);
    let origin = Arc::new(path.clone().map_or(Origin::Memory, Origin::File));
    let mut found = scan(&history.scanner, &bytes, &origin, &mut Vec::new());
    if let (Some(inspector), Some(path)) = (history.options.inspect.as_deref(), path) {
        found.extend(inspect(inspector, &bytes, &path));
    }
    Some(found)
}

/// Notes what a scan tells.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Recorded>);

#[derive(Debug, Default)]
struct Recorded {
    outcome: Outcome,
    /// Something was told that another scan may find otherwise.
    is_fleeting: bool,
}

impl Record {
    pub(super) fn note(&self, event: &Event<'_>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Scanned(bytes) => {
                kept.outcome.scanned.0 += 1;
                kept.outcome.scanned.1 += bytes;
            }
            Event::Skipped(skip) => kept.skip(skip),
            Event::Found(found) => kept.outcome.told.extend(found.findings.iter().filter_map(told)),
            Event::Chunk(_) => {}
        }
    }

    /// Returns what was told, unless another scan may tell it otherwise.
    pub(super) fn into_outcome(self, state: State) -> Option<Outcome> {
        let kept = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        (!kept.is_fleeting).then_some(Outcome { state, ..kept.outcome })
    }
}

impl Recorded {
    fn skip(&mut self, skip: &Skip) {
        use SkipReason::{Missing, Shallow, Size, Submodule, Unreachable};
        match skip.path.to_str() {
            Some(path) if matches!(skip.reason, Missing | Shallow | Size | Submodule | Unreachable) => {
                self.outcome.skipped.push((path.to_owned(), skip.reason, skip.detail.clone()));
            }
            _ => self.is_fleeting = true,
        }
    }
}

fn told(finding: &Finding) -> Option<Told> {
    let Origin::Blob(blob) = finding.origin.root() else { return None };
    Some(Told {
        rule: finding.rule().id.to_string(),
        offset: finding.offset,
        object: blob.id.clone(),
        path: blob.path.as_ref().map(|path| path.as_os_str().as_encoded_bytes().to_vec()),
        part: match blob.part {
            Part::Commit => 1,
            Part::Tag => 2,
            _ => 0,
        },
        commit: blob.commit.as_ref().map(|commit| commit.id.clone()),
        in_head: blob.in_head,
        removed: blob.removed.as_ref().map(|commit| commit.id.clone()),
        others: blob.others,
    })
}

/// Returns the entry of a pack whose contents were looked at before.
pub(super) fn entry_of<'c>(cache: &'c Cache, pack: &Pack, kinds: &State) -> Option<&'c PackEntry> {
    let is_it = |entry: &&PackEntry| {
        !entry.checksum.is_empty()
            && entry.checksum == pack.index.checksum
            && entry.len == pack.len()
            && entry.kinds == *kinds
    };
    cache.packs.iter().find(is_it)
}

/// Looks at the secrets of a cache again; returns their numbers now, none for one that is not there any more.
pub(super) fn numbers(
    cache: &Cache,
    history: &History,
    (objects, secrets): (&Objects, &Secrets),
) -> Vec<Option<SecretIdx>> {
    let mut reader = Reader::new(objects);
    let mut look = |witness: &Option<Witness>| {
        let witness = witness.as_ref()?;
        let number = objects.find(ObjectId::from_hex(witness.object.as_bytes())?.as_bytes())?;
        let mut bytes = Vec::new();
        reader.read(number, &mut bytes).ok()?;
        let origin = witness.path.as_ref().map_or(Origin::Memory, |path| Origin::File(PathBuf::from(path)));
        let found = scan(&history.scanner, &bytes, &Arc::new(origin), &mut Vec::new());
        let found = found.into_iter().find(|one| one.offset == witness.offset && one.rule().id == witness.rule)?;
        Some(secrets.in_content(&found, number))
    };
    cache.secrets.iter().map(&mut look).collect()
}

/// Returns where each secret stands.
pub(super) fn witnesses(secrets: &Secrets, objects: &Objects) -> Vec<Option<Witness>> {
    let witness = |stand: Stand| {
        Some(Witness {
            object: objects.id(stand.number)?.to_string(),
            path: stand.finding.origin.path().and_then(|path| path.to_str()).map(str::to_owned),
            rule: stand.finding.rule().id.to_string(),
            offset: stand.finding.offset,
        })
    };
    secrets.stands().into_iter().map(|stand| witness(stand?)).collect()
}

/// Returns the hits of an entry, by the numbers that secrets have now; none if one of them is unknown.
pub(super) fn hits_of(
    entry: &PackEntry,
    numbers: &[Option<SecretIdx>],
    number: impl Fn(u32) -> u32,
) -> Option<Vec<Hit>> {
    let hit = |(place, secret, offset): &(u32, u32, u64)| {
        let secret = (*numbers.get(*secret as usize)?)?;
        Some(Hit { number: number(*place), secret, offset: *offset })
    };
    entry.hits.iter().map(hit).collect()
}
