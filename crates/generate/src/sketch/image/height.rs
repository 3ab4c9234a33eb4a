//! The silhouette's height field: high in the middle of broad parts, low along thin ones, and round
//! at the rim.
//!
//! Poisson's equation `∇²u = −1` over the mask with `u = 0` outside; on a disc of radius r that is
//! `(r² − d²)/4`, so `2√u` is a hemisphere there, and something suitably round elsewhere.

use super::mask::Mask;

/// Sweeps of successive over-relaxation on each level; coarser levels have done most of the work.
const SWEEPS: usize = 60;
/// Over-relaxation, `1..2`.
const RELAXATION: f32 = 1.85;
/// Below this many pixels along the shorter side there is nothing to coarsen.
const COARSEST: usize = 12;
/// Height of the front above the middle plane, against the longer side of the silhouette, at most.
const MOST_HEIGHT: f32 = 0.34;

/// Height above the middle plane in pixels, row by row; 0 outside the mask.
pub(super) fn inflate(mask: &Mask) -> Vec<f32> {
    let mut height: Vec<f32> = solve(mask)
        .into_iter()
        .map(|value| 2.0 * value.max(0.0).sqrt())
        .collect();
    let highest = height.iter().copied().fold(0.0, f32::max);
    let most = MOST_HEIGHT * longer_side(mask);
    if highest > most {
        for value in &mut height {
            *value *= most / highest;
        }
    }
    height
}

fn longer_side(mask: &Mask) -> f32 {
    let mut low = [usize::MAX; 2];
    let mut high = [0; 2];
    for index in (0..mask.inside.len()).filter(|index| mask.inside[*index]) {
        for (axis, at) in [index % mask.width, index / mask.width]
            .into_iter()
            .enumerate()
        {
            low[axis] = low[axis].min(at);
            high[axis] = high[axis].max(at + 1);
        }
    }
    (0..2)
        .map(|axis| high[axis].saturating_sub(low[axis]))
        .max()
        .unwrap_or(0) as f32
}

/// `u` in squared pixels, from coarse to fine.
fn solve(mask: &Mask) -> Vec<f32> {
    let mut values = if mask.width.min(mask.height) > COARSEST {
        let coarse = halved(mask);
        let guess = solve(&coarse);
        (0..mask.inside.len())
            .map(|index| {
                let (x, y) = (index % mask.width / 2, index / mask.width / 2);
                4.0 * guess[y * coarse.width + x]
            })
            .collect()
    } else {
        vec![0.0; mask.inside.len()]
    };
    for _ in 0..SWEEPS {
        relax(mask, &mut values);
    }
    values
}

/// One sweep; pixels beyond the picture count as outside, as everything off the mask does.
fn relax(mask: &Mask, values: &mut [f32]) {
    let (width, height) = (mask.width, mask.height);
    for y in 0..height {
        for x in 0..width {
            let index = y * width + x;
            if !mask.inside[index] {
                values[index] = 0.0;
                continue;
            }
            let sum: f32 = Mask::neighbours(width, height, index)
                .map(|neighbour| values[neighbour])
                .sum();
            let settled = 0.25 * (sum + 1.0);
            values[index] += RELAXATION * (settled - values[index]);
        }
    }
}

/// Half the size; a pixel is inside when at least two of its four are.
fn halved(mask: &Mask) -> Mask {
    let (width, height) = (mask.width.div_ceil(2), mask.height.div_ceil(2));
    let inside = (0..width * height)
        .map(|index| {
            let (x, y) = ((index % width * 2) as isize, (index / width * 2) as isize);
            let inside = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .iter()
                .filter(|(right, down)| mask.at(x + right, y + down))
                .count();
            inside >= 2
        })
        .collect();
    Mask::new(width, height, inside)
}
