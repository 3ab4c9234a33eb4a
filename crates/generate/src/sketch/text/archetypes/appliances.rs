//! Appliances of the kitchen, the laundry and the sewing room.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, gloss, hex};
use crate::sketch::text::solid::{ball, block, egg, four, ring, rod, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("refrigerator", "fridge,freezer,icebox", refrigerator),
    Archetype::new("microwave", "microwave oven,toaster oven", microwave),
    Archetype::new("oven", "stove,cooker,range", oven),
    Archetype::new(
        "washing machine",
        "washer,dryer,dishwasher,clothes dryer,tumble dryer",
        washer,
    ),
    Archetype::new("toaster", "", toaster),
    Archetype::new(
        "blender",
        "mixer,food processor,juicer,stand mixer",
        blender,
    ),
    Archetype::new(
        "coffee maker",
        "coffee machine,espresso machine,coffee grinder",
        coffee_maker,
    ),
    Archetype::new("sewing machine", "", sewing_machine),
];

fn steel() -> Paint {
    hex(0xb4bac2).finish(Finish::Metal)
}

fn dark_glass() -> Coat {
    Coat::Own(gloss(0x1b1d22))
}

fn refrigerator(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xe4e7ea));
    m.add("body", MAIN, [block(0.8, 1.7, 0.66).at(0.0, 0.9, 0.0)]);
    m.add(
        "door",
        Coat::Tone(0.94),
        [soft_block(0.8, 1.08, 0.08, 0.03).at(0.0, 0.6, 0.37)],
    );
    m.add(
        "door",
        Coat::Tone(0.94),
        [soft_block(0.8, 0.57, 0.08, 0.03).at(0.0, 1.46, 0.37)],
    );
    let handles = [(0.9, 0.4), (1.4, 0.3)];
    m.add(
        "handle",
        Coat::Second(steel()),
        handles.map(|(y, tall)| rod(0.025, tall).at(-0.32, y, 0.45)),
    );
    m.add(
        "foot",
        own(0x2a2b2f),
        four(rod(0.05, 0.08).at(0.32, 0.03, 0.26)),
    );
    m
}

fn microwave(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xd9dcdf));
    m.add("body", MAIN, [soft_block(1.1, 0.62, 0.66, 0.04)]);
    m.add(
        "door",
        Coat::Tone(0.85),
        [soft_block(0.78, 0.54, 0.05, 0.02).at(-0.13, 0.0, 0.33)],
    );
    m.add(
        "window",
        dark_glass(),
        [soft_block(0.58, 0.36, 0.03, 0.01).at(-0.16, 0.0, 0.36)],
    );
    m.add(
        "handle",
        Coat::Second(steel()),
        [rod(0.022, 0.44).at(0.22, 0.0, 0.4)],
    );
    m.add(
        "screen",
        own(0x1d3a2a),
        [block(0.2, 0.09, 0.03).at(0.4, 0.2, 0.33)],
    );
    for row in 0..4 {
        let y = 0.06 - 0.085 * row as f32;
        m.add(
            "button",
            second(0x55595f),
            [0.34, 0.4, 0.46].map(|x| block(0.045, 0.05, 0.04).at(x, y, 0.33)),
        );
    }
    m.add(
        "foot",
        own(0x2a2b2f),
        four(rod(0.04, 0.06).at(0.46, -0.33, 0.26)),
    );
    m
}

fn oven(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xd4d7da));
    m.add("body", MAIN, [block(0.9, 1.0, 0.74).at(0.0, 0.52, 0.0)]);
    m.add(
        "top",
        dark_glass(),
        [block(0.92, 0.04, 0.76).at(0.0, 1.03, 0.0)],
    );
    m.add(
        "burner",
        own(0x3a3c42),
        four(ring(0.13, 0.02).at(0.22, 1.06, 0.18)),
    );
    m.add("back", MAIN, [block(0.9, 0.22, 0.08).at(0.0, 1.14, -0.33)]);
    m.add(
        "door",
        Coat::Tone(0.85),
        [soft_block(0.82, 0.6, 0.05, 0.02).at(0.0, 0.44, 0.38)],
    );
    m.add(
        "window",
        dark_glass(),
        [soft_block(0.58, 0.32, 0.03, 0.01).at(0.0, 0.42, 0.41)],
    );
    m.add(
        "handle",
        Coat::Second(steel()),
        [rod(0.025, 0.7).turn_z(90.0).at(0.0, 0.68, 0.45)],
    );
    let knobs =
        [-0.32, -0.16, 0.0, 0.16, 0.32].map(|x| rod(0.045, 0.06).turn_x(90.0).at(x, 0.88, 0.39));
    m.add("knob", second(0x2a2b2f), knobs);
    m
}

