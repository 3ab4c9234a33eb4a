//! Four-legged animals, all of one plan with different measures, and a few of other plans.

use super::Archetype;
use crate::sketch::text::model::{MAIN, Model, Wish, own, second, Coat};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex, rgb};
use crate::sketch::text::solid::{ball, egg, four, pair, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("horse", "pony,donkey,mule,foal,stallion,mustang", horse),
    Archetype::new("zebra", "", zebra),
    Archetype::new("unicorn", "pegasus", unicorn),
    Archetype::new("llama", "alpaca,vicuna", llama),
    Archetype::new("camel", "dromedary", camel),
    Archetype::new("giraffe", "okapi", giraffe),
    Archetype::new("cow", "bull,ox,calf,yak,buffalo,bison,minotaur", cow),
    Archetype::new("deer", "elk,moose,reindeer,stag,antelope,gazelle,fawn", deer),
    Archetype::new("goat", "ram,ibex", goat),
    Archetype::new("sheep", "lamb", sheep),
    Archetype::new("pig", "hog,boar,piglet,warthog", pig),
    Archetype::new("elephant", "african elephant,mammoth", elephant),
    Archetype::new("rhino", "rhinoceros,hippo,hippopotamus", rhino),
    Archetype::new("lion", "lioness,griffin,gryphon,chimera,manticore", lion),
    Archetype::new("tiger", "leopard,jaguar,cheetah,panther,cougar,lynx,puma", tiger),
    Archetype::new("cat", "kitten,kitty", cat),
    Archetype::new("dog", "puppy,wolf,hound,husky,poodle,labrador,bulldog,coyote,jackal,werewolf,hyena,retriever,golden retriever,terrier,beagle,corgi,dachshund,dalmatian", dog),
    Archetype::new("fox", "red fox", fox),
    Archetype::new("bear", "panda,teddy bear,polar bear,grizzly,teddy,koala,brown bear", bear),
    Archetype::new("mouse", "rat,hamster,gerbil,guinea pig", mouse),
    Archetype::new("rabbit", "bunny,hare,easter bunny", rabbit),
    Archetype::new("squirrel", "chipmunk", squirrel),
    Archetype::new("hedgehog", "porcupine", hedgehog),
    Archetype::new("beaver", "otter,badger,raccoon,weasel,ferret,skunk,meerkat", dog),
];

/// The measures of a four-legged animal whose body is one unit long.
struct Beast {
    paint: Paint,
    /// Half width and half height of the body.
    girth: (f32, f32),
    leg: f32,
    leg_radius: f32,
    /// Length of the neck, and how far it leans forward, in degrees.
    neck: (f32, f32),
    neck_radius: f32,
    head: f32,
    snout: f32,
    /// Half width and half height of an ear; negative hangs.
    ear: (f32, f32),
    /// Length and end radius of the tail.
    tail: (f32, f32),
    hoof: bool,
}

impl Default for Beast {
    fn default() -> Self {
        Self {
            paint: hex(0x8a5a34).with(Texture::Fur),
            girth: (0.2, 0.22),
            leg: 0.5,
            leg_radius: 0.055,
            neck: (0.4, 40.0),
            neck_radius: 0.1,
            head: 0.13,
            snout: 0.18,
            ear: (0.03, 0.08),
            tail: (0.4, 0.03),
            hoof: false,
        }
    }
}

/// Where the neck of a beast ends.
fn head_place(beast: &Beast) -> (f32, f32) {
    let lean = beast.neck.1.to_radians();
    (
        beast.leg + 1.3 * beast.girth.1 + beast.neck.0 * lean.cos(),
        0.4 + beast.neck.0 * lean.sin(),
    )
}

