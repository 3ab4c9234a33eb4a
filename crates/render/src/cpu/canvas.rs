//! One tile while it is blended, and the kernel that blends splats into it, front to back.
//!
//! A tile is cut into blocks of four columns and as many rows as fill a vector. Of each splat only the
//! blocks its ellipse reaches are visited, and of those only the ones that still let light through.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::{
    TILE,
    project::Footprint,
    reach::Reach,
    simd::{Kernel, Lanes},
};
use crate::scene::{ALPHA_MIN, Paint};

/// Columns of a block.
pub(super) const BLOCK: usize = 4;

/// Blocks beside each other in a tile.
const BLOCK_COLUMNS: usize = TILE / BLOCK;

/// Rows of blocks in a tile, where blocks are lowest.
const MOST_BLOCK_ROWS: usize = TILE / 2;

/// No splat covers more than this.
const ALPHA_MAX: f32 = 0.999;

/// A pixel that lets through this much or less is finished, without the splat that made it so.
const TRANSMITTANCE_MIN: f32 = 1e-4;

/// How far, in log₂, rounding may put a weight above the opacity before the exponent counts as
/// negative, which gsplat skips.
const EXPONENT_SLACK: f32 = 4e-6;

/// How many splats ahead the next ones are fetched.
const AHEAD: usize = 6;

/// Four columns of pixels.
#[derive(Clone, Copy)]
struct Block<A> {
    /// Transmittance: what the pixel still lets through; negative once it takes no more.
    through: A,
    red: A,
    green: A,
    blue: A,
    /// Σ weight · depth.
    depth: A,
}

/// A finished pixel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pixel {
    /// Premultiplied, not clamped.
    pub(crate) colour: [f32; 3],
    pub(crate) transmittance: f32,
    /// Σ weight · depth.
    pub(crate) depth: f32,
}

/// Fragments met while blending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Pixels whose weight was computed.
    pub(crate) tested: u64,
    /// Pixels that took a splat's colour.
    pub(crate) blended: u64,
}

/// What a view shows, shared by all its tiles.
#[derive(Clone, Copy)]
pub(crate) struct Splats<'a> {
    pub(crate) footprints: &'a [Footprint],
    pub(crate) paints: &'a [Paint],
    /// Depth along the view, for each splat: read where depths are asked for.
    pub(crate) depth: &'a (dyn Fn(usize) -> f32 + Sync),
}

/// A tile and what is painted on it.
pub(crate) struct Tile<'a> {
    /// Splats that reach it, nearest first.
    pub(crate) list: &'a [AtomicU32],
    /// First column and row.
    pub(crate) origin: [usize; 2],
    /// Columns and rows that lie on the image.
    pub(crate) size: [usize; 2],
}

/// Blends splats into tiles, one after the other.
pub(crate) struct BlendTiles<'a, Tiles, Put, const DEPTH: bool, const COUNT: bool> {
    pub(crate) splats: Splats<'a>,
    pub(crate) tiles: Tiles,
    /// Told every pixel on the image: tile, column and row within the tile.
    pub(crate) put: Put,
}

impl<'a, Tiles, Put, const DEPTH: bool, const COUNT: bool> Kernel
    for BlendTiles<'a, Tiles, Put, DEPTH, COUNT>
where
    Tiles: Iterator<Item = Tile<'a>>,
    Put: FnMut(&Tile<'a>, usize, usize, Pixel),
{
    type Output = Tally;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) -> Tally {
        let mut canvas = Canvas::<L>::new(lanes);
        for tile in self.tiles {
            canvas.clear(tile.size);
            canvas.paint::<DEPTH, COUNT>(&tile, self.splats);
            for row in 0..tile.size[1] {
                for column in 0..tile.size[0] {
                    (self.put)(&tile, column, row, canvas.pixel(column, row));
                }
            }
        }
        canvas.tally
    }
}

/// The pixels of one tile.
struct Canvas<L: Lanes> {
    lanes: L,
    blocks: [[Block<L::Array>; BLOCK_COLUMNS]; MOST_BLOCK_ROWS],
    /// One bit per block of a row, while any of its pixels takes more.
    open: [u8; MOST_BLOCK_ROWS],
    open_blocks: u32,
    /// Column of each lane, block by block along a row, and row of each lane, block by block down.
    columns: [L::Array; BLOCK_COLUMNS],
    rows: [L::Array; MOST_BLOCK_ROWS],
    tally: Tally,
}

