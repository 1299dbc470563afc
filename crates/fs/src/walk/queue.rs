//! Work, shared among threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{LargeFile, Task};

/// What the threads of a walk have to do.
///
/// Each thread has a stack of its own and gives some of it away when another
/// one waits. Large files come first, wherever they are: each keeps a
/// descriptor open, and their parts are what threads can share best.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    n_tasks: AtomicUsize,
    n_large: AtomicUsize,
    n_waiting: AtomicUsize,
    is_stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    tasks: Vec<Task>,
    large: Vec<LargeFile>,
    n_workers: usize,
    n_idle: usize,
    is_done: bool,
}

impl Queue {
    pub(crate) fn new(tasks: Vec<Task>) -> Self {
        let queue = Self::default();
        queue.n_tasks.store(tasks.len(), Ordering::Relaxed);
        queue.lock().tasks = tasks;
        queue
    }

    /// Counts one more thread that takes work from here.
    pub(crate) fn join(&self) {
        self.lock().n_workers += 1;
    }

    /// Adds work that any thread may take.
    pub(crate) fn share(&self, tasks: impl IntoIterator<Item = Task>) {
        let mut state = self.lock();
        state.tasks.extend(tasks);
        self.n_tasks.store(state.tasks.len(), Ordering::Relaxed);
        drop(state);
        self.ready.notify_all();
    }

    /// Adds a large file of which any thread may read the next part.
    pub(crate) fn share_large(&self, large: LargeFile) {
        let mut state = self.lock();
        state.large.push(large);
        self.n_large.store(state.large.len(), Ordering::Relaxed);
        drop(state);
        self.ready.notify_one();
    }

    /// Returns whether a thread waits for work that is not there.
    pub(crate) fn is_hungry(&self) -> bool {
        self.n_waiting.load(Ordering::Relaxed) > self.n_tasks.load(Ordering::Relaxed)
    }

    /// Returns a large file if there is one.
    pub(crate) fn take_large(&self) -> Option<LargeFile> {
        if self.n_large.load(Ordering::Relaxed) == 0 || self.is_stopped() {
            return None;
        }
        self.pop_large(&mut self.lock())
    }

    /// Waits for work; none when all is done or the walk was stopped.
    pub(crate) fn take(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.is_done || self.is_stopped() {
                return None;
            }
            if let Some(large) = self.pop_large(&mut state) {
                return Some(Task::Large(large));
            }
            if let Some(task) = state.tasks.pop() {
                self.n_tasks.store(state.tasks.len(), Ordering::Relaxed);
                return Some(task);
            }
            state.n_idle += 1;
            if state.n_idle == state.n_workers {
                state.is_done = true;
                self.ready.notify_all();
                return None;
            }
            self.n_waiting.store(state.n_idle, Ordering::Relaxed);
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.n_idle -= 1;
            self.n_waiting.store(state.n_idle, Ordering::Relaxed);
        }
    }

    /// Ends the walk soon.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
        drop(self.lock());
        self.ready.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Returns whether work is left, after the threads have ended.
    pub(crate) fn is_left(&self) -> bool {
        let state = self.lock();
        !state.tasks.is_empty() || !state.large.is_empty()
    }

    fn pop_large(&self, state: &mut State) -> Option<LargeFile> {
        let large = state.large.pop();
        self.n_large.store(state.large.len(), Ordering::Relaxed);
        large
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
