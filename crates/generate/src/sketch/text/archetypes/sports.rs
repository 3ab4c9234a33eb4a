//! Balls, boards, weights and the rest of sport and play.

use super::Archetype;
use super::table::{catalogue, parts};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{
    Solid, around, ball, block, egg, faceted, four, lathe, pair, plate, ring, rod, soft_block,
    taper, tube,
};

pub(super) const ALL: &[Archetype] = catalogue! {
    "ball" "toy ball,beach ball,bouncy ball,yoga ball" => beach_ball;
    "soccer ball" "soccerball" => soccer_ball;
    "football" "rugby ball,american football" => football;
    "basketball" "volleyball,volley ball" => basketball;
    "tennis ball" "baseball,softball,cricket ball" => seamed_ball;
    "bowling ball" "billiard ball,pool ball,golf ball" => bowling_ball;
    "racket" "tennis racket,racquet,tennis racquet,badminton racket" => racket;
    "baseball bat" "cricket bat,bowling pin,skittle,juggling pin" => bat;
    "golf club" "hockey stick,ice hockey stick,putter,ski pole" => golf_club;
    "skateboard" "longboard,scooter board,sled,sleigh" => skateboard;
    "surfboard" "snowboard,ski,surf board,paddleboard,wakeboard" => surfboard;
    "dumbbell" "barbell,weight,dumb bell,hand weight" => dumbbell;
    "kettlebell" "kettle bell" => kettlebell;
    "boxing glove" "boxing mitt" => boxing_glove;
    "trophy" "trophy cup,award,loving cup" => trophy;
    "medal" "gold medal,olympic medal" => medal;
    "basketball hoop" "basket hoop,basketball goal,backboard" => hoop;
    "goal" "soccer goal,hockey goal,football goal,goalpost" => goal;
    "yo yo" "yoyo,frisbee,puck,hockey puck" => yo_yo;
    "dartboard" "dart board,archery target,target,bullseye" => dartboard;
    "ice skate" "skate,roller skate,rollerblade,inline skate" => skate;
};

fn steel() -> Paint {
    hex(0xb9bfc7).finish(Finish::Metal)
}

fn wood() -> Paint {
    hex(0xb9824a).with(Texture::Grain)
}

fn beach_ball(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8302a).finish(Finish::Gloss));
    let wedge = egg(0.508, 0.5, 0.15);
    parts! { m: "body" MAIN => [ball(0.5)];
    "stripe" second(0xf4f4f0) => around(3, &wedge);
    "cap" second(0xf4f4f0) => [egg(0.12, 0.03, 0.12).at(0.0, 0.49, 0.0), egg(0.12, 0.03, 0.12).at(0.0, -0.49, 0.0)]; }
    m.map(|solid| solid.turn_y(30.0).turn_x(28.0).turn_z(-16.0))
}

fn soccer_ball(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf2f2ef).finish(Finish::Gloss));
    let patch = || faceted(5, &[(0.0, 0.3), (0.14, 0.3), (0.15, 0.486), (0.0, 0.515)]);
    parts! { m: "body" MAIN => [ball(0.5)]; }
    for (tilt, count, turn) in [
        (0.0, 1, 0.0),
        (63.4, 5, 0.0),
        (116.6, 5, 36.0),
        (180.0, 1, 0.0),
    ] {
        parts! { m: "patch" second(0x1d1d20) => around(count, &patch().turn_y(-18.0).turn_x(tilt).turn_y(turn));
        "seam" Coat::Tone(0.6) => around(5, &tube(&[(0.0, 0.477, 0.15, 0.008), (0.0, 0.425, 0.262, 0.008)]).turn_y(36.0))
            .into_iter().flat_map(|seam| around(count, &seam.turn_x(tilt).turn_y(turn))); }
    }
    m.map(|solid| solid.turn_y(20.0).turn_x(40.0))
}

