//! Trees, flowers and other plants, in a pot or in the ground.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{around, ball, block, egg, lathe, rod, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("tree", "oak tree,maple,maple tree,willow,apple tree,birch,birch tree,elm,beech,trees,cherry tree,orange tree,ent,treant,willow tree,forest,olive tree,magnolia,cherry blossom", tree),
    Archetype::new("treehouse", "tree house", treehouse),
    Archetype::new("pine tree", "fir,spruce,christmas tree,conifer,cypress,evergreen,fir tree,cedar tree", pine),
    Archetype::new("palm", "palm tree,coconut tree,banana tree", palm),
    Archetype::new("bonsai", "bonsai tree", bonsai),
    Archetype::new("cactus", "saguaro,cacti", cactus),
    Archetype::new("bamboo", "bamboo plant,reed,sugarcane,papyrus", bamboo),
    Archetype::new("flower", "sunflower,daisy,gerbera,chrysanthemum,aster,dahlia,marigold,begonia,violet begonia,poppy,hibiscus,petunia,carnation,peony,zinnia,lotus,water lily,pansy", flower),
    Archetype::new("rose", "tulip,roses", tulip),
    Archetype::new("orchid", "orchid plant,lily,iris", orchid),
    Archetype::new("lavender plant", "lavender,hyacinth,lupine,wheat,foxglove,salvia", lavender),
    Archetype::new("bush", "shrub,hedge,rose bush,topiary,boxwood", bush),
    Archetype::new("plant", "houseplant,fern,aloe,aloe vera,succulent,agave,monstera,potted plant,snake plant,spider plant,grass,ivy,herb,seedling,weed,venus flytrap,leaf,clover,basil,mint plant,hosta", plant),
    Archetype::new("mushroom", "toadstool,fungus", mushroom),
    Archetype::new("log", "tree stump,stump,branch,driftwood", log),
];

fn bark() -> Paint {
    hex(0x6b4728).with(Texture::Fur)
}

fn foliage(code: u32) -> Paint {
    hex(code).with(Texture::Leaves)
}

/// A pot 0.4 wide whose rim is at the origin.
fn pot(m: &mut Model) {
    m.add("pot", Coat::Own(hex(0xb5623c).with(Texture::Speckle)), [
        lathe(&[(0.0, -0.42), (0.2, -0.42), (0.27, -0.08), (0.3, -0.08), (0.3, 0.0), (0.25, 0.0), (0.24, -0.05), (0.0, -0.05)]),
    ]).hard();
    m.add("soil", own(0x3d2a1c), [rod(0.235, 0.03).at(0.0, -0.05, 0.0)]).hard();
}

fn potted(m: &mut Model, wish: &Wish<'_>) {
    if wish.any("pot planter vase potted houseplant") {
        pot(m);
    }
}

/// A leaf blade from the origin to its tip, bending down.
fn blade(length: f32, width: f32, rise: f32) -> crate::sketch::text::solid::Solid {
    tube(&[
        (0.0, 0.0, 0.0, width * 0.4),
        (length * 0.45, rise * 0.85, 0.0, width),
        (length * 0.8, rise, 0.0, width * 0.7),
        (length, rise * 0.75, 0.0, width * 0.12),
    ])
}

fn crown(m: &mut Model, coat: Coat, balls: &[(f32, f32, f32, f32)]) {
    let lumps = balls.iter().map(|&(x, y, z, r)| egg(r, r * 0.85, r).rough(r * 0.16, 2.2 / r).at(x, y, z));
    m.add("leaf", coat, lumps).hard().ruffled(0.03);
}

fn tree(wish: &mut Wish<'_>) -> Model {
    let blossom = wish.any("cherry blossom magnolia cherry_tree");
    let mut m = Model::living(foliage(if blossom { 0xf0a7c0 } else { 0x3f8a32 }), 0.05);
    m.add("trunk", Coat::Own(bark()), [tube(&[(0.0, 0.0, 0.0, 0.13), (0.02, 0.3, 0.0, 0.085), (-0.02, 0.75, 0.02, 0.07)])]);
    m.add("trunk", Coat::Own(bark()), around(4, &tube(&[(0.06, 0.08, 0.0, 0.06), (0.2, 0.0, 0.03, 0.03)])));
    m.add("trunk", Coat::Own(bark()), [tube(&[(0.0, 0.55, 0.0, 0.055), (0.28, 0.85, 0.06, 0.035)]), tube(&[(0.0, 0.6, 0.0, 0.05), (-0.26, 0.9, -0.06, 0.03)])]);
    let mut lumps = vec![(0.0, 1.25, 0.0, 0.36), (0.0, 0.98, 0.0, 0.34)];
    for index in 0..7 {
        let angle = index as f32 * 0.898 + wish.between(0.0, 0.4);
        let out = wish.between(0.3, 0.4);
        lumps.push((out * angle.cos(), wish.between(0.86, 1.18), out * angle.sin(), wish.between(0.22, 0.3)));
    }
    crown(&mut m, MAIN, &lumps);
    if wish.any("apple fruit apple_tree cherry orange_tree") {
        m.add("fruit", own(0xc8241c), (0..16).map(|i| { let a = i as f32 * 2.4; ball(0.045).at(0.6 * a.cos(), 0.86 + 0.035 * i as f32, 0.6 * a.sin()) })).hard();
    }
    potted(&mut m, wish);
    m
}

