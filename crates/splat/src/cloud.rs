//! The Gaussians of one asset as a structure of arrays.

use thiserror::Error;

/// One Gaussian, in the stored (not yet activated) form the 3DGS PLY uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Splat {
    /// Centre, in the units of the asset's frame.
    pub position: [f32; 3],
    /// Natural logarithm of the standard deviation along each local axis.
    pub log_scale: [f32; 3],
    /// Rotation quaternion `w, x, y, z`; need not be normalised.
    pub rotation: [f32; 4],
    /// Opacity before the sigmoid. ±∞ is legal: SPZ decodes 0 and 255 to it.
    pub opacity_logit: f32,
    /// Spherical-harmonic coefficient of degree 0 per channel (`f_dc`):
    /// `rgb = 0.5 + 0.282_094_8 · f_dc`, unclamped.
    pub colour: [f32; 3],
}

/// View-dependent colour above degree 0. Splatsmith carries it through containers; nothing renders
/// it, because the validator throws it away.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sh {
    /// 0 (none) to 3.
    pub degree: u8,
    /// `coefficients_per_splat(degree)` values per splat, splat after splat; within a splat the
    /// coefficient is outer and the channel inner: `[c0.r, c0.g, c0.b, c1.r, …]`.
    pub values: Vec<f32>,
}

impl Sh {
    /// How many values each splat has: 0, 9, 24 or 45.
    #[must_use]
    pub const fn values_per_splat(degree: u8) -> usize {
        let side = degree as usize + 1;
        3 * (side * side - 1)
    }
}

/// The columns of a [`Cloud`], all of one length: what readers build and renderers read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Centres: x, y, z.
    pub positions: [Vec<f32>; 3],
    /// Natural logarithms of the standard deviations along the local x, y, z.
    pub log_scales: [Vec<f32>; 3],
    /// Quaternions: w, x, y, z; not necessarily normalised.
    pub rotations: [Vec<f32>; 4],
    /// Opacities before the sigmoid.
    pub opacity_logits: Vec<f32>,
    /// Degree-0 spherical-harmonic coefficients: red, green, blue.
    pub colours: [Vec<f32>; 3],
    /// Higher degrees, or none.
    pub sh: Sh,
}

/// The columns handed to [`Cloud::from_columns`] are not of one length.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("column {column} holds {found} values where {expected} splats need {expected_values}")]
pub struct LengthMismatch {
    column: &'static str,
    found: usize,
    expected: usize,
    expected_values: usize,
}

/// The Gaussians of one asset, column by column. All columns are of one length, always.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cloud {
    columns: Columns,
}

impl Cloud {
    /// An empty cloud with room for `count` splats without spherical harmonics above degree 0.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        let column = || Vec::with_capacity(count);
        Self {
            columns: Columns {
                positions: std::array::from_fn(|_| column()),
                log_scales: std::array::from_fn(|_| column()),
                rotations: std::array::from_fn(|_| column()),
                opacity_logits: column(),
                colours: std::array::from_fn(|_| column()),
                sh: Sh::default(),
            },
        }
    }

    /// Takes columns that a reader has filled.
    ///
    /// # Errors
    /// When the columns are not of one length, or the spherical harmonics do not fit their degree.
    pub fn from_columns(columns: Columns) -> Result<Self, LengthMismatch> {
        let expected = columns.positions[0].len();
        let sh_values = Sh::values_per_splat(columns.sh.degree.min(3)) * expected;
        let named = columns
            .positions
            .iter()
            .map(|column| ("position", column.len(), expected))
            .chain(
                columns
                    .log_scales
                    .iter()
                    .map(|column| ("scale", column.len(), expected)),
            )
            .chain(
                columns
                    .rotations
                    .iter()
                    .map(|column| ("rotation", column.len(), expected)),
            )
            .chain([("opacity", columns.opacity_logits.len(), expected)])
            .chain(
                columns
                    .colours
                    .iter()
                    .map(|column| ("colour", column.len(), expected)),
            )
            .chain([("spherical harmonics", columns.sh.values.len(), sh_values)]);
        for (column, found, expected_values) in named {
            if found != expected_values {
                return Err(LengthMismatch {
                    column,
                    found,
                    expected,
                    expected_values,
                });
            }
        }
        Ok(Self { columns })
    }

    /// Number of splats.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.opacity_logits.len()
    }

    /// Whether there is no splat at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All columns, for reading.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Gives the columns back, to be changed and handed to [`Cloud::from_columns`] again.
    #[must_use]
    pub fn into_columns(self) -> Columns {
        self.columns
    }

    /// Adds one splat. Spherical harmonics, if the cloud has any, get zeros for it.
    pub fn push(&mut self, splat: Splat) {
        let columns = &mut self.columns;
        for axis in 0..3 {
            columns.positions[axis].push(splat.position[axis]);
            columns.log_scales[axis].push(splat.log_scale[axis]);
            columns.colours[axis].push(splat.colour[axis]);
        }
        for (column, value) in columns.rotations.iter_mut().zip(splat.rotation) {
            column.push(value);
        }
        columns.opacity_logits.push(splat.opacity_logit);
        let values = Sh::values_per_splat(columns.sh.degree);
        columns.sh.values.extend(std::iter::repeat_n(0.0, values));
    }

    /// The splat at `index`, without its spherical harmonics; `None` past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Splat> {
        (index < self.len()).then(|| {
            let columns = &self.columns;
            Splat {
                position: std::array::from_fn(|axis| columns.positions[axis][index]),
                log_scale: std::array::from_fn(|axis| columns.log_scales[axis][index]),
                rotation: std::array::from_fn(|part| columns.rotations[part][index]),
                opacity_logit: columns.opacity_logits[index],
                colour: std::array::from_fn(|channel| columns.colours[channel][index]),
            }
        })
    }

    /// All splats in order, without their spherical harmonics.
    pub fn iter(&self) -> impl Iterator<Item = Splat> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Drops everything above degree 0, as the validator's loader does.
    #[must_use]
    pub fn without_sh(mut self) -> Self {
        self.columns.sh = Sh::default();
        self
    }
}

impl FromIterator<Splat> for Cloud {
    fn from_iter<I: IntoIterator<Item = Splat>>(splats: I) -> Self {
        let splats = splats.into_iter();
        let mut cloud = Self::with_capacity(splats.size_hint().0);
        for splat in splats {
            cloud.push(splat);
        }
        cloud
    }
}
