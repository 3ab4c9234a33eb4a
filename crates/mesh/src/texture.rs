//! Textures: decoded within limits, averaged level by level, and looked up by footprint.

use std::io::Cursor;
use std::sync::LazyLock;

use glam::{Vec2, Vec4};
use image::{ImageReader, Limits};

use crate::material::Wrap;

/// The longest side of a texture that is read, in texels.
pub(crate) const MAX_SIDE: u32 = 16_384;
/// All textures of a mesh together have at most this many texels.
pub(crate) const MAX_TEXELS: usize = 1 << 27;

/// In which numbers colours are filtered and multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Space {
    /// Linear light: textures are decoded from sRGB, the result is encoded (glTF).
    #[default]
    Linear,
    /// As displayed: the numbers are taken as they are (OBJ and PLY, whose viewers do so).
    Display,
}

/// sRGB byte → linear light (IEC 61966-2-1).
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let value = byte as f32 / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    })
});

impl Space {
    fn decode(self, texel: [u8; 4]) -> Vec4 {
        let [red, green, blue] = match self {
            Self::Linear => [0, 1, 2].map(|channel| LINEAR[usize::from(texel[channel])]),
            Self::Display => [0, 1, 2].map(|channel| f32::from(texel[channel]) / 255.0),
        };
        Vec4::new(red, green, blue, f32::from(texel[3]) / 255.0)
    }

    /// A colour of this space as it is displayed, clamped to `0..1`; alpha stays.
    pub(crate) fn display(self, colour: Vec4) -> Vec4 {
        let encode = |value: f32| {
            let value = value.clamp(0.0, 1.0);
            match self {
                Self::Display => value,
                Self::Linear if value <= 0.003_130_8 => value * 12.92,
                Self::Linear => 1.055 * value.powf(1.0 / 2.4) - 0.055,
            }
        };
        // A NaN would survive clamp.
        let known = |value: f32| if value.is_nan() { 0.0 } else { encode(value) };
        Vec4::new(known(colour.x), known(colour.y), known(colour.z), colour.w)
    }
}

/// An image at full size and at every half of it.
#[derive(Debug)]
pub(crate) struct Texture {
    levels: Vec<Level>,
}

#[derive(Debug)]
struct Level {
    width: usize,
    height: usize,
    texels: Vec<[u8; 4]>,
}

impl Texture {
    /// Decodes PNG, JPEG, WebP or GIF. With `weigh_alpha`, what is transparent adds no colour to
    /// the averages.
    ///
    /// # Errors
    /// In one line, when it is none of these or beyond `budget` texels.
    pub(crate) fn decode(
        bytes: &[u8],
        space: Space,
        weigh_alpha: bool,
        budget: usize,
    ) -> Result<Self, String> {
        let reader = || {
            let mut reader = ImageReader::new(Cursor::new(bytes));
            reader.limits(limits(budget));
            reader.with_guessed_format()
        };
        let size = reader().and_then(|reader| {
            let size = reader.into_dimensions();
            size.map_err(std::io::Error::other)
        });
        let (width, height) = size.map_err(|error| error.to_string())?;
        let texels = width as usize * height as usize;
        if width > MAX_SIDE || height > MAX_SIDE || texels > budget {
            return Err(format!("{width}×{height} texels are too many"));
        }
        let image = reader()
            .map_err(|error| error.to_string())?
            .decode()
            .map_err(|error| error.to_string())?
            .into_rgba8();
        if image.is_empty() {
            return Err("it has no texels".into());
        }
        let first = Level {
            width: image.width() as usize,
            height: image.height() as usize,
            texels: image.into_raw().as_chunks().0.to_vec(),
        };
        Ok(Self::with_levels(first, space, weigh_alpha))
    }

    fn with_levels(first: Level, space: Space, weigh_alpha: bool) -> Self {
        let mut levels = vec![first];
        while let Some(last) = levels.last()
            && last.width.max(last.height) > 1
        {
            let half = last.half(space, weigh_alpha);
            levels.push(half);
        }
        Self { levels }
    }

    /// Texels of the full size.
    pub(crate) fn texels(&self) -> usize {
        self.levels.first().map_or(0, |level| level.texels.len())
    }

    /// The colour in `space` at `uv`, (0, 0) being the first texel's outer corner and (1, 1) the
    /// last one's, averaged over about a square of the side `footprint` (same units).
    pub(crate) fn look_up(&self, uv: Vec2, footprint: f32, wrap: [Wrap; 2], space: Space) -> Vec4 {
        let Some(full) = self.levels.first() else {
            return Vec4::ONE;
        };
        let texels = footprint * ((full.width * full.height) as f32).sqrt();
        let deepest = (self.levels.len() - 1) as f32;
        let level = texels.max(1.0).log2().clamp(0.0, deepest);
        let (fine, share) = (level as usize, level.fract());
        let colour = self.levels[fine].bilinear(uv, wrap, space);
        match self.levels.get(fine + 1) {
            Some(coarse) if share > 0.0 => colour.lerp(coarse.bilinear(uv, wrap, space), share),
            _ => colour,
        }
    }
}

fn limits(budget: usize) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    // Decoders hold up to eight bytes per texel (16 bits per channel) and some rows.
    limits.max_alloc = Some(budget as u64 * 8 + (1 << 24));
    limits
}

