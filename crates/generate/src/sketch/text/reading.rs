//! Reads a prompt: what the subject is, how it looks, which of its parts look otherwise, what it
//! stands on, and which words meant nothing.
//!
//! The grammar is small: a prompt is a chain of stretches joined by words such as `with`, `made of`
//! or `on`. The first stretch names the subject last ("red coffee table"); the others say more.

use std::collections::BTreeSet;

use glam::{Vec3, Vec3A};

use super::archetypes::{self, Archetype};
use super::lexicon::{self, Join, Kind, Material, Pattern, Sense};

/// More of a prompt than this many characters is not read (the subnet's own limit).
const LONGEST_PROMPT: usize = 1024;
/// More words than this are not read.
const MOST_WORDS: usize = 96;
/// The longest phrase in the lexicon, in words.
const LONGEST_PHRASE: usize = 3;

/// Colour, material and pattern words that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    pub(super) colours: Vec<Vec3A>,
    pub(super) material: Option<&'static Material>,
    pub(super) pattern: Option<Pattern>,
    pub(super) pattern_colour: Option<Vec3A>,
}

impl Look {
    /// Whether no word said anything.
    pub(super) fn is_empty(&self) -> bool {
        self.colours.is_empty() && self.material.is_none() && self.pattern.is_none()
    }

    fn merge(&mut self, other: Self) {
        // "green gorilla with yellow spots": the colour beside the pattern is the pattern's.
        if other.pattern.is_some() && !self.is_empty() {
            self.pattern_colour = other.colours.first().copied();
        } else {
            self.colours.extend(other.colours);
        }
        self.material = self.material.or(other.material);
        self.pattern = self.pattern.or(other.pattern);
        self.pattern_colour = self.pattern_colour.or(other.pattern_colour);
    }
}

/// A thing with a shape: its archetype, and what the prompt calls it.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) archetype: &'static Archetype,
    pub(super) noun: String,
}

/// What a prompt says.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) subject: Option<Thing>,
    pub(super) look: Look,
    /// Parts named with a look of their own.
    pub(super) parts: Vec<(String, Look)>,
    /// What the subject stands on or in.
    pub(super) base: Option<(Thing, Look)>,
    /// The subject is a statue of what it shows.
    pub(super) carved: bool,
    /// Factors along x, y, z.
    pub(super) proportions: Vec3,
    /// Every word and phrase, singular.
    pub(super) words: BTreeSet<String>,
    /// Words without meaning here.
    pub(super) unknown: Vec<String>,
}

/// One word or phrase with its meanings.
struct Word {
    text: String,
    sense: Sense,
    thing: Option<&'static Archetype>,
}

/// Reads a prompt. Never fails: what is not understood is listed as such.
pub(super) fn read(prompt: &str) -> Reading {
    let words = phrases(&split(prompt));
    let mut reading = Reading {
        proportions: Vec3::ONE,
        words: words.iter().map(|word| word.text.clone()).collect(),
        ..Reading::default()
    };
    for (index, (join, stretch)) in stretches(&words).into_iter().enumerate() {
        if index == 0 {
            read_subject(&mut reading, stretch);
        } else {
            read_addition(&mut reading, join, stretch);
        }
    }
    reading
}

fn split(prompt: &str) -> Vec<String> {
    let lower: String = prompt
        .chars()
        .take(LONGEST_PROMPT)
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == '\u{2019}' { '\'' } else { letter })
        .collect();
    lower
        .replace("'s ", " ")
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .map(str::to_owned)
        .collect()
}

/// The ways to read a word as a singular, likeliest first: itself always.
fn singulars(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    let irregular = match word {
        "leaves" => Some("leaf"),
        "feet" => Some("foot"),
        "teeth" => Some("tooth"),
        "mice" => Some("mouse"),
        "knives" => Some("knife"),
        "wolves" => Some("wolf"),
        "shelves" => Some("shelf"),
        "men" => Some("man"),
        "geese" => Some("goose"),
        _ => None,
    };
    forms.extend(irregular.map(str::to_owned));
    if let Some(stem) = word.strip_suffix("ies") {
        forms.push(format!("{stem}y"));
    }
    if let Some(stem) = word.strip_suffix("es") {
        forms.push(stem.to_owned());
    }
    if let Some(stem) = word.strip_suffix('s').filter(|stem| !stem.ends_with('s')) {
        forms.push(stem.to_owned());
    }
    forms
}

/// Groups words into the longest phrases the lexicon or the catalogue knows.
fn phrases(words: &[String]) -> Vec<Word> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let known = (1..=LONGEST_PHRASE.min(words.len() - at))
            .rev()
            .find_map(|length| known_phrase(&words[at..at + length]).map(|word| (length, word)));
        let (length, word) = known.unwrap_or_else(|| {
            let text = singulars(&words[at]).pop().unwrap_or_default();
            let (sense, thing) = (Sense::default(), None);
            (1, Word { text, sense, thing })
        });
        found.push(word);
        at += length;
    }
    found
}

fn known_phrase(words: &[String]) -> Option<Word> {
    let (last, before) = words.split_last()?;
    let lead: String = before.iter().map(|word| format!("{word} ")).collect();
    singulars(last).into_iter().find_map(|form| {
        let text = format!("{lead}{form}");
        let (sense, thing) = (lexicon::sense(&text), archetypes::find(&text));
        (sense.is_known() || thing.is_some()).then_some(Word { text, sense, thing })
    })
}