fn football(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7a4022).with(Texture::Mottle));
    let arc = (0..=20).map(|i| 0.068 * i as f32 - 0.68);
    let line: Vec<_> = arc
        .map(|y| (0.38 * (1.0 - (y / 0.68_f32).powi(2)).max(0.0), y))
        .collect();
    parts! { m: "body" MAIN => [lathe(&line)];
    "stripe" second(0xf4f4f0) => [taper(0.256, 0.216, 0.06).at(0.0, 0.43, 0.0), taper(0.216, 0.256, 0.06).at(0.0, -0.43, 0.0)];
    "lace" own(0xf4f4f0) => [tube(&[(0.0, -0.2, 0.34, 0.014), (0.0, 0.0, 0.39, 0.014), (0.0, 0.2, 0.34, 0.014)])];
    "lace" own(0xf4f4f0) => (-3..=3).map(|i| { let y = 0.06 * i as f32;
        tube(&[(-0.06, y, 0.385 - 0.9 * y * y, 0.016), (0.06, y, 0.385 - 0.9 * y * y, 0.016)]) }); }
    m.map(|solid| solid.turn_x(20.0).turn_z(-62.0))
}

/// The one seam of a tennis ball or baseball, on a sphere of this radius.
fn seam(radius: f32, thick: f32) -> Solid {
    let points = (0..=32).map(|i| {
        let t = std::f32::consts::TAU * i as f32 / 32.0;
        let x = 0.72 * t.cos() + 0.28 * (3.0 * t).cos();
        let y = 0.72 * t.sin() - 0.28 * (3.0 * t).sin();
        (
            radius * x,
            radius * y,
            radius * 0.898 * (2.0 * t).sin(),
            thick,
        )
    });
    tube(&points.collect::<Vec<_>>())
}

fn basketball(wish: &mut Wish<'_>) -> Model {
    let volley = wish.has("volleyball") || wish.has("volley ball");
    let mut m = Model::new(hex(if volley { 0xf2f0e8 } else { 0xd9702a }).with(Texture::Speckle));
    parts! { m: "body" MAIN => [ball(0.5)];
    "line" second(if volley { 0x2a5ab8 } else { 0x241a16 }) => [ring(0.499, 0.013), ring(0.499, 0.013).turn_x(90.0), ring(0.4, 0.013).turn_z(90.0).at(0.3, 0.0, 0.0), ring(0.4, 0.013).turn_z(90.0).at(-0.3, 0.0, 0.0)]; }
    m.map(|solid| solid.turn_y(30.0).turn_x(22.0).turn_z(14.0))
}

fn seamed_ball(wish: &mut Wish<'_>) -> Model {
    let hard = wish.any("baseball softball") || wish.has("cricket ball");
    let mut m = Model::new(if hard {
        hex(0xf3f0e8)
    } else {
        hex(0xcfe03a).with(Texture::Fur)
    });
    parts! { m: "body" MAIN => [ball(0.5)];
    "stitch" second(if hard { 0xc0281f } else { 0xf4f4ea }) => [seam(0.5, if hard { 0.014 } else { 0.02 })]; }
    m.map(|solid| solid.turn_y(25.0).turn_x(20.0))
}

fn bowling_ball(wish: &mut Wish<'_>) -> Model {
    let golf = wish.has("golf ball");
    let mut m = Model::new(if golf {
        hex(0xf4f4f0)
    } else {
        hex(0x1c2a6a).with(Texture::Mottle).finish(Finish::Gloss)
    });
    parts! { m: "body" MAIN => [if golf { ball(0.5).rough(0.02, 16.0) } else { ball(0.5) }]; }
    if wish.has("billiard ball") || wish.has("pool ball") {
        parts! { m: "spot" second(0xf4f4f0) => [egg(0.2, 0.2, 0.03).at(0.0, 0.0, 0.48)];
        "number" own(0x1c1c20) => [ring(0.05, 0.018).turn_x(90.0).at(0.0, 0.05, 0.51), ring(0.055, 0.018).turn_x(90.0).at(0.0, -0.06, 0.51)]; }
    } else if !golf {
        parts! { m: "hole" own(0x101014) => [(-0.09, 0.14), (0.09, 0.14), (0.0, -0.06)].map(|(x, y)|
        egg(0.058, 0.058, 0.02).at(0.0, 0.0, 0.495).turn_x(-114.6 * y).turn_y(114.6 * x)); }
    }
    m
}

