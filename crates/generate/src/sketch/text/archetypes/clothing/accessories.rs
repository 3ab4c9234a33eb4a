//! Shoes, bags, and what else is worn besides garments.

use super::{cloth, gold, parts};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{
    ball, egg, lathe, pair, plate, ring, rod, soft_block, taper, tube,
};

/// A shoe up to the ankle, toe to the front, then turned to show its side.
fn footwear(paint: Paint, sole: u32) -> Model {
    let mut m = Model::living(paint, 0.08);
    m.living = false;
    let foot = [
        (0.0, 0.16, -0.42, 0.16),
        (0.0, 0.16, 0.0, 0.17),
        (0.0, 0.12, 0.44, 0.15),
    ];
    let tread = [
        (0.0, 0.0, -0.46, 0.17),
        (0.0, 0.0, 0.0, 0.16),
        (0.0, 0.0, 0.3, 0.2),
        (0.0, 0.0, 0.48, 0.16),
    ];
    parts! { m: "body" MAIN => [tube(&foot)];
    "sole" second(sole) => [tube(&tread).stretch(1.08, 0.42, 1.04).at(0.0, -0.01, 0.0)], hard; }
    m
}

fn laced(m: &mut Model, count: u16) {
    parts! { m: "lace" second(0xf4f4f0) => (0..count).map(|i| { let t = 0.1 * f32::from(i);
    tube(&[(-0.09, 0.3 + t, 0.17 - t, 0.018), (0.0, 0.33 + t, 0.2 - t, 0.018), (0.09, 0.3 + t, 0.17 - t, 0.018)]) }), hard; }
}

pub(super) fn shoe(wish: &mut Wish<'_>) -> Model {
    let smart = wish.any("loafer slipper sandal leather");
    let mut m = footwear(
        if smart {
            hex(0x5a3420).finish(Finish::Gloss)
        } else {
            hex(0xc8302c)
        },
        if smart { 0x2a1a12 } else { 0xf2f2ee },
    );
    parts! { m:
        "body" MAIN => [taper(0.2, 0.165, 0.3).stretch(0.9, 1.0, 1.2).at(0.0, 0.28, -0.28), tube(&[(0.0, 0.3, -0.12, 0.13), (0.0, 0.2, 0.16, 0.13)])];
        "lining" Coat::Tone(0.5) => [rod(0.13, 0.03).stretch(0.9, 1.0, 1.2).at(0.0, 0.43, -0.28)], hard;
        "stripe" second(0xf2f2ee) => (0..2).flat_map(|i| pair(tube(&[(0.165, 0.12, 0.04 - 0.12 * i as f32, 0.022), (0.16, 0.28, -0.08 - 0.12 * i as f32, 0.022)]))), hard;
    }
    if !smart {
        laced(&mut m, 2);
    }
    m.map(|solid| solid.turn_y(60.0))
}

pub(super) fn boot(wish: &mut Wish<'_>) -> Model {
    let mut m = footwear(
        if wish.has("rain boot") {
            hex(0xf0c21c)
        } else {
            hex(0x6a4022)
        }
        .finish(Finish::Gloss),
        0x241812,
    );
    parts! { m:
        "shaft" MAIN => [lathe(&[(0.0, 0.0), (0.2, 0.0), (0.18, 0.3), (0.23, 0.85), (0.2, 0.85), (0.16, 0.7), (0.0, 0.7)]).at(0.0, 0.16, -0.28)];
        "trim" second(0xc9a678) => [ring(0.215, 0.03).at(0.0, 1.0, -0.28)], hard;
        "heel" second(0x241812) => [soft_block(0.28, 0.16, 0.26, 0.04).at(0.0, -0.1, -0.42)], hard;
    }
    if wish.has("hiking boot") || wish.has("combat boot") || wish.any("lace") {
        laced(&mut m, 3);
    }
    m.map(|solid| solid.turn_y(60.0))
}

