//! Asks the policy.

use leaktight_core::{Confidence, Severity};

use crate::audit::{GRANT, Record};
use crate::policy::{Action, Decision, Destination, Found, Request, Verdict};
use crate::redact::{Hit, Report};
use crate::store::{Content, Store};

use super::super::Host;
use super::super::call::{Call, Moment};
use super::super::tool::{self, Tool};
use super::super::{HOOK, message};
use super::file;

/// Returns what the policy says about findings.
pub(super) fn of_findings(action: Action, report: &Report, (call, host): (&Call<'_>, &Host<'_>)) -> Verdict {
    let mut request = request(action, call, host);
    request.resource.findings = report.hits.iter().chain(&report.left).map(|hit| found(hit, host)).collect();
    decide(&request, host).verdict
}

/// Records that a command may not run because of what it holds itself, which no policy lets pass.
pub(super) fn refuse(report: &Report, (call, host): (&Call<'_>, &Host<'_>)) {
    let mut request = request(Action::CommandRun, call, host);
    request.resource.findings = report.hits.iter().chain(&report.left).map(|hit| found(hit, host)).collect();
    let record = Record { effect: Verdict::Block, policy: HOOK.to_owned(), ..Record::of(&request) };
    host.records.borrow_mut().push(record);
}

/// Returns why a store may not be read, if the policy says so.
pub(super) fn of_store(
    action: Action,
    (name, store): (&str, &'static Store),
    (call, host): (&Call<'_>, &Host<'_>),
) -> Option<String> {
    let mut request = request(action, call, host);
    request.resource.path = Some(name.to_owned());
    request.resource.sensitive = store.content == Content::Secret;
    (decide(&request, host).verdict > Verdict::Redact).then(|| file::of_store(name, store, host))
}

/// Returns why the value of a placeholder may not go somewhere, if the policy says so.
pub(super) fn of_restore(class: &str, to: Destination, (call, host): (&Call<'_>, &Host<'_>)) -> Option<String> {
    let mut request = request(Action::SecretRestore, call, host);
    let id = class.to_ascii_lowercase().replace('_', "-");
    let mut found = Found::new(&id, Severity::High, Confidence::High);
    found.tags = host.rules.find(&id).map(|(_, rule)| rule.tags.to_vec()).unwrap_or_default();
    request.resource.findings.push(found);
    let place = message::clean(&to.name());
    let deed = match &to {
        Destination::File(_) => "this would write",
        _ => "the command would send",
    };
    request.context.destination = Some(to);
    let decision = decide(&request, host);
    (decision.verdict > Verdict::Redact).then(|| {
        format!(
            "{deed} the value of a placeholder to {place}, which the policy leaves to a person ({}): \
             ask the user to do it, or to allow it with `{} grant add --class {id} --to {place}`",
            decision.rule, host.program
        )
    })
}

/// Returns why the value of a variable may not be handed to a machine, and what the policy
/// says, if it does not let it pass.
pub(super) fn of_variable(name: &str, to: &str, (call, host): (&Call<'_>, &Host<'_>)) -> Option<(Verdict, String)> {
    let mut request = request(Action::SecretRestore, call, host);
    let class = name.to_ascii_lowercase().replace('_', "-");
    request.resource.findings.push(Found::new(&class, Severity::High, Confidence::Medium));
    request.context.destination = Some(Destination::Network(to.to_owned()));
    let decision = decide(&request, host);
    let (name, shown) = (message::clean(name), message::clean(to));
    let place = if to.is_empty() { "a machine that the command does not name" } else { &shown };
    let wanted = if to.is_empty() { "'*'" } else { &shown };
    (decision.verdict > Verdict::Redact).then(|| {
        let reason = format!(
            "the command would send the value of {name} to {place}, which the policy leaves to a person ({}): \
             the user can allow it with `{} grant add --class {class} --to {wanted}`",
            decision.rule, host.program
        );
        (decision.verdict, reason)
    })
}

/// Decides about a request. What the policy asks a person about passes where it was granted.
fn decide(request: &Request, host: &Host<'_>) -> Decision {
    let mut decision = host.policy.decide(request);
    if decision.verdict == Verdict::Ask
        && let Some(grants) = (host.grant)(request, &decision)
    {
        (decision.verdict, decision.rule) = (Verdict::Allow, format!("{GRANT}{grants}"));
    }
    let is_told = decision.verdict != Verdict::Allow || !request.resource.findings.is_empty();
    if is_told || request.resource.sensitive {
        host.records.borrow_mut().push(Record::new(request, &decision));
    }
    decision
}

/// Returns what an event is for the policy.
pub(in super::super) fn action(call: &Call<'_>) -> Action {
    let is_mcp = call.tool.to_ascii_lowercase().starts_with("mcp");
    match call.moment {
        Moment::Prompt => Action::PromptSubmit,
        Moment::Request => Action::LlmRequest,
        Moment::After if is_mcp => Action::McpResult,
        Moment::After => Action::ToolOutput,
        Moment::Before if is_mcp => Action::McpCall,
        Moment::Before => match tool::kind(&call.tool) {
            Tool::Shell | Tool::Sends => Action::CommandRun,
            Tool::Write => Action::FileWrite,
            Tool::Read | Tool::Search | Tool::Other => Action::FileRead,
        },
        Moment::Loaded => Action::FileRead,
    }
}

fn request(action: Action, call: &Call<'_>, host: &Host<'_>) -> Request {
    let mut request = Request::new(host.assistant, action);
    request.principal.session = (!call.session.is_empty()).then(|| call.session.clone());
    request.context.tool = (!call.tool.is_empty()).then(|| message::clean(&call.tool));
    request.context.destination = (action == Action::McpCall).then_some(Destination::Local);
    request
}

fn found(hit: &Hit, host: &Host<'_>) -> Found {
    let mut found = Found::new(&hit.class, hit.severity, hit.confidence);
    if let Some(rule) = message::rule(hit, &host.rules) {
        found.class = rule.id.to_string();
        found.tags = rule.tags.to_vec();
    }
    found.placeholder = hit.placeholder.as_ref().map(ToString::to_string);
    found
}
