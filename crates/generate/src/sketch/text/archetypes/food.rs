//! Food and drink.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{around, ball, block, egg, lathe, plate, ring, rod, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("burger", "hamburger,cheeseburger,sandwich,slider,bagel", burger),
    Archetype::new("pizza", "pie,quiche,tart,pancake,apple pie,pancakes", pizza),
    Archetype::new("cake", "birthday cake,wedding cake,cheesecake,pudding,chocolate cake", cake),
    Archetype::new("cupcake", "muffin", cupcake),
    Archetype::new("donut", "doughnut", donut),
    Archetype::new("ice cream", "ice cream cone,gelato,sundae,popsicle,ice cream sundae", ice_cream),
    Archetype::new("hot dog", "hotdog,taco,burrito,sub,baguette,croissant,bread,loaf,toast,bun", hot_dog),
    Archetype::new("sushi", "sashimi,dumpling,maki", sushi),
    Archetype::new("apple", "tomato,cherry,pomegranate,nectarine,orange,peach,plum,apricot,mango,grapefruit,lime,fruit,coconut fruit,onion,cherries,lemon", apple),
    Archetype::new("pear", "avocado,fig,eggplant,aubergine,egg,easter egg,potato", pear),
    Archetype::new("banana", "chili,pepper,chilli,chili pepper,cucumber,zucchini,pickle,bean", banana),
    Archetype::new("carrot", "radish,turnip,parsnip,beet,strawberry,corn,asparagus", carrot),
    Archetype::new("grapes", "grape,blueberry,raspberry,blackberry,berry", grapes),
    Archetype::new("watermelon", "melon,pumpkin,jack o lantern,squash,cabbage,lettuce,cantaloupe", melon),
    Archetype::new("pineapple", "artichoke", pineapple),
    Archetype::new("cheese", "butter,cheese wedge", cheese),
    Archetype::new("steak", "meat,bacon,ham,drumstick,roast turkey,sausage,fried chicken,turkey leg", drumstick),
    Archetype::new("cookie", "biscuit,cracker,waffle,macaron", cookie),
    Archetype::new("lollipop", "candy,candy cane,sweets", lollipop),
    Archetype::new("soda can", "can,soda,beer can,coke,cola,tin can", can),
    Archetype::new("bottle", "wine bottle,beer bottle,water bottle,milk bottle,perfume bottle,potion,perfume,wine,flask,ketchup,milk,vial,medicine bottle,honey jar", bottle),
    Archetype::new("wine glass", "goblet,chalice,cocktail,martini,champagne glass,cocktail glass,glass of wine", wine_glass),
    Archetype::new("french fries", "fries,popcorn,chips", fries),
];

fn sesame(m: &mut Model, r: f32, y: f32, high: f32) {
    m.add("seed", own(0xf5e5bc), (0..26).map(|i| { let t = (i as f32 + 0.5) / 28.0; let a = i as f32 * 2.4; let s = t.sqrt() * 0.85; egg(0.024, 0.014, 0.016).at(r * s * a.cos(), y + high * (1.0 - s * s).sqrt(), r * s * a.sin()) }));
}

fn burger(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc98a44).finish(Finish::Gloss));
    m.add("bun", MAIN, [lathe(&[(0.0, -0.36), (0.44, -0.36), (0.52, -0.28), (0.5, -0.2), (0.0, -0.2)]), lathe(&[(0.0, 0.08), (0.52, 0.08), (0.55, 0.16), (0.46, 0.32), (0.28, 0.42), (0.0, 0.46)])]);
    m.add("patty", own(0x54301a), [rod(0.53, 0.13).rough(0.02, 12.0).at(0.0, -0.1, 0.0)]);
    m.add("cheese", own(0xf3b726), [block(0.84, 0.025, 0.84).turn_y(45.0).at(0.0, -0.02, 0.0)]);
    m.add("tomato", own(0xcf3222), [rod(0.5, 0.05).at(0.0, 0.015, 0.0)]);
    m.add("lettuce", own(0x66b03c), [rod(0.56, 0.04).rough(0.04, 9.0).at(0.0, 0.06, 0.0)]);
    sesame(&mut m, 0.5, 0.08, 0.39);
    m
}

