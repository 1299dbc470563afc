//! Walks the families of packs, each object once and its base before it.

use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use leaktight_core::SkipReason;

use super::delta::{Spans, apply};
use super::header::Stored;
use super::inflate::Inflater;
use super::objects::{Objects, Reader};
use super::pack::Families;
use super::{Fault, Kind};

/// Takes the objects of families.
pub(crate) trait Visit {
    /// What a base tells its deltas.
    type State;

    /// Takes an object that is stored whole.
    fn root(&mut self, number: u32, bytes: &[u8]) -> Self::State;

    /// Takes an object that is stored as a delta, and where it differs from its base.
    fn delta(&mut self, number: u32, bytes: &[u8], base: (&[u8], &Self::State), spans: &Spans) -> Self::State;

    /// Hears of an object that cannot be read.
    fn fault(&mut self, number: u32, fault: Fault);
}

/// Bytes that may come out of the packs of a repository: so many, and a thousand
/// times what they hold. Whole histories yield some hundred times.
const EXPANSION: u64 = 64 << 30;

/// Threads, and what ends their work early.
pub(crate) struct Crew<'a> {
    pub(crate) threads: usize,
    pub(crate) stop: &'a AtomicBool,
    /// Packs to leave out.
    pub(crate) without: &'a [bool],
}

/// Visits all objects of one kind, on several threads, and returns the visitors.
pub(crate) fn walk<V: Visit + Send>(
    objects: &Objects,
    (families, kind): (&[Families], Kind),
    crew: &Crew<'_>,
    visitor: impl Fn() -> V + Sync,
) -> Vec<V> {
    let mut roots: Vec<(usize, u32)> = Vec::new();
    let wanted = |pack_idx: &usize| crew.without.get(*pack_idx) != Some(&true);
    for (pack_idx, family) in families.iter().enumerate().filter(|(pack_idx, _)| wanted(pack_idx)) {
        roots.extend(family.roots_of(kind).map(|slot| (pack_idx, slot)));
    }
    let loose: Vec<u32> = objects.loose_of(kind).collect();
    let held: u64 = objects.packs.iter().map(super::Pack::len).sum();
    let job = Job {
        objects,
        families,
        roots,
        loose,
        stop: crew.stop,
        next: AtomicUsize::new(0),
        left: AtomicU64::new(EXPANSION.saturating_add(held.saturating_mul(1000))),
    };
    let work = || {
        let mut worker = Worker::new(&job, visitor());
        worker.work();
        worker.visitor
    };
    thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> =
            (1..crew.threads).map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut visitors = vec![work()];
        visitors.extend(others.into_iter().filter_map(|other| other.join().ok()));
        visitors
    })
}

struct Job<'a> {
    objects: &'a Objects,
    families: &'a [Families],
    roots: Vec<(usize, u32)>,
    loose: Vec<u32>,
    stop: &'a AtomicBool,
    next: AtomicUsize,
    /// Bytes that may still come out of the packs.
    left: AtomicU64,
}

/// Roots a thread takes at a time.
const BATCH: usize = 16;
/// Buffers a thread keeps, and bytes of the largest it keeps.
const POOL: (usize, usize) = (16, 4 << 20);

struct Worker<'a, V: Visit> {
    job: &'a Job<'a>,
    visitor: V,
    windows: Vec<super::Window>,
    inflater: Inflater,
    reader: Reader<'a>,
    delta: Vec<u8>,
    spans: Spans,
    pool: Vec<Vec<u8>>,
    deltas: Vec<u32>,
}

/// A base that is held until all its deltas were made.
struct Base<S> {
    bytes: Vec<u8>,
    state: S,
}

/// A slot that is to be visited, and its base.
type Waiting<S> = (u32, Option<Rc<Base<S>>>);

impl<'a, V: Visit> Worker<'a, V> {
    fn new(job: &'a Job<'a>, visitor: V) -> Self {
        Self {
            job,
            visitor,
            windows: job.objects.packs.iter().map(super::Pack::window).collect(),
            inflater: Inflater::new(),
            reader: Reader::new(job.objects),
            delta: Vec::new(),
            spans: Spans::new(),
            pool: Vec::new(),
            deltas: Vec::new(),
        }
    }

