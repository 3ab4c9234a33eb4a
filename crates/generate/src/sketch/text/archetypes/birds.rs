//! Birds and what flies or crawls with six or eight legs.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Texture, hex, rgb};
use crate::sketch::text::solid::{Solid, ball, egg, lathe, pair, plate, rod, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("bird", "parrot,macaw,sparrow,robin,canary,dove,pigeon,crow,raven,cardinal,bluebird,finch,cockatoo,toucan,magpie,hummingbird,woodpecker,phoenix", bird),
    Archetype::new("eagle", "hawk,falcon,vulture,condor", eagle),
    Archetype::new("owl", "barn owl", owl),
    Archetype::new("penguin", "puffin", penguin),
    Archetype::new("flamingo", "heron,stork,crane bird,ostrich,emu,egret", flamingo),
    Archetype::new("duck", "swan,duckling,rubber duck,pelican,seagull,gull", duck),
    Archetype::new("chicken", "hen,rooster,turkey,chick,cockerel", chicken),
    Archetype::new("peacock", "peahen", peacock),
    Archetype::new("bat", "vampire bat", bat),
    Archetype::new("butterfly", "moth,dragonfly", butterfly),
    Archetype::new("bee", "wasp,bumblebee,hornet,fly,cicada,beetle,ladybug,ladybird,cricket,grasshopper,locust,mosquito,insect,bug,scarab", bee),
    Archetype::new("spider", "tarantula,ant,scorpion", spider),
];

fn eyes(m: &mut Model, radius: f32, x: f32, y: f32, z: f32) {
    m.add("eye", own(0x14110f), pair(ball(radius).at(x, y, z))).hard();
}

/// Two thin legs with toes.
fn bird_legs(m: &mut Model, x: f32, hip: f32, z: f32, radius: f32) {
    let leg = tube(&[(x, hip, z, radius * 1.3), (x, radius, z, radius)]);
    m.add("leg", own(0xd89a3a), pair(leg)).hard();
    for spread in [-0.05, 0.0, 0.05] {
        let toe = tube(&[(x, radius, z, radius), (x + spread, radius * 0.6, z + 0.1, radius * 0.7)]);
        m.add("foot", own(0xd89a3a), pair(toe)).hard();
    }
}

/// A wing folded against the flank, as a flattened drop.
fn folded_wing(x: f32, y: f32, z: f32, length: f32) -> [Solid; 2] {
    pair(egg(0.045, length * 0.34, length * 0.62).turn_x(35.0).turn_z(8.0).at(x, y, z))
}

fn bird(wish: &mut Wish<'_>) -> Model {
    let code = match () {
        () if wish.any("crow raven magpie") => 0x232329,
        () if wish.any("dove cockatoo") => 0xf1f0ec,
        () if wish.any("cardinal phoenix macaw") => 0xd03022,
        () if wish.any("canary") => 0xf3d338,
        () if wish.any("parrot") => 0x3aa83c,
        () if wish.any("bluebird") => 0x3a78d0,
        () => 0x9a7a58,
    };
    let mut m = Model::living(hex(code).with(Texture::Fur), 0.08);
    m.add("body", MAIN, [egg(0.2, 0.26, 0.24).turn_x(-25.0).at(0.0, 0.5, 0.0)]);
    m.add("head", MAIN, [ball(0.16).at(0.0, 0.83, 0.1), egg(0.14, 0.14, 0.15).at(0.0, 0.7, 0.08)]);
    m.add("belly", Coat::Tone(1.25), [egg(0.13, 0.17, 0.1).at(0.0, 0.5, 0.15)]);
    m.add("wing", Coat::Tone(0.72), folded_wing(0.19, 0.5, -0.06, 0.36)).hard();
    m.add("tail", Coat::Tone(0.72), [egg(0.09, 0.03, 0.3).turn_x(-45.0).at(0.0, 0.22, -0.34)]).hard();
    let beak = if wish.any("toucan pelican") { 0.36 } else { 0.16 };
    m.add("beak", own(0xe8a02a), [tube(&[(0.0, 0.83, 0.22, 0.06), (0.0, 0.82, 0.22 + beak * 0.7, 0.045), (0.0, 0.76, 0.22 + beak, 0.012)])]).hard();
    eyes(&mut m, 0.033, 0.115, 0.88, 0.19);
    bird_legs(&mut m, 0.09, 0.32, 0.02, 0.018);
    if wish.any("cockatoo cardinal phoenix") {
        m.add("crest", MAIN, [taper(0.06, 0.0, 0.24).turn_x(-25.0).at(0.0, 1.04, 0.02)]);
    }
    m
}