fn pizza(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd9a04c).with(Texture::Mottle));
    m.add("crust", MAIN, [rod(0.7, 0.08), ring(0.67, 0.07).at(0.0, 0.03, 0.0)]);
    if wish.any("pie tart quiche apple_pie") {
        m.add("topping", second(0xb5482a), [rod(0.6, 0.1).at(0.0, 0.03, 0.0)]);
        m.add("lattice", MAIN, (0..5).flat_map(|i| { let x = -0.44 + 0.22 * i as f32; let l = 2.0 * (0.66_f32 * 0.66 - x * x).sqrt(); [block(0.08, 0.03, l).at(x, 0.1, 0.0), block(l, 0.03, 0.08).at(0.0, 0.11, x)] }));
        return m.map(|solid| solid.turn_x(40.0));
    }
    if wish.any("pancake") {
        m.default = hex(0xc98a44);
        m.add("crust", MAIN, (1..5).map(|i| rod(0.66, 0.1).at(0.0, 0.12 * i as f32, 0.0)));
        m.add("butter", second(0xf5de7a), [soft_block(0.2, 0.08, 0.2, 0.02).at(0.0, 0.57, 0.0)]);
        return m;
    }
    m.add("cheese", second(0xf0c45a), [rod(0.63, 0.06).rough(0.015, 8.0).at(0.0, 0.04, 0.0)]);
    m.add("topping", own(0xbf2f22), (0..14).map(|i| { let a = i as f32 * 2.4; let r = 0.145 * (i as f32).sqrt(); rod(0.085, 0.04).at(r * a.cos(), 0.075, r * a.sin()) }));
    m.add("olive", own(0x2f3a24), (0..9).map(|i| { let a = i as f32 * 2.4 + 1.0; let r = 0.17 * (i as f32 + 0.5).sqrt(); ring(0.035, 0.018).at(r * a.cos(), 0.085, r * a.sin()) }));
    m.add("basil", own(0x3f8a34), (0..6).map(|i| { let a = i as f32 * 1.9 + 0.4; egg(0.06, 0.012, 0.035).turn_y(50.0 * i as f32).at(0.36 * a.cos(), 0.085, 0.36 * a.sin()) }));
    m.map(|solid| solid.turn_x(40.0))
}

fn cake(wish: &mut Wish<'_>) -> Model {
    let chocolate = wish.any("chocolate chocolate_cake");
    let mut m = Model::new(hex(if chocolate { 0x5a331d } else { 0xf5e9d6 }));
    let tiers = if wish.has("wedding cake") { 3 } else { 2 };
    for tier in 0..tiers {
        let (r, y) = (0.56 - 0.17 * tier as f32, 0.16 + 0.3 * tier as f32);
        m.add("body", MAIN, [rod(r, 0.3).at(0.0, y, 0.0)]);
        m.add("topping", second(0xf08aa8), [ring(r - 0.02, 0.045).at(0.0, y + 0.14, 0.0), ring(r, 0.035).at(0.0, y - 0.13, 0.0)]);
        m.add("topping", second(0xf08aa8), around(12, &egg(0.045, 0.09, 0.035).at(r, y + 0.08, 0.0)));
    }
    let top = 0.3 * tiers as f32 + 0.02;
    m.add("cherry", own(0xc81f2c), around(5, &ball(0.055).at(0.2, top + 0.04, 0.0)));
    m.add("candle", own(0x5aa0e0), around(4, &rod(0.018, 0.2).at(0.1, top + 0.1, 0.0)));
    m.add("flame", Coat::Own(hex(0xf9b428).finish(Finish::Glow)), around(4, &egg(0.022, 0.045, 0.022).at(0.1, top + 0.24, 0.0)));
    m.add("plate", own(0xe9ecef), [lathe(&[(0.0, -0.03), (0.5, -0.03), (0.74, 0.02), (0.74, 0.04), (0.0, 0.01)])]);
    m
}

