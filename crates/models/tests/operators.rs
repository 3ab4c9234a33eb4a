//! The fast operators of the CPU against their plain twins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use models::ops::{self, Activation, Linear, Mlp, Norm, plain};

/// Noise between −1 and 1, the same each time.
fn noise(shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let count = shape.iter().product();
    let step = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = std::iter::repeat_with(step).take(count).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Holds `found` against `expected`, relative to the root mean square of what is expected.
fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let worst = |x: Tensor| {
        x.flatten_all()
            .unwrap()
            .max(0)
            .unwrap()
            .to_scalar::<f32>()
            .unwrap()
    };
    let deviation = worst((found - expected).unwrap().abs().unwrap());
    let square = expected
        .sqr()
        .unwrap()
        .mean_all()
        .unwrap()
        .to_scalar::<f32>()
        .unwrap();
    assert!(deviation <= 1e-5 * square.sqrt(), "{what}: {deviation}");
    assert!(square > 0.0, "{what} is nothing");
}

#[test]
fn activations() -> Result<()> {
    let x = (noise(&[3, 7, 101], 1) * 8.0)?;
    assert_close(&ops::gelu_erf(&x)?, &plain::gelu_erf(&x)?, "gelu");
    assert_close(&ops::gelu_tanh(&x)?, &plain::gelu_tanh(&x)?, "by tanh");
    assert_close(&ops::quick_gelu(&x)?, &plain::quick_gelu(&x)?, "quick gelu");
    assert_close(&ops::silu(&x)?, &plain::silu(&x)?, "silu");
    let turned = x.transpose(0, 2)?;
    assert_close(
        &ops::gelu_erf(&turned)?,
        &plain::gelu_erf(&turned)?,
        "gelu of a view",
    );
    Ok(())
}

#[test]
fn layer_norms() -> Result<()> {
    let x = (noise(&[2, 9, 50], 1) + 4.0)?;
    let (weight, bias) = (noise(&[50], 2), noise(&[50], 3));
    for (weight, bias) in [
        (None, None),
        (Some(&weight), None),
        (Some(&weight), Some(&bias)),
    ] {
        let found = ops::layer_norm(&x, weight, bias, 1e-6)?;
        assert_close(&found, &plain::layer_norm(&x, weight, bias, 1e-6)?, "norm");
    }
    let turned = noise(&[2, 50, 9], 4).transpose(1, 2)?;
    let found = ops::layer_norm(&turned, Some(&weight), Some(&bias), 1e-5)?;
    assert_close(
        &found,
        &plain::layer_norm(&turned, Some(&weight), Some(&bias), 1e-5)?,
        "norm of a view",
    );
    Ok(())
}

#[test]
fn linear_layers() -> Result<()> {
    let (weight, bias) = (noise(&[70, 45], 1), noise(&[70], 2));
    for x in [noise(&[45], 3), noise(&[1, 45], 4), noise(&[3, 30, 45], 5)] {
        let x = if x.rank() == 1 { x.unsqueeze(0)? } else { x };
        let found = ops::linear(&x, &weight, Some(&bias))?;
        assert_close(&found, &plain::linear(&x, &weight, Some(&bias))?, "linear");
        let found = ops::linear(&x, &weight, None)?;
        assert_close(
            &found,
            &plain::linear(&x, &weight, None)?,
            "linear without bias",
        );
    }
    let (x, residual, scale) = (noise(&[30, 45], 6), noise(&[30, 70], 7), noise(&[70], 8));
    let found = Linear::new(&weight, Some(&bias))?.forward_onto(&x, Some(&scale), &residual)?;
    let expected = plain::linear(&x, &weight, Some(&bias))?.broadcast_mul(&scale)?;
    assert_close(&found, &(expected + residual)?, "linear onto");
    Ok(())
}

