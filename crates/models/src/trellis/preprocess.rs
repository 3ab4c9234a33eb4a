//! From a cut-out picture to what the image condition is made of, to the byte as the reference does it.
//!
//! TRELLIS `pipelines/trellis_image_to_3d.py` (`preprocess_image`), on Pillow 13.

use thiserror::Error;

use super::lanczos::resize;

/// Side of the pictures that the condition is made of.
pub const SIDE: usize = 518;
/// The longer side of pictures whose ground is to be removed.
const LONGEST: u32 = 1024;
/// Alpha above this is the subject: more than 0.8 · 255.
const OPAQUE: u8 = 204;
/// The longest side there may be: JPEG's. What is laid out for a picture stays small with it.
const MOST: u32 = 65_535;

/// A picture that can't be prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// Its size is not that of its pixels.
    #[error("a picture of {width}×{height} pixels with {bytes} bytes")]
    Size {
        /// What it says it is wide.
        width: u32,
        /// What it says it is high.
        height: u32,
        /// The bytes it has.
        bytes: usize,
    },
    /// A side is too long.
    #[error("a picture of {width}×{height} pixels: no side may be longer than {MOST}")]
    TooLarge {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// There is nothing to see in it.
    #[error("the picture shows no subject: no pixel has an alpha above {OPAQUE}; cut it out anew")]
    Transparent,
    /// What there is to see is a pixel or two.
    #[error(
        "the picture shows next to nothing: its subject is {width}×{height} pixels; give a larger one"
    )]
    TooSmall {
        /// Width of the subject.
        width: u32,
        /// Height of the subject.
        height: u32,
    },
}

/// Holds the size a picture claims against its bytes and what is allowed.
fn check(width: u32, height: u32, channels: u64, bytes: usize) -> Result<(), PrepareError> {
    let expected = u64::from(width) * u64::from(height);
    if expected.checked_mul(channels) != Some(bytes as u64) || bytes == 0 {
        return Err(PrepareError::Size {
            width,
            height,
            bytes,
        });
    }
    if width.max(height) > MOST {
        return Err(PrepareError::TooLarge { width, height });
    }
    Ok(())
}

/// A square of a picture, which may reach beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Square {
    left: i64,
    top: i64,
    side: i64,
}

/// The lowest and the highest of what fulfils a condition.
fn ends(mut all: impl Iterator<Item = usize>) -> Option<[usize; 2]> {
    let first = all.next()?;
    Some([first, all.last().unwrap_or(first)])
}

impl Square {
    /// 1.2 times as large as the box around all that is opaque, about the same centre.
    fn around_subject(width: usize, rgba: &[u8]) -> Result<Self, PrepareError> {
        let mut columns = vec![false; width];
        let opaque_rows = rgba
            .chunks_exact(4 * width)
            .enumerate()
            .filter_map(|(y, row)| {
                let mut any = false;
                for (column, pixel) in columns.iter_mut().zip(row.as_chunks::<4>().0) {
                    let opaque = pixel[3] > OPAQUE;
                    *column |= opaque;
                    any |= opaque;
                }
                any.then_some(y)
            });
        let [top, bottom] = ends(opaque_rows).ok_or(PrepareError::Transparent)?;
        let opaque_columns = columns.iter().enumerate().filter(|(_, opaque)| **opaque);
        let [left, right] =
            ends(opaque_columns.map(|(x, _)| x)).ok_or(PrepareError::Transparent)?;
        let longest = (right - left).max(bottom - top);
        let half = (longest as f64 * 1.2) as i64 / 2;
        if half == 0 {
            return Err(PrepareError::TooSmall {
                width: (right - left + 1) as u32,
                height: (bottom - top + 1) as u32,
            });
        }
        // The centre may lie between two pixels; Python rounds such to the even one.
        let from = |low: usize, high: usize| {
            let centre = (low + high) as f64 / 2.0;
            (centre - half as f64).round_ties_even() as i64
        };
        Ok(Self {
            left: from(left, right),
            top: from(top, bottom),
            side: 2 * half,
        })
    }

    /// Writes row `y` of the square: what lies beyond the picture is transparent.
    fn row(&self, y: usize, width: usize, rgba: &[u8], out: &mut [u8]) {
        out.fill(0);
        let Ok(y) = usize::try_from(y as i64 + self.top) else {
            return;
        };
        let Some(row) = rgba.chunks_exact(4 * width).nth(y) else {
            return;
        };
        let (skipped, first) = ((-self.left).max(0) as usize, self.left.max(0) as usize);
        let places = out.get_mut(4 * skipped..).unwrap_or_default();
        let seen = row.get(4 * first..).unwrap_or_default();
        let count = places.len().min(seen.len());
        places[..count].copy_from_slice(&seen[..count]);
    }
}

