//! Classing a prompt by what CLIP makes of it: the nearest category by the cosine between the prompt,
//! words or a picture, and descriptions of the categories.
//!
//! Of words the embedding decides, but what the lexicon has found begins with a head start. The lexicon
//! errs next to never where it knows the thing's own name, which no embedding of three descriptions can
//! be expected to better; what it lacks are names, and the sense of those that mean two things. So a
//! named category is overruled only by one that lies far apart from all others, a mentioned one by any
//! that is clearly nearer, and where no name is known the nearest it is.
//!
//! Head starts are counted in standard deviations of the prompt's own cosines with all categories. CLIP's
//! cosines between two texts lie close together and high, those between a text and a picture low, and
//! both elsewhere in every model: their spread is the one measure that all have in common. No single one
//! of 18 values can be farther from their mean than √17 = 4.1 of it.

use models::{ClipText, ClipTokenizer, Device};

use super::lexicon::{Evidence, Found, look_up};
use super::{By, Category, Class};

/// A spread of cosines below this is rounding: the embedding has no opinion.
const LEAST_SPREAD: f32 = 1e-5;

/// How much nearer than it is the category counts that the lexicon has found, in spreads.
const fn head_start(evidence: Evidence) -> f32 {
    match evidence {
        Evidence::None => 0.0,
        Evidence::Mentioned => 0.5,
        Evidence::Named => 2.5,
    }
}

/// What lies in a category, in the words of prompts: several short ones stand for a category better
/// than one definition.
fn descriptions(category: Category) -> [&'static str; 3] {
    match category {
        Category::Robots => [
            "a robot",
            "an android with metal limbs",
            "a mechanical drone",
        ],
        Category::Animals => [
            "an animal",
            "a wild animal such as a lion",
            "a bird or a fish",
        ],
        Category::Creatures => [
            "a fantasy creature",
            "a monster such as a dragon",
            "an alien from science fiction",
        ],
        Category::Statues => [
            "a statue",
            "a sculpture of stone or bronze",
            "a carved figurine",
        ],
        Category::Plants => ["a plant", "a tree with leaves", "a flower or a mushroom"],
        Category::Gems => ["a gemstone", "a rock", "a crystal or a mineral"],
        Category::Vehicles => ["a vehicle", "a car or a truck", "a ship or an airplane"],
        Category::Weapons => ["a weapon", "a sword or an axe", "a gun or a bow"],
        Category::Food => ["food", "a dish or a cake", "a fruit or a drink"],
        Category::Household => [
            "a household item",
            "an electronic device such as a phone",
            "a lamp, a cup or a vase",
        ],
        Category::Sports => [
            "sports equipment",
            "a ball or a racket",
            "a skateboard or a trophy",
        ],
        Category::Clothing => ["clothing", "a jacket or a dress", "shoes or a hat"],
        Category::Furniture => ["furniture", "a chair or a sofa", "a table or a cabinet"],
        Category::Jewelry => ["jewelry", "a ring or a necklace", "earrings with gemstones"],
        Category::Tools => ["a tool", "a hammer or a saw", "a drill or a wrench"],
        Category::Instruments => [
            "a musical instrument",
            "a guitar or a violin",
            "a drum or a trumpet",
        ],
        Category::Scenes => [
            "a building",
            "a house or a castle",
            "a place such as a room",
        ],
        Category::People => ["a person", "a man or a woman", "a knight or a dancer"],
    }
}

/// Makes vectors of texts that lie in one direction when they mean the same.
pub trait TextEmbedder {
    /// Why a text could not be embedded.
    type Error;

    /// The embedding of a text, of any length but zero, always of the same number of values.
    ///
    /// # Errors
    /// When the network fails.
    fn embed(&self, text: &str) -> Result<Vec<f32>, Self::Error>;
}

/// CLIP's text half with its tokenizer, as they were loaded.
#[derive(Debug, Clone, Copy)]
pub struct ClipEmbedder<'a> {
    /// The text half.
    pub text: &'a ClipText,
    /// Its tokenizer.
    pub tokenizer: &'a ClipTokenizer,
    /// Where the text half lies.
    pub device: &'a Device,
}

impl TextEmbedder for ClipEmbedder<'_> {
    type Error = models::EmbedError;

    fn embed(&self, text: &str) -> Result<Vec<f32>, Self::Error> {
        self.text.embed(self.tokenizer, text, self.device)
    }
}

/// Where the categories lie in the embedder's space. To be made once per embedder.
#[derive(Debug, Clone)]
pub struct Centres(Vec<(Category, Vec<f32>)>);

