//! Convolutions of pictures, deformable ones, and resizing.

use candle_core::{DType, Tensor};
use models::ops::{self, Convolution, plain};
use models::{Filter, IMAGENET, resize};

use crate::twins::{assert_near, bar, device, hold, noise};

#[test]
fn convolutions() {
    let Some(device) = device() else { return };
    for (side, [height, width, inputs, outputs]) in [
        (1, [4, 3, 5, 9]),
        (3, [9, 5, 5, 9]),
        (3, [1, 1, 5, 9]),
        (7, [4, 11, 5, 9]),
        (3, [64, 48, 64, 64]),
        (7, [32, 33, 64, 147]),
    ] {
        let scale = ((side * side * inputs) as f64).sqrt().recip();
        let values = [
            noise(&[2, height, width, inputs], 60),
            (noise(&[outputs, inputs, side, side], 61) * scale).unwrap(),
            noise(&[outputs], 62),
        ];
        hold(
            &format!("{side}² on {height}×{width}, {inputs} to {outputs}"),
            &device,
            &values,
            |x| Convolution::new(&x[1], Some(&x[2]))?.forward(&x[0]),
            |x| plain::conv2d(&x[0], &x[1], Some(&x[2])),
        );
    }
}

#[test]
fn deformable_convolutions() {
    let Some(device) = device() else { return };
    for (side, channels) in [(1, 3), (3, 16), (7, 35), (3, 64)] {
        let taps = side * side;
        let (x, weight) = (
            noise(&[2, 24, 9, channels], 63),
            noise(&[4, channels, side, side], 64),
        );
        // Up to eight pixels away, which leaves the picture on every side.
        let offsets = (noise(&[2, 24, 9, 2 * taps], 65) * 8.0).unwrap();
        let shares = (noise(&[2, 24, 9, taps], 66) + 1.0).unwrap();
        hold(
            &format!("deformable {side}² of {channels} channels"),
            &device,
            &[x, weight, offsets, shares],
            |x| Convolution::new(&x[1], None)?.forward_at(&x[0], &x[2], &x[3]),
            |x| plain::deform_conv2d(&x[0], &x[2], &x[3], &x[1], None),
        );
    }
}

#[test]
fn depthwise_convolutions() {
    let Some(device) = device() else { return };
    for (side, padding, [batch, channels, height, width]) in [
        (7, 3, [2, 21, 10, 13]),
        (7, 3, [1, 48, 7, 7]),
        (3, 0, [1, 5, 9, 4]),
        (7, 3, [1, 3, 1, 1]),
    ] {
        let values = [
            noise(&[batch, channels, height, width], 67),
            (noise(&[channels, 1, side, side], 68) * 0.2).unwrap(),
            noise(&[channels], 69),
        ];
        let what = format!("depthwise {side}² on {height}×{width}, {channels} channels");
        let run = |x: &[Tensor]| ops::depthwise_conv2d(&x[0], &x[1], Some(&x[2]), padding);
        let plainly = |x: &[Tensor]| plain::depthwise_conv2d(&x[0], &x[1], Some(&x[2]), padding);
        hold(&what, &device, &values, run, plainly);
        // Channels last, as ConvNeXt has them.
        let last = |x: &[Tensor]| {
            let x0 = x[0]
                .permute((0, 2, 3, 1))?
                .contiguous()?
                .permute((0, 3, 1, 2))?;
            ops::depthwise_conv2d(&x0, &x[1], Some(&x[2]), padding)
        };
        hold(
            &format!("{what}, channels last"),
            &device,
            &values,
            last,
            plainly,
        );
    }
}

#[test]
fn pictures_are_resized_and_normalised() {
    let Some(device) = device() else { return };
    let picture = [noise(&[2, 3, 60, 45], 70)];
    for filter in [
        Filter::Bilinear,
        Filter::BilinearAntialias,
        Filter::Bicubic,
        Filter::BicubicAntialias,
    ] {
        for (height, width) in [(28, 28), (131, 77), (60, 20)] {
            let run = |x: &[Tensor]| IMAGENET.apply(&resize(&x[0], height, width, filter)?);
            let what = format!("{filter:?} to {width}×{height}");
            hold(&what, &device, &picture, run, run);
        }
    }
}

/// Of more places than `f16` counts: what a decoder of pictures of 1024 × 1024 pixels averages.
#[test]
fn means_over_many_places_are_not_lost() {
    let Some(device) = device() else { return };
    let x = (noise(&[1, 70_000, 8], 71) + 1.5).unwrap();
    let expected = x.mean_keepdim(1).unwrap();
    for dtype in [DType::F16, DType::BF16] {
        let x = x.to_dtype(dtype).unwrap().to_device(&device).unwrap();
        let found = ops::mean(&x, 1).unwrap();
        assert_eq!(found.dtype(), dtype);
        assert_near(&found, &expected, bar(dtype), &format!("mean in {dtype:?}"));
    }
}
