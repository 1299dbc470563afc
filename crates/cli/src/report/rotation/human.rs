//! The list for people.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Write};

use leaktight_context::transcript::{At, Leak, Place, Sent};

use super::super::gap::gaps;
use super::super::human::{ALARM, BOLD, FRAME, GOOD, colour_of, files, grouped, wrap};
use super::super::line::Masker;
use super::super::text::{shown, shown_path};
use super::super::{Style, human};
use super::Rotation;

/// Names of a kind, and places, that are listed of a leak.
const LISTED: usize = 4;
/// Columns below which text is not wrapped further.
const NARROWEST: usize = 40;

/// Writes the list.
pub(super) fn write(rotation: &Rotation, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut list = List::new(rotation, style, out);
    for (idx, leak) in rotation.leaks.iter().enumerate() {
        list.leak(idx + 1, leak)?;
    }
    list.gaps()?;
    list.scrubbed()?;
    list.verdict()
}

/// Writes the list without the leaks.
pub(super) fn summary(rotation: &Rotation, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut list = List::new(rotation, style, out);
    list.gaps()?;
    list.scrubbed()?;
    list.verdict()
}

struct List<'a> {
    rotation: &'a Rotation,
    style: Style,
    masker: Masker<'a>,
    /// Rules whose advice was given.
    told: HashSet<&'a str>,
    out: &'a mut dyn Write,
}

impl<'a> List<'a> {
    fn new(rotation: &'a Rotation, style: Style, out: &'a mut dyn Write) -> Self {
        Self { rotation, style, masker: rotation.masker(), told: HashSet::new(), out }
    }

    fn leak(&mut self, number: usize, leak: &'a Leak) -> io::Result<()> {
        let rule = leak.finding.rule();
        let severity = self.paint(colour_of(leak.finding.severity), leak.finding.severity.name());
        let title = self.paint(BOLD, &shown(rule.title.as_bytes()));
        let secret = shown(self.masker.secret(&leak.finding).as_bytes());
        let id = shown(rule.id.as_bytes());
        writeln!(self.out, "{number}. {severity}: {title} {secret} [{id}, {} confidence]", leak.finding.confidence)?;
        self.note("sent", &fate(leak))?;
        self.note("seen", &self.seen(leak))?;
        self.note("projects", &self.names(&leak.projects))?;
        self.note("tools", &self.names(&leak.tools))?;
        self.note("sessions", &self.names(&leak.sessions))?;
        self.note("at", &self.places(leak))?;
        if self.told.insert(&rule.id) {
            self.note("impact", &rule.impact)?;
            self.note("revoke", &rule.revoke)?;
            self.note("link", &rule.link)?;
        }
        writeln!(self.out)
    }

    /// When and how often a value was written down.
    fn seen(&self, leak: &Leak) -> String {
        let day = |time: Option<_>| {
            time.map(|time: leaktight_context::transcript::Timestamp| time.to_string()[..10].to_owned())
        };
        let days = match (day(leak.first), day(leak.last)) {
            (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
            (Some(day), _) | (None, Some(day)) => day,
            (None, None) => "at an unknown time".to_owned(),
        };
        let age = match self.rotation.age(leak) {
            None => String::new(),
            Some(0) => ", today".to_owned(),
            Some(1) => ", a day ago".to_owned(),
            Some(age) => format!(", {} days ago", grouped(age)),
        };
        let n_files = leak.files.len() as u64 + leak.n_more_files;
        let records = if leak.n == 1 { "1 record".to_owned() } else { format!("{} records", grouped(leak.n)) };
        format!("{days}{age}, in {records} of {}", files(n_files))
    }

    /// Some names, and how many more there are.
    fn names(&self, names: &BTreeSet<String>) -> String {
        let mut listed: Vec<String> = names.iter().take(LISTED).map(|name| self.masker.plain(name)).collect();
        if names.len() > LISTED {
            listed.push(format!("and {} more", names.len() - LISTED));
        }
        listed.join(", ")
    }

    fn places(&self, leak: &Leak) -> String {
        let mut listed: Vec<String> = leak.places.iter().take(LISTED).map(|place| self.place(place)).collect();
        if leak.n > listed.len() as u64 {
            listed.push(format!("and {} more", grouped(leak.n - listed.len() as u64)));
        }
        listed.join(", ")
    }

    fn place(&self, place: &Place) -> String {
        let path = self.rotation.short(&place.path);
        let path = path.display();
        match &place.at {
            At::Line(line) => format!("{path}:{line}"),
            At::Row(table, row) => format!("{path} ({table} {row})"),
            At::Free => format!("{path} (deleted)"),
        }
    }

    fn note(&mut self, name: &str, text: &str) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let indent = name.len() + 7;
        let room = self.style.width.max(NARROWEST).saturating_sub(indent);
        let text = wrap(&shown(text.as_bytes()), room).join(&format!("\n{:indent$}", ""));
        let (sign, name) = (self.paint(FRAME, "="), self.paint(BOLD, name));
        writeln!(self.out, "   {sign} {name}: {text}")
    }

