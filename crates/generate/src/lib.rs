//! Makes splat clouds from prompts: the `Generator` trait, its backends, and best-of-N under a
//! budget.

#![forbid(unsafe_code)]

pub mod best_of;
pub mod categories;
pub mod cutout;
mod generator;
mod http;
pub mod native;
mod picture;
pub mod residency;
mod seats;
pub mod shaping;
mod sketch;

pub use generator::{
    Candidate, GenerateError, Generation, GenerationEvent, GenerationSink, Generator,
    MOST_CANDIDATES, Recipe, Request, StageMemory, StageTime,
};
pub use http::{Health, HttpBackend, HttpError, HttpOptions, MOST_AT_ONCE};
pub use seats::{Seat, Seats};
pub use sketch::{SketchBackend, SketchOptions};

/// What the fuzz targets reach and nobody else: the sketch's way from a picture to splats.
#[cfg(fuzzing)]
pub mod fuzzing {
    use crate::GenerateError;

    /// Decodes, cuts out and inflates a picture; returns how many surface elements it gave.
    ///
    /// # Errors
    /// When the bytes are no picture that can be used.
    pub fn inflate(bytes: &[u8]) -> Result<usize, GenerateError> {
        let sculpture = crate::sketch::inflate_picture(bytes, 1, 1000, &|| false)?;
        Ok(sculpture.surfels.len())
    }
}
