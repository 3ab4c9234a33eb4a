//! Output profiles: half turns, boxes and what they must not change.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{clouds, shared, sound};
use proptest::prelude::*;
use splat::{Cloud, Frame, OutputProfile, Splat, inspect::Bounds, ply, spz};

const TURNED: OutputProfile = OutputProfile {
    extent: None,
    ..OutputProfile::VIEWER
};
const FITTED: OutputProfile = OutputProfile::PULL_2025;

fn extent(cloud: &Cloud) -> f64 {
    Bounds::of(&cloud.columns().positions)
        .unwrap()
        .longest_side()
}

/// R·diag(s²)·Rᵀ, in double precision.
fn covariance(splat: &Splat) -> [[f64; 3]; 3] {
    let [w, x, y, z] = splat.rotation.map(f64::from);
    let norm = (w * w + x * x + y * y + z * z).sqrt();
    let [w, x, y, z] = [w / norm, x / norm, y / norm, z / norm];
    let rotation = [
        [
            1.0 - 2.0 * (y * y + z * z),
            2.0 * (x * y - w * z),
            2.0 * (x * z + w * y),
        ],
        [
            2.0 * (x * y + w * z),
            1.0 - 2.0 * (x * x + z * z),
            2.0 * (y * z - w * x),
        ],
        [
            2.0 * (x * z - w * y),
            2.0 * (y * z + w * x),
            1.0 - 2.0 * (x * x + y * y),
        ],
    ];
    let variance = splat.log_scale.map(|log| (2.0 * f64::from(log)).exp());
    std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            (0..3)
                .map(|k| rotation[row][k] * variance[k] * rotation[column][k])
                .sum()
        })
    })
}

/// Colour of a splat with harmonics seen along `direction`, channel 0, up to degree 3, above the
/// constant: the real harmonics in the order and with the signs 3DGS uses.
fn shade(harmonics: &[f32], [x, y, z]: [f64; 3]) -> f64 {
    let (xx, yy, zz) = (x * x, y * y, z * z);
    let basis = [
        -0.488_603 * y,
        0.488_603 * z,
        -0.488_603 * x,
        1.092_548 * x * y,
        -1.092_548 * y * z,
        0.315_392 * (2.0 * zz - xx - yy),
        -1.092_548 * x * z,
        0.546_274 * (xx - yy),
        -0.590_044 * y * (3.0 * xx - yy),
        2.890_611 * x * y * z,
        -0.457_046 * y * (4.0 * zz - xx - yy),
        0.373_176 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
        -0.457_046 * x * (4.0 * zz - xx - yy),
        1.445_306 * z * (xx - yy),
        -0.590_044 * x * (xx - 3.0 * yy),
    ];
    harmonics
        .chunks(3)
        .zip(basis)
        .map(|(value, basis)| f64::from(value[0]) * basis)
        .sum()
}

#[test]
fn profiles_are_found_by_name() {
    for profile in OutputProfile::ALL {
        assert_eq!(OutputProfile::by_name(profile.name), Some(profile));
    }
    assert_eq!(OutputProfile::by_name("pull-2031"), None);
}

