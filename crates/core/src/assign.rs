//! Assignments: a name, what joins it to a value, and the value.
//!
//! One reader for all languages and formats. A word such as `passw` in a name
//! is followed *forward* to the value, through types, subscripts, calls,
//! elements and pairs; a run of token characters is followed *backward* to its
//! name, which needs no telling word then. Both read a bounded stretch of text.
//!
//! Contract: may return what is no assignment, for the checks to judge.

mod backward;
mod fields;
mod forward;
mod value;

use std::path::Path;

pub(crate) use self::backward::{backward, has_hint, may_tell};
pub(crate) use self::fields::fields;
pub(crate) use self::forward::{forward, is_symbol, is_variable, named_tag};
pub(crate) use self::value::is_crossed;
use crate::check::Words;
use crate::span::Span;

/// A name and its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Assignment {
    /// From the name, or from the word in it that led here, to the end of the value.
    pub(crate) whole: Span,
    /// The value, without its quotes.
    pub(crate) value: Span,
}

/// What kind of text a file holds, as far as its name tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TextKind {
    /// Source code, whose literals are quoted, so that an unquoted word is a name.
    Code,
    /// Settings, whose values need no quotes.
    Settings,
    /// Settings of which each stands on a line of its own, with its value behind `=`.
    Lines,
    /// YAML, where a value without quotes is the rest of its line.
    Yaml,
    /// Anything else.
    Other,
}

static CODE: Words = Words::new(
    "c cc cjs cpp cs cts cxx dart ex go groovy h hpp java js jsx kt kts lua m map mjs mts php pl py rb rs scala swift ts tsx vb vue",
);

static SETTINGS: Words = Words::new(
    "bash bashrc bash_history bash_profile boto cnf conf config cred credentials creds dockerfile envrc esmtprc \
    netrc npmrc passwd profile pypirc s3cfg sh tfvars zsh zshrc zsh_history",
);

static LINES: Words = Words::new("bat cfg cmd env flaskenv ini properties service");

static YAML: Words = Words::new("yaml yml");

impl TextKind {
    /// Returns what the name of a file tells: its extension, or the whole of a name without one.
    pub(crate) fn of(path: Option<&Path>) -> Self {
        let name = path.and_then(Path::file_name).map(std::ffi::OsStr::as_encoded_bytes).unwrap_or_default();
        let name = name.strip_prefix(b".").unwrap_or(name);
        let is_env = name.split(|byte| *byte == b'.').next().is_some_and(|first| first.eq_ignore_ascii_case(b"env"));
        let last = &name[memchr::memrchr(b'.', name).map_or(0, |dot| dot + 1)..];
        let mut lower = [0; 16];
        let Some(lower) = lower.get_mut(..last.len()) else { return if is_env { Self::Lines } else { Self::Other } };
        lower.copy_from_slice(last);
        lower.make_ascii_lowercase();
        match () {
            () if CODE.holds(lower) => Self::Code,
            () if is_env || LINES.holds(lower) => Self::Lines,
            () if YAML.holds(lower) => Self::Yaml,
            () if SETTINGS.holds(lower) => Self::Settings,
            () => Self::Other,
        }
    }

    /// Whether values need no quotes.
    pub(crate) fn is_settings(self) -> bool {
        matches!(self, Self::Settings | Self::Lines | Self::Yaml)
    }
}

/// Whether a byte may stand in a name.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether a byte may close what a name stands in.
fn is_closer(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b']' | b')')
}

/// Returns the place behind at most `most` bytes that satisfy `is`.
#[inline]
fn skip(bytes: &[u8], at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    let from = at.min(bytes.len());
    at + bytes[from..].iter().take(most).take_while(|byte| is(**byte)).count()
}

