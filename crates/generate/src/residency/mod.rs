//! What stays on a device, what comes and goes, and what the host does instead: decided before
//! anything is loaded, by sizes alone.
//!
//! A candidate goes through [`Stage`]s one after the other; each uses some [`Part`]s and room for what it
//! computes with. A [`Plan`] gives each part a [`Stay`] so that no stage needs more than the budget and
//! as little as possible is loaded again and again. Sizes and estimates are those of the project's facts
//! about the published checkpoints; where files are here, their own sizes are taken.

mod choose;
mod parts;
mod table;

pub use choose::{Budget, Plan, Row, Stay, TooSmall, choose, plan};
pub use parts::{Need, Part, Stage, Variant};
