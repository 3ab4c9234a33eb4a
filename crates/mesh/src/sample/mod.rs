//! From a painted surface to splats.
//!
//! 1. [`surface`]: the mesh in pixels of the validator's view, drawn in by what the renderer's blur
//!    will add to its outline.
//! 2. [`scatter`]: many more points than splats, evenly over the area, each with its paint.
//! 3. [`partition`]: the points in as many cells as there are to be splats. Cells are cut where
//!    paint or facing change, so they are small and slender at edges and large where nothing is.
//! 4. [`lay`]: one splat per cell, with the cell's mean place and paint and the cell's shape.

mod lay;
mod outline;
mod partition;
mod scatter;
mod surface;

use splat::Cloud;

use crate::{Mesh, MeshError};
use surface::Surface;

/// Splats of a cloud when nobody says otherwise.
pub const DEFAULT_SPLATS: usize = 200_000;
/// No more splats than this.
pub const MAX_SPLATS: usize = 2_000_000;
/// Points scattered per splat.
const POINTS_PER_SPLAT: usize = 16;
/// No more points than this, whatever the splats: 48 bytes each.
const MAX_POINTS: usize = 16_000_000;

/// How to sample a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// How many splats to make, 1 to [`MAX_SPLATS`]. There may be fewer, never more.
    pub splats: usize,
    /// The same mesh, number and seed give the same cloud, whatever the machine's cores.
    pub seed: u64,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            splats: DEFAULT_SPLATS,
            seed: 0,
        }
    }
}

/// Covers a mesh with splats, in the mesh's own place and size, +Y up (`splat::Frame::YUp`).
///
/// They are flat on the surface, opaque where it is opaque, as large as their distance from each
/// other demands, and finest where the paint or the shape has detail. The fineness is chosen for
/// views like the validator's, in which the mesh is a few hundred pixels wide.
///
/// # Errors
/// When the number of splats is out of range, or everything is cut out.
pub fn sample(mesh: &Mesh, options: &SampleOptions) -> Result<Cloud, MeshError> {
    if !(1..=MAX_SPLATS).contains(&options.splats) {
        return Err(MeshError::BadSplats(options.splats));
    }
    let surface = Surface::of(mesh);
    let count = (options.splats * POINTS_PER_SPLAT).min(MAX_POINTS);
    let mut points = scatter::points(mesh, &surface, count, options.seed);
    if points.is_empty() {
        return Err(MeshError::Transparent);
    }
    let cells = partition::cells(&mut points, options.splats);
    let cloud = lay::splats(&points, &cells, &surface, count, options.seed);
    Ok(cloud)
}
