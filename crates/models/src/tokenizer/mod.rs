//! CLIP's tokenizer: byte pairs, lower case, at most 77 tokens.
//!
//! open_clip `tokenizer.py` (`SimpleTokenizer`), which the validator uses, after openai/CLIP
//! `simple_tokenizer.py`. The vocabulary is read from the `tokenizer.json` or the `merges.txt` that
//! are published with the checkpoints; cleaning and cutting follow open_clip, not the file.

mod clean;

use std::collections::HashMap;

use clean::clean;
use serde::Deserialize;
use thiserror::Error;
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    Model as _, NormalizedString, OffsetReferential, OffsetType, PreTokenizedString,
    PreTokenizer as _, SplitDelimiterBehavior,
};

/// Tokens of a text, both marks included; a longer one is cut.
const CONTEXT: usize = 77;

/// What ends a word in the vocabulary.
const WORD_END: &str = "</w>";

/// The words a text is cut into before byte pairs are joined. The first two stand for the marks.
const WORDS: &str =
    r"(?i)<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// The words as transformers cuts them, which takes the marks out before.
const PLAIN_WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// The marks, as transformers finds them in a text.
const MARKS: [&str; 2] = ["<|startoftext|>", "<|endoftext|>"];

/// A vocabulary that cannot be used.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// The file is not what its name says.
    #[error("the tokenizer's {file} cannot be read: {reason}")]
    Unreadable {
        /// `tokenizer.json` or `merges.txt`.
        file: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A text could not be cut.
    #[error("the text cannot be cut into tokens: {0}")]
    Text(String),
}

/// CLIP's tokenizer.
#[derive(Debug, Clone)]
pub struct ClipTokenizer {
    pairs: BPE,
    words: Split,
    plain_words: Split,
    letters: [char; 256],
    start: u32,
    end: u32,
}

/// What is used of a `tokenizer.json`.
#[derive(Deserialize)]
struct Published {
    model: BPE,
}

