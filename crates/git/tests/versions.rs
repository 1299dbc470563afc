//! What is looked at only where it is new finds what looking at every content whole finds.

mod common;

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;

use common::{Sandbox, Told, token};
use leaktight_core::{Chunk, Finding, Origin, RuleSet, Scanner, sample};
use libdeflater::{CompressionLvl, Compressor};

/// Numbers without a pattern, the same in every run, and what some rules find.
struct Draw<'a>(u64, &'a [Vec<u8>]);

impl Draw<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    /// A few lines that come again and again, or what some rule finds, whole or torn apart.
    fn lines(&mut self) -> Vec<Vec<u8>> {
        if self.below(16) > 0 {
            let (first, len) = (self.below(600), 1 + self.below(30));
            let line =
                |at: usize| format!("{:1$}value {at} of some {2} text", "", at % 9, at * 7919 % 601).into_bytes();
            return (first..first + len).map(line).collect();
        }
        let samples = self.1;
        let mut lines: Vec<Vec<u8>> =
            samples[self.below(samples.len())].split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if self.below(3) == 0 {
            let at = self.below(lines.len() + 1);
            let between = self.below(60);
            lines.splice(at..at, (0..between).map(|n| format!("and {n} lines between").into_bytes()));
        }
        if self.below(3) == 0 {
            let at = self.below(lines.len());
            lines.truncate(at);
        }
        lines
    }

    fn change(&mut self, lines: &mut Vec<Vec<u8>>) {
        for _ in 0..=self.below(4) {
            let (at, len) = (self.below(lines.len() + 1), self.below(25));
            let end = (at + len).min(lines.len());
            match self.below(5) {
                0 if lines.len() > 500 => drop(lines.drain(at..end)),
                1 => {
                    let moved: Vec<Vec<u8>> = lines.drain(at..end).collect();
                    let to = self.below(lines.len() + 1);
                    lines.splice(to..to, moved);
                }
                2 => {
                    let copied = lines[at..end].to_vec();
                    let to = self.below(lines.len() + 1);
                    lines.splice(to..to, copied);
                }
                _ => {
                    let new = self.lines();
                    lines.splice(at..at, new);
                }
            }
        }
    }
}

