//! From world splats to footprints on the image: gsplat 1.5.3's classic projection (`packed=False`,
//! pinhole, no radius clip), a vector of splats at a time.
//!
//! Nothing here is fused, so that footprints are the same bits whatever the instruction set.

use super::{
    TILE,
    simd::{Kernel, Lanes},
};
use crate::{
    camera::Camera,
    scene::{GROUP, Group, Paint},
};

/// Splats nearer or farther than this are not seen; the ends are.
const NEAR: f32 = 0.01;
const FAR: f32 = 100.0;

/// Added to both diagonal entries of the projected covariance, in square pixels.
const BLUR: f32 = 0.3;

/// gsplat's cap on the footprint in standard deviations. `√(2·ln 255) = 3.329` stays under it, so
/// that the box is an exact cover of everything that can contribute.
const EXTENT_MAX: f32 = 3.33;

/// log₂ 255: a splat shows while the logarithm of its weight is no further below 0.
pub(crate) const LOG2_255: f32 = 7.994_353;

/// One splat on the image. With `dx, dy` from its mean to a pixel's centre, its weight there is
/// 2 to the power of `log2_opacity + falloff[0]·dx² + falloff[1]·dx·dy + falloff[2]·dy²`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Footprint {
    /// Centre in pixels; the centre of pixel (column, row) is at (column + ½, row + ½).
    pub(crate) mean: [f32; 2],
    /// Coefficients of dx², dx·dy and dy²: the inverse covariance times −log₂e, halved on the
    /// diagonal.
    pub(crate) falloff: [f32; 3],
    /// `4·falloff[0]·falloff[2] − falloff[1]²`, free of the cancellation in that.
    pub(crate) determinant: f32,
}

/// First tile column and row, and last column and row, that a footprint can touch.
pub(crate) type TileBox = [u8; 4];

/// A camera with what its projection needs worked out once.
pub(crate) struct Lens<'a> {
    camera: &'a Camera,
    /// Bounds on x/z and y/z within which the Jacobian is taken: gsplat lets it reach 30 % of the
    /// half image beyond each edge.
    tangents_low: [f32; 2],
    tangents_high: [f32; 2],
    size: [f32; 2],
}

impl<'a> Lens<'a> {
    pub(crate) fn new(camera: &'a Camera) -> Self {
        let size = [camera.width as f32, camera.height as f32];
        let margin = |axis: usize| 0.3 * (0.5 * size[axis] / camera.focal[axis]);
        Self {
            camera,
            tangents_low: [0, 1]
                .map(|axis| -(camera.centre[axis] / camera.focal[axis] + margin(axis))),
            tangents_high: [0, 1]
                .map(|axis| (size[axis] - camera.centre[axis]) / camera.focal[axis] + margin(axis)),
            size,
        }
    }
}

/// Projects a run of groups. `footprints` and `boxes` hold one place per splat of the run; those of
/// splats that are not seen keep what was in them.
pub(crate) struct Project<'a, Seen> {
    pub(crate) lens: &'a Lens<'a>,
    pub(crate) groups: &'a [Group],
    pub(crate) paints: &'a [Paint],
    pub(crate) footprints: &'a mut [Footprint],
    pub(crate) boxes: &'a mut [TileBox],
    /// Told the place and the depth of every splat that is seen, in order.
    pub(crate) seen: Seen,
}

impl<Seen: FnMut(usize, f32)> Kernel for Project<'_, Seen> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) {
        let projector = Projector::new(lanes, self.lens);
        for (number, group) in self.groups.iter().enumerate() {
            for half in (0..GROUP).step_by(L::COUNT) {
                let first = number * GROUP + half;
                if first >= self.paints.len() {
                    return;
                }
                let projected = projector.project(group, half, &self.paints[first..]);
                self.take(lanes, first, &projected);
            }
        }
    }
}

impl<Seen: FnMut(usize, f32)> Project<'_, Seen> {
    /// Moves the lanes that are seen to where they belong.
    #[inline(always)]
    fn take<L: Lanes>(&mut self, lanes: L, first: usize, projected: &Projected<L>) {
        let mut bits = lanes.bits(projected.seen);
        if bits == 0 {
            return;
        }
        let column = |value: L::Float| {
            let mut array = lanes.array(0.0);
            lanes.store(value, &mut array);
            array
        };
        let footprint = projected.footprint.map(column);
        let tiles = projected.tiles.map(column);
        let depth = column(projected.depth);
        while bits != 0 {
            let lane = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let place = first + lane;
            let [mean_x, mean_y, xx, xy, yy, determinant] =
                [0, 1, 2, 3, 4, 5].map(|part: usize| footprint[part].as_ref()[lane]);
            if let (Some(footprint), Some(tile_box)) =
                (self.footprints.get_mut(place), self.boxes.get_mut(place))
            {
                *footprint = Footprint {
                    mean: [mean_x, mean_y],
                    falloff: [xx, xy, yy],
                    determinant,
                };
                *tile_box = [0, 1, 2, 3].map(|side: usize| tiles[side].as_ref()[lane] as u8);
                (self.seen)(place, depth.as_ref()[lane]);
            }
        }
    }
}