fn cupcake(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf28ab4));
    m.add("cup", second(0x8a5a38), [taper(0.3, 0.42, 0.42).at(0.0, -0.2, 0.0)]);
    m.add("groove", Coat::Second(hex(0x6f4328)), around(20, &tube(&[(0.31, -0.4, 0.0, 0.02), (0.425, 0.0, 0.0, 0.02)])));
    m.add("topping", MAIN, [ring(0.3, 0.15).at(0.0, 0.06, 0.0), ring(0.2, 0.13).at(0.0, 0.22, 0.0), ring(0.1, 0.11).at(0.0, 0.36, 0.0), taper(0.13, 0.0, 0.2).at(0.0, 0.48, 0.0), rod(0.3, 0.2).at(0.0, 0.05, 0.0)]);
    m.add("cherry", own(0xc8202c), [ball(0.085).at(0.0, 0.6, 0.0)]);
    m
}

fn donut(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf080ac).finish(Finish::Gloss));
    m.add("dough", second(0xcf9550), [ring(0.42, 0.22)]);
    m.add("topping", MAIN, [ring(0.42, 0.215).stretch(1.0, 0.8, 1.0).rough(0.012, 7.0).at(0.0, 0.065, 0.0)]);
    let colours = [0x4ab0e8, 0xf6e04a, 0xf6f6f2, 0x62c85a];
    for index in 0..44 {
        let (around, across) = (index as f32 * 2.4, 0.9 * (index as f32 * 1.7).sin());
        let (r, y) = (0.42 + 0.215 * across.sin(), 0.07 + 0.175 * across.cos());
        m.add("sprinkle", own(colours[index % colours.len()]), [tube(&[(-0.03, 0.0, 0.0, 0.011), (0.03, 0.0, 0.0, 0.011)]).turn_y(67.0 * index as f32).at(r * around.cos(), y, r * around.sin())]);
    }
    m.map(|solid| solid.turn_x(50.0))
}

fn ice_cream(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf6d6c2));
    m.add("cone", Coat::Own(hex(0xc98d4a).with(Texture::Weave)), [taper(0.03, 0.26, 0.75).at(0.0, -0.34, 0.0), ring(0.25, 0.035).at(0.0, 0.03, 0.0)]);
    m.add("scoop", MAIN, [ball(0.29).rough(0.03, 7.0).at(0.0, 0.22, 0.0)]);
    m.add("scoop", second(0xf08aa0), [ball(0.24).rough(0.03, 7.0).at(0.0, 0.54, 0.0)]);
    m.add("cherry", own(0xc8202c), [ball(0.075).at(0.0, 0.8, 0.0)]);
    m
}

fn hot_dog(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xcf9450).with(Texture::Mottle));
    if wish.any("bread loaf toast baguette croissant bun") {
        let bend = if wish.has("croissant") { 0.22 } else { 0.0 };
        m.add("body", MAIN, [tube(&[(-0.7, 0.0, bend, 0.06 + 0.1 * f32::from(bend == 0.0)), (-0.3, 0.02, 0.0, 0.2), (0.3, 0.02, 0.0, 0.2), (0.7, 0.0, bend, 0.06 + 0.1 * f32::from(bend == 0.0))])]);
        m.add("crust", Coat::Tone(1.3), (0..4).map(|i| tube(&[(-0.36 + 0.22 * i as f32, 0.17, -0.1, 0.03), (-0.28 + 0.22 * i as f32, 0.19, 0.1, 0.03)])));
        return m;
    }
    m.add("bun", MAIN, [tube(&[(-0.55, -0.02, 0.13, 0.14), (0.55, -0.02, 0.13, 0.14)]), tube(&[(-0.55, -0.02, -0.13, 0.14), (0.55, -0.02, -0.13, 0.14)]), tube(&[(-0.55, -0.1, 0.0, 0.12), (0.55, -0.1, 0.0, 0.12)])]);
    m.add("sausage", own(0xa63e22), [tube(&[(-0.68, 0.1, 0.0, 0.11), (0.0, 0.08, 0.0, 0.12), (0.68, 0.1, 0.0, 0.11)])]);
    m.add("sauce", second(0xf2c21c), [tube(&(0..13).map(|i| (-0.6 + 0.1 * i as f32, 0.2, if i % 2 == 0 { 0.05 } else { -0.05 }, 0.024)).collect::<Vec<_>>())]);
    m
}

