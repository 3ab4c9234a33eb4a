//! Objects put together from several solids.

use std::f32::consts::{FRAC_PI_2, TAU};

use splat::Cloud;

use super::{BLACK, BODY, DETAIL, WHITE, band, plain};
use crate::studio::surface::{Vector, cone, ellipsoid, lathe, lay, polyline, torus};

pub(super) fn mushroom(cloud: &mut Cloud, main: Vector, second: Vector) {
    let stalk = [
        [0.0, -1.0],
        [0.34, -1.0],
        [0.27, -0.5],
        [0.22, 0.0],
        [0.24, 0.3],
    ];
    let cap = [
        [0.2, 0.2],
        [0.7, 0.12],
        [0.92, 0.12],
        [0.95, 0.22],
        [0.84, 0.5],
        [0.62, 0.74],
        [0.34, 0.9],
        [0.0, 0.95],
    ];
    lay(cloud, lathe(&stalk), plain(WHITE), [120, 70]);
    lay(cloud, lathe(&cap), band(main, WHITE, 0.0, 0.28), BODY);
    // Flat drops on the cap, in two rings and one on top.
    let rings = [
        (9, 0.8_f32, 0.45, 0.12),
        (6, 0.52, 0.76, 0.1),
        (1, 0.0, 0.93, 0.11),
    ];
    for (count, radius, height, size) in rings {
        for spot in 0..count {
            let (sine, cosine) = (spot as f32 * TAU / count as f32 + height).sin_cos();
            let centre = [radius * sine, height, radius * cosine];
            lay(
                cloud,
                ellipsoid(centre, [size, size * 0.8, size]),
                plain(second),
                [32, 20],
            );
        }
    }
}

pub(super) fn rocket(cloud: &mut Cloud, main: Vector, second: Vector) {
    let body = [
        [0.0, -0.8],
        [0.24, -0.8],
        [0.32, -0.6],
        [0.38, -0.2],
        [0.38, 0.2],
        [0.32, 0.55],
        [0.2, 0.82],
        [0.0, 1.05],
    ];
    lay(cloud, lathe(&body), band(main, second, 0.72, 1.01), BODY);
    for fin in 0..4 {
        let (sine, cosine) = (fin as f32 * FRAC_PI_2 + 0.6).sin_cos();
        for side in [-1.0_f32, 1.0] {
            let blade = move |u: f32, v: f32| {
                let out = 0.25 + 0.5 * u;
                let height = -0.95 + 0.75 * v * (1.0 - 0.75 * u) + 0.1 * (1.0 - u);
                let width = side * 0.03;
                [
                    out * sine + width * cosine,
                    height,
                    out * cosine - width * sine,
                ]
            };
            lay(cloud, blade, plain(second), [90, 90]);
        }
    }
    lay(
        cloud,
        ellipsoid([0.0, 0.25, 0.36], [0.14, 0.14, 0.05]),
        plain(WHITE),
        DETAIL,
    );
    lay(
        cloud,
        ellipsoid([0.0, 0.25, 0.4], [0.09, 0.09, 0.04]),
        plain([0.3, 0.6, 0.85]),
        DETAIL,
    );
}

pub(super) fn snowman(cloud: &mut Cloud, main: Vector, second: Vector) {
    lay(
        cloud,
        ellipsoid([0.0, -0.55, 0.0], [0.5, 0.45, 0.5]),
        plain(WHITE),
        [140, 80],
    );
    lay(
        cloud,
        ellipsoid([0.0, 0.1, 0.0], [0.37, 0.34, 0.37]),
        plain(WHITE),
        [120, 60],
    );
    lay(
        cloud,
        ellipsoid([0.0, 0.6, 0.0], [0.27, 0.26, 0.27]),
        plain(WHITE),
        [100, 50],
    );
    lay(
        cloud,
        cone([0.0, 0.6, 0.24], [0.0, 0.56, 0.6], [0.07, 0.005]),
        plain([0.95, 0.5, 0.1]),
        DETAIL,
    );
    for (x, y, z) in [
        (-0.1, 0.68, 0.23),
        (0.1, 0.68, 0.23),
        (0.0, 0.2, 0.36),
        (0.0, 0.02, 0.37),
    ] {
        lay(
            cloud,
            ellipsoid([x, y, z], [0.045; 3]),
            plain(BLACK),
            [24, 16],
        );
    }
    let scarf = |u: f32, v: f32| {
        let point = torus(0.26, 0.08)(u, v);
        [point[0], point[1] + 0.38, point[2]]
    };
    lay(cloud, scarf, plain(main), [90, 30]);
    let hat = [
        [0.0, 0.78],
        [0.38, 0.79],
        [0.38, 0.83],
        [0.25, 0.84],
        [0.24, 1.15],
        [0.0, 1.15],
    ];
    lay(
        cloud,
        lathe(&hat),
        band(second, main, 0.62, 0.72),
        [100, 80],
    );
}

