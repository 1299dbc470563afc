//! Which files a text is from, as far as the event tells: the name of a file decides how
//! it is read.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use leaktight_core::Origin;

use super::super::Host;
use super::super::call::Call;
use super::super::tool::{self, Tool};
use super::{file, script};
use crate::shell::{self, Act, Deed};
use crate::splice::{Document, Node};

/// Kinds of files a text is read as, at most.
const MAX_KINDS: usize = 8;
/// Bytes of the name of a file in front of a line, at most.
const MAX_NAME: usize = 256;

/// Returns where the content of an event may be from: from the one file that was read, else
/// from those that are named, or from anywhere.
pub(super) fn of_content(call: &Call<'_>, host: &Host<'_>) -> Vec<Arc<Origin>> {
    let mut files = Files { call, host, names: HashSet::new(), kinds: Vec::new(), first: None };
    call.file.iter().for_each(|name| files.add(name, &[]));
    call.input.into_iter().for_each(|input| files.add_input(input));
    for node in &call.content {
        tool::paths(*node).iter().for_each(|(name, _)| files.add(name, &[]));
    }
    let kind = tool::kind(&call.tool);
    // A tool that reads or writes a file shows nothing else.
    let is_all = call.file.is_some() || matches!(kind, Tool::Read | Tool::Write);
    if matches!(kind, Tool::Search | Tool::Shell) {
        call.content.iter().for_each(|node| files.add_lines(*node));
    }
    let paths = files.paths();
    let is_whole = is_all && (1..=MAX_KINDS).contains(&paths.len());
    let named = paths.into_iter().take(MAX_KINDS).map(|path| Arc::new(Origin::File(path)));
    named.chain((!is_whole).then(|| Arc::new(Origin::Memory))).collect()
}

/// The files that are named, one of each kind.
struct Files<'a, 'd> {
    call: &'a Call<'d>,
    host: &'a Host<'a>,
    names: HashSet<OsString>,
    kinds: Vec<String>,
    first: Option<PathBuf>,
}

impl Files<'_, '_> {
    /// Adds the files a tool was given, or a command reads.
    fn add_input(&mut self, input: Node<'_>) {
        let Some(raw) = tool::inner(input) else { return };
        let Ok(document) = Document::parse(&raw) else { return };
        tool::paths(document.root()).iter().for_each(|(name, _)| self.add(name, &[]));
        for text in tool::scripts(document.root()) {
            let known = |name: &str| script::known_variable(name, self.call, self.host);
            let script = shell::read(&text, &known);
            let read = script.deeds.iter().filter(|deed| matches!(deed.act, Act::Prints | Act::Copies));
            read.for_each(|deed| self.add_deed(deed));
        }
    }

    fn add_deed(&mut self, deed: &Deed) {
        let name = &deed.target.text;
        self.add(name, &deed.folders);
        if deed.target.glob {
            file::globbed(name, self.call.cwd(), &deed.folders, &self.host.places)
                .into_iter()
                .for_each(|path| self.push(path));
        }
    }

    /// Adds the file that a name means, and the one that a link of this name leads to.
    fn add(&mut self, name: &str, folders: &[String]) {
        if !name.is_empty() && name.len() < 4096 {
            file::candidates(name, self.call.cwd(), folders, &self.host.places)
                .into_iter()
                .for_each(|path| self.push(path));
        }
    }

    /// Adds the files in front of lines, as searches print them: `.env:3:TOKEN=`.
    fn add_lines(&mut self, node: Node<'_>) {
        let mut nodes = vec![node];
        while let Some(node) = nodes.pop() {
            nodes.extend(node.entries().map(|(_, child)| child));
            nodes.extend(node.items());
            let text = node.text().unwrap_or_default();
            let names = text.split(|byte| *byte == b'\n').filter_map(name_before);
            names.for_each(|name| self.push(PathBuf::from(name)));
        }
    }

    fn push(&mut self, path: PathBuf) {
        // One more than is looked at tells that there are too many.
        if self.kinds.len() > MAX_KINDS {
            return;
        }
        let Some(name) = path.file_name().filter(|name| self.names.insert((*name).to_owned())) else { return };
        let kind = self.host.rules.stand_in(&name.to_string_lossy());
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        self.first = self.first.take().or(Some(path));
    }

    /// Returns a path of each kind; the name itself where there is one only, which may
    /// promise examples.
    fn paths(self) -> Vec<PathBuf> {
        match self.first {
            Some(path) if self.names.len() == 1 => vec![path],
            _ => self.kinds.into_iter().map(PathBuf::from).collect(),
        }
    }
}

/// Returns the name of the file that a line starts with.
fn name_before(line: &[u8]) -> Option<&str> {
    let colon = memchr::memchr(b':', &line[..line.len().min(MAX_NAME)])?;
    let name = std::str::from_utf8(&line[..colon]).ok()?;
    (name.contains(['.', '/']) && !name.contains(char::is_whitespace)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_search_name_their_files() {
        for (line, name) in [
            (".env:3:TOKEN=x", Some(".env")),
            ("config/app.yml:token: x", Some("config/app.yml")),
            ("https://example.com", None),
            ("see a.txt: nothing", None),
            ("3:TOKEN=x", None),
        ] {
            assert_eq!(name_before(line.as_bytes()), name, "{line}");
        }
    }
}
