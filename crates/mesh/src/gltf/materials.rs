//! Materials and their base colour textures.

use std::collections::HashMap;

use glam::{Affine2, Mat2, Vec2, Vec4};
use gltf_json::material::{AlphaMode, Material as Written};
use gltf_json::texture::{Info, WrappingMode};
use gltf_json::validation::Checked;
use gltf_json::{Image, Root};

use super::buffers::{Buffers, fetch};
use crate::build::Builder;
use crate::material::{Alpha, Material, TextureUse, Wrap};
use crate::{MeshError, Resolve};

/// The document's materials, and the one of what has none.
pub(super) struct Materials {
    /// The set of texture coordinates that each material uses, in the document's order.
    sets: Vec<u32>,
    plain: u32,
}

impl Materials {
    /// Number of a primitive's material, and which set of texture coordinates it uses.
    pub(super) fn of(&self, index: Option<usize>) -> Result<(u32, u32), MeshError> {
        match index {
            None => Ok((self.plain, 0)),
            Some(index) => match self.sets.get(index) {
                Some(set) => Ok((index as u32, *set)),
                None => Err(super::buffers::absent("material", index)),
            },
        }
    }
}

pub(super) fn load(
    root: &Root,
    buffers: &Buffers<'_>,
    builder: &mut Builder,
    resolve: Resolve<'_>,
) -> Result<Materials, MeshError> {
    let mut images = Images {
        root,
        buffers,
        resolve,
        decoded: HashMap::new(),
    };
    let mut sets = Vec::with_capacity(root.materials.len());
    for written in &root.materials {
        let (factor, info) = base_colour(written);
        let alpha = alpha(written);
        let used = info.and_then(|info| images.used(info, alpha, builder));
        let (texture, set) = used.unzip();
        sets.push(set.unwrap_or(0));
        let factor = Vec4::from(factor.map(|value| if value.is_finite() { value } else { 1.0 }));
        builder.add_material(Material {
            factor,
            texture,
            alpha,
        })?;
    }
    let plain = builder.add_material(Material::default())?;
    Ok(Materials { sets, plain })
}

/// Factor and texture of the albedo, whichever of the two models of shading says it.
fn base_colour(material: &Written) -> ([f32; 4], Option<&Info>) {
    let old = material.extensions.as_ref();
    if let Some(old) = old.and_then(|extensions| extensions.pbr_specular_glossiness.as_ref()) {
        return (old.diffuse_factor.0, old.diffuse_texture.as_ref());
    }
    let pbr = &material.pbr_metallic_roughness;
    (pbr.base_color_factor.0, pbr.base_color_texture.as_ref())
}

fn alpha(material: &Written) -> Alpha {
    match material.alpha_mode {
        Checked::Valid(AlphaMode::Mask) => Alpha::Mask(material.alpha_cutoff.unwrap_or_default().0),
        Checked::Valid(AlphaMode::Blend) => Alpha::Blend,
        _ => Alpha::Opaque,
    }
}

/// Images, each decoded once.
struct Images<'a> {
    root: &'a Root,
    buffers: &'a Buffers<'a>,
    resolve: Resolve<'a>,
    decoded: HashMap<(usize, bool), Option<usize>>,
}

impl Images<'_> {
    /// How a material uses a texture, and which set of coordinates; a note when it cannot be had.
    fn used(
        &mut self,
        info: &Info,
        alpha: Alpha,
        builder: &mut Builder,
    ) -> Option<(TextureUse, u32)> {
        let texture = self.root.textures.get(info.index.value());
        let Some(texture) = texture else {
            builder.note(format!("texture {} does not exist", info.index.value()));
            return None;
        };
        // Where there is a WebP, the plain source is a stand-in for those who cannot read it.
        let webp = texture.extensions.as_ref().and_then(|extensions| {
            extensions
                .others
                .get("EXT_texture_webp")?
                .get("source")?
                .as_u64()
        });
        let source = webp.map_or(texture.source.value(), |source| source as usize);
        let Some(image) = self.root.images.get(source) else {
            let compressed = texture.extensions.as_ref();
            let name = compressed.and_then(|extensions| extensions.others.keys().next());
            builder.note(match name {
                Some(name) => format!("a texture is left out: it needs {name:.80}"),
                None => format!("image {source} does not exist"),
            });
            return None;
        };
        let key = (source, alpha != Alpha::Opaque);
        let index = match self.decoded.get(&key) {
            Some(index) => *index,
            None => {
                let index = self.decode(image, source, alpha, builder);
                self.decoded.insert(key, index);
                index
            }
        };
        let sampler = texture
            .sampler
            .and_then(|index| self.root.samplers.get(index.value()));
        let wrap = sampler.map_or([Wrap::Repeat; 2], |sampler| {
            [wrap(sampler.wrap_s), wrap(sampler.wrap_t)]
        });
        let (transform, set) = transform(info);
        Some((
            TextureUse {
                texture: index?,
                wrap,
                transform,
            },
            set,
        ))
    }

    fn decode(
        &self,
        image: &Image,
        number: usize,
        alpha: Alpha,
        builder: &mut Builder,
    ) -> Option<usize> {
        let name = number.to_string();
        let bytes = match (&image.uri, image.buffer_view) {
            (Some(uri), _) => fetch(uri, self.resolve),
            (None, Some(view)) => self
                .buffers
                .view(self.root, view)
                .map(|(bytes, _)| bytes.to_vec()),
            (None, None) => Err(MeshError::gltf("it has no source")),
        };
        match bytes {
            Ok(bytes) => builder.add_texture(&bytes, &name, alpha),
            Err(error) => {
                builder.note(format!("texture {name} is left out: {error}"));
                None
            }
        }
    }
}

fn wrap(mode: Checked<WrappingMode>) -> Wrap {
    match mode {
        Checked::Valid(WrappingMode::ClampToEdge) => Wrap::Clamp,
        Checked::Valid(WrappingMode::MirroredRepeat) => Wrap::Mirror,
        Checked::Valid(WrappingMode::Repeat) | Checked::Invalid => Wrap::Repeat,
    }
}

/// `KHR_texture_transform`: translation × rotation × scale, and the set of coordinates.
fn transform(info: &Info) -> (Affine2, u32) {
    let written = info.extensions.as_ref();
    let Some(written) = written.and_then(|extensions| extensions.texture_transform.as_ref()) else {
        return (Affine2::IDENTITY, info.tex_coord);
    };
    let scale = Mat2::from_diagonal(Vec2::from(written.scale.0));
    // The extension turns the other way: v counts downwards.
    let matrix = Mat2::from_angle(-written.rotation.0) * scale;
    let transform = Affine2::from_mat2_translation(matrix, Vec2::from(written.offset.0));
    let transform = if transform.is_finite() {
        transform
    } else {
        Affine2::IDENTITY
    };
    (transform, written.tex_coord.unwrap_or(info.tex_coord))
}
