//! Jewelry and watches, large enough to see.

use super::Archetype;
use super::table::{catalogue, parts};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{
    Solid, around, ball, block, egg, faceted, lathe, pair, ring, rod, soft_block, tube,
};

pub(super) const ALL: &[Archetype] = catalogue! {
    "ring" "wedding ring,engagement ring,signet ring,diamond ring" => finger_ring;
    "necklace" "pearl necklace,choker,chain,beads,gold chain" => necklace;
    "pendant" "amulet,locket,medallion,talisman,charm,rosary" => necklace;
    "bracelet" "bangle,anklet,armlet,cuff bracelet,chain bracelet" => bracelet;
    "earring" "stud earring,hoop earring,ear ring" => earring;
    "brooch" "broach,badge,cufflink,lapel pin,hairpin,hair clip" => brooch;
    "tiara" "diadem,circlet" => tiara;
    "watch" "wristwatch,wrist watch,smartwatch,smart watch" => watch;
    "pocket watch" "stopwatch,compass" => pocket_watch;
};

fn gold() -> Paint {
    hex(0xe0b236).finish(Finish::Metal)
}

fn gem(code: u32) -> Coat {
    Coat::Second(hex(code).finish(Finish::Gem))
}

/// A brilliant-cut stone, its table up.
fn stone(radius: f32) -> Solid {
    let cut = [
        (0.0, -0.8),
        (0.16, -0.66),
        (1.0, 0.0),
        (0.98, 0.08),
        (0.6, 0.36),
        (0.0, 0.36),
    ];
    faceted(8, &cut.map(|(r, y)| (r * radius, y * radius)))
}

/// Hour marks and two hands on a face of this radius about the origin, facing front.
fn dial(m: &mut Model, radius: f32, z: f32) {
    let r = radius;
    parts! { m:
        "face" second(0xf4f2ea) => [rod(r, 0.03).turn_x(90.0).at(0.0, 0.0, z)];
        "mark" own(0x26262a) => (0..12).map(|i| block(0.05 * r, 0.15 * r, 0.02)
            .at(0.0, 0.82 * r, z + 0.015).turn_z(30.0 * i as f32));
        "hand" own(0x1c1c20) => [tube(&[(0.0, 0.0, 0.0, 0.035 * r), (-0.42 * r, 0.26 * r, 0.0, 0.03 * r)])
            .at(0.0, 0.0, z + 0.03), tube(&[(0.0, 0.0, 0.0, 0.03 * r), (0.38 * r, 0.56 * r, 0.0, 0.02 * r)])
            .at(0.0, 0.0, z + 0.035), ball(0.06 * r).at(0.0, 0.0, z + 0.03)];
    }
}

fn finger_ring(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    if wish.has("signet ring") {
        parts! { m: "band" MAIN => [ring(0.46, 0.075).stretch(1.0, 1.5, 1.0).turn_x(90.0)];
        "gem" MAIN => [lathe(&[(0.0, 0.4), (0.2, 0.4), (0.32, 0.6), (0.3, 0.64), (0.0, 0.62)])]; }
        return m.map(|solid| solid.turn_y(25.0).turn_x(18.0));
    }
    parts! { m:
        "band" MAIN => [ring(0.46, 0.06).stretch(1.0, 1.5, 1.0).turn_x(90.0)];
        "setting" MAIN => around(6, &tube(&[(0.05, 0.46, 0.0, 0.03), (0.17, 0.62, 0.0, 0.026),
            (0.22, 0.8, 0.0, 0.022)]));
        "gem" gem(0xd3ecf8) => [stone(0.25).at(0.0, 0.74, 0.0)];
        "gem" gem(0xd3ecf8) => pair(stone(0.07).at(0.0, 0.51, 0.0).turn_z(-28.0));
    }
    m.map(|solid| solid.turn_y(25.0).turn_x(18.0))
}

