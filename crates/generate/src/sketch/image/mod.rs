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

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage, imageops};

pub(crate) use ground::oklab;

use super::Sculpture;
use crate::generator::GenerateError;

/// The subject of a picture without alpha, told from its ground by flooding that from the border, and a
/// note where nothing could be told. Sharp to a pixel of the working size; edges are smooth above that.
pub(crate) fn cut_out(picture: &RgbImage) -> (RgbaImage, Option<String>) {
    let opaque = DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
    let (cutout, note) = cutout::cut_out(decode::Picture::of(opaque.clone()));
    let (width, height) = (cutout.mask.width as u32, cutout.mask.height as u32);
    let inside = cutout.mask.inside.iter();
    let alphas = inside.map(|inside| if *inside { 255 } else { 0 }).collect();
    let mut cut = opaque;
    if let Some(mask) = GrayImage::from_raw(width, height, alphas) {
        let filter = imageops::FilterType::Triangle;
        let mask = imageops::resize(&mask, cut.width(), cut.height(), filter);
        for (pixel, alpha) in cut.pixels_mut().zip(mask.pixels()) {
            pixel[3] = alpha[0];
        }
    }
    (cut, note)
}

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
