//! `scan`: files, trees and standard input.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser as _;
use leaktight_core::{Chunk, Finding, Limits, RuleSet, Scanner, Skip, SkipReason, Source, Span, Suppression};
use leaktight_fs::{Stdin, Tree, WalkOptions};
use leaktight_git::{History, HistoryOptions, Repo};

use super::setup;
use crate::args::{FailOn, Judge, Scan, Select};
use crate::baseline::{self, Baseline};
use crate::collect::{Collector, Inspector, Least};
use crate::config::{self, Config};
use crate::interrupt::Interrupt;
use crate::report::{Coverage, Report};
use crate::{Hint, changes, exit, output, progress};

/// Scans, reports, and returns the exit code.
pub(crate) fn run(args: &Scan) -> anyhow::Result<u8> {
    if let Some(names) = &args.transcripts.assistants {
        return super::transcripts::run(args, names);
    }
    let start = Instant::now();
    let interrupt = Interrupt::listen().context("cannot listen for signals")?.within(args.select.timeout);
    let allowed = allowed_gaps(&args.judge.allow_incomplete)?;
    let project = Project::read(&args.paths, &args.judge)?;
    let mut rules = setup::rules(&args.judge.rules)?;
    project.adjust(&mut rules)?;
    setup::keep_only(&mut rules, &args.judge.only)?;
    let mut limits = limits(args, &project);
    limits.stop = Some(interrupt.flag());
    let scanner = Scanner::with_limits(setup::share(rules)?, limits);
    let sources = sources(args, &project, &scanner)?;

    let attacks = setup::attacks();
    let least = Least { confidence: args.judge.confidence, severity: args.judge.severity };
    let collector = Collector::new((&scanner, &attacks), &interrupt, least);
    progress::during(
        !args.show.no_progress,
        || collector.progress(),
        || {
            for source in &sources {
                collector.drive(source.as_ref());
            }
        },
    );
    let (mut findings, n_below, mut coverage) = collector.finish();
    if let Some(all) = setup::with_all_rules(scanner.rules(), &args.judge.rules)? {
        findings.iter_mut().for_each(|finding| hide_others(finding, &all));
    }
    if args.judge.require_nonempty && coverage.scanned == 0 {
        let nothing = "nothing was scanned, and --require-nonempty was given";
        coverage.unscanned.push(Skip::new(".", SkipReason::Vanished, nothing));
    }
    coverage.allowed = allowed;
    if args.show.show_secrets {
        warn_of_secrets();
    }
    let report = report(args, &project, (findings, n_below, coverage), start);
    output::write_all(&report, &args.show)?;
    Ok(interrupt.code().unwrap_or_else(|| code(&report)))
}

/// Says that secrets are printed in clear.
pub(super) fn warn_of_secrets() {
    // Nothing is left to do when even this can't be written.
    let _ = writeln!(io::stderr(), "warning: secrets are printed in clear, as --show-secrets asks");
}

/// What a project says about its own scans.
#[derive(Default)]
pub(super) struct Project {
    config: Option<(PathBuf, Config)>,
    accepted: Vec<leaktight_core::Fingerprint>,
    baseline: Option<Baseline>,
}

impl Project {
    fn read(targets: &[PathBuf], judge: &Judge) -> anyhow::Result<Self> {
        let found = |name| (!judge.no_project_config).then(|| setup::project_file(targets, name)).flatten();
        let mut project = Self::configured(judge.config.clone().or_else(|| found(config::NAME)))?;
        if let Some(path) = judge.baseline.clone().or_else(|| found(baseline::NAME)) {
            project.baseline = Some(Baseline::read(&path)?);
        }
        Ok(project)
    }

    /// Returns what a configuration says, if there is one, without a baseline.
    pub(super) fn configured(config: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut project = Self::default();
        if let Some(path) = config {
            let config = Config::read(&path)?;
            project.accepted = config.fingerprints(&path)?;
            project.config = Some((path, config));
        }
        Ok(project)
    }

