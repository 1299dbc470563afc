//! Decides what happens to what was found: it may pass, is asked about, is
//! redacted, or is blocked.
//!
//! ```
//! use leaktight_context::policy::{Action, Policy, Request, Verdict};
//!
//! let policy = Policy::builtin();
//! let mut request = Request::new("claude-code", Action::FileRead);
//! assert_eq!(policy.decide(&request).verdict, Verdict::Allow);
//! request.resource.sensitive = true;
//! let decision = policy.decide(&request);
//! assert_eq!(decision.verdict, Verdict::Block);
//! assert_eq!(decision.rule, "builtin:sensitive-source");
//! ```

mod builtin;
mod request;
mod rule;

use serde::{Deserialize, Serialize};

pub use self::request::{Action, Context, Destination, Found, Principal, Request, Resource};
pub use self::rule::{Names, Rule, RuleFault, When};

/// What happens to something that would be sent, read or run, the mildest first.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It passes as it is.
    #[default]
    Allow,
    /// It passes without its secrets.
    Redact,
    /// A person is asked.
    Ask,
    /// It does not pass.
    #[serde(alias = "deny")]
    Block,
}

impl Verdict {
    /// Returns the name used in configuration and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Redact => "redact",
            Self::Ask => "ask",
            Self::Block => "block",
        }
    }

    /// Returns what is left of the verdict where the channel can't do all:
    /// what can't be redacted or asked about is blocked.
    pub fn within(self, channel: Channel) -> Self {
        match self {
            Self::Redact if !channel.redacts => Self::Block,
            Self::Ask if !channel.asks => Self::Block,
            other => other,
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What the channel of a request can do besides letting pass and blocking.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Channel {
    /// It can replace parts of the content.
    pub redacts: bool,
    /// It can ask a person.
    pub asks: bool,
}

/// Where a rule comes from, which decides what it may do.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Layer {
    /// This program.
    Builtin,
    /// The user, or who manages the machine.
    User,
    /// The project that is worked on, which may be anyone's: it can only make
    /// the policy stricter.
    Project,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

/// Rules of all layers.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Vec<(Layer, String, Rule)>,
}

/// What a policy decided, and why.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct Decision {
    /// What happens.
    pub verdict: Verdict,
    /// The rule that decided, by its layer and name.
    pub rule: String,
    /// The rule's reason, for people.
    pub reason: String,
    /// What happens to each finding of the request, in its order.
    pub findings: Vec<Verdict>,
    /// Every rule that applies and would have it some way, for explanations.
    pub considered: Vec<Considered>,
}

/// A rule that applies to a request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Considered {
    /// The rule, by its layer and name.
    pub rule: String,
    /// What it would have.
    pub effect: Verdict,
    /// The class of the finding it applies to; none when it is the request as a whole.
    pub class: Option<String>,
    /// Why it does not count, if it does not.
    pub ignored: Option<&'static str>,
}

impl Policy {
    /// Returns the policy that holds when nobody says otherwise.
    ///
    /// Findings are redacted, but what is meant to be public passes. Files that
    /// are secret whatever they look like are blocked. To show a secret in clear
    /// or to send one over the network a person is asked.
    pub fn builtin() -> Self {
        let mut policy = Self { rules: Vec::new() };
        for (name, rule) in builtin::rules() {
            policy.rules.push((Layer::Builtin, format!("builtin:{name}"), rule));
        }
        policy
    }

    /// Adds rules of a layer.
    ///
    /// # Errors
    ///
    /// Returns the first rule that says nothing or too much.
    pub fn extend(&mut self, layer: Layer, rules: Vec<Rule>) -> Result<(), RuleFault> {
        for (idx, rule) in rules.into_iter().enumerate() {
            rule.check(idx)?;
            let name = rule.id.clone().unwrap_or_else(|| (idx + 1).to_string());
            self.rules.push((layer, format!("{}:{name}", layer.name()), rule));
        }
        Ok(())
    }

    /// Switches a built-in rule off; returns whether there is such a rule.
    ///
    /// Only for what the user says: a project must not.
    pub fn disable(&mut self, name: &str) -> bool {
        let before = self.rules.len();
        self.rules.retain(|(layer, rule, _)| *layer != Layer::Builtin || rule != name);
        self.rules.len() < before
    }

    /// Returns the rules with their layers and names, in the order they came.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &Rule)> {
        self.rules.iter().map(|(_, name, rule)| (name.as_str(), rule))
    }

    /// Decides about a request.
    ///
    /// Of all rules that apply the strictest wins; where none applies findings
    /// are redacted, and what holds none passes.
    pub fn decide(&self, request: &Request) -> Decision {
        let mut decision = Decision {
            verdict: Verdict::Allow,
            rule: DEFAULT.to_owned(),
            reason: String::new(),
            findings: Vec::new(),
            considered: Vec::new(),
        };
        self.judge(request, None, Verdict::Allow, &mut decision);
        for found in &request.resource.findings {
            let verdict = self.judge(request, Some(found), Verdict::Redact, &mut decision);
            decision.findings.push(verdict);
        }
        decision
    }

    /// Judges a finding, or the request as a whole, and notes it in the decision.
    fn judge(&self, request: &Request, found: Option<&Found>, or: Verdict, decision: &mut Decision) -> Verdict {
        let mut strictest: Option<&(Layer, String, Rule)> = None;
        for one in self.rules.iter().filter(|(_, _, rule)| rule.when.applies(request, found)) {
            let (layer, name, rule) = one;
            let loosens = *layer == Layer::Project && rule.effect == Verdict::Allow;
            decision.considered.push(Considered {
                rule: name.clone(),
                effect: rule.effect,
                class: found.map(|found| found.class.clone()),
                ignored: loosens.then_some("a project can only make the policy stricter"),
            });
            if !loosens && strictest.is_none_or(|(_, _, other)| other.effect < rule.effect) {
                strictest = Some(one);
            }
        }
        let verdict = strictest.map_or(or, |(_, _, rule)| rule.effect);
        let is_first = decision.rule == DEFAULT && strictest.is_some() && verdict == decision.verdict;
        if verdict > decision.verdict || is_first {
            decision.verdict = verdict;
            let (name, reason) = strictest
                .map_or((DEFAULT, Some("secrets are redacted unless a rule says otherwise")), |one| {
                    (one.1.as_str(), one.2.reason.as_deref())
                });
            decision.rule = name.to_owned();
            decision.reason = reason.unwrap_or_default().to_owned();
        }
        verdict
    }
}

/// The name of what holds where no rule applies.
const DEFAULT: &str = "default";

#[cfg(test)]
mod tests;
