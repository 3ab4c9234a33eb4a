//! The operators the networks are built of, behind plain functions.
//!
//! Networks call these and nothing else for their inner loops, so that an operator made faster is
//! faster everywhere. [`plain`] writes each as the few candle calls that define it: it runs on every
//! device and in every type, and is the twin that faster versions are held against. Single precision
//! on the CPU goes to the fast ones (`cpu`); everything else, shapes that do not fit included, goes to
//! the plain ones.
//!
//! For networks that are to be fast on a CPU:
//!
//! - Make each linear layer a [`Linear`] when loading: its weight is laid out for the processor once.
//! - Give the wide part of a block to [`Mlp::forward_onto`]: the wide rows never exist as a whole.
//! - Keep the channels of pictures last: [`depthwise_conv2d`] takes `(batch, channels, height, width)` in
//!   any layout of memory and answers with channels last in memory, so that `x.permute((0, 2, 3, 1))`
//!   is free on both sides and what norms and linear layers want.
//! - Keep the channels of grids last too: [`Conv3d`] and [`pixel_shuffle_3d`] take and give `(batch,
//!   depth, height, width, channels)`, and lay out no more than one copy of the grid.
//! - [`attention`] takes its three parts as views of one product, without copies, and answers so that
//!   `transpose(1, 2)` and joining the heads is free; [`windowed_attention`] too.
//! - Make the [`RuleBook`] of a set of voxels once: every [`SubmanifoldConvolution`] over them asks the same.

mod biased;
mod conv3d;
mod convolution;
mod cpu;
mod fast;
mod fused;
#[cfg(feature = "cuda")]
mod kernels;
mod linear;
mod mlp;
mod norm;
pub mod plain;
mod rule_book;
mod submanifold;
mod windowed;

pub use biased::biased_attention;
pub use conv3d::Conv3d;
pub use convolution::Convolution;
pub use cpu::Activation;
pub use fast::{
    attention, conv3d, depthwise_conv2d, gelu_erf, gelu_tanh, head_norm, layer_norm, linear,
    pixel_shuffle_3d, quick_gelu, silu,
};
pub use fused::{rows, turned_head_norm};
#[cfg(feature = "cuda")]
pub(crate) use kernels::in_one_stream;
pub use linear::Linear;
pub use mlp::Mlp;
pub use norm::Norm;
pub use plain::mean;
pub use rule_book::RuleBook;
pub use submanifold::{SubmanifoldConvolution, submanifold_convolution};
pub use windowed::{Windows, windowed_attention};
