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

/// Whether something failed because the device's memory was full.
///
/// candle passes on what the driver says, in words: `CUDA_ERROR_OUT_OF_MEMORY`, or Metal's.
#[must_use]
pub fn is_out_of_memory(error: &candle_core::Error) -> bool {
    let words = error.to_string().to_lowercase();
    words.contains("out_of_memory") || words.contains("out of memory")
}
