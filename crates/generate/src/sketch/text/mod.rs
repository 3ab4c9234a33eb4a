//! Builds an object from the words of a prompt.
//!
//! [`reading`] finds the subject, its colours, materials and parts; [`archetypes`] builds it from
//! solids; [`compose`] paints it as the prompt says and puts it on what it stands on; [`sampling`]
//! covers it with painted surface elements. What is not understood is left out, and said so.

mod archetypes;
mod compose;
mod distance;
mod lexicon;
mod model;
mod noise;
mod paint;
mod reading;
mod sampling;
mod skin;
mod solid;
#[cfg(test)]
mod tests;

use super::Sculpture;

/// Builds what `prompt` names, facing +Z with raw +Y up and 1.5 units long, from about `splats`
/// surface elements. Never fails: an unknown thing becomes a plain block, with a note. Once
/// `cancelled` says so it stops, with nothing.
pub(crate) fn sculpt(
    prompt: &str,
    seed: u64,
    splats: usize,
    cancelled: &dyn Fn() -> bool,
) -> Sculpture {
    let composed = compose::compose(prompt, seed);
    Sculpture {
        surfels: sampling::surfels(&composed.model, seed, splats, cancelled),
        notes: composed.notes,
    }
}
