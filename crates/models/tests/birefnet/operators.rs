//! Convolutions and window attention: the fast ones against their definitions in candle's calls.

use candle_core::{DType, Device, Result, Tensor};
use models::ops::{self, Convolution, plain};

use crate::formula::weight;

fn noise(name: &str, shape: &[usize]) -> Tensor {
    weight(name, shape, 1)
}

fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (
        found.to_dtype(DType::F64).unwrap(),
        expected.to_dtype(DType::F64).unwrap(),
    );
    let scalar = |x: Tensor| x.to_scalar::<f64>().unwrap();
    let deviation = scalar(
        (found - &expected)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap(),
    );
    let square = scalar(expected.sqr().unwrap().mean_all().unwrap());
    assert!(square > 0.0, "{what} is nothing");
    assert!(deviation <= 1e-5 * square.sqrt(), "{what}: {deviation}");
}

#[test]
fn convolutions() -> Result<()> {
    for (side, [height, width]) in [(1, [4, 3]), (3, [9, 5]), (3, [1, 1]), (7, [4, 11])] {
        let x = noise("x", &[2, height, width, 5]);
        let weight = noise("w", &[9, 5, side, side]);
        let bias = noise("b.bias", &[9]);
        let expected = plain::conv2d(&x, &weight, Some(&bias))?;
        let found = Convolution::new(&weight, Some(&bias))?.forward(&x)?;
        assert_close(&found, &expected, &format!("{side}² on {height}×{width}"));
        let wide = |x: &Tensor| x.to_dtype(DType::F64);
        let found = Convolution::new(&wide(&weight)?, Some(&wide(&bias)?))?.forward(&wide(&x)?)?;
        assert_close(&found, &expected, &format!("{side}², as on a GPU"));
    }
    Ok(())
}

#[test]
fn deformable_convolutions_look_beyond_the_picture_and_between_pixels() -> Result<()> {
    for (side, channels) in [(1, 3), (3, 16), (7, 35)] {
        let taps = side * side;
        let x = noise("x", &[2, 6, 9, channels]);
        let weight = noise("w", &[4, channels, side, side]);
        // Up to twelve pixels away, which leaves the picture on every side.
        let offsets = (noise("o", &[2, 6, 9, 2 * taps]) * 30.0)?;
        let shares = noise("s", &[2, 6, 9, taps]);
        let expected = plain::deform_conv2d(&x, &offsets, &shares, &weight, None)?;
        let found = Convolution::new(&weight, None)?.forward_at(&x, &offsets, &shares)?;
        assert_close(&found, &expected, &format!("deformable {side}²"));
    }
    Ok(())
}

#[test]
fn a_deformable_convolution_that_looks_straight_ahead_is_a_convolution() -> Result<()> {
    let x = noise("x", &[1, 8, 5, 6]);
    let weight = noise("w", &[4, 6, 3, 3]);
    let offsets = Tensor::zeros((1, 8, 5, 18), DType::F32, &Device::Cpu)?;
    let shares = Tensor::ones((1, 8, 5, 9), DType::F32, &Device::Cpu)?;
    let found = Convolution::new(&weight, None)?.forward_at(&x, &offsets, &shares)?;
    assert_close(&found, &plain::conv2d(&x, &weight, None)?, "straight ahead");
    Ok(())
}

#[test]
fn offsets_that_are_no_places_count_nothing() -> Result<()> {
    let x = noise("x", &[1, 2, 2, 3]);
    let weight = noise("w", &[4, 3, 1, 1]);
    let wild = [f32::NAN, 0.0, f32::INFINITY, 1.0, 0.0, -1e30, 3e9, 3e9];
    let offsets = Tensor::new(&wild, &Device::Cpu)?.reshape((1, 2, 2, 2))?;
    let shares = Tensor::ones((1, 2, 2, 1), DType::F32, &Device::Cpu)?;
    let found = Convolution::new(&weight, None)?.forward_at(&x, &offsets, &shares)?;
    assert_eq!(found.flatten_all()?.to_vec1::<f32>()?, [0.0; 16]);
    Ok(())
}

#[test]
fn convolutions_of_the_wrong_form_are_refused() -> Result<()> {
    assert!(Convolution::new(&noise("w", &[4, 3, 2, 2]), None).is_err());
    assert!(Convolution::new(&noise("w", &[4, 3, 3, 1]), None).is_err());
    let convolution = Convolution::new(&noise("w", &[4, 3, 3, 3]), None)?;
    assert!(convolution.forward(&noise("x", &[1, 4, 4, 5])).is_err());
    let (x, offsets) = (noise("x", &[1, 4, 4, 3]), noise("o", &[1, 4, 4, 18]));
    let few = noise("s", &[1, 4, 4, 8]);
    assert!(convolution.forward_at(&x, &offsets, &few).is_err());
    Ok(())
}

#[test]
fn attention_within_windows() -> Result<()> {
    for (windows, heads, tokens, width) in [(3, 2, 9, 8), (5, 1, 144, 32), (2, 3, 49, 5)] {
        let qkv = noise("qkv", &[windows, tokens, 3, heads, width]).permute((2, 0, 3, 1, 4))?;
        let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
        let bias = (noise("bias", &[2, heads, tokens, tokens]) * 3.0)?;
        // Each second kind hides all keys but a query's own and its neighbours.
        let far: Vec<f32> = (0..tokens * tokens)
            .map(|pair| match (pair / tokens).abs_diff(pair % tokens) {
                0..3 => 0.0,
                _ => f32::NEG_INFINITY,
            })
            .collect();
        let far = Tensor::from_vec(far, (1, 1, tokens, tokens), &Device::Cpu)?;
        let far = Tensor::cat(&[&far.zeros_like()?, &far], 0)?;
        let bias = bias.broadcast_add(&far)?;
        let kinds: Vec<u32> = (0..windows as u32).map(|window| window % 2).collect();
        let expected = plain::biased_attention(&q, &k, &v, &bias, &kinds)?;
        let found = ops::biased_attention(&q, &k, &v, &bias, &kinds)?;
        assert_close(&found, &expected, "attention within windows");
        assert!(ops::biased_attention(&q, &k, &v, &bias, &kinds[1..]).is_err());
        assert!(ops::biased_attention(&q, &k, &v, &bias, &vec![2; windows]).is_err());
    }
    Ok(())
}
