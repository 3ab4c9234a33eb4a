//! Musical instruments.

mod strings;

use super::Archetype;
use super::table::{catalogue, parts};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{
    Solid, around, ball, block, egg, four, lathe, pair, plate, ring, rod, soft_block, taper, tube,
};
use strings::{banjo, electric_guitar, guitar, harp, violin};

pub(super) const ALL: &[Archetype] = catalogue! {
    "guitar" "acoustic guitar,ukulele,lute,mandolin,sitar,bass guitar" => guitar;
    "electric guitar" "electric bass,rock guitar" => electric_guitar;
    "banjo" "" => banjo;
    "violin" "cello,viola,fiddle,double bass,contrabass" => violin;
    "piano" "upright piano,organ,pianola" => piano;
    "grand piano" "baby grand piano,harpsichord" => grand_piano;
    "synthesizer" "piano keyboard,music keyboard,electric piano,keytar" => keyboard;
    "drum" "snare drum,bongo,bongo drum,conga,djembe,timpani,bass drum" => drum;
    "drum kit" "drum set,drumset,drumkit" => drum_kit;
    "trumpet" "trombone,cornet,bugle,euphonium" => trumpet;
    "french horn" "horn,tuba,sousaphone" => french_horn;
    "flute" "clarinet,recorder,oboe,piccolo,bassoon,didgeridoo,whistle" => flute;
    "saxophone" "sax,alto saxophone" => saxophone;
    "harp" "lyre" => harp;
    "accordion" "concertina,bandoneon" => accordion;
    "xylophone" "marimba,glockenspiel,vibraphone" => xylophone;
    "tambourine" "gong,cymbal" => tambourine;
    "maraca" "maracas,rattle,baby rattle" => maracas;
    "music box" "musical box,jewelry box,jewellery box" => music_box;
    "microphone" "mic,karaoke microphone" => microphone;
};

fn brass() -> Paint {
    hex(0xdcae3a).finish(Finish::Metal)
}

fn steel() -> Paint {
    hex(0xc3c8d0).finish(Finish::Metal)
}

fn varnished(code: u32) -> Paint {
    hex(code).with(Texture::Grain).finish(Finish::Gloss)
}

/// `count` white keys and their black ones, along x about the origin, each `width` wide.
fn keys(m: &mut Model, count: i16, width: f32, place: (f32, f32)) {
    let x = |i: i16| width * (f32::from(i) - 0.5 * f32::from(count - 1));
    let (y, z) = place;
    parts! { m:
        "key" own(0xf4f3ee) => (0..count).map(|i| soft_block(0.92 * width, 0.05, 0.3, 0.008).at(x(i), y, z));
        "black key" own(0x1a1a1d) => (0..count - 1).filter(|i| i % 7 != 2 && i % 7 != 6)
            .map(|i| soft_block(0.5 * width, 0.05, 0.18, 0.008).at(x(i) + 0.5 * width, y + 0.035, z - 0.06));
    }
}

fn piano(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(varnished(0x4a2a18));
    parts! { m:
        "body" MAIN => [soft_block(1.4, 1.15, 0.36, 0.02).at(0.0, 0.05, -0.24), soft_block(1.46, 0.06, 0.44, 0.02).at(0.0, 0.65, -0.24)];
        "shelf" MAIN => [soft_block(1.4, 0.12, 0.44, 0.02).at(0.0, 0.02, 0.16)];
        "side" MAIN => pair(soft_block(0.08, 0.24, 0.44, 0.02).at(0.66, 0.06, 0.16));
        "leg" MAIN => pair(lathe(&[(0.0, -0.56), (0.06, -0.56), (0.04, -0.4), (0.06, -0.1), (0.0, -0.04)]).at(0.62, 0.0, 0.32));
        "stand" Coat::Tone(0.8) => [block(0.6, 0.26, 0.03).turn_x(-12.0).at(0.0, 0.36, -0.03)];
        "sheet" own(0xf4f1e4) => pair(block(0.2, 0.22, 0.02).turn_x(-12.0).at(0.11, 0.37, -0.005));
        "pedal" Coat::Second(brass()) => (-1..=1).map(|i| egg(0.03, 0.02, 0.09).at(0.1 * i as f32, -0.48, 0.0));
    }
    keys(&mut m, 21, 0.058, (0.1, 0.22));
    m
}