fn build(beast: &Beast, wish: &mut Wish<'_>) -> Model {
    let mut m = Model::living(beast.paint, 0.09);
    let (w, h) = (beast.girth.0 * wish.vary(0.06), beast.girth.1 * wish.vary(0.06));
    let back = beast.leg + h * 0.9;
    m.add(
        "body",
        MAIN,
        [
            egg(w, h, 0.42).at(0.0, back, 0.0),
            egg(w * 0.95, h * 1.06, 0.24).at(0.0, back + 0.01, 0.24),
            egg(w * 1.02, h * 0.98, 0.24).at(0.0, back, -0.26),
        ],
    );
    let r = beast.leg_radius;
    let x = w * 0.62;
    let limb = tube(&[
        (x, back - 0.1 * h, 0.3, r * 1.7),
        (x, beast.leg * 0.55, 0.33, r),
        (x, r, 0.32, r * 0.9),
    ]);
    m.add("leg", MAIN, four(limb));
    if beast.hoof {
        m.add("hoof", own(0x2e2521), four(taper(r * 1.35, r * 1.1, r * 1.6).at(x, r * 0.4, 0.325)));
    } else {
        m.add("foot", MAIN, four(egg(r * 1.25, r * 0.9, r * 1.6).at(x, r * 0.6, 0.34)));
    }
    let (y, z) = head_place(beast);
    let n = beast.neck_radius;
    m.add("neck", MAIN, [tube(&[
        (0.0, back + 0.2 * h, 0.3, n * 1.5),
        (0.0, (back + y) * 0.5, (0.4 + z) * 0.5, n * 1.05),
        (0.0, y, z, n),
    ])]);
    let k = beast.head;
    let snout = beast.snout;
    m.add(
        "head",
        MAIN,
        [
            egg(k * 0.9, k, k * 1.15).at(0.0, y + 0.02, z + 0.04),
            egg(k * 0.58, k * 0.55, snout * 0.8).at(0.0, y - k * 0.3, z + k * 0.7 + snout * 0.35),
        ],
    );
    let nose_z = z + k * 0.7 + snout * 1.12;
    m.add("nose", own(0x2a2020), [egg(k * 0.24, k * 0.16, k * 0.14).at(0.0, y - k * 0.2, nose_z)]).hard();
    m.add("eye", own(0x15110f), pair(ball(k * 0.17).at(k * 0.74, y + k * 0.32, z + k * 0.72))).hard();
    let (ear_w, ear_h) = beast.ear;
    let lift = if ear_h < 0.0 { 0.35 } else { 0.85 };
    m.add("ear", Coat::Tone(0.85), pair(
        egg(ear_w, ear_h.abs(), 0.03).at(0.0, ear_h, 0.0).turn_z(-22.0).at(k * 0.62, y + k * lift, z - 0.02),
    ));
    let (length, end) = beast.tail;
    m.add("tail", MAIN, [tube(&[
        (0.0, back + h * 0.5, -0.44, end * 1.1),
        (0.0, back + h * 0.25, -0.52 - length * 0.25, end),
        (0.0, back - length * 0.6, -0.5 - length * 0.4, end),
    ])]);
    extras(&mut m, beast, wish, back, (y, z));
    m
}

/// What a prompt may add to any of them: wings, horns, a mane, a saddle.
fn extras(m: &mut Model, beast: &Beast, wish: &Wish<'_>, back: f32, head: (f32, f32)) {
    let (y, z) = head;
    if wish.any("wing pegasus griffin gryphon winged") {
        wings(m, back + beast.girth.1 * 0.8, 0.1, 0.75);
    }
    if wish.has("horn") && !wish.has("unicorn") {
        horns(m, y + beast.head, z, 0.2);
    }
    if wish.has("saddle") {
        m.add("saddle", second(0x6b3a1e), [egg(beast.girth.0 * 1.06, 0.06, 0.17).at(0.0, back + beast.girth.1, 0.0)]).hard();
    }
}

