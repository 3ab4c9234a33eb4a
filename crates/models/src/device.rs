//! Where networks run.

use candle_core::Device;

/// The first GPU, in a build that knows GPUs (features `cuda`, `metal`) and where there is one; else the
/// CPU.
#[must_use]
pub fn device() -> Device {
    let gpu = if cfg!(feature = "cuda") {
        Device::new_cuda(0)
    } else if cfg!(feature = "metal") {
        Device::new_metal(0)
    } else {
        return Device::Cpu;
    };
    gpu.unwrap_or_else(|error| {
        tracing::warn!("networks run on the CPU: {error}");
        Device::Cpu
    })
}