fn treehouse(wish: &mut Wish<'_>) -> Model {
    let mut m = tree(wish);
    m.default = hex(0xa8733d).with(Texture::Grain);
    for part in &mut m.parts {
        if part.name == "leaf" {
            part.coat = Coat::Own(foliage(0x3f8a32));
        }
    }
    m.add("house", MAIN, [block(0.62, 0.4, 0.5).at(0.0, 0.82, 0.34)]).hard();
    m.add("floor", Coat::Tone(0.7), [block(0.86, 0.05, 0.8).at(0.0, 0.6, 0.32)]).hard();
    m.add("roof", second(0x8a3b28), [lathe(&[(0.0, 0.0), (0.5, 0.0), (0.0, 0.3)]).at(0.0, 1.02, 0.34)]).hard();
    m.add("door", own(0x5a3a20), [block(0.15, 0.26, 0.03).at(-0.14, 0.76, 0.595)]).hard();
    m.add("window", own(0xf2dd8a), [block(0.15, 0.15, 0.03).at(0.14, 0.84, 0.595)]).hard();
    m.add("ladder", own(0x7a5230), [-0.07, 0.07].map(|x| rod(0.016, 0.66).turn_x(-10.0).at(x, 0.3, 0.76))).hard();
    m.add("ladder", own(0x7a5230), (0..6).map(|i| block(0.14, 0.02, 0.025).at(0.0, 0.06 + 0.1 * i as f32, 0.8 - 0.018 * i as f32))).hard();
    m
}

fn pine(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(foliage(0x2d6b38));
    m.add("trunk", Coat::Own(bark()), [taper(0.09, 0.05, 0.5).at(0.0, 0.2, 0.0)]);
    for index in 0..5 {
        let i = index as f32;
        let width = 0.46 - 0.083 * i;
        m.add("leaf", MAIN, [taper(width, width * 0.2, 0.36).rough(0.03, 9.0).at(0.0, 0.45 + 0.24 * i, 0.0)]).ruffled(0.025);
    }
    if wish.any("christmas_tree christmas ornament") {
        m.add("star", own(0xf6cf38), [ball(0.07).at(0.0, 1.66, 0.0)]);
        m.add("ornament", second(0xd0281f), (0..22).map(|i| { let (a, t) = (i as f32 * 2.4, i as f32 / 22.0); let r = 0.46 - 0.38 * t; ball(0.035).at(r * a.cos(), 0.34 + 1.1 * t, r * a.sin()) }));
    }
    potted(&mut m, wish);
    m
}

fn palm(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(foliage(0x4a9a3a));
    let lean = wish.between(-0.15, 0.15);
    m.add("trunk", Coat::Own(hex(0x9a7548).with(Texture::Stripes(glam::Vec3A::new(0.45, 0.33, 0.2)))), [tube(&[(0.0, 0.0, 0.0, 0.1), (lean * 0.3, 0.5, 0.0, 0.07), (lean, 1.15, 0.0, 0.055)])]);
    for (turn, rise) in (0..11).map(|i| (i as f32 * 33.0, if i % 2 == 0 { 0.22 } else { 0.06 })) {
        let frond = tube(&[(0.0, 0.0, 0.0, 0.03), (0.3, rise, 0.0, 0.08), (0.56, rise * 0.6, 0.0, 0.07), (0.74, rise - 0.3, 0.0, 0.015)]);
        m.add("leaf", MAIN, [frond.stretch(1.0, 1.0, 1.25).turn_y(turn).at(lean, 1.15, 0.0)]).ruffled(0.02);
    }
    m.add("coconut", own(0x5b3a22), around(3, &ball(0.06).at(0.08, 1.08, 0.0)).into_iter().map(|nut| nut.at(lean, 0.0, 0.0)));
    m
}

