//! Several views in one picture: the validator's duel grid, contact sheets, turntables.

use std::{io::Cursor, time::Duration};

use ::image::{Delay, Frame, RgbaImage, codecs::gif};
use thiserror::Error;

use crate::image::{Image, ImageError};

/// The views of sixteen that the validator shows its duel judge: 24°, 120°, 216° and 312°
/// (three-gen-subnet `validation/server/pipeline.py`).
pub const GRID_VIEWS: [usize; 4] = [1, 5, 9, 13];

/// Pixels between the validator's grid views.
pub const GRID_GAP: u32 = 5;

/// The validator's `combine_images4` pastes onto black, which shows in the gap.
const GRID_GAP_COLOUR: [u8; 3] = [0; 3];

/// Between the pictures of a contact sheet.
const SHEET_GAP_COLOUR: [u8; 3] = [255; 3];

/// The longest side of a sheet, in pixels.
const MAX_SHEET_SIDE: u64 = 32_768;

/// Pictures that cannot be put together.
#[derive(Debug, Error)]
pub enum SheetError {
    /// Fewer views than the grid needs, or none at all.
    #[error("{found} views are too few: {needed} are needed")]
    TooFew {
        /// Views there are.
        found: usize,
        /// Views there must be.
        needed: usize,
    },
    /// Views of different sizes.
    #[error("view {index} differs in size from the first")]
    Uneven {
        /// The first that differs.
        index: usize,
    },
    /// The sheet would be too large.
    #[error("a sheet of {width}×{height} pixels is too large: use fewer or smaller views")]
    TooLarge {
        /// Resulting width in pixels.
        width: u64,
        /// Resulting height in pixels.
        height: u64,
    },
    /// A view is not a whole image, or could not be encoded.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// The validator's 2×2 duel picture of its sixteen views: [`GRID_VIEWS`], [`GRID_GAP`] black pixels
/// apart.
///
/// # Errors
/// When `views` are not the sixteen, or are of different sizes.
pub fn grid(views: &[Image]) -> Result<Image, SheetError> {
    if views.len() < 16 {
        return Err(SheetError::TooFew {
            found: views.len(),
            needed: 16,
        });
    }
    let chosen: Vec<&Image> = GRID_VIEWS.iter().map(|&index| &views[index]).collect();
    sheet(&chosen, 2, GRID_GAP, GRID_GAP_COLOUR)
}

/// All views in rows of `columns`, `gap` white pixels apart.
///
/// # Errors
/// When there is no view, the views are of different sizes, or the sheet would be too large.
pub fn contact_sheet(views: &[Image], columns: usize, gap: u32) -> Result<Image, SheetError> {
    let views: Vec<&Image> = views.iter().collect();
    sheet(&views, columns.max(1), gap, SHEET_GAP_COLOUR)
}

fn check_even(views: &[&Image]) -> Result<(u32, u32), SheetError> {
    let Some(first) = views.first() else {
        return Err(SheetError::TooFew {
            found: 0,
            needed: 1,
        });
    };
    for (index, view) in views.iter().enumerate() {
        view.check()?;
        if (view.width, view.height) != (first.width, first.height) {
            return Err(SheetError::Uneven { index });
        }
    }
    Ok((first.width, first.height))
}

fn sheet(
    views: &[&Image],
    columns: usize,
    gap: u32,
    gap_colour: [u8; 3],
) -> Result<Image, SheetError> {
    let (view_width, view_height) = check_even(views)?;
    let columns = columns.min(views.len());
    let span = |side: u32, count: usize| {
        u64::from(side) * count as u64 + u64::from(gap) * (count as u64 - 1)
    };
    let width = span(view_width, columns);
    let height = span(view_height, views.len().div_ceil(columns));
    if width > MAX_SHEET_SIDE || height > MAX_SHEET_SIDE || width * height > 1 << 28 {
        return Err(SheetError::TooLarge { width, height });
    }
    let mut sheet = Image {
        width: width as u32,
        height: height as u32,
        rgb: gap_colour.repeat((width * height) as usize),
    };
    for (index, view) in views.iter().enumerate() {
        let left = (index % columns) * (view_width + gap) as usize;
        let top = (index / columns) * (view_height + gap) as usize;
        let row_bytes = view_width as usize * 3;
        for (row, line) in view.rgb.chunks_exact(row_bytes).enumerate() {
            let start = ((top + row) * width as usize + left) * 3;
            sheet.rgb[start..start + row_bytes].copy_from_slice(line);
        }
    }
    Ok(sheet)
}

/// The views as an endless animated GIF, each shown for `frame_time` (in steps of 10 ms).
///
/// # Errors
/// When there is no view, the views are of different sizes, or the encoder refuses them.
pub fn turntable_gif(views: &[Image], frame_time: Duration) -> Result<Vec<u8>, SheetError> {
    check_even(&views.iter().collect::<Vec<_>>())?;
    let mut bytes = Vec::new();
    // Speed 10 of 30 picks colours well enough that shading does not band.
    let mut encoder = gif::GifEncoder::new_with_speed(Cursor::new(&mut bytes), 10);
    encoder
        .set_repeat(gif::Repeat::Infinite)
        .map_err(ImageError::from)?;
    for view in views {
        let rgba: Vec<u8> = view
            .rgb
            .chunks_exact(3)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
            .collect();
        if let Some(buffer) = RgbaImage::from_raw(view.width, view.height, rgba) {
            let delay = Delay::from_saturating_duration(frame_time);
            encoder
                .encode_frame(Frame::from_parts(buffer, 0, 0, delay))
                .map_err(ImageError::from)?;
        }
    }
    drop(encoder);
    Ok(bytes)
}