fn racket(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc8281e).finish(Finish::Gloss));
    let chord = |t: f32| (1.0 - t * t).max(0.0).sqrt();
    parts! { m: "frame" MAIN => [ring(0.36, 0.035).turn_x(90.0).stretch(1.0, 1.25, 1.0).at(0.0, 0.5, 0.0)];
    "frame" MAIN => pair(tube(&[(0.2, 0.12, 0.0, 0.032), (0.06, -0.1, 0.0, 0.032), (0.02, -0.26, 0.0, 0.035)]));
    "string" second(0xf0efe6) => (-5..=5).map(|i| { let x = 0.062 * i as f32; rod(0.008, 0.9 * chord(x / 0.36)).at(x, 0.5, 0.0) });
    "string" second(0xf0efe6) => (-6..=6).map(|i| { let y = 0.066 * i as f32; rod(0.008, 0.72 * chord(y / 0.45)).turn_z(90.0).at(0.0, 0.5 + y, 0.0) });
    "handle" own(0x232327) => [tube(&[(0.0, -0.26, 0.0, 0.045), (0.0, -0.72, 0.0, 0.05)]), rod(0.062, 0.05).at(0.0, -0.74, 0.0)]; }
    m
}

fn bat(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wood());
    if wish.any("skittle") || wish.has("bowling pin") || wish.has("juggling pin") {
        m.default = hex(0xf2f0ea).finish(Finish::Gloss);
        parts! { m: "body" MAIN => [lathe(&[(0.0, -0.7), (0.14, -0.7), (0.25, -0.3), (0.24, -0.12), (0.12, 0.2), (0.1, 0.32), (0.15, 0.52), (0.12, 0.64), (0.0, 0.68)])];
        "stripe" second(0xc8281e) => [taper(0.115, 0.106, 0.05).at(0.0, 0.26, 0.0), taper(0.112, 0.13, 0.05).at(0.0, 0.36, 0.0)]; }
        return m;
    }
    if wish.has("cricket bat") {
        parts! { m: "body" MAIN => [soft_block(0.26, 0.95, 0.12, 0.04).at(0.0, -0.25, 0.0)]; }
    } else {
        parts! { m: "body" MAIN => [lathe(&[(0.0, -0.5), (0.04, -0.5), (0.06, -0.1), (0.11, 0.3), (0.12, 0.6), (0.1, 0.72), (0.0, 0.75)]).stretch(1.0, -1.0, 1.0)]; }
    }
    parts! { m: "handle" second(0x26211e) => [rod(0.048, 0.34).at(0.0, 0.4, 0.0)];
    "knob" MAIN => [lathe(&[(0.0, 0.56), (0.05, 0.56), (0.085, 0.6), (0.06, 0.64), (0.0, 0.64)])]; }
    m.map(|solid| solid.stretch(1.0, -1.0, 1.0).turn_z(-24.0))
}

fn golf_club(wish: &mut Wish<'_>) -> Model {
    let hockey = wish.has("hockey stick") || wish.has("ice hockey stick");
    let mut m = Model::new(if hockey { wood() } else { steel() });
    parts! { m: "shaft" MAIN => [tube(&[(-0.3, -0.66, 0.0, 0.028), (0.06, 0.4, 0.0, 0.028), (0.14, 0.64, 0.0, 0.028)])];
    "handle" second(0x232327) => [tube(&[(0.08, 0.46, 0.0, 0.042), (0.18, 0.76, 0.0, 0.048)])];
    "head" MAIN => [if hockey { plate(&[(-0.38, -0.62), (-0.24, -0.62), (-0.28, -0.72), (0.14, -0.72), (0.14, -0.84), (-0.38, -0.84)], 0.05) }
        else { egg(0.22, 0.1, 0.15).at(-0.16, -0.72, 0.02) }]; }
    if hockey {
        parts! { m: "tape" second(0x232327) => [block(0.3, 0.13, 0.058).at(0.02, -0.78, 0.0)]; }
    }
    m
}

