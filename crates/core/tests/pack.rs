//! The rule pack keeps its promises.

use std::collections::HashSet;
use std::sync::Arc;

use leaktight_core::rule::{Driver, RuleSource, read_rules};
use leaktight_core::{Chunk, Confidence, Limits, Origin, Rule, RuleSet, Scanner, Severity, fill_example};

fn pack() -> Vec<(Rule, RuleSource)> {
    read_rules(leaktight_rules::PACK, &[]).unwrap_or_else(|errors| {
        panic!("the pack compiles whole: {}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn alone(rule: &Rule, exhaustive: bool) -> Scanner {
    let mut rule = rule.clone();
    rule.companions = Vec::new().into();
    let rules = RuleSet::from_rules(vec![rule]).expect("a rule of the pack compiles");
    let mut limits = Limits::default();
    limits.exhaustive = exhaustive;
    Scanner::with_limits(Arc::new(rules), limits)
}

fn finds(scanner: &Scanner, rule: &Rule, text: &[u8]) -> bool {
    let name = rule.files.first().map_or("text.txt".to_owned(), |name| name.replace('*', "x"));
    let chunk = Chunk::new(text, Arc::new(Origin::File(name.into())));
    let least = rule.confidence.min(Confidence::Medium);
    scanner.scan(&chunk).findings.iter().any(|finding| finding.confidence >= least)
}

#[test]
fn every_match_example_is_found_with_and_without_the_gate() {
    let mut missed = Vec::new();
    for (rule, source) in pack() {
        let (fast, slow) = (alone(&rule, false), alone(&rule, true));
        for (number, example) in source.matches.iter().enumerate() {
            let texts = (1..=8).map(|seed| fill_example(&rule, &example.text(), seed)).collect::<Vec<_>>();
            let n_fast = texts.iter().filter(|text| finds(&fast, &rule, text)).count();
            let n_slow = texts.iter().filter(|text| finds(&slow, &rule, text)).count();
            assert_eq!(n_fast, n_slow, "{} example {}: the gate agrees", rule.id, number + 1);
            // One sample in many is turned down for its looks, as a real token would be.
            if n_fast < 6 {
                missed.push(format!("{} example {}: {n_fast} of 8", rule.id, number + 1));
            }
        }
    }
    assert!(missed.is_empty(), "match examples not found:\n{}", missed.join("\n"));
}

#[test]
fn no_ignore_example_is_found() {
    let mut found = Vec::new();
    for (rule, source) in pack() {
        let fast = alone(&rule, false);
        for (number, example) in source.ignore.iter().enumerate() {
            if finds(&fast, &rule, &fill_example(&rule, &example.text(), 7)) {
                found.push(format!("{} example {}", rule.id, number + 1));
            }
        }
    }
    assert!(found.is_empty(), "ignore examples found:\n{}", found.join("\n"));
}

#[test]
fn every_rule_has_two_examples_of_each_kind() {
    for (rule, source) in pack() {
        assert!(source.matches.len() >= 2 && source.ignore.len() >= 2, "{} has too few examples", rule.id);
    }
}

#[test]
fn the_gate_reaches_every_rule_cheaply() {
    for (rule, _) in pack() {
        let cheap = rule.gate.driver != Driver::Whole || !rule.files.is_empty();
        assert!(cheap, "{} would be tried at every byte", rule.id);
        assert!(rule.gate.max_len <= 16 << 10, "{} has a bound", rule.id);
    }
}

#[test]
fn the_text_search_stays_small() {
    let mut literals = HashSet::new();
    for (rule, _) in pack().iter().filter(|(rule, _)| rule.gate.driver == Driver::Text) {
        literals.extend(rule.gate.anchors.iter().map(|anchor| anchor.text.to_ascii_lowercase()));
    }
    assert!(literals.len() <= 224, "{} literals are looked for in all the text", literals.len());
}

#[test]
fn a_long_word_is_no_token_that_needs_a_digit() {
    for (pattern, text) in [
        ("velvetMoonBarrel", "x = velvetMoonBarrel"),
        ("configurationFile[(]\"([a-z]{4,20})", "configurationFile(\"velvetmoon"),
        ("(?:internalServices|internalService):([a-z]+)", "internalServices:velvetmoon"),
    ] {
        let rule = format!(
            "provider = \"X\"\n[[rule]]\nid = \"x-word\"\ntitle = \"T\"\nseverity = \"low\"\npattern = '{pattern}'\n\
             impact = \"I\"\nrevoke = \"R\"\nmatch = [\"{}\"]\nignore = [\"y\"]\n",
            text.replace('"', "\\\"")
        );
        let rules = RuleSet::extended(&[("x.toml", &rule)]).expect("a rule");
        let scan = Scanner::new(Arc::new(rules)).scan(&Chunk::new(text.as_bytes(), Arc::new(Origin::Memory)));
        assert!(scan.findings.iter().any(|finding| finding.rule().id == "x-word"), "{pattern}");
    }
}

#[test]
fn a_key_id_beside_its_secret_is_as_bad() {
    let id = ["AKIA", "T5WQ3MZX", "6KLP2D7Y"].concat();
    let secret = ["w3kPz9TqLm4Xb7Rf", "Yd2Hs8VnQc5Jg1Ka6EuB0oZi"].concat();
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    let severity = |text: &str| {
        let scan = scanner.scan(&Chunk::new(text.as_bytes(), Arc::new(Origin::Memory)));
        let finding = scan.findings.iter().find(|finding| finding.rule().id == "aws-access-key-id");
        finding.map(|finding| finding.severity)
    };
    assert_eq!(severity(&format!("id = {id}\n")), Some(Severity::Medium));
    let both = format!("AWS_ACCESS_KEY_ID={id}\nAWS_SECRET_ACCESS_KEY={secret}\n");
    assert_eq!(severity(&both), Some(Severity::High));
    let far = format!("AWS_ACCESS_KEY_ID={id}\n{}AWS_SECRET_ACCESS_KEY={secret}\n", "x = 1\n".repeat(100));
    assert_eq!(severity(&far), Some(Severity::Medium));
}

/// Values that look drawn: the digits of a hash of their number.
fn digits(n: u32, len: usize) -> String {
    let mut state = u64::from(n) + 1;
    let mut digit = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        char::from_digit((state >> 60) as u32, 16).expect("a digit")
    };
    (0..len).map(|_| digit()).collect()
}

#[test]
fn the_nearest_name_tells_whose_a_value_is() {
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    let [one, two] = [1, 2].map(|n| digits(n, 32));
    for (text, ids) in [
        (format!("TWILIO_AUTH_TOKEN={one}\nDD_API_KEY={two}\n"), ["twilio-auth-token", "datadog-api-key"]),
        (format!("DD_API_KEY={one}\nTWILIO_AUTH_TOKEN={two}\n"), ["datadog-api-key", "twilio-auth-token"]),
        (format!("x({{twilioToken: '{one}', ddogKey: '{two}'}})\n"), ["twilio-auth-token", "datadog-api-key"]),
        (format!("datadog:\n  key: {one}\ntwilio:\n  key: {two}\n"), ["datadog-api-key", "twilio-auth-token"]),
    ] {
        let scan = scanner.scan(&Chunk::new(text.as_bytes(), Arc::new(Origin::Memory)));
        let found: Vec<&str> = scan.findings.iter().map(|finding| &*finding.rule().id).collect();
        assert_eq!(found, ids, "{text}");
    }
}

#[test]
fn a_mark_inside_a_key_says_more_than_its_start() {
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    let half = |n| format!("{}K-{}_z", digits(n, 36), digits(n + 9, 35));
    let text = format!("OPENAI_API_KEY=sk-proj-{}{}{}\n", half(3), "T3Blbk".to_owned() + "FJ", half(4));
    let scan = scanner.scan(&Chunk::new(text.as_bytes(), Arc::new(Origin::Memory)));
    let found: Vec<&str> = scan.findings.iter().map(|finding| &*finding.rule().id).collect();
    assert_eq!(found, ["openai-api-key"]);
}

#[test]
fn the_built_in_rules_are_the_pack() {
    let pack: Vec<Rule> = pack().into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(RuleSet::builtin().rules(), pack, "the build script and the reader agree");
}

#[test]
fn every_rule_tells_people_what_to_do() {
    for (rule, _) in pack() {
        for (what, text) in [("title", &rule.title), ("impact", &rule.impact), ("revoke", &rule.revoke)] {
            assert!(!text.trim().is_empty(), "{} has a {what}", rule.id);
        }
        assert!(rule.title.len() <= 80, "{} has a short title", rule.id);
        assert!(rule.link.is_empty() || rule.link.starts_with("https://"), "{} links to a page", rule.id);
    }
}

#[test]
fn a_bad_rule_file_is_an_error_with_its_place() {
    let text = "provider = \"X\"\n[[rule]]\nid = \"x-key\"\ntitle = \"X\"\nseverity = \"high\"\npattern = 'x_(a'\n\
                impact = \"i\"\nrevoke = \"r\"\nmatch = []\nignore = []\n";
    let errors = RuleSet::from_files(&[("x.toml", text)]).expect_err("the group is not closed");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].to_string(), "rule `x-key` has an invalid pattern: unclosed group\n  at x.toml:6:14");
    let unknown = text.replace("'x_(a'", "'x_abc'\nkeywords = []");
    let errors = RuleSet::from_files(&[("x.toml", &unknown)]).expect_err("the key is unknown");
    assert_eq!((errors[0].line, errors[0].column, errors[0].rule.as_deref()), (7, 1, Some("x-key")));
}
