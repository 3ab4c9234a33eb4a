//! T5's tokenizer, from the `tokenizer.json` that is published with FLUX.

use tokenizers::Tokenizer;

use crate::tokenizer::TokenizerError;

/// Tokens that FLUX.1-schnell reads, end mark and padding included.
pub const T5_TOKENS: usize = 256;

/// T5's tokenizer.
#[derive(Debug, Clone)]
pub struct T5Tokenizer {
    pieces: Tokenizer,
    end: u32,
    padding: u32,
}

impl T5Tokenizer {
    /// Reads a published `tokenizer.json`.
    ///
    /// # Errors
    /// When it is none, or lacks the end mark or the padding.
    pub fn from_json(bytes: &[u8]) -> Result<Self, TokenizerError> {
        let unreadable = |reason: String| TokenizerError::Unreadable {
            file: "tokenizer.json",
            reason,
        };
        let mut pieces =
            Tokenizer::from_bytes(bytes).map_err(|error| unreadable(error.to_string()))?;
        // Cutting and padding are done here, whatever the file says about them.
        pieces.with_padding(None);
        pieces
            .with_truncation(None)
            .map_err(|error| unreadable(error.to_string()))?;
        let mark = |name: &str| {
            let number = pieces.token_to_id(name);
            number.ok_or_else(|| unreadable(format!("its vocabulary has no {name}")))
        };
        let (end, padding) = (mark("</s>")?, mark("<pad>")?);
        Ok(Self {
            pieces,
            end,
            padding,
        })
    }

    /// The [`T5_TOKENS`] tokens of a text: cut where there are more, then the end mark, then padding, as
    /// transformers does it with `padding="max_length", truncation=True`.
    ///
    /// # Errors
    /// When the text cannot be cut into tokens.
    pub fn tokens(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let found = self
            .pieces
            .encode_fast(text, false)
            .map_err(|error| TokenizerError::Text(error.to_string()))?;
        let mut tokens: Vec<u32> = found.get_ids().to_vec();
        tokens.truncate(T5_TOKENS - 1);
        tokens.push(self.end);
        tokens.resize(T5_TOKENS, self.padding);
        Ok(tokens)
    }
}
