//! What drives, flies, floats and rolls.

mod water;

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, hex};
use crate::sketch::text::solid::{Solid, around, ball, block, egg, four, lathe, pair, plate, ring, rod, soft_block, taper, tube};
use water::{sailboat, ship, submarine};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("car", "sedan,coupe,limousine,taxi,automobile,hatchback,sports car,race car,vintage car,convertible,police car,racing car,go kart,wagon", car),
    Archetype::new("jeep", "suv,pickup,pickup truck,land rover,hummer,off roader", jeep),
    Archetype::new("truck", "semi truck,lorry,fire truck,fire engine,dump truck,tow truck,semi,garbage truck", truck),
    Archetype::new("bus", "caravan,van,minivan,camper,school bus,trailer,tram,motorhome,camper van,ambulance,rv,double decker bus", bus),
    Archetype::new("train", "locomotive,steam engine,steam train,subway,tank engine", train),
    Archetype::new("tank", "army tank,armored vehicle", tank),
    Archetype::new("tractor", "bulldozer,excavator,forklift,combine harvester,steamroller", tractor),
    Archetype::new("motorcycle", "motorbike,scooter,moped,vespa,chopper bike", motorcycle),
    Archetype::new("bicycle", "bike,tricycle,unicycle", bicycle),
    Archetype::new("helicopter", "chopper,gyrocopter", helicopter),
    Archetype::new("airplane", "plane,aeroplane,jet,fighter jet,biplane,glider,aircraft,airliner", airplane),
    Archetype::new("rocket", "spaceship,space shuttle,missile,spacecraft,rocket ship", rocket),
    Archetype::new("ufo", "flying saucer,starship", ufo),
    Archetype::new("drone", "quadcopter,satellite", drone),
    Archetype::new("ship", "container ship,cargo ship,cruise ship,yacht,ferry,tugboat,battleship,titanic", ship),
    Archetype::new("sailboat", "boat,canoe,kayak,pirate ship,sailing ship,rowboat,galleon,gondola,dinghy,raft", sailboat),
    Archetype::new("submarine", "", submarine),
    Archetype::new("hot air balloon", "balloon,blimp,zeppelin,airship", balloon),
    Archetype::new("carriage", "cart,wheelbarrow,chariot,stroller,rickshaw", carriage),
    Archetype::new("wheel", "tire,tyre", wheel),
];

fn rubber() -> Coat {
    own(0x222226)
}

fn steel() -> Paint {
    hex(0xb4b9c0).finish(Finish::Metal)
}

fn pane() -> Coat {
    Coat::Own(hex(0x30414e).finish(Finish::Gloss))
}

/// Four wheels of radius `r`, `width` wide, at ±x, ±z, standing on the ground.
fn wheels(m: &mut Model, r: f32, width: f32, x: f32, z: f32) {
    let tyre = rod(r, width).turn_z(90.0).at(x, r, z);
    let hub = rod(r * 0.55, width + 0.02).turn_z(90.0).at(x, r, z);
    m.add("wheel", rubber(), four(tyre));
    m.add("hub", Coat::Own(steel()), four(hub));
}

fn lights(m: &mut Model, x: f32, y: f32, front: f32, back: f32) {
    m.add("headlight", Coat::Own(hex(0xfdf3c4).finish(Finish::Glow)), pair(egg(0.055, 0.045, 0.025).at(x, y, front)));
    m.add("tail light", own(0xc02018), pair(egg(0.055, 0.04, 0.02).at(x, y, back)));
}

/// A body seen from the side as (z, y) points, `width` wide.
fn side_profile(outline: &[(f32, f32)], width: f32) -> Solid {
    plate(outline, width).turn_y(-90.0)
}

