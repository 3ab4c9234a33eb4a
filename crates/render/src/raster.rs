//! The way from a scene to finished images, and how the work is spread over the cores.

use rayon::prelude::*;

use crate::{
    band::{TILE, render_band},
    camera::Camera,
    image::Image,
    project::project,
    scene::Scene,
};

/// The validator's background.
pub const WHITE: [f32; 3] = [1.0; 3];

/// One view, its rows of tiles spread over the cores. `background` is RGB from 0 to 1. The bytes
/// do not depend on the number of cores.
#[must_use]
pub fn render(scene: &Scene, camera: &Camera, background: [f32; 3]) -> Image {
    render_one(scene, camera, background, true)
}

/// Several views; spread over the cores view by view where there are enough of them. The bytes are
/// those of [`render`].
#[must_use]
pub fn render_views(scene: &Scene, cameras: &[Camera], background: [f32; 3]) -> Vec<Image> {
    let within = cameras.len() < rayon::current_num_threads();
    cameras
        .par_iter()
        .map(|camera| render_one(scene, camera, background, within))
        .collect()
}

fn render_one(scene: &Scene, camera: &Camera, background: [f32; 3], parallel: bool) -> Image {
    let footprints = project(scene, camera, parallel);
    let width = camera.width as usize;
    let mut rgb = vec![0; width * camera.height as usize * 3];
    let band = |(row, pixels): (usize, &mut [u8])| {
        render_band(&footprints, row, width, background, pixels);
    };
    let band_bytes = width * 3 * TILE;
    if parallel {
        rgb.par_chunks_mut(band_bytes).enumerate().for_each(band);
    } else {
        rgb.chunks_mut(band_bytes).enumerate().for_each(band);
    }
    Image {
        width: camera.width,
        height: camera.height,
        rgb,
    }
}