fn eagle(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x5d3c22).with(Texture::Fur), 0.07);
    m.add("body", MAIN, [egg(0.19, 0.33, 0.2).turn_x(-15.0).at(0.0, 0.58, 0.0)]);
    m.add("head", second(0xf2efe8), [ball(0.14).at(0.0, 0.98, 0.1)]);
    m.add("beak", own(0xe9b52c), [tube(&[(0.0, 0.98, 0.2, 0.06), (0.0, 0.97, 0.3, 0.045), (0.0, 0.88, 0.34, 0.012)])]).hard();
    eyes(&mut m, 0.03, 0.1, 1.02, 0.19);
    m.add("tail", MAIN, [egg(0.13, 0.035, 0.26).turn_x(-40.0).at(0.0, 0.22, -0.28)]);
    bird_legs(&mut m, 0.09, 0.34, 0.04, 0.03);
    let raise = wish.vary(0.15);
    for index in 0..6 {
        let i = index as f32;
        let tip = 0.62 + 0.1 * (3.0 - (i - 2.0).abs());
        m.add("wing", MAIN, pair(tube(&[
            (0.1, 0.76 - 0.03 * i, -0.02, 0.06),
            (0.45, (0.94 - 0.07 * i) * raise, -0.06 - 0.01 * i, 0.07),
            (tip + 0.2, (1.16 - 0.19 * i) * raise, -0.12, 0.03),
        ]).stretch(1.0, 1.0, 0.6))).hard();
    }
    m
}

fn owl(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x8b6644).with(Texture::Fur), 0.08);
    m.add("body", MAIN, [egg(0.26, 0.36, 0.23).at(0.0, 0.42, 0.0), egg(0.24, 0.2, 0.2).at(0.0, 0.82, 0.0)]);
    m.add("belly", Coat::Second(hex(0xe3d2b0).with(Texture::Spots(rgb(0x8b6644)))), [egg(0.18, 0.27, 0.14).at(0.0, 0.4, 0.11)]).hard();
    m.add("face", Coat::Tone(1.35), pair(egg(0.11, 0.11, 0.05).at(0.1, 0.84, 0.16))).hard();
    m.add("eye", own(0xf2b21c), pair(egg(0.07, 0.07, 0.05).at(0.1, 0.85, 0.19))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.032).at(0.1, 0.85, 0.222))).hard();
    m.add("beak", own(0xd9a133), [taper(0.0, 0.045, 0.12).at(0.0, 0.76, 0.22)]).hard();
    m.add("ear", Coat::Tone(0.8), pair(taper(0.07, 0.0, 0.18).turn_z(-18.0).at(0.17, 1.05, 0.02)));
    m.add("wing", Coat::Tone(0.7), folded_wing(0.25, 0.46, -0.02, 0.42)).hard();
    bird_legs(&mut m, 0.1, 0.14, 0.1, 0.03);
    m
}

