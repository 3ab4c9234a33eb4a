//! Things about the house: mirrors, fans, books and bells.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, gloss, hex};
use crate::sketch::text::solid::{
    around, ball, block, egg, four, lathe, pair, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("umbrella", "parasol,beach umbrella", umbrella),
    Archetype::new("fan", "electric fan,desk fan,table fan,ceiling fan", fan),
    Archetype::new("mirror", "wall mirror,looking glass,magic mirror", mirror),
    Archetype::new(
        "picture frame",
        "photo frame,painting,picture,portrait,poster,canvas painting",
        mirror,
    ),
    Archetype::new("pillow", "cushion,throw pillow", pillow),
    Archetype::new(
        "book",
        "notebook,journal,spellbook,spell book,diary,bible,tome,dictionary",
        book,
    ),
    Archetype::new(
        "bell",
        "hand bell,handbell,church bell,cow bell,jingle bell,cowbell",
        bell,
    ),
    Archetype::new("hourglass", "sandglass,sand timer,hour glass", hourglass),
    Archetype::new("rug", "carpet,doormat,mat,magic carpet,flying carpet", rug),
];

fn brass() -> Paint {
    hex(0xc9a13b).finish(Finish::Metal)
}

fn wood() -> Paint {
    hex(0x8a5a30).with(Texture::Grain)
}

fn glow() -> Coat {
    Coat::Own(hex(0xfdeeb0).finish(Finish::Glow))
}

fn umbrella(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8342a));
    let rib = tube(&[
        (0.0, 0.5, 0.0, 0.016),
        (0.4, 0.38, 0.0, 0.016),
        (0.68, 0.06, 0.0, 0.016),
    ]);
    m.add(
        "canopy",
        MAIN,
        [lathe(&[
            (0.0, 0.5),
            (0.25, 0.45),
            (0.5, 0.28),
            (0.68, 0.05),
            (0.64, 0.05),
            (0.46, 0.24),
            (0.2, 0.41),
            (0.0, 0.46),
        ])],
    );
    m.add("rib", Coat::Tone(0.75), around(8, &rib));
    m.add("pole", own(0x8d9299), [rod(0.022, 1.3).at(0.0, 0.0, 0.0)]);
    m.add(
        "tip",
        own(0x8d9299),
        [taper(0.03, 0.01, 0.12).at(0.0, 0.56, 0.0)],
    );
    let hook = tube(&[
        (0.0, -0.5, 0.0, 0.036),
        (0.0, -0.72, 0.0, 0.036),
        (0.1, -0.82, 0.0, 0.036),
        (0.2, -0.7, 0.0, 0.036),
    ]);
    m.add("handle", Coat::Second(wood()), [hook]);
    m
}

fn fan(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x8fb4c9));
    if wish.has("ceiling fan") {
        m.add(
            "blade",
            MAIN,
            around(4, &soft_block(0.66, 0.025, 0.17, 0.01).at(0.42, 0.0, 0.0)),
        );
        m.add(
            "body",
            second(0xb9bfc7),
            [rod(0.14, 0.16), rod(0.025, 0.5).at(0.0, 0.3, 0.0)],
        );
        m.add("light", glow(), [ball(0.11).at(0.0, -0.1, 0.0)]);
        return m;
    }
    m.add(
        "cage",
        second(0xb9bfc7),
        [0.12, -0.06].map(|z| ring(0.45, 0.022).turn_x(90.0).at(0.0, 0.9, z)),
    );
    m.add(
        "cage",
        second(0xb9bfc7),
        (0..8).map(|i| rod(0.008, 0.88).turn_z(22.5 * i as f32).at(0.0, 0.9, 0.13)),
    );
    let blades = (0..4).map(|i| {
        egg(0.13, 0.2, 0.025)
            .turn_y(20.0)
            .at(0.0, 0.2, 0.0)
            .turn_z(90.0 * i as f32)
    });
    m.add("blade", MAIN, blades.map(|blade| blade.at(0.0, 0.9, 0.03)));
    m.add(
        "hub",
        own(0x3a3c42),
        [rod(0.08, 0.2).turn_x(90.0).at(0.0, 0.9, 0.04)],
    );
    m.add("motor", MAIN, [egg(0.13, 0.13, 0.16).at(0.0, 0.9, -0.16)]);
    m.add("pole", MAIN, [rod(0.045, 0.84).at(0.0, 0.44, -0.14)]);
    m.add("base", MAIN, [taper(0.32, 0.26, 0.08).at(0.0, 0.04, -0.06)]);
    m
}

