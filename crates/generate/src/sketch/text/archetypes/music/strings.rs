//! Instruments with strings to pluck or bow.

use super::{parts, steel, varnished};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, hex};
use crate::sketch::text::solid::{
    ball, block, egg, pair, plate, ring, rod, soft_block, taper, tube,
};

/// A neck from the body up to a head with pegs, and `count` strings down to the bridge.
fn neck(m: &mut Model, low: f32, bridge: f32, count: i16) {
    let x = |i: i16| 0.1 * (f32::from(i) / f32::from(count - 1) - 0.5);
    parts! { m:
        "neck" second(0x4a2c1a) => [soft_block(0.12, 1.1 - low, 0.07, 0.02).at(0.0, 0.5 * (1.1 + low), 0.06),
            plate(&[(-0.06, 1.08), (0.06, 1.08), (0.1, 1.36), (-0.1, 1.36)], 0.05).at(0.0, 0.0, 0.05)];
        "fret" Coat::Own(steel()) => (0..5).map(|i| block(0.12, 0.01, 0.02)
            .at(0.0, 1.04 - 0.14 * i as f32, 0.095));
        "peg" Coat::Own(steel()) => (0..3).flat_map(|i| pair(egg(0.05, 0.025, 0.02).at(0.13, 1.14 + 0.08 * i as f32, 0.05)));
        "string" own(0xe2e0d6) => (0..count).map(|i| tube(&[(x(i), bridge, 0.17, 0.005), (x(i), 1.1, 0.105, 0.005)]));
    }
}

pub(super) fn guitar(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(varnished(0xc98a44));
    let waist = [
        (0.0, -0.62),
        (0.3, -0.6),
        (0.44, -0.34),
        (0.38, -0.1),
        (0.27, 0.06),
        (0.3, 0.24),
        (0.26, 0.4),
        (0.0, 0.46),
    ];
    let pear = [
        (0.0, -0.6),
        (0.3, -0.56),
        (0.42, -0.3),
        (0.38, -0.02),
        (0.24, 0.24),
        (0.08, 0.44),
        (0.0, 0.46),
    ];
    let half = if wish.any("lute mandolin sitar") {
        pear.to_vec()
    } else {
        waist.to_vec()
    };
    let outline: Vec<_> = half
        .iter()
        .copied()
        .chain(half.iter().rev().map(|&(x, y)| (-x, y)))
        .collect();
    let rim: Vec<_> = outline.iter().map(|&(x, y)| (x, y, 0.12, 0.018)).collect();
    parts! { m:
        "body" MAIN => [plate(&outline, 0.24)];
        "trim" second(0x4a2c1a) => [tube(&rim)];
        "hole" own(0x1c120c) => [rod(0.13, 0.02).turn_x(90.0).at(0.0, 0.08, 0.12)];
        "rosette" second(0x4a2c1a) => [ring(0.145, 0.015).turn_x(90.0).at(0.0, 0.08, 0.12)];
        "bridge" second(0x4a2c1a) => [soft_block(0.26, 0.06, 0.07, 0.02).at(0.0, -0.32, 0.14)];
    }
    neck(&mut m, 0.24, -0.32, if wish.any("ukulele") { 3 } else { 4 });
    m
}

pub(super) fn electric_guitar(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc4201e).finish(Finish::Gloss));
    let outline = [
        (0.0, -0.6),
        (0.24, -0.6),
        (0.4, -0.42),
        (0.38, -0.18),
        (0.26, 0.0),
        (0.3, 0.2),
        (0.38, 0.42),
        (0.28, 0.44),
        (0.16, 0.26),
        (0.0, 0.2),
        (-0.16, 0.26),
        (-0.26, 0.5),
        (-0.38, 0.5),
        (-0.36, 0.22),
        (-0.28, 0.0),
        (-0.4, -0.2),
        (-0.42, -0.42),
        (-0.26, -0.58),
    ];
    parts! { m:
        "body" MAIN => [plate(&outline, 0.15)];
        "pickguard" second(0xf2f0e8) => [plate(&[(-0.2, -0.2), (0.1, -0.44), (0.26, -0.3), (0.2, 0.12), (-0.12, 0.2)], 0.17)];
        "pickup" own(0x1d1d20) => (0..3).map(|i| soft_block(0.2, 0.06, 0.04, 0.015).at(0.0, 0.08 - 0.14 * i as f32, 0.1));
        "bridge" Coat::Own(steel()) => [soft_block(0.2, 0.09, 0.06, 0.02).at(0.0, -0.36, 0.12)];
        "knob" own(0x1d1d20) => (0..3).map(|i| rod(0.035, 0.06).turn_x(90.0).at(0.24 - 0.03 * i as f32, -0.24 - 0.09 * i as f32, 0.1));
    }
    neck(&mut m, 0.16, -0.36, 4);
    m
}

