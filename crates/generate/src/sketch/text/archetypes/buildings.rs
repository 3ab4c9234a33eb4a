//! Houses, towers and other things that are built.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Texture, hex};
use crate::sketch::text::solid::{Solid, block, faceted, four, lathe, pair, plate, ring, rod, taper};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("house", "building,cottage,cabin,hut,barn,home,mansion,school,farmhouse,shed,villa,hotel,shop,store,chalet,garage,birdhouse,dollhouse,doghouse,church,chapel", house),
    Archetype::new("library", "museum,bank,courthouse,mausoleum,shrine,greek temple", temple),
    Archetype::new("tower", "clock tower,lighthouse,skyscraper,bell tower,minaret,obelisk,watchtower", tower),
    Archetype::new("castle", "fortress,palace,fort,citadel", castle),
    Archetype::new("temple", "pagoda,japanese temple,gazebo", pagoda),
    Archetype::new("windmill", "mill", windmill),
    Archetype::new("bridge", "arch,archway", bridge),
    Archetype::new("tombstone", "gravestone,headstone,grave", tombstone),
    Archetype::new("fountain", "well,birdbath", fountain),
    Archetype::new("tent", "teepee,yurt,igloo,camping tent", tent),
    Archetype::new("fence", "gate,railing", fence),
];

fn glass() -> Coat {
    Coat::Own(hex(0x9cc7dc).finish(Finish::Gloss))
}

/// A gable roof along z: width, height, depth; its eaves at the origin.
fn gable(width: f32, height: f32, depth: f32) -> Solid {
    plate(&[(-width * 0.5, 0.0), (width * 0.5, 0.0), (0.0, height)], depth)
}

fn house(wish: &mut Wish<'_>) -> Model {
    let barn = wish.any("barn shed");
    let mut m = Model::new(if barn { hex(0xa5342a) } else if wish.any("cabin cottage hut chalet birdhouse") { hex(0xb08455).with(Texture::Grain) } else { hex(0xe6dcc6).with(Texture::Mottle) });
    let storeys = if wish.any("hotel school mansion") { 3 } else { 2 };
    let height = 0.36 * storeys as f32;
    m.add("wall", MAIN, [block(0.95, height, 0.8).at(0.0, height * 0.5, 0.0), gable(0.94, 0.36, 0.76).at(0.0, height, 0.0)]);
    let slope = [1.0, -1.0].map(|side| block(0.68, 0.06, 0.98).turn_z(-37.0 * side).at(0.27 * side, height + 0.2, 0.0));
    m.add("roof", second(0x8c3b2c), slope);
    m.add("door", own(0x5e3a22), [block(0.2, 0.32, 0.03).at(0.0, 0.16, 0.405)]);
    for storey in 0..storeys {
        let y = 0.2 + 0.36 * storey as f32;
        m.add("window", glass(), pair(block(0.17, 0.18, 0.025).at(0.29, y, 0.405)));
        m.add("frame", own(0xf2f0ea), pair(block(0.21, 0.22, 0.012).at(0.29, y, 0.403)));
        m.add("window", glass(), four(block(0.025, 0.18, 0.17).at(0.48, y, 0.2)));
        m.add("window", glass(), pair(block(0.17, 0.18, 0.025).at(0.26, y, -0.405)));
    }
    m.add("chimney", own(0x8b5a48), [block(0.12, 0.34, 0.12).at(0.26, height + 0.36, -0.18)]);
    if wish.any("church chapel") {
        m.add("tower", MAIN, [block(0.26, 0.5, 0.26).at(0.0, height + 0.36, 0.24)]);
        m.add("roof", second(0x8c3b2c), [faceted(4, &[(0.0, 0.0), (0.17, 0.0), (0.0, 0.42)]).at(0.0, height + 0.6, 0.24)]);
    }
    m
}

