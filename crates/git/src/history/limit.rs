//! The limit of a scan: all contents made, and not looked at.

use std::sync::atomic::AtomicBool;

use crate::open::Repo;
use crate::store::{Crew, Fault, Kind, Objects, Spans, Visit, walk};

/// Makes every content of a repository and looks at none; returns how many there are, and their bytes.
///
/// No scan of all contents can take less: this is what benchmarks measure one against.
pub fn make_contents(repo: &Repo, threads: usize) -> (u64, u64) {
    let mut objects = Objects::open(repo);
    let families = objects.sort().0;
    let stop = AtomicBool::new(false);
    let crew = Crew { threads, stop: &stop, without: &[] };
    let counts = walk(&objects, (&families, Kind::Blob), &crew, Count::default);
    counts.iter().fold((0, 0), |all, count| (all.0 + count.objects, all.1 + count.bytes))
}

#[derive(Default)]
struct Count {
    objects: u64,
    bytes: u64,
}

impl Visit for Count {
    type State = ();

    fn root(&mut self, _: u32, bytes: &[u8]) {
        self.objects += 1;
        self.bytes += bytes.len() as u64;
    }

    fn delta(&mut self, number: u32, bytes: &[u8], _: (&[u8], &()), _: &Spans) {
        self.root(number, bytes);
    }

    fn fault(&mut self, _: u32, _: Fault) {}
}
