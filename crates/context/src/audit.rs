//! A trail of what was decided: lines of JSON, each bound to the one before.
//!
//! A line holds the hash of the line before it and its own, so that one that is
//! changed, or taken out, shows. The hash of the last line stands in a file of
//! its own, so that lines missing at the end show as well. All of it lies on one
//! machine: who may write there can make a new trail, and only a head that was
//! kept elsewhere tells then.
//!
//! No line holds a secret: findings are told by their class and placeholder.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use leaktight_core::Tag;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Error;
use crate::policy::{Action, Decision, Request, Verdict};
use crate::private::{self, Patience, failed};

/// What the first line of all follows.
const NOTHING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
/// What stands between a line and its hash.
const SEAM: &[u8] = b",\"hash\":\"";
/// Bytes of a line, at most.
const LONGEST: usize = 4 << 10;
/// What stands before the names of the grants that let something pass, in [`Record::policy`].
pub const GRANT: &str = "grant:";
/// Findings that a line tells one by one.
const TOLD: usize = 8;
/// Characters of a text that a line keeps.
const TEXT: usize = 200;

/// A folder of audit files, one for each day.
#[derive(Clone, Debug)]
pub struct Trail {
    folder: PathBuf,
}

/// A decision, as a trail keeps it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// The assistant and its version.
    pub agent: String,
    /// Its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The event, in the assistant's words.
    pub event: String,
    /// What was about to happen.
    pub action: &'static str,
    /// The tool, in the assistant's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The file or other thing it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What was decided.
    pub effect: Verdict,
    /// What was found, the first eight.
    pub findings: Vec<Noted>,
    /// Findings beyond those.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// The rule that decided.
    pub policy: String,
    /// How long it took, in microseconds.
    pub dur_us: u64,
    /// Identifiers of frameworks, such as `owasp-llm:LLM02:2026`.
    pub tags: Vec<String>,
}

/// A finding, as a trail keeps it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Noted {
    /// The id of the rule that found it.
    pub class: String,
    /// The placeholder that stands for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ph: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Record {
    /// Returns the record of a decision about a request.
    pub fn new(request: &Request, decision: &Decision) -> Self {
        Self { effect: decision.verdict, policy: short(&decision.rule), ..Self::of(request) }
    }

    /// Returns the record of a request that is not decided about.
    pub(crate) fn of(request: &Request) -> Self {
        let version = request.principal.version.as_deref().map_or(String::new(), |version| format!("/{version}"));
        let found = &request.resource.findings;
        let note = |found: &crate::policy::Found| Noted { class: short(&found.class), ph: found.placeholder.clone() };
        Self {
            agent: short(&format!("{}{version}", request.principal.id)),
            session: request.principal.session.as_deref().map(short),
            action: request.action.name(),
            tool: request.context.tool.as_deref().map(short),
            resource: request.resource.path.as_deref().map(short),
            findings: found.iter().take(TOLD).map(note).collect(),
            more: found.len().saturating_sub(TOLD),
            tags: tags(request),
            ..Self::default()
        }
    }
}

/// Returns what frameworks call what a request is about: a secret on its way to a model.
///
/// The lists are OWASP's for language models (2026), for agentic applications (2026),
/// for identities that are no people (2025) and for MCP (2025), and the layers of CSA's MAESTRO.
fn tags(request: &Request) -> Vec<String> {
    let resource = &request.resource;
    if resource.findings.is_empty() && !resource.sensitive {
        return Vec::new();
    }
    let mut tags = vec!["owasp-llm:LLM02:2026", "owasp-nhi:NHI2:2025", "owasp-agentic:ASI03:2026", "csa-maestro:L2"];
    let holds = |tag: Tag| resource.findings.iter().any(|found| found.tags.contains(&tag));
    tags.extend(holds(Tag::LongLived).then_some("owasp-nhi:NHI7:2025"));
    tags.extend(resource.sensitive.then_some("owasp-agentic:ASI02:2026"));
    let is_mcp = matches!(request.action, Action::McpCall | Action::McpResult);
    tags.extend(is_mcp.then_some("owasp-mcp:MCP01:2025"));
    tags.into_iter().map(str::to_owned).collect()
}

/// Returns a text, cut to what a line keeps.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

/// A line as it is written, but for its hash.
#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    seq: u64,
    ts: String,
    #[serde(flatten)]
    record: &'a Record,
    prev: &'a str,
}