fn grand_piano(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x1a1a1e).finish(Finish::Gloss));
    let case = [
        (-0.66, 0.2),
        (0.66, 0.2),
        (0.66, -0.1),
        (0.58, -0.36),
        (0.3, -0.5),
        (0.14, -0.8),
        (-0.1, -1.1),
        (-0.4, -1.2),
        (-0.62, -1.08),
        (-0.66, -0.9),
    ];
    let flat = |depth: f32| plate(&case.map(|(x, z)| (x, -z)), depth).turn_x(-90.0);
    parts! { m:
        "body" MAIN => [flat(0.22)];
        "soundboard" Coat::Second(hex(0xc98f3a).finish(Finish::Gloss)) => [flat(0.03).stretch(0.94, 1.0, 0.94).at(0.0, 0.11, -0.05)];
        "lid" MAIN => [flat(0.03).at(0.66, 0.0, 0.0).turn_z(40.0).at(-0.66, 0.13, -0.04)];
        "prop" MAIN => [tube(&[(0.5, 0.1, -0.3, 0.014), (0.24, 0.84, -0.3, 0.014)])];
        "string" own(0xe8d9a8) => (0..10).map(|i| tube(&[(0.08 * i as f32 - 0.5, 0.135, 0.04, 0.006), (0.05 * i as f32 - 0.5, 0.135, -0.9 + 0.07 * i as f32, 0.006)]));
        "shelf" MAIN => [soft_block(1.32, 0.1, 0.4, 0.02).at(0.0, -0.06, 0.34)];
        "side" MAIN => pair(soft_block(0.08, 0.18, 0.38, 0.03).at(0.62, 0.02, 0.34));
        "stand" MAIN => [block(0.5, 0.24, 0.02).turn_x(-15.0).at(0.0, 0.26, 0.1)];
        "leg" MAIN => [(-0.56, 0.3), (0.56, 0.3), (-0.36, -0.95)].map(|(x, z)| taper(0.045, 0.085, 0.62).at(x, -0.42, z));
        "wheel" Coat::Own(brass()) => [(-0.56, 0.3), (0.56, 0.3), (-0.36, -0.95)].map(|(x, z)| ball(0.05).at(x, -0.74, z));
        "pedal" Coat::Own(brass()) => (-1..=1).map(|i| rod(0.012, 0.5).at(0.07 * i as f32, -0.4, 0.1));
    }
    keys(&mut m, 21, 0.055, (0.01, 0.4));
    m
}

fn keyboard(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x26272c).finish(Finish::Gloss));
    parts! { m:
        "body" MAIN => [soft_block(1.6, 0.14, 0.56, 0.03)];
        "screen" Coat::Own(hex(0x3ac0e0).finish(Finish::Glow)) => [soft_block(0.26, 0.02, 0.1, 0.008).at(0.0, 0.075, -0.17)];
        "knob" second(0xd8302a) => (0..4).flat_map(|i| pair(rod(0.03, 0.05).at(0.24 + 0.1 * i as f32, 0.09, -0.17)));
    }
    keys(&mut m, 24, 0.064, (0.08, 0.12));
    m.map(|solid| solid.turn_x(35.0))
}

/// A drum standing on its lower head.
fn barrel(m: &mut Model, r: f32, h: f32, place: impl Fn(Solid) -> Solid) {
    parts! { m:
        "body" MAIN => [place(rod(r, h))];
        "head" own(0xf2eee0) => [place(rod(r * 0.97, h + 0.03))];
        "rim" Coat::Second(steel()) => [place(ring(r, 0.028).at(0.0, 0.5 * h, 0.0)), place(ring(r, 0.028).at(0.0, -0.5 * h, 0.0))];
        "lug" Coat::Second(steel()) => around(8, &rod(0.014, h).at(r + 0.015, 0.0, 0.0)).into_iter().map(&place);
    }
}

