//! The arithmetic of the projection, a vector of splats at a time.

use super::{
    TILE,
    project::{LOG2_255, Lens},
    simd::Lanes,
};
use crate::scene::{GROUP, Group, Paint};

/// Splats nearer or farther than this are not seen; the ends are.
const NEAR: f32 = 0.01;
const FAR: f32 = 100.0;

/// Added to both diagonal entries of the projected covariance, in square pixels.
const BLUR: f32 = 0.3;

/// gsplat's cap on the footprint in standard deviations. `√(2·ln 255) = 3.329` stays under it, so
/// that the box is an exact cover of everything that can contribute.
const EXTENT_MAX: f32 = 3.33;

const LOG2_E: f32 = std::f32::consts::LOG2_E;

/// What the camera makes of a vector of splats.
pub(super) struct Projected<L: Lanes> {
    pub(super) seen: L::Mask,
    pub(super) depth: L::Float,
    /// The numbers of [`Footprint`](super::project::Footprint), in order.
    pub(super) footprint: [L::Float; 7],
    /// Those of [`TileBox`](super::project::TileBox).
    pub(super) tiles: [L::Float; 4],
}

/// The lens in registers.
pub(super) struct Projector<L: Lanes> {
    lanes: L,
    rotation: [[L::Float; 3]; 3],
    translation: [L::Float; 3],
    focal: [L::Float; 2],
    centre: [L::Float; 2],
    tangents_low: [L::Float; 2],
    tangents_high: [L::Float; 2],
    size: [L::Float; 2],
}

/// Written out rather than mapped over arrays: a closure is compiled without the vector instructions,
/// and one that is not inlined makes a call of every one of them.
impl<L: Lanes> Projector<L> {
    #[inline(always)]
    pub(super) fn new(lanes: L, lens: &Lens<'_>) -> Self {
        let camera = lens.camera;
        let [right, down, forward] = camera.rotation;
        Self {
            lanes,
            rotation: [
                triple(lanes, right),
                triple(lanes, down),
                triple(lanes, forward),
            ],
            translation: triple(lanes, camera.translation),
            focal: pair(lanes, camera.focal),
            centre: pair(lanes, camera.centre),
            tangents_low: pair(lanes, lens.tangents_low),
            tangents_high: pair(lanes, lens.tangents_high),
            size: pair(lanes, lens.size),
        }
    }

    #[inline(always)]
    pub(super) fn project(&self, group: &Group, half: usize, paints: &[Paint]) -> Projected<L> {
        let lanes = self.lanes;
        let mut opacities = lanes.array(0.0);
        for (opacity, paint) in opacities.as_mut().iter_mut().zip(paints) {
            *opacity = paint.log2_opacity;
        }
        let [x, y, z] = &group.positions;
        let centre = self.to_camera([self.load(x, half), self.load(y, half), self.load(z, half)]);
        let depth = centre[2];
        let inverse_depth = lanes.divide(lanes.splat(1.0), depth);
        let mean = [
            self.on_image(0, centre[0], inverse_depth),
            self.on_image(1, centre[1], inverse_depth),
        ];
        let [xx, xy, yy] = self.image_covariance(group, half, centre, inverse_depth);
        let xx = lanes.add(xx, lanes.splat(BLUR));
        let yy = lanes.add(yy, lanes.splat(BLUR));
        let determinant = lanes.subtract(lanes.multiply(xx, yy), lanes.multiply(xy, xy));
        let inverse = lanes.divide(lanes.splat(1.0), determinant);
        let deviations = self.deviations(lanes.load(&opacities));
        let radii = [
            lanes.multiply(deviations, lanes.square_root(xx)),
            lanes.multiply(deviations, lanes.square_root(yy)),
        ];
        let on_image = lanes.both(
            self.shows(0, mean[0], radii[0]),
            self.shows(1, mean[1], radii[1]),
        );
        let radii = [self.padded(radii[0]), self.padded(radii[1])];
        let (low_x, high_x, on_x) = self.side(0, mean[0], radii[0]);
        let (low_y, high_y, on_y) = self.side(1, mean[1], radii[1]);
        let on_image = lanes.both(on_image, lanes.both(on_x, on_y));
        // Each comparison is false for not-a-number, which an overflowing covariance makes.
        let in_depth = lanes.both(
            lanes.at_most(lanes.splat(NEAR), depth),
            lanes.at_most(depth, lanes.splat(FAR)),
        );
        let round = lanes.both(
            lanes.above(determinant, lanes.splat(0.0)),
            lanes.at_most(determinant, lanes.splat(f32::MAX)),
        );
        let half_fade = lanes.multiply(inverse, lanes.splat(-0.5 * LOG2_E));
        Projected {
            seen: lanes.both(lanes.both(in_depth, round), on_image),
            depth,
            footprint: [
                mean[0],
                mean[1],
                lanes.multiply(yy, half_fade),
                lanes.multiply(xy, lanes.multiply(inverse, lanes.splat(LOG2_E))),
                lanes.multiply(xx, half_fade),
                radii[0],
                radii[1],
            ],
            tiles: [low_x, low_y, high_x, high_y],
        }
    }

