//! The fast path finds what the slow one finds: gate against every rule over
//! every byte, vectors against portable code, whole against split.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use leaktight_core::rule::Driver;
use leaktight_core::{Chunk, Limits, Origin, RuleSet, Scan, Scanner, Step, sample};
use proptest::prelude::*;

static RULES: LazyLock<Arc<RuleSet>> = LazyLock::new(|| Arc::new(RuleSet::builtin()));

static FAST: LazyLock<Scanner> = LazyLock::new(|| scanner(|_| ()));
static PORTABLE: LazyLock<Scanner> = LazyLock::new(|| scanner(|limits| limits.portable = true));
static SLOW: LazyLock<Scanner> = LazyLock::new(|| scanner(|limits| limits.exhaustive = true));
static EXPLAINED: LazyLock<Scanner> = LazyLock::new(|| scanner(|limits| limits.explain = true));

fn scanner(change: impl FnOnce(&mut Limits)) -> Scanner {
    let mut limits = Limits::default();
    change(&mut limits);
    Scanner::with_limits(Arc::clone(&RULES), limits)
}

/// What must agree: rule, offset, length, confidence and encoding of each finding.
fn places(scan: &Scan) -> Vec<(String, u64, usize, String, Vec<Step>)> {
    let place = |finding: &leaktight_core::Finding| {
        let (rule, confidence) = (finding.rule().id.to_string(), finding.confidence.to_string());
        (rule, finding.offset, finding.length, confidence, finding.origin.steps())
    };
    scan.findings.iter().map(place).collect()
}

/// Rules of which each brings a word that is looked for in all the text: more than vectors search for.
fn many_rules() -> String {
    let rule = |n: usize| {
        let word: String = (0..8).map(|at| char::from(b'a' + (n * 37 + at * (n + 11)) as u8 % 26)).collect();
        format!(
            "[[rule]]\nid = \"x-{n}\"\ntitle = \"T\"\nseverity = \"low\"\npattern = '{word}: ([a-z]{{4,12}})'\n\
             impact = \"I\"\nrevoke = \"R\"\nmatch = [\"{word}: velvet\"]\nignore = [\"y\"]\n"
        )
    };
    "provider = \"X\"\n".to_owned() + &(0..400).map(rule).collect::<String>()
}

#[test]
fn many_rules_of_ones_own_hide_nothing() {
    let rules = Arc::new(RuleSet::extended(&[("x.toml", &many_rules())]).expect("rules"));
    let scanner = |exhaustive| {
        let mut limits = Limits::default();
        limits.exhaustive = exhaustive;
        Scanner::with_limits(Arc::clone(&rules), limits)
    };
    let (fast, slow) = (scanner(false), scanner(true));
    let value = ["EDLJIyfl", "JEL8qIe8"].concat();
    for form in ["password: str = \"@\"", "var password string = \"@\"", "<key>Password</key>\n<string>@</string>"] {
        let text = form.replace('@', &value);
        let chunk = Chunk::new(text.as_bytes(), Arc::new(Origin::File(PathBuf::from("m.py"))));
        let found = places(&fast.scan(&chunk));
        assert_eq!(found, places(&slow.scan(&chunk)), "{text}");
        assert!(found.iter().any(|place| place.0 == "generic-assigned-secret"), "{text}");
    }
}

#[test]
fn reasons_make_no_finding_of_a_name_that_says_no_secret() {
    let value = ["rxzkt2RmiMrCNy", "YHjlvLLQtt"].concat();
    for name in ["storyblok_public_token", "STORYBLOK_PUBLIC_KEY", "storyblok_token_url"] {
        assert_agreement(format!("{name} = \"{value}\"\n").as_bytes(), Path::new("settings.py"));
    }
}

fn assert_agreement(text: &[u8], name: &Path) {
    let chunk = Chunk::new(text, Arc::new(Origin::File(name.to_owned())));
    let fast = FAST.scan(&chunk);
    let portable = PORTABLE.scan(&chunk);
    let slow = SLOW.scan(&chunk);
    let explained = EXPLAINED.scan(&chunk);
    assert_eq!(places(&fast), places(&explained), "reasons change nothing on {}", name.display());
    assert_eq!(places(&fast), places(&slow), "the gate agrees with the exhaustive scan on {}", name.display());
    assert_eq!(places(&fast), places(&portable), "vectors agree with portable code on {}", name.display());
    for finding in &fast.findings {
        let start = finding.offset as usize;
        let source = &text[start..start + finding.length];
        let is_plain = finding.origin.steps().is_empty();
        assert!(!is_plain || source == finding.secret.expose(), "spans are in bounds");
    }
}

