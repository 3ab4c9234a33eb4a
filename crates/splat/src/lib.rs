//! The splat cloud and its containers: PLY, both SPZ and .splat in and out, frames and output profiles, and the
//! named defects that make a cloud worthless. Bytes in, bytes out: nothing here touches a file.
//!
//! Whatever is read may be hostile. Readers never allocate from a number a file claims, only from
//! bytes that are there, and every refusal is one line that says what is wrong.

#![forbid(unsafe_code)]

mod cloud;
mod container;
mod frame;
mod opacity;
mod profile;

pub mod dotsplat;
pub mod inspect;
pub mod ply;
pub mod spz;

pub use cloud::{Cloud, Columns, ColumnsError, Sh, Splat};
pub use container::{Container, ReadError, read, read_named};
pub use frame::Frame;
pub use profile::OutputProfile;
