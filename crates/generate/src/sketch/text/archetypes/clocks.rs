//! Clocks, radios and what else makes sound.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, gloss, hex};
use crate::sketch::text::solid::{
    Solid, ball, block, egg, lathe, pair, plate, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("clock", "wall clock,mantel clock,cuckoo clock", clock),
    Archetype::new("alarm clock", "", alarm_clock),
    Archetype::new("grandfather clock", "pendulum clock", grandfather_clock),
    Archetype::new("clock radio", "digital clock,radio clock", clock_radio),
    Archetype::new(
        "radio",
        "boombox,boom box,stereo,transistor radio,cassette player,walkie talkie",
        radio,
    ),
    Archetype::new("speaker", "loudspeaker,subwoofer,amplifier", speaker),
    Archetype::new(
        "record player",
        "gramophone,phonograph,turntable",
        record_player,
    ),
];

fn steel() -> Paint {
    hex(0xb4bac2).finish(Finish::Metal)
}

/// A short cylinder facing the front.
fn disc(radius: f32, depth: f32, at: [f32; 3]) -> Solid {
    rod(radius, depth).turn_x(90.0).at(at[0], at[1], at[2])
}

/// A dial of this radius facing the front at the given depth, with marks and hands.
fn dial(m: &mut Model, radius: f32, y: f32, z: f32) {
    m.add("face", own(0xf6f2e4), [disc(radius, 0.04, [0.0, y, z])]);
    let mark = block(radius * 0.05, radius * 0.14, 0.03).at(0.0, radius * 0.84, 0.0);
    let marks = (0..12).map(|hour| mark.clone().turn_z(30.0 * hour as f32).at(0.0, y, z + 0.02));
    m.add("mark", own(0x222226), marks);
    for (length, turn) in [(0.5, 55.0), (0.74, -60.0)] {
        let hand = block(radius * 0.07, radius * length, 0.03).at(0.0, radius * length * 0.5, 0.0);
        m.add(
            "hand",
            own(0x222226),
            [hand.turn_z(turn).at(0.0, y, z + 0.035)],
        );
    }
    m.add(
        "pin",
        own(0xb08a2c),
        [disc(radius * 0.07, 0.05, [0.0, y, z + 0.035])],
    );
}

fn clock(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7a4a28).with(Texture::Grain));
    if wish.any("square mantel cuckoo") || wish.has("mantel clock") || wish.has("cuckoo clock") {
        m.add("body", MAIN, [block(1.0, 1.0, 0.36)]);
        m.add(
            "roof",
            second(0x4f2f1a),
            [plate(&[(-0.66, 0.48), (0.66, 0.48), (0.0, 0.96)], 0.46)],
        );
        m.add(
            "base",
            second(0x4f2f1a),
            [block(1.14, 0.12, 0.46).at(0.0, -0.54, 0.0)],
        );
        dial(&mut m, 0.4, 0.0, 0.18);
        return m;
    }
    m.add("body", MAIN, [disc(0.7, 0.14, [0.0, 0.0, 0.0])]);
    m.add(
        "frame",
        MAIN,
        [ring(0.68, 0.08).turn_x(90.0).at(0.0, 0.0, 0.05)],
    );
    dial(&mut m, 0.62, 0.0, 0.07);
    m
}

fn alarm_clock(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xc0302a));
    let chrome = Coat::Second(steel());
    m.add("body", MAIN, [disc(0.5, 0.3, [0.0, 0.0, 0.0])]);
    m.add(
        "frame",
        chrome,
        [ring(0.48, 0.05).turn_x(90.0).at(0.0, 0.0, 0.14)],
    );
    dial(&mut m, 0.44, 0.0, 0.15);
    let bell = lathe(&[(0.0, 0.0), (0.2, 0.0), (0.15, 0.12), (0.0, 0.16)]).turn_z(-35.0);
    m.add("bell", chrome, pair(bell.at(0.32, 0.5, 0.0)));
    m.add(
        "hammer",
        own(0x2a2b2f),
        [
            block(0.1, 0.1, 0.06).at(0.0, 0.64, 0.0),
            rod(0.018, 0.2).at(0.0, 0.54, 0.0),
        ],
    );
    m.add(
        "handle",
        chrome,
        [tube(&[
            (-0.34, 0.64, 0.0, 0.024),
            (0.0, 0.86, 0.0, 0.024),
            (0.34, 0.64, 0.0, 0.024),
        ])],
    );
    m.add(
        "leg",
        chrome,
        pair(taper(0.03, 0.06, 0.26).turn_z(30.0).at(0.34, -0.5, 0.0)),
    );
    m
}

fn grandfather_clock(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x6b4022).with(Texture::Grain));
    m.add("base", MAIN, [block(0.62, 0.4, 0.42).at(0.0, 0.2, 0.0)]);
    m.add("body", MAIN, [block(0.46, 1.1, 0.34).at(0.0, 0.9, 0.0)]);
    m.add("head", MAIN, [block(0.6, 0.56, 0.4).at(0.0, 1.66, 0.0)]);
    m.add(
        "roof",
        Coat::Tone(0.75),
        [plate(&[(-0.36, 1.94), (0.36, 1.94), (0.0, 2.16)], 0.44)],
    );
    m.add(
        "window",
        Coat::Own(gloss(0x2a1f18)),
        [block(0.3, 0.86, 0.03).at(0.0, 0.92, 0.17)],
    );
    m.add(
        "pendulum",
        second(0xd0a638),
        [
            rod(0.014, 0.6).at(0.0, 1.0, 0.2),
            disc(0.1, 0.04, [0.0, 0.68, 0.2]),
        ],
    );
    dial(&mut m, 0.24, 1.66, 0.2);
    m
}

