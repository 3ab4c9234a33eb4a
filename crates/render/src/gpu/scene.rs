//! A scene's columns on the GPU.

use super::{GpuError, MAX_SPLATS, context::Context};
use crate::scene::{GROUP, Group, Paint, Scene};

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
        let count = scene.len();
        for first in (0..count).step_by(CHUNK) {
            let last = (first + CHUNK).min(count);
            let write = |buffer, column: usize, number: &dyn Fn(&Group) -> &[f32; GROUP]| {
                let values: Vec<f32> = (first..last)
                    .map(|index| number(&scene.groups[index / GROUP])[index % GROUP])
                    .collect();
                let offset = (column * count + first) as u64 * 4;
                context
                    .queue
                    .write_buffer(buffer, offset, bytemuck::cast_slice(&values));
            };
            for column in 0..3 {
                write(&self.positions, column, &|group| &group.positions[column]);
                write(&self.covariances_x, column, &|group| {
                    &group.covariances[column]
                });
                write(&self.covariances_yz, column, &|group| {
                    &group.covariances[column + 3]
                });
            }
            let paints: Vec<[f32; 4]> = scene.paints[first..last].iter().map(paint).collect();
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
fn paint(paint: &Paint) -> [f32; 4] {
    let [red, green, blue] = paint.colour;
    [red, green, blue, paint.log2_opacity]
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
