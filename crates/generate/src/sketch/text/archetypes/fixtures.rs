//! Fixtures of bath and hearth, and machines for cleaning and ironing.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, gloss, hex};
use crate::sketch::text::solid::{
    ball, block, egg, four, lathe, pair, plate, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("vacuum cleaner", "vacuum,hoover", vacuum),
    Archetype::new(
        "robot vacuum",
        "vacuum robot,roomba,robot vacuum cleaner",
        robot_vacuum,
    ),
    Archetype::new(
        "clothes iron",
        "steam iron,flat iron,electric iron",
        clothes_iron,
    ),
    Archetype::new("toilet", "toilet seat,lavatory", toilet),
    Archetype::new("bathtub", "bath tub,bath,tub,hot tub,jacuzzi", bathtub),
    Archetype::new(
        "sink",
        "washbasin,wash basin,kitchen sink,bathroom sink",
        sink,
    ),
    Archetype::new("faucet", "tap,water tap", faucet),
    Archetype::new("fireplace", "hearth,furnace", fireplace),
    Archetype::new("scale", "weighing scale,kitchen scale", scale),
];

fn steel() -> Paint {
    hex(0xb4bac2).finish(Finish::Metal)
}

fn vacuum(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xc0302a));
    m.add(
        "body",
        MAIN,
        [soft_block(0.46, 0.36, 0.8, 0.16).at(0.0, 0.28, -0.3)],
    );
    m.add(
        "wheel",
        own(0x222226),
        pair(rod(0.19, 0.08).turn_z(90.0).at(0.25, 0.19, -0.46)),
    );
    m.add(
        "lid",
        second(0x3a3c42),
        [soft_block(0.34, 0.12, 0.4, 0.05).at(0.0, 0.44, -0.2)],
    );
    let hose = tube(&[
        (0.0, 0.34, 0.08, 0.06),
        (0.1, 0.62, 0.36, 0.05),
        (0.0, 1.0, 0.2, 0.05),
        (0.0, 1.06, 0.1, 0.045),
    ]);
    m.add("hose", second(0x3a3c42), [hose]);
    m.add(
        "pipe",
        Coat::Own(steel()),
        [tube(&[(0.0, 1.1, 0.08, 0.04), (0.0, 0.1, 0.8, 0.035)])],
    );
    m.add(
        "head",
        own(0x222226),
        [soft_block(0.5, 0.1, 0.2, 0.04).at(0.0, 0.06, 0.84)],
    );
    m
}

fn robot_vacuum(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x35373d));
    m.add("body", MAIN, [rod(0.7, 0.2).at(0.0, 0.16, 0.0)]);
    m.add(
        "bumper",
        own(0x202124),
        [ring(0.69, 0.06).at(0.0, 0.13, 0.0)],
    );
    m.add(
        "lid",
        second(0xd9dcdf),
        [rod(0.56, 0.05).at(0.0, 0.27, 0.0)],
    );
    m.add(
        "sensor",
        own(0x1b1d22),
        [rod(0.15, 0.1).at(0.0, 0.32, -0.16)],
    );
    m.add(
        "button",
        Coat::Own(hex(0x4fd0f0).finish(Finish::Glow)),
        [rod(0.07, 0.03).at(0.0, 0.3, 0.22)],
    );
    m.add(
        "wheel",
        own(0x202124),
        pair(rod(0.1, 0.08).turn_z(90.0).at(0.4, 0.08, 0.0)),
    );
    m.add(
        "brush",
        own(0xd8d8d8),
        pair(block(0.3, 0.015, 0.04).turn_y(35.0).at(0.62, 0.03, 0.48)),
    );
    m.map(|solid| solid.turn_x(12.0))
}