fn drum(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc02820).finish(Finish::Gloss));
    if wish.any("bongo conga djembe") || wish.has("bongo drum") {
        m.default = varnished(0xa8642c);
        let twin = wish.any("bongo") || wish.has("bongo drum");
        for x in if twin { vec![-0.34, 0.36] } else { vec![0.0] } {
            let (r, h) = if twin {
                (0.33 + 0.05 * f32::from(x > 0.0), 0.3)
            } else {
                (0.34, 0.6)
            };
            parts! { m: "body" MAIN => [lathe(&[(0.0, -h), (r * 0.74, -h), (r * 0.8, 0.0), (r, h), (0.0, h)]).at(x, 0.0, 0.0)];
            "head" second(0xf0e6cc) => [rod(r * 0.97, 0.04).at(x, h, 0.0)];
            "rim" Coat::Own(steel()) => [ring(r, 0.03).at(x, h - 0.02, 0.0), ring(r * 0.76, 0.025).at(x, 0.04 - h, 0.0)]; }
        }
        return m;
    }
    barrel(&mut m, 0.5, 0.5, |solid| solid);
    let stick = tube(&[
        (-0.5, 0.0, 0.0, 0.025),
        (0.34, 0.0, 0.0, 0.02),
        (0.4, 0.0, 0.0, 0.034),
    ]);
    parts! { m: "stick" own(0xd9b27a) => [stick.clone().turn_y(35.0).at(0.0, 0.31, 0.1), stick.turn_y(145.0).at(0.04, 0.35, 0.1)]; }
    m
}

fn drum_kit(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb81f22).finish(Finish::Gloss));
    barrel(&mut m, 0.42, 0.42, |solid| {
        solid.turn_x(90.0).at(0.0, -0.1, 0.0)
    });
    barrel(&mut m, 0.19, 0.2, |solid| {
        solid.turn_x(-14.0).at(-0.24, 0.48, -0.06)
    });
    barrel(&mut m, 0.19, 0.2, |solid| {
        solid.turn_x(-14.0).at(0.24, 0.48, -0.06)
    });
    barrel(&mut m, 0.26, 0.4, |solid| solid.at(0.64, -0.24, -0.26));
    barrel(&mut m, 0.24, 0.16, |solid| solid.at(-0.62, 0.02, -0.26));
    let dish = lathe(&[
        (0.0, 0.0),
        (0.3, -0.04),
        (0.3, -0.03),
        (0.06, 0.03),
        (0.0, 0.05),
    ]);
    parts! { m:
        "cymbal" Coat::Own(brass()) => [dish.clone().turn_z(-12.0).at(-0.66, 0.84, -0.2), dish.clone().turn_z(12.0).at(0.68, 0.86, -0.2), dish.size(0.8).at(-0.92, 0.34, -0.05)];
        "stand" Coat::Own(steel()) => [rod(0.02, 1.36).at(-0.66, 0.16, -0.2), rod(0.02, 1.38).at(0.68, 0.17, -0.2), rod(0.02, 0.86).at(-0.92, -0.08, -0.05), rod(0.02, 0.2).at(0.0, 0.36, -0.04)];
        "stand" Coat::Own(steel()) => [(-0.66, -0.2), (0.68, -0.2), (-0.92, -0.05)].into_iter().flat_map(|(x, z)| around(3, &tube(&[(0.0, -0.3, 0.0, 0.015), (0.18, -0.52, 0.0, 0.015)])).into_iter().map(move |leg| leg.at(x, 0.0, z)));
        "leg" Coat::Own(steel()) => pair(tube(&[(0.34, -0.2, 0.14, 0.018), (0.46, -0.52, 0.26, 0.018)]));
    }
    m
}

