//! Classing a prompt by the name of the thing it asks for.
//!
//! English puts the name of a thing last in its phrase and what is said about it after a preposition
//! or a participle: in `wooden picture frame with gold corners` the thing is the frame. So the prompt
//! is cut there, and the last name in the first part that has one decides; then come the few cases in
//! which what is said makes another thing of it (`bronze gorilla`, `lion with wings`).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::grammar::{
    ALSO_COLOURS, BEFORE_OR_AFTER, JOINTS, MEASURES, MECHANICAL, SCULPTED, UNHEARD_OF,
};
use super::{By, Category, Class};

const NAMES: &str = include_str!("lexicon.toml");

/// Words of the longest name.
const LONGEST_NAME: usize = 4;

/// Bytes of a prompt that are looked at; validators send at most 1024 characters.
const MOST_BYTES: usize = 4096;

/// A name's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meaning {
    category: Category,
    winged: bool,
}

static LEXICON: LazyLock<HashMap<String, Meaning>> = LazyLock::new(read);

/// The lexicon as a table. Its file is part of the program, and a test reads it whole.
fn read() -> HashMap<String, Meaning> {
    let lists: HashMap<String, String> = toml::from_str(NAMES).unwrap_or_default();
    let mut lexicon = HashMap::new();
    for (list, names) in &lists {
        let (category, winged) = match list.as_str() {
            "winged" => (Category::Animals, true),
            list => match list.parse() {
                Ok(category) => (category, false),
                Err(_) => continue,
            },
        };
        for name in names.split(',') {
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            lexicon.insert(name, Meaning { category, winged });
        }
    }
    lexicon
}

/// The class of a prompt by the names of things in it; [`By::Default`] where none is known. Any text
/// will do; what lies beyond the first 4096 bytes is not looked at.
#[must_use]
pub fn classify(prompt: &str) -> Class {
    look_up(prompt).class
}

/// A class by names, and how much they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) class: Class,
    pub(super) evidence: Evidence,
}

/// How much a name says about what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing: no name is known.
    None,
    /// Something: a name is mentioned, but an unknown word may be the thing itself (`gnarl with a sword`,
    /// `dragon gnarl`).
    Mentioned,
    /// All but everything: the thing itself is named.
    Named,
}

/// The class of a prompt by names, as [`classify`] has it, and how much they say.
pub(super) fn look_up(prompt: &str) -> Found {
    let words = words(prompt);
    let tokens: Vec<&str> = words.iter().map(String::as_str).collect();
    match thing(&tokens) {
        Some(thing) => Found {
            class: Class {
                category: reconsidered(thing.meaning, &tokens, thing.phrase),
                by: By::Lexicon,
            },
            evidence: thing.evidence,
        },
        None => Found {
            class: Class {
                category: Category::Household,
                by: By::Default,
            },
            evidence: Evidence::None,
        },
    }
}

/// Lower-case words without punctuation and possessives: `The child's T-Rex!` is `the child t rex`.
fn words(prompt: &str) -> Vec<String> {
    let mut end = prompt.len().min(MOST_BYTES);
    while !prompt.is_char_boundary(end) {
        end -= 1;
    }
    let text = prompt
        .get(..end)
        .unwrap_or_default()
        .to_lowercase()
        .replace('\u{2019}', "'");
    text.split(|letter: char| !(letter.is_alphanumeric() || letter == '\''))
        .map(|word| word.strip_suffix("'s").unwrap_or(word).replace('\'', ""))
        .filter(|word| !word.is_empty())
        .collect()
}

/// What a prompt asks for.
struct Thing<'a> {
    meaning: Meaning,
    /// The part of the prompt that names it.
    phrase: &'a [&'a str],
    evidence: Evidence,
}

