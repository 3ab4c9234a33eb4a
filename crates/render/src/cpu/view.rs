//! One view from a scene to its pixels.

use std::{
    ops::Range,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use rayon::prelude::*;

use super::{
    Measured, TILE,
    canvas::{BlendTiles, Pixel, Splats, Tally, Tile},
    order::{Order, Parts},
    project::{Footprint, Lens, Project, TileBox},
    simd::InstructionSet,
};
use crate::{
    camera::Camera,
    scene::{GROUP, Scene},
};

/// Memory that views use one after the other: about 44 bytes a splat.
#[derive(Default)]
pub(super) struct Scratch {
    footprints: Vec<Footprint>,
    boxes: Vec<TileBox>,
    order: Order,
    seen: Vec<Seen>,
}

/// What of one part of the scene is seen.
#[derive(Clone, Copy)]
struct Seen {
    /// Where its announcements start.
    start: usize,
    count: usize,
    /// Least and greatest of the depths' bits. Depths are positive, so their bits sort as they do.
    depths: [u32; 2],
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Scratch({} bytes)", self.bytes())
    }
}

impl Scratch {
    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.footprints.capacity() * size_of::<Footprint>()
            + self.boxes.capacity() * size_of::<TileBox>()
            + self.order.bytes()
    }

    fn reset(&mut self, splats: usize) {
        if self.footprints.len() < splats {
            self.footprints.resize(splats, Footprint::default());
            self.boxes.resize(splats, TileBox::default());
        }
        self.order.reset(splats);
        self.seen.clear();
    }
}

/// What is rendered, and how.
pub(super) struct View<'a> {
    pub(super) scene: &'a Scene,
    pub(super) camera: &'a Camera,
    pub(super) instruction_set: InstructionSet,
    pub(super) parts: Parts,
}

