//! From splats to footprints on the image, and their order from near to far.

use bytemuck::{Pod, Zeroable};

use super::{
    context::Context,
    kernel::{Kernels, Step},
    scene::SceneBuffers,
    sort::{Pairs, Sort},
};
use crate::camera::Camera;

/// Invocations per workgroup of `project.wgsl`.
const THREADS: u32 = 256;

/// `Camera` of `project.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct CameraSettings {
    rows: [[f32; 4]; 3],
    focal: [f32; 2],
    centre: [f32; 2],
    tangents: [[f32; 2]; 2],
    size: [f32; 2],
    splats: u32,
    /// 0, which the shader's compiler must not know.
    nought: f32,
}

impl CameraSettings {
    fn new(camera: &Camera, splats: u32) -> Self {
        let (focal, centre) = (camera.focal(), camera.centre());
        let size = [camera.width() as f32, camera.height() as f32];
        // gsplat lets the Jacobian's centre reach 30 % of the half image beyond each edge.
        let margin = |axis: usize| 0.3 * (0.5 * size[axis] / focal[axis]);
        Self {
            rows: camera.world_to_camera(),
            focal,
            centre,
            tangents: [
                [0, 1].map(|axis: usize| -(centre[axis] / focal[axis] + margin(axis))),
                [0, 1].map(|axis: usize| (size[axis] - centre[axis]) / focal[axis] + margin(axis)),
            ],
            size,
            splats,
            nought: 0.0,
        }
    }
}

/// Projects the splats of a scene and sorts them by depth.
pub(super) struct Projection {
    settings: wgpu::Buffer,
    project: Step,
    sort: Sort,
    /// Centre x, y of each splat, and its fall-off per dx² and per dx·dy.
    pub(super) ellipses: wgpu::Buffer,
    /// Fall-off per dy² of each splat, and the tiles it touches.
    pub(super) boxes: wgpu::Buffer,
    /// Depths, and the splats from near to far, those equally far in the scene's order.
    pub(super) depths: Pairs,
}

impl Projection {
    /// Room for `capacity` splats; how many there are says `sizes[0]`.
    pub(super) fn new(
        context: &Context,
        kernels: &Kernels,
        scene: &SceneBuffers,
        sizes: &wgpu::Buffer,
        capacity: u32,
    ) -> Self {
        let settings = context.uniform("camera", size_of::<CameraSettings>() as u64);
        let ellipses = context.storage("ellipses", u64::from(capacity) * 16);
        let boxes = context.storage("boxes", u64::from(capacity) * 16);
        let depths = Pairs::new(context, "depths", capacity);
        let project = kernels.project.on(
            context,
            &[
                (0, &settings),
                (1, &scene.positions),
                (2, &scene.covariances_x),
                (3, &scene.covariances_yz),
                (4, &scene.paints),
                (5, &ellipses),
                (6, &boxes),
                (7, &depths.keys),
                (8, &depths.values),
            ],
        );
        let sort = Sort::new(context, kernels, &depths, capacity, 2, (sizes, 0));
        Self {
            settings,
            project,
            sort,
            ellipses,
            boxes,
            depths,
        }
    }

    /// Projects for `camera` all of the scene's `splats`.
    pub(super) fn record(
        &mut self,
        context: &Context,
        encoder: &mut wgpu::CommandEncoder,
        camera: &Camera,
        splats: u32,
    ) {
        let settings = CameraSettings::new(camera, splats);
        context
            .queue
            .write_buffer(&self.settings, 0, bytemuck::bytes_of(&settings));
        self.sort.set_most(context, splats);
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        self.project.record(&mut pass, splats.div_ceil(THREADS), 1);
        self.sort.record(&mut pass);
    }
}

#[cfg(test)]
mod tests;