fn sushi(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf58a52).with(Texture::Stripes(glam::Vec3A::new(0.99, 0.78, 0.65))));
    m.add("rice", own(0xf5f3ec), [soft_block(0.46, 0.28, 0.95, 0.13).rough(0.02, 26.0)]);
    m.add("fish", MAIN, [soft_block(0.52, 0.13, 1.12, 0.06).at(0.0, 0.19, 0.0)]);
    m.add("band", own(0x1f2a22), [soft_block(0.54, 0.42, 0.2, 0.05).at(0.0, 0.05, 0.0)]);
    m
}

fn apple(wish: &mut Wish<'_>) -> Model {
    let code = match () {
        () if wish.any("orange nectarine grapefruit") => 0xf08a1c,
        () if wish.any("lemon") => 0xf4d92a,
        () if wish.any("lime") => 0x8fd02f,
        () if wish.any("peach apricot mango") => 0xf4a45a,
        () if wish.any("plum") => 0x5e2a6a,
        () => 0xc8231e,
    };
    let mut m = Model::new(hex(code).with(Texture::Mottle).finish(Finish::Gloss));
    if wish.any("orange lemon lime tomato grapefruit plum cherry mango") {
        m.add("body", MAIN, [egg(0.5, if wish.has("lemon") { 0.62 } else { 0.48 }, 0.5)]);
    } else {
        m.add("body", MAIN, [lathe(&[(0.0, -0.4), (0.1, -0.45), (0.28, -0.42), (0.44, -0.2), (0.52, 0.1), (0.44, 0.36), (0.24, 0.44), (0.1, 0.38), (0.0, 0.3)])]);
    }
    m.add("stem", own(0x5a3a1e), [tube(&[(0.0, 0.3, 0.0, 0.03), (0.02, 0.5, 0.0, 0.025), (0.08, 0.64, 0.0, 0.03)])]);
    m.add("leaf", own(0x4a9a38), [egg(0.17, 0.02, 0.09).turn_z(22.0).at(0.2, 0.56, 0.0)]);
    m
}

fn pear(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(if wish.any("eggplant aubergine fig") { 0x4a2458 } else if wish.any("egg") { 0xf0e6d4 } else if wish.has("potato") { 0xb58a54 } else { 0xb5c43c }).with(Texture::Mottle).finish(Finish::Gloss));
    if wish.any("egg easter_egg potato") {
        m.add("body", MAIN, [lathe(&[(0.0, -0.5), (0.2, -0.46), (0.38, -0.26), (0.42, 0.0), (0.34, 0.3), (0.18, 0.54), (0.0, 0.62)])]);
        return m;
    }
    m.add("body", MAIN, [lathe(&[(0.0, -0.5), (0.22, -0.5), (0.42, -0.32), (0.46, -0.1), (0.36, 0.14), (0.22, 0.34), (0.2, 0.5), (0.1, 0.6), (0.0, 0.6)])]);
    m.add("stem", own(0x5a4a26), [tube(&[(0.0, 0.58, 0.0, 0.035), (0.05, 0.8, 0.0, 0.03)])]);
    m.add("leaf", own(0x4a8a38), [egg(0.15, 0.02, 0.08).turn_z(20.0).at(0.16, 0.7, 0.0)]);
    m
}

