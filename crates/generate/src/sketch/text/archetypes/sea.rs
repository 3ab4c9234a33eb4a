//! Fish, reptiles and other low or limbless animals.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Texture, hex, rgb};
use crate::sketch::text::solid::{around, ball, egg, four, lathe, pair, plate, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("fish", "goldfish,clownfish,trout,salmon fish,tuna,piranha,koi,guppy", fish),
    Archetype::new("shark", "dolphin,whale,orca,porpoise", shark),
    Archetype::new("octopus", "squid,kraken,jellyfish", octopus),
    Archetype::new("turtle", "tortoise,sea turtle", turtle),
    Archetype::new("crab", "lobster,crayfish", crab),
    Archetype::new("frog", "toad", frog),
    Archetype::new("lizard", "crocodile,alligator,gecko,iguana,chameleon,salamander,komodo dragon,newt", lizard),
    Archetype::new("snake", "python,cobra,viper,serpent,sea serpent,worm,caterpillar,eel", snake),
    Archetype::new("snail", "slug", snail),
    Archetype::new("starfish", "sea star", starfish),
    Archetype::new("shell", "seashell,conch,clam", shell),
];

fn fish(wish: &mut Wish<'_>) -> Model {
    let paint = if wish.has("clownfish") { hex(0xf07a22).with(Texture::Stripes(rgb(0xf5f5f5))) } else { hex(0xf09a32).with(Texture::Mottle).finish(Finish::Gloss) };
    let mut m = Model::living(paint, 0.04);
    let deep = wish.vary(0.12);
    m.add("body", MAIN, [egg(0.13, 0.24 * deep, 0.42)]);
    m.add("tail", Coat::Tone(0.8), [plate(&[(0.0, 0.05), (-0.34, 0.3), (-0.26, 0.0), (-0.34, -0.3), (0.0, -0.05)], 0.03).turn_y(-90.0).at(0.0, 0.0, -0.36)]).hard();
    m.add("fin", Coat::Tone(0.8), [plate(&[(0.25, 0.12), (0.1, 0.38), (-0.22, 0.3), (-0.28, 0.1)], 0.03).turn_y(-90.0)]).hard();
    m.add("fin", Coat::Tone(0.8), pair(egg(0.13, 0.02, 0.08).turn_z(-35.0).at(0.2, -0.1, 0.08))).hard();
    m.add("fin", Coat::Tone(0.8), [plate(&[(0.05, -0.12), (-0.08, -0.32), (-0.2, -0.12)], 0.03).turn_y(-90.0)]).hard();
    m.add("eye", own(0xf5f5f5), pair(ball(0.05).at(0.085, 0.06, 0.28))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.03).at(0.112, 0.065, 0.295))).hard();
    m
}

fn shark(wish: &mut Wish<'_>) -> Model {
    let code = if wish.any("orca") { 0x1f2226 } else { 0x74828f };
    let mut m = Model::living(hex(code), 0.06);
    m.add("body", MAIN, [tube(&[(0.0, 0.0, 0.62, 0.05), (0.0, 0.0, 0.4, 0.17), (0.0, 0.0, 0.05, 0.22), (0.0, 0.02, -0.35, 0.13), (0.0, 0.04, -0.68, 0.05)])]);
    m.add("belly", own(0xe8ebec), [tube(&[(0.0, -0.07, 0.42, 0.09), (0.0, -0.09, 0.05, 0.15), (0.0, -0.03, -0.35, 0.085)])]);
    m.add("fin", MAIN, [plate(&[(0.2, 0.1), (-0.1, 0.46), (-0.16, 0.1)], 0.05).turn_y(-90.0)]);
    m.add("fin", MAIN, pair(plate(&[(0.0, 0.1), (0.42, -0.16), (0.34, -0.2), (0.0, -0.1)], 0.045).turn_x(70.0).at(0.14, -0.08, 0.12)));
    let upright = wish.any("shark");
    let fluke = plate(&[(0.0, 0.05), (-0.3, 0.36), (-0.16, 0.0), (-0.26, -0.28), (0.0, -0.05)], 0.05).turn_y(-90.0);
    m.add("tail", MAIN, [if upright { fluke } else { fluke.turn_z(90.0) }.at(0.0, 0.04, -0.62)]);
    m.add("eye", own(0x101010), pair(ball(0.026).at(0.125, 0.04, 0.46))).hard();
    m
}

