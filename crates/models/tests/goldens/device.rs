//! Where networks are tested, and how closely.

use std::sync::OnceLock;

use candle_core::Device;

/// How much more is allowed on a GPU, which sums in another order, multiplies and adds in one rounding,
/// and has its own exponentials.
const ON_A_GPU: f32 = 3.0;

/// Where networks are tested: on the CPU, or with `SPLATSMITH_TEST_DEVICE=gpu`, in a build that knows GPUs,
/// on the first of them. A GPU that is asked for and is not there fails the test.
pub(crate) fn device() -> Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    let open = || match std::env::var("SPLATSMITH_TEST_DEVICE").as_deref() {
        Ok("gpu") => models::gpu(0).unwrap(),
        Ok("cpu" | "") | Err(_) => Device::Cpu,
        Ok(other) => panic!("SPLATSMITH_TEST_DEVICE is {other:?}: it takes gpu or cpu"),
    };
    DEVICE.get_or_init(open).clone()
}

/// A deviation that is allowed on the CPU, as it is allowed on [`device`].
pub(crate) fn allowed(on_the_cpu: f32) -> f32 {
    if device().is_cpu() {
        on_the_cpu
    } else {
        ON_A_GPU * on_the_cpu
    }
}