fn skateboard(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2a9a8a).finish(Finish::Gloss));
    let deck = [
        (-0.78, 1.1, 0.0, 0.21),
        (-0.56, 0.14, 0.0, 0.22),
        (0.56, 0.14, 0.0, 0.22),
        (0.78, 1.1, 0.0, 0.21),
    ];
    let sled = wish.any("sled sleigh");
    parts! { m: "deck" if sled { Coat::Own(wood()) } else { MAIN } => [tube(&deck).stretch(1.0, 0.14, 1.0)]; }
    if sled {
        parts! { m: "runner" MAIN => [0.22, -0.22].map(|z| tube(&[(-0.8, -0.26, z, 0.03), (0.6, -0.26, z, 0.03), (0.86, -0.1, z, 0.03), (0.86, 0.14, z, 0.03)]));
        "post" MAIN => four(rod(0.03, 0.26).at(0.44, -0.12, 0.2)); }
    } else {
        parts! { m: "grip" own(0x232327) => [soft_block(1.2, 0.02, 0.36, 0.01).at(0.0, 0.045, 0.0)];
        "truck" Coat::Own(steel()) => pair(rod(0.035, 0.4).turn_x(90.0).at(0.5, -0.1, 0.0));
        "truck" Coat::Own(steel()) => pair(taper(0.06, 0.12, 0.12).at(0.5, -0.05, 0.0));
        "wheel" second(0xf2e6c8) => four(rod(0.09, 0.1).turn_x(90.0).at(0.5, -0.13, 0.2)); }
    }
    m.map(|solid| solid.turn_y(24.0).turn_x(18.0))
}

fn surfboard(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2a8ad0).finish(Finish::Gloss));
    let (wide, tip) = if wish.has("ski") {
        (0.08, 0.3)
    } else {
        (0.3, if wish.has("snowboard") { 0.24 } else { 0.12 })
    };
    let curve = (0..=24).map(|i| (i as f32 - 12.0) / 12.0);
    let edge: Vec<_> = curve
        .map(|y| (wide * (1.0 - y.abs().powi(4)).sqrt() + 0.02, 0.9 * y))
        .collect();
    let outline: Vec<_> = edge
        .iter()
        .copied()
        .chain(edge.iter().rev().map(|&(x, y)| (-x, y)))
        .collect();
    let boards = if wish.has("ski") {
        vec![-0.16, 0.16]
    } else {
        vec![0.0]
    };
    for x in boards {
        parts! { m: "body" MAIN => [plate(&outline, 0.06).at(x, 0.0, 0.0), tube(&[(x, 0.8, 0.0, 0.03), (x, 0.92, 0.04, 0.03), (x, 0.98, tip, 0.02)])];
        "stripe" second(0xf4f2ea) => [soft_block(0.3 * wide, 1.5, 0.075, 0.02).at(x, -0.02, 0.0)]; }
    }
    if wish.any("ski snowboard") {
        parts! { m: "binding" own(0x232327) => [soft_block(0.34, 0.2, 0.16, 0.05).at(0.0, 0.26, 0.08), soft_block(0.34, 0.2, 0.16, 0.05).at(0.0, -0.28, 0.08)]; }
    } else {
        parts! { m: "fin" own(0x232327) => [plate(&[(0.0, -0.5), (0.0, -0.76), (0.2, -0.8)], 0.03).turn_y(90.0).at(0.0, 0.0, -0.03)]; }
    }
    m
}

fn dumbbell(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2e3036));
    let bar = wish.has("barbell");
    let (inner, r) = if bar { (0.62, 0.34) } else { (0.36, 0.26) };
    let disc = |x: f32, r: f32, w: f32| {
        faceted(
            if bar { 32 } else { 6 },
            &[
                (0.0, -w),
                (r * 0.9, -w),
                (r, -w * 0.6),
                (r, w * 0.6),
                (r * 0.9, w),
                (0.0, w),
            ],
        )
        .turn_z(90.0)
        .at(x, 0.0, 0.0)
    };
    parts! { m: "weight" MAIN => pair(disc(inner, r, if bar { 0.05 } else { 0.14 }));
    "weight" Coat::Tone(0.8) => pair(disc(inner + 0.13, r * 0.78, if bar { 0.05 } else { 0.1 }));
    "handle" Coat::Second(steel()) => [rod(if bar { 0.03 } else { 0.055 }, 2.0 * inner + if bar { 0.5 } else { 0.2 }).turn_z(90.0)];
    "grip" own(0x55585e) => (-3..=3).map(|i| ring(if bar { 0.03 } else { 0.055 }, 0.012).turn_z(90.0).at(0.05 * i as f32, 0.0, 0.0)); }
    m.map(|solid| solid.turn_y(28.0))
}