pub(super) fn high_heel(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xc01c30).finish(Finish::Gloss), 0.05);
    m.living = false;
    let step = [
        (0.0, 0.42, -0.5, 0.1),
        (0.0, 0.36, -0.3, 0.09),
        (0.0, 0.12, 0.1, 0.1),
        (0.0, 0.06, 0.36, 0.12),
        (0.0, 0.05, 0.56, 0.05),
    ];
    parts! { m: "body" MAIN => [tube(&step).stretch(1.2, 1.0, 1.0), taper(0.13, 0.14, 0.2).at(0.0, 0.52, -0.46), egg(0.14, 0.1, 0.2).at(0.0, 0.09, 0.38)];
    "heel" second(0x2a1418) => [tube(&[(0.0, 0.4, -0.54, 0.07), (0.0, 0.1, -0.52, 0.03), (0.0, -0.08, -0.52, 0.03)])], hard;
    "lining" Coat::Tone(0.5) => [rod(0.11, 0.03).at(0.0, 0.62, -0.46)], hard;
    }
    m.map(|solid| solid.turn_y(65.0))
}

pub(super) fn glove(wish: &mut Wish<'_>) -> Model {
    let mut m = cloth(if wish.has("baseball glove") {
        0x8a4f28
    } else {
        0x4a5a78
    });
    parts! { m:
        "body" MAIN => [egg(0.3, 0.36, 0.12)];
        "thumb" MAIN => [tube(&[(0.2, -0.14, 0.02, 0.1), (0.4, 0.06, 0.04, 0.095), (0.46, 0.22, 0.04, 0.08)])];
        "cuff" second(0xe6e0d2) => [taper(0.24, 0.2, 0.26).stretch(1.0, 1.0, 0.6).at(0.0, -0.44, 0.0), ring(0.22, 0.04).stretch(1.0, 1.0, 0.62).at(0.0, -0.56, 0.0)], hard;
    }
    if wish.any("mitten mitt") || wish.has("oven mitt") {
        parts! { m: "finger" MAIN => [egg(0.28, 0.44, 0.12).at(0.0, 0.22, 0.0)]; }
    } else {
        parts! { m: "finger" MAIN => (0..4).map(|i| { let x = i as f32 - 1.5; let top = 0.72 - 0.05 * (x + 0.3) * (x + 0.3);
        tube(&[(0.13 * x, 0.16, 0.0, 0.085), (0.17 * x, top, 0.03, 0.07)]) }); }
    }
    m
}

pub(super) fn scarf(_: &mut Wish<'_>) -> Model {
    let mut m = cloth(0xc03a34);
    let tail = |x: f32, l: f32, z: f32| {
        soft_block(0.26, l, 0.08, 0.035)
            .turn_z(6.0 * x.signum())
            .at(x, -0.5 * l, z)
    };
    let fringe = |x: f32, y: f32, z: f32| {
        (0..5).map(move |i| {
            tube(&[
                (x - 0.1 + 0.05 * i as f32, y, z, 0.018),
                (x - 0.11 + 0.055 * i as f32, y - 0.14, z, 0.012),
            ])
        })
    };
    parts! { m:
        "body" MAIN => [ring(0.34, 0.13).stretch(1.0, 1.1, 0.85), ring(0.3, 0.12).turn_x(14.0).at(0.0, 0.14, 0.02), ball(0.15).at(0.06, -0.06, 0.34)];
        "tail" MAIN => [tail(-0.06, 1.0, 0.36), tail(0.2, 0.8, 0.38)];
        "stripe" second(0xf2ead8) => [soft_block(0.28, 0.07, 0.1, 0.03).at(-0.1, -0.84, 0.36), soft_block(0.28, 0.07, 0.1, 0.03).at(0.23, -0.64, 0.38)], hard;
        "fringe" second(0xf2ead8) => fringe(-0.11, -0.98, 0.36).chain(fringe(0.24, -0.78, 0.38)), hard;
    }
    m
}

pub(super) fn sock(wish: &mut Wish<'_>) -> Model {
    let mut m = cloth(if wish.has("christmas stocking") {
        0xc4202a
    } else {
        0x4a78b8
    });
    parts! { m:
        "body" MAIN => [tube(&[(0.0, 0.6, 0.0, 0.19), (0.0, 0.1, 0.0, 0.18), (0.0, -0.28, 0.02, 0.19), (0.14, -0.46, 0.02, 0.18), (0.5, -0.5, 0.02, 0.16)])];
        "cuff" second(0xf2f0ea) => [rod(0.22, 0.22).at(0.0, 0.66, 0.0), rod(0.17, 0.23).at(0.0, 0.66, 0.0)], hard;
        "heel" second(0xf2f0ea) => [ball(0.19).at(-0.03, -0.4, 0.02)], hard;
        "toe" second(0xf2f0ea) => [ball(0.172).at(0.53, -0.5, 0.02)], hard;
    }
    m
}

