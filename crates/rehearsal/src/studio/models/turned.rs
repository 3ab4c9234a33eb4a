//! Objects that are one turned body, with little added.

use std::f32::consts::TAU;

use splat::Cloud;

use super::{BODY, DETAIL, WHITE, band, plain};
use crate::studio::surface::{Vector, ellipsoid, lathe, lay, torus};

pub(super) fn vase(cloud: &mut Cloud, main: Vector, second: Vector) {
    let profile = [
        [0.0, -1.0],
        [0.38, -1.0],
        [0.46, -0.8],
        [0.62, -0.5],
        [0.7, -0.2],
        [0.66, 0.1],
        [0.48, 0.4],
        [0.32, 0.62],
        [0.3, 0.75],
        [0.42, 0.95],
        [0.38, 0.96],
        [0.26, 0.74],
        [0.26, 0.4],
        [0.0, 0.3],
    ];
    lay(cloud, lathe(&profile), band(main, second, 0.3, 0.42), BODY);
}

pub(super) fn cup(cloud: &mut Cloud, main: Vector, second: Vector) {
    let profile = [
        [0.0, -0.7],
        [0.5, -0.7],
        [0.56, -0.6],
        [0.58, 0.0],
        [0.6, 0.65],
        [0.57, 0.7],
        [0.52, 0.65],
        [0.5, 0.35],
        [0.0, 0.35],
    ];
    let coffee = [0.28, 0.16, 0.09];
    let paint = move |_: f32, v: f32| match v {
        v if v > 0.87 => coffee,
        v if (0.32..0.42).contains(&v) => second,
        _ => main,
    };
    lay(cloud, lathe(&profile), paint, BODY);
    let handle = |u: f32, v: f32| {
        // Three quarters of an upright ring at the cup's right side.
        let (sine, cosine) = ((u - 0.5) * 0.62 * TAU).sin_cos();
        let (across, out) = (v * TAU).sin_cos();
        let ring = 0.34 + 0.085 * out;
        [0.56 + ring * cosine * 0.9, ring * sine, -0.085 * across]
    };
    lay(cloud, handle, plain(main), [90, 36]);
}

pub(super) fn lamp(cloud: &mut Cloud, main: Vector, second: Vector) {
    let foot = [
        [0.0, -1.0],
        [0.42, -1.0],
        [0.42, -0.93],
        [0.12, -0.86],
        [0.07, -0.6],
        [0.16, -0.35],
        [0.07, -0.1],
        [0.05, 0.3],
        [0.05, 0.5],
    ];
    lay(cloud, lathe(&foot), plain(second), [110, 90]);
    let shade = [[0.68, 0.1], [0.36, 0.95], [0.33, 0.95], [0.65, 0.1]];
    lay(cloud, lathe(&shade), plain(main), BODY);
}

pub(super) fn bottle(cloud: &mut Cloud, main: Vector, second: Vector) {
    let profile = [
        [0.0, -1.0],
        [0.36, -1.0],
        [0.4, -0.92],
        [0.4, -0.5],
        [0.4, -0.1],
        [0.4, 0.2],
        [0.32, 0.42],
        [0.16, 0.6],
        [0.13, 0.8],
        [0.13, 0.9],
    ];
    lay(cloud, lathe(&profile), band(main, WHITE, 0.34, 0.54), BODY);
    let cork = [[0.15, 0.88], [0.15, 1.05], [0.0, 1.05]];
    lay(cloud, lathe(&cork), plain(second), DETAIL);
}

pub(super) fn bell(cloud: &mut Cloud, main: Vector, second: Vector) {
    let profile = [
        [0.0, -0.55],
        [0.7, -0.62],
        [0.78, -0.7],
        [0.8, -0.62],
        [0.64, -0.4],
        [0.54, 0.0],
        [0.46, 0.4],
        [0.32, 0.66],
        [0.14, 0.78],
        [0.0, 0.8],
    ];
    lay(cloud, lathe(&profile), band(main, second, 0.2, 0.34), BODY);
    lay(
        cloud,
        ellipsoid([0.0, -0.74, 0.0], [0.17; 3]),
        plain(second),
        DETAIL,
    );
    let ring = |u: f32, v: f32| {
        let [x, y, z] = torus(0.16, 0.05)(u, v);
        [x, z + 0.92, -y]
    };
    lay(cloud, ring, plain(second), DETAIL);
}

pub(super) fn pawn(cloud: &mut Cloud, main: Vector, second: Vector) {
    let profile = [
        [0.0, -1.0],
        [0.56, -1.0],
        [0.58, -0.86],
        [0.46, -0.74],
        [0.34, -0.66],
        [0.24, -0.3],
        [0.18, 0.1],
        [0.17, 0.26],
        [0.34, 0.3],
        [0.34, 0.38],
        [0.16, 0.44],
    ];
    lay(cloud, lathe(&profile), band(main, second, 0.72, 0.9), BODY);
    lay(
        cloud,
        ellipsoid([0.0, 0.68, 0.0], [0.33; 3]),
        plain(main),
        [120, 70],
    );
}
