//! From a syntax tree to simple commands.

use std::collections::HashMap;
use std::ops::ControlFlow;

use leaktight_core::Span;
use tree_sitter::{Node, ParseOptions, Parser, Tree};

use super::flow::End;
use super::program::{self, Kind};
use super::word::{Reader, Word};
use super::{Command, MAX_DEPTH, MAX_LEN, MAX_OF, MAX_STEPS, Shape};

/// How many pipes and substitutions the output of a command is followed through.
const MAX_ENDS: usize = 12;

/// Collects the commands of a script and of the scripts in it.
pub(super) struct Walk<'a> {
    commands: Vec<Command>,
    shape: Shape,
    sound: bool,
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// Variables the script itself sets.
    set: HashMap<String, String>,
    folders: Vec<String>,
    /// What gets the output of commands, each with what gets that of the commands around it.
    ends: Vec<(End, Option<usize>)>,
    n_scripts: usize,
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place<'s> {
    source: &'s str,
    depth: usize,
    /// Which of the scripts that lie in each other it is.
    script: usize,
    /// The last of what gets the output.
    end: Option<usize>,
    /// How many there are.
    n_ends: usize,
    /// The stretch of the command around.
    around: (usize, usize),
}

/// The script around a script.
#[derive(Default)]
struct Outer {
    places: Vec<(usize, usize)>,
    ends: Vec<End>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let (set, folders) = (HashMap::new(), Vec::new());
        let (commands, ends) = (Vec::new(), Vec::new());
        Self { commands, shape: Shape::Empty, sound: true, variable, set, folders, ends, n_scripts: 0 }
    }

    pub(super) fn finish(mut self) -> (Vec<Command>, Shape, bool) {
        let mut n_known = 0;
        for depth in 1..=MAX_DEPTH {
            let from = std::mem::replace(&mut n_known, self.commands.len());
            if from == n_known {
                break;
            }
            self.piped(from, depth);
        }
        (self.commands, self.shape, self.sound)
    }

    /// Reads the script that someone hands to this program.
    pub(super) fn outermost(&mut self, source: &str) {
        self.script(source, 0, &Outer::default());
    }

    /// Reads a script.
    fn script(&mut self, source: &str, depth: usize, outer: &Outer) {
        let excess = |(text, n_max): (&str, usize)| source.matches(text).count() > n_max;
        if depth > MAX_DEPTH || source.len() > MAX_LEN || MAX_OF.into_iter().any(excess) {
            self.sound = false;
            return;
        }
        let Some(tree) = parse(source) else {
            self.sound = false;
            return;
        };
        let root = tree.root_node();
        self.sound &= !root.has_error();
        if depth == 0 {
            self.shape = shape(root);
        }
        self.n_scripts += 1;
        let n_commands = self.commands.len();
        let place = Place { source, depth, script: self.n_scripts, end: None, n_ends: 0, around: (0, 0) };
        self.visit(root, place);
        for command in &mut self.commands[n_commands..] {
            command.places.extend_from_slice(&outer.places);
            command.ends.extend_from_slice(&outer.ends);
        }
    }

    /// Goes through a tree without recursion: its depth is the script's to choose.
    fn visit(&mut self, root: Node<'_>, place: Place<'_>) {
        let mut nodes = vec![(root, place)];
        while let Some((node, mut place)) = nodes.pop() {
            match node.kind() {
                "redirected_statement" => {
                    place.around = (node.start_byte(), node.end_byte());
                    if !is_of_command(node) {
                        // What is printed within is written to where the whole of it is.
                        place = self.to(place, (node.end_byte(), node.end_byte() + 1));
                    }
                }
                "command" | "declaration_command" | "test_command" => {
                    place.around = (node.start_byte(), node.start_byte() + 1);
                }
                "variable_assignment" => place = self.for_variable(node, place),
                "command_substitution" | "process_substitution" => {
                    place = self.to(place, place.around);
                }
                _ => {}
            }
            match node.kind() {
                "command" | "declaration_command" | "unset_command" | "test_command" => self.command(node, node, place),
                "redirected_statement" => self.redirected(node, place),
                "variable_assignment" => self.assign(node, place),
                // `$(< file)` prints the file.
                "command_substitution" if has_child(node, "file_redirect") => self.command(node, node, place),
                _ => {}
            }
            let mut cursor = node.walk();
            let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
            for child in children.into_iter().rev() {
                let behind = (child.end_byte(), node.end_byte());
                let place = match node.kind() {
                    "pipeline" if behind.0 < behind.1 => self.to(place, behind),
                    "for_statement" if node.child_by_field_name("body") != Some(child) => {
                        self.for_name(node.child_by_field_name("variable"), place)
                    }
                    _ => place,
                };
                nodes.push((child, place));
            }
        }
    }

    /// Returns the place of what prints for the commands in a stretch.
    fn to<'s>(&mut self, place: Place<'s>, (start, end): (usize, usize)) -> Place<'s> {
        self.with_end(place, End::Stretch { script: place.script, start, end })
    }

    /// The place of what gives its value to a variable.
    fn for_variable<'s>(&mut self, node: Node<'_>, place: Place<'s>) -> Place<'s> {
        // One in front of a command is for that command.
        let is_alone = node.parent().is_none_or(|parent| parent.kind() != "command");
        let place = if is_alone { self.for_name(node.child_by_field_name("name"), place) } else { place };
        if is_alone { Place { around: (0, 0), ..place } } else { place }
    }

    fn for_name<'s>(&mut self, name: Option<Node<'_>>, place: Place<'s>) -> Place<'s> {
        let Some(name) = name.and_then(|name| place.source.get(name.byte_range())) else { return place };
        self.with_end(place, End::Variable(name.to_owned()))
    }

    fn with_end<'s>(&mut self, place: Place<'s>, end: End) -> Place<'s> {
        if place.n_ends >= MAX_ENDS {
            self.sound = false;
            return place;
        }
        self.ends.push((end, place.end));
        Place { end: Some(self.ends.len() - 1), n_ends: place.n_ends + 1, ..place }
    }

    /// Returns what gets the output at a place, the nearest first.
    fn ends_of(&self, place: Place<'_>) -> Vec<End> {
        let mut ends = Vec::new();
        let mut next = place.end;
        while let Some(idx) = next {
            ends.push(self.ends[idx].0.clone());
            next = self.ends[idx].1;
        }
        ends
    }

    /// A statement with redirections: they belong to the command within.
    fn redirected(&mut self, node: Node<'_>, place: Place<'_>) {
        // That of a plain command is visited with its statement, so that it is one command.
        if !is_of_command(node) {
            self.command(node, node, place);
        }
    }

    fn command(&mut self, node: Node<'_>, outer: Node<'_>, place: Place<'_>) {
        let range = outer.byte_range();
        let span = if place.depth == 0 { Span::new(range.start, range.end) } else { Span::default() };
        let (places, ends) = (vec![(place.script, range.start)], self.ends_of(place));
        let mut command = Command { span, folders: self.folders.clone(), places, ends, ..Command::default() };
        if node.kind() == "redirected_statement" {
            // What is read here is there for the commands within.
            command.places = vec![(place.script, range.end)];
            command.ends.push(End::Stretch { script: place.script, start: range.start, end: range.end });
        }
        self.parts(node, place, &mut command);
        // Redirections stand beside a command.
        if let Some(parent) =
            node.parent().filter(|parent| parent.kind() == "redirected_statement" && node.kind() == "command")
        {
            self.redirects(parent, place, &mut command);
        }
        self.commands.push(command);
        self.nested(place.depth);
    }

    /// Adds the words and redirections among a node's children.
    fn parts(&self, node: Node<'_>, place: Place<'_>, command: &mut Command) {
        let mut cursor = node.walk();
        for child in node.children(&mut cursor) {
            match child.kind() {
                "file_redirect" | "heredoc_redirect" | "herestring_redirect" => self.redirect(child, place, command),
                "declare" | "export" | "local" | "readonly" | "typeset" | "unset" | "unsetenv" | "[" | "[[" => {
                    command.words.push(Word::literal(child.kind()));
                }
                _ if !child.is_named() => {}
                "variable_assignment" if node.kind() == "declaration_command" => {
                    command.words.push(self.reader(place).word(child));
                }
                "command_name"
                | "word"
                | "number"
                | "string"
                | "raw_string"
                | "ansi_c_string"
                | "translated_string"
                | "concatenation"
                | "simple_expansion"
                | "expansion"
                | "command_substitution"
                | "process_substitution"
                | "arithmetic_expansion"
                | "brace_expression"
                | "variable_name"
                | "regex" => {
                    self.process(child, place, command);
                    if matches!(node.kind(), "command" | "declaration_command" | "unset_command" | "test_command") {
                        command.words.push(self.reader(place).word(child));
                    }
                }
                _ => {}
            }
        }
    }

    /// The commands of `>(…)` get what is written to it.
    fn process(&self, node: Node<'_>, place: Place<'_>, command: &mut Command) {
        let range = node.byte_range();
        if node.kind() == "process_substitution"
            && place.source.get(range.clone()).is_some_and(|it| it.starts_with('>'))
        {
            command.ends.push(End::Stretch { script: place.script, start: range.start, end: range.end });
        }
    }

    fn redirects(&self, statement: Node<'_>, place: Place<'_>, command: &mut Command) {
        let mut cursor = statement.walk();
        for child in statement.children(&mut cursor) {
            if matches!(child.kind(), "file_redirect" | "heredoc_redirect" | "herestring_redirect") {
                self.redirect(child, place, command);
            }
        }
    }

    fn redirect(&self, node: Node<'_>, place: Place<'_>, command: &mut Command) {
        let reader = self.reader(place);
        let mut cursor = node.walk();
        let mut reads = false;
        if has_child(node, "pipeline") {
            // The rest of a pipeline stands between a here-document's mark and its text.
            let (start, end) = (node.start_byte(), node.end_byte());
            command.ends.push(End::Stretch { script: place.script, start, end });
        }
        for child in node.children(&mut cursor) {
            match child.kind() {
                "<" | "<>" | "<&" => reads = true,
                "heredoc_body" | "heredoc_content" => command.texts.push(reader.word(child)),
                "file_descriptor" | "heredoc_start" | "heredoc_end" => {}
                _ if !child.is_named() => {}
                // A here-document stands between a command and the rest of its words.
                _ if node.kind() == "heredoc_redirect" => {
                    if node.child_by_field_name("argument") == Some(child) {
                        command.words.push(reader.word(child));
                    }
                }
                _ if node.kind() == "herestring_redirect" => command.texts.push(reader.word(child)),
                _ if reads => command.inputs.push(reader.word(child)),
                "process_substitution" => self.process(child, place, command),
                _ => command.outputs.push(reader.word(child)),
            }
        }
    }

    fn reader<'r>(&'r self, place: Place<'r>) -> Reader<'r> {
        Reader { source: place.source, variable: self.variable, set: &self.set, outermost: place.depth == 0 }
    }

    /// Remembers what a script sets a variable to.
    fn assign(&mut self, node: Node<'_>, place: Place<'_>) {
        let (Some(name), Some(value)) = (node.child_by_field_name("name"), node.child_by_field_name("value")) else {
            return;
        };
        let name = place.source.get(name.byte_range()).unwrap_or_default().to_owned();
        let value = self.reader(place).word(value);
        if value.exact {
            self.set.insert(name, value.text);
        } else {
            self.set.remove(&name);
        }
    }

    /// Goes into the scripts the last command runs, and remembers where it goes.
    fn nested(&mut self, depth: usize) {
        let Some(command) = self.commands.last() else { return };
        if let [program, folder, ..] = command.words.as_slice()
            && program.text == "cd"
            && folder.exact
        {
            self.folders.push(folder.text.clone());
        }
        let scripts = program::scripts(command);
        if scripts.is_empty() {
            return;
        }
        let outer = Outer { places: command.places.clone(), ends: command.ends.clone() };
        for script in scripts {
            match script {
                Some(script) => self.script(&script, depth + 1, &outer),
                None => self.sound = false,
            }
        }
    }

    /// Goes into the scripts that commands print for a shell, from one command on.
    fn piped(&mut self, from: usize, depth: usize) {
        const MAX_SHELLS: usize = 50;
        let mut printed = Vec::new();
        for shell in self.commands[from..].iter().filter(|command| program::reads_script(command)).take(MAX_SHELLS) {
            let outer = || Outer { places: shell.places.clone(), ends: shell.ends.clone() };
            let feeding = self.commands.iter().filter(|command| command.feeds(shell) && !prints_file(command));
            printed.extend(feeding.map(|command| (printed_text(command), outer())));
        }
        for (script, outer) in printed {
            match script {
                Some(script) => self.script(&script, depth, &outer),
                None => self.sound = false,
            }
        }
    }
}

