//! Screens, telephones, cameras and what steers games.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, gloss, hex};
use crate::sketch::text::solid::{
    Solid, around, ball, block, egg, pair, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new(
        "television",
        "tv,tv set,television set,monitor,computer monitor,screen",
        television,
    ),
    Archetype::new(
        "computer",
        "desktop computer,pc,personal computer,desktop",
        computer,
    ),
    Archetype::new("laptop", "laptop computer,notebook computer", laptop),
    Archetype::new(
        "smartphone",
        "phone,cell phone,cellphone,mobile phone,iphone,tablet,ipad",
        smartphone,
    ),
    Archetype::new(
        "telephone",
        "rotary phone,rotary telephone,landline",
        telephone,
    ),
    Archetype::new("camera", "photo camera,film camera,dslr", camera),
    Archetype::new(
        "video camera",
        "camcorder,movie camera,film projector,projector",
        video_camera,
    ),
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

fn television(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x26272b));
    if wish.any("vintage retro old antique wooden") {
        m.default = hex(0x8a5a30).with(Texture::Grain);
        m.add(
            "body",
            MAIN,
            [soft_block(1.2, 0.9, 0.7, 0.06).at(0.0, 0.7, 0.0)],
        );
        m.add(
            "screen",
            screen(),
            [egg(0.41, 0.34, 0.09).at(-0.13, 0.7, 0.33)],
        );
        m.add(
            "frame",
            second(0xd8cba8),
            [soft_block(0.92, 0.78, 0.05, 0.02).at(-0.13, 0.7, 0.33)],
        );
        m.add(
            "knob",
            Coat::Own(steel()),
            [0.92, 0.72].map(|y| disc(0.07, 0.08, [0.46, y, 0.37])),
        );
        m.add(
            "speaker",
            own(0x3a2a1e),
            [0.5, 0.44, 0.38].map(|y| block(0.18, 0.03, 0.04).at(0.46, y, 0.35)),
        );
        m.add(
            "antenna",
            Coat::Own(steel()),
            pair(tube(&[(0.0, 1.15, 0.0, 0.018), (0.36, 1.6, 0.0, 0.012)])),
        );
        m.add(
            "leg",
            Coat::Tone(0.7),
            pair(taper(0.03, 0.045, 0.28).at(0.48, 0.13, 0.22)),
        );
        m.add(
            "leg",
            Coat::Tone(0.7),
            pair(taper(0.03, 0.045, 0.28).at(0.48, 0.13, -0.22)),
        );
        return m;
    }
    m.add(
        "frame",
        MAIN,
        [soft_block(1.5, 0.9, 0.09, 0.02).at(0.0, 0.66, 0.0)],
    );
    m.add(
        "screen",
        screen(),
        [block(1.42, 0.82, 0.02).at(0.0, 0.67, 0.045)],
    );
    m.add(
        "stand",
        second(0x3a3c42),
        [block(0.14, 0.22, 0.06).at(0.0, 0.14, -0.03)],
    );
    m.add(
        "base",
        second(0x3a3c42),
        [soft_block(0.62, 0.04, 0.34, 0.018).at(0.0, 0.02, 0.0)],
    );
    m
}

fn computer(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8d2c0));
    m.add(
        "body",
        MAIN,
        [soft_block(0.9, 0.24, 0.7, 0.03).at(0.0, 0.12, -0.1)],
    );
    m.add(
        "frame",
        MAIN,
        [soft_block(0.84, 0.68, 0.5, 0.06).at(0.0, 0.64, -0.12)],
    );
    m.add(
        "screen",
        screen(),
        [soft_block(0.66, 0.48, 0.04, 0.015).at(0.0, 0.66, 0.13)],
    );
    m.add(
        "slot",
        own(0x34363b),
        [block(0.3, 0.03, 0.02).at(0.2, 0.14, 0.25)],
    );
    m.add(
        "button",
        second(0x3f9f4a),
        [disc(0.025, 0.03, [-0.34, 0.12, 0.25])],
    );
    m.add(
        "keyboard",
        Coat::Tone(0.92),
        [soft_block(0.86, 0.06, 0.3, 0.02).at(0.0, 0.03, 0.48)],
    );
    for row in 0..4 {
        let z = 0.39 + 0.065 * row as f32;
        let keys = (0..11).map(|i| block(0.055, 0.03, 0.05).at(0.07 * i as f32 - 0.35, 0.07, z));
        m.add("key", second(0x8d8a80), keys);
    }
    m
}

fn laptop(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    m.add(
        "body",
        MAIN,
        [soft_block(1.3, 0.06, 0.86, 0.02).at(0.0, 0.03, 0.0)],
    );
    let tilt = |solid: Solid| solid.turn_x(-14.0).at(0.0, 0.06, -0.42);
    m.add(
        "lid",
        MAIN,
        [tilt(soft_block(1.3, 0.86, 0.045, 0.02).at(0.0, 0.43, 0.0))],
    );
    m.add(
        "screen",
        screen(),
        [tilt(block(1.2, 0.74, 0.02).at(0.0, 0.44, 0.022))],
    );
    for row in 0..4 {
        let z = 0.09 * row as f32 - 0.28;
        let keys = (0..12).map(|i| block(0.08, 0.02, 0.07).at(0.095 * i as f32 - 0.52, 0.065, z));
        m.add("key", second(0x2a2b2f), keys);
    }
    m.add(
        "pad",
        Coat::Tone(0.85),
        [block(0.4, 0.01, 0.22).at(0.0, 0.06, 0.26)],
    );
    m
}