fn octopus(wish: &mut Wish<'_>) -> Model {
    let paint = if wish.has("jellyfish") { hex(0xc58fd8).finish(Finish::Gloss) } else { hex(0xb8496a).with(Texture::Mottle) };
    let mut m = Model::living(paint, 0.08);
    m.add("head", MAIN, [egg(0.32, 0.36, 0.32).at(0.0, 0.66, 0.0), egg(0.24, 0.2, 0.24).at(0.0, 0.36, 0.0)]);
    let arm = tube(&[(0.12, 0.32, 0.0, 0.085), (0.36, 0.12, 0.05, 0.075), (0.58, 0.05, -0.05, 0.055), (0.74, 0.14, 0.06, 0.035), (0.78, 0.24, 0.0, 0.02)]);
    m.add("arm", MAIN, around(8, &arm.turn_y(22.5)));
    m.add("eye", own(0xf4f0dc), pair(ball(0.075).at(0.14, 0.6, 0.27))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.04).at(0.15, 0.6, 0.325))).hard();
    m
}

fn turtle(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x4f8a45).with(Texture::Mottle), 0.05);
    m.add("shell", Coat::Second(hex(0x5e4526).with(Texture::Patches(rgb(0x3a2a18)))), [egg(0.4, 0.3, 0.46).at(0.0, 0.22, -0.04)]).hard();
    m.add("rim", Coat::Tone(0.7), [egg(0.45, 0.07, 0.5).at(0.0, 0.2, -0.04)]).hard();
    m.add("leg", MAIN, four(tube(&[(0.26, 0.18, 0.3, 0.1), (0.42, 0.05, 0.42, 0.09), (0.46, 0.04, 0.5, 0.07)])));
    m.add("neck", MAIN, [tube(&[(0.0, 0.2, 0.38, 0.09), (0.0, 0.32, 0.58, 0.085)])]);
    m.add("head", MAIN, [egg(0.12, 0.11, 0.15).at(0.0, 0.36, 0.64)]);
    m.add("tail", MAIN, [tube(&[(0.0, 0.15, -0.46, 0.05), (0.0, 0.1, -0.64, 0.015)])]);
    m.add("eye", own(0x111111), pair(ball(0.026).at(0.095, 0.41, 0.72))).hard();
    m
}

fn crab(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xd9472b).with(Texture::Mottle), 0.04);
    m.add("body", MAIN, [egg(0.36, 0.16, 0.26).at(0.0, 0.26, 0.0)]);
    for index in 0..3 {
        let z = 0.08 - 0.15 * index as f32;
        m.add("leg", MAIN, pair(tube(&[(0.26, 0.24, z, 0.045), (0.56, 0.36, z * 1.6, 0.04), (0.7, 0.02, z * 2.2, 0.015)])));
    }
    m.add("claw", MAIN, pair(tube(&[(0.26, 0.26, 0.16, 0.05), (0.5, 0.3, 0.32, 0.06)])));
    m.add("claw", MAIN, pair(egg(0.1, 0.09, 0.15).at(0.52, 0.32, 0.44)));
    m.add("claw", MAIN, pair(tube(&[(0.58, 0.32, 0.52, 0.05), (0.54, 0.32, 0.68, 0.012)])));
    m.add("claw", MAIN, pair(tube(&[(0.46, 0.32, 0.52, 0.04), (0.44, 0.32, 0.66, 0.012)])));
    m.add("eye", own(0x111111), pair(ball(0.045).at(0.1, 0.46, 0.2))).hard();
    m.add("eyestalk", MAIN, pair(tube(&[(0.09, 0.32, 0.17, 0.03), (0.1, 0.44, 0.19, 0.03)])));
    m
}

fn frog(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x4fa83a).finish(Finish::Gloss), 0.06);
    m.add("body", MAIN, [egg(0.28, 0.26, 0.36).turn_x(-25.0).at(0.0, 0.32, -0.04)]);
    m.add("belly", own(0xe4e8b4), [egg(0.19, 0.2, 0.2).at(0.0, 0.25, 0.15)]);
    m.add("head", MAIN, [egg(0.25, 0.17, 0.22).at(0.0, 0.54, 0.2)]);
    m.add("eye", own(0xe9c63a), pair(ball(0.085).at(0.15, 0.69, 0.22))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.05).at(0.165, 0.7, 0.265))).hard();
    m.add("leg", MAIN, pair(tube(&[(0.22, 0.2, -0.22, 0.13), (0.42, 0.24, 0.04, 0.1), (0.34, 0.05, -0.2, 0.06), (0.44, 0.03, 0.12, 0.04)])));
    m.add("leg", MAIN, pair(tube(&[(0.2, 0.3, 0.2, 0.07), (0.28, 0.14, 0.32, 0.06), (0.26, 0.03, 0.42, 0.05)])));
    m.add("foot", MAIN, pair(egg(0.1, 0.025, 0.1).at(0.28, 0.03, 0.46)));
    m
}