#[test]
fn what_was_up_is_up() {
    let head = Splat {
        position: [0.1, -0.5, 0.2],
        log_scale: [-3.0; 3],
        rotation: [1.0, 0.0, 0.0, 0.0],
        opacity_logit: 0.0,
        colour: [0.0; 3],
    };
    let from_trellis: Cloud = [head].into_iter().collect();
    let turned = OutputProfile {
        extent: None,
        ..FITTED
    }
    .apply(from_trellis, Frame::YDown);
    let turned = turned.get(0).unwrap();
    assert_eq!(turned.position, [-0.1, 0.5, 0.2]);
    assert_eq!(turned.rotation.map(f32::abs), [0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn the_same_frame_and_no_extent_change_nothing() {
    assert_eq!(TURNED.apply(sound(50), Frame::YDown), sound(50));
}

#[test]
fn strays_that_are_no_numbers_do_not_poison_the_box() {
    let mut columns = sound(100).into_columns();
    columns.positions[0][7] = f32::NAN;
    columns.positions[1][8] = f32::INFINITY;
    columns.positions[2][9] = f32::NEG_INFINITY;
    let cloud = FITTED.apply(Cloud::from_columns(columns).unwrap(), Frame::YDown);
    assert_eq!(extent(&cloud), 1.5);
    let fine = |splat: &Splat| splat.position.iter().all(|value| value.is_finite());
    assert_eq!(cloud.iter().filter(fine).count(), 97);

    let mut far = sound(100).into_columns();
    far.positions[0][7] = f32::MAX;
    far.positions[0][8] = f32::MIN;
    let cloud = FITTED.apply(Cloud::from_columns(far).unwrap(), Frame::YUp);
    assert_eq!(extent(&cloud), 1.5);
    assert!(
        cloud
            .iter()
            .all(|splat| splat.position.iter().all(|value| value.is_finite()))
    );
}

#[test]
fn clouds_without_extent_are_only_centred() {
    let point = sound(2).get(0).unwrap();
    let cloud: Cloud = [point, point].into_iter().collect();
    let fitted = FITTED.apply(cloud, Frame::YUp).get(0).unwrap();
    assert_eq!(
        fitted,
        Splat {
            position: [0.0; 3],
            ..point
        }
    );
    assert!(FITTED.apply(Cloud::default(), Frame::YDown).is_empty());
}

#[test]
fn the_validators_own_asset_keeps_its_extent_through_spz() {
    let Some(bytes) = shared("splats/hamburger.ply") else {
        return;
    };
    let cloud = FITTED.apply(ply::read(&bytes).unwrap(), Frame::YUp);
    assert_eq!(extent(&cloud), 1.5);
    let packed = spz::encode(&cloud, spz::Level::DEFAULT).unwrap();
    assert_eq!(extent(&spz::decode(&packed).unwrap()), 1.5);
}

proptest! {
    #[test]
    fn turning_twice_is_where_it_began(cloud in clouds(-3.0_f32..3.0)) {
        let there = TURNED.apply(cloud.clone(), Frame::YUp);
        let back = TURNED.apply(there, Frame::YUp);
        let (before, after) = (cloud.columns(), back.columns());
        prop_assert_eq!(&before.positions, &after.positions);
        prop_assert_eq!(&before.log_scales, &after.log_scales);
        prop_assert_eq!(&before.sh, &after.sh);
        for (before, after) in cloud.iter().zip(back.iter()) {
            // q and −q are one rotation.
            prop_assert_eq!(before.rotation.map(|part| -part), after.rotation);
        }
    }

    #[test]
    fn covariances_turn_with_the_cloud(cloud in clouds(-2.0_f32..2.0)) {
        let turned = TURNED.apply(cloud.clone(), Frame::YUp);
        let sign = [-1.0, -1.0, 1.0];
        for (before, after) in cloud.iter().zip(turned.iter()) {
            let (before, after) = (covariance(&before), covariance(&after));
            for row in 0..3 {
                for column in 0..3 {
                    let expected = sign[row] * before[row][column] * sign[column];
                    prop_assert!((after[row][column] - expected).abs() < 1e-9 * 60.0);
                }
            }
        }
    }

    #[test]
    fn harmonics_turn_with_the_cloud(
        cloud in clouds(-2.0_f32..2.0),
        x in -1.0..1.0, y in -1.0..1.0, z in -1.0..1.0,
    ) {
        let turned = TURNED.apply(cloud.clone(), Frame::YUp);
        let per_splat = splat::Sh::values_per_splat(cloud.columns().sh.degree).max(1);
        let before = cloud.columns().sh.values.chunks_exact(per_splat);
        let after = turned.columns().sh.values.chunks_exact(per_splat);
        for (before, after) in before.zip(after) {
            prop_assert!((shade(before, [x, y, z]) - shade(after, [-x, -y, z])).abs() < 1e-6);
        }
    }

    #[test]
    fn fitting_makes_the_extent_exact_and_keeps_shapes(
        cloud in clouds(-3.0_f32..3.0), offset in -50.0_f32..50.0, size in 1e-3_f32..1e3,
    ) {
        let mut columns = cloud.into_columns();
        for value in columns.positions.iter_mut().flatten() {
            *value = *value * size + offset;
        }
        let cloud = Cloud::from_columns(columns).unwrap();
        prop_assume!(extent(&cloud) > 1e-2);
        let factor = 1.5 / extent(&cloud);
        let fitted = FITTED.apply(cloud.clone(), Frame::YUp);
        prop_assert_eq!(extent(&fitted), 1.5);
        let bounds = Bounds::of(&fitted.columns().positions).unwrap();
        prop_assert!(bounds.centre().iter().all(|axis| axis.abs() < 1e-6));
        prop_assert_eq!(&fitted.columns().opacity_logits, &cloud.columns().opacity_logits);
        prop_assert_eq!(&fitted.columns().rotations, &cloud.columns().rotations);
        for (before, after) in cloud.iter().zip(fitted.iter()) {
            let (before, after) = (covariance(&before), covariance(&after));
            for (before, after) in before.iter().flatten().zip(after.iter().flatten()) {
                let expected = before * factor * factor;
                let scale = factor * factor * 6.0_f64.exp();
                prop_assert!((after - expected).abs() < 1e-5 * scale, "{after} for {expected}");
            }
        }
        let again = FITTED.apply(fitted.clone(), Frame::YUp);
        prop_assert_eq!(again, fitted);
    }
}
