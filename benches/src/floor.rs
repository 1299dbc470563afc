//! The limits: reading without looking, and looking at memory.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use leaktight_core::{Chunk, Event, RuleSet, Scanner, Source as _};
use leaktight_fs::{Tree, WalkOptions};

/// Reads everything a scan would read.
pub(crate) fn read(path: &Path) -> anyhow::Result<()> {
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    tree(path)?.drive(&|event| {
        if let Event::Scanned(size) = event {
            files.fetch_add(1, Ordering::Relaxed);
            bytes.fetch_add(size, Ordering::Relaxed);
        }
        ControlFlow::Continue(())
    });
    println!("{} files, {} bytes", files.into_inner(), bytes.into_inner());
    Ok(())
}

/// Holds everything in memory and times passes over it with one thread.
pub(crate) fn memory(path: &Path) -> anyhow::Result<()> {
    let chunks: Mutex<Vec<Vec<u8>>> = Mutex::default();
    tree(path)?.drive(&|event| {
        if let Event::Chunk(chunk) = event {
            chunks.lock().unwrap_or_else(PoisonError::into_inner).push(chunk.bytes.to_vec());
        }
        ControlFlow::Continue(())
    });
    let chunks = chunks.into_inner().unwrap_or_else(PoisonError::into_inner);
    let total: usize = chunks.iter().map(Vec::len).sum();
    let rate = |name: &str, pass: &dyn Fn()| {
        let best = (0..5).map(|_| seconds(pass)).fold(f64::MAX, f64::min);
        println!("{name}: {:.2} GB/s", total as f64 / best / 1e9);
    };
    println!("{} chunks, {} MB", chunks.len(), total / 1_000_000);
    rate("read", &|| {
        black_box(chunks.iter().map(|chunk| chunk.iter().fold(0_u8, |all, byte| all ^ byte)).fold(0, |a, b| a ^ b));
    });
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    rate("scan", &|| {
        black_box(chunks.iter().map(|chunk| scanner.scan(&Chunk::memory(chunk)).findings.len()).sum::<usize>());
    });
    Ok(())
}

/// A tree read as a scan reads it.
pub(crate) fn tree(path: &Path) -> anyhow::Result<Tree> {
    let mut options = WalkOptions::default();
    options.no_ignore = true;
    options.overlap = RuleSet::builtin().overlap();
    Ok(Tree::new([path], options)?)
}

fn seconds(pass: &dyn Fn()) -> f64 {
    let start = Instant::now();
    pass();
    start.elapsed().as_secs_f64()
}
