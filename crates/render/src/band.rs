//! One row of tiles: which footprints reach which tile, and the finished pixels of each.

use crate::{blend::Canvas, project::Footprint};

/// Side of a tile in pixels. The picture does not depend on it.
pub const TILE: usize = 16;

/// Most entries the tile lists of one band may hold at a time: a hostile cloud of image-filling
/// splats costs time, not memory.
const MAX_ENTRIES: usize = 1 << 23;

/// Renders the `row`-th row of tiles into `pixels`, which holds its RGB rows of `width` pixels.
pub(crate) fn render_band(
    footprints: &[Footprint],
    row: usize,
    width: usize,
    background: [f32; 3],
    pixels: &mut [u8],
) {
    let rows = pixels.len() / (width * 3);
    let (top, bottom) = (row * TILE, row * TILE + rows);
    let reaching: Vec<u32> = footprints
        .iter()
        .enumerate()
        .filter(|(_, one)| usize::from(one.low[1]) < bottom && usize::from(one.high[1]) > top)
        .map(|(index, _)| index as u32)
        .collect();
    let counts = entries_per_tile(footprints, &reaching, width.div_ceil(TILE));
    let mut canvas = Canvas::new();
    let mut first = 0;
    while first < counts.len() {
        let group = group_from(&counts, first);
        let lists = TileLists::fill(footprints, &reaching, &counts, group.clone());
        for tile in group.clone() {
            let left = tile * TILE;
            canvas.clear([left, top], [TILE.min(width - left), rows]);
            for &index in lists.of(tile) {
                if !canvas.blend(&footprints[index as usize]) {
                    break;
                }
            }
            canvas.write(background, &mut pixels[left * 3..], width * 3);
        }
        first = group.end;
    }
}

/// The tiles a footprint reaches along the band.
fn tiles(footprint: &Footprint) -> std::ops::Range<usize> {
    usize::from(footprint.low[0]) / TILE..usize::from(footprint.high[0]).div_ceil(TILE)
}

/// How many footprints reach each tile, by the differences at their ends.
fn entries_per_tile(footprints: &[Footprint], reaching: &[u32], tile_count: usize) -> Vec<usize> {
    let mut changes = vec![0_isize; tile_count + 1];
    for &index in reaching {
        let span = tiles(&footprints[index as usize]);
        changes[span.start] += 1;
        changes[span.end] -= 1;
    }
    changes[..tile_count]
        .iter()
        .scan(0, |running, change| {
            *running += change;
            Some(usize::try_from(*running).unwrap_or(0))
        })
        .collect()
}

/// As many tiles from `first` on as fit [`MAX_ENTRIES`], but at least one.
fn group_from(counts: &[usize], first: usize) -> std::ops::Range<usize> {
    let mut total = 0;
    let more = counts[first..]
        .iter()
        .take_while(|&&count| {
            total += count;
            total <= MAX_ENTRIES
        })
        .count();
    first..first + more.max(1)
}

/// Footprint indices tile by tile, each list nearest first.
struct TileLists {
    first: usize,
    ends: Vec<usize>,
    entries: Vec<u32>,
}

impl TileLists {
    /// A counting sort, which keeps the order within each tile.
    fn fill(
        footprints: &[Footprint],
        reaching: &[u32],
        counts: &[usize],
        group: std::ops::Range<usize>,
    ) -> Self {
        let mut total = 0;
        let mut ends: Vec<usize> = counts[group.clone()]
            .iter()
            .map(|count| {
                let start = total;
                total += count;
                start
            })
            .collect();
        let mut entries = vec![0; total];
        for &index in reaching {
            let span = tiles(&footprints[index as usize]);
            for tile in span.start.max(group.start)..span.end.min(group.end) {
                let slot = &mut ends[tile - group.start];
                entries[*slot] = index;
                *slot += 1;
            }
        }
        Self {
            first: group.start,
            ends,
            entries,
        }
    }

    fn of(&self, tile: usize) -> &[u32] {
        let place = tile - self.first;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.entries[start..self.ends[place]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footprint(low: u16, high: u16) -> Footprint {
        Footprint {
            mean: [0.0; 2],
            conic: [1.0, 0.0, 1.0],
            conic_determinant: 1.0,
            opacity: 1.0,
            reach: 5.5,
            colour: [0.0; 3],
            low: [low, 0],
            high: [high, 1],
        }
    }

    #[test]
    fn groups_hold_what_fits_and_at_least_one_tile() {
        let counts = [MAX_ENTRIES - 1, 1, 1, MAX_ENTRIES + 5, 0, 2];
        let mut first = 0;
        let mut groups = Vec::new();
        while first < counts.len() {
            groups.push(group_from(&counts, first));
            first = groups[groups.len() - 1].end;
        }
        assert_eq!(groups, [0..2, 2..3, 3..4, 4..6]);
    }

    #[test]
    fn lists_are_the_same_however_tiles_are_grouped() {
        let spans = [(0, 64), (15, 17), (16, 32), (63, 64), (40, 41), (0, 1)];
        let footprints: Vec<Footprint> = spans
            .into_iter()
            .map(|(low, high)| footprint(low, high))
            .collect();
        let reaching: Vec<u32> = (0..footprints.len() as u32).collect();
        let counts = entries_per_tile(&footprints, &reaching, 4);
        assert_eq!(counts, [3, 3, 2, 2]);
        let together = TileLists::fill(&footprints, &reaching, &counts, 0..4);
        let expected: [&[u32]; 4] = [&[0, 1, 5], &[0, 1, 2], &[0, 4], &[0, 3]];
        for (tile, list) in expected.into_iter().enumerate() {
            assert_eq!(together.of(tile), list);
            let alone = TileLists::fill(&footprints, &reaching, &counts, tile..tile + 1);
            assert_eq!(alone.of(tile), list);
        }
    }
}
