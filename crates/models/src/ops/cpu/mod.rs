//! The fast operators for single precision on a CPU, on slices: the layer below the tensors.
//!
//! Products are made of tiles of sums that stay in registers ([`tile`]), from panels that put what a
//! tile reads next where it reads it ([`pack`]); what is done to a sum afterwards (bias, activation,
//! scale, residual) is done before it is stored ([`product`]). Vectors are `pulp`'s: AVX-512, AVX2 and
//! fused multiply-add, or NEON, found when the program runs. Threads are rayon's own pool, as for
//! candle's products, and each works on rows of the result that no other touches.
//!
//! Callers see to shapes; every slice here has the length its doc says.

mod attention;
mod conv3d;
mod curves;
mod depthwise;
mod elementwise;
mod feedforward;
mod head_norm;
mod norm;
mod pack;
mod patches;
mod processor;
mod product;
mod shuffle;
mod submanifold;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod tile;
mod windowed;

pub(super) use attention::{Biases, Heads, attention};
pub(super) use conv3d::{TAPS, conv3d};
pub use curves::Activation;
pub(super) use depthwise::{Kernels, depthwise};
pub(super) use elementwise::activate;
pub(super) use feedforward::{Feedforward, feedforward};
pub(super) use head_norm::head_norm;
pub(super) use norm::{Norm, normalise};
pub(super) use pack::Rows;
pub(super) use patches::{Sampling, neighbourhoods, sampled};
pub(super) use processor::Processor;
pub(super) use product::{Finish, Matrix, product};
pub(super) use shuffle::pixel_shuffle_3d;
pub(super) use submanifold::submanifold;
pub(super) use windowed::windowed;