#[test]
fn attention_of_views() -> Result<()> {
    let (batch, tokens, heads, width) = (2, 70, 3, 16);
    let qkv = noise(&[batch, tokens, 3, heads, width], 1).permute((2, 0, 3, 1, 4))?;
    let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
    for causal in [false, true] {
        let found = ops::attention(&q, &k, &v, causal)?;
        let expected =
            plain::attention(&q.contiguous()?, &k.contiguous()?, &v.contiguous()?, causal)?;
        assert_close(&found, &expected, "attention");
        assert!(found.transpose(1, 2)?.is_contiguous());
    }
    let few = q.narrow(2, 3, 5)?;
    let expected = plain::attention(
        &few.contiguous()?,
        &k.contiguous()?,
        &v.contiguous()?,
        false,
    )?;
    assert_close(
        &ops::attention(&few, &k, &v, false)?,
        &expected,
        "attention of few",
    );
    Ok(())
}

#[test]
fn depthwise_convolutions_in_either_layout() -> Result<()> {
    let (weight, bias) = (noise(&[21, 1, 7, 7], 1), noise(&[21], 2));
    let x = noise(&[2, 21, 10, 13], 3);
    let expected = plain::depthwise_conv2d(&x, &weight, Some(&bias), 3)?;
    assert_close(
        &ops::depthwise_conv2d(&x, &weight, Some(&bias), 3)?,
        &expected,
        "depthwise",
    );
    let channels_last = x
        .permute((0, 2, 3, 1))?
        .contiguous()?
        .permute((0, 3, 1, 2))?;
    let found = ops::depthwise_conv2d(&channels_last, &weight, Some(&bias), 3)?;
    assert_close(&found, &expected, "depthwise, channels last");
    assert!(found.permute((0, 2, 3, 1))?.is_contiguous());
    let expected = plain::depthwise_conv2d(&x, &weight, None, 0)?;
    assert_close(
        &ops::depthwise_conv2d(&x, &weight, None, 0)?,
        &expected,
        "depthwise, not padded",
    );
    Ok(())
}

#[test]
fn layers_of_convolutions_take_patches() -> Result<()> {
    let (weight, bias) = (noise(&[33, 5, 4, 4], 1), noise(&[33], 2));
    let x = noise(&[1, 5, 4, 4], 3);
    let expected = x
        .conv2d(&weight, 0, 4, 1, 1)?
        .reshape((1, 33))?
        .broadcast_add(&bias)?;
    let patch = x.permute((0, 2, 3, 1))?.reshape((1, 80))?;
    let found = Linear::of_convolution(&weight, Some(&bias))?.forward(&patch)?;
    assert_close(&found, &expected, "patch");
    Ok(())
}

#[test]
fn joined_layers_stand_side_by_side() -> Result<()> {
    let tensors = [("a.weight", 1), ("b.weight", 2)]
        .map(|(name, seed)| (name.to_owned(), noise(&[9, 20], seed)));
    let biases =
        [("a.bias", 3), ("b.bias", 4)].map(|(name, seed)| (name.to_owned(), noise(&[9], seed)));
    let vb = VarBuilder::from_tensors(
        tensors.into_iter().chain(biases).collect(),
        DType::F32,
        &Device::Cpu,
    );
    let x = noise(&[3, 20], 7);
    let joined = Linear::load_joined(20, 9, &[vb.pp("a"), vb.pp("b")])?.forward(&x)?;
    for (index, name) in ["a", "b"].into_iter().enumerate() {
        let alone = Linear::load(20, 9, &vb.pp(name))?.forward(&x)?;
        assert_close(&joined.narrow(1, 9 * index, 9)?, &alone, name);
    }
    assert!(Linear::load_joined(20, 8, &[vb.pp("a"), vb.pp("b")]).is_err());
    Ok(())
}

