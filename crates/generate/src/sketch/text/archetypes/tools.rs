//! Tools of the workshop, the garden and the desk.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{around, block, egg, faceted, pair, plate, ring, rod, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("hammer", "mallet,sledgehammer,gavel", hammer),
    Archetype::new("wrench", "spanner", wrench),
    Archetype::new("screwdriver", "chisel,awl", screwdriver),
    Archetype::new("saw", "hand saw,handsaw,chainsaw", saw),
    Archetype::new("drill", "power drill,electric drill,hair dryer,hairdryer,glue gun", drill),
    Archetype::new("pliers", "scissors,shears,tongs,pincers", pliers),
    Archetype::new("shovel", "spade,rake,pitchfork,hoe,trowel,broom,mop,oar,paddle", shovel),
    Archetype::new("pickaxe", "pick,scythe,sickle", pickaxe),
    Archetype::new("pencil", "pen,crayon,marker,fountain pen,paintbrush,brush,toothbrush", pencil),
    Archetype::new("pencil sharpener", "sharpener,stapler,tape dispenser", sharpener),
    Archetype::new("toolbox", "tool box,suitcase,briefcase,luggage,chest box,first aid kit", toolbox),
    Archetype::new("anvil", "vise", anvil),
    Archetype::new("gear", "cog,cogwheel,bolt,screw,nut", gear),
    Archetype::new("magnifying glass", "magnifier,hand mirror", magnifier),
    Archetype::new("key", "skeleton key", key),
    Archetype::new("padlock", "lock", padlock),
    Archetype::new("anchor", "", anchor),
    Archetype::new("telescope", "binoculars,microscope,spyglass", telescope),
];

fn steel() -> Paint {
    hex(0xb9bfc7).finish(Finish::Metal)
}

fn wood() -> Coat {
    Coat::Second(hex(0xa9713c).with(Texture::Grain))
}

fn hammer(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    m.add("head", MAIN, [rod(0.1, 0.26).turn_z(90.0).at(0.2, 0.62, 0.0), soft_block(0.2, 0.16, 0.16, 0.03).at(0.0, 0.62, 0.0), plate(&[(-0.08, 0.08), (-0.08, -0.07), (-0.28, -0.02), (-0.4, -0.14), (-0.32, 0.06)], 0.14).at(0.0, 0.62, 0.0)]);
    m.add("handle", wood(), [tube(&[(0.0, 0.6, 0.0, 0.04), (0.0, 0.0, 0.0, 0.04), (0.0, -0.6, 0.0, 0.055)])]);
    m
}

fn wrench(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    m.add("handle", MAIN, [soft_block(0.13, 0.95, 0.07, 0.03)]);
    let jaw = plate(&[(-0.24, -0.06), (-0.1, -0.16), (0.1, -0.16), (0.24, -0.06), (0.24, 0.24), (0.1, 0.28), (0.1, 0.06), (0.0, 0.0), (-0.1, 0.06), (-0.1, 0.28), (-0.24, 0.24)], 0.11);
    m.add("head", MAIN, [jaw.turn_z(15.0).at(0.0, 0.58, 0.0), ring(0.14, 0.05).turn_x(90.0).at(0.0, -0.56, 0.0)]);
    m
}

fn screwdriver(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd83a26).finish(Finish::Gloss));
    m.add("handle", MAIN, [faceted(6, &[(0.0, -0.6), (0.1, -0.6), (0.12, -0.45), (0.12, -0.12), (0.07, 0.0), (0.0, 0.0)])]);
    m.add("band", own(0x222226), [rod(0.125, 0.06).at(0.0, -0.4, 0.0), rod(0.125, 0.03).at(0.0, -0.2, 0.0)]);
    m.add("blade", Coat::Own(steel()), [rod(0.035, 0.6).at(0.0, 0.3, 0.0), soft_block(0.09, 0.12, 0.025, 0.008).at(0.0, 0.62, 0.0)]);
    m
}