fn clothes_iron(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x2f7fb8));
    let outline = [
        (-0.6, -0.28),
        (0.3, -0.28),
        (0.7, 0.0),
        (0.3, 0.28),
        (-0.6, 0.28),
    ];
    m.add(
        "plate",
        Coat::Own(steel()),
        [plate(&outline, 0.06).turn_x(90.0).at(0.0, 0.03, 0.0)],
    );
    let body = plate(&outline.map(|(x, z)| (x * 0.92, z * 0.9)), 0.26).turn_x(90.0);
    m.add("body", MAIN, [body.at(0.0, 0.18, 0.0)]);
    m.add(
        "handle",
        second(0x26272b),
        [tube(&[
            (-0.5, 0.25, 0.0, 0.07),
            (-0.46, 0.6, 0.0, 0.07),
            (0.2, 0.62, 0.0, 0.07),
            (0.36, 0.3, 0.0, 0.06),
        ])],
    );
    m.add(
        "dial",
        second(0x26272b),
        [rod(0.1, 0.06).at(0.02, 0.33, 0.0)],
    );
    m
}

fn toilet(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xf0f1ef));
    m.add(
        "base",
        MAIN,
        [taper(0.22, 0.3, 0.4)
            .stretch(1.0, 1.0, 1.2)
            .at(0.0, 0.2, 0.06)],
    );
    m.add("bowl", MAIN, [egg(0.37, 0.26, 0.48).at(0.0, 0.42, 0.12)]);
    m.add(
        "seat",
        second(0xe2e2de),
        [ring(0.3, 0.07).stretch(1.0, 0.5, 1.3).at(0.0, 0.63, 0.14)],
    );
    m.add(
        "water",
        Coat::Own(gloss(0x9cc6d8)),
        [egg(0.24, 0.02, 0.34).at(0.0, 0.62, 0.14)],
    );
    m.add(
        "lid",
        second(0xe2e2de),
        [egg(0.34, 0.42, 0.04).turn_x(-8.0).at(0.0, 0.98, -0.28)],
    );
    m.add(
        "tank",
        MAIN,
        [soft_block(0.74, 0.6, 0.26, 0.06).at(0.0, 0.86, -0.46)],
    );
    m.add(
        "handle",
        Coat::Own(steel()),
        [soft_block(0.13, 0.04, 0.04, 0.015).at(0.26, 1.08, -0.3)],
    );
    m
}

fn bathtub(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xf0f1ef));
    m.add(
        "body",
        MAIN,
        [lathe(&[
            (0.0, 0.0),
            (0.3, 0.0),
            (0.46, 0.3),
            (0.5, 0.6),
            (0.44, 0.6),
            (0.4, 0.42),
            (0.0, 0.42),
        ])
        .stretch(1.6, 1.0, 0.9)
        .at(0.0, 0.12, 0.0)],
    );
    m.add(
        "rim",
        MAIN,
        [ring(0.48, 0.045).stretch(1.6, 1.0, 0.9).at(0.0, 0.72, 0.0)],
    );
    m.add(
        "water",
        Coat::Own(gloss(0x9cd0e4)),
        [rod(0.42, 0.04).stretch(1.6, 1.0, 0.9).at(0.0, 0.58, 0.0)],
    );
    m.add(
        "bubble",
        own(0xfafcfd),
        [(-0.3, 0.1), (-0.12, 0.02), (0.06, 0.1), (-0.24, -0.1)]
            .map(|(x, z)| ball(0.1).at(x, 0.62, z)),
    );
    let foot = Coat::Second(hex(0xc9a13b).finish(Finish::Metal));
    m.add("foot", foot, four(egg(0.07, 0.1, 0.07).at(0.42, 0.1, 0.24)));
    m.add(
        "faucet",
        foot,
        [tube(&[
            (0.74, 0.7, 0.0, 0.04),
            (0.74, 0.96, 0.0, 0.035),
            (0.56, 0.96, 0.0, 0.035),
            (0.54, 0.86, 0.0, 0.035),
        ])],
    );
    m
}

