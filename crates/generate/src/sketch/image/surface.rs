//! From a cut-out and its height field to painted surface elements.

use glam::Vec3;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cutout::Cutout;
use crate::sketch::surface::Surfel;

/// Longest side of the finished object, in units.
const EXTENT: f32 = 1.5;
/// The back is flatter than the front ...
const BACK_DEPTH: f32 = 0.75;
/// ... and darker towards its middle, since nobody knows what is painted on it. At the rim it is
/// the front's colour, so that no seam shows.
const BACK_SHADE: f32 = 0.82;
/// Standard deviation of a splat against the spacing of splats: closes the surface without
/// blurring it.
const OVERLAP: f32 = 0.68;
const OPACITY: f32 = 0.985;

/// A corner of the surface's mesh, in pixels: x to the right, y up, z to the viewer.
type Corner = Vec3;

struct Triangle {
    corners: [Corner; 3],
    /// The pixel it is painted with.
    pixel: usize,
    shade: f32,
}

/// About `count` surface elements, evenly spread over front and back; the same seed gives the same.
pub(super) fn lay_out(cutout: &Cutout, height: &[f32], count: usize, seed: u64) -> Vec<Surfel> {
    let triangles = mesh(cutout, height);
    let Some((low, high)) = bounds(&triangles) else {
        return Vec::new();
    };
    let area: f32 = triangles.iter().map(Triangle::area).sum();
    let spacing = (area / count.max(1) as f32).sqrt();
    let scale = EXTENT / (high - low).max_element();
    let centre = 0.5 * (low + high);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut surfels = Vec::with_capacity(count + count / 8);
    // One surfel each time the area gone past reaches the next multiple of what each stands for.
    let mut due = dice.random::<f32>();
    for triangle in &triangles {
        due += triangle.area() / (spacing * spacing);
        while due >= 1.0 {
            due -= 1.0;
            let at = (triangle.inside(&mut dice) - centre) * scale;
            let colour = cutout.picture.colours[triangle.pixel];
            surfels.push(Surfel {
                position: at.into(),
                normal: triangle.normal().into(),
                tangent_size_u: OVERLAP * spacing * scale,
                tangent_size_v: OVERLAP * spacing * scale,
                colour_rgb: colour.map(|value| value * triangle.shade),
                opacity: OPACITY,
            });
        }
    }
    surfels
}

impl Triangle {
    fn cross(&self) -> Vec3 {
        let [a, b, c] = self.corners;
        (b - a).cross(c - a)
    }

    fn area(&self) -> f32 {
        0.5 * self.cross().length()
    }

    fn normal(&self) -> Vec3 {
        self.cross().try_normalize().unwrap_or(Vec3::Z)
    }

    /// A point anywhere on it, all alike likely.
    fn inside(&self, dice: &mut ChaCha8Rng) -> Vec3 {
        let (mut u, mut v) = (dice.random::<f32>(), dice.random::<f32>());
        if u + v > 1.0 {
            (u, v) = (1.0 - u, 1.0 - v);
        }
        let [a, b, c] = self.corners;
        a + u * (b - a) + v * (c - a)
    }
}

/// Two triangles per pixel, front and back. Heights at pixel corners are the mean of the pixels
/// around; corners at the silhouette's edge lie in the middle plane, which closes the surface.
fn mesh(cutout: &Cutout, height: &[f32]) -> Vec<Triangle> {
    let mask = &cutout.mask;
    let corner_height = |x: usize, y: usize| -> f32 {
        let around = [(-1, -1), (0, -1), (-1, 0), (0, 0)];
        let mut sum = 0.0;
        for (right, down) in around {
            let (px, py) = (x as isize + right, y as isize + down);
            if !mask.at(px, py) {
                return 0.0;
            }
            sum += height[py as usize * mask.width + px as usize];
        }
        0.25 * sum
    };
    let highest = height.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let mut triangles = Vec::new();
    let mut places: Vec<(usize, usize)> = (0..mask.inside.len())
        .filter(|pixel| mask.inside[*pixel])
        .map(|pixel| (pixel % mask.width, pixel / mask.width))
        .collect();
    // Neighbours in this order are neighbours in the picture, both ways: what is spread evenly along
    // it is spread evenly over the surface.
    places.sort_unstable_by_key(|(x, y)| z_order(*x, *y));
    for front_side in [true, false] {
        for &(x, y) in &places {
            let pixel = y * mask.width + x;
            let corner = |right: usize, down: usize| {
                let (x, y) = (x + right, y + down);
                Vec3::new(x as f32, -(y as f32), corner_height(x, y))
            };
            let front = [corner(0, 0), corner(0, 1), corner(1, 1), corner(1, 0)];
            let back = front.map(|at| at * Vec3::new(1.0, 1.0, -BACK_DEPTH));
            let mut side = |[a, b, c, d]: [Corner; 4], shade: f32| {
                for corners in [[a, b, c], [a, c, d]] {
                    triangles.push(Triangle {
                        corners,
                        pixel,
                        shade,
                    });
                }
            };
            if front_side {
                side(front, 1.0);
            } else {
                let [a, b, c, d] = back;
                let inwards = (height[pixel] / highest).min(1.0);
                side([a, d, c, b], 1.0 - (1.0 - BACK_SHADE) * inwards);
            }
        }
    }
    triangles
}

/// The bits of x and y interleaved (Morton's order).
fn z_order(x: usize, y: usize) -> u64 {
    let spread = |value: usize| -> u64 {
        (0..16).fold(0, |code, bit| {
            code | ((value as u64 >> bit & 1) << (2 * bit))
        })
    };
    spread(x) | spread(y) << 1
}

fn bounds(triangles: &[Triangle]) -> Option<(Vec3, Vec3)> {
    let mut corners = triangles.iter().flat_map(|triangle| triangle.corners);
    let first = corners.next()?;
    Some(corners.fold((first, first), |(low, high), at| {
        (low.min(at), high.max(at))
    }))
}
