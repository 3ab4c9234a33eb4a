//! Lights, from candles to street lamps.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, gloss, hex};
use crate::sketch::text::solid::{around, ball, egg, four, lathe, pair, ring, rod, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("lamp", "table lamp,bedside lamp,lampshade,lava lamp", lamp),
    Archetype::new("floor lamp", "standing lamp,tall lamp", lamp),
    Archetype::new("desk lamp", "reading lamp", desk_lamp),
    Archetype::new(
        "street lamp",
        "lamp post,lamppost,streetlight,street light,streetlamp",
        street_lamp,
    ),
    Archetype::new(
        "lantern",
        "oil lamp,kerosene lamp,gas lamp,paper lantern",
        lantern,
    ),
    Archetype::new("chandelier", "candelabra,menorah", chandelier),
    Archetype::new("candle", "candlestick,candle holder,candleholder", candle),
    Archetype::new("light bulb", "lightbulb,bulb", bulb),
];

fn brass() -> Paint {
    hex(0xc9a13b).finish(Finish::Metal)
}

fn glow() -> Coat {
    Coat::Own(hex(0xfdeeb0).finish(Finish::Glow))
}

fn lamp(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe9dcbf).with(Texture::Weave));
    let tall = wish.any("floor standing") || wish.has("floor lamp") || wish.has("standing lamp");
    if wish.has("lava lamp") {
        m.default = gloss(0xd9502a);
        m.add(
            "glass",
            MAIN,
            [lathe(&[
                (0.0, 0.3),
                (0.24, 0.3),
                (0.28, 0.5),
                (0.14, 1.2),
                (0.0, 1.2),
            ])],
        );
        m.add(
            "base",
            second(0xb9bfc7),
            [taper(0.3, 0.2, 0.34).at(0.0, 0.15, 0.0)],
        );
        m.add(
            "cap",
            second(0xb9bfc7),
            [taper(0.15, 0.1, 0.2).at(0.0, 1.26, 0.0)],
        );
        return m;
    }
    let top = if tall { 1.45 } else { 0.62 };
    let base = Coat::Second(brass());
    m.add(
        "shade",
        MAIN,
        [taper(0.36, 0.22, 0.42).at(0.0, top + 0.12, 0.0)],
    );
    m.add(
        "trim",
        Coat::Tone(0.75),
        [ring(0.355, 0.014).at(0.0, top - 0.08, 0.0)],
    );
    m.add(
        "trim",
        Coat::Tone(0.75),
        [ring(0.22, 0.012).at(0.0, top + 0.33, 0.0)],
    );
    m.add("bulb", glow(), [ball(0.1).at(0.0, top - 0.07, 0.0)]);
    m.add("pole", base, [rod(0.026, top).at(0.0, top * 0.5, 0.0)]);
    m.add("base", base, [taper(0.24, 0.2, 0.06).at(0.0, 0.03, 0.0)]);
    if !tall {
        m.add("base", base, [egg(0.17, 0.21, 0.17).at(0.0, 0.25, 0.0)]);
    }
    m
}

fn desk_lamp(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gloss(0xc0392b));
    m.add("base", MAIN, [taper(0.28, 0.24, 0.07).at(0.0, 0.03, 0.0)]);
    m.add(
        "arm",
        second(0xb9bfc7),
        [tube(&[(0.0, 0.05, 0.0, 0.026), (0.0, 0.5, -0.22, 0.026)])],
    );
    m.add(
        "arm",
        second(0xb9bfc7),
        [tube(&[(0.0, 0.5, -0.22, 0.026), (0.0, 0.95, 0.1, 0.026)])],
    );
    m.add(
        "joint",
        MAIN,
        [
            ball(0.05).at(0.0, 0.5, -0.22),
            ball(0.05).at(0.0, 0.95, 0.1),
        ],
    );
    let shade = taper(0.24, 0.08, 0.26).turn_x(-35.0);
    m.add("shade", MAIN, [shade.at(0.0, 0.9, 0.2)]);
    m.add("bulb", glow(), [ball(0.12).at(0.0, 0.82, 0.27)]);
    m
}

fn street_lamp(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x25282c).finish(Finish::Metal));
    m.add("base", MAIN, [taper(0.17, 0.09, 0.28).at(0.0, 0.14, 0.0)]);
    m.add("pole", MAIN, [taper(0.05, 0.035, 1.5).at(0.0, 0.8, 0.0)]);
    m.add(
        "arm",
        MAIN,
        [rod(0.02, 0.4).turn_z(90.0).at(0.0, 1.36, 0.0)],
    );
    m.add("light", glow(), [taper(0.09, 0.16, 0.3).at(0.0, 1.72, 0.0)]);
    m.add(
        "frame",
        MAIN,
        four(tube(&[
            (0.07, 1.56, 0.07, 0.014),
            (0.12, 1.88, 0.12, 0.014),
        ])),
    );
    m.add(
        "cap",
        MAIN,
        [
            taper(0.22, 0.03, 0.16).at(0.0, 1.95, 0.0),
            ball(0.04).at(0.0, 2.06, 0.0),
        ],
    );
    m
}

