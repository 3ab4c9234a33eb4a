//! The rasteriser on a GPU, through Vulkan, Metal or Direct3D 12: the same rules as on the CPU, in
//! shaders that ask for nothing a WebGPU device may lack.
//!
//! Operations and their order are the CPU's, and `arithmetic.wgsl` keeps to those that WGSL lets no
//! driver round as it likes: every byte of a picture is meant to be the CPU's. A product fused with its
//! sum, or a quotient off by its last bit, moves a splat by 1e-4 pixels or turns a needle: that alone
//! costs some 20 dB.
//!
//! A view goes through five stages. `project.wgsl` makes footprints and depths; `sort.wgsl`, with
//! `scan.wgsl`, orders them from near to far; `bin.wgsl` lists which touch which tile of 16 × 16
//! pixels; the same sort gathers that list by tile; `blend.wgsl` blends each tile with one
//! invocation per pixel. Both sorts are stable, so that equal depths keep the scene's order.
//!
//! The list is made and blended in windows of bounded size, and large images in strips: a hostile
//! scene costs time, not memory.

mod context;
mod error;
mod kernel;
mod projection;
mod raster;
mod readback;
mod scan;
mod scene;
mod sort;
mod strip;
mod workspace;

use context::Context;
pub use error::GpuError;
use kernel::Kernels;
use raster::Capacity;
use strip::Strip;
use workspace::Workspace;

use crate::{camera::Camera, image::Image, scene::Scene};

/// The most splats of a scene: their paints, 16 bytes each, fill the 128 MiB that one binding holds.
const MAX_SPLATS: u32 = 1 << 23;

/// Room is made for a multiple of so many splats or pixels, so that another scene often fits.
const ROUND_UP: u32 = 1 << 16;

/// (tile, splat) pairs of a window: for a generated asset, all of a view's. At most 64 MiB of them.
const PAIRS: std::ops::RangeInclusive<u32> = 1 << 18..=1 << 22;

/// An opened GPU, with its compiled shaders and the buffers of what it rendered last.
pub struct GpuRenderer {
    context: Context,
    kernels: Kernels,
    workspace: Option<Workspace>,
}

impl std::fmt::Debug for GpuRenderer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "GpuRenderer({})", self.adapter())
    }
}

impl GpuRenderer {
    /// Opens the best adapter there is; where there is no GPU, a driver that computes on the CPU.
    ///
    /// # Errors
    /// When no adapter is found, or none does what a WebGPU device must.
    pub fn new() -> Result<Self, GpuError> {
        Self::open(true)
    }

    /// Opens the best adapter that is a GPU indeed: a driver on the CPU is slower than
    /// [`render_views`](crate::render_views).
    ///
    /// # Errors
    /// As [`GpuRenderer::new`].
    pub fn hardware() -> Result<Self, GpuError> {
        Self::open(false)
    }

    fn open(software: bool) -> Result<Self, GpuError> {
        let mut refusal = GpuError::NoAdapter;
        for adapter in context::adapters(software) {
            match Self::on(&adapter) {
                Ok(renderer) => return Ok(renderer),
                // What the best of them says is what its owner wants to know.
                Err(error) if refusal == GpuError::NoAdapter => refusal = error,
                Err(_) => {}
            }
        }
        Err(refusal)
    }

    fn on(adapter: &wgpu::Adapter) -> Result<Self, GpuError> {
        let context = Context::open(adapter)?;
        let kernels = Kernels::compile(&context);
        context.check()?;
        Ok(Self {
            context,
            kernels,
            workspace: None,
        })
    }

    /// Name, interface and driver of the adapter, for people.
    #[must_use]
    pub fn adapter(&self) -> String {
        self.context.name()
    }

    /// Whether the adapter computes on the CPU.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.context.is_software()
    }

    /// Several views over `background`, RGB from 0 to 1. A repeated call gives the same bytes. They are
    /// those of [`render_views`](crate::render_views) where the GPU fuses `fma`, and those of
    /// [`InstructionSet::Portable`](crate::InstructionSet::Portable) where its driver rounds twice; a GPU
    /// whose sums and products are not those of IEEE 754 may put a byte off by one here and there.
    ///
    /// # Errors
    /// When the scene has more splats than the buffers hold, the GPU's memory does not suffice, or
    /// the GPU fails.
    pub fn render_views(
        &mut self,
        scene: &Scene,
        cameras: &[Camera],
        background: [f32; 3],
    ) -> Result<Vec<Image>, GpuError> {
        let splats = scene::splat_count(scene)?;
        let capacity = capacity(splats, cameras);
        // Given back before a larger one is made.
        let mut workspace = match self.workspace.take() {
            Some(workspace) if workspace.holds(capacity) => workspace,
            _ => Workspace::new(&self.context, &self.kernels, capacity)?,
        };
        workspace.upload(&self.context, scene, splats)?;
        let views = cameras
            .iter()
            .map(|camera| workspace.render(&self.context, camera, background))
            .collect::<Result<_, _>>()?;
        // Not after an error, which leaves buffers in doubt.
        self.workspace = Some(workspace);
        Ok(views)
    }
}

/// What the scene and the largest strip of the images need.
fn capacity(splats: u32, cameras: &[Camera]) -> Capacity {
    let strips = cameras.iter().flat_map(Strip::all);
    let pixels = strips.map(|strip| strip.pixels()).max().unwrap_or(1);
    Capacity {
        splats: splats.max(1).next_multiple_of(ROUND_UP),
        pairs: (splats.next_power_of_two() * 4).clamp(*PAIRS.start(), *PAIRS.end()),
        pixels: pixels.next_multiple_of(ROUND_UP),
    }
}