    fn work(&mut self) {
        let n_roots = self.job.roots.len();
        let all = n_roots + self.job.loose.len();
        loop {
            let from = self.job.next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= all {
                return;
            }
            for at in from..all.min(from + BATCH) {
                if self.job.stop.load(Ordering::Relaxed) {
                    return;
                }
                match self.job.roots.get(at) {
                    Some((pack_idx, slot)) => self.guarded(*pack_idx, *slot),
                    None => self.alone(self.job.loose[at - n_roots]),
                }
            }
        }
    }

    /// A defect costs one family, not the walk.
    fn guarded(&mut self, pack_idx: usize, slot: u32) {
        if panic::catch_unwind(AssertUnwindSafe(|| self.family(pack_idx, slot))).is_err() {
            let what = "the scan of it or of a delta of it panicked".to_owned();
            self.visitor.fault(self.number(pack_idx, slot), Fault { reason: SkipReason::Internal, what });
        }
    }

    fn number(&self, pack_idx: usize, slot: u32) -> u32 {
        self.job.objects.number(pack_idx, self.job.objects.packs[pack_idx].places[slot as usize])
    }

    /// Visits a loose object.
    fn alone(&mut self, number: u32) {
        let mut bytes = self.pool.pop().unwrap_or_default();
        match self.reader.read(number, &mut bytes) {
            Ok(_) => drop(self.visitor.root(number, &bytes)),
            Err(fault) => self.visitor.fault(number, fault),
        }
        self.keep(bytes);
    }

    fn family(&mut self, pack_idx: usize, root: u32) {
        let mut stack: Vec<Waiting<V::State>> = vec![(root, None)];
        while let Some((slot, base)) = stack.pop() {
            if self.job.stop.load(Ordering::Relaxed) {
                return;
            }
            let number = self.number(pack_idx, slot);
            let mut bytes = self.pool.pop().unwrap_or_default();
            let made = self.make((pack_idx, slot), base.as_deref().map(|base| base.bytes.as_slice()), &mut bytes);
            let state = match (made, &base) {
                (Ok(()), None) => self.visitor.root(number, &bytes),
                (Ok(()), Some(base)) => self.visitor.delta(number, &bytes, (&base.bytes, &base.state), &self.spans),
                (Err(fault), _) => {
                    self.lost(pack_idx, slot, fault);
                    continue;
                }
            };
            if let Some(base) = base.and_then(|base| Rc::try_unwrap(base).ok()) {
                self.keep(base.bytes);
            }
            self.deltas.clear();
            self.job.families[pack_idx].deltas(slot, &mut self.deltas);
            if self.deltas.is_empty() {
                self.keep(bytes);
                continue;
            }
            let base = Rc::new(Base { bytes, state });
            stack.extend(self.deltas.iter().map(|delta| (*delta, Some(Rc::clone(&base)))));
        }
    }

    /// Makes an object: inflates it, or applies its delta.
    fn make(&mut self, (pack_idx, slot): (usize, u32), base: Option<&[u8]>, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        let pack = &self.job.objects.packs[pack_idx];
        let tools = (&mut self.windows[pack_idx], &mut self.inflater);
        let header = pack.raw_header(slot, tools.0)?;
        let place = (slot, header.size, header.data);
        match base {
            Some(base) => {
                pack.inflate(place, tools, &mut self.delta)?;
                apply(base, &self.delta, bytes, &mut self.spans)?;
            }
            None if matches!(header.stored, Stored::Whole(_)) => pack.inflate(place, tools, bytes)?,
            None => drop(self.reader.read(self.number(pack_idx, slot), bytes)?),
        }
        let len = bytes.len() as u64;
        let left = self.job.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(len));
        left.map(drop).map_err(|_| Fault {
            reason: SkipReason::Size,
            what: "more comes out of the packs than a thousand times what they hold".to_owned(),
        })
    }

    /// Tells that an object and all its deltas cannot be read.
    fn lost(&mut self, pack_idx: usize, slot: u32, fault: Fault) {
        let mut deltas = vec![slot];
        let what = format!("it is a delta of what cannot be read: {}", fault.what);
        let reason = fault.reason;
        self.visitor.fault(self.number(pack_idx, slot), fault);
        while let Some(base) = deltas.pop() {
            if base != slot {
                self.visitor.fault(self.number(pack_idx, base), Fault { reason, what: what.clone() });
            }
            self.job.families[pack_idx].deltas(base, &mut deltas);
        }
    }

    fn keep(&mut self, bytes: Vec<u8>) {
        if self.pool.len() < POOL.0 && bytes.capacity() <= POOL.1 {
            self.pool.push(bytes);
        }
    }
}