pub(super) fn star(cloud: &mut Cloud, main: Vector, second: Vector) {
    let outline = |u: f32| {
        let corner = |index: usize| {
            let radius = if index.is_multiple_of(2) { 1.0 } else { 0.44 };
            let (sine, cosine) = (index as f32 * TAU / 10.0).sin_cos();
            [radius * sine, radius * cosine]
        };
        let corners: [[f32; 2]; 11] = std::array::from_fn(corner);
        polyline(&corners, u)
    };
    for side in [1.0_f32, -1.0] {
        // A raised middle, falling to the outline; the back is the front mirrored.
        let face = |u: f32, v: f32| {
            let [x, y] = outline(if side > 0.0 { u } else { 1.0 - u });
            [x * v, y * v, side * (0.1 + 0.22 * (1.0 - v))]
        };
        lay(cloud, face, band(main, second, 0.0, 0.35), [160, 60]);
    }
    let rim = |u: f32, v: f32| {
        let [x, y] = outline(u);
        [x, y, 0.1 - 0.2 * v]
    };
    lay(cloud, rim, plain(main), [160, 12]);
}

pub(super) fn doughnut(cloud: &mut Cloud, main: Vector, second: Vector) {
    let tilt = |point: Vector| {
        let (sine, cosine) = 0.9_f32.sin_cos();
        [
            point[0],
            point[1] * cosine - point[2] * sine,
            point[1] * sine + point[2] * cosine,
        ]
    };
    let dough = [0.82, 0.6, 0.34];
    let icing = move |u: f32, v: f32| {
        let drip = 0.03 * (u * TAU * 9.0).sin();
        let iced = (0.02 + drip..0.48 - drip).contains(&v);
        let sprinkled =
            (u * 29.0).fract() < 0.18 && (v * 17.0 + (u * 29.0).floor() * 0.37).fract() < 0.3;
        match (iced, sprinkled) {
            (true, true) => second,
            (true, false) => main,
            _ => dough,
        }
    };
    lay(
        cloud,
        |u, v| tilt(torus(0.62, 0.32)(u, v)),
        icing,
        [240, 110],
    );
}

pub(super) fn cactus(cloud: &mut Cloud, main: Vector, second: Vector) {
    let pot = [
        [0.0, -1.0],
        [0.32, -1.0],
        [0.42, -0.5],
        [0.48, -0.5],
        [0.48, -0.38],
        [0.42, -0.38],
        [0.0, -0.42],
    ];
    lay(cloud, lathe(&pot), plain(second), [110, 60]);
    let green = main.map(|channel| channel * 0.25);
    let skin = move |u: f32, _: f32| {
        let rib = 0.75 + 0.25 * (u * TAU * 12.0).cos();
        [
            green[0] + 0.12 * rib,
            green[1] + 0.5 * rib,
            green[2] + 0.14 * rib,
        ]
    };
    lay(
        cloud,
        ellipsoid([0.0, 0.2, 0.0], [0.27, 0.75, 0.27]),
        skin,
        [150, 90],
    );
    for side in [-1.0_f32, 1.0] {
        let height = 0.15 + 0.12 * side;
        let elbow = [0.52 * side, height + 0.06, 0.0];
        lay(
            cloud,
            cone([0.2 * side, height, 0.0], elbow, [0.1, 0.1]),
            skin,
            DETAIL,
        );
        lay(
            cloud,
            ellipsoid([0.54 * side, height + 0.24, 0.0], [0.12, 0.3, 0.12]),
            skin,
            [72, 48],
        );
    }
    lay(
        cloud,
        ellipsoid([0.0, 0.96, 0.05], [0.13, 0.08, 0.13]),
        plain(main),
        DETAIL,
    );
}
