//! Every operator, for every set of instructions this processor has, against sums in double precision.

mod grids;
mod voxels;

use super::conv3d::Extent;
use super::*;

/// Noise between −1 and 1, the same each time.
fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let step = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(step).take(count).collect()
}

/// Largest deviation allowed, against the root mean square of what is expected. Single precision alone
/// comes to 0.9e-5 over the 14 000 products of the longest sum here; one of them too few, to 800e-5.
const TOLERANCE: f64 = 3e-5;

/// Holds `found` against `expected`, relative to the root mean square of what is expected.
fn assert_close(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let square = expected.iter().map(|x| x * x).sum::<f64>() / expected.len() as f64;
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let deviation = (f64::from(found) - expected).abs();
        assert!(
            deviation <= TOLERANCE * square.sqrt(),
            "{what} at {index}: {found} for {expected}"
        );
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| f64::from(a) * f64::from(b))
        .sum()
}

#[test]
fn products_of_every_shape() {
    let shapes = [
        (1, 1, 1),
        (1, 600, 33),
        (11, 7, 31),
        (12, 64, 32),
        (13, 513, 16),
        (29, 1100, 70),
        (200, 5, 3),
    ];
    for processor in Processor::all() {
        for (rows, inputs, outputs) in shapes {
            let (x, weight) = (noise(rows * inputs, 1), noise(outputs * inputs, 2));
            let (bias, scale) = (noise(outputs, 3), noise(outputs, 4));
            let residual = noise(rows * outputs, 5);
            let matrix = Matrix::of_weight(processor, &Rows::packed(&weight, inputs));
            let finish = Finish {
                bias: Some(&bias),
                activation: None,
                scale: Some(&scale),
                residual: Some(Rows::packed(&residual, outputs)),
            };
            let found = product(&Rows::packed(&x, inputs), &matrix, finish);
            let expected: Vec<f64> = (0..rows * outputs)
                .map(|index| {
                    let (row, column) = (index / outputs, index % outputs);
                    let sum = dot(
                        &x[row * inputs..][..inputs],
                        &weight[column * inputs..][..inputs],
                    );
                    f64::from(residual[index])
                        + f64::from(scale[column]) * (sum + f64::from(bias[column]))
                })
                .collect();
            assert_close(
                &found,
                &expected,
                &format!("{processor:?} {rows}×{inputs}×{outputs}"),
            );
        }
    }
}

#[test]
fn feedforwards_are_their_parts_one_after_the_other() {
    let (rows, narrow, wide) = (61, 45, 130);
    let x = noise(rows * narrow, 1);
    let (up, down) = (noise(wide * narrow, 2), noise(narrow * wide, 3));
    let (bias, weight) = (noise(wide, 4), noise(narrow, 5));
    for processor in Processor::all() {
        let expand = Matrix::of_weight(processor, &Rows::packed(&up, narrow));
        let contract = Matrix::of_weight(processor, &Rows::packed(&down, wide));
        let norm = Norm {
            weight: Some(&weight),
            bias: None,
            eps: 1e-6,
        };
        let nothing = Finish {
            bias: None,
            activation: None,
            scale: None,
            residual: None,
        };
        let between = Finish {
            bias: Some(&bias),
            activation: Some(Activation::Gelu),
            ..nothing
        };
        let finish = Finish {
            residual: Some(Rows::packed(&x, narrow)),
            ..nothing
        };
        let x = Rows::packed(&x, narrow);
        let found = feedforward(
            &x,
            Feedforward {
                norm,
                expand: &expand,
                between,
                contract: &contract,
                finish,
            },
        );
        let normal = normalise(processor, &x, norm);
        let middle = product(&Rows::packed(&normal, narrow), &expand, between);
        let expected = product(&Rows::packed(&middle, wide), &contract, finish);
        assert_eq!(found, expected, "{processor:?}");
    }
}

#[test]
fn norms_of_every_width() {
    for processor in Processor::all() {
        for width in [1, 3, 16, 17, 100, 1536] {
            let x: Vec<f32> = noise(70 * width, 1)
                .iter()
                .map(|x| 3.0 * x + 10.0)
                .collect();
            let (weight, bias) = (noise(width, 2), noise(width, 3));
            let norm = Norm {
                weight: Some(&weight),
                bias: Some(&bias),
                eps: 1e-3,
            };
            let found = normalise(processor, &Rows::packed(&x, width), norm);
            let expected: Vec<f64> = x
                .chunks(width)
                .flat_map(|row| {
                    let row: Vec<f64> = row.iter().copied().map(f64::from).collect();
                    let mean = row.iter().sum::<f64>() / width as f64;
                    let variance =
                        row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width as f64;
                    let spread = (variance + 1e-3).sqrt();
                    row.into_iter().map(move |x| (x - mean) / spread)
                })
                .enumerate()
                .map(|(index, x)| {
                    x * f64::from(weight[index % width]) + f64::from(bias[index % width])
                })
                .collect();
            let deviation = found
                .iter()
                .zip(&expected)
                .map(|(&a, &b)| (f64::from(a) - b).abs());
            // Sums of a row of 1,536 values around 10, one after the other, are off by a few millionths.
            let worst = deviation.fold(0.0, f64::max);
            assert!(worst < 3e-5, "{processor:?} {width}: {worst}");
        }
    }
}

