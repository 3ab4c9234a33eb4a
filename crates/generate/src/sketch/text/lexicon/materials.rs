//! What things are made of.

use crate::sketch::text::paint::{Finish, Paint, Texture, hex};

/// What kind of stuff a material is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sketch::text) enum Kind {
    /// A metal, stone or the like: a living thing made of it is carved whole.
    Solid,
    /// A stone worn in jewelry: goes to the part called `gem` where there is one.
    Gem,
    /// Cloth, leather, wool.
    Soft,
}

/// A material: its words, its paint and its kind.
#[derive(Debug)]
pub(in crate::sketch::text) struct Material {
    pub(super) words: &'static str,
    colour: u32,
    texture: Texture,
    finish: Finish,
    pub(in crate::sketch::text) kind: Kind,
}

impl Material {
    /// The material's own paint.
    pub(in crate::sketch::text) fn paint(&self) -> Paint {
        hex(self.colour).with(self.texture).finish(self.finish)
    }
}

const fn material(
    words: &'static str,
    colour: u32,
    texture: Texture,
    finish: Finish,
    kind: Kind,
) -> Material {
    Material {
        words,
        colour,
        texture,
        finish,
        kind,
    }
}

const VEIN: Texture = Texture::Veins(glam::Vec3A::new(0.45, 0.45, 0.5));

pub(super) const MATERIALS: &[Material] = {
    use Finish::{Gem as Facet, Glass, Gloss, Matt, Metal};
    use Kind::{Gem, Soft, Solid};
    use Texture::{Bricks, Fur, Grain, Mottle, Plain, Speckle, Weave};
    &[
        material("gold,golden,gilded", 0xe5b02e, Plain, Metal, Solid),
        material("silver,silvery,platinum", 0xc3c8d0, Plain, Metal, Solid),
        material("bronze", 0xa8692c, Mottle, Metal, Solid),
        material("copper", 0xc5713f, Plain, Metal, Solid),
        material("brass", 0xc9a13b, Plain, Metal, Solid),
        material(
            "steel,stainless steel,metal,metallic,chrome,aluminum,aluminium,titanium,tin",
            0xaab0b8,
            Plain,
            Metal,
            Solid,
        ),
        material(
            "iron,cast iron,wrought iron",
            0x4a4c52,
            Mottle,
            Metal,
            Solid,
        ),
        material("rusty,rust,rusted", 0x9a4f22, Speckle, Matt, Solid),
        material(
            "wood,wooden,timber,pine,hardwood",
            0xa4703c,
            Grain,
            Matt,
            Solid,
        ),
        material("oak wood,oak", 0xb58649, Grain, Matt, Solid),
        material("walnut,mahogany,rosewood", 0x5e3420, Grain, Gloss, Solid),
        material(
            "cedar,cherry wood,teak,redwood",
            0xb0663a,
            Grain,
            Matt,
            Solid,
        ),
        material("ebony", 0x2b2320, Grain, Gloss, Solid),
        material(
            "bamboo wood,rattan,wicker,straw",
            0xcda866,
            Weave,
            Matt,
            Solid,
        ),
        material("marble", 0xe9e6e1, VEIN, Gloss, Solid),
        material("granite", 0x7d7a7c, Speckle, Gloss, Solid),
        material(
            "stone,rock,stony,limestone,sandstone",
            0x938c80,
            Speckle,
            Matt,
            Solid,
        ),
        material("cement,concrete", 0xa5a5a1, Speckle, Matt, Solid),
        material("brick", 0xa54d35, Bricks, Matt, Solid),
        material(
            "clay,terracotta,earthenware",
            0xc06a42,
            Speckle,
            Matt,
            Solid,
        ),
        material("ceramic,porcelain,enamel", 0xeceae4, Plain, Gloss, Solid),
        material("plastic,acrylic,vinyl,resin", 0xd8d8d8, Plain, Gloss, Solid),
        material("rubber", 0x2c2c2e, Plain, Matt, Solid),
        material("glass,transparent", 0xa9d6df, Plain, Glass, Solid),
        material(
            "crystal,crystalline,diamond,quartz",
            0xc2e2f4,
            Plain,
            Facet,
            Gem,
        ),
        material("ice,icy,frozen", 0xb9e2f5, VEIN, Facet, Solid),
        material("ruby,garnet", 0xc40d33, Plain, Facet, Gem),
        material("emerald", 0x0e9e55, Plain, Facet, Gem),
        material("sapphire", 0x1c46c9, Plain, Facet, Gem),
        material("amethyst", 0x8d45cb, Plain, Facet, Gem),
        material("topaz,citrine", 0xf0a93a, Plain, Facet, Gem),
        material("opal,moonstone", 0xdfe8ef, Texture::Mottle, Facet, Gem),
        material("jade", 0x3f9f70, Mottle, Gloss, Gem),
        material("onyx,obsidian", 0x17161c, Plain, Facet, Gem),
        material("pearl", 0xf0ebe2, Plain, Gloss, Gem),
        material("leather,suede", 0x70401f, Mottle, Gloss, Soft),
        material(
            "fabric,cloth,cotton,linen,denim,canvas",
            0x8493ab,
            Weave,
            Matt,
            Soft,
        ),
        material("velvet,silk,satin", 0x8c2846, Mottle, Gloss, Soft),
        material("wool,woolen,knitted,knit,felt", 0xd9cdb6, Weave, Matt, Soft),
        material("fur,furry,fluffy,plush", 0xa77d52, Fur, Matt, Soft),
        material("paper,cardboard", 0xcdb189, Mottle, Matt, Soft),
        material("chocolate", 0x54301c, Plain, Gloss, Solid),
        material(
            "lava,molten",
            0xd8400f,
            Texture::Veins(glam::Vec3A::new(1.0, 0.8, 0.1)),
            Matt,
            Solid,
        ),
    ]
};
