//! What an assistant can reach, for people and programs. No value is ever shown.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use leaktight_context::store::{Content, Store};
use leaktight_core::{Confidence, Finding, Severity};
use serde::Serialize;

use super::Coverage;
use super::json::print;
use super::record::{Ledger, TOOL, Tool, VERSION};
use super::text::{path_text, shown, shown_path};

/// Files of a store and secrets of a file that are listed for people.
const LISTED: usize = 8;

/// What an assistant can reach.
#[derive(Debug)]
pub(crate) struct Reach {
    /// The stores, the gravest first.
    pub(crate) stores: Vec<Reached>,
    /// Variables of the environment that hold secrets.
    pub(crate) environment: Vec<(String, Finding)>,
    /// What was looked into.
    pub(crate) coverage: Coverage,
    /// The home folder, which people write as `~`.
    pub(crate) home: Option<PathBuf>,
}

/// A store that is there.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) store: &'static Store,
    /// Its files, each with the secrets that stand in it in clear.
    pub(crate) files: Vec<(PathBuf, Vec<Finding>)>,
}

impl Reached {
    /// Returns the severity of the store, or of the worst secret in it.
    pub(crate) fn severity(&self) -> Severity {
        let secrets = self.files.iter().flat_map(|(_, secrets)| secrets).map(|finding| finding.severity).max();
        match self.store.content {
            Content::Secret => secrets.max(Some(self.store.severity)),
            Content::Mixed => secrets,
        }
        .unwrap_or(Severity::Info)
    }

    /// Returns the number of secrets that stand in it in clear.
    pub(crate) fn n_secrets(&self) -> usize {
        self.files.iter().map(|(_, secrets)| secrets.len()).sum()
    }
}

/// What to do about stores of a group.
fn advice(group: &str) -> &'static str {
    match group {
        "assistant" => {
            "Keep tokens out of the settings: name environment variables in them, and delete old transcripts."
        }
        "cloud" => "Use credentials that expire (single sign-on, workload identity), and let a helper fetch them.",
        "container" => "Use a credential helper for registries, and short-lived tokens for clusters.",
        "database" => "Use a password manager or a peer login instead of password files.",
        "hosting" => "Use a credential helper or the system keyring instead of tokens in files.",
        "key" => "Protect keys with a passphrase and an agent, or keep them in hardware.",
        "manager" => "Lock the manager when it is not needed, and end its sessions.",
        "project" => "Move the values into a secret store, and keep only their names here.",
        _ => {
            "Run assistants as a user who can't read these; delete what is not needed, and keep secrets out of \
             histories and start-up files."
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    counts: Counts,
    stores: Vec<StoreRecord<'a>>,
    environment: Vec<Variable<'a>>,
    coverage: Ledger<'a>,
}

#[derive(Serialize)]
struct Counts {
    stores: usize,
    files: usize,
    secrets: usize,
    variables: usize,
}

#[derive(Serialize)]
struct StoreRecord<'a> {
    id: &'a str,
    group: &'a str,
    owner: &'a str,
    holds: &'a str,
    severity: Severity,
    /// All of it is secret, whatever it looks like.
    all_secret: bool,
    advice: &'a str,
    files: Vec<FileRecord<'a>>,
}

#[derive(Serialize)]
struct FileRecord<'a> {
    path: std::borrow::Cow<'a, str>,
    /// Permissions as `ls` counts them; null where there are none.
    mode: Option<String>,
    /// Everyone on this machine can read it.
    open_to_all: bool,
    size: Option<u64>,
    secrets: Vec<SecretRecord<'a>>,
}

#[derive(Serialize)]
struct SecretRecord<'a> {
    rule: &'a str,
    title: &'a str,
    severity: Severity,
    confidence: Confidence,
    line: u64,
    revoke: &'a str,
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    rule: &'a str,
    title: &'a str,
    severity: Severity,
}

impl Counts {
    fn new(reach: &Reach) -> Self {
        Self {
            stores: reach.stores.len(),
            files: reach.stores.iter().map(|reached| reached.files.len()).sum(),
            secrets: reach.stores.iter().map(Reached::n_secrets).sum(),
            variables: reach.environment.len(),
        }
    }
}

/// Writes one JSON document.
///
/// # Errors
///
/// Returns what writing returned.
pub(crate) fn write_json(reach: &Reach, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        version: VERSION,
        tool: TOOL,
        counts: Counts::new(reach),
        stores: reach.stores.iter().map(StoreRecord::new).collect(),
        environment: reach.environment.iter().map(|(name, finding)| Variable::new(name, finding)).collect(),
        coverage: Ledger::full(&reach.coverage),
    };
    print(&document, out)
}