    /// A vector of a group's numbers, from the lane `half` on.
    #[inline(always)]
    fn load(&self, row: &[f32; GROUP], half: usize) -> L::Float {
        let mut array = self.lanes.array(0.0);
        if let Some(row) = row.get(half..half + L::COUNT) {
            array.as_mut().copy_from_slice(row);
        }
        self.lanes.load(&array)
    }

    #[inline(always)]
    fn to_camera(&self, world: [L::Float; 3]) -> [L::Float; 3] {
        let lanes = self.lanes;
        let [right, down, forward] = self.rotation;
        [
            lanes.add(dot(lanes, right, world), self.translation[0]),
            lanes.add(dot(lanes, down, world), self.translation[1]),
            lanes.add(dot(lanes, forward, world), self.translation[2]),
        ]
    }

    /// Where on the image a camera coordinate lies, in pixels.
    #[inline(always)]
    fn on_image(&self, axis: usize, coordinate: L::Float, inverse_depth: L::Float) -> L::Float {
        let lanes = self.lanes;
        let scaled = lanes.multiply(lanes.multiply(self.focal[axis], coordinate), inverse_depth);
        lanes.add(scaled, self.centre[axis])
    }

    /// Covariance on the image, before the blur: xx, xy, yy in square pixels.
    #[inline(always)]
    fn image_covariance(
        &self,
        group: &Group,
        half: usize,
        centre: [L::Float; 3],
        inverse_depth: L::Float,
    ) -> [L::Float; 3] {
        let lanes = self.lanes;
        let [xx, xy, xz, yy, yz, zz] = &group.covariances;
        let (xx, xy, xz) = (
            self.load(xx, half),
            self.load(xy, half),
            self.load(xz, half),
        );
        let (yy, yz, zz) = (
            self.load(yy, half),
            self.load(yz, half),
            self.load(zz, half),
        );
        // Σ is symmetric: its rows are its columns.
        let world = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
        let [right, down, forward] = self.rotation;
        let half_right = by_columns(lanes, right, world);
        let half_down = by_columns(lanes, down, world);
        let half_forward = by_columns(lanes, forward, world);
        let along_x = self.jacobian(0, centre, inverse_depth);
        let along_y = self.jacobian(1, centre, inverse_depth);
        // The view's covariance; row and column order matter to the last bit.
        let view_xx = dot(lanes, half_right, right);
        let view_xy = dot(lanes, half_right, down);
        let view_xz = dot(lanes, half_right, forward);
        let view_yy = dot(lanes, half_down, down);
        let view_yz = dot(lanes, half_down, forward);
        let view_zx = dot(lanes, half_forward, right);
        let view_zy = dot(lanes, half_forward, down);
        let view_zz = dot(lanes, half_forward, forward);
        // Rows of J · Σ, where J has zeros at (x, y) and (y, x).
        let row_x = [
            weigh(lanes, along_x, view_xx, view_zx),
            weigh(lanes, along_x, view_xy, view_zy),
            weigh(lanes, along_x, view_xz, view_zz),
        ];
        let row_y = [
            weigh(lanes, along_y, view_yy, view_zy),
            weigh(lanes, along_y, view_yz, view_zz),
        ];
        [
            weigh(lanes, along_x, row_x[0], row_x[2]),
            weigh(lanes, along_y, row_x[1], row_x[2]),
            weigh(lanes, along_y, row_y[0], row_y[1]),
        ]
    }

