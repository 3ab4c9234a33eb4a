//! A scene's columns on the GPU.

use super::{GpuError, MAX_SPLATS, context::Context};
use crate::scene::Scene;

/// Splats whose paints are interleaved and handed over at a time.
const CHUNK: usize = 1 << 16;

/// The columns of a scene, in buffers that outlive it.
pub(super) struct SceneBuffers {
    /// x, y, z one after the other.
    pub(super) positions: wgpu::Buffer,
    /// xx, xy, xz one after the other.
    pub(super) covariances_x: wgpu::Buffer,
    /// yy, yz, zz one after the other.
    pub(super) covariances_yz: wgpu::Buffer,
    /// Red, green, blue and log2 of the opacity of each splat.
    pub(super) paints: wgpu::Buffer,
}

impl SceneBuffers {
    /// Room for `capacity` splats.
    pub(super) fn new(context: &Context, capacity: u32) -> Self {
        let columns = |label, count| context.storage(label, u64::from(capacity) * 4 * count);
        Self {
            positions: columns("positions", 3),
            covariances_x: columns("covariances x", 3),
            covariances_yz: columns("covariances yz", 3),
            paints: columns("paints", 4),
        }
    }

    /// Replaces what is there. The scene must fit.
    pub(super) fn upload(&self, context: &Context, scene: &Scene) -> Result<(), GpuError> {
        let [xx, xy, xz, yy, yz, zz] = &scene.covariances;
        let [x, y, z] = &scene.positions;
        for (buffer, columns) in [
            (&self.positions, [x, y, z]),
            (&self.covariances_x, [xx, xy, xz]),
            (&self.covariances_yz, [yy, yz, zz]),
        ] {
            let mut offset = 0;
            for column in columns {
                let bytes: &[u8] = bytemuck::cast_slice(column);
                context.queue.write_buffer(buffer, offset, bytes);
                offset += bytes.len() as u64;
            }
        }
        for first in (0..scene.len()).step_by(CHUNK) {
            let paints: Vec<[f32; 4]> = (first..(first + CHUNK).min(scene.len()))
                .map(|index| paint(scene, index))
                .collect();
            context.queue.write_buffer(
                &self.paints,
                first as u64 * 16,
                bytemuck::cast_slice(&paints),
            );
        }
        context.check()
    }
}

/// Red, green, blue, log2 of the opacity.
fn paint(scene: &Scene, index: usize) -> [f32; 4] {
    let [red, green, blue] = [0, 1, 2].map(|channel: usize| scene.colours[channel][index]);
    [red, green, blue, scene.opacities[index].max(1e-30).log2()]
}

/// The number of splats, where they fit.
pub(super) fn splat_count(scene: &Scene) -> Result<u32, GpuError> {
    match u32::try_from(scene.len()) {
        Ok(count) if count <= MAX_SPLATS => Ok(count),
        _ => Err(GpuError::TooManySplats {
            count: scene.len(),
            limit: MAX_SPLATS as usize,
        }),
    }
}