/// Whether a command prints a file, which is looked into when it is run.
fn prints_file(command: &Command) -> bool {
    let words = program::unwrap(&command.words);
    let is_printer = words.first().is_some_and(|first| program::kind(&program::name(first)) == Kind::Prints);
    is_printer && words.len() > 1
}

/// Returns what a command prints, where its words say it.
fn printed_text(command: &Command) -> Option<String> {
    let words = program::unwrap(&command.words);
    let (first, operands) = words.split_first()?;
    let texts = match program::kind(&program::name(first)) {
        Kind::Echoes => operands,
        Kind::Prints if operands.is_empty() => command.texts.as_slice(),
        _ => return None,
    };
    let said = texts.iter().filter(|word| !word.text.starts_with('-')).map(|word| word.text.as_str());
    texts.iter().all(|word| word.exact).then(|| said.collect::<Vec<_>>().join(" "))
}

/// Parses a script; none when that takes too long.
fn parse(source: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    let mut n_steps = 0;
    let mut progress = |_: &tree_sitter::ParseState| {
        n_steps += 1;
        if n_steps > MAX_STEPS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    parser.parse_with_options(&mut |at, _| source.as_bytes().get(at..).unwrap_or_default(), None, Some(options))
}

/// Whether redirections are those of a plain command.
fn is_of_command(statement: Node<'_>) -> bool {
    statement.child_by_field_name("body").is_some_and(|body| body.kind() == "command")
}

fn has_child(node: Node<'_>, kind: &str) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor).any(|child| child.kind() == kind)
}

/// Returns how the commands of a script are joined.
fn shape(root: Node<'_>) -> Shape {
    let mut cursor = root.walk();
    let statements: Vec<Node<'_>> = root.named_children(&mut cursor).filter(|node| node.kind() != "comment").collect();
    let joined = {
        let mut cursor = root.walk();
        root.children(&mut cursor).any(|child| matches!(child.kind(), "&" | ";" | ";;"))
    };
    match statements.as_slice() {
        [] => Shape::Empty,
        [one] if !joined && is_pipeline(*one) => Shape::Pipeline,
        _ => Shape::Compound,
    }
}

fn is_pipeline(node: Node<'_>) -> bool {
    match node.kind() {
        "command" => true,
        "redirected_statement" => {
            let simple = node.child_by_field_name("body").is_some_and(|body| is_pipeline(body));
            simple && !has_child(node, "heredoc_redirect")
        }
        "pipeline" => {
            let mut cursor = node.walk();
            node.named_children(&mut cursor).all(|part| {
                matches!(part.kind(), "command") || part.kind() == "redirected_statement" && is_pipeline(part)
            })
        }
        _ => false,
    }
}