impl Level {
    fn half(&self, space: Space, weigh_alpha: bool) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let mut texels = Vec::with_capacity(width * height);
        for y in 0..height {
            let rows = [2 * y, (2 * y + 1).min(self.height - 1)];
            for x in 0..width {
                let columns = [2 * x, (2 * x + 1).min(self.width - 1)];
                let (mut sum, mut weights) = (Vec4::ZERO, 0.0);
                for (row, column) in rows.iter().flat_map(|row| columns.map(|at| (row, at))) {
                    let colour = space.decode(self.texels[row * self.width + column]);
                    let weight = if weigh_alpha { colour.w + 1e-4 } else { 1.0 };
                    sum += (colour * weight).with_w(colour.w);
                    weights += weight;
                }
                let mean = space.display(sum / weights).with_w(sum.w / 4.0);
                texels.push((mean * 255.0).round().to_array().map(|value| value as u8));
            }
        }
        Self {
            width,
            height,
            texels,
        }
    }

    fn bilinear(&self, uv: Vec2, wrap: [Wrap; 2], space: Space) -> Vec4 {
        let (x, x_share) = neighbours(uv.x, self.width, wrap[0]);
        let (y, y_share) = neighbours(uv.y, self.height, wrap[1]);
        let texel = |x: usize, y: usize| space.decode(self.texels[y * self.width + x]);
        let upper = texel(x[0], y[0]).lerp(texel(x[1], y[0]), x_share);
        let lower = texel(x[0], y[1]).lerp(texel(x[1], y[1]), x_share);
        upper.lerp(lower, y_share)
    }
}

/// The two texels of `count` whose centres enclose `at` (`0..1`), and the second one's share.
fn neighbours(at: f32, count: usize, wrap: Wrap) -> ([usize; 2], f32) {
    let at = if at.is_finite() { at } else { 0.0 };
    // Within one period first: what is far out has no precision left to lose.
    let at = match wrap {
        Wrap::Repeat => at - at.floor(),
        Wrap::Mirror => at - 2.0 * (at / 2.0).floor(),
        Wrap::Clamp => at.clamp(0.0, 1.0),
    };
    let place = at * count as f32 - 0.5;
    let first = place.floor();
    let last = count as i64 - 1;
    let index = |at: i64| match wrap {
        Wrap::Repeat => at.rem_euclid(last + 1),
        Wrap::Mirror => {
            let within = at.rem_euclid(2 * (last + 1));
            within.min(2 * last + 1 - within)
        }
        Wrap::Clamp => at.clamp(0, last),
    };
    let first_index = first as i64;
    (
        [index(first_index) as usize, index(first_index + 1) as usize],
        place - first,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texture(width: u32, height: u32, texel: impl Fn(u32, u32) -> [u8; 4]) -> Texture {
        let image = image::RgbaImage::from_fn(width, height, |x, y| image::Rgba(texel(x, y)));
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, image::ImageFormat::Png).unwrap();
        Texture::decode(png.get_ref(), Space::Linear, true, 1 << 20).unwrap()
    }

    fn red(texture: &Texture, u: f32, v: f32, footprint: f32, wrap: Wrap) -> f32 {
        let at = Vec2::new(u, v);
        texture.look_up(at, footprint, [wrap; 2], Space::Display).x
    }

    #[test]
    fn every_wrap_continues_as_it_should() {
        let ramp = texture(4, 1, |x, _| [x as u8 * 80, 0, 0, 255]);
        let centre = |texel: f32| (texel + 0.5) / 4.0;
        for texel in 0..4 {
            let value = texel as f32 * 80.0 / 255.0;
            for (wrap, turn) in [(Wrap::Repeat, 7.0), (Wrap::Mirror, 2.0), (Wrap::Clamp, 0.0)] {
                let seen = red(&ramp, centre(texel as f32) + turn, 0.5, 0.0, wrap);
                assert!((seen - value).abs() < 1e-5, "{wrap:?} {texel}: {seen}");
            }
        }
        let last = 240.0 / 255.0;
        assert!((red(&ramp, 9.0, 0.5, 0.0, Wrap::Clamp) - last).abs() < 1e-5);
        assert!((red(&ramp, 1.125, 0.5, 0.0, Wrap::Mirror) - last).abs() < 1e-5);
        assert!((red(&ramp, 1.0, 0.5, 0.0, Wrap::Repeat) - last / 2.0).abs() < 1e-5);
        for hostile in [f32::NAN, f32::INFINITY, -1e30, 1e30] {
            assert!(red(&ramp, hostile, hostile, hostile, Wrap::Repeat).is_finite());
        }
    }

    #[test]
    fn averages_are_of_light_and_leave_out_what_is_transparent() {
        let checker = texture(8, 8, |x, y| {
            if (x + y) % 2 == 0 {
                [255; 4]
            } else {
                [0, 0, 0, 255]
            }
        });
        let grey = red(&checker, 0.3, 0.3, 1.0, Wrap::Repeat);
        // Half the light of white is displayed as 188 of 255.
        assert!((grey * 255.0 - 188.0).abs() < 1.5, "{grey}");
        let holes = texture(
            8,
            8,
            |x, _| if x % 2 == 0 { [200, 0, 0, 255] } else { [0; 4] },
        );
        let average = holes.look_up(Vec2::splat(0.5), 1.0, [Wrap::Repeat; 2], Space::Display);
        assert!((average.x * 255.0 - 200.0).abs() < 1.5, "{average}");
        assert!((average.w - 0.5).abs() < 0.01, "{average}");
    }

    #[test]
    fn too_many_texels_are_refused_before_they_are_decoded() {
        let image = image::RgbaImage::new(64, 64);
        let mut png = Cursor::new(Vec::new());
        image.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let refused = Texture::decode(png.get_ref(), Space::Linear, false, 1000).unwrap_err();
        assert!(refused.contains("too many"), "{refused}");
        assert!(Texture::decode(b"hello", Space::Linear, false, 1000).is_err());
    }
}