    /// How the image coordinate changes along the axis itself, and along the depth. Only here is the
    /// centre clamped to gsplat's widened view.
    #[inline(always)]
    fn jacobian(
        &self,
        axis: usize,
        centre: [L::Float; 3],
        inverse_depth: L::Float,
    ) -> [L::Float; 2] {
        let lanes = self.lanes;
        let tangent = lanes.multiply(centre[axis], inverse_depth);
        let tangent = lanes.min(tangent, self.tangents_high[axis]);
        let tangent = lanes.max(tangent, self.tangents_low[axis]);
        let clamped = lanes.multiply(centre[2], tangent);
        let minus_focal = lanes.subtract(lanes.splat(0.0), self.focal[axis]);
        let into = lanes.multiply(lanes.multiply(minus_focal, clamped), inverse_depth);
        [
            lanes.multiply(self.focal[axis], inverse_depth),
            lanes.multiply(into, inverse_depth),
        ]
    }

    /// After how many standard deviations a weight has fallen to 1/255.
    #[inline(always)]
    fn deviations(&self, log2_opacity: L::Float) -> L::Float {
        let lanes = self.lanes;
        let squared = lanes.multiply(
            lanes.add(log2_opacity, lanes.splat(LOG2_255)),
            lanes.splat(2.0 * std::f32::consts::LN_2),
        );
        let root = lanes.square_root(lanes.max(squared, lanes.splat(0.0)));
        lanes.min(root, lanes.splat(EXTENT_MAX))
    }

    /// gsplat's own test along one axis, on its rounded radius.
    #[inline(always)]
    fn shows(&self, axis: usize, mean: L::Float, radius: L::Float) -> L::Mask {
        let lanes = self.lanes;
        let zero = lanes.splat(0.0);
        let whole = lanes.ceil(radius);
        lanes.both(
            lanes.both(
                lanes.above(lanes.add(mean, whole), zero),
                lanes.above(self.size[axis], lanes.subtract(mean, whole)),
            ),
            lanes.above(whole, zero),
        )
    }

    /// A little more, for the rounding of the exponent that a radius stands for.
    #[inline(always)]
    fn padded(&self, radius: L::Float) -> L::Float {
        let lanes = self.lanes;
        lanes.add(
            lanes.multiply(radius, lanes.splat(1.000_1)),
            lanes.splat(1e-3),
        )
    }

    /// First and last tile along one axis, and whether any pixel of the image is touched.
    #[inline(always)]
    fn side(&self, axis: usize, mean: L::Float, radius: L::Float) -> (L::Float, L::Float, L::Mask) {
        let lanes = self.lanes;
        // From here on, pixel n has its centre at n.
        let mean = lanes.subtract(mean, lanes.splat(0.5));
        let low = lanes.ceil(lanes.subtract(mean, radius));
        let high = lanes.floor(lanes.add(mean, radius));
        let low = lanes.max(low, lanes.splat(0.0));
        let last = lanes.subtract(self.size[axis], lanes.splat(1.0));
        let high = lanes.min(high, last);
        let tile = lanes.splat(1.0 / TILE as f32);
        (
            lanes.floor(lanes.multiply(low, tile)),
            lanes.floor(lanes.multiply(high, tile)),
            lanes.at_most(low, high),
        )
    }
}

#[inline(always)]
fn pair<L: Lanes>(lanes: L, [first, second]: [f32; 2]) -> [L::Float; 2] {
    [lanes.splat(first), lanes.splat(second)]
}

#[inline(always)]
fn triple<L: Lanes>(lanes: L, [first, second, third]: [f32; 3]) -> [L::Float; 3] {
    [lanes.splat(first), lanes.splat(second), lanes.splat(third)]
}

#[inline(always)]
fn dot<L: Lanes>(lanes: L, left: [L::Float; 3], right: [L::Float; 3]) -> L::Float {
    let x = lanes.multiply(left[0], right[0]);
    let y = lanes.multiply(left[1], right[1]);
    lanes.add(lanes.add(x, y), lanes.multiply(left[2], right[2]))
}

/// A row vector times a matrix.
#[inline(always)]
fn by_columns<L: Lanes>(
    lanes: L,
    row: [L::Float; 3],
    columns: [[L::Float; 3]; 3],
) -> [L::Float; 3] {
    [
        dot(lanes, row, columns[0]),
        dot(lanes, row, columns[1]),
        dot(lanes, row, columns[2]),
    ]
}

/// A row of the Jacobian, which has two entries, times a column.
#[inline(always)]
fn weigh<L: Lanes>(lanes: L, along: [L::Float; 2], near: L::Float, far: L::Float) -> L::Float {
    lanes.add(
        lanes.multiply(along[0], near),
        lanes.multiply(along[1], far),
    )
}