/// A place on the hanging curve of a necklace, `t` in -1..1 from clasp to clasp.
fn hung(t: f32) -> (f32, f32) {
    let angle = (t * 155.0).to_radians();
    (0.55 * angle.sin(), -0.1 - 0.66 * angle.cos())
}

fn necklace(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    let beaded = wish.any("pearl bead beads rosary") || wish.has("pearl necklace");
    let links = if beaded { 29 } else { 57 };
    let along = |i: i32| hung((2 * i - links + 1) as f32 / (links - 1) as f32);
    if beaded {
        let pearl = Coat::Second(hex(0xf2ece2).finish(Finish::Gloss));
        parts! { m: "gem" pearl => (0..links).map(|i| { let (x, y) = along(i);
        ball(0.062).at(x, y, 0.0) });
        "chain" MAIN => (0..links - 1).map(|i| { let (x, y) = along(i); let (u, v) = along(i + 1);
        tube(&[(x, y, 0.0, 0.012), (u, v, 0.0, 0.012)]) }); }
        if !wish.any("pendant amulet rosary charm locket medallion") {
            return m;
        }
    } else {
        parts! { m: "chain" MAIN => (0..links).map(|i| { let (x, y) = along(i);
        let tilt = if i % 2 == 0 { 90.0 } else { 35.0 };
        ring(0.032, 0.0125).stretch(1.4, 1.0, 1.0).turn_x(tilt)
            .turn_z((y + 0.1).atan2(x).to_degrees() + 90.0).at(x, y, 0.0) }); }
    }
    let low = -1.06;
    parts! { m: "ring" MAIN => [ring(0.05, 0.016).turn_z(90.0).at(0.0, -0.8, 0.0)]; }
    if wish.any("amulet locket medallion talisman coin") {
        parts! { m:
            "pendant" MAIN => [rod(0.24, 0.06).turn_x(90.0).at(0.0, low, 0.0)];
            "trim" Coat::Tone(0.8) => [ring(0.23, 0.03).turn_x(90.0).at(0.0, low, 0.03)];
            "gem" gem(0x0e9e55) => [stone(0.13).turn_x(90.0).at(0.0, low, 0.05)];
            "accent" MAIN => (0..12).map(|i| ball(0.02).at(0.0, 0.18, 0.04).turn_z(30.0 * i as f32)
                .at(0.0, low, 0.0));
        }
        return m;
    }
    parts! { m:
        "pendant" MAIN => [ring(0.17, 0.03).turn_x(90.0).stretch(0.9, 1.2, 1.0).at(0.0, low, 0.0)];
        "gem" gem(0x1c46c9) => [stone(0.17).turn_x(90.0).stretch(0.9, 1.2, 1.0).at(0.0, low, 0.02)];
    }
    m
}

fn bracelet(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    if wish.any("bangle cuff armlet") || wish.has("cuff bracelet") {
        parts! { m: "band" MAIN => [lathe(&[(0.5, -0.13), (0.54, -0.15), (0.56, 0.0), (0.54, 0.15),
        (0.5, 0.13)])];
        "trim" Coat::Tone(0.8) => [ring(0.54, 0.025).at(0.0, 0.14, 0.0), ring(0.54, 0.025).at(0.0, -0.14, 0.0)];
        "gem" gem(0xc40d33) => around(10, &stone(0.055).turn_z(-90.0).at(0.56, 0.0, 0.0)); }
    } else if wish.any("pearl bead beads") {
        parts! { m: "gem" Coat::Second(hex(0xf2ece2).finish(Finish::Gloss)) =>
        around(22, &ball(0.082).at(0.54, 0.0, 0.0));
        "string" MAIN => [ring(0.54, 0.02)]; }
    } else {
        let link = ring(0.085, 0.028)
            .stretch(1.0, 1.0, 1.35)
            .at(0.54, 0.0, 0.0);
        let cross = ring(0.085, 0.028)
            .stretch(1.0, 1.0, 1.35)
            .turn_z(90.0)
            .at(0.54, 0.0, 0.0);
        parts! { m: "chain" MAIN => around(12, &link); "chain" MAIN => around(12, &cross.turn_y(15.0));
        "gem" gem(0xd3ecf8) => around(6, &stone(0.08).at(0.54, 0.06, 0.0));
        "clasp" Coat::Tone(0.85) => [soft_block(0.2, 0.16, 0.1, 0.04).at(0.0, 0.0, -0.54)]; }
    }
    m.map(|solid| solid.turn_x(32.0))
}