fn lizard(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x5f8a3c).with(Texture::Speckle), 0.05);
    let jaw = if wish.any("crocodile alligator") { 0.34 } else { 0.14 };
    m.add("body", MAIN, [tube(&[(0.0, 0.2, 0.42, 0.11), (0.0, 0.2, 0.15, 0.16), (0.0, 0.19, -0.2, 0.14), (0.08, 0.14, -0.55, 0.07), (-0.06, 0.08, -0.9, 0.045), (0.1, 0.06, -1.2, 0.015)])]);
    m.add("head", MAIN, [egg(0.12, 0.09, 0.16).at(0.0, 0.23, 0.54), egg(0.08, 0.05, jaw).at(0.0, 0.21, 0.6 + jaw * 0.4)]);
    m.add("eye", own(0xe8c02a), pair(ball(0.035).at(0.09, 0.29, 0.58))).hard();
    m.add("leg", MAIN, four(tube(&[(0.1, 0.18, 0.27, 0.06), (0.32, 0.2, 0.3, 0.05), (0.36, 0.03, 0.38, 0.04)])));
    m.add("spine", Coat::Tone(0.75), (0..9).map(|i| taper(0.035, 0.0, 0.1).at(0.0, 0.36 - 0.004 * (i * i) as f32, 0.3 - 0.085 * i as f32))).hard();
    m
}

fn snake(wish: &mut Wish<'_>) -> Model {
    let paint = if wish.any("worm caterpillar") { hex(0x9ac23c) } else { hex(0x4a8a3a).with(Texture::Patches(rgb(0x2c4a20))) };
    let mut m = Model::living(paint, 0.02);
    let mut coil: Vec<(f32, f32, f32, f32)> = (0..26)
        .map(|i| { let t = i as f32 / 25.0; let a = t * 15.0; let r = 0.46 - 0.26 * t; (r * a.cos(), 0.08 + 0.36 * t, r * a.sin(), 0.045 + 0.045 * t.sqrt()) })
        .collect();
    coil.extend([(0.0, 0.66, 0.1, 0.085), (0.0, 0.88, 0.12, 0.08), (0.0, 0.98, 0.26, 0.08)]);
    m.add("body", MAIN, [tube(&coil)]);
    m.add("head", MAIN, [egg(0.11, 0.075, 0.16).at(0.0, 0.99, 0.34)]);
    m.add("eye", own(0xe7c927), pair(ball(0.028).at(0.085, 1.03, 0.4))).hard();
    m.add("tongue", own(0xd0252a), [tube(&[(0.0, 0.97, 0.48, 0.012), (0.0, 0.96, 0.62, 0.01)])]).hard();
    m
}

fn snail(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xb79a6a).finish(Finish::Gloss), 0.05);
    m.add("body", MAIN, [tube(&[(0.0, 0.08, -0.6, 0.03), (0.0, 0.1, -0.2, 0.1), (0.0, 0.1, 0.25, 0.11), (0.0, 0.25, 0.5, 0.1), (0.0, 0.36, 0.58, 0.09)])]);
    m.add("eyestalk", MAIN, pair(tube(&[(0.04, 0.4, 0.6, 0.02), (0.1, 0.62, 0.68, 0.018)])));
    m.add("eye", own(0x111111), pair(ball(0.03).at(0.1, 0.63, 0.68))).hard();
    let spiral: Vec<(f32, f32, f32, f32)> = (0..22)
        .map(|i| { let t = i as f32 / 21.0; let a = t * 13.0; let r = 0.28 * (1.0 - t) + 0.01; (0.14 * t, 0.42 + r * a.sin(), -0.12 + r * a.cos(), 0.16 - 0.09 * t) })
        .collect();
    let spiral = tube(&spiral);
    m.add("shell", second(0x8a5426), pair(spiral)).hard();
    m
}

fn starfish(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xe8743a).with(Texture::Speckle), 0.12);
    m.add("body", MAIN, [egg(0.22, 0.22, 0.1)]);
    m.add("arm", MAIN, (0..5).map(|i| tube(&[(0.0, 0.1, 0.0, 0.15), (0.0, 0.42, 0.0, 0.1), (0.0, 0.72, 0.0, 0.04)]).stretch(1.0, 1.0, 0.55).turn_z(72.0 * i as f32)));
    m
}

fn shell(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf0cdb4).with(Texture::Stripes(rgb(0xd98c70))).finish(Finish::Gloss));
    let whorl: Vec<(f32, f32, f32, f32)> = (0..26)
        .map(|i| { let t = i as f32 / 25.0; let a = t * 20.0; let r = 0.3 * (1.0 - t); (r * a.cos(), 0.75 * t, r * a.sin(), 0.28 * (1.0 - t) + 0.02) })
        .collect();
    m.add("shell", MAIN, [tube(&whorl)]);
    m.add("mouth", second(0xf5a58f), [lathe(&[(0.0, -0.34), (0.1, -0.3), (0.2, 0.0), (0.0, 0.1)]).at(0.24, -0.02, 0.14)]);
    m
}
