//! Boxes, banks and cages.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, gloss, hex};
use crate::sketch::text::solid::{
    around, ball, block, egg, four, pair, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new(
        "treasure chest",
        "chest,wooden chest,pirate chest,jewelry box,trunk",
        chest,
    ),
    Archetype::new("gift", "present,gift box,giftbox", gift),
    Archetype::new(
        "crate",
        "wooden crate,wooden box,cardboard box,milk crate",
        crate_box,
    ),
    Archetype::new("mailbox", "mail box,letterbox,letter box,postbox", mailbox),
    Archetype::new("birdcage", "bird cage,cage", birdcage),
    Archetype::new("piggy bank", "", piggy_bank),
];

fn brass() -> Paint {
    hex(0xc9a13b).finish(Finish::Metal)
}

fn wood() -> Paint {
    hex(0x8a5a30).with(Texture::Grain)
}

fn chest(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wood());
    let metal = Coat::Second(brass());
    m.add("body", MAIN, [block(1.1, 0.46, 0.66).at(0.0, 0.25, 0.0)]);
    m.add(
        "lid",
        MAIN,
        [rod(0.33, 1.1)
            .turn_z(90.0)
            .stretch(1.0, 0.8, 1.0)
            .at(0.0, 0.5, 0.0)],
    );
    for x in [-0.48, 0.0, 0.48] {
        m.add("band", metal, [block(0.09, 0.47, 0.69).at(x, 0.25, 0.0)]);
        m.add(
            "band",
            metal,
            [rod(0.345, 0.09)
                .turn_z(90.0)
                .stretch(1.0, 0.8, 1.0)
                .at(x, 0.5, 0.0)],
        );
    }
    m.add(
        "lock",
        Coat::Own(brass()),
        [soft_block(0.18, 0.2, 0.06, 0.02).at(0.0, 0.46, 0.36)],
    );
    m.add(
        "hole",
        own(0x1c1a18),
        [block(0.03, 0.07, 0.02).at(0.0, 0.44, 0.39)],
    );
    if wish.any("treasure gold coin") {
        for turn in 0..7 {
            let coin = rod(0.07, 0.02)
                .turn_x(20.0)
                .at(0.62 + 0.04 * (turn % 3) as f32, 0.02, 0.0);
            m.add(
                "coin",
                Coat::Own(brass()),
                [coin.turn_y(-40.0 - 14.0 * turn as f32)],
            );
        }
    }
    m
}

fn gift(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc8252c));
    m.add("box", MAIN, [block(0.9, 0.7, 0.9).at(0.0, 0.35, 0.0)]);
    m.add(
        "lid",
        Coat::Tone(0.9),
        [block(0.98, 0.16, 0.98).at(0.0, 0.7, 0.0)],
    );
    let bands = [
        block(0.16, 0.8, 1.0).at(0.0, 0.4, 0.0),
        block(1.0, 0.8, 0.16).at(0.0, 0.4, 0.0),
    ];
    m.add("ribbon", second(0xe9c23a), bands);
    m.add(
        "bow",
        second(0xe9c23a),
        pair(
            ring(0.15, 0.05)
                .turn_x(90.0)
                .turn_z(35.0)
                .at(0.17, 0.9, 0.0),
        ),
    );
    m.add("bow", second(0xe9c23a), [ball(0.09).at(0.0, 0.84, 0.0)]);
    m
}

fn crate_box(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wood());
    if wish.any("cardboard") || wish.has("cardboard box") {
        m.default = hex(0xc29a6a).with(Texture::Mottle);
        m.add("body", MAIN, [block(1.0, 0.8, 0.8)]);
        m.add("tape", second(0xe3cf9f), [block(0.14, 0.83, 0.83)]);
        return m;
    }
    m.add("body", Coat::Tone(0.8), [block(0.94, 0.94, 0.94)]);
    m.add(
        "frame",
        MAIN,
        four(block(0.14, 1.0, 0.14).at(0.44, 0.0, 0.44)),
    );
    for y in [0.44, -0.44] {
        m.add(
            "frame",
            MAIN,
            [0.44, -0.44].map(|z| block(1.0, 0.14, 0.14).at(0.0, y, z)),
        );
        m.add("frame", MAIN, pair(block(0.14, 0.14, 1.0).at(0.44, y, 0.0)));
    }
    m.add(
        "slat",
        MAIN,
        around(4, &block(0.13, 1.1, 0.06).turn_z(45.0).at(0.0, 0.0, 0.46)),
    );
    m
}

fn mailbox(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x2f5fa8));
    m.add(
        "body",
        MAIN,
        [
            block(0.42, 0.26, 0.7).at(0.0, 1.0, 0.0),
            rod(0.21, 0.7).turn_x(90.0).at(0.0, 1.13, 0.0),
        ],
    );
    m.add(
        "door",
        Coat::Tone(0.75),
        [rod(0.19, 0.03).turn_x(90.0).at(0.0, 1.12, 0.355)],
    );
    m.add(
        "flag",
        second(0xd8281f),
        [
            block(0.03, 0.3, 0.04).at(0.24, 1.2, 0.1),
            block(0.03, 0.12, 0.18).at(0.24, 1.34, 0.04),
        ],
    );
    m.add(
        "post",
        Coat::Own(wood()),
        [block(0.13, 0.9, 0.13).at(0.0, 0.45, 0.0)],
    );
    m
}

fn birdcage(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    m.add("base", MAIN, [taper(0.46, 0.43, 0.12).at(0.0, 0.0, 0.0)]);
    m.add(
        "bar",
        MAIN,
        around(
            16,
            &tube(&[
                (0.42, 0.0, 0.0, 0.014),
                (0.42, 0.7, 0.0, 0.014),
                (0.26, 1.0, 0.0, 0.014),
                (0.0, 1.12, 0.0, 0.014),
            ]),
        ),
    );
    m.add(
        "ring",
        MAIN,
        [0.35, 0.72].map(|y| ring(0.42, 0.02).at(0.0, y, 0.0)),
    );
    m.add(
        "handle",
        MAIN,
        [ring(0.1, 0.022).turn_x(90.0).at(0.0, 1.22, 0.0)],
    );
    m.add(
        "perch",
        Coat::Own(wood()),
        [rod(0.02, 0.8).turn_z(90.0).at(0.0, 0.38, 0.0)],
    );
    m
}

fn piggy_bank(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(gloss(0xf29ab4), 0.06);
    m.living = false;
    m.add("body", MAIN, [egg(0.42, 0.4, 0.55).at(0.0, 0.5, 0.0)]);
    m.add(
        "nose",
        MAIN,
        [rod(0.15, 0.16).turn_x(90.0).at(0.0, 0.5, 0.56)],
    );
    m.add(
        "ear",
        MAIN,
        pair(egg(0.1, 0.14, 0.05).turn_z(-25.0).at(0.24, 0.86, 0.3)),
    );
    m.add("leg", MAIN, four(rod(0.12, 0.26).at(0.22, 0.12, 0.26)));
    m.add("eye", own(0x1d1d20), pair(ball(0.045).at(0.2, 0.66, 0.46)))
        .hard();
    m.add("hole", own(0x3a1d26), pair(ball(0.03).at(0.05, 0.5, 0.64)))
        .hard();
    m.add(
        "slot",
        own(0x3a1d26),
        [block(0.06, 0.04, 0.26).at(0.0, 0.895, 0.0)],
    )
    .hard();
    m
}