fn banana(wish: &mut Wish<'_>) -> Model {
    let code = if wish.any("chili chilli pepper chili_pepper") { 0xcc2418 } else if wish.any("cucumber zucchini pickle bean") { 0x4a8a34 } else { 0xf4d433 };
    let mut m = Model::new(hex(code).finish(Finish::Gloss));
    let arc = |r: f32| tube(&[(-0.62, 0.28, 0.0, r * 0.3), (-0.4, -0.02, 0.0, r * 0.95), (0.0, -0.18, 0.0, r * 1.1), (0.4, -0.02, 0.0, r * 0.95), (0.6, 0.24, 0.0, r * 0.35)]);
    m.add("body", MAIN, [arc(0.15)]);
    m.add("stem", own(if code == 0xf4d433 { 0x8a7a2a } else { 0x4a7a30 }), [tube(&[(0.6, 0.24, 0.0, 0.05), (0.66, 0.4, 0.0, 0.05)])]);
    m.add("tip", own(0x4a3a1e), [ball(0.05).at(-0.62, 0.29, 0.0)]);
    m
}

fn carrot(wish: &mut Wish<'_>) -> Model {
    let strawberry = wish.has("strawberry");
    let paint = if strawberry { hex(0xd42a2c).with(Texture::Speckle).finish(Finish::Gloss) } else if wish.any("radish beet turnip") { hex(0xb8285a) } else if wish.has("corn") { hex(0xf3cd3a).with(Texture::Weave) } else { hex(0xee7a1e) };
    let mut m = Model::new(paint);
    let wide = if strawberry || wish.any("radish beet turnip") { 0.42 } else { 0.2 };
    m.add("body", MAIN, [lathe(&[(0.0, -0.7), (wide * 0.3, -0.5), (wide * 0.8, 0.0), (wide, 0.3), (wide * 0.6, 0.42), (0.0, 0.42)])]);
    m.add("leaf", Coat::Own(hex(0x4a9a38).with(Texture::Leaves)), around(8, &tube(&[(0.0, 0.4, 0.0, 0.03), (0.1, 0.66, 0.0, 0.045), (0.24, if strawberry { 0.42 } else { 0.86 }, 0.0, 0.015)])));
    m
}

fn grapes(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x5a2a7a).finish(Finish::Gloss));
    for layer in 0..6 {
        let count = [7, 7, 6, 4, 3, 1][layer];
        let r = [0.26, 0.26, 0.22, 0.16, 0.09, 0.0][layer];
        m.add("body", if layer % 2 == 0 { MAIN } else { Coat::Tone(0.9) }, around(count, &ball(0.14).at(r, 0.3 - 0.17 * layer as f32, 0.0)).into_iter().map(|solid| solid.turn_y(25.0 * layer as f32)));
    }
    m.add("body", MAIN, [ball(0.2).at(0.0, 0.2, 0.0)]);
    m.add("stem", own(0x6a5a2a), [tube(&[(0.0, 0.35, 0.0, 0.03), (0.02, 0.66, 0.0, 0.025)])]);
    m.add("leaf", own(0x4a9a38), [egg(0.24, 0.02, 0.2).turn_z(18.0).at(0.2, 0.52, 0.0)]);
    m
}

fn melon(wish: &mut Wish<'_>) -> Model {
    if wish.any("watermelon melon cantaloupe") {
        let mut m = Model::new(hex(0x3c8a34).with(Texture::Stripes(glam::Vec3A::new(0.12, 0.34, 0.14))));
        m.add("body", MAIN, [egg(0.5, 0.5, 0.62)]);
        return m;
    }
    let green = wish.any("cabbage lettuce");
    let mut m = Model::living(hex(if green { 0x8fc860 } else { 0xe67a1c }).finish(Finish::Gloss), 0.05);
    m.add("body", MAIN, around(10, &egg(0.26, 0.42, 0.2).at(0.34, 0.0, 0.0)));
    m.add("body", MAIN, [egg(0.4, 0.34, 0.4)]);
    m.add("stem", own(0x5a6a2c), [tube(&[(0.0, 0.3, 0.0, 0.07), (0.02, 0.48, 0.0, 0.05), (0.12, 0.6, 0.0, 0.045)])]).hard();
    if wish.any("jack_o_lantern lantern halloween face") {
        m.add("face", Coat::Own(hex(0xf9c531).finish(Finish::Glow)), [plate(&[(-0.32, 0.06), (-0.08, 0.06), (-0.2, 0.24)], 0.12).at(0.0, 0.0, 0.54), plate(&[(0.32, 0.06), (0.08, 0.06), (0.2, 0.24)], 0.12).at(0.0, 0.0, 0.54), plate(&[(-0.34, -0.08), (0.0, -0.14), (0.34, -0.08), (0.2, -0.26), (0.0, -0.3), (-0.2, -0.26)], 0.12).at(0.0, 0.0, 0.54)]).hard();
    }
    m
}

