//! What is worn, other than jewelry, as if an invisible person wore it.

mod accessories;

use super::Archetype;
use super::table::{catalogue, parts};
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{
    Solid, around, ball, egg, lathe, pair, plate, ring, rod, soft_block, taper, tube,
};
use accessories::{
    backpack, belt, boot, bow_tie, cape, glasses, glove, handbag, high_heel, mask, scarf, shoe,
    sock, tie,
};

pub(super) const ALL: &[Archetype] = catalogue! {
    "hat" "fedora,sombrero,cowboy hat,straw hat,sun hat,bowler hat,panama" => hat;
    "wizard hat" "witch hat,party hat,witches hat,santa hat" => wizard_hat;
    "top hat" "magician hat" => top_hat;
    "cap" "baseball cap,beanie,beret,bonnet" => cap;
    "crown" "coronet,royal crown" => crown;
    "helmet" "hard hat,viking helmet,football helmet,motorcycle helmet" => helmet;
    "shirt" "t shirt,tshirt,tee,blouse,polo,jersey,vest,tank top" => shirt;
    "sweater" "hoodie,pullover,jumper,sweatshirt,cardigan" => shirt;
    "jacket" "coat,raincoat,parka,blazer,suit,tuxedo,overcoat,trench coat,leather jacket" => shirt;
    "dress" "gown,skirt,wedding dress,ball gown,kimono,tutu,robe" => dress;
    "trousers" "jeans,shorts,pants,leggings,jean,swim trunks" => trousers;
    "shoe" "sneaker,trainer,loafer,slipper,sandal,running shoe" => shoe;
    "boot" "cowboy boot,rain boot,hiking boot,combat boot" => boot;
    "high heel" "stiletto,heel,high heel shoe,pump shoe" => high_heel;
    "glove" "mitten,gauntlet,oven mitt,baseball glove" => glove;
    "scarf" "shawl" => scarf;
    "sock" "stocking,christmas stocking" => sock;
    "backpack" "rucksack,knapsack,school bag,schoolbag" => backpack;
    "handbag" "purse,bag,tote,tote bag,satchel,clutch,shopping bag" => handbag;
    "glasses" "sunglasses,eyeglasses,spectacles,goggles,sunglass" => glasses;
    "carnival mask" "mask,masquerade mask,face mask,venetian mask" => mask;
    "tie" "necktie" => tie;
    "bow tie" "bowtie,hair bow,ribbon bow" => bow_tie;
    "belt" "leather belt" => belt;
    "cape" "cloak,poncho" => cape;
};

fn gold() -> Paint {
    hex(0xdcae3a).finish(Finish::Metal)
}

/// Cloth whose parts flow into each other.
fn cloth(code: u32) -> Model {
    let mut m = Model::living(hex(code).with(Texture::Weave), 0.05);
    m.living = false;
    m
}

fn dome(radius: f32, height: f32) -> Solid {
    let (r, h) = (radius, height);
    lathe(&[
        (0.0, 0.0),
        (r, 0.0),
        (r, h * 0.3),
        (r * 0.8, h * 0.72),
        (r * 0.45, h * 0.95),
        (0.0, h),
    ])
}

fn hat(wish: &mut Wish<'_>) -> Model {
    let straw = wish.has("sombrero") || wish.has("straw hat") || wish.has("sun hat");
    let mut m = cloth(if straw { 0xdcbb74 } else { 0x6a4a30 });
    let wide = if straw { 0.95 } else { 0.72 };
    let curl = if wish.has("cowboy hat") { 0.26 } else { 0.1 };
    parts! { m:
        "crown" MAIN => [lathe(&[(0.0, 0.0), (0.4, 0.0), (0.36, 0.36), (0.28, 0.46), (0.14, 0.4),
            (0.0, 0.38)]).stretch(0.9, 1.0, 1.1)];
        "brim" MAIN => [lathe(&[(0.0, 0.0), (0.42, -0.02), (wide, curl), (wide + 0.02, curl + 0.04),
            (0.42, 0.05), (0.0, 0.05)])];
        "band" second(0x2a1c14) => [taper(0.41, 0.392, 0.1).stretch(0.9, 1.0, 1.1)
            .at(0.0, 0.1, 0.0)], hard;
    }
    m
}