fn car(wish: &mut Wish<'_>) -> Model {
    let old = wish.any("vintage classic vintage_car antique retro");
    let code = if wish.any("taxi") { 0xf2c21c } else if wish.any("limousine police") { 0x232427 } else { 0xb9bdc4 };
    let mut m = Model::new(hex(code).finish(Finish::Gloss));
    let k = wish.vary(0.04);
    if old {
        m.add("body", MAIN, [soft_block(0.6, 0.2, 1.5 * k, 0.08).at(0.0, 0.34, 0.0), soft_block(0.42, 0.22, 0.6, 0.1).at(0.0, 0.46, 0.42)]);
        m.add("cabin", MAIN, [soft_block(0.58, 0.46, 0.72, 0.12).at(0.0, 0.62, -0.25)]);
        m.add("fender", Coat::Tone(0.8), four(egg(0.14, 0.16, 0.27).at(0.33, 0.3, 0.48)));
        m.add("grille", Coat::Own(steel()), [soft_block(0.3, 0.26, 0.04, 0.02).at(0.0, 0.44, 0.74)]);
        m.add("window", pane(), [soft_block(0.6, 0.19, 0.5, 0.04).at(0.0, 0.7, -0.25), soft_block(0.46, 0.19, 0.74, 0.04).at(0.0, 0.7, -0.25)]);
        wheels(&mut m, 0.2, 0.13, 0.35, 0.48);
    } else {
        m.add("body", MAIN, [side_profile(&[(-0.82, 0.16), (0.8, 0.16), (0.84, 0.32), (0.78, 0.4), (0.36, 0.46), (-0.74, 0.47), (-0.84, 0.4)], 0.66)]);
        m.add("roof", MAIN, [side_profile(&[(0.36, 0.44), (0.1, 0.66), (-0.4, 0.67), (-0.68, 0.45)], 0.54)]);
        m.add("window", pane(), [side_profile(&[(0.29, 0.47), (0.08, 0.63), (-0.38, 0.64), (-0.58, 0.47)], 0.56)]);
        m.add("window", pane(), [block(0.46, 0.26, 0.02).turn_x(-50.0).at(0.0, 0.56, 0.245), block(0.46, 0.27, 0.02).turn_x(52.0).at(0.0, 0.565, -0.555)]);
        m.add("bumper", Coat::Own(steel()), [soft_block(0.62, 0.07, 0.05, 0.02).at(0.0, 0.21, 0.83), soft_block(0.62, 0.07, 0.05, 0.02).at(0.0, 0.21, -0.85)]);
        m.add("grille", own(0x26272a), [soft_block(0.32, 0.08, 0.03, 0.01).at(0.0, 0.31, 0.835)]);
        m.add("handle", Coat::Own(steel()), pair(block(0.02, 0.02, 0.1).at(0.335, 0.4, -0.12)));
        wheels(&mut m, 0.165, 0.14, 0.29, 0.5);
    }
    lights(&mut m, 0.25, if old { 0.5 } else { 0.34 }, if old { 0.72 } else { 0.83 }, -0.85);
    if wish.any("taxi police") {
        m.add("sign", second(0xf2f2ee), [soft_block(0.2, 0.07, 0.1, 0.02).at(0.0, 0.7, -0.15)]);
    }
    m
}

fn jeep(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x59683c));
    let pickup = wish.any("pickup pickup_truck");
    m.add("body", MAIN, [soft_block(0.64, 0.3, 1.4, 0.04).at(0.0, 0.4, 0.0), soft_block(0.58, 0.1, 0.46, 0.04).at(0.0, 0.57, 0.44)]);
    let (length, z) = if pickup { (0.5, 0.0) } else { (0.86, -0.22) };
    m.add("cabin", MAIN, [soft_block(0.6, 0.36, length, 0.04).at(0.0, 0.72, z)]);
    m.add("window", pane(), [block(0.615, 0.2, length * 0.8).at(0.0, 0.76, z), block(0.5, 0.2, length + 0.015).at(0.0, 0.76, z)]);
    m.add("fender", own(0x2a2b2e), four(soft_block(0.2, 0.06, 0.44, 0.03).at(0.34, 0.47, 0.45)));
    m.add("grille", own(0x1f2022), (0..7).map(|i| block(0.03, 0.16, 0.02).at(-0.15 + 0.05 * i as f32, 0.45, 0.7)));
    m.add("bumper", own(0x2a2b2e), [soft_block(0.66, 0.08, 0.08, 0.02).at(0.0, 0.25, 0.72), soft_block(0.66, 0.08, 0.08, 0.02).at(0.0, 0.25, -0.72)]);
    if pickup {
        m.add("bed", own(0x1f2022), [block(0.5, 0.02, 0.38).at(0.0, 0.551, -0.46)]);
    } else {
        m.add("wheel", rubber(), [rod(0.18, 0.1).turn_x(90.0).at(0.0, 0.5, -0.76)]);
    }
    wheels(&mut m, 0.22, 0.16, 0.31, 0.45);
    lights(&mut m, 0.23, 0.46, 0.705, -0.7);
    m
}

