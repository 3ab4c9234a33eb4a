//! What stands on two legs: people, gnomes, robots, apes, and statues of them.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{ball, block, egg, lathe, pair, ring, rod, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("person", "man,woman,human,boy,girl,knight,warrior,soldier,wizard,witch,samurai,ninja,pirate,astronaut,king,queen,princess,prince,elf,dwarf,viking,monk,doll,superhero,hero,hunter,archer,mage,sorcerer,barbarian,clown,figure,character,mannequin,vampire,zombie,skeleton,mummy,cowboy,fairy,angel,mermaid,girl", person),
    Archetype::new("gnome", "garden gnome,leprechaun", gnome),
    Archetype::new("robot", "android,cyborg,mech,automaton,droid,mecha,drone robot,terminator", robot),
    Archetype::new("robot arm", "robotic arm,mechanical arm", robot_arm),
    Archetype::new("gorilla", "ape,yeti,bigfoot,king kong,golem", gorilla),
    Archetype::new("monkey", "macaque monkey,macaque,chimpanzee,chimp,baboon,orangutan,lemur,gibbon", monkey),
    Archetype::new("statue", "sculpture,figurine,bust,monument,carving,idol", statue),
    Archetype::new("head", "floating head,skull,mask,face", head),
    Archetype::new("snowman", "", snowman),
];

/// The measures of a standing figure about one unit tall.
pub(super) struct Figure {
    pub(super) skin: Coat,
    pub(super) clothes: Coat,
    pub(super) trousers: Coat,
    /// Half width of shoulders and of belly.
    pub(super) shoulders: f32,
    pub(super) belly: f32,
    pub(super) head: f32,
    pub(super) arm: f32,
    pub(super) leg: f32,
    /// Height of the hips.
    pub(super) hip: f32,
}

/// The height of the middle of a figure's head.
pub(super) fn crown(figure: &Figure) -> f32 {
    figure.hip + 0.44 + figure.head * 0.95
}

/// Adds a figure facing front, arms hanging a little off the body.
pub(super) fn stand(m: &mut Model, f: &Figure) {
    let (hip, chest) = (f.hip, f.hip + 0.28);
    m.add("body", f.clothes, [
        egg(f.belly, 0.19, f.belly * 0.78).at(0.0, hip + 0.08, 0.0),
        egg(f.shoulders, 0.17, f.shoulders * 0.62).at(0.0, chest, 0.0),
    ]);
    m.add("leg", f.trousers, pair(tube(&[
        (f.belly * 0.5, hip, 0.0, f.leg * 1.25),
        (f.belly * 0.55, hip * 0.5, 0.01, f.leg),
        (f.belly * 0.58, 0.06, 0.0, f.leg * 0.8),
    ])));
    m.add("foot", own(0x2e2420), pair(egg(f.leg * 0.95, 0.05, f.leg * 1.7).at(f.belly * 0.6, 0.045, f.leg * 0.7))).hard();
    let reach = f.shoulders + f.arm * 0.6;
    m.add("sleeve", f.clothes, pair(tube(&[
        (f.shoulders * 0.85, chest + 0.08, 0.0, f.arm * 1.25),
        (reach + 0.05, chest - 0.14, 0.01, f.arm),
    ])));
    m.add("arm", f.skin, pair(tube(&[
        (reach + 0.05, chest - 0.14, 0.01, f.arm * 0.95),
        (reach + 0.06, hip + 0.0, 0.08, f.arm * 0.85),
        (reach + 0.05, hip - 0.05, 0.1, f.arm * 1.0),
    ])));
    let y = crown(f);
    m.add("neck", f.skin, [tube(&[(0.0, chest + 0.08, 0.0, f.head * 0.5), (0.0, y, 0.0, f.head * 0.5)])]);
    m.add("head", f.skin, [egg(f.head * 0.88, f.head, f.head * 0.92).at(0.0, y, 0.01)]);
    face(m, f.head, y);
}

/// Eyes, nose and mouth on a head of this size at this height.
pub(super) fn face(m: &mut Model, head: f32, y: f32) {
    let z = head * 0.78;
    m.add("eye", own(0xf5f3ee), pair(ball(head * 0.15).at(head * 0.34, y + head * 0.12, z))).hard();
    m.add("pupil", own(0x1a1512), pair(ball(head * 0.085).at(head * 0.35, y + head * 0.12, z + head * 0.1))).hard();
    m.add("nose", Coat::Tone(0.92), [ball(head * 0.13).at(0.0, y - head * 0.12, head * 0.94)]);
    m.add("mouth", own(0x8a2f2a), [tube(&[(-head * 0.25, y - head * 0.4, head * 0.8, head * 0.045), (0.0, y - head * 0.47, head * 0.84, head * 0.05), (head * 0.25, y - head * 0.4, head * 0.8, head * 0.045)])]).hard();
}

