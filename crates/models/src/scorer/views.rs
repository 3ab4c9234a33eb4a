//! Pictures on their way into the networks.

use candle_core::{DType, Device, Result, Tensor};

/// A picture: 8-bit RGB, rows from the top, no padding.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `3 · width · height` bytes.
    pub rgb: &'a [u8],
}

impl std::fmt::Debug for Picture<'_> {
    /// A megabyte of pixels says nothing in a log.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Picture({}×{})", self.width, self.height)
    }
}

/// Pictures of one size: `(count, 3, height, width)`, colours from 0 to 1 in single precision.
#[derive(Debug, Clone)]
pub struct Views(Tensor);

impl Views {
    /// Puts the pictures on `device`.
    ///
    /// # Errors
    /// When there are none, they differ in size, or one does not have the bytes its size asks for.
    pub fn new(pictures: &[Picture<'_>], device: &Device) -> Result<Self> {
        let Some(&Picture { width, height, .. }) = pictures.first() else {
            candle_core::bail!("there is no view to look at");
        };
        let (columns, rows) = (width as usize, height as usize);
        let size = columns.saturating_mul(rows).saturating_mul(3);
        let mut bytes = Vec::with_capacity(pictures.iter().map(|picture| picture.rgb.len()).sum());
        for picture in pictures {
            if (picture.width, picture.height) != (width, height) || picture.rgb.len() != size {
                candle_core::bail!(
                    "{picture:?} of {} bytes stands beside {width}×{height}",
                    picture.rgb.len()
                );
            }
            bytes.extend_from_slice(picture.rgb);
        }
        let pixels = Tensor::from_vec(bytes, (pictures.len(), rows, columns, 3), device)?;
        let colours = (pixels.to_dtype(DType::F32)? / 255.0)?;
        Ok(Self(colours.permute((0, 3, 1, 2))?.contiguous()?))
    }

    /// How many there are.
    ///
    /// # Errors
    /// Never: views have four dimensions.
    pub fn count(&self) -> Result<usize> {
        self.0.dim(0)
    }

    pub(super) fn tensor(&self) -> &Tensor {
        &self.0
    }
}
