//! What kind of thing a prompt asks for, and how that kind is best made.
//!
//! The sixteen categories are those the subnet's own prompts are drawn from (404-Repo
//! `text-prompt-generator`, `configs/pipeline_config.yml`, `obj_categories`); scenes and people come on
//! top, since prompts from outside ask for both. A prompt is classed by what its words or its picture
//! mean to CLIP where that is at hand ([`Centres`]), else its words by a [lexicon](classify); the
//! [`CategoryTable`] says how each class is painted, cut out and sculpted, and how often.

mod embedding;
mod grammar;
mod lexicon;
mod settings;
mod table;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use embedding::{Centres, ClipEmbedder, TextEmbedder};
pub use lexicon::classify;
pub use settings::{MattingLimits, Settings, StageSettings};
pub use table::{CategoryTable, MOST_TABLE, Problem, TableError};

/// A kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Robots, androids, machines with a will.
    Robots,
    /// Animals, extinct ones too.
    Animals,
    /// Creatures of fantasy and science fiction.
    Creatures,
    /// Statues, busts, monuments, carved figures.
    Statues,
    /// Plants, mushrooms and trees.
    Plants,
    /// Gem stones and rocks.
    Gems,
    /// Vehicles on land, on water and in the air.
    Vehicles,
    /// Weapons.
    Weapons,
    /// Food and drinks.
    Food,
    /// Household items and devices; also what nothing else is known of.
    Household,
    /// Sports equipment.
    Sports,
    /// Clothing, shoes, hats, bags that are worn.
    Clothing,
    /// Furniture.
    Furniture,
    /// Jewelry and watches.
    Jewelry,
    /// Crafting and building tools.
    Tools,
    /// Musical instruments.
    Instruments,
    /// Buildings, rooms and places: more than one object, or one that is walked into.
    Scenes,
    /// People.
    People,
}

impl Category {
    /// Every category, the subnet's sixteen first.
    pub const ALL: [Self; 18] = [
        Self::Robots,
        Self::Animals,
        Self::Creatures,
        Self::Statues,
        Self::Plants,
        Self::Gems,
        Self::Vehicles,
        Self::Weapons,
        Self::Food,
        Self::Household,
        Self::Sports,
        Self::Clothing,
        Self::Furniture,
        Self::Jewelry,
        Self::Tools,
        Self::Instruments,
        Self::Scenes,
        Self::People,
    ];

    /// Its name in files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Robots => "robots",
            Self::Animals => "animals",
            Self::Creatures => "creatures",
            Self::Statues => "statues",
            Self::Plants => "plants",
            Self::Gems => "gems",
            Self::Vehicles => "vehicles",
            Self::Weapons => "weapons",
            Self::Food => "food",
            Self::Household => "household",
            Self::Sports => "sports",
            Self::Clothing => "clothing",
            Self::Furniture => "furniture",
            Self::Jewelry => "jewelry",
            Self::Tools => "tools",
            Self::Instruments => "instruments",
            Self::Scenes => "scenes",
            Self::People => "people",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A word that names no category.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no category {0:?}; there are {names}", names = Category::ALL.map(Category::name).join(", "))]
pub struct UnknownCategory(pub String);

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL
            .into_iter()
            .find(|category| category.name() == text)
            .ok_or_else(|| UnknownCategory(text.to_owned()))
    }
}

/// How a prompt was classed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// By what CLIP makes of its words or its picture.
    Embedding,
    /// By the name of a thing in it.
    Lexicon,
    /// Nothing in it is known: it counts as [`Category::Household`], the class of small single objects.
    Default,
}

impl By {
    /// Its name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedding => "embedding",
            Self::Lexicon => "lexicon",
            Self::Default => "default",
        }
    }
}

/// The class of a prompt, and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// What the prompt asks for.
    pub category: Category,
    /// How that was found.
    pub by: By,
}
