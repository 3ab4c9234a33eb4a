//! The rasteriser for processors: projection, depth order, tile lists and blending, on vectors.

mod canvas;
mod order;
mod project;
mod projector;
mod reach;
mod simd;
mod view;

use std::{
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use rayon::prelude::*;

pub(crate) use canvas::Pixel;
pub use simd::InstructionSet;
#[cfg(all(test, feature = "gpu-render"))]
pub(crate) use {
    project::{Footprint, footprints},
    simd::EXP2,
};

use self::{
    order::Parts,
    view::{Scratch, View},
};
use crate::{camera::Camera, image::Image, layers::Layers, scene::Scene};

/// Side of a tile in pixels. The picture does not depend on it.
const TILE: usize = 32;

/// Scratch memory beyond this is given back after use: 256 MB, a view of five million splats.
const MOST_KEPT: usize = 256 << 20;

/// Renders scenes on the processor, with memory that is kept from view to view.
///
/// The bytes of a picture depend neither on the number of threads nor on what was rendered before.
/// Different instruction sets differ in about one byte in a hundred thousand, by one.
#[derive(Debug)]
pub struct CpuRenderer {
    instruction_set: InstructionSet,
    /// Scratch memory that no view is using.
    spare: Mutex<Vec<Scratch>>,
}

/// What one view took: see [`CpuRenderer::measure`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// World to image.
    pub project: Duration,
    /// Depth order.
    pub sort: Duration,
    /// Tile lists.
    pub bin: Duration,
    /// Blending and writing of pixels.
    pub blend: Duration,
    /// Splats the camera sees.
    pub seen: usize,
    /// Entries in all tile lists.
    pub listed: usize,
    /// Pixels whose weight was computed.
    pub tested: u64,
    /// Pixels that took a splat's colour.
    pub blended: u64,
}

impl Default for CpuRenderer {
    fn default() -> Self {
        Self::new(InstructionSet::best())
    }
}

impl CpuRenderer {
    /// A renderer with these instructions; with the portable ones where the processor lacks them.
    #[must_use]
    pub fn new(instruction_set: InstructionSet) -> Self {
        Self {
            instruction_set,
            spare: Mutex::default(),
        }
    }

    /// The one behind [`render`](crate::render) and [`render_views`](crate::render_views).
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<CpuRenderer> = LazyLock::new(CpuRenderer::default);
        &SHARED
    }

    /// One view over `background` (RGB, 0 to 1), on all threads.
    #[must_use]
    pub fn render(&self, scene: &Scene, camera: &Camera, background: [f32; 3]) -> Image {
        let mut image = Image::empty();
        self.render_into(scene, camera, background, &mut image);
        image
    }

    /// As [`CpuRenderer::render`], into an image whose memory is used again.
    pub fn render_into(
        &self,
        scene: &Scene,
        camera: &Camera,
        background: [f32; 3],
        image: &mut Image,
    ) {
        self.picture(scene, camera, background, Parts::per_thread(), image);
    }

    /// Several views: one per thread where there are enough of them, else each on all threads.
    #[must_use]
    pub fn render_views(
        &self,
        scene: &Scene,
        cameras: &[Camera],
        background: [f32; 3],
    ) -> Vec<Image> {
        let parts = if cameras.len() < rayon::current_num_threads() {
            Parts::per_thread()
        } else {
            Parts::ONE
        };
        cameras
            .par_iter()
            .map(|camera| {
                let mut image = Image::empty();
                self.picture(scene, camera, background, parts, &mut image);
                image
            })
            .collect()
    }

    /// One view as layers, before it is put on a background; on all threads.
    #[must_use]
    pub fn render_layers(&self, scene: &Scene, camera: &Camera) -> Layers {
        let mut cells = vec![Pixel::default(); camera.width as usize * camera.height as usize];
        self.with_scratch(|scratch| {
            View {
                scene,
                camera,
                instruction_set: self.instruction_set,
                parts: Parts::per_thread(),
            }
            .render::<_, true, false>(scratch, &mut cells, |pixel| pixel);
        });
        Layers::from_pixels(camera, &cells)
    }

    /// Renders one view on one thread and says what it took. Counting slows blending down.
    #[must_use]
    pub fn measure(&self, scene: &Scene, camera: &Camera) -> Measured {
        let mut cells = vec![[0; 3]; camera.width as usize * camera.height as usize];
        self.with_scratch(|scratch| {
            View {
                scene,
                camera,
                instruction_set: self.instruction_set,
                parts: Parts::ONE,
            }
            .render::<_, false, true>(scratch, &mut cells, |pixel| bytes(pixel, crate::WHITE))
        })
    }

    fn picture(
        &self,
        scene: &Scene,
        camera: &Camera,
        background: [f32; 3],
        parts: Parts,
        image: &mut Image,
    ) {
        image.resize(camera.width, camera.height);
        let (cells, _) = image.rgb.as_chunks_mut::<3>();
        self.with_scratch(|scratch| {
            View {
                scene,
                camera,
                instruction_set: self.instruction_set,
                parts,
            }
            .render::<_, false, false>(scratch, cells, |pixel| bytes(pixel, background));
        });
    }

    fn with_scratch<T>(&self, work: impl FnOnce(&mut Scratch) -> T) -> T {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = spare().pop().unwrap_or_default();
        let result = work(&mut scratch);
        if scratch.bytes() <= MOST_KEPT {
            spare().push(scratch);
        }
        result
    }
}

/// A pixel over the background: clipped, then truncated.
#[inline(always)]
fn bytes(pixel: Pixel, background: [f32; 3]) -> [u8; 3] {
    [0, 1, 2].map(|channel: usize| {
        let value = pixel.colour[channel] + pixel.transmittance * background[channel];
        (value.clamp(0.0, 1.0) * 255.0) as u8
    })
}
