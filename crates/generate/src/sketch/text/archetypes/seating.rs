//! Seats, from stools to thrones.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, cloth, hex, wooden};
use crate::sketch::text::solid::{
    Solid, around, ball, block, four, pair, plate, ring, rod, soft_block, taper, tube,
};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new(
        "sofa",
        "couch,settee,loveseat,love seat,futon,divan,chaise longue",
        sofa,
    ),
    Archetype::new(
        "armchair",
        "arm chair,recliner,lounge chair,car seat,massage chair",
        sofa,
    ),
    Archetype::new(
        "chair",
        "dining chair,deck chair,beach chair,high chair,lawn chair,folding chair",
        chair,
    ),
    Archetype::new("rocking chair", "rocker", chair),
    Archetype::new(
        "office chair",
        "swivel chair,gaming chair,desk chair,barber chair",
        office_chair,
    ),
    Archetype::new("wheelchair", "wheel chair", chair),
    Archetype::new("stool", "bar stool,barstool,milking stool", stool),
    Archetype::new(
        "ottoman",
        "footstool,foot stool,pouf,pouffe,hassock,bean bag,beanbag",
        ottoman,
    ),
    Archetype::new("throne", "royal chair", throne),
    Archetype::new("bench", "park bench,garden bench,pew,wooden bench", bench),
];

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

fn sofa(wish: &mut Wish<'_>) -> Model {
    let seats = if wish.any("sofa couch settee futon divan") {
        3
    } else {
        1
    };
    let seats = if wish.any("loveseat two") || wish.has("love seat") {
        2
    } else {
        seats
    };
    let width = 0.62 * seats as f32;
    let mut m = Model::new(cloth(0x54708c));
    m.add(
        "body",
        MAIN,
        [pad([width + 0.1, 0.24, 0.8], [0.0, 0.26, 0.0])],
    );
    let back = pad([width + 0.2, 0.72, 0.22], [0.0, 0.52, 0.0]).turn_x(-8.0);
    m.add("back", MAIN, [back.at(0.0, 0.0, -0.34)]);
    m.add(
        "arm",
        MAIN,
        pair(pad([0.18, 0.5, 0.84], [width * 0.5 + 0.09, 0.38, 0.0])),
    );
    for index in 0..seats {
        let x = 0.62 * (index as f32 - 0.5 * (seats - 1) as f32);
        m.add(
            "cushion",
            Coat::Tone(1.1),
            [pad([0.6, 0.17, 0.66], [x, 0.44, 0.09])],
        );
        let rest = pad([0.58, 0.46, 0.17], [0.0, 0.0, 0.0]).turn_x(-12.0);
        m.add("cushion", Coat::Tone(1.1), [rest.at(x, 0.7, -0.2)]);
    }
    if seats > 1 {
        let pillow = pad([0.32, 0.32, 0.13], [0.0, 0.0, 0.0]).turn_x(-20.0);
        m.add(
            "pillow",
            second(0xe0c987),
            pair(pillow.at(width * 0.5 - 0.2, 0.66, 0.0)),
        );
    }
    m.add("leg", own(0x4a2f1c), legs(width * 0.5, 0.32, 0.16, 0.045));
    m
}

