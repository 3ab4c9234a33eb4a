//! Blending footprints into one tile, front to back, a few neighbouring pixels at a time.

use crate::{
    band::TILE,
    project::{ALPHA_MIN, Footprint},
};

/// Pixels blended together. A multiple of what baseline vector units hold; the loops over it have
/// no branches, so that the compiler turns them into vector code.
const LANES: usize = 8;

/// Row length of the planes: lanes may run past the tile into pixels nobody reads.
const STRIDE: usize = TILE + LANES;

/// No splat covers more than this.
const ALPHA_MAX: f32 = 0.999;

/// A pixel that lets through this much or less is finished, without the splat that made it so.
const TRANSMITTANCE_MIN: f32 = 1e-4;

/// Pixels of one tile while they are blended: what each has gathered and still lets through.
pub(crate) struct Canvas {
    red: [f32; STRIDE * TILE],
    green: [f32; STRIDE * TILE],
    blue: [f32; STRIDE * TILE],
    transmittance: [f32; STRIDE * TILE],
    /// 1 while the pixel takes splats, 0 once it has stopped.
    open: [f32; STRIDE * TILE],
    /// Column and row of the first pixel.
    origin: [usize; 2],
    /// Columns and rows of the tile that lie on the image.
    size: [usize; 2],
    /// Pixels of the tile that still take splats.
    open_count: usize,
}

impl Canvas {
    pub(crate) fn new() -> Self {
        Self {
            red: [0.0; STRIDE * TILE],
            green: [0.0; STRIDE * TILE],
            blue: [0.0; STRIDE * TILE],
            transmittance: [1.0; STRIDE * TILE],
            open: [0.0; STRIDE * TILE],
            origin: [0; 2],
            size: [0; 2],
            open_count: 0,
        }
    }

    /// Begins a tile at pixel `origin` with `size` columns and rows.
    pub(crate) fn clear(&mut self, origin: [usize; 2], size: [usize; 2]) {
        for plane in [&mut self.red, &mut self.green, &mut self.blue] {
            plane.fill(0.0);
        }
        self.transmittance.fill(1.0);
        self.open.fill(0.0);
        for row in self.open.chunks_exact_mut(STRIDE).take(size[1]) {
            row[..size[0]].fill(1.0);
        }
        self.origin = origin;
        self.size = size;
        self.open_count = size[0] * size[1];
    }

    /// Adds the next footprint behind all that came before. False once no pixel can take more.
    pub(crate) fn blend(&mut self, footprint: &Footprint) -> bool {
        let [left, top] = self.origin;
        let clip = |bound: u16, axis: usize| {
            usize::from(bound).clamp(self.origin[axis], self.origin[axis] + self.size[axis])
        };
        let columns = clip(footprint.low[0], 0)..clip(footprint.high[0], 0);
        for row in clip(footprint.low[1], 1)..clip(footprint.high[1], 1) {
            let down = footprint.mean[1] - (row as f32 + 0.5);
            let columns = if columns.len() > LANES {
                narrow(footprint, down, columns.clone())
            } else {
                columns.clone()
            };
            let mut column = columns.start;
            while column < columns.end {
                let across = footprint.mean[0] - (column as f32 + 0.5);
                self.blend_lanes(
                    footprint,
                    (row - top) * STRIDE + column - left,
                    across,
                    down,
                );
                column += LANES;
            }
        }
        self.open_count > 0
    }

    /// Blends into the [`LANES`] pixels from `start` on, which lie on one row.
    #[inline]
    fn blend_lanes(&mut self, footprint: &Footprint, start: usize, across: f32, down: f32) {
        let places = start..start + LANES;
        let (Some(transmittance), Some(open)) = (
            lanes(&mut self.transmittance, places.clone()),
            lanes(&mut self.open, places.clone()),
        ) else {
            return;
        };
        // Behind opaque surfaces most lanes are closed, and the exponential is most of the work.
        if all_zero(open) {
            return;
        }
        let alphas = alphas(footprint, across, down);
        if all_zero(&alphas) {
            return;
        }
        let mut weights = [0.0; LANES];
        let mut stopped = 0.0;
        for lane in 0..LANES {
            let alpha = alphas[lane] * open[lane];
            let before = transmittance[lane];
            let after = before * (1.0 - alpha);
            let stays = if after > TRANSMITTANCE_MIN { 1.0 } else { 0.0 };
            // A closed pixel has alpha 0 and so its old transmittance, which is above the minimum.
            weights[lane] = alpha * before * stays;
            transmittance[lane] = if after > TRANSMITTANCE_MIN {
                after
            } else {
                before
            };
            stopped += 1.0 - stays;
            open[lane] *= stays;
        }
        for (plane, colour) in [&mut self.red, &mut self.green, &mut self.blue]
            .into_iter()
            .zip(footprint.colour)
        {
            if let Some(plane) = lanes(plane, places.clone()) {
                for lane in 0..LANES {
                    plane[lane] += weights[lane] * colour;
                }
            }
        }
        if stopped > 0.0 {
            self.open_count -= stopped as usize;
        }
    }

