//! A stable radix sort of (key, value) pairs on the GPU.

use super::{
    context::Context,
    kernel::{Kernels, Step},
    scan::Scan,
};

/// Pairs sorted by one workgroup: `BLOCK` of `sort.wgsl`.
const BLOCK: u32 = 1024;

/// Bits of the key sorted by in one pass, and the digits they make: `DIGITS` of `sort.wgsl`.
const DIGIT_BITS: u32 = 7;
const DIGITS: u32 = 1 << DIGIT_BITS;

/// Keys and their values.
pub(super) struct Pairs {
    pub(super) keys: wgpu::Buffer,
    pub(super) values: wgpu::Buffer,
}

impl Pairs {
    pub(super) fn new(context: &Context, label: &str, capacity: u32) -> Self {
        let column = || context.storage(label, u64::from(capacity) * 4);
        Self {
            keys: column(),
            values: column(),
        }
    }
}

/// Sorts pairs by their keys, back into the buffers they come from. Equal keys keep their order.
pub(super) struct Sort {
    passes: Vec<(Step, Step)>,
    scan: Scan,
    blocks: u32,
}

impl Sort {
    /// A sort of up to `capacity` pairs, whose keys are below 2^(14 · `round_trips`); how many there
    /// are says `sizes[size]` on the GPU.
    pub(super) fn new(
        context: &Context,
        kernels: &Kernels,
        pairs: &Pairs,
        capacity: u32,
        round_trips: u32,
        (sizes, size): (&wgpu::Buffer, u32),
    ) -> Self {
        let away = Pairs::new(context, "sort", capacity);
        let entries = DIGITS * capacity.div_ceil(BLOCK);
        let digits = context.storage("digits", u64::from(entries) * 4);
        let step = |number: u32| {
            let (from, to) = if number.is_multiple_of(2) {
                (pairs, &away)
            } else {
                (&away, pairs)
            };
            let settings = context.uniform("digit", 8);
            let words = [number * DIGIT_BITS, size];
            context
                .queue
                .write_buffer(&settings, 0, bytemuck::cast_slice(&words));
            let mut buffers = vec![
                (0, &settings),
                (1, sizes),
                (2, &from.keys),
                (3, &digits),
                (4, &from.values),
                (5, &to.keys),
                (6, &to.values),
            ];
            let scatter = kernels.scatter.on(context, &buffers);
            buffers.truncate(4);
            (kernels.count_digits.on(context, &buffers), scatter)
        };
        Self {
            passes: (0..2 * round_trips).map(step).collect(),
            scan: Scan::new(context, kernels, &digits, entries),
            blocks: 0,
        }
    }

    /// The most pairs there can be from the next submission on.
    pub(super) fn set_most(&mut self, context: &Context, most: u32) {
        self.blocks = most.div_ceil(BLOCK);
        self.scan.set_count(context, self.blocks * DIGITS);
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>) {
        for (count, scatter) in &self.passes {
            count.record(pass, self.blocks, 1);
            self.scan.record(pass);
            scatter.record(pass, self.blocks, 1);
        }
    }
}
