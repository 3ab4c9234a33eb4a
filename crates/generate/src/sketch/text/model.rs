//! A model: the parts of one archetype, by name, each with its solids and the coat it wears unless
//! the prompt says otherwise.

use std::collections::BTreeSet;

use glam::Vec3;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::paint::{Paint, hex};
use super::solid::Solid;

/// What a part is painted with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coat {
    /// The subject's main paint.
    Main,
    /// The main paint, darker or lighter.
    Tone(f32),
    /// The prompt's second colour; without one, this.
    Second(Paint),
    /// Always this, unless the prompt names the part.
    Own(Paint),
}

/// The main paint.
pub(super) const MAIN: Coat = Coat::Main;

/// A part's own plain colour.
pub(super) fn own(code: u32) -> Coat {
    Coat::Own(hex(code))
}

/// The prompt's second colour, or this plain one.
pub(super) fn second(code: u32) -> Coat {
    Coat::Second(hex(code))
}

/// Some solids of one name and coat.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Singular, as a prompt would name it.
    pub(super) name: &'static str,
    pub(super) coat: Coat,
    pub(super) solids: Vec<Solid>,
    /// Whether it flows into the other soft parts of its model.
    pub(super) soft: bool,
    /// How far splats stand off the surface and tilt: foliage, fleece.
    pub(super) ruffle: f32,
    /// The paint it ends up with; set once the prompt's wishes are known.
    pub(super) paint: Paint,
}

impl Part {
    /// Keeps its edges where the model's other parts flow into each other.
    pub(super) fn hard(&mut self) -> &mut Self {
        self.soft = false;
        self
    }

    /// Roughens it into leaves or fleece of about `depth`.
    pub(super) fn ruffled(&mut self, depth: f32) -> &mut Self {
        self.ruffle = depth;
        self
    }
}

/// The parts of one archetype.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) parts: Vec<Part>,
    /// The main paint when the prompt names none.
    pub(super) default: Paint,
    /// How far soft parts flow into each other, in the model's units; 0 for none.
    pub(super) blend: f32,
    /// Whether it is a living thing: carved from one material it is carved whole.
    pub(super) living: bool,
    /// Where something placed upon it stands, when not on its highest point.
    pub(super) perch: Option<Vec3>,
}

impl Model {
    /// A thing of separate parts.
    pub(super) fn new(default: Paint) -> Self {
        Self {
            parts: Vec::new(),
            default,
            blend: 0.0,
            living: false,
            perch: None,
        }
    }

    /// A living thing, whose parts flow into each other over `blend` units.
    pub(super) fn living(default: Paint, blend: f32) -> Self {
        Self {
            blend,
            living: true,
            ..Self::new(default)
        }
    }

    /// Adds solids under a part's name; a name may be used more than once.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        coat: Coat,
        solids: impl IntoIterator<Item = Solid>,
    ) -> &mut Part {
        self.parts.push(Part {
            name,
            coat,
            solids: solids.into_iter().collect(),
            soft: self.blend > 0.0,
            ruffle: 0.0,
            paint: self.default,
        });
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }

    /// Whether a part has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.name == name)
    }

    /// The corners of a box around all parts; `None` without any.
    pub(super) fn bounds(&self) -> Option<(Vec3, Vec3)> {
        self.parts
            .iter()
            .flat_map(|part| &part.solids)
            .map(Solid::bounds)
            .reduce(|(low, high), (next_low, next_high)| (low.min(next_low), high.max(next_high)))
    }

    /// Changes every solid.
    pub(super) fn map(mut self, change: impl Fn(Solid) -> Solid) -> Self {
        for part in &mut self.parts {
            part.solids = part.solids.drain(..).map(&change).collect();
        }
        self
    }
}

/// What a builder may ask about the prompt, and its source of small variations.
#[derive(Debug)]
pub(super) struct Wish<'a> {
    words: &'a BTreeSet<String>,
    noun: &'a str,
    dice: ChaCha8Rng,
}

impl<'a> Wish<'a> {
    /// For a prompt of these words (singular) whose subject was called `noun`.
    pub(super) fn new(words: &'a BTreeSet<String>, noun: &'a str, seed: u64) -> Self {
        Self {
            words,
            noun,
            dice: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Whether the prompt holds the word, or its subject is called so.
    pub(super) fn has(&self, word: &str) -> bool {
        self.noun == word || self.words.contains(word)
    }

    /// Whether any of the words, separated by spaces, is in the prompt; `_` joins a phrase.
    pub(super) fn any(&self, words: &str) -> bool {
        words
            .split(' ')
            .any(|word| self.has(&word.replace('_', " ")))
    }

    /// A factor near 1, at most `spread` away.
    pub(super) fn vary(&mut self, spread: f32) -> f32 {
        1.0 + spread * (2.0 * self.dice.random::<f32>() - 1.0)
    }

    /// A number in `low..high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.dice.random::<f32>()
    }
}