fn temple(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd9cfba).with(Texture::Speckle));
    m.add("step", MAIN, [block(1.4, 0.08, 1.0).at(0.0, 0.04, 0.0), block(1.28, 0.08, 0.9).at(0.0, 0.12, 0.0)]);
    m.add("wall", Coat::Tone(0.92), [block(1.1, 0.62, 0.56).at(0.0, 0.46, -0.08)]);
    m.add("column", MAIN, (0..6).map(|i| rod(0.055, 0.6).at(-0.5 + 0.2 * i as f32, 0.46, 0.34)));
    m.add("roof", second(0xb9654a), [block(1.24, 0.08, 0.9).at(0.0, 0.8, 0.0), gable(1.24, 0.26, 0.86).at(0.0, 0.84, 0.0)]);
    m.add("door", own(0x5b3a22), [block(0.2, 0.4, 0.03).at(0.0, 0.36, 0.205)]);
    m.add("window", glass(), pair(block(0.14, 0.28, 0.03).at(0.36, 0.5, 0.205)));
    m.add("window", glass(), (0..4).map(|i| block(0.14, 0.28, 0.03).at(-0.39 + 0.26 * i as f32, 0.5, -0.365)));
    m
}

fn tower(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xcbbfa8).with(Texture::Bricks));
    if wish.has("lighthouse") {
        m.default = hex(0xf2f0ec).with(Texture::Plain);
        m.add("body", MAIN, [taper(0.28, 0.18, 1.2).at(0.0, 0.6, 0.0)]);
        m.add("stripe", second(0xcc2a22), [taper(0.262, 0.242, 0.22).at(0.0, 0.34, 0.0), taper(0.225, 0.203, 0.22).at(0.0, 0.82, 0.0)]);
        m.add("light", own(0xf9e27a), [rod(0.12, 0.18).at(0.0, 1.32, 0.0)]);
        m.add("roof", second(0xcc2a22), [taper(0.17, 0.0, 0.2).at(0.0, 1.5, 0.0), rod(0.24, 0.04).at(0.0, 1.21, 0.0)]);
        return m;
    }
    if wish.any("skyscraper") {
        m.default = hex(0x8fa6b8).finish(Finish::Metal);
        m.add("body", MAIN, [block(0.5, 1.3, 0.5).at(0.0, 0.65, 0.0), block(0.34, 0.4, 0.34).at(0.0, 1.5, 0.0)]);
        m.add("window", own(0x2b4560), (0..13).map(|i| block(0.515, 0.045, 0.515).at(0.0, 0.12 + 0.095 * i as f32, 0.0)));
        return m;
    }
    m.add("body", MAIN, [block(0.4, 1.3, 0.4).at(0.0, 0.65, 0.0)]);
    m.add("trim", Coat::Tone(0.82), [block(0.5, 0.08, 0.5).at(0.0, 0.04, 0.0), block(0.46, 0.06, 0.46).at(0.0, 0.9, 0.0), block(0.48, 0.07, 0.48).at(0.0, 1.32, 0.0)]);
    m.add("roof", second(0x4f6f78), [faceted(4, &[(0.0, 0.0), (0.25, 0.0), (0.0, 0.5)]).at(0.0, 1.35, 0.0)]);
    for turn in [0.0, 90.0, 180.0, 270.0] {
        m.add("face", own(0xf6f3e8), [rod(0.15, 0.03).turn_x(90.0).at(0.0, 1.11, 0.2).turn_y(turn)]);
        m.add("hand", own(0x1d1d20), [block(0.016, 0.11, 0.012).at(0.0, 1.155, 0.222).turn_y(turn), block(0.08, 0.016, 0.012).at(0.035, 1.11, 0.222).turn_y(turn)]);
        m.add("window", own(0x3b4a55), [block(0.09, 0.2, 0.02).at(0.0, 0.62, 0.2).turn_y(turn)]);
    }
    m.add("door", own(0x5b3a22), [block(0.14, 0.26, 0.03).at(0.0, 0.2, 0.2)]);
    m
}