fn truck(wish: &mut Wish<'_>) -> Model {
    let fire = wish.any("fire_truck fire fire_engine");
    let mut m = Model::new(hex(if fire { 0xc8231c } else { 0x2c5fa8 }).finish(Finish::Gloss));
    m.add("cabin", MAIN, [soft_block(0.56, 0.62, 0.42, 0.06).at(0.0, 0.5, 0.72), soft_block(0.5, 0.32, 0.3, 0.06).at(0.0, 0.36, 1.02)]);
    m.add("window", pane(), [block(0.575, 0.18, 0.26).at(0.0, 0.64, 0.74), block(0.46, 0.2, 0.44).at(0.0, 0.64, 0.72)]);
    m.add("trailer", if fire { MAIN } else { second(0xe9eaec) }, [soft_block(0.6, 0.72, 1.5, 0.03).at(0.0, 0.62, -0.36)]);
    m.add("chassis", own(0x2a2b2f), [block(0.4, 0.1, 2.2).at(0.0, 0.2, 0.0)]);
    m.add("grille", Coat::Own(steel()), [soft_block(0.34, 0.22, 0.03, 0.01).at(0.0, 0.36, 1.17)]);
    m.add("bumper", Coat::Own(steel()), [soft_block(0.56, 0.09, 0.07, 0.02).at(0.0, 0.18, 1.17)]);
    m.add("pipe", Coat::Own(steel()), pair(rod(0.03, 0.6).at(0.25, 0.72, 0.47)));
    for z in [0.98, 0.58, -0.62, -0.92] {
        m.add("wheel", rubber(), pair(rod(0.15, 0.12).turn_z(90.0).at(0.25, 0.15, z)));
        m.add("hub", Coat::Own(steel()), pair(rod(0.08, 0.135).turn_z(90.0).at(0.25, 0.15, z)));
    }
    if fire {
        m.add("ladder", Coat::Own(steel()), [-0.12, 0.12].map(|x| block(0.03, 0.04, 1.5).at(x, 1.01, -0.3)));
        m.add("ladder", Coat::Own(steel()), (0..9).map(|i| block(0.24, 0.03, 0.03).at(0.0, 1.01, -0.96 + 0.16 * i as f32)));
        m.add("light", Coat::Own(hex(0x3a7af0).finish(Finish::Glow)), pair(soft_block(0.12, 0.08, 0.1, 0.03).at(0.14, 0.85, 0.74)));
    }
    lights(&mut m, 0.2, 0.34, 1.17, -1.12);
    m
}

fn bus(wish: &mut Wish<'_>) -> Model {
    let code = if wish.has("school bus") { 0xf2b418 } else if wish.any("caravan camper trailer rv") { 0xeae6da } else { 0xc8322a };
    let mut m = Model::new(hex(code).finish(Finish::Gloss));
    let tall = if wish.has("double decker bus") { 1.1 } else { 0.62 };
    let length = if wish.any("caravan van minivan camper trailer camper_van ambulance") { 1.25 } else { 1.7 };
    m.add("body", MAIN, [soft_block(0.62, tall, length, 0.09).at(0.0, 0.16 + tall * 0.5, 0.0)]);
    let rows = if tall > 1.0 { vec![0.52, 1.02] } else { vec![0.54] };
    for y in rows {
        for index in 0..5 {
            let z = length * (-0.36 + 0.18 * index as f32);
            m.add("window", pane(), [soft_block(0.632, 0.2, length * 0.14, 0.02).at(0.0, y, z)]);
        }
        m.add("window", pane(), [soft_block(0.48, 0.22, length + 0.012, 0.02).at(0.0, y, 0.0)]);
    }
    m.add("stripe", second(0xf2f0e8), [soft_block(0.636, 0.05, length + 0.006, 0.02).at(0.0, 0.34, 0.0)]);
    m.add("door", Coat::Tone(0.75), [block(0.02, 0.4, 0.2).at(0.312, 0.4, length * 0.36)]);
    wheels(&mut m, 0.15, 0.13, 0.26, length * 0.31);
    lights(&mut m, 0.22, 0.27, length * 0.5, -length * 0.5);
    m
}

