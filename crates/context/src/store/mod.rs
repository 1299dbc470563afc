//! Secret stores: files whose content is secret whatever it looks like, or often is.
//!
//! The catalogue is data (`rules/paths/*.toml`), compiled into a table when this
//! crate is built, so that no program parses it at start-up.

mod expand;
#[cfg(test)]
mod file;
pub(crate) mod glob;
mod place;
mod veil;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use leaktight_core::{Severity, Skip};

pub(crate) use self::expand::expand;
pub use self::place::{Places, normalize};
pub use self::veil::veil;

/// A kind of file that holds secrets.
#[derive(Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Store {
    /// Names the store for ever, in kebab case.
    pub id: &'static str,
    /// What it is for, such as `cloud`.
    pub group: &'static str,
    /// The programs that keep it.
    pub owner: &'static str,
    /// Where it is. `~` is the home folder, `$NAME` a variable with a path or a list of paths, a leading `/` the
    /// root; anything else may stand in any folder. `*` is any text of a name, `**` any number of folders.
    pub files: &'static [&'static str],
    /// Names that match `files` and are no store.
    pub except: &'static [&'static str],
    /// How it is written.
    pub format: Format,
    /// How bad a leak is.
    pub severity: Severity,
    /// Whether all of it is secret.
    pub content: Content,
    /// What it holds, to follow "holds".
    pub holds: &'static str,
    /// Keys whose values are no secret, although all others are.
    pub keep: &'static [&'static str],
}

/// Whether all of a store is secret.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Content {
    /// Secrets among other things; what looks like one counts.
    Mixed,
    /// Every value is secret whatever it looks like.
    Secret,
}

/// How a store is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// Nothing a person reads.
    Binary,
    /// `NAME=value` for a shell.
    Env,
    /// `key = value` in sections.
    Ini,
    /// One JSON document.
    Json,
    /// A JSON document a line.
    Jsonl,
    /// A record a line.
    Lines,
    /// `machine … login … password …`.
    Netrc,
    /// Armoured keys.
    Pem,
    /// `key=value` or `key: value`.
    Properties,
    /// An SQLite database.
    Sqlite,
    /// Anything else.
    Text,
    /// TOML.
    Toml,
    /// XML.
    Xml,
    /// YAML.
    Yaml,
}

static STORES: &[Store] = include!(concat!(env!("OUT_DIR"), "/stores.rs"));

/// Returns the catalogue, in the order of its files.
pub fn stores() -> &'static [Store] {
    STORES
}

