//! From world splats to footprints on the image, in the order they are blended: gsplat 1.5.3's
//! classic projection (`packed=False`, pinhole, no radius clip).

use rayon::prelude::*;

use crate::{camera::Camera, scene::Scene};

/// Splats nearer or farther than this are not seen; the ends are.
const DEPTH_RANGE: std::ops::RangeInclusive<f32> = 0.01..=100.0;

/// Added to both diagonal entries of the projected covariance, in square pixels.
const BLUR: f32 = 0.3;

/// Contributions below this are skipped.
pub(crate) const ALPHA_MIN: f32 = 1.0 / 255.0;

/// gsplat's cap on the footprint in standard deviations. `√(2·ln 255) = 3.329` stays under it, so
/// that the box is an exact cover of everything that can contribute.
const EXTENT_MAX: f32 = 3.33;

/// Splats projected by one task.
const CHUNK: usize = 8192;

/// One splat on the image: an ellipse around `mean` with weight
/// `opacity · exp(−½(a·dx² + c·dy²) − b·dx·dy)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    /// Centre in pixels; the centre of pixel (column, row) is at (column + ½, row + ½).
    pub(crate) mean: [f32; 2],
    /// Inverse covariance `a, b, c` in 1/pixel².
    pub(crate) conic: [f32; 3],
    /// Determinant of the inverse covariance, free of the cancellation in `a·c − b²`.
    pub(crate) conic_determinant: f32,
    /// 0 to 1.
    pub(crate) opacity: f32,
    /// The exponent at which the weight has fallen to 1/255: `ln(255 · opacity)`.
    pub(crate) reach: f32,
    /// Not clamped: may be negative or above 1.
    pub(crate) colour: [f32; 3],
    /// First column and row that can be touched.
    pub(crate) low: [u16; 2],
    /// One past the last column and row that can be touched.
    pub(crate) high: [u16; 2],
}

/// Everything the camera sees, nearest first; equal depths in the cloud's order.
pub(crate) fn project(scene: &Scene, camera: &Camera, parallel: bool) -> Vec<Footprint> {
    project_with_depths(scene, camera, parallel)
        .into_iter()
        .map(|(_, footprint)| footprint)
        .collect()
}

/// As [`project`], each footprint behind the camera depth of its splat's centre.
pub(crate) fn project_with_depths(
    scene: &Scene,
    camera: &Camera,
    parallel: bool,
) -> Vec<(f32, Footprint)> {
    let lens = Lens::new(camera);
    let chunk = |first: usize| {
        (first..(first + CHUNK).min(scene.len()))
            .filter_map(|index| lens.footprint(scene, index))
            .collect::<Vec<_>>()
    };
    let starts: Vec<usize> = (0..scene.len()).step_by(CHUNK).collect();
    let chunks: Vec<Vec<(f32, Footprint)>> = if parallel {
        starts.into_par_iter().map(chunk).collect()
    } else {
        starts.into_iter().map(chunk).collect()
    };
    let seen: Vec<(f32, Footprint)> = chunks.into_iter().flatten().collect();
    // Depths are positive, so their bits sort as they do; the position makes every key unique and
    // the unstable sort stable.
    let mut order: Vec<u64> = seen
        .iter()
        .enumerate()
        .map(|(position, (depth, _))| u64::from(depth.to_bits()) << 32 | position as u64)
        .collect();
    if parallel {
        order.par_sort_unstable();
    } else {
        order.sort_unstable();
    }
    order
        .into_iter()
        .map(|key| seen[(key & 0xFFFF_FFFF) as usize])
        .collect()
}

/// A camera with what its projection needs worked out once.
struct Lens<'a> {
    camera: &'a Camera,
    /// Bounds on x/z and y/z within which the Jacobian is taken: gsplat lets it reach 30 % of the
    /// half image beyond each edge.
    tangents_low: [f32; 2],
    tangents_high: [f32; 2],
    size: [f32; 2],
}

