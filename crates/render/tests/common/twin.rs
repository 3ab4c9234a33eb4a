//! The renderer's plain twin: every pixel against every splat, no tiles, no boxes, no vectors;
//! written straight from gsplat 1.5.3's rules and sharing no code with the crate but the camera.

#![allow(dead_code)]

use render::Camera;
use splat::{Cloud, Splat};

/// A cloud as one camera sees it, from near to far.
pub(crate) struct Twin {
    flats: Vec<Flat>,
}

/// How a pixel came about.
pub(crate) struct Trace {
    /// Of the colour: 255 is white, the bytes are these without their fractions.
    pub(crate) value: [f32; 3],
    /// Splats blended.
    pub(crate) layers: usize,
    /// How far, as a share of 1/255, the nearest alpha is from being skipped or not.
    pub(crate) to_skip: f32,
    /// How far, as a share of 1e-4, the nearest transmittance is from ending the pixel or not.
    pub(crate) to_stop: f32,
}

struct Flat {
    depth: f32,
    mean: [f32; 2],
    conic: [f32; 3],
    opacity: f32,
    colour: [f32; 3],
}

/// RGB bytes of the cloud, normalised to `extent`, on `background`.
pub(crate) fn render(cloud: &Cloud, extent: f32, camera: &Camera, background: [f32; 3]) -> Vec<u8> {
    let twin = Twin::new(cloud, Some(extent), camera);
    let mut rgb = Vec::new();
    for row in 0..camera.height() {
        for column in 0..camera.width() {
            let value = blend(&twin.flats, centre(column, row), background, |_, _| ());
            rgb.extend(value.map(|value| value as u8));
        }
    }
    rgb
}

impl Twin {
    /// The cloud, normalised to `extent` where there is one.
    pub(crate) fn new(cloud: &Cloud, extent: Option<f32>, camera: &Camera) -> Self {
        let splats: Vec<Splat> = cloud.iter().collect();
        let (mean, scale) = extent.map_or((0.0, 1.0), |extent| normalisation(&splats, extent));
        let mut flats: Vec<Flat> = splats
            .iter()
            .filter_map(|splat| flatten(splat, mean, scale, camera))
            .collect();
        flats.sort_by(|left, right| left.depth.total_cmp(&right.depth));
        Self { flats }
    }

    /// One pixel in detail.
    pub(crate) fn trace(&self, column: u32, row: u32, background: [f32; 3]) -> Trace {
        let (mut layers, mut to_skip, mut to_stop) = (0, f32::INFINITY, f32::INFINITY);
        let value = blend(
            &self.flats,
            centre(column, row),
            background,
            |alpha, next| {
                to_skip = f32::min(to_skip, (alpha * 255.0 - 1.0).abs());
                if let Some(next) = next {
                    to_stop = f32::min(to_stop, (next * 1e4 - 1.0).abs());
                    layers += usize::from(next > 1e-4);
                }
            },
        );
        Trace {
            value,
            layers,
            to_skip,
            to_stop,
        }
    }
}

fn centre(column: u32, row: u32) -> [f32; 2] {
    [column as f32 + 0.5, row as f32 + 0.5]
}

/// What is taken off every coordinate, and what they are then multiplied by.
fn normalisation(splats: &[Splat], extent: f32) -> (f32, f64) {
    let coordinates = || {
        splats
            .iter()
            .flat_map(|splat| splat.position)
            .map(f64::from)
    };
    let mean = (coordinates().sum::<f64>() / (3.0 * splats.len() as f64)) as f32;
    let side = (0..3)
        .map(|axis| {
            let along = || splats.iter().map(|splat| f64::from(splat.position[axis]));
            along().fold(f64::MIN, f64::max) - along().fold(f64::MAX, f64::min)
        })
        .fold(0.0, f64::max);
    (mean, f64::from(extent) / side)
}