#[test]
fn depthwise_kernels_of_every_size() {
    for processor in Processor::all() {
        for (count, extent, side, padding) in [
            (1, [1, 1, 1], 1, 0),
            (2, [7, 7, 19], 7, 3),
            (3, [14, 9, 32], 3, 1),
            (1, [30, 11, 5], 5, 0),
            (1, [4, 20, 16], 7, 3),
        ] {
            let [height, width, channels] = extent;
            let x = noise(count * height * width * channels, 1);
            let (weight, bias) = (noise(side * side * channels, 2), noise(channels, 3));
            let kernels = Kernels {
                weight: &weight,
                bias: Some(&bias),
                side,
                padding,
            };
            let found = depthwise(processor, &x, extent, kernels);
            let (down, across) = (
                height + 2 * padding + 1 - side,
                width + 2 * padding + 1 - side,
            );
            let at = |item: usize, y: usize, x_: usize, channel: usize| {
                let (y, x_) = (y.checked_sub(padding)?, x_.checked_sub(padding)?);
                (y < height && x_ < width)
                    .then(|| f64::from(x[((item * height + y) * width + x_) * channels + channel]))
            };
            let expected: Vec<f64> = (0..count * down * across * channels)
                .map(|index| {
                    let (rest, channel) = (index / channels, index % channels);
                    let (rest, column) = (rest / across, rest % across);
                    let (item, line) = (rest / down, rest % down);
                    let taps = (0..side * side).map(|tap| {
                        let seen = at(item, line + tap / side, column + tap % side, channel);
                        seen.unwrap_or(0.0) * f64::from(weight[tap * channels + channel])
                    });
                    f64::from(bias[channel]) + taps.sum::<f64>()
                })
                .collect();
            assert_close(
                &found,
                &expected,
                &format!("{processor:?} {extent:?} {side}"),
            );
        }
    }
}

#[test]
fn attention_of_every_shape() {
    for processor in Processor::all() {
        for (heads, queries, keys, width, causal) in [
            (1, 1, 1, 1, false),
            (2, 5, 40, 64, false),
            (3, 33, 33, 12, true),
            (2, 77, 77, 64, true),
            (1, 70, 3, 9, false),
        ] {
            let (q, k) = (
                noise(heads * queries * width, 1),
                noise(heads * keys * width, 2),
            );
            let v = noise(heads * keys * width, 3);
            let of = |values, tokens| Heads {
                values,
                strides: [heads * tokens * width, tokens * width, width],
                tokens,
                width,
            };
            let found = attention(
                processor,
                [1, heads],
                of(&q, queries),
                of(&k, keys),
                of(&v, keys),
                causal,
                None,
            );
            let mut expected = vec![0.0; heads * queries * width];
            for head in 0..heads {
                for query in 0..queries {
                    let q = &q[(head * queries + query) * width..][..width];
                    let seen = if causal { query + 1 } else { keys };
                    let row = |index: usize| {
                        (head * keys + index) * width..(head * keys + index + 1) * width
                    };
                    let shares: Vec<f64> = (0..seen)
                        .map(|key| (dot(q, &k[row(key)]) / (width as f64).sqrt()).exp())
                        .collect();
                    let sum: f64 = shares.iter().sum();
                    for column in 0..width {
                        expected[(query * heads + head) * width + column] = (0..seen)
                            .map(|key| shares[key] / sum * f64::from(v[row(key)][column]))
                            .sum();
                    }
                }
            }
            assert_close(
                &found,
                &expected,
                &format!("{processor:?} {queries} of {keys} by {width}"),
            );
        }
    }
}

#[test]
fn what_is_no_number_stays_none() {
    for processor in Processor::all() {
        for activation in [
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::QuickGelu,
            Activation::Silu,
        ] {
            assert!(
                activate(processor, &[f32::NAN; 40], activation)
                    .iter()
                    .all(|x| x.is_nan())
            );
        }
        let mut x = noise(40 * 8, 1);
        x[100] = f32::NAN;
        let heads = Heads {
            values: &x,
            strides: [0, 0, 8],
            tokens: 40,
            width: 8,
        };
        let y = attention(processor, [1, 1], heads, heads, heads, false, None);
        assert!(y.iter().all(|x| x.is_nan()), "{processor:?}");
    }
}

#[test]
fn activations_far_out() {
    for processor in Processor::all() {
        let x = [-1e30, -100.0, -20.0, 0.0, 20.0, 100.0, 1e30];
        for activation in [
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::QuickGelu,
            Activation::Silu,
        ] {
            let y = activate(processor, &x, activation);
            assert!(
                y[..3].iter().all(|y| y.abs() < 1e-6),
                "{processor:?} {activation:?}: {y:?}"
            );
            assert_eq!(y[3..], x[3..], "{processor:?} {activation:?}");
        }
    }
}
