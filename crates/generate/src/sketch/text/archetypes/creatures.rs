//! Creatures of fantasy, of science fiction and of long ago.

use super::Archetype;
use super::animals::{horns, wings};
use super::figures::{Figure, crown, stand};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Texture, hex};
use crate::sketch::text::solid::{around, ball, egg, lathe, pair, plate, rod, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("dragon", "wyvern,drake,hydra", dragon),
    Archetype::new("dinosaur", "t rex,trex,tyrannosaurus,tyrannosaurus rex,velociraptor,raptor,godzilla,kaiju", dinosaur),
    Archetype::new("kangaroo", "wallaby", kangaroo),
    Archetype::new("triceratops", "stegosaurus,ankylosaurus", triceratops),
    Archetype::new("brontosaurus", "diplodocus,brachiosaurus,sauropod,loch ness monster", brontosaurus),
    Archetype::new("troll", "ogre,orc,goblin,giant,demon,devil,monster,imp,gargoyle,beast,bogeyman,gremlin", troll),
    Archetype::new("cyclops", "", cyclops),
    Archetype::new("alien", "extraterrestrial,martian", alien),
    Archetype::new("ghost", "spirit,phantom,specter,poltergeist", ghost),
    Archetype::new("sphinx", "", sphinx),
    Archetype::new("slime", "blob,jelly monster", slime),
];

fn dragon(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x3c7d3a).with(Texture::Speckle), 0.08);
    m.add("body", MAIN, [egg(0.26, 0.27, 0.4).turn_x(-18.0).at(0.0, 0.55, 0.0)]);
    m.add("belly", second(0xd9c27a), [egg(0.19, 0.22, 0.3).turn_x(-20.0).at(0.0, 0.48, 0.11)]);
    m.add("leg", MAIN, pair(tube(&[(0.2, 0.5, -0.2, 0.16), (0.3, 0.28, -0.05, 0.11), (0.28, 0.08, -0.18, 0.07)])));
    m.add("leg", MAIN, pair(tube(&[(0.18, 0.6, 0.25, 0.1), (0.26, 0.35, 0.36, 0.08), (0.24, 0.07, 0.34, 0.06)])));
    m.add("foot", MAIN, pair(egg(0.09, 0.06, 0.15).at(0.28, 0.06, -0.1)));
    m.add("foot", MAIN, pair(egg(0.08, 0.05, 0.13).at(0.24, 0.055, 0.4)));
    m.add("neck", MAIN, [tube(&[(0.0, 0.65, 0.25, 0.17), (0.0, 0.92, 0.42, 0.11), (0.0, 1.18, 0.4, 0.095), (0.0, 1.3, 0.48, 0.1)])]);
    m.add("head", MAIN, [egg(0.13, 0.12, 0.17).at(0.0, 1.33, 0.52), egg(0.09, 0.07, 0.17).at(0.0, 1.29, 0.7)]);
    m.add("jaw", MAIN, [egg(0.07, 0.035, 0.15).turn_x(14.0).at(0.0, 1.2, 0.66)]);
    m.add("nose", MAIN, pair(ball(0.03).at(0.045, 1.34, 0.84)));
    m.add("tail", MAIN, [tube(&[(0.0, 0.46, -0.3, 0.19), (0.05, 0.3, -0.62, 0.12), (0.22, 0.14, -0.9, 0.075), (0.48, 0.1, -0.98, 0.045), (0.66, 0.16, -0.86, 0.02)])]);
    m.add("eye", own(0xf2c21a), pair(ball(0.04).at(0.105, 1.39, 0.6))).hard();
    horns(&mut m, 1.42, 0.42, 0.24);
    let crest = [(0.0, 1.42, 0.38), (0.0, 1.24, 0.28), (0.0, 1.02, 0.28), (0.0, 0.86, 0.14), (0.0, 0.84, -0.08), (0.0, 0.7, -0.3), (0.02, 0.5, -0.5), (0.06, 0.36, -0.68)];
    m.add("spine", Coat::Tone(0.6), crest.map(|(x, y, z)| taper(0.05, 0.0, 0.17).turn_x(-25.0).at(x, y + 0.04, z))).hard();
    let membrane = plate(&[(0.0, 0.0), (0.18, 0.44), (0.42, 0.66), (0.95, 0.62), (0.86, 0.4), (0.78, 0.28), (0.66, 0.32), (0.58, 0.1), (0.44, 0.16), (0.34, -0.06), (0.2, 0.02)], 0.03);
    m.add("wing", Coat::Tone(0.75), pair(membrane.turn_x(-18.0).turn_y(22.0).at(0.12, 0.74, -0.05))).hard();
    m.add("wing", MAIN, pair(tube(&[(0.0, 0.0, 0.0, 0.05), (0.18, 0.45, 0.0, 0.045), (0.42, 0.67, 0.0, 0.035), (0.95, 0.63, 0.0, 0.015)]).turn_x(-18.0).turn_y(22.0).at(0.12, 0.74, -0.05))).hard();
    m.add("claw", own(0xe8dfc8), pair(taper(0.025, 0.0, 0.09).turn_x(90.0).at(0.24, 0.04, 0.54))).hard();
    m
}

