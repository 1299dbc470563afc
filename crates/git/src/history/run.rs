//! A scan of a whole history, from the packs to the findings.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leaktight_core::{Blob, Chunk, Event, Finding, Origin, Part, Scan, Skip, SkipReason};

use super::History;
use super::attribute::{Asked, fates};
use super::cache::{Cache, PackEntry};
use super::commits::Texts;
use super::graph::Graph;
use super::hits::{Hit, Secrets};
use super::inspect::{Inspector, Placed};
use super::limited::Limited;
use super::names::{Known, Names, Noted};
use super::narrow::Narrow;
use super::passages::Passages;
use super::regions::Regions;
use super::replay::{Record, entry_of, hits_of, numbers, replay, state_of, witnesses};
use super::report::Reporter;
use super::screen::{Screen, Shared};
use super::select::{Ends, choose};
use super::sets::Sets;
use super::trees::{Log, Trees};
use crate::id::ObjectId;
use crate::open::read_control;
use crate::store::{Crew, Families, Fault, Kind, Lookup, Objects, Reader, walk};

/// Who hears of all that happens.
pub(super) type Visitor<'a> = &'a (dyn Fn(Event<'_>) -> ControlFlow<()> + Sync);

/// The visitor, guarded: after it broke off it hears no more.
pub(super) struct Teller<'a> {
    visitor: Visitor<'a>,
    stop: AtomicBool,
}

impl<'a> Teller<'a> {
    fn new(visitor: Visitor<'a>) -> Self {
        Self { visitor, stop: AtomicBool::new(false) }
    }

    pub(super) fn tell(&self, event: Event<'_>) {
        if !self.is_stopped() && (self.visitor)(event).is_break() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn skip(&self, path: impl Into<PathBuf>, reason: SkipReason, detail: impl std::fmt::Display) {
        self.tell(Event::Skipped(Skip::new(path, reason, detail)));
    }

    pub(super) fn found(&self, mut finding: Finding, blob: Blob) {
        finding.origin = finding.origin.with_root(Arc::new(Origin::Blob(Box::new(blob))));
        let mut scan = Scan::default();
        scan.findings.push(finding);
        self.tell(Event::Found(Box::new(scan)));
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Tells whoever broke off that not all was scanned, as there is no one place to name.
    fn finish(&self) {
        if self.is_stopped() {
            let what = "the history was not scanned to its end";
            let _ = (self.visitor)(Event::Skipped(Skip::new(".", SkipReason::Interrupted, what)));
        }
    }
}

/// Scans a history and tells all that happens.
pub(super) fn run(history: &History, visitor: Visitor<'_>) {
    match history.ends() {
        Some(ends) => limited(history, &ends, &Teller::new(visitor)),
        None => remembered(history, visitor),
    }
}

/// Scans what some commits brought in.
fn limited(history: &History, ends: &Ends, teller: &Teller<'_>) {
    let objects = open(history, teller);
    let mut reader = Reader::new(&objects);
    let (commits, faults) = choose(ends, &history.options, &mut reader);
    for (id, fault) in faults {
        teller.skip(format!("object {id}"), fault.reason, fault.what);
    }
    Limited::new(reader, (&history.scanner, &history.options), teller).run(&commits, history.refs.head);
    teller.finish();
}

/// Scans a whole history, unless it was scanned before and nothing has changed.
fn remembered(history: &History, visitor: Visitor<'_>) {
    let record = Record::default();
    let noting = |event: Event<'_>| {
        record.note(&event);
        visitor(event)
    };
    let teller = Teller::new(if history.cache.is_some() { &noting } else { visitor });
    let mut objects = open(history, &teller);
    let state = state_of(history, &objects);
    // What is kept is the result for all files.
    let kept = history.cache.as_ref().and_then(|cache| cache.result.as_ref()).filter(|result| result.state == state);
    let is_filtered = history.options.filter.is_some();
    let known = kept.filter(|_| !is_filtered);
    if known.is_some_and(|known| replay(known, history, (&objects, &Teller::new(visitor)))) {
        return;
    }
    let (families, faults) = objects.sort();
    let lookup = Lookup::new(&objects);
    let whole = Whole { history, objects: &objects, families: &families, lookup: &lookup, teller: &teller };
    whole.faults(faults);
    let new = whole.all();
    // A scan that was stopped within the last content breaks off nothing that follows.
    teller.stop.fetch_or(history.scanner.limits().is_stopped(), Ordering::Relaxed);
    let is_stopped = teller.is_stopped();
    teller.finish();
    if let (Some(file), Some(mut cache), false) = (history.cache_file(), new, is_stopped) {
        cache.result = if is_filtered { kept.cloned() } else { record.into_outcome(state) };
        // A cache that cannot be written costs time and nothing else.
        let _ = cache.write(&file);
    }
}

fn open(history: &History, teller: &Teller<'_>) -> Objects {
    let mut objects = Objects::open(&history.repo);
    for (path, fault) in std::mem::take(&mut objects.faults) {
        teller.skip(path, fault.reason, fault.what);
    }
    for pack in &objects.packs {
        if let Some(what) = &pack.fault {
            teller.skip(&pack.path, SkipReason::Corrupt, what);
        }
    }
    objects
}

struct Whole<'a> {
    history: &'a History,
    objects: &'a Objects,
    families: &'a [Families],
    lookup: &'a Lookup<'a>,
    teller: &'a Teller<'a>,
}

/// What the trees tell.
struct Forest {
    logs: Vec<Log>,
    known: Known,
    /// Files and folders whose names matter by themselves.
    noted: Noted,
    missing: BTreeMap<ObjectId, Vec<u8>>,
}

/// What was found in contents, and what is to be known of packs.
struct Contents {
    hits: Vec<Hit>,
    entries: Vec<PackEntry>,
}

/// What is known of each pack from an earlier scan.
struct Remembered {
    hits: Vec<Hit>,
    entries: Vec<Option<PackEntry>>,
}

/// What commits and tags tell.
struct Chronicle {
    graph: Graph,
    hits: Vec<Hit>,
    missing: Vec<(u32, ObjectId)>,
}

impl Whole<'_> {
    /// Scans everything; returns what is to be known the next time, if anything is.
    fn all(&self) -> Option<Cache> {
        let secrets = Secrets::default();
        self.names();
        let forest = self.forest();
        let mut chronicle = self.chronicle(&secrets);
        let Contents { mut hits, entries } = self.contents(&forest.known, &secrets);
        let placed = self.placed(&forest.noted, &secrets);
        hits.extend(&placed.hits);
        hits.sort_unstable();
        hits.dedup();
        if self.teller.is_stopped() {
            return None;
        }
        self.tell_gaps(&forest.missing, &chronicle);
        self.replace(&mut chronicle.graph);
        let number = |id: ObjectId| self.lookup.find(id.as_bytes());
        let tips: Vec<u32> = self.history.tips().into_iter().filter_map(number).collect();
        let mut sets = Sets::new(&hits, &forest.logs);
        let options = &self.history.options;
        let is_narrow = options.filter.is_some() || !placed.is_empty();
        let mut narrow = is_narrow.then(|| Narrow::new((options, &placed), (self.objects, self.lookup)));
        let roots = narrow.as_mut().map(|narrow| narrow.roots(chronicle.graph.trees(), &mut sets));
        let asked = Asked {
            graph: &chronicle.graph,
            sets: &sets,
            roots: roots.as_ref(),
            said: &chronicle.hits,
            tips: &tips,
            head: self.history.refs.head.and_then(number),
            n_secrets: secrets.len(),
        };
        let fates = fates(&asked);
        let reporter = Reporter {
            objects: self.objects,
            lookup: self.lookup,
            scanner: &self.history.scanner,
            options,
            known: &forest.known,
            secrets: &secrets,
            asked: &asked,
            placed: &placed,
            teller: self.teller,
            refused: narrow.map(|narrow| narrow.refused).unwrap_or_default(),
        };
        reporter.tell(&fates, &hits);
        let rules = self.history.cache.as_ref()?.rules;
        let secrets = witnesses(&secrets, self.objects);
        Some(Cache { rules, packs: entries, secrets, result: None })
    }

    fn crew(&self) -> Crew<'_> {
        Crew { threads: self.history.options.workers(), stop: &self.teller.stop, without: &[] }
    }

    /// Looks at the names of branches and tags.
    fn names(&self) {
        let names = self.history.refs.names().collect::<Vec<_>>().join(&b'\n');
        for finding in self.history.scanner.scan(&Chunk::memory(&names)).findings {
            let part = Part::Refs;
            let (path, id, commit, removed) = (None, String::new(), None, None);
            self.teller.found(finding, Blob { path, part, id, commit, in_head: true, removed, others: 0 });
        }
    }

    /// Reads all trees.
    fn forest(&self) -> Forest {
        let names = Names::new(self.objects.len());
        let rules = self.history.scanner.rules().as_ref();
        let reading = (rules, self.history.options.inspect.as_deref(), self.objects.format.len());
        let visitors =
            walk(self.objects, (self.families, Kind::Tree), &self.crew(), || Trees::new(self.lookup, &names, reading));
        let (mut logs, mut noted) = (Vec::new(), Noted::default());
        let (mut missing, mut submodules) = (BTreeMap::new(), BTreeSet::new());
        for mut visitor in visitors {
            noted.add(visitor.noted());
            missing.append(&mut visitor.missing);
            submodules.append(&mut visitor.submodules);
            self.faults(visitor.faults);
            logs.push(visitor.log);
        }
        for name in submodules {
            self.teller.skip(crate::open::path_of(&name), SkipReason::Submodule, "a repository of its own");
        }
        let known = names.settle(std::mem::take(&mut noted.further));
        Forest { logs, known, noted, missing }
    }

    /// Reads all commits and tags.
    fn chronicle(&self, secrets: &Secrets) -> Chronicle {
        let scanner = &self.history.scanner;
        let tell = |len| self.teller.tell(Event::Scanned(len));
        let commits = walk(self.objects, (self.families, Kind::Commit), &self.crew(), || {
            Texts::commits(scanner, (self.lookup, secrets), &tell)
        });
        let tags = walk(self.objects, (self.families, Kind::Tag), &self.crew(), || {
            Texts::tags(scanner, (self.lookup, secrets), &tell)
        });
        let (mut nodes, mut tagged) = (Vec::new(), std::collections::HashMap::new());
        let (mut hits, mut missing) = (Vec::new(), Vec::new());
        for texts in commits.into_iter().chain(tags) {
            nodes.extend(texts.nodes);
            tagged.extend(texts.tags);
            hits.extend(texts.hits);
            missing.extend(texts.missing);
            self.faults(texts.faults);
        }
        hits.sort_unstable();
        hits.dedup();
        Chronicle { graph: Graph::new(nodes, tagged), hits, missing }
    }

    /// Looks at all contents but those of packs that were looked at before.
    fn contents(&self, known: &Known, secrets: &Secrets) -> Contents {
        let mut contents = self.remembered(known, secrets);
        let without: Vec<bool> = contents.entries.iter().map(Option::is_some).collect();
        let growth = Regions::new(self.history.scanner.rules().reach());
        let passages = Passages::new();
        let tell = |len| self.teller.tell(Event::Scanned(len));
        let scanner = &self.history.scanner;
        let (is_exhaustive, max_size) = (self.history.options.exhaustive, self.history.options.max_size);
        let shared = Shared {
            scanner,
            growth: &growth,
            passages: &passages,
            lookup: self.lookup,
            known,
            secrets,
            is_exhaustive,
            max_size,
            tell: &tell,
        };
        let crew = Crew { without: &without, ..self.crew() };
        let screens = walk(self.objects, (self.families, Kind::Blob), &crew, || Screen::new(&shared));
        let (mut hits, mut is_whole) = (Vec::new(), true);
        let mut counts = vec![(0, 0); self.objects.packs.len() + 1];
        for screen in screens {
            hits.extend(screen.hits);
            is_whole &= screen.faults.is_empty();
            self.faults(screen.faults);
            for (sum, count) in counts.iter_mut().zip(screen.counts) {
                *sum = (sum.0 + count.0, sum.1 + count.1);
            }
        }
        if is_whole && self.history.cache.is_some() {
            for (pack_idx, entry) in contents.entries.iter_mut().enumerate().filter(|(_, entry)| entry.is_none()) {
                *entry = self.entry(pack_idx, known, (counts[pack_idx], &hits));
            }
        }
        hits.extend(contents.hits);
        hits.sort_unstable();
        hits.dedup();
        Contents { hits, entries: contents.entries.into_iter().flatten().collect() }
    }

    /// Looks at files by their paths.
    fn placed(&self, noted: &Noted, secrets: &Secrets) -> Placed {
        let options = &self.history.options;
        let Some(inspect) = options.inspect.as_deref() else { return Placed::default() };
        let inspector = Inspector::new((inspect, options), (self.objects, self.lookup), (secrets, self.teller));
        inspector.run((&noted.files, &noted.folders))
    }

    /// Returns what is known of packs that were looked at before.
    fn remembered(&self, known: &Known, secrets: &Secrets) -> Remembered {
        let mut found = Remembered { hits: Vec::new(), entries: vec![None; self.objects.packs.len()] };
        let Some(cache) = self.history.cache.as_ref().filter(|cache| !cache.packs.is_empty()) else { return found };
        let numbers = numbers(cache, self.history, (self.objects, secrets));
        for (pack_idx, pack) in self.objects.packs.iter().enumerate() {
            let kinds = known.digest(self.range(pack_idx));
            let Some(entry) = entry_of(cache, pack, &kinds) else { continue };
            let number = |place| self.objects.number(pack_idx, place);
            let Some(hits) = hits_of(entry, &numbers, number) else { continue };
            // Secrets are numbered anew in each scan.
            let renumbered =
                hits.iter().zip(&entry.hits).map(|(hit, (place, _, offset))| (*place, hit.secret, *offset));
            found.entries[pack_idx] = Some(PackEntry { hits: renumbered.collect(), ..entry.clone() });
            found.hits.extend(hits);
            for at in 0..entry.scanned.0 {
                self.teller.tell(Event::Scanned(if at == 0 { entry.scanned.1 } else { 0 }));
            }
        }
        found
    }

    fn range(&self, pack_idx: usize) -> std::ops::Range<u32> {
        let first = self.objects.number(pack_idx, 0);
        first..first + self.objects.packs[pack_idx].n_slots()
    }

    /// Returns what is to be known of a pack the next time; nothing if another
    /// pack holds some of its objects, whose hits are then not told apart.
    fn entry(&self, pack_idx: usize, known: &Known, (scanned, hits): ((u64, u64), &[Hit])) -> Option<PackEntry> {
        let range = self.range(pack_idx);
        if range.clone().any(|number| self.lookup.first(number) != number) {
            return None;
        }
        let pack = &self.objects.packs[pack_idx];
        let own = hits.iter().filter(|hit| range.contains(&hit.number));
        let mut hits: Vec<(u32, u32, u64)> =
            own.map(|hit| (hit.number - range.start, hit.secret, hit.offset)).collect();
        hits.sort_unstable();
        hits.dedup();
        let kinds = known.digest(range);
        Some(PackEntry { checksum: pack.index.checksum.clone(), len: pack.len(), kinds, scanned, hits })
    }

    fn faults(&self, faults: Vec<(u32, Fault)>) {
        for (number, fault) in faults {
            self.teller.skip(self.name(number), fault.reason, fault.what);
        }
    }

    fn name(&self, number: u32) -> String {
        self.objects.id(number).map_or_else(|| "object".to_owned(), |id| format!("object {id}"))
    }

    /// Tells what is named and not there.
    fn tell_gaps(&self, missing: &BTreeMap<ObjectId, Vec<u8>>, chronicle: &Chronicle) {
        let shallow = self.shallow();
        for commit in &shallow {
            let what = "the clone is shallow: the history before it was not fetched";
            self.teller.skip(format!("commit {commit}"), SkipReason::Shallow, what);
        }
        let why = if self.is_partial() { "not fetched into this partial clone" } else { "not in the repository" };
        for (id, name) in missing {
            let name = String::from_utf8_lossy(name);
            self.teller.skip(format!("object {id}"), SkipReason::Missing, format!("`{name}` is {why}"));
        }
        let mut told = HashSet::new();
        for (from, id) in &chronicle.missing {
            let is_end = self.objects.id(*from).is_some_and(|from| shallow.contains(&from));
            if !is_end && told.insert(*id) {
                let what = format!("{} leads to it, and it is {why}", self.name(*from));
                self.teller.skip(format!("object {id}"), SkipReason::Missing, what);
            }
        }
    }

    /// Returns the commits at which a shallow clone ends.
    fn shallow(&self) -> BTreeSet<ObjectId> {
        const LARGEST: u64 = 64 << 20;
        let file = self.history.repo.common_dir().join("shallow");
        match read_control(&file, LARGEST) {
            Ok(text) => {
                let text = text.unwrap_or_default();
                text.split(|byte| *byte == b'\n').filter_map(|line| ObjectId::from_hex(line.trim_ascii())).collect()
            }
            Err(err) => {
                self.teller.skip(file, SkipReason::Io, err);
                BTreeSet::new()
            }
        }
    }

    /// Returns whether objects may be missing because nobody asked for them yet.
    fn is_partial(&self) -> bool {
        self.objects.packs.iter().any(|pack| pack.path.with_extension("promisor").exists())
            || self.history.repo.config().get("extensions", None, "partialclone").is_some()
    }

    /// Notes what stands in for which commit, and the grafts. What git would show
    /// in their place does not hide the originals.
    fn replace(&self, graph: &mut Graph) {
        const LARGEST: u64 = 64 << 20;
        for (from, to) in self.history.refs.replaced() {
            if let (Some(from), Some(to)) = (self.lookup.find(from.as_bytes()), self.lookup.find(to.as_bytes())) {
                graph.lead(from, to);
                let parents: Vec<u32> = graph.parents(to).collect();
                parents.into_iter().for_each(|parent| graph.lead(from, parent));
            }
        }
        let file = self.history.repo.common_dir().join("info/grafts");
        let text = read_control(&file, LARGEST).ok().flatten().unwrap_or_default();
        for line in text.split(|byte| *byte == b'\n') {
            let mut ids = line.split(|byte| *byte == b' ').filter_map(ObjectId::from_hex);
            let mut numbers = ids.by_ref().filter_map(|id| self.lookup.find(id.as_bytes()));
            let Some(from) = numbers.next() else { continue };
            numbers.for_each(|parent| graph.lead(from, parent));
        }
    }
}
