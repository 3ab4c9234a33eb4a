//! How a view is cut up so that everything fits its buffers: strips of the image, batches of splats.

use std::ops::Range;

use crate::camera::Camera;

/// Side of a tile in pixels, as `blend.wgsl` has it.
const TILE: usize = 16;

/// The most tiles of a strip, but for one row of them: their numbers have 14 bits, which the two
/// passes of the sort over them cover.
const MAX_TILES: u32 = 1 << 14;

/// Some whole rows of tiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strip {
    /// Tiles per row.
    pub(super) columns: u32,
    /// The rows of tiles.
    pub(super) rows: Range<u32>,
    /// Pixels per row.
    pub(super) width: u32,
    /// Rows of pixels.
    pub(super) height: u32,
}

impl Strip {
    /// The whole image, strip by strip from the top.
    pub(super) fn all(camera: &Camera) -> Vec<Self> {
        let tile = TILE as u32;
        let (columns, rows) = (
            camera.width().div_ceil(tile),
            camera.height().div_ceil(tile),
        );
        let most = (MAX_TILES / columns).max(1);
        (0..rows)
            .step_by(most as usize)
            .map(|top| {
                let bottom = (top + most).min(rows);
                Self {
                    columns,
                    rows: top..bottom,
                    width: camera.width(),
                    height: (bottom * tile).min(camera.height()) - top * tile,
                }
            })
            .collect()
    }

    /// First row of pixels.
    pub(super) fn top(&self) -> u32 {
        self.rows.start * TILE as u32
    }

    pub(super) fn pixels(&self) -> u32 {
        self.width * self.height
    }

    /// The sorted splats in batches: of each, all pairs with tiles can be counted in 32 bits. One
    /// batch of none where there are none.
    pub(super) fn batches(&self, splats: u32) -> Vec<Range<u32>> {
        let tiles = self.columns * (self.rows.end - self.rows.start);
        let most = u32::MAX / tiles;
        (0..splats.max(1))
            .step_by(most as usize)
            .map(|first| first..splats.min(first.saturating_add(most)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{MAX_SIDE, Orbit};

    fn strips(width: u32, height: u32) -> Vec<Strip> {
        let orbit = Orbit {
            width,
            height,
            ..Orbit::default()
        };
        Camera::orbit(orbit).map_or_else(|_| Vec::new(), |camera| Strip::all(&camera))
    }

    #[test]
    fn strips_cover_the_image_and_stay_small() {
        for (width, height) in [
            (1, 1),
            (518, 518),
            (17, 33),
            (MAX_SIDE, 5000),
            (90, MAX_SIDE),
        ] {
            let strips = strips(width, height);
            let mut next = 0;
            for strip in &strips {
                assert_eq!(strip.rows.start, next);
                assert!(strip.columns * (strip.rows.end - strip.rows.start) <= MAX_TILES);
                next = strip.rows.end;
            }
            assert_eq!(next, height.div_ceil(16));
            let pixels: u32 = strips.iter().map(Strip::pixels).sum();
            assert_eq!(pixels, width * height);
        }
        assert_eq!(strips(518, 518).len(), 1);
    }

    #[test]
    fn batches_are_whole_and_countable() {
        let strip = &strips(MAX_SIDE, MAX_SIDE)[0];
        let batches = strip.batches(1_000_000);
        assert_eq!(batches.first().map(|batch| batch.start), Some(0));
        assert_eq!(batches.last().map(|batch| batch.end), Some(1_000_000));
        for pair in batches.windows(2) {
            assert_eq!(pair[0].end, pair[1].start);
        }
        for batch in &batches {
            let pairs = u64::from(batch.end - batch.start) * u64::from(MAX_TILES);
            assert!(pairs < 1 << 32);
        }
        for few in [0, 1, 400_000] {
            assert_eq!(strips(518, 518)[0].batches(few), vec![0..few; 1]);
        }
    }
}