/// What the prompt asks for.
fn thing<'a>(tokens: &'a [&'a str]) -> Option<Thing<'a>> {
    let inside = inside_names(tokens);
    let mut begin = 0;
    let mut measured = None;
    // Whether a part came before whose thing is not known.
    let mut unknown_before = false;
    while begin < tokens.len() {
        let rest = tokens.get(begin..)?;
        let end = begin + phrase_length(rest, inside.get(begin..)?);
        let phrase = tokens.get(begin..end)?;
        let measures = phrase.last().is_some_and(|word| MEASURES.contains(word))
            && tokens.get(end) == Some(&"of");
        if let Some((meaning, ends)) = last_name(phrase) {
            let is_named = ends == phrase.len() && !unknown_before && !measures;
            let found = Thing {
                meaning,
                phrase,
                evidence: if is_named {
                    Evidence::Named
                } else {
                    Evidence::Mentioned
                },
            };
            if !measures {
                return Some(found);
            }
            measured = measured.or(Some(found));
        } else {
            unknown_before = unknown_before || !(phrase.is_empty() || measures);
        }
        begin = end + 1;
    }
    measured
}

/// Which words are inside a name of several words, its first one excepted: no cut goes there.
fn inside_names(tokens: &[&str]) -> Vec<bool> {
    let mut inside = vec![false; tokens.len()];
    for begin in 0..tokens.len() {
        for length in 2..=LONGEST_NAME.min(tokens.len() - begin) {
            let known = tokens
                .get(begin..begin + length)
                .is_some_and(|name| meaning(name).is_some());
            if known {
                inside
                    .iter_mut()
                    .skip(begin + 1)
                    .take(length - 1)
                    .for_each(|word| *word = true);
            }
        }
    }
    inside
}

/// How many of these words come before something is said about the thing.
fn phrase_length(tokens: &[&str], inside: &[bool]) -> usize {
    let mut named = false;
    for (index, word) in tokens.iter().enumerate() {
        if inside.get(index) == Some(&true) {
            named = true;
            continue;
        }
        let rest = tokens.get(index + 1..).unwrap_or_default();
        if JOINTS.contains(word) || (named && is_said_after(word, rest)) {
            return index;
        }
        named = named || (meaning(&[word]).is_some() && !ALSO_COLOURS.contains(word));
    }
    tokens.len()
}

/// Whether a word that follows a name is a participle that says something about it.
fn is_said_after(word: &str, rest: &[&str]) -> bool {
    if BEFORE_OR_AFTER.contains(&word) {
        let next: Vec<&str> = rest
            .iter()
            .copied()
            .take_while(|word| !JOINTS.contains(word))
            .collect();
        return last_name(&next).is_none();
    }
    word.len() > 4 && (word.ends_with("ing") || word.ends_with("ed")) && meaning(&[word]).is_none()
}

/// The name that ends last, the longest of those, and after how many words it ends.
fn last_name(phrase: &[&str]) -> Option<(Meaning, usize)> {
    (1..=phrase.len()).rev().find_map(|end| {
        let mut begins = end.saturating_sub(LONGEST_NAME)..end;
        let meaning = begins.find_map(|begin| phrase.get(begin..end).and_then(meaning))?;
        Some((meaning, end))
    })
}

/// What a name means, in the singular or in the plural.
fn meaning(name: &[&str]) -> Option<Meaning> {
    let (last, before) = name.split_last()?;
    let known = |last: &str| {
        let mut whole = before.join(" ");
        if !before.is_empty() {
            whole.push(' ');
        }
        whole.push_str(last);
        LEXICON.get(&whole).copied()
    };
    known(last).or_else(|| singulars(last).iter().find_map(|last| known(last)))
}

/// What a word may be the plural of.
fn singulars(word: &str) -> Vec<String> {
    let irregular = match word {
        "children" => Some("child"),
        "dice" => Some("die"),
        "geese" => Some("goose"),
        "mice" => Some("mouse"),
        "oxen" => Some("ox"),
        "people" => Some("person"),
        "cacti" => Some("cactus"),
        "fungi" => Some("fungus"),
        _ => None,
    };
    let mut found: Vec<String> = irregular.map(str::to_owned).into_iter().collect();
    for (ending, instead) in [
        ("men", "man"),
        ("ves", "f"),
        ("ves", "fe"),
        ("ies", "y"),
        ("es", ""),
        ("s", ""),
    ] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.len() > 1
        {
            found.push(format!("{stem}{instead}"));
        }
    }
    found
}

/// The category of a thing after what is said about it: the living may be a statue, a robot or a
/// creature of fantasy.
fn reconsidered(meaning: Meaning, tokens: &[&str], phrase: &[&str]) -> Category {
    let living = matches!(
        meaning.category,
        Category::Animals | Category::People | Category::Creatures
    );
    if living && phrase.iter().any(|word| MECHANICAL.contains(word)) {
        return Category::Robots;
    }
    let natural = meaning.category != Category::Creatures;
    if living && natural && (is_sculpted(phrase) || is_made_of_stuff(tokens)) {
        return Category::Statues;
    }
    if meaning.category == Category::Animals && is_unheard_of(meaning, tokens) {
        return Category::Creatures;
    }
    meaning.category
}

