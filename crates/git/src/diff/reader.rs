//! From the lines of a diff to the text of new files.

use std::ops::ControlFlow;
use std::sync::Arc;

use leaktight_core::Origin;

use super::file::File;
use super::hunk::{Hunk, Kind};
use super::lines::Line;
use super::name;
use crate::change::ChangeOptions;
use crate::part::{Text, Visitor};

/// Where in a diff a line stands.
#[derive(Debug)]
enum Place {
    /// Before or between files, or in the lines about one.
    Outside,
    /// Within a hunk that starts at this line of the diff.
    Within(Hunk, u64),
    /// Right behind a hunk that starts at this line of the diff.
    Behind(usize, u64),
}

/// Reads a diff line by line.
pub(super) struct Reader<'a> {
    visitor: Visitor<'a>,
    options: &'a ChangeOptions,
    /// Where the diff itself is from.
    origin: &'a Arc<Origin>,
    text: Text<'a>,
    place: Place,
    /// The file whose part is being read, and why it is left out if it is.
    file: Option<(File, Option<String>)>,
    /// What stood behind `---` in the line before.
    old: Option<Vec<u8>>,
    /// What the line is of which a piece was read.
    kind: Kind,
    /// The line was read last that is text round the files; 0 for none.
    said: u64,
    /// Lines read so far.
    n_lines: u64,
    is_blank: bool,
    is_diff: bool,
    is_git: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(visitor: Visitor<'a>, options: &'a ChangeOptions, origin: &'a Arc<Origin>) -> Self {
        Self {
            visitor,
            options,
            origin,
            text: Text::new(visitor, options.overlap),
            place: Place::Outside,
            file: None,
            old: None,
            kind: Kind::Note,
            said: 0,
            n_lines: 0,
            is_blank: true,
            is_diff: false,
            is_git: false,
        }
    }

    /// Takes a line, or a piece of one.
    pub(super) fn take(&mut self, line: Line<'_>) -> ControlFlow<()> {
        if !line.is_start {
            return self.push(line.bytes);
        }
        self.n_lines += 1;
        self.is_blank &= line.text().is_empty();
        match &mut self.place {
            Place::Within(hunk, at) => match hunk.take(line.text()) {
                Some(kind) => {
                    let (columns, is_over, at) = (hunk.columns(), hunk.is_over(), *at);
                    if is_over {
                        self.place = Place::Behind(columns, at);
                    }
                    self.kind = kind;
                    self.push(&line.bytes[columns.min(line.text().len())..])
                }
                None => {
                    let at = *at;
                    self.complain(at, "has fewer lines than it says");
                    self.leave()?;
                    self.outside(line)
                }
            },
            Place::Behind(columns, at) => {
                let (columns, at) = (*columns, *at);
                self.behind(line, columns, at)
            }
            Place::Outside => self.outside(line),
        }
    }

    /// Ends the diff; returns whether there was one, or nothing at all.
    pub(super) fn finish(mut self) -> ControlFlow<(), bool> {
        if let Place::Within(_, at) = self.place {
            self.complain(at, "ends too early");
        }
        if let Some(old) = self.old.take() {
            self.no_name(&old, self.n_lines)?;
        }
        self.end_file()?;
        ControlFlow::Continue(self.is_diff || self.is_blank)
    }

    /// Appends to the text of the new file what belongs there.
    fn push(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        if self.said == self.n_lines {
            return self.text.push(bytes, true);
        }
        let (Some((file, None)), Kind::Added | Kind::Context) = (&mut self.file, self.kind) else {
            return ControlFlow::Continue(());
        };
        let is_added = self.kind == Kind::Added;
        if is_added {
            file.added += bytes.len() as u64;
        }
        self.text.push(bytes, is_added)
    }

    /// Takes a line right behind a hunk: one more of it, or of something else.
    fn behind(&mut self, line: Line<'_>, columns: usize, at: u64) -> ControlFlow<()> {
        let text = line.text();
        let prefix = &text[..columns.min(text.len())];
        if prefix.first() == Some(&b'\\') {
            self.kind = Kind::Note;
            return ControlFlow::Continue(());
        }
        let is_more = prefix.iter().any(|byte| *byte != b'-') && prefix.iter().all(|byte| b" +-".contains(byte));
        if text.starts_with(b"--- ") || !is_more {
            self.leave()?;
            return self.outside(line);
        }
        self.complain(at, "has more lines than it says");
        self.kind = if prefix.contains(&b'-') { Kind::Removed } else { Kind::Added };
        self.push(&line.bytes[prefix.len()..])
    }

    /// Leaves a hunk.
    fn leave(&mut self) -> ControlFlow<()> {
        self.place = Place::Outside;
        self.kind = Kind::Note;
        self.text.finish()
    }

    /// Takes a line that is in no hunk.
    fn outside(&mut self, line: Line<'_>) -> ControlFlow<()> {
        self.kind = Kind::Note;
        let text = line.text();
        let old = self.old.take();
        if starts_message(text) {
            self.end_file()?;
        }
        let is_side = text.starts_with(b"+++ ") || text.starts_with(b"+") && self.file.is_some();
        if let Some(old) = old.as_ref().filter(|_| !is_side) {
            self.no_name(old, self.n_lines - 1)?;
        }
        let behind = |mark: &str| text.strip_prefix(mark.as_bytes());
        if let Some(names) = behind("diff --git ") {
            self.is_git = true;
            return self.start(File::of_git(names));
        }
        if let Some(name) = behind("diff --cc ").or_else(|| behind("diff --combined ")) {
            self.is_git = true;
            return self.start(File::named(name));
        }
        if let Some(name) = behind("Index: ") {
            return self.start(File::named(name));
        }
        if let Some(name) = behind("--- ") {
            self.old = Some(name::parse(name));
            return ControlFlow::Continue(());
        }
        if let Some(old) = old.filter(|_| is_side) {
            if let Some(new) = behind("+++ ") {
                return self.sides(old, name::parse(new));
            }
            // What looked like a name was a line of no hunk, and so is this.
            self.stray(1)?;
            return self.behind(line, 1, self.n_lines);
        }
        if text.starts_with(b"@@") || text.starts_with(b"## ") && self.file.is_some() {
            return self.hunk(text);
        }
        self.remark(line)
    }

    /// Takes the names behind `---` and `+++`.
    fn sides(&mut self, old: Vec<u8>, new: Vec<u8>) -> ControlFlow<()> {
        if self.file.as_ref().is_none_or(|(file, _)| file.has_sides()) {
            self.start(File::default())?;
        }
        if let Some((file, excluded)) = &mut self.file {
            file.set_sides(old, new);
            *excluded = excluded_by(self.options, file);
        }
        ControlFlow::Continue(())
    }

    /// Starts a hunk.
    fn hunk(&mut self, text: &[u8]) -> ControlFlow<()> {
        if self.file.is_none() {
            self.start(File::default())?;
        }
        let Some(hunk) = Hunk::parse(text) else {
            self.complain(self.n_lines, "has a first line that is not understood");
            return self.stray(1);
        };
        self.begin(hunk.line)?;
        let (at, columns) = (self.n_lines, hunk.columns());
        self.place = if hunk.is_over() { Place::Behind(columns, at) } else { Place::Within(hunk, at) };
        ControlFlow::Continue(())
    }

    /// Goes on as behind a hunk, so that lines that look like more of it are scanned.
    fn stray(&mut self, columns: usize) -> ControlFlow<()> {
        self.begin(1)?;
        self.place = Place::Behind(columns, self.n_lines);
        ControlFlow::Continue(())
    }

    /// Starts the text of the file at this line of it.
    fn begin(&mut self, line: u64) -> ControlFlow<()> {
        self.text.finish()?;
        if let Some((file, _)) = &self.file {
            self.text.start(file.origin(self.origin), line);
        }
        ControlFlow::Continue(())
    }

    /// Takes a line that may be text round the files: of a mail, or what a program
    /// that shows commits says about them.
    fn say(&mut self, bytes: &[u8], line: u64) -> ControlFlow<()> {
        // Behind the hunks of a file git says nothing more about it.
        let is_round = self.file.as_ref().is_none_or(|(file, _)| self.is_git && file.has_sides());
        if !is_round || bytes.starts_with(b"diff -") {
            return ControlFlow::Continue(());
        }
        let goes_on = !self.text.is_empty() && self.said + 1 == line;
        if !goes_on && bytes.trim_ascii().is_empty() {
            return ControlFlow::Continue(());
        }
        if !goes_on {
            self.text.finish()?;
            self.text.start(Arc::clone(self.origin), line);
        }
        self.said = line;
        self.text.push(bytes, true)
    }

    /// Takes a line that looked like the name of a file.
    fn no_name(&mut self, name: &[u8], line: u64) -> ControlFlow<()> {
        self.say(&[b"--- ", name, b"\n"].concat(), line)
    }

    /// Takes a line about a file.
    fn remark(&mut self, line: Line<'_>) -> ControlFlow<()> {
        const BINARY: [&[u8]; 3] =
            [b"Binary file", b"GIT binary patch", b"Cannot display: file marked as a binary type"];
        let text = line.text();
        let is_binary = BINARY.iter().any(|start| text.starts_with(start));
        if text.starts_with(b"***************") {
            self.fault("it is a context diff; `diff -u` writes one that can be read");
        } else if text.starts_with(b"Only in ") && !self.is_git {
            self.fault("a file is on one side only and not shown; `diff -N` shows it");
        } else if is_binary && self.file.as_ref().is_none_or(|(file, _)| file.has_sides()) && !self.is_git {
            let mut file = File::named(between(text));
            file.is_binary = true;
            self.start(file)?;
            return self.end_file();
        } else {
            self.note(text, is_binary);
            return self.say(line.bytes, self.n_lines);
        }
        ControlFlow::Continue(())
    }

    /// Notes what a line tells about the file.
    fn note(&mut self, text: &[u8], is_binary: bool) {
        let Some((file, excluded)) = &mut self.file else { return };
        file.is_binary |= is_binary;
        file.is_gone |= text.starts_with(b"deleted file mode ");
        if let Some(name) = text.strip_prefix(b"rename to ").or_else(|| text.strip_prefix(b"copy to ")) {
            file.rename(name);
            *excluded = excluded_by(self.options, file);
        }
    }

    /// Says what is wrong with a hunk, once a file.
    fn complain(&mut self, at: u64, what: &str) {
        self.fault(&format!("the hunk at line {at} of the diff {what}"));
    }

    /// Says what is wrong, once a file.
    fn fault(&mut self, what: &str) {
        let (file, _) = self.file.get_or_insert_default();
        self.is_diff = true;
        file.trouble.get_or_insert_with(|| what.to_owned());
    }

    fn start(&mut self, file: File) -> ControlFlow<()> {
        self.end_file()?;
        self.is_diff = true;
        let excluded = excluded_by(self.options, &file);
        self.file = Some((file, excluded));
        ControlFlow::Continue(())
    }

    fn end_file(&mut self) -> ControlFlow<()> {
        self.leave()?;
        let Some((file, excluded)) = self.file.take() else { return ControlFlow::Continue(()) };
        (self.visitor)(file.finish(excluded))
    }
}

fn excluded_by(options: &ChangeOptions, file: &File) -> Option<String> {
    options.why_not(&file.path()?)
}

/// Returns whether a line is the first one about another commit, as git and
/// Mercurial write it above the message.
fn starts_message(text: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"From ", b"commit ", b"# HG changeset patch", b"changeset: "];
    let Some(mark) = MARKS.iter().find(|mark| text.starts_with(mark)) else { return false };
    if !mark.ends_with(b" ") || mark.ends_with(b": ") {
        return true;
    }
    let id = text[mark.len()..].split(|byte| *byte == b' ').next().unwrap_or_default();
    (7..=64).contains(&id.len()) && id.iter().all(u8::is_ascii_hexdigit)
}

/// Returns the second name in `Binary files a and b differ`, or the one in
/// `Binary file a has changed`.
fn between(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b" differ").or_else(|| text.strip_suffix(b" has changed")).unwrap_or(text);
    if let Some(at) = memchr::memmem::rfind(text, b" and ") {
        return &text[at + 5..];
    }
    text.strip_prefix(b"Binary file ").unwrap_or(text)
}
