//! What a simple command does with files, variables and other machines.

use leaktight_core::Span;

use super::flow::Fate;
use super::operands::{addresses, files, has_flag, is_output, is_packer, names_pattern, sent_files, subcommand};
use super::program::{self, Kind};
use super::table::CLIENTS;
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
    /// Where that goes: the addresses of machines, or the name of a copy.
    pub to: Vec<String>,
    /// Whether what is printed goes to another machine.
    pub sent: bool,
    /// Whether `leaktight filter` gets what is printed.
    pub filtered: bool,
    /// Whether hidden files of a folder are left out.
    pub skips_hidden: bool,
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
    /// Prints a file in another form, in which nothing can be found.
    Encodes,
    /// Prints what a repository keeps, which no path leads to.
    Recalls,
    /// Copies or packs a file.
    Copies,
    /// Sends a file to another machine.
    Sends,
    /// Talks to the machine of an address.
    Contacts,
    /// Hands the value of a variable to another machine.
    Hands,
    /// Prints a variable, or all of them when the target is empty.
    Environment,
    /// Prints a secret that a program keeps; the target says what.
    Secret,
    /// Changes what this program lets pass; the target says how.
    Governs,
    /// Runs a file as a script of the shell.
    Runs,
}

impl Deed {
    pub(super) fn new(act: Act, target: Word) -> Self {
        let (program, to, folders) = (String::new(), Vec::new(), Vec::new());
        Self {
            act,
            program,
            target,
            to,
            sent: false,
            filtered: false,
            skips_hidden: false,
            folders,
            span: Span::default(),
        }
    }
}

/// Adds the deeds of a command. Returns whether all of it was understood.
pub(super) fn tell(command: &Command, fate: &Fate, deeds: &mut Vec<Deed>) -> bool {
    let words = program::unwrap(&command.words);
    let from = deeds.len();
    let program = words.first().map(program::name).unwrap_or_default();
    let mut teller = Teller { command, program, act: Act::Prints, fed: fate.fed, deeds };
    let is_sound = teller.all(words);
    for deed in &mut deeds[from..] {
        let shows = matches!(
            deed.act,
            Act::Prints | Act::Encodes | Act::Recalls | Act::Copies | Act::Environment | Act::Secret
        );
        if !shows {
            continue;
        }
        if fate.encoded {
            encode(deed);
        }
        deed.filtered = fate.filtered;
        deed.sent = fate.sent;
        if fate.sent {
            deed.to.clone_from(&fate.to);
        }
    }
    if fate.run {
        let printed = deeds[from..].iter().filter(|deed| deed.act == Act::Prints);
        let run: Vec<Deed> = printed.map(|deed| Deed { act: Act::Runs, ..deed.clone() }).collect();
        deeds.extend(run);
    }
    is_sound
}

/// What is printed takes another form.
fn encode(deed: &mut Deed) {
    match deed.act {
        Act::Prints => deed.act = Act::Encodes,
        Act::Copies if is_packer(&deed.program) => deed.act = Act::Encodes,
        Act::Environment if deed.target.text.is_empty() => {
            (deed.act, deed.target) = (Act::Secret, Word::literal("all environment variables in another form"));
        }
        _ => {}
    }
}

/// Whether a name of a file stands for a connection to another machine.
pub(super) fn is_connection(word: &Word) -> bool {
    word.text.starts_with("/dev/tcp/") || word.text.starts_with("/dev/udp/")
}

struct Teller<'a> {
    command: &'a Command,
    program: String,
    /// How the program prints the files it is given.
    act: Act,
    /// Whether another command's output is its input.
    fed: bool,
    deeds: &'a mut Vec<Deed>,
}

