//! Gems, crystals and rocks, and the plain solids.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Texture, hex};
use crate::sketch::text::solid::{Solid, ball, block, egg, faceted, plate, ring, rod, soft_block, taper};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("rock", "boulder,stone,pebble,meteorite,asteroid,coal,cobblestone,mineral,ore,rocks,nugget,gold nugget,raw gold,chunk,lump", rock),
    Archetype::new("crystal", "crystal cluster,quartz cluster,shard,crystal shard,quartz,geode,amethyst cluster,stalagmite", crystal),
    Archetype::new("gem", "gemstone,diamond,jewel,ruby,emerald,sapphire,amethyst,garnet,topaz,opal,jade,onyx,citrine", gem),
    Archetype::new("nugget", "gold nugget,ingot,gold bar,bullion", nugget),
    Archetype::new("mountain", "volcano,hill,iceberg,island,cliff", mountain),
    Archetype::new("cube", "box,block,square", cube),
    Archetype::new("sphere", "orb,globe,planet,earth,moon,crystal ball,marble ball,bubble,sun", sphere),
    Archetype::new("pyramid", "tetrahedron", pyramid),
    Archetype::new("cone", "traffic cone", cone),
    Archetype::new("cylinder", "tube,pipe,column,pillar", cylinder),
    Archetype::new("triangle", "", triangle),
    Archetype::new("star", "", star),
    Archetype::new("heart", "", heart),
    Archetype::new("torus", "donut shape,hoop", torus),
];

fn rock(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x8b8478).with(Texture::Speckle), 0.12);
    m.living = false;
    let mut lump = |x: f32, y: f32, z: f32, r: f32| egg(r * wish.vary(0.2), r * 0.75 * wish.vary(0.15), r * wish.vary(0.2)).rough(0.09 * r / 0.4, 1.9 / r).at(x, y, z);
    m.add("body", MAIN, [lump(0.0, 0.3, 0.0, 0.5), lump(0.25, 0.2, 0.12, 0.34), lump(-0.24, 0.22, -0.08, 0.36)]);
    m
}

/// A six-sided crystal standing on the origin.
fn prism(radius: f32, height: f32) -> Solid {
    faceted(6, &[(0.0, -0.15), (radius, -0.15), (radius * 0.9, height * 0.72), (0.0, height)])
}

fn crystal(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xa884e0).finish(Finish::Gem));
    m.add("crystal", MAIN, [prism(0.16, 1.15)]);
    for index in 0..9 {
        let turn = 40.0 * index as f32 + wish.between(-12.0, 12.0);
        let (radius, height) = (wish.between(0.06, 0.12), wish.between(0.4, 0.85));
        let lean = wish.between(16.0, 46.0);
        m.add("crystal", if index % 2 == 0 { MAIN } else { Coat::Tone(0.85) }, [prism(radius, height).turn_y(17.0 * index as f32).at(0.0, 0.05, 0.0).turn_x(lean).turn_y(turn)]);
    }
    m.add("base", Coat::Second(hex(0x5e5866).with(Texture::Speckle)), [egg(0.42, 0.16, 0.4).rough(0.05, 6.0)]);
    m
}

/// A round brilliant, girdle of the given radius at the origin.
pub(super) fn brilliant(radius: f32) -> Solid {
    faceted(8, &[(0.0, -0.85), (0.98, -0.06), (1.0, 0.04), (0.58, 0.34), (0.0, 0.34)]).size(radius)
}

fn gem(wish: &mut Wish<'_>) -> Model {
    let code = match () {
        () if wish.any("ruby garnet") => 0xc8102e,
        () if wish.any("emerald jade") => 0x0fa058,
        () if wish.any("sapphire") => 0x1c48cc,
        () if wish.any("amethyst") => 0x8a44c8,
        () if wish.any("topaz citrine") => 0xf2a93a,
        () if wish.any("onyx") => 0x1a191f,
        () => 0xbfe4f6,
    };
    let mut m = Model::new(hex(code).finish(Finish::Gem));
    m.add("gem", MAIN, [brilliant(0.6)]);
    m
}

fn nugget(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe5b02e).finish(Finish::Metal));
    if wish.any("ingot gold_bar bullion") {
        m.add("body", MAIN, [faceted(4, &[(0.0, 0.0), (0.5, 0.0), (0.42, 0.3), (0.0, 0.3)]).stretch(1.0, 1.0, 0.45)]);
    } else {
        m.add("body", MAIN, [egg(0.5, 0.36, 0.4).rough(0.12, 3.5)]);
    }
    m
}

