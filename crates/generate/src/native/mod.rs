//! The native backend: our own networks on this machine's devices.
//!
//! One OS thread per device owns its models. All devices serve one line of requests:
//! an idle one takes the next candidate, whosever it is. The host prepares pictures and
//! finishes clouds on threads of its own, so that no device waits for it. A device that fails rests and
//! is opened anew, while what it had in hand goes to another; one that runs out of memory keeps less on
//! the device and goes on.
//!
//! What a device does is behind [`Works`]; [`Station`] is the real thing, made of a [`Painter`],
//! [`Cutter`]s and a [`Sculptor`].

mod classifier;
mod cutter;
mod desk;
mod device;
mod devices;
mod finish;
mod flux;
mod host;
mod installed;
mod inventory;
mod job;
mod line;
mod memory;
mod open;
mod outlook;
mod picture;
mod sampling;
mod station;
mod studio;
mod trellis;
mod works;

pub use cutter::NetworkCutter;
pub use desk::Desk;
pub use devices::{Devices, Place};
pub use flux::{FluxPainter, HostReader};
pub use installed::{Installed, Paints, Weights};
pub use inventory::{Counted, Inventory};
pub use memory::FreeMemory;
pub use open::{Native, NativeError, NativeOptions};
pub use outlook::{Outlook, OutlookOptions};
pub use picture::{SketchCutter, prepare};
pub use sampling::{Pace, SamplerOverrides, Samplers};
pub use station::Station;
pub use studio::{Preparation, Studio, StudioOptions};
pub use trellis::{Asked, Sampling, TrellisSculptor};
pub use works::{
    Cut, Cutter, Made, Manner, Opener, Order, Painter, Progress, Sculpted, Sculptor, Subject,
    Trouble, Works,
};
