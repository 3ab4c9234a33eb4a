//! What a surface is painted with.

use std::f32::consts::TAU;

use glam::{Affine2, Vec2, Vec4};

use crate::texture::{Space, Texture};

/// What becomes of a texel's alpha.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Alpha {
    /// It means nothing.
    Opaque,
    /// Below this it is cut out, else opaque.
    Mask(f32),
    /// It is the opacity.
    Blend,
}

/// What a texture shows beyond its border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrap {
    Repeat,
    Mirror,
    Clamp,
}

/// A texture as one material uses it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TextureUse {
    /// Index into the mesh's textures.
    pub(crate) texture: usize,
    pub(crate) wrap: [Wrap; 2],
    /// From the mesh's texture coordinates to the texture's, (0, 0) its first texel's corner.
    pub(crate) transform: Affine2,
}

/// How a surface is painted; white and opaque by default.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Material {
    /// Multiplied into everything, in the space of the mesh; alpha last.
    pub(crate) factor: Vec4,
    pub(crate) texture: Option<TextureUse>,
    pub(crate) alpha: Alpha,
}

impl Default for Material {
    fn default() -> Self {
        Self {
            factor: Vec4::ONE,
            texture: None,
            alpha: Alpha::Opaque,
        }
    }
}

/// So many places around one are looked at for a cut-out, in opposite pairs.
const AROUND: usize = 8;

impl Material {
    /// Whether a place that is not cut out has nothing cut out within `reach` (in texture
    /// coordinates), so that a soft edge stays off the hole; or has it on opposite sides, as hair
    /// and twigs have, which must not vanish.
    pub(crate) fn is_clear_of_cut(&self, textures: &[Texture], uv: Vec2, reach: f32) -> bool {
        let (Alpha::Mask(cutoff), Some(used)) = (self.alpha, &self.texture) else {
            return true;
        };
        let Some(texture) = textures.get(used.texture) else {
            return true;
        };
        let at = used.transform.transform_point2(uv);
        let reach = reach * used.transform.matrix2.determinant().abs().sqrt();
        let is_cut: [bool; AROUND] = std::array::from_fn(|index| {
            let turn = Vec2::from_angle(TAU * index as f32 / AROUND as f32);
            let place = at + turn * reach;
            let texel = texture.look_up(place, 0.5 * reach, used.wrap, Space::Display);
            texel.w * self.factor.w < cutoff
        });
        let (one, other) = is_cut.split_at(AROUND / 2);
        let is_thin = one.iter().zip(other).any(|(one, other)| *one && *other);
        is_thin || !is_cut.contains(&true)
    }

    /// The displayed colour (red, green, blue in `0..1`) and opacity at texture coordinates `uv`,
    /// averaged over a square of the side `footprint` in texture coordinates; `None` where cut out.
    pub(crate) fn paint(
        &self,
        textures: &[Texture],
        space: Space,
        uv: Vec2,
        footprint: f32,
        vertex: Vec4,
    ) -> Option<Vec4> {
        let mut colour = self.factor * vertex;
        if let Some(used) = &self.texture
            && let Some(texture) = textures.get(used.texture)
        {
            let at = used.transform.transform_point2(uv);
            let stretch = used.transform.matrix2.determinant().abs().sqrt();
            colour *= texture.look_up(at, footprint * stretch, used.wrap, space);
        }
        let opacity = match self.alpha {
            Alpha::Opaque => 1.0,
            Alpha::Mask(cutoff) => f32::from(u8::from(colour.w >= cutoff)),
            Alpha::Blend => colour.w.clamp(0.0, 1.0),
        };
        // Less than the renderer's 1/255 is nothing.
        (opacity >= 1.0 / 255.0).then(|| space.display(colour).with_w(opacity))
    }
}