/// What the camera makes of a vector of splats.
struct Projected<L: Lanes> {
    seen: L::Mask,
    depth: L::Float,
    /// The numbers of [`Footprint`], in order.
    footprint: [L::Float; 6],
    /// Those of [`TileBox`].
    tiles: [L::Float; 4],
}

/// The lens in registers.
struct Projector<L: Lanes> {
    lanes: L,
    rotation: [[L::Float; 3]; 3],
    translation: [L::Float; 3],
    focal: [L::Float; 2],
    centre: [L::Float; 2],
    tangents_low: [L::Float; 2],
    tangents_high: [L::Float; 2],
    size: [L::Float; 2],
}

impl<L: Lanes> Projector<L> {
    #[inline(always)]
    fn new(lanes: L, lens: &Lens<'_>) -> Self {
        let pair = |values: [f32; 2]| values.map(|value| lanes.splat(value));
        let triple = |values: [f32; 3]| values.map(|value| lanes.splat(value));
        Self {
            lanes,
            rotation: lens.camera.rotation.map(triple),
            translation: triple(lens.camera.translation),
            focal: pair(lens.camera.focal),
            centre: pair(lens.camera.centre),
            tangents_low: pair(lens.tangents_low),
            tangents_high: pair(lens.tangents_high),
            size: pair(lens.size),
        }
    }

    #[inline(always)]
    fn project(&self, group: &Group, half: usize, paints: &[Paint]) -> Projected<L> {
        let lanes = self.lanes;
        let load = |row: &[f32; GROUP]| {
            let mut array = lanes.array(0.0);
            array.as_mut().copy_from_slice(&row[half..half + L::COUNT]);
            lanes.load(&array)
        };
        let mut opacities = lanes.array(0.0);
        for (opacity, paint) in opacities.as_mut().iter_mut().zip(paints) {
            *opacity = paint.log2_opacity;
        }
        let centre = self.to_camera(group.positions.each_ref().map(load));
        let depth = centre[2];
        let inverse_depth = lanes.divide(lanes.splat(1.0), depth);
        let mean = [0, 1].map(|axis: usize| {
            let scaled = lanes.multiply(
                lanes.multiply(self.focal[axis], centre[axis]),
                inverse_depth,
            );
            lanes.add(scaled, self.centre[axis])
        });
        let covariance = self.image_covariance(
            group.covariances.each_ref().map(load),
            centre,
            inverse_depth,
        );
        let [xx, xy, yy] = [
            lanes.add(covariance[0], lanes.splat(BLUR)),
            covariance[1],
            lanes.add(covariance[2], lanes.splat(BLUR)),
        ];
        let determinant = lanes.subtract(lanes.multiply(xx, yy), lanes.multiply(xy, xy));
        let inverse = lanes.divide(lanes.splat(1.0), determinant);
        let (tiles, on_image) = self.tiles(mean, [xx, yy], lanes.load(&opacities));
        // Each comparison is false for not-a-number, which an overflowing covariance makes.
        let in_depth = lanes.both(
            lanes.at_most(lanes.splat(NEAR), depth),
            lanes.at_most(depth, lanes.splat(FAR)),
        );
        let round = lanes.both(
            lanes.above(determinant, lanes.splat(0.0)),
            lanes.at_most(determinant, lanes.splat(f32::MAX)),
        );
        let fade = |value, factor: f32| {
            lanes.multiply(lanes.multiply(value, inverse), lanes.splat(factor))
        };
        const LOG2_E: f32 = std::f32::consts::LOG2_E;
        Projected {
            seen: lanes.both(lanes.both(in_depth, round), on_image),
            depth,
            footprint: [
                mean[0],
                mean[1],
                fade(yy, -0.5 * LOG2_E),
                fade(xy, LOG2_E),
                fade(xx, -0.5 * LOG2_E),
                lanes.multiply(inverse, lanes.splat(LOG2_E * LOG2_E)),
            ],
            tiles,
        }
    }

    #[inline(always)]
    fn to_camera(&self, world: [L::Float; 3]) -> [L::Float; 3] {
        [0, 1, 2].map(|row: usize| {
            self.lanes
                .add(self.dot(self.rotation[row], world), self.translation[row])
        })
    }

    #[inline(always)]
    fn dot(&self, left: [L::Float; 3], right: [L::Float; 3]) -> L::Float {
        let lanes = self.lanes;
        let [x, y, z] = [0, 1, 2].map(|axis: usize| lanes.multiply(left[axis], right[axis]));
        lanes.add(lanes.add(x, y), z)
    }

