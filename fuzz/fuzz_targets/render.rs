//! A picture of a hostile cloud: every bit pattern in every column, seen by the validator's cameras.

#![no_main]

use libfuzzer_sys::fuzz_target;
use render::{Scene, VALIDATOR_EXTENT, WHITE, render_views, validator_cameras};
use splat::{Cloud, Splat};

/// Floats a splat is made of.
const FLOATS: usize = 14;

fuzz_target!(|bytes: &[u8]| {
    let floats: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .take(FLOATS * 500)
        .map(|raw| f32::from_le_bytes(*raw))
        .collect();
    let splats = floats.as_chunks::<FLOATS>().0.iter().map(
        |&[px, py, pz, sx, sy, sz, w, x, y, z, opacity_logit, red, green, blue]| Splat {
            position: [px, py, pz],
            log_scale: [sx, sy, sz],
            rotation: [w, x, y, z],
            opacity_logit,
            colour: [red, green, blue],
        },
    );
    let cloud: Cloud = splats.collect();
    let cameras = validator_cameras(40).expect("a size there is");
    for extent in [None, Some(VALIDATOR_EXTENT)] {
        if let Ok(scene) = Scene::new(&cloud, extent) {
            let views = render_views(&scene, &cameras[..2], WHITE);
            assert!(views.iter().all(|view| view.rgb.len() == 40 * 40 * 3));
        }
    }
});
