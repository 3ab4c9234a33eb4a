//! From a model to surfels: points spread evenly over what can be seen of its parts, drawn onto the
//! true surface, painted and lit.

use glam::{Vec3, Vec3A};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::model::{Model, Part};
use super::paint::{Finish, Paint};
use super::skin::Triangle;
use super::solid::{Placed, Shape, Solid};
use crate::sketch::surface::Surfel;

/// The longest side of a finished sculpture, the extent the validator scales to anyway.
const EXTENT: f32 = 1.5;
/// Points tried per solid to learn how much of it can be seen.
const PILOT: usize = 128;

/// A point on the surface, before paint.
struct Sample {
    position: Vec3A,
    normal: Vec3A,
    /// Standard deviation of its splat.
    size: f32,
    part: usize,
}

/// One solid ready to be sampled.
struct Patch {
    part: usize,
    /// Index within its field's list.
    solid: usize,
    triangles: Vec<[Vec3A; 3]>,
    /// Running sum of the triangles' areas.
    areas: Vec<f32>,
    /// How many times denser than the rest its points lie.
    weight: f32,
    /// How far its triangles lie off the surface at most: a block's rounded edges.
    slack: f32,
    seen: f32,
}

impl Patch {
    fn area(&self) -> f32 {
        self.areas.last().copied().unwrap_or(0.0)
    }
}

/// The distance field of a whole model.
struct Field {
    soft: Vec<Placed>,
    /// The part of each soft solid.
    soft_parts: Vec<usize>,
    hard: Vec<Placed>,
    /// For each hard solid: it is of glass, so it hides nothing.
    clear: Vec<bool>,
    blend: f32,
}

impl Field {
    fn soft_distance(&self, point: Vec3A, cutoff: f32) -> f32 {
        let reach = cutoff + self.blend;
        let mut nearest = reach;
        for solid in &self.soft {
            if point.distance(solid.centre) - solid.radius > reach {
                continue;
            }
            let distance = solid.distance(point);
            let overlap = (self.blend - (nearest - distance).abs()).max(0.0);
            nearest = nearest.min(distance);
            if self.blend > 0.0 {
                nearest -= overlap * overlap / (4.0 * self.blend);
            }
        }
        nearest.min(cutoff)
    }

    /// Whether a point on the blended surface is another part's: each place has one paint, that of
    /// the part it is nearest to.
    fn belongs_elsewhere(&self, point: Vec3A, part: usize, own: f32) -> bool {
        self.soft
            .iter()
            .zip(&self.soft_parts)
            .any(|(solid, other)| *other != part && solid.distance(point) < own)
    }

    /// Whether a point is inside a hard solid: of those before `own` well inside, of those after it
    /// within `touch`, so that where two surfaces coincide the later one shows, alone.
    fn covers(&self, point: Vec3A, own: Option<usize>, touch: f32) -> bool {
        let hard = self.hard.iter().zip(&self.clear).enumerate();
        hard.filter(|(index, (_, clear))| Some(*index) != own && !**clear)
            .any(|(index, (solid, _))| {
                let is_later = own.is_none_or(|own| index > own);
                let reach = if is_later { touch } else { -1e-3 };
                point.distance(solid.centre) - solid.radius < reach && solid.distance(point) < reach
            })
    }

    /// Signed distance to the nearest surface that is not of glass, `cutoff` where that is further.
    fn distance(&self, point: Vec3A, cutoff: f32) -> f32 {
        let mut nearest = self.soft_distance(point, cutoff);
        for (solid, clear) in self.hard.iter().zip(&self.clear) {
            let far = point.distance(solid.centre) - solid.radius > nearest;
            if !far && !clear {
                nearest = nearest.min(solid.distance(point));
            }
        }
        nearest
    }
}

/// Gradient of a distance by the four corners of a tetrahedron.
fn gradient(point: Vec3A, step: f32, distance: impl Fn(Vec3A) -> f32) -> Vec3A {
    [
        Vec3A::new(1.0, -1.0, -1.0),
        Vec3A::new(-1.0, -1.0, 1.0),
        Vec3A::new(-1.0, 1.0, -1.0),
        Vec3A::new(1.0, 1.0, 1.0),
    ]
    .into_iter()
    .map(|corner| corner * distance(point + corner * step))
    .sum::<Vec3A>()
        / (4.0 * step)
}

