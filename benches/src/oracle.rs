//! A history through other code than ours: every object read by libgit2 and scanned
//! whole, and what git itself prints.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use git2::{ObjectType, Oid, Repository};
use leaktight_core::{Chunk, Encoding, Event, Finding, Origin, RuleSet, Scanner, Source};
use leaktight_git::{ChangeOptions, Diff, History, HistoryOptions, Repo};
use rayon::prelude::*;

/// Bytes at the start of a content that tell its encoding.
const HEAD: usize = 8 << 10;

/// A secret: the rule, and a hash of the value. Values are told nowhere.
type Secrets = BTreeSet<(String, u64)>;

/// Scans a history in three ways; fails when ours misses what another finds, or finds more
/// than there is in its objects.
pub(crate) fn compare(path: &Path) -> anyhow::Result<()> {
    let rules = Arc::new(RuleSet::builtin());
    let scanner = Scanner::new(Arc::clone(&rules));
    let ours = history(path, &scanner)?;
    let objects = objects(path, &scanner)?;
    let printed = printed(path, &scanner)?;
    println!("history: {}, objects: {}, git log -p: {} secrets", ours.len(), objects.len(), printed.len());
    let missed = tell("in objects, not in the history", objects.difference(&ours));
    let more = tell("in the history, not in objects", ours.difference(&objects));
    let unprinted = tell("in git log -p, not in the history", printed.difference(&ours));
    ensure!(missed + more + unprinted == 0, "they differ");
    Ok(())
}

/// Prints what differs by its rules, and returns how much it is.
fn tell<'a>(what: &str, differing: impl Iterator<Item = &'a (String, u64)>) -> usize {
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    differing.for_each(|(rule, _)| *by_rule.entry(rule).or_default() += 1);
    by_rule.iter().for_each(|(rule, n)| println!("{what}: {n} of {rule}"));
    by_rule.values().sum()
}

fn secret(finding: &Finding) -> (String, u64) {
    let mut hasher = DefaultHasher::new();
    finding.secret.expose().hash(&mut hasher);
    (finding.rule().id.to_string(), hasher.finish())
}

/// What the scan of a history finds, that of unreachable objects too.
fn history(path: &Path, scanner: &Scanner) -> anyhow::Result<Secrets> {
    let mut options = HistoryOptions::default();
    options.unreachable = true;
    let history = History::new(Repo::discover(path)?, scanner.clone(), options)?;
    Ok(found(&history, scanner))
}

