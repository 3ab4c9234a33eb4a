//! What can go wrong on the way to a picture from the GPU.

use thiserror::Error;

/// A picture the GPU could not make. The CPU renderer makes it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GpuError {
    /// No driver offers one.
    #[error("no GPU was found: install its Vulkan driver, or render on the CPU")]
    NoAdapter,
    /// There is one, but it refuses what the renderer needs.
    #[error("{adapter} cannot be used: {reason}")]
    Unfit {
        /// Its name.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
    /// One splat more than fits the buffers every GPU must offer.
    #[error("a scene of {count} splats is beyond the GPU renderer's {limit}: render it on the CPU")]
    TooManySplats {
        /// Splats of the scene.
        count: usize,
        /// The most that are taken.
        limit: usize,
    },
    /// The scene and the scratch space for it did not fit.
    #[error("the GPU is out of memory: {0}")]
    OutOfMemory(String),
    /// Reset, unplugged, or taken by its driver. A new renderer may work again.
    #[error("the GPU was lost: {0}")]
    Lost(String),
    /// What the driver or its interface refused.
    #[error("the GPU failed: {0}")]
    Failed(String),
}

impl From<wgpu::Error> for GpuError {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { source } => Self::OutOfMemory(source.to_string()),
            wgpu::Error::Validation { description, .. }
            | wgpu::Error::Internal { description, .. } => Self::Failed(description),
        }
    }
}