/// What a line tells of its place in the chain.
#[derive(Deserialize)]
struct Place {
    seq: u64,
    prev: String,
    hash: String,
}

/// The last line of a chain.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Head {
    seq: u64,
    hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: NOTHING.to_owned() }
    }
}

/// What a check of a trail found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Verified {
    /// Lines that hold.
    pub n_lines: u64,
    /// The number of the last line and its hash: what to keep elsewhere.
    pub head: (u64, String),
    /// Where the chain is broken, in the order of the files.
    pub breaks: Vec<Break>,
}

/// A place where the chain is broken.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Break {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: u64,
    /// The number of the line that should stand there.
    pub seq: u64,
    /// What is wrong.
    pub fault: &'static str,
}

impl Trail {
    /// Opens the trail in `folder`, or makes one.
    ///
    /// # Errors
    ///
    /// Returns what the system says, or that others may enter the folder.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        private::folder(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Opens the trail in `folder`; none if there is no such folder.
    ///
    /// # Errors
    ///
    /// Returns what the system says, or that others may enter the folder.
    pub fn find(folder: &Path) -> Result<Option<Self>, Error> {
        if folder.is_dir() { Self::open(folder).map(Some) } else { Ok(None) }
    }

    /// Calls `each` with every whole line of the trail, the oldest first, until it
    /// returns false. What is no record is left out: [`Trail::verify`] tells of it.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn lines(&self, mut each: impl FnMut(serde_json::Value) -> bool) -> Result<(), Error> {
        for path in self.files()? {
            let mut reader = BufReader::new(File::open(&path).map_err(failed("read", &path))?);
            let mut line = Vec::new();
            loop {
                line.clear();
                let limit = 16 * LONGEST as u64;
                let n_read = (&mut reader).take(limit).read_until(b'\n', &mut line).map_err(failed("read", &path))?;
                if n_read == 0 {
                    break;
                }
                if let Ok(record) = serde_json::from_slice(&line)
                    && !each(record)
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Adds a record and returns its number, from 1.
    ///
    /// Waits for others that are adding one. What was written survives the end of
    /// this process, but perhaps not that of the machine.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn append(&self, record: &Record, now: SystemTime) -> Result<u64, Error> {
        let _lock = private::lock(&self.folder.join("lock"), Patience::Wait)?;
        let ts = format!("{:.3}", jiff::Timestamp::try_from(now).unwrap_or_default());
        let path = self.folder.join(format!("{}.jsonl", &ts[..10]));
        let head = self.head()?;
        let line = Line { v: 1, seq: head.seq + 1, ts, record, prev: &head.hash };
        let mut text = serde_json::to_vec(&line).expect("texts and numbers");
        text.pop();
        let hash = hash(&head.hash, &text);
        text.extend_from_slice(SEAM);
        text.extend_from_slice(hash.as_bytes());
        text.extend_from_slice(b"\"}\n");
        write(&path, &text)?;
        let head = Head { seq: head.seq + 1, hash };
        self.set_head(&head)?;
        Ok(head.seq)
    }

    /// Checks every line of every file.
    ///
    /// # Errors
    ///
    /// Returns what the system says; breaks of the chain are no errors.
    pub fn verify(&self) -> Result<Verified, Error> {
        let _lock = private::lock(&self.folder.join("lock"), Patience::Wait)?;
        let mut verified = Verified::default();
        let mut head = Head::default();
        let files = self.files()?;
        for path in &files {
            check_file(path, &mut head, &mut verified)?;
        }
        let kept = self.kept_head()?;
        if let Some(fault) = end_fault(&head, kept.as_ref()) {
            let path = files.last().cloned().unwrap_or_else(|| self.folder.clone());
            verified.breaks.push(Break { path, line: 0, seq: head.seq + 1, fault });
        }
        head.seq = head.seq.max(kept.map_or(0, |kept| kept.seq));
        verified.head = (head.seq, head.hash);
        Ok(verified)
    }

    /// Returns the files of the trail, the oldest first.
    ///
    /// # Errors
    ///
    /// Returns what the system says.
    pub fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let list = fs::read_dir(&self.folder).map_err(failed("list", &self.folder))?;
        let mut files = Vec::new();
        for entry in list {
            let path = entry.map_err(failed("list", &self.folder))?.path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                files.push(path);
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    /// The head to go on from: the one that was kept, or where lines were added
    /// and it was not, the last line's.
    fn head(&self) -> Result<Head, Error> {
        let kept = self.kept_head()?;
        let written = self.files()?.pop().map(|last| last_place(&last)).transpose()?.flatten();
        let written = written.map(|place| Head { seq: place.seq, hash: place.hash });
        Ok(match (written, kept) {
            (Some(written), Some(kept)) if written.seq < kept.seq => kept,
            // How many lines there were nobody knows any more: a number that is
            // left out goes on telling so when there is a head again.
            (Some(written), None) => Head { seq: written.seq + 1, ..written },
            (Some(written), Some(_)) => written,
            (None, kept) => kept.unwrap_or_default(),
        })
    }

    fn kept_head(&self) -> Result<Option<Head>, Error> {
        let path = self.folder.join("head");
        match fs::read(&path) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(failed("read", &path)(err)),
        }
    }

    fn set_head(&self, head: &Head) -> Result<(), Error> {
        let path = self.folder.join("head");
        let text = serde_json::to_vec(head).expect("a text and a number");
        private::replace(&path, &text)
    }
}

/// Returns what is wrong where a trail ends at `head`, by the head that was kept.
fn end_fault(head: &Head, kept: Option<&Head>) -> Option<&'static str> {
    match kept {
        // A folder is made for its first line, and never without one.
        None if head.seq == 0 => Some("there is no line, though the trail was begun"),
        None => Some("the file `head` is missing, so lines may be missing at the end"),
        Some(kept) if kept.seq > head.seq => Some("lines are missing at the end"),
        Some(kept) if kept.seq == head.seq && kept.hash != head.hash => Some("the last line is not the one in `head`"),
        Some(_) => None,
    }
}