fn penguin(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x23262e), 0.08);
    m.add("body", MAIN, [egg(0.28, 0.44, 0.25).at(0.0, 0.5, 0.0), egg(0.19, 0.19, 0.18).at(0.0, 0.98, 0.02)]);
    m.add("belly", own(0xf4f3ee), [egg(0.21, 0.36, 0.17).at(0.0, 0.46, 0.105)]).hard();
    m.add("wing", Coat::Tone(0.85), pair(egg(0.05, 0.3, 0.12).turn_z(20.0).at(0.32, 0.54, 0.0))).hard();
    m.add("beak", own(0xf09a26), [taper(0.06, 0.008, 0.2).turn_x(90.0).at(0.0, 0.96, 0.27)]).hard();
    m.add("foot", own(0xf09a26), pair(egg(0.11, 0.04, 0.17).turn_y(15.0).at(0.13, 0.04, 0.11))).hard();
    m.add("eye", own(0xf6f6f4), pair(ball(0.042).at(0.085, 1.03, 0.165))).hard();
    m.add("pupil", own(0x101010), pair(ball(0.024).at(0.09, 1.035, 0.195))).hard();
    m.add("tail", MAIN, [egg(0.09, 0.05, 0.13).at(0.0, 0.12, -0.24)]);
    m
}

fn flamingo(wish: &mut Wish<'_>) -> Model {
    let code = if wish.any("heron stork crane egret") { 0xd5dbe2 } else if wish.any("ostrich emu") { 0x4a4038 } else { 0xf49ab4 };
    let mut m = Model::living(hex(code).with(Texture::Fur), 0.06);
    m.add("body", MAIN, [egg(0.17, 0.19, 0.28).turn_x(-12.0).at(0.0, 0.86, -0.02)]);
    m.add("wing", Coat::Tone(0.85), folded_wing(0.15, 0.88, -0.08, 0.36)).hard();
    m.add("tail", MAIN, [egg(0.08, 0.05, 0.16).turn_x(-25.0).at(0.0, 0.78, -0.32)]);
    m.add("neck", MAIN, [tube(&[(0.0, 0.92, 0.2, 0.07), (0.0, 1.05, 0.36, 0.045), (0.0, 1.28, 0.28, 0.04), (0.0, 1.5, 0.22, 0.04), (0.0, 1.58, 0.32, 0.045)])]);
    m.add("head", MAIN, [egg(0.065, 0.065, 0.09).at(0.0, 1.57, 0.36)]);
    m.add("beak", own(0xf2e6dc), [tube(&[(0.0, 1.55, 0.43, 0.04), (0.0, 1.5, 0.52, 0.035)])]).hard();
    m.add("beak", own(0x22201f), [tube(&[(0.0, 1.5, 0.52, 0.034), (0.0, 1.42, 0.55, 0.015)])]).hard();
    eyes(&mut m, 0.016, 0.058, 1.59, 0.39);
    let joint = |x: f32| tube(&[(x, 0.75, 0.0, 0.03), (x, 0.4, -0.03, 0.02), (x, 0.02, 0.02, 0.017)]);
    m.add("leg", own(0xe27a8e), pair(joint(0.07))).hard();
    m.add("foot", own(0xe27a8e), pair(egg(0.06, 0.014, 0.09).at(0.07, 0.014, 0.07))).hard();
    m
}

fn duck(wish: &mut Wish<'_>) -> Model {
    let swan = wish.any("swan");
    let code = if wish.any("swan seagull gull pelican") { 0xf4f3f0 } else if wish.any("rubber duck duckling") { 0xf6d22a } else { 0x8a6b48 };
    let mut m = Model::living(hex(code), 0.1);
    m.add("body", MAIN, [egg(0.28, 0.24, 0.4).at(0.0, 0.26, 0.0)]);
    let top = if swan { 0.92 } else { 0.64 };
    m.add("neck", MAIN, [tube(&[(0.0, 0.34, 0.26, 0.12), (0.0, 0.34 + (top - 0.34) * 0.5, 0.4, 0.08), (0.0, top, 0.3, 0.08)])]);
    m.add("head", if code == 0x8a6b48 { second(0x1f6a45) } else { MAIN }, [egg(0.13, 0.13, 0.14).at(0.0, top + 0.05, 0.33)]);
    m.add("beak", own(0xef8f22), [egg(0.075, 0.03, 0.12).at(0.0, top + 0.01, 0.5)]).hard();
    eyes(&mut m, 0.026, 0.095, top + 0.1, 0.42);
    m.add("wing", Coat::Tone(0.88), pair(egg(0.05, 0.14, 0.28).turn_x(12.0).at(0.27, 0.32, -0.06))).hard();
    m.add("tail", MAIN, [egg(0.12, 0.05, 0.14).turn_x(35.0).at(0.0, 0.36, -0.4)]);
    m
}

