//! What open_clip does to a text before it cuts it into tokens: mend what programs broke, undo HTML,
//! one space between words, lower case.
//!
//! open_clip `tokenizer.py` (`_clean_lower`) with ftfy 6 (`ftfy.fix_text`) and Python's
//! `html.unescape`. Of ftfy's mending everything is here but the guessing of wrong encodings
//! ("Ã©" for "é"), which prompts that came as JSON do not need.

use std::borrow::Cow;

use htmlize::unescape;
use tokenizers::NormalizedString;

/// Mending is repeated until nothing changes; each step undoes one layer. Texts need two rounds; this
/// is for those made to need more.
const ROUNDS: usize = 16;

/// The text as it is cut into tokens.
pub(super) fn clean(text: &str) -> String {
    let mended = fix_text(text);
    let plain = unescape(unescape(mended)).into_owned();
    let words: Vec<&str> = plain
        .split(is_python_space)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ").to_lowercase()
}

/// What `str.split()` splits at: Unicode's white space and four separators.
fn is_python_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{1c}'..='\u{1f}')
}

/// `ftfy.fix_text`, line by line; from the first `<` on, text is taken for HTML, whose entities stay.
fn fix_text(text: &str) -> String {
    let mut is_html = false;
    text.split_inclusive('\n')
        .map(|line| {
            is_html |= line.contains('<');
            fix_line(line, is_html)
        })
        .collect()
}

fn fix_line(line: &str, is_html: bool) -> String {
    let mut text = line.to_owned();
    for _ in 0..ROUNDS {
        let fixed = fix_once(&text, is_html);
        if fixed == text {
            break;
        }
        text = fixed;
    }
    text
}

fn fix_once(text: &str, is_html: bool) -> String {
    let text: Cow<'_, str> = if is_html {
        text.into()
    } else {
        unescape_whole(text)
    };
    let mut fixed = String::with_capacity(text.len());
    for letter in text.chars() {
        fix_letter(letter, &mut fixed);
    }
    let plain: String = without_escapes(&fixed)
        .chars()
        .filter(|&letter| !is_control(letter))
        .collect();
    let mut composed = NormalizedString::from(plain);
    composed.nfc();
    composed.get().to_owned()
}

/// Undoes the entities that end in a semicolon: `this&not that` stays.
fn unescape_whole(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let name = rest[1..].find(|letter: char| letter != '#' && !letter.is_ascii_alphanumeric());
        let end = match name {
            Some(length) if length > 0 && rest[1 + length..].starts_with(';') => length + 2,
            _ => 1,
        };
        let undone = unescape(&rest[..end]);
        plain.push_str(if undone.contains(';') {
            &rest[..end]
        } else {
            &undone
        });
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain.into()
}

/// One letter by ftfy's tables: control codes of Windows, ligatures, full width, quotation marks and
/// line breaks.
fn fix_letter(letter: char, fixed: &mut String) {
    let text = match letter {
        '\u{80}'..='\u{9f}' => return fixed.push(windows_1252(letter)),
        '\u{132}' => "IJ",
        '\u{133}' => "ij",
        '\u{149}' => "'n",
        '\u{1f1}' => "DZ",
        '\u{1f2}' => "Dz",
        '\u{1f3}' => "dz",
        '\u{1c4}' => "D\u{17d}",
        '\u{1c5}' => "D\u{17e}",
        '\u{1c6}' => "d\u{17e}",
        '\u{1c7}' => "LJ",
        '\u{1c8}' => "Lj",
        '\u{1c9}' => "lj",
        '\u{1ca}' => "NJ",
        '\u{1cb}' => "Nj",
        '\u{1cc}' => "nj",
        '\u{fb00}' => "ff",
        '\u{fb01}' => "fi",
        '\u{fb02}' => "fl",
        '\u{fb03}' => "ffi",
        '\u{fb04}' => "ffl",
        '\u{fb05}' => "\u{17f}t",
        '\u{fb06}' => "st",
        '\u{3000}' => " ",
        '\u{2bc}' | '\u{2018}'..='\u{201b}' => "'",
        '\u{201c}'..='\u{201f}' => "\"",
        '\r' | '\u{2028}' | '\u{2029}' => "\n",
        '\u{ff01}'..='\u{ffef}' => {
            let mut usual = NormalizedString::from(letter.to_string());
            usual.nfkc();
            return fixed.push_str(usual.get());
        }
        _ => return fixed.push(letter),
    };
    fixed.push_str(text);
}

/// The letter that Windows has at this place; its five gaps stay.
fn windows_1252(letter: char) -> char {
    const LETTERS: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '\'', '\'', '"', '"', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let place = (letter as usize).wrapping_sub(0x80);
    LETTERS.get(place).copied().unwrap_or(letter)
}

/// Drops terminal colours: escape, bracket, numbers, letter.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\u{1b}[") {
        plain.push_str(&rest[..start]);
        let code = &rest[start + 2..];
        let end = code.find(|letter: char| !letter.is_numeric() && letter != ';');
        match end {
            Some(end) if code[end..].starts_with(|letter: char| letter.is_ascii_alphabetic()) => {
                rest = &code[end + 1..];
            }
            _ => {
                plain.push_str(&rest[start..start + 2]);
                rest = code;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn is_control(letter: char) -> bool {
    matches!(
        letter,
        '\0'..='\u{8}'
            | '\u{b}'
            | '\u{e}'..='\u{1f}'
            | '\u{7f}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffc}'
    )
}
