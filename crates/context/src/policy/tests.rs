//! What policies decide.

use leaktight_core::{Confidence, Severity};

use super::*;

#[derive(Deserialize)]
struct File {
    policy: Vec<Rule>,
}

fn rules(text: &str) -> Vec<Rule> {
    toml::from_str::<File>(text).expect("rules").policy
}

fn policy(layer: Layer, text: &str) -> Policy {
    let mut policy = Policy::builtin();
    policy.extend(layer, rules(text)).expect("good rules");
    policy
}

fn request(action: Action, path: &str, classes: &[&str]) -> Request {
    let mut request = Request::new("claude-code", action);
    request.resource.path = Some(path.to_owned());
    let found = |class: &&str| Found::new(class, Severity::High, Confidence::High);
    request.resource.findings = classes.iter().map(found).collect();
    request
}

#[test]
fn findings_are_redacted_and_the_rest_passes() {
    let policy = Policy::builtin();
    assert_eq!(policy.decide(&request(Action::ToolOutput, "a", &[])).verdict, Verdict::Allow);
    let decision = policy.decide(&request(Action::ToolOutput, "a", &["aws-access-key-id"]));
    assert_eq!((decision.verdict, decision.rule.as_str()), (Verdict::Redact, "default"));
    assert_eq!(decision.findings, [Verdict::Redact]);
}

#[test]
fn the_strictest_rule_wins() {
    let text = r#"
        [[policy]]
        when = { path = "**/testdata/**" }
        effect = "allow"
        [[policy]]
        id = "keys"
        when = { class = ["aws-*", "private-key"] }
        effect = "deny"
        reason = "keys stay here"
    "#;
    let policy = policy(Layer::User, text);
    let decide = |path, classes: &[&str]| policy.decide(&request(Action::FileRead, path, classes));
    assert_eq!(decide("p/testdata/x", &["github-pat"]).verdict, Verdict::Allow);
    assert_eq!(decide("p/src/x", &["github-pat"]).verdict, Verdict::Redact);
    let decision = decide("p/testdata/x", &["github-pat", "aws-access-key-id"]);
    assert_eq!((decision.verdict, decision.rule.as_str()), (Verdict::Block, "user:keys"));
    assert_eq!(decision.findings, [Verdict::Allow, Verdict::Block]);
    assert_eq!(decision.reason, "keys stay here");
}

#[test]
fn a_project_can_only_be_stricter() {
    let text = r#"
        [[policy]]
        when = { action = "*" }
        effect = "allow"
        [[policy]]
        when = { action = "prompt.submit", finding = true }
        effect = "block"
    "#;
    let policy = policy(Layer::Project, text);
    let decision = policy.decide(&request(Action::ToolOutput, "a", &["github-pat"]));
    assert_eq!(decision.verdict, Verdict::Redact);
    assert!(decision.considered.iter().any(|one| one.rule == "project:1" && one.ignored.is_some()));
    assert_eq!(policy.decide(&request(Action::PromptSubmit, "a", &["github-pat"])).verdict, Verdict::Block);
}

#[test]
fn conditions_hold_together() {
    let text = r#"
        [[policy]]
        when = { assistant = "codex", tool = "Bash", destination = "network:*.example.com", severity = "critical", confidence = "high" }
        effect = "ask"
    "#;
    let policy = policy(Layer::User, text);
    let mut one = request(Action::CommandRun, "a", &["x"]);
    one.principal.id = "codex".to_owned();
    one.context.tool = Some("Bash".to_owned());
    one.context.destination = Some(Destination::Network("api.example.com".to_owned()));
    one.resource.findings[0].severity = Severity::Critical;
    assert_eq!(policy.decide(&one).verdict, Verdict::Ask);
    let changes: [fn(&mut Request); 4] = [
        |request| request.principal.id = "gemini".to_owned(),
        |request| request.context.tool = None,
        |request| request.context.destination = Some(Destination::Network("example.org".to_owned())),
        |request| request.resource.findings[0].severity = Severity::High,
    ];
    for change in changes {
        let mut other = one.clone();
        change(&mut other);
        assert_eq!(policy.decide(&other).verdict, Verdict::Redact);
    }
}

#[test]
fn what_a_channel_cannot_do_is_blocked() {
    let all = [Verdict::Allow, Verdict::Redact, Verdict::Ask, Verdict::Block];
    let none = all.map(|verdict| verdict.within(Channel::default()));
    assert_eq!(none, [Verdict::Allow, Verdict::Block, Verdict::Block, Verdict::Block]);
    assert_eq!(all.map(|verdict| verdict.within(Channel { redacts: true, asks: true })), all);
}

#[test]
fn secrets_leave_only_when_someone_says_so() {
    let policy = Policy::builtin();
    let mut one = request(Action::SecretRestore, "a", &["github-pat"]);
    one.context.destination = Some(Destination::File("src/a".to_owned()));
    assert_eq!(policy.decide(&one).verdict, Verdict::Allow);
    one.context.destination = Some(Destination::Network("evil.example".to_owned()));
    assert_eq!(policy.decide(&one).verdict, Verdict::Ask);
    one.context.destination = None;
    assert_eq!(policy.decide(&one).verdict, Verdict::Redact, "what leads nowhere known is not restored");
}

#[test]
fn a_rule_that_makes_no_sense_is_an_error() {
    for (text, fault) in [
        (
            "[[policy]]\nwhen = { action = \"file.raed\" }\neffect = \"ask\"",
            "policy rule 1 names an action that does not exist",
        ),
        (
            "[[policy]]\nwhen = { path = \"**/a/**/b/**/c/**\" }\neffect = \"ask\"",
            "policy rule 1 has a path with more than 3",
        ),
    ] {
        let error = Policy::builtin().extend(Layer::User, rules(text)).expect_err("a fault").to_string();
        assert!(error.starts_with(fault), "{error}");
    }
    assert!(toml::from_str::<File>("[[policy]]\nwhen = { klass = \"x\" }\neffect = \"ask\"").is_err());
    assert!(toml::from_str::<File>("[[policy]]\nwhen = {}\neffect = \"maybe\"").is_err());
}

#[test]
fn a_request_can_be_written_down() {
    let mut one = request(Action::McpCall, "a", &["x"]);
    one.context.destination = Some(Destination::Llm("api.example.com".to_owned()));
    let text = serde_json::to_string(&one).expect("JSON");
    let back: Request = serde_json::from_str(&text).expect("a request");
    assert_eq!(serde_json::to_string(&back).expect("JSON"), text);
}