#[test]
fn wide_parts_of_blocks() -> Result<()> {
    let [up, down] = [noise(&[160, 40], 1), noise(&[40, 160], 2)];
    let [up_bias, down_bias] = [noise(&[160], 3), noise(&[40], 4)];
    let [weight, bias, scale] = [noise(&[40], 5), noise(&[40], 6), noise(&[40], 7)];
    let (x, residual) = (noise(&[3, 35, 40], 8), noise(&[3, 35, 40], 9));
    let norm = Norm::new(Some(weight.clone()), Some(bias.clone()), 1e-6);
    for activation in [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::QuickGelu,
        Activation::Silu,
    ] {
        let mlp = Mlp {
            fc1: Linear::new(&up, Some(&up_bias))?,
            activation,
            fc2: Linear::new(&down, Some(&down_bias))?,
        };
        let wide = plain::layer_norm(&x, Some(&weight), Some(&bias), 1e-6)?;
        let wide = plain::linear(&wide, &up, Some(&up_bias))?;
        let wide = match activation {
            Activation::Gelu => plain::gelu_erf(&wide)?,
            Activation::GeluTanh => plain::gelu_tanh(&wide)?,
            Activation::QuickGelu => plain::quick_gelu(&wide)?,
            Activation::Silu => plain::silu(&wide)?,
        };
        let y = plain::linear(&wide, &down, Some(&down_bias))?;
        let found = mlp.forward(&norm.forward(&x)?)?;
        assert_close(&found, &y, &format!("{activation:?}"));
        let expected = (y.broadcast_mul(&scale)? + &residual)?;
        let found = mlp.forward_onto(&norm, &x, Some(&scale), &residual)?;
        assert_close(&found, &expected, &format!("{activation:?} onto"));
        let short = residual.narrow(1, 0, 34)?;
        assert!(mlp.forward_onto(&norm, &x, Some(&scale), &short).is_err());
    }
    Ok(())
}

