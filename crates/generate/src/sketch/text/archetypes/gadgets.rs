//! Games and small electric things.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, gloss, hex};
use crate::sketch::text::solid::{
    Solid, ball, block, egg, pair, plate, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new(
        "headphones",
        "headphone,headset,earphone,earphones,earmuff",
        headphones,
    ),
    Archetype::new(
        "game controller",
        "controller,gamepad,game pad,video game controller",
        controller,
    ),
    Archetype::new("joystick", "arcade stick", joystick),
    Archetype::new(
        "arcade machine",
        "arcade cabinet,arcade game,arcade,vending machine,jukebox",
        arcade,
    ),
    Archetype::new("remote control", "remote,tv remote,calculator", remote),
    Archetype::new("typewriter", "printer,cash register", typewriter),
    Archetype::new("flashlight", "torch,torchlight", flashlight),
    Archetype::new(
        "traffic light",
        "stoplight,traffic signal,stop light",
        traffic_light,
    ),
    Archetype::new("battery", "", battery),
];

fn steel() -> Paint {
    hex(0xb4bac2).finish(Finish::Metal)
}

fn screen() -> Coat {
    Coat::Own(gloss(0x20354a))
}

/// A short cylinder facing the front.
fn disc(radius: f32, depth: f32, at: [f32; 3]) -> Solid {
    rod(radius, depth).turn_x(90.0).at(at[0], at[1], at[2])
}

fn headphones(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x26272c));
    m.add(
        "band",
        MAIN,
        [tube(&[
            (-0.54, -0.1, 0.0, 0.05),
            (-0.46, 0.4, 0.0, 0.055),
            (0.0, 0.68, 0.0, 0.065),
            (0.46, 0.4, 0.0, 0.055),
            (0.54, -0.1, 0.0, 0.05),
        ])],
    );
    m.add(
        "cup",
        MAIN,
        pair(
            rod(0.27, 0.14)
                .turn_z(90.0)
                .stretch(1.0, 1.15, 1.0)
                .at(0.58, -0.22, 0.0),
        ),
    );
    m.add(
        "pad",
        own(0x3a3a3e),
        pair(
            ring(0.2, 0.08)
                .turn_z(90.0)
                .stretch(1.0, 1.15, 1.0)
                .at(0.46, -0.22, 0.0),
        ),
    );
    m.add(
        "trim",
        Coat::Second(steel()),
        pair(rod(0.16, 0.16).turn_z(90.0).at(0.585, -0.22, 0.0)),
    );
    m.map(|solid| solid.turn_y(30.0))
}

fn controller(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(gloss(0x2b2d33), 0.08);
    m.living = false;
    m.add("body", MAIN, [soft_block(1.0, 0.5, 0.2, 0.09)]);
    m.add(
        "grip",
        MAIN,
        pair(tube(&[(0.44, 0.0, 0.0, 0.2), (0.64, -0.44, 0.0, 0.13)])),
    );
    m.add(
        "stick",
        second(0x17181b),
        pair(disc(0.1, 0.14, [0.22, -0.14, 0.14])),
    )
    .hard();
    m.add(
        "pad",
        second(0x17181b),
        [
            block(0.24, 0.08, 0.06).at(-0.42, 0.08, 0.13),
            block(0.08, 0.24, 0.06).at(-0.42, 0.08, 0.13),
        ],
    )
    .hard();
    for (x, y, colour) in [
        (0.0, 0.1, 0xf0c02c),
        (0.0, -0.1, 0x3fae4a),
        (0.1, 0.0, 0xd83a2c),
        (-0.1, 0.0, 0x2f6fd0),
    ] {
        m.add(
            "button",
            own(colour),
            [disc(0.05, 0.07, [0.42 + x, 0.08 + y, 0.14])],
        )
        .hard();
    }
    m.add("light", own(0xd9dcdf), [disc(0.06, 0.05, [0.0, 0.1, 0.1])])
        .hard();
    m.map(|solid| solid.turn_x(-20.0))
}

fn joystick(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x26272b));
    m.add(
        "base",
        MAIN,
        [soft_block(1.0, 0.3, 1.0, 0.08).at(0.0, 0.15, 0.0)],
    );
    m.add(
        "boot",
        own(0x3a3c42),
        [taper(0.26, 0.1, 0.16).at(0.0, 0.36, 0.0)],
    );
    m.add("handle", MAIN, [rod(0.05, 0.6).at(0.0, 0.62, 0.0)]);
    m.add("head", second(0xd0281f), [ball(0.17).at(0.0, 0.98, 0.0)]);
    m.add(
        "button",
        second(0xd0281f),
        pair(rod(0.1, 0.1).at(0.34, 0.32, 0.34)),
    );
    m
}

fn arcade(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x2b3f9c));
    let side = [
        (-0.4, 0.0),
        (0.4, 0.0),
        (0.4, 0.7),
        (0.52, 0.82),
        (0.18, 1.0),
        (0.14, 1.5),
        (0.4, 1.6),
        (0.4, 1.84),
        (-0.4, 1.84),
    ];
    m.add("body", MAIN, [plate(&side, 0.84).turn_y(-90.0)]);
    m.add(
        "side",
        Coat::Tone(0.7),
        pair(plate(&side, 0.05).turn_y(-90.0).at(0.44, 0.0, 0.0)),
    );
    m.add(
        "screen",
        screen(),
        [block(0.7, 0.46, 0.04).turn_x(-4.0).at(0.0, 1.26, 0.16)],
    );
    m.add(
        "sign",
        Coat::Second(hex(0xf2c52c).finish(Finish::Glow)),
        [block(0.76, 0.18, 0.03).at(0.0, 1.72, 0.4)],
    );
    m.add(
        "stick",
        own(0x1b1c20),
        [
            rod(0.02, 0.16).at(-0.2, 0.98, 0.34),
            ball(0.05).at(-0.2, 1.06, 0.34),
        ],
    );
    for (x, colour) in [(0.08, 0xd83a2c), (0.2, 0xf0c02c), (0.32, 0x3fae4a)] {
        m.add("button", own(colour), [rod(0.04, 0.06).at(x, 0.93, 0.34)]);
    }
    m.add(
        "slot",
        own(0x1b1c20),
        pair(block(0.16, 0.24, 0.03).at(0.13, 0.36, 0.4)),
    );
    m
}

