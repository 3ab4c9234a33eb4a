//! Vessels for drink, flowers and water.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Texture, gloss, hex, metal};
use crate::sketch::text::solid::{
    Solid, ball, egg, lathe, pair, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("vase", "flower vase,urn,amphora", vase),
    Archetype::new(
        "pot",
        "flower pot,flowerpot,planter,terracotta pot,plant pot,clay pot",
        pot,
    ),
    Archetype::new(
        "jar",
        "cookie jar,mason jar,glass jar,canister,salt shaker,pepper shaker",
        jar,
    ),
    Archetype::new(
        "cup",
        "mug,coffee cup,coffee mug,teacup,tea cup,beer mug,tankard,stein",
        cup,
    ),
    Archetype::new("teapot", "tea pot,coffee pot,coffeepot", teapot),
    Archetype::new("kettle", "tea kettle,electric kettle", teapot),
    Archetype::new("magic lamp", "genie lamp,aladdin lamp", magic_lamp),
    Archetype::new("jug", "pitcher,carafe,water jug,ewer", jug),
    Archetype::new("watering can", "", jug),
];

/// A loop on the right side, reaching from one height to another.
fn handle(x: f32, low: f32, high: f32, radius: f32) -> Solid {
    let reach = x + 0.6 * (high - low);
    tube(&[
        (x, high, 0.0, radius),
        (reach, high - 0.02, 0.0, radius),
        (reach, low + 0.08, 0.0, radius),
        (x, low, 0.0, radius),
    ])
}

fn vase(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x3f78a8));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.7),
            (0.22, -0.7),
            (0.24, -0.64),
            (0.4, -0.2),
            (0.4, 0.1),
            (0.18, 0.45),
            (0.16, 0.58),
            (0.27, 0.72),
            (0.22, 0.72),
            (0.12, 0.58),
            (0.12, 0.4),
            (0.0, 0.3),
        ])],
    );
    m.add(
        "rim",
        second(0xd8b45a),
        [ring(0.245, 0.03).at(0.0, 0.71, 0.0)],
    );
    m.add(
        "band",
        second(0xd8b45a),
        [
            ring(0.4, 0.022).at(0.0, 0.06, 0.0),
            ring(0.39, 0.018).at(0.0, -0.24, 0.0),
        ],
    );
    m
}

fn pot(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc06a42).with(Texture::Speckle));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.4),
            (0.33, -0.4),
            (0.46, 0.3),
            (0.4, 0.3),
            (0.36, 0.2),
            (0.0, 0.2),
        ])],
    );
    m.add(
        "rim",
        Coat::Tone(0.92),
        [lathe(&[
            (0.4, 0.22),
            (0.52, 0.22),
            (0.54, 0.42),
            (0.43, 0.42),
        ])],
    );
    m.add(
        "soil",
        own(0x3d2a1c),
        [rod(0.43, 0.06).rough(0.02, 12.0).at(0.0, 0.3, 0.0)],
    );
    m
}

fn jar(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xd9e6e4));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.6),
            (0.38, -0.6),
            (0.42, -0.54),
            (0.42, 0.2),
            (0.3, 0.36),
            (0.0, 0.36),
        ])],
    );
    m.add(
        "lid",
        second(0xb5803f),
        [rod(0.33, 0.16).at(0.0, 0.43, 0.0)],
    );
    m.add("lid", second(0xb5803f), [ball(0.08).at(0.0, 0.56, 0.0)]);
    m.add(
        "label",
        own(0xf0e6cb),
        [soft_block(0.44, 0.34, 0.1, 0.03).at(0.0, -0.16, 0.38)],
    );
    m
}

fn cup(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xe9e6df));
    let beer = wish.any("beer tankard stein") || wish.has("beer mug");
    let (top, drink) = if beer {
        (0.42, 0xf6f0dc)
    } else {
        (0.36, 0x4a2a18)
    };
    let inside = top - 0.08;
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.4),
            (0.32, -0.4),
            (top, 0.0),
            (top, 0.42),
            (top - 0.05, 0.42),
            (top - 0.05, 0.26),
            (0.0, 0.26),
        ])],
    );
    m.add(
        "rim",
        Coat::Tone(0.92),
        [ring(top - 0.025, 0.028).at(0.0, 0.42, 0.0)],
    );
    m.add(
        "drink",
        own(drink),
        [rod(inside + 0.03, 0.04).at(0.0, 0.3, 0.0)],
    );
    m.add(
        "handle",
        second(0xd9d5cc),
        [handle(top - 0.03, -0.2, 0.26, 0.05)],
    );
    if wish.any("teacup tea saucer") || wish.has("tea cup") {
        m.add(
            "saucer",
            Coat::Tone(0.95),
            [lathe(&[
                (0.0, -0.46),
                (0.3, -0.46),
                (0.62, -0.36),
                (0.62, -0.33),
                (0.0, -0.4),
            ])],
        );
    }
    m
}