#[test]
fn other_types_go_the_plain_way() -> Result<()> {
    let x = noise(&[4, 9, 20], 1).to_dtype(DType::F64)?;
    let (up, down) = (noise(&[30, 20], 2), noise(&[20, 30], 3));
    let (up, down) = (up.to_dtype(DType::F64)?, down.to_dtype(DType::F64)?);
    let mlp = Mlp {
        fc1: Linear::new(&up, None)?,
        activation: Activation::Gelu,
        fc2: Linear::new(&down, None)?,
    };
    let wide = plain::gelu_erf(&plain::linear(
        &plain::layer_norm(&x, None, None, 1e-6)?,
        &up,
        None,
    )?)?;
    let expected = (&x + plain::linear(&wide, &down, None)?)?;
    let found = mlp.forward_onto(&Norm::new(None, None, 1e-6), &x, None, &x)?;
    assert_eq!(found.dtype(), DType::F64);
    assert_close(
        &found.to_dtype(DType::F32)?,
        &expected.to_dtype(DType::F32)?,
        "in double precision",
    );
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_errors() {
    let x = noise(&[2, 3, 8, 8], 1);
    assert!(ops::linear(&x, &noise(&[4, 9], 2), None).is_err());
    assert!(ops::linear(&x, &noise(&[4, 8], 2), Some(&noise(&[5], 3))).is_err());
    assert!(ops::layer_norm(&x, Some(&noise(&[7], 2)), None, 1e-6).is_err());
    assert!(ops::attention(&x, &noise(&[2, 3, 8, 7], 2), &x, false).is_err());
    assert!(
        ops::attention(
            &x,
            &noise(&[2, 3, 5, 8], 2),
            &noise(&[2, 3, 6, 8], 3),
            false
        )
        .is_err()
    );
    assert!(ops::depthwise_conv2d(&x, &noise(&[4, 1, 3, 3], 2), None, 1).is_err());
    let layer = ops::Linear::new(&noise(&[4, 8], 2), None).unwrap();
    assert!(layer.forward(&noise(&[3, 9], 3)).is_err());
    assert!(layer.forward(&x.to_dtype(DType::F64).unwrap()).is_err());
    assert!(layer.forward_onto(&x, None, &x).is_err());
}

#[test]
fn norms_of_heads() -> Result<()> {
    let gamma = noise(&[3, 20], 2);
    // The keys of queries, keys and values side by side.
    let x = noise(&[2, 7, 3, 3, 20], 1)
        .permute((2, 0, 3, 1, 4))?
        .get(1)?;
    let expected = plain::head_norm(&x, &gamma)?;
    assert_close(&ops::head_norm(&x, &gamma)?, &expected, "keys");
    let turned = noise(&[2, 3, 20, 7], 1).transpose(2, 3)?;
    let expected = plain::head_norm(&turned, &gamma)?;
    assert_close(&ops::head_norm(&turned, &gamma)?, &expected, "scattered");
    assert!(ops::head_norm(&x, &noise(&[3, 19], 2)).is_err());
    Ok(())
}

#[test]
fn convolutions_of_grids() -> Result<()> {
    for (shape, outputs) in [
        ([1, 4, 4, 4, 24], 24),
        ([2, 3, 5, 9, 8], 33),
        ([1, 16, 2, 33, 3], 1),
    ] {
        let x = noise(&shape, 1);
        let weight = noise(&[outputs, shape[4], 3, 3, 3], 2);
        let bias = noise(&[outputs], 3);
        let expected = plain::conv3d(&x, &weight, Some(&bias))?;
        let what = format!("{shape:?} to {outputs}");
        assert_close(&ops::conv3d(&x, &weight, Some(&bias))?, &expected, &what);
        let turned = x.transpose(1, 3)?;
        let expected = plain::conv3d(&turned, &weight, None)?;
        assert_close(&ops::conv3d(&turned, &weight, None)?, &expected, &what);
        let residual = noise(expected.dims(), 4);
        let found = ops::Conv3d::new(&weight, None)?.forward_onto(&turned, &residual)?;
        assert_close(&found, &(expected + residual)?, &what);
    }
    Ok(())
}

#[test]
fn convolutions_refuse_what_does_not_fit() -> Result<()> {
    let conv = ops::Conv3d::new(&noise(&[4, 2, 3, 3, 3], 1), None)?;
    assert!(conv.forward(&noise(&[1, 2, 2, 2, 3], 1)).is_err());
    assert!(conv.forward(&noise(&[2, 2, 2, 2], 1)).is_err());
    let none = Tensor::zeros((1, 0, 2, 2, 2), DType::F32, &Device::Cpu)?;
    assert!(conv.forward(&none).is_err());
    let residual = noise(&[1, 2, 2, 2, 3], 1);
    assert!(
        conv.forward_onto(&noise(&[1, 2, 2, 2, 2], 1), &residual)
            .is_err()
    );
    assert!(ops::Conv3d::new(&noise(&[4, 2, 3, 3, 1], 1), None).is_err());
    let bias = noise(&[3], 1);
    assert!(ops::Conv3d::new(&noise(&[4, 2, 3, 3, 3], 1), Some(&bias)).is_err());
    Ok(())
}

#[test]
fn channels_become_cells() -> Result<()> {
    for (shape, side) in [
        ([2, 2, 3, 4, 24], 2),
        ([1, 1, 2, 2, 54], 3),
        ([1, 2, 1, 3, 5], 1),
    ] {
        let x = noise(&shape, 1);
        let expected = plain::pixel_shuffle_3d(&x, side)?;
        let found = ops::pixel_shuffle_3d(&x, side)?;
        assert_eq!(found.dims(), expected.dims());
        assert_close(&found, &expected, &format!("{shape:?} by {side}"));
    }
    for side in [0, 3, usize::MAX] {
        assert!(ops::pixel_shuffle_3d(&noise(&[1, 2, 2, 2, 8], 1), side).is_err());
    }
    Ok(())
}