fn trumpet(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    let slide = wish.has("trombone");
    let flare = lathe(&[
        (0.0, -0.4),
        (0.05, -0.4),
        (0.07, -0.1),
        (0.14, 0.08),
        (0.32, 0.2),
        (0.3, 0.21),
        (0.12, 0.1),
        (0.0, 0.06),
    ]);
    parts! { m:
        "bell" MAIN => [flare.turn_z(-90.0).at(0.68, 0.1, 0.0)];
        "body" MAIN => [tube(&[(0.4, 0.1, 0.0, 0.045), (-0.4, 0.1, 0.0, 0.04), (-0.56, 0.0, 0.0, 0.04), (-0.4, -0.12, 0.0, 0.04), (0.3, -0.12, 0.0, 0.04)])];
        "body" MAIN => [tube(&[(-0.8, 0.02, 0.1, 0.028), (0.36, 0.02, 0.1, 0.034), (0.46, -0.05, 0.06, 0.034), (0.3, -0.12, 0.0, 0.034)])];
        "mouthpiece" Coat::Second(steel()) => [taper(0.07, 0.03, 0.14).turn_z(-90.0).at(-0.86, 0.02, 0.1)];
    }
    if slide {
        parts! { m: "slide" Coat::Tone(1.2) => [tube(&[(0.1, -0.12, 0.1, 0.03), (1.2, -0.12, 0.1, 0.03), (1.32, -0.22, 0.1, 0.03), (1.2, -0.32, 0.1, 0.03), (0.1, -0.32, 0.1, 0.03)])]; }
    } else {
        parts! { m: "valve" Coat::Tone(0.9) => (-1..=1).map(|i| rod(0.055, 0.42).at(0.13 * i as f32, 0.0, 0.05));
        "button" Coat::Second(steel()) => (-1..=1).flat_map(|i| [rod(0.02, 0.12).at(0.13 * i as f32, 0.26, 0.05), rod(0.045, 0.025).at(0.13 * i as f32, 0.33, 0.05)]); }
    }
    m.map(|solid| solid.turn_y(-15.0))
}

fn french_horn(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    parts! { m:
        "body" MAIN => [ring(0.4, 0.06).turn_x(90.0), ring(0.28, 0.04).turn_x(90.0).at(0.05, 0.02, 0.06), ring(0.34, 0.035).turn_x(90.0).at(-0.02, 0.0, -0.08)];
        "bell" MAIN => [tube(&[(-0.4, 0.0, 0.0, 0.06), (-0.36, -0.3, 0.02, 0.08), (0.0, -0.5, 0.06, 0.1), (0.26, -0.5, 0.1, 0.13)])];
        "bell" MAIN => [lathe(&[(0.0, -0.1), (0.13, -0.1), (0.18, 0.1), (0.4, 0.26), (0.38, 0.28), (0.15, 0.12), (0.0, 0.04)]).turn_z(-100.0).turn_y(-20.0).at(0.32, -0.5, 0.12)];
        "valve" Coat::Tone(0.85) => (-1..=1).map(|i| rod(0.055, 0.22).turn_x(90.0).at(0.13 * i as f32, 0.02, 0.06));
        "mouthpiece" Coat::Second(steel()) => [tube(&[(-0.2, 0.36, 0.06, 0.03), (-0.5, 0.56, 0.1, 0.024), (-0.62, 0.62, 0.12, 0.05)])];
    }
    m
}