fn earring(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    let x = 0.4;
    parts! { m: "hook" MAIN => pair(tube(&[(x, 0.3, 0.0, 0.022), (x + 0.02, 0.52, 0.0, 0.022),
    (x - 0.06, 0.66, -0.04, 0.022), (x - 0.14, 0.54, -0.06, 0.02), (x - 0.14, 0.36, -0.06, 0.018)])); }
    if wish.has("hoop") || wish.has("hoop earring") {
        parts! { m: "hoop" MAIN => pair(ring(0.3, 0.035).turn_x(90.0).at(x, 0.0, 0.0));
        "gem" gem(0xd3ecf8) => pair(stone(0.07).turn_x(90.0).at(x, -0.3, 0.03)); }
        return m;
    }
    parts! { m:
        "gem" gem(0xd3ecf8) => pair(stone(0.09).turn_x(90.0).at(x, 0.26, 0.03));
        "setting" MAIN => pair(ring(0.1, 0.022).turn_x(90.0).at(x, 0.26, 0.0));
        "ring" MAIN => pair(ring(0.05, 0.015).turn_z(90.0).at(x, 0.12, 0.0));
        "gem" gem(0xd3ecf8) => pair(faceted(8, &[(0.0, -0.5), (0.13, -0.36), (0.2, -0.2), (0.12, 0.0),
            (0.03, 0.1), (0.0, 0.1)]).at(x, 0.0, 0.0));
        "cap" MAIN => pair(egg(0.06, 0.05, 0.06).at(x, 0.06, 0.0));
    }
    m
}

fn brooch(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    let petal = |i: u16, step: f32, r: f32, y: f32| {
        egg(r, 1.7 * r, 0.05)
            .at(0.0, y, 0.0)
            .turn_z(step * f32::from(i))
    };
    parts! { m:
        "petal" MAIN => (0..8).map(|i| petal(i, 45.0, 0.14, 0.36));
        "accent" Coat::Tone(0.85) => (0..8).map(|i: u16| ball(0.045).at(0.0, 0.6, 0.02).turn_z(45.0 * f32::from(i)));
        "accent" gem(0x1c8a5a) => (0..8).map(|i: u16| stone(0.055).turn_x(90.0).at(0.0, 0.42, 0.05).turn_z(45.0 * f32::from(i)));
        "setting" MAIN => [ring(0.23, 0.045).turn_x(90.0).at(0.0, 0.0, 0.06)];
        "gem" gem(0x1c8a5a) => [stone(0.22).turn_x(90.0).at(0.0, 0.0, 0.07)];
        "pin" Coat::Tone(0.7) => [tube(&[(-0.5, 0.0, -0.08, 0.018), (0.5, 0.0, -0.08, 0.018)])];
    }
    m
}