fn clock_radio(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0x2a2b30));
    m.add("body", MAIN, [soft_block(1.3, 0.5, 0.56, 0.08)]);
    m.add(
        "screen",
        own(0x14100f),
        [block(0.72, 0.32, 0.03).at(-0.2, 0.0, 0.28)],
    );
    let lit = Coat::Own(hex(0xf0402c).finish(Finish::Glow));
    for x in [-0.46, -0.3, -0.1, 0.06] {
        m.add(
            "digit",
            lit,
            [0.1, 0.0, -0.1].map(|y| block(0.09, 0.02, 0.02).at(x, y, 0.3)),
        );
        m.add(
            "digit",
            lit,
            [0.05, -0.05].map(|y| block(0.02, 0.1, 0.02).at(x + 0.045, y, 0.3)),
        );
    }
    m.add(
        "digit",
        lit,
        [0.05, -0.05].map(|y| ball(0.014).at(-0.2, y, 0.3)),
    );
    m.add(
        "knob",
        Coat::Second(steel()),
        [disc(0.13, 0.08, [0.42, 0.0, 0.3])],
    );
    m.add(
        "button",
        second(0x8d9299),
        [-0.3, -0.1, 0.1].map(|x| soft_block(0.16, 0.04, 0.12, 0.015).at(x, 0.26, 0.0)),
    );
    m
}

fn radio(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xb5402f));
    m.add("body", MAIN, [soft_block(1.4, 0.76, 0.4, 0.08)]);
    m.add(
        "rim",
        Coat::Second(steel()),
        pair(ring(0.26, 0.035).turn_x(90.0).at(0.42, -0.06, 0.2)),
    );
    m.add(
        "speaker",
        own(0x232428),
        pair(disc(0.25, 0.04, [0.42, -0.06, 0.19])),
    );
    m.add(
        "cone",
        own(0x4a4c52),
        pair(egg(0.1, 0.1, 0.05).at(0.42, -0.06, 0.21)),
    );
    m.add(
        "dial",
        own(0xf3ecd0),
        [block(0.6, 0.12, 0.03).at(0.0, 0.27, 0.2)],
    );
    m.add(
        "needle",
        own(0xd83a26),
        [block(0.02, 0.12, 0.04).at(0.1, 0.27, 0.205)],
    );
    m.add(
        "knob",
        Coat::Second(steel()),
        [0.06, -0.12, -0.27].map(|y| disc(0.06, 0.06, [0.0, y, 0.22])),
    );
    m.add(
        "handle",
        Coat::Second(steel()),
        [tube(&[
            (-0.56, 0.36, 0.0, 0.03),
            (-0.5, 0.58, 0.0, 0.035),
            (0.5, 0.58, 0.0, 0.035),
            (0.56, 0.36, 0.0, 0.03),
        ])],
    );
    m.add(
        "antenna",
        Coat::Own(steel()),
        [tube(&[
            (0.6, 0.34, -0.12, 0.018),
            (0.86, 0.95, -0.12, 0.01),
        ])],
    );
    m
}

fn speaker(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2a2723).with(Texture::Grain));
    m.add("body", MAIN, [block(0.8, 1.4, 0.66)]);
    for (radius, y) in [(0.31, -0.26), (0.17, 0.4)] {
        m.add(
            "rim",
            Coat::Second(steel()),
            [ring(radius, 0.035).turn_x(90.0).at(0.0, y, 0.33)],
        );
        m.add(
            "speaker",
            own(0x17181b),
            [disc(radius, 0.03, [0.0, y, 0.33])],
        );
        m.add(
            "cone",
            own(0x55575d),
            [egg(radius * 0.4, radius * 0.4, 0.06).at(0.0, y, 0.34)],
        );
    }
    m.add(
        "foot",
        own(0x17181b),
        pair(block(0.12, 0.06, 0.5).at(0.28, -0.72, 0.0)),
    );
    m
}

fn record_player(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7a4a28).with(Texture::Grain));
    m.add("body", MAIN, [block(1.1, 0.24, 1.0).at(0.0, 0.12, 0.0)]);
    m.add(
        "record",
        own(0x17181b),
        [rod(0.44, 0.03).at(0.0, 0.27, 0.04)],
    );
    m.add(
        "label",
        own(0xc0302a),
        [rod(0.14, 0.04).at(0.0, 0.275, 0.04)],
    );
    m.add(
        "arm",
        Coat::Own(steel()),
        [tube(&[
            (0.46, 0.36, -0.38, 0.03),
            (0.42, 0.34, 0.1, 0.02),
            (0.26, 0.31, 0.24, 0.025),
        ])],
    );
    if wish.any("gramophone phonograph") {
        let horn = lathe(&[
            (0.03, 0.0),
            (0.06, 0.0),
            (0.14, 0.4),
            (0.46, 0.7),
            (0.42, 0.7),
            (0.1, 0.42),
        ]);
        m.add(
            "horn",
            Coat::Second(hex(0xd0a638).finish(Finish::Metal)),
            [horn.turn_x(40.0).at(0.0, 0.6, -0.3)],
        );
        m.add(
            "neck",
            Coat::Own(steel()),
            [tube(&[(0.2, 0.24, -0.44, 0.04), (0.0, 0.62, -0.28, 0.04)])],
        );
    }
    m
}
