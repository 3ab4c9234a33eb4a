//! From sorted footprints to pixels: which touch which tile, and blending them there.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::{
    context::Context,
    kernel::{Kernels, Step},
    projection::Projection,
    scan::Scan,
    scene::SceneBuffers,
    sort::{Pairs, Sort},
    strip::Strip,
};

/// Invocations per workgroup of `bin.wgsl`.
const THREADS: u32 = 256;

/// `Strip` of `bin.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct StripSettings {
    first: u32,
    count: u32,
    top: u32,
    bottom: u32,
    columns: u32,
    window: u32,
    capacity: u32,
    padding: u32,
}

/// `Canvas` of `blend.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct CanvasSettings {
    background: [f32; 4],
    width: u32,
    height: u32,
    columns: u32,
    window: u32,
    capacity: u32,
    resumes: u32,
    continues: u32,
    top: u32,
}

/// What is blended by one submission.
pub(super) struct Portion {
    /// Of the sorted splats.
    pub(super) batch: Range<u32>,
    /// First of the batch's (tile, splat) pairs.
    pub(super) window: u32,
    /// Whether splats were blended into the strip before.
    pub(super) resumes: bool,
    /// Whether more batches follow.
    pub(super) continues: bool,
    /// RGB from 0 to 1.
    pub(super) background: [f32; 3],
}

/// Bins and blends strips of an image.
pub(super) struct Raster {
    strip: wgpu::Buffer,
    canvas: wgpu::Buffer,
    count_tiles: Step,
    scan: Scan,
    list_pairs: Step,
    sort: Sort,
    blend: Step,
    /// RGB and nothing, a byte each, row by row.
    pub(super) pixels: wgpu::Buffer,
    /// Pairs of one window.
    pub(super) window: u32,
}

/// How large the buffers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Capacity {
    pub(super) splats: u32,
    /// (tile, splat) pairs of one window.
    pub(super) pairs: u32,
    /// Pixels of one strip.
    pub(super) pixels: u32,
}

impl Raster {
    pub(super) fn new(
        context: &Context,
        kernels: &Kernels,
        scene: &SceneBuffers,
        projection: &Projection,
        sizes: &wgpu::Buffer,
        capacity: Capacity,
    ) -> Self {
        let strip = context.uniform("strip", size_of::<StripSettings>() as u64);
        let canvas = context.uniform("canvas", size_of::<CanvasSettings>() as u64);
        let starts = context.storage("starts", u64::from(capacity.splats + 1) * 4);
        let pairs = Pairs::new(context, "pairs", capacity.pairs);
        let states = context.storage("states", u64::from(capacity.pixels) * 16);
        let pixels = context.storage("pixels", u64::from(capacity.pixels) * 4);
        let mut binning = vec![
            (0, &strip),
            (1, &projection.boxes),
            (2, &projection.depths.values),
            (3, &starts),
            (4, sizes),
            (5, &pairs.keys),
            (6, &pairs.values),
        ];
        let list_pairs = kernels.list_pairs.on(context, &binning);
        binning.truncate(4);
        let count_tiles = kernels.count_tiles.on(context, &binning);
        let blend = kernels.blend.on(
            context,
            &[
                (0, &canvas),
                (1, sizes),
                (2, &pairs.keys),
                (3, &pairs.values),
                (4, &projection.ellipses),
                (5, &projection.boxes),
                (6, &scene.paints),
                (7, &states),
                (8, &pixels),
            ],
        );
        let mut sort = Sort::new(context, kernels, &pairs, capacity.pairs, 1, (sizes, 1));
        sort.set_most(context, capacity.pairs);
        Self {
            count_tiles,
            scan: Scan::new(context, kernels, &starts, capacity.splats + 1),
            list_pairs,
            sort,
            blend,
            strip,
            canvas,
            pixels,
            window: capacity.pairs,
        }
    }

    /// Blends `portion` into `strip`.
    pub(super) fn record(
        &mut self,
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        strip: &Strip,
        portion: &Portion,
    ) {
        let splats = portion.batch.end - portion.batch.start;
        self.write_settings(context, strip, portion);
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        if portion.window == 0 {
            self.scan.set_count(context, splats + 1);
            self.count_tiles
                .record(&mut pass, (splats + 1).div_ceil(THREADS), 1);
            self.scan.record(&mut pass);
        }
        self.list_pairs
            .record(&mut pass, self.window.div_ceil(THREADS), 1);
        self.sort.record(&mut pass);
        self.blend
            .record(&mut pass, strip.columns, strip.rows.end - strip.rows.start);
    }

    fn write_settings(&self, context: &Context, strip: &Strip, portion: &Portion) {
        let [red, green, blue] = portion.background;
        let bins = StripSettings {
            first: portion.batch.start,
            count: portion.batch.end - portion.batch.start,
            top: strip.rows.start,
            bottom: strip.rows.end,
            columns: strip.columns,
            window: portion.window,
            capacity: self.window,
            padding: 0,
        };
        let canvas = CanvasSettings {
            background: [red, green, blue, 0.0],
            width: strip.width,
            height: strip.height,
            columns: strip.columns,
            window: portion.window,
            capacity: self.window,
            resumes: u32::from(portion.resumes),
            continues: u32::from(portion.continues),
            top: strip.top(),
        };
        context
            .queue
            .write_buffer(&self.strip, 0, bytemuck::bytes_of(&bins));
        context
            .queue
            .write_buffer(&self.canvas, 0, bytemuck::bytes_of(&canvas));
    }
}
