//! What a simple command does with files, variables and other machines.

use leaktight_core::Span;

use super::program::{self, Kind};
use super::word::Word;
use super::{Command, inline};

/// Something a command does that can show a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Deed {
    /// What it does.
    pub act: Act,
    /// The program, by its name.
    pub program: String,
    /// The file, variable or address it does it with, or what it prints.
    pub target: Word,
    /// The folders the script changed to before, in this order.
    pub folders: Vec<String>,
    /// Where the command stands in the script; empty in scripts within scripts.
    pub span: Span,
}

/// What a command does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// Prints a file.
    Prints,
    /// Copies or packs a file.
    Copies,
    /// Sends a file to another machine.
    Sends,
    /// Talks to the machine of an address.
    Contacts,
    /// Prints a variable, or all of them when the target is empty.
    Environment,
    /// Prints a secret that a program keeps; the target says what.
    Secret,
}

/// Adds the deeds of a command. Returns whether all of it was understood.
pub(super) fn tell(command: &Command, deeds: &mut Vec<Deed>) -> bool {
    let words = program::unwrap(&command.words);
    let mut teller = Teller { command, program: words.first().map(program::name).unwrap_or_default(), deeds };
    for output in &command.outputs {
        if output.text.starts_with("/dev/tcp/") || output.text.starts_with("/dev/udp/") {
            teller.add(Act::Contacts, output);
        }
    }
    let kind = program::kind(&teller.program);
    let input = if kind == Kind::Sends { Act::Sends } else { Act::Prints };
    // What a program reads from its standard input it need not show: `psql < dump`.
    if kind != Kind::Other || words.is_empty() || matches!(teller.program.as_str(), "read" | "[" | "[[") {
        command.inputs.iter().for_each(|word| teller.add(input, word));
    }
    let Some((first, operands)) = words.split_first() else { return true };
    if let Some(what) = program::prints_secret(words) {
        teller.add(Act::Secret, &Word::literal(what));
    }
    let outer = &command.words[..command.words.len() - words.len()];
    if let Some((finder, outer)) = outer.split_first()
        && matches!(program::name(finder).as_str(), "find" | "xargs" | "parallel")
    {
        teller.finds(outer, kind);
    }
    teller.operands(kind, first, operands)
}

struct Teller<'a> {
    command: &'a Command,
    program: String,
    deeds: &'a mut Vec<Deed>,
}

