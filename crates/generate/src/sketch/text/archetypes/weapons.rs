//! Weapons and armour, upright and facing front.

use super::Archetype;
use crate::sketch::text::model::{Coat, MAIN, Model, Wish, own, second};
use crate::sketch::text::paint::{Finish, Paint, Texture, hex};
use crate::sketch::text::solid::{ball, block, egg, lathe, pair, plate, ring, rod, soft_block, taper, tube};

pub(super) const ALL: &[Archetype] = &[
    Archetype::new("sword", "katana,longsword,saber,sabre,rapier,broadsword,lightsaber,scimitar,claymore", sword),
    Archetype::new("dagger", "knife,machete,kitchen knife", dagger),
    Archetype::new("axe", "battle axe,hatchet,tomahawk,ax", axe),
    Archetype::new("bow", "longbow,bow and arrow,archery bow", bow),
    Archetype::new("crossbow", "", crossbow),
    Archetype::new("arrow", "spear,lance,javelin,trident,halberd,pike,harpoon,dart", spear),
    Archetype::new("shield", "buckler", shield),
    Archetype::new("mace", "war hammer,flail,morning star,club,warhammer,mjolnir", mace),
    Archetype::new("gun", "pistol,revolver,handgun,blaster,ray gun", pistol),
    Archetype::new("rifle", "shotgun,musket,machine gun,sniper rifle", rifle),
    Archetype::new("cannon", "catapult,mortar", cannon),
    Archetype::new("staff", "wand,magic wand,scepter,sceptre", staff),
    Archetype::new("bomb", "grenade,hand grenade", bomb),
    Archetype::new("armor", "armour,breastplate,chestplate,suit of armor", armor),
];

fn steel() -> Paint {
    hex(0xc2c8d0).finish(Finish::Metal)
}

fn brass() -> Coat {
    Coat::Second(hex(0xc9a13b).finish(Finish::Metal))
}

fn sword(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    let length = 1.05 * wish.vary(0.08);
    if wish.any("katana scimitar saber sabre") {
        m.add("blade", MAIN, [tube(&[(0.0, 0.0, 0.0, 0.045), (0.05, length * 0.5, 0.0, 0.045), (0.2, length, 0.0, 0.01)]).stretch(1.0, 1.0, 0.35)]);
    } else if wish.has("lightsaber") {
        m.default = hex(0x5cf07a).finish(Finish::Glow);
        m.add("blade", MAIN, [tube(&[(0.0, 0.0, 0.0, 0.04), (0.0, length, 0.0, 0.036)])]);
    } else {
        m.add("blade", MAIN, [lathe(&[(0.0, 0.0), (0.075, 0.0), (0.06, length * 0.85), (0.0, length)]).stretch(1.0, 1.0, 0.28)]);
    }
    m.add("guard", brass(), [tube(&[(-0.23, 0.02, 0.0, 0.03), (0.0, 0.0, 0.0, 0.04), (0.23, 0.02, 0.0, 0.03)])]);
    m.add("handle", own(0x4a2c18), [rod(0.036, 0.26).at(0.0, -0.15, 0.0)]);
    m.add("wrap", own(0x2b1a10), (0..5).map(|i| ring(0.036, 0.008).at(0.0, -0.06 - 0.045 * i as f32, 0.0)));
    m.add("gem", brass(), [ball(0.055).at(0.0, -0.31, 0.0)]);
    m
}

fn dagger(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    if wish.any("knife kitchen_knife machete") {
        m.add("blade", MAIN, [plate(&[(-0.06, 0.0), (0.09, 0.0), (0.1, 0.4), (-0.06, 0.7)], 0.025)]);
    } else {
        m.add("blade", MAIN, [lathe(&[(0.0, 0.0), (0.09, 0.0), (0.07, 0.35), (0.0, 0.66)]).stretch(1.0, 1.0, 0.26)]);
        m.add("guard", brass(), [soft_block(0.32, 0.05, 0.07, 0.02)]);
    }
    m.add("handle", own(0x4a2c18), [soft_block(0.09, 0.32, 0.06, 0.025).at(0.0, -0.17, 0.0)]);
    m.add("gem", brass(), [ball(0.05).at(0.0, -0.34, 0.0)]);
    m
}