fn train(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x1f5a3a).finish(Finish::Gloss));
    let iron = || own(0x26262a);
    m.add("boiler", MAIN, [rod(0.24, 1.0).turn_x(90.0).at(0.0, 0.52, 0.25)]);
    m.add("band", Coat::Own(hex(0xc9a13b).finish(Finish::Metal)), [0.0, 0.3, 0.62].map(|z| rod(0.247, 0.035).turn_x(90.0).at(0.0, 0.52, z)));
    m.add("front", iron(), [rod(0.22, 0.04).turn_x(90.0).at(0.0, 0.52, 0.76)]);
    m.add("cabin", MAIN, [block(0.56, 0.62, 0.46).at(0.0, 0.58, -0.42)]);
    m.add("roof", second(0x8a2420), [soft_block(0.66, 0.07, 0.58, 0.03).at(0.0, 0.92, -0.42)]);
    m.add("window", pane(), [block(0.575, 0.18, 0.26).at(0.0, 0.7, -0.42)]);
    m.add("chimney", iron(), [lathe(&[(0.0, 0.0), (0.07, 0.0), (0.065, 0.16), (0.12, 0.3), (0.0, 0.3)]).at(0.0, 0.72, 0.56)]);
    m.add("dome", Coat::Own(hex(0xc9a13b).finish(Finish::Metal)), [egg(0.09, 0.11, 0.09).at(0.0, 0.76, 0.16)]);
    m.add("chassis", own(0x8a2420), [block(0.44, 0.1, 1.5).at(0.0, 0.24, 0.05)]);
    for (z, r) in [(0.6, 0.12), (0.28, 0.19), (-0.12, 0.19), (-0.48, 0.19)] {
        m.add("wheel", iron(), pair(rod(r, 0.06).turn_z(90.0).at(0.26, r, z)));
        m.add("hub", own(0x9c2a24), pair(rod(r * 0.6, 0.075).turn_z(90.0).at(0.26, r, z)));
    }
    m.add("bumper", own(0x8a2420), [plate(&[(-0.3, 0.0), (0.3, 0.0), (0.16, 0.2), (-0.16, 0.2)], 0.1).turn_x(-25.0).at(0.0, 0.06, 0.86)]);
    m.add("headlight", Coat::Own(hex(0xfdf3c4).finish(Finish::Glow)), [ball(0.06).at(0.0, 0.72, 0.77)]);
    m
}

fn tank(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x5f6a42).with(crate::sketch::text::paint::Texture::Mottle));
    let track = plate(&[(-0.7, 0.12), (-0.56, 0.0), (0.56, 0.0), (0.74, 0.16), (0.62, 0.3), (-0.62, 0.3)], 0.22).turn_y(-90.0);
    m.add("track", own(0x2c2b29), pair(track.at(0.36, 0.0, 0.0)));
    m.add("wheel", Coat::Tone(0.8), (0..5).flat_map(|i| pair(rod(0.1, 0.24).turn_z(90.0).at(0.36, 0.14, -0.46 + 0.23 * i as f32))));
    m.add("body", MAIN, [side_profile(&[(-0.68, 0.2), (0.56, 0.16), (0.76, 0.3), (0.5, 0.44), (-0.66, 0.44)], 0.62)]);
    m.add("turret", MAIN, [lathe(&[(0.0, 0.0), (0.34, 0.0), (0.28, 0.2), (0.0, 0.22)]).stretch(1.0, 1.0, 1.15).at(0.0, 0.44, -0.06)]);
    m.add("barrel", Coat::Tone(0.85), [rod(0.045, 0.8).turn_x(90.0).at(0.0, 0.55, 0.62), rod(0.06, 0.14).turn_x(90.0).at(0.0, 0.55, 1.0)]);
    m.add("hatch", Coat::Tone(0.75), [rod(0.1, 0.05).at(0.08, 0.68, -0.12)]);
    m
}

