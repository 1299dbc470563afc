//! `redact` and `restore`: take secrets out of a text and put them back.

use std::fs::{File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, ValueEnum, ValueHint};
use leaktight_context::redact::{Hit, Redactor, Report, Restored, restore_file};
use leaktight_context::splice::{Carried, Format};
use leaktight_core::{Confidence, Origin};

use super::setup;
use crate::args::parse_confidence;
use crate::rewrite::Rewrite;
use crate::term::{escape, escape_path};
use crate::vault::{self, Shelf};
use crate::{Hint, assistant, exit};

/// Secrets that are told one by one.
const TOLD: usize = 20;
/// Bytes from which on a file is read twice: a secret may stand alone in front
/// of the place where it can be told for one.
const LONG: u64 = 2 << 20;

const CODES: &str = "\
Exit codes: 0 all secrets that were found are replaced, 2 wrong usage or nothing was written,
3 not all of the text could be looked at, 4 a secret could not be replaced.";

/// Which text to change, and how it is to be read.
#[derive(Debug, Parser)]
struct Text {
    /// The file; `-` is standard input
    #[arg(default_value = "-", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// How to read the text [default: by the name of the file]
    #[arg(long, short = 'f', value_enum, value_name = "FORMAT")]
    format: Option<Kind>,
    /// Change the file itself, whole or not at all, rather than write to standard output
    #[arg(long, short = 'i')]
    in_place: bool,
    /// Use the vault in this folder [default: the user's own]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    vault: Option<PathBuf>,
    /// Print no summary
    #[arg(long, short)]
    quiet: bool,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Kind {
    /// Any text.
    Text,
    /// Variables and their values.
    Env,
    /// One JSON document; strings are looked into, and nothing else changes.
    Json,
    /// A JSON document on each line.
    Jsonl,
    /// Server-sent events with JSON in them.
    Sse,
}

#[derive(Debug, Parser)]
#[command(after_help = CODES)]
pub(crate) struct Redact {
    #[command(flatten)]
    text: Text,
    /// Replace findings of at least this confidence
    #[arg(long, value_name = "LEVEL", default_value = "medium", value_parser = parse_confidence)]
    confidence: Confidence,
    /// Treat standard input as a file of this name
    #[arg(long, value_name = "NAME")]
    name: Option<PathBuf>,
    /// Use the rules of this file besides the built-in ones; may be repeated
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    rules: Vec<PathBuf>,
    /// Keep nothing: what is replaced can't be restored
    #[arg(long, conflicts_with = "vault")]
    no_vault: bool,
}

#[derive(Debug, Parser)]
#[command(
    after_help = "Exit codes: 0 restored, 2 wrong usage or nothing was written, 3 some placeholders are not known."
)]
pub(crate) struct Restore {
    #[command(flatten)]
    text: Text,
}

/// Takes secrets out.
pub(crate) fn redact(args: &Redact) -> anyhow::Result<u8> {
    let text = &args.text;
    text.check()?;
    let mut shelf = shelf(args)?;
    let name = args.name.as_deref().or_else(|| text.path());
    let mut redactor = Redactor::new(Arc::new(setup::rules(&args.rules)?));
    redactor.confidence = args.confidence;
    let format = text.format(name);
    // How variables are written is told by the name of a file elsewhere.
    let kind = name.or((format == Format::Env).then_some(Path::new(".env")));
    redactor.origin = Arc::new(kind.map_or(Origin::Stdin, |name| Origin::File(name.to_owned())));
    if text.is_long() {
        let (mut input, mut output) = (text.open()?, io::sink());
        redactor.redact_file(format, (&mut input, &mut output), &mut shelf.book).with_context(|| text.failure())?;
    }
    let (mut input, mut rewrite) = (text.open()?, text.target()?);
    let report = redactor
        .redact_file(format, (&mut input, rewrite.output()), &mut shelf.book)
        .with_context(|| text.failure())?;
    tell_report(text, &report, shelf.trouble.as_deref());
    let is_whole = report.is_complete() || is_guess(text, &report);
    finish(text, (rewrite, is_whole), (&report, &mut shelf))?;
    Ok(match report.n_left {
        0 if is_whole => exit::CLEAN,
        0 => exit::INCOMPLETE,
        _ => exit::INCOMPLETE_FINDINGS,
    })
}