/// Returns the hash of a line without its own hash, bound to the one before.
fn hash(prev: &str, line: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(prev.as_bytes());
    hash.update(line);
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash.finalize()))
}

/// Adds a line to a file; where the last one was cut, it starts a new one.
fn write(path: &Path, line: &[u8]) -> Result<(), Error> {
    let mut file = private::open(path, OpenOptions::new().create(true).append(true).read(true))?;
    let mut work = || {
        let len = file.seek(SeekFrom::End(0))?;
        let mut last = [b'\n'];
        if len > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        let text = if last == *b"\n" { line.to_vec() } else { [b"\n", line].concat() };
        file.write_all(&text)
    };
    work().map_err(failed("write", path))
}

/// Returns the place of the last whole line of a file.
fn last_place(path: &Path) -> Result<Option<Place>, Error> {
    let read = || {
        let mut file = File::open(path)?;
        let len = file.seek(SeekFrom::End(0))?;
        let from = len.saturating_sub(2 * LONGEST as u64);
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.take(2 * LONGEST as u64).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let tail = read().map_err(failed("read", path))?;
    Ok(tail.split(|byte| *byte == b'\n').rev().find_map(|line| serde_json::from_slice(line).ok()))
}

/// Checks the lines of a file that go on from `head`.
fn check_file(path: &Path, head: &mut Head, verified: &mut Verified) -> Result<(), Error> {
    let mut reader = BufReader::new(File::open(path).map_err(failed("read", path))?);
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        let limit = 16 * LONGEST as u64;
        let n_read = (&mut reader).take(limit).read_until(b'\n', &mut line).map_err(failed("read", path))?;
        if n_read == 0 {
            return Ok(());
        }
        number += 1;
        match check_line(line.strip_suffix(b"\n").unwrap_or(&line), head) {
            Ok(()) => verified.n_lines += 1,
            Err(fault) => {
                let seq = head.seq + 1;
                verified.breaks.push(Break { path: path.to_owned(), line: number, seq, fault });
                // What follows may hold among itself.
                if let Ok(place) = serde_json::from_slice::<Place>(&line) {
                    *head = Head { seq: place.seq, hash: place.hash };
                }
            }
        }
    }
}

fn check_line(line: &[u8], head: &mut Head) -> Result<(), &'static str> {
    let place: Place = serde_json::from_slice(line).map_err(|_| "the line is cut or no record")?;
    let seam = line.len().checked_sub(NOTHING.len() + SEAM.len() + 2).ok_or("the line is cut")?;
    if line.get(seam..seam + SEAM.len()) != Some(SEAM) || hash(&place.prev, &line[..seam]) != place.hash {
        return Err("the line was changed");
    }
    if place.seq != head.seq + 1 || place.prev != head.hash {
        return Err("lines are missing before it");
    }
    *head = Head { seq: place.seq, hash: place.hash };
    Ok(())
}
