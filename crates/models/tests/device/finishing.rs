//! What becomes of a matrix product: bias, scale and residual, for rows of many widths, with vectors that
//! are parts of others.

use candle_core::{Result, Tensor};
use models::ops::{Activation, Linear, plain};

use crate::twins::{assert_near, device, hold, noise};

/// Inputs of the layers here.
const INPUTS: usize = 40;

/// Widths and numbers of rows: of no whole pack of values, of one, and of more than a block of threads.
fn sizes() -> Vec<[usize; 2]> {
    let widths = [1, 8, 12, 24, 45, 96, 1024, 3072];
    let mut sizes: Vec<[usize; 2]> = widths
        .iter()
        .flat_map(|&width| [1, 3, 257].map(|rows| [rows, width]))
        .collect();
    sizes.extend([[4097, 24], [4097, 45], [4097, 96]]);
    sizes
}

/// Weight, bias, scale, residual and input of a layer.
fn layer([rows, width]: [usize; 2]) -> [Tensor; 5] {
    let weight = (noise(&[width, INPUTS], 90) * (INPUTS as f64).sqrt().recip()).unwrap();
    [
        noise(&[1, rows, INPUTS], 91),
        weight,
        // Longer than they are needed.
        noise(&[width + 16], 92),
        noise(&[width + 16], 93),
        noise(&[3, rows, width], 94),
    ]
}

#[test]
fn ends_of_products() {
    let Some(device) = device() else { return };
    for [rows, width] in sizes() {
        let values = layer([rows, width]);
        let plainly = |x: &[Tensor], start: usize| -> Result<Tensor> {
            plain::linear(&x[0], &x[1], Some(&x[2].narrow(0, start, width)?))
        };
        let what = format!("{rows} rows of {width}");
        hold(
            &format!("{what} and a bias"),
            &device,
            &values,
            |x| Linear::new(&x[1], Some(&x[2].narrow(0, 0, width)?))?.forward(&x[0]),
            |x| plainly(x, 0),
        );
        // Where vectors begin: at a whole pack of sixteen bytes, and not.
        for start in [8, 3] {
            hold(
                &format!("{what}, all the rest of vectors from {start} on"),
                &device,
                &values,
                |x| {
                    let vector = |index: usize| x[index].narrow(0, start, width);
                    let layer = Linear::new(&x[1], Some(&vector(2)?))?;
                    layer.forward_onto(&x[0], Some(&vector(3)?), &x[4].narrow(0, 1, 1)?)
                },
                |x| {
                    let scaled =
                        plainly(x, start)?.broadcast_mul(&x[3].narrow(0, start, width)?)?;
                    scaled + x[4].narrow(0, 1, 1)?
                },
            );
        }
        hold(
            &format!("{what} onto others"),
            &device,
            &values,
            |x| Linear::new(&x[1], None)?.forward_onto(&x[0], None, &x[4].narrow(0, 2, 1)?),
            |x| plain::linear(&x[0], &x[1], None)? + x[4].narrow(0, 2, 1)?,
        );
    }
}

#[test]
fn activated_products() {
    let Some(device) = device() else { return };
    for [rows, width] in [[3, 45], [257, 96], [4097, 24], [1, 3072]] {
        let values = layer([rows, width]);
        for activation in [
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::QuickGelu,
            Activation::Silu,
        ] {
            let linear = |x: &[Tensor]| Linear::new(&x[1], Some(&x[2].narrow(0, 8, width)?));
            hold(
                &format!("{rows} rows of {width} and {activation:?}"),
                &device,
                &values,
                |x| linear(x)?.forward_activated(&x[0], activation),
                |x| activation.forward(&linear(x)?.forward(&x[0])?),
            );
        }
    }
}

/// Rows that do not lie one behind the other, and that nothing a product is added to changes.
#[test]
fn what_is_added_to_stays_as_it_is() {
    let Some(device) = device() else { return };
    let values = [
        noise(&[2, INPUTS, 9], 95),
        noise(&[96, INPUTS], 96),
        noise(&[96], 97),
        noise(&[2, 96, 9], 98),
    ];
    let turned = |x: &[Tensor]| -> Result<Tensor> {
        let layer = Linear::new(&x[1], Some(&x[2]))?;
        let (input, residual) = (x[0].transpose(1, 2)?, x[3].transpose(1, 2)?);
        let first = layer.forward_onto(&input.contiguous()?, None, &residual)?;
        let second = layer.forward_onto(&input, None, &residual.contiguous()?)?;
        (first + second)? * 0.5
    };
    hold("rows that are columns", &device, &values, turned, turned);
    let there = values
        .each_ref()
        .map(|values| values.to_device(&device).unwrap());
    let rows = |x: &Tensor| x.transpose(1, 2).unwrap().contiguous().unwrap();
    let (input, residual) = (rows(&there[0]), rows(&there[3]));
    let layer = Linear::new(&there[1], Some(&there[2])).unwrap();
    layer
        .forward_onto(&input, Some(&there[2]), &residual)
        .unwrap();
    assert_near(&residual, &rows(&values[3]), 0.0, "what was added to");
    assert_near(&input, &rows(&values[0]), 0.0, "the input");
    assert_near(&there[2], &values[2], 0.0, "the bias");
}