fn castle(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xa8a39a).with(Texture::Bricks));
    m.add("wall", MAIN, [block(0.9, 0.5, 0.9).at(0.0, 0.25, 0.0), block(0.44, 0.95, 0.44).at(0.0, 0.47, 0.0)]);
    m.add("tower", MAIN, four(rod(0.16, 0.8).at(0.45, 0.4, 0.45)));
    m.add("roof", second(0x37548f), four(taper(0.21, 0.0, 0.34).at(0.45, 0.96, 0.45)));
    m.add("roof", second(0x37548f), [faceted(4, &[(0.0, 0.0), (0.27, 0.0), (0.0, 0.4)]).at(0.0, 0.95, 0.0)]);
    m.add("battlement", MAIN, (0..5).flat_map(|i| pair(block(0.08, 0.09, 0.06).at(0.0, 0.54, 0.0).at(-0.28 + 0.14 * i as f32, 0.0, 0.42)).map(|solid| solid.at(0.0, 0.0, 0.0))));
    m.add("door", own(0x4d3018), [block(0.22, 0.28, 0.04).at(0.0, 0.14, 0.45), rod(0.11, 0.04).turn_x(90.0).at(0.0, 0.28, 0.45)]);
    m.add("window", own(0x2b2f38), pair(block(0.05, 0.14, 0.03).at(0.24, 0.32, 0.45)));
    m
}

fn pagoda(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb5382a));
    for storey in 0..4 {
        let s = storey as f32;
        let width = 0.72 - 0.12 * s;
        m.add("wall", MAIN, [block(width, 0.26, width).at(0.0, 0.16 + 0.36 * s, 0.0)]);
        m.add("roof", second(0x3a4a44), [faceted(4, &[(0.0, 0.0), (width * 0.82, 0.02), (width * 0.78, -0.02), (width * 0.5, 0.07), (width * 0.32, 0.16), (0.0, 0.16)]).at(0.0, 0.28 + 0.36 * s, 0.0)]);
        m.add("window", own(0xf2dfae), [block(width * 0.3, 0.14, width + 0.02).at(0.0, 0.15 + 0.36 * s, 0.0), block(width + 0.02, 0.14, width * 0.3).at(0.0, 0.15 + 0.36 * s, 0.0)]);
    }
    m.add("spire", Coat::Own(hex(0xe0ae34).finish(Finish::Metal)), [taper(0.04, 0.0, 0.34).at(0.0, 1.66, 0.0)]);
    m.add("base", own(0x9b958a), [block(0.95, 0.06, 0.95)]);
    m
}

fn windmill(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe9e2d2).with(Texture::Mottle));
    m.add("body", MAIN, [taper(0.32, 0.2, 1.0).at(0.0, 0.5, 0.0)]);
    m.add("roof", second(0x7a3a28), [taper(0.25, 0.0, 0.28).at(0.0, 1.14, 0.0)]);
    m.add("door", own(0x5b3a22), [block(0.16, 0.28, 0.05).at(0.0, 0.15, 0.295)]);
    let spin = wish.between(0.0, 60.0);
    m.add("sail", own(0xb08d5c), (0..4).map(|i| block(0.16, 0.6, 0.02).at(0.05, 0.38, 0.0).turn_z(90.0 * i as f32 + spin).at(0.0, 0.98, 0.32)));
    m.add("axle", own(0x4a3423), [rod(0.05, 0.2).turn_x(90.0).at(0.0, 0.98, 0.25)]);
    m
}

fn bridge(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xa39c90).with(Texture::Bricks));
    let mut outline: Vec<(f32, f32)> = vec![(0.8, 0.0), (0.8, 0.3), (0.4, 0.46), (0.0, 0.52), (-0.4, 0.46), (-0.8, 0.3), (-0.8, 0.0), (-0.48, 0.0)];
    outline.extend((1..12).map(|i| { let a = std::f32::consts::PI * (1.0 - i as f32 / 12.0); (0.48 * a.cos(), 0.4 * a.sin()) }));
    outline.push((0.48, 0.0));
    m.add("body", MAIN, [plate(&outline, 0.42)]);
    let rail = plate(&[(0.8, 0.3), (0.8, 0.42), (0.4, 0.58), (0.0, 0.64), (-0.4, 0.58), (-0.8, 0.42), (-0.8, 0.3), (-0.4, 0.46), (0.0, 0.52), (0.4, 0.46)], 0.05);
    m.add("railing", Coat::Tone(0.85), [rail.clone().at(0.0, 0.0, 0.19), rail.at(0.0, 0.0, -0.19)]);
    m
}