/// A pair of feathered wings, raised, rooted at height `y`, depth `z`.
pub(super) fn wings(m: &mut Model, y: f32, z: f32, span: f32) {
    let feather = |index: f32| {
        let out = span * (0.45 + 0.13 * index);
        tube(&[
            (0.08, y, z, 0.035),
            (out * 0.55, y + span * (0.42 - 0.02 * index), z - 0.05 * index, 0.05),
            (out, y + span * (0.72 - 0.17 * index), z - 0.1 - 0.07 * index, 0.03),
        ])
        .stretch(1.0, 1.0, 0.7)
    };
    for index in 0..5 {
        m.add("wing", second(0xe9e4d8), pair(feather(index as f32))).hard();
    }
}

/// A pair of bent horns on top of a head.
pub(super) fn horns(m: &mut Model, y: f32, z: f32, size: f32) {
    m.add("horn", own(0xe8dcc0), pair(tube(&[
        (0.06, y - 0.05, z, size * 0.2),
        (0.06 + size * 0.6, y + size * 0.3, z, size * 0.15),
        (0.06 + size * 0.7, y + size, z + size * 0.1, size * 0.03),
    ]))).hard();
}

fn mane_along_neck(m: &mut Model, beast: &Beast, coat: Coat) {
    let (y, z) = head_place(beast);
    let back = beast.leg + beast.girth.1 * 1.6;
    let n = beast.neck_radius;
    m.add("mane", coat, [tube(&[
        (0.0, back + 0.05, 0.22, n * 0.5),
        (0.0, (back + y) * 0.5 + 0.08, (0.26 + z) * 0.5 - n * 0.8, n * 0.6),
        (0.0, y + beast.head * 0.8, z - 0.04, n * 0.45),
        (0.0, y + beast.head * 0.95, z + 0.08, n * 0.25),
    ])]).hard().ruffled(0.025);
}

fn horse(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { leg: 0.62, neck: (0.42, 42.0), snout: 0.24, tail: (0.7, 0.05), hoof: true, ..Beast::default() };
    let mut m = build(&beast, wish);
    mane_along_neck(&mut m, &beast, second(0x2b1a10));
    m
}

fn zebra(wish: &mut Wish<'_>) -> Model {
    let paint = hex(0xf0efec).with(Texture::Stripes(rgb(0x1c1a1a)));
    let beast = Beast { paint, leg: 0.55, neck: (0.4, 42.0), snout: 0.22, tail: (0.6, 0.03), hoof: true, ..Beast::default() };
    let mut m = build(&beast, wish);
    mane_along_neck(&mut m, &beast, own(0x1c1a1a));
    m
}

fn unicorn(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xf4f1ee), leg: 0.62, neck: (0.42, 42.0), snout: 0.22, tail: (0.7, 0.06), hoof: true, ..Beast::default() };
    let mut m = build(&beast, wish);
    mane_along_neck(&mut m, &beast, second(0xb78be0));
    let (y, z) = head_place(&beast);
    m.add("horn", Coat::Own(hex(0xe9c25a).finish(Finish::Metal)), [taper(0.035, 0.0, 0.34).turn_x(28.0).at(0.0, y + 0.26, z + 0.16)]).hard();
    m
}

fn llama(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xd9c19a).with(Texture::Fur), girth: (0.23, 0.26), leg: 0.5, leg_radius: 0.06, neck: (0.58, 18.0), neck_radius: 0.11, head: 0.12, snout: 0.13, ear: (0.035, 0.11), tail: (0.15, 0.06), ..Beast::default() };
    build(&beast, wish)
}

fn camel(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xc19a62).with(Texture::Fur), leg: 0.68, neck: (0.55, 50.0), neck_radius: 0.08, ear: (0.03, 0.05), ..Beast::default() };
    let mut m = build(&beast, wish);
    for z in [-0.17, 0.15] {
        m.add("hump", MAIN, [egg(0.13, 0.2, 0.13).at(0.0, 1.05, z)]);
    }
    m
}

