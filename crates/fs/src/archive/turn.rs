//! Whose turn it is to use much memory.

use std::sync::{Condvar, Mutex, PoisonError};

/// Threads that want to use much memory, one at a time.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    is_taken: Mutex<bool>,
    ended: Condvar,
}

impl Turn {
    /// Waits until no other thread has its turn.
    pub(super) fn begin(&self) {
        let mut is_taken = self.is_taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *is_taken {
            is_taken = self.ended.wait(is_taken).unwrap_or_else(PoisonError::into_inner);
        }
        *is_taken = true;
    }

    /// Lets another thread have its turn.
    pub(super) fn end(&self) {
        *self.is_taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.ended.notify_one();
    }
}
