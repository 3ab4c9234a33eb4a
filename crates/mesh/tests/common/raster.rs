//! A plain rasteriser: perspective, depth buffer, bilinear textures, three by three samples.

use glam::{Vec2, Vec3};
use image::RgbaImage;
use render::Camera;

use super::{Model, Paint};

/// Samples per pixel along each side.
const SAMPLES: usize = 3;

/// A picture: red, green, blue per pixel, `0..1`.
pub(crate) struct Picture {
    pub(crate) side: usize,
    pub(crate) pixels: Vec<Vec3>,
}

/// The colour of triangle `index` at the weights of its corners; `None` where it is cut out.
pub(crate) type Shade<'a> = &'a dyn Fn(usize, [f32; 3]) -> Option<Vec3>;

/// The model as `camera` sees it, on white.
pub(crate) fn picture(
    camera: &Camera,
    positions: &[Vec3],
    triangles: &[[u32; 3]],
    shade: Shade<'_>,
) -> Picture {
    let side = camera.width() as usize;
    let fine = side * SAMPLES;
    let mut depths = vec![f32::INFINITY; fine * fine];
    let mut colours = vec![Vec3::ONE; fine * fine];
    let seen: Vec<Vec3> = positions.iter().map(|at| project(camera, *at)).collect();
    for (index, corners) in triangles.iter().enumerate() {
        let corners = corners.map(|corner| seen[corner as usize]);
        if corners.iter().any(|corner| corner.z < 0.01) {
            continue;
        }
        fill(corners, fine, &mut |at, weights, depth| {
            if depth < depths[at]
                && let Some(colour) = shade(index, weights)
            {
                (depths[at], colours[at]) = (depth, colour);
            }
        });
    }
    let pixels = (0..side * side).map(|pixel| {
        let (x, y) = (pixel % side * SAMPLES, pixel / side * SAMPLES);
        let samples =
            (0..SAMPLES * SAMPLES).map(|at| colours[(y + at / SAMPLES) * fine + x + at % SAMPLES]);
        samples.sum::<Vec3>() / (SAMPLES * SAMPLES) as f32
    });
    Picture {
        side,
        pixels: pixels.collect(),
    }
}

/// Pixel coordinates and depth.
fn project(camera: &Camera, at: Vec3) -> Vec3 {
    let row = |row: [f32; 4]| row[0] * at.x + row[1] * at.y + row[2] * at.z + row[3];
    let [x, y, z] = camera.world_to_camera().map(row);
    let ([fx, fy], [cx, cy]) = (camera.focal(), camera.centre());
    Vec3::new(fx * x / z + cx, fy * y / z + cy, z)
}

/// Visits every sample within a projected triangle, with weights that are right in space.
fn fill(corners: [Vec3; 3], fine: usize, visit: &mut dyn FnMut(usize, [f32; 3], f32)) {
    let scale = SAMPLES as f32;
    let [a, b, c] = corners.map(|corner| corner.truncate() * scale);
    let area = (b - a).perp_dot(c - a);
    if area == 0.0 {
        return;
    }
    let (low, high) = (a.min(b).min(c), a.max(b).max(c));
    let bound = |value: f32| (value.max(0.0) as usize).min(fine);
    for y in bound(low.y.floor())..bound(high.y.ceil()) {
        for x in bound(low.x.floor())..bound(high.x.ceil()) {
            let at = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
            let flat = [
                (b - at).perp_dot(c - at) / area,
                (c - at).perp_dot(a - at) / area,
                (a - at).perp_dot(b - at) / area,
            ];
            if flat.iter().all(|weight| *weight >= 0.0) {
                let scaled: [f32; 3] =
                    std::array::from_fn(|corner| flat[corner] / corners[corner].z);
                let sum: f32 = scaled.iter().sum();
                visit(y * fine + x, scaled.map(|weight| weight / sum), 1.0 / sum);
            }
        }
    }
}

/// What a test model shows at a point of a triangle.
pub(crate) fn shade(model: &Model, triangle: usize, weights: [f32; 3]) -> Option<Vec3> {
    let corners = model.triangles[triangle].map(|corner| corner as usize);
    let colour: Vec3 = (0..3)
        .map(|at| model.colours[corners[at]] * weights[at])
        .sum();
    match &model.palette[model.paints[triangle]] {
        Paint::Plain(paint) => Some(colour * *paint),
        Paint::Texture(texture) => {
            let uv: Vec2 = (0..3).map(|at| model.uvs[corners[at]] * weights[at]).sum();
            bilinear(texture, uv).map(|texel| texel * colour)
        }
    }
}

fn bilinear(texture: &RgbaImage, uv: Vec2) -> Option<Vec3> {
    let size = Vec2::new(texture.width() as f32, texture.height() as f32);
    let at = uv * size - 0.5;
    let (first, share) = (at.floor(), at - at.floor());
    let texel = |x: f32, y: f32| {
        let x = ((first.x + x) as i64).rem_euclid(texture.width().into()) as u32;
        let y = ((first.y + y) as i64).rem_euclid(texture.height().into()) as u32;
        let [red, green, blue, alpha] = texture
            .get_pixel(x, y)
            .0
            .map(|byte| f32::from(byte) / 255.0);
        (Vec3::new(red, green, blue), alpha)
    };
    let mix = |one: (Vec3, f32), other: (Vec3, f32), share: f32| {
        (
            one.0.lerp(other.0, share),
            one.1 + (other.1 - one.1) * share,
        )
    };
    let upper = mix(texel(0.0, 0.0), texel(1.0, 0.0), share.x);
    let lower = mix(texel(0.0, 1.0), texel(1.0, 1.0), share.x);
    let (colour, alpha) = mix(upper, lower, share.y);
    (alpha >= 0.5).then_some(colour)
}