fn chair(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    let height = if wish.has("high chair") { 0.8 } else { 0.48 };
    let wheeled = wish.any("wheelchair wheel") || wish.has("wheel chair");
    let rocking = wish.any("rocking rocker") || wish.has("rocking chair");
    m.add("seat", MAIN, [pad([0.56, 0.06, 0.54], [0.0, height, 0.0])]);
    m.add(
        "cushion",
        second(0xb9503c),
        [pad([0.5, 0.07, 0.48], [0.0, height + 0.05, 0.01])],
    );
    if wheeled {
        m.default = hex(0x34373d);
        m.add(
            "wheel",
            own(0x26262a),
            pair(ring(0.36, 0.03).turn_z(90.0).at(0.36, 0.39, -0.1)),
        );
        let spokes = (0..6).map(|i| rod(0.008, 0.7).turn_x(30.0 * i as f32).at(0.0, 0.39, -0.1));
        let spokes: Vec<Solid> = spokes
            .flat_map(|spoke| pair(spoke.at(0.36, 0.0, 0.0)))
            .collect();
        m.add("spoke", own(0xb9bfc7), spokes);
        m.add(
            "wheel",
            own(0x26262a),
            pair(ring(0.09, 0.025).turn_z(90.0).at(0.28, 0.11, 0.36)),
        );
        m.add(
            "frame",
            own(0xb9bfc7),
            pair(tube(&[
                (0.28, height, 0.26, 0.02),
                (0.26, 0.12, 0.46, 0.02),
            ])),
        );
        m.add(
            "pedal",
            own(0x26262a),
            pair(block(0.16, 0.03, 0.16).at(0.16, 0.1, 0.5)),
        );
    } else {
        m.add("leg", MAIN, legs(0.24, 0.23, height, 0.034));
        let rungs = pair(rod(0.018, 0.46).turn_x(90.0).at(0.24, 0.22, 0.0));
        m.add("leg", MAIN, rungs);
    }
    m.add(
        "back",
        MAIN,
        pair(rod(0.03, 0.62).turn_x(-6.0).at(0.24, height + 0.31, -0.27)),
    );
    for y in [0.28, 0.42, 0.56] {
        m.add(
            "back",
            MAIN,
            [pad([0.48, 0.09, 0.035], [0.0, height + y, -0.24 - 0.1 * y])],
        );
    }
    if rocking || wheeled {
        let arm = tube(&[
            (0.27, height + 0.26, -0.26, 0.03),
            (0.28, height + 0.24, 0.24, 0.035),
        ]);
        m.add("arm", MAIN, pair(arm));
        m.add(
            "arm",
            MAIN,
            pair(rod(0.024, 0.26).at(0.27, height + 0.12, 0.2)),
        );
    }
    if rocking {
        let runner = tube(&[
            (0.24, 0.1, -0.56, 0.03),
            (0.24, 0.0, -0.1, 0.034),
            (0.24, 0.08, 0.5, 0.03),
        ]);
        m.add("rocker", MAIN, pair(runner));
    }
    m
}

fn office_chair(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2b2c31));
    m.add("seat", MAIN, [pad([0.58, 0.14, 0.56], [0.0, 0.54, 0.02])]);
    let back = pad([0.54, 0.72, 0.12], [0.0, 0.0, 0.0]).turn_x(-8.0);
    m.add("back", MAIN, [back.at(0.0, 1.02, -0.3)]);
    m.add(
        "cushion",
        second(0x3c3e45),
        [pad([0.36, 0.56, 0.1], [0.0, 1.02, -0.27])],
    );
    m.add(
        "arm",
        Coat::Tone(0.7),
        pair(pad([0.09, 0.05, 0.36], [0.32, 0.76, 0.02])),
    );
    m.add(
        "arm",
        own(0x8d9299),
        pair(block(0.04, 0.26, 0.06).at(0.32, 0.63, 0.0)),
    );
    m.add("pole", own(0x8d9299), [rod(0.045, 0.4).at(0.0, 0.3, 0.0)]);
    let foot = tube(&[(0.0, 0.16, 0.0, 0.04), (0.34, 0.09, 0.0, 0.028)]);
    m.add("leg", own(0x8d9299), around(5, &foot.turn_y(18.0)));
    m.add(
        "wheel",
        own(0x1e1e21),
        around(5, &ball(0.05).at(0.34, 0.05, 0.0).turn_y(18.0)),
    );
    m
}

fn stool(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    let height = if wish.any("bar barstool tall") || wish.has("bar stool") {
        0.85
    } else {
        0.55
    };
    m.add(
        "seat",
        MAIN,
        [soft_block(0.52, 0.08, 0.52, 0.03).at(0.0, height, 0.0)],
    );
    if !wish.any("square milking") {
        m.parts.clear();
        m.add("seat", MAIN, [rod(0.27, 0.07).at(0.0, height, 0.0)]);
    }
    m.add(
        "cushion",
        second(0xb23b32),
        [rod(0.24, 0.05).at(0.0, height + 0.05, 0.0)],
    );
    let count = if wish.has("three") { 3 } else { 4 };
    let leg = tube(&[(0.17, height, 0.0, 0.034), (0.26, 0.02, 0.0, 0.028)]);
    m.add("leg", Coat::Tone(0.85), around(count, &leg.turn_y(45.0)));
    m.add(
        "ring",
        Coat::Tone(0.8),
        [ring(0.235, 0.017).at(0.0, height * 0.35, 0.0)],
    );
    m
}

