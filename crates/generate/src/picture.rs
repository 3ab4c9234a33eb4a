//! Pictures from strangers: recognised by their first bytes, and bounded before anything is allocated.

use std::io::Cursor;

use image::{ImageFormat, ImageReader, Limits, RgbaImage};
use thiserror::Error;

/// Image prompts are 1024² and below 2 MB in service; this leaves room for larger ones.
const MAX_BYTES: usize = 20 * 1024 * 1024;
/// Neither side may be longer, in pixels.
const MAX_SIDE: u32 = 4096;
/// What decoding may allocate: four times a 4096² RGBA picture.
const MAX_ALLOCATION: u64 = 256 * 1024 * 1024;

/// Why bytes are no usable picture.
#[derive(Debug, Error)]
pub(crate) enum PictureError {
    /// Refused before decoding.
    #[error("the image has {0} bytes; at most {MAX_BYTES} are taken")]
    TooManyBytes(usize),
    /// Refused before decoding.
    #[error("the image is {0}×{1} pixels; at most {MAX_SIDE}×{MAX_SIDE} are taken")]
    TooLarge(u32, u32),
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

/// The picture as displayed; of an animation, its first frame.
///
/// # Errors
/// When the bytes are none of the formats, broken, or too large.
pub(crate) fn decode(bytes: &[u8]) -> Result<RgbaImage, PictureError> {
    if bytes.len() > MAX_BYTES {
        return Err(PictureError::TooManyBytes(bytes.len()));
    }
    let format = image::guess_format(bytes).map_err(|_| PictureError::UnknownFormat)?;
    if !matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP
    ) {
        return Err(PictureError::UnknownFormat);
    }
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
        .into_dimensions()
        .map_err(broken)?;
    if width == 0 || height == 0 {
        return Err(PictureError::Empty);
    }
    if width.max(height) > MAX_SIDE {
        return Err(PictureError::TooLarge(width, height));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    Ok(reader.decode().map_err(broken)?.into_rgba8())
}

/// Some decoders explain themselves on several lines.
fn broken(error: image::ImageError) -> PictureError {
    let words: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
    PictureError::Broken(words.join("; "))
}
