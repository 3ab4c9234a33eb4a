//! Views taken apart: colour, coverage and depth of each pixel before there is a background, and
//! the pictures made of them.

use crate::{
    camera::Camera,
    cpu::{CpuRenderer, Pixel},
    image::{Image, TransparentImage},
    scene::Scene,
};

/// A pixel covered less than this has no depth worth a shade of its own: the range of depths is
/// taken from the others.
const SOLID: f32 = 0.5;

/// One in this many pixels is left out at either end of the range of depths.
const STRAY: usize = 50;

/// How far around a pixel the slope of its surface is measured, in pixels.
const REACH: usize = 3;

/// Depth may change by this many pixel widths per pixel: a surface seen at 83°.
const STEEPEST: f32 = 8.0;

/// Shade of the farthest depth of a depth picture; the nearest is 1, and nothing is 0.
const FAR_SHADE: f32 = 0.2;

/// One view before it is put on a background, pixel by pixel in rows from the top.
#[derive(Clone, PartialEq)]
pub struct Layers {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green and blue gathered from the splats, multiplied by their coverage, **not clamped**:
    /// may be negative or above 1.
    pub colour: Vec<[f32; 3]>,
    /// What shines through from behind, 0 to 1: 1 where there is no splat. Kept instead of its
    /// complement, the alpha, because `1 − (1 − t)` is not `t` in single precision, and a picture on
    /// a background must be the renderer's own to the byte.
    pub transmittance: Vec<f32>,
    /// Camera depth expected of a pixel, `Σ w·z / Σ w` over its splats' centres with their weights
    /// in the blend, in scene units; 0 where there is no splat.
    pub depth: Vec<f32>,
}

impl std::fmt::Debug for Layers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Layers({}×{})", self.width, self.height)
    }
}

/// One view of `scene` as layers, with the blending of [`render`](crate::render()).
#[must_use]
pub fn render_layers(scene: &Scene, camera: &Camera) -> Layers {
    CpuRenderer::shared().render_layers(scene, camera)
}

impl Layers {
    /// The layers of rendered pixels.
    pub(crate) fn from_pixels(camera: &Camera, pixels: &[Pixel]) -> Self {
        let depth = |pixel: &Pixel| {
            let covered = 1.0 - pixel.transmittance;
            if covered > 0.0 {
                pixel.depth / covered
            } else {
                0.0
            }
        };
        Self {
            width: camera.width,
            height: camera.height,
            colour: pixels.iter().map(|pixel| pixel.colour).collect(),
            transmittance: pixels.iter().map(|pixel| pixel.transmittance).collect(),
            depth: pixels.iter().map(depth).collect(),
        }
    }

    /// The view on a background of RGB from 0 to 1: what [`render`](crate::render()) makes, to the
    /// byte.
    #[must_use]
    pub fn over(&self, background: [f32; 3]) -> Image {
        let pixels = self.colour.iter().zip(&self.transmittance);
        Image {
            width: self.width,
            height: self.height,
            rgb: pixels
                .flat_map(|(colour, through)| {
                    [0, 1, 2].map(|channel| {
                        let value = colour[channel] + through * background[channel];
                        (value.clamp(0.0, 1.0) * 255.0) as u8
                    })
                })
                .collect(),
        }
    }

    /// The view without a background, to lay over whatever there is.
    #[must_use]
    pub fn transparent(&self) -> TransparentImage {
        let pixels = self.colour.iter().zip(&self.transmittance);
        TransparentImage {
            width: self.width,
            height: self.height,
            rgba: pixels
                .flat_map(|(&colour, through)| straight(colour, 1.0 - through))
                .collect(),
        }
    }

    /// The same view in white: over black a picture of its coverage.
    #[must_use]
    pub fn painted_white(&self) -> Self {
        self.repainted(|_, _| [1.0; 3])
    }

    /// The nearest and farthest depth of what is mostly covered, in scene units; of anything
    /// covered at all where nothing is mostly. One pixel in fifty at either end is left out, so that
    /// a stray splat does not take the shades from the rest. `None` of an empty view.
    #[must_use]
    pub fn depth_range(&self) -> Option<[f32; 2]> {
        let range = |least: f32| {
            let covered = self.transmittance.iter().map(|through| 1.0 - through);
            let mut depths: Vec<f32> = covered
                .zip(&self.depth)
                .filter(|&(alpha, _)| alpha >= least)
                .map(|(_, &depth)| depth)
                .collect();
            depths.sort_unstable_by(f32::total_cmp);
            let stray = depths.len() / STRAY;
            let [near, far] = [depths.get(stray)?, depths.get(depths.len() - 1 - stray)?];
            Some([*near, *far])
        };
        range(SOLID).or_else(|| range(f32::MIN_POSITIVE))
    }

    /// The same view in shades of grey, the nearest depth of `range` brightest.
    #[must_use]
    pub fn painted_by_depth(&self, range: [f32; 2]) -> Self {
        let [near, far] = range;
        let span = (far - near).max(f32::MIN_POSITIVE);
        self.repainted(|column, row| {
            let depth = self.depth[row * self.width as usize + column];
            let place = ((far - depth) / span).clamp(0.0, 1.0);
            [FAR_SHADE + (1.0 - FAR_SHADE) * place; 3]
        })
    }