    /// Says what was not read although it was to be.
    fn gaps(&mut self) -> io::Result<()> {
        let coverage = &self.rotation.coverage;
        let gaps: Vec<_> = gaps(coverage).into_iter().filter(|gap| gap.is_incomplete).collect();
        if gaps.is_empty() {
            return Ok(());
        }
        let (n, all) = (coverage.unscanned.len(), coverage.discovered());
        let head = format!("incomplete: {} of {} not read as a whole", grouped(n as u64), files(all));
        writeln!(self.out, "{}", self.paint(ALARM, &head))?;
        for gap in &gaps {
            let path = gap.path.map(|path| format!("{}: ", shown_path(&self.rotation.short(path)))).unwrap_or_default();
            writeln!(self.out, "  {path}{}", gap.text)?;
        }
        writeln!(self.out)
    }

    /// Says what became of the files.
    fn scrubbed(&mut self) -> io::Result<()> {
        let Some(scrubbed) = &self.rotation.scrubbed else { return Ok(()) };
        let n_files = files(scrubbed.files.len() as u64);
        writeln!(self.out, "scrubbed: {} values in {n_files} are placeholders now", grouped(scrubbed.n))?;
        if !scrubbed.kept.is_empty() {
            let head = format!("not scrubbed: {}", files(scrubbed.kept.len() as u64));
            writeln!(self.out, "{}", self.paint(ALARM, &head))?;
        }
        for (path, why) in &scrubbed.kept {
            writeln!(self.out, "  {}: {}", shown_path(&self.rotation.short(path)), shown(why.as_bytes()))?;
        }
        writeln!(self.out)
    }

    fn verdict(&mut self) -> io::Result<()> {
        let rotation = self.rotation;
        let head = match (rotation.leaks.len(), rotation.n_sent()) {
            (0, _) if rotation.coverage.is_complete() => "clean".to_owned(),
            (0, _) => "nothing found in what was read".to_owned(),
            (n, n_sent) => {
                let secrets = if n == 1 { "1 secret".to_owned() } else { format!("{} secrets", grouped(n as u64)) };
                format!("{secrets} to rotate, {} sent to a provider", grouped(n_sent as u64))
            }
        };
        let colour = if rotation.is_clean() { GOOD } else { ALARM };
        let facts = human::read(&rotation.coverage, rotation.elapsed);
        writeln!(self.out, "{} · {facts}", self.paint(colour, &head))
    }

    fn paint(&self, colour: anstyle::Style, text: &str) -> String {
        if self.style.colour { format!("{colour}{text}{colour:#}") } else { text.to_owned() }
    }
}

/// Whether a provider has it, in words.
fn fate(leak: &Leak) -> String {
    let assistants: Vec<&str> = leak.assistants.iter().map(String::as_str).collect();
    let by = assistants.join(", ");
    match leak.sent {
        Sent::Yes => format!("yes, to the provider of {by}"),
        Sent::Unknown => format!("unknown, written down by {by}"),
        Sent::No => format!("no, only written down by {by}"),
    }
}