/// A piece of text: a token of some rule, a word some rule knows, or anything.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let n_rules = RULES.len();
    prop_oneof![
        4 => (0..n_rules, any::<u64>()).prop_map(|(idx, seed)| sample(RULES.rule(idx), seed).0),
        2 => (0..n_rules, any::<u64>(), 0_usize..200).prop_map(|(idx, seed, cut)| {
            let mut token = sample(RULES.rule(idx), seed).0;
            token.truncate(cut);
            token
        }),
        2 => (0..n_rules, any::<usize>()).prop_map(|(idx, pick)| {
            let rule = RULES.rule(idx);
            let words: Vec<&[u8]> = rule.context.iter().map(|word| word.as_bytes())
                .chain(rule.gate.anchors.iter().map(|anchor| &*anchor.text)).collect();
            words.get(pick % words.len().max(1)).map(|word| word.to_vec()).unwrap_or_default()
        }),
        3 => "[ \"'=:,;./_\\-\n(){}<>@%\\\\]{1,4}".prop_map(String::into_bytes),
        2 => "[A-Za-z0-9_-]{1,40}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..24),
    ]
}

/// A text, encoded up to three times, some of it cut off.
fn encoded() -> impl Strategy<Value = Vec<u8>> {
    let steps = proptest::collection::vec(0_usize..9, 1..4);
    (proptest::collection::vec(piece(), 1..4), steps, 1_usize..90, 0_usize..12).prop_map(
        |(pieces, steps, width, cut)| {
            let text = steps.iter().fold(pieces.concat(), |text, step| encode(&text, *step, width));
            text[cut.min(text.len())..].to_vec()
        },
    )
}

fn encode(text: &[u8], step: usize, width: usize) -> Vec<u8> {
    let each = |escape: fn(u8) -> String| text.iter().map(|byte| escape(*byte)).collect::<String>();
    match step {
        0 => BASE64.encode(text),
        1 => BASE64URL_NOPAD.encode(text),
        2 => BASE64
            .encode(text)
            .as_bytes()
            .chunks(width.max(4))
            .map(String::from_utf8_lossy)
            .collect::<Vec<_>>()
            .join("\n"),
        3 => HEXLOWER.encode(text),
        4 => each(|byte| format!("%{byte:02x}")),
        5 => each(|byte| format!("\\x{byte:02x}")),
        6 => each(|byte| format!("&#{byte};")),
        7 => text.chunks(width).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\" + \""),
        _ => return text.iter().flat_map(|byte| [*byte, 0]).collect(),
    }
    .into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn agrees_with_the_exhaustive_scan(pieces in proptest::collection::vec(piece(), 0..24)) {
        assert_agreement(&pieces.concat(), Path::new("generated.txt"));
    }

    #[test]
    fn split_text_gives_the_same_findings(
        pieces in proptest::collection::vec(prop_oneof![3 => piece(), 1 => encoded()], 0..24),
        size in 1_usize..4000,
    ) {
        let text = pieces.concat();
        let origin = Arc::new(Origin::Memory);
        let whole = places(&FAST.scan(&Chunk::new(&text, Arc::clone(&origin))));
        let overlap = RULES.overlap();
        let mut split = Vec::new();
        let mut start = 0;
        loop {
            let end = (start + overlap + size).min(text.len());
            let mut chunk = Chunk::new(&text[start..end], Arc::clone(&origin));
            chunk.offset = start as u64;
            split.extend(places(&FAST.scan(&chunk)));
            if end == text.len() {
                break;
            }
            start = end - overlap;
        }
        let missing: Vec<_> = whole.iter().filter(|place| !split.contains(place)).collect();
        prop_assert!(missing.is_empty(), "a split loses {missing:?}");
    }
}

/// A token with a context word as far before it as the rule reaches, or behind it.
fn apart(rule: &leaktight_core::Rule, token: &[u8], word: &str, side: usize) -> Vec<u8> {
    let gap = |reach: usize| " ".repeat(reach.saturating_sub(word.len()));
    let reach = rule.reach as usize;
    if rule.gate.driver == Driver::Assigned {
        let key = [b"key = \"".as_slice(), token, b"\"\n"].concat();
        return match side {
            0 => [word.as_bytes(), b" = \"", token, b"\"\n"].concat(),
            1 => [word.as_bytes(), gap(reach).as_bytes(), &key].concat(),
            _ => [&key[..key.len() - 1], gap(reach / 2).as_bytes(), word.as_bytes(), b"\n"].concat(),
        };
    }
    match side {
        0 => [word.as_bytes(), b" = \"", token, b"\"\n"].concat(),
        1 => [word.as_bytes(), gap(reach).as_bytes(), token, b"\n"].concat(),
        _ => [b" ", token, gap(reach / 2).as_bytes(), word.as_bytes(), b"\n"].concat(),
    }
}

