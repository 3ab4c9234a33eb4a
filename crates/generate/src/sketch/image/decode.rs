//! Pictures from strangers: recognised by their first bytes, bounded before anything is allocated,
//! and brought down to a working size.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits, RgbaImage, imageops};
use thiserror::Error;

/// Image prompts are 1024² and below 2 MB in service; this leaves room for larger ones.
const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Neither side may be longer, in pixels.
const MAX_SIDE: u32 = 4096;
/// What decoding may allocate: four times a 4096² RGBA picture.
const MAX_ALLOCATION: u64 = 256 * 1024 * 1024;
/// Longer side of the picture that is worked on.
const WORKING_SIDE: u32 = 512;

/// Why bytes are no usable picture.
#[derive(Debug, Error)]
pub(super) enum DecodeError {
    /// Refused before decoding.
    #[error("the image has {0} bytes; at most {MAX_BYTES} are taken")]
    TooManyBytes(usize),
    /// Not one of the formats that are read.
    #[error("the image is neither PNG nor JPEG nor WebP")]
    UnknownFormat,
    /// Broken, truncated, or over the limits.
    #[error("the image cannot be decoded: {0}")]
    Broken(String),
    /// No pixel at all.
    #[error("the image is empty")]
    Empty,
}

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
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, DecodeError> {
    if bytes.len() > MAX_BYTES {
        return Err(DecodeError::TooManyBytes(bytes.len()));
    }
    let format = image::guess_format(bytes).map_err(|_| DecodeError::UnknownFormat)?;
    if !matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP
    ) {
        return Err(DecodeError::UnknownFormat);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let decoded = reader.decode().map_err(broken)?.into_rgba8();
    if decoded.width() == 0 || decoded.height() == 0 {
        return Err(DecodeError::Empty);
    }
    Ok(unpack(&shrink(decoded)))
}

/// Some decoders explain themselves on several lines.
fn broken(error: image::ImageError) -> DecodeError {
    let words: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    DecodeError::Broken(words.join("; "))
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
