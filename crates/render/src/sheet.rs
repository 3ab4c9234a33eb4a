//! Several views in one picture: the validator's duel grid and contact sheets.

use thiserror::Error;

use crate::image::{Image, ImageError, TransparentImage};

/// The views of sixteen that the validator shows its duel judge: 24°, 120°, 216° and 312°
/// (three-gen-subnet `validation/server/pipeline.py`).
pub const GRID_VIEWS: [usize; 4] = [1, 5, 9, 13];

/// Pixels between the validator's grid views.
pub const GRID_GAP: u32 = 5;

/// `combine_images4` pastes onto black, which shows in the gap.
const GRID_GAP_COLOUR: [u8; 3] = [0; 3];

/// Between the pictures of a contact sheet.
const SHEET_GAP_COLOUR: [u8; 3] = [255; 3];

/// The longest side of a sheet, in pixels.
const MAX_SHEET_SIDE: u64 = 32_768;

/// The most pixels of a sheet.
const MAX_SHEET_PIXELS: u64 = 1 << 28;

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

/// The validator's 2×2 duel picture of its sixteen views: [`GRID_VIEWS`] row by row, [`GRID_GAP`]
/// black pixels apart (`combine_images4` in three-gen-subnet `validation/server/pipeline.py`).
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
    grid_of(GRID_VIEWS.map(|index| &views[index]))
}

/// The duel picture of the four views [`GRID_VIEWS`] alone: left above, right above, left below,
/// right below.
///
/// # Errors
/// When the views are of different sizes.
pub fn grid_of(views: [&Image; 4]) -> Result<Image, SheetError> {
    opaque(&views, 2, GRID_GAP, &GRID_GAP_COLOUR)
}

/// All views in rows of `columns`, `gap` white pixels apart.
///
/// # Errors
/// When there is no view, the views are of different sizes, or the sheet would be too large.
pub fn contact_sheet(views: &[Image], columns: usize, gap: u32) -> Result<Image, SheetError> {
    opaque(
        &views.iter().collect::<Vec<_>>(),
        columns,
        gap,
        &SHEET_GAP_COLOUR,
    )
}

/// All views in rows of `columns`, `gap` transparent pixels apart.
///
/// # Errors
/// As of [`contact_sheet`].
pub fn transparent_sheet(
    views: &[TransparentImage],
    columns: usize,
    gap: u32,
) -> Result<TransparentImage, SheetError> {
    for view in views {
        view.check()?;
    }
    let planes: Vec<Plane<'_>> = views
        .iter()
        .map(|view| (view.width, view.height, view.rgba.as_slice()))
        .collect();
    let (width, height, rgba) = paste(&planes, columns, gap, &[0; 4])?;
    Ok(TransparentImage {
        width,
        height,
        rgba,
    })
}

/// Width and height in pixels of a sheet of `count` views of `view` pixels, in rows of `columns`
/// and `gap` pixels apart.
///
/// # Errors
/// When there is no view, or the sheet would be too large.
pub fn sheet_size(
    view: [u32; 2],
    count: usize,
    columns: usize,
    gap: u32,
) -> Result<[u32; 2], SheetError> {
    if count == 0 {
        return Err(SheetError::TooFew {
            found: 0,
            needed: 1,
        });
    }
    let columns = columns.clamp(1, count);
    let span = |side: u32, count: usize| {
        u64::from(side) * count as u64 + u64::from(gap) * (count as u64 - 1)
    };
    let width = span(view[0], columns);
    let height = span(view[1], count.div_ceil(columns));
    if width > MAX_SHEET_SIDE || height > MAX_SHEET_SIDE || width * height > MAX_SHEET_PIXELS {
        return Err(SheetError::TooLarge { width, height });
    }
    Ok([width as u32, height as u32])
}

/// Width, height and bytes of a picture.
type Plane<'a> = (u32, u32, &'a [u8]);

fn opaque(
    views: &[&Image],
    columns: usize,
    gap: u32,
    gap_colour: &[u8; 3],
) -> Result<Image, SheetError> {
    for view in views {
        view.check()?;
    }
    let planes: Vec<Plane<'_>> = views
        .iter()
        .map(|view| (view.width, view.height, view.rgb.as_slice()))
        .collect();
    let (width, height, rgb) = paste(&planes, columns, gap, gap_colour)?;
    Ok(Image { width, height, rgb })
}

/// Pastes pictures of one size and of as many bytes per pixel as `gap_colour` has.
fn paste(
    views: &[Plane<'_>],
    columns: usize,
    gap: u32,
    gap_colour: &[u8],
) -> Result<(u32, u32, Vec<u8>), SheetError> {
    let size = views.first().map_or([0; 2], |view| [view.0, view.1]);
    if let Some(index) = views.iter().position(|view| [view.0, view.1] != size) {
        return Err(SheetError::Uneven { index });
    }
    let [width, height] = sheet_size(size, views.len(), columns, gap)?;
    let columns = columns.clamp(1, views.len());
    let mut bytes = gap_colour.repeat(width as usize * height as usize);
    let row_bytes = size[0] as usize * gap_colour.len();
    for (index, (_, _, view)) in views.iter().enumerate() {
        let left = (index % columns) * (size[0] + gap) as usize;
        let top = (index / columns) * (size[1] + gap) as usize;
        for (row, line) in view.chunks_exact(row_bytes).enumerate() {
            let start = ((top + row) * width as usize + left) * gap_colour.len();
            bytes[start..start + row_bytes].copy_from_slice(line);
        }
    }
    Ok((width, height, bytes))
}
