//! Prefix sums on the GPU.

use super::{
    context::Context,
    kernel::{Kernels, Step},
};

/// Numbers summed by one workgroup: `BLOCK` of `scan.wgsl`.
const BLOCK: u32 = 2048;

/// Turns the numbers of a buffer into the sums of those before each.
pub(super) struct Scan {
    settings: wgpu::Buffer,
    reduce: Step,
    run_totals: Step,
    spread: Step,
    blocks: u32,
}

impl Scan {
    /// A scan of up to `capacity` numbers of the buffer, once [`Scan::set_count`] was called.
    pub(super) fn new(
        context: &Context,
        kernels: &Kernels,
        numbers: &wgpu::Buffer,
        capacity: u32,
    ) -> Self {
        let settings = context.uniform("scan", 8);
        let totals = context.storage("scan totals", u64::from(capacity.div_ceil(BLOCK)) * 4);
        Self {
            reduce: kernels
                .reduce
                .on(context, &[(0, &settings), (1, numbers), (2, &totals)]),
            run_totals: kernels
                .run_totals
                .on(context, &[(0, &settings), (2, &totals)]),
            spread: kernels
                .spread
                .on(context, &[(0, &settings), (1, numbers), (2, &totals)]),
            settings,
            blocks: 0,
        }
    }

    /// How many numbers there are, from the next submission on.
    pub(super) fn set_count(&mut self, context: &Context, count: u32) {
        self.blocks = count.div_ceil(BLOCK);
        context.queue.write_buffer(
            &self.settings,
            0,
            bytemuck::cast_slice(&[count, self.blocks]),
        );
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        self.reduce.record(pass, self.blocks, 1);
        self.run_totals.record(pass, 1, 1);
        self.spread.record(pass, self.blocks, 1);
    }
}