/// About `splats` surfels over the visible surface of `model`, centred, its longest side 1.5.
/// Fewer (possibly none) when cancelled, or when the model has no surface.
pub(super) fn surfels(
    model: &Model,
    seed: u64,
    splats: usize,
    cancelled: &dyn Fn() -> bool,
) -> Vec<Surfel> {
    let (field, mut patches) = prepare(model);
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    for patch in &mut patches {
        let found = sample(patch, PILOT, &field, model, &mut dice);
        patch.seen = (found.len() as f32 + 0.5) / PILOT as f32;
    }
    let total: f32 = patches
        .iter()
        .map(|patch| patch.area() * patch.weight * patch.seen)
        .sum();
    let mut samples = Vec::with_capacity(splats + splats / 8);
    for patch in &patches {
        if cancelled() {
            return Vec::new();
        }
        let share = patch.area() * patch.weight / total.max(1e-9);
        let count = (share * splats as f32).ceil() as usize;
        samples.append(&mut sample(
            patch,
            count.min(2 * splats),
            &field,
            model,
            &mut dice,
        ));
    }
    paint(&field, model, &samples, &mut dice)
}

/// The corner of a rounded block lies this far from its sphere: (√3 − 1) · round, placed.
fn slack(solid: &Solid) -> f32 {
    let stretch = solid.place.matrix3;
    let longest = [stretch.x_axis, stretch.y_axis, stretch.z_axis]
        .map(Vec3A::length)
        .into_iter()
        .fold(0.0, f32::max);
    match solid.shape {
        Shape::Block { round, .. } => 0.74 * round * longest,
        _ => 0.0,
    }
}

fn prepare(model: &Model) -> (Field, Vec<Patch>) {
    let mut field = Field {
        soft: Vec::new(),
        soft_parts: Vec::new(),
        hard: Vec::new(),
        clear: Vec::new(),
        blend: model.blend,
    };
    let mut patches = Vec::new();
    for (index, part) in model.parts.iter().enumerate() {
        for solid in &part.solids {
            let Some(placed) = Placed::new(solid) else {
                continue;
            };
            let triangles: Vec<[Vec3A; 3]> = solid
                .shape
                .skin()
                .into_iter()
                .map(|triangle: Triangle| {
                    triangle.map(|corner: Vec3| solid.place.transform_point3a(corner.into()))
                })
                .collect();
            let mut sum = 0.0;
            let areas = triangles
                .iter()
                .map(|[a, b, c]| {
                    sum += 0.5 * (*b - *a).cross(*c - *a).length();
                    sum
                })
                .collect();
            let radius = placed.radius;
            if part.soft {
                field.soft_parts.push(index);
            } else {
                field.clear.push(part.paint.finish == Finish::Glass);
            }
            let list = if part.soft {
                &mut field.soft
            } else {
                &mut field.hard
            };
            list.push(placed);
            patches.push(Patch {
                part: index,
                solid: list.len() - 1,
                triangles,
                areas,
                weight: radius,
                slack: slack(solid),
                seen: 1.0,
            });
        }
    }
    // Small parts carry the detail (eyes, buttons, strings), so they get denser, finer splats.
    let largest = patches.iter().map(|patch| patch.weight).fold(0.0, f32::max);
    for patch in &mut patches {
        patch.weight = (0.5 * largest / patch.weight.max(1e-6))
            .powf(0.8)
            .clamp(1.0, 6.0);
    }
    (field, patches)
}