fn skin() -> Coat {
    own(0xdba684)
}

fn person(wish: &mut Wish<'_>) -> Model {
    let (code, skin) = match () {
        () if wish.any("knight") => (0x9aa0a8, own(0xa9aeb6)),
        () if wish.any("zombie") => (0x4d5a40, own(0x7ea066)),
        () if wish.any("skeleton mummy") => (0xe4dcc6, own(0xe4dcc6)),
        () if wish.any("ninja vampire") => (0x1f1f26, skin()),
        () if wish.any("wizard witch mage sorcerer") => (0x3d3390, skin()),
        () if wish.any("astronaut") => (0xeef0f2, own(0xeef0f2)),
        () => (0x3d6a9e, skin()),
    };
    let paint = if wish.has("knight") { hex(code).finish(Finish::Metal) } else { hex(code) };
    let mut m = Model::living(paint, 0.05);
    let f = Figure { skin, clothes: MAIN, trousers: Coat::Tone(0.55), shoulders: 0.17, belly: 0.14, head: 0.12, arm: 0.045, leg: 0.062, hip: 0.5 };
    stand(&mut m, &f);
    let y = crown(&f);
    if wish.any("wizard witch mage sorcerer hat") {
        m.add("hat", Coat::Tone(0.85), [lathe(&[(0.0, 0.0), (0.22, 0.0), (0.22, 0.02), (0.11, 0.04), (0.0, 0.36)]).at(0.0, y + 0.06, -0.01)]).hard();
        m.add("robe", MAIN, [taper(0.26, 0.12, 0.52).at(0.0, 0.28, 0.0)]).hard();
    } else if wish.any("knight astronaut viking soldier") {
        m.add("helmet", Coat::Tone(0.9), [egg(0.135, 0.13, 0.135).at(0.0, y + 0.04, -0.025)]).hard();
    } else if wish.any("king queen prince princess crown") {
        m.add("crown", Coat::Own(hex(0xe5b02e).finish(Finish::Metal)), [lathe(&[(0.09, 0.0), (0.11, 0.0), (0.13, 0.1), (0.11, 0.1)]).at(0.0, y + 0.07, 0.0)]).hard();
    } else {
        m.add("hair", second(0x3f2a1b), [egg(0.122, 0.09, 0.125).at(0.0, y + 0.055, -0.025)]).hard();
    }
    if wish.any("queen princess woman girl mermaid dress") {
        m.add("skirt", MAIN, [taper(0.26, 0.12, 0.5).at(0.0, 0.3, 0.0)]).hard();
    }
    if wish.any("wing fairy angel") {
        super::animals::wings(&mut m, 0.72, -0.12, 0.45);
    }
    if wish.any("sword warrior knight samurai barbarian viking") {
        m.add("sword", Coat::Own(hex(0xc3c8d0).finish(Finish::Metal)), [soft_block(0.03, 0.6, 0.015, 0.006).at(0.27, 0.72, 0.12), block(0.13, 0.025, 0.03).at(0.27, 0.44, 0.12)]).hard();
    }
    m
}

fn gnome(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x2f6fb3), 0.05);
    let f = Figure { skin: skin(), clothes: MAIN, trousers: Coat::Tone(0.6), shoulders: 0.19, belly: 0.23, head: 0.16, arm: 0.06, leg: 0.085, hip: 0.24 };
    stand(&mut m, &f);
    let y = crown(&f);
    m.add("beard", own(0xf1efea), [egg(0.15, 0.2, 0.09).at(0.0, y - 0.17, 0.1)]).hard().ruffled(0.012);
    m.add("hat", second(0xcc2a20), [lathe(&[(0.0, 0.0), (0.19, 0.0), (0.16, 0.12), (0.08, 0.34), (0.0, 0.52)]).at(0.0, y + 0.04, -0.01)]).hard();
    m.add("belt", own(0x3a2516), [ring(0.215, 0.025).stretch(1.0, 1.0, 0.8).at(0.0, 0.3, 0.0)]).hard();
    m
}

