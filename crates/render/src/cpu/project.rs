//! From world splats to footprints on the image: gsplat 1.5.3's classic projection (`packed=False`,
//! pinhole, no radius clip), a vector of splats at a time.
//!
//! Nothing here is fused, so that footprints are the same bits whatever the instruction set.

use super::{
    projector::{Projected, Projector},
    simd::{Kernel, Lanes},
};
use crate::{
    camera::Camera,
    scene::{GROUP, Group, Paint},
};

/// log₂ 255: a splat shows while the logarithm of its weight is no further below 0.
pub(super) const LOG2_255: f32 = 7.994_353;

/// One splat on the image. With `dx, dy` from its mean to a pixel's centre, its weight there is
/// 2 to the power of `log2_opacity + falloff[0]·dx² + falloff[1]·dx·dy + falloff[2]·dy²`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Footprint {
    /// Centre in pixels; the centre of pixel (column, row) is at (column + ½, row + ½).
    pub(crate) mean: [f32; 2],
    /// Coefficients of dx², dx·dy and dy²: the inverse covariance times −log₂e, halved on the
    /// diagonal.
    pub(crate) falloff: [f32; 3],
    /// How far left and right, up and down of the mean the weight is 1/255 or more, in pixels; a
    /// little more, for the rounding of the exponent.
    pub(crate) radii: [f32; 2],
}

/// First tile column and row, and last column and row, that a footprint can touch.
pub(crate) type TileBox = [u8; 4];

/// A camera with what its projection needs worked out once.
pub(crate) struct Lens<'a> {
    pub(super) camera: &'a Camera,
    /// Bounds on x/z and y/z within which the Jacobian is taken: gsplat lets it reach 30 % of the
    /// half image beyond each edge.
    pub(super) tangents_low: [f32; 2],
    pub(super) tangents_high: [f32; 2],
    pub(super) size: [f32; 2],
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
        let mut columns = [lanes.array(0.0); 12];
        let numbers = projected.footprint.iter().chain(&projected.tiles);
        for (number, column) in numbers.chain([&projected.depth]).zip(&mut columns) {
            lanes.store(*number, column);
        }
        while bits != 0 {
            let lane = bits.trailing_zeros() as usize % L::COUNT;
            bits &= bits - 1;
            let place = first + lane;
            let number = |column: usize| columns[column].as_ref()[lane];
            if let (Some(footprint), Some(tile_box)) =
                (self.footprints.get_mut(place), self.boxes.get_mut(place))
            {
                *footprint = Footprint {
                    mean: [number(0), number(1)],
                    falloff: [number(2), number(3), number(4)],
                    radii: [number(5), number(6)],
                };
                // In range: tiles were clipped to the image. The detour keeps the conversion short.
                let tile = |column: usize| number(column) as i32 as u8;
                *tile_box = [tile(7), tile(8), tile(9), tile(10)];
                (self.seen)(place, number(11));
            }
        }
    }
}

/// What `camera` sees of each splat of a scene, where it sees anything.
#[cfg(all(test, feature = "gpu-render"))]
pub(crate) fn footprints(scene: &crate::scene::Scene, camera: &Camera) -> Vec<Option<Footprint>> {
    let count = scene.paints.len();
    let mut footprints = vec![Footprint::default(); count];
    let mut boxes = vec![TileBox::default(); count];
    let mut are_seen = vec![false; count];
    super::simd::InstructionSet::best().run(Project {
        lens: &Lens::new(camera),
        groups: &scene.groups,
        paints: &scene.paints,
        footprints: &mut footprints,
        boxes: &mut boxes,
        seen: |place: usize, _| are_seen[place] = true,
    });
    let seen = footprints.into_iter().zip(are_seen);
    seen.map(|(footprint, is_seen)| is_seen.then_some(footprint))
        .collect()
}
