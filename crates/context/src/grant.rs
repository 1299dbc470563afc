//! Permissions for a task: short, counted, and never for a value.
//!
//! A grant turns what a policy asks a person about into something that passes; it
//! never overrules a rule that blocks. It names a class of secret, an action and a
//! destination, and lasts minutes. The log of grants and their uses is a file for
//! its owner only, and each line carries a code made with the vault's key, so that
//! a line that was written by something else does not count.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::policy::{Decision, Request, Verdict};
use crate::private::{self, Patience, failed};
use crate::redact::Key;
use crate::store::glob;

/// Bytes of the log, at most.
const LARGEST: u64 = 16 << 20;

/// The log of grants and their uses.
#[derive(Debug)]
pub struct Grants {
    path: PathBuf,
    key: Key,
}

/// What to grant.
#[derive(Clone, Debug)]
pub struct Order {
    /// The id of a rule; `*` stands for any text.
    pub class: String,
    /// The action, such as `secret.restore`; `*` stands for any text.
    pub action: String,
    /// The destination as policies write it; `*` stands for any text.
    pub destination: String,
    /// The session it is for; any if there is none.
    pub session: Option<String>,
    /// The task it is for; any if there is none.
    pub task: Option<String>,
    /// How long it lasts.
    pub lasts: Duration,
    /// How often it may be used.
    pub uses: u32,
    /// Why, for people.
    pub reason: String,
}

/// A permission.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Grant {
    /// Its name.
    pub id: String,
    /// See [`Order::class`].
    pub class: String,
    /// See [`Order::action`].
    pub action: String,
    /// See [`Order::destination`].
    pub destination: String,
    /// See [`Order::session`].
    pub session: Option<String>,
    /// See [`Order::task`].
    pub task: Option<String>,
    /// When it was made, in seconds since 1970.
    pub from: u64,
    /// When it ends, in seconds since 1970.
    pub until: u64,
    /// When it was made by the clock that can't be set.
    pub up: Option<Uptime>,
    /// How often it may be used; of a listed grant, how often from now on.
    pub uses: u32,
    /// Why, for people.
    pub reason: String,
}

/// The time since the machine was started, which nobody can set.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Uptime {
    /// Tells this start of the machine from others.
    pub boot: String,
    /// Seconds since then, sleep included.
    pub seconds: u64,
}

/// What time it is.
#[derive(Clone, Debug)]
pub struct Now {
    /// By the clock on the wall, which can be set.
    pub wall: SystemTime,
    /// By the one that can't be set, where there is one.
    pub up: Option<Uptime>,
}

/// A line of the log.
#[derive(Deserialize, Serialize)]
struct Line {
    entry: Entry,
    code: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Grant(Grant),
    /// A use of the grant of that name.
    Use(String),
    /// The end of the grant of that name.
    Revoke(String),
}

impl Grants {
    /// Opens the log at `path`, whose folder is made if there is none.
    ///
    /// # Errors
    ///
    /// Returns what the system says, or that others may enter the folder.
    pub fn open(path: &Path, key: &Key) -> Result<Self, Error> {
        private::folder(path.parent().unwrap_or(Path::new(".")))?;
        Ok(Self { path: path.to_owned(), key: key.derive("leaktight grants 1") })
    }