fn bonsai(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(foliage(0x3c8234), 0.03);
    m.add("trunk", Coat::Own(bark()), [
        tube(&[(0.0, 0.0, 0.0, 0.1), (0.14, 0.22, 0.02, 0.075), (-0.06, 0.44, 0.0, 0.06), (0.1, 0.68, 0.0, 0.04)]),
        tube(&[(0.06, 0.3, 0.0, 0.045), (0.36, 0.4, 0.05, 0.03)]),
        tube(&[(-0.02, 0.42, 0.0, 0.045), (-0.34, 0.56, -0.04, 0.025)]),
    ]);
    for (x, y, z, r) in [(0.1, 0.82, 0.0, 0.26), (0.42, 0.5, 0.06, 0.21), (-0.38, 0.65, -0.04, 0.22), (0.0, 0.66, 0.16, 0.16)] {
        m.add("leaf", MAIN, [egg(r, r * 0.5, r * 0.9).rough(0.03, 11.0).at(x, y, z)]).hard().ruffled(0.02);
    }
    m.add("pot", Coat::Own(hex(0x6d4a3a).finish(Finish::Gloss)), [soft_block(0.62, 0.2, 0.44, 0.05).at(0.0, -0.1, 0.0), block(0.68, 0.05, 0.5).at(0.0, -0.02, 0.0)]).hard();
    m.add("soil", own(0x4c5a2c), [egg(0.28, 0.05, 0.2).at(0.0, 0.0, 0.0)]).hard();
    m
}

fn cactus(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x4a8f45).with(Texture::Fur), 0.05);
    m.add("stem", MAIN, [tube(&[(0.0, 0.0, 0.0, 0.19), (0.0, 0.55, 0.0, 0.2), (0.0, 1.0, 0.0, 0.16)])]);
    m.add("arm", MAIN, [
        tube(&[(0.12, 0.42, 0.0, 0.1), (0.4, 0.46, 0.02, 0.1), (0.43, 0.8, 0.02, 0.085)]),
        tube(&[(-0.12, 0.6, 0.0, 0.09), (-0.36, 0.64, 0.0, 0.085), (-0.38, 0.92, 0.0, 0.07)]),
    ]);
    m.add("spine", own(0xe9e2c0), (0..60).map(|i| { let (a, y) = (i as f32 * 2.4, 0.1 + i as f32 * 0.016); egg(0.035, 0.006, 0.006).at(0.21, 0.0, 0.0).turn_y(a.to_degrees()).at(0.0, y, 0.0) })).hard();
    m.add("flower", second(0xe8508c), [egg(0.08, 0.05, 0.08).at(0.0, 1.17, 0.0)]).hard();
    if !wish.any("saguaro") {
        pot(&mut m);
    }
    m
}

fn bamboo(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x6fa23e));
    for index in 0..7 {
        let angle = index as f32 * 2.4;
        let (x, z) = (0.07 * index as f32 * angle.cos() * 0.5, 0.07 * index as f32 * angle.sin() * 0.5);
        let height = wish.between(0.9, 1.4);
        m.add("stem", MAIN, [rod(0.035, height).at(x, height * 0.5, z)]);
        m.add("joint", Coat::Tone(0.75), (1..6).map(|i| rod(0.041, 0.018).at(x, height * i as f32 / 6.0, z)));
        for leaf in 0..5 {
            let turn = angle.to_degrees() + 75.0 * leaf as f32;
            m.add("leaf", Coat::Own(foliage(0x4d9438)), [blade(0.3, 0.032, 0.06).turn_y(turn).at(x, height * (0.55 + 0.1 * leaf as f32), z)]);
        }
    }
    potted(&mut m, wish);
    m
}

fn stem_leaves(m: &mut Model, height: f32) {
    m.add("stem", own(0x4d8a35), [tube(&[(0.0, 0.0, 0.0, 0.028), (0.02, height * 0.5, 0.0, 0.025), (0.0, height, 0.02, 0.022)])]);
    m.add("leaf", Coat::Own(foliage(0x4d9438)), [blade(0.34, 0.07, 0.1).at(0.0, height * 0.3, 0.0), blade(0.3, 0.065, 0.1).turn_y(170.0).at(0.0, height * 0.45, 0.0), blade(0.28, 0.06, 0.1).turn_y(80.0).at(0.0, height * 0.2, 0.0)]);
}

