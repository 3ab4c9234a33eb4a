//! The operators over occupied cells: the fast ones against their plain twins, those against their
//! definitions, and the reference's goldens.

use candle_core::{DType, Device, Result, Tensor};
use models::ops::{self, RuleBook, SubmanifoldConvolution, Windows, plain};
use rand::RngExt;

use crate::golden::{Golden, data};
use crate::noise::{assert_close, cells, generator, noise};

/// The cells of a golden's batch of one.
pub(crate) fn golden_cells(golden: &Golden, key: &str) -> Vec<[u16; 3]> {
    let coordinates = golden.tensor(key).to_vec2::<i32>().unwrap();
    coordinates
        .iter()
        .map(|row| {
            assert_eq!(row[0], 0);
            [row[1] as u16, row[2] as u16, row[3] as u16]
        })
        .collect()
}

#[test]
fn submanifold_convolution_is_spconvs() {
    let golden = Golden::read(&data(), "subm_conv");
    let rules = RuleBook::new(8, &golden_cells(&golden, "in.coords")).unwrap();
    let x = golden.tensor("in.feats").unsqueeze(0).unwrap();
    let (weight, bias) = (golden.tensor("w.weight"), golden.tensor("w.bias"));
    for convolve in [ops::submanifold_convolution, plain::submanifold_convolution] {
        let y = convolve(&x, &weight, Some(&bias), &rules).unwrap();
        golden.expect("feats", &y.squeeze(0).unwrap());
    }
}

/// A submanifold convolution is a dense one, looked at in the occupied cells.
#[test]
fn submanifold_convolution_is_a_dense_one() -> Result<()> {
    let (side, inputs, outputs) = (5usize, 3, 4);
    let cells = cells(5, 60, true, 3);
    let rules = RuleBook::new(side, &cells)?;
    let x = noise(&[1, 60, inputs], 1);
    let weight = noise(&[outputs, 3, 3, 3, inputs], 2);
    let found = ops::submanifold_convolution(&x, &weight, None, &rules)?;
    let rows = x.squeeze(0)?.to_vec2::<f32>()?;
    let kernel = weight
        .permute((1, 2, 3, 4, 0))?
        .contiguous()?
        .reshape((27, inputs, outputs))?
        .to_vec3::<f32>()?;
    let mut expected = vec![vec![0.0; outputs]; cells.len()];
    for (at, cell) in cells.iter().enumerate() {
        for (other, neighbour) in cells.iter().enumerate() {
            let step: Vec<i32> = (0..3)
                .map(|axis| i32::from(neighbour[axis]) - i32::from(cell[axis]) + 1)
                .collect();
            if step.iter().any(|step| !(0..3).contains(step)) {
                continue;
            }
            let place = (step[0] * 9 + step[1] * 3 + step[2]) as usize;
            for input in 0..inputs {
                for output in 0..outputs {
                    expected[at][output] += rows[other][input] * kernel[place][input][output];
                }
            }
        }
    }
    let expected = Tensor::new(expected, &Device::Cpu)?.unsqueeze(0)?;
    assert_close(&found, &expected, 1e-5, "against sums over all pairs");
    Ok(())
}

#[test]
fn submanifold_convolutions_of_every_size() -> Result<()> {
    let mut generator = generator(5);
    for case in 0..24 {
        let side = generator.random_range(1..=9u16);
        let most = usize::from(side).pow(3);
        let count = match case {
            0 => 0,
            1 => 1,
            2 => most,
            _ => generator.random_range(0..=most),
        };
        let (inputs, outputs) = match case {
            3 => (1030, 5),
            4 => (6, 130),
            _ => (
                generator.random_range(1..=40),
                generator.random_range(1..=40),
            ),
        };
        let batch = generator.random_range(1..=3);
        let rules = RuleBook::new(side.into(), &cells(side, count, case % 2 == 0, case))?;
        assert_eq!(rules.cells(), count);
        let x = noise(&[batch, count, inputs], 1);
        let (weight, bias) = (noise(&[outputs, 3, 3, 3, inputs], 2), noise(&[outputs], 3));
        let bias = (case % 3 > 0).then_some(&bias);
        let what = format!("{count} cells of {side}³, {batch} × {inputs} to {outputs}");
        let expected = plain::submanifold_convolution(&x, &weight, bias, &rules)?;
        let found = ops::submanifold_convolution(&x, &weight, bias, &rules)?;
        assert_close(&found, &expected, 1e-5, &what);
        let wide = plain::submanifold_convolution(
            &x.to_dtype(DType::F64)?,
            &weight.to_dtype(DType::F64)?,
            bias.map(|bias| bias.to_dtype(DType::F64))
                .transpose()?
                .as_ref(),
            &rules,
        )?;
        assert_close(&wide, &expected, 1e-5, &what);
    }
    Ok(())
}

#[test]
fn submanifold_convolution_in_half_precision_sums_in_single() -> Result<()> {
    let rules = RuleBook::new(8, &cells(8, 400, false, 1))?;
    let half = |x: Tensor| x.to_dtype(DType::F16);
    let x = half(noise(&[2, 400, 70], 1))?;
    let (weight, bias) = (half(noise(&[20, 3, 3, 3, 70], 2))?, half(noise(&[20], 3))?);
    let layer = SubmanifoldConvolution::new(&weight, Some(&bias))?;
    let found = layer.forward(&x, &rules)?;
    assert_eq!(found.dtype(), DType::F16);
    let single = |x: &Tensor| x.to_dtype(DType::F32);
    let expected = ops::submanifold_convolution(
        &single(&x)?,
        &single(&weight)?,
        Some(&single(&bias)?),
        &rules,
    )?;
    // Rounded once: half a unit in the last of 11 bits, of values up to four times the usual.
    assert_close(&found, &expected, 4.0 / 2048.0, "half precision");
    Ok(())
}

