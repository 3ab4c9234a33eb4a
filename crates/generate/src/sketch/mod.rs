//! The backend that needs no weights: for rehearsals, and for trying everything around generation.
//!
//! A text prompt is read for shapes, colours and materials and built from solids; an image prompt
//! is cut out and inflated. Both give painted surface elements, and those give splats: upright in
//! raw +Y, facing +Z, about 1.5 units long.

mod backend;
mod image;
mod surface;
mod text;

pub use backend::{SketchBackend, SketchOptions};
pub(crate) use image::cut_out;
#[cfg(fuzzing)]
pub(crate) use image::inflate_picture;
pub(crate) use image::oklab;

use surface::Surfel;

/// A finished surface, not yet splats.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sculpture {
    /// The surface, piece by piece.
    pub(crate) surfels: Vec<Surfel>,
    /// What a person should know about how the prompt was understood.
    pub(crate) notes: Vec<String>,
}