    /// What a pixel of the tile has gathered in red, green and blue, and what it still lets through.
    pub(crate) fn gathered(&self, column: usize, row: usize) -> ([f32; 3], f32) {
        let place = row * STRIDE + column;
        (
            [self.red[place], self.green[place], self.blue[place]],
            self.transmittance[place],
        )
    }

    /// Puts the tile over `background` and writes it as RGB bytes: clipped, then truncated.
    pub(crate) fn write(&self, background: [f32; 3], pixels: &mut [u8], row_bytes: usize) {
        let planes = [&self.red, &self.green, &self.blue];
        for (row, line) in pixels.chunks_mut(row_bytes).take(self.size[1]).enumerate() {
            for (column, pixel) in line.chunks_exact_mut(3).take(self.size[0]).enumerate() {
                let place = row * STRIDE + column;
                for (channel, byte) in pixel.iter_mut().enumerate() {
                    let through = self.transmittance[place] * background[channel];
                    *byte = ((planes[channel][place] + through).clamp(0.0, 1.0) * 255.0) as u8;
                }
            }
        }
    }
}

/// Whether all lanes are +0, without a branch per lane.
fn all_zero(values: &[f32; LANES]) -> bool {
    values.iter().fold(0, |bits, value| bits | value.to_bits()) == 0
}

fn lanes(plane: &mut [f32], places: std::ops::Range<usize>) -> Option<&mut [f32; LANES]> {
    plane.get_mut(places)?.try_into().ok()
}

/// How much the footprint covers each of [`LANES`] pixels, 0 where it is too faint to count.
/// `across` and `down` lead from the first pixel's centre to the footprint's.
#[inline]
fn alphas(footprint: &Footprint, across: f32, down: f32) -> [f32; LANES] {
    let [a, b, c] = footprint.conic;
    let mut alphas = [0.0; LANES];
    for (lane, alpha) in alphas.iter_mut().enumerate() {
        let dx = across - lane as f32;
        let exponent = 0.5 * (a * dx * dx + c * down * down) + b * dx * down;
        let value = (footprint.opacity * exp_negative(exponent)).min(ALPHA_MAX);
        *alpha = if exponent >= 0.0 && value >= ALPHA_MIN {
            value
        } else {
            0.0
        };
    }
    alphas
}

/// `e^−x` for `x ≥ 0`, within 2 units in the last place up to x = 80 and tiny beyond. Written
/// without calls or branches, so that a loop over it becomes vector code: the exponent is split into
/// a power of two, put straight into the float's exponent bits, and a remainder of at most ½·ln 2
/// for a Taylor polynomial of degree 6.
#[inline]
fn exp_negative(x: f32) -> f32 {
    /// 1.5 · 2²³: adding and taking it off rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = -(x.min(80.0));
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let polynomial = 1.0
        + rest
            * (1.0
                + rest
                    * (0.5
                        + rest
                            * (1.0 / 6.0
                                + rest * (1.0 / 24.0 + rest * (1.0 / 120.0 + rest / 720.0)))));
    let power = f32::from_bits(
        shifted
            .to_bits()
            .wrapping_sub(ROUND.to_bits())
            .wrapping_add(127)
            << 23,
    );
    polynomial * power
}

/// The columns of one row that the footprint's ellipse reaches: where
/// `½·a·dx² + b·dx·dy + ½·c·dy² ≤ reach`, solved for dx.
fn narrow(
    footprint: &Footprint,
    down: f32,
    columns: std::ops::Range<usize>,
) -> std::ops::Range<usize> {
    let [a, b, c] = footprint.conic;
    // The exponent is computed in single precision from terms as large as c·dy²: what rounding may
    // take off it must not cut a pixel.
    let reach = footprint.reach + 1e-3 + 1e-6 * c * down * down;
    let discriminant = 2.0 * a * reach - footprint.conic_determinant * down * down;
    if discriminant < 0.0 {
        return columns.start..columns.start;
    }
    let middle = footprint.mean[0] - 0.5 + b * down / a;
    let half = discriminant.sqrt() / a + 0.01;
    let low = (middle - half).ceil().max(columns.start as f32);
    let high = ((middle + half).floor() + 1.0).min(columns.end as f32);
    if low < high {
        low as usize..high as usize
    } else {
        columns.start..columns.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_two_units_in_the_last_place() {
        for step in 0..80_000 {
            let x = step as f32 * 1e-3;
            let exact = (-f64::from(x)).exp();
            let error = (f64::from(exp_negative(x)) - exact).abs() / exact;
            assert!(error < 2.4e-7, "e^-{x} is off by {error:e}");
        }
        assert_eq!(exp_negative(0.0), 1.0);
        assert!(exp_negative(f32::INFINITY) < 1e-30);
    }
}