impl<'a> StoreRecord<'a> {
    fn new(reached: &'a Reached) -> Self {
        let store = reached.store;
        Self {
            id: store.id,
            group: store.group,
            owner: store.owner,
            holds: store.holds,
            severity: reached.severity(),
            all_secret: store.content == Content::Secret,
            advice: advice(store.group),
            files: reached.files.iter().map(|(path, secrets)| FileRecord::new(path, secrets)).collect(),
        }
    }
}

impl<'a> FileRecord<'a> {
    fn new(path: &'a Path, secrets: &'a [Finding]) -> Self {
        let mode = mode(path);
        Self {
            path: path_text(path),
            mode: mode.map(|mode| format!("{mode:04o}")),
            open_to_all: mode.is_some_and(is_open),
            size: std::fs::metadata(path).ok().map(|meta| meta.len()),
            secrets: secrets.iter().map(SecretRecord::new).collect(),
        }
    }
}

impl<'a> SecretRecord<'a> {
    fn new(finding: &'a Finding) -> Self {
        let rule = finding.rule();
        Self {
            rule: &rule.id,
            title: &rule.title,
            severity: finding.severity,
            confidence: finding.confidence,
            line: finding.start.line,
            revoke: &rule.revoke,
        }
    }
}

impl<'a> Variable<'a> {
    fn new(name: &'a str, finding: &'a Finding) -> Self {
        let rule = finding.rule();
        Self { name, rule: &rule.id, title: &rule.title, severity: finding.severity }
    }
}

/// Returns the permissions of a file, where the system has such.
fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(path).ok().map(|meta| meta.mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether everyone may read a file.
fn is_open(mode: u32) -> bool {
    mode & 0o004 != 0
}

/// Writes a report for people.
///
/// # Errors
///
/// Returns what writing returned.
pub(crate) fn write(reach: &Reach, out: &mut dyn Write) -> io::Result<()> {
    for reached in &reach.stores {
        store(reach, reached, out)?;
    }
    if !reach.environment.is_empty() {
        writeln!(out, "environment: variables that every program of yours inherits")?;
        for (name, finding) in &reach.environment {
            let title = shown(finding.rule().title.as_bytes());
            writeln!(out, "  {}: {} {title}", shown(name.as_bytes()), finding.severity)?;
        }
        writeln!(out, "  = do: Start assistants without these variables.\n")?;
    }
    for skip in &reach.coverage.unscanned {
        writeln!(out, "not read: {}: {} {}", shown_path(&skip.path), skip.reason, shown(skip.detail.as_bytes()))?;
    }
    let counts = Counts::new(reach);
    if counts.stores == 0 && counts.variables == 0 {
        return writeln!(out, "no known secret store, and no secret in the environment");
    }
    writeln!(
        out,
        "{} secret stores with {} files, {} secrets in clear, {} in the environment",
        counts.stores, counts.files, counts.secrets, counts.variables
    )
}

fn store(reach: &Reach, reached: &Reached, out: &mut dyn Write) -> io::Result<()> {
    let store = reached.store;
    writeln!(out, "{}: {} ({}) holds {}", reached.severity(), shown(store.owner.as_bytes()), store.id, store.holds)?;
    for (path, secrets) in reached.files.iter().take(LISTED) {
        let below = reach.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        let path_shown = below.map_or_else(|| path.clone(), |below| Path::new("~").join(below));
        let open = if mode(path).is_some_and(is_open) { ", and everyone can read it" } else { "" };
        let n = if secrets.is_empty() { String::new() } else { format!(", {} in clear", secrets.len()) };
        writeln!(out, "  {}{n}{open}", shown_path(&path_shown))?;
        for finding in secrets.iter().take(LISTED) {
            let title = shown(finding.rule().title.as_bytes());
            writeln!(out, "    line {}: {} {title}", finding.start.line, finding.severity)?;
        }
        more(secrets.len(), "    ", out)?;
    }
    more(reached.files.len(), "  ", out)?;
    let rules: BTreeSet<&str> =
        reached.files.iter().flat_map(|(_, secrets)| secrets).map(|finding| finding.rule().revoke.as_ref()).collect();
    writeln!(out, "  = do: {}", advice(store.group))?;
    for revoke in rules.iter().take(LISTED) {
        writeln!(out, "  = revoke: {}", shown(revoke.as_bytes()))?;
    }
    writeln!(out)
}

fn more(n: usize, indent: &str, out: &mut dyn Write) -> io::Result<()> {
    if n > LISTED { writeln!(out, "{indent}and {} more", n - LISTED) } else { Ok(()) }
}
