//! Between a structure and the same at half its resolution.
//!
//! TRELLIS `modules/sparse/spatial.py`, of which one thing is easily taken for what it is not: a coarse
//! voxel's features are the *sum* of those in it over *one more* than their number, because the reference
//! averages them together with the zero that it starts from.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};

use super::sparse_tensor::SparseTensor;
use super::voxels::Voxels;
use crate::ops;

/// Voxels that may lie in a coarse one.
const CHILDREN: usize = 8;

/// How the voxels of a structure lie in those of half its resolution.
#[derive(Debug)]
pub(crate) struct Halving {
    coarse: Arc<Voxels>,
    /// For each voxel the coarse one it lies in.
    parents: Vec<u32>,
    /// For each coarse voxel those in it; the number of voxels stands for none.
    children: Vec<[u32; CHILDREN]>,
}

impl Halving {
    /// Of this structure.
    ///
    /// # Errors
    /// Never for voxels that there may be.
    pub(crate) fn of(voxels: &Voxels) -> Result<Self> {
        let halves: Vec<[u16; 3]> = voxels
            .cells()
            .iter()
            .map(|cell| cell.map(|at| at / 2))
            .collect();
        let mut coarse = halves.clone();
        coarse.sort_unstable();
        coarse.dedup();
        let nothing = u32::try_from(voxels.len()).unwrap_or(u32::MAX);
        let mut children = vec![[nothing; CHILDREN]; coarse.len()];
        let mut parents = Vec::with_capacity(halves.len());
        for ((index, half), cell) in (0..).zip(&halves).zip(voxels.cells()) {
            // Every half is among them.
            let (Ok(parent) | Err(parent)) = coarse.binary_search(half);
            let corner = cell.iter().fold(0, |corner, at| 2 * corner + at % 2);
            children[parent][usize::from(corner)] = index;
            parents.push(parent as u32);
        }
        Ok(Self {
            coarse: Arc::new(Voxels::new(voxels.resolution().div_ceil(2), coarse)?),
            parents,
            children,
        })
    }

    /// The voxels of half the resolution, in raster order.
    pub(crate) fn coarse(&self) -> &Arc<Voxels> {
        &self.coarse
    }

    /// How many lie in each coarse voxel, and one: `(coarse, 1)`.
    fn divisors(&self, device: &Device) -> Result<Tensor> {
        let nothing = self.parents.len();
        let divisors: Vec<f32> = self
            .children
            .iter()
            .map(|children| {
                let count = children.iter().filter(|&&child| (child as usize) < nothing);
                1.0 + count.count() as f32
            })
            .collect();
        Tensor::from_vec(divisors, (self.children.len(), 1), device)
    }
}

/// The features at half the resolution: for each coarse voxel the sum of those in it over one more than
/// their number, taken in single precision.
///
/// # Errors
/// When the device has no room.
pub fn downsample(x: &SparseTensor) -> Result<SparseTensor> {
    let half = x.voxels().half()?;
    let features = x.features();
    let (batch, count, channels) = features.dims3()?;
    let coarse = half.coarse().clone();
    if features.elem_count() == 0 {
        let shape = (batch, coarse.len(), channels);
        let nothing = Tensor::zeros(shape, features.dtype(), features.device())?;
        return SparseTensor::new(nothing, coarse);
    }
    let flat = half.children.as_flattened();
    let children = Tensor::from_slice(flat, flat.len(), features.device())?;
    let nothing = Tensor::zeros((1, channels), features.dtype(), features.device())?;
    let items: Result<Vec<Tensor>> = (0..batch)
        .map(|item| {
            let rows = Tensor::cat(&[&features.get(item)?, &nothing], 0)?;
            debug_assert_eq!(rows.dim(0)?, count + 1);
            rows.index_select(&children, 0)?
                .reshape((coarse.len(), CHILDREN, channels))?
                .to_dtype(DType::F32)?
                .sum(1)?
                .broadcast_div(&half.divisors(features.device())?)
        })
        .collect();
    let features = Tensor::stack(&items?, 0)?.to_dtype(features.dtype())?;
    SparseTensor::new(features, coarse)
}

/// The features at twice the resolution: each of `voxels` has those of the coarse one it lies in.
///
/// # Errors
/// When `x` is not on these voxels at half their resolution.
pub fn upsample(x: &SparseTensor, voxels: &Arc<Voxels>) -> Result<SparseTensor> {
    let half = voxels.half()?;
    let features = x.features();
    let (batch, _, channels) = features.dims3()?;
    if !Arc::ptr_eq(half.coarse(), x.voxels()) && half.coarse().cells() != x.voxels().cells() {
        candle_core::bail!("{} voxels are not the halves of others", x.voxels().len());
    }
    if features.elem_count() == 0 {
        let shape = (batch, voxels.len(), channels);
        let nothing = Tensor::zeros(shape, features.dtype(), features.device())?;
        return SparseTensor::new(nothing, voxels.clone());
    }
    let parents = Tensor::from_slice(&half.parents, voxels.len(), features.device())?;
    let features = ops::rows(features, &parents)?;
    SparseTensor::new(features, voxels.clone())
}