fn giraffe(wish: &mut Wish<'_>) -> Model {
    let paint = hex(0xe6c788).with(Texture::Patches(rgb(0x8f5424)));
    let beast = Beast { paint, girth: (0.19, 0.21), leg: 0.85, leg_radius: 0.05, neck: (1.15, 20.0), neck_radius: 0.085, head: 0.11, snout: 0.2, ear: (0.03, 0.07), tail: (0.5, 0.02), hoof: true };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    m.add("horn", own(0x5b3a20), pair(tube(&[(0.04, y + 0.08, z, 0.015), (0.05, y + 0.22, z - 0.02, 0.025)]))).hard();
    m
}

fn cow(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xefece6).with(Texture::Patches(rgb(0x3a2a20))), girth: (0.27, 0.27), leg: 0.4, leg_radius: 0.065, neck: (0.22, 65.0), neck_radius: 0.16, head: 0.16, snout: 0.18, ear: (0.08, 0.035), tail: (0.5, 0.025), hoof: true };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    horns(&mut m, y + 0.14, z, 0.17);
    m
}

fn deer(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xa46a38).with(Texture::Fur), leg: 0.62, leg_radius: 0.045, neck: (0.42, 28.0), neck_radius: 0.085, ear: (0.05, 0.1), tail: (0.12, 0.05), hoof: true, ..Beast::default() };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    let r = 0.018;
    for branch in [
        tube(&[(0.05, y + 0.08, z, r), (0.2, y + 0.28, z - 0.08, r), (0.24, y + 0.52, z, r * 0.6)]),
        tube(&[(0.15, y + 0.22, z - 0.06, r), (0.13, y + 0.38, z + 0.08, r * 0.5)]),
        tube(&[(0.22, y + 0.36, z - 0.06, r), (0.36, y + 0.46, z + 0.04, r * 0.5)]),
    ] {
        m.add("antler", own(0xd8c39a), pair(branch)).hard();
    }
    m
}

fn goat(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xe6e0d4).with(Texture::Fur), leg: 0.42, neck: (0.32, 35.0), ear: (0.08, 0.03), tail: (0.12, 0.04), hoof: true, ..Beast::default() };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    m.add("horn", own(0x6a5f50), pair(tube(&[(0.05, y + 0.08, z, 0.04), (0.09, y + 0.28, z - 0.1, 0.035), (0.15, y + 0.24, z - 0.28, 0.015)]))).hard();
    m.add("beard", MAIN, [taper(0.0, 0.045, 0.16).at(0.0, y - 0.2, z + 0.16)]);
    m
}

fn sheep(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0x4a4038), girth: (0.2, 0.2), leg: 0.36, neck: (0.2, 50.0), head: 0.13, snout: 0.12, ear: (0.09, 0.03), tail: (0.1, 0.05), hoof: true, ..Beast::default() };
    let mut m = build(&beast, wish);
    for part in &mut m.parts {
        part.coat = own(0x4a4038);
    }
    m.default = hex(0xf1ece0);
    m.add("wool", MAIN, [egg(0.34, 0.33, 0.54).rough(0.05, 9.0).at(0.0, 0.58, -0.02), egg(0.16, 0.12, 0.14).rough(0.03, 12.0).at(0.0, 0.86, 0.5)]).hard().ruffled(0.02);
    m
}

fn pig(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xf0a8a4), girth: (0.3, 0.29), leg: 0.24, leg_radius: 0.075, neck: (0.14, 80.0), neck_radius: 0.2, head: 0.2, snout: 0.1, ear: (0.07, 0.09), tail: (0.12, 0.025), hoof: true };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    m.add("nose", Coat::Tone(0.85), [taper(0.1, 0.09, 0.09).turn_x(90.0).at(0.0, y - 0.06, z + 0.27)]).hard();
    m
}