/// Returns where values are kept. A file is not changed when they can't be.
fn shelf(args: &Redact) -> anyhow::Result<Shelf> {
    if args.no_vault {
        return Shelf::passing().context("cannot make placeholders");
    }
    let opened = args.text.vault.clone().map_or_else(Shelf::open, |folder| Shelf::open_in(Some(folder)));
    let shelf = opened.context("cannot make placeholders")?;
    if args.text.in_place && !shelf.keeps() {
        let why = shelf.trouble.unwrap_or_default();
        return Err(Hint::new(why, "correct it, or add --no-vault to lose what is replaced").into());
    }
    Ok(shelf)
}

/// Keeps the values, and then puts the text in its place.
fn finish(
    text: &Text,
    (rewrite, is_whole): (Rewrite, bool),
    (report, shelf): (&Report, &mut Shelf),
) -> anyhow::Result<()> {
    if text.in_place && !is_whole {
        return Err(text.unchanged(report));
    }
    let saved = if report.n_hits > 0 { shelf.save().map_err(vault::explain) } else { Ok(()) };
    let saved = saved.context("cannot keep what was replaced, so it can't be restored");
    if text.in_place {
        saved?;
        return rewrite.finish(report.n_hits > 0);
    }
    rewrite.finish(true).and(saved)
}

/// Puts secrets back.
pub(crate) fn restore(args: &Restore) -> anyhow::Result<u8> {
    assistant::refuse("restore secrets")?;
    args.text.check()?;
    let shelf = Shelf::find(args.text.vault.clone().or_else(vault::folder))?;
    let format = args.text.format(args.text.path());
    let (mut input, mut rewrite) = (args.text.open()?, args.text.target()?);
    let restored =
        restore_file(format, (&mut input, rewrite.output()), &shelf.book).with_context(|| args.text.failure())?;
    rewrite.finish(restored.n_restored > 0 || !args.text.in_place)?;
    tell_restored(&args.text, &restored, shelf.trouble.as_deref());
    let n_missing = restored.n_unknown + restored.n_unfit;
    Ok(if n_missing > 0 { exit::INCOMPLETE } else { exit::CLEAN })
}

impl Text {
    fn check(&self) -> anyhow::Result<()> {
        match self.path() {
            Some(path) => self.check_file(path),
            None if self.in_place => {
                Err(Hint::new("standard input has no place to change", "name a file with --in-place").into())
            }
            None => Ok(()),
        }
    }

    fn check_file(&self, path: &Path) -> anyhow::Result<()> {
        const HINT: &str = "redirect it to standard input, with `<`";
        // A pipe that nobody writes to would be waited for, without an end.
        let meta = path.metadata().with_context(|| format!("cannot read {}", self.shown()))?;
        if !meta.is_file() {
            return Err(Hint::new(format!("{} is not a regular file", self.shown()), HINT).into());
        }
        if self.in_place && n_names(&meta) > 1 {
            let message =
                format!("{} has several names (hard links), and the others would stay as they are", self.shown());
            return Err(Hint::new(message, "give the file a copy of its own first, or write to standard output").into());
        }
        Ok(())
    }

    /// The file, if it is one.
    fn path(&self) -> Option<&Path> {
        (self.file.as_os_str() != "-").then_some(self.file.as_path())
    }

    fn open(&self) -> anyhow::Result<Box<dyn Read>> {
        match self.path() {
            None => Ok(Box::new(io::stdin().lock())),
            Some(path) => {
                let file = File::open(path).with_context(|| format!("cannot read `{}`", escape_path(path)))?;
                Ok(Box::new(file))
            }
        }
    }

    fn is_long(&self) -> bool {
        self.path().and_then(|path| path.metadata().ok()).is_some_and(|meta| meta.is_file() && meta.len() > LONG)
    }

    fn target(&self) -> anyhow::Result<Rewrite> {
        match self.path() {
            Some(path) if self.in_place => {
                Rewrite::file(path).with_context(|| format!("cannot change `{}`", escape_path(path)))
            }
            _ => Ok(Rewrite::stdout()),
        }
    }