fn tractor(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(if wish.any("excavator bulldozer forklift") { 0xf0b31c } else { 0x2f8a34 }).finish(Finish::Gloss));
    m.add("body", MAIN, [soft_block(0.32, 0.3, 0.7, 0.05).at(0.0, 0.52, 0.36), soft_block(0.4, 0.2, 0.5, 0.04).at(0.0, 0.42, -0.2)]);
    m.add("cabin", MAIN, [block(0.5, 0.05, 0.5).at(0.0, 1.08, -0.24)]);
    m.add("post", own(0x25262a), four(rod(0.022, 0.6).at(0.21, 0.78, 0.2)).map(|solid| solid.at(0.0, 0.0, -0.24)));
    m.add("window", Coat::Own(hex(0x9cc4d2).finish(Finish::Glass)), [block(0.4, 0.44, 0.4).at(0.0, 0.82, -0.24)]);
    m.add("seat", own(0x2a2a2d), [soft_block(0.22, 0.08, 0.22, 0.03).at(0.0, 0.6, -0.26), soft_block(0.22, 0.24, 0.06, 0.03).at(0.0, 0.72, -0.36)]);
    m.add("pipe", own(0x25262a), [rod(0.028, 0.36).at(0.08, 0.84, 0.46)]);
    for (r, x, z) in [(0.36, 0.36, -0.3), (0.2, 0.28, 0.5)] {
        m.add("wheel", rubber(), pair(rod(r, 0.18).turn_z(90.0).at(x, r, z)));
        m.add("hub", own(0xf2cf2a), pair(rod(r * 0.55, 0.195).turn_z(90.0).at(x, r, z)));
    }
    m.add("grille", own(0x25262a), [block(0.24, 0.2, 0.02).at(0.0, 0.52, 0.715)]);
    if wish.has("bulldozer") {
        m.add("blade", Coat::Own(steel()), [block(0.9, 0.36, 0.06).at(0.0, 0.22, 0.95)]);
    }
    m
}

fn two_wheels(m: &mut Model, r: f32, tyre: f32, z: f32) {
    for z in [z, -z] {
        m.add("wheel", rubber(), [ring(r - tyre, tyre).turn_z(90.0).at(0.0, r, z)]);
        m.add("hub", Coat::Own(steel()), [rod(r * 0.16, tyre * 2.2).turn_z(90.0).at(0.0, r, z)]);
        m.add("spoke", Coat::Own(steel()), (0..6).map(|i| rod(0.007, 2.0 * (r - tyre)).turn_x(30.0 * i as f32).at(0.0, r, z)));
    }
}

fn motorcycle(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc0241e).finish(Finish::Gloss));
    two_wheels(&mut m, 0.28, 0.075, 0.56);
    m.add("body", MAIN, [egg(0.13, 0.13, 0.26).at(0.0, 0.66, 0.12), soft_block(0.14, 0.1, 0.5, 0.05).at(0.0, 0.52, -0.3)]);
    m.add("fender", MAIN, [egg(0.09, 0.06, 0.24).at(0.0, 0.56, 0.56), egg(0.1, 0.08, 0.26).at(0.0, 0.58, -0.56)]);
    m.add("seat", own(0x222225), [egg(0.12, 0.06, 0.3).at(0.0, 0.66, -0.3)]);
    m.add("engine", Coat::Own(steel()), [soft_block(0.24, 0.28, 0.34, 0.05).at(0.0, 0.38, 0.06), rod(0.12, 0.3).turn_z(90.0).at(0.0, 0.32, -0.1)]);
    m.add("fork", Coat::Own(steel()), pair(tube(&[(0.08, 0.28, 0.56, 0.025), (0.09, 0.9, 0.34, 0.028)])));
    m.add("handle", own(0x222225), pair(tube(&[(0.0, 0.92, 0.32, 0.022), (0.2, 0.96, 0.28, 0.024), (0.34, 0.9, 0.2, 0.03)])));
    m.add("headlight", Coat::Own(hex(0xfdf3c4).finish(Finish::Glow)), [egg(0.1, 0.1, 0.06).at(0.0, 0.8, 0.44)]);
    m.add("pipe", Coat::Own(steel()), [tube(&[(0.12, 0.26, 0.16, 0.035), (0.15, 0.2, -0.2, 0.04), (0.16, 0.28, -0.74, 0.05)])]);
    if wish.any("scooter vespa moped") {
        m.add("shield", MAIN, [soft_block(0.42, 0.5, 0.05, 0.02).turn_x(-15.0).at(0.0, 0.62, 0.36)]);
    }
    m
}

