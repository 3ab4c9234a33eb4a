//! The splat cloud and its containers: PLY and SPZ in and out, frames and output profiles, and the
//! named defects that make a cloud worthless. Bytes in, bytes out: nothing here touches a file.

mod cloud;
mod frame;

pub use cloud::{Cloud, Columns, LengthMismatch, Sh, Splat};
pub use frame::Frame;
