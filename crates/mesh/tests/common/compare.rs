//! How much splats look like the mesh they come from.

use glam::{DVec3, Vec3};
use image::{Rgb, RgbImage};
use render::{Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE, render_views, validator_cameras};
use splat::{Cloud, Frame, OutputProfile, inspect::Bounds};

use super::raster::{Picture, Shade, picture};

/// What the sixteen views show, compared.
pub(crate) struct Comparison {
    /// PSNR per view over the whole picture, in decibels.
    pub(crate) whole: Vec<f64>,
    /// PSNR per view over what either picture shows of the thing itself.
    pub(crate) inside: Vec<f64>,
    /// Rasterised beside rendered beside their difference, for views 1 and 5.
    pub(crate) sheets: Vec<RgbImage>,
}

impl Comparison {
    pub(crate) fn worst(&self) -> f64 {
        self.whole.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn summary(&self) -> String {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        format!(
            "worst {:.2} dB, mean {:.2} dB, inside {:.2} dB",
            self.worst(),
            mean(&self.whole),
            mean(&self.inside)
        )
    }
}

/// Renders the cloud as the validator does, and rasterises the mesh where that puts the cloud.
pub(crate) fn compare(
    cloud: Cloud,
    positions: &[Vec3],
    triangles: &[[u32; 3]],
    shade: Shade<'_>,
) -> Comparison {
    let before = Bounds::of(&cloud.columns().positions).unwrap();
    let cloud = OutputProfile::PULL_2025.apply(cloud, Frame::YUp);
    let columns = &cloud.columns().positions;
    // The validator's mean is of all coordinates.
    let sum: f64 = columns
        .iter()
        .flatten()
        .map(|value| f64::from(*value))
        .sum();
    let mean = DVec3::splat(sum / (3 * cloud.len()) as f64);
    let factor = f64::from(VALIDATOR_EXTENT) / before.longest_side();
    let centre = DVec3::from(before.centre());
    let placed: Vec<Vec3> = positions
        .iter()
        .map(|at| ((at.as_dvec3() - centre) * factor - mean).as_vec3())
        .collect();

    let cameras = validator_cameras(VALIDATOR_SIZE).unwrap();
    let scene = Scene::new(&cloud, Some(VALIDATOR_EXTENT)).unwrap();
    let rendered = render_views(&scene, &cameras, WHITE);
    let mut comparison = Comparison {
        whole: Vec::new(),
        inside: Vec::new(),
        sheets: Vec::new(),
    };
    for (index, (camera, view)) in cameras.iter().zip(&rendered).enumerate() {
        let truth = picture(camera, &placed, triangles, shade);
        let seen: Vec<Vec3> = view
            .rgb
            .chunks_exact(3)
            .map(|pixel| Vec3::new(pixel[0].into(), pixel[1].into(), pixel[2].into()) / 255.0)
            .collect();
        let pairs = || truth.pixels.iter().copied().zip(seen.iter().copied());
        comparison.whole.push(psnr(pairs()));
        comparison.inside.push(psnr(pairs().filter(|pair| {
            [pair.0, pair.1]
                .iter()
                .any(|colour| colour.distance(Vec3::ONE) > 1e-3)
        })));
        if index == 1 || index == 5 {
            comparison.sheets.push(sheet(&truth, &seen));
        }
    }
    comparison
}

fn psnr(pairs: impl Iterator<Item = (Vec3, Vec3)>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (one, other) in pairs {
        sum += f64::from(one.distance_squared(other));
        count += 3.0;
    }
    -10.0 * (sum / count).log10()
}

fn sheet(truth: &Picture, seen: &[Vec3]) -> RgbImage {
    let side = truth.side;
    RgbImage::from_fn(3 * side as u32, side as u32, |x, y| {
        let at = y as usize * side + x as usize % side;
        let colour = match x as usize / side {
            0 => truth.pixels[at],
            1 => seen[at],
            _ => Vec3::splat(0.5) + 2.0 * (seen[at] - truth.pixels[at]),
        };
        let bytes = (colour * 255.0)
            .round()
            .clamp(Vec3::ZERO, Vec3::splat(255.0));
        Rgb(bytes.to_array().map(|value| value as u8))
    })
}