fn ottoman(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(cloth(0xa05a48));
    if wish.any("beanbag bean") || wish.has("bean bag") {
        m.add(
            "body",
            MAIN,
            [ball(0.5).stretch(1.0, 0.62, 1.0).rough(0.03, 4.0)],
        );
        m.add(
            "cushion",
            MAIN,
            [ball(0.32).stretch(1.0, 1.1, 0.8).at(0.0, 0.25, -0.16)],
        );
        return m;
    }
    m.add("seat", MAIN, [pad([0.8, 0.3, 0.66], [0.0, 0.34, 0.0])]);
    m.add(
        "trim",
        second(0xc9a65a),
        [pad([0.82, 0.05, 0.68], [0.0, 0.22, 0.0])],
    );
    let buttons = [-0.2, 0.0, 0.2].map(|x| ball(0.025).at(x, 0.49, 0.0));
    m.add("button", second(0xc9a65a), buttons);
    m.add("leg", own(0x4a2f1c), legs(0.32, 0.25, 0.22, 0.045));
    m
}

fn throne(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd8a93a).finish(Finish::Metal));
    m.add("body", MAIN, [block(0.84, 0.46, 0.76).at(0.0, 0.23, 0.0)]);
    m.add(
        "cushion",
        second(0xa81f2c),
        [pad([0.66, 0.14, 0.64], [0.0, 0.5, 0.05])],
    );
    let outline = [
        (-0.42, 0.3),
        (0.42, 0.3),
        (0.42, 1.5),
        (0.22, 1.62),
        (0.0, 1.86),
        (-0.22, 1.62),
        (-0.42, 1.5),
    ];
    m.add("back", MAIN, [plate(&outline, 0.12).at(0.0, 0.0, -0.34)]);
    m.add(
        "cushion",
        second(0xa81f2c),
        [pad([0.58, 0.9, 0.1], [0.0, 1.02, -0.27])],
    );
    m.add("arm", MAIN, pair(pad([0.14, 0.1, 0.76], [0.4, 0.78, 0.02])));
    m.add("arm", MAIN, pair(rod(0.06, 0.34).at(0.4, 0.6, 0.32)));
    m.add("arm", MAIN, pair(ball(0.1).at(0.4, 0.82, 0.4)));
    m.add("ornament", MAIN, pair(ball(0.08).at(0.42, 1.56, -0.34)));
    let jewel = hex(0xc4163a).finish(Finish::Gem);
    m.add("gem", Coat::Own(jewel), [ball(0.075).at(0.0, 1.62, -0.29)]);
    m.add(
        "step",
        Coat::Tone(0.8),
        [block(1.0, 0.1, 1.0).at(0.0, 0.05, 0.06)],
    );
    m
}

fn bench(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    for z in [-0.16, 0.0, 0.16] {
        m.add(
            "seat",
            MAIN,
            [block(1.5, 0.05, 0.14).at(0.0, 0.46, z + 0.02)],
        );
    }
    for y in [0.66, 0.84] {
        m.add(
            "back",
            MAIN,
            [block(1.5, 0.14, 0.05).at(0.0, y, -0.2 - 0.14 * (y - 0.5))],
        );
    }
    let metal = second(0x2c2e33);
    m.add(
        "leg",
        metal,
        pair(tube(&[
            (0.6, 0.95, -0.27, 0.03),
            (0.6, 0.46, -0.18, 0.035),
            (0.6, 0.0, -0.24, 0.035),
        ])),
    );
    m.add(
        "leg",
        metal,
        pair(tube(&[(0.6, 0.46, 0.2, 0.035), (0.6, 0.0, 0.24, 0.035)])),
    );
    m.add(
        "leg",
        metal,
        pair(block(0.05, 0.05, 0.42).at(0.6, 0.42, 0.0)),
    );
    m.add(
        "arm",
        metal,
        pair(tube(&[
            (0.68, 0.68, -0.2, 0.028),
            (0.68, 0.68, 0.2, 0.028),
            (0.66, 0.46, 0.24, 0.028),
        ])),
    );
    m
}
