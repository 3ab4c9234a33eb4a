//! Norms, linear layers, activations, and what they make together.

use candle_core::{DType, Tensor};
use models::ops::{self, Activation, Linear, Mlp, Norm, plain};
use rand::RngExt;

use crate::twins::{assert_near, bar, device, generator, hold, noise};

#[test]
fn layer_norms() {
    let Some(device) = device() else { return };
    let mut generator = generator(20);
    for width in [1, 3, 8, 31, 33, 50, 96, 768, 1024, 1536, 3072, 5000] {
        let rows = if width == 96 {
            4097
        } else {
            generator.random_range(1..70)
        };
        let x = if width == 1 {
            // A row of one value is its own mean.
            noise(&[2, rows, 2], 21)
        } else {
            noise(&[2, rows, width], 21)
        };
        let width = x.dims()[2];
        let inputs = [(x + 0.5).unwrap(), noise(&[width], 22), noise(&[width], 23)];
        let what = format!("norm of {rows} rows of {width}");
        hold(
            &what,
            &device,
            &inputs,
            |x| ops::layer_norm(&x[0], None, None, 1e-6),
            |x| plain::layer_norm(&x[0], None, None, 1e-6),
        );
        hold(
            &format!("{what} with weights"),
            &device,
            &inputs,
            |x| ops::layer_norm(&x[0], Some(&x[1]), Some(&x[2]), 1e-5),
            |x| plain::layer_norm(&x[0], Some(&x[1]), Some(&x[2]), 1e-5),
        );
        hold(
            &format!("{what} with a factor"),
            &device,
            &inputs,
            |x| ops::layer_norm(&x[0], Some(&x[1]), None, 1e-6),
            |x| plain::layer_norm(&x[0], Some(&x[1]), None, 1e-6),
        );
        hold(
            &format!("{what} with parts of others"),
            &device,
            &inputs,
            |x| {
                let both = Tensor::cat(&[&x[1].narrow(0, 0, 1)?, &x[1], &x[2]], 0)?;
                let [weight, bias] = [1, 1 + width].map(|start| both.narrow(0, start, width));
                ops::layer_norm(&x[0], Some(&weight?), Some(&bias?), 1e-6)
            },
            |x| plain::layer_norm(&x[0], Some(&x[1]), Some(&x[2]), 1e-6),
        );
        // The weights of many norms are single precision in networks of half.
        let there = [&inputs[1], &inputs[2]].map(|weight| weight.to_device(&device).unwrap());
        hold(
            &format!("{what} with single weights"),
            &device,
            &inputs[..1],
            |x| ops::layer_norm(&x[0], Some(&there[0]), Some(&there[1]), 1e-6),
            |x| plain::layer_norm(&x[0], Some(&inputs[1]), Some(&inputs[2]), 1e-6),
        );
    }
    // A mean a thousand times as large as what deviates from it, and weights that are parts of others.
    let values = [
        noise(&[5, 257], 24).affine(0.01, 10.0).unwrap(),
        noise(&[600], 25),
    ];
    let far = |x: &[Tensor]| {
        let [weight, bias] = [3, 300].map(|start| x[1].narrow(0, start, 257));
        ops::layer_norm(&x[0], Some(&weight?), Some(&bias?), 1e-6)
    };
    let expected = far(&values).unwrap();
    let there = values.map(|values| values.to_device(&device).unwrap());
    let found = far(&there).unwrap();
    assert_near(&found, &expected, 2e-3, "norm of a large mean");
    let turned = [noise(&[2, 50, 9], 24)];
    hold(
        "norm of a view",
        &device,
        &turned,
        |x| ops::layer_norm(&x[0].transpose(1, 2)?, None, None, 1e-5),
        |x| plain::layer_norm(&x[0].transpose(1, 2)?, None, None, 1e-5),
    );
}

#[test]
fn activations() {
    let Some(device) = device() else { return };
    let x = [(noise(&[3, 7, 101], 25) * 6.0).unwrap()];
    for (activation, plainly) in [
        (Activation::Gelu, plain::gelu_erf as fn(&Tensor) -> _),
        (Activation::GeluTanh, plain::gelu_tanh),
        (Activation::QuickGelu, plain::quick_gelu),
        (Activation::Silu, plain::silu),
    ] {
        let what = format!("{activation:?}");
        hold(
            &what,
            &device,
            &x,
            |x| activation.forward(&x[0]),
            |x| plainly(&x[0]),
        );
        hold(
            &format!("{what} of a view"),
            &device,
            &x,
            |x| activation.forward(&x[0].transpose(0, 2)?.narrow(1, 2, 4)?),
            |x| plainly(&x[0].transpose(0, 2)?.narrow(1, 2, 4)?),
        );
    }
}

