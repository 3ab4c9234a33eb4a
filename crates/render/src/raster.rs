//! Pictures with no more ado than a function call.

use crate::{camera::Camera, cpu::CpuRenderer, image::Image, scene::Scene};

/// The validator's background.
pub const WHITE: [f32; 3] = [1.0; 3];

/// One view, spread over the cores. `background` is RGB from 0 to 1. The bytes do not depend on the
/// number of cores.
#[must_use]
pub fn render(scene: &Scene, camera: &Camera, background: [f32; 3]) -> Image {
    CpuRenderer::shared().render(scene, camera, background)
}

/// Several views; spread over the cores view by view where there are enough of them. The bytes are
/// those of [`render`].
#[must_use]
pub fn render_views(scene: &Scene, cameras: &[Camera], background: [f32; 3]) -> Vec<Image> {
    CpuRenderer::shared().render_views(scene, cameras, background)
}