impl Teller<'_> {
    fn all(&mut self, words: &[Word]) -> bool {
        self.command.outputs.iter().filter(|word| is_connection(word)).for_each(|word| self.add(Act::Contacts, word));
        let operands = words.get(1..).unwrap_or_default();
        let kind = program::kind(&self.program);
        if program::encodes(&self.program, operands) {
            self.act = Act::Encodes;
        }
        let input = if kind == Kind::Sends { Act::Sends } else { self.act };
        // What a program reads from its standard input it need not show: `psql < dump`.
        if kind != Kind::Other || words.is_empty() || matches!(self.program.as_str(), "read" | "[" | "[[") {
            self.command.inputs.iter().for_each(|word| self.add(input, word));
        }
        let Some(first) = words.first() else { return true };
        self.rules(words, operands);
        let outer = &self.command.words[..self.command.words.len() - words.len()];
        if let Some((finder, outer)) = outer.split_first() {
            self.finds(&program::name(finder), outer, kind);
        }
        self.operands(kind, first, operands)
    }

    /// What a command does to this program, and what it has others do.
    fn rules(&mut self, words: &[Word], operands: &[Word]) {
        if let Some(what) = program::prints_secret(words) {
            self.add(Act::Secret, &Word::literal(what));
        }
        let code = matches!(program::kind(&self.program), Kind::Interprets | Kind::Other) && self.program != "git";
        let texts = operands.iter().chain(&self.command.texts).filter(|_| code && self.program != "leaktight");
        let mentioned = texts.into_iter().find_map(|word| program::mentions_governing(&word.text));
        if let Some(what) = program::governs(words).or(mentioned) {
            self.add(Act::Governs, &Word::literal(what));
        }
        if let Some(file) = program::script_file(words) {
            self.add(Act::Runs, file);
        }
        if program::reads_script(self.command) {
            self.command.inputs.iter().for_each(|word| self.add(Act::Runs, word));
        }
        // PowerShell prints a variable that stands alone.
        if words.len() == 1 && words[0].text.starts_with(':') {
            self.variables(words);
        }
    }

    fn add(&mut self, act: Act, target: &Word) {
        let (folders, span) = (self.command.folders.clone(), self.command.span);
        let deed = Deed::new(act, target.clone());
        self.deeds.push(Deed { program: self.program.clone(), folders, span, ..deed });
    }

    /// Says where what the last deed is about goes.
    fn lead(&mut self, to: &[String]) {
        if let Some(deed) = self.deeds.last_mut() {
            deed.to = to.to_vec();
        }
    }

    fn operands(&mut self, kind: Kind, first: &Word, operands: &[Word]) -> bool {
        match kind {
            // It takes no files.
            Kind::Prints if self.program == "tr" => {}
            Kind::Prints if self.program == "openssl" && program::shows_no_key(operands) => {}
            Kind::Prints => files(operands).iter().for_each(|word| self.add(self.act, word)),
            Kind::PrintsMatches => self.matches(operands),
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

    fn matches(&mut self, operands: &[Word]) {
        let from = self.deeds.len();
        let pattern = usize::from(!names_pattern(operands));
        let files: Vec<Word> = files(operands).into_iter().skip(pattern).collect();
        let is_recursive = match self.program.as_str() {
            "rg" | "ag" | "ack" | "sift" => !self.fed && self.command.inputs.is_empty(),
            "grep" | "egrep" | "fgrep" | "ugrep" | "zgrep" | "pcregrep" => has_flag(operands, &['r', 'R'], "recursive"),
            _ => false,
        };
        // Alone it prints values without the names that tell what they are.
        let only = self.program.contains("grep") || self.program == "rg";
        if only && has_flag(operands, &['o'], "only-matching") {
            self.act = Act::Encodes;
        }
        if files.is_empty() && is_recursive {
            self.add(self.act, &Word::literal("."));
        }
        files.iter().for_each(|word| self.add(self.act, word));
        let skips_hidden = matches!(self.program.as_str(), "rg" | "ag" | "ack" | "sift")
            && !has_flag(operands, &['u', '.', 'a'], "hidden")
            && !has_flag(operands, &[], "unrestricted");
        self.deeds[from..].iter_mut().for_each(|deed| deed.skips_hidden = skips_hidden);
    }

    fn copies(&mut self, operands: &[Word]) {
        let files = files(operands);
        if self.program == "dd" {
            return self.copies_blocks(&files);
        }
        let n_sources = if is_packer(&self.program) { files.len() } else { files.len().saturating_sub(1).max(1) };
        let to: Vec<String> = files.iter().skip(n_sources).map(|word| word.text.clone()).collect();
        let compresses = matches!(self.program.as_str(), "gzip" | "bzip2" | "zstd");
        let to_output = to.iter().any(|name| is_output(name)) || compresses && has_flag(operands, &['c'], "stdout");
        for word in files.iter().take(n_sources) {
            if to_output {
                self.add(self.act, word);
            }
            self.add(Act::Copies, word);
            self.lead(&to);
        }
    }

    /// `dd`, which prints what it is told to put nowhere.
    fn copies_blocks(&mut self, files: &[Word]) {
        let value = |key: &str| files.iter().find_map(|word| Some((word, word.text.strip_prefix(key)?)));
        let Some((word, source)) = value("if=") else { return };
        let source = Word { text: source.to_owned(), ..word.clone() };
        let to = value("of=").map(|(_, name)| name.to_owned());
        if to.as_deref().is_none_or(is_output) {
            self.add(Act::Prints, &source);
        }
        self.add(Act::Copies, &source);
        self.lead(to.as_slice());
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
        if CLIENTS.contains(&self.program.as_str()) {
            self.hands(operands);
        }
    }

    /// Variables in what a client hands on.
    fn hands(&mut self, operands: &[Word]) {
        let to: Vec<String> = addresses(&self.program, operands).into_iter().map(|word| word.text).collect();
        for word in operands {
            for name in word.variables.iter().filter(|name| program::promises(name)) {
                self.add(Act::Hands, &Word { text: name.clone(), ..word.clone() });
                self.lead(&to);
            }
        }
    }

    /// Variables whose name promises a secret.
    fn variables(&mut self, words: &[Word]) {
        for word in words {
            // PowerShell writes `$env:NAME`.
            let is_other = word.variables.iter().any(|name| name.eq_ignore_ascii_case("env"));
            let others = word.text.split(':').skip(1).filter(|_| is_other);
            let others = others.map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next());
            let names = word.variables.iter().map(String::as_str).chain(others.flatten());
            for name in names.filter(|name| program::promises(name)) {
                self.add(Act::Environment, &Word { text: name.to_owned(), ..word.clone() });
            }
        }
    }

    fn environment(&mut self, operands: &[Word]) {
        let names: Vec<&Word> = operands.iter().filter(|word| !word.text.starts_with('-')).collect();
        // Variables, as a drive of PowerShell.
        let is_drive = |word: &&Word| word.text.to_ascii_lowercase().starts_with("env:");
        let sets = names.iter().any(|word| word.text.contains('=') || !word.exact);
        match self.program.as_str() {
            "printenv" if !names.is_empty() => {
                for name in names.into_iter().filter(|name| program::promises(&name.text)) {
                    self.add(Act::Environment, name);
                }
            }
            "env" => self.add(Act::Environment, &Word::default()),
            "set" if !operands.is_empty() => {}
            "gci" | "dir" | "get-childitem" | "ls" if names.iter().any(is_drive) => {
                self.add(Act::Environment, &Word::default());
            }
            "gci" | "dir" | "get-childitem" | "ls" => {}
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
            let act = if inline::encodes(&word.text) { Act::Encodes } else { Act::Prints };
            inline::names(&word.text).into_iter().for_each(|name| self.add(act, &Word::literal(name)));
            if inline::dumps_environment(&word.text) {
                self.add(Act::Environment, &Word::default());
            }
        }
        sound
    }

    /// The folders and patterns of a program that finds the files another one is run with.
    fn finds(&mut self, finder: &str, outer: &[Word], kind: Kind) {
        let act = match kind {
            Kind::Prints | Kind::PrintsMatches => self.act,
            Kind::Copies => Act::Copies,
            Kind::Sends => Act::Sends,
            _ => return,
        };
        match finder {
            "find" => files(outer).iter().for_each(|word| self.add(act, word)),
            "xargs" | "parallel" => {
                files(outer).iter().for_each(|word| self.add(act, word));
                // The names come from another command, and are those of files near.
                if self.fed && act != Act::Copies {
                    self.add(act, &Word::literal("."));
                }
            }
            _ => {}
        }
    }

    fn other(&mut self, operands: &[Word]) {
        match (self.program.as_str(), operands.first().map(|word| word.text.as_str())) {
            ("git", _) => self.git(operands),
            ("mapfile" | "readarray" | "tee", Some(_)) => {
                files(&operands[1..]).iter().for_each(|word| self.add(Act::Prints, word));
            }
            ("gh", Some("gist")) => files(operands).iter().for_each(|word| self.add(Act::Sends, word)),
            _ => {}
        }
    }

    /// What git prints: files, and what they were.
    fn git(&mut self, operands: &[Word]) {
        let Some((subcommand, rest)) = subcommand(operands) else { return };
        let has = |names: &[&str]| rest.iter().any(|word| names.iter().any(|name| word.text.starts_with(name)));
        let brief = has(&["--stat", "--name-", "--shortstat", "--numstat", "--summary", "--no-patch", "-s", "--quiet"]);
        let patch = has(&["-p", "-u", "--patch", "-U", "--unified", "-L"]);
        let recalls = match subcommand {
            "show" | "diff" | "whatchanged" => !brief || patch,
            "log" | "stash" | "reflog" => patch,
            "cat-file" => !has(&["-t", "-s", "-e", "--batch-check"]),
            "archive" | "bundle" | "fast-export" => true,
            "format-patch" => has(&["--stdout"]),
            _ => false,
        };
        if recalls {
            self.add(Act::Recalls, &Word::literal(subcommand));
        }
        if matches!(subcommand, "diff" | "grep" | "cat-file" | "blame" | "show") {
            let files = files(rest);
            for word in &files {
                // `HEAD:path` is a file as it was.
                let path = word.text.split_once(':').map_or(word.text.as_str(), |(_, path)| path);
                self.add(Act::Prints, &Word { text: path.to_owned(), ..word.clone() });
            }
            if subcommand == "grep" && files.len() < 2 {
                self.add(Act::Prints, &Word::literal("."));
            }
        }
    }
}
