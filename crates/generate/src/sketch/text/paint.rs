//! Paint: a colour, what varies it over the surface, and how the surface takes the light.

use glam::Vec3A;

use super::noise;

/// What varies a paint's colour from place to place. Coordinates are those of the finished
/// sculpture (longest side 1.5), so textures keep their scale on every archetype.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Texture {
    Plain,
    /// Soft unevenness: hide, plaster, felt.
    Mottle,
    /// Fine streaks running down: fur, feathers, grass.
    Fur,
    /// Wood: long rings along the vertical.
    Grain,
    /// Marble: thin bent lines of the second colour.
    Veins(Vec3A),
    /// Stone, cement, terracotta: fine dark and light grains.
    Speckle,
    /// Cloth and wicker: a fine weave.
    Weave,
    /// Bricks with light joints.
    Bricks,
    /// Leaf to leaf changes.
    Leaves,
    /// Round spots.
    Spots(Vec3A),
    /// Large patches with thin borders, as on a giraffe.
    Patches(Vec3A),
    /// Wavering stripes across the body.
    Stripes(Vec3A),
    /// A checkerboard.
    Checks(Vec3A),
    /// One large blot on the front: an accent that has no part of its own.
    Blot(Vec3A),
    /// All hues along the height.
    Rainbow,
}

/// How the surface takes the light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    Matt,
    Gloss,
    Metal,
    /// Shows what is behind it.
    Glass,
    /// Bright, contrasting facets.
    Gem,
    /// Gives light: no shading at all.
    Glow,
}

/// Colour, texture and finish of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Paint {
    /// Linear in the display's own encoding, `0..1` per channel.
    pub(super) colour: Vec3A,
    pub(super) texture: Texture,
    pub(super) finish: Finish,
}

/// The colour written as `0xRRGGBB`.
pub(super) fn rgb(code: u32) -> Vec3A {
    let channel = |shift: u32| ((code >> shift) & 0xff) as f32 / 255.0;
    Vec3A::new(channel(16), channel(8), channel(0))
}

/// A plain matt paint.
pub(super) fn hex(code: u32) -> Paint {
    Paint {
        colour: rgb(code),
        texture: Texture::Plain,
        finish: Finish::Matt,
    }
}

/// A glossy paint: lacquer, enamel, plastic.
pub(super) fn gloss(code: u32) -> Paint {
    hex(code).finish(Finish::Gloss)
}

/// Bare metal.
pub(super) fn metal(code: u32) -> Paint {
    hex(code).finish(Finish::Metal)
}

/// Wood with its grain.
pub(super) fn wooden(code: u32) -> Paint {
    hex(code).with(Texture::Grain)
}

/// Woven cloth.
pub(super) fn cloth(code: u32) -> Paint {
    hex(code).with(Texture::Weave)
}

impl Paint {
    /// The same with another texture.
    pub(super) fn with(self, texture: Texture) -> Self {
        Self { texture, ..self }
    }

    /// The same with another finish.
    pub(super) fn finish(self, finish: Finish) -> Self {
        Self { finish, ..self }
    }

    /// The same, darker (`< 1`) or lighter (`> 1`).
    pub(super) fn tone(self, factor: f32) -> Self {
        let colour = if factor > 1.0 {
            self.colour.lerp(Vec3A::ONE, (factor - 1.0).min(1.0))
        } else {
            self.colour * factor
        };
        Self { colour, ..self }
    }

    /// Perceived brightness, `0..1`.
    pub(super) fn luminance(self) -> f32 {
        self.colour.dot(Vec3A::new(0.3, 0.59, 0.11))
    }

    /// Opacity of a splat of this paint.
    pub(super) fn opacity(self) -> f32 {
        if self.finish == Finish::Glass {
            0.3
        } else {
            0.97
        }
    }

