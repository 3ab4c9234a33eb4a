//! What floats and dives.

use super::{pane, steel};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, hex};
use crate::sketch::text::solid::{Solid, block, egg, pair, plate, ring, rod, soft_block, tube};

/// A hull along z whose deck lies at the origin.
fn hull(length: f32, width: f32, depth: f32) -> Solid {
    let half = length * 0.5;
    plate(&[(-half, 0.0), (half, 0.0), (half * 0.72, -depth), (-half * 0.9, -depth)], width).turn_y(-90.0)
}

pub(super) fn ship(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8c2a26));
    m.add("hull", MAIN, [hull(1.8, 0.4, 0.28), hull(1.9, 0.2, 0.27)]);
    m.add("deck", own(0x6a6e70), [block(0.42, 0.04, 1.62).at(0.0, 0.01, 0.0)]);
    m.add("bridge", own(0xf0f0ec), [block(0.38, 0.34, 0.2).at(0.0, 0.2, -0.64), block(0.44, 0.09, 0.16).at(0.0, 0.4, -0.64)]);
    m.add("window", pane(), [block(0.39, 0.05, 0.21).at(0.0, 0.28, -0.64)]);
    m.add("chimney", own(0x2a2c30), [rod(0.06, 0.24).at(0.0, 0.46, -0.74)]);
    if wish.any("cruise_ship yacht ferry cruise titanic") {
        for layer in 0..3 {
            let l = layer as f32;
            m.add("cabin", own(0xf3f3ef), [block(0.36 - 0.04 * l, 0.1, 1.1 - 0.2 * l).at(0.0, 0.08 + 0.11 * l, 0.05)]);
            m.add("window", pane(), [block(0.368 - 0.04 * l, 0.03, 1.0 - 0.2 * l).at(0.0, 0.08 + 0.11 * l, 0.05)]);
        }
        return m;
    }
    let colours = [0x2a63b0, 0xd9822a, 0x3a8a4a, 0xb9342c, 0xd9d4c8, 0x6a4a8c];
    for row in 0..7 {
        for stack in 0..3 {
            for side in [-1.0_f32, 1.0] {
                let pick = wish.between(0.0, colours.len() as f32) as usize;
                m.add("container", own(colours.get(pick).copied().unwrap_or(0x2a63b0)), [block(0.18, 0.1, 0.17).at(0.095 * side, 0.085 + 0.105 * stack as f32, 0.68 - 0.185 * row as f32)]);
            }
        }
    }
    m
}

pub(super) fn sailboat(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x8a5a34).with(crate::sketch::text::paint::Texture::Grain), 0.02);
    m.living = false;
    m.add("hull", MAIN, [tube(&[(0.0, 0.04, 0.8, 0.03), (0.0, -0.06, 0.45, 0.17), (0.0, -0.08, -0.1, 0.24), (0.0, -0.03, -0.6, 0.17)]).stretch(1.0, 0.9, 1.0)]);
    m.add("rim", Coat::Tone(0.75), [tube(&[(0.0, 0.1, 0.84, 0.03), (0.14, 0.08, 0.48, 0.03), (0.22, 0.08, 0.0, 0.03), (0.16, 0.1, -0.6, 0.03), (0.0, 0.1, -0.74, 0.03), (-0.16, 0.1, -0.6, 0.03), (-0.22, 0.08, 0.0, 0.03), (-0.14, 0.08, 0.48, 0.03), (0.0, 0.1, 0.84, 0.03)])]).hard();
    if wish.any("canoe kayak rowboat dinghy gondola raft") {
        m.add("seat", Coat::Tone(0.7), [block(0.4, 0.03, 0.12).at(0.0, 0.12, 0.1), block(0.36, 0.03, 0.12).at(0.0, 0.12, -0.35)]).hard();
        m.add("oar", own(0xc79a5c), pair(tube(&[(0.1, 0.2, 0.0, 0.02), (0.55, 0.0, -0.2, 0.02)]))).hard();
        return m;
    }
    m.add("mast", own(0x6b4a2c), [rod(0.028, 1.2).at(0.0, 0.66, 0.0)]).hard();
    m.add("sail", second(0xf4efe2), [plate(&[(-0.06, 0.2), (-0.62, 0.24), (-0.06, 1.2)], 0.025).turn_y(-90.0), plate(&[(0.06, 0.2), (0.66, 0.2), (0.06, 1.02)], 0.025).turn_y(-90.0)]).hard();
    m.add("flag", own(0xcc2a22), [plate(&[(0.0, 0.0), (-0.18, 0.05), (0.0, 0.1)], 0.02).turn_y(-90.0).at(0.0, 1.18, 0.0)]).hard();
    m
}

pub(super) fn submarine(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe3b722).finish(Finish::Gloss));
    m.add("body", MAIN, [tube(&[(0.0, 0.0, 0.6, 0.14), (0.0, 0.0, 0.35, 0.25), (0.0, 0.0, -0.3, 0.24), (0.0, 0.0, -0.75, 0.07)])]);
    m.add("tower", MAIN, [soft_block(0.2, 0.3, 0.42, 0.08).at(0.0, 0.32, 0.08)]);
    m.add("periscope", Coat::Own(steel()), [tube(&[(0.0, 0.4, 0.1, 0.025), (0.0, 0.66, 0.1, 0.025)]), tube(&[(0.0, 0.66, 0.1, 0.028), (0.0, 0.66, 0.2, 0.028)])]);
    m.add("window", Coat::Own(hex(0x8fd0e8).finish(Finish::Gloss)), (0..3).flat_map(|i| pair(rod(0.08, 0.05).turn_z(90.0).at(0.23, 0.03, 0.34 - 0.27 * i as f32))));
    m.add("rim", Coat::Own(steel()), (0..3).flat_map(|i| pair(ring(0.085, 0.018).turn_z(90.0).at(0.25, 0.03, 0.34 - 0.27 * i as f32))));
    m.add("fin", second(0xc23a26), [block(0.7, 0.03, 0.16).at(0.0, 0.0, -0.68), block(0.03, 0.6, 0.16).at(0.0, 0.0, -0.68)]);
    m.add("propeller", Coat::Own(steel()), (0..3).map(|i| egg(0.05, 0.16, 0.02).at(0.0, 0.12, 0.0).turn_z(120.0 * i as f32).at(0.0, 0.0, -0.84)));
    m
}
