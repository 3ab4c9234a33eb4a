//! Convolution that keeps to the occupied cells of a grid.

use super::cpu::{self, Matrix, Processor, Rows};
use super::fast::{Values, fits, optional};
use super::plain;
use super::rule_book::{PLACES, RuleBook};
use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;
use std::sync::Arc;

/// A convolution with a 3³ kernel over occupied cells, whose results stand at the same cells
/// ("submanifold"): what is not occupied counts as zero and is not computed.
///
/// Like a [`Linear`](super::Linear), it holds its weight as products read it in single precision on the
/// CPU.
#[derive(Clone, Debug)]
pub struct SubmanifoldConvolution {
    weight: Weight,
    bias: Option<Tensor>,
    inputs: usize,
    outputs: usize,
}

#[derive(Clone, Debug)]
enum Weight {
    /// A matrix for each place of the kernel.
    Fast(Arc<Vec<Matrix>>),
    Plain(Tensor),
}

impl SubmanifoldConvolution {
    /// From `weight` `(out, 3, 3, 3, in)`, as spconv stores it (the axes of the kernel in the order of those
    /// of the grid), and `bias` `(out)`.
    ///
    /// # Errors
    /// When the shapes do not fit each other.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let (outputs, inputs) = plain::submanifold_shape(weight, bias)?;
        let bias = bias.map(Tensor::contiguous).transpose()?;
        let weight = if fits([weight]) && fits(&bias) {
            let weight = weight.contiguous()?;
            let values = Values::of(&weight)?;
            let matrix = |place: usize| {
                let values = &values[place * inputs..];
                let rows = Rows::strided(values, outputs, inputs, PLACES * inputs);
                Matrix::of_weight(Processor::here(), &rows)
            };
            Weight::Fast(Arc::new((0..PLACES).map(matrix).collect()))
        } else {
            Weight::Plain(weight.clone())
        };
        Ok(Self {
            weight,
            bias,
            inputs,
            outputs,
        })
    }

    /// From the tensors `weight`, `(outputs, 3, 3, 3, inputs)`, and `bias`, `(outputs)`.
    ///
    /// # Errors
    /// When one is missing or has another shape.
    pub fn load(inputs: usize, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let bias = vb.get(outputs, "bias")?;
        Self::new(&vb.get((outputs, 3, 3, 3, inputs), "weight")?, Some(&bias))
    }

    /// `(batch, cells, in)` to `(batch, cells, out)`, the cells those of `rules`.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward(&self, x: &Tensor, rules: &RuleBook) -> Result<Tensor> {
        let kernel = match &self.weight {
            Weight::Fast(kernel) => kernel,
            Weight::Plain(weight) => {
                return plain::submanifold_convolution(x, weight, self.bias.as_ref(), rules);
            }
        };
        let (batch, cells, inputs) = x.dims3()?;
        if inputs != self.inputs || cells != rules.cells() {
            candle_core::bail!(
                "{:?} meets a convolution of {} inputs over {} cells",
                x.dims(),
                self.inputs,
                rules.cells()
            );
        }
        if x.elem_count() == 0 {
            return Tensor::zeros((batch, cells, self.outputs), x.dtype(), x.device());
        }
        if !fits([x]) {
            candle_core::bail!("a convolution in single precision on the CPU meets {x}");
        }
        let x = x.contiguous()?;
        let (values, bias) = (Values::of(&x)?, optional(self.bias.as_ref())?);
        let mut y = Vec::with_capacity(batch * cells * self.outputs);
        for item in values.chunks_exact(cells * inputs) {
            y.append(&mut cpu::submanifold(
                Processor::here(),
                Rows::packed(item, inputs),
                rules,
                kernel,
                bias.as_deref(),
            ));
        }
        Tensor::from_vec(y, (batch, cells, self.outputs), x.device())
    }
}

/// See [`plain::submanifold_convolution`]. A [`SubmanifoldConvolution`] is faster where the weight is used
/// more than once.
///
/// # Errors
/// When the shapes do not fit.
pub fn submanifold_convolution(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    rules: &RuleBook,
) -> Result<Tensor> {
    if fits([x]) {
        SubmanifoldConvolution::new(weight, bias)?.forward(x, rules)
    } else {
        plain::submanifold_convolution(x, weight, bias, rules)
    }
}