    /// Covariance on the image, before the blur: xx, xy, yy in square pixels.
    #[inline(always)]
    fn image_covariance(
        &self,
        covariance: [L::Float; 6],
        centre: [L::Float; 3],
        inverse_depth: L::Float,
    ) -> [L::Float; 3] {
        let lanes = self.lanes;
        let [xx, xy, xz, yy, yz, zz] = covariance;
        let world = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
        // Σ is symmetric: its rows are its columns.
        let half = self
            .rotation
            .map(|axis| world.map(|column| self.dot(axis, column)));
        let view = half.map(|row| self.rotation.map(|axis| self.dot(row, axis)));
        let [along_x, along_y] =
            [0, 1].map(|axis: usize| self.jacobian(axis, centre[axis], centre[2], inverse_depth));
        let weigh = |along: [L::Float; 2], near: L::Float, far: L::Float| {
            lanes.add(
                lanes.multiply(along[0], near),
                lanes.multiply(along[1], far),
            )
        };
        // Rows of J · Σ, where J has zeros at (x, y) and (y, x).
        let row_x = [0, 1, 2].map(|column: usize| weigh(along_x, view[0][column], view[2][column]));
        let row_y = [1, 2].map(|column: usize| weigh(along_y, view[1][column], view[2][column]));
        [
            weigh(along_x, row_x[0], row_x[2]),
            weigh(along_y, row_x[1], row_x[2]),
            weigh(along_y, row_y[0], row_y[1]),
        ]
    }

    /// How the image coordinate changes along the axis itself, and along the depth. Only here is the
    /// centre clamped to gsplat's widened view.
    #[inline(always)]
    fn jacobian(
        &self,
        axis: usize,
        centre: L::Float,
        depth: L::Float,
        inverse_depth: L::Float,
    ) -> [L::Float; 2] {
        let lanes = self.lanes;
        let tangent = lanes.max(
            lanes.min(
                lanes.multiply(centre, inverse_depth),
                self.tangents_high[axis],
            ),
            self.tangents_low[axis],
        );
        let along = lanes.multiply(self.focal[axis], inverse_depth);
        let minus_focal = lanes.subtract(lanes.splat(0.0), self.focal[axis]);
        let into = lanes.multiply(
            lanes.multiply(
                lanes.multiply(minus_focal, lanes.multiply(depth, tangent)),
                inverse_depth,
            ),
            inverse_depth,
        );
        [along, into]
    }

    /// The tiles a footprint can touch, and whether it lies on the image at all.
    #[inline(always)]
    fn tiles(
        &self,
        mean: [L::Float; 2],
        variances: [L::Float; 2],
        log2_opacity: L::Float,
    ) -> ([L::Float; 4], L::Mask) {
        let lanes = self.lanes;
        let reach = lanes.multiply(
            lanes.add(log2_opacity, lanes.splat(LOG2_255)),
            lanes.splat(2.0 * std::f32::consts::LN_2),
        );
        let deviations = lanes.min(
            lanes.square_root(lanes.max(reach, lanes.splat(0.0))),
            lanes.splat(EXTENT_MAX),
        );
        let sides = [0, 1].map(|axis: usize| {
            let radius = lanes.multiply(deviations, lanes.square_root(variances[axis]));
            self.side(axis, mean[axis], radius)
        });
        let [(low_x, high_x, on_x), (low_y, high_y, on_y)] = sides;
        ([low_x, low_y, high_x, high_y], lanes.both(on_x, on_y))
    }

    /// First and last tile along one axis, and whether any pixel of the image is touched.
    #[inline(always)]
    fn side(&self, axis: usize, mean: L::Float, radius: L::Float) -> (L::Float, L::Float, L::Mask) {
        let lanes = self.lanes;
        let size = self.size[axis];
        let zero = lanes.splat(0.0);
        // gsplat's own test, on its rounded radius.
        let whole = lanes.ceil(radius);
        let on_image = lanes.both(
            lanes.both(
                lanes.above(lanes.add(mean, whole), zero),
                lanes.above(size, lanes.subtract(mean, whole)),
            ),
            lanes.above(whole, zero),
        );
        // A little more than the radius, for the rounding of the exponent it stands for.
        let radius = lanes.add(
            lanes.multiply(radius, lanes.splat(1.000_1)),
            lanes.splat(1e-3 - 0.5),
        );
        // Pixels whose centres lie within: ceil(mean − radius − ½) to floor(mean + radius − ½).
        let low = lanes.ceil(lanes.subtract(lanes.subtract(mean, radius), lanes.splat(1.0)));
        let high = lanes.floor(lanes.add(mean, radius));
        let low = lanes.max(low, zero);
        let high = lanes.min(high, lanes.subtract(size, lanes.splat(1.0)));
        let touched = lanes.both(on_image, lanes.at_most(low, high));
        let tile = |pixel| lanes.floor(lanes.multiply(pixel, lanes.splat(1.0 / TILE as f32)));
        (tile(low), tile(high), touched)
    }
}
