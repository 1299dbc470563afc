//! Text that fits the width of a terminal.

use super::super::line::Line;

/// Columns a secret keeps however narrow the terminal.
const LEAST: usize = 8;

/// Returns a line clipped to `room` columns, the secret kept in sight.
pub(super) fn fit(line: Line, room: usize) -> Line {
    let (before, after) = (width(&line.before), width(&line.after));
    if before + width(&line.secret) + after <= room {
        return line;
    }
    let secret = clip_end(&line.secret, room.saturating_sub(2 * LEAST).max(LEAST));
    let rest = room.saturating_sub(width(&secret));
    let left = before.min((rest / 2).max(rest.saturating_sub(after)));
    Line { before: clip_start(&line.before, left), secret, after: clip_end(&line.after, rest - left) }
}

/// Breaks text at spaces so that each line has at most `room` columns, unless a
/// word has more.
pub(in crate::report) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let len = width(word);
        if used > 0 && used + 1 + len > room {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            let space = if used > 0 { " " } else { "" };
            line.push_str(space);
            line.push_str(word);
            used += space.len() + len;
        }
    }
    lines
}

/// Returns the columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

fn clip_end(text: &str, room: usize) -> String {
    if width(text) <= room { text.to_owned() } else { take(text.chars(), room).into_iter().collect() }
}

fn clip_start(text: &str, room: usize) -> String {
    if width(text) <= room { text.to_owned() } else { take(text.chars().rev(), room).into_iter().rev().collect() }
}

/// The first characters that leave room for a `…`, and that.
fn take(chars: impl Iterator<Item = char>, room: usize) -> Vec<char> {
    let mut used = 1;
    let mut taken: Vec<char> = chars
        .take_while(|c| {
            used += width_of(*c);
            used <= room
        })
        .collect();
    if room > 0 {
        taken.push('…');
    }
    taken
}

/// The columns of a character: the blocks of East Asian and pictographic
/// characters take two, marks that combine take none.
fn width_of(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(before: usize, after: usize, room: usize) -> String {
        let [before, after] = [before, after].map(|n| "x".repeat(n));
        fit(Line { before, secret: "SECRET".to_owned(), after }, room).text()
    }

    #[test]
    fn keeps_the_secret_in_sight() {
        assert_eq!(fitted(3, 3, 12), "xxxSECRETxxx");
        assert_eq!(fitted(50, 50, 16), "…xxxxSECRETxxxx…");
        assert_eq!(fitted(50, 0, 16), "…xxxxxxxxxSECRET");
        assert_eq!(fitted(0, 50, 16), "SECRETxxxxxxxxx…");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("日本e\u{301}"), 5);
        assert_eq!(clip_end("日本日本", 6), "日本…");
    }

    #[test]
    fn wraps_at_spaces() {
        assert_eq!(wrap("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrap("https://long.example", 4), ["https://long.example"]);
    }
}
