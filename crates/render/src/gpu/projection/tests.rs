//! Footprints held against the CPU's, bit by bit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use splat::{Cloud, Splat};

use super::{super::context, *};
use crate::{
    camera::Orbit,
    cpu::{self, Footprint},
    scene::Scene,
};

const SPLATS: usize = 1 << 16;

/// Balls, needles and flakes of every size, many of them out of sight.
fn cloud() -> Cloud {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    (0..SPLATS)
        .map(|index| Splat {
            position: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
            log_scale: [
                random.random_range(-7.0..-2.0),
                random.random_range(-7.0..if index % 3 == 0 { 0.5 } else { -3.0 }),
                random.random_range(-6.0..-2.0),
            ],
            rotation: std::array::from_fn(|_| random.random_range(-1.0..1.0)),
            opacity_logit: random.random_range(-4.0..7.0),
            colour: [0.0; 3],
        })
        .collect()
}

/// What the GPU sees of each splat: the numbers of a footprint in the CPU's order, without its radii.
fn footprints(context: &Context, scene: &Scene, camera: &Camera) -> Vec<Option<[f32; 5]>> {
    let count = scene.paints.len() as u32;
    let kernels = Kernels::compile(context);
    let buffers = SceneBuffers::new(context, count);
    buffers.upload(context, scene).unwrap();
    let sizes = context.storage("sizes", 16);
    let queue = &context.queue;
    queue.write_buffer(&sizes, 0, bytemuck::bytes_of(&count));
    let mut projection = Projection::new(context, &kernels, &buffers, &sizes, count);
    let bytes = u64::from(count) * 16;
    let readback = context.readback("readback", bytes * 2);
    let mut encoder = context.device.create_command_encoder(&Default::default());
    projection.record(context, &mut encoder, camera, count);
    encoder.copy_buffer_to_buffer(&projection.ellipses, 0, &readback, 0, bytes);
    encoder.copy_buffer_to_buffer(&projection.boxes, 0, &readback, bytes, bytes);
    queue.submit([encoder.finish()]);
    readback.map_async(wgpu::MapMode::Read, .., |_| ());
    context.wait().unwrap();
    let mapped = readback.get_mapped_range(..).unwrap();
    let read: Vec<[u32; 4]> = bytemuck::pod_collect_to_vec(&mapped);
    let (ellipses, boxes) = read.split_at(count as usize);
    let both = ellipses.iter().zip(boxes);
    both.map(|(ellipse, tiles)| {
        let [x, y, across, mixed] = ellipse.map(f32::from_bits);
        let down = f32::from_bits(tiles[0]);
        // The tile behind the last: 0 where none is touched.
        (tiles[2] != 0).then_some([x, y, across, mixed, down])
    })
    .collect()
}

/// How many units of the last place lie between two numbers.
fn apart(left: f32, right: f32) -> u32 {
    let place = |value: f32| {
        let bits = value.to_bits().cast_signed();
        if bits < 0 { i32::MIN - bits } else { bits }
    };
    place(left).abs_diff(place(right))
}

#[test]
fn footprints_are_the_cpus_bit_by_bit() {
    let Some(context) = context::any() else {
        return;
    };
    let scene = Scene::new(&cloud(), Some(1.5)).unwrap();
    // From outside, and from within, where splats reach far beyond the view.
    for radius in [2.5, 0.3] {
        let camera = Camera::orbit(Orbit {
            azimuth_deg: 33.0,
            elevation_deg: -20.0,
            radius,
            fov_y_deg: 49.1,
            width: 518,
            height: 517,
        })
        .unwrap();
        let theirs = cpu::footprints(&scene, &camera);
        let ours = footprints(&context, &scene, &camera);
        let mut seen = [0; 3];
        let mut off = [(0, 0); 5];
        for (theirs, ours) in theirs.iter().zip(&ours) {
            let (Some(Footprint { mean, falloff, .. }), Some(ours)) = (theirs, ours) else {
                seen[if theirs.is_some() { 0 } else { 1 }] +=
                    u32::from(theirs.is_some() != ours.is_some());
                continue;
            };
            seen[2] += 1;
            let [x, y] = *mean;
            let [across, mixed, down] = *falloff;
            let theirs = [x, y, across, mixed, down];
            for ((theirs, ours), (count, most)) in theirs.iter().zip(ours).zip(&mut off) {
                let apart = apart(*theirs, *ours);
                *count += u32::from(apart > 0);
                *most = apart.max(*most);
            }
        }
        let [by_the_cpu, by_the_gpu, by_both] = seen;
        println!(
            "{}: at {radius}, {by_both} are seen, {by_the_cpu} by the CPU alone, {by_the_gpu} by the GPU \
             alone; off in x, y, dx², dx·dy, dy², and units of the last place at most: {off:?}",
            context.name()
        );
        assert!(by_both > 1000, "{by_both} are seen");
        assert_eq!(off, [(0, 0); 5]);
        // A footprint that ends at the edge of the picture may be seen by one and not by the other.
        assert!(by_the_cpu + by_the_gpu <= by_both / 1000, "{seen:?}");
    }
}