fn axe(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    let half = [(0.02, 0.1), (0.16, 0.12), (0.34, 0.28), (0.4, 0.06), (0.4, -0.08), (0.34, -0.26), (0.16, -0.1), (0.02, -0.1)];
    let blade = plate(&half, 0.06).at(0.0, 0.62, 0.0);
    if wish.any("battle_axe double double-bladed bladed") {
        m.add("blade", MAIN, pair(blade));
    } else {
        m.add("blade", MAIN, [blade, soft_block(0.14, 0.12, 0.1, 0.02).at(-0.06, 0.62, 0.0)]);
    }
    m.add("handle", Coat::Second(hex(0x7a4e28).with(Texture::Grain)), [tube(&[(0.0, -0.7, 0.0, 0.035), (0.02, 0.0, 0.0, 0.03), (0.0, 0.76, 0.0, 0.034)])]);
    m
}

fn bow(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8a5a30).with(Texture::Grain));
    m.add("body", MAIN, [tube(&[(-0.18, 0.84, 0.0, 0.018), (0.06, 0.62, 0.0, 0.032), (0.2, 0.3, 0.0, 0.04), (0.16, 0.0, 0.0, 0.05), (0.2, -0.3, 0.0, 0.04), (0.06, -0.62, 0.0, 0.032), (-0.18, -0.84, 0.0, 0.018)])]);
    m.add("handle", own(0x3a2414), [rod(0.058, 0.24).at(0.165, 0.0, 0.0)]);
    m.add("string", own(0xe8e2d2), [tube(&[(-0.16, 0.82, 0.0, 0.01), (-0.16, -0.82, 0.0, 0.01)])]);
    m.add("arrow", own(0xc79a5c), [tube(&[(-0.2, 0.02, 0.02, 0.014), (0.5, 0.02, 0.02, 0.014)])]);
    m.add("tip", Coat::Own(steel()), [taper(0.04, 0.0, 0.12).turn_z(-90.0).at(0.54, 0.02, 0.02)]);
    m.add("feather", second(0xd03a2a), [plate(&[(-0.16, -0.06), (0.0, -0.06), (0.04, 0.0), (0.0, 0.06), (-0.16, 0.06), (-0.12, 0.0)], 0.012).at(-0.1, 0.02, 0.02)]);
    m
}

fn crossbow(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7a4e28).with(Texture::Grain));
    m.add("body", MAIN, [soft_block(0.09, 0.1, 1.1, 0.03), soft_block(0.1, 0.2, 0.22, 0.04).at(0.0, -0.06, -0.5)]);
    m.add("bow", Coat::Second(steel()), [tube(&[(-0.52, 0.04, 0.3, 0.016), (-0.25, 0.04, 0.48, 0.032), (0.0, 0.04, 0.52, 0.036), (0.25, 0.04, 0.48, 0.032), (0.52, 0.04, 0.3, 0.016)])]);
    m.add("string", own(0xe8e2d2), pair(tube(&[(0.5, 0.05, 0.31, 0.009), (0.0, 0.05, -0.05, 0.009)])));
    m.add("arrow", own(0xc79a5c), [tube(&[(0.0, 0.07, -0.05, 0.014), (0.0, 0.07, 0.66, 0.014)])]);
    m.add("tip", Coat::Own(steel()), [taper(0.032, 0.0, 0.1).turn_x(90.0).at(0.0, 0.07, 0.7)]);
    m.add("trigger", Coat::Own(steel()), [tube(&[(0.0, -0.05, -0.1, 0.015), (0.0, -0.16, -0.14, 0.015)])]);
    m
}

fn spear(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x8a5a30).with(Texture::Grain));
    m.add("handle", MAIN, [rod(0.026, 1.5)]);
    if wish.has("trident") {
        for x in [-0.16, 0.0, 0.16] {
            m.add("tip", Coat::Second(steel()), [tube(&[(0.0, 0.7, 0.0, 0.025), (x, 0.8, 0.0, 0.025), (x, 1.05, 0.0, 0.006)])]);
        }
    } else {
        m.add("tip", Coat::Second(steel()), [lathe(&[(0.0, 0.7), (0.03, 0.7), (0.09, 0.82), (0.0, 1.12)]).stretch(1.0, 1.0, 0.35)]);
    }
    m.add("feather", second(0xc8322a), [taper(0.07, 0.02, 0.12).at(0.0, 0.64, 0.0)]);
    if wish.any("arrow dart") {
        m.add("feather", second(0xc8322a), [0.0, 60.0, 120.0].map(|turn| block(0.2, 0.26, 0.012).turn_y(turn).at(0.0, -0.62, 0.0)));
    }
    m
}