impl<'a> Lens<'a> {
    fn new(camera: &'a Camera) -> Self {
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

    /// Depth and footprint of a splat, unless it cannot be seen.
    fn footprint(&self, scene: &Scene, index: usize) -> Option<(f32, Footprint)> {
        let opacity = scene.opacities[index];
        if opacity < ALPHA_MIN {
            return None;
        }
        let world = [0, 1, 2].map(|axis| scene.positions[axis][index]);
        let [x, y, z] = self.to_camera(world);
        if !DEPTH_RANGE.contains(&z) {
            return None;
        }
        let [focal_x, focal_y] = self.camera.focal;
        let inverse_z = 1.0 / z;
        let mean = [
            focal_x * x * inverse_z + self.camera.centre[0],
            focal_y * y * inverse_z + self.camera.centre[1],
        ];
        let covariance = self.image_covariance(scene, index, [x, y, z]);
        let [xx, xy, yy] = [covariance[0] + BLUR, covariance[1], covariance[2] + BLUR];
        let determinant = xx * yy - xy * xy;
        // Also refuses NaN, which an overflowing covariance makes.
        if !(determinant > 0.0 && determinant.is_finite()) {
            return None;
        }
        let inverse = 1.0 / determinant;
        let reach = (opacity / ALPHA_MIN).ln();
        let deviations = (2.0 * reach).max(0.0).sqrt().min(EXTENT_MAX);
        let radii = [deviations * xx.sqrt(), deviations * yy.sqrt()];
        let (low, high) = self.pixel_box(mean, radii)?;
        let footprint = Footprint {
            mean,
            conic: [yy * inverse, -xy * inverse, xx * inverse],
            conic_determinant: inverse,
            opacity,
            reach,
            colour: [0, 1, 2].map(|channel| scene.colours[channel][index]),
            low,
            high,
        };
        Some((z, footprint))
    }

    fn to_camera(&self, world: [f32; 3]) -> [f32; 3] {
        let [x, y, z] = world;
        [0, 1, 2].map(|row| {
            let axis = self.camera.rotation[row];
            axis[0] * x + axis[1] * y + axis[2] * z + self.camera.translation[row]
        })
    }

    /// Covariance on the image, before the blur: xx, xy, yy in square pixels.
    fn image_covariance(&self, scene: &Scene, index: usize, centre: [f32; 3]) -> [f32; 3] {
        let [xx, xy, xz, yy, yz, zz] =
            [0, 1, 2, 3, 4, 5].map(|entry| scene.covariances[entry][index]);
        let world = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
        let rotation = &self.camera.rotation;
        let half = rotation.map(|axis| {
            [0, 1, 2].map(|column| {
                axis[0] * world[0][column] + axis[1] * world[1][column] + axis[2] * world[2][column]
            })
        });
        let view = half.map(|row: [f32; 3]| {
            [0, 1, 2].map(|axis: usize| {
                row[0] * rotation[axis][0] + row[1] * rotation[axis][1] + row[2] * rotation[axis][2]
            })
        });
        let z = centre[2];
        let inverse_z = 1.0 / z;
        // Only the Jacobian is clamped, the centre is not.
        let [clamped_x, clamped_y] = [0, 1].map(|axis: usize| {
            z * (centre[axis] * inverse_z).clamp(self.tangents_low[axis], self.tangents_high[axis])
        });
        let [focal_x, focal_y] = self.camera.focal;
        let along_x = [
            focal_x * inverse_z,
            -focal_x * clamped_x * inverse_z * inverse_z,
        ];
        let along_y = [
            focal_y * inverse_z,
            -focal_y * clamped_y * inverse_z * inverse_z,
        ];
        // Rows of J · Σ, where J has zeros at (x, y) and (y, x).
        let row_x = [0, 1, 2]
            .map(|column: usize| along_x[0] * view[0][column] + along_x[1] * view[2][column]);
        let row_y =
            [1, 2].map(|column: usize| along_y[0] * view[1][column] + along_y[1] * view[2][column]);
        [
            row_x[0] * along_x[0] + row_x[2] * along_x[1],
            row_x[1] * along_y[0] + row_x[2] * along_y[1],
            row_y[0] * along_y[0] + row_y[1] * along_y[1],
        ]
    }

    /// The pixels a footprint can touch, or `None` when it lies off the image.
    fn pixel_box(&self, mean: [f32; 2], radii: [f32; 2]) -> Option<([u16; 2], [u16; 2])> {
        let (mut low, mut high) = ([0; 2], [0; 2]);
        for axis in 0..2 {
            let (mean, radius, size) = (mean[axis], radii[axis], self.size[axis]);
            let whole = radius.ceil();
            // gsplat's own test, on its rounded radius; NaN fails it here.
            if !(mean + whole > 0.0 && mean - whole < size && whole > 0.0) {
                return None;
            }
            // A little more than the radius, for the rounding of the exponent it stands for.
            let radius = radius * 1.000_1 + 1e-3;
            low[axis] = (mean - radius - 0.5).ceil().clamp(0.0, size) as u16;
            high[axis] = ((mean + radius - 0.5).floor() + 1.0).clamp(0.0, size) as u16;
            if low[axis] >= high[axis] {
                return None;
            }
        }
        Some((low, high))
    }
}
