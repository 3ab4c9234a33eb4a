//! Channels that become cells.

use super::conv3d::Extent;
use rayon::prelude::*;

/// Grids `x`, `(items, depth, height, width, channels · side³)`, each cell become a cube of `side` cells
/// that share its channels out, the cells of the cube changing fastest: `(items, side · depth, side ·
/// height, side · width, channels)`.
pub(in crate::ops) fn pixel_shuffle_3d(
    x: &[f32],
    extent: Extent,
    channels: usize,
    side: usize,
) -> Vec<f32> {
    let [_, _, height, width] = extent;
    let mut out = vec![0.0; x.len()];
    // A plane of the grid becomes `side` planes, one behind the other.
    let plane = height * width * channels * side.pow(3);
    out.par_chunks_mut(plane.max(1))
        .zip(x.par_chunks(plane.max(1)))
        .for_each(|(out, x)| {
            let lines = out.chunks_exact_mut((side * width * channels).max(1));
            for (line, out) in lines.enumerate() {
                let (down, y) = (line / (side * height), line % (side * height));
                let x = &x[(y / side) * width * channels * side.pow(3)..];
                let within = (down * side + y % side) * side;
                for (cell, out) in out.chunks_exact_mut(channels.max(1)).enumerate() {
                    let place = (cell / side) * channels * side.pow(3) + within + cell % side;
                    let values = x[place..].iter().step_by(side.pow(3));
                    for (out, &value) in out.iter_mut().zip(values) {
                        *out = value;
                    }
                }
            }
        });
    out
}
