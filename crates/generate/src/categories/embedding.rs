//! Classing a prompt by what CLIP makes of its words: the nearest category by the cosine between the
//! prompt and descriptions of the categories.

use models::{ClipText, ClipTokenizer, Device};

use super::{By, Category, Class};

/// How much nearer the nearest category must be than the second, as a difference of cosines; else the
/// lexicon decides. CLIP's cosines between short texts all lie close together, and a lead below this
/// is no answer.
const LEAST_LEAD: f32 = 0.01;

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

    /// The class of a prompt: the nearest category where it is clearly the nearest, else what the
    /// [lexicon](super::classify) says, and the nearest again where that knows no name in it.
    ///
    /// # Errors
    /// When the network fails.
    pub fn classify<E: TextEmbedder>(&self, embedder: &E, prompt: &str) -> Result<Class, E::Error> {
        let prompt_embedding = unit(embedder.embed(prompt)?);
        let mut cosines: Vec<(Category, f32)> = self
            .0
            .iter()
            .map(|(category, centre)| (*category, dot(centre, &prompt_embedding)))
            .collect();
        // Anything that is no number is farthest away.
        cosines.retain(|(_, cosine)| cosine.is_finite());
        cosines.sort_by(|(_, left), (_, right)| right.total_cmp(left));
        let by_name = super::classify(prompt);
        let nearest = |category| Class {
            category,
            by: By::Embedding,
        };
        Ok(match cosines.as_slice() {
            [(first, nearer), (_, farther), ..] if nearer - farther >= LEAST_LEAD => {
                nearest(*first)
            }
            [(first, _), ..] if by_name.by == By::Default => nearest(*first),
            _ => by_name,
        })
    }
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

    #[test]
    fn the_nearest_category_is_taken() {
        let centres = Centres::new(&Letters).unwrap_or_else(|error| match error {});
        let class = |prompt| {
            centres
                .classify(&Letters, prompt)
                .unwrap_or_else(|error| match error {})
        };
        assert_eq!(
            class("a weird guitar"),
            Class {
                category: Category::Instruments,
                by: By::Embedding
            }
        );
        assert_eq!(class("necklace").category, Category::Jewelry);
    }

    #[test]
    fn without_a_clear_lead_the_lexicon_decides() {
        for value in [0.0, 1.0, f32::NAN, f32::INFINITY] {
            let embedder = Nothing(value);
            let centres = Centres::new(&embedder).unwrap_or_else(|error| match error {});
            let class = centres
                .classify(&embedder, "purple elephant")
                .unwrap_or_else(|error| match error {});
            assert_eq!((class.category, class.by), (Category::Animals, By::Lexicon));
        }
    }
}