fn washer(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xe9ebec));
    m.add(
        "body",
        MAIN,
        [soft_block(0.9, 1.1, 0.8, 0.03).at(0.0, 0.58, 0.0)],
    );
    m.add(
        "door",
        Coat::Second(steel()),
        [ring(0.3, 0.05).turn_x(90.0).at(0.0, 0.52, 0.41)],
    );
    m.add(
        "window",
        Coat::Own(gloss(0x4f6f86)),
        [egg(0.27, 0.27, 0.1).at(0.0, 0.52, 0.39)],
    );
    m.add(
        "panel",
        Coat::Tone(0.85),
        [block(0.88, 0.17, 0.03).at(0.0, 1.02, 0.4)],
    );
    m.add(
        "knob",
        Coat::Second(steel()),
        [rod(0.06, 0.06).turn_x(90.0).at(0.1, 1.02, 0.42)],
    );
    m.add(
        "button",
        second(0x55595f),
        [0.24, 0.31, 0.38].map(|x| ball(0.024).at(x, 1.02, 0.42)),
    );
    m.add(
        "drawer",
        Coat::Tone(0.95),
        [block(0.26, 0.12, 0.04).at(-0.28, 1.02, 0.41)],
    );
    m.add(
        "foot",
        own(0x2a2b2f),
        four(rod(0.05, 0.06).at(0.36, 0.02, 0.3)),
    );
    m
}

fn toaster(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    m.add(
        "body",
        MAIN,
        [soft_block(1.0, 0.66, 0.56, 0.16).at(0.0, 0.4, 0.0)],
    );
    m.add(
        "base",
        second(0x26272b),
        [soft_block(1.0, 0.12, 0.56, 0.04).at(0.0, 0.07, 0.0)],
    );
    m.add(
        "slot",
        own(0x1c1d20),
        [0.11, -0.11].map(|z| block(0.68, 0.04, 0.11).at(0.0, 0.72, z)),
    );
    let toast = [0.11, -0.11].map(|z| soft_block(0.54, 0.4, 0.08, 0.03).at(0.0, 0.74, z));
    m.add("toast", own(0xc58a45), toast);
    m.add(
        "lever",
        second(0x26272b),
        [block(0.08, 0.06, 0.16).at(0.53, 0.52, 0.0)],
    );
    m.add(
        "knob",
        second(0x26272b),
        [rod(0.06, 0.05).turn_z(90.0).at(0.52, 0.26, 0.0)],
    );
    m
}