/// Cuts the words at the joining ones. The first stretch has no join of its own.
fn stretches(words: &[Word]) -> Vec<(Join, &[Word])> {
    let mut cuts = vec![(Join::And, 0, 0)];
    for (index, word) in words.iter().enumerate() {
        let Some(join) = word.sense.join else {
            continue;
        };
        match cuts.last_mut() {
            // "made out of", "designed with": the first joining word of a run decides.
            Some((kind, _, end)) if *end == index && index > 0 && *kind != Join::And => {
                *end = index + 1;
            }
            // "red and blue": no new stretch while no thing has been named in this one.
            Some((_, _, end)) if join == Join::And && !names_thing(&words[*end..index]) => {}
            _ => cuts.push((join, index, index + 1)),
        }
    }
    let ends = cuts
        .iter()
        .skip(1)
        .map(|(_, start, _)| *start)
        .chain([words.len()]);
    cuts.iter()
        .zip(ends)
        .map(|((join, _, start), end)| (*join, words.get(*start..end).unwrap_or_default()))
        .collect()
}

fn names_thing(words: &[Word]) -> bool {
    words
        .iter()
        .any(|word| word.thing.is_some() && word.sense.colour.is_none() || !word.sense.is_known())
}

fn look_of(words: &[Word]) -> Look {
    let mut look = Look::default();
    for word in words {
        if let Some(colour) = word.sense.colour {
            look.colours.push(colour);
        } else if let Some(material) = word.sense.material {
            look.material = look.material.or(Some(material));
        }
        look.pattern = look.pattern.or(word.sense.pattern);
    }
    look
}

/// The last word that names a thing, preferring words that mean nothing else.
fn head(words: &[Word]) -> Option<usize> {
    let named = |strict: bool| {
        words.iter().rposition(|word| {
            let only = !word.sense.is_known() || word.sense.filler;
            word.thing.is_some() && (only || !strict)
        })
    };
    named(true).or_else(|| named(false))
}

fn read_subject(reading: &mut Reading, words: &[Word]) {
    let head = head(words);
    for (index, word) in words.iter().enumerate() {
        if let Some(factors) = word.sense.proportion {
            reading.proportions *= Vec3::from(factors);
        }
        if !word.sense.is_known() && Some(index) != head && word.thing.is_none() {
            reading.unknown.push(word.text.clone());
        }
    }
    let others: Vec<&Word> = words
        .iter()
        .enumerate()
        .filter(|(index, _)| Some(*index) != head)
        .map(|(_, word)| word)
        .collect();
    for word in others {
        reading.look.merge_word(word);
    }
    if let Some(word) = head.and_then(|index| words.get(index)) {
        set_subject(reading, word);
        // "dragon statue", "cat figurine": what it shows is named before it.
        if reading.carved {
            let shown = words
                .iter()
                .take(head.unwrap_or(0))
                .rfind(|word| word.thing.is_some());
            if let Some(shown) = shown {
                set_subject(reading, shown);
            }
        }
    }
}

impl Look {
    fn merge_word(&mut self, word: &Word) {
        if let Some(colour) = word.sense.colour {
            self.colours.push(colour);
        } else if let Some(material) = word.sense.material {
            self.material = self.material.or(Some(material));
        }
        self.pattern = self.pattern.or(word.sense.pattern);
    }
}

fn set_subject(reading: &mut Reading, word: &Word) {
    if let Some(archetype) = word.thing {
        reading.carved |= archetype.name == "statue";
        reading.subject = Some(Thing {
            archetype,
            noun: word.text.clone(),
        });
    }
}

fn read_addition(reading: &mut Reading, join: Join, words: &[Word]) {
    let look = look_of(words);
    let thing = head(words).and_then(|index| words.get(index));
    if reading.subject.is_none()
        && let Some(word) = thing.filter(|word| word.sense.material.is_none())
    {
        // "something shiny with wheels, a car": the first thing named anywhere is the subject.
        set_subject(reading, word);
        reading.look.merge(look);
        return;
    }
    match join {
        Join::Beside => {}
        Join::Of if reading.carved && thing.is_some() => {
            reading.look.merge(look);
            if let Some(word) = thing {
                set_subject(reading, word);
            }
        }
        Join::On => match thing {
            Some(word) if word.sense.material.is_none() => {
                reading.base = word.thing.map(|archetype| {
                    let noun = word.text.clone();
                    (Thing { archetype, noun }, look)
                });
            }
            _ => read_part(reading, words, look),
        },
        _ => read_part(reading, words, look),
    }
}

/// "with purple leaves": a part; "with red color", "made from cement": the whole.
fn read_part(reading: &mut Reading, words: &[Word], look: Look) {
    let named = words.iter().rfind(|word| {
        let attribute = word.sense.is_known() && !word.sense.filler;
        !attribute && (word.thing.is_some() || !word.sense.is_known())
    });
    let gem = look
        .material
        .filter(|material| material.kind == Kind::Gem && look.colours.is_empty());
    match (named, gem) {
        (Some(word), _) => reading.parts.push((word.text.clone(), look)),
        (None, Some(_)) if words.len() == 1 => reading.parts.push(("gem".to_owned(), look)),
        _ => reading.look.merge(look),
    }
}
