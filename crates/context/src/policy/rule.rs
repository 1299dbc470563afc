//! Rules of a policy as people write them.

use std::path::Path;

use leaktight_core::{Confidence, Severity, Tag};
use serde::{Deserialize, Deserializer, Serialize};

use super::Verdict;
use super::request::{Action, Found, Request};
use crate::store::glob;

/// A rule of a policy, as configuration holds it.
///
/// ```toml
/// [[policy]]
/// id = "fixtures"
/// when = { action = "file.read", path = "**/testdata/**" }
/// effect = "allow"
/// reason = "made-up values"
/// ```
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// Its name in reports; its number when it has none.
    pub id: Option<String>,
    /// When it applies.
    pub when: When,
    /// What it would have.
    pub effect: Verdict,
    /// Why, for people.
    pub reason: Option<String>,
}

/// When a rule applies: all that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// One of these actions; `*` stands for any text.
    pub action: Names,
    /// A finding of one of these rules; `*` stands for any text.
    pub class: Names,
    /// A finding whose rule carries one of these tags.
    pub tag: Vec<Tag>,
    /// A finding of at least this severity.
    pub severity: Option<Severity>,
    /// A finding of at least this confidence.
    pub confidence: Option<Confidence>,
    /// There is a finding, or there is none.
    pub finding: Option<bool>,
    /// A file that matches one of these globs; `*` within a name, `**` over folders.
    pub path: Names,
    /// A source that is secret whatever it looks like, or one that is not.
    pub sensitive: Option<bool>,
    /// One of these destinations: `llm:HOST`, `network:HOST`, `file:PATH` or `local`; `*` stands for any text.
    pub destination: Names,
    /// One of these assistants; `*` stands for any text.
    pub assistant: Names,
    /// One of these tools, by the assistant's name for it; `*` stands for any text.
    pub tool: Names,
}

/// A name or a list of names; no name is no condition.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Names(Vec<String>);

impl<T: Into<String>, I: IntoIterator<Item = T>> From<I> for Names {
    fn from(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a text or a list of texts")]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(name) => Self(vec![name]),
            OneOrMany::Many(names) => Self(names),
        })
    }
}

impl Names {
    /// Whether nothing is asked for, or one name matches.
    fn hold(&self, value: Option<&str>) -> bool {
        self.0.is_empty()
            || value.is_some_and(|value| self.0.iter().any(|name| glob::segment(name.as_bytes(), value.as_bytes())))
    }

    fn hold_path(&self, value: Option<&str>) -> bool {
        let Some(path) = value else { return self.0.is_empty() };
        let names = glob::names(Path::new(path));
        let matches = |pattern: &String| {
            let patterns: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
            glob::segments(&patterns, &names)
        };
        self.0.is_empty() || self.0.iter().any(matches)
    }
}

/// A rule that can't be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("policy rule {number} {fault}")]
pub struct RuleFault {
    /// The number of the rule in its file, from 1.
    pub number: usize,
    /// What is wrong with it, to follow its number.
    pub fault: String,
}

/// Runs of folders a glob may hold: each multiplies the work of matching.
const DEEP: usize = 3;

impl Rule {
    pub(super) fn new(when: When, effect: Verdict, reason: &str) -> Self {
        Self { id: None, when, effect, reason: Some(reason.to_owned()) }
    }

    /// Says what is wrong with the rule that is number `idx` from 0.
    pub(super) fn check(&self, idx: usize) -> Result<(), RuleFault> {
        let fault = |fault: String| Err(RuleFault { number: idx + 1, fault });
        let is_action =
            |name: &&String| Action::ALL.iter().any(|action| glob::segment(name.as_bytes(), action.name().as_bytes()));
        if let Some(name) = self.when.action.0.iter().find(|name| !is_action(name)) {
            let all: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
            return fault(format!(
                "names an action that does not exist: `{}`; there are {}",
                name.escape_debug(),
                all.join(", ")
            ));
        }
        if let Some(glob) = self.when.path.0.iter().find(|glob| glob.matches("**").count() > DEEP) {
            return fault(format!("has a path with more than {DEEP} times `**`: `{}`", glob.escape_debug()));
        }
        if self.effect == Verdict::Redact && self.when.finding == Some(false) {
            return fault("would redact where there is nothing to redact".to_owned());
        }
        Ok(())
    }
}

impl When {
    /// Whether the rule looks at findings one by one.
    fn is_about_findings(&self) -> bool {
        let named = !self.class.0.is_empty() || !self.tag.is_empty();
        named || self.severity.is_some() || self.confidence.is_some() || self.finding == Some(true)
    }

    /// Whether the rule applies to a finding of a request, or to the request as a whole.
    pub(super) fn applies(&self, request: &Request, found: Option<&Found>) -> bool {
        self.fits(request)
            && match found {
                Some(found) => self.fits_finding(found),
                None => !self.is_about_findings() && self.fits_whole(request),
            }
    }

    fn fits(&self, request: &Request) -> bool {
        let destination = request.context.destination.as_ref().map(super::Destination::name);
        self.action.hold(Some(request.action.name()))
            && self.assistant.hold(Some(&request.principal.id))
            && self.tool.hold(request.context.tool.as_deref())
            && self.destination.hold(destination.as_deref())
            && self.path.hold_path(request.resource.path.as_deref())
            && self.sensitive.is_none_or(|wanted| wanted == request.resource.sensitive)
    }

    fn fits_whole(&self, request: &Request) -> bool {
        self.finding != Some(false) || request.resource.findings.is_empty()
    }

    fn fits_finding(&self, found: &Found) -> bool {
        self.class.hold(Some(&found.class))
            && (self.tag.is_empty() || self.tag.iter().any(|tag| found.tags.contains(tag)))
            && self.severity.is_none_or(|least| found.severity >= least)
            && self.confidence.is_none_or(|least| found.confidence >= least)
            && self.finding != Some(false)
    }
}