/// What is found in what a source lends and finds by itself.
fn found(source: &dyn Source, scanner: &Scanner) -> Secrets {
    let found = Mutex::new(Secrets::new());
    let keep = |findings: &[Finding]| {
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(findings.iter().map(secret));
    };
    source.drive(&|event| {
        match event {
            Event::Chunk(chunk) => keep(&scanner.scan(&chunk).findings),
            Event::Found(scan) => keep(&scan.findings),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What is found in all objects, each whole and under every kind of name it has.
fn objects(path: &Path, scanner: &Scanner) -> anyhow::Result<Secrets> {
    let repo = Repository::open(path)?;
    let mut all: Vec<Oid> = Vec::new();
    repo.odb()?.foreach(|id| {
        all.push(*id);
        true
    })?;
    let names = names(path, &all, scanner.rules())?;
    let per_object = |repo: &Repository, id: &Oid| -> anyhow::Result<Secrets> {
        let odb = repo.odb()?;
        let object = odb.read(*id)?;
        Ok(match object.kind() {
            ObjectType::Blob => {
                let kinds = names.get(id).cloned().unwrap_or_default();
                let scan = |origin: Arc<Origin>| content(scanner, object.data(), &origin);
                match kinds.is_empty() {
                    true => scan(Arc::new(Origin::Memory)),
                    false => kinds.into_iter().flat_map(|name| scan(Arc::new(Origin::File(name.into())))).collect(),
                }
            }
            ObjectType::Commit => commit(scanner, &repo.find_commit(*id)?),
            ObjectType::Tag => tag(scanner, &repo.find_tag(*id)?),
            _ => Secrets::new(),
        })
    };
    let open = || Repository::open(path).expect("it could be opened before");
    let mut secrets = all
        .par_iter()
        .map_init(open, |repo, id| per_object(repo, id).with_context(|| id.to_string()))
        .try_reduce(Secrets::new, |mut one, other| {
            one.extend(other);
            Ok(one)
        })?;
    for reference in repo.references()? {
        secrets.extend(text(scanner, reference?.shorthand_bytes()));
    }
    Ok(secrets)
}

/// The names of contents, those that rules take for the same only once.
fn names(path: &Path, all: &[Oid], rules: &RuleSet) -> anyhow::Result<HashMap<Oid, BTreeSet<String>>> {
    let repo = Repository::open(path)?;
    let odb = repo.odb()?;
    let mut names: HashMap<Oid, BTreeSet<String>> = HashMap::new();
    for id in all {
        if odb.read_header(*id)?.1 != ObjectType::Tree {
            continue;
        }
        for entry in repo.find_tree(*id)?.iter().filter(|entry| entry.kind() == Some(ObjectType::Blob)) {
            let name = rules.stand_in(&String::from_utf8_lossy(entry.name_bytes()));
            names.entry(entry.id()).or_default().insert(name);
        }
    }
    Ok(names)
}

fn content(scanner: &Scanner, bytes: &[u8], origin: &Arc<Origin>) -> Secrets {
    let mut secrets = Secrets::new();
    let mut scan = |bytes: &[u8]| {
        let chunk = Chunk::new(bytes, Arc::clone(origin));
        secrets.extend(scanner.scan(&chunk).findings.iter().map(secret));
    };
    let (encoding, mark) = Encoding::detect(&bytes[..bytes.len().min(HEAD)]);
    if encoding != Encoding::Bytes {
        let mut decoded = Vec::new();
        encoding.decode(&bytes[mark..], &mut decoded);
        scan(&decoded);
    }
    if encoding == Encoding::Bytes || leaktight_core::has_ascii_run(bytes) {
        scan(bytes);
    }
    secrets
}

fn text(scanner: &Scanner, bytes: &[u8]) -> Secrets {
    scanner.scan(&Chunk::memory(bytes)).findings.iter().map(secret).collect()
}

fn who(scanner: &Scanner, signature: &git2::Signature<'_>) -> Secrets {
    let name = [signature.name_bytes(), b" <", signature.email_bytes(), b">"].concat();
    text(scanner, &name)
}

fn commit(scanner: &Scanner, commit: &git2::Commit<'_>) -> Secrets {
    let mut secrets = text(scanner, commit.message_raw_bytes());
    secrets.extend(who(scanner, &commit.author()));
    secrets.extend(who(scanner, &commit.committer()));
    secrets
}

fn tag(scanner: &Scanner, tag: &git2::Tag<'_>) -> Secrets {
    let mut secrets = text(scanner, tag.message_bytes().unwrap_or_default());
    secrets.extend(tag.tagger().map(|tagger| who(scanner, &tagger)).unwrap_or_default());
    secrets
}

/// What is found in the lines that git prints as added, by each commit against each parent.
fn printed(path: &Path, scanner: &Scanner) -> anyhow::Result<Secrets> {
    let mut child = Command::new("git")
        .args(["log", "-p", "-m", "--all", "--format=", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"])
        .current_dir(path)
        .stdout(Stdio::piped())
        .spawn()
        .context("git can't be run")?;
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    let secrets = found(&Diff::new(output, ChangeOptions::default()), scanner);
    if !child.wait()?.success() {
        // An object that is not there, as in a partial clone.
        println!("git log broke off: what it printed before is compared");
    }
    Ok(secrets)
}