impl View<'_> {
    /// Fills `cells`, row by row from the top, with what `finish` makes of each pixel. `DEPTH` gathers
    /// depths too; `COUNT` counts fragments.
    pub(super) fn render<Cell, const DEPTH: bool, const COUNT: bool>(
        &self,
        scratch: &mut Scratch,
        cells: &mut [Cell],
        finish: impl Fn(Pixel) -> Cell + Sync,
    ) -> Measured
    where
        Cell: Copy + Default + Send,
    {
        let mut clock = Clock::start();
        let mut measured = Measured::default();
        scratch.reset(self.scene.len());
        self.project(scratch);
        measured.project = clock.lap();
        self.sort(scratch);
        measured.sort = clock.lap();
        measured.seen = scratch.order.seen();
        let (columns, rows) = self.tiles();
        let mut next = 0;
        while next < columns * rows {
            let group = scratch
                .order
                .list(&scratch.boxes, [columns, rows], next, self.parts);
            measured.bin += clock.lap();
            measured.listed += scratch.order.listed();
            let tally = self.blend::<Cell, DEPTH, COUNT>(scratch, group.clone(), cells, &finish);
            measured.tested += tally.tested;
            measured.blended += tally.blended;
            measured.blend += clock.lap();
            next = group.end;
        }
        measured
    }

    /// Columns and rows of tiles.
    fn tiles(&self) -> (usize, usize) {
        let count = |side: u32| (side as usize).div_ceil(TILE);
        (count(self.camera.width), count(self.camera.height))
    }

    fn project(&self, scratch: &mut Scratch) {
        let Scratch {
            footprints,
            boxes,
            order,
            seen,
        } = scratch;
        let size = self.parts.size(self.scene.len(), GROUP);
        let lens = Lens::new(self.camera);
        seen.extend((0..self.scene.len()).step_by(size).map(|start| Seen {
            start,
            count: 0,
            depths: [u32::MAX, 0],
        }));
        let (numbers, keys) = order.announcements();
        let parts = self
            .scene
            .groups
            .chunks(size / GROUP)
            .zip(self.scene.paints.chunks(size))
            .zip(footprints.chunks_mut(size).zip(boxes.chunks_mut(size)))
            .zip(seen);
        self.parts
            .run(parts, |(((groups, paints), (footprints, boxes)), seen)| {
                let announce = |place: usize, depth: f32| {
                    seen.announce(place, depth, numbers, keys);
                };
                self.instruction_set.run(Project {
                    lens: &lens,
                    groups,
                    paints,
                    footprints,
                    boxes,
                    seen: announce,
                });
            });
    }

    fn sort(&self, scratch: &mut Scratch) {
        let depths = scratch.seen.iter().fold([u32::MAX, 0], |all, seen| {
            [all[0].min(seen.depths[0]), all[1].max(seen.depths[1])]
        });
        let runs = scratch
            .seen
            .iter()
            .map(|seen| seen.start..seen.start + seen.count);
        scratch.order.sort(runs, depths, self.parts);
    }

    /// Blends the tiles of `group`, whose lists are ready.
    fn blend<Cell, const DEPTH: bool, const COUNT: bool>(
        &self,
        scratch: &Scratch,
        group: Range<usize>,
        cells: &mut [Cell],
        finish: &(impl Fn(Pixel) -> Cell + Sync),
    ) -> Tally
    where
        Cell: Copy + Default + Send,
    {
        let depth = |number: usize| self.depth(number);
        let splats = Splats {
            footprints: &scratch.footprints,
            paints: &self.scene.paints,
            depth: &depth,
        };
        let tile = |index: usize| self.tile(index, scratch.order.tile(index - group.start));
        let width = self.camera.width as usize;
        if !self.parts.shared() {
            return self.instruction_set.run(BlendTiles::<_, _, DEPTH, COUNT> {
                splats,
                tiles: group.clone().map(tile),
                put: |tile: &Tile<'_>, column: usize, row: usize, pixel| {
                    let place = (tile.origin[1] + row) * width + tile.origin[0] + column;
                    if let Some(cell) = cells.get_mut(place) {
                        *cell = finish(pixel);
                    }
                },
            });
        }
        let mut painted = vec![Cell::default(); group.len() * TILE * TILE];
        let tally = painted
            .par_chunks_mut(TILE * TILE)
            .zip(group.clone())
            .map(|(painted, index)| {
                self.instruction_set.run(BlendTiles::<_, _, DEPTH, COUNT> {
                    splats,
                    tiles: std::iter::once(tile(index)),
                    put: |_: &Tile<'_>, column: usize, row: usize, pixel| {
                        if let Some(cell) = painted.get_mut(row * TILE + column) {
                            *cell = finish(pixel);
                        }
                    },
                })
            })
            .reduce(Tally::default, |left, right| Tally {
                tested: left.tested + right.tested,
                blended: left.blended + right.blended,
            });
        for (painted, index) in painted.chunks_exact(TILE * TILE).zip(group) {
            let Tile { origin, size, .. } = self.tile(index, &[]);
            for (row, painted) in painted.chunks_exact(TILE).take(size[1]).enumerate() {
                let start = (origin[1] + row) * width + origin[0];
                if let Some(line) = cells.get_mut(start..start + size[0]) {
                    line.copy_from_slice(&painted[..size[0]]);
                }
            }
        }
        tally
    }

    fn tile<'a>(&self, index: usize, list: &'a [AtomicU32]) -> Tile<'a> {
        let (columns, _) = self.tiles();
        let origin = [index % columns * TILE, index / columns * TILE];
        let sides = [self.camera.width as usize, self.camera.height as usize];
        Tile {
            list,
            origin,
            size: [0, 1].map(|axis: usize| TILE.min(sides[axis] - origin[axis])),
        }
    }

    /// How far along the view a splat's centre lies.
    fn depth(&self, number: usize) -> f32 {
        let group = &self.scene.groups[number / GROUP];
        let along = self.camera.rotation[2];
        let [x, y, z] =
            [0, 1, 2].map(|axis: usize| along[axis] * group.positions[axis][number % GROUP]);
        x + y + z + self.camera.translation[2]
    }
}

impl Seen {
    #[inline(always)]
    fn announce(&mut self, place: usize, depth: f32, numbers: &[AtomicU32], keys: &[AtomicU32]) {
        let to = self.start + self.count;
        let key = depth.to_bits();
        if let (Some(number_to), Some(key_to)) = (numbers.get(to), keys.get(to)) {
            number_to.store((self.start + place) as u32, Relaxed);
            key_to.store(key, Relaxed);
            self.count += 1;
        }
        self.depths = [self.depths[0].min(key), self.depths[1].max(key)];
    }
}

/// Times phases.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the last lap.
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now - self.0;
        self.0 = now;
        lap
    }
}