fn elephant(wish: &mut Wish<'_>) -> Model {
    let ears = if wish.any("large big giant") { 1.25 } else { 1.0 };
    let beast = Beast { paint: hex(0x8d8f96).with(Texture::Mottle), girth: (0.34, 0.36), leg: 0.5, leg_radius: 0.12, neck: (0.16, 60.0), neck_radius: 0.2, head: 0.27, snout: 0.05, ear: (0.02, 0.02), tail: (0.4, 0.025), ..Beast::default() };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    m.add("ear", Coat::Tone(0.88), pair(egg(0.24 * ears, 0.3 * ears, 0.04).turn_y(25.0).at(0.26 + 0.2 * ears, y - 0.02, z - 0.06)));
    m.add("trunk", MAIN, [tube(&[(0.0, y - 0.05, z + 0.22, 0.13), (0.0, y - 0.35, z + 0.38, 0.09), (0.0, y - 0.7, z + 0.36, 0.065), (0.0, y - 0.86, z + 0.5, 0.05)])]);
    m.add("tusk", own(0xf2ecd8), pair(tube(&[(0.13, y - 0.15, z + 0.2, 0.04), (0.17, y - 0.36, z + 0.36, 0.033), (0.17, y - 0.36, z + 0.56, 0.012)]))).hard();
    m
}

fn rhino(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0x84848a).with(Texture::Mottle), girth: (0.32, 0.33), leg: 0.32, leg_radius: 0.1, neck: (0.18, 80.0), neck_radius: 0.2, head: 0.19, snout: 0.26, ear: (0.04, 0.07), tail: (0.25, 0.03), ..Beast::default() };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    if !wish.any("hippo hippopotamus") {
        m.add("horn", own(0xd9cfba), [taper(0.065, 0.0, 0.32).turn_x(15.0).at(0.0, y + 0.14, z + 0.42), taper(0.045, 0.0, 0.16).at(0.0, y + 0.16, z + 0.24)]).hard();
    }
    m
}

fn lion(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xd6a04c).with(Texture::Fur), girth: (0.21, 0.22), leg: 0.42, leg_radius: 0.075, neck: (0.26, 40.0), neck_radius: 0.14, head: 0.17, snout: 0.12, ear: (0.05, 0.05), tail: (0.55, 0.03), ..Beast::default() };
    let mut m = build(&beast, wish);
    let (y, z) = head_place(&beast);
    if !wish.has("lioness") {
        m.add("mane", second(0x6e3a17), [egg(0.29, 0.31, 0.2).rough(0.04, 8.0).at(0.0, y - 0.02, z - 0.09), egg(0.2, 0.24, 0.18).at(0.0, y - 0.24, z - 0.12)]).hard().ruffled(0.035);
    }
    m.add("tail", second(0x6e3a17), [egg(0.05, 0.09, 0.06).at(0.0, 0.31, -0.72)]).hard().ruffled(0.02);
    m
}

fn tiger(wish: &mut Wish<'_>) -> Model {
    let paint = if wish.any("panther puma cougar") {
        hex(0x2a282c).with(Texture::Fur)
    } else if wish.any("leopard jaguar cheetah lynx") {
        hex(0xdcae5c).with(Texture::Spots(rgb(0x35241a)))
    } else {
        hex(0xe68c2c).with(Texture::Stripes(rgb(0x1d1714)))
    };
    let beast = Beast { paint, girth: (0.2, 0.2), leg: 0.42, leg_radius: 0.07, neck: (0.24, 50.0), neck_radius: 0.13, head: 0.16, snout: 0.11, ear: (0.05, 0.06), tail: (0.6, 0.035), ..Beast::default() };
    build(&beast, wish)
}

fn cat(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0x8d8580).with(Texture::Fur), girth: (0.17, 0.18), leg: 0.34, leg_radius: 0.05, neck: (0.22, 40.0), neck_radius: 0.1, head: 0.18, snout: 0.05, ear: (0.06, 0.11), tail: (0.55, 0.035), ..Beast::default() };
    build(&beast, wish)
}

fn dog(wish: &mut Wish<'_>) -> Model {
    let ear = if wish.any("wolf husky coyote werewolf jackal") { (0.05, 0.1) } else { (0.06, -0.1) };
    let code = if wish.any("wolf husky coyote werewolf raccoon badger") { 0x7d7c80 } else { 0xb98750 };
    let beast = Beast { paint: hex(code).with(Texture::Fur), girth: (0.17, 0.19), leg: 0.38, leg_radius: 0.052, neck: (0.26, 38.0), neck_radius: 0.1, head: 0.15, snout: 0.15, ear, tail: (0.4, 0.035), ..Beast::default() };
    build(&beast, wish)
}