fn pineapple(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xd99a2b).with(Texture::Checks(glam::Vec3A::new(0.7, 0.48, 0.12))));
    m.add("body", MAIN, [egg(0.34, 0.48, 0.34).rough(0.03, 14.0)]);
    for ring in 0..3 {
        let r = ring as f32;
        m.add("leaf", Coat::Own(hex(0x3f8a3a).with(Texture::Leaves)), around(7, &tube(&[(0.04, 0.4, 0.0, 0.05), (0.14 - 0.03 * r, 0.62 + 0.06 * r, 0.0, 0.045), (0.34 - 0.12 * r, 0.76 + 0.14 * r, 0.0, 0.006)])).into_iter().map(|solid| solid.turn_y(22.0 * r)));
    }
    m
}

fn cheese(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xf3c53a));
    m.add("body", MAIN, [plate(&[(-0.6, -0.36), (0.6, 0.0), (-0.6, 0.36)], 0.46).turn_x(90.0)]);
    m.add("hole", Coat::Tone(0.72), (0..9).map(|i| { let f = i as f32; egg(0.07, 0.07, 0.07).at(-0.5 + 0.11 * f, 0.2 * (f * 2.1).sin(), 0.36 - 0.03 * 1.1 * f) }));
    m
}

fn drumstick(wish: &mut Wish<'_>) -> Model {
    let brown: Paint = hex(0x9a5526).with(Texture::Mottle).finish(Finish::Gloss);
    let mut m = Model::living(brown, 0.05);
    m.living = false;
    if wish.any("steak meat bacon ham") {
        m.default = hex(0xa8382e).with(Texture::Veins(glam::Vec3A::new(0.95, 0.82, 0.78)));
        m.add("body", MAIN, [egg(0.6, 0.12, 0.42), egg(0.32, 0.12, 0.34).at(0.4, 0.0, 0.14)]);
        m.add("bone", own(0xf2ead8), [rod(0.08, 0.25).at(-0.22, 0.0, 0.0)]).hard();
        return m.map(|solid| solid.turn_x(45.0));
    }
    m.add("body", MAIN, [egg(0.3, 0.38, 0.28).at(0.0, 0.26, 0.0), tube(&[(0.0, 0.0, 0.0, 0.2), (0.0, -0.3, 0.0, 0.09)])]);
    m.add("bone", own(0xf2ead8), [tube(&[(0.0, -0.26, 0.0, 0.055), (0.0, -0.6, 0.0, 0.05)]), ball(0.075).at(0.05, -0.62, 0.0), ball(0.075).at(-0.05, -0.62, 0.0)]).hard();
    m
}

fn cookie(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xc98d4c).with(Texture::Speckle));
    m.add("body", MAIN, [lathe(&[(0.0, -0.07), (0.5, -0.07), (0.56, 0.0), (0.48, 0.08), (0.0, 0.12)]).rough(0.02, 9.0)]);
    m.add("topping", second(0x40241a), (0..16).map(|i| { let a = i as f32 * 2.4; let r = 0.12 * (i as f32).sqrt(); egg(0.055, 0.04, 0.05).at(r * a.cos(), 0.11 - 0.06 * r, r * a.sin()) }));
    m.map(|solid| solid.turn_x(60.0))
}

fn lollipop(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xe8304a).finish(Finish::Gloss));
    m.add("body", MAIN, [rod(0.42, 0.14).turn_x(90.0).at(0.0, 0.4, 0.0)]);
    let spiral: Vec<(f32, f32, f32, f32)> = (0..24).map(|i| { let t = i as f32 / 23.0; let a = t * 16.0; (0.4 * t * a.cos(), 0.4 + 0.4 * t * a.sin(), 0.05, 0.035) }).collect();
    m.add("stripe", second(0xf7f4ee), [tube(&spiral)]);
    m.add("stick", own(0xf2efe6), [rod(0.028, 0.9).at(0.0, -0.42, 0.0)]);
    m
}