/// Returns the place before at most `most` bytes that satisfy `is`.
#[inline]
fn skip_back(bytes: &[u8], at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    let to = at.min(bytes.len());
    at - bytes[..to].iter().rev().take(most).take_while(|byte| is(**byte)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::NAME_WORDS;

    /// A value that stands where the tests look for one.
    const VALUE: &str = "kW4zq8RnvR7k";

    /// The values that names in a text lead to.
    fn values(text: &str, kind: TextKind) -> Vec<String> {
        let bytes = text.as_bytes();
        let mut found: Vec<Span> = Vec::new();
        for at in 0..bytes.len() {
            for word in NAME_WORDS {
                let end = at + word.len();
                if bytes.get(at..end).is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes())) {
                    found.extend(forward(bytes, Span::new(at, end), kind).map(|one| one.value));
                    fields(bytes, Span::new(at, end), kind, |one| found.push(one.value));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.iter().map(|span| text[span.range()].to_owned()).collect()
    }

    fn assert_read(form: &str, kind: TextKind) {
        let text = form.replace('@', VALUE);
        assert_eq!(values(&text, kind), [VALUE], "{text}");
    }

    #[test]
    fn values_are_read_in_any_language() {
        for form in [
            "db_password = \"@\"",
            "String dbPassword = \"@\";",
            "password: str = '@'",
            "let password: &'static str = \"@\";",
            "var token string = \"@\"",
            "config[\"password\"] = \"@\"",
            "$db['password'] => '@',",
            "user.setPassword(\"@\")",
            "define(\"DB_PASSWORD\", \"@\")",
            "secret ||= `@`",
            "API_TOKEN ?= \"@\"",
            "\"{\\\"password\\\": \\\"@\\\"}\"",
            "password = b'@'",
            "token = os.environ.get(\"@\")",
            "password =\n    \"@\"",
            "if (\"@\" == password) {",
            "variable \"db_password\" {\n  default = \"@\"",
            "const key = process.env.TOKEN || '@'",
            "const key = process.env[\"TOKEN\"] ?? \"@\"",
            "key = os.environ.get(\"TOKEN\") or \"@\"",
            "password <- \"@\"",
            "password = (\n    \"@\"\n)",
            "var secret = []byte(\"@\")",
            "String secretKey = new String(\"@\")",
            "let password = SecretString::from(\"@\")",
            "const secret = new TextEncoder().encode(\"@\")",
            "const password = process.env.PW ?? \"@\"",
            "'password' => getenv('X') ?: '@',",
            "config.secret_key = ENV.fetch('K') { '@' }",
            "set :password, '@'",
            "if (\"@\".equals(password)) {",
            "apiToken?: string = '@'",
            "{\"name\": \"DB_PASSWORD\", \"value\": \"@\"}",
        ] {
            assert_read(form, TextKind::Code);
        }
    }

    #[test]
    fn a_string_of_objective_c_is_one() {
        assert_eq!(values(&format!("#define CLIENT_SECRET @\"{VALUE}\""), TextKind::Code), [VALUE]);
    }

    #[test]
    fn values_are_read_in_any_format() {
        for form in [
            "password=@",
            "password: @ # of the database",
            "password: >-\n  @\n",
            "- name: DB_PASSWORD\n  value: @\n",
            "ENV DB_PASSWORD @",
            "<password>@</password>",
            concat!("<password encr", "ypted=\"no\">\n  @\n</password>"),
            "<AdministratorPassword><Value>@</Value></AdministratorPassword>",
            "<entry key=\"db.password\">@</entry>",
            "<data name=\"Password\" xml:space=\"preserve\">\n  <value>@</value>",
            "<name>db.password</name>\n  <value>@</value>",
            "<key>Password</key>\n\t<string>@</string>",
            "<param-name>password</param-name><param-value>@</param-value>",
            "<add key=\"Password\" value=\"@\" />",
            "https://host.test/x?a=1&access_token=@&b=2",
            "User=sa;Password=@;Timeout=5",
            "{password: @}",
        ] {
            assert_read(form, TextKind::Settings);
        }
        assert_read("the password is @", TextKind::Other);
    }

    #[test]
    fn values_are_read_from_fields() {
        for form in [
            "{\"adminPassword\": {\"value\": \"@\"}}",
            "\"adminPassword\": {\n  \"type\": \"securestring\",\n  \"defaultValue\": \"@\"",
            "DBPassword:\n  Type: String\n  Default: @\n",
            "variable \"db_password\" {\n  type = string\n  description = \"the one\"\n  default = \"@\"\n}",
            "{\"key\":\"password\",\"type\":\"string\",\"value\":\"@\"}",
            "{\"value\":\"@\",\"name\":\"DB_PASSWORD\"}",
            "{\"ParameterValue\":\"@\",\"ParameterKey\":\"DbPassword\"}",
            "<add value=\"@\" key=\"Password\"/>",
            "env:\n  - value: @\n    name: DB_PASSWORD\n",
            "passwords:\n  ann: @\n",
            "passwords:\n  # of people\n  ann: xyz\n  bob: @\nother:\n  carol: kW4zq8RnvR7x",
            "api_keys:\n- @\n",
            "{\"tokens\": {\"billing\": \"@\"}}",
            "[secrets]\nmail = @\n[other]\nname = kW4zq8RnvR7x",
            "define( 'AUTH_PASSWORD',                                '@' );",
        ] {
            let text = form.replace('@', VALUE);
            let found = values(&text, TextKind::Yaml);
            assert!(
                found.contains(&VALUE.to_owned()) && !found.iter().any(|value| value.contains("R7x")),
                "{text} {found:?}"
            );
        }
        for text in [
            "passwords:\n  min_length: 12\nother: kW4zq8RnvR7k",
            "password:\n  rules: kW4zq8RnvR7k",
            "tokens: { access: 12 }, x: { y: 'kW4zq8RnvR7k' }",
            "{\"name\": \"password\"}, {\"value\": \"kW4zq8RnvR7k\"}",
        ] {
            assert!(!values(text, TextKind::Yaml).contains(&VALUE.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_value_may_be_the_rest_of_its_line() {
        let signs = "<k\"W4'z{q8`R;n>v|R(7k\\";
        for (form, kind) in [
            ("DB_PASSWORD=@\nPORT=2", TextKind::Lines),
            ("export DB_PASSWORD=@ # of the database", TextKind::Lines),
            ("db.password: @", TextKind::Lines),
            ("PORT=2\nDB_PASSWORD=@", TextKind::Other),
            ("DB_PASSWORD=\"k`@\"", TextKind::Lines),
            ("  - password: k@", TextKind::Yaml),
        ] {
            let value = if form.contains('"') { signs.replace(['"', '\\'], "") } else { signs.to_owned() };
            let start =
                form.find("k`@").or(form.find("k@")).map_or("", |at| form[at..].split('@').next().unwrap_or(""));
            assert_eq!(values(&form.replace('@', &value), kind), [format!("{start}{value}")], "{form}");
        }
        assert_eq!(values("password: 'a''k<W4'", TextKind::Yaml), ["a''k<W4"]);
        assert_eq!(values("- DB_PASSWORD=!k<W4", TextKind::Lines), ["!k<W4"]);
        // Behind these another name stands on the same line, or no value.
        for form in ["url=x&#=kW4zq8&b=2", "#=kW4zq8;Timeout=5"] {
            assert_eq!(values(&form.replace('#', "password"), TextKind::Lines), ["kW4zq8"], "{form}");
        }
        // Nor is the rest of the line a part of it where it stands in a string.
        let text = "{\"x\":\"\n#=kW4zq8\",\"y\":[\"z\"]}".replace('#', "DB_PASSWORD");
        assert_eq!(values(&text, TextKind::Other), ["kW4zq8"]);
        for text in ["password: [kW4zq8]", "password: {a: b}", "password: |"] {
            assert!(values(text, TextKind::Yaml).iter().all(|value| !value.contains(['[', '{', '|'])), "{text}");
        }
    }

    #[test]
    fn what_assigns_nothing_is_not_read() {
        for text in [
            "passwordField.focus()",
            "import { Token } from 'x'",
            "token.next()",
            "x = \"pass=\" + y + \"'\"",
            "password = abc",
            "password;",
        ] {
            assert!(values(text, TextKind::Code).iter().all(|value| !value.contains("kW4")), "{text}");
        }
        assert!(values("password = \"abc\"", TextKind::Code).is_empty(), "four characters are no secret");
        let sentence = "The credentials used to create the <see cref=\"T:Acme.Storage.Account\"/> object.";
        assert!(values(sentence, TextKind::Other).is_empty(), "a sentence with a tag in it");
    }

    #[test]
    fn a_run_leads_back_to_its_name() {
        let run = "vR7kq2LmZ9xTz8wqLk3n";
        for (form, name) in [
            ("acme_key = \"@\"", "acme_key"),
            ("var acmeKey = []byte(\"@\")", "acmeKey"),
            ("acmeKey := []byte(`@`)", "acmeKey"),
            ("let acme_key = String::from(\"@\")", "acme_key"),
            ("'X-Acme-Key': '@'", "X-Acme-Key"),
            ("deepgram=@", "deepgram"),
            ("<acme id=\"1\">@</acme>", "acme"),
            ("put(\"acme\", \"@\")", "acme"),
            ("ACME_PAT=user:@", "ACME_PAT"),
        ] {
            let text = form.replace('@', run);
            let at = text.find(run).expect("it is there");
            let found = backward(text.as_bytes(), Span::new(at, at + run.len())).expect("an assignment");
            assert!(text[found.whole.range()].starts_with(name), "{text}");
            assert!(text[found.value.range()].ends_with(run), "{text}");
        }
        assert_eq!(backward(run.as_bytes(), Span::new(0, run.len())), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_fail(
            parts in proptest::collection::vec(
                proptest::sample::select(vec!["password", "=", ":", "\"", "'", "\\", "\n", " ", "<", ">", "value", "(", ",",
                    "[", "]", "ENV ", "is ", "==", "|", "é", "vR7kq2LmZ9xTz8wqLk3n"]), 0..24),
        ) {
            let text = parts.concat();
            for kind in [TextKind::Code, TextKind::Settings, TextKind::Other] {
                for at in 0..text.len() {
                    let end = (at + 8).min(text.len());
                    let (bytes, word) = (text.as_bytes(), Span::new(at, end));
                    let mut all = Vec::from_iter([forward(bytes, word, kind), backward(bytes, word)].into_iter().flatten());
                    fields(bytes, word, kind, |one| all.push(one));
                    for found in all {
                        prop_assert!(found.value.start <= found.value.end && found.value.end <= text.len());
                        prop_assert!(found.whole.start <= found.whole.end && found.whole.end <= text.len());
                    }
                }
            }
        }
    }
}