fn kettlebell(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x33353b));
    parts! { m: "body" MAIN => [ball(0.46), rod(0.3, 0.2).at(0.0, -0.36, 0.0)];
    "handle" second(0x33353b) => [tube(&[(-0.22, 0.26, 0.0, 0.075), (-0.3, 0.56, 0.0, 0.07), (0.0, 0.74, 0.0, 0.065), (0.3, 0.56, 0.0, 0.07), (0.22, 0.26, 0.0, 0.075)])];
    "plate" second(0xd8b030) => [rod(0.2, 0.03).turn_x(90.0).at(0.0, -0.06, 0.45)]; }
    m
}

fn boxing_glove(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xc8201e).finish(Finish::Gloss), 0.06);
    m.living = false;
    parts! { m: "body" MAIN => [egg(0.34, 0.4, 0.32).at(0.0, 0.24, 0.0), egg(0.32, 0.26, 0.26).at(0.0, 0.34, 0.14)];
    "thumb" MAIN => [tube(&[(-0.24, -0.08, 0.14, 0.13), (-0.3, 0.18, 0.26, 0.13), (-0.24, 0.36, 0.3, 0.11)])];
    "wrist" MAIN => [taper(0.25, 0.23, 0.44).at(0.0, -0.3, 0.0)];
    "cuff" second(0xf2f0ea) => [rod(0.265, 0.24).at(0.0, -0.38, 0.0)], hard;
    "lace" own(0x232327) => (0..3).map(|i| tube(&[(-0.08, -0.3 - 0.08 * i as f32, 0.255, 0.018), (0.08, -0.3 - 0.08 * i as f32, 0.255, 0.018)])), hard; }
    m.map(|solid| solid.turn_y(20.0))
}

fn trophy(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe0b236).finish(Finish::Metal));
    parts! { m: "cup" MAIN => [lathe(&[(0.0, -0.06), (0.06, -0.06), (0.24, 0.06), (0.36, 0.34), (0.42, 0.7), (0.38, 0.7), (0.3, 0.36), (0.0, 0.14)])];
    "stem" MAIN => [lathe(&[(0.0, -0.4), (0.2, -0.4), (0.07, -0.26), (0.05, -0.18), (0.1, -0.12), (0.05, -0.05), (0.0, -0.05)])];
    "handle" MAIN => pair(tube(&[(0.36, 0.6, 0.0, 0.035), (0.6, 0.62, 0.0, 0.035), (0.58, 0.3, 0.0, 0.035), (0.27, 0.12, 0.0, 0.035)]));
    "base" second(0x2a1c16) => [lathe(&[(0.0, -0.66), (0.32, -0.66), (0.32, -0.5), (0.24, -0.46), (0.24, -0.4), (0.0, -0.4)])];
    "plate" Coat::Tone(1.1) => [soft_block(0.26, 0.1, 0.03, 0.01).at(0.0, -0.58, 0.32)];
    "star" Coat::Tone(0.85) => (0..5).map(|i| plate(&[(-0.035, 0.0), (0.035, 0.0), (0.0, 0.12)], 0.05).turn_z(72.0 * i as f32).at(0.0, 0.42, 0.375)); }
    m
}

fn medal(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe0b236).finish(Finish::Metal));
    parts! { m: "body" MAIN => [rod(0.36, 0.06).turn_x(90.0).at(0.0, -0.36, 0.0), ring(0.35, 0.045).turn_x(90.0).at(0.0, -0.36, 0.0)];
    "star" Coat::Tone(0.8) => (0..5).map(|i| plate(&[(-0.075, 0.05), (0.075, 0.05), (0.0, 0.26)], 0.1).turn_z(72.0 * i as f32).at(0.0, -0.36, 0.0));
    "ring" MAIN => [ring(0.07, 0.022).turn_x(90.0).at(0.0, 0.06, 0.0)];
    "ribbon" second(0x2452c8) => pair(plate(&[(-0.06, 0.0), (0.08, 0.0), (0.42, 0.8), (0.22, 0.8)], 0.04).at(0.0, 0.06, 0.0));
    "stripe" own(0xf2f0ea) => pair(plate(&[(0.0, 0.02), (0.03, 0.02), (0.34, 0.79), (0.3, 0.79)], 0.055).at(0.0, 0.06, 0.0)); }
    m
}

