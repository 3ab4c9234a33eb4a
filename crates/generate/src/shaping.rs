//! The words a text-to-image model is given for a prompt.
//!
//! What the validator judges is the prompt's own words, so these are never changed: a [`Template`]
//! only adds words around them, that the thing stand alone, whole and centred on plain ground in even
//! light, where it can be cut out. A prompt is text from strangers: nothing in it is ever read as part
//! of the template, and what it may grow to is bounded.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What stands for the prompt in a template.
const PLACE: &str = "{prompt}";

/// The most characters of a prompt: validators send no longer ones (three-gen-subnet, prompt ≤ 1024).
pub const MOST_PROMPT: usize = 1024;

/// The most characters of a template.
const MOST_TEMPLATE: usize = 400;

/// The most characters of shaped text. T5 reads 256 tokens and cuts the rest; English has about four
/// characters a token, rare words fewer. Where a template would push the text beyond this, the prompt
/// goes without it, so that only ever its own end can be cut.
const MOST_SHAPED: usize = 900;

/// Words to be put around a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    before: String,
    after: String,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not say where the prompt goes, or says so more than once.
    #[error("it must hold {PLACE} once, and holds it {0} times")]
    Places(usize),
    /// It is too long.
    #[error("it has {0} characters; at most {MOST_TEMPLATE} fit beside a prompt")]
    TooLong(usize),
    /// It holds what no text for a model holds.
    #[error("it holds {0:?}; write plain words on one line")]
    Letter(char),
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let places = text.matches(PLACE).count();
        let length = text.chars().count();
        if length > MOST_TEMPLATE {
            return Err(TemplateError::TooLong(length));
        }
        let (before, after) = match text.split_once(PLACE) {
            Some(parts) if places == 1 => parts,
            _ => return Err(TemplateError::Places(places)),
        };
        let odd = |letter: &char| letter.is_control() || matches!(letter, '{' | '}');
        if let Some(letter) = before.chars().chain(after.chars()).find(odd) {
            return Err(TemplateError::Letter(letter));
        }
        Ok(Self {
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{PLACE}{}", self.before, self.after)
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a prompt cannot be painted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// There is nothing in it.
    #[error("the prompt is empty; say what to make")]
    Empty,
    /// It is longer than any validator's.
    #[error("the prompt has {0} characters; at most {MOST_PROMPT} are taken")]
    TooLong(usize),
}

impl Template {
    /// The text for the model: the prompt as it is, but for the white space and the control characters
    /// around and between its words, with the template's words around it; without them where both do
    /// not fit.
    ///
    /// # Errors
    /// When the prompt has no words or too many.
    pub fn shape(&self, prompt: &str) -> Result<String, ShapeError> {
        let prompt = tidied(prompt)?;
        let words = self.before.len() + prompt.len() + self.after.len();
        if words > MOST_SHAPED {
            return Ok(prompt);
        }
        Ok([self.before.as_str(), &prompt, &self.after].concat())
    }
}

/// The words of a prompt with one space between them.
fn tidied(prompt: &str) -> Result<String, ShapeError> {
    let length = prompt.chars().count();
    if length > MOST_PROMPT {
        return Err(ShapeError::TooLong(length));
    }
    let words: Vec<&str> = prompt
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return Err(ShapeError::Empty);
    }
    Ok(words.join(" "))
}
