//! From a syntax tree to simple commands.

use std::collections::HashMap;
use std::ops::ControlFlow;

use leaktight_core::Span;
use tree_sitter::{Node, ParseOptions, Parser, Tree};

use super::word::{Reader, Word};
use super::{Command, MAX_DEPTH, MAX_LEN, MAX_OF, MAX_STEPS, Shape, program};

/// Collects the commands of a script and of the scripts in it.
pub(super) struct Walk<'a> {
    commands: Vec<Command>,
    shape: Shape,
    sound: bool,
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// Variables the script itself sets.
    set: HashMap<String, String>,
    folders: Vec<String>,
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place<'s> {
    source: &'s str,
    depth: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let (set, folders) = (HashMap::new(), Vec::new());
        Self { commands: Vec::new(), shape: Shape::Empty, sound: true, variable, set, folders }
    }

    pub(super) fn finish(self) -> (Vec<Command>, Shape, bool) {
        (self.commands, self.shape, self.sound)
    }

    /// Reads a script.
    pub(super) fn script(&mut self, source: &str, depth: usize) {
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
        self.visit(root, Place { source, depth });
    }

    /// Goes through a tree without recursion: its depth is the script's to choose.
    fn visit(&mut self, root: Node<'_>, place: Place<'_>) {
        let mut nodes = vec![(root, place)];
        while let Some((node, place)) = nodes.pop() {
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
            nodes.extend(children.into_iter().rev().map(|child| (child, place)));
        }
    }

    /// A statement with redirections: they belong to the command within.
    fn redirected(&mut self, node: Node<'_>, place: Place<'_>) {
        let body = node.child_by_field_name("body");
        // That of a plain command is visited with its statement, so that it is one command.
        match body.filter(|body| body.kind() == "command") {
            Some(_) => {}
            None => self.command(node, node, place),
        }
    }

    fn command(&mut self, node: Node<'_>, outer: Node<'_>, place: Place<'_>) {
        let range = outer.byte_range();
        let span = if place.depth == 0 { Span::new(range.start, range.end) } else { Span::default() };
        let mut command = Command { span, folders: self.folders.clone(), ..Command::default() };
        self.parts(node, place, &mut command);
        // Redirections stand beside a command.
        if let Some(parent) =
            node.parent().filter(|parent| parent.kind() == "redirected_statement" && node.kind() == "command")
        {
            self.redirects(parent, place, &mut command);
        }
        self.nested(&command, place.depth);
        self.commands.push(command);
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
                    if matches!(node.kind(), "command" | "declaration_command" | "unset_command" | "test_command") {
                        command.words.push(self.reader(place).word(child));
                    }
                }
                _ => {}
            }
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

    /// Goes into the scripts a command runs, and remembers where it goes.
    fn nested(&mut self, command: &Command, depth: usize) {
        if let [program, folder, ..] = command.words.as_slice()
            && program.text == "cd"
            && folder.exact
        {
            self.folders.push(folder.text.clone());
        }
        for script in program::scripts(command) {
            match script {
                Some(script) => self.script(&script, depth + 1),
                None => self.sound = false,
            }
        }
    }
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
