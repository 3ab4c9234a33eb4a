//! Tables, beds and what hangs or leans beside them.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, cloth, hex, wooden};
use crate::sketch::text::solid::{
    Solid, around, ball, block, four, pair, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new(
        "table",
        "coffee table,dining table,side table,end table,kitchen table,round table",
        table,
    ),
    Archetype::new("picnic table", "", picnic_table),
    Archetype::new(
        "desk",
        "writing desk,computer desk,workbench,work bench,vanity,school desk",
        desk,
    ),
    Archetype::new(
        "bed",
        "double bed,single bed,canopy bed,mattress,four poster bed,hospital bed",
        bed,
    ),
    Archetype::new("bunk bed", "loft bed", bunk_bed),
    Archetype::new("crib", "cradle,baby crib,playpen,cot,bassinet", crib),
    Archetype::new("swing", "swing set,porch swing", swing),
];

fn wood() -> Coat {
    Coat::Second(wooden(0x6a4426))
}

fn brass() -> Coat {
    Coat::Second(hex(0xc9a13b).finish(Finish::Metal))
}

/// A cushion or padded board of this size, centred here.
fn pad(size: [f32; 3], at: [f32; 3]) -> Solid {
    let ([width, height, depth], [x, y, z]) = (size, at);
    let round = 0.3 * width.min(height).min(depth);
    soft_block(width, height, depth, round).at(x, y, z)
}

/// Four round legs, `height` tall, standing on the ground.
fn legs(x: f32, z: f32, height: f32, radius: f32) -> [Solid; 4] {
    four(taper(radius * 0.75, radius, height).at(x, height * 0.5, z))
}

fn table(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    let low = wish.has("coffee table");
    let small = wish.has("side table") || wish.has("end table");
    let height = if low { 0.42 } else { 0.72 };
    let (x, z) = if small { (0.3, 0.3) } else { (0.62, 0.38) };
    if wish.any("round circular") || wish.has("round table") {
        let leg = tube(&[(0.34, height, 0.0, 0.045), (0.42, 0.0, 0.0, 0.03)]);
        let count = if wish.has("three") { 3 } else { 4 };
        m.add("top", MAIN, [rod(0.6, 0.06).at(0.0, height, 0.0)]);
        m.add("leg", wood(), around(count, &leg.turn_y(45.0)));
        return m;
    }
    m.add(
        "top",
        MAIN,
        [block(2.0 * x + 0.1, 0.06, 2.0 * z + 0.1).at(0.0, height, 0.0)],
    );
    m.add(
        "frame",
        wood(),
        [block(2.0 * x - 0.1, 0.09, 2.0 * z - 0.1).at(0.0, height - 0.07, 0.0)],
    );
    m.add("leg", wood(), legs(x - 0.04, z - 0.04, height, 0.05));
    if low || small {
        let shelf = block(2.0 * x - 0.1, 0.03, 2.0 * z - 0.1);
        m.add("shelf", wood(), [shelf.at(0.0, 0.14, 0.0)]);
    }
    m
}

fn picnic_table(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0xa9743f));
    for z in [-0.24, -0.08, 0.08, 0.24] {
        m.add("top", MAIN, [block(1.5, 0.05, 0.14).at(0.0, 0.72, z)]);
    }
    for z in [-0.66, 0.66] {
        m.add("seat", MAIN, [block(1.5, 0.05, 0.24).at(0.0, 0.42, z)]);
    }
    m.add(
        "leg",
        wood(),
        four(tube(&[(0.56, 0.7, 0.2, 0.04), (0.56, 0.0, 0.56, 0.04)])),
    );
    m.add(
        "leg",
        wood(),
        pair(block(0.06, 0.08, 1.4).at(0.56, 0.37, 0.0)),
    );
    m
}

fn desk(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x8a5a30));
    m.add("top", MAIN, [block(1.5, 0.06, 0.72).at(0.0, 0.74, 0.0)]);
    m.add(
        "body",
        MAIN,
        pair(block(0.42, 0.7, 0.64).at(0.5, 0.36, 0.0)),
    );
    m.add(
        "back",
        Coat::Tone(0.75),
        [block(0.6, 0.4, 0.04).at(0.0, 0.52, -0.28)],
    );
    for y in [0.17, 0.38, 0.59] {
        m.add(
            "drawer",
            Coat::Tone(1.15),
            pair(block(0.37, 0.18, 0.03).at(0.5, y, 0.325)),
        );
        m.add("handle", brass(), pair(ball(0.03).at(0.5, y, 0.355)));
    }
    m.add(
        "drawer",
        Coat::Tone(1.15),
        [block(0.54, 0.11, 0.03).at(0.0, 0.64, 0.32)],
    );
    m.add("handle", brass(), [ball(0.03).at(0.0, 0.64, 0.35)]);
    m
}