fn lantern(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    if wish.any("paper chinese") || wish.has("paper lantern") {
        m.default = hex(0xcf2a22);
        m.add("body", MAIN, [egg(0.48, 0.4, 0.48)]);
        m.add(
            "rib",
            Coat::Tone(0.8),
            around(12, &ring(0.44, 0.02).turn_x(90.0).stretch(1.0, 0.9, 1.0)),
        );
        m.add(
            "cap",
            second(0xd0a638),
            [0.38, -0.38].map(|y| rod(0.2, 0.1).at(0.0, y, 0.0)),
        );
        m.add(
            "tassel",
            second(0xd0a638),
            [taper(0.1, 0.03, 0.36).at(0.0, -0.6, 0.0)],
        );
        return m;
    }
    m.add(
        "base",
        MAIN,
        [
            taper(0.34, 0.3, 0.2).at(0.0, 0.1, 0.0),
            rod(0.2, 0.1).at(0.0, 0.24, 0.0),
        ],
    );
    let glass = hex(0xf3e3b0).finish(Finish::Glass);
    m.add(
        "glass",
        Coat::Own(glass),
        [egg(0.25, 0.32, 0.25).at(0.0, 0.55, 0.0)],
    );
    m.add("flame", glow(), [egg(0.07, 0.16, 0.07).at(0.0, 0.5, 0.0)]);
    m.add(
        "cap",
        MAIN,
        [
            taper(0.26, 0.12, 0.16).at(0.0, 0.9, 0.0),
            rod(0.1, 0.1).at(0.0, 1.02, 0.0),
        ],
    );
    m.add("frame", MAIN, pair(rod(0.022, 0.78).at(0.3, 0.5, 0.0)));
    let bow = tube(&[
        (-0.3, 0.86, 0.0, 0.018),
        (-0.22, 1.2, 0.0, 0.018),
        (0.22, 1.2, 0.0, 0.018),
        (0.3, 0.86, 0.0, 0.018),
    ]);
    m.add("handle", second(0x3a3c42), [bow]);
    m
}

fn chandelier(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(brass());
    m.add(
        "body",
        MAIN,
        [
            rod(0.03, 0.9).at(0.0, 0.3, 0.0),
            ball(0.11),
            ball(0.07).at(0.0, 0.3, 0.0),
        ],
    );
    m.add(
        "arm",
        MAIN,
        around(
            6,
            &tube(&[
                (0.05, 0.0, 0.0, 0.025),
                (0.3, -0.14, 0.0, 0.022),
                (0.54, 0.06, 0.0, 0.022),
            ]),
        ),
    );
    m.add(
        "cup",
        MAIN,
        around(6, &taper(0.04, 0.09, 0.06).at(0.54, 0.09, 0.0)),
    );
    m.add(
        "candle",
        second(0xf4eedd),
        around(6, &rod(0.035, 0.22).at(0.54, 0.22, 0.0)),
    );
    m.add(
        "flame",
        glow(),
        around(6, &egg(0.03, 0.065, 0.03).at(0.54, 0.39, 0.0)),
    );
    let drop = hex(0xcfe6f2).finish(Finish::Gem);
    m.add(
        "gem",
        Coat::Own(drop),
        around(12, &egg(0.025, 0.06, 0.025).at(0.34, -0.24, 0.0)),
    );
    m
}

fn candle(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf1e8d2));
    m.add("body", MAIN, [rod(0.2, 0.8).at(0.0, 0.42, 0.0)]);
    let drips = [(0.0, 0.6), (100.0, 0.68), (210.0, 0.56)];
    m.add(
        "drip",
        MAIN,
        drips.map(|(turn, y)| egg(0.035, 0.18, 0.035).at(0.19, y, 0.0).turn_y(turn)),
    );
    m.add("wick", own(0x2a2622), [rod(0.014, 0.1).at(0.0, 0.86, 0.0)]);
    let flame = lathe(&[(0.0, 0.86), (0.06, 0.93), (0.055, 1.0), (0.0, 1.18)]);
    m.add(
        "flame",
        Coat::Own(hex(0xfbb02f).finish(Finish::Glow)),
        [flame],
    );
    if wish.any("holder candlestick") || wish.has("candle holder") {
        let glass = if wish.has("glass") {
            hex(0xbfe0ea).finish(Finish::Glass)
        } else {
            brass()
        };
        m.add(
            "holder",
            Coat::Second(glass),
            [taper(0.22, 0.34, 0.36).at(0.0, 0.16, 0.0)],
        );
        m.add(
            "holder",
            Coat::Second(glass),
            [rod(0.3, 0.05).at(0.0, -0.02, 0.0)],
        );
    } else {
        m.add(
            "plate",
            Coat::Second(brass()),
            [taper(0.24, 0.36, 0.07).at(0.0, 0.03, 0.0)],
        );
    }
    m
}

fn bulb(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xfbe9a4).finish(Finish::Gloss));
    m.add(
        "bulb",
        MAIN,
        [lathe(&[
            (0.0, 0.0),
            (0.17, 0.0),
            (0.2, 0.15),
            (0.38, 0.45),
            (0.38, 0.65),
            (0.25, 0.86),
            (0.0, 0.93),
        ])],
    );
    m.add(
        "base",
        second(0xa8adb4),
        [rod(0.17, 0.3).at(0.0, -0.14, 0.0)],
    );
    m.add(
        "thread",
        second(0xa8adb4),
        [-0.04, -0.12, -0.2].map(|y| ring(0.17, 0.025).at(0.0, y, 0.0)),
    );
    m.add(
        "tip",
        own(0x2a2b2f),
        [taper(0.05, 0.14, 0.08).at(0.0, -0.33, 0.0)],
    );
    m
}