/// Returns the store a file is, by its path. Of several the one that says most
/// about it: secret before mixed, then the more severe, then the first.
///
/// The path is to be absolute and [normalized](normalize): what a symbolic link
/// leads to is a path of its own. Names count in any case, because some systems
/// open a file by any spelling.
pub fn find(path: &Path, places: &Places<'_>) -> Option<&'static Store> {
    let matching = STORES.iter().filter(|store| store.holds_path(path, places));
    matching
        .reduce(|best, next| if (next.content, next.severity) > (best.content, best.severity) { next } else { best })
}

/// Returns whether a file name matches a pattern in which `*` stands for any text.
pub(crate) fn matches_name(pattern: &str, name: &std::ffi::OsStr) -> bool {
    glob::segment(pattern.as_bytes(), name.as_encoded_bytes())
}

/// Returns the stores that are on this machine with their files, each file once
/// and in the order of the catalogue, and what can't be looked at.
///
/// Of files that may stand in any folder only those in `project` itself are
/// found. What the system makes up (`/proc`) is left out.
pub fn present(places: &Places<'_>, project: Option<&Path>) -> (Vec<(&'static Store, PathBuf)>, Vec<Skip>) {
    let (mut files, mut skipped) = (Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    for form in STORES.iter().flat_map(|store| store.files) {
        let roots = places.roots(form);
        let is_floating = !form.contains("**") && !form.starts_with(['~', '$', '/']);
        let here = project.filter(|_| is_floating).map(|project| (project.to_owned(), *form));
        for (root, rest) in roots.into_iter().chain(here) {
            if rest.starts_with("proc/") && root == Path::new("/") {
                continue;
            }
            expand(&root, rest, &mut |found| match found {
                Ok(path) if !seen.insert(path.clone()) => {}
                Ok(path) => files.extend(find(&path, places).map(|store| (store, path))),
                Err(skip) => skipped.push(skip),
            });
        }
    }
    let place = |store: &Store| STORES.iter().position(|other| other.id == store.id);
    files.sort_by(|a, b| (place(a.0), &a.1).cmp(&(place(b.0), &b.1)));
    (files, skipped)
}

/// Returns a store below a folder that has a place of its own there, such as
/// `~/.aws/credentials` below `~/.aws`. Files that may stand in any folder don't count.
pub fn below(folder: &Path, places: &Places<'_>) -> Option<&'static Store> {
    let secret = STORES.iter().filter(|store| store.content == Content::Secret);
    secret.into_iter().find(|store| {
        let mut roots = store.files.iter().flat_map(|file| places.roots(file));
        roots.any(|(root, rest)| glob::starts_with(&root, rest, folder))
    })
}

impl Store {
    /// Returns whether a path is of this store.
    fn holds_path(&self, path: &Path, places: &Places<'_>) -> bool {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if self.except.iter().any(|except| glob::segment(except.as_bytes(), name.as_bytes())) {
            return false;
        }
        self.files.iter().any(|file| places.matches(file, path))
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a store of {} that holds {}", self.owner, self.holds)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use super::*;

    fn id(path: &str) -> Option<&'static str> {
        let variable = |name: &str| match name {
            "KUBECONFIG" => Some(OsString::from("/k/one:/k/two")),
            "CODEX_HOME" => Some(OsString::from("/data/codex")),
            "XDG_CONFIG_HOME" => Some(OsString::from("/conf")),
            _ => None,
        };
        let places = Places::new(Some(Path::new("/home/me")), &variable);
        find(&normalize(Path::new(path)), &places).map(|store| store.id)
    }

    #[test]
    fn the_catalogue_is_sound() {
        let read = file::read(leaktight_rules::PATHS).unwrap_or_else(|errors| panic!("{errors:#?}"));
        assert_eq!(read.len(), STORES.len());
        assert!(STORES.len() > 150, "a catalogue and no sample: {}", STORES.len());
    }

    #[test]
    fn files_are_known_by_their_place() {
        for (path, store) in [
            ("/home/me/.aws/credentials", Some("aws-credentials")),
            ("/home/me/.aws/../.aws/./credentials", Some("aws-credentials")),
            ("/home/you/.aws/credentials", None),
            ("/srv/app/.env", Some("dotenv")),
            ("/srv/app/.ENV.Production", Some("dotenv")),
            ("/srv/app/.env.example", None),
            ("/srv/app/.env.keys", Some("dotenv-keys")),
            ("/srv/app/environment", None),
            ("/home/me/.ssh/id_ed25519", Some("ssh-private-keys")),
            ("/home/me/.ssh/id_ed25519.pub", None),
            ("/k/two", Some("kube-config")),
            ("/data/codex/auth.json", Some("codex-auth")),
            ("/conf/gh/hosts.yml", Some("gh-hosts")),
            ("/proc/1/environ", Some("process-environment")),
            ("/home/me/.claude/projects/-a/b.jsonl", Some("claude-transcripts")),
            ("/repo/config/master.key", Some("rails-keys")),
            ("/repo/other/master.key", Some("pem-files")),
            ("/", None),
        ] {
            assert_eq!(id(path), store, "{path}");
        }
    }

    #[test]
    fn folders_tell_what_is_below_them() {
        let none = |_: &str| None;
        let places = Places::new(Some(Path::new("/home/me")), &none);
        let below = |folder: &str| below(&PathBuf::from(folder), &places).map(|store| store.id);
        assert!(below("/home/me/.aws").is_some());
        assert_eq!(below("/home/me/.kube/cache/oidc-login"), Some("kube-cache"));
        assert_eq!(below("/home/me/src"), None);
        assert!(below("/home/me").is_some() && below("/").is_some());
    }
}