fn shield(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x2f559c).finish(Finish::Gloss));
    if wish.any("round buckler circular viking") {
        m.add("body", MAIN, [egg(0.6, 0.6, 0.12)]);
        m.add("rim", Coat::Second(steel()), [ring(0.58, 0.05).turn_x(90.0)]);
    } else {
        let outline = [(-0.5, 0.6), (0.0, 0.68), (0.5, 0.6), (0.5, 0.05), (0.36, -0.36), (0.0, -0.74), (-0.36, -0.36), (-0.5, 0.05)];
        m.add("rim", Coat::Second(steel()), [plate(&outline, 0.1)]);
        m.add("body", MAIN, [plate(&outline.map(|(x, y)| (x * 0.88, y * 0.88 - 0.01)), 0.15)]);
        m.add("trim", Coat::Second(steel()), [block(0.07, 1.14, 0.17).at(0.0, -0.02, 0.0), block(0.82, 0.07, 0.17).at(0.0, 0.16, 0.0)]);
    }
    m.add("boss", Coat::Second(steel()), [egg(0.14, 0.14, 0.14).at(0.0, if wish.any("round buckler") { 0.0 } else { 0.16 }, 0.06)]);
    m
}

fn mace(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(steel());
    if wish.any("war_hammer warhammer hammer mjolnir") {
        m.add("head", MAIN, [soft_block(0.6, 0.3, 0.3, 0.04).at(0.0, 0.62, 0.0)]);
    } else {
        m.add("head", MAIN, [ball(0.2).at(0.0, 0.62, 0.0)]);
        m.add("spike", MAIN, (0..18).map(|i| { let y = 1.0 - (i as f32 + 0.5) / 9.0; taper(0.045, 0.0, 0.16).at(0.0, 0.25, 0.0).turn_x(y.acos().to_degrees()).turn_y(137.5 * i as f32).at(0.0, 0.62, 0.0) }));
    }
    m.add("handle", Coat::Second(hex(0x6b4526).with(Texture::Grain)), [rod(0.04, 1.1).at(0.0, -0.02, 0.0)]);
    m.add("band", MAIN, [-0.54, -0.2, 0.36].map(|y| rod(0.055, 0.05).at(0.0, y, 0.0)));
    m
}

fn pistol(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x3a3d43).finish(Finish::Metal));
    let side = |outline: &[(f32, f32)], width: f32| plate(outline, width);
    m.add("body", MAIN, [side(&[(-0.3, 0.1), (0.55, 0.1), (0.55, 0.26), (-0.34, 0.26)], 0.13), rod(0.05, 0.2).turn_z(90.0).at(0.6, 0.19, 0.0)]);
    m.add("handle", Coat::Second(hex(0x5e3a20).with(Texture::Grain)), [side(&[(-0.3, 0.12), (-0.04, 0.12), (-0.16, -0.36), (-0.42, -0.34)], 0.12)]);
    m.add("trigger", MAIN, [ring(0.09, 0.016).turn_x(90.0).at(0.04, 0.03, 0.0), tube(&[(0.04, 0.1, 0.0, 0.015), (0.03, 0.0, 0.0, 0.015)])]);
    m.add("sight", Coat::Tone(0.7), [block(0.04, 0.05, 0.03).at(0.5, 0.28, 0.0), block(0.05, 0.05, 0.08).at(-0.28, 0.28, 0.0)]);
    if wish.any("revolver") {
        m.add("drum", Coat::Tone(0.85), [rod(0.12, 0.24).turn_z(90.0).at(0.06, 0.15, 0.0)]);
    }
    if wish.any("blaster ray_gun ray") {
        m.add("ring", second(0x38d0e0), (0..3).map(|i| ring(0.12 - 0.02 * i as f32, 0.025).turn_z(90.0).at(0.3 + 0.12 * i as f32, 0.18, 0.0)));
    }
    m
}

fn rifle(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x35383d).finish(Finish::Metal));
    m.add("barrel", MAIN, [rod(0.03, 0.9).turn_z(90.0).at(0.5, 0.1, 0.0)]);
    m.add("body", MAIN, [soft_block(0.5, 0.14, 0.1, 0.02).at(0.0, 0.08, 0.0)]);
    m.add("handle", Coat::Second(hex(0x6b4526).with(Texture::Grain)), [plate(&[(-0.2, 0.14), (-0.85, 0.08), (-0.85, -0.18), (-0.72, -0.18), (-0.2, 0.0)], 0.09), soft_block(0.46, 0.09, 0.09, 0.03).at(0.42, 0.04, 0.0), plate(&[(-0.16, 0.04), (-0.04, 0.04), (-0.1, -0.2), (-0.22, -0.2)], 0.08)]);
    m.add("magazine", MAIN, [block(0.1, 0.24, 0.06).turn_z(8.0).at(0.1, -0.1, 0.0)]);
    m.add("scope", Coat::Tone(0.7), [rod(0.045, 0.36).turn_z(90.0).at(0.0, 0.24, 0.0), block(0.03, 0.1, 0.03).at(0.0, 0.17, 0.0)]);
    m
}

