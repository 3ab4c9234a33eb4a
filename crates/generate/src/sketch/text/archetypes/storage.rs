//! Furniture that stores, and the carpentry of the house.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, hex, wooden};
use crate::sketch::text::solid::{Solid, around, ball, block, four, pair, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new(
        "wardrobe",
        "cabinet,cupboard,armoire,closet,locker,hutch,china cabinet",
        wardrobe,
    ),
    Archetype::new(
        "dresser",
        "chest of drawers,chest of drawer,sideboard,drawer,credenza",
        dresser,
    ),
    Archetype::new(
        "nightstand",
        "bedside table,night stand,filing cabinet,file cabinet",
        dresser,
    ),
    Archetype::new(
        "bookshelf",
        "bookcase,shelf,book shelf,shelving unit,book case",
        bookshelf,
    ),
    Archetype::new("ladder", "step ladder,stepladder,rope ladder", ladder),
    Archetype::new(
        "coat rack",
        "coat stand,hat stand,hat rack,coat hanger",
        coat_rack,
    ),
    Archetype::new("door", "doorway,front door", door),
];

fn brass() -> Coat {
    Coat::Second(hex(0xc9a13b).finish(Finish::Metal))
}

/// Four round legs, `height` tall, standing on the ground.
fn legs(x: f32, z: f32, height: f32, radius: f32) -> [Solid; 4] {
    four(taper(radius * 0.75, radius, height).at(x, height * 0.5, z))
}

fn wardrobe(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x8a5a30));
    let height = if wish.any("cabinet cupboard") {
        1.1
    } else {
        1.7
    };
    m.add(
        "body",
        MAIN,
        [block(1.1, height, 0.56).at(0.0, 0.1 + height * 0.5, 0.0)],
    );
    m.add(
        "top",
        Coat::Tone(0.8),
        [block(1.2, 0.08, 0.64).at(0.0, 0.13 + height, 0.0)],
    );
    m.add(
        "base",
        Coat::Tone(0.8),
        [block(1.16, 0.1, 0.6).at(0.0, 0.1, 0.0)],
    );
    let door = block(0.5, height - 0.16, 0.04).at(0.265, 0.12 + height * 0.5, 0.285);
    m.add("door", Coat::Tone(1.12), pair(door));
    let panel = block(0.34, height * 0.36, 0.02).at(0.265, 0.1 + height * 0.7, 0.31);
    m.add("panel", Coat::Tone(0.9), pair(panel.clone()));
    m.add(
        "panel",
        Coat::Tone(0.9),
        pair(panel.at(0.0, -0.4 * height, 0.0)),
    );
    m.add(
        "handle",
        brass(),
        pair(soft_block(0.03, 0.16, 0.04, 0.012).at(0.06, 0.1 + height * 0.5, 0.32)),
    );
    m.add("leg", Coat::Tone(0.7), legs(0.48, 0.22, 0.1, 0.05));
    m
}

fn dresser(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x9a6636));
    let small = wish.any("nightstand night bedside") || wish.has("bedside table");
    let files = wish.has("filing cabinet") || wish.has("file cabinet");
    let (width, rows) = if small {
        (0.6, 2)
    } else if files {
        (0.5, 4)
    } else {
        (1.2, 3)
    };
    let height = 0.26 * rows as f32;
    m.add(
        "body",
        MAIN,
        [block(width, height + 0.06, 0.5).at(0.0, 0.15 + height * 0.5, 0.0)],
    );
    m.add(
        "top",
        Coat::Tone(0.85),
        [block(width + 0.08, 0.05, 0.56).at(0.0, 0.2 + height, 0.0)],
    );
    m.add(
        "leg",
        Coat::Tone(0.7),
        legs(width * 0.5 - 0.06, 0.18, 0.14, 0.04),
    );
    for row in 0..rows {
        let y = 0.28 + 0.26 * row as f32;
        if width > 1.0 {
            m.add(
                "drawer",
                Coat::Tone(1.15),
                pair(block(0.54, 0.21, 0.03).at(0.29, y, 0.255)),
            );
            m.add("handle", brass(), pair(ball(0.035).at(0.29, y, 0.29)));
        } else {
            m.add(
                "drawer",
                Coat::Tone(1.15),
                [block(width - 0.08, 0.21, 0.03).at(0.0, y, 0.255)],
            );
            m.add("handle", brass(), [ball(0.035).at(0.0, y, 0.29)]);
        }
    }
    m
}