fn tombstone(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8f9092).with(Texture::Speckle));
    let mut outline = vec![(-0.34, 0.0), (0.34, 0.0)];
    outline.extend((0..=12).map(|i| { let a = std::f32::consts::PI * i as f32 / 12.0; (0.34 * a.cos(), 0.7 + 0.34 * a.sin()) }));
    m.add("body", MAIN, [plate(&outline, 0.18)]);
    m.add("base", Coat::Tone(0.85), [block(0.9, 0.14, 0.42)]);
    m.add("carving", own(0x4b4c50), [block(0.06, 0.3, 0.02).at(0.0, 0.72, 0.09), block(0.2, 0.06, 0.02).at(0.0, 0.77, 0.09), block(0.4, 0.03, 0.02).at(0.0, 0.42, 0.09), block(0.3, 0.03, 0.02).at(0.0, 0.33, 0.09)]);
    m
}

fn fountain(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb9b4aa).with(Texture::Speckle));
    let bowl = |r: f32, y: f32| lathe(&[(0.0, y), (r * 0.5, y), (r, y + 0.16), (r, y + 0.2), (r * 0.9, y + 0.2), (r * 0.5, y + 0.08), (0.0, y + 0.08)]);
    m.add("bowl", MAIN, [lathe(&[(0.0, 0.0), (0.66, 0.0), (0.68, 0.24), (0.6, 0.24), (0.58, 0.06), (0.0, 0.06)]), bowl(0.36, 0.5), bowl(0.2, 0.85)]);
    m.add("column", MAIN, [taper(0.13, 0.07, 0.9).at(0.0, 0.45, 0.0)]);
    m.add("water", Coat::Own(hex(0x6fb8dc).finish(Finish::Gloss)), [rod(0.595, 0.03).at(0.0, 0.18, 0.0), rod(0.31, 0.02).at(0.0, 0.66, 0.0), rod(0.17, 0.02).at(0.0, 1.01, 0.0), taper(0.05, 0.015, 0.2).at(0.0, 1.12, 0.0)]);
    m
}

fn tent(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd9822f).with(Texture::Weave));
    if wish.any("teepee yurt") {
        m.add("body", MAIN, [taper(0.5, 0.03, 1.1).at(0.0, 0.55, 0.0)]);
        m.add("pole", own(0x6b4a2c), (0..4).map(|i| rod(0.015, 0.3).turn_z(20.0).at(0.0, 1.16, 0.0).turn_y(90.0 * i as f32)));
        m.add("door", own(0x3c2a1e), [plate(&[(-0.14, 0.0), (0.14, 0.0), (0.0, 0.5)], 0.05).turn_x(-24.0).at(0.0, 0.01, 0.49)]);
        return m;
    }
    if wish.has("igloo") {
        m.default = hex(0xeaf3f8).with(Texture::Bricks);
        m.add("body", MAIN, [lathe(&[(0.0, 0.0), (0.55, 0.0), (0.52, 0.2), (0.38, 0.42), (0.2, 0.53), (0.0, 0.56)])]);
        m.add("body", MAIN, [rod(0.22, 0.34).turn_x(90.0).at(0.0, 0.14, 0.55)]);
        m.add("door", own(0x22303a), [rod(0.15, 0.02).turn_x(90.0).at(0.0, 0.13, 0.72)]);
        return m;
    }
    m.add("body", MAIN, [gable(1.0, 0.7, 1.2)]);
    m.add("door", own(0x33281f), [plate(&[(-0.22, 0.0), (0.22, 0.0), (0.0, 0.5)], 0.02).at(0.0, 0.0, 0.6)]);
    m
}

fn fence(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf0ece2).with(Texture::Grain));
    m.add("picket", MAIN, (0..7).map(|i| plate(&[(-0.07, 0.0), (0.07, 0.0), (0.07, 0.66), (0.0, 0.76), (-0.07, 0.66)], 0.04).at(-0.66 + 0.22 * i as f32, 0.0, 0.0)));
    m.add("rail", Coat::Tone(0.88), [block(1.5, 0.08, 0.04).at(0.0, 0.2, -0.04), block(1.5, 0.08, 0.04).at(0.0, 0.54, -0.04)]);
    m.add("knob", own(0x8a8f94), [ring(0.03, 0.012).at(0.0, 0.2, 0.04)]);
    m
}