    /// The same view coloured by which way its surface faces, as the slopes of the depth show it:
    /// red to the right, green up, blue towards the camera, each 0.5 at right angles to it.
    /// `camera` is the one it was rendered with.
    #[must_use]
    pub fn painted_by_normal(&self, camera: &Camera) -> Self {
        self.repainted(|column, row| {
            self.normal(camera, column, row)
                .map(|part| 0.5 + 0.5 * part)
        })
    }

    /// The same coverage in other colours.
    fn repainted(&self, paint: impl Fn(usize, usize) -> [f32; 3]) -> Self {
        let width = self.width as usize;
        let places = self.transmittance.iter().enumerate();
        Self {
            colour: places
                .map(|(place, through)| {
                    let alpha = 1.0 - through;
                    if alpha > 0.0 {
                        paint(place % width, place / width).map(|value| value * alpha)
                    } else {
                        [0.0; 3]
                    }
                })
                .collect(),
            ..self.clone()
        }
    }

    /// The direction a covered pixel faces: x right, y up, z towards the camera. Towards the camera
    /// where its neighbours do not tell.
    fn normal(&self, camera: &Camera, column: usize, row: usize) -> [f32; 3] {
        const FACING: [f32; 3] = [0.0, 0.0, 1.0];
        let depth = self.depth[row * self.width as usize + column];
        let ([focal_x, focal_y], [centre_x, centre_y]) = (camera.focal(), camera.centre());
        let Some([slope_x, slope_y]) = self.slopes(column, row, depth / focal_x) else {
            return FACING;
        };
        // How the point under the pixel moves when the pixel moves right, and down.
        let ray = [
            (column as f32 + 0.5 - centre_x) / focal_x,
            (row as f32 + 0.5 - centre_y) / focal_y,
        ];
        let right = [
            depth / focal_x + ray[0] * slope_x,
            ray[1] * slope_x,
            slope_x,
        ];
        let down = [
            ray[0] * slope_y,
            depth / focal_y + ray[1] * slope_y,
            slope_y,
        ];
        let cross = [
            right[1] * down[2] - right[2] * down[1],
            right[2] * down[0] - right[0] * down[2],
            right[0] * down[1] - right[1] * down[0],
        ];
        let length = cross.iter().map(|part| part * part).sum::<f32>().sqrt();
        // Camera axes point right, down and forward, and right × down is forward.
        if length > 0.0 && length.is_finite() {
            [-cross[0] / length, cross[1] / length, cross[2] / length]
        } else {
            FACING
        }
    }

    /// How the depth changes per pixel to the right and down: the plane through the neighbours of
    /// least squares, by coverage. Neighbours behind or before a silhouette are left out: those
    /// steeper than [`STEEPEST`] for a pixel that spans `pixel` scene units.
    fn slopes(&self, column: usize, row: usize, pixel: f32) -> Option<[f32; 2]> {
        let (width, height) = (self.width as usize, self.height as usize);
        let here = self.depth[row * width + column];
        // Sums of the weight and of it times x, y, z, xx, xy, yy, xz, yz.
        let mut sums = [0.0_f32; 9];
        for y in row.saturating_sub(REACH)..(row + REACH + 1).min(height) {
            for x in column.saturating_sub(REACH)..(column + REACH + 1).min(width) {
                let depth = self.depth[y * width + x];
                let (dx, dy) = (x as f32 - column as f32, y as f32 - row as f32);
                let rise = depth - here;
                if depth <= 0.0 || rise.abs() > STEEPEST * pixel * dx.hypot(dy) {
                    continue;
                }
                let weight = 1.0 - self.transmittance[y * width + x];
                let moments = [
                    1.0,
                    dx,
                    dy,
                    rise,
                    dx * dx,
                    dx * dy,
                    dy * dy,
                    dx * rise,
                    dy * rise,
                ];
                for (sum, moment) in sums.iter_mut().zip(moments) {
                    *sum += weight * moment;
                }
            }
        }
        let [weight, x, y, z, xx, xy, yy, xz, yz] = sums;
        let about = |moment: f32, left: f32, right: f32| moment - left * right / weight;
        let (xx, xy, yy) = (about(xx, x, x), about(xy, x, y), about(yy, y, y));
        let (xz, yz) = (about(xz, x, z), about(yz, y, z));
        let determinant = xx * yy - xy * xy;
        (determinant > 1e-6 * weight * weight).then(|| {
            [
                (xz * yy - yz * xy) / determinant,
                (yz * xx - xz * xy) / determinant,
            ]
        })
    }
}

/// Colour multiplied by coverage → straight RGBA bytes, rounded.
fn straight(colour: [f32; 3], alpha: f32) -> [u8; 4] {
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    if byte(alpha) == 0 {
        return [0; 4];
    }
    let [red, green, blue] = colour.map(|value| byte(value / alpha));
    [red, green, blue, byte(alpha)]
}