/// Leaning forward on two strong legs, a long tail behind.
fn biped(m: &mut Model, arm: f32) {
    m.add("body", MAIN, [tube(&[(0.0, 0.95, 0.3, 0.17), (0.0, 0.78, 0.1, 0.24), (0.0, 0.64, -0.16, 0.24)])]);
    m.add("tail", MAIN, [tube(&[(0.0, 0.62, -0.25, 0.2), (0.0, 0.46, -0.58, 0.13), (0.0, 0.38, -0.9, 0.075), (0.0, 0.44, -1.2, 0.025)])]);
    m.add("leg", MAIN, pair(tube(&[(0.18, 0.62, -0.1, 0.17), (0.24, 0.42, 0.1, 0.13), (0.22, 0.2, -0.1, 0.075), (0.22, 0.06, 0.0, 0.06)])));
    m.add("foot", MAIN, pair(egg(0.09, 0.05, 0.2).at(0.22, 0.05, 0.1)));
    m.add("arm", MAIN, pair(tube(&[(0.15, 0.86, 0.3, arm), (0.2, 0.72, 0.4, arm * 0.8), (0.17, 0.68, 0.54, arm * 0.65)])));
}

fn dinosaur(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x6a8a3c).with(Texture::Speckle), 0.08);
    biped(&mut m, 0.055);
    let k = wish.vary(0.08);
    m.add("belly", Coat::Tone(1.35), [egg(0.16, 0.24, 0.14).turn_x(-40.0).at(0.0, 0.74, 0.22)]);
    m.add("neck", MAIN, [tube(&[(0.0, 0.98, 0.28, 0.16), (0.0, 1.2, 0.34, 0.14)])]);
    m.add("head", MAIN, [egg(0.16 * k, 0.15, 0.2).at(0.0, 1.3, 0.42), egg(0.12 * k, 0.09, 0.22).at(0.0, 1.27, 0.62)]);
    m.add("jaw", MAIN, [egg(0.1, 0.045, 0.2).turn_x(14.0).at(0.0, 1.13, 0.58)]);
    m.add("tooth", own(0xf7f3e6), (0..6).flat_map(|i| pair(taper(0.0, 0.018, 0.055).at(0.085 - 0.006 * i as f32, 1.185, 0.52 + 0.05 * i as f32)))).hard();
    m.add("eye", own(0xf2c12a), pair(ball(0.04).at(0.13, 1.38, 0.52))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.024).at(0.15, 1.385, 0.54))).hard();
    m
}

fn kangaroo(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xa8703f).with(Texture::Fur), 0.08);
    biped(&mut m, 0.055);
    m.add("belly", Coat::Tone(1.4), [egg(0.16, 0.26, 0.12).turn_x(-40.0).at(0.0, 0.7, 0.22)]);
    m.add("neck", MAIN, [tube(&[(0.0, 0.96, 0.3, 0.13), (0.0, 1.22, 0.38, 0.085)])]);
    m.add("head", MAIN, [egg(0.1, 0.11, 0.13).at(0.0, 1.28, 0.42), egg(0.06, 0.06, 0.1).at(0.0, 1.24, 0.56)]);
    m.add("nose", own(0x221a17), [ball(0.03).at(0.0, 1.26, 0.655)]).hard();
    m.add("ear", MAIN, pair(egg(0.045, 0.15, 0.025).turn_z(-14.0).at(0.08, 1.48, 0.38)));
    m.add("eye", own(0x14100e), pair(ball(0.024).at(0.08, 1.33, 0.5))).hard();
    m
}