#[test]
fn agrees_on_every_rule_alone_and_at_the_edge_of_its_reach() {
    let mut n_found = [0; 3];
    for rule in RULES.rules() {
        let name = rule.files.first().map_or("a.txt".to_owned(), |name| name.replace('*', "x"));
        for word in rule.context.iter().map(AsRef::as_ref).chain(["x"]).take(2) {
            for (side, found) in n_found.iter_mut().enumerate() {
                let text = apart(rule, &sample(rule, side as u64 + 1).0, word, side);
                assert_agreement(&text, Path::new(&name));
                let chunk = Chunk::new(&text, Arc::new(Origin::File(name.clone().into())));
                *found += usize::from(!FAST.scan(&chunk).findings.is_empty());
            }
        }
    }
    // Two scans that find nothing agree, too, and prove nothing.
    assert!(n_found.iter().all(|found| *found > RULES.len() / 2), "the samples are found: {n_found:?}");
}

#[test]
fn meets_the_marks_of_every_rule_that_reaches_far() {
    let reach = RULES.reach();
    let watching = [FAST.clone().watch(&reach), PORTABLE.clone().watch(&reach)];
    let bits = |text: &[u8]| {
        let held = |mark: &leaktight_core::Mark| memchr::memmem::find(text, &mark.text).is_some();
        reach.marks.iter().enumerate().fold(0_u64, |all, (idx, mark)| all | u64::from(held(mark)) << idx)
    };
    let mut n_far = 0;
    for rule in RULES.rules() {
        let known: Vec<u64> = rule.gate.anchors.iter().map(|anchor| bits(&anchor.text)).collect();
        if known.is_empty() || known.contains(&0) {
            continue;
        }
        let known = known.iter().fold(0, |all, one| all | one);
        n_far += 1;
        for seed in 1..20 {
            let text = [b"\n", &*sample(rule, seed).0, b"\n"].concat();
            for scanner in &watching {
                let met = scanner.scan(&Chunk::new(&text, Arc::new(Origin::Stdin))).marks;
                assert!(met & known != 0 && met & !bits(&text) == 0, "{}: {}", rule.id, text.escape_ascii());
            }
        }
    }
    assert!(n_far > 10, "{n_far} rules reach far");
}

/// A prefix of a word without a digit, and text among more literals than vectors search for.
#[test]
fn meets_the_marks_of_rules_of_ones_own() {
    let rule = |id: &str, pattern: &str, example: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\ntitle = \"T\"\nseverity = \"low\"\npattern = '{pattern}'\ncontext = [\"velvet\"]\n\
             reach = 3000\nimpact = \"I\"\nrevoke = \"R\"\nmatch = [\"velvet {example}\"]\nignore = [\"y\"]\n"
        )
    };
    let cold = rule("far-cold", "hyquvo_[a-z]{40}", &format!("hyquvo_{}", "kelmo".repeat(8)));
    let text = rule("far-text", "wozqen: [a-z]{4,12}", "wozqen: kelmo");
    for crowd in [String::new(), many_rules().replacen("provider = \"X\"\n", "", 1)] {
        let source = ["provider = \"X\"\n", &cold, &text, &crowd].concat();
        let rules = Arc::new(RuleSet::extended(&[("x.toml", &source)]).expect("rules"));
        let reach = rules.reach();
        let scanner = Scanner::new(rules).watch(&reach);
        for text in [format!("a hyquvo_{} b", "kelmo".repeat(8)), "a wozqen: kelmo b".to_owned()] {
            let marks = scanner.scan(&Chunk::new(text.as_bytes(), Arc::new(Origin::Stdin))).marks;
            let met = reach.marks.iter().enumerate().filter(|(idx, _)| marks >> idx & 1 != 0);
            let met: Vec<_> = met.map(|(_, mark)| memchr::memmem::find(text.as_bytes(), &mark.text)).collect();
            assert_eq!(met, [Some(2)], "{text}");
        }
    }
}

#[test]
fn agrees_on_this_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["crates", "rules", "benches", "testdata"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100, "the repository is there");
    for file in files {
        let text = std::fs::read(&file).expect("files of the repository can be read");
        assert_agreement(&text, &file);
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

proptest! {
    // Each step of decoding is scanned exhaustively as well, which takes a second a case.
    #![proptest_config(ProptestConfig::with_cases(56))]

    #[test]
    fn agrees_with_the_exhaustive_scan_on_what_is_encoded(
        pieces in proptest::collection::vec(prop_oneof![piece(), encoded()], 0..8),
    ) {
        assert_agreement(&pieces.concat(), Path::new("generated.txt"));
    }
}
