//! The decoder of Gaussians against the reference, to the PLY.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};
use models::trellis::{GaussianDecoder, GaussianDecoderConfig, Gaussians, SparseTensor, Voxels};

use crate::golden::{Golden, data};
use crate::noise::{assert_close, cells, noise};
use crate::structured_latent::{anything, input};

fn parse(args: &serde_json::Value) -> std::result::Result<GaussianDecoderConfig, String> {
    let file = serde_json::json!({"name": "ElasticSLatGaussianDecoder", "args": args});
    GaussianDecoderConfig::parse(&file.to_string()).map_err(|error| error.to_string())
}

/// The decoder of the golden, and its input.
fn golden() -> (Golden, GaussianDecoder, SparseTensor) {
    let golden = Golden::read(&data(), "gs_decoder");
    let config = parse(&golden.config).unwrap();
    let decoder = GaussianDecoder::load(&config, &golden.weights()).unwrap();
    let x = input(&golden, config.resolution);
    (golden, decoder, x)
}

fn tensor<const WIDTH: usize>(rows: &[[f32; WIDTH]]) -> Tensor {
    Tensor::from_slice(rows.as_flattened(), (rows.len(), WIDTH), &Device::Cpu).unwrap()
}

#[test]
fn the_decoders_values_are_the_references() {
    let (golden, decoder, x) = golden();
    golden.expect("raw", &decoder.forward(&x).unwrap().squeeze(0).unwrap());
}

/// The golden has positions and turns before the PLY turns them.
#[test]
fn activated_values_are_the_references() {
    let (golden, decoder, x) = golden();
    let found = decoder.gaussians(&x).unwrap();
    let positions: Vec<[f32; 3]> = found
        .positions
        .iter()
        .map(|&[x, y, z]| [x, z, -y])
        .collect();
    golden.expect("xyz", &tensor(&positions));
    golden.expect("dc", &tensor(&found.colours));
    let scales: Vec<[f32; 3]> = found.scales.iter().map(|row| row.map(f32::exp)).collect();
    golden.expect("scale", &tensor(&scales));
    let sigmoid = |logit: &f32| [1.0 / (1.0 + (-logit).exp())];
    let opacities: Vec<[f32; 1]> = found.opacities.iter().map(sigmoid).collect();
    golden.expect("opacity", &tensor(&opacities));
    let half = std::f32::consts::FRAC_1_SQRT_2;
    let back = |&[w, x, y, z]: &[f32; 4]| {
        // Minus a quarter about the x axis.
        [w + x, x - w, y + z, z - y].map(|value| value * half)
    };
    let rotations: Vec<[f32; 4]> = found.rotations.iter().map(back).collect();
    golden.expect("rot", &tensor(&rotations));
}

/// A PLY's fields, by name.
fn fields(ply: &[u8]) -> Vec<(String, Vec<f32>)> {
    let end = b"end_header\n";
    let split = ply.windows(end.len()).position(|part| part == end).unwrap() + end.len();
    let header = std::str::from_utf8(&ply[..split]).unwrap();
    assert!(header.contains("format binary_little_endian"));
    let names: Vec<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("property float "))
        .collect();
    let values: Vec<f32> = ply[split..]
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    let field = |place: usize| {
        values
            .iter()
            .skip(place)
            .step_by(names.len())
            .copied()
            .collect()
    };
    (0..names.len())
        .map(|place| (names[place].to_owned(), field(place)))
        .collect()
}

#[test]
fn the_ply_is_the_references_field_by_field() {
    let (golden, decoder, x) = golden();
    let found = decoder.gaussians(&x).unwrap();
    let ply = golden.tensor("out.ply").to_vec1::<u8>().unwrap();
    let expected = fields(&ply);
    let column = |name: &str| -> Vec<f32> {
        let field = expected.iter().find(|(field, _)| field == name);
        field.unwrap_or_else(|| panic!("no {name}")).1.clone()
    };
    let together = |names: &[&str]| -> Tensor {
        let columns: Vec<Tensor> = names
            .iter()
            .map(|name| Tensor::new(column(name), &Device::Cpu).unwrap())
            .collect();
        Tensor::stack(&columns, 1).unwrap()
    };
    let check =
        |names: &[&str], found: Tensor| assert_close(&found, &together(names), 1e-4, names[0]);
    assert_eq!(found.len(), column("x").len());
    check(&["x", "y", "z"], tensor(&found.positions));
    check(&["f_dc_0", "f_dc_1", "f_dc_2"], tensor(&found.colours));
    check(&["scale_0", "scale_1", "scale_2"], tensor(&found.scales));
    let opacities = Tensor::new(found.opacities.as_slice(), &Device::Cpu).unwrap();
    check(&["opacity"], opacities.unsqueeze(1).unwrap());
    let names = ["rot_0", "rot_1", "rot_2", "rot_3"];
    let expected = together(&names).to_vec2::<f32>().unwrap();
    // A quaternion and its negative turn alike.
    let signed: Vec<[f32; 4]> = found
        .rotations
        .iter()
        .zip(&expected)
        .map(|(found, expected)| {
            let sum: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
            found.map(|value| value * sum.signum())
        })
        .collect();
    check(&names, tensor(&signed));
}