fn cannon(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x34363a).finish(Finish::Metal));
    m.add("barrel", MAIN, [lathe(&[(0.0, -0.5), (0.1, -0.48), (0.19, -0.36), (0.16, 0.1), (0.13, 0.6), (0.17, 0.64), (0.17, 0.72), (0.09, 0.72), (0.09, 0.4), (0.0, 0.4)]).turn_x(70.0).at(0.0, 0.5, 0.1)]);
    m.add("carriage", Coat::Second(hex(0x7a4e28).with(Texture::Grain)), pair(plate(&[(0.3, 0.46), (-0.1, 0.46), (-0.9, 0.02), (-0.9, 0.12), (-0.2, 0.62), (0.3, 0.56)], 0.06).turn_y(-90.0).at(0.2, -0.08, 0.0)));
    m.add("wheel", Coat::Second(hex(0x7a4e28).with(Texture::Grain)), pair(ring(0.33, 0.045).turn_z(90.0).at(0.32, 0.38, 0.08)));
    m.add("spoke", Coat::Second(hex(0x7a4e28).with(Texture::Grain)), (0..4).flat_map(|i| pair(rod(0.022, 0.62).turn_x(45.0 * i as f32).at(0.32, 0.38, 0.08))));
    m.add("axle", MAIN, [rod(0.05, 0.74).turn_z(90.0).at(0.0, 0.38, 0.08)]);
    m
}

fn staff(_: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(0x7a4e28).with(Texture::Grain));
    m.add("handle", MAIN, [tube(&[(0.0, -0.8, 0.0, 0.035), (0.03, -0.2, 0.0, 0.03), (0.0, 0.55, 0.0, 0.035), (0.12, 0.72, 0.0, 0.03), (0.06, 0.92, 0.0, 0.02), (-0.06, 0.96, 0.0, 0.012)]), tube(&[(0.0, 0.55, 0.0, 0.03), (-0.12, 0.7, 0.0, 0.025), (-0.1, 0.84, 0.0, 0.012)])]);
    m.add("gem", Coat::Second(hex(0x3fa8f0).finish(Finish::Gem)), [ball(0.1).at(0.0, 0.76, 0.0)]);
    m
}

fn bomb(wish: &mut Wish<'_>) -> Model {
    let mut m = Model::new(hex(if wish.any("grenade hand_grenade") { 0x4d5c36 } else { 0x2a2b30 }).finish(Finish::Gloss));
    m.add("body", MAIN, [ball(0.5)]);
    m.add("cap", Coat::Own(steel()), [rod(0.13, 0.12).at(0.0, 0.52, 0.0)]);
    m.add("string", own(0xc9b287), [tube(&[(0.0, 0.56, 0.0, 0.025), (0.06, 0.72, 0.0, 0.022), (0.2, 0.76, 0.02, 0.02)])]);
    m.add("light", Coat::Own(hex(0xf7a52a).finish(Finish::Glow)), [ball(0.05).at(0.22, 0.77, 0.02)]);
    m
}

fn armor(_: &mut Wish<'_>) -> Model {
    let mut m = Model::living(steel(), 0.04);
    m.living = false;
    m.add("body", MAIN, [egg(0.36, 0.34, 0.24).at(0.0, 0.2, 0.0), egg(0.28, 0.3, 0.2).at(0.0, -0.16, 0.0)]);
    m.add("shoulder", Coat::Tone(0.9), pair(egg(0.19, 0.14, 0.2).at(0.4, 0.42, 0.0))).hard();
    m.add("collar", Coat::Second(hex(0xc9a13b).finish(Finish::Metal)), [ring(0.17, 0.04).at(0.0, 0.5, 0.0)]).hard();
    m.add("trim", Coat::Second(hex(0xc9a13b).finish(Finish::Metal)), [tube(&[(0.0, 0.46, 0.21, 0.025), (0.0, 0.2, 0.245, 0.025), (0.0, -0.3, 0.18, 0.025)]), ring(0.27, 0.04).stretch(1.0, 1.0, 0.72).at(0.0, -0.3, 0.0)]).hard();
    m.add("skirt", MAIN, (0..9).map(|i| soft_block(0.15, 0.26, 0.04, 0.015).turn_x(12.0).at(0.0, -0.44, 0.26).turn_y(40.0 * i as f32).stretch(1.0, 1.0, 0.75))).hard();
    m
}
