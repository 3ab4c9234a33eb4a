//! Compiles the project's own kernels for NVIDIA GPUs, where the networks are built for these.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "cuda")]
    kernels();
}

/// To PTX in the build's folder, which the driver of the GPU at hand compiles further. The GPU compiled
/// for is found as candle's kernels find it: `CUDA_COMPUTE_CAP`, or the one that is here.
#[cfg(feature = "cuda")]
fn kernels() {
    let built = cudaforge::KernelBuilder::new()
        .source_files(["kernels/fused.cu"])
        .arg("-std=c++17")
        .arg("-O3")
        .build_ptx();
    if let Err(error) = built {
        println!("cargo::error=the kernels in kernels/fused.cu cannot be compiled: {error}");
    }
}