pub(super) fn backpack(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2f6a4a).with(Texture::Weave));
    parts! { m:
        "body" MAIN => [soft_block(0.8, 1.0, 0.42, 0.18), soft_block(0.82, 0.34, 0.46, 0.16).at(0.0, 0.36, 0.02)];
        "pocket" second(0x24503a) => [soft_block(0.58, 0.42, 0.2, 0.08).at(0.0, -0.22, 0.24)];
        "pocket" second(0x24503a) => pair(soft_block(0.16, 0.42, 0.3, 0.07).at(0.43, -0.22, 0.0));
        "strap" second(0x5a3820) => pair(tube(&[(0.24, 0.42, -0.2, 0.05), (0.28, 0.2, -0.36, 0.05), (0.28, -0.2, -0.34, 0.045), (0.3, -0.44, -0.18, 0.035)]));
        "strap" second(0x5a3820) => pair(soft_block(0.07, 0.4, 0.03, 0.012).at(0.2, 0.16, 0.255));
        "handle" second(0x5a3820) => [tube(&[(-0.12, 0.5, -0.1, 0.03), (0.0, 0.62, -0.1, 0.03), (0.12, 0.5, -0.1, 0.03)])];
        "zipper" Coat::Own(gold()) => [tube(&[(-0.26, -0.06, 0.335, 0.012), (0.26, -0.06, 0.335, 0.012)])];
        "buckle" Coat::Own(gold()) => pair(soft_block(0.1, 0.08, 0.04, 0.015).at(0.2, 0.02, 0.27));
    }
    m
}

pub(super) fn handbag(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8a3a2a).with(Texture::Mottle).finish(Finish::Gloss));
    let body = [
        (-0.56, -0.4),
        (0.56, -0.4),
        (0.58, -0.3),
        (0.44, 0.34),
        (-0.44, 0.34),
        (-0.58, -0.3),
    ];
    parts! { m: "body" MAIN => [plate(&body, 0.36), soft_block(1.1, 0.14, 0.4, 0.06).at(0.0, -0.36, 0.0)];
    "clasp" Coat::Own(gold()) => [soft_block(0.14, 0.12, 0.05, 0.02).at(0.0, 0.02, 0.22)]; }
    if wish.any("tote bag shopping") || wish.has("tote bag") || wish.has("shopping bag") {
        parts! { m: "handle" second(0x4a2418) => [0.16, -0.16].map(|z| tube(&[(-0.24, 0.2, z * 1.15, 0.03), (-0.2, 0.66, z, 0.03), (0.2, 0.66, z, 0.03), (0.24, 0.2, z * 1.15, 0.03)])); }
        return m;
    }
    parts! { m: "flap" Coat::Tone(0.85) => [plate(&[(-0.46, 0.36), (0.46, 0.36), (0.48, 0.1), (0.0, 0.0), (-0.48, 0.1)], 0.41)];
    "handle" second(0x4a2418) => [tube(&[(-0.36, 0.32, 0.0, 0.035), (-0.3, 0.7, 0.0, 0.035), (0.0, 0.86, 0.0, 0.035), (0.3, 0.7, 0.0, 0.035), (0.36, 0.32, 0.0, 0.035)])];
    "ring" Coat::Own(gold()) => pair(ring(0.06, 0.018).turn_x(90.0).at(0.36, 0.37, 0.0)); }
    m
}

pub(super) fn glasses(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x222226).finish(Finish::Gloss));
    let lens = if wish.any("sunglasses sunglass") {
        hex(0x33302e).finish(Finish::Gloss)
    } else {
        hex(0xbfe0ea).finish(Finish::Glass)
    };
    parts! { m:
        "frame" MAIN => pair(ring(0.27, 0.035).turn_x(90.0).stretch(1.1, 0.9, 1.0).at(0.36, 0.0, 0.0));
        "frame" MAIN => [tube(&[(-0.1, 0.06, 0.0, 0.03), (0.0, 0.1, 0.02, 0.03), (0.1, 0.06, 0.0, 0.03)])];
        "lens" Coat::Second(lens) => pair(egg(0.285, 0.235, 0.025).at(0.36, 0.0, 0.0));
        "temple" MAIN => pair(tube(&[(0.66, 0.06, -0.01, 0.03), (0.7, 0.06, -0.4, 0.025), (0.68, 0.02, -0.8, 0.025), (0.66, -0.16, -0.98, 0.03)]));
    }
    m
}