fn chicken(wish: &mut Wish<'_>) -> Model {
    let chick = wish.any("chick");
    let mut m = Model::living(hex(if chick { 0xf6d84a } else { 0xc87f45 }).with(Texture::Fur), 0.1);
    m.add("body", MAIN, [egg(0.25, 0.25, 0.3).at(0.0, 0.48, 0.0)]);
    m.add("neck", MAIN, [tube(&[(0.0, 0.55, 0.18, 0.15), (0.0, 0.85, 0.24, 0.09)])]);
    m.add("head", MAIN, [ball(0.11).at(0.0, 0.92, 0.25)]);
    m.add("tail", second(0x3b2a20), (0..4).map(|i| { let i = i as f32; tube(&[(0.0, 0.55, -0.2, 0.06), (0.05 * (i - 1.5), 0.85, -0.42, 0.05), (0.07 * (i - 1.5), 0.8 - 0.06 * i, -0.62, 0.03)]) })).hard();
    m.add("comb", own(0xd1261f), [-0.05, 0.02, 0.09].map(|z| egg(0.025, 0.07, 0.05).at(0.0, 1.05, 0.22 + z))).hard();
    m.add("comb", own(0xd1261f), [egg(0.03, 0.06, 0.03).at(0.0, 0.8, 0.36)]).hard();
    m.add("beak", own(0xeab03a), [taper(0.045, 0.005, 0.12).turn_x(95.0).at(0.0, 0.9, 0.4)]).hard();
    eyes(&mut m, 0.022, 0.085, 0.95, 0.31);
    m.add("wing", Coat::Tone(0.8), folded_wing(0.23, 0.5, -0.03, 0.34)).hard();
    bird_legs(&mut m, 0.1, 0.3, 0.02, 0.022);
    m
}

fn peacock(wish: &mut Wish<'_>) -> Model {
    let mut m = bird(wish);
    m.default = hex(0x1d5fb4);
    m.add("fan", Coat::Second(hex(0x1f8f62)), (0..13).map(|i| egg(0.075, 0.5, 0.02).at(0.0, 0.62, 0.0).turn_z(-84.0 + 14.0 * i as f32).at(0.0, 0.42, -0.28))).hard();
    m.add("spot", own(0x2a49b8), (0..13).map(|i| egg(0.05, 0.07, 0.03).at(0.0, 0.98, 0.01).turn_z(-84.0 + 14.0 * i as f32).at(0.0, 0.42, -0.27))).hard();
    m
}

fn bat(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x3a3034).with(Texture::Fur), 0.05);
    m.add("body", MAIN, [egg(0.11, 0.18, 0.1).at(0.0, 0.0, 0.0), ball(0.11).at(0.0, 0.24, 0.03)]);
    m.add("ear", MAIN, pair(taper(0.05, 0.0, 0.14).turn_z(-15.0).at(0.07, 0.38, 0.02)));
    m.add("eye", own(0xd03a2a), pair(ball(0.02).at(0.045, 0.26, 0.125))).hard();
    let wing = plate(&[(0.06, 0.1), (0.35, 0.32), (0.75, 0.2), (0.66, 0.0), (0.55, 0.06), (0.44, -0.12), (0.3, -0.02), (0.2, -0.18), (0.06, -0.1)], 0.025);
    m.add("wing", Coat::Tone(0.8), pair(wing)).hard();
    m
}

fn butterfly(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xe8862a).with(Texture::Spots(rgb(0x241a16))), 0.03);
    m.add("body", own(0x2a211d), [tube(&[(0.0, -0.3, 0.0, 0.025), (0.0, 0.0, 0.0, 0.045), (0.0, 0.16, 0.0, 0.05), (0.0, 0.24, 0.0, 0.045)])]);
    m.add("antenna", own(0x2a211d), pair(tube(&[(0.02, 0.26, 0.0, 0.012), (0.12, 0.44, 0.02, 0.01), (0.18, 0.5, 0.02, 0.018)])));
    m.add("wing", MAIN, pair(egg(0.3, 0.2, 0.014).turn_z(38.0).at(0.3, 0.22, -0.02).turn_y(12.0))).hard();
    m.add("wing", MAIN, pair(egg(0.2, 0.15, 0.014).turn_z(-40.0).at(0.21, -0.17, -0.02).turn_y(12.0))).hard();
    m
}