    /// Changes the rules as the configuration says.
    pub(super) fn adjust(&self, rules: &mut RuleSet) -> anyhow::Result<()> {
        self.config.as_ref().map_or(Ok(()), |(path, config)| config.adjust(path, rules))
    }

    /// Returns the marks of other programs that count.
    pub(super) fn marks(&self) -> Vec<String> {
        let marks = self.config.iter().flat_map(|(_, config)| &config.scan.marks);
        marks.map(|mark| mark.get_ref().clone()).collect()
    }

    fn excludes(&self) -> Vec<String> {
        let globs = self.config.iter().flat_map(|(_, config)| &config.scan.exclude);
        globs.map(|glob| glob.get_ref().clone()).collect()
    }

    fn suppress(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| self.accepted.contains(&finding.fingerprint)) {
            finding.suppressed.get_or_insert(Suppression::Config);
        }
        if let Some(baseline) = &self.baseline {
            baseline.suppress(findings);
        }
    }
}

fn limits(args: &Scan, project: &Project) -> Limits {
    let mut limits = Limits::default();
    limits.marks = project.marks();
    limits.inline_allow = !args.judge.no_inline_allow;
    limits.confidence = args.judge.confidence;
    limits
}

fn sources(args: &Scan, project: &Project, scanner: &Scanner) -> anyhow::Result<Vec<Box<dyn Source>>> {
    if args.history.history {
        return histories(args, project, scanner);
    }
    let overlap = scanner.rules().overlap();
    let (stdin, paths): (Vec<_>, Vec<_>) = args.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let options = walk_options(&args.select, &project.excludes(), overlap);
    if args.changes.is_wanted() {
        return changes::sources(&args.changes, &args.paths, &options);
    }
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    if !paths.is_empty() {
        let tree = Tree::new(paths, options).map_err(|err| Hint::of_tree(&err))?;
        sources.push(Box::new(tree));
    }
    if !stdin.is_empty() {
        let depth = usize::from(args.select.archive_depth);
        sources.push(Box::new(Stdin::new(overlap).with_archives(depth)));
    }
    Ok(sources)
}

/// The histories of the repositories that were asked for.
fn histories(args: &Scan, project: &Project, scanner: &Scanner) -> anyhow::Result<Vec<Box<dyn Source>>> {
    let mut options = HistoryOptions::default();
    options.unreachable = args.history.unreachable;
    options.branches.clone_from(&args.history.branch);
    options.ranges.clone_from(&args.changes.range);
    options.since = args.history.since;
    options.max_commits = args.history.max_commits;
    if !args.history.no_cache {
        options.cache = args.history.cache.clone().or_else(cache_folder);
    }
    options.threads = args.select.threads.map_or(0, usize::from);
    options.max_size = args.select.max_size;
    options.inspect = Some(Arc::new(Inspector { scanner: scanner.clone(), attacks: setup::attacks() }));
    let select = walk_options(&args.select, &project.excludes(), scanner.rules().overlap());
    if !select.include.is_empty() || !select.exclude.is_empty() {
        options.filter = changes::change_options(&select)?.filter;
    }
    let history = |path: &PathBuf| {
        let history = Repo::discover(path).and_then(|repo| History::new(repo, scanner.clone(), options.clone()));
        let history = history.map_err(|err| Hint::of_git(&err))?;
        if let Some(notice) = history.notice() {
            // Nothing is left to do when even this can't be written.
            let _ = writeln!(io::stderr(), "notice: {}", crate::term::escape(notice.as_bytes()));
        }
        Ok(Box::new(history) as _)
    };
    args.paths.iter().map(history).collect()
}

/// The folder for caches of the user, where the system has one.
fn cache_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        std::env::home_dir().map(|home| home.join("Library/Caches"))
    } else {
        set("XDG_CACHE_HOME").or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
    };
    folder.map(|folder| folder.join("leaktight"))
}

