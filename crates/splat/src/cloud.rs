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

/// Why columns are not a cloud.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ColumnsError {
    /// They are not of one length, or the harmonics do not fit their degree.
    #[error("column {column} holds {found} values where {splats} splats need {needed}")]
    Length {
        /// What the column holds.
        column: &'static str,
        /// Its length.
        found: usize,
        /// The number of splats, which the x coordinates decide.
        splats: usize,
        /// The length it needs.
        needed: usize,
    },
    /// There are no harmonics of this degree here.
    #[error("spherical harmonics of degree {0}: 0 to 3 exist")]
    Degree(u8),
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
    /// When the columns are not of one length, or the harmonics of a degree that does not exist or
    /// does not fit them.
    pub fn from_columns(columns: Columns) -> Result<Self, ColumnsError> {
        if columns.sh.degree > 3 {
            return Err(ColumnsError::Degree(columns.sh.degree));
        }
        let splats = columns.positions[0].len();
        let named = |name: &'static str| move |column: &Vec<f32>| (name, column.len(), splats);
        let lengths = columns.positions.iter().map(named("position"));
        let lengths = lengths.chain(columns.log_scales.iter().map(named("scale")));
        let lengths = lengths.chain(columns.rotations.iter().map(named("rotation")));
        let lengths = lengths.chain(columns.colours.iter().map(named("colour")));
        let lengths = lengths.chain([("opacity", columns.opacity_logits.len(), splats)]);
        let harmonics = Sh::values_per_splat(columns.sh.degree) * splats;
        let mut lengths =
            lengths.chain([("spherical harmonics", columns.sh.values.len(), harmonics)]);
        match lengths.find(|(_, found, needed)| found != needed) {
            Some((column, found, needed)) => Err(ColumnsError::Length {
                column,
                found,
                splats,
                needed,
            }),
            None => Ok(Self { columns }),
        }
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

    /// All columns, for changing values; whoever changes a length breaks the promise of this type.
    pub(crate) fn columns_mut(&mut self) -> &mut Columns {
        &mut self.columns
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

#[cfg(test)]
mod tests {
    use super::*;

    fn splat(number: f32) -> Splat {
        Splat {
            position: [number, 1.0, 2.0],
            log_scale: [-3.0, -4.0, number],
            rotation: [1.0, number, 0.0, 0.5],
            opacity_logit: number,
            colour: [0.1, number, 0.3],
        }
    }

    #[test]
    fn splats_come_back_in_order() {
        let cloud: Cloud = (0..5_u8).map(|number| splat(number.into())).collect();
        assert_eq!(cloud.len(), 5);
        assert_eq!(cloud.get(3), Some(splat(3.0)));
        assert_eq!(cloud.get(5), None);
        let back = Cloud::from_columns(cloud.clone().into_columns()).unwrap();
        assert!(back.iter().eq(cloud.iter()));
    }

    #[test]
    fn pushing_keeps_harmonics_in_step() {
        let mut columns = [splat(1.0)].into_iter().collect::<Cloud>().into_columns();
        columns.sh = Sh {
            degree: 2,
            values: vec![0.5; 24],
        };
        let mut cloud = Cloud::from_columns(columns).unwrap();
        cloud.push(splat(2.0));
        assert_eq!(cloud.columns().sh.values.len(), 48);
        assert!(Cloud::from_columns(cloud.clone().into_columns()).is_ok());
        assert_eq!(cloud.without_sh().columns().sh, Sh::default());
    }

    #[test]
    fn columns_of_unequal_length_are_refused_by_name() {
        let refused = |damage: fn(&mut Columns)| {
            let mut columns = [splat(1.0), splat(2.0)]
                .into_iter()
                .collect::<Cloud>()
                .into_columns();
            damage(&mut columns);
            Cloud::from_columns(columns).unwrap_err().to_string()
        };
        let message = refused(|columns| columns.rotations[2].push(0.0));
        assert_eq!(
            message,
            "column rotation holds 3 values where 2 splats need 2"
        );
        assert!(refused(|columns| columns.opacity_logits.clear()).contains("column opacity"));
        assert!(refused(|columns| columns.sh.degree = 1).contains("splats need 18"));
        assert!(refused(|columns| columns.sh.degree = 4).contains("degree 4"));
    }
}