fn bee(wish: &mut Wish<'_>) -> Model {
    let (paint, striped) = match () {
        () if wish.any("bee wasp bumblebee hornet") => (hex(0xf2c21c).with(Texture::Stripes(rgb(0x1b1815))), true),
        () if wish.any("ladybug ladybird") => (hex(0xd4231c).with(Texture::Spots(rgb(0x161313))), false),
        () if wish.any("cicada cricket grasshopper locust") => (hex(0x5d9a3a).finish(Finish::Gloss), false),
        () => (hex(0x2d4a3c).finish(Finish::Gloss), false),
    };
    let mut m = Model::living(paint, 0.04);
    m.add("body", MAIN, [egg(0.19, 0.18, 0.3).at(0.0, 0.32, -0.18)]);
    m.add("thorax", Coat::Tone(0.75), [egg(0.17, 0.16, 0.16).at(0.0, 0.34, 0.16)]);
    m.add("head", Coat::Tone(0.6), [egg(0.14, 0.12, 0.1).at(0.0, 0.33, 0.36)]);
    m.add("eye", own(0x7a1d14), pair(ball(0.06).at(0.11, 0.38, 0.4))).hard();
    m.add("antenna", own(0x1c1816), pair(tube(&[(0.04, 0.42, 0.4, 0.013), (0.1, 0.58, 0.5, 0.011), (0.14, 0.6, 0.6, 0.015)]))).hard();
    for z in [0.0, 0.14, 0.28] {
        let reach = (z - 0.14) * 1.4;
        m.add("leg", own(0x1f1a17), pair(tube(&[(0.1, 0.26, z, 0.025), (0.34, 0.3, z + reach * 0.6, 0.02), (0.42, 0.02, z + reach, 0.014)]))).hard();
    }
    let wing = hex(0xd7e6ee).finish(Finish::Glass);
    let spread = if striped { 35.0 } else { 12.0 };
    m.add("wing", Coat::Own(wing), pair(egg(0.13, 0.012, 0.42).at(0.0, 0.0, -0.34).turn_y(-spread).turn_x(14.0).at(0.08, 0.5, 0.16))).hard();
    m
}

fn spider(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x2b2422).with(Texture::Fur), 0.05);
    m.add("body", MAIN, [egg(0.24, 0.22, 0.3).at(0.0, 0.32, -0.24), egg(0.15, 0.12, 0.17).at(0.0, 0.28, 0.14)]);
    m.add("eye", own(0xc22a1e), pair(ball(0.035).at(0.05, 0.34, 0.28))).hard();
    let legs = if wish.has("ant") { 3 } else { 4 };
    for index in 0..legs {
        let z = 0.28 - 0.13 * index as f32;
        let reach = 0.36 - 0.26 * index as f32;
        m.add("leg", MAIN, pair(tube(&[(0.1, 0.28, z, 0.035), (0.42, 0.56, z + reach * 0.5, 0.03), (0.72, 0.02, z + reach, 0.014)])));
    }
    if wish.has("scorpion") {
        m.add("tail", MAIN, [tube(&[(0.0, 0.3, -0.5, 0.07), (0.0, 0.6, -0.72, 0.06), (0.0, 0.92, -0.5, 0.05), (0.0, 0.85, -0.25, 0.02)])]);
    }
    // A small stand keeps the crawler's shadow side closed.
    m.add("belly", Coat::Tone(0.8), [lathe(&[(0.0, 0.12), (0.1, 0.14), (0.08, 0.22), (0.0, 0.22)]), rod(0.05, 0.05).at(0.0, 0.2, 0.1)]);
    m
}
