//! SIGINT, SIGTERM and a deadline end a scan; what was found so far is still reported.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit;

/// Knows whether the process was asked to end, or its time is over.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    signal: Arc<AtomicUsize>,
    deadline: Option<Instant>,
    /// Set as soon as it is over, for whoever asks often.
    over: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts to listen. A second signal ends the process at once.
    ///
    /// # Errors
    ///
    /// Returns what the system says when no handler can be set.
    pub(crate) fn listen() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        let (again, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        for (number, code) in [(SIGINT, exit::INTERRUPTED), (SIGTERM, exit::TERMINATED)] {
            signal_hook::flag::register_conditional_shutdown(number, i32::from(code), Arc::clone(&again))?;
            signal_hook::flag::register(number, Arc::clone(&again))?;
            signal_hook::flag::register(number, Arc::clone(&over))?;
            signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)?;
        }
        Ok(Self { signal, deadline: None, over })
    }

    /// Sets how much time there is from now on, if there is a limit.
    pub(crate) fn within(self, time: Option<Duration>) -> Self {
        // A time beyond what clocks count is none.
        let deadline = time.and_then(|time| Instant::now().checked_add(time));
        if let Some(time) = time.filter(|_| deadline.is_some()) {
            let over = Arc::clone(&self.over);
            // Without it a scan ends at the next file rather than within one.
            let _ = thread::Builder::new().spawn(move || {
                thread::sleep(time);
                over.store(true, Ordering::Relaxed);
            });
        }
        Self { deadline, ..self }
    }

    /// Returns what is set as soon as it is over.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.over)
    }

    /// Returns whether to end: a signal came, or the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.code().is_some() || self.is_late()
    }

    /// Returns whether the time is over.
    pub(crate) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Returns the exit code of the signal that came, if one did.
    pub(crate) fn code(&self) -> Option<u8> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            number if number == SIGTERM as usize => Some(exit::TERMINATED),
            _ => Some(exit::INTERRUPTED),
        }
    }
}