fn flute(wish: &mut Wish<'_>) -> Model {
    let metal = wish.any("flute piccolo whistle") && !wish.any("wooden wood bamboo");
    let mut m = Model::new(if metal {
        steel()
    } else if wish.any("recorder didgeridoo") {
        varnished(0xa8642c)
    } else {
        hex(0x232226).finish(Finish::Gloss)
    });
    let bell = if metal { 0.05 } else { 0.11 };
    parts! { m:
        "body" MAIN => [lathe(&[(0.0, -0.85), (bell, -0.85), (bell * 0.5 + 0.026, -0.66), (0.05, -0.5), (0.05, 0.7), (0.0, 0.7)])];
        "mouthpiece" second(if metal { 0xd8dce2 } else { 0x17171a }) => [if metal { rod(0.056, 0.26).at(0.0, 0.62, 0.0) } else { taper(0.045, 0.02, 0.2).at(0.0, 0.78, 0.0) }];
        "band" Coat::Own(steel()) => [0.46, -0.06, -0.5].map(|y| rod(0.058, 0.05).at(0.0, y, 0.0));
        "key" Coat::Own(if metal { brass() } else { steel() }) => (0..8).map(|i| rod(0.034, 0.04).turn_x(90.0).at(0.0, 0.32 - 0.1 * i as f32, 0.06));
        "rod" Coat::Own(steel()) => [rod(0.01, 0.95).at(0.05, -0.06, 0.04)];
    }
    m.map(|solid| solid.turn_z(-35.0))
}

fn saxophone(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    parts! { m:
        "body" MAIN => [tube(&[(-0.14, 0.66, 0.0, 0.045), (-0.12, 0.0, 0.0, 0.08), (-0.08, -0.5, 0.0, 0.11), (0.1, -0.74, 0.0, 0.13), (0.3, -0.5, 0.0, 0.14), (0.34, -0.2, 0.0, 0.15)])];
        "bell" MAIN => [lathe(&[(0.0, -0.1), (0.15, -0.1), (0.19, 0.12), (0.32, 0.28), (0.29, 0.29), (0.14, 0.16), (0.0, 0.1)]).turn_z(-8.0).at(0.35, -0.14, 0.0)];
        "neck" MAIN => [tube(&[(-0.14, 0.64, 0.0, 0.04), (-0.15, 0.82, 0.0, 0.038), (-0.3, 0.9, 0.0, 0.032), (-0.46, 0.82, 0.0, 0.03)])];
        "mouthpiece" second(0x1c1c20) => [tube(&[(-0.44, 0.83, 0.0, 0.042), (-0.6, 0.74, 0.0, 0.025)])];
        "key" Coat::Tone(1.25) => (0..8).map(|i| rod(0.05, 0.04).turn_x(90.0).at(-0.12, 0.48 - 0.13 * i as f32, 0.07 + 0.006 * i as f32));
        "key" Coat::Tone(1.25) => (0..2).map(|i| rod(0.075, 0.04).turn_x(90.0).at(0.3 + 0.02 * i as f32, -0.5 + 0.2 * i as f32, 0.15));
        "rod" Coat::Tone(0.85) => [rod(0.014, 1.1).at(-0.03, 0.0, 0.08), rod(0.012, 0.8).at(-0.2, 0.1, 0.05)];
    }
    m
}

fn accordion(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb81f26).finish(Finish::Gloss));
    parts! { m:
        "case" MAIN => pair(soft_block(0.3, 0.86, 0.46, 0.06).at(0.55, 0.0, 0.0));
        "bellows" second(0x1f1f24) => (-4..=4).map(|i| soft_block(0.07, 0.8, 0.42, 0.03).at(0.09 * i as f32, 0.0, 0.0));
        "bellows" Coat::Own(steel()) => (-4..=3).map(|i| soft_block(0.03, 0.74, 0.38, 0.012).at(0.09 * i as f32 + 0.045, 0.0, 0.0));
        "grille" Coat::Own(brass()) => pair(soft_block(0.16, 0.66, 0.03, 0.012).at(0.55, 0.0, 0.235));
        "button" own(0xf4f3ee) => (0..7).flat_map(|i| [0.52, 0.6].map(|x| ball(0.024).at(-x, 0.27 - 0.09 * i as f32, 0.25)));
        "key" own(0xf4f3ee) => (0..12).map(|i| soft_block(0.2, 0.058, 0.06, 0.01).at(0.74, 0.36 - 0.065 * i as f32, 0.14));
        "black key" own(0x1a1a1d) => (0..11).filter(|i| i % 7 != 2 && i % 7 != 6).map(|i| soft_block(0.12, 0.03, 0.06, 0.01).at(0.72, 0.327 - 0.065 * i as f32, 0.165));
        "strap" own(0x5a3420) => pair(tube(&[(0.5, 0.4, -0.22, 0.03), (0.45, 0.2, -0.5, 0.03), (0.45, -0.2, -0.48, 0.03), (0.5, -0.4, -0.22, 0.03)]));
    }
    m.map(|solid| solid.turn_y(12.0))
}