fn sink(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xf0f1ef));
    m.add("base", MAIN, [taper(0.2, 0.13, 0.8).at(0.0, 0.4, 0.0)]);
    m.add(
        "bowl",
        MAIN,
        [lathe(&[
            (0.0, 0.0),
            (0.2, 0.0),
            (0.5, 0.3),
            (0.44, 0.3),
            (0.2, 0.1),
            (0.0, 0.1),
        ])
        .at(0.0, 0.72, 0.06)],
    );
    m.add(
        "rim",
        MAIN,
        [
            ring(0.47, 0.04).at(0.0, 1.02, 0.06),
            soft_block(0.7, 0.09, 0.2, 0.03).at(0.0, 1.02, -0.4),
        ],
    );
    m.add(
        "faucet",
        Coat::Second(steel()),
        [tube(&[
            (0.0, 1.04, -0.4, 0.04),
            (0.0, 1.26, -0.38, 0.04),
            (0.0, 1.28, -0.12, 0.035),
            (0.0, 1.18, -0.08, 0.035),
        ])],
    );
    m.add(
        "handle",
        Coat::Second(steel()),
        pair(rod(0.05, 0.1).at(0.2, 1.1, -0.4)),
    );
    m
}

fn faucet(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    m.add("base", MAIN, [rod(0.24, 0.08).at(0.0, 0.04, 0.0)]);
    m.add(
        "spout",
        MAIN,
        [tube(&[
            (0.0, 0.0, 0.0, 0.11),
            (0.0, 0.7, 0.0, 0.1),
            (0.0, 0.96, 0.3, 0.09),
            (0.0, 0.66, 0.56, 0.09),
        ])],
    );
    m.add(
        "handle",
        second(0xb4bac2),
        pair(rod(0.06, 0.22).at(0.36, 0.12, 0.0)),
    );
    m.add(
        "handle",
        second(0xb4bac2),
        pair(tube(&[(0.26, 0.25, 0.0, 0.04), (0.48, 0.25, 0.0, 0.04)])),
    );
    m.add(
        "bar",
        MAIN,
        [rod(0.06, 0.8).turn_z(90.0).at(0.0, 0.06, 0.0)],
    );
    m
}

fn fireplace(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xa54d35).with(Texture::Bricks));
    m.add("body", MAIN, pair(block(0.3, 1.0, 0.5).at(0.5, 0.5, 0.0)));
    m.add(
        "body",
        MAIN,
        [
            block(1.3, 0.3, 0.5).at(0.0, 0.95, 0.0),
            block(0.8, 0.5, 0.4).at(0.0, 1.4, -0.04),
        ],
    );
    m.add(
        "mantel",
        second(0x5e3a20),
        [block(1.46, 0.1, 0.62).at(0.0, 1.13, 0.03)],
    );
    m.add(
        "inside",
        own(0x1f1a18),
        [
            block(0.8, 0.9, 0.1).at(0.0, 0.45, -0.2),
            block(1.4, 0.06, 0.7).at(0.0, 0.0, 0.06),
        ],
    );
    m.add(
        "log",
        own(0x5b3a20),
        [0.0, 0.14].map(|z| rod(0.08, 0.56).turn_z(90.0).at(0.0, 0.12, z)),
    );
    let flames = [(-0.16, 0.34), (0.0, 0.5), (0.16, 0.38)];
    m.add(
        "flame",
        Coat::Own(hex(0xf79a22).finish(Finish::Glow)),
        flames.map(|(x, tall)| taper(0.11, 0.0, tall).at(x, 0.18 + tall * 0.5, 0.06)),
    );
    m
}

fn scale(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xc0392b));
    m.add(
        "body",
        MAIN,
        [taper(0.42, 0.26, 0.6)
            .stretch(1.0, 1.0, 0.7)
            .at(0.0, 0.3, 0.0)],
    );
    m.add(
        "dial",
        own(0xf6f4ec),
        [rod(0.22, 0.05).turn_x(65.0).at(0.0, 0.32, 0.24)],
    );
    m.add(
        "needle",
        own(0xd83a26),
        [block(0.02, 0.17, 0.03)
            .turn_x(-25.0)
            .turn_z(-30.0)
            .at(0.03, 0.37, 0.26)],
    );
    m.add(
        "plate",
        Coat::Second(steel()),
        [taper(0.24, 0.48, 0.14).at(0.0, 0.72, 0.0)],
    );
    m
}