fn remote(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2b2c31));
    let wide = if wish.has("calculator") { 0.8 } else { 0.44 };
    m.add("body", MAIN, [soft_block(wide, 1.4, 0.16, 0.06)]);
    for row in 0..6 {
        let y = 0.2 - 0.15 * row as f32;
        let keys = [-0.3, 0.0, 0.3]
            .map(|x| soft_block(wide * 0.22, 0.1, 0.06, 0.02).at(x * wide, y, 0.08));
        m.add("button", second(0xa4a8ae), keys);
    }
    if wish.has("calculator") {
        m.add(
            "screen",
            own(0xa9bfa4),
            [block(0.66, 0.22, 0.03).at(0.0, 0.48, 0.08)],
        );
    } else {
        m.add(
            "power",
            own(0xd0281f),
            [disc(0.05, 0.06, [-0.12, 0.58, 0.08])],
        );
        m.add(
            "ring",
            second(0xa4a8ae),
            [ring(0.11, 0.03).turn_x(90.0).at(0.0, 0.38, 0.08)],
        );
    }
    m.map(|solid| solid.turn_x(-25.0))
}

fn typewriter(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x2f5a55));
    let side = [
        (-0.4, 0.0),
        (0.56, 0.0),
        (0.56, 0.12),
        (0.1, 0.34),
        (0.0, 0.5),
        (-0.4, 0.5),
    ];
    m.add("body", MAIN, [plate(&side, 1.1).turn_y(-90.0)]);
    m.add(
        "paper",
        own(0xf6f3e8),
        [block(0.74, 0.5, 0.02).turn_x(-12.0).at(0.0, 0.8, -0.24)],
    );
    if wish.has("printer") {
        m.add(
            "paper",
            own(0xf6f3e8),
            [block(0.74, 0.02, 0.4).turn_x(20.0).at(0.0, 0.2, 0.6)],
        );
        m.add(
            "button",
            second(0x3fae4a),
            [0.3, 0.4].map(|x| ball(0.035).at(x, 0.36, 0.12)),
        );
        return m;
    }
    m.add(
        "roller",
        own(0x222226),
        [rod(0.1, 1.2).turn_z(90.0).at(0.0, 0.54, -0.2)],
    );
    m.add(
        "knob",
        Coat::Own(steel()),
        pair(rod(0.11, 0.08).turn_z(90.0).at(0.64, 0.54, -0.2)),
    );
    for row in 0..4 {
        let (y, z) = (0.19 + 0.05 * row as f32, 0.5 - 0.11 * row as f32);
        let keys = (0..10).map(|i| rod(0.036, 0.06).at(0.095 * i as f32 - 0.43, y, z));
        m.add("key", second(0xe9e2cc), keys);
    }
    m
}

fn flashlight(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8a91c).finish(Finish::Gloss));
    m.add("handle", MAIN, [rod(0.14, 0.9).at(0.0, -0.3, 0.0)]);
    m.add("head", MAIN, [taper(0.15, 0.3, 0.3).at(0.0, 0.28, 0.0)]);
    m.add(
        "band",
        second(0x26272b),
        [-0.7, -0.1, 0.12].map(|y| rod(0.155, 0.06).at(0.0, y, 0.0)),
    );
    m.add(
        "rim",
        second(0x26272b),
        [ring(0.29, 0.035).at(0.0, 0.43, 0.0)],
    );
    m.add(
        "lens",
        Coat::Own(hex(0xfdf3c4).finish(Finish::Glow)),
        [rod(0.28, 0.03).at(0.0, 0.43, 0.0)],
    );
    m.add(
        "button",
        own(0xc0302a),
        [egg(0.04, 0.08, 0.03).at(0.0, -0.02, 0.14)],
    );
    m.map(|solid| solid.turn_z(-65.0).turn_y(-25.0))
}

fn traffic_light(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x25272b));
    m.add(
        "body",
        MAIN,
        [soft_block(0.46, 1.2, 0.34, 0.06).at(0.0, 1.1, 0.0)],
    );
    for (y, colour) in [(1.48, 0xe8281e), (1.1, 0xf4b81c), (0.72, 0x2fbf4a)] {
        m.add(
            "light",
            Coat::Own(hex(colour).finish(Finish::Glow)),
            [disc(0.15, 0.04, [0.0, y, 0.18])],
        );
        m.add(
            "visor",
            MAIN,
            [soft_block(0.36, 0.04, 0.2, 0.015).at(0.0, y + 0.17, 0.25)],
        );
    }
    m.add(
        "pole",
        second(0x6f757c),
        [rod(0.06, 0.6).at(0.0, 0.25, 0.0)],
    );
    m
}

fn battery(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x232428));
    m.add("body", MAIN, [rod(0.32, 0.9).at(0.0, -0.1, 0.0)]);
    m.add(
        "top",
        second(0xc8823a),
        [rod(0.322, 0.34).at(0.0, 0.5, 0.0)],
    );
    m.add(
        "cap",
        Coat::Own(steel()),
        [
            rod(0.12, 0.1).at(0.0, 0.71, 0.0),
            rod(0.3, 0.03).at(0.0, -0.56, 0.0),
        ],
    );
    m
}