/// A splat as the lanes of a tile see it.
struct Brush<L: Lanes> {
    mean: [L::Float; 2],
    falloff: [L::Float; 3],
    log2_opacity: L::Float,
    exponent_max: L::Float,
    colour: [L::Float; 3],
    depth: L::Float,
}

impl<L: Lanes> Canvas<L> {
    const BLOCK_HEIGHT: usize = L::COUNT / BLOCK;
    const BLOCK_ROWS: usize = TILE / Self::BLOCK_HEIGHT;

    #[inline(always)]
    fn new(lanes: L) -> Self {
        let zero = lanes.array(0.0);
        let block = Block {
            through: zero,
            red: zero,
            green: zero,
            blue: zero,
            depth: zero,
        };
        Self {
            lanes,
            blocks: [[block; BLOCK_COLUMNS]; MOST_BLOCK_ROWS],
            open: [0; MOST_BLOCK_ROWS],
            open_blocks: 0,
            columns: std::array::from_fn(|block| {
                Self::places(lanes, |lane| block * BLOCK + lane % BLOCK)
            }),
            rows: std::array::from_fn(|block| {
                Self::places(lanes, |lane| block * Self::BLOCK_HEIGHT + lane / BLOCK)
            }),
            tally: Tally::default(),
        }
    }

    #[inline(always)]
    fn places(lanes: L, place: impl Fn(usize) -> usize) -> L::Array {
        let mut array = lanes.array(0.0);
        for (lane, value) in array.as_mut().iter_mut().enumerate() {
            *value = place(lane) as f32;
        }
        array
    }

    /// Begins a tile of which `width` columns and `height` rows lie on the image: the other pixels are
    /// closed from the start.
    #[inline(always)]
    fn clear(&mut self, [width, height]: [usize; 2]) {
        let lanes = self.lanes;
        let zero = lanes.array(0.0);
        let open = lanes.splat(1.0);
        let closed = lanes.splat(-1.0);
        let (width, height) = (lanes.splat(width as f32), lanes.splat(height as f32));
        self.open_blocks = 0;
        for block_row in 0..Self::BLOCK_ROWS {
            let above = lanes.above(height, lanes.load(&self.rows[block_row]));
            self.open[block_row] = 0;
            for block_column in 0..BLOCK_COLUMNS {
                let left = lanes.above(width, lanes.load(&self.columns[block_column]));
                let inside = lanes.both(above, left);
                let block = &mut self.blocks[block_row][block_column];
                lanes.store(lanes.select(inside, open, closed), &mut block.through);
                block.red = zero;
                block.green = zero;
                block.blue = zero;
                block.depth = zero;
                let any = u8::from(lanes.bits(inside) != 0);
                self.open[block_row] |= any << block_column;
                self.open_blocks += u32::from(any);
            }
        }
    }

    /// Blends the tile's splats until all are in or nothing shows through.
    #[inline(always)]
    fn paint<const DEPTH: bool, const COUNT: bool>(&mut self, tile: &Tile<'_>, splats: Splats<'_>) {
        let Splats {
            footprints,
            paints,
            depth,
        } = splats;
        for (position, number) in tile.list.iter().enumerate() {
            if let Some(next) = tile.list.get(position + AHEAD) {
                let next = next.load(Relaxed) as usize;
                if let (Some(footprint), Some(paint)) = (footprints.get(next), paints.get(next)) {
                    self.lanes.prefetch(footprint);
                    self.lanes.prefetch(paint);
                }
            }
            let number = number.load(Relaxed) as usize;
            let (Some(footprint), Some(paint)) = (footprints.get(number), paints.get(number))
            else {
                continue;
            };
            let depth = if DEPTH { depth(number) } else { 0.0 };
            self.blend::<DEPTH, COUNT>(footprint, paint, depth, tile.origin);
            if self.open_blocks == 0 {
                break;
            }
        }
    }