fn is_sculpted(phrase: &[&str]) -> bool {
    // The last word is the thing itself.
    phrase
        .split_last()
        .is_some_and(|(_, before)| before.iter().any(|word| SCULPTED.contains(word)))
}

/// `made of marble`, `carved out of stone`, `cast in bronze`.
fn is_made_of_stuff(tokens: &[&str]) -> bool {
    let made = tokens
        .iter()
        .position(|word| matches!(*word, "made" | "carved" | "cast" | "sculpted" | "built"));
    made.is_some_and(|place| {
        tokens
            .iter()
            .skip(place + 1)
            .take_while(|word| !matches!(**word, "with" | "and" | "on"))
            .any(|word| SCULPTED.contains(word))
    })
}

fn is_unheard_of(animal: Meaning, tokens: &[&str]) -> bool {
    let has_wings = tokens
        .iter()
        .any(|word| matches!(*word, "wings" | "wing" | "winged"));
    (has_wings && !animal.winged)
        || UNHEARD_OF
            .iter()
            .any(|said| tokens.windows(said.len()).any(|words| words == *said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_a_category_and_every_name_stands_once() {
        let lists: HashMap<String, String> = toml::from_str(NAMES).expect("the lexicon is TOML");
        let mut names = 0;
        for (list, text) in &lists {
            assert!(
                list == "winged" || list.parse::<Category>().is_ok(),
                "{list}"
            );
            for name in text.split(',') {
                names += 1;
                let words: Vec<&str> = name.split_whitespace().collect();
                assert!((1..=LONGEST_NAME).contains(&words.len()), "{list}: {name}");
                let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
                assert!(
                    words.iter().all(|word| word.chars().all(plain)),
                    "{list}: {name}"
                );
            }
        }
        assert_eq!(lists.len(), Category::ALL.len() + 1);
        assert_eq!(LEXICON.len(), names, "a name stands twice");
    }

    #[test]
    fn what_is_said_about_a_thing_does_not_name_it() {
        for (prompt, category) in [
            ("Heart-shaped locket", Category::Jewelry),
            ("locket shaped like a horse", Category::Jewelry),
            ("tiger striped sofa", Category::Furniture),
            ("chocolate covered strawberry", Category::Food),
            ("car painted orange", Category::Vehicles),
            ("orange welding robot", Category::Robots),
            ("basket of apples", Category::Food),
            ("pot of gold", Category::Household),
            ("a deck of cards", Category::Household),
            ("the child's T-Rex!", Category::Animals),
            ("robotic owl", Category::Robots),
            ("horse carved out of marble", Category::Statues),
            ("winged cat", Category::Creatures),
            ("owl with golden wings", Category::Animals),
            ("two headed snake", Category::Creatures),
            ("three wolves", Category::Animals),
            ("knives", Category::Household),
        ] {
            assert_eq!(classify(prompt).category, category, "{prompt}");
        }
    }

    #[test]
    fn a_name_says_most_where_it_is_the_things_own() {
        for (prompt, evidence) in [
            ("purple elephant", Evidence::Named),
            ("a wooden picture frame with gold corners", Evidence::Named),
            ("basket of apples", Evidence::Named),
            ("slice of pizza", Evidence::Named),
            ("of elephants", Evidence::Named),
            ("elephant qwertz", Evidence::Mentioned),
            ("qwertz with an elephant", Evidence::Mentioned),
            ("basket of qwertz", Evidence::Mentioned),
            ("purple qwertz", Evidence::None),
        ] {
            assert_eq!(look_up(prompt).evidence, evidence, "{prompt}");
        }
    }

    #[test]
    fn any_text_has_a_class() {
        for prompt in ["", " ", "…", "qwertz", "of", "'s", "\0", "ﬁ\u{301}"] {
            assert_eq!(classify(prompt).by, By::Default, "{prompt:?}");
        }
        let long = "of with ü".repeat(100_000);
        assert_eq!(classify(&long).category, Category::Household);
    }
}