fn fox(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xd8682a).with(Texture::Fur), girth: (0.15, 0.17), leg: 0.36, leg_radius: 0.042, neck: (0.22, 40.0), neck_radius: 0.085, head: 0.14, snout: 0.15, ear: (0.06, 0.12), tail: (0.3, 0.04), ..Beast::default() };
    let mut m = build(&beast, wish);
    m.add("tail", MAIN, [egg(0.1, 0.1, 0.28).turn_x(-30.0).at(0.0, 0.42, -0.78)]);
    m.add("tail", own(0xf3ede4), [egg(0.06, 0.06, 0.1).turn_x(-30.0).at(0.0, 0.3, -1.0)]);
    m.add("belly", own(0xf3ede4), [egg(0.1, 0.13, 0.08).at(0.0, 0.5, 0.44)]);
    m
}

fn bear(wish: &mut Wish<'_>) -> Model {
    let panda = wish.has("panda");
    let code = match (panda || wish.has("polar bear"), wish.has("koala")) {
        (true, _) => 0xf0eeea,
        (_, true) => 0x8f9096,
        _ => 0x6d4526,
    };
    let beast = Beast { paint: hex(code).with(Texture::Fur), girth: (0.3, 0.3), leg: 0.3, leg_radius: 0.11, neck: (0.18, 62.0), neck_radius: 0.19, head: 0.2, snout: 0.12, ear: (0.075, 0.075), tail: (0.04, 0.06), ..Beast::default() };
    let mut m = build(&beast, wish);
    if panda {
        for part in &mut m.parts {
            if matches!(part.name, "leg" | "ear" | "foot") {
                part.coat = own(0x1c1b1d);
            }
        }
    }
    m
}

fn mouse(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0x9a938e).with(Texture::Fur), girth: (0.26, 0.27), leg: 0.14, leg_radius: 0.05, neck: (0.12, 80.0), neck_radius: 0.16, head: 0.17, snout: 0.14, ear: (0.13, 0.13), tail: (0.5, 0.022), ..Beast::default() };
    build(&beast, wish)
}

fn rabbit(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xb59c82).with(Texture::Fur), girth: (0.24, 0.27), leg: 0.18, leg_radius: 0.06, neck: (0.2, 45.0), neck_radius: 0.15, head: 0.18, snout: 0.06, ear: (0.055, 0.26), tail: (0.02, 0.09), ..Beast::default() };
    build(&beast, wish)
}

fn squirrel(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xb0622f).with(Texture::Fur), girth: (0.19, 0.22), leg: 0.22, leg_radius: 0.05, neck: (0.22, 40.0), neck_radius: 0.11, head: 0.15, snout: 0.08, ear: (0.04, 0.1), tail: (0.1, 0.06), ..Beast::default() };
    let mut m = build(&beast, wish);
    m.add("tail", Coat::Tone(0.85), [tube(&[(0.0, 0.4, -0.42, 0.07), (0.0, 0.55, -0.7, 0.13), (0.0, 0.95, -0.62, 0.15), (0.0, 1.1, -0.75, 0.07)])]).ruffled(0.02);
    m
}

fn hedgehog(wish: &mut Wish<'_>) -> Model {
    let beast = Beast { paint: hex(0xc9a982), girth: (0.26, 0.22), leg: 0.12, leg_radius: 0.05, neck: (0.1, 85.0), neck_radius: 0.14, head: 0.15, snout: 0.16, ear: (0.05, 0.05), tail: (0.02, 0.03), ..Beast::default() };
    let mut m = build(&beast, wish);
    m.add("spine", second(0x4b3626), [egg(0.36, 0.36, 0.5).rough(0.05, 16.0).at(0.0, 0.38, -0.08)]).hard().ruffled(0.06);
    m
}
