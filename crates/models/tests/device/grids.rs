//! Convolutions over voxels and grids.

use candle_core::{Result, Tensor};
use models::ops::{self, Conv3d, RuleBook, SubmanifoldConvolution, plain};
use rand::RngExt;
use rand::seq::SliceRandom;

use crate::twins::{device, generator, hold, noise};

/// So many cells of a grid, in any order.
fn cells(side: u16, count: usize, seed: u64) -> Vec<[u16; 3]> {
    let mut all: Vec<[u16; 3]> = (0..side)
        .flat_map(|x| (0..side).flat_map(move |y| (0..side).map(move |z| [x, y, z])))
        .collect();
    all.shuffle(&mut generator(seed));
    all.truncate(count);
    all
}

#[test]
fn submanifold_convolutions() {
    let Some(device) = device() else { return };
    let mut generator = generator(50);
    for (case, (inputs, outputs)) in [(8, 128), (128, 128), (33, 7), (1, 1), (256, 64)]
        .into_iter()
        .enumerate()
    {
        let side = generator.random_range(2..=12u16);
        let most = usize::from(side).pow(3);
        let count = if case == 3 {
            1
        } else {
            generator.random_range(1..=most)
        };
        let rules = RuleBook::new(side.into(), &cells(side, count, case as u64)).unwrap();
        let batch = 1 + case % 2;
        let scale = (27.0 * inputs as f64).sqrt().recip();
        let values = [
            noise(&[batch, count, inputs], 51),
            (noise(&[outputs, 3, 3, 3, inputs], 52) * scale).unwrap(),
            noise(&[outputs], 53),
        ];
        let run = |x: &[Tensor]| -> Result<Tensor> {
            SubmanifoldConvolution::new(&x[1], Some(&x[2]))?.forward(&x[0], &rules)
        };
        let plainly =
            |x: &[Tensor]| plain::submanifold_convolution(&x[0], &x[1], Some(&x[2]), &rules);
        let what = format!("{count} cells of {side}³, {batch} × {inputs} to {outputs}");
        hold(&what, &device, &values, run, plainly);
    }
}

#[test]
fn convolutions_of_grids() {
    let Some(device) = device() else { return };
    for (shape, outputs) in [
        ([1, 4, 4, 4, 24], 24),
        ([2, 3, 5, 9, 8], 33),
        ([1, 16, 2, 33, 3], 1),
        ([1, 16, 16, 16, 64], 64),
    ] {
        let scale = (27.0 * shape[4] as f64).sqrt().recip();
        let values = [
            noise(&shape, 54),
            (noise(&[outputs, shape[4], 3, 3, 3], 55) * scale).unwrap(),
            noise(&[outputs], 56),
            noise(&[shape[0], shape[1], shape[2], shape[3], outputs], 57),
        ];
        let what = format!("{shape:?} to {outputs}");
        hold(
            &what,
            &device,
            &values,
            |x| Conv3d::new(&x[1], Some(&x[2]))?.forward_onto(&x[0], &x[3]),
            |x| plain::conv3d(&x[0], &x[1], Some(&x[2]))? + &x[3],
        );
        hold(
            &format!("turned {what}"),
            &device,
            &values,
            |x| ops::conv3d(&x[0].transpose(1, 3)?, &x[1], None),
            |x| plain::conv3d(&x[0].transpose(1, 3)?, &x[1], None),
        );
    }
}

#[test]
fn channels_become_cells() {
    let Some(device) = device() else { return };
    for (shape, side) in [
        ([2, 2, 3, 4, 24], 2),
        ([1, 1, 2, 2, 54], 3),
        ([1, 8, 8, 8, 256], 2),
    ] {
        hold(
            &format!("{shape:?} by {side}"),
            &device,
            &[noise(&shape, 58)],
            |x| ops::pixel_shuffle_3d(&x[0], side),
            |x| plain::pixel_shuffle_3d(&x[0], side),
        );
    }
}