/// Commits versions of a few files, without a work tree.
fn import(sandbox: &Sandbox, mut draw: Draw<'_>) {
    let names = ["a.c", "conf.yaml", "notes.md", "b.c"];
    let mut files: Vec<Vec<Vec<u8>>> = vec![Vec::new(); names.len()];
    for lines in &mut files {
        (0..40).for_each(|_| lines.extend(draw.lines()));
    }
    let mut child = sandbox.command("r", &["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git runs");
    let mut stream = child.stdin.take().expect("a pipe");
    for n in 0..90_u32 {
        let which = draw.below(names.len());
        draw.change(&mut files[which]);
        let text = files[which].join(&b'\n');
        write!(stream, "commit refs/heads/main\ncommitter A <a@example.org> {} +0000\ndata 1\nx\n", 1_700_000_000 + n)
            .and_then(|()| write!(stream, "M 100644 inline {}\ndata {}\n", names[which], text.len()))
            .and_then(|()| stream.write_all(&text))
            .and_then(|()| writeln!(stream))
            .expect("git reads");
    }
    drop(stream);
    assert!(child.wait().expect("git ends").success());
}

/// Where each finding came in, and how many there are of it.
fn places(told: &Told) -> Vec<String> {
    assert!(told.skipped.is_empty(), "{:?}", told.skipped);
    let place = |finding: &Finding| match finding.origin.root() {
        Origin::Blob(blob) => {
            let commit = blob.commit.as_ref().map(|commit| commit.id.clone());
            let (rule, line) = (&finding.rule().id, finding.start.line);
            format!("{rule} {commit:?} {:?}:{line} {} {:?} {}", blob.path, blob.in_head, blob.removed, blob.others)
        }
        other => panic!("{other:?}"),
    };
    let mut places: Vec<String> = told.findings.iter().map(place).collect();
    places.sort();
    places
}

#[test]
fn new_parts_tell_what_whole_contents_tell() {
    let scanner = Scanner::new(Arc::new(RuleSet::builtin()));
    let is_found = |text: &Vec<u8>| !scanner.scan(&Chunk::memory(text)).findings.is_empty();
    let samples = scanner.rules().rules().iter().map(|rule| sample(rule, 1).0);
    let samples: Vec<Vec<u8>> = samples.filter(is_found).collect();
    let mut found = 0;
    for seed in 1..=6 {
        let sandbox = Sandbox::with_repo(&[]);
        import(&sandbox, Draw(seed, &samples));
        sandbox.git("r", &["repack", "-qadf", "--depth=50", "--window=20"]);
        let whole = places(&sandbox.scan_with("r", |options| options.exhaustive = true).expect("a repository"));
        let new = places(&sandbox.scan("r"));
        found += whole.len();
        let differing: Vec<&String> = whole
            .iter()
            .filter(|place| !new.contains(place))
            .chain(new.iter().filter(|place| !whole.contains(place)))
            .collect();
        assert!(differing.is_empty(), "seed {seed}: {differing:#?}");
    }
    assert!(found > 50, "{found}");
}

/// A paragraph with a secret in its middle, longer than what can matter round it.
fn paragraph(secret: &str, n: usize) -> String {
    let line = |at: usize| format!("{at} is said of {} in part {n}\n", at * 7919 % 6007);
    let half = |from: usize| (from..from + 500).map(line).collect::<String>();
    format!("{}KEY={secret}\n{}", half(0), half(500))
}

#[test]
fn what_comes_in_again_elsewhere_is_found_again() {
    let sandbox = Sandbox::with_repo(&[]);
    let plain = |n: usize, lines: usize| {
        (0..lines).map(|at| format!("line {at} of text {n} and {}\n", at * n * 7919 % 6007)).collect::<String>()
    };
    // Each file is clean in the end, and longest then, so that git stores what came before as the
    // difference from that: the paragraph is what is new in it.
    for n in 1..=4 {
        sandbox.commit(&format!("{n}.txt"), format!("{}{}", plain(n, 1800), paragraph(&token(1), 1)));
    }
    for n in 1..=4 {
        sandbox.commit(&format!("{n}.txt"), plain(n, 5000));
    }
    sandbox.git("r", &["repack", "-qadf", "--depth=50", "--window=20"]);
    let whole = places(&sandbox.scan_with("r", |options| options.exhaustive = true).expect("a repository"));
    assert_eq!(places(&sandbox.scan("r")), whole);
    assert!(whole.len() == 1 && whole[0].ends_with(" 3"), "in four files at once: {whole:?}");
}

/// What comes into a text in which something is found may make a finding with what stands far away.
#[test]
fn what_stands_far_from_a_change_counts_beside_a_secret() {
    let rules = RuleSet::builtin();
    let (_, rule) = rules.find("private-key-rsa").expect("a rule");
    let key = |seed: u64| String::from_utf8(sample(rule, seed).0).expect("text");
    let whole = key(1);
    let (begin, end) = (whole.lines().next().expect("a line"), whole.lines().last().expect("a line"));
    let inner = |key: &str| key.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().join("\n");
    let body = (1..40).map(|seed| inner(&key(seed))).collect::<Vec<_>>().join("\n");
    assert!(body.len() > 6 * rules.reach().near);
    let sandbox = Sandbox::with_repo(&[]);
    let plain = |lines: usize| {
        let said = (0..lines).map(|at| format!("line {at} of a text and {}\n", at * 7919 % 6007)).collect::<String>();
        format!("KEY={}\n{said}", token(2))
    };
    // The second is longer, and so what the first is told from.
    sandbox.commit("a.txt", format!("{}{begin}\n{body}\n{end}\n", plain(900)));
    sandbox.commit("a.txt", format!("{}{body}\n{end}\n", plain(2900)));
    sandbox.git("r", &["repack", "-qadf", "--depth=50", "--window=20"]);
    let whole = places(&sandbox.scan_with("r", |options| options.exhaustive = true).expect("a repository"));
    assert_eq!(places(&sandbox.scan("r")), whole);
    assert!(whole.iter().any(|place| place.starts_with("private-key")) && whole.len() == 2, "{whole:?}");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = three.iter().chain([&0; 2]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]))
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// A stream in base64 is read from its start, however far before a change that is.
#[test]
fn what_is_compressed_counts_from_its_start() {
    // Of several blocks, of which only the last tells one stream from the other.
    let mut draw = Draw(5, &[]);
    let said: Vec<u8> = (0..800_000).map(|_| b'a' + draw.below(26) as u8).collect();
    let stream = |tail: &str| {
        let text = [&said[..], b"\n", tail.as_bytes(), b"\n"].concat();
        let mut zlib = Compressor::new(CompressionLvl::default());
        let mut packed = vec![0; zlib.zlib_compress_bound(text.len())];
        let len = zlib.zlib_compress(&text, &mut packed).expect("room for it");
        let lines = base64(&packed[..len]);
        lines.as_bytes().chunks(76).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect::<String>()
    };
    let sandbox = Sandbox::with_repo(&[]);
    sandbox.commit("a.txt", stream(&token(3)));
    // The second is longer, and so what the first is told from.
    sandbox.commit("a.txt", stream(&(0..500).map(|n| format!("{} and ", n * 7919 % 6007)).collect::<String>()));
    sandbox.git("r", &["repack", "-qadf", "--depth=50", "--window=20"]);
    let whole = places(&sandbox.scan_with("r", |options| options.exhaustive = true).expect("a repository"));
    assert_eq!(places(&sandbox.scan("r")), whole);
    assert_eq!(whole.len(), 1, "{whole:?}");
}