fn mirror(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    let reflecting =
        wish.any("mirror glass") || wish.has("wall mirror") || wish.has("magic mirror");
    let face = Coat::Own(if reflecting {
        gloss(0xc6dce6)
    } else {
        hex(0x86b4d4)
    });
    if reflecting && !wish.any("square rectangular") {
        let tall = if wish.any("round circular") { 1.0 } else { 1.3 };
        m.add(
            "frame",
            MAIN,
            [ring(0.5, 0.07).turn_x(90.0).stretch(1.0, tall, 1.0)],
        );
        m.add(
            "glass",
            face,
            [rod(0.5, 0.04).turn_x(90.0).stretch(1.0, tall, 1.0)],
        );
        m.add("ornament", MAIN, [ball(0.1).at(0.0, 0.58 * tall, 0.0)]);
        return m;
    }
    m.add(
        "frame",
        MAIN,
        pair(block(0.11, 1.3, 0.1).at(0.46, 0.0, 0.0)),
    );
    m.add(
        "frame",
        MAIN,
        [0.6, -0.6].map(|y| block(1.03, 0.11, 0.1).at(0.0, y, 0.0)),
    );
    m.add("picture", face, [block(0.84, 1.12, 0.04)]);
    if !reflecting {
        m.add(
            "picture",
            own(0x5f8f4a),
            [block(0.82, 0.4, 0.05).at(0.0, -0.36, 0.0)],
        );
        m.add(
            "picture",
            own(0xf6d860),
            [rod(0.1, 0.05).turn_x(90.0).at(0.18, 0.3, 0.0)],
        );
    }
    m
}

fn pillow(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe6ddcb).with(Texture::Weave));
    m.add(
        "body",
        MAIN,
        [egg(0.72, 0.2, 0.52), soft_block(1.2, 0.14, 0.84, 0.07)],
    );
    m.add(
        "tassel",
        second(0xc9a65a),
        four(ball(0.07).at(0.6, 0.0, 0.42)),
    );
    m.map(|solid| solid.turn_x(40.0))
}

fn book(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7a2622).with(Texture::Mottle));
    m.add(
        "cover",
        MAIN,
        [0.12, -0.12].map(|z| block(0.84, 1.14, 0.035).at(0.0, 0.0, z)),
    );
    m.add(
        "cover",
        MAIN,
        [soft_block(0.06, 1.14, 0.27, 0.025).at(-0.41, 0.0, 0.0)],
    );
    m.add("page", own(0xf0e6cb), [block(0.78, 1.06, 0.22)]);
    m.add(
        "trim",
        Coat::Second(brass()),
        [ring(0.17, 0.025).turn_x(90.0).at(0.02, 0.12, 0.135)],
    );
    m.add(
        "trim",
        Coat::Second(brass()),
        [-0.34, -0.42].map(|y| block(0.5, 0.035, 0.03).at(0.02, y, 0.13)),
    );
    m.add(
        "corner",
        Coat::Second(brass()),
        [0.5, -0.5].map(|y| block(0.12, 0.12, 0.29).at(0.37, y, 0.0)),
    );
    m.map(|solid| solid.turn_y(25.0))
}

fn bell(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, 0.85),
            (0.2, 0.8),
            (0.28, 0.6),
            (0.34, 0.25),
            (0.52, 0.0),
            (0.46, 0.0),
            (0.28, 0.25),
            (0.0, 0.6),
        ])],
    );
    m.add(
        "rim",
        Coat::Tone(0.8),
        [ring(0.5, 0.03), ring(0.31, 0.02).at(0.0, 0.48, 0.0)],
    );
    m.add(
        "clapper",
        own(0x3a3c42),
        [
            ball(0.1).at(0.0, -0.02, 0.0),
            rod(0.025, 0.6).at(0.0, 0.3, 0.0),
        ],
    );
    m.add(
        "handle",
        Coat::Second(wood()),
        [tube(&[
            (0.0, 0.8, 0.0, 0.06),
            (0.0, 1.05, 0.0, 0.085),
            (0.0, 1.3, 0.0, 0.06),
        ])],
    );
    m
}

fn hourglass(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wood());
    m.add(
        "frame",
        MAIN,
        [0.6, -0.6].map(|y| rod(0.4, 0.1).at(0.0, y, 0.0)),
    );
    m.add("post", MAIN, around(3, &rod(0.035, 1.2).at(0.34, 0.0, 0.0)));
    let glass = Coat::Own(hex(0xc4e2ea).finish(Finish::Glass));
    m.add(
        "glass",
        glass,
        [lathe(&[
            (0.0, -0.55),
            (0.26, -0.55),
            (0.26, -0.3),
            (0.04, 0.0),
            (0.26, 0.3),
            (0.26, 0.55),
            (0.0, 0.55),
        ])],
    );
    m.add(
        "sand",
        second(0xe2b866),
        [
            taper(0.23, 0.05, 0.3).at(0.0, -0.39, 0.0),
            taper(0.03, 0.2, 0.26).at(0.0, 0.18, 0.0),
        ],
    );
    m
}

fn rug(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x9c2f33).with(Texture::Weave));
    m.add("body", MAIN, [block(1.5, 0.06, 0.96)]);
    m.add(
        "trim",
        second(0xd8b45a),
        [0.4, -0.4].map(|z| block(1.36, 0.07, 0.05).at(0.0, 0.0, z)),
    );
    m.add(
        "trim",
        second(0xd8b45a),
        pair(block(0.05, 0.07, 0.85).at(0.66, 0.0, 0.0)),
    );
    m.add("trim", second(0xd8b45a), [rod(0.22, 0.07)]);
    m.add(
        "fringe",
        own(0xe9dfc6),
        (0..16).flat_map(|i| pair(block(0.1, 0.03, 0.03).at(0.79, 0.0, 0.06 * i as f32 - 0.45))),
    );
    m
}