fn bicycle(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc0302a).finish(Finish::Gloss));
    two_wheels(&mut m, 0.36, 0.028, 0.54);
    let r = 0.026;
    for (a, b) in [
        ((0.36, -0.54), (0.36, -0.08)), ((0.36, -0.54), (0.78, -0.2)), ((0.36, -0.08), (0.86, -0.24)),
        ((0.36, -0.08), (0.74, 0.36)), ((0.76, -0.2), (0.84, 0.34)), ((0.36, 0.54), (0.96, 0.32)),
    ] {
        m.add("frame", MAIN, [tube(&[(0.0, a.0, a.1, r), (0.0, b.0, b.1, r)])]);
    }
    m.add("seat", own(0x222225), [egg(0.08, 0.04, 0.15).at(0.0, 0.89, -0.24)]);
    m.add("handle", own(0x222225), pair(tube(&[(0.0, 0.96, 0.32, 0.02), (0.24, 1.0, 0.32, 0.02), (0.26, 0.98, 0.2, 0.026)])));
    m.add("pedal", own(0x222225), [block(0.12, 0.02, 0.06).at(0.12, 0.24, -0.02), block(0.12, 0.02, 0.06).at(-0.12, 0.48, -0.14)]);
    m.add("gear", Coat::Own(steel()), [rod(0.09, 0.02).turn_z(90.0).at(0.03, 0.36, -0.08)]);
    m
}

fn helicopter(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2f5f9a).finish(Finish::Gloss));
    m.add("body", MAIN, [egg(0.27, 0.27, 0.46).at(0.0, 0.5, 0.14)]);
    m.add("tail", MAIN, [tube(&[(0.0, 0.55, -0.2, 0.14), (0.0, 0.62, -1.0, 0.045)]), plate(&[(-0.05, 0.0), (0.1, 0.3), (0.2, 0.3), (0.14, 0.0)], 0.04).turn_y(90.0).at(0.0, 0.62, -0.94)]);
    m.add("window", pane(), [egg(0.235, 0.2, 0.33).at(0.0, 0.56, 0.3)]);
    m.add("mast", own(0x2c2d31), [rod(0.05, 0.22).at(0.0, 0.84, 0.05), rod(0.09, 0.05).at(0.0, 0.93, 0.05)]);
    let turn = wish.between(20.0, 60.0);
    m.add("rotor", own(0x2c2d31), [turn, turn + 90.0].map(|angle| soft_block(1.8, 0.022, 0.1, 0.01).turn_y(angle).at(0.0, 0.95, 0.05)));
    m.add("rotor", own(0x2c2d31), [20.0, 110.0].map(|angle| soft_block(0.02, 0.42, 0.05, 0.008).turn_x(angle).at(0.07, 0.76, -1.02)));
    m.add("skid", own(0x2c2d31), pair(tube(&[(0.26, 0.12, 0.52, 0.025), (0.26, 0.06, 0.36, 0.025), (0.26, 0.06, -0.32, 0.025)])));
    m.add("strut", own(0x2c2d31), four(tube(&[(0.26, 0.06, 0.2, 0.018), (0.16, 0.32, 0.16, 0.018)])).map(|solid| solid.at(0.0, 0.0, 0.04)));
    m
}