fn robot(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xa9b0b8).finish(Finish::Metal));
    let joint = hex(0x3c4046).finish(Finish::Metal);
    let wide = wish.vary(0.12);
    m.add("body", MAIN, [soft_block(0.46 * wide, 0.44, 0.3, 0.05).at(0.0, 0.68, 0.0), soft_block(0.3, 0.12, 0.24, 0.04).at(0.0, 0.42, 0.0)]);
    m.add("head", MAIN, [soft_block(0.28, 0.24, 0.26, 0.06).at(0.0, 1.08, 0.0)]);
    m.add("neck", Coat::Own(joint), [rod(0.06, 0.12).at(0.0, 0.93, 0.0)]);
    m.add("eye", Coat::Own(hex(0x35d4f2).finish(Finish::Glow)), pair(rod(0.045, 0.03).turn_x(90.0).at(0.07, 1.1, 0.13)));
    m.add("mouth", Coat::Own(joint), [block(0.14, 0.025, 0.02).at(0.0, 1.01, 0.13)]);
    m.add("panel", second(0x2f3b4a), [soft_block(0.24, 0.18, 0.03, 0.01).at(0.0, 0.72, 0.15)]);
    m.add("light", Coat::Own(hex(0xf2453a).finish(Finish::Glow)), [ball(0.025).at(-0.06, 0.74, 0.168)]);
    m.add("light", Coat::Own(hex(0x58d860).finish(Finish::Glow)), [ball(0.025).at(0.0, 0.74, 0.168), ball(0.025).at(0.06, 0.74, 0.168)]);
    m.add("antenna", Coat::Own(joint), [rod(0.012, 0.16).at(0.0, 1.27, 0.0)]);
    m.add("light", Coat::Own(hex(0xf2453a).finish(Finish::Glow)), [ball(0.03).at(0.0, 1.36, 0.0)]);
    m.add("joint", Coat::Own(joint), pair(ball(0.08).at(0.23 * wide + 0.04, 0.82, 0.0)));
    m.add("arm", MAIN, pair(tube(&[(0.31 * wide, 0.8, 0.0, 0.06), (0.35 * wide, 0.6, 0.0, 0.055)])));
    m.add("joint", Coat::Own(joint), pair(ball(0.06).at(0.35 * wide, 0.57, 0.0)));
    m.add("arm", MAIN, pair(tube(&[(0.35 * wide, 0.56, 0.0, 0.055), (0.35 * wide, 0.4, 0.1, 0.06)])));
    m.add("hand", Coat::Own(joint), pair(ring(0.05, 0.022).turn_z(90.0).at(0.35 * wide, 0.34, 0.15)));
    m.add("leg", MAIN, pair(rod(0.075, 0.3).at(0.11, 0.24, 0.0)));
    m.add("joint", Coat::Own(joint), pair(ball(0.08).at(0.11, 0.26, 0.01)));
    m.add("foot", MAIN, pair(soft_block(0.17, 0.09, 0.28, 0.03).at(0.12, 0.05, 0.04)));
    m
}

fn robot_arm(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe08a1e).finish(Finish::Gloss));
    let joint = hex(0x3a3d44).finish(Finish::Metal);
    m.add("base", Coat::Own(joint), [taper(0.3, 0.24, 0.14).at(0.0, 0.07, 0.0)]);
    m.add("body", MAIN, [rod(0.18, 0.14).at(0.0, 0.2, 0.0)]);
    m.add("joint", Coat::Own(joint), [rod(0.12, 0.3).turn_z(90.0).at(0.0, 0.36, 0.0), rod(0.1, 0.26).turn_z(90.0).at(0.0, 0.86, -0.22), rod(0.075, 0.2).turn_z(90.0).at(0.0, 1.06, 0.3)]);
    m.add("arm", MAIN, [tube(&[(0.0, 0.36, 0.0, 0.1), (0.0, 0.86, -0.22, 0.08)]), tube(&[(0.0, 0.86, -0.22, 0.075), (0.0, 1.06, 0.3, 0.06)]), tube(&[(0.0, 1.06, 0.3, 0.05), (0.0, 0.9, 0.42, 0.05)])]);
    m.add("claw", Coat::Own(joint), pair(tube(&[(0.02, 0.88, 0.43, 0.03), (0.12, 0.8, 0.5, 0.025), (0.05, 0.68, 0.56, 0.02)])));
    m.add("light", Coat::Own(hex(0xf23a30).finish(Finish::Glow)), [ball(0.055).at(0.0, 0.97, -0.24), ball(0.045).at(0.0, 0.24, 0.18)]);
    m
}