fn flower(wish: &mut Wish<'_>) -> Model {
    let small = wish.any("begonia violet_begonia petunia pansy marigold poppy violet aster");
    let code = if wish.any("sunflower marigold") { 0xf4c01e } else if wish.any("begonia poppy") { 0xe2453e } else if wish.has("daisy") { 0xf6f6f2 } else { 0xe85f9a };
    let mut m = Model::new(hex(code));
    let heads: Vec<(f32, f32, f32, f32)> = if small {
        (0..7).map(|i| { let a = i as f32 * 2.4; let r = 0.07 + 0.05 * i as f32; (r * a.cos(), 0.62 - 0.03 * i as f32, r * a.sin(), 0.17) }).collect()
    } else {
        vec![(0.0, 1.0, 0.05, 0.4)]
    };
    for (x, y, z, r) in heads {
        let tilt = if small { 25.0 } else { 68.0 };
        let turn = if small { x.atan2(z).to_degrees() } else { 0.0 };
        let set = |solid: crate::sketch::text::solid::Solid| solid.turn_x(tilt).turn_y(turn).at(x, y, z);
        m.add("petal", MAIN, around(if small { 6 } else { 14 }, &egg(r * 0.42, r * 0.06, r * if small { 0.3 } else { 0.15 }).turn_z(14.0).at(r * 0.62, 0.0, 0.0)).into_iter().map(set));
        m.add("center", second(if code == 0xf4c01e { 0x5a3516 } else { 0xf0c53a }), [set(egg(r * 0.4, r * 0.14, r * 0.4).at(0.0, r * 0.02, 0.0))]);
        m.add("stem", own(0x4d8a35), [tube(&[(0.0, 0.0, 0.0, 0.025), (x * 0.4, y * 0.6, z * 0.3, 0.022), (x, y - 0.01, z - 0.02, 0.02)])]);
    }
    if small {
        m.add("leaf", Coat::Own(foliage(0x3f8a36)), around(9, &egg(0.16, 0.02, 0.11).turn_z(20.0).at(0.26, 0.28, 0.0)));
        m.add("leaf", Coat::Own(foliage(0x3f8a36)), around(6, &egg(0.15, 0.02, 0.1).turn_z(35.0).at(0.18, 0.42, 0.0)));
        pot(&mut m);
    } else {
        stem_leaves(&mut m, 0.9);
        potted(&mut m, wish);
    }
    m
}

fn tulip(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd4213c));
    stem_leaves(&mut m, 0.9);
    if wish.has("tulip") {
        m.add("petal", MAIN, around(6, &egg(0.05, 0.24, 0.13).turn_z(-6.0).at(0.12, 1.08, 0.0)));
    } else {
        for layer in 0..4 {
            let l = layer as f32;
            let petal = egg(0.035, 0.15, 0.14).turn_z(-10.0 - 16.0 * l).at(0.05 + 0.055 * l, 1.06 - 0.02 * l, 0.0);
            m.add("petal", Coat::Tone(1.0 - 0.06 * (3.0 - l)), around(3 + layer, &petal).into_iter().map(|solid| solid.turn_y(35.0 * l)));
        }
    }
    m.add("leaf", own(0x4d9438), around(4, &egg(0.09, 0.015, 0.03).turn_z(30.0).at(0.1, 0.9, 0.0)));
    potted(&mut m, wish);
    m
}

fn orchid(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc65fc4));
    m.add("stem", own(0x5b8a3c), [tube(&[(0.0, 0.0, 0.0, 0.022), (-0.06, 0.5, 0.0, 0.02), (0.05, 0.95, 0.05, 0.018), (0.4, 1.15, 0.12, 0.012)])]);
    m.add("leaf", Coat::Own(foliage(0x3c7f3a)), around(5, &blade(0.5, 0.09, 0.16).stretch(1.0, 1.0, 0.8)));
    for (x, y, z, r) in [(-0.04, 0.72, 0.06, 0.16), (0.05, 0.95, 0.12, 0.17), (0.24, 1.08, 0.15, 0.16), (0.42, 1.12, 0.16, 0.12)] {
        for (turn, k) in [(90.0, 1.0), (18.0, 1.15), (162.0, 1.15), (234.0, 0.95), (306.0, 0.95)] {
            m.add("petal", MAIN, [egg(r * 0.55 * k, r * 0.36, 0.02).at(r * 0.55, 0.0, 0.0).turn_z(turn).at(x, y, z)]);
        }
        m.add("center", own(0xf1d34a), [egg(r * 0.16, r * 0.2, 0.04).at(x, y - 0.02, z + 0.02)]);
    }
    pot(&mut m);
    m
}