fn tiara(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd4d9e0).finish(Finish::Metal));
    let high = |i: i16| 0.5 - 0.11 * f32::from(i.abs());
    let turned = |solid: Solid, i: i16| solid.at(0.0, 0.0, 0.55).turn_y(20.0 * f32::from(i));
    parts! { m:
        "band" MAIN => [tube(&(-5..=5).map(|i: i16| { let a = (20.0 * f32::from(i)).to_radians();
            (0.55 * a.sin(), 0.0, 0.55 * a.cos(), 0.035) }).collect::<Vec<_>>())];
        "point" MAIN => (-4..=4).map(|i| turned(tube(&[(-0.1, 0.0, 0.0, 0.022), (-0.05, 0.6 * high(i), 0.0, 0.02),
            (0.0, high(i), 0.0, 0.018)]), i));
        "point" MAIN => (-4..=4).map(|i| turned(tube(&[(0.1, 0.0, 0.0, 0.022), (0.05, 0.6 * high(i), 0.0, 0.02),
            (0.0, high(i), 0.0, 0.018)]), i));
        "gem" gem(0x6ab4f0) => (-4..=4).map(|i| turned(stone(0.055).turn_x(90.0).at(0.0, high(i) + 0.03, 0.02), i));
        "gem" gem(0x6ab4f0) => (-4..=4).map(|i| turned(faceted(6, &[(0.0, -0.1), (0.04, 0.0), (0.0, 0.08)])
            .at(0.0, 0.45 * high(i), 0.0), i));
    }
    m
}

fn watch(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc3c8d0).finish(Finish::Metal));
    let smart = wish.any("smartwatch smart") || wish.has("smart watch");
    let metal = wish.any("gold golden silver steel metal bracelet chain");
    let strap = if metal {
        Coat::Tone(0.9)
    } else {
        Coat::Second(hex(0x5a3420).with(Texture::Mottle))
    };
    let band = [
        (0.0, 0.3, 0.0),
        (0.0, 0.7, -0.14),
        (0.0, 0.86, -0.5),
        (0.0, 0.6, -0.95),
        (0.0, 0.0, -1.1),
    ];
    let half = band.map(|(x, y, z)| (x, y, z, 0.05));
    let wide = [-0.16, -0.08, 0.0, 0.08, 0.16];
    parts! { m:
        "strap" strap => wide.into_iter().flat_map(|x| { let limb = tube(&half).at(x, 0.0, 0.0);
            [limb.clone(), limb.stretch(1.0, -1.0, 1.0)] });
        "lug" Coat::Tone(0.8) => pair(soft_block(0.08, 0.86, 0.1, 0.04).at(0.2, 0.0, -0.02));
        "crown" Coat::Tone(0.8) => [rod(0.06, 0.1).turn_z(90.0).at(0.44, 0.0, 0.0)];
    }
    if smart {
        parts! { m: "case" MAIN => [soft_block(0.72, 0.84, 0.2, 0.1)];
        "screen" own(0x15161c) => [soft_block(0.62, 0.74, 0.05, 0.025).at(0.0, 0.0, 0.1)];
        "icon" Coat::Own(hex(0x4ad07a).finish(Finish::Glow)) => [ring(0.2, 0.03).turn_x(90.0).at(0.0, 0.0, 0.12)]; }
    } else {
        parts! { m: "case" MAIN => [rod(0.38, 0.16).turn_x(90.0), ring(0.36, 0.05).turn_x(90.0).at(0.0, 0.0, 0.08)]; }
        dial(&mut m, 0.33, 0.09);
    }
    m
}

fn pocket_watch(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    parts! { m:
        "case" MAIN => [egg(0.55, 0.55, 0.13), ring(0.5, 0.055).turn_x(90.0).at(0.0, 0.0, 0.06)];
        "crown" MAIN => [rod(0.05, 0.14).at(0.0, 0.6, 0.0), rod(0.085, 0.1).at(0.0, 0.7, 0.0)];
        "ring" MAIN => [ring(0.13, 0.028).turn_x(90.0).at(0.0, 0.84, 0.0)];
    }
    if !wish.any("compass stopwatch") {
        parts! { m: "chain" MAIN => (0..14).map(|i| { let t = 0.08 * f32::from(i as u8);
        ring(0.045, 0.017).stretch(1.4, 1.0, 1.0).turn_x(if i % 2 == 0 { 90.0 } else { 20.0 })
            .turn_z(55.0 - 65.0 * t).at(0.05 + 0.68 * t, 0.98 - 1.3 * (t - 0.22) * (t - 0.22), 0.0) }); }
    }
    dial(&mut m, 0.46, 0.11);
    m
}
