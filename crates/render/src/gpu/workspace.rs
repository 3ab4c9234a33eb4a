//! Everything on the GPU whose size depends on the scene and the image, and the way through it.

use super::{
    GpuError,
    context::Context,
    kernel::Kernels,
    projection::Projection,
    raster::{Capacity, Portion, Raster},
    readback::Readback,
    scene::SceneBuffers,
    strip::Strip,
};
use crate::{camera::Camera, image::Image, scene::Scene};

/// Buffers for scenes and images up to some size.
pub(super) struct Workspace {
    capacity: Capacity,
    /// Splats; pairs in the window; pairs in all windows; pixels that take further splats.
    sizes: wgpu::Buffer,
    scene: SceneBuffers,
    projection: Projection,
    raster: Raster,
    readback: Readback,
    splats: u32,
}

impl Workspace {
    pub(super) fn new(
        context: &Context,
        kernels: &Kernels,
        capacity: Capacity,
    ) -> Result<Self, GpuError> {
        let sizes = context.storage("sizes", 16);
        let scene = SceneBuffers::new(context, capacity.splats);
        let projection = Projection::new(context, kernels, &scene, &sizes, capacity.splats);
        let raster = Raster::new(context, kernels, &scene, &projection, &sizes, capacity);
        let readback = Readback::new(context, capacity.pixels);
        context.check()?;
        Ok(Self {
            capacity,
            sizes,
            scene,
            projection,
            raster,
            readback,
            splats: 0,
        })
    }

    /// Whether it is large enough for what needs `capacity`.
    pub(super) fn holds(&self, capacity: Capacity) -> bool {
        self.capacity.splats >= capacity.splats
            && self.capacity.pairs >= capacity.pairs
            && self.capacity.pixels >= capacity.pixels
    }

    /// Makes `scene`, of `splats` splats, the one that is rendered.
    pub(super) fn upload(
        &mut self,
        context: &Context,
        scene: &Scene,
        splats: u32,
    ) -> Result<(), GpuError> {
        self.splats = splats;
        context
            .queue
            .write_buffer(&self.sizes, 0, bytemuck::bytes_of(&splats));
        self.scene.upload(context, scene)
    }

    /// One view of the uploaded scene.
    pub(super) fn render(
        &mut self,
        context: &Context,
        camera: &Camera,
        background: [f32; 3],
    ) -> Result<Image, GpuError> {
        let mut encoder = context.device.create_command_encoder(&Default::default());
        self.projection
            .record(context, &mut encoder, camera, self.splats);
        let mut rgb = Vec::with_capacity(camera.width() as usize * camera.height() as usize * 3);
        for strip in Strip::all(camera) {
            self.render_strip(context, &mut encoder, &strip, background, &mut rgb)?;
        }
        Ok(Image {
            width: camera.width(),
            height: camera.height(),
            rgb,
        })
    }

    /// Appends the pixels of one strip. `encoder` is submitted, and left empty.
    fn render_strip(
        &mut self,
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        strip: &Strip,
        background: [f32; 3],
        rgb: &mut Vec<u8>,
    ) -> Result<(), GpuError> {
        let mut portion = Portion {
            batch: 0..0,
            window: 0,
            resumes: false,
            continues: false,
            background,
        };
        for batch in strip.batches(self.splats) {
            portion.continues = batch.end < self.splats;
            portion.batch = batch;
            portion.window = 0;
            loop {
                self.raster.record(context, encoder, strip, &portion);
                let count = strip.pixels();
                self.readback
                    .record(encoder, &self.sizes, &self.raster.pixels, count);
                let empty = context.device.create_command_encoder(&Default::default());
                let full = std::mem::replace(encoder, empty);
                context.queue.submit([full.finish()]);
                let window = self.raster.window;
                let more = |pairs: u32| pairs - portion.window.min(pairs) > window;
                let last = |pairs: u32, open: u32| open == 0 || !(portion.continues || more(pairs));
                let counters = self.readback.read(context, count, rgb, |counters| {
                    last(counters.pairs, counters.open)
                })?;
                if last(counters.pairs, counters.open) {
                    return Ok(());
                }
                if !more(counters.pairs) {
                    break;
                }
                portion.window += window;
                portion.resumes = true;
            }
            portion.resumes = true;
        }
        Ok(())
    }
}