fn hoop(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf2f2f0));
    parts! { m: "board" MAIN => [soft_block(0.9, 0.6, 0.04, 0.015).at(0.0, 0.66, 0.0)];
    "line" second(0xd8401e) => [(0.0, 0.5, 0.34, 0.03), (0.0, 0.74, 0.34, 0.03), (0.17, 0.62, 0.03, 0.27), (-0.17, 0.62, 0.03, 0.27)].map(|(x, y, w, h)| block(w, h, 0.055).at(x, y, 0.0));
    "rim" second(0xd8401e) => [ring(0.2, 0.022).at(0.0, 0.46, 0.26)];
    "net" own(0xf4f4f0) => around(12, &tube(&[(0.2, 0.0, 0.0, 0.009), (0.12, -0.14, 0.1, 0.009), (0.1, -0.28, 0.08, 0.009)])).into_iter()
        .flat_map(|cord| [cord.clone(), cord.stretch(1.0, 1.0, -1.0)]).map(|cord| cord.at(0.0, 0.46, 0.26));
    "pole" own(0x3a3d44) => [tube(&[(0.0, 0.6, -0.06, 0.045), (0.0, 0.4, -0.28, 0.045), (0.0, -0.9, -0.28, 0.05)]), soft_block(0.5, 0.08, 0.5, 0.03).at(0.0, -0.94, -0.28)]; }
    m
}

fn goal(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf4f4f2).finish(Finish::Gloss));
    parts! { m: "post" MAIN => [tube(&[(-0.9, 0.5, 0.0, 0.035), (0.9, 0.5, 0.0, 0.035)])];
    "post" MAIN => pair(tube(&[(0.9, -0.5, 0.0, 0.035), (0.9, 0.5, 0.0, 0.035)]));
    "post" Coat::Tone(0.8) => pair(tube(&[(0.9, 0.5, 0.0, 0.02), (0.9, 0.46, -0.2, 0.02), (0.9, -0.5, -0.6, 0.02)]));
    "net" second(0xd9dcdf) => (-7..=7).map(|i| tube(&[(0.12 * i as f32, 0.5, 0.0, 0.008), (0.12 * i as f32, 0.46, -0.2, 0.008), (0.12 * i as f32, -0.5, -0.6, 0.008)]));
    "net" second(0xd9dcdf) => (0..9).map(|i| { let t = 0.12 * i as f32; tube(&[(-0.9, 0.46 - t, -0.2 - 0.417 * t, 0.008), (0.9, 0.46 - t, -0.2 - 0.417 * t, 0.008)]) }); }
    m
}

fn yo_yo(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd0302a).finish(Finish::Gloss));
    if wish.any("frisbee puck") || wish.has("hockey puck") {
        let puck = !wish.has("frisbee");
        m.default = hex(if puck { 0x1f1f23 } else { 0xe0402a });
        parts! { m: "body" MAIN => [if puck { rod(0.5, 0.24) } else { lathe(&[(0.0, 0.04), (0.5, 0.02), (0.6, -0.04), (0.64, -0.14), (0.58, -0.14), (0.54, -0.04), (0.0, 0.0)]) }];
        "ring" second(0xf2e2b8) => [ring(0.3, 0.02).at(0.0, if puck { 0.115 } else { 0.03 }, 0.0)]; }
        return m.map(|solid| solid.turn_x(35.0));
    }
    let half = lathe(&[
        (0.0, 0.04),
        (0.36, 0.07),
        (0.42, 0.14),
        (0.4, 0.24),
        (0.2, 0.3),
        (0.0, 0.3),
    ])
    .turn_z(-90.0);
    parts! { m: "body" MAIN => pair(half.turn_y(0.0));
    "trim" second(0xf2c62a) => pair(ring(0.26, 0.03).turn_z(90.0).at(0.275, 0.0, 0.0));
    "string" own(0xf0ead8) => [ring(0.2, 0.03).turn_z(90.0), tube(&[(0.0, 0.0, 0.2, 0.016), (0.02, 0.5, 0.2, 0.016), (0.0, 0.9, 0.16, 0.016)]), ring(0.07, 0.016).turn_x(90.0).at(0.0, 0.97, 0.16)]; }
    m.map(|solid| solid.turn_y(-50.0))
}

