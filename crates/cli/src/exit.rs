//! Exit codes. They are part of the interface.

/// Everything was scanned, and nothing was found that makes the scan fail.
pub(crate) const CLEAN: u8 = 0;
/// Everything was scanned, and something was found.
pub(crate) const FINDINGS: u8 = 1;
/// Wrong usage, configuration or rules, or a report that could not be written.
pub(crate) const USAGE: u8 = 2;
/// Not everything was scanned; nothing was found in the rest.
pub(crate) const INCOMPLETE: u8 = 3;
/// Not everything was scanned, and something was found in the rest.
pub(crate) const INCOMPLETE_FINDINGS: u8 = 4;
/// A defect of this program.
pub(crate) const INTERNAL: u8 = 70;
/// The scan was interrupted by SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;
/// Nobody reads the output any more.
pub(crate) const BROKEN_PIPE: u8 = 141;
/// The scan was interrupted by SIGTERM.
pub(crate) const TERMINATED: u8 = 143;