fn xylophone(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(varnished(0xb9824a));
    let hues = [
        0xd8302a, 0xf08a1c, 0xf2cf1d, 0x3aa83a, 0x2aa8c8, 0x2452c8, 0x7a2fb0, 0xe05aa0,
    ];
    parts! { m: "frame" MAIN => [0.2, -0.2].map(|z: f32| soft_block(1.5, 0.1, 0.08, 0.02).turn_y(-6.0 * z.signum()).at(0.0, 0.0, z)); }
    for (index, code) in hues.into_iter().enumerate() {
        let x = 0.175 * (index as f32 - 3.5);
        parts! { m: "bar" second(code) => [soft_block(0.14, 0.045, 0.86 - 0.055 * index as f32, 0.02).at(x, 0.09, 0.0)];
        "screw" Coat::Own(steel()) => [0.2, -0.2].map(|z: f32| ball(0.022).at(x, 0.115, z - 0.1 * z.signum() * x)); }
    }
    parts! { m: "stick" own(0xd9b27a) => [tube(&[(-0.5, 0.2, 0.3, 0.018), (0.2, 0.16, 0.04, 0.018)]), tube(&[(-0.4, 0.2, 0.4, 0.018), (0.4, 0.16, 0.24, 0.018)])];
    "mallet" own(0xc8281e) => [ball(0.06).at(0.22, 0.17, 0.03), ball(0.06).at(0.42, 0.17, 0.23)]; }
    m.map(|solid| solid.turn_x(38.0))
}

fn tambourine(wish: &mut Wish<'_>) -> Model {
    if wish.any("gong cymbal") {
        let mut m = Model::new(brass());
        parts! { m: "body" MAIN => [lathe(&[(0.0, 0.12), (0.14, 0.09), (0.2, 0.03), (0.62, 0.0), (0.66, -0.06), (0.62, -0.06), (0.2, -0.02), (0.0, 0.06)]).turn_x(90.0)];
        "ring" Coat::Tone(0.85) => [0.3, 0.42, 0.54].map(|r| ring(r, 0.012).turn_x(90.0).at(0.0, 0.0, 0.02)); }
        if wish.has("gong") {
            parts! { m: "frame" second(0x6a2018) => [soft_block(2.0, 0.1, 0.1, 0.03).at(0.0, 0.9, 0.0), soft_block(2.0, 0.1, 0.4, 0.03).at(0.0, -0.86, 0.0)];
            "frame" second(0x6a2018) => pair(soft_block(0.1, 1.8, 0.1, 0.03).at(0.84, 0.0, 0.0));
            "string" own(0xe6dcc0) => pair(tube(&[(0.3, 0.58, 0.0, 0.014), (0.3, 0.9, 0.0, 0.014)])); }
        }
        return m;
    }
    let mut m = Model::new(varnished(0xb9602c));
    parts! { m:
        "frame" MAIN => [lathe(&[(0.5, -0.14), (0.56, -0.14), (0.56, 0.14), (0.5, 0.14)]).turn_x(90.0)];
        "head" second(0xf2eee0) => [rod(0.52, 0.02).turn_x(90.0).at(0.0, 0.0, 0.12)];
        "jingle" Coat::Own(brass()) => (0..8).flat_map(|i| [-0.03, 0.03].map(|z| rod(0.09, 0.018).turn_x(90.0).at(0.0, 0.58, z).turn_z(45.0 * i as f32)));
    }
    m.map(|solid| solid.turn_y(28.0))
}