fn gorilla(wish: &mut Wish<'_>) -> Model {
    let code = if wish.any("yeti") { 0xeceff2 } else if wish.any("golem") { 0x8d867a } else { 0x36333a };
    let mut m = Model::living(hex(code).with(Texture::Fur), 0.1);
    m.add("body", MAIN, [egg(0.34, 0.36, 0.28).at(0.0, 0.82, -0.04), egg(0.28, 0.26, 0.24).at(0.0, 0.5, -0.06)]);
    m.add("belly", Coat::Tone(0.8), [egg(0.22, 0.17, 0.1).at(0.0, 0.86, 0.2)]);
    m.add("arm", MAIN, pair(tube(&[(0.32, 1.02, 0.0, 0.15), (0.52, 0.62, 0.1, 0.12), (0.48, 0.16, 0.2, 0.1), (0.47, 0.09, 0.24, 0.1)])));
    m.add("leg", MAIN, pair(tube(&[(0.17, 0.42, -0.04, 0.16), (0.24, 0.22, 0.06, 0.12), (0.22, 0.07, 0.02, 0.09)])));
    m.add("foot", Coat::Tone(0.7), pair(egg(0.1, 0.06, 0.17).at(0.24, 0.06, 0.1)));
    m.add("head", MAIN, [egg(0.19, 0.22, 0.2).at(0.0, 1.28, 0.06)]);
    m.add("face", Coat::Tone(0.62), [egg(0.14, 0.14, 0.1).at(0.0, 1.25, 0.19), egg(0.11, 0.09, 0.1).at(0.0, 1.16, 0.24)]).hard();
    m.add("eye", own(0xe8d9b8), pair(ball(0.026).at(0.06, 1.31, 0.275))).hard();
    m.add("pupil", own(0x111111), pair(ball(0.016).at(0.06, 1.31, 0.293))).hard();
    m.add("nose", own(0x151315), pair(ball(0.022).at(0.03, 1.21, 0.325))).hard();
    m
}

fn monkey(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(hex(0x8a6440).with(Texture::Fur), 0.07);
    m.add("body", MAIN, [egg(0.2, 0.28, 0.18).at(0.0, 0.42, 0.0)]);
    m.add("belly", Coat::Tone(1.4), [egg(0.13, 0.19, 0.09).at(0.0, 0.42, 0.12)]).hard();
    m.add("leg", MAIN, pair(tube(&[(0.13, 0.24, 0.04, 0.09), (0.3, 0.34, 0.26, 0.07), (0.26, 0.05, 0.3, 0.055)])));
    m.add("foot", own(0xd9a987), pair(egg(0.06, 0.04, 0.12).at(0.26, 0.045, 0.38)));
    m.add("arm", MAIN, pair(tube(&[(0.17, 0.6, 0.02, 0.07), (0.3, 0.4, 0.12, 0.055), (0.25, 0.34, 0.32, 0.05)])));
    m.add("hand", own(0xd9a987), pair(ball(0.06).at(0.25, 0.34, 0.34)));
    m.add("head", MAIN, [egg(0.2, 0.19, 0.18).at(0.0, 0.86, 0.04)]);
    m.add("face", own(0xe3b694), [egg(0.14, 0.11, 0.09).at(0.0, 0.87, 0.15), egg(0.11, 0.08, 0.1).at(0.0, 0.78, 0.17)]).hard();
    m.add("ear", own(0xd9a987), pair(egg(0.065, 0.075, 0.03).at(0.22, 0.88, 0.02))).hard();
    m.add("eye", own(0x15100d), pair(ball(0.028).at(0.06, 0.9, 0.225))).hard();
    m.add("mouth", own(0x7a3b30), [tube(&[(-0.06, 0.755, 0.255, 0.009), (0.0, 0.74, 0.272, 0.009), (0.06, 0.755, 0.255, 0.009)])]).hard();
    m.add("tail", MAIN, [tube(&[(0.0, 0.2, -0.14, 0.045), (0.12, 0.1, -0.42, 0.04), (0.3, 0.4, -0.5, 0.035), (0.22, 0.6, -0.44, 0.03)])]);
    m
}

