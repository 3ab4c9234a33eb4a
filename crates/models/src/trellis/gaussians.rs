//! What the decoder's values mean.
//!
//! TRELLIS `models/structured_latent_vae/decoder_gs.py` (`to_representation`) and
//! `representations/gaussian/gaussian_model.py`.

use candle_core::Result;
use candle_nn::VarBuilder;
use rayon::prelude::*;
use serde::Deserialize;

use super::config::ConfigError;
use super::voxels::Voxels;

/// Values of one Gaussian: where, colour, sizes, turn, opacity.
const VALUES: usize = 3 + 3 + 3 + 4 + 1;

/// The most Gaussians a voxel may have: what a configuration is held to.
const MOST_GAUSSIANS: usize = 4096;

/// What the values of the decoder's last layer mean, as its configuration says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RepresentationConfig {
    /// What each kind of value is multiplied with.
    pub lr: Factors,
    /// Whether the Gaussians of a voxel start spread out rather than all in its middle.
    pub perturb_offset: bool,
    /// How far from the middle of its voxel a Gaussian may be, in voxels, both sides together.
    pub voxel_size: f32,
    /// Gaussians of a voxel.
    pub num_gaussians: usize,
    /// Added to every size, as a convolution adds: the square of the size of a blur.
    #[serde(rename = "3d_filter_kernel_size")]
    pub filter_kernel_size_3d: f32,
    /// The size that a value of 0 means.
    pub scaling_bias: f32,
    /// The opacity that a value of 0 means.
    pub opacity_bias: f32,
    /// From value to size.
    pub scaling_activation: ScalingActivation,
}

/// What each kind of value is multiplied with.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Factors {
    /// Of positions.
    #[serde(rename = "_xyz")]
    pub positions: f32,
    /// Of colours.
    #[serde(rename = "_features_dc")]
    pub colours: f32,
    /// Of opacities.
    #[serde(rename = "_opacity")]
    pub opacities: f32,
    /// Of sizes.
    #[serde(rename = "_scaling")]
    pub scales: f32,
    /// Of turns.
    #[serde(rename = "_rotation")]
    pub rotations: f32,
}

/// From value to size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingActivation {
    /// eˣ.
    Exp,
    /// ln(1 + eˣ).
    Softplus,
}

impl ScalingActivation {
    fn of(self, x: f32) -> f32 {
        match self {
            Self::Exp => x.exp(),
            // From 20 on torch takes it for the identity.
            Self::Softplus if x > 20.0 => x,
            Self::Softplus => x.exp().ln_1p(),
        }
    }

    fn inverse(self, x: f32) -> f32 {
        match self {
            Self::Exp => x.ln(),
            Self::Softplus => x + (-(-x).exp_m1()).ln(),
        }
    }
}

impl RepresentationConfig {
    /// Values of a voxel.
    pub fn channels(&self) -> usize {
        VALUES * self.num_gaussians
    }

    /// Refuses what makes no sense.
    pub(crate) fn check(&self) -> std::result::Result<(), ConfigError> {
        let unsupported = |key, value: f32, wanted| {
            let fails = Err(ConfigError::unsupported(key, value, wanted));
            move |holds: bool| if holds { Ok(()) } else { fails }
        };
        if !(1..=MOST_GAUSSIANS).contains(&self.num_gaussians) {
            return Err(ConfigError::unsupported(
                "num_gaussians",
                self.num_gaussians,
                "a voxel has 1 to 4096",
            ));
        }
        let (size, bias) = (self.voxel_size, self.scaling_bias);
        unsupported("voxel_size", size, "it is a length")(size > 0.0 && size.is_finite())?;
        unsupported("scaling_bias", bias, "it is a size")(bias > 0.0 && bias.is_finite())?;
        let opacity = self.opacity_bias;
        let between = opacity > 0.0 && opacity < 1.0;
        unsupported("opacity_bias", opacity, "it is between 0 and 1")(between)?;
        let kernel = self.filter_kernel_size_3d;
        unsupported("3d_filter_kernel_size", kernel, "it is a size")(kernel >= 0.0)
    }
}

/// Gaussians in the frame and the units of the reference's PLY: up is −Y, and the structure's grid is the
/// cube from −½ to ½.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gaussians {
    /// Middles.
    pub positions: Vec<[f32; 3]>,
    /// Colours, as coefficients of the constant spherical harmonic.
    pub colours: Vec<[f32; 3]>,
    /// Opacities, as logits.
    pub opacities: Vec<f32>,
    /// Standard deviations along their own axes, as natural logarithms.
    pub scales: Vec<[f32; 3]>,
    /// Unit quaternions from their own axes, the real part first.
    pub rotations: Vec<[f32; 4]>,
}

impl Gaussians {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    fn with_capacity(count: usize) -> Self {
        Self {
            positions: Vec::with_capacity(count),
            colours: Vec::with_capacity(count),
            opacities: Vec::with_capacity(count),
            scales: Vec::with_capacity(count),
            rotations: Vec::with_capacity(count),
        }
    }

    /// Adds others.
    fn append(&mut self, mut others: Self) {
        self.positions.append(&mut others.positions);
        self.colours.append(&mut others.colours);
        self.opacities.append(&mut others.opacities);
        self.scales.append(&mut others.scales);
        self.rotations.append(&mut others.rotations);
    }
}

/// Makes Gaussians of values.
#[derive(Debug, Clone)]
pub(crate) struct Representation {
    config: RepresentationConfig,
    resolution: usize,
    /// What is added to the positions of a voxel's Gaussians before they are confined.
    perturbation: Vec<[f32; 3]>,
    /// What is added to sizes and opacities before their activations.
    scale_bias: f32,
    opacity_bias: f32,
}

