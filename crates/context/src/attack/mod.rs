//! Attacks on assistants that a repository carries.
//!
//! A repository can hold files that an assistant or an editor obeys when its
//! folder is opened: hooks that run commands, servers to start, another address
//! to send prompts to, permissions granted in advance, and text that people
//! don't see. Which files, which settings in them and what they mean is data
//! (`rules/attacks`); the files are parsed, never searched for words.

#[cfg(test)]
#[expect(dead_code, reason = "the build script reads the rest")]
mod file;
mod glob;
mod hidden;
mod own;
mod parse;
mod rule;
mod tree;

use std::path::Path;

use leaktight_core::{Rule, Span};

use self::glob::Tail;
pub use self::own::Own;
use self::rule::{AttackRule, Kind, Place, RULES};
use self::tree::Node;

/// Bytes of a settings file that are parsed, at most; a larger one counts as unreadable.
const LARGEST: usize = 4 << 20;
/// Bytes of a name that a rule is about, at most.
const LONGEST_NAME: usize = 64;
/// The rule about settings files that can't be read.
const UNREADABLE: &str = "assistant-settings-unreadable";

/// Rules about files that assistants and editors obey.
#[derive(Debug)]
pub struct Attacks {
    /// Names of files that rules are about, by their lengths.
    names: Vec<Vec<&'static str>>,
    /// What the names of files end in that may stand in any folder.
    endings: Vec<&'static str>,
    own: Own,
}

/// A setting that an assistant would obey.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct Attack {
    /// The bytes that name the setting, never its value; empty for a whole file.
    pub span: Span,
    /// The id of the rule.
    pub id: String,
}

impl Attacks {
    /// Returns the built-in rules.
    pub fn builtin() -> Self {
        let (mut names, mut endings) = (vec![Vec::new(); LONGEST_NAME], Vec::new());
        for file in RULES.iter().flat_map(|rule| rule.places).flat_map(|place| place.files) {
            let (name, folders) = file.split_last().expect("a path has a name");
            match name.strip_prefix('*') {
                None => names[name.len()].push(*name),
                // Any other form names a folder that starts with a dot.
                Some(ending) if folders.is_empty() => endings.push(ending),
                Some(_) => {}
            }
        }
        names.iter_mut().for_each(|names: &mut Vec<&str>| {
            names.sort_unstable();
            names.dedup();
        });
        Self { names, endings, own: Own::default() }
    }

    /// Returns these rules without what this program wrote itself.
    pub fn with_own(self, own: Own) -> Self {
        Self { own, ..self }
    }

    /// Returns the rules as findings have them, in the order of their files.
    pub fn rules() -> impl Iterator<Item = Rule> {
        RULES.iter().map(AttackRule::rule)
    }

    /// Returns whether a rule is about a file of this path.
    pub fn concern(&self, path: &Path) -> bool {
        let tail = Tail::of(path);
        self.concerns(tail) && RULES.iter().flat_map(|rule| rule.places).any(|place| place.holds(tail))
    }

    /// Returns whether rules are about files that may stand in a folder, or below it: one
    /// of exactly these components, such as `.cursor/rules`.
    pub fn lead(&self, folder: &Path) -> bool {
        let files = RULES.iter().flat_map(|rule| rule.places).flat_map(|place| place.files);
        let n_folders = folder.components().count();
        let tail = Tail::of(folder);
        files.filter(|forms| n_folders > 0 && forms.len() > n_folders).any(|forms| tail.ends(&forms[..n_folders]))
    }

    /// Returns the attacks that a whole file carries, in the order of their places.
    ///
    /// Only the last components of the path count. Of other files nothing but
    /// the name is looked at.
    pub fn inspect(&self, path: &Path, bytes: &[u8]) -> Vec<Attack> {
        let tail = Tail::of(path);
        if !self.concerns(tail) {
            return Vec::new();
        }
        let places = RULES.iter().flat_map(|rule| rule.places.iter().map(move |place| (rule, place)));
        let places: Vec<(&AttackRule, &Place)> = places.filter(|(_, place)| place.holds(tail)).collect();
        let mut attacks = Vec::new();
        if !places.is_empty() && !self.own.is_file(bytes) {
            judge(&places, (path, bytes), &self.own, &mut attacks);
        }
        attacks.sort_unstable();
        attacks.dedup();
        attacks
    }

    /// Returns whether a rule may be about a file. Nearly every file of a tree
    /// ends here, so that it has to cost next to nothing.
    fn concerns(&self, tail: Tail<'_>) -> bool {
        let name = tail.name();
        let is_known = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
        let ends = |ending: &&str| {
            let start = name.len().checked_sub(ending.len());
            start.is_some_and(|start| name[start..].eq_ignore_ascii_case(ending.as_bytes()))
        };
        let names = self.names.get(name.len());
        names.is_some_and(|names| names.iter().any(is_known)) || self.endings.iter().any(ends) || tail.has_dot()
    }
}

