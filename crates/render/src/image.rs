//! Finished pictures and their PNG form.

use std::io::Cursor;

use ::image::{ExtendedColorType, ImageFormat};
use thiserror::Error;

/// An image that could not be built or encoded.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The pixels do not fill the stated size.
    #[error("{found} bytes do not make an image of {width}×{height} pixels of {channels} bytes")]
    Size {
        /// Stated width in pixels.
        width: u32,
        /// Stated height in pixels.
        height: u32,
        /// Bytes per pixel.
        channels: usize,
        /// Bytes there are.
        found: usize,
    },
    /// The encoder's own complaint.
    #[error("the image could not be encoded: {0}")]
    Encode(#[from] ::image::ImageError),
}

/// A picture: 8-bit RGB, rows from the top, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `3 · width · height` bytes.
    pub rgb: Vec<u8>,
}

/// A picture without a background: 8-bit RGB with straight (not premultiplied) alpha, rows from the
/// top, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct TransparentImage {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `4 · width · height` bytes.
    pub rgba: Vec<u8>,
}

impl std::fmt::Debug for Image {
    /// A megabyte of pixels says nothing in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Image({}×{})", self.width, self.height)
    }
}

impl std::fmt::Debug for TransparentImage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "TransparentImage({}×{})",
            self.width, self.height
        )
    }
}

impl Image {
    /// No pixels yet.
    pub(crate) const fn empty() -> Self {
        Self {
            width: 0,
            height: 0,
            rgb: Vec::new(),
        }
    }

    /// Makes room for this size; what the pixels are is left open.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        self.width = width;
        self.height = height;
        self.rgb.resize(width as usize * height as usize * 3, 0);
    }

    /// The image as a PNG file.
    ///
    /// # Errors
    /// When `rgb` does not hold `3 · width · height` bytes, or a side is 0.
    pub fn to_png(&self) -> Result<Vec<u8>, ImageError> {
        self.check()?;
        to_png(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)
    }

    pub(crate) fn check(&self) -> Result<(), ImageError> {
        check(self.width, self.height, 3, self.rgb.len())
    }
}

impl TransparentImage {
    /// The image as a PNG file with an alpha channel.
    ///
    /// # Errors
    /// When `rgba` does not hold `4 · width · height` bytes, or a side is 0.
    pub fn to_png(&self) -> Result<Vec<u8>, ImageError> {
        self.check()?;
        to_png(
            &self.rgba,
            self.width,
            self.height,
            ExtendedColorType::Rgba8,
        )
    }

    pub(crate) fn check(&self) -> Result<(), ImageError> {
        check(self.width, self.height, 4, self.rgba.len())
    }
}

impl From<&Image> for TransparentImage {
    /// Opaque throughout.
    fn from(image: &Image) -> Self {
        let pixels = image.rgb.chunks_exact(3);
        Self {
            width: image.width,
            height: image.height,
            rgba: pixels
                .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], u8::MAX])
                .collect(),
        }
    }
}

fn to_png(
    bytes: &[u8],
    width: u32,
    height: u32,
    colour: ExtendedColorType,
) -> Result<Vec<u8>, ImageError> {
    let mut png = Vec::new();
    ::image::write_buffer_with_format(
        &mut Cursor::new(&mut png),
        bytes,
        width,
        height,
        colour,
        ImageFormat::Png,
    )?;
    Ok(png)
}

fn check(width: u32, height: u32, channels: usize, found: usize) -> Result<(), ImageError> {
    let expected = (width as usize)
        .checked_mul(height as usize)
        .and_then(|pixels| pixels.checked_mul(channels));
    if expected == Some(found) && found > 0 {
        Ok(())
    } else {
        Err(ImageError::Size {
            width,
            height,
            channels,
            found,
        })
    }
}