fn saw(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    if wish.has("chainsaw") {
        m.add("body", second(0xe2641e), [soft_block(0.5, 0.34, 0.3, 0.06).at(-0.4, 0.0, 0.0)]);
        m.add("handle", own(0x232327), [tube(&[(-0.6, 0.12, 0.0, 0.04), (-0.5, 0.36, 0.0, 0.04), (-0.22, 0.34, 0.0, 0.04), (-0.18, 0.14, 0.0, 0.04)])]);
        m.add("blade", MAIN, [soft_block(0.9, 0.17, 0.05, 0.02).at(0.28, -0.02, 0.0)]);
        m.add("chain", own(0x2a2b2f), (0..16).map(|i| block(0.03, 0.21, 0.055).at(-0.12 + 0.055 * i as f32, -0.02, 0.0)));
        return m;
    }
    let mut outline = vec![(-0.35, 0.2), (0.9, 0.1), (0.9, -0.02)];
    outline.extend((0..24).map(|i| (0.88 - 0.051 * i as f32, if i % 2 == 0 { -0.1 } else { -0.05 } - 0.005 * i as f32)));
    m.add("blade", MAIN, [plate(&outline, 0.025)]);
    m.add("handle", wood(), [ring(0.17, 0.06).turn_x(90.0).stretch(1.0, 1.15, 1.0).at(-0.5, 0.03, 0.0)]);
    m
}

fn drill(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf0b41c).finish(Finish::Gloss));
    m.add("body", MAIN, [tube(&[(-0.3, 0.3, 0.0, 0.15), (0.1, 0.3, 0.0, 0.16), (0.3, 0.3, 0.0, 0.11)])]);
    m.add("handle", own(0x26272b), [tube(&[(-0.1, 0.2, 0.0, 0.09), (-0.18, -0.26, 0.0, 0.08)]), soft_block(0.38, 0.16, 0.24, 0.04).at(-0.16, -0.38, 0.0)]);
    m.add("chuck", own(0x26272b), [taper(0.1, 0.06, 0.2).turn_z(-90.0).at(0.48, 0.3, 0.0)]);
    m.add("bit", Coat::Own(steel()), [rod(0.025, 0.4).turn_z(90.0).at(0.72, 0.3, 0.0)]);
    m.add("trigger", second(0xc8281e), [soft_block(0.06, 0.14, 0.07, 0.02).at(-0.04, 0.06, 0.0)]);
    m
}

fn pliers(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    if wish.any("scissors shears") {
        m.add("blade", MAIN, [plate(&[(-0.05, 0.0), (0.05, 0.0), (0.03, 0.8), (-0.05, 0.6)], 0.03).turn_z(14.0).at(0.0, 0.0, 0.02), plate(&[(-0.05, 0.0), (0.05, 0.0), (0.05, 0.6), (-0.03, 0.8)], 0.03).turn_z(-14.0).at(0.0, 0.0, -0.02)]);
        m.add("handle", second(0xd02c24), pair(ring(0.14, 0.035).turn_x(90.0).at(0.17, -0.44, 0.0)));
        m.add("handle", second(0xd02c24), pair(tube(&[(0.02, 0.02, 0.0, 0.035), (0.1, -0.3, 0.0, 0.035)])));
    } else {
        m.add("head", MAIN, [taper(0.15, 0.04, 0.42).stretch(1.0, 1.0, 0.5).at(0.0, 0.32, 0.0), rod(0.15, 0.14).turn_x(90.0).at(0.0, 0.08, 0.0)]);
        m.add("handle", second(0xd02c24), pair(tube(&[(0.06, 0.0, 0.0, 0.05), (0.17, -0.3, 0.0, 0.055), (0.12, -0.72, 0.0, 0.05)])));
    }
    m.add("screw", Coat::Tone(0.6), [rod(0.045, 0.17).turn_x(90.0).at(0.0, 0.06, 0.0)]);
    m
}