fn can(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xcc2420).finish(Finish::Gloss));
    let metal = hex(0xbfc4ca).finish(Finish::Metal);
    m.add("body", MAIN, [rod(0.34, 0.92)]);
    m.add("top", Coat::Own(metal), [taper(0.34, 0.28, 0.09).at(0.0, 0.5, 0.0), taper(0.27, 0.34, 0.08).at(0.0, -0.5, 0.0), ring(0.28, 0.02).at(0.0, 0.55, 0.0), egg(0.05, 0.012, 0.1).at(0.0, 0.56, 0.06)]);
    m.add("band", second(0xf2f2ee), [rod(0.345, 0.16).at(0.0, 0.06, 0.0)]);
    m
}

fn bottle(wish: &mut Wish<'_>) -> Model {
    let potion = wish.any("potion perfume perfume_bottle vial flask");
    let mut m = Model::new(if wish.has("milk") { hex(0xf2f2ee).finish(Finish::Gloss) } else { hex(if potion { 0x9a4ad0 } else { 0x2f6a42 }).finish(Finish::Gloss) });
    if potion {
        m.add("body", MAIN, [lathe(&[(0.0, -0.4), (0.26, -0.4), (0.42, -0.2), (0.42, 0.0), (0.28, 0.2), (0.11, 0.28), (0.1, 0.48), (0.15, 0.5), (0.15, 0.54), (0.0, 0.54)])]);
        m.add("cap", own(0xb58a58), [rod(0.09, 0.16).at(0.0, 0.6, 0.0)]);
        return m;
    }
    m.add("body", MAIN, [lathe(&[(0.0, -0.75), (0.24, -0.75), (0.25, -0.7), (0.25, 0.05), (0.2, 0.2), (0.09, 0.36), (0.08, 0.72), (0.0, 0.72)])]);
    m.add("label", second(0xefe4c8), [rod(0.255, 0.4).at(0.0, -0.3, 0.0)]);
    m.add("cap", own(0x8a2430), [rod(0.09, 0.16).at(0.0, 0.7, 0.0)]);
    m
}

fn wine_glass(wish: &mut Wish<'_>) -> Model {
    let metal = wish.any("goblet chalice");
    let mut m = Model::new(if metal { hex(0xe0b040).finish(Finish::Metal) } else { hex(0xd8eaf0).finish(Finish::Glass) });
    m.add("body", MAIN, [lathe(&[(0.0, -0.7), (0.32, -0.7), (0.3, -0.66), (0.05, -0.6), (0.045, -0.12), (0.2, 0.0), (0.33, 0.22), (0.33, 0.42), (0.27, 0.66), (0.25, 0.66), (0.31, 0.42), (0.3, 0.22), (0.18, 0.04), (0.0, -0.04)])]);
    m.add("wine", second(0x8a1730), [lathe(&[(0.0, -0.03), (0.17, 0.045), (0.29, 0.23), (0.3, 0.32), (0.0, 0.32)])]);
    if metal {
        m.add("gem", Coat::Own(hex(0xc4163a).finish(Finish::Gem)), around(6, &ball(0.055).at(0.335, 0.3, 0.0)));
    }
    m
}

fn fries(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0xcc2a20));
    m.add("box", MAIN, [taper(0.26, 0.36, 0.6).stretch(1.0, 1.0, 0.6).at(0.0, -0.1, 0.0)]);
    m.add("body", second(0xf2c84a), (0..24).map(|i| { let a = i as f32 * 2.4; let r = 0.06 * (i as f32).sqrt(); soft_block(0.07, 0.8, 0.07, 0.012).turn_z(-28.0 * r * a.cos() * 2.0).turn_y(20.0 * i as f32).at(r * a.cos(), 0.26 + 0.08 * (i as f32 * 1.3).sin(), 0.6 * r * a.sin()) }));
    m
}