pub(super) fn banjo(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(varnished(0xa8642c));
    parts! { m:
        "body" MAIN => [rod(0.44, 0.16).turn_x(90.0).at(0.0, -0.2, 0.02)];
        "head" second(0xf2eee0) => [rod(0.4, 0.04).turn_x(90.0).at(0.0, -0.2, 0.1)];
        "rim" Coat::Own(steel()) => [ring(0.42, 0.03).turn_x(90.0).at(0.0, -0.2, 0.11)];
        "bridge" own(0x4a2c1a) => [soft_block(0.2, 0.03, 0.06, 0.01).at(0.0, -0.38, 0.14)];
    }
    neck(&mut m, 0.16, -0.38, 4);
    m
}

pub(super) fn violin(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(varnished(0x9a4a1e));
    let half = [
        (0.0, -0.62),
        (0.26, -0.6),
        (0.38, -0.4),
        (0.34, -0.2),
        (0.3, -0.16),
        (0.22, -0.04),
        (0.24, 0.1),
        (0.3, 0.16),
        (0.28, 0.32),
        (0.16, 0.44),
        (0.0, 0.46),
    ];
    let outline: Vec<_> = half
        .iter()
        .copied()
        .chain(half.iter().rev().map(|&(x, y)| (-x, y)))
        .collect();
    parts! { m:
        "body" MAIN => [plate(&outline, 0.14), egg(0.3, 0.5, 0.11).at(0.0, -0.08, 0.02)];
        "hole" own(0x1c100a) => pair(tube(&[(0.12, 0.0, 0.11, 0.018), (0.15, -0.1, 0.105, 0.014), (0.15, -0.18, 0.1, 0.014), (0.18, -0.28, 0.085, 0.018)]));
        "neck" second(0x26180f) => [soft_block(0.08, 1.0, 0.06, 0.02).turn_x(-3.0).at(0.0, 0.58, 0.14), tube(&[(0.0, 1.0, 0.1, 0.045), (0.0, 1.2, 0.06, 0.045), (0.0, 1.26, 0.12, 0.04), (0.0, 1.18, 0.15, 0.03)])];
        "peg" second(0x26180f) => (0..2).flat_map(|i| pair(egg(0.09, 0.025, 0.025).at(0.1, 1.06 + 0.09 * i as f32, 0.08)));
        "bridge" own(0xe0b878) => [soft_block(0.16, 0.03, 0.12, 0.01).at(0.0, -0.14, 0.16)];
        "tailpiece" second(0x26180f) => [plate(&[(-0.07, -0.26), (0.07, -0.26), (0.03, -0.56), (-0.03, -0.56)], 0.04).at(0.0, 0.0, 0.16)];
        "string" own(0xe6e4da) => (0..4).map(|i| tube(&[(0.025 * i as f32 - 0.038, -0.3, 0.185, 0.005), (0.025 * i as f32 - 0.038, -0.14, 0.225, 0.005), (0.016 * i as f32 - 0.024, 1.04, 0.15, 0.005)]));
    }
    if wish.any("cello contrabass") || wish.has("double bass") {
        parts! { m: "spike" Coat::Own(steel()) => [taper(0.01, 0.025, 0.26).at(0.0, -0.74, 0.0)]; }
    } else {
        parts! { m: "chin rest" second(0x26180f) => [egg(0.11, 0.07, 0.04).at(-0.17, -0.5, 0.1)];
        "bow" own(0x7a4a26) => [tube(&[(0.52, -0.6, 0.06, 0.016), (0.62, 0.3, 0.06, 0.014), (0.56, 1.1, 0.06, 0.012)])];
        "hair" own(0xf2efe4) => [tube(&[(0.48, -0.56, 0.06, 0.01), (0.52, 1.08, 0.06, 0.01)])]; }
    }
    m
}

pub(super) fn harp(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd9a93a).finish(Finish::Metal));
    parts! { m:
        "pillar" MAIN => [tube(&[(-0.5, -0.74, 0.0, 0.06), (-0.52, 0.0, 0.0, 0.05), (-0.5, 0.78, 0.0, 0.06)]), ball(0.1).at(-0.5, 0.84, 0.0)];
        "neck" MAIN => [tube(&[(-0.5, 0.76, 0.0, 0.06), (-0.24, 0.62, 0.0, 0.06), (0.1, 0.48, 0.0, 0.06), (0.36, 0.66, 0.0, 0.06), (0.56, 0.6, 0.0, 0.07)])];
        "body" Coat::Second(varnished(0x8a4a20)) => [tube(&[(0.56, 0.6, 0.0, 0.07), (0.1, -0.1, 0.0, 0.11), (-0.38, -0.76, 0.0, 0.16)])];
        "base" MAIN => [soft_block(0.56, 0.12, 0.4, 0.05).at(-0.38, -0.84, 0.0)];
        "string" own(0xf2eee0) => (0..13).map(|i| { let t = (i as f32 + 1.0) / 14.0; let x = 0.5 - 0.92 * t;
            tube(&[(x, 0.52 - 1.2 * t, 0.0, 0.007), (x, 0.6 - 0.1 * (t * 9.0).sin() * (1.0 - t), 0.0, 0.007)]) });
    }
    m
}