    /// Makes a grant.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn issue(&self, order: &Order, now: &Now) -> Result<Grant, Error> {
        let mut id = [0; 6];
        getrandom::fill(&mut id).map_err(|err| failed("write to", &self.path)(io::Error::other(err)))?;
        let from = seconds(now.wall);
        let grant = Grant {
            id: format!("g_{}", data_encoding::HEXLOWER.encode(&id)),
            class: order.class.clone(),
            action: order.action.clone(),
            destination: order.destination.clone(),
            session: order.session.clone(),
            task: order.task.clone(),
            from,
            until: from.saturating_add(order.lasts.as_secs()),
            up: now.up.clone(),
            uses: order.uses,
            reason: order.reason.clone(),
        };
        let _lock = self.lock()?;
        self.write(Entry::Grant(grant.clone()))?;
        Ok(grant)
    }

    /// Returns the grants that hold now, with the uses that are left.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn list(&self, now: &Now) -> Result<Vec<Grant>, Error> {
        let mut grants = self.read()?;
        grants.retain(|grant| grant.holds(now));
        Ok(grants)
    }

    /// Ends a grant; returns whether there was one of that name.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn revoke(&self, id: &str) -> Result<bool, Error> {
        let _lock = self.lock()?;
        let is_there = self.read()?.iter().any(|grant| grant.id == id);
        if is_there {
            self.write(Entry::Revoke(id.to_owned()))?;
        }
        Ok(is_there)
    }

    /// Uses grants for all that a policy asks about, if there are enough, and
    /// returns their names; then the request may pass.
    ///
    /// Returns none when the decision is another than to ask, or when a grant is
    /// missing; then none is used.
    ///
    /// # Errors
    ///
    /// Returns what the system says; then nothing may pass.
    pub fn take(&self, request: &Request, decision: &Decision, now: &Now) -> Result<Option<Vec<String>>, Error> {
        if decision.verdict != Verdict::Ask {
            return Ok(None);
        }
        let found = request.resource.findings.iter().zip(&decision.findings);
        let asked = found.filter(|(_, verdict)| **verdict == Verdict::Ask).map(|(found, _)| found.class.as_str());
        let mut classes: Vec<&str> = asked.collect();
        if classes.is_empty() {
            // It is the request as a whole that is asked about.
            classes.extend(request.resource.findings.iter().map(|found| found.class.as_str()));
        }
        classes.sort_unstable();
        classes.dedup();
        if classes.is_empty() {
            classes.push("");
        }
        let _lock = self.lock()?;
        let mut grants = self.list(now)?;
        let mut used = Vec::new();
        for class in classes {
            let Some(grant) = grants.iter_mut().find(|grant| grant.uses > 0 && grant.covers(request, class)) else {
                return Ok(None);
            };
            grant.uses -= 1;
            used.push(grant.id.clone());
        }
        used.iter().try_for_each(|id| self.write(Entry::Use(id.clone())))?;
        Ok(Some(used))
    }

    /// The grants of the log that were not ended, with the uses that are left.
    fn read(&self) -> Result<Vec<Grant>, Error> {
        let text = match private::read(&self.path, LARGEST) {
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            text => text?,
        };
        let mut grants: Vec<Grant> = Vec::new();
        let mut by_id: HashMap<String, usize> = HashMap::new();
        for line in text.split(|byte| *byte == b'\n') {
            let Some(entry) = self.parse(line) else { continue };
            match entry {
                Entry::Grant(grant) => {
                    by_id.insert(grant.id.clone(), grants.len());
                    grants.push(grant);
                }
                Entry::Use(id) => {
                    if let Some(grant) = by_id.get(&id).map(|idx| &mut grants[*idx]) {
                        grant.uses = grant.uses.saturating_sub(1);
                    }
                }
                Entry::Revoke(id) => {
                    if let Some(grant) = by_id.get(&id).map(|idx| &mut grants[*idx]) {
                        grant.uses = 0;
                    }
                }
            }
        }
        grants.retain(|grant| grant.uses > 0);
        Ok(grants)
    }

    /// Reads a line; one with a wrong code, or that was cut, does not count.
    fn parse(&self, line: &[u8]) -> Option<Entry> {
        let line: Line = serde_json::from_slice(line).ok()?;
        (self.code(&line.entry) == line.code).then_some(line.entry)
    }

    fn code(&self, entry: &Entry) -> String {
        let text = serde_json::to_vec(entry).expect("texts and numbers");
        data_encoding::HEXLOWER.encode(&self.key.mac(&[&text])[..16])
    }

    fn write(&self, entry: Entry) -> Result<(), Error> {
        let code = self.code(&entry);
        let mut text = serde_json::to_vec(&Line { entry, code }).expect("texts and numbers");
        // In front, too: the line before may have been cut.
        text.insert(0, b'\n');
        text.push(b'\n');
        let mut file = private::open(&self.path, OpenOptions::new().create(true).append(true))?;
        file.write_all(&text).and_then(|()| file.sync_data()).map_err(failed("write", &self.path))
    }

    fn lock(&self) -> Result<Option<private::Lock>, Error> {
        private::lock(&self.path.with_extension("lock"), Patience::Wait)
    }

    /// Removes the log with all grants.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn clear(&self) -> Result<(), Error> {
        let _lock = self.lock()?;
        match fs::remove_file(&self.path) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => Err(failed("remove", &self.path)(err)),
            _ => Ok(()),
        }
    }
}

impl Grant {
    /// Whether it is in time, by both clocks: one that was set back ends it too.
    fn holds(&self, now: &Now) -> bool {
        let wall = (self.from..=self.until).contains(&seconds(now.wall));
        let up = match (&self.up, &now.up) {
            (Some(from), Some(up)) if from.boot == up.boot => {
                (from.seconds..=from.seconds.saturating_add(self.until - self.from)).contains(&up.seconds)
            }
            _ => true,
        };
        wall && up
    }

    fn covers(&self, request: &Request, class: &str) -> bool {
        let matches = |pattern: &str, text: &str| glob::segment(pattern.as_bytes(), text.as_bytes());
        let bound = |to: &Option<String>, is: &Option<String>| to.is_none() || to == is;
        let destination = request.context.destination.as_ref().map_or(String::new(), crate::policy::Destination::name);
        matches(&self.class, class)
            && matches(&self.action, request.action.name())
            && matches(&self.destination, &destination)
            && bound(&self.session, &request.principal.session)
            && bound(&self.task, &request.context.task)
    }
}

/// Returns a code that is short and easy to tell and to type, for a person to confirm a
/// grant with: each time another, so that no answer can be prepared.
///
/// # Errors
///
/// Returns what the system says when it has no random bytes to give.
pub fn code() -> io::Result<String> {
    /// A power of two of them, so that each is as likely, and none that looks like another.
    const LETTERS: &[u8; 16] = b"abcdefhkmnprstwx";
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 16)])).collect())
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