fn airplane(wish: &mut Wish<'_>) -> Model {
    let jet = wish.any("jet fighter_jet fighter");
    let mut m = Model::new(hex(if jet { 0x8f98a2 } else { 0xe6e9ec }).finish(Finish::Gloss));
    m.add("body", MAIN, [tube(&[(0.0, 0.3, 0.86, 0.04), (0.0, 0.3, 0.66, 0.12), (0.0, 0.3, 0.1, 0.14), (0.0, 0.32, -0.4, 0.12), (0.0, 0.38, -0.84, 0.04)])]);
    let sweep = if jet { 0.5 } else { 0.24 };
    let wing = |span: f32, chord: f32| plate(&[(0.0, chord * 0.5), (span, chord * 0.2 - sweep * span), (span, -chord * 0.1 - sweep * span), (0.0, -chord * 0.5)], 0.035).turn_x(90.0);
    m.add("wing", second(0x9aa4ae), pair(wing(0.9, 0.4).at(0.06, 0.26, 0.1)));
    if wish.has("biplane") {
        m.add("wing", second(0xc8322a), pair(wing(0.9, 0.4).at(0.0, 0.6, 0.1)));
        m.add("strut", own(0x4a3a2a), pair(rod(0.014, 0.34).at(0.5, 0.43, 0.0)));
    }
    m.add("tail", second(0x9aa4ae), pair(wing(0.34, 0.2).at(0.03, 0.4, -0.7)));
    m.add("fin", Coat::Tone(0.8), [plate(&[(0.12, 0.0), (-0.08, 0.34), (-0.2, 0.34), (-0.14, 0.0)], 0.03).turn_y(-90.0).at(0.0, 0.38, -0.66)]);
    m.add("window", pane(), [egg(0.085, 0.08, 0.2).at(0.0, 0.39, 0.54)]);
    if jet {
        m.add("engine", own(0x35383d), pair(rod(0.07, 0.4).turn_x(90.0).at(0.1, 0.28, -0.7)));
    } else {
        m.add("engine", Coat::Tone(0.7), pair(tube(&[(0.4, 0.2, 0.2, 0.07), (0.4, 0.2, -0.06, 0.055)])));
        m.add("window", pane(), (0..8).map(|i| block(0.285, 0.035, 0.04).at(0.0, 0.34, 0.36 - 0.09 * i as f32)));
    }
    m
}

fn rocket(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe9eaec).finish(Finish::Gloss));
    m.add("body", MAIN, [lathe(&[(0.0, 0.2), (0.16, 0.2), (0.24, 0.5), (0.23, 0.8), (0.16, 1.1), (0.0, 1.1)])]);
    m.add("nose", second(0xd1281f), [lathe(&[(0.0, 1.08), (0.167, 1.08), (0.09, 1.3), (0.0, 1.42)])]);
    m.add("fin", second(0xd1281f), around(4, &plate(&[(0.14, 0.55), (0.44, 0.16), (0.42, -0.06), (0.14, 0.22)], 0.05)));
    m.add("window", Coat::Own(hex(0x3f8fc2).finish(Finish::Gloss)), [rod(0.085, 0.04).turn_x(90.0).at(0.0, 0.82, 0.22)]);
    m.add("rim", Coat::Own(steel()), [ring(0.09, 0.022).turn_x(90.0).at(0.0, 0.82, 0.235)]);
    m.add("engine", own(0x3a3c42), [taper(0.15, 0.1, 0.14).at(0.0, 0.14, 0.0)]);
    m.add("flame", Coat::Own(hex(0xf58a1e).finish(Finish::Glow)), [taper(0.0, 0.11, 0.3).at(0.0, -0.06, 0.0)]);
    m
}

fn ufo(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xb0b6be).finish(Finish::Metal));
    m.add("body", MAIN, [lathe(&[(0.0, -0.1), (0.3, -0.1), (0.75, 0.03), (0.72, 0.08), (0.3, 0.2), (0.0, 0.22)])]);
    m.add("dome", Coat::Second(hex(0x67d0c0).finish(Finish::Gloss)), [egg(0.3, 0.26, 0.3).at(0.0, 0.18, 0.0)]);
    m.add("light", Coat::Own(hex(0xf6e45a).finish(Finish::Glow)), around(12, &ball(0.045).at(0.6, 0.1, 0.0)));
    m
}