pub(super) fn mask(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x6a2a8a).finish(Finish::Gloss));
    parts! { m:
        "body" MAIN => pair(egg(0.42, 0.26, 0.1).turn_z(12.0).turn_y(14.0).at(0.32, 0.0, 0.0));
        "nose" MAIN => [egg(0.1, 0.18, 0.16).at(0.0, -0.06, 0.06)];
        "eye" own(0x151518) => pair(egg(0.16, 0.085, 0.04).turn_z(12.0).turn_y(12.0).at(0.3, 0.0, 0.1));
        "trim" Coat::Second(gold()) => pair(ring(0.17, 0.022).turn_x(90.0).stretch(1.1, 0.62, 1.0).turn_z(12.0).turn_y(12.0).at(0.3, 0.0, 0.1));
        "feather" second(0xe0b63a) => (0..7).map(|i| egg(0.07, 0.3, 0.025).at(0.0, 0.46, 0.0).turn_z(39.0 - 13.0 * i as f32));
        "gem" Coat::Second(hex(0xc40d33).finish(Finish::Gem)) => [ball(0.07).at(0.0, 0.2, 0.08)];
    }
    m
}

pub(super) fn tie(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8a1c2e).with(Texture::Weave));
    parts! { m: "body" MAIN => [plate(&[(-0.07, 0.5), (0.07, 0.5), (0.18, -0.6), (0.0, -0.8), (-0.18, -0.6)], 0.05)];
    "knot" MAIN => [plate(&[(-0.15, 0.7), (0.15, 0.7), (0.08, 0.48), (-0.08, 0.48)], 0.14)];
    "stripe" second(0xe0c070) => (0..4).map(|i| plate(&[(-0.07, -0.04), (0.08, 0.03), (0.08, 0.08), (-0.07, 0.01)], 0.058).at(0.0, 0.28 - 0.24 * i as f32, 0.0));
    "collar" MAIN => [ring(0.24, 0.04).stretch(1.0, 1.2, 0.9).at(0.0, 0.74, -0.17)]; }
    m
}

pub(super) fn bow_tie(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb01c2c).with(Texture::Weave));
    parts! { m: "body" MAIN => pair(taper(0.1, 0.34, 0.66).stretch(1.0, 1.0, 0.5).turn_z(-90.0).at(0.36, 0.0, 0.0));
    "knot" second(0x8a1422) => [soft_block(0.2, 0.26, 0.22, 0.08)];
    "fold" Coat::Tone(0.75) => pair(tube(&[(0.08, 0.0, 0.08, 0.02), (0.6, 0.06, 0.16, 0.015)])); }
    m
}

pub(super) fn belt(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x5a3420).with(Texture::Mottle).finish(Finish::Gloss));
    let band = [(0.66, -0.1), (0.7, -0.1), (0.7, 0.1), (0.66, 0.1)];
    parts! { m: "band" MAIN => [lathe(&band), soft_block(0.34, 0.19, 0.04, 0.015).turn_y(20.0).at(0.3, 0.0, 0.67)];
    "buckle" Coat::Second(gold()) => [ring(0.15, 0.03).turn_x(90.0).stretch(1.1, 1.0, 1.0).at(0.0, 0.0, 0.73), tube(&[(-0.15, 0.0, 0.74, 0.018), (0.17, 0.0, 0.74, 0.018)])];
    "hole" own(0x1c1410) => (1..5).map(|i| ball(0.02).at(0.0, 0.0, 0.7).turn_y(16.0 + 6.0 * i as f32)); }
    m
}

pub(super) fn cape(_: &mut Wish<'_>) -> Model {
    let mut m = cloth(0xa81c28);
    let fold = tube(&[
        (0.16, 0.56, 0.0, 0.05),
        (0.32, 0.0, 0.0, 0.09),
        (0.5, -0.8, 0.0, 0.12),
    ]);
    let open = (0..11).map(|i| fold.clone().turn_y(-30.0 + 24.0 * i as f32));
    parts! { m: "body" MAIN => open;
    "collar" second(0xe0b63a) => [ring(0.18, 0.05).stretch(1.0, 1.6, 1.0).at(0.0, 0.62, 0.0)], hard;
    "clasp" Coat::Own(gold()) => [ball(0.07).at(0.0, 0.56, 0.2)], hard; }
    m
}