impl ClipTokenizer {
    /// Reads either of the files that vocabularies are published as, `tokenizer.json` or `merges.txt`, told
    /// apart by how they begin.
    ///
    /// # Errors
    /// As [`Self::from_json`] and [`Self::from_merges`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenizerError> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.starts_with("#version") => Self::from_merges(text),
            _ => Self::from_json(bytes),
        }
    }

    /// Reads a published `tokenizer.json`.
    ///
    /// # Errors
    /// When it is no JSON, holds no byte pairs, or lacks the two marks.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TokenizerError> {
        let unreadable = |reason: String| TokenizerError::Unreadable {
            file: "tokenizer.json",
            reason,
        };
        let Published { model } =
            serde_json::from_slice(bytes).map_err(|error| unreadable(error.to_string()))?;
        let mark = |name: &str| {
            let number = model.token_to_id(name);
            number.ok_or_else(|| unreadable(format!("its vocabulary has no {name}")))
        };
        let (start, end) = (mark("<|startoftext|>")?, mark("<|endoftext|>")?);
        Self::new(model, start, end)
    }

    /// Reads a published `merges.txt`: a line of comment, then one pair a line, the commonest first.
    /// The vocabulary follows from it: bytes, bytes that end a word, pairs, the two marks.
    ///
    /// # Errors
    /// When a line is no pair.
    pub fn from_merges(text: &str) -> Result<Self, TokenizerError> {
        let unreadable = |reason: String| TokenizerError::Unreadable {
            file: "merges.txt",
            reason,
        };
        let mut vocabulary: Vec<String> = letters_in_order().map(String::from).collect();
        vocabulary.extend(letters_in_order().map(|letter| format!("{letter}{WORD_END}")));
        let mut merges = Vec::new();
        for (index, line) in text
            .lines()
            .enumerate()
            .skip(1)
            .filter(|(_, line)| !line.is_empty())
        {
            let (left, right) = line
                .split_once(' ')
                .ok_or_else(|| unreadable(format!("line {} is no pair", index + 1)))?;
            vocabulary.push(format!("{left}{right}"));
            merges.push((left.to_owned(), right.to_owned()));
        }
        let start = vocabulary.len() as u32;
        let numbers: HashMap<String, u32> = vocabulary.into_iter().zip(0..).collect();
        let model = BPE::builder()
            .vocab_and_merges(
                numbers
                    .into_iter()
                    .collect::<tokenizers::models::bpe::Vocab>(),
                merges,
            )
            .end_of_word_suffix(WORD_END.to_owned())
            .build()
            .map_err(|error| unreadable(error.to_string()))?;
        Self::new(model, start, start + 1)
    }

    fn new(pairs: BPE, start: u32, end: u32) -> Result<Self, TokenizerError> {
        let split = |pattern: &str| {
            let pattern = SplitPattern::Regex(pattern.to_owned());
            Split::new(pattern, SplitDelimiterBehavior::Removed, true)
                .map_err(|error| TokenizerError::Text(error.to_string()))
        };
        let mut letters = ['\0'; 256];
        for (byte, letter) in bytes_in_order().zip(letters_in_order()) {
            letters[usize::from(byte)] = letter;
        }
        Ok(Self {
            pairs,
            words: split(WORDS)?,
            plain_words: split(PLAIN_WORDS)?,
            letters,
            start,
            end,
        })
    }

    /// The tokens of a text without marks, however many.
    ///
    /// # Errors
    /// When the vocabulary lacks a byte.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.cut(&self.words, clean(text))
    }

    /// The tokens of a text that is clean, cut into these words.
    fn cut(&self, words: &Split, text: String) -> Result<Vec<u32>, TokenizerError> {
        let broken = |error: tokenizers::Error| TokenizerError::Text(error.to_string());
        let mut cut = PreTokenizedString::from(text);
        words.pre_tokenize(&mut cut).map_err(broken)?;
        let mut tokens = Vec::new();
        for (word, _, _) in cut.get_splits(OffsetReferential::Original, OffsetType::None) {
            match word {
                "<start_of_text>" => tokens.push(self.start),
                "<end_of_text>" => tokens.push(self.end),
                word => {
                    let letters: String = word
                        .bytes()
                        .map(|byte| self.letters[usize::from(byte)])
                        .collect();
                    let found = self.pairs.tokenize(&letters).map_err(broken)?;
                    tokens.extend(found.into_iter().map(|token| token.id));
                }
            }
        }
        Ok(tokens)
    }

    /// The tokens of a text between its marks, at most 77: a longer text is cut and its last token
    /// made the end mark. The zeros that the reference pads with are left out, since no token sees
    /// what comes after it.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut tokens = vec![self.start];
        tokens.extend(self.encode(text)?);
        tokens.truncate(CONTEXT - 1);
        tokens.push(self.end);
        Ok(tokens)
    }

    /// The 77 tokens of a text as transformers' `CLIPTokenizer` makes them with `padding="max_length"` and
    /// `truncation=True`: cleaned of nothing but capitals and split accents, and with end marks to the
    /// last. For networks that read every token, not only what stands at the end mark.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn padded(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut tokens = vec![self.start];
        let mut rest = text;
        while !rest.is_empty() && tokens.len() < CONTEXT {
            let found = MARKS.map(|mark| rest.find(mark).unwrap_or(rest.len()));
            let next = found[0].min(found[1]);
            let mut part = NormalizedString::from(&rest[..next]);
            part.nfc().lowercase();
            tokens.extend(self.cut(&self.plain_words, part.get().to_owned())?);
            rest = &rest[next..];
            for (mark, token) in MARKS.into_iter().zip([self.start, self.end]) {
                if let Some(after) = rest.strip_prefix(mark) {
                    tokens.push(token);
                    rest = after;
                    break;
                }
            }
        }
        tokens.truncate(CONTEXT - 1);
        tokens.resize(CONTEXT, self.end);
        Ok(tokens)
    }
}

/// The bytes in the vocabulary's order: those that print, then the others.
fn bytes_in_order() -> impl Iterator<Item = u8> {
    let others = (0..=u8::MAX).filter(|&byte| !prints(byte));
    (0..=u8::MAX).filter(|&byte| prints(byte)).chain(others)
}

/// The letter that stands for each of them: itself where it prints, else one from 256 on.
fn letters_in_order() -> impl Iterator<Item = char> {
    let printing = (0..=u8::MAX).filter(|&byte| prints(byte)).map(char::from);
    let others = (256..).filter_map(char::from_u32);
    printing.chain(others).take(256)
}

fn prints(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}