fn drone(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x3c4047).finish(Finish::Gloss));
    if wish.has("satellite") {
        m.add("body", Coat::Own(hex(0xd8a93a).finish(Finish::Metal)), [block(0.3, 0.4, 0.3)]);
        m.add("panel", own(0x24407c), pair(block(0.6, 0.3, 0.02).at(0.5, 0.0, 0.0)));
        m.add("dish", own(0xe6e8ea), [lathe(&[(0.0, 0.0), (0.2, 0.08), (0.2, 0.1), (0.0, 0.03)]).at(0.0, 0.22, 0.0)]);
        return m;
    }
    m.add("body", MAIN, [soft_block(0.34, 0.14, 0.44, 0.06)]);
    m.add("arm", MAIN, four(tube(&[(0.1, 0.02, 0.12, 0.035), (0.44, 0.05, 0.44, 0.03)])));
    m.add("motor", own(0x202124), four(rod(0.05, 0.1).at(0.44, 0.06, 0.44)));
    m.add("rotor", second(0x8f969e), four(soft_block(0.46, 0.015, 0.045, 0.006).turn_y(30.0).at(0.44, 0.12, 0.44)));
    m.add("camera", own(0x141416), [ball(0.075).at(0.0, -0.08, 0.2)]);
    m.add("leg", own(0x202124), four(tube(&[(0.12, -0.05, 0.1, 0.018), (0.2, -0.22, 0.14, 0.018)])));
    m
}

fn balloon(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd0392e));
    if wish.any("blimp zeppelin airship") {
        m.add("body", MAIN, [egg(0.3, 0.3, 0.9)]);
        m.add("fin", Coat::Tone(0.75), [block(0.6, 0.03, 0.24).at(0.0, 0.0, -0.76), block(0.03, 0.6, 0.24).at(0.0, 0.0, -0.76)]);
        m.add("cabin", second(0x5b3a22), [soft_block(0.14, 0.12, 0.4, 0.04).at(0.0, -0.33, 0.1)]);
        return m;
    }
    m.add("body", MAIN, [lathe(&[(0.0, 0.55), (0.09, 0.5), (0.12, 0.5), (0.3, 0.75), (0.45, 1.0), (0.48, 1.2), (0.4, 1.45), (0.2, 1.6), (0.0, 1.64)])]);
    m.add("stripe", second(0xf3d24a), around(8, &egg(0.05, 0.42, 0.07).turn_z(4.0).at(0.45, 1.16, 0.0)));
    m.add("basket", own(0x9a6a38), [soft_block(0.24, 0.2, 0.24, 0.03).at(0.0, 0.12, 0.0)]);
    m.add("rope", own(0x5b4630), four(tube(&[(0.1, 0.2, 0.1, 0.01), (0.08, 0.54, 0.08, 0.01)])));
    m
}

fn carriage(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8a5a30).with(crate::sketch::text::paint::Texture::Grain));
    m.add("body", MAIN, [soft_block(0.6, 0.32, 0.9, 0.06).at(0.0, 0.5, 0.0)]);
    if wish.any("carriage stroller rickshaw") {
        m.add("roof", second(0x3a2a22), [egg(0.36, 0.34, 0.36).at(0.0, 0.74, -0.16)]);
    }
    m.add("inside", Coat::Tone(0.5), [block(0.5, 0.03, 0.5).at(0.0, 0.66, 0.14)]);
    for (z, r) in [(-0.3, 0.32), (0.34, 0.24)] {
        m.add("wheel", Coat::Tone(0.6), pair(ring(r - 0.03, 0.03).turn_z(90.0).at(0.36, r, z)));
        m.add("spoke", Coat::Tone(0.7), (0..4).flat_map(|i| pair(rod(0.014, 2.0 * r - 0.06).turn_x(45.0 * i as f32).at(0.36, r, z))));
    }
    m.add("pole", Coat::Tone(0.7), pair(tube(&[(0.2, 0.4, 0.4, 0.025), (0.2, 0.36, 1.0, 0.02)])));
    m
}

fn wheel(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x26262a));
    m.add("wheel", MAIN, [ring(0.46, 0.17).stretch(1.0, 1.1, 1.0).turn_x(90.0)]);
    m.add("hub", Coat::Second(steel()), [rod(0.1, 0.22).turn_x(90.0)]);
    m.add("spoke", Coat::Second(steel()), (0..5).map(|i| soft_block(0.09, 0.34, 0.1, 0.03).at(0.0, 0.2, 0.02).turn_z(72.0 * i as f32)));
    m
}