fn flatten(splat: &Splat, shift: f32, scale: f64, camera: &Camera) -> Option<Flat> {
    let factor = scale as f32;
    let opacity =
        (1.0 / (1.0 + (-splat.opacity_logit).exp()) * (1.0 / scale) as f32).clamp(0.0, 1.0);
    let world = splat.position.map(|value| (value - shift) * factor);
    let w2c = camera.world_to_camera();
    let view = w2c.map(|row| row[0] * world[0] + row[1] * world[1] + row[2] * world[2] + row[3]);
    let [x, y, z] = view;
    if opacity < 1.0 / 255.0 || !(0.01..=100.0).contains(&z) {
        return None;
    }
    let turn = rotation(splat.rotation);
    let deviations = splat.log_scale.map(|value| value.exp() * factor);
    let spread = turn.map(|row| [0, 1, 2].map(|axis| row[axis] * deviations[axis]));
    let covariance = times_transposed(spread, spread);
    let look = w2c.map(|row| [row[0], row[1], row[2]]);
    let covariance = times_transposed(times(look, covariance), look);
    let (focal, centre) = (camera.focal(), camera.centre());
    let size = [camera.width() as f32, camera.height() as f32];
    // gsplat multiplies by the inverse depth; needles show the difference to dividing by the depth.
    let inverse = 1.0 / z;
    let clamped = [0, 1].map(|axis| {
        let margin = 0.3 * (0.5 * size[axis] / focal[axis]);
        let low = -(centre[axis] / focal[axis] + margin);
        let high = (size[axis] - centre[axis]) / focal[axis] + margin;
        z * (view[axis] * inverse).clamp(low, high)
    });
    let jacobian = [
        [
            focal[0] * inverse,
            0.0,
            -focal[0] * clamped[0] * inverse * inverse,
        ],
        [
            0.0,
            focal[1] * inverse,
            -focal[1] * clamped[1] * inverse * inverse,
        ],
        [0.0; 3],
    ];
    let image = times_transposed(times(jacobian, covariance), jacobian);
    let (xx, xy, yy) = (image[0][0] + 0.3, image[0][1], image[1][1] + 0.3);
    let determinant = xx * yy - xy * xy;
    (determinant > 0.0).then(|| Flat {
        depth: z,
        mean: [
            focal[0] * x * inverse + centre[0],
            focal[1] * y * inverse + centre[1],
        ],
        conic: [yy, -xy, xx].map(|value| value * (1.0 / determinant)),
        opacity,
        colour: splat.colour.map(|value| 0.5 + 0.282_094_8 * value),
    })
}

/// Red, green and blue from 0 to 255. `notice` is told the alpha of every splat about the pixel and,
/// where it counts, what the pixel would let through after it.
fn blend(
    flats: &[Flat],
    at: [f32; 2],
    background: [f32; 3],
    mut notice: impl FnMut(f32, Option<f32>),
) -> [f32; 3] {
    let (mut colour, mut through) = ([0.0_f32; 3], 1.0_f32);
    for flat in flats {
        let (dx, dy) = (flat.mean[0] - at[0], flat.mean[1] - at[1]);
        let [a, b, c] = flat.conic;
        let exponent = 0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy;
        // Far beyond ln 255: spares most of the exponentials.
        if exponent > 10.0 {
            continue;
        }
        let alpha = (flat.opacity * (-exponent).exp()).min(0.999);
        if exponent < 0.0 || alpha < 1.0 / 255.0 {
            notice(alpha, None);
            continue;
        }
        let next = through * (1.0 - alpha);
        notice(alpha, Some(next));
        if next <= 1e-4 {
            break;
        }
        for (sum, value) in colour.iter_mut().zip(flat.colour) {
            *sum += alpha * through * value;
        }
        through = next;
    }
    [0, 1, 2]
        .map(|channel| (colour[channel] + through * background[channel]).clamp(0.0, 1.0) * 255.0)
}

fn rotation(quaternion: [f32; 4]) -> [[f32; 3]; 3] {
    let norm = quaternion
        .iter()
        .map(|part| part * part)
        .sum::<f32>()
        .sqrt();
    let [w, x, y, z] = quaternion.map(|part| part / norm);
    [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ]
}

fn times(left: [[f32; 3]; 3], right: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    left.map(|row| {
        [0, 1, 2].map(|column| (0..3).map(|inner| row[inner] * right[inner][column]).sum())
    })
}

fn times_transposed(left: [[f32; 3]; 3], right: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    left.map(|row| right.map(|other| row[0] * other[0] + row[1] * other[1] + row[2] * other[2]))
}