fn statue(wish: &mut Wish<'_>) -> Model {
    let stone: Paint = hex(0xb3aca0).with(Texture::Speckle);
    let mut m = Model::living(stone, 0.05);
    if wish.has("bust") {
        m.add("body", MAIN, [egg(0.3, 0.2, 0.17).at(0.0, 0.1, 0.0), tube(&[(0.0, 0.16, 0.0, 0.1), (0.0, 0.4, 0.0, 0.09)])]);
        m.add("head", MAIN, [egg(0.17, 0.21, 0.18).at(0.0, 0.52, 0.02)]);
        m.add("hair", MAIN, [egg(0.18, 0.14, 0.185).rough(0.03, 14.0).at(0.0, 0.62, -0.03)]);
        face(&mut m, 0.19, 0.5);
    } else {
        let f = Figure { skin: MAIN, clothes: MAIN, trousers: MAIN, shoulders: 0.17, belly: 0.14, head: 0.115, arm: 0.046, leg: 0.065, hip: 0.5 };
        stand(&mut m, &f);
        m.add("robe", MAIN, [taper(0.24, 0.13, 0.5).rough(0.012, 18.0).at(0.0, 0.27, 0.0)]);
    }
    m
}

fn head(wish: &mut Wish<'_>) -> Model {
    let skull = wish.has("skull");
    let mut m = Model::living(hex(if skull { 0xe8e0cc } else { 0xcf9f7c }), 0.06);
    m.add("head", MAIN, [egg(0.4, 0.44, 0.44).at(0.0, 0.1, -0.04), egg(0.28, 0.3, 0.3).at(0.0, -0.24, 0.1)]);
    m.add("brow", MAIN, [tube(&[(-0.26, 0.13, 0.3, 0.05), (0.0, 0.12, 0.4, 0.05), (0.26, 0.13, 0.3, 0.05)])]);
    if skull {
        m.add("eye", own(0x1c1714), pair(ball(0.115).at(0.15, 0.02, 0.3))).hard();
        m.add("nose", own(0x1c1714), [taper(0.06, 0.0, 0.12).at(0.0, -0.12, 0.38)]).hard();
        m.add("tooth", own(0xf5f0e2), (0..7).map(|i| soft_block(0.055, 0.09, 0.05, 0.015).at(-0.18 + 0.06 * i as f32, -0.36, 0.37 - 0.012 * (i as f32 - 3.0).powi(2)))).hard();
        return m;
    }
    m.add("eye", own(0xf6f4f0), pair(ball(0.09).at(0.16, 0.03, 0.31))).hard();
    m.add("pupil", own(0x2b4a66), pair(ball(0.05).at(0.165, 0.03, 0.37))).hard();
    m.add("nose", MAIN, [tube(&[(0.0, 0.08, 0.38, 0.045), (0.0, -0.12, 0.48, 0.075)])]);
    m.add("mouth", own(0xa8463f), [egg(0.14, 0.04, 0.05).at(0.0, -0.28, 0.385)]).hard();
    m.add("ear", MAIN, pair(egg(0.05, 0.12, 0.08).at(0.42, 0.0, -0.02)));
    m.add("hair", second(0x3a281c), [egg(0.43, 0.34, 0.44).rough(0.03, 10.0).at(0.0, 0.27, -0.1)]).hard();
    m
}

fn snowman(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf4f7fa).with(Texture::Mottle));
    m.add("body", MAIN, [ball(0.4).at(0.0, 0.36, 0.0), ball(0.3).at(0.0, 0.92, 0.0)]);
    m.add("head", MAIN, [ball(0.22).at(0.0, 1.36, 0.0)]);
    m.add("nose", own(0xee7e1e), [taper(0.05, 0.005, 0.26).turn_x(90.0).at(0.0, 1.35, 0.32)]);
    m.add("eye", own(0x16161a), pair(ball(0.032).at(0.08, 1.43, 0.195)));
    m.add("button", own(0x16161a), [0.8, 0.93, 1.06].map(|y| ball(0.032).at(0.0, y, 0.29)));
    m.add("scarf", second(0xd1291f), [ring(0.2, 0.055).at(0.0, 1.18, 0.0), soft_block(0.1, 0.3, 0.05, 0.02).at(0.12, 1.02, 0.26)]);
    m.add("hat", own(0x1c1d22), [rod(0.28, 0.03).at(0.0, 1.53, 0.0), rod(0.18, 0.26).at(0.0, 1.67, 0.0)]);
    m.add("arm", own(0x5a3a22), pair(tube(&[(0.26, 0.98, 0.0, 0.022), (0.62, 1.2, 0.04, 0.016)])));
    m
}
