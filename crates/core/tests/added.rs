//! Of a chunk that is partly new only what is new is found, as it would be
//! found in the whole.

use std::sync::{Arc, LazyLock};

use leaktight_core::{Chunk, RuleSet, Scan, Scanner, Span, sample};
use proptest::prelude::*;

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new(Arc::new(RuleSet::builtin())));

fn token(id: &str, seed: u64) -> Vec<u8> {
    let rules = SCANNER.rules();
    sample(rules.find(id).expect("a rule of the pack").1, seed).0
}

fn scan(text: &[u8], added: &[Span]) -> Scan {
    SCANNER.scan(&Chunk { added: Some(added), ..Chunk::memory(text) })
}

fn places(scan: &Scan) -> Vec<(String, u64, usize)> {
    let place =
        |finding: &leaktight_core::Finding| (finding.rule().id.to_string(), finding.offset, finding.secret.len());
    scan.findings.iter().map(place).collect()
}

#[test]
fn what_stands_round_new_text_counts_as_context_only() {
    let (old, new) = (token("github-pat-classic", 1), token("github-pat-classic", 2));
    let text = [&old[..], b"\n", &new, b"\n"].concat();
    let found = scan(&text, &[Span::new(old.len() + 1, text.len())]);
    assert_eq!(places(&found), [("github-pat-classic".to_owned(), old.len() as u64 + 1, new.len())]);
    assert!(scan(&text, &[]).findings.is_empty(), "nothing is new");
}

#[test]
fn a_secret_counts_when_part_of_it_is_new() {
    let text = [token("github-pat-classic", 1).as_slice(), b"\n"].concat();
    assert_eq!(scan(&text, &[Span::new(7, 8)]).findings.len(), 1);
    assert_eq!(scan(&text, &[Span::new(text.len() - 1, text.len())]).findings.len(), 0);
}

#[test]
fn what_is_not_new_stays_masked() {
    let (old, new) = (token("github-pat-classic", 1), token("github-pat-classic", 2));
    let text = [&old[..], b" ", &new].concat();
    let found = scan(&text, &[Span::new(old.len() + 1, text.len())]);
    assert_eq!(found.findings[0].excerpt.secrets.len(), 2);
}

proptest! {
    #[test]
    fn finds_what_the_whole_has_there(
        seeds in proptest::collection::vec((any::<bool>(), any::<u64>()), 1..8),
    ) {
        let (mut text, mut added) = (Vec::new(), Vec::new());
        for (is_new, seed) in seeds {
            let start = text.len();
            text.extend_from_slice(&token("github-pat-classic", seed));
            text.push(b'\n');
            if is_new {
                added.push(Span::new(start, text.len()));
            }
        }
        let whole = places(&SCANNER.scan(&Chunk::memory(&text)));
        let chunk = Chunk { added: Some(&added), ..Chunk::memory(&text) };
        let expected: Vec<_> = whole.into_iter()
            .filter(|(_, start, len)| chunk.is_added(Span::new(*start as usize, *start as usize + len)))
            .collect();
        prop_assert_eq!(places(&SCANNER.scan(&chunk)), expected);
    }
}