/// Colours times alpha, as Pillow rounds that.
fn premultiply(pixel: &mut [u8; 4]) {
    let alpha = u32::from(pixel[3]);
    for value in &mut pixel[..3] {
        let product = u32::from(*value) * alpha + 128;
        *value = (((product >> 8) + product) >> 8) as u8;
    }
}

/// Colours by alpha, as Pillow rounds that.
fn divide(pixel: &mut [u8; 4]) {
    let alpha = u32::from(pixel[3]);
    if alpha == 0 || alpha == 255 {
        return;
    }
    for value in &mut pixel[..3] {
        *value = (255 * u32::from(*value) / alpha).min(255) as u8;
    }
}

/// On black: colours times alpha, cut to 8 bit.
fn on_black(pixel: &[u8; 4]) -> [u8; 3] {
    let alpha = f32::from(pixel[3]) / 255.0;
    [pixel[0], pixel[1], pixel[2]].map(|value| (f32::from(value) / 255.0 * alpha * 255.0) as u8)
}

/// The subject of a cut-out picture, `width` · `height` pixels of red, green, blue and alpha row by row,
/// in the middle of a black square: [`SIDE`] · [`SIDE`] pixels of red, green and blue.
///
/// The subject is what has an alpha above 204. A picture without any transparency is a subject as a whole:
/// the reference cuts such out first (see [`shrink`]), and so should the caller.
///
/// # Errors
/// When the bytes are not as many as the size says, a side is longer than 65,535, or there is no subject of
/// three pixels a side at least.
pub fn prepare_image(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>, PrepareError> {
    check(width, height, 4, rgba.len())?;
    let width = width as usize;
    let square = Square::around_subject(width, rgba)?;
    let side = square.side as usize;
    let pixels = if side == SIDE {
        let mut pixels = vec![0; SIDE * SIDE * 4];
        for (y, out) in pixels.chunks_exact_mut(SIDE * 4).enumerate() {
            square.row(y, width, rgba, out);
        }
        pixels
    } else {
        let mut pixels = resize::<4>([side; 2], [SIDE; 2], |y, out| {
            square.row(y, width, rgba, out);
            out.as_chunks_mut().0.iter_mut().for_each(premultiply);
        });
        pixels.as_chunks_mut().0.iter_mut().for_each(divide);
        pixels
    };
    Ok(pixels.as_chunks().0.iter().flat_map(on_black).collect())
}

/// A picture without transparency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rgb {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Red, green and blue of each, row by row.
    pub pixels: Vec<u8>,
}

/// A picture of `width` · `height` pixels of red, green and blue with its longer side shrunk to 1024: what
/// the reference does before it removes the ground. A smaller one comes back as it is.
///
/// # Errors
/// When the bytes are not as many as the size says, or a side is longer than 65,535.
pub fn shrink(width: u32, height: u32, rgb: &[u8]) -> Result<Rgb, PrepareError> {
    check(width, height, 3, rgb.len())?;
    let longest = width.max(height);
    if longest <= LONGEST {
        return Ok(Rgb {
            width,
            height,
            pixels: rgb.to_vec(),
        });
    }
    let scale = f64::from(LONGEST) / f64::from(longest);
    // Where the reference would be left with nothing, one pixel stays.
    let [to_width, to_height] =
        [width, height].map(|side| ((f64::from(side) * scale) as u32).max(1));
    let from = [width as usize, height as usize];
    let to = [to_width as usize, to_height as usize];
    let pixels = rgb.as_chunks::<3>().0;
    let pixels = if columns_first(from, to) {
        let turned = resize::<3>([from[1], from[0]], [to[1], to[0]], |x, out| {
            let column = pixels[x..].iter().step_by(from[0]);
            out.as_chunks_mut()
                .0
                .iter_mut()
                .zip(column)
                .for_each(|(place, pixel)| *place = *pixel);
        });
        turned_back(&turned, to)
    } else {
        resize::<3>(from, to, |y, out| {
            out.copy_from_slice(pixels[y * from[0]..][..from[0]].as_flattened());
        })
    };
    Ok(Rgb {
        width: to_width,
        height: to_height,
        pixels,
    })
}

/// Whether Pillow 13 resamples along the columns before it does along the rows, which rounds otherwise:
/// found by trying, and true of hundreds of sizes. Older ones never do.
fn columns_first(from: [usize; 2], to: [usize; 2]) -> bool {
    let less = |axis: usize| from[axis] as i64 - to[axis] as i64;
    less(1) > 0 && less(1) > 2 * less(0)
}

/// A picture of `size` (width, height) row by row, from its columns one behind the other.
fn turned_back(columns: &[u8], [width, height]: [usize; 2]) -> Vec<u8> {
    let pixels = columns.as_chunks::<3>().0;
    (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| pixels[x * height + y]))
        .collect()
}