fn mountain(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7d776e).with(Texture::Speckle));
    m.add("body", MAIN, [taper(0.75, 0.06, 0.85).rough(0.09, 3.0).at(0.0, 0.42, 0.0), taper(0.5, 0.02, 0.55).rough(0.08, 3.5).at(0.45, 0.26, 0.1), taper(0.45, 0.02, 0.5).rough(0.08, 3.5).at(-0.46, 0.24, -0.08)]);
    let snow = if wish.has("volcano") { hex(0xf2571a).finish(Finish::Glow) } else { hex(0xf4f8fb) };
    m.add("top", Coat::Second(snow), [taper(0.26, 0.05, 0.3).rough(0.06, 5.0).at(0.0, 0.72, 0.0)]);
    m
}

fn cube(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb98a55).with(Texture::Grain));
    m.add("body", MAIN, [soft_block(1.0, 1.0, 1.0, 0.03).turn_y(30.0)]);
    m
}

fn sphere(wish: &mut Wish<'_>) -> Model {
    let earth = wish.any("globe planet earth");
    let mut m = Model::new(if earth { hex(0x2c6bc0).with(Texture::Patches(super::super::paint::rgb(0x4a9a48))) } else if wish.has("moon") { hex(0xb9b8b4).with(Texture::Speckle) } else { hex(0x4aa0d8).finish(Finish::Gloss) });
    m.add("body", MAIN, [ball(0.5).at(0.0, 0.62, 0.0)]);
    if wish.has("globe") {
        m.add("stand", second(0x7a5230), [rod(0.3, 0.06).at(0.0, -0.06, 0.0), rod(0.04, 0.2).at(0.0, 0.04, 0.0), ring(0.54, 0.025).turn_z(90.0).at(0.0, 0.62, 0.0)]);
    } else if wish.has("crystal ball") {
        m.add("stand", second(0x7a5230), [taper(0.36, 0.24, 0.2).at(0.0, 0.06, 0.0)]);
    }
    m
}

fn pyramid(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd2b06c).with(Texture::Bricks));
    m.add("body", MAIN, [faceted(4, &[(0.0, 0.0), (0.62, 0.0), (0.0, 0.9)]).turn_y(25.0)]);
    m
}

fn cone(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf0701c));
    m.add("body", MAIN, [taper(0.34, 0.05, 1.0).at(0.0, 0.55, 0.0)]);
    m.add("stripe", own(0xf3f3f0), [taper(0.265, 0.205, 0.18).at(0.0, 0.5, 0.0), taper(0.165, 0.118, 0.14).at(0.0, 0.8, 0.0)]);
    m.add("base", MAIN, [block(0.86, 0.07, 0.86).at(0.0, 0.035, 0.0)]);
    m
}

fn cylinder(wish: &mut Wish<'_>) -> Model {
    let column = wish.any("column pillar");
    let mut m = Model::new(if column { hex(0xe4e0d8).with(Texture::Veins(glam::Vec3A::splat(0.55))) } else { hex(0x6a8fc0).finish(Finish::Gloss) });
    m.add("body", MAIN, [rod(if column { 0.2 } else { 0.4 }, 1.1)]);
    if column {
        m.add("base", MAIN, [block(0.6, 0.1, 0.6).at(0.0, -0.58, 0.0), block(0.56, 0.1, 0.56).at(0.0, 0.58, 0.0), ring(0.22, 0.05).at(0.0, -0.5, 0.0), ring(0.22, 0.05).at(0.0, 0.5, 0.0)]);
    }
    m
}

fn triangle(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xcc2a24).finish(Finish::Gloss));
    m.add("body", MAIN, [plate(&[(-0.6, -0.4), (0.6, -0.4), (0.0, 0.64)], 0.28)]);
    m
}

fn star(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf4c62a).finish(Finish::Gloss));
    let outline: Vec<(f32, f32)> = (0..10).map(|i| { let a = std::f32::consts::PI * (0.5 + i as f32 / 5.0); let r = if i % 2 == 0 { 0.65 } else { 0.28 }; (r * a.cos(), r * a.sin()) }).collect();
    m.add("body", MAIN, [plate(&outline, 0.22)]);
    m
}

fn heart(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd5202f).finish(Finish::Gloss));
    let outline: Vec<(f32, f32)> = (0..40).map(|i| { let t = i as f32 / 40.0 * std::f32::consts::TAU; (0.04 * 16.0 * t.sin().powi(3), 0.04 * (13.0 * t.cos() - 5.0 * (2.0 * t).cos() - 2.0 * (3.0 * t).cos() - (4.0 * t).cos())) }).collect();
    m.add("body", MAIN, [plate(&outline, 0.34)]);
    m
}

fn torus(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x3c8fd0).finish(Finish::Gloss));
    m.add("body", MAIN, [ring(0.5, 0.18).turn_x(60.0)]);
    m
}