fn dartboard(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x1f1f22));
    let flat = |r: f32, z: f32| rod(r, 0.03).turn_x(90.0).at(0.0, 0.0, z);
    if wish.any("target bullseye") || wish.has("archery target") {
        m.default = hex(0xf2f2ee);
        parts! { m: "body" MAIN => [flat(0.7, 0.0)]; "ring" second(0xcc2420) => [flat(0.56, 0.01), flat(0.28, 0.03)];
        "ring" MAIN => [flat(0.42, 0.02)]; "center" own(0xf2c62a) => [flat(0.13, 0.04)]; }
        return m;
    }
    let wedge = plate(&[(0.0, 0.0), (0.085, 0.54), (-0.085, 0.54)], 0.05);
    parts! { m: "body" MAIN => [rod(0.72, 0.1).turn_x(90.0).at(0.0, 0.0, -0.04)];
    "wedge" own(0xe8dcb8) => (0..10).map(|i| wedge.clone().turn_z(36.0 * i as f32));
    "ring" second(0xc4261e) => [ring(0.54, 0.022).turn_x(90.0).at(0.0, 0.0, 0.02), ring(0.32, 0.02).turn_x(90.0).at(0.0, 0.0, 0.02)];
    "ring" own(0x1e8a42) => [flat(0.08, 0.03)]; "center" second(0xc4261e) => [flat(0.04, 0.04)];
    "number" own(0xf0f0ea) => (0..20).map(|i| block(0.03, 0.07, 0.02).at(0.0, 0.64, 0.015).turn_z(18.0 * i as f32)); }
    m
}

fn skate(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xf2f2ee).finish(Finish::Gloss), 0.07);
    m.living = false;
    parts! { m: "body" MAIN => [tube(&[(-0.3, 0.14, 0.0, 0.17), (0.1, 0.13, 0.0, 0.16), (0.42, 0.08, 0.0, 0.13)]), taper(0.18, 0.2, 0.6).at(-0.26, 0.44, 0.0)];
    "sole" second(0x2a2a30) => [soft_block(0.95, 0.07, 0.26, 0.03).at(0.04, -0.06, 0.0)], hard;
    "lace" own(0x3a6ac0) => (0..5).map(|i| tube(&[(0.04 - 0.03 * i as f32, 0.3 + 0.09 * i as f32, -0.08, 0.018), (0.04 - 0.03 * i as f32, 0.3 + 0.09 * i as f32, 0.08, 0.018)])), hard;
    "lining" Coat::Tone(0.6) => [rod(0.17, 0.02).at(-0.26, 0.745, 0.0)], hard; }
    if wish.any("roller rollerblade inline") || wish.has("roller skate") || wish.has("inline skate")
    {
        parts! { m: "wheel" second(0xd8305a) => four(rod(0.12, 0.1).turn_x(90.0).at(0.32, -0.22, 0.12)), hard;
        "axle" Coat::Own(steel()) => pair(taper(0.05, 0.1, 0.14).at(0.32, -0.14, 0.0)), hard; }
    } else {
        parts! { m: "blade" Coat::Own(steel()) => [plate(&[(-0.5, -0.22), (-0.46, -0.3), (0.5, -0.3), (0.64, -0.2), (0.56, -0.2), (0.46, -0.22)], 0.035)], hard;
        "post" Coat::Own(steel()) => pair(plate(&[(0.24, -0.08), (0.4, -0.08), (0.36, -0.24), (0.28, -0.24)], 0.06)), hard; }
    }
    m.map(|solid| solid.turn_y(-20.0))
}