fn blender(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xc0302a));
    if wish.any("mixer") || wish.has("stand mixer") {
        m.add(
            "base",
            MAIN,
            [soft_block(0.46, 0.12, 0.9, 0.05).at(0.0, 0.06, 0.06)],
        );
        m.add(
            "body",
            MAIN,
            [soft_block(0.26, 0.7, 0.24, 0.09).at(0.0, 0.42, -0.26)],
        );
        m.add(
            "head",
            MAIN,
            [tube(&[(0.0, 0.82, -0.32, 0.17), (0.0, 0.82, 0.36, 0.14)])],
        );
        m.add(
            "bowl",
            Coat::Second(steel()),
            [taper(0.18, 0.28, 0.34).at(0.0, 0.3, 0.22)],
        );
        m.add(
            "whisk",
            Coat::Second(steel()),
            [taper(0.1, 0.03, 0.3).at(0.0, 0.56, 0.22)],
        );
        return m;
    }
    m.add("base", MAIN, [taper(0.36, 0.26, 0.44).at(0.0, 0.22, 0.0)]);
    m.add(
        "knob",
        Coat::Second(steel()),
        [rod(0.08, 0.06).turn_x(90.0).at(0.0, 0.2, 0.33)],
    );
    let glass = hex(0xbcdde6).finish(Finish::Glass);
    m.add(
        "glass",
        Coat::Own(glass),
        [taper(0.21, 0.31, 0.8).at(0.0, 0.84, 0.0)],
    );
    m.add(
        "drink",
        second(0xe98aa0),
        [taper(0.18, 0.24, 0.46).at(0.0, 0.69, 0.0)],
    );
    m.add(
        "lid",
        own(0x26272b),
        [
            rod(0.31, 0.1).at(0.0, 1.28, 0.0),
            rod(0.12, 0.08).at(0.0, 1.36, 0.0),
        ],
    );
    m.add(
        "handle",
        own(0x26272b),
        [tube(&[
            (0.28, 1.14, 0.0, 0.04),
            (0.48, 1.08, 0.0, 0.04),
            (0.42, 0.66, 0.0, 0.04),
            (0.24, 0.6, 0.0, 0.04),
        ])],
    );
    m
}

fn coffee_maker(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x2c2d32));
    m.add("body", MAIN, [block(0.6, 1.1, 0.26).at(0.0, 0.55, -0.22)]);
    m.add(
        "base",
        MAIN,
        [soft_block(0.6, 0.12, 0.7, 0.04).at(0.0, 0.06, 0.0)],
    );
    m.add(
        "head",
        MAIN,
        [soft_block(0.6, 0.34, 0.7, 0.06).at(0.0, 0.96, 0.0)],
    );
    m.add(
        "trim",
        Coat::Second(steel()),
        [block(0.5, 0.06, 0.04).at(0.0, 0.9, 0.35)],
    );
    m.add("button", own(0xd83a26), [ball(0.04).at(0.18, 1.03, 0.35)]);
    let glass = hex(0xa9c6cf).finish(Finish::Glass);
    m.add(
        "pot",
        Coat::Own(glass),
        [egg(0.25, 0.24, 0.24).at(0.0, 0.36, 0.1)],
    );
    m.add(
        "coffee",
        own(0x3a2114),
        [egg(0.22, 0.13, 0.21).at(0.0, 0.29, 0.1)],
    );
    m.add(
        "handle",
        Coat::Second(steel()),
        [ring(0.13, 0.03).turn_z(90.0).at(0.0, 0.38, 0.4)],
    );
    m
}

fn sewing_machine(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x26282d));
    m.add(
        "base",
        Coat::Second(hex(0x7a4a28)),
        [block(1.3, 0.14, 0.5).at(0.0, 0.07, 0.0)],
    );
    m.add(
        "bed",
        MAIN,
        [soft_block(1.2, 0.1, 0.36, 0.03).at(0.0, 0.18, 0.0)],
    );
    m.add(
        "body",
        MAIN,
        [soft_block(0.24, 0.7, 0.26, 0.09).at(0.4, 0.5, 0.0)],
    );
    m.add(
        "arm",
        MAIN,
        [tube(&[(0.4, 0.78, 0.0, 0.14), (-0.4, 0.78, 0.0, 0.11)])],
    );
    m.add(
        "head",
        MAIN,
        [soft_block(0.2, 0.42, 0.22, 0.07).at(-0.44, 0.66, 0.0)],
    );
    m.add(
        "needle",
        Coat::Own(steel()),
        [taper(0.012, 0.025, 0.28).at(-0.44, 0.36, 0.0)],
    );
    m.add(
        "wheel",
        Coat::Own(steel()),
        [ring(0.16, 0.04).turn_z(90.0).at(0.58, 0.78, 0.0)],
    );
    m.add(
        "trim",
        second(0xc9a13b),
        [block(0.5, 0.03, 0.3).at(0.0, 0.78, 0.0)],
    );
    m.add(
        "thread",
        own(0xd83a4a),
        [rod(0.06, 0.16).at(0.2, 0.98, 0.0)],
    );
    m
}