fn lavender(wish: &mut Wish<'_>) -> Model {
    let code = if wish.has("wheat") { 0xd9b455 } else { 0x8a66c8 };
    let mut m = Model::new(hex(code).with(Texture::Leaves));
    for index in 0..19 {
        let angle = index as f32 * 2.4;
        let out = 0.09 * (index as f32).sqrt();
        let (x, z) = (out * angle.cos(), out * angle.sin());
        let height = wish.between(0.62, 0.85) - out * 0.3;
        m.add("stem", own(0x6f9a5a), [tube(&[(x * 0.3, 0.0, z * 0.3, 0.013), (x * 1.2, height, z * 1.2, 0.011)])]);
        m.add("flower", MAIN, [egg(0.045, 0.16, 0.045).rough(0.012, 30.0).at(x * 1.35, height + 0.12, z * 1.35)]).ruffled(0.012);
    }
    m.add("leaf", Coat::Own(foliage(0x6f9a5a)), around(10, &blade(0.34, 0.025, 0.28)));
    potted(&mut m, wish);
    m
}

fn bush(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(foliage(0x3f8038));
    let lumps: Vec<(f32, f32, f32, f32)> = (0..8).map(|i| { let a = i as f32 * 2.4; let r = 0.12 * (i as f32).sqrt(); (r * a.cos(), wish.between(0.3, 0.46), r * a.sin(), 0.3) }).collect();
    crown(&mut m, MAIN, &lumps);
    if wish.any("rose_bush rose flower") {
        m.add("flower", second(0xd93a54), (0..24).map(|i| { let a = i as f32 * 2.4; let t = i as f32 / 24.0; let r = 0.62 * (1.0 - t * t).sqrt(); ball(0.055).at(r * a.cos(), 0.3 + 0.46 * t, r * a.sin()) }));
    }
    m
}

fn plant(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(foliage(0x4a9440));
    let thick = wish.any("aloe succulent agave snake aloe_vera");
    for ring in 0..3 {
        let r = ring as f32;
        let (length, width) = (0.62 - 0.1 * r, if thick { 0.07 } else { 0.06 });
        let leaf = if thick { tube(&[(0.0, 0.0, 0.0, width), (length * 0.35, 0.2 + 0.14 * r, 0.0, width), (length * 0.6, 0.44 + 0.18 * r, 0.0, 0.006)]) } else { blade(length, width, 0.26 + 0.26 * r).stretch(1.0, 1.0, 1.2) };
        m.add("leaf", MAIN, around(7 - ring, &leaf).into_iter().map(|solid| solid.turn_y(23.0 * r)));
    }
    pot(&mut m);
    m
}

fn mushroom(wish: &mut Wish<'_>) -> Model {
    let spots = wish.any("toadstool");
    let mut m = Model::new(hex(if spots { 0xcf2a20 } else { 0xb98556 }).finish(Finish::Gloss));
    m.add("stem", own(0xf0e8d6), [lathe(&[(0.0, 0.0), (0.2, 0.0), (0.15, 0.2), (0.12, 0.62), (0.0, 0.62)])]);
    m.add("cap", MAIN, [lathe(&[(0.0, 0.5), (0.42, 0.46), (0.47, 0.52), (0.4, 0.72), (0.24, 0.86), (0.0, 0.92)])]);
    if spots {
        m.add("spot", own(0xf6f2e8), (0..14).map(|i| { let a = i as f32 * 2.4; let t = i as f32 / 14.0; egg(0.06, 0.05, 0.06).at((0.06 + 0.4 * t) * a.cos(), 0.9 - 0.3 * t * t, (0.06 + 0.4 * t) * a.sin()) }));
    }
    m.perch = Some(glam::Vec3::new(0.0, 0.9, 0.0));
    m
}

fn log(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(bark());
    m.add("body", MAIN, [rod(0.3, 0.55).rough(0.03, 7.0).at(0.0, 0.28, 0.0)]);
    m.add("root", MAIN, around(5, &tube(&[(0.2, 0.14, 0.0, 0.12), (0.46, 0.02, 0.05, 0.05)])));
    m.add("top", Coat::Own(hex(0xc99f66).with(Texture::Grain)), [rod(0.27, 0.03).at(0.0, 0.56, 0.0)]);
    m
}