impl Teller<'_> {
    fn add(&mut self, act: Act, target: &Word) {
        let (folders, span) = (self.command.folders.clone(), self.command.span);
        self.deeds.push(Deed { act, program: self.program.clone(), target: target.clone(), folders, span });
    }

    fn operands(&mut self, kind: Kind, first: &Word, operands: &[Word]) -> bool {
        match kind {
            Kind::Prints => files(operands).iter().for_each(|word| self.add(Act::Prints, word)),
            Kind::PrintsMatches => {
                let pattern = usize::from(!names_pattern(operands));
                files(operands).iter().skip(pattern).for_each(|word| self.add(Act::Prints, word));
            }
            Kind::Copies => self.copies(operands),
            Kind::Sends => self.sends(operands),
            Kind::Echoes => self.variables(operands),
            Kind::Sets => self.environment(operands),
            Kind::Interprets => return self.interprets(operands),
            Kind::Wraps | Kind::Shell => {}
            Kind::Other => self.other(operands),
        }
        self.variables(&self.command.texts);
        // Which program a variable names is not known.
        first.exact || first.variables.is_empty()
    }

    fn copies(&mut self, operands: &[Word]) {
        let files = files(operands);
        let packs = matches!(self.program.as_str(), "tar" | "zip" | "7z" | "ar" | "gzip" | "bzip2" | "zstd");
        let n_sources = if packs { files.len() } else { files.len().saturating_sub(1).max(1) };
        for word in files.iter().take(n_sources) {
            let source = word.text.strip_prefix("if=").map(|text| Word { text: text.to_owned(), ..word.clone() });
            self.add(Act::Copies, source.as_ref().unwrap_or(word));
        }
    }

    fn sends(&mut self, operands: &[Word]) {
        for word in operands {
            if word.text.contains("://") || self.program != "curl" && word.text.contains(':') {
                self.add(Act::Contacts, word);
            }
            for text in sent_files(&word.text) {
                self.add(Act::Sends, &Word { text: text.to_owned(), ..word.clone() });
            }
        }
    }

    /// Variables whose name promises a secret.
    fn variables(&mut self, words: &[Word]) {
        for word in words {
            for name in word.variables.iter().filter(|name| program::promises(name)) {
                self.add(Act::Environment, &Word { text: name.clone(), ..word.clone() });
            }
        }
    }

    fn environment(&mut self, operands: &[Word]) {
        let names: Vec<&Word> = operands.iter().filter(|word| !word.text.starts_with('-')).collect();
        let sets = names.iter().any(|word| word.text.contains('=') || !word.exact);
        match self.program.as_str() {
            "printenv" if !names.is_empty() => {
                for name in names.into_iter().filter(|name| program::promises(&name.text)) {
                    self.add(Act::Environment, name);
                }
            }
            "env" => self.add(Act::Environment, &Word::default()),
            "set" if !operands.is_empty() => {}
            "gci" | "dir" if !names.iter().any(|word| word.text.to_ascii_lowercase().starts_with("env:")) => {}
            "compgen" if !operands.iter().any(|word| matches!(word.text.as_str(), "-v" | "-e")) => {}
            "local" => {}
            _ if names.is_empty() && !sets => self.add(Act::Environment, &Word::default()),
            _ if operands.iter().any(|word| word.text == "-p") => {
                for name in names.into_iter().filter(|name| program::promises(&name.text)) {
                    self.add(Act::Environment, name);
                }
            }
            _ => {}
        }
    }

    /// A program in another language among the arguments.
    fn interprets(&mut self, operands: &[Word]) -> bool {
        let mut sound = true;
        let mut code: Vec<&Word> = self.command.texts.iter().collect();
        for pair in operands.windows(2) {
            let is_code =
                matches!(pair[0].text.as_str(), "-c" | "-e" | "-E" | "-p" | "-r" | "--eval" | "--print" | "eval")
                    || pair[0].text.starts_with('-') && !pair[0].text.starts_with("--") && pair[0].text.ends_with('e');
            if is_code {
                code.push(&pair[1]);
            }
        }
        let filters = self.program == "perl"
            && operands.iter().any(|word| word.text.starts_with('-') && word.text.contains(['n', 'p']));
        if filters {
            files(operands).iter().skip(1).for_each(|word| self.add(Act::Prints, word));
        }
        for word in code {
            sound &= word.exact || word.glob;
            inline::names(&word.text).into_iter().for_each(|name| self.add(Act::Prints, &Word::literal(name)));
            if inline::dumps_environment(&word.text) {
                self.add(Act::Environment, &Word::default());
            }
        }
        sound
    }

    /// The folders and patterns of a program that finds the files another one is run with.
    fn finds(&mut self, outer: &[Word], kind: Kind) {
        let act = match kind {
            Kind::Prints | Kind::PrintsMatches => Act::Prints,
            Kind::Copies => Act::Copies,
            Kind::Sends => Act::Sends,
            _ => return,
        };
        files(outer).iter().for_each(|word| self.add(act, word));
    }

    fn other(&mut self, operands: &[Word]) {
        let shows = match (self.program.as_str(), operands.first().map(|word| word.text.as_str())) {
            ("git", Some("diff" | "grep" | "cat-file" | "blame")) => true,
            ("mapfile" | "readarray" | "tee", _) => true,
            ("gh", Some("gist")) => {
                files(operands).iter().for_each(|word| self.add(Act::Sends, word));
                false
            }
            _ => false,
        };
        if shows {
            files(&operands[1..]).iter().for_each(|word| self.add(Act::Prints, word));
        }
    }
}

/// The operands that may be files, and the values of options behind `=`.
fn files(operands: &[Word]) -> Vec<Word> {
    let mut only = false;
    let mut files = Vec::new();
    for word in operands {
        match word.text.as_str() {
            "--" => only = true,
            text if only || !text.starts_with('-') => files.push(word.clone()),
            text => {
                if let Some((_, value)) = text.split_once('=') {
                    files.push(Word { text: value.to_owned(), ..word.clone() });
                }
            }
        }
    }
    files
}

/// Whether options say the pattern, so that all operands are files.
fn names_pattern(operands: &[Word]) -> bool {
    operands.iter().any(|word| {
        let text = word.text.as_str();
        text.starts_with("--regexp")
            || text.starts_with("--file")
            || text.starts_with("--expression")
            || matches!(text, "-e" | "-f" | "--files")
    })
}

/// The files an argument of a program that sends names: whole, or behind `@` or `=`.
fn sent_files(text: &str) -> impl Iterator<Item = &str> {
    let attached = text.split_once('@').map(|(_, file)| file).filter(|file| !file.is_empty());
    let value = text.split_once('=').map(|(_, value)| value.trim_start_matches(['@', '<']));
    let fixed = ["fileb://", "file://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    let short = text.strip_prefix("-T").filter(|file| !file.is_empty());
    let whole = (!text.starts_with('-') && !text.contains("://")).then_some(text);
    [attached, value, fixed, short, whole].into_iter().flatten()
}