    fn format(&self, name: Option<&Path>) -> Format {
        match self.format {
            Some(Kind::Text) => Format::Text,
            Some(Kind::Env) => Format::Env,
            Some(Kind::Json) => Format::Json,
            Some(Kind::Jsonl) => Format::Jsonl,
            Some(Kind::Sse) => Format::Sse,
            None => name.map_or(Format::Text, by_name),
        }
    }

    fn shown(&self) -> String {
        self.path().map_or("standard input".to_owned(), |path| format!("`{}`", escape_path(path)))
    }

    fn failure(&self) -> String {
        let target = if self.in_place { self.shown() } else { "standard output".to_owned() };
        format!("cannot read {} or write to {target}", self.shown())
    }

    fn unchanged(&self, report: &Report) -> anyhow::Error {
        let hint = match self.format {
            None | Some(Kind::Text) => "the warnings say why; without --in-place the rest goes to standard output",
            Some(_) if report.skipped.is_empty() => "--format text takes any text",
            Some(_) => "the warnings say why",
        };
        Hint::new(format!("{} was not changed, because not all of it could be redacted", self.shown()), hint).into()
    }
}

#[cfg(unix)]
fn n_names(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
fn n_names(_meta: &Metadata) -> u64 {
    1
}

/// Returns how a file is read, by its name.
fn by_name(path: &Path) -> Format {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match name.rsplit('.').next() {
        Some("json") => Format::Json,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("sse") => Format::Sse,
        _ if name.starts_with(".env") || name.ends_with(".env") => Format::Env,
        _ => Format::Text,
    }
}

/// Whether all that is wrong is that a file is not what its name says: it was
/// treated as text then, which is as good.
fn is_guess(text: &Text, report: &Report) -> bool {
    text.format.is_none() && report.n_left == 0 && report.skipped.is_empty()
}

/// Says what was replaced and what was not, without a word of any secret.
fn tell_report(text: &Text, report: &Report, trouble: Option<&str>) {
    let mut lines = warnings(text, &report.carried, trouble);
    for hit in report.left.iter().take(TOLD) {
        lines.push(format!(
            "warning: line {}: {} could not be replaced: it is no text of its own",
            hit.line,
            class(hit)
        ));
    }
    for skip in report.skipped.iter().take(TOLD) {
        lines.push(format!("warning: not scanned: {} ({})", skip.reason, escape(skip.detail.as_bytes())));
    }
    if !text.quiet {
        for hit in report.hits.iter().take(TOLD) {
            let name = hit.placeholder.as_ref().map(ToString::to_string).unwrap_or_default();
            lines.push(format!("line {}: {} is {name} now", hit.line, class(hit)));
        }
        let s = if report.n_hits == 1 { "" } else { "s" };
        lines.push(format!("{}: {} secret{s} replaced", text.shown(), report.n_hits));
    }
    tell(&lines);
}

/// What a hit is, for people.
fn class(hit: &Hit) -> String {
    if hit.known { format!("a known value ({})", hit.class) } else { hit.class.clone() }
}

fn tell_restored(text: &Text, restored: &Restored, trouble: Option<&str>) {
    let mut lines = warnings(text, &restored.carried, trouble);
    if restored.n_unknown > 0 {
        let (n, are) = (restored.n_unknown, if restored.n_unknown == 1 { " is" } else { "s are" });
        lines.push(format!("warning: {n} placeholder{are} not known"));
    }
    if restored.n_unfit > 0 {
        lines.push(format!("warning: {} values are no text, so JSON can't hold them", restored.n_unfit));
    }
    if !text.quiet {
        lines.push(format!("{}: {} placeholders restored", text.shown(), restored.n_restored));
    }
    tell(&lines);
}

fn warnings(text: &Text, carried: &Carried, trouble: Option<&str>) -> Vec<String> {
    let mut lines: Vec<String> = trouble.map(|why| format!("warning: {why}")).into_iter().collect();
    for fault in carried.faults.iter().take(TOLD) {
        lines.push(format!("warning: {} is not what its format promises: {fault}; read as text there", text.shown()));
    }
    lines
}

fn tell(lines: &[String]) {
    let mut err = BufWriter::new(io::stderr().lock());
    for line in lines {
        // Nothing is left to do when even this can't be written.
        let _ = writeln!(err, "{line}");
    }
    let _ = err.flush();
}
