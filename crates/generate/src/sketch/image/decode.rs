//! A picture brought down to a working size.

use image::{RgbaImage, imageops};

use crate::picture::{self, PictureError};

/// Longer side of the picture that is worked on.
const WORKING_SIDE: u32 = 512;

/// A picture in working size, row by row from the top.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Red, green, blue as displayed, `0..1`, not multiplied by alpha.
    pub(super) colours: Vec<[f32; 3]>,
    /// `0..1`.
    pub(super) alphas: Vec<f32>,
}

/// Decodes and shrinks; never enlarges.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    Ok(Picture::of(picture::decode(bytes)?))
}

impl Picture {
    /// A picture, shrunk; never enlarged.
    pub(super) fn of(picture: RgbaImage) -> Self {
        unpack(&shrink(picture))
    }
}

/// Shrinks with colours multiplied by alpha, so that invisible pixels do not bleed into edges.
fn shrink(mut picture: RgbaImage) -> RgbaImage {
    for pixel in picture.pixels_mut() {
        let alpha = u32::from(pixel[3]);
        for channel in 0..3 {
            pixel[channel] = ((u32::from(pixel[channel]) * alpha + 127) / 255) as u8;
        }
    }
    let longest = picture.width().max(picture.height());
    if longest <= WORKING_SIDE {
        return picture;
    }
    let scaled = |side: u32| (side * WORKING_SIDE / longest).max(1);
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    imageops::resize(&picture, width, height, imageops::FilterType::Triangle)
}

fn unpack(premultiplied: &RgbaImage) -> Picture {
    let alphas = premultiplied
        .pixels()
        .map(|pixel| f32::from(pixel[3]) / 255.0)
        .collect();
    let colours = premultiplied
        .pixels()
        .map(|pixel| {
            let alpha = f32::from(pixel[3]).max(1.0);
            [0, 1, 2].map(|channel| (f32::from(pixel[channel]) / alpha).min(1.0))
        })
        .collect();
    Picture {
        width: premultiplied.width() as usize,
        height: premultiplied.height() as usize,
        colours,
        alphas,
    }
}
