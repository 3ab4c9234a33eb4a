//! Cuts the subject out of a picture and inflates its silhouette.
//!
//! Decode (hostile bytes, bounded) → cut-out (alpha, or a flood from the border) → height field
//! (Poisson's equation over the silhouette) → painted surface elements, front and back.

mod cutout;
mod decode;
mod ground;
mod height;
mod mask;
mod surface;
#[cfg(test)]
mod tests;

use super::Sculpture;
use crate::generator::GenerateError;

/// Builds the subject of an encoded picture, facing +Z with raw +Y up, 1.5 units long, from about
/// `splats` surface elements. Stops early, with nothing, once `cancelled` says so.
///
/// # Errors
/// [`GenerateError::Prompt`] when the bytes are no picture that can be used.
pub(crate) fn inflate_picture(
    bytes: &[u8],
    seed: u64,
    splats: usize,
    cancelled: &dyn Fn() -> bool,
) -> Result<Sculpture, GenerateError> {
    let picture =
        decode::decode(bytes).map_err(|error| GenerateError::Prompt(error.to_string()))?;
    let (cutout, note) = cutout::cut_out(picture);
    if cancelled() {
        return Ok(Sculpture::default());
    }
    let height = height::inflate(&cutout.mask);
    if cancelled() {
        return Ok(Sculpture::default());
    }
    Ok(Sculpture {
        surfels: surface::lay_out(&cutout, &height, splats, seed),
        notes: note.into_iter().collect(),
    })
}