/// Far out, where the curves are a line or nothing and powers leave the range of `f16`.
#[test]
fn activations_far_out_are_finite() {
    let Some(device) = device() else { return };
    let x = Tensor::new(
        &[-6e4_f32, -300.0, -50.0, -12.0, 0.0, 12.0, 50.0, 300.0, 6e4],
        &device,
    );
    let expected = [0.0_f32, 0.0, 0.0, 0.0, 0.0, 12.0, 50.0, 300.0, 6e4];
    let expected = Tensor::new(&expected, &candle_core::Device::Cpu).unwrap();
    for dtype in [DType::F16, DType::BF16] {
        let x = x.as_ref().unwrap().to_dtype(dtype).unwrap();
        for activation in [
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::QuickGelu,
            Activation::Silu,
        ] {
            let found = activation.forward(&x).unwrap();
            let what = format!("{activation:?} far out in {dtype:?}");
            assert_near(&found, &expected, bar(dtype), &what);
        }
    }
}

#[test]
fn linear_layers() {
    let Some(device) = device() else { return };
    let mut generator = generator(26);
    for (inputs, outputs) in [(45, 70), (1, 1), (64, 1), (1030, 5), (256, 768), (4096, 33)] {
        let rows = generator.random_range(1..90);
        for shape in [
            vec![1, inputs],
            vec![rows, inputs],
            vec![2, 3, rows, inputs],
        ] {
            let values = [
                noise(&shape, 27),
                (noise(&[outputs, inputs], 28) / (inputs as f64).sqrt()).unwrap(),
                noise(&[outputs], 29),
            ];
            hold(
                &format!("linear, {shape:?} to {outputs}"),
                &device,
                &values,
                |x| Linear::new(&x[1], Some(&x[2]))?.forward(&x[0]),
                |x| plain::linear(&x[0], &x[1], Some(&x[2])),
            );
        }
        // Rows that are part of others, as a view.
        let values = [
            noise(&[4, rows + 3, inputs], 30),
            noise(&[outputs, inputs], 31),
        ];
        hold(
            &format!("linear of a view, {inputs} to {outputs}"),
            &device,
            &values,
            |x| ops::linear(&x[0].narrow(1, 2, rows)?, &x[1], None),
            |x| plain::linear(&x[0].narrow(1, 2, rows)?, &x[1], None),
        );
    }
    let values = [
        noise(&[2, 30, 45], 32),
        noise(&[70, 45], 33),
        noise(&[70], 34),
        noise(&[2, 30, 70], 35),
        noise(&[70], 36),
    ];
    hold(
        "linear onto",
        &device,
        &values,
        |x| Linear::new(&x[1], Some(&x[2]))?.forward_onto(&x[0], Some(&x[4]), &x[3]),
        |x| plain::linear(&x[0], &x[1], Some(&x[2]))?.broadcast_mul(&x[4])? + &x[3],
    );
}

#[test]
fn wide_parts_of_blocks() {
    let Some(device) = device() else { return };
    for activation in [
        Activation::Gelu,
        Activation::GeluTanh,
        Activation::QuickGelu,
        Activation::Silu,
    ] {
        let values = [
            noise(&[3, 35, 40], 40),
            (noise(&[160, 40], 41) * 0.3).unwrap(),
            noise(&[160], 42),
            (noise(&[40, 160], 43) * 0.2).unwrap(),
            noise(&[40], 44),
            noise(&[40], 45),
            noise(&[40], 46),
        ];
        let run = |x: &[Tensor]| {
            let mlp = Mlp {
                fc1: Linear::new(&x[1], Some(&x[2]))?,
                activation,
                fc2: Linear::new(&x[3], Some(&x[4]))?,
            };
            let norm = Norm::new(Some(x[5].clone()), None, 1e-6);
            mlp.forward_onto(&norm, &x[0], Some(&x[6]), &x[0])
        };
        hold(
            &format!("{activation:?} in a block"),
            &device,
            &values,
            run,
            run,
        );
    }
}