impl Representation {
    /// Reads `offset_perturbation`, or computes it as the reference does where the file has none.
    ///
    /// # Errors
    /// When it has another shape.
    pub(crate) fn load(
        config: &RepresentationConfig,
        resolution: usize,
        weights: &VarBuilder<'_>,
    ) -> Result<Self> {
        let count = config.num_gaussians;
        let perturbation = if !config.perturb_offset {
            vec![[0.0; 3]; count]
        } else if weights.contains_tensor("offset_perturbation") {
            let stored = weights.get((count, 3), "offset_perturbation")?;
            let values = stored.flatten_all()?.to_vec1::<f32>()?;
            values.as_chunks().0.to_vec()
        } else {
            (0..count)
                .map(|index| perturbation(index, count, config.voxel_size))
                .collect()
        };
        let opacity = config.opacity_bias;
        Ok(Self {
            config: config.clone(),
            resolution,
            perturbation,
            scale_bias: config.scaling_activation.inverse(config.scaling_bias),
            opacity_bias: (opacity / (1.0 - opacity)).ln(),
        })
    }

    /// The Gaussians of these voxels, of whose `values` each has its share, one behind the other.
    pub(crate) fn gaussians(&self, voxels: &Voxels, values: &[f32]) -> Gaussians {
        /// Voxels a thread takes at a time.
        const SHARE: usize = 256;
        let (count, channels) = (self.config.num_gaussians, self.config.channels());
        let shares: Vec<Gaussians> = voxels
            .cells()
            .par_chunks(SHARE)
            .zip(values.par_chunks(SHARE * channels))
            .map(|(cells, values)| {
                let mut gaussians = Gaussians::with_capacity(cells.len() * count);
                for (cell, row) in cells.iter().zip(values.chunks_exact(channels)) {
                    self.add(*cell, row, &mut gaussians);
                }
                gaussians
            })
            .collect();
        let mut gaussians = Gaussians::with_capacity(voxels.len() * count);
        for share in shares {
            gaussians.append(share);
        }
        gaussians
    }

    /// Adds the Gaussians of one voxel. Its values are sorted by kind: all positions, then all colours,
    /// sizes, turns and opacities.
    fn add(&self, cell: [u16; 3], values: &[f32], gaussians: &mut Gaussians) {
        let (count, factors) = (self.config.num_gaussians, &self.config.lr);
        let (positions, values) = values.split_at(3 * count);
        let (colours, values) = values.split_at(3 * count);
        let (scales, values) = values.split_at(3 * count);
        let (rotations, opacities) = values.split_at(4 * count);
        let positions = positions.as_chunks().0.iter().zip(&self.perturbation);
        gaussians
            .positions
            .extend(positions.map(|(values, start)| self.position(cell, values, start)));
        let colours = colours.as_chunks::<3>().0.iter();
        gaussians
            .colours
            .extend(colours.map(|values| values.map(|value| value * factors.colours)));
        let scales = scales.as_chunks::<3>().0.iter();
        gaussians
            .scales
            .extend(scales.map(|values| values.map(|value| self.scale(value))));
        let rotations = rotations.as_chunks().0.iter();
        gaussians
            .rotations
            .extend(rotations.map(|values| self.rotation(values)));
        let opacities = opacities.iter();
        gaussians
            .opacities
            .extend(opacities.map(|value| value * factors.opacities + self.opacity_bias));
    }

    /// Where a Gaussian is: near the middle of its voxel, turned.
    fn position(&self, cell: [u16; 3], values: &[f32; 3], start: &[f32; 3]) -> [f32; 3] {
        let side = self.resolution as f32;
        let [x, y, z] = std::array::from_fn(|axis| {
            let offset = (values[axis] * self.config.lr.positions + start[axis]).tanh();
            let middle = (f32::from(cell[axis]) + 0.5) / side;
            middle + offset / side * 0.5 * self.config.voxel_size - 0.5
        });
        [x, -z, y]
    }

    /// The logarithm of a size.
    fn scale(&self, value: f32) -> f32 {
        let activation = self.config.scaling_activation;
        let scale = activation.of(value * self.config.lr.scales + self.scale_bias);
        // The root of the sum of squares.
        scale.hypot(self.config.filter_kernel_size_3d).ln()
    }

    /// How a Gaussian is turned: values of 0 mean not at all. Then turned with its position, by a quarter
    /// about the x axis.
    fn rotation(&self, values: &[f32; 4]) -> [f32; 4] {
        let [w, x, y, z] = values.map(|value| value * self.config.lr.rotations);
        let w = w + 1.0;
        let length = [w, x, y, z]
            .map(|value| value * value)
            .iter()
            .sum::<f32>()
            .sqrt();
        // (1, 1, 0, 0)/√2 times (w, x, y, z), by Hamilton's rules.
        let factor = core::f32::consts::FRAC_1_SQRT_2 / length.max(1e-12);
        [w - x, w + x, y - z, y + z].map(|value| value * factor)
    }
}

/// Where the Gaussian `index` of `count` of a voxel starts: the points of a Hammersley sequence, spread
/// over the voxel, as what becomes them through tanh.
fn perturbation(index: usize, count: usize, voxel_size: f32) -> [f32; 3] {
    let point = [
        index as f64 / count as f64,
        radical_inverse(2, index),
        radical_inverse(3, index),
    ];
    point.map(|at| ((at as f32 * 2.0 - 1.0) / voxel_size).atanh())
}

/// The digits of `number` to this base, mirrored at the point.
fn radical_inverse(base: usize, mut number: usize) -> f64 {
    let (mut value, mut place) = (0.0, 1.0 / base as f64);
    while number > 0 {
        value += (number % base) as f64 * place;
        number /= base;
        place /= base as f64;
    }
    value
}