/// Spreads `count` points over the patch and keeps those that can be seen from outside.
fn sample(
    patch: &Patch,
    count: usize,
    field: &Field,
    model: &Model,
    dice: &mut ChaCha8Rng,
) -> Vec<Sample> {
    let part: &Part = &model.parts[patch.part];
    let list = if part.soft { &field.soft } else { &field.hard };
    let (Some(solid), area) = (list.get(patch.solid), patch.area()) else {
        return Vec::new();
    };
    // Closed without holes: at this spread about 98 % of the light is stopped by random points,
    // more by these stratified ones.
    let size = 0.8 * (area / count.max(1) as f32).sqrt();
    let step = (solid.radius * 1e-2).clamp(1e-4, 2e-3);
    // Triangles lie under round surfaces by up to 2 % of the radius.
    let near = 0.04 * solid.radius + 3.0 * solid.roughness() + 1e-3 + patch.slack;
    let shape = |point: Vec3A| {
        if part.soft {
            field.soft_distance(point, 1.0)
        } else {
            solid.distance(point)
        }
    };
    // Where two soft solids cross, the blend lifts the surface by a quarter of its reach.
    let sunk = near + 0.3 * field.blend + 1e-3;
    let mut samples = Vec::with_capacity(count);
    let many_triangles = count < 16 * patch.triangles.len();
    for index in 0..count {
        let along = (index as f32 + dice.random::<f32>()) / count as f32 * area;
        let at = patch.areas.partition_point(|sum| *sum < along);
        let Some(&[a, b, c]) = patch.triangles.get(at) else {
            continue;
        };
        // The R2 sequence fills a plane more evenly than dice do. Over many small triangles it
        // falls into step with them, and shows as a grid.
        let (mut u, mut v) = if many_triangles {
            (dice.random::<f32>(), dice.random::<f32>())
        } else {
            let jitter = 0.13 * dice.random::<f32>();
            (
                (index as f32 * 0.754_877_7 + jitter).fract(),
                (index as f32 * 0.569_840_3 + jitter).fract(),
            )
        };
        if u + v > 1.0 {
            (u, v) = (1.0 - u, 1.0 - v);
        }
        let mut position = a + (b - a) * u + (c - a) * v;
        if solid.distance(position).abs() > near || shape(position) < -sunk {
            continue;
        }
        for _ in 0..3 {
            let slope = gradient(position, step, shape);
            position -= slope * (shape(position) / slope.length_squared().max(0.05));
        }
        let Some(normal) = gradient(position, step, shape).try_normalize() else {
            continue;
        };
        let touch = 6e-3 * solid.radius;
        let hidden = if part.soft {
            field.belongs_elsewhere(position, patch.part, solid.distance(position) - 1e-4)
                || field.soft_distance(position + normal * (2.0 * step), 0.01) < 0.0
                || field.covers(position, None, touch)
        } else {
            field.soft_distance(position, 0.01) < -1e-3
                || field.covers(position, Some(patch.solid), touch)
        };
        if part.paint.finish == Finish::Glass {
            // Glass on a surface lies on it, not in it.
            position += normal * (2.0 * touch);
        }
        // A sample that did not find the surface would float before it.
        let astray = shape(position).abs() > 0.02 * solid.radius;
        if hidden || astray || !position.is_finite() {
            continue;
        }
        samples.push(Sample {
            position,
            normal,
            size,
            part: patch.part,
        });
    }
    samples
}

/// Paints and lights the samples, and brings them into the finished frame.
fn paint(field: &Field, model: &Model, samples: &[Sample], dice: &mut ChaCha8Rng) -> Vec<Surfel> {
    let (low, high) = samples.iter().fold(
        (Vec3A::splat(f32::INFINITY), Vec3A::splat(f32::NEG_INFINITY)),
        |(low, high), sample| (low.min(sample.position), high.max(sample.position)),
    );
    let longest = (high - low).max_element();
    if !longest.is_finite() || longest <= 0.0 {
        return Vec::new();
    }
    let scale = EXTENT / longest;
    let centre = (low + high) * 0.5;
    let shift = Vec3A::new(dice.random(), dice.random(), dice.random()) * 3.0;
    samples
        .iter()
        .map(|sample| {
            let part = &model.parts[sample.part];
            let open = open_sky(field, sample, longest);
            let mut tilt = || 2.0 * dice.random::<f32>() - 1.0;
            let random = Vec3A::new(tilt(), tilt(), tilt());
            let (mut position, mut normal, mut size) =
                (sample.position, sample.normal, sample.size);
            if part.ruffle > 0.0 {
                position += (sample.normal * random.x.abs() + random * 0.5) * part.ruffle;
                normal = (normal + random * 0.8).try_normalize().unwrap_or(normal);
                size *= 1.15;
            }
            let at = (position - centre) * scale;
            let paint: Paint = part.paint;
            Surfel {
                position: at.into(),
                normal: normal.into(),
                tangent_size_u: size * scale,
                tangent_size_v: size * scale,
                colour_rgb: paint
                    .lit(texture_place(paint, at, shift), normal, open)
                    .into(),
                opacity: paint.opacity(),
            }
        })
        .collect()
}

/// Where the texture is read: shifted by the seed, but for what is tied to the front or the height.
fn texture_place(paint: Paint, at: Vec3A, shift: Vec3A) -> Vec3A {
    use super::paint::Texture;
    match paint.texture {
        Texture::Blot(_) | Texture::Rainbow | Texture::Checks(_) => at,
        _ => at + shift,
    }
}

/// How much of its surroundings a sample sees, `0..1`, from three distances along its normal.
fn open_sky(field: &Field, sample: &Sample, longest: f32) -> f32 {
    let mut hidden = 0.0;
    for (reach, weight) in [(0.02, 0.35), (0.05, 0.35), (0.11, 0.3)] {
        let reach = reach * longest;
        let distance = field.distance(sample.position + sample.normal * reach, reach);
        hidden += weight * (1.0 - distance.max(0.0) / reach);
    }
    1.0 - hidden.clamp(0.0, 1.0)
}
