//! Where the trail of decisions and the log of grants are.

use std::env;
use std::path::PathBuf;
use std::time::SystemTime;

use leaktight_context::audit::{GRANT, Record, Trail};
use leaktight_context::grant::{Grants, Now, Uptime};

use crate::vault::{Shelf, chain, home};

/// Returns the folder for what happened: `$LEAKTIGHT_HOME`, else `leaktight` in the
/// user's folder for the state of programs.
fn state() -> Option<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = absolute("LEAKTIGHT_HOME");
    let state =
        || absolute("XDG_STATE_HOME").or_else(|| Some(home()?.join(".local/state"))).map(|it| it.join("leaktight"));
    own.or_else(state)
}

/// Returns the folder of the trail.
pub(crate) fn folder() -> Option<PathBuf> {
    state().map(|folder| folder.join("audit"))
}

/// Adds what was decided to the trail.
///
/// # Errors
///
/// Returns why not all of it could be added.
pub(crate) fn append(records: &[Record]) -> Result<(), String> {
    if records.is_empty() {
        return Ok(());
    }
    let folder = folder().ok_or("there is no home folder")?;
    let trail = Trail::open(&folder).map_err(|err| chain(&err))?;
    records.iter().try_for_each(|record| trail.append(record, SystemTime::now()).map(|_| ()).map_err(|err| chain(&err)))
}

/// Whether something passed only because it was granted.
pub(crate) fn used_grant(records: &[Record]) -> bool {
    records.iter().any(|record| record.policy.starts_with(GRANT))
}

/// Opens the log of grants, whose lines carry a code made with the key of the vault.
///
/// # Errors
///
/// Returns why it can't be used.
pub(crate) fn grants(shelf: &Shelf) -> Result<Grants, String> {
    let key = shelf.key().ok_or_else(|| shelf.trouble.clone().unwrap_or_else(|| "there is no vault".to_owned()))?;
    let folder = state().ok_or("there is no home folder")?;
    Grants::open(&folder.join("grants.jsonl"), key).map_err(|err| chain(&err))
}

/// Returns what time it is, by both clocks.
pub(crate) fn now() -> Now {
    Now { wall: SystemTime::now(), up: uptime() }
}

#[cfg(target_os = "linux")]
fn uptime() -> Option<Uptime> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(Uptime { boot, seconds: u64::try_from(time.tv_sec).ok()? })
}

#[cfg(not(target_os = "linux"))]
fn uptime() -> Option<Uptime> {
    None
}