fn wizard_hat(wish: &mut Wish<'_>) -> Model {
    let santa = wish.has("santa hat");
    let mut m = cloth(if santa { 0xc4202a } else { 0x3a2a78 });
    parts! { m:
        "crown" MAIN => [taper(0.42, 0.14, 0.8).at(0.0, 0.4, 0.0), tube(&[(0.0, 0.76, 0.0, 0.14),
            (0.04, 0.98, 0.0, 0.1), (0.2, 1.14, 0.0, 0.05), (0.36, 1.1, 0.0, 0.02)])];
        "band" second(if santa { 0xf4f4f0 } else { 0xd9a92f }) => [taper(0.425, 0.4, 0.1)
            .at(0.0, 0.1, 0.0)], hard;
    }
    if wish.has("party hat") || santa {
        parts! { m: "pompom" second(0xf4f4f0) => [ball(0.11).rough(0.02, 20.0).at(0.38, 1.08, 0.0)];
        "trim" second(0xf4f4f0) => [ring(0.41, 0.08).rough(0.015, 20.0)]; }
        return m;
    }
    parts! { m:
        "brim" MAIN => [lathe(&[(0.0, -0.02), (0.45, -0.02), (0.82, -0.06), (0.84, -0.03),
            (0.45, 0.04), (0.0, 0.04)])];
        "buckle" Coat::Own(gold()) => [plate(&[(-0.09, -0.08), (0.09, -0.08), (0.09, 0.08),
            (-0.09, 0.08)], 0.03).at(0.0, 0.1, 0.42)], hard;
    }
    m
}

fn top_hat(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x1c1c20).with(Texture::Mottle).finish(Finish::Gloss));
    parts! { m:
        "crown" MAIN => [taper(0.4, 0.45, 0.8).at(0.0, 0.4, 0.0)];
        "brim" MAIN => [lathe(&[(0.0, -0.03), (0.5, -0.03), (0.72, 0.03), (0.72, 0.07),
            (0.5, 0.03), (0.0, 0.03)])];
        "band" second(0x8a1c28) => [taper(0.408, 0.422, 0.16).at(0.0, 0.12, 0.0)];
    }
    m
}

fn cap(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2450a8).with(Texture::Weave));
    let knitted = wish.any("beanie bonnet beret");
    parts! { m: "crown" MAIN => [if wish.has("beret") { egg(0.6, 0.16, 0.6).turn_z(12.0) }
    else { dome(0.46, if knitted { 0.6 } else { 0.44 }) }]; }
    if knitted {
        parts! { m: "band" second(0xe8e2d4) => [ring(0.43, 0.075).stretch(1.0, 1.3, 1.0)];
        "pompom" second(0xe8e2d4) => [ball(0.13).rough(0.03, 16.0).at(0.0, 0.64, 0.0)]; }
        return m;
    }
    parts! { m:
        "brim" second(0xc02a2a) => [rod(0.42, 0.035).stretch(1.0, 1.0, 1.25).turn_x(8.0)
            .at(0.0, 0.03, 0.34)];
        "button" second(0xc02a2a) => [egg(0.05, 0.03, 0.05).at(0.0, 0.45, 0.0)];
        "seam" Coat::Tone(0.75) => around(6, &tube(&[(0.46, 0.04, 0.0, 0.008),
            (0.462, 0.13, 0.0, 0.008), (0.37, 0.317, 0.0, 0.008), (0.05, 0.44, 0.0, 0.008)]));
    }
    m
}

fn crown(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(gold());
    let point = plate(&[(-0.14, 0.0), (0.14, 0.0), (0.0, 0.34)], 0.05).turn_x(8.0);
    let wall = [(0.5, -0.18), (0.54, -0.18), (0.57, 0.16), (0.53, 0.16)];
    parts! { m:
        "body" MAIN => [lathe(&wall), ring(0.52, 0.045).at(0.0, -0.18, 0.0)];
        "point" MAIN => around(8, &point.at(0.0, 0.12, 0.55));
        "ball" MAIN => around(8, &ball(0.05).at(0.0, 0.48, 0.6));
        "gem" Coat::Second(hex(0xc40d33).finish(Finish::Gem)) => around(8,
            &egg(0.06, 0.075, 0.04).at(0.0, -0.02, 0.56));
        "lining" own(0x7a1a34) => [rod(0.5, 0.1).at(0.0, -0.14, 0.0)];
    }
    m
}