fn bed(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x7d4f2a));
    let wide = if wish.has("single bed") || wish.has("hospital bed") {
        0.8
    } else {
        1.15
    };
    let half = wide * 0.5;
    if !wish.has("mattress") {
        m.add(
            "frame",
            MAIN,
            [block(wide + 0.06, 0.16, 1.7).at(0.0, 0.24, 0.0)],
        );
        m.add(
            "headboard",
            MAIN,
            [block(wide + 0.1, 0.86, 0.08).at(0.0, 0.43, -0.86)],
        );
        m.add(
            "footboard",
            MAIN,
            [block(wide + 0.1, 0.48, 0.08).at(0.0, 0.24, 0.86)],
        );
    }
    m.add(
        "mattress",
        own(0xf0ece2),
        [pad([wide, 0.2, 1.62], [0.0, 0.38, 0.0])],
    );
    m.add(
        "blanket",
        Coat::Second(cloth(0x3f68a8)),
        [pad([wide + 0.05, 0.2, 1.1], [0.0, 0.41, 0.27])],
    );
    m.add(
        "pillow",
        own(0xf7f5ef),
        pair(pad([half - 0.08, 0.14, 0.34], [half * 0.5, 0.52, -0.58])),
    );
    if wish.any("canopy four") || wish.has("canopy bed") || wish.has("four poster bed") {
        m.add("post", MAIN, legs(half, 0.84, 1.5, 0.045));
        m.add(
            "canopy",
            Coat::Second(cloth(0xd9d2e6)),
            [block(wide + 0.1, 0.08, 1.76).at(0.0, 1.5, 0.0)],
        );
    }
    m
}

fn bunk_bed(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    m.add(
        "post",
        MAIN,
        four(block(0.08, 1.5, 0.08).at(0.8, 0.75, 0.38)),
    );
    for y in [0.28, 1.0] {
        m.add("frame", MAIN, [block(1.6, 0.13, 0.8).at(0.0, y, 0.0)]);
        m.add(
            "mattress",
            own(0xf0ece2),
            [pad([1.5, 0.13, 0.72], [0.0, y + 0.12, 0.0])],
        );
        m.add(
            "blanket",
            Coat::Second(cloth(0x3f68a8)),
            [pad([1.0, 0.13, 0.75], [0.22, y + 0.14, 0.0])],
        );
        m.add(
            "pillow",
            own(0xf7f5ef),
            [pad([0.28, 0.12, 0.5], [-0.56, y + 0.23, 0.0])],
        );
    }
    let rail = four(rod(0.025, 1.6).turn_z(90.0).at(0.0, 1.4, 0.38));
    m.add("rail", MAIN, rail);
    m.add(
        "ladder",
        MAIN,
        [0.38, 0.7].map(|x| block(0.05, 1.4, 0.05).at(x, 0.7, 0.46)),
    );
    m.add(
        "ladder",
        MAIN,
        [0.2, 0.45, 0.7, 0.95].map(|y| block(0.34, 0.05, 0.05).at(0.54, y, 0.46)),
    );
    m
}

fn crib(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf0ebe0));
    m.add("post", MAIN, four(rod(0.045, 0.9).at(0.58, 0.45, 0.34)));
    for y in [0.28, 0.86] {
        m.add(
            "rail",
            MAIN,
            [0.34, -0.34].map(|z| block(1.16, 0.06, 0.05).at(0.0, y, z)),
        );
        m.add("rail", MAIN, pair(block(0.05, 0.06, 0.68).at(0.58, y, 0.0)));
    }
    for step in 0..9 {
        let x = -0.48 + 0.12 * step as f32;
        m.add(
            "bar",
            MAIN,
            [0.34, -0.34].map(|z| rod(0.016, 0.6).at(x, 0.57, z)),
        );
    }
    for z in [-0.22, -0.11, 0.0, 0.11, 0.22] {
        m.add("bar", MAIN, pair(rod(0.016, 0.6).at(0.58, 0.57, z)));
    }
    m.add(
        "mattress",
        second(0x9cc3e6),
        [pad([1.1, 0.14, 0.62], [0.0, 0.34, 0.0])],
    );
    m.add(
        "pillow",
        own(0xfaf8f2),
        [pad([0.24, 0.09, 0.4], [-0.38, 0.44, 0.0])],
    );
    m
}

fn swing(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    m.add(
        "frame",
        MAIN,
        four(tube(&[(0.7, 1.5, 0.0, 0.045), (0.76, 0.0, 0.5, 0.045)])),
    );
    m.add(
        "frame",
        MAIN,
        [rod(0.05, 1.6).turn_z(90.0).at(0.0, 1.5, 0.0)],
    );
    m.add(
        "rope",
        own(0xc9b287),
        pair(rod(0.016, 1.05).at(0.26, 0.98, 0.0)),
    );
    m.add(
        "seat",
        second(0xc0392b),
        [block(0.6, 0.05, 0.3).at(0.0, 0.46, 0.0)],
    );
    m
}