impl Centres {
    /// Embeds the descriptions of all categories.
    ///
    /// # Errors
    /// When the network fails.
    pub fn new<E: TextEmbedder>(embedder: &E) -> Result<Self, E::Error> {
        Category::ALL
            .into_iter()
            .map(|category| {
                let mut centre: Vec<f32> = Vec::new();
                for description in descriptions(category) {
                    let unit = unit(embedder.embed(description)?);
                    centre.resize(unit.len().max(centre.len()), 0.0);
                    for (sum, value) in centre.iter_mut().zip(&unit) {
                        *sum += value;
                    }
                }
                Ok((category, self::unit(centre)))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The class of a prompt's words: the nearest category, what the [lexicon](super::classify) has found
    /// being nearer than it is.
    ///
    /// # Errors
    /// When the network fails.
    pub fn classify<E: TextEmbedder>(&self, embedder: &E, prompt: &str) -> Result<Class, E::Error> {
        let cosines = self.cosines(embedder.embed(prompt)?);
        Ok(decided(&cosines, look_up(prompt)))
    }

    /// The class of a picture by its embedding in the same space; `None` where that says nothing, or is of
    /// another space.
    #[must_use]
    pub fn class_of(&self, embedding: Vec<f32>) -> Option<Class> {
        let cosines = self.cosines(embedding);
        (spread(&cosines) >= LEAST_SPREAD).then_some(())?;
        let category = nearest(&cosines, |_| 0.0)?;
        Some(Class {
            category,
            by: By::Embedding,
        })
    }

    /// With each category; what is no number, or of another space, is left out.
    fn cosines(&self, embedding: Vec<f32>) -> Vec<(Category, f32)> {
        let embedding = unit(embedding);
        let fitting = self.0.iter().filter(|(_, it)| it.len() == embedding.len());
        fitting
            .map(|(category, centre)| (*category, dot(centre, &embedding)))
            .filter(|(_, cosine)| cosine.is_finite())
            .collect()
    }
}

/// Weighs the embedding against the lexicon.
fn decided(cosines: &[(Category, f32)], found: Found) -> Class {
    let spread = spread(cosines);
    if spread < LEAST_SPREAD {
        return found.class;
    }
    let start = head_start(found.evidence) * spread;
    let ahead = |category| match category == found.class.category {
        true => start,
        false => 0.0,
    };
    let winner = nearest(cosines, ahead).unwrap_or(found.class.category);
    let by_embedding = nearest(cosines, |_| 0.0) == Some(winner);
    Class {
        category: winner,
        by: if by_embedding {
            By::Embedding
        } else {
            By::Lexicon
        },
    }
}

/// The category with the largest cosine, each with what it is `ahead`; the first of equals.
fn nearest(cosines: &[(Category, f32)], ahead: impl Fn(Category) -> f32) -> Option<Category> {
    let mut best: Option<(Category, f32)> = None;
    for &(category, cosine) in cosines {
        let score = cosine + ahead(category);
        if best.is_none_or(|(_, highest)| score > highest) {
            best = Some((category, score));
        }
    }
    best.map(|(category, _)| category)
}

/// The standard deviation of the cosines; zero of none.
fn spread(cosines: &[(Category, f32)]) -> f32 {
    let count = cosines.len().max(1) as f32;
    let mean = cosines.iter().map(|(_, cosine)| cosine).sum::<f32>() / count;
    let squares = cosines.iter().map(|(_, cosine)| (cosine - mean).powi(2));
    (squares.sum::<f32>() / count).sqrt()
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// The vector with length 1; one of no length stays as it is.
fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = dot(&vector, &vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Embeds by letters: texts that share words lie near each other.
    struct Letters;

    impl TextEmbedder for Letters {
        type Error = Infallible;

        fn embed(&self, text: &str) -> Result<Vec<f32>, Infallible> {
            let mut vector = vec![0.0; 512];
            for word in text.split(|letter: char| !letter.is_alphanumeric()) {
                let place = word
                    .bytes()
                    .fold(7_usize, |sum, byte| (sum * 31 + usize::from(byte)) % 512);
                if word.len() > 3 {
                    vector[place] += 1.0;
                }
            }
            Ok(vector)
        }
    }

    /// Embeds everything as the same.
    struct Nothing(f32);

    impl TextEmbedder for Nothing {
        type Error = Infallible;

        fn embed(&self, _: &str) -> Result<Vec<f32>, Infallible> {
            Ok(vec![self.0; 3])
        }
    }

    fn sure<T>(result: Result<T, Infallible>) -> T {
        result.unwrap_or_else(|error| match error {})
    }

    #[test]
    fn what_the_lexicon_does_not_know_the_embedding_does() {
        let centres = sure(Centres::new(&Letters));
        for (prompt, category) in [
            ("a metal qwertz with limbs", Category::Robots),
            ("necklace", Category::Jewelry),
            ("gnarled mechanical qwertz", Category::Robots),
        ] {
            let class = sure(centres.classify(&Letters, prompt));
            let by = By::Embedding;
            assert_eq!(class, Class { category, by }, "{prompt}");
        }
    }

    #[test]
    fn without_an_opinion_the_lexicon_decides() {
        for value in [0.0, 1.0, f32::NAN, f32::INFINITY] {
            let embedder = Nothing(value);
            let centres = sure(Centres::new(&embedder));
            let class = sure(centres.classify(&embedder, "purple elephant"));
            assert_eq!((class.category, class.by), (Category::Animals, By::Lexicon));
            let class = sure(centres.classify(&embedder, "purple qwertz"));
            let unknown = (Category::Household, By::Default);
            assert_eq!((class.category, class.by), unknown);
            assert_eq!(centres.class_of(vec![value; 3]), None);
        }
    }

    /// All cosines 0.5 but these.
    fn cosines(others: &[(Category, f32)]) -> Vec<(Category, f32)> {
        let value = |category| others.iter().find(|(other, _)| *other == category);
        Category::ALL
            .into_iter()
            .map(|category| (category, value(category).map_or(0.5, |(_, cosine)| *cosine)))
            .collect()
    }

    fn decide(evidence: Evidence, others: &[(Category, f32)]) -> (Category, By) {
        let by = match evidence {
            Evidence::None => By::Default,
            Evidence::Mentioned | Evidence::Named => By::Lexicon,
        };
        let category = match evidence {
            Evidence::None => Category::Household,
            Evidence::Mentioned | Evidence::Named => Category::Animals,
        };
        let class = Class { category, by };
        let decided = decided(&cosines(others), Found { class, evidence });
        (decided.category, decided.by)
    }

    /// Like `yellow construction crane`: the lexicon's crane is a bird.
    #[test]
    fn a_name_is_overruled_by_what_lies_far_apart_alone() {
        let clear = [(Category::Vehicles, 0.8)];
        let sense = (Category::Vehicles, By::Embedding);
        for evidence in [Evidence::None, Evidence::Mentioned, Evidence::Named] {
            assert_eq!(decide(evidence, &clear), sense, "{evidence:?}");
        }
        // The bird is near too: then it is one.
        let tie = [(Category::Vehicles, 0.8), (Category::Animals, 0.77)];
        let bird = (Category::Animals, By::Lexicon);
        assert_eq!(decide(Evidence::Named, &tie), bird);
        assert_eq!(decide(Evidence::Mentioned, &tie), bird);
        assert_eq!(decide(Evidence::None, &tie), sense);
        // A name that is only mentioned holds against a near tie alone.
        let clearer = [(Category::Vehicles, 0.8), (Category::Animals, 0.65)];
        assert_eq!(decide(Evidence::Named, &clearer), bird);
        assert_eq!(decide(Evidence::Mentioned, &clearer), sense);
        // Where both agree, the embedding has said so.
        let agreed = [(Category::Animals, 0.8)];
        let both = (Category::Animals, By::Embedding);
        assert_eq!(decide(Evidence::Named, &agreed), both);
    }

    #[test]
    fn the_rule_knows_no_scale() {
        let close = [(Category::Vehicles, 0.5003), (Category::Animals, 0.5002)];
        let bird = (Category::Animals, By::Lexicon);
        assert_eq!(decide(Evidence::Named, &close), bird);
        let apart = [(Category::Vehicles, 0.501)];
        let sense = (Category::Vehicles, By::Embedding);
        assert_eq!(decide(Evidence::Named, &apart), sense);
    }

    #[test]
    fn a_picture_is_what_it_lies_nearest_to() {
        let centres = sure(Centres::new(&Letters));
        let seen = sure(Letters.embed("a photo of some musical instrument"));
        let category = Category::Instruments;
        let by = By::Embedding;
        assert_eq!(centres.class_of(seen), Some(Class { category, by }));
        assert_eq!(centres.class_of(vec![1.0; 7]), None, "of another space");
        assert_eq!(centres.class_of(vec![0.0; 512]), None);
        assert_eq!(centres.class_of(Vec::new()), None);
    }

    /// A network that fails leaves the choice to whoever asked.
    #[test]
    fn a_failure_is_handed_on() {
        struct Broken;
        impl TextEmbedder for Broken {
            type Error = &'static str;

            fn embed(&self, _: &str) -> Result<Vec<f32>, &'static str> {
                Err("the network fell over")
            }
        }
        assert!(Centres::new(&Broken).is_err());
        let centres = sure(Centres::new(&Letters));
        assert!(centres.classify(&Broken, "purple elephant").is_err());
    }
}