fn smartphone(wish: &mut Wish<'_>) -> Model {
    let wide = if wish.any("tablet ipad") { 1.1 } else { 0.72 };
    let mut m = Model::new(gloss(0x24262b));
    m.add("case", MAIN, [soft_block(wide, 1.45, 0.09, 0.04)]);
    m.add(
        "screen",
        screen(),
        [block(wide - 0.08, 1.33, 0.02).at(0.0, 0.0, 0.042)],
    );
    let colours = [0xe0503a, 0x3f9f5a, 0xf0b42c, 0x3f88d8];
    for (index, colour) in colours.into_iter().enumerate() {
        let x = (wide - 0.2) * (index as f32 / 3.0 - 0.5);
        let icon = [0.46, 0.24, -0.54].map(|y| soft_block(0.12, 0.12, 0.03, 0.012).at(x, y, 0.045));
        m.add("icon", own(colour), icon);
    }
    m.add(
        "camera",
        second(0x101114),
        [disc(0.06, 0.03, [-0.2, 0.56, -0.05])],
    );
    m.add(
        "button",
        Coat::Tone(0.8),
        [block(0.02, 0.16, 0.04).at(wide * 0.5, 0.3, 0.0)],
    );
    m.map(|solid| solid.turn_y(20.0))
}

fn telephone(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x1f2024));
    m.add(
        "body",
        MAIN,
        [taper(0.5, 0.28, 0.5)
            .stretch(1.1, 1.0, 0.9)
            .at(0.0, 0.25, 0.0)],
    );
    let face = |solid: Solid| solid.turn_x(58.0).at(0.0, 0.3, 0.3);
    m.add("dial", second(0xd9d2bd), [face(rod(0.24, 0.07))]);
    m.add(
        "hole",
        own(0x2a2b2f),
        around(10, &ball(0.036).at(0.18, 0.03, 0.0))
            .into_iter()
            .map(face),
    );
    m.add("hub", MAIN, [face(rod(0.1, 0.1))]);
    m.add(
        "handle",
        MAIN,
        [tube(&[
            (-0.46, 0.66, 0.0, 0.07),
            (0.0, 0.74, 0.0, 0.06),
            (0.46, 0.66, 0.0, 0.07),
        ])],
    );
    m.add(
        "handle",
        MAIN,
        pair(taper(0.14, 0.1, 0.16).at(0.5, 0.6, 0.0)),
    );
    m.add(
        "cradle",
        Coat::Tone(0.8),
        pair(block(0.08, 0.18, 0.2).at(0.2, 0.56, 0.0)),
    );
    m
}

fn camera(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2a2b2f));
    m.add("body", MAIN, [soft_block(1.2, 0.72, 0.4, 0.08)]);
    m.add(
        "top",
        Coat::Second(steel()),
        [soft_block(1.18, 0.16, 0.38, 0.05).at(0.0, 0.34, 0.0)],
    );
    m.add(
        "top",
        Coat::Second(steel()),
        [soft_block(0.36, 0.2, 0.34, 0.06).at(0.0, 0.46, 0.0)],
    );
    m.add(
        "barrel",
        own(0x1c1d20),
        [disc(0.31, 0.36, [0.0, -0.03, 0.32])],
    );
    m.add(
        "ring",
        Coat::Second(steel()),
        [0.34, 0.5].map(|z| ring(0.3, 0.025).turn_x(90.0).at(0.0, -0.03, z)),
    );
    m.add(
        "lens",
        Coat::Own(gloss(0x35508a)),
        [egg(0.25, 0.25, 0.06).at(0.0, -0.03, 0.5)],
    );
    m.add(
        "button",
        own(0xc0302a),
        [rod(0.06, 0.06).at(-0.42, 0.44, 0.0)],
    );
    m.add(
        "knob",
        Coat::Second(steel()),
        [rod(0.1, 0.09).at(0.42, 0.44, 0.0)],
    );
    m.add(
        "flash",
        own(0xf4f2e4),
        [block(0.2, 0.1, 0.03).at(0.4, 0.2, 0.2)],
    );
    m
}

fn video_camera(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2c2d32));
    m.add(
        "body",
        MAIN,
        [soft_block(0.46, 0.56, 0.9, 0.06).at(0.0, 0.9, 0.0)],
    );
    m.add(
        "barrel",
        Coat::Tone(0.8),
        [taper(0.17, 0.24, 0.34).turn_x(90.0).at(0.0, 0.88, 0.6)],
    );
    m.add(
        "lens",
        Coat::Own(gloss(0x35508a)),
        [egg(0.2, 0.2, 0.06).at(0.0, 0.88, 0.76)],
    );
    m.add(
        "reel",
        second(0x8d9299),
        [0.24, -0.26].map(|z| rod(0.26, 0.1).turn_z(90.0).at(0.0, 1.4, z)),
    );
    m.add(
        "hub",
        own(0x3a3c42),
        [0.24, -0.26].map(|z| rod(0.09, 0.13).turn_z(90.0).at(0.0, 1.4, z)),
    );
    m.add(
        "screen",
        own(0x1b1d22),
        [soft_block(0.14, 0.14, 0.3, 0.03).at(-0.2, 1.06, -0.52)],
    );
    let leg = tube(&[(0.0, 0.62, 0.0, 0.035), (0.46, 0.0, 0.0, 0.026)]);
    m.add("leg", second(0x8d9299), around(3, &leg.turn_y(30.0)));
    m
}
