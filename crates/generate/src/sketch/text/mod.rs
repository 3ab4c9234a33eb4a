//! Builds an object from the words of a prompt.

use super::{Sculpture, surface::Surfel};

/// Builds what `prompt` names from about `splats` surface elements; stops early, with whatever it
/// has, once `cancelled` says so.
pub(crate) fn sculpt(
    prompt: &str,
    _seed: u64,
    splats: usize,
    cancelled: &dyn Fn() -> bool,
) -> Sculpture {
    let golden_angle = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
    let size = 0.75 * (4.0 * std::f32::consts::PI / splats.max(1) as f32).sqrt() * 0.6;
    let surfels = (0..splats)
        .take_while(|_| !cancelled())
        .map(|index| {
            let height = 1.0 - 2.0 * (index as f32 + 0.5) / splats as f32;
            let around = (1.0 - height * height).max(0.0).sqrt();
            let (sin, cos) = (golden_angle * index as f32).sin_cos();
            let normal = [around * cos, height, around * sin];
            Surfel {
                position: normal.map(|value| 0.75 * value),
                normal,
                tangent_size_u: size,
                tangent_size_v: size,
                colour_rgb: [0.6, 0.55, 0.5],
                opacity: 0.98,
            }
        })
        .collect();
    let notes = vec![format!("no shape known for {prompt:?}: made a ball")];
    Sculpture { surfels, notes }
}