/// Finds what the places say in a file.
fn judge(places: &[(&AttackRule, &Place)], (path, bytes): (&Path, &[u8]), own: &Own, attacks: &mut Vec<Attack>) {
    let attack = |span, id: &str| Attack { span, id: id.to_owned() };
    let of_kind = |kind| places.iter().filter(move |(_, place)| place.kind == kind);
    attacks.extend(of_kind(Kind::File).map(|(rule, _)| attack(Span::default(), rule.id)));
    // What is no text hides nothing behind text.
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LARGEST);
    if let Some((rule, _)) = of_kind(Kind::HiddenText).next() {
        let pieces = text.map(hidden::pieces).unwrap_or_default();
        attacks.extend(pieces.into_iter().map(|span| attack(span, rule.id)));
    }
    if of_kind(Kind::Setting).next().is_none() {
        return;
    }
    let Some(root) = text.and_then(|text| parse::parse(path, text)) else {
        return attacks.push(attack(Span::default(), UNREADABLE));
    };
    for (rule, place) in of_kind(Kind::Setting) {
        for at in place.at {
            root.select(at, (Span::default(), None), &mut |(key, siblings), node: &Node| {
                if place.counts(node) && !own.is_command(node, siblings) {
                    attacks.push(attack(key, rule.id));
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(attacks: &Attacks, example: &file::Example) -> Vec<String> {
        let found = attacks.inspect(Path::new(&example.file), example.text.as_bytes());
        found.into_iter().map(|attack| attack.id).collect()
    }

    #[test]
    fn every_rule_finds_its_examples_and_nothing_in_the_others() {
        let attacks = Attacks::builtin();
        for rule in &file::read(leaktight_rules::ATTACKS).expect("the catalogue is right") {
            assert!(rule.matches.len() >= 2 && rule.ignore.len() >= 2, "{} has too few examples", rule.id);
            for example in &rule.matches {
                assert!(ids(&attacks, example).contains(&rule.id), "{} misses {example:?}", rule.id);
            }
            for example in &rule.ignore {
                assert!(!ids(&attacks, example).contains(&rule.id), "{} finds {example:?}", rule.id);
            }
        }
    }

    #[test]
    fn every_path_of_the_catalogue_is_reached_by_its_name() {
        let attacks = Attacks::builtin();
        for place in RULES.iter().flat_map(|rule| rule.places) {
            for file in place.files {
                let path: std::path::PathBuf = file.iter().map(|part| part.replace('*', "x")).collect();
                let tail = Tail::of(&path);
                assert!(attacks.concerns(tail) && place.holds(tail), "{path:?}");
                let is_open = file.last().is_some_and(|name| name.starts_with('*')) && file.len() > 1;
                assert!(!is_open || tail.has_dot(), "{path:?} is in a folder that starts with a dot");
            }
        }
    }

    #[test]
    fn folders_lead_to_the_files_of_the_catalogue() {
        let attacks = Attacks::builtin();
        for file in RULES.iter().flat_map(|rule| rule.places).flat_map(|place| place.files) {
            let path: std::path::PathBuf = file.iter().map(|part| part.replace('*', "x")).collect();
            assert!(attacks.concern(&path), "{path:?}");
            let folders = path.ancestors().skip(1).filter(|folder| *folder != Path::new(""));
            folders.for_each(|folder| assert!(attacks.lead(folder), "{folder:?}"));
        }
        for path in ["", "src", ".claude/x", "rules", "a/.claude", ".github/workflows"] {
            assert!(!attacks.lead(Path::new(path)), "{path}");
        }
        for path in ["settings.json", "web/settings.json", ".claude/x.json", "README.md"] {
            assert!(!attacks.concern(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_place_is_the_name_of_the_setting() {
        let attacks = Attacks::builtin();
        let text = br#"{"env": {"ANTHROPIC_BASE_URL": "https://x.example"}}"#;
        let found = attacks.inspect(Path::new("a/.claude/settings.json"), text);
        assert_eq!(found, [Attack { span: Span::new(10, 28), id: "assistant-base-url".to_owned() }]);
    }

    #[test]
    fn a_file_that_is_too_large_or_no_text_is_said_to_be_unreadable() {
        let attacks = Attacks::builtin();
        for bytes in [&b"\xff"[..], &vec![b' '; LARGEST + 1]] {
            let found = attacks.inspect(Path::new(".mcp.json"), bytes);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].id, UNREADABLE);
        }
    }
}
