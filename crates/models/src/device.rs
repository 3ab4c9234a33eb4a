//! Where networks run.

use candle_core::Device;

/// The kind of GPU this build knows: `cuda`, `metal`, or none.
pub const GPU_KIND: Option<&str> = if cfg!(feature = "cuda") {
    Some("cuda")
} else if cfg!(feature = "metal") {
    Some("metal")
} else {
    None
};

/// The first GPU, in a build that knows GPUs (features `cuda`, `metal`) and where there is one; else the
/// CPU.
#[must_use]
pub fn device() -> Device {
    if GPU_KIND.is_none() {
        return Device::Cpu;
    }
    gpu(0).unwrap_or_else(|error| {
        tracing::warn!("networks run on the CPU: {error}");
        Device::Cpu
    })
}

/// A GPU by its number, from 0.
///
/// # Errors
/// When there is none of that number, or this build knows no GPU.
pub fn gpu(number: usize) -> candle_core::Result<Device> {
    match GPU_KIND {
        Some("cuda") => cuda(number),
        Some(_) => Device::new_metal(number),
        None => candle_core::bail!("this build knows no GPU: it takes --features cuda or metal"),
    }
}

/// A GPU of NVIDIA's with one stream for all its work, whichever thread gives it.
///
/// candle's own choice is a stream for each thread, with nothing to order one's work and the other's; yet
/// all share cuBLAS' memory for sums, in which two products at a time may wait for each other for ever.
fn cuda(number: usize) -> candle_core::Result<Device> {
    let device = Device::new_cuda_with_stream(number)?;
    #[cfg(feature = "cuda")]
    crate::ops::in_one_stream(&device);
    Ok(device)
}

/// How many bytes are free on a device, where that can be asked: of what is let go, what the device is
/// done with.
#[must_use]
pub fn free_memory(device: &Device) -> Option<u64> {
    #[cfg(feature = "cuda")]
    if let Device::Cuda(cuda) = device {
        let (free, _total) = cuda.cuda_stream().context().mem_get_info().ok()?;
        return u64::try_from(free).ok();
    }
    let _ = device;
    None
}

/// Whether something failed because the device's memory was full.
///
/// candle passes on what the driver says, in words: `CUDA_ERROR_OUT_OF_MEMORY`, cuBLAS' where it found no
/// room for a product, or Metal's.
#[must_use]
pub fn is_out_of_memory(error: &candle_core::Error) -> bool {
    let words = error.to_string().to_lowercase();
    ["out_of_memory", "out of memory", "status_alloc_failed"]
        .iter()
        .any(|said| words.contains(said))
}
