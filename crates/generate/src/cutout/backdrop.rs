//! Ground that was kept: what hangs together with the ground outside, without an edge between them.
//!
//! From the pixels that are certainly ground a flood goes into the cut-out, as long as the colour hardly
//! changes from pixel to pixel and stays near that of the ground where it came in; darker is allowed,
//! since shadows are ground too. What it reaches was cut out by mistake. An object of the ground's own
//! colour has an edge all the same, by its shading; where it has none, no eye would find it either, and it
//! is taken for ground as far as it looks like it.

use std::collections::VecDeque;

use glam::Vec3;
use image::RgbImage;

use super::regions::neighbours;
use crate::sketch::oklab;

/// Alpha below this is certainly ground.
const GROUND: f32 = 0.05;
/// Differences between neighbouring pixels, in Oklab, that are no edge.
const SMOOTH: f32 = 0.012;
/// How far from the colour of the ground (Oklab's two axes of colour) is still ground.
const TINT: f32 = 0.035;
/// How much lighter than the ground (Oklab) is still ground ...
const LIGHTER: f32 = 0.04;
/// ... and how much darker, in a shadow.
const DARKER: f32 = 0.12;

/// How many pixels of the cut-out, with alpha from `solid` on, are ground.
pub(super) fn kept(picture: &RgbImage, alpha: &[f32], solid: f32) -> usize {
    let size = [picture.width() as usize, picture.height() as usize];
    let lab = smoothed(picture);
    // The pixel of ground the flood came in from.
    const DRY: u32 = u32::MAX;
    let mut source = vec![DRY; alpha.len()];
    let mut frontier = VecDeque::new();
    for (index, alpha) in alpha.iter().enumerate() {
        if *alpha < GROUND {
            source[index] = index as u32;
            frontier.push_back(index);
        }
    }
    let mut kept = 0;
    while let Some(index) = frontier.pop_front() {
        for neighbour in neighbours(size, index) {
            if source[neighbour] != DRY {
                continue;
            }
            let colour = lab[neighbour];
            let ground = lab[source[index] as usize];
            if colour.distance(lab[index]) < SMOOTH && is_ground(colour, ground) {
                source[neighbour] = source[index];
                kept += usize::from(alpha[neighbour] >= solid);
                frontier.push_back(neighbour);
            }
        }
    }
    kept
}

fn is_ground(colour: Vec3, ground: Vec3) -> bool {
    let difference = colour - ground;
    let tint = difference.y.hypot(difference.z);
    tint < TINT && difference.x < LIGHTER && difference.x > -DARKER
}

/// The picture in Oklab, each pixel the mean of nine: grain and the traces of compression are no edges.
fn smoothed(picture: &RgbImage) -> Vec<Vec3> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let at = |x: usize, y: usize| {
        let colour = picture.get_pixel(x as u32, y as u32);
        Vec3::from(colour.0.map(f32::from))
    };
    let mut means = Vec::with_capacity(width * height);
    for y in 0..height {
        let rows = y.saturating_sub(1)..(y + 2).min(height);
        for x in 0..width {
            let columns = x.saturating_sub(1)..(x + 2).min(width);
            let mut sum = Vec3::ZERO;
            for y in rows.clone() {
                for x in columns.clone() {
                    sum += at(x, y);
                }
            }
            let mean = sum / (255.0 * (rows.len() * columns.len()) as f32);
            means.push(oklab(mean.to_array()));
        }
    }
    means
}