fn triceratops(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x7f8a52).with(Texture::Speckle), 0.1);
    m.add("body", MAIN, [egg(0.3, 0.32, 0.5).at(0.0, 0.56, -0.1)]);
    m.add("tail", MAIN, [tube(&[(0.0, 0.5, -0.5, 0.2), (0.0, 0.34, -0.85, 0.1), (0.0, 0.3, -1.15, 0.03)])]);
    for z in [0.16, -0.36] {
        m.add("leg", MAIN, pair(tube(&[(0.2, 0.45, z, 0.14), (0.25, 0.2, z, 0.1), (0.25, 0.08, z + 0.02, 0.1)])));
    }
    m.add("head", MAIN, [egg(0.19, 0.19, 0.24).at(0.0, 0.6, 0.5), egg(0.11, 0.12, 0.16).at(0.0, 0.5, 0.68)]);
    m.add("eye", own(0x15120f), pair(ball(0.03).at(0.155, 0.66, 0.62))).hard();
    if wish.has("stegosaurus") {
        m.add("plate", second(0xb8622e), (0..6).map(|i| plate(&[(-0.12, 0.0), (0.0, 0.3), (0.12, 0.0)], 0.04).turn_y(90.0).at(0.0, 0.84 - 0.03 * (i as f32 - 2.5).powi(2), 0.3 - 0.2 * i as f32))).hard();
        return m;
    }
    m.add("frill", second(0xa7683c), [egg(0.36, 0.34, 0.05).turn_x(-25.0).at(0.0, 0.82, 0.36)]).hard();
    m.add("horn", own(0xeae0c6), pair(tube(&[(0.1, 0.74, 0.58, 0.05), (0.14, 0.94, 0.84, 0.01)]))).hard();
    m.add("horn", own(0xeae0c6), [tube(&[(0.0, 0.6, 0.8, 0.045), (0.0, 0.74, 0.92, 0.008)])]).hard();
    m
}

fn brontosaurus(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x5f8f78).with(Texture::Mottle), 0.1);
    m.add("body", MAIN, [egg(0.28, 0.3, 0.46).at(0.0, 0.62, 0.0)]);
    for z in [0.24, -0.26] {
        m.add("leg", MAIN, pair(tube(&[(0.17, 0.5, z, 0.14), (0.2, 0.2, z, 0.11), (0.2, 0.1, z, 0.11)])));
    }
    m.add("neck", MAIN, [tube(&[(0.0, 0.7, 0.34, 0.18), (0.0, 1.05, 0.62, 0.11), (0.0, 1.5, 0.72, 0.08), (0.0, 1.66, 0.84, 0.085)])]);
    m.add("head", MAIN, [egg(0.1, 0.09, 0.16).at(0.0, 1.66, 0.92)]);
    m.add("tail", MAIN, [tube(&[(0.0, 0.62, -0.36, 0.19), (0.1, 0.42, -0.8, 0.1), (-0.05, 0.3, -1.2, 0.05), (0.1, 0.36, -1.5, 0.015)])]);
    m.add("eye", own(0x14110f), pair(ball(0.024).at(0.085, 1.7, 0.97))).hard();
    m
}

fn ogre(code: u32) -> (Model, Figure) {
    let mut m = Model::living(hex(code).with(Texture::Mottle), 0.06);
    let f = Figure { skin: MAIN, clothes: MAIN, trousers: MAIN, shoulders: 0.27, belly: 0.25, head: 0.18, arm: 0.085, leg: 0.1, hip: 0.36 };
    stand(&mut m, &f);
    m.add("belt", second(0x6b4526), [taper(0.25, 0.23, 0.2).at(0.0, 0.36, 0.0)]).hard();
    (m, f)
}

fn troll(wish: &mut Wish<'_>) -> Model {
    let code = if wish.any("demon devil imp") { 0xb02a22 } else if wish.any("gargoyle") { 0x7f8087 } else { 0x6f8f4a };
    let (mut m, f) = ogre(code);
    let y = crown(&f);
    m.add("nose", Coat::Tone(0.85), [tube(&[(0.0, y, 0.15, 0.05), (0.0, y - 0.08, 0.24, 0.065)])]);
    m.add("ear", MAIN, pair(tube(&[(0.15, y + 0.02, 0.0, 0.055), (0.34, y + 0.1, -0.04, 0.015)])));
    m.add("tooth", own(0xf5efda), pair(taper(0.025, 0.0, 0.1).at(0.06, y - 0.05, 0.165))).hard();
    if wish.any("demon devil imp gargoyle horn") {
        horns(&mut m, y + 0.16, 0.0, 0.2);
    } else {
        m.add("hair", second(0x2e2a26), [egg(0.15, 0.13, 0.15).rough(0.05, 14.0).at(0.0, y + 0.16, -0.04)]).hard().ruffled(0.03);
    }
    if wish.any("wing gargoyle demon") {
        wings(&mut m, 0.66, -0.16, 0.55);
    }
    m
}