fn bookshelf(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x8a5a30));
    m.add("body", MAIN, pair(block(0.06, 1.6, 0.4).at(0.5, 0.8, 0.0)));
    m.add(
        "back",
        Coat::Tone(0.7),
        [block(1.0, 1.6, 0.03).at(0.0, 0.8, -0.18)],
    );
    m.add(
        "shelf",
        MAIN,
        [0.05, 0.43, 0.81, 1.19, 1.57].map(|y| block(1.04, 0.05, 0.4).at(0.0, y, 0.0)),
    );
    let covers = [0x9c2f2a, 0x2c5a8c, 0x3d7a4a, 0xc9a13b, 0x5a3a6a, 0xd9cdb6];
    for level in 0..4 {
        let mut x = -0.46;
        while x < 0.36 {
            let (thick, tall) = (wish.between(0.05, 0.1), wish.between(0.2, 0.3));
            let pick = wish.between(0.0, covers.len() as f32) as usize;
            let cover = covers.get(pick).copied().unwrap_or(0x9c2f2a);
            let book = block(thick - 0.006, tall, 0.26);
            let y = 0.075 + 0.38 * level as f32 + tall * 0.5;
            m.add("book", second(cover), [book.at(x + thick * 0.5, y, 0.02)]);
            x += thick;
        }
    }
    m
}

fn ladder(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0xa9743f));
    let folding = wish.any("stepladder step") || wish.has("step ladder");
    let lean = if folding { 0.3 } else { 0.0 };
    m.add(
        "rail",
        MAIN,
        pair(tube(&[(0.34, 0.0, lean, 0.035), (0.27, 1.6, 0.0, 0.035)])),
    );
    for step in 1..7 {
        let y = 0.23 * step as f32;
        let rung = block(0.66 - 0.05 * y, 0.045, 0.07);
        m.add(
            "rung",
            Coat::Tone(0.85),
            [rung.at(0.0, y, lean * (1.0 - y / 1.6))],
        );
    }
    if folding {
        m.add(
            "leg",
            Coat::Tone(0.85),
            pair(tube(&[(0.34, 0.0, -0.4, 0.03), (0.27, 1.58, -0.03, 0.03)])),
        );
        m.add(
            "top",
            Coat::Tone(0.9),
            [block(0.62, 0.05, 0.2).at(0.0, 1.62, 0.0)],
        );
    }
    m
}

fn coat_rack(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x6b4526));
    m.add("pole", MAIN, [taper(0.045, 0.03, 1.6).at(0.0, 0.85, 0.0)]);
    m.add(
        "leg",
        MAIN,
        around(4, &tube(&[(0.0, 0.2, 0.0, 0.035), (0.34, 0.0, 0.0, 0.035)])),
    );
    let hook = tube(&[
        (0.0, 1.42, 0.0, 0.022),
        (0.16, 1.44, 0.0, 0.022),
        (0.24, 1.6, 0.0, 0.026),
    ]);
    m.add("hook", brass(), around(5, &hook));
    m.add("top", brass(), [ball(0.06).at(0.0, 1.7, 0.0)]);
    m
}

fn door(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(wooden(0x8a5a30));
    m.add(
        "frame",
        Coat::Second(wooden(0x5e3a20)),
        pair(block(0.1, 1.7, 0.16).at(0.45, 0.85, 0.0)),
    );
    m.add(
        "frame",
        Coat::Second(wooden(0x5e3a20)),
        [block(1.0, 0.1, 0.16).at(0.0, 1.7, 0.0)],
    );
    m.add("door", MAIN, [block(0.8, 1.64, 0.08).at(0.0, 0.83, 0.0)]);
    for y in [0.42, 1.2] {
        m.add(
            "panel",
            Coat::Tone(0.8),
            pair(block(0.27, 0.58, 0.1).at(0.19, y, 0.0)),
        );
    }
    m.add("handle", own(0xc9a13b), [ball(0.05).at(0.32, 0.8, 0.08)]);
    m
}