fn maracas(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8402a).finish(Finish::Gloss));
    let one = |solid: Solid| solid.turn_z(-16.0).at(0.3, 0.0, 0.0);
    let hands = |solid: Solid| {
        if wish.has("rattle") {
            vec![solid]
        } else {
            pair(one(solid)).to_vec()
        }
    };
    parts! { m:
        "body" MAIN => hands(egg(0.27, 0.33, 0.27).at(0.0, 0.4, 0.0));
        "band" second(0xf2cf1d) => [0.3, 0.5].into_iter().flat_map(|y: f32| hands(ring(0.268 - 0.6 * (y - 0.4).abs() * 0.2, 0.02).at(0.0, y, 0.0)));
        "handle" own(0xb9824a) => hands(tube(&[(0.0, 0.1, 0.0, 0.05), (0.0, -0.4, 0.0, 0.05), (0.0, -0.5, 0.0, 0.065)]));
    }
    m
}

fn music_box(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(varnished(0x7a3c20));
    parts! { m:
        "body" MAIN => [soft_block(0.9, 0.4, 0.62, 0.03)];
        "lid" MAIN => [soft_block(0.92, 0.1, 0.64, 0.03).at(0.0, 0.0, 0.32).turn_x(-70.0).at(0.0, 0.24, -0.32)];
        "lining" second(0xb0264a) => [soft_block(0.82, 0.02, 0.54, 0.01).at(0.0, 0.2, 0.0), soft_block(0.8, 0.02, 0.52, 0.01).at(0.0, -0.055, 0.32).turn_x(-70.0).at(0.0, 0.24, -0.32)];
        "trim" Coat::Own(brass()) => four(soft_block(0.06, 0.42, 0.06, 0.015).at(0.43, 0.0, 0.29));
        "crank" Coat::Own(brass()) => [tube(&[(0.44, 0.0, 0.0, 0.025), (0.58, 0.0, 0.0, 0.025)]), tube(&[(0.58, 0.0, 0.0, 0.025), (0.58, 0.2, 0.0, 0.025)]), ball(0.05).at(0.62, 0.22, 0.0)];
        "cylinder" Coat::Own(brass()) => [rod(0.09, 0.4).turn_z(90.0).at(0.0, 0.22, 0.12)];
        "dancer" own(0xf4d6cc) => [taper(0.02, 0.03, 0.22).at(0.0, 0.36, -0.06), egg(0.04, 0.08, 0.03).at(0.0, 0.52, -0.06), ball(0.045).at(0.0, 0.64, -0.06)];
        "dancer" own(0xf4d6cc) => pair(tube(&[(0.04, 0.56, -0.06, 0.014), (0.1, 0.66, -0.06, 0.013), (0.01, 0.77, -0.06, 0.012)]));
        "skirt" own(0xf08ab4) => [taper(0.15, 0.04, 0.08).at(0.0, 0.46, -0.06)];
    }
    m
}

fn microphone(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x26272c).finish(Finish::Gloss));
    parts! { m:
        "handle" MAIN => [taper(0.1, 0.17, 0.9).at(0.0, -0.2, 0.0)];
        "band" Coat::Own(steel()) => [rod(0.2, 0.08).at(0.0, 0.28, 0.0)];
        "head" Coat::Second(hex(0xa5abb3).with(Texture::Weave).finish(Finish::Metal)) => [ball(0.26).at(0.0, 0.48, 0.0)];
        "head" Coat::Own(steel()) => [ring(0.262, 0.018).at(0.0, 0.48, 0.0)];
        "button" own(0xc8281e) => [egg(0.03, 0.06, 0.03).at(0.0, 0.06, 0.15)];
    }
    if wish.any("stand") {
        parts! { m: "stand" Coat::Own(steel()) => [rod(0.035, 1.6).at(0.0, -1.3, 0.0), lathe(&[(0.0, -2.16), (0.42, -2.16), (0.4, -2.1), (0.05, -2.04), (0.0, -2.04)])]; }
    }
    m.map(|solid| solid.turn_z(-14.0))
}