    /// The unlit colour at a place of the surface.
    fn albedo(self, at: Vec3A) -> Vec3A {
        let colour = self.colour;
        let vary = |amount: f32, noise: f32| colour * (1.0 + amount * (2.0 * noise - 1.0));
        match self.texture {
            Texture::Plain => colour,
            Texture::Mottle => vary(0.16, noise::fractal(at * 7.0, 3)),
            Texture::Fur => vary(0.3, noise::fractal(at * Vec3A::new(46.0, 9.0, 30.0), 2)),
            Texture::Grain => {
                let bend = noise::value(at * 3.0) * 2.2;
                let ring = (at * Vec3A::new(26.0, 2.2, 26.0)).element_sum() + bend * 5.0;
                let fibre = noise::value(at * Vec3A::new(90.0, 8.0, 90.0));
                colour * (0.84 + 0.16 * ring.sin() + 0.14 * (fibre - 0.3))
            }
            Texture::Veins(vein) => {
                let bent = at * 2.6 + Vec3A::splat(3.0 * noise::fractal(at * 3.1, 3));
                let line = 1.0 - (bent.element_sum() * 2.4).sin().abs();
                let cloud = 0.93 + 0.1 * noise::fractal(at * 5.0, 3);
                (colour * cloud).lerp(vein, 0.75 * line.powi(7))
            }
            Texture::Speckle => {
                let grain = noise::value(at * 75.0);
                vary(0.2, 0.6 * grain + 0.4 * noise::fractal(at * 9.0, 3))
            }
            Texture::Weave => {
                let thread = |a: f32, b: f32| (a * 95.0).sin() * (b * 95.0).sin();
                colour * (0.93 + 0.1 * thread(at.x + at.z, at.y + 0.3 * at.z))
            }
            Texture::Bricks => bricks(colour, at),
            Texture::Leaves => {
                let leaf = noise::scattered(at * 17.0).1;
                let crown = noise::value(at * 4.0);
                colour * (0.62 + 0.55 * leaf + 0.2 * crown)
            }
            Texture::Spots(spot) => {
                let (distance, _) = noise::scattered(at * 6.5);
                mix_at(colour, spot, 0.38 - distance)
            }
            Texture::Patches(patch) => {
                let wobble = Vec3A::splat(noise::value(at * 9.0) * 0.35);
                let (distance, _) = noise::scattered(at * 7.0 + wobble);
                mix_at(colour, patch, 0.52 - distance)
            }
            Texture::Stripes(stripe) => {
                let wave = at.y + 0.75 * at.z + 0.25 * at.x + 0.09 * noise::fractal(at * 4.0, 2);
                mix_at(colour, stripe, 0.5 * (wave * 34.0).sin())
            }
            Texture::Checks(other) => {
                let cells = (at * 7.0 + Vec3A::splat(0.5)).floor().element_sum();
                if cells.rem_euclid(2.0) < 0.5 {
                    colour
                } else {
                    other
                }
            }
            Texture::Blot(other) => {
                let reach = 0.42 + 0.3 * (noise::fractal(at * 4.0, 3) - 0.5);
                let from_front = at.distance(Vec3A::new(0.0, 0.05, 0.45));
                mix_at(colour, other, reach - from_front)
            }
            Texture::Rainbow => hue(0.5 + at.y * 0.62),
        }
    }

    /// The colour to show. `at` and `normal` in the frame of the finished sculpture; `open` says
    /// how much of the sky the place sees, `0..1`.
    pub(super) fn lit(self, at: Vec3A, normal: Vec3A, open: f32) -> Vec3A {
        let albedo = self.albedo(at).clamp(Vec3A::ZERO, Vec3A::ONE);
        let light = Vec3A::new(0.28, 0.84, 0.46);
        let facing = 0.5 + 0.5 * normal.dot(light);
        let shade = (0.58 + 0.46 * facing) * (0.42 + 0.58 * open);
        let glint = |power: i32| facing.clamp(0.0, 1.0).powi(power) * open;
        let shown = match self.finish {
            Finish::Glow => albedo,
            Finish::Matt => albedo * shade,
            Finish::Gloss => (albedo * shade).lerp(Vec3A::ONE, 0.4 * glint(26)),
            Finish::Glass => (albedo * (0.75 + 0.25 * shade)).lerp(Vec3A::ONE, 0.7 * glint(16)),
            Finish::Metal => {
                // A bright sky, a dark horizon, a bright window: what makes metal look like metal.
                let band = |centre: f32, width: f32| (-((facing - centre) / width).powi(2)).exp();
                let mirror = 0.72 + 0.3 * facing + 0.35 * band(0.86, 0.08) - 0.3 * band(0.42, 0.12)
                    + 0.12 * band(0.12, 0.1);
                (albedo * mirror * (0.5 + 0.5 * open)).lerp(Vec3A::ONE, 0.35 * band(0.97, 0.05))
            }
            Finish::Gem => {
                let facet = noise::hash((normal * 6.0).round().as_ivec3());
                (albedo * (0.62 + 0.5 * facet + 0.25 * facing))
                    .lerp(Vec3A::ONE, 0.5 * glint(12) + 0.22 * (facet - 0.72).max(0.0))
            }
        };
        shown.clamp(Vec3A::ZERO, Vec3A::ONE)
    }
}

/// `b` where `amount` is above zero, with a short soft border.
fn mix_at(a: Vec3A, b: Vec3A, amount: f32) -> Vec3A {
    a.lerp(b, (amount * 16.0 + 0.5).clamp(0.0, 1.0))
}

fn bricks(colour: Vec3A, at: Vec3A) -> Vec3A {
    let row = (at.y * 15.0).floor();
    let along = (at.x + at.z) * 7.0 + 0.5 * row.rem_euclid(2.0);
    let joint = (at.y * 15.0 - row).min((along - along.floor()) * 2.2);
    if joint < 0.16 {
        return colour.lerp(Vec3A::splat(0.8), 0.6);
    }
    let brick = glam::IVec3::new(along.floor() as i32, row as i32, 0);
    colour * (0.85 + 0.25 * noise::hash(brick))
}

/// The fully saturated colour at `turn` of the colour circle.
fn hue(turn: f32) -> Vec3A {
    let channel = |shift: f32| {
        let angle = (turn + shift) * std::f32::consts::TAU;
        0.55 + 0.42 * angle.cos()
    };
    Vec3A::new(channel(0.0), channel(-1.0 / 3.0), channel(1.0 / 3.0))
}
