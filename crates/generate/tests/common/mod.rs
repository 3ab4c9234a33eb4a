//! Clouds made for the tests.

use splat::{Cloud, Splat};

/// Splats of every test cloud: more than the 7,000 a validator asks for.
const SPLATS: u16 = 8000;

/// A ball of turned splats, 1.5 across, whose opacities differ: nothing is wrong with it.
pub(crate) fn ball() -> Cloud {
    (0..SPLATS).map(splat_of_ball).collect()
}

/// Points spread evenly over the sphere by the golden angle.
fn splat_of_ball(number: u16) -> Splat {
    let share = (f32::from(number) + 0.5) / f32::from(SPLATS);
    let height = 1.0 - 2.0 * share;
    let ring = (1.0 - height * height).sqrt();
    let angle = f32::from(number) * 2.399_963_1;
    let (sin, cos) = (angle / 2.0).sin_cos();
    Splat {
        position: [
            0.75 * ring * angle.cos(),
            0.75 * height,
            0.75 * ring * angle.sin(),
        ],
        log_scale: [-4.0, -4.0, -4.5],
        rotation: [cos, 0.0, sin, 0.0],
        opacity_logit: 1.0 + 3.0 * share,
        colour: [1.0, share, -1.0],
    }
}
