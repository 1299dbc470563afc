//! What goes to the model: prompts, outputs, messages.

use std::sync::Arc;

use leaktight_core::{Confidence, Origin};

use super::super::Host;
use super::super::call::{Call, Moment};
use super::super::{message, tool};
use super::{Verdict, file, origin, ruling};
use crate::policy;
use crate::redact::{Book, Report};
use crate::splice::{Format, Kind, Node};
use crate::store::Content;

/// Keys whose values are no text for a reader: a tool's own words, and what is signed.
const OPAQUE: &[&str] = &["signature", "thoughtSignature", "encrypted_content", "type", "role", "tool_use_id"];

/// Decides what becomes of content.
pub(super) fn check(call: &Call<'_>, host: &mut Host<'_>, book: &mut Book) -> Verdict {
    host.redactor.confidence = confidence(call, host);
    host.redactor.opaque = OPAQUE;
    host.redactor.others = origin::of_content(call, host);
    if let Some(origin) = host.redactor.others.pop() {
        host.redactor.origin = origin;
    }
    let mut nodes = Vec::new();
    let mut total = Report::default();
    for node in &call.content {
        let redacted = host.redactor.redact(Format::Json, node.raw(), book);
        let report = redacted.report;
        nodes.push((report.n_hits > 0).then_some(redacted.bytes));
        total.n_hits += report.n_hits;
        total.n_left += report.n_left;
        total.hits.extend(report.hits);
        total.left.extend(report.left);
        total.skipped.extend(report.skipped);
    }
    host.redactor.origin = Arc::new(Origin::Memory);
    host.redactor.others.clear();
    verdict(call, host, (nodes, total))
}

fn verdict(call: &Call<'_>, host: &Host<'_>, (nodes, report): (Vec<Option<Vec<u8>>>, Report)) -> Verdict {
    if !report.skipped.is_empty() {
        let why = format!("it could not be scanned as a whole ({})", report.skipped[0].reason.name());
        return if call.can.deny { Verdict::deny(why) } else { Verdict::Warn { message: why } };
    }
    if report.n_hits + report.n_left == 0 {
        return Verdict::Pass;
    }
    let ruling = ruling::of_findings(ruling::action(call), &report, (call, host));
    if ruling == policy::Verdict::Allow {
        return Verdict::Pass;
    }
    let found = message::found(&report, &host.rules);
    let place = place(call);
    // What stands in a key, or where nothing may change, can't be taken out.
    if call.can.replace && report.n_left == 0 && ruling == policy::Verdict::Redact {
        let message = format!("{place} held {found}, replaced here");
        return Verdict::Replace { nodes, message };
    }
    let way = message::instead_of_values(&host.program);
    let reason = format!("{place} holds {found}. {way}");
    if call.can.deny { Verdict::deny(reason) } else { Verdict::Warn { message: reason } }
}

/// What content is, for a message.
fn place(call: &Call<'_>) -> String {
    match call.moment {
        Moment::Prompt => "the prompt".to_owned(),
        Moment::Request => "the request to the model".to_owned(),
        _ if call.tool.is_empty() => "the output of a tool".to_owned(),
        _ => format!("the output of {}", message::clean(&call.tool)),
    }
}

/// How sure a finding must be. In the output about a file that often holds
/// secrets, or in which every value is one, a guess is enough.
fn confidence(call: &Call<'_>, host: &Host<'_>) -> Confidence {
    let Some(input) = call.input.filter(|input| input.kind() == Kind::Object) else { return Confidence::Medium };
    let is_read = matches!(tool::kind(&call.tool), tool::Tool::Read | tool::Tool::Search);
    let stores = if is_read { tool::paths(input) } else { Vec::new() };
    let of_secrets = |path: &str| {
        let candidates = file::candidates(path, call.cwd(), &[], &host.places);
        candidates
            .iter()
            .any(|path| crate::store::find(path, &host.places).is_some_and(|store| store.content == Content::Secret))
    };
    if stores.iter().any(|(path, _)| of_secrets(path)) { Confidence::Low } else { Confidence::Medium }
}

/// Returns the text that is left of a node.
pub(in super::super) fn text(node: Node<'_>) -> String {
    node.string().unwrap_or_else(|| String::from_utf8_lossy(node.raw()).into_owned())
}