fn teapot(wish: &mut Wish<'_>) -> Model {
    let kettle = wish.any("kettle") || wish.has("tea kettle") || wish.has("electric kettle");
    let mut m = Model::new(if kettle {
        metal(0xb9bfc7)
    } else {
        gloss(0xe6ddca)
    });
    m.add(
        "body",
        MAIN,
        [egg(0.46, 0.38, 0.46), rod(0.28, 0.08).at(0.0, -0.36, 0.0)],
    );
    let spout = tube(&[
        (-0.36, -0.12, 0.0, 0.12),
        (-0.6, 0.06, 0.0, 0.075),
        (-0.72, 0.3, 0.0, 0.055),
    ]);
    m.add("spout", MAIN, [spout]);
    m.add(
        "lid",
        Coat::Tone(0.92),
        [egg(0.24, 0.1, 0.24).at(0.0, 0.35, 0.0)],
    );
    m.add("knob", second(0x7a4e28), [ball(0.065).at(0.0, 0.48, 0.0)]);
    if kettle {
        let bow = tube(&[
            (-0.34, 0.28, 0.0, 0.03),
            (-0.26, 0.7, 0.0, 0.045),
            (0.26, 0.7, 0.0, 0.045),
            (0.34, 0.28, 0.0, 0.03),
        ]);
        m.add("handle", second(0x2a2b2f), [bow]);
    } else {
        m.add("handle", MAIN, [handle(0.38, -0.18, 0.22, 0.05)]);
    }
    m.add(
        "band",
        second(0x3f78a8),
        [ring(0.45, 0.022).at(0.0, 0.06, 0.0)],
    );
    m
}

fn magic_lamp(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(metal(0xe0b040));
    m.add(
        "body",
        MAIN,
        [
            egg(0.42, 0.2, 0.3).at(0.0, 0.24, 0.0),
            taper(0.26, 0.1, 0.14).at(0.0, 0.05, 0.0),
        ],
    );
    m.add(
        "spout",
        MAIN,
        [tube(&[
            (-0.25, 0.22, 0.0, 0.13),
            (-0.62, 0.3, 0.0, 0.07),
            (-0.86, 0.44, 0.0, 0.05),
        ])],
    );
    m.add(
        "lid",
        MAIN,
        [
            taper(0.17, 0.03, 0.2).at(0.0, 0.5, 0.0),
            ball(0.05).at(0.0, 0.62, 0.0),
        ],
    );
    m.add(
        "handle",
        MAIN,
        [ring(0.17, 0.035).turn_x(90.0).at(0.54, 0.3, 0.0)],
    );
    m.add(
        "gem",
        Coat::Second(hex(0xc4163a).finish(Finish::Gem)),
        pair(ball(0.06).at(0.0, 0.24, 0.29).turn_y(30.0)),
    );
    m
}

fn jug(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x6f9fb0));
    if wish.has("watering can") {
        m.default = gloss(0x4a8f5a);
        m.add("body", MAIN, [taper(0.36, 0.33, 0.6)]);
        m.add(
            "spout",
            MAIN,
            [tube(&[(-0.3, -0.2, 0.0, 0.08), (-0.78, 0.38, 0.0, 0.05)])],
        );
        m.add(
            "rose",
            second(0xb9bfc7),
            [taper(0.04, 0.15, 0.14).turn_z(42.0).at(-0.82, 0.44, 0.0)],
        );
        m.add(
            "handle",
            MAIN,
            [
                handle(0.3, -0.2, 0.24, 0.035),
                ring(0.24, 0.03).turn_x(90.0).at(0.0, 0.36, 0.0),
            ],
        );
        return m;
    }
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, -0.6),
            (0.26, -0.6),
            (0.4, -0.3),
            (0.4, -0.1),
            (0.23, 0.3),
            (0.28, 0.6),
            (0.23, 0.6),
            (0.18, 0.3),
            (0.0, 0.2),
        ])],
    );
    m.add(
        "spout",
        MAIN,
        [egg(0.16, 0.1, 0.1).turn_z(-20.0).at(-0.24, 0.55, 0.0)],
    );
    m.add(
        "handle",
        second(0x55808f),
        [handle(0.28, -0.14, 0.48, 0.045)],
    );
    m
}