    /// Adds the next splat behind all that came before.
    #[inline(always)]
    fn blend<const DEPTH: bool, const COUNT: bool>(
        &mut self,
        footprint: &Footprint,
        paint: &Paint,
        depth: f32,
        origin: [usize; 2],
    ) {
        let lanes = self.lanes;
        // From the centre of the tile's first pixel.
        let mean = [
            footprint.mean[0] - (origin[0] as f32 + 0.5),
            footprint.mean[1] - (origin[1] as f32 + 0.5),
        ];
        let reach = Reach::new(mean, footprint.radii);
        if reach.is_empty() {
            return;
        }
        let block_columns = reach.block_columns();
        let brush = Brush {
            mean: [lanes.splat(mean[0]), lanes.splat(mean[1])],
            falloff: three(lanes, footprint.falloff),
            log2_opacity: lanes.splat(paint.log2_opacity),
            exponent_max: lanes.splat(paint.log2_opacity + EXPONENT_SLACK),
            colour: three(lanes, paint.colour),
            depth: lanes.splat(depth),
        };
        for block_row in reach.block_rows(Self::BLOCK_HEIGHT) {
            let mut blocks = self.open[block_row % MOST_BLOCK_ROWS] & block_columns;
            if blocks == 0 {
                continue;
            }
            let down = lanes.subtract(lanes.load(&self.rows[block_row]), brush.mean[1]);
            let cross = lanes.multiply(brush.falloff[1], down);
            let along = lanes.multiply_add(
                lanes.multiply(brush.falloff[2], down),
                down,
                brush.log2_opacity,
            );
            while blocks != 0 {
                let block_column = blocks.trailing_zeros() as usize;
                blocks &= blocks - 1;
                self.step::<DEPTH, COUNT>(&brush, block_row, block_column, cross, along);
            }
        }
    }

    /// Blends into one block.
    #[inline(always)]
    fn step<const DEPTH: bool, const COUNT: bool>(
        &mut self,
        brush: &Brush<L>,
        block_row: usize,
        block_column: usize,
        cross: L::Float,
        along: L::Float,
    ) {
        let lanes = self.lanes;
        let block = &mut self.blocks[block_row][block_column % BLOCK_COLUMNS];
        let across = lanes.subtract(
            lanes.load(&self.columns[block_column % BLOCK_COLUMNS]),
            brush.mean[0],
        );
        let slope = lanes.multiply_add(brush.falloff[0], across, cross);
        let exponent = lanes.multiply_add(slope, across, along);
        let alpha = lanes.min(lanes.exp2(exponent), lanes.splat(ALPHA_MAX));
        let counts = lanes.both(
            lanes.at_most(lanes.splat(ALPHA_MIN), alpha),
            lanes.at_most(exponent, brush.exponent_max),
        );
        let before = lanes.load(&block.through);
        let weight = lanes.multiply(alpha, before);
        let after = lanes.subtract(before, weight);
        // Closed pixels are negative and stay so.
        let goes_on = lanes.both(counts, lanes.above(after, lanes.splat(TRANSMITTANCE_MIN)));
        let stops = lanes.but_not(counts, goes_on);
        let weight = lanes.keep(goes_on, weight);
        let [red, green, blue] = brush.colour;
        gather(lanes, weight, red, &mut block.red);
        gather(lanes, weight, green, &mut block.green);
        gather(lanes, weight, blue, &mut block.blue);
        if DEPTH {
            gather(lanes, weight, brush.depth, &mut block.depth);
        }
        let through = lanes.negative_where(stops, lanes.select(goes_on, after, before));
        lanes.store(through, &mut block.through);
        if COUNT {
            let open = lanes.above(before, lanes.splat(0.0));
            self.tally.tested += u64::from(lanes.bits(open).count_ones());
            self.tally.blended += u64::from(lanes.bits(goes_on).count_ones());
        }
        if lanes.bits(stops) != 0 && lanes.bits(lanes.above(through, lanes.splat(0.0))) == 0 {
            self.open[block_row] &= !(1 << block_column);
            self.open_blocks -= 1;
        }
    }

    #[inline(always)]
    fn pixel(&self, column: usize, row: usize) -> Pixel {
        let block = &self.blocks[row / Self::BLOCK_HEIGHT][column / BLOCK];
        let lane = row % Self::BLOCK_HEIGHT * BLOCK + column % BLOCK;
        Pixel {
            colour: [&block.red, &block.green, &block.blue].map(|plane| plane.as_ref()[lane]),
            transmittance: block.through.as_ref()[lane].abs(),
            depth: block.depth.as_ref()[lane],
        }
    }
}

#[inline(always)]
fn three<L: Lanes>(lanes: L, [first, second, third]: [f32; 3]) -> [L::Float; 3] {
    [lanes.splat(first), lanes.splat(second), lanes.splat(third)]
}

/// Adds to what the pixels have gathered.
#[inline(always)]
fn gather<L: Lanes>(lanes: L, weight: L::Float, value: L::Float, plane: &mut L::Array) {
    let gathered = lanes.multiply_add(weight, value, lanes.load(plane));
    lanes.store(gathered, plane);
}
