//! Finished pictures and their PNG form.

use std::io::Cursor;

use thiserror::Error;

/// An image that could not be built or encoded.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The pixels do not fill the stated size.
    #[error("{found} bytes do not make an RGB image of {width}×{height} pixels")]
    Size {
        /// Stated width in pixels.
        width: u32,
        /// Stated height in pixels.
        height: u32,
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

impl std::fmt::Debug for Image {
    /// A megabyte of pixels says nothing in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Image({}×{})", self.width, self.height)
    }
}

impl Image {
    /// The image as a PNG file.
    ///
    /// # Errors
    /// When `rgb` does not hold `3 · width · height` bytes, or a side is 0.
    pub fn to_png(&self) -> Result<Vec<u8>, ImageError> {
        self.check()?;
        let mut png = Vec::new();
        ::image::write_buffer_with_format(
            &mut Cursor::new(&mut png),
            &self.rgb,
            self.width,
            self.height,
            ::image::ExtendedColorType::Rgb8,
            ::image::ImageFormat::Png,
        )?;
        Ok(png)
    }

    pub(crate) fn check(&self) -> Result<(), ImageError> {
        let expected = (self.width as usize)
            .checked_mul(self.height as usize)
            .and_then(|pixels| pixels.checked_mul(3));
        if expected == Some(self.rgb.len()) && !self.rgb.is_empty() {
            Ok(())
        } else {
            Err(ImageError::Size {
                width: self.width,
                height: self.height,
                found: self.rgb.len(),
            })
        }
    }
}