fn shovel(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    m.add("handle", wood(), [rod(0.032, 1.0).at(0.0, 0.3, 0.0), tube(&[(-0.13, 0.84, 0.0, 0.035), (0.13, 0.84, 0.0, 0.035)])]);
    if wish.any("rake pitchfork fork") {
        m.add("head", MAIN, [rod(0.028, 0.5).turn_z(90.0).at(0.0, -0.2, 0.0)]);
        m.add("head", MAIN, (0..6).map(|i| tube(&[(-0.23 + 0.092 * i as f32, -0.2, 0.0, 0.018), (-0.23 + 0.092 * i as f32, -0.5, 0.04, 0.01)])));
    } else if wish.any("broom mop") {
        m.default = hex(0xd9b661).with(Texture::Fur);
        m.add("head", MAIN, [taper(0.28, 0.1, 0.46).stretch(1.0, 1.0, 0.45).at(0.0, -0.42, 0.0)]);
        m.add("band", own(0xa8322a), [taper(0.14, 0.11, 0.05).stretch(1.0, 1.0, 0.5).at(0.0, -0.24, 0.0)]);
    } else {
        m.add("head", MAIN, [plate(&[(-0.2, -0.18), (0.2, -0.18), (0.2, -0.5), (0.1, -0.66), (0.0, -0.72), (-0.1, -0.66), (-0.2, -0.5)], 0.04), taper(0.06, 0.035, 0.16).at(0.0, -0.14, 0.0)]);
    }
    m
}

fn pickaxe(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    let arc: &[(f32, f32, f32, f32)] = if wish.any("scythe sickle") {
        &[(0.02, 0.6, 0.0, 0.05), (-0.3, 0.66, 0.0, 0.05), (-0.64, 0.42, 0.0, 0.008)]
    } else {
        &[(-0.56, 0.4, 0.0, 0.012), (-0.28, 0.58, 0.0, 0.05), (0.0, 0.64, 0.0, 0.065), (0.28, 0.58, 0.0, 0.05), (0.56, 0.4, 0.0, 0.012)]
    };
    m.add("head", MAIN, [tube(arc)]);
    m.add("handle", wood(), [tube(&[(0.0, 0.7, 0.0, 0.045), (0.0, 0.0, 0.0, 0.035), (0.0, -0.7, 0.0, 0.045)])]);
    m
}

fn pencil(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf2bd1c).finish(Finish::Gloss));
    if wish.any("brush paintbrush toothbrush") {
        m.add("handle", MAIN, [tube(&[(0.0, -0.75, 0.0, 0.02), (0.0, -0.2, 0.0, 0.05), (0.0, 0.35, 0.0, 0.035)])]);
        m.add("band", Coat::Own(steel()), [taper(0.04, 0.065, 0.2).at(0.0, 0.44, 0.0)]);
        m.add("tip", second(0x3a2a20), [taper(0.068, 0.02, 0.3).at(0.0, 0.68, 0.0)]);
        return m;
    }
    m.add("body", MAIN, [faceted(6, &[(0.0, -0.55), (0.075, -0.55), (0.075, 0.55), (0.0, 0.55)])]);
    m.add("tip", own(0xe2bd8c), [taper(0.078, 0.02, 0.2).at(0.0, 0.64, 0.0)]);
    m.add("lead", own(0x26262a), [taper(0.025, 0.0, 0.07).at(0.0, 0.76, 0.0)]);
    m.add("band", Coat::Own(steel()), [rod(0.082, 0.12).at(0.0, -0.6, 0.0)]);
    m.add("eraser", second(0xee8a98), [rod(0.08, 0.12).at(0.0, -0.72, 0.0)]);
    m
}

