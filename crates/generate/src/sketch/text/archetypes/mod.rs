//! The catalogue: what `sketch` can make, by the nouns that ask for it.
//!
//! Its pages are tables, a line a part, and are kept as such: one call over eight lines hides the
//! shape of the thing.

#[rustfmt::skip]
mod animals;
mod appliances;
#[rustfmt::skip]
mod birds;
#[rustfmt::skip]
mod buildings;
mod clocks;
mod clothing;
mod containers;
#[rustfmt::skip]
mod creatures;
mod electronics;
#[rustfmt::skip]
mod figures;
mod fixtures;
#[rustfmt::skip]
mod food;
mod furniture;
mod gadgets;
mod household;
mod jewelry;
mod kitchenware;
mod lights;
mod music;
#[rustfmt::skip]
mod plants;
#[rustfmt::skip]
mod rocks;
#[rustfmt::skip]
mod sea;
mod seating;
mod sports;
mod storage;
mod table;
#[rustfmt::skip]
mod tools;
#[rustfmt::skip]
mod vehicles;
mod vessels;
#[rustfmt::skip]
mod weapons;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::model::{Model, Wish};

/// One kind of thing: the nouns that mean it and the builder of its model.
#[derive(Debug)]
pub(super) struct Archetype {
    /// What people call it; also one of its nouns.
    pub(super) name: &'static str,
    /// Further nouns, singular, lower case, separated by commas; phrases of up to three words.
    pub(super) nouns: &'static str,
    /// Builds it. `y` is up, `+z` the front; any size.
    pub(super) build: fn(&mut Wish<'_>) -> Model,
}

impl Archetype {
    const fn new(
        name: &'static str,
        nouns: &'static str,
        build: fn(&mut Wish<'_>) -> Model,
    ) -> Self {
        Self { name, nouns, build }
    }
}

/// Everything there is, by category.
pub(super) fn all() -> impl Iterator<Item = &'static Archetype> {
    [
        animals::ALL,
        birds::ALL,
        sea::ALL,
        creatures::ALL,
        figures::ALL,
        plants::ALL,
        rocks::ALL,
        buildings::ALL,
        vehicles::ALL,
        weapons::ALL,
        tools::ALL,
        food::ALL,
        lights::ALL,
        household::ALL,
        containers::ALL,
        vessels::ALL,
        kitchenware::ALL,
        appliances::ALL,
        fixtures::ALL,
        seating::ALL,
        furniture::ALL,
        storage::ALL,
        electronics::ALL,
        clocks::ALL,
        gadgets::ALL,
        clothing::ALL,
        jewelry::ALL,
        sports::ALL,
        music::ALL,
    ]
    .into_iter()
    .flatten()
}

static NOUNS: LazyLock<HashMap<&'static str, &'static Archetype>> = LazyLock::new(|| {
    let mut nouns = HashMap::new();
    for archetype in all() {
        let further = archetype.nouns.split(',').map(str::trim);
        for noun in further
            .filter(|noun| !noun.is_empty())
            .chain([archetype.name])
        {
            nouns.entry(noun).or_insert(archetype);
        }
    }
    nouns
});

/// The archetype a singular noun or phrase asks for.
pub(super) fn find(noun: &str) -> Option<&'static Archetype> {
    NOUNS.get(noun).copied()
}
