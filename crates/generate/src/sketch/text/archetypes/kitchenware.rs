//! Bowls, pans, bins and baskets, and what stirs in them.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, second};
use crate::sketch::text::paint::{Texture, gloss, hex, metal};
use crate::sketch::text::solid::{
    around, ball, block, egg, lathe, pair, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("bowl", "mixing bowl,fruit bowl,salad bowl,basin", bowl),
    Archetype::new("plate", "dinner plate,dish,tray,saucer,platter", bowl),
    Archetype::new(
        "cooking pot",
        "saucepan,cauldron,stew pot,soup pot,witch cauldron",
        cooking_pot,
    ),
    Archetype::new("pan", "frying pan,skillet,wok", pan),
    Archetype::new(
        "trash can",
        "garbage can,dustbin,bin,rubbish bin,garbage bin,waste bin,trash bin",
        trash_can,
    ),
    Archetype::new("bucket", "pail,milk pail", bucket),
    Archetype::new(
        "basket",
        "picnic basket,wicker basket,laundry basket,easter basket",
        basket,
    ),
    Archetype::new(
        "barrel",
        "keg,cask,wooden barrel,oil drum,oil barrel",
        barrel,
    ),
    Archetype::new("spoon", "ladle,wooden spoon,teaspoon", spoon),
    Archetype::new("fork", "spatula", spoon),
    Archetype::new("whisk", "egg beater", whisk),
];

fn bowl(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xe4ded0));
    if wish.any("plate dish tray saucer platter") || wish.has("dinner plate") {
        m.add(
            "body",
            MAIN,
            [lathe(&[
                (0.0, 0.0),
                (0.4, 0.0),
                (0.75, 0.1),
                (0.75, 0.14),
                (0.45, 0.05),
                (0.0, 0.05),
            ])],
        );
        m.add(
            "rim",
            second(0x3f68a8),
            [ring(0.74, 0.024).at(0.0, 0.12, 0.0)],
        );
        return m.map(|solid| solid.turn_x(40.0));
    }
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.3),
            (0.26, -0.3),
            (0.5, 0.0),
            (0.6, 0.3),
            (0.54, 0.3),
            (0.44, 0.03),
            (0.0, -0.2),
        ])],
    );
    m.add(
        "foot",
        Coat::Tone(0.9),
        [rod(0.25, 0.08).at(0.0, -0.32, 0.0)],
    );
    m.add(
        "rim",
        second(0x3f68a8),
        [ring(0.575, 0.032).at(0.0, 0.3, 0.0)],
    );
    m
}

fn cooking_pot(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0xa9afb7));
    if wish.has("cauldron") || wish.has("witch cauldron") {
        m.default = hex(0x2c2d31);
        m.add(
            "body",
            MAIN,
            [lathe(&[
                (0.0, -0.44),
                (0.3, -0.36),
                (0.5, -0.08),
                (0.46, 0.2),
                (0.36, 0.32),
                (0.42, 0.4),
                (0.34, 0.4),
                (0.3, 0.25),
                (0.0, 0.25),
            ])],
        );
        m.add(
            "brew",
            second(0x5fbf3a),
            [
                rod(0.33, 0.06).at(0.0, 0.3, 0.0),
                ball(0.08).at(0.1, 0.34, 0.1),
                ball(0.05).at(-0.14, 0.34, 0.0),
            ],
        );
        m.add(
            "leg",
            MAIN,
            around(3, &taper(0.05, 0.08, 0.3).at(0.3, -0.42, 0.0)),
        );
        m.add(
            "handle",
            MAIN,
            pair(ring(0.1, 0.025).turn_x(90.0).at(0.5, 0.14, 0.0)),
        );
        return m;
    }
    m.add("body", MAIN, [rod(0.46, 0.5)]);
    m.add(
        "lid",
        Coat::Tone(0.9),
        [
            egg(0.46, 0.1, 0.46).at(0.0, 0.27, 0.0),
            ring(0.46, 0.025).at(0.0, 0.26, 0.0),
        ],
    );
    m.add("knob", second(0x232428), [ball(0.07).at(0.0, 0.42, 0.0)]);
    m.add(
        "handle",
        second(0x232428),
        pair(ring(0.12, 0.035).at(0.52, 0.12, 0.0)),
    );
    m
}

fn pan(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0x3a3c42));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, 0.0),
            (0.4, 0.0),
            (0.52, 0.16),
            (0.48, 0.16),
            (0.38, 0.04),
            (0.0, 0.04),
        ])],
    );
    m.add(
        "handle",
        second(0x5b3620),
        [tube(&[(0.48, 0.12, 0.0, 0.04), (1.1, 0.24, 0.0, 0.05)])],
    );
    m.map(|solid| solid.turn_y(35.0).turn_x(25.0))
}

fn trash_can(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0x8d9299));
    m.add("body", MAIN, [taper(0.36, 0.43, 0.9).at(0.0, 0.45, 0.0)]);
    m.add(
        "rib",
        Coat::Tone(0.85),
        around(20, &rod(0.018, 0.8).turn_z(-4.5).at(0.395, 0.45, 0.0)),
    );
    m.add(
        "lid",
        second(0x787d84),
        [
            taper(0.47, 0.3, 0.14).at(0.0, 0.97, 0.0),
            ring(0.46, 0.03).at(0.0, 0.9, 0.0),
        ],
    );
    m.add(
        "handle",
        Coat::Tone(0.7),
        [ring(0.1, 0.025).turn_x(90.0).at(0.0, 1.06, 0.0)],
    );
    m.add(
        "handle",
        Coat::Tone(0.7),
        pair(ring(0.1, 0.022).turn_x(90.0).at(0.44, 0.66, 0.0)),
    );
    m
}