fn sharpener(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8352a).finish(Finish::Gloss));
    if wish.any("stapler") {
        m.add("base", own(0x2a2b2f), [soft_block(0.28, 0.08, 1.1, 0.03)]);
        m.add("body", MAIN, [soft_block(0.25, 0.16, 1.05, 0.06).turn_x(-9.0).at(0.0, 0.2, 0.0)]);
        return m;
    }
    m.add("body", MAIN, [soft_block(0.56, 0.42, 0.86, 0.07)]);
    m.add("blade", Coat::Own(steel()), [block(0.36, 0.03, 0.66).turn_z(14.0).at(0.02, 0.24, 0.0)]);
    m.add("screw", own(0x55585e), [rod(0.06, 0.06).at(0.0, 0.27, 0.0)]);
    m.add("hole", own(0x17171a), [rod(0.13, 0.02).turn_x(90.0).at(0.0, 0.0, 0.43)]);
    m.add("rim", Coat::Tone(0.75), [ring(0.14, 0.03).turn_x(90.0).at(0.0, 0.0, 0.43)]);
    m.add("groove", Coat::Tone(0.7), (0..4).flat_map(|i| pair(block(0.03, 0.3, 0.04).at(0.275, 0.0, -0.24 + 0.16 * i as f32))));
    m
}

fn toolbox(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(if wish.any("suitcase briefcase luggage") { hex(0x7a4a26).finish(Finish::Gloss) } else { hex(0xc8281e).finish(Finish::Gloss) });
    m.add("body", MAIN, [soft_block(1.1, 0.5, 0.5, 0.05)]);
    m.add("lid", Coat::Tone(0.85), [soft_block(1.12, 0.16, 0.52, 0.05).at(0.0, 0.26, 0.0)]);
    m.add("handle", own(0x26272b), [tube(&[(-0.3, 0.34, 0.0, 0.035), (-0.22, 0.5, 0.0, 0.035), (0.22, 0.5, 0.0, 0.035), (0.3, 0.34, 0.0, 0.035)])]);
    m.add("latch", Coat::Own(steel()), pair(soft_block(0.1, 0.16, 0.04, 0.015).at(0.34, 0.16, 0.26)));
    m
}

fn anvil(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x4a4d53).finish(Finish::Metal));
    m.add("body", MAIN, [plate(&[(-0.4, -0.4), (0.4, -0.4), (0.36, -0.28), (0.16, -0.14), (0.16, 0.06), (0.46, 0.16), (0.46, 0.34), (-0.46, 0.34), (-0.46, 0.2), (-0.16, 0.06), (-0.16, -0.14), (-0.36, -0.28)], 0.4)]);
    m.add("horn", MAIN, [taper(0.13, 0.0, 0.46).turn_z(-90.0).at(0.64, 0.24, 0.0)]);
    m
}

fn gear(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    if wish.any("bolt screw nut") {
        m.add("head", MAIN, [faceted(6, &[(0.0, 0.3), (0.3, 0.3), (0.3, 0.52), (0.0, 0.52)])]);
        m.add("body", MAIN, [rod(0.15, 0.9).at(0.0, -0.12, 0.0)]);
        m.add("thread", Coat::Tone(0.8), (0..10).map(|i| ring(0.155, 0.022).at(0.0, -0.52 + 0.07 * i as f32, 0.0)));
        return m;
    }
    m.add("body", MAIN, [ring(0.38, 0.13).stretch(1.0, 0.85, 1.0).turn_x(90.0)]);
    m.add("tooth", MAIN, (0..12).map(|i| soft_block(0.15, 0.16, 0.2, 0.02).at(0.0, 0.56, 0.0).turn_z(30.0 * i as f32)));
    m.add("hub", Coat::Tone(0.8), [ring(0.12, 0.05).turn_x(90.0)]);
    m.add("spoke", Coat::Tone(0.8), (0..4).map(|i| block(0.09, 0.2, 0.1).at(0.0, 0.22, 0.0).turn_z(90.0 * i as f32)));
    m
}

fn magnifier(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc9a13b).finish(Finish::Metal));
    m.add("rim", MAIN, [ring(0.38, 0.045).turn_x(90.0).at(0.0, 0.4, 0.0)]);
    m.add("lens", Coat::Own(hex(0xbfe0ea).finish(Finish::Glass)), [egg(0.37, 0.37, 0.05).at(0.0, 0.4, 0.0)]);
    m.add("handle", Coat::Second(hex(0x5b3620).with(Texture::Grain)), [tube(&[(0.0, -0.02, 0.0, 0.04), (0.0, -0.3, 0.0, 0.06), (0.0, -0.7, 0.0, 0.05)])]);
    m
}