fn cyclops(_: &mut Wish<'_>) -> Model {
    let (mut m, f) = ogre(0xc08a5c);
    let y = crown(&f);
    m.parts.retain(|part| !matches!(part.name, "eye" | "pupil"));
    m.add("eye", own(0xf8f6f0), [ball(0.09).at(0.0, y + 0.03, 0.125)]).hard();
    m.add("iris", own(0x3a86b8), [ball(0.055).at(0.0, y + 0.03, 0.17)]).hard();
    m.add("pupil", own(0x111111), [ball(0.03).at(0.0, y + 0.03, 0.205)]).hard();
    m.add("horn", own(0xe8dfc6), [taper(0.05, 0.0, 0.18).at(0.0, y + 0.24, 0.02)]).hard();
    m
}

fn alien(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x7fb08a), 0.06);
    let f = Figure { skin: MAIN, clothes: MAIN, trousers: MAIN, shoulders: 0.12, belly: 0.11, head: 0.13, arm: 0.034, leg: 0.045, hip: 0.46 };
    stand(&mut m, &f);
    m.parts.retain(|part| !matches!(part.name, "eye" | "pupil" | "nose"));
    let y = crown(&f);
    m.add("head", MAIN, [egg(0.21, 0.2, 0.2).at(0.0, y + 0.12, -0.02)]);
    m.add("eye", Coat::Own(hex(0x0f0f14).finish(Finish::Gloss)), pair(egg(0.075, 0.1, 0.05).turn_z(-28.0).at(0.1, y + 0.07, 0.145))).hard();
    m
}

fn ghost(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xe9eef6), 0.06);
    m.add("body", MAIN, [lathe(&[(0.0, 0.1), (0.4, 0.02), (0.38, 0.25), (0.3, 0.6), (0.29, 0.85), (0.2, 1.08), (0.0, 1.16)])]);
    m.add("body", MAIN, around(8, &egg(0.11, 0.12, 0.09).at(0.31, 0.04, 0.0)));
    m.add("arm", MAIN, pair(tube(&[(0.26, 0.68, 0.04, 0.1), (0.46, 0.62, 0.2, 0.075), (0.54, 0.72, 0.26, 0.06)])));
    m.add("eye", own(0x15161c), pair(egg(0.055, 0.085, 0.05).at(0.1, 0.88, 0.235))).hard();
    m.add("mouth", own(0x15161c), [egg(0.05, 0.075, 0.05).at(0.0, 0.68, 0.275)]).hard();
    m
}

fn sphinx(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0xd2ae6a).with(Texture::Speckle), 0.07);
    m.add("body", MAIN, [egg(0.24, 0.22, 0.5).at(0.0, 0.3, -0.15), egg(0.22, 0.26, 0.2).at(0.0, 0.42, 0.2)]);
    m.add("leg", MAIN, pair(tube(&[(0.17, 0.26, 0.2, 0.09), (0.19, 0.09, 0.4, 0.08), (0.19, 0.07, 0.74, 0.075)])));
    m.add("leg", MAIN, pair(egg(0.13, 0.2, 0.24).at(0.2, 0.22, -0.4)));
    m.add("tail", MAIN, [tube(&[(0.0, 0.2, -0.6, 0.04), (0.3, 0.06, -0.6, 0.035), (0.36, 0.06, -0.3, 0.03)])]);
    m.add("head", MAIN, [egg(0.14, 0.17, 0.15).at(0.0, 0.8, 0.26)]);
    super::figures::face(&mut m, 0.17, 0.8);
    for part in &mut m.parts {
        if matches!(part.name, "eye" | "pupil" | "mouth" | "nose") {
            part.solids = part.solids.drain(..).map(|solid| solid.at(0.0, 0.0, 0.26)).collect();
        }
    }
    m.add("headdress", second(0x2b5fa8), [egg(0.2, 0.2, 0.16).at(0.0, 0.84, 0.18)]).hard();
    m.add("headdress", second(0x2b5fa8), pair(taper(0.1, 0.05, 0.34).at(0.16, 0.64, 0.22))).hard();
    m
}

fn slime(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x58c24a).finish(Finish::Gloss), 0.12);
    let lean = wish.between(-0.08, 0.08);
    m.add("body", MAIN, [egg(0.5, 0.34, 0.46).at(0.0, 0.28, 0.0), egg(0.3, 0.3, 0.3).at(lean, 0.52, 0.0)]);
    m.add("body", MAIN, around(7, &egg(0.16, 0.08, 0.16).at(0.48, 0.07, 0.0)));
    m.add("eye", own(0xf7f7f4), pair(ball(0.09).at(0.14, 0.52, 0.28))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.045).at(0.14, 0.52, 0.35))).hard();
    m.add("mouth", own(0x2a4a20), [rod(0.1, 0.04).stretch(1.0, 1.0, 0.4).turn_x(90.0).at(0.0, 0.32, 0.42)]).hard();
    m
}
