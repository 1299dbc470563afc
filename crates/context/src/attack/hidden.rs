//! Text that a reader of instructions does not see.

use leaktight_core::Span;

/// Places reported of one file, at most.
const MOST: usize = 100;
/// Characters without width in a row that are no accident.
const ROW: usize = 3;

/// Returns where hidden text starts, one place for each piece, by its first character.
///
/// Hidden are tag characters outside of an emoji, characters that change the
/// direction of text, and several characters without width in a row, such as
/// variation selectors. A single joiner or space without width belongs to many
/// scripts, and is left alone.
pub(super) fn pieces(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut row: Option<(usize, usize, bool)> = None;
    // The last visible character, and whether a black flag may still take tags.
    let mut flag = false;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let class = class(c, flag);
        match (&mut row, class) {
            (_, Class::Visible) => {
                if let Some((start, len, alarming)) = row.take()
                    && (alarming || len >= ROW)
                {
                    let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
                    found.push(Span::new(start, end));
                }
            }
            (Some((_, len, alarming)), class) => {
                *len += 1;
                *alarming |= class == Class::Alarming;
            }
            (None, class) => row = Some((at, 1, class == Class::Alarming)),
        }
        flag = c == '\u{1f3f4}' || flag && is_tag(c) && c != '\u{e007f}';
        if found.len() == MOST {
            break;
        }
    }
    found
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Class {
    Visible,
    /// Without width, and common alone.
    Thin,
    /// Of no use to a reader.
    Alarming,
}

fn class(c: char, flag: bool) -> Class {
    match c {
        _ if is_tag(c) => {
            if flag {
                Class::Visible
            } else {
                Class::Alarming
            }
        }
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Alarming,
        '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{e0100}'..='\u{e01ef}'
        | '\u{180b}'..='\u{180f}'
        | '\u{3164}'
        | '\u{ffa0}' => Class::Thin,
        _ => Class::Visible,
    }
}

fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_start_of_each_piece() {
        assert_eq!(pieces("ab\u{e0041}\u{e0042}c\u{202e}d"), [Span::new(2, 6), Span::new(11, 14)]);
        assert_eq!(pieces("a\u{200b}\u{200c}\u{200d}"), [Span::new(1, 4)]);
    }

    #[test]
    fn leaves_scripts_and_emoji_alone() {
        let texts = [
            "\u{feff}# Title",
            "\u{1f469}\u{200d}\u{1f4bb} \u{2764}\u{fe0f}\u{200d}\u{1f525}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
        ];
        for text in texts {
            assert!(pieces(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_flag_takes_only_its_own_tags() {
        assert_eq!(pieces("\u{1f3f4}\u{e0067}\u{e007f}\u{e0041}").len(), 1);
    }
}
