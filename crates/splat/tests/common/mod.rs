//! What the tests of this crate share: goldens, and clouds of our own making.

// Every test file uses its own share of this.
#![allow(dead_code, unreachable_pub)]

use std::path::PathBuf;

use proptest::prelude::*;
use splat::{Cloud, Columns, Sh, Splat};

/// A file under `tests/data`.
pub fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of the shared data, which a plain checkout does not have.
pub fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    let bytes = std::fs::read(path).ok();
    if bytes.is_none() {
        println!("skipped: no ../shared");
    }
    bytes
}

/// A cloud without defects under `pull-2025`, but for being sparse: a shell of rotated splats.
pub fn sound(count: usize) -> Cloud {
    let turn = 2.399_963_2_f32; // The golden angle spreads points evenly over a sphere.
    (0..count)
        .map(|index| {
            let height = 1.0 - 2.0 * index as f32 / (count - 1) as f32;
            let ring = (1.0 - height * height).max(0.0).sqrt() * 0.75;
            let azimuth = turn * index as f32;
            let (half_sin, half_cos) = (azimuth / 2.0).sin_cos();
            Splat {
                position: [ring * azimuth.cos(), 0.75 * height, ring * azimuth.sin()],
                log_scale: [-4.0, -4.5, -6.0],
                rotation: [half_cos, 0.0, half_sin, 0.0],
                opacity_logit: 1.0 + height,
                colour: [height, 0.5, -height],
            }
        })
        .collect()
}

/// Every bit pattern of a float.
pub fn any_float() -> impl Strategy<Value = f32> + Clone {
    any::<u32>().prop_map(f32::from_bits)
}

/// A cloud of 1 to 40 splats of any degree, its numbers drawn from `number`.
pub fn clouds<S: Strategy<Value = f32> + Clone>(number: S) -> impl Strategy<Value = Cloud> {
    (1_usize..=40, 0_u8..=3).prop_flat_map(move |(count, degree)| {
        let column = || prop::collection::vec(number.clone(), count);
        let harmonics = prop::collection::vec(number.clone(), count * Sh::values_per_splat(degree));
        let triple = || [column(), column(), column()];
        let rotations = [column(), column(), column(), column()];
        (triple(), triple(), rotations, column(), triple(), harmonics).prop_map(
            move |(positions, log_scales, rotations, opacity_logits, colours, values)| {
                let sh = Sh { degree, values };
                Cloud::from_columns(Columns {
                    positions,
                    log_scales,
                    rotations,
                    opacity_logits,
                    colours,
                    sh,
                })
                .unwrap()
            },
        )
    })
}

/// The numbers of a cloud, column after column, as bits: not-a-number equals itself then.
pub fn bits(cloud: &Cloud) -> Vec<u32> {
    let columns = cloud.columns();
    let all = columns
        .positions
        .iter()
        .chain(&columns.log_scales)
        .chain(&columns.rotations);
    let all = all.chain([&columns.opacity_logits]).chain(&columns.colours);
    all.chain([&columns.sh.values])
        .flatten()
        .map(|value| value.to_bits())
        .collect()
}

/// The header of a PLY of `count` splats, every property of type `kind`.
pub fn vertices(format: &str, count: u64, kind: &str) -> Vec<u8> {
    let fields =
        "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3";
    let properties: String = fields
        .split(' ')
        .map(|field| format!("property {kind} {field}\n"))
        .collect();
    format!("ply\nformat {format} 1.0\nelement vertex {count}\n{properties}end_header\n").into()
}
