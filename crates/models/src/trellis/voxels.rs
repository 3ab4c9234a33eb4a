//! The occupied cells of a structure.

use std::sync::{Mutex, OnceLock, PoisonError};

use candle_core::{DType, Device, Result, Tensor};

use super::embedding::position_embedding;
use super::resample::Halving;
use crate::ops::RuleBook;

/// The occupied cells of the cubic grid of one structure, in a fixed order, with what the networks ask
/// about them: found when it is first asked for, and kept.
#[derive(Debug)]
pub struct Voxels {
    resolution: usize,
    cells: Vec<[u16; 3]>,
    rules: OnceLock<RuleBook>,
    half: OnceLock<Halving>,
    places: Mutex<Option<Tensor>>,
}

impl Voxels {
    /// The finest grid there may be: cells each way.
    pub const MOST_RESOLUTION: usize = RuleBook::MOST_SIDE;

    /// These cells of a grid of `resolution` cells each way. Features keep the order of the cells, which
    /// with the networks is raster order: that of [`Self::occupied`].
    ///
    /// # Errors
    /// When the grid is finer than [`Self::MOST_RESOLUTION`], a cell lies outside, or one is there twice.
    pub fn new(resolution: usize, cells: Vec<[u16; 3]>) -> Result<Self> {
        if resolution > Self::MOST_RESOLUTION {
            candle_core::bail!(
                "a structure of {resolution} voxels each way: at most {} are supported",
                Self::MOST_RESOLUTION
            );
        }
        let outside = |cell: &&[u16; 3]| cell.iter().any(|&at| usize::from(at) >= resolution);
        if let Some(cell) = cells.iter().find(outside) {
            candle_core::bail!("the voxel {cell:?} lies outside of a grid of {resolution}");
        }
        if !cells.is_sorted_by(|a, b| a < b) {
            let mut sorted = cells.clone();
            sorted.sort_unstable();
            if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                candle_core::bail!("the voxel {:?} is there twice", twice[0]);
            }
        }
        Ok(Self {
            resolution,
            cells,
            rules: OnceLock::new(),
            half: OnceLock::new(),
            places: Mutex::new(None),
        })
    }

    /// The cells whose logit is above 0, in raster order (the last axis runs fastest), as torch's
    /// `argwhere` has them. `logits` is `(side, side, side)`, with any number of dimensions of 1 before.
    /// A logit that is no number is not occupied; there may be no occupied cell at all.
    ///
    /// # Errors
    /// When the shape is another.
    pub fn occupied(logits: &Tensor) -> Result<Self> {
        let dims = logits.dims();
        let side = dims.last().copied().unwrap_or_default();
        let (ones, cube) = dims.split_at(dims.len().saturating_sub(3));
        if cube != [side; 3] || ones.iter().any(|&count| count != 1) {
            candle_core::bail!("logits of shape {dims:?} are not those of one cubic grid");
        }
        let values = logits
            .flatten_all()?
            .to_dtype(DType::F32)?
            .to_vec1::<f32>()?;
        let places = values.iter().enumerate().filter(|(_, logit)| **logit > 0.0);
        let cells = places
            .map(|(place, _)| {
                [place / side / side, place / side % side, place % side].map(|at| at as u16)
            })
            .collect();
        Self::new(side, cells)
    }

    /// Cells of the grid each way.
    pub fn resolution(&self) -> usize {
        self.resolution
    }

    /// The occupied ones.
    pub fn cells(&self) -> &[[u16; 3]] {
        &self.cells
    }

    /// How many are occupied.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Which of them are neighbours.
    ///
    /// # Errors
    /// Never for cells that [`Self::new`] let through.
    pub fn rules(&self) -> Result<&RuleBook> {
        if let Some(rules) = self.rules.get() {
            return Ok(rules);
        }
        let rules = RuleBook::new(self.resolution, &self.cells)?;
        Ok(self.rules.get_or_init(|| rules))
    }

    /// The same structure at half the resolution.
    ///
    /// # Errors
    /// Never for cells that [`Self::new`] let through.
    pub(crate) fn half(&self) -> Result<&Halving> {
        if let Some(half) = self.half.get() {
            return Ok(half);
        }
        let half = Halving::of(self)?;
        Ok(self.half.get_or_init(|| half))
    }

    /// The embedding of where they are: `(voxels, width)`. A flow asks for the same at every step.
    ///
    /// # Errors
    /// When the device has no room.
    pub(crate) fn places(&self, width: usize, dtype: DType, device: &Device) -> Result<Tensor> {
        let mut kept = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = kept.as_ref()
            && places.dims() == [self.len(), width]
            && places.dtype() == dtype
            && places.device().same_device(device)
        {
            return Ok(places.clone());
        }
        let places = position_embedding(&self.cells, width, device)?.to_dtype(dtype)?;
        *kept = Some(places.clone());
        Ok(places)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn occupied_cells_are_those_above_zero_in_raster_order() {
        let mut logits = vec![-1.0f32; 27];
        (logits[1], logits[9], logits[26], logits[5]) = (0.1, 2.0, f32::INFINITY, 0.0);
        logits[7] = f32::NAN;
        for shape in [&[3, 3, 3][..], &[1, 3, 3, 3], &[1, 1, 3, 3, 3]] {
            let logits = Tensor::from_slice(&logits, shape, &Device::Cpu).unwrap();
            let voxels = Voxels::occupied(&logits).unwrap();
            assert_eq!(voxels.cells(), [[0, 0, 1], [1, 0, 0], [2, 2, 2]]);
            assert_eq!((voxels.len(), voxels.resolution()), (3, 3));
        }
        let none = Tensor::from_slice(&[-1.0f32; 8], (2, 2, 2), &Device::Cpu).unwrap();
        assert!(Voxels::occupied(&none).unwrap().is_empty());
    }

    #[test]
    fn logits_of_another_shape_are_refused() {
        for shape in [&[27][..], &[9, 3], &[3, 3, 2], &[2, 3, 3, 3]] {
            let logits = Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap();
            assert!(Voxels::occupied(&logits).is_err(), "{shape:?}");
        }
    }

    #[test]
    fn cells_that_cannot_be_are_refused() {
        let error = |side, cells: &[[u16; 3]]| Voxels::new(side, cells.to_vec()).unwrap_err();
        assert!(error(4, &[[0, 4, 0]]).to_string().contains("outside"));
        assert!(error(300, &[]).to_string().contains("256"));
        let twice = error(4, &[[1, 2, 3], [0, 0, 0], [1, 2, 3]]);
        assert!(twice.to_string().contains("[1, 2, 3] is there twice"));
    }
}