#[test]
fn convolutions_that_do_not_fit_are_errors() {
    let rules = RuleBook::new(4, &cells(4, 10, false, 1)).unwrap();
    let weight = noise(&[6, 3, 3, 3, 5], 1);
    let layer = SubmanifoldConvolution::new(&weight, None).unwrap();
    for x in [
        noise(&[1, 9, 5], 2),
        noise(&[1, 10, 4], 2),
        noise(&[10, 5], 2),
    ] {
        assert!(layer.forward(&x, &rules).is_err());
        assert!(plain::submanifold_convolution(&x, &weight, None, &rules).is_err());
    }
    let doubles = noise(&[1, 10, 5], 2).to_dtype(DType::F64).unwrap();
    assert!(layer.forward(&doubles, &rules).is_err());
    assert!(SubmanifoldConvolution::new(&weight, Some(&noise(&[5], 3))).is_err());
    assert!(SubmanifoldConvolution::new(&noise(&[6, 3, 3, 2, 5], 1), None).is_err());
    assert!(SubmanifoldConvolution::new(&noise(&[6, 27, 5], 1), None).is_err());
}

#[test]
fn windows_are_those_of_equal_keys() {
    let windows = Windows::by_keys(&[7, 2, 7, 0, 2, 7]);
    let found: Vec<&[u32]> = windows.iter().collect();
    assert_eq!(found, [&[3][..], &[1, 4], &[0, 2, 5]]);
    assert_eq!((windows.tokens(), windows.count()), (6, 3));
    let none = Windows::by_keys(&[]);
    assert_eq!(
        (none.tokens(), none.count(), none.iter().count()),
        (0, 0, 0)
    );
}

/// Each window's attention by itself.
fn one_by_one(q: &Tensor, k: &Tensor, v: &Tensor, windows: &Windows) -> Result<Tensor> {
    let tokens = windows.tokens();
    let mut rows: Vec<Option<Tensor>> = vec![None; tokens];
    for window in windows.iter() {
        let picks = Tensor::new(window, &Device::Cpu)?;
        let pick = |x: &Tensor| x.contiguous()?.index_select(&picks, 2);
        let seen = plain::attention(&pick(q)?, &pick(k)?, &pick(v)?, false)?;
        for (index, &token) in window.iter().enumerate() {
            rows[token as usize] = Some(seen.narrow(2, index, 1)?);
        }
    }
    let rows: Vec<Tensor> = rows.into_iter().flatten().collect();
    Tensor::cat(&rows, 2)
}

#[test]
fn windowed_attention_of_every_size() -> Result<()> {
    let mut generator = generator(9);
    for case in 0..16 {
        let tokens = if case == 0 {
            1
        } else {
            generator.random_range(2..300)
        };
        let most = match case {
            1 => 1,
            2 => tokens as u64 * 100,
            _ => generator.random_range(1..40),
        };
        let keys: Vec<u64> = (0..tokens)
            .map(|_| generator.random_range(0..most).pow(2) / 3)
            .collect();
        let windows = Windows::by_keys(&keys);
        let (batch, heads) = (generator.random_range(1..=3), generator.random_range(1..=4));
        let width = [1, 8, 12, 64, 80][case % 5];
        let qkv = noise(&[batch, tokens, 3, heads, width], 1)
            .permute((2, 0, 3, 1, 4))?
            .contiguous()?;
        let turned = noise(&[batch, tokens, 3, heads, width], 1).permute((2, 0, 3, 1, 4))?;
        let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
        let expected = one_by_one(&q, &k, &v, &windows)?;
        let what = format!(
            "{tokens} tokens in {} windows, {heads} × {width}",
            windows.count()
        );
        assert_close(
            &plain::windowed_attention(&q, &k, &v, &windows)?,
            &expected,
            1e-5,
            &what,
        );
        let found = ops::windowed_attention(&q, &k, &v, &windows)?;
        assert_close(&found, &expected, 1e-5, &what);
        assert!(found.transpose(1, 2)?.is_contiguous());
        let (q, k, v) = (turned.get(0)?, turned.get(1)?, turned.get(2)?);
        for attend in [ops::windowed_attention, plain::windowed_attention] {
            let found = attend(&q, &k, &v, &windows)?;
            assert_close(&found, &expected, 1e-5, &format!("views: {what}"));
        }
        let half = |x: &Tensor| x.to_dtype(DType::F16);
        let found = ops::windowed_attention(&half(&q)?, &half(&k)?, &half(&v)?, &windows)?;
        assert_eq!(found.dtype(), DType::F16);
        assert_close(&found, &expected, 5e-3, &format!("half precision: {what}"));
    }
    Ok(())
}

#[test]
fn windowed_attention_of_nothing_and_of_what_does_not_fit() -> Result<()> {
    let none = Tensor::zeros((1, 2, 0, 8), DType::F32, &Device::Cpu)?;
    let windows = Windows::by_keys(&[]);
    let found = ops::windowed_attention(&none, &none, &none, &windows)?;
    assert_eq!(found.dims(), [1, 2, 0, 8]);
    let x = noise(&[1, 2, 5, 8], 1);
    assert!(ops::windowed_attention(&x, &x, &x, &windows).is_err());
    let windows = Windows::by_keys(&[1, 1, 2, 2, 3]);
    let short = x.narrow(2, 0, 4)?;
    assert!(ops::windowed_attention(&x, &short, &x, &windows).is_err());
    assert!(ops::windowed_attention(&x, &x, &short, &windows).is_err());
    assert!(ops::windowed_attention(&short, &short, &short, &windows).is_err());
    Ok(())
}
