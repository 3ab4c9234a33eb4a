//! The operators the networks are built of, behind plain functions.
//!
//! Networks call these and nothing else for their inner loops, so that an operator made faster is
//! faster everywhere. [`plain`] writes each as the few candle calls that define it: it runs on every
//! device and in every type, and is the twin that faster versions are held against.

pub mod plain;

pub use plain::{attention, depthwise_conv2d, gelu_erf, layer_norm, linear, quick_gelu};
