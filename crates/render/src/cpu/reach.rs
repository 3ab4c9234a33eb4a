//! Which blocks of a tile a splat can reach.
//!
//! The box around its ellipse decides. Cutting the box's corners off saves a quarter of the visits and
//! still takes longer than making them.

use std::ops::RangeInclusive;

use super::{TILE, canvas::BLOCK};

/// The pixels of a tile that a splat can reach: the box around its ellipse, clipped to the tile and
/// counted from its first pixel.
pub(super) struct Reach {
    low: [f32; 2],
    high: [f32; 2],
}

impl Reach {
    /// `mean` is counted from the centre of the tile's first pixel.
    #[inline(always)]
    pub(super) fn new(mean: [f32; 2], radii: [f32; 2]) -> Self {
        const LAST: f32 = (TILE - 1) as f32;
        Self {
            low: [(mean[0] - radii[0]).max(0.0), (mean[1] - radii[1]).max(0.0)],
            high: [
                (mean[0] + radii[0]).min(LAST),
                (mean[1] + radii[1]).min(LAST),
            ],
        }
    }

    /// Whether there is no such pixel.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        !(self.low[0] <= self.high[0] && self.low[1] <= self.high[1])
    }

    /// Rows of blocks that are `height` pixels high.
    #[inline(always)]
    pub(super) fn block_rows(&self, height: usize) -> RangeInclusive<usize> {
        self.low[1] as i32 as usize / height..=self.high[1] as i32 as usize / height
    }

    /// A bit for each column of blocks.
    #[inline(always)]
    pub(super) fn block_columns(&self) -> u8 {
        let first = self.low[0] as i32 / BLOCK as i32;
        let last = self.high[0] as i32 / BLOCK as i32;
        (0xFF_u8 << (first & 7)) & (0xFF_u8 >> ((7 - last) & 7))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_are_those_the_box_touches() {
        for (mean, radius) in [
            (0.0, 0.3),
            (3.6, 0.2),
            (15.2, 5.9),
            (31.4, 2.0),
            (16.0, 90.0),
        ] {
            let reach = Reach::new([mean, 10.0], [radius, 4.5]);
            let touched = |pixel: usize| (pixel as f32 - mean).abs() <= radius;
            let expected = (0..TILE)
                .filter(|&pixel| touched(pixel))
                .fold(0, |bits, pixel| bits | 1 << (pixel / BLOCK));
            // Whole blocks more are never visited, but a box may end between two pixels.
            assert_eq!(
                reach.block_columns() & expected,
                expected,
                "{mean} ± {radius}"
            );
            assert!(reach.block_columns().count_ones() <= u8::count_ones(expected) + 2);
            assert_eq!(reach.block_rows(4), 1..=3);
        }
        assert!(Reach::new([-9.0, 4.0], [8.0, 1.0]).is_empty());
        assert!(Reach::new([4.0, 44.0], [1.0, 12.0]).is_empty());
    }
}
