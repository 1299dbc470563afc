//! The catalogue of transcripts as it is written: which assistant keeps what,
//! where, and what of it went to a provider.

use serde::Deserialize;
use serde::de::Error as _;

use super::Sent;
use crate::Error;

/// A file of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "assistant")]
    assistants: Vec<Assistant>,
}

/// An assistant and what it keeps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Assistant {
    /// The name on the command line and in reports, for ever.
    pub name: String,
    /// The name people know.
    pub title: String,
    /// Where its folders may be, as the catalogue of stores writes places; `.` is the project.
    pub(super) roots: Vec<String>,
    #[serde(rename = "store")]
    pub(super) stores: Vec<Store>,
}

/// Files of one kind below a root.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    /// `*` is any text of a name, `**` any number of folders.
    pub(super) files: Vec<String>,
    /// Why its files can't be read, if they can't.
    pub(super) unreadable: Option<String>,
    /// Where records name their session; of several places the first that is there counts.
    #[serde(default)]
    pub(super) session: Vec<Pointer>,
    /// Where records name the folder the session ran in.
    #[serde(default)]
    pub(super) project: Vec<Pointer>,
    /// Where records name their time.
    #[serde(default)]
    pub(super) time: Vec<Pointer>,
    /// Where the first record of a file names what holds for all.
    #[serde(default)]
    pub(super) head: Head,
    /// Columns of a database that name session, project and time.
    #[serde(default)]
    pub(super) columns: Columns,
    /// Where the name of a tool stands, for what stands beside it.
    #[serde(default)]
    pub(super) tool: Vec<Pointer>,
    /// Where the id of a call stands, whose record names the tool.
    #[serde(default)]
    pub(super) call: Vec<Pointer>,
    /// Records that show that the provider answered what stands before them; one of these must hold whole.
    #[serde(default)]
    pub(super) reply: Vec<Vec<Condition>>,
    /// What became of the parts of a record; the first that fits counts.
    #[serde(default, rename = "part")]
    pub(super) parts: Vec<Part>,
}

/// Where the first record names the session and its folder.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Head {
    pub(super) session: Vec<Pointer>,
    pub(super) project: Vec<Pointer>,
}

/// Names of columns; the first that a table has counts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Columns {
    pub(super) session: Vec<String>,
    pub(super) project: Vec<String>,
    pub(super) time: Vec<String>,
}

/// A part of a record, and whether it went to the provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    #[serde(default)]
    pub(super) when: Vec<Condition>,
    #[serde(default)]
    pub(super) at: Pointer,
    pub(super) sent: Fate,
}

/// What becomes of a part.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Fate {
    /// It came from the provider or went to it.
    Yes,
    /// It went to the provider if that answered later on.
    Answered,
    /// It stayed here.
    No,
}

impl Fate {
    /// Returns what is known before an answer.
    pub(super) fn sent(self) -> Sent {
        match self {
            Self::Yes => Sent::Yes,
            Self::Answered => Sent::Unknown,
            Self::No => Sent::No,
        }
    }
}

/// A path of keys; `*` is any key or place of a list.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Pointer(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let rest = text.strip_prefix('/').ok_or_else(|| D::Error::custom("a path of keys starts with a slash"))?;
        Ok(Self(rest.split('/').map(str::to_owned).collect()))
    }
}

/// A value a record must have, or must not have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Condition {
    pub(super) at: Pointer,
    pub(super) is: String,
    pub(super) holds: bool,
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (at, is) = text.split_once('=').ok_or_else(|| D::Error::custom("a condition is `/path=value`"))?;
        let (at, holds) = at.strip_suffix('!').map_or((at, true), |at| (at, false));
        let at = at.trim_start_matches('/').split('/').map(str::to_owned).collect();
        Ok(Self { at: Pointer(at), is: is.to_owned(), holds })
    }
}

/// Reads the catalogue.
pub(super) fn read(files: &[(&str, &str)]) -> Result<Vec<Assistant>, Error> {
    let mut assistants = Vec::new();
    for (name, text) in files {
        let file: File = toml::from_str(text)
            .map_err(|err| Error::Catalogue { file: (*name).to_owned(), message: err.message().to_owned() })?;
        assistants.extend(file.assistants);
    }
    Ok(assistants)
}
