//! Compute shaders, and steps: a shader with its buffers.

use super::context::Context;

/// The shader modules' texts.
pub(super) const PROJECT: &str = concat!(
    include_str!("shaders/arithmetic.wgsl"),
    include_str!("shaders/project.wgsl")
);
pub(super) const SCAN: &str = include_str!("shaders/scan.wgsl");
pub(super) const SORT: &str = include_str!("shaders/sort.wgsl");
pub(super) const BIN: &str = include_str!("shaders/bin.wgsl");
pub(super) const BLEND: &str = concat!(
    include_str!("shaders/arithmetic.wgsl"),
    include_str!("shaders/blend.wgsl")
);

/// Every entry point, compiled once per device.
pub(super) struct Kernels {
    pub(super) project: Kernel,
    pub(super) reduce: Kernel,
    pub(super) run_totals: Kernel,
    pub(super) spread: Kernel,
    pub(super) count_digits: Kernel,
    pub(super) scatter: Kernel,
    pub(super) count_tiles: Kernel,
    pub(super) list_pairs: Kernel,
    pub(super) blend: Kernel,
}

impl Kernels {
    pub(super) fn compile(context: &Context) -> Self {
        let module = |source: &'static str| {
            context
                .device
                .create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: None,
                    source: wgpu::ShaderSource::Wgsl(source.into()),
                })
        };
        let (scan, sort, bin) = (module(SCAN), module(SORT), module(BIN));
        let kernel = |module: &wgpu::ShaderModule, entry| Kernel::new(context, module, entry);
        Self {
            project: kernel(&module(PROJECT), "project"),
            reduce: kernel(&scan, "reduce"),
            run_totals: kernel(&scan, "run_totals"),
            spread: kernel(&scan, "spread"),
            count_digits: kernel(&sort, "count_digits"),
            scatter: kernel(&sort, "scatter"),
            count_tiles: kernel(&bin, "count_tiles"),
            list_pairs: kernel(&bin, "list_pairs"),
            blend: kernel(&module(BLEND), "blend"),
        }
    }
}

/// One entry point, compiled.
pub(super) struct Kernel {
    pipeline: wgpu::ComputePipeline,
}

impl Kernel {
    fn new(context: &Context, module: &wgpu::ShaderModule, entry: &str) -> Self {
        let pipeline = context
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(entry),
                layout: None,
                module,
                entry_point: Some(entry),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // The shaders write before they read.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            });
        Self { pipeline }
    }

    /// The kernel on these buffers, each with its binding number; exactly those it uses.
    pub(super) fn on(&self, context: &Context, buffers: &[(u32, &wgpu::Buffer)]) -> Step {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = buffers
            .iter()
            .map(|&(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = context
            .device
            .create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &self.pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
        Step {
            pipeline: self.pipeline.clone(),
            group,
        }
    }
}

/// A kernel with its buffers, ready to run.
pub(super) struct Step {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
}

impl Step {
    /// Runs `columns` × `rows` workgroups after everything recorded before.
    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>, columns: u32, rows: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(columns, rows, 1);
    }
}

#[cfg(test)]
mod tests;
