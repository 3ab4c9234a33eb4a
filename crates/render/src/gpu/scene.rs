//! A scene's columns on the GPU.

use super::{GpuError, MAX_SPLATS, context::Context};
use crate::scene::{GROUP, Group, Paint, Scene};

/// Splats gathered and handed over at a time; whole groups.
const CHUNK: usize = GROUP << 12;

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
            let groups = &scene.groups[first / GROUP..last.div_ceil(GROUP)];
            let columns = [
                (&self.positions, [0, 1, 2]),
                (&self.covariances_x, [3, 4, 5]),
                (&self.covariances_yz, [6, 7, 8]),
            ];
            for (buffer, numbers) in columns {
                for (place, number) in numbers.into_iter().enumerate() {
                    let mut values = column(groups, number);
                    values.truncate(last - first);
                    let offset = (place * count + first) as u64 * 4;
                    context
                        .queue
                        .write_buffer(buffer, offset, bytemuck::cast_slice(&values));
                }
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

/// One number of each splat: x, y, z, then xx, xy, xz, yy, yz, zz.
fn column(groups: &[Group], number: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(groups.len() * GROUP);
    for group in groups {
        let lanes = match number.checked_sub(group.positions.len()) {
            Some(entry) => &group.covariances[entry],
            None => &group.positions[number],
        };
        values.extend_from_slice(lanes);
    }
    values
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