fn bucket(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0x9aa1a8));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, 0.0),
            (0.34, 0.0),
            (0.46, 0.8),
            (0.42, 0.8),
            (0.31, 0.1),
            (0.0, 0.1),
        ])],
    );
    m.add(
        "rim",
        Coat::Tone(0.85),
        [
            ring(0.45, 0.03).at(0.0, 0.8, 0.0),
            ring(0.37, 0.018).at(0.0, 0.2, 0.0),
        ],
    );
    let bow = tube(&[
        (-0.46, 0.76, 0.0, 0.018),
        (-0.32, 1.16, 0.0, 0.018),
        (0.32, 1.16, 0.0, 0.018),
        (0.46, 0.76, 0.0, 0.018),
    ]);
    m.add("handle", second(0x55595f), [bow]);
    m
}

fn basket(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb98a4e).with(Texture::Weave));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, 0.0),
            (0.42, 0.0),
            (0.56, 0.5),
            (0.5, 0.5),
            (0.38, 0.08),
            (0.0, 0.08),
        ])
        .stretch(1.0, 1.0, 0.8)],
    );
    for level in 0..6 {
        let y = 0.04 + 0.09 * level as f32;
        let weave = ring(0.42 + 0.28 * y, 0.04).stretch(1.0, 1.0, 0.8);
        let tone = if level % 2 == 0 { 0.8 } else { 1.1 };
        m.add("weave", Coat::Tone(tone), [weave.at(0.0, y, 0.0)]);
    }
    m.add(
        "rim",
        second(0x8a5a30),
        [ring(0.55, 0.05).stretch(1.0, 1.0, 0.8).at(0.0, 0.52, 0.0)],
    );
    let bow = tube(&[
        (-0.54, 0.5, 0.0, 0.04),
        (-0.4, 0.95, 0.0, 0.04),
        (0.0, 1.12, 0.0, 0.04),
        (0.4, 0.95, 0.0, 0.04),
        (0.54, 0.5, 0.0, 0.04),
    ]);
    m.add("handle", second(0x8a5a30), [bow]);
    m
}

fn barrel(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x95622f).with(Texture::Grain));
    if wish.has("oil drum") || wish.has("oil barrel") {
        m.default = gloss(0x2f5fa0);
        m.add("body", MAIN, [rod(0.4, 1.1)]);
        m.add(
            "band",
            Coat::Tone(0.85),
            [-0.54, -0.18, 0.18, 0.54].map(|y| ring(0.4, 0.025).at(0.0, y, 0.0)),
        );
        return m;
    }
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.6),
            (0.36, -0.6),
            (0.44, -0.3),
            (0.46, 0.0),
            (0.44, 0.3),
            (0.36, 0.6),
            (0.32, 0.6),
            (0.32, 0.54),
            (0.0, 0.54),
        ])],
    );
    let seam = tube(&[
        (0.36, -0.6, 0.0, 0.012),
        (0.463, 0.0, 0.0, 0.012),
        (0.36, 0.6, 0.0, 0.012),
    ]);
    m.add("seam", Coat::Tone(0.6), around(14, &seam));
    let hoops = [(0.37, -0.54), (0.44, -0.26), (0.44, 0.26), (0.37, 0.54)];
    m.add(
        "band",
        second(0x3f4248),
        hoops.map(|(r, y)| ring(r + 0.01, 0.035).stretch(1.0, 1.3, 1.0).at(0.0, y, 0.0)),
    );
    m
}

fn spoon(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0xc3c8d0));
    m.add(
        "handle",
        second(0xc3c8d0),
        [tube(&[
            (0.0, -0.75, 0.0, 0.055),
            (0.0, -0.3, 0.02, 0.035),
            (0.0, 0.32, 0.0, 0.035),
        ])],
    );
    if wish.has("fork") {
        m.add(
            "head",
            MAIN,
            [soft_block(0.3, 0.2, 0.05, 0.02).at(0.0, 0.4, 0.0)],
        );
        m.add(
            "tine",
            MAIN,
            [-0.12, -0.04, 0.04, 0.12].map(|x| taper(0.028, 0.014, 0.42).at(x, 0.68, 0.0)),
        );
    } else if wish.has("spatula") {
        m.add(
            "head",
            MAIN,
            [soft_block(0.4, 0.5, 0.04, 0.02).at(0.0, 0.55, 0.0)],
        );
    } else {
        m.add("head", MAIN, [egg(0.2, 0.29, 0.07).at(0.0, 0.54, 0.0)]);
        m.add(
            "hollow",
            Coat::Tone(0.8),
            [egg(0.15, 0.23, 0.05).at(0.0, 0.54, 0.03)],
        );
    }
    m
}

fn whisk(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0xc3c8d0));
    m.add(
        "handle",
        second(0x3a2a20),
        [rod(0.06, 0.7).at(0.0, -0.4, 0.0)],
    );
    let wire = tube(&[
        (0.0, -0.06, 0.0, 0.015),
        (0.24, 0.5, 0.0, 0.015),
        (0.0, 0.78, 0.0, 0.015),
    ]);
    m.add("head", MAIN, around(8, &wire));
    m.add("band", MAIN, [block(0.1, 0.06, 0.1).at(0.0, -0.05, 0.0)]);
    m
}
