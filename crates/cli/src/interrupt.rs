//! SIGINT and SIGTERM end a scan; what was found so far is still reported.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::exit;

/// Knows whether the process was asked to end.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Starts to listen. A second signal ends the process at once.
    ///
    /// # Errors
    ///
    /// Returns what the system says when no handler can be set.
    pub(crate) fn listen() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for (number, code) in [(SIGINT, exit::INTERRUPTED), (SIGTERM, exit::TERMINATED)] {
            signal_hook::flag::register_conditional_shutdown(number, i32::from(code), Arc::clone(&again))?;
            signal_hook::flag::register(number, Arc::clone(&again))?;
            signal_hook::flag::register_usize(number, Arc::clone(&signal), number as usize)?;
        }
        Ok(Self(signal))
    }

    /// Returns the exit code of the signal that came, if one did.
    pub(crate) fn code(&self) -> Option<u8> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            number if number == SIGTERM as usize => Some(exit::TERMINATED),
            _ => Some(exit::INTERRUPTED),
        }
    }
}
