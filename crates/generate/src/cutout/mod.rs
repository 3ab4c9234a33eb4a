//! Cut-outs fit to be sculpted from: alpha made ready, the object's colours freed of its ground's, and a
//! gate that says whether the result can be relied on.
//!
//! A network's alpha goes through [`cut_out`]; a picture that comes with alpha through [`inspect`] alone,
//! since somebody cut it out on purpose. Whoever has several removers tries the next when
//! [`Cutout::doubt`] says something, then asks for another picture.

mod alpha;
mod backdrop;
mod finding;
mod foreground;
mod gate;
mod limits;
mod regions;
#[cfg(test)]
mod tests;

use image::{ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage, imageops};
use thiserror::Error;

pub use finding::{Check, Finding, doubt, excess};
pub use limits::CutoutLimits;

/// Longer side of a cut-out, in pixels: larger pictures are shrunk. The sculptor sees 518.
pub const LONGEST: u32 = 2048;

/// Why nothing can be cut out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CutoutError {
    /// The picture has no pixel.
    #[error("the picture is empty")]
    Empty,
    /// Alpha is not of this picture.
    #[error("{found} values of alpha for a picture of {width}×{height} pixels")]
    Alpha {
        /// How many there are.
        found: usize,
        /// The picture's width.
        width: u32,
        /// The picture's height.
        height: u32,
    },
}

/// An object without its ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutout {
    /// The object in its own colours, its edges soft; not multiplied by alpha.
    pub image: RgbaImage,
    /// What the gate found.
    pub findings: Vec<Finding>,
}

impl Cutout {
    /// Everything that speaks against using it, in one line.
    #[must_use]
    pub fn doubt(&self) -> Option<String> {
        doubt(&self.findings)
    }

    /// How bad it is, for choosing among cut-outs that all failed: 0 where nothing failed.
    #[must_use]
    pub fn excess(&self) -> f32 {
        excess(&self.findings)
    }
}

/// Cuts the object out by `alpha`, `0..1` for each pixel row by row from the top, and looks at the result.
///
/// # Errors
/// When the picture is empty, or `alpha` is of another size.
pub fn cut_out(
    picture: &RgbImage,
    alpha: &[f32],
    limits: &CutoutLimits,
) -> Result<Cutout, CutoutError> {
    let (width, height) = picture.dimensions();
    if width == 0 || height == 0 {
        return Err(CutoutError::Empty);
    }
    if alpha.len() != width as usize * height as usize {
        return Err(CutoutError::Alpha {
            found: alpha.len(),
            width,
            height,
        });
    }
    if width.max(height) > LONGEST {
        let (picture, alpha) = shrunk(picture, alpha);
        return Ok(of_working_size(&picture, alpha, limits));
    }
    Ok(of_working_size(picture, alpha.to_vec(), limits))
}

/// Looks at a picture that came with its alpha.
#[must_use]
pub fn inspect(picture: &RgbaImage, limits: &CutoutLimits) -> Vec<Finding> {
    let alpha: Vec<f32> = picture
        .pixels()
        .map(|pixel| f32::from(pixel[3]) / 255.0)
        .collect();
    let size = [picture.width() as usize, picture.height() as usize];
    gate::inspect(&alpha, size, None, limits)
}

fn shrunk(picture: &RgbImage, alpha: &[f32]) -> (RgbImage, Vec<f32>) {
    let (width, height) = picture.dimensions();
    let longest = u64::from(width.max(height));
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(LONGEST) / longest;
        (side as u32).max(1)
    };
    let (across, down) = (scaled(width), scaled(height));
    let filter = imageops::FilterType::Triangle;
    // No number would spread to its neighbours.
    let alpha = ImageBuffer::from_fn(width, height, |x, y| {
        let value = alpha[y as usize * width as usize + x as usize];
        Luma([if value > 0.0 { value.min(1.0) } else { 0.0 }])
    });
    (
        imageops::resize(picture, across, down, filter),
        imageops::resize(&alpha, across, down, filter).into_raw(),
    )
}

fn of_working_size(picture: &RgbImage, mut alpha: Vec<f32>, limits: &CutoutLimits) -> Cutout {
    let (width, height) = picture.dimensions();
    let size = [width as usize, height as usize];
    alpha::clean(&mut alpha, size);
    let findings = gate::inspect(&alpha, size, Some(picture), limits);
    let [red, green, blue] = foreground::estimate(picture, &alpha);
    let byte = |value: f32| (value * 255.0 + 0.5) as u8;
    let image = RgbaImage::from_fn(width, height, |x, y| {
        let index = y as usize * size[0] + x as usize;
        let opacity = byte(alpha[index]);
        if opacity == u8::MAX {
            let Rgb([red, green, blue]) = *picture.get_pixel(x, y);
            return Rgba([red, green, blue, opacity]);
        }
        let [red, green, blue] = [&red, &green, &blue].map(|plane| byte(plane[index]));
        Rgba([red, green, blue, opacity])
    });
    Cutout { image, findings }
}
