//! What an asset is asked to look like.

use std::sync::Arc;

use crate::picture;

/// Text, or an image, that asks for one object.
#[derive(Clone, PartialEq, Eq)]
pub enum Prompt {
    /// A few words, at most 1024 characters on the wire.
    Text(String),
    /// An encoded image (PNG, JPEG or WebP) exactly as received; hostile until decoded.
    Image(Arc<[u8]>),
}

impl Prompt {
    /// Whether a judge can make anything of it: an image that cannot be decoded is no prompt.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::Image(bytes) => picture::decode(bytes).is_ok(),
        }
    }
}

impl std::fmt::Debug for Prompt {
    /// An image is megabytes: only its size is worth a log line.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "Text({text:?})"),
            Self::Image(bytes) => write!(formatter, "Image({} bytes)", bytes.len()),
        }
    }
}