fn key(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd0a638).finish(Finish::Metal));
    m.add("handle", MAIN, [ring(0.2, 0.055).turn_x(90.0).at(0.0, 0.56, 0.0), ring(0.1, 0.03).turn_x(90.0).at(0.0, 0.28, 0.0)]);
    m.add("body", MAIN, [rod(0.05, 0.95).at(0.0, -0.16, 0.0)]);
    m.add("blade", MAIN, [block(0.22, 0.1, 0.06).at(0.12, -0.54, 0.0), block(0.16, 0.08, 0.06).at(0.1, -0.38, 0.0)]);
    m
}

fn padlock(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd0a638).finish(Finish::Metal));
    m.add("body", MAIN, [soft_block(0.8, 0.66, 0.34, 0.09)]);
    m.add("shackle", Coat::Own(steel()), [tube(&[(-0.24, 0.25, 0.0, 0.065), (-0.24, 0.56, 0.0, 0.065), (0.0, 0.8, 0.0, 0.065), (0.24, 0.56, 0.0, 0.065), (0.24, 0.25, 0.0, 0.065)])]);
    m.add("hole", own(0x1c1c20), [rod(0.08, 0.03).turn_x(90.0).at(0.0, 0.04, 0.17), plate(&[(-0.03, 0.0), (0.03, 0.0), (0.06, -0.2), (-0.06, -0.2)], 0.03).at(0.0, 0.02, 0.17)]);
    m
}

fn anchor(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x4f545c).finish(Finish::Metal));
    m.add("body", MAIN, [rod(0.06, 1.1), rod(0.05, 0.6).turn_z(90.0).at(0.0, 0.42, 0.0), tube(&[(-0.56, -0.16, 0.0, 0.02), (-0.42, -0.44, 0.0, 0.07), (0.0, -0.62, 0.0, 0.08), (0.42, -0.44, 0.0, 0.07), (0.56, -0.16, 0.0, 0.02)])]);
    m.add("ring", MAIN, [ring(0.13, 0.035).turn_x(90.0).at(0.0, 0.68, 0.0)]);
    m.add("tip", MAIN, pair(taper(0.14, 0.0, 0.24).stretch(1.0, 1.0, 0.4).turn_z(20.0).at(0.53, -0.2, 0.0)));
    m
}

fn telescope(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc9a13b).finish(Finish::Metal));
    let leg = tube(&[(0.0, 0.5, 0.0, 0.03), (0.34, -0.5, 0.0, 0.03)]);
    if wish.any("binoculars") {
        m.default = hex(0x2a2b2f);
        m.add("body", MAIN, pair(taper(0.2, 0.12, 0.6).turn_x(90.0).stretch(1.0, 1.0, -1.0).at(0.23, 0.0, 0.0)));
        m.add("body", MAIN, [soft_block(0.2, 0.12, 0.3, 0.04)]);
        m.add("lens", Coat::Own(hex(0x7a4ab0).finish(Finish::Gloss)), pair(rod(0.17, 0.02).turn_x(90.0).at(0.23, 0.0, 0.3)));
        return m;
    }
    m.add("body", MAIN, [rod(0.13, 0.8).turn_x(60.0).at(0.0, 0.68, 0.1), rod(0.09, 0.5).turn_x(60.0).at(0.0, 0.44, -0.36)]);
    m.add("band", second(0x5b3620), [rod(0.145, 0.08).turn_x(60.0).at(0.0, 0.86, 0.42), rod(0.14, 0.06).turn_x(60.0).at(0.0, 0.52, -0.2)]);
    m.add("lens", Coat::Own(hex(0x6ab0d8).finish(Finish::Gloss)), [rod(0.12, 0.02).turn_x(60.0).at(0.0, 0.885, 0.455)]);
    m.add("leg", Coat::Second(hex(0x5b3620).with(Texture::Grain)), around(3, &leg.turn_y(30.0)));
    m
}