fn helmet(wish: &mut Wish<'_>) -> Model {
    let work = wish.any("hard motorcycle football bicycle") || wish.has("hard hat");
    let shell = if work {
        hex(0xf2b91e).finish(Finish::Gloss)
    } else {
        hex(0xaab0b8).finish(Finish::Metal)
    };
    let mut m = Model::new(shell);
    parts! { m: "shell" MAIN => [dome(0.48, 0.56), ring(0.47, 0.04)]; }
    if wish.has("hard hat") {
        parts! { m: "brim" MAIN => [rod(0.5, 0.04).stretch(1.0, 1.0, 1.15).at(0.0, 0.0, 0.12)];
        "ridge" Coat::Tone(0.85) => [ring(0.5, 0.035).turn_z(90.0).stretch(1.0, 1.12, 0.94)]; }
    } else if work || wish.any("space astronaut") {
        parts! { m: "shell" MAIN => [lathe(&[(0.0, 0.02), (0.48, 0.02), (0.46, -0.3), (0.36, -0.4), (0.0, -0.4)])];
        "visor" Coat::Second(hex(0x23262e).finish(Finish::Gloss)) => [egg(0.42, 0.2, 0.4).at(0.0, -0.04, 0.14)];
        "stripe" second(0xc8281e) => [soft_block(0.12, 0.5, 1.0, 0.05).at(0.0, 0.34, -0.0).stretch(1.0, 1.0, 0.6)]; }
    } else {
        parts! { m: "nose guard" Coat::Tone(0.8) => [soft_block(0.09, 0.42, 0.05, 0.02).at(0.0, -0.12, 0.49)];
        "cheek guard" MAIN => pair(soft_block(0.05, 0.42, 0.4, 0.02).at(0.46, -0.2, 0.02));
        "ridge" Coat::Second(gold()) => [ring(0.5, 0.03).turn_z(90.0).stretch(1.0, 1.12, 0.94)]; }
        if wish.any("viking horn") || wish.has("viking helmet") {
            parts! { m: "horn" second(0xe6dbc0) => pair(tube(&[(0.42, 0.24, 0.0, 0.12),
            (0.68, 0.32, 0.0, 0.1), (0.8, 0.62, 0.0, 0.02)])); }
        } else {
            parts! { m: "plume" second(0xb52a2a) => [tube(&[(0.0, 0.62, 0.24, 0.08), (0.0, 0.72, 0.0, 0.12),
            (0.0, 0.62, -0.36, 0.11), (0.0, 0.3, -0.6, 0.05)]).stretch(0.7, 1.0, 1.0).rough(0.03, 14.0)]; }
        }
    }
    m
}

fn shirt(wish: &mut Wish<'_>) -> Model {
    let coat = wish.any("jacket coat blazer suit tuxedo overcoat")
        || wish.has("trench coat")
        || wish.has("leather jacket");
    let knit = wish.any("sweater hoodie pullover jumper sweatshirt cardigan");
    let tee = wish.any("tee tshirt polo jersey") || wish.has("t shirt");
    let short = tee && !wish.has("long") || wish.has("short");
    let bare = wish.any("vest") || wish.has("tank top");
    let mut m = cloth(if coat {
        0x3a4258
    } else if knit {
        0xb8482e
    } else {
        0x3f7ac8
    });
    let hem = if wish.any("coat overcoat") || wish.has("trench coat") {
        -1.0
    } else {
        -0.6
    };
    parts! { m:
        "body" MAIN => [lathe(&[(0.0, hem), (0.38 - 0.1 * (hem + 0.6), hem), (0.37, -0.2), (0.42, 0.25),
            (0.36, 0.4), (0.16, 0.5), (0.0, 0.5)]).stretch(1.0, 1.0, 0.52)];
        "collar" Coat::Tone(0.8) => [ring(0.15, 0.035).stretch(1.0, 1.4, 0.75).at(0.0, 0.5, 0.0)], hard;
        "hole" own(0x26262a) => [rod(0.14, 0.02).stretch(1.0, 1.0, 0.7).at(0.0, 0.52, 0.0)], hard;
    }
    if !bare && (coat || knit || !short) {
        parts! { m: "sleeve" MAIN => pair(tube(&[(0.32, 0.34, 0.0, 0.13), (0.52, 0.06, 0.0, 0.12), (0.62, -0.42, 0.04, 0.09)]));
        "cuff" Coat::Tone(0.8) => pair(rod(0.105, 0.12).turn_z(10.0).at(0.635, -0.48, 0.04)), hard; }
    } else if !bare {
        parts! { m: "sleeve" MAIN => pair(taper(0.17, 0.14, 0.4).turn_z(42.0).at(0.48, 0.26, 0.0));
        "cuff" Coat::Tone(0.8) => pair(rod(0.175, 0.04).turn_z(42.0).at(0.61, 0.115, 0.0)), hard; }
    }
    if coat {
        parts! { m: "shirt" second(0xf0efea) => [plate(&[(-0.13, 0.46), (0.13, 0.46), (0.0, 0.06)], 0.04).turn_x(-14.0).at(0.0, 0.06, 0.215)], hard;
        "lapel" Coat::Tone(0.75) => pair(plate(&[(0.12, 0.5), (0.22, 0.3), (0.02, 0.02), (0.0, 0.08)], 0.04).turn_x(-10.0).at(0.0, 0.02, 0.225)), hard;
        "pocket" Coat::Tone(0.75) => pair(soft_block(0.18, 0.05, 0.04, 0.015).turn_y(24.0).at(0.2, -0.3, 0.175)), hard; }
    }
    if wish.has("hoodie") {
        parts! { m: "hood" MAIN => [egg(0.24, 0.2, 0.14).at(0.0, 0.56, -0.14)];
        "pocket" Coat::Tone(0.8) => [soft_block(0.36, 0.2, 0.06, 0.03).at(0.0, -0.34, 0.19)], hard;
        "string" second(0xf0efea) => pair(tube(&[(0.07, 0.46, 0.14, 0.014), (0.07, 0.2, 0.235, 0.014)])), hard; }
    } else if coat || wish.any("shirt blouse cardigan") && !tee {
        parts! { m: "button" second(0xe8dfc8) => (0..4).map(|i| ball(0.024).at(0.0, 0.0 - 0.14 * i as f32,
        0.21 - 0.006 * i as f32)), hard; }
    }
    m
}