/// The options of a walk, for the options of the command line.
pub(super) fn walk_options(select: &Select, excludes: &[String], overlap: usize) -> WalkOptions {
    let mut options = WalkOptions::default();
    options.no_ignore = select.no_ignore;
    options.include.clone_from(&select.include);
    options.exclude = select.exclude.iter().chain(excludes).cloned().collect();
    options.max_size = select.max_size;
    options.follow = select.follow;
    options.follow_outside = select.follow_outside;
    options.binary = select.binary;
    options.archive_depth = usize::from(select.archive_depth);
    options.threads = select.threads.map_or(0, usize::from);
    options.overlap = overlap;
    options
}

fn report(
    args: &Scan,
    project: &Project,
    (mut findings, n_below, coverage): (Vec<Finding>, u64, Coverage),
    start: Instant,
) -> Report {
    project.suppress(&mut findings);
    let (suppressed, findings) = findings.into_iter().partition(|finding| finding.suppressed.is_some());
    Report {
        findings,
        suppressed,
        coverage,
        targets: args.changes.diff.clone().map_or_else(|| args.paths.clone(), |file| vec![file]),
        n_below,
        elapsed: start.elapsed(),
        fail_on: match args.judge.fail_on {
            FailOn::At(confidence) => Some(confidence),
            FailOn::Never => None,
        },
        show_secrets: args.show.show_secrets,
        include_suppressed: args.show.include_suppressed,
        noun: if args.history.history { "object" } else { "file" },
    }
}

/// Marks the secrets in the line of a finding that only rules switched off find:
/// they are not reported, and are not shown either.
fn hide_others(finding: &mut Finding, all: &Scanner) {
    // Nowhere: it is scanned.
    let scan = all.scan(&Chunk::new(finding.excerpt.text.expose(), Arc::clone(&finding.origin)));
    let secrets = &mut finding.excerpt.secrets;
    secrets.extend(scan.findings.iter().filter_map(|other| {
        let start = usize::try_from(other.offset).ok()?;
        Some(Span::new(start, start + other.length))
    }));
    secrets.sort_unstable();
    secrets.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        last.end = if touches { last.end.max(next.end) } else { last.end };
        touches
    });
}

/// The reasons that `--allow-incomplete` names.
pub(super) fn allowed_gaps(names: &[String]) -> anyhow::Result<Vec<SkipReason>> {
    const HINT: &str = "the reasons are those that reports print, such as permission, size, changed, vanished, io";
    let parse = |name: &String| {
        SkipReason::from_name(name).filter(|reason| !reason.is_exclusion()).ok_or_else(|| {
            Hint::new(format!("`{}` is no reason for an incomplete scan", crate::term::escape(name.as_bytes())), HINT)
                .into()
        })
    };
    names.iter().map(parse).collect()
}

fn code(report: &Report) -> u8 {
    match (report.coverage.has_gaps(), report.fails()) {
        (false, false) => exit::CLEAN,
        (false, true) => exit::FINDINGS,
        (true, false) => exit::INCOMPLETE,
        (true, true) => exit::INCOMPLETE_FINDINGS,
    }
}

/// Returns all findings of a folder, or of the history it belongs to, for a baseline.
pub(super) fn findings(
    (root, in_history, select): (&Path, bool, &Select),
    scanner: &Scanner,
    (project, interrupt): (&Project, &Interrupt),
) -> anyhow::Result<(Vec<Finding>, Coverage)> {
    let mut args = Scan::try_parse_from(["scan"]).context("a scan needs no arguments")?;
    args.paths = vec![root.to_owned()];
    args.select = select.clone();
    args.history.history = in_history;
    let sources = sources(&args, project, scanner)?;
    let attacks = setup::attacks();
    let collector = Collector::new((scanner, &attacks), interrupt, Least::ALL);
    progress::during(true, || collector.progress(), || sources.iter().for_each(|one| collector.drive(one.as_ref())));
    let (mut findings, _, coverage) = collector.finish();
    project.suppress(&mut findings);
    Ok((findings, coverage))
}
