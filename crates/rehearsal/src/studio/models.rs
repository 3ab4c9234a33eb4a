//! The objects that stand model for image prompts.

use std::f32::consts::{FRAC_PI_2, TAU};

use splat::Cloud;

use super::surface::{Vector, cone, ellipsoid, lathe, lay, polyline, torus};

/// An object that can be built in two colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Model {
    Vase,
    Mushroom,
    Rocket,
    Snowman,
    Cup,
    Star,
    Doughnut,
    Lamp,
    Cactus,
    Bottle,
    Bell,
    Pawn,
}

impl Model {
    pub(super) const ALL: [Self; 12] = [
        Self::Vase,
        Self::Mushroom,
        Self::Rocket,
        Self::Snowman,
        Self::Cup,
        Self::Star,
        Self::Doughnut,
        Self::Lamp,
        Self::Cactus,
        Self::Bottle,
        Self::Bell,
        Self::Pawn,
    ];

    /// The object, upright along +Y, front towards +Z, roughly two units tall.
    pub(super) fn build(self, main: Vector, second: Vector) -> Cloud {
        let mut cloud = Cloud::default();
        match self {
            Self::Vase => vase(&mut cloud, main, second),
            Self::Mushroom => mushroom(&mut cloud, main, second),
            Self::Rocket => rocket(&mut cloud, main, second),
            Self::Snowman => snowman(&mut cloud, main, second),
            Self::Cup => cup(&mut cloud, main, second),
            Self::Star => star(&mut cloud, main, second),
            Self::Doughnut => doughnut(&mut cloud, main, second),
            Self::Lamp => lamp(&mut cloud, main, second),
            Self::Cactus => cactus(&mut cloud, main, second),
            Self::Bottle => bottle(&mut cloud, main, second),
            Self::Bell => bell(&mut cloud, main, second),
            Self::Pawn => pawn(&mut cloud, main, second),
        }
        cloud
    }
}

/// Cells of an object's main body: it is looked at from near.
const BODY: [usize; 2] = [180, 110];
/// Cells of a small part.
const DETAIL: [usize; 2] = [48, 32];

const WHITE: Vector = [0.95, 0.95, 0.93];
const BLACK: Vector = [0.08, 0.08, 0.09];

fn plain(colour: Vector) -> impl Fn(f32, f32) -> Vector {
    move |_, _| colour
}

/// `second` where `v` lies in a band, else `main`.
fn band(main: Vector, second: Vector, from: f32, to: f32) -> impl Fn(f32, f32) -> Vector {
    move |_, v| {
        if (from..to).contains(&v) {
            second
        } else {
            main
        }
    }
}

fn vase(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn mushroom(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn rocket(cloud: &mut Cloud, main: Vector, second: Vector) {
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
            lay(cloud, blade, plain(second), [36, 36]);
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

fn snowman(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn cup(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn star(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn doughnut(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn lamp(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn cactus(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn bottle(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn bell(cloud: &mut Cloud, main: Vector, second: Vector) {
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

fn pawn(cloud: &mut Cloud, main: Vector, second: Vector) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_a_rich_finite_upright_cloud() {
        for model in Model::ALL {
            let cloud = model.build([0.8, 0.2, 0.2], [0.9, 0.8, 0.2]);
            assert!(cloud.len() >= 12_000, "{model:?}: {}", cloud.len());
            let columns = cloud.columns();
            let finite = columns
                .positions
                .iter()
                .flatten()
                .all(|value| value.is_finite())
                && columns
                    .rotations
                    .iter()
                    .flatten()
                    .all(|value| value.is_finite())
                && columns
                    .log_scales
                    .iter()
                    .flatten()
                    .all(|value| value.is_finite());
            assert!(finite, "{model:?}");
            let heights = &columns.positions[1];
            let lowest = heights.iter().copied().fold(f32::MAX, f32::min);
            let highest = heights.iter().copied().fold(f32::MIN, f32::max);
            assert!((0.9..2.4).contains(&(highest - lowest)), "{model:?}");
        }
    }
}