fn dress(wish: &mut Wish<'_>) -> Model {
    let long = wish.any("gown robe kimono") || wish.has("wedding dress") || wish.has("ball gown");
    let mut m = cloth(if wish.any("wedding") || wish.has("wedding dress") {
        0xf4f2ec
    } else {
        0xb8305a
    });
    let (hem, flare) = if long { (-1.0, 0.58) } else { (-0.6, 0.5) };
    let pleat = tube(&[
        (0.21, 0.0, 0.0, 0.01),
        (0.2 + 0.4 * flare, hem * 0.5, 0.0, 0.03),
        (flare, hem + 0.03, 0.0, 0.05),
    ]);
    parts! { m:
        "skirt" MAIN => [lathe(&[(0.0, hem), (flare, hem), (0.2 + 0.42 * flare, hem * 0.5), (0.21, 0.0), (0.0, 0.0)])];
        "skirt" MAIN => around(16, &pleat);
        "belt" second(0xe8c86a) => [rod(0.215, 0.08).at(0.0, 0.03, 0.0)], hard;
    }
    if !wish.any("skirt tutu") {
        parts! { m:
            "top" MAIN => [lathe(&[(0.0, 0.0), (0.2, 0.0), (0.27, 0.3), (0.25, 0.46), (0.0, 0.48)]).stretch(1.0, 1.0, 0.72)];
            "strap" MAIN => pair(tube(&[(0.17, 0.42, 0.1, 0.03), (0.14, 0.64, 0.0, 0.03), (0.17, 0.42, -0.1, 0.03)]));
            "trim" second(0xe8c86a) => [ring(0.25, 0.02).stretch(1.0, 1.0, 0.72).at(0.0, 0.46, 0.0)], hard;
        }
    }
    m
}

fn trousers(wish: &mut Wish<'_>) -> Model {
    let hem = if wish.any("shorts short") || wish.has("swim trunks") {
        -0.1
    } else {
        -0.9
    };
    let mut m = cloth(if wish.any("jeans jean denim") {
        0x34528a
    } else {
        0x5a5348
    });
    m.blend = 0.03;
    let wide = if hem > -0.5 { 0.22 } else { 0.13 };
    parts! { m:
        "leg" MAIN => pair(lathe(&[(0.0, hem), (wide, hem), (0.19, 0.1), (0.18, 0.48), (0.0, 0.48)]).stretch(1.0, 1.0, 0.85).at(0.18, 0.0, 0.0));
        "waistband" MAIN => [soft_block(0.7, 0.34, 0.32, 0.14).at(0.0, 0.36, 0.0)];
        "belt" second(0x5a3820) => [soft_block(0.73, 0.08, 0.36, 0.04).at(0.0, 0.47, 0.0)], hard;
        "button" Coat::Own(gold()) => [rod(0.04, 0.03).turn_x(90.0).at(0.0, 0.47, 0.18)], hard;
        "pocket" Coat::Tone(0.7) => pair(tube(&[(0.14, 0.4, 0.165, 0.012), (0.22, 0.3, 0.175, 0.012), (0.32, 0.28, 0.13, 0.012)])), hard;
        "cuff" Coat::Tone(1.25) => pair(rod(wide + 0.012, 0.06).stretch(1.0, 1.0, 0.85).at(0.18, hem + 0.03, 0.0)), hard;
    }
    m
}