#[test]
fn perturbations_that_the_file_lacks_are_computed() {
    let (golden, decoder, x) = golden();
    let config = decoder.config().clone();
    let weights = golden.weights();
    let without = weights.rename_f(|name| match name {
        "offset_perturbation" => "nowhere".to_owned(),
        name => name.to_owned(),
    });
    let computed = GaussianDecoder::load(&config, &without).unwrap();
    let (found, expected) = (
        computed.gaussians(&x).unwrap(),
        decoder.gaussians(&x).unwrap(),
    );
    assert_close(
        &tensor(&found.positions),
        &tensor(&expected.positions),
        1e-6,
        "positions",
    );
    let unperturbed = GaussianDecoderConfig {
        representation_config: models::trellis::RepresentationConfig {
            perturb_offset: false,
            ..config.representation_config.clone()
        },
        ..config
    };
    let found = GaussianDecoder::load(&unperturbed, &without)
        .unwrap()
        .gaussians(&x)
        .unwrap();
    assert_ne!(found.positions, expected.positions);
    assert_eq!(found.scales, expected.scales);
}

#[test]
fn half_precision_stays_near() {
    let (golden, decoder, x) = golden();
    let weights = golden.weights().to_dtype(DType::F16);
    let half = GaussianDecoder::load(decoder.config(), &weights).unwrap();
    let found = half.forward(&x).unwrap();
    assert_eq!(found.dtype(), DType::F32);
    let expected = golden.tensor("out.raw").unsqueeze(0).unwrap();
    assert_close(&found, &expected, 3e-2, "half precision");
}

/// Odd sizes, full attention, a window that divides nothing.
fn odd() -> Vec<GaussianDecoderConfig> {
    let base = serde_json::json!({
        "resolution": 11, "model_channels": 40, "latent_channels": 3, "num_blocks": 3, "num_heads": 2,
        "qk_rms_norm": true,
        "representation_config": {
            "lr": {"_xyz": 0.5, "_features_dc": 2.0, "_opacity": 1.5, "_scaling": 0.7, "_rotation": 0.1},
            "perturb_offset": true, "voxel_size": 1.2, "num_gaussians": 5, "scaling_bias": 0.01,
            "opacity_bias": 0.3, "scaling_activation": "exp", "2d_filter_kernel_size": 0.1,
            "3d_filter_kernel_size": 0.0
        }
    });
    [
        ("window_size", serde_json::json!(5)),
        ("attn_mode", "full".into()),
    ]
    .into_iter()
    .map(|(key, value)| {
        let mut args = base.clone();
        args[key] = value;
        parse(&args).unwrap()
    })
    .collect()
}

#[test]
fn structures_of_any_size_are_decoded() -> Result<()> {
    for config in odd() {
        let decoder = GaussianDecoder::load(&config, &anything())?;
        for count in [0, 1, 2, 150] {
            let voxels = Arc::new(Voxels::new(11, cells(11, count, false, count as u64))?);
            let features = noise(&[2, count, 3], 1);
            let both = SparseTensor::new(features.clone(), voxels.clone())?;
            let raw = decoder.forward(&both)?;
            assert_eq!(raw.dims(), [2, count, 70]);
            assert!(decoder.gaussians(&both).is_err());
            let first = both.with(features.narrow(0, 0, 1)?)?;
            assert_close(
                &decoder.forward(&first)?,
                &raw.narrow(0, 0, 1)?,
                1e-5,
                "first of two",
            );
            let found = decoder.gaussians(&first)?;
            assert_eq!((found.len(), found.is_empty()), (5 * count, count == 0));
            check(&found, &voxels);
        }
    }
    Ok(())
}

/// What holds for all Gaussians.
fn check(gaussians: &Gaussians, voxels: &Voxels) {
    let count = gaussians.len();
    let counts = [
        gaussians.colours.len(),
        gaussians.opacities.len(),
        gaussians.scales.len(),
        gaussians.rotations.len(),
    ];
    assert_eq!(counts, [count; 4]);
    for (index, position) in gaussians.positions.iter().enumerate() {
        // Near its voxel: at most 0.6 voxels from the middle.
        let [x, y, z] = voxels.cells()[index / 5].map(|at| (f32::from(at) + 0.5) / 11.0 - 0.5);
        for (found, middle) in position.iter().zip([x, -z, y]) {
            assert!((found - middle).abs() <= 0.6001 / 11.0, "{index}");
        }
    }
    for rotation in &gaussians.rotations {
        let length: f32 = rotation.iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-5);
    }
    for scale in gaussians.scales.as_flattened() {
        // e^x of a value times 0.7, around 0.01.
        assert!(
            scale.is_finite() && *scale > -10.0 && *scale < 2.0,
            "{scale}"
        );
    }
}

#[test]
fn what_a_configuration_may_not_ask_is_named() {
    let mut base = Golden::read(&data(), "gs_decoder").config;
    assert!(parse(&base).is_ok());
    for mode in ["shift_window", "shift_sequence", "shift_order"] {
        let mut args = base.clone();
        args["attn_mode"] = mode.into();
        let error = parse(&args).unwrap_err();
        assert!(
            error.contains("attn_mode") && error.contains(mode),
            "{error}"
        );
    }
    for (key, value) in [
        ("num_gaussians", 0.0),
        ("voxel_size", 0.0),
        ("scaling_bias", -1.0),
        ("opacity_bias", 1.0),
        ("3d_filter_kernel_size", -1.0),
    ] {
        let mut args = base.clone();
        args["representation_config"][key] = if value == 0.0 { 0.into() } else { value.into() };
        let error = parse(&args).unwrap_err();
        assert!(error.contains(key), "{error}");
    }
    base["representation_config"]["scaling_activation"] = "relu".into();
    assert!(parse(&base).unwrap_err().contains("relu"));
}
