//! The flow over voxels, and what it is made of, against the reference.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use models::trellis::{
    SparseTensor, StructuredLatentFlow, StructuredLatentFlowConfig, Voxels, downsample, upsample,
};

use crate::golden::{Golden, allowed, data, device};
use crate::noise::{assert_close, cells, noise};
use crate::sparse_operators::golden_cells;

/// The configuration of a golden.
fn config(golden: &Golden) -> StructuredLatentFlowConfig {
    let file = serde_json::json!({"name": "ElasticSLatFlowModel", "args": golden.config});
    StructuredLatentFlowConfig::parse(&file.to_string()).unwrap()
}

/// The features of a golden, on its voxels.
pub(crate) fn input(golden: &Golden, resolution: usize) -> SparseTensor {
    let voxels = Voxels::new(resolution, golden_cells(golden, "in.coords")).unwrap();
    let features = golden.tensor("in.feats").unsqueeze(0).unwrap();
    SparseTensor::new(features, Arc::new(voxels)).unwrap()
}

fn rows(x: &SparseTensor) -> Tensor {
    x.features().squeeze(0).unwrap()
}

#[test]
fn coarse_voxels_have_the_sum_over_one_more_than_the_number() {
    let golden = Golden::read(&data(), "sparse_updown");
    let x = input(&golden, 8);
    let down = downsample(&x).unwrap();
    assert_eq!(
        down.voxels().cells(),
        golden_cells(&golden, "out.down_coords")
    );
    assert_eq!(down.voxels().resolution(), 4);
    golden.expect("down_feats", &rows(&down));
    let up = upsample(&down, x.voxels()).unwrap();
    golden.expect("up_feats", &rows(&up));
    assert!(upsample(&x, x.voxels()).is_err());
    // Each alone in its coarse voxel: half of what it was.
    let alone = Voxels::new(4, vec![[0, 0, 1], [3, 2, 0]]).unwrap();
    let x = SparseTensor::new(noise(&[2, 2, 3], 1), Arc::new(alone)).unwrap();
    let half = (x.features() * 0.5).unwrap();
    assert_close(downsample(&x).unwrap().features(), &half, 1e-6, "alone");
}

#[test]
fn the_flow_is_the_references() {
    let golden = Golden::read(&data(), "slat_flow_img");
    let config = config(&golden);
    let flow = StructuredLatentFlow::load(&config, &golden.weights()).unwrap();
    let x = input(&golden, config.resolution);
    let mut seen = Vec::new();
    let y = flow
        .forward_watched(
            &x,
            &golden.tensor("in.t"),
            &golden.tensor("in.cond"),
            &mut |name, features| seen.push((name.to_owned(), features.clone())),
        )
        .unwrap();
    let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "input_blocks.0",
        "input_blocks.1",
        "blocks.0",
        "blocks.1",
        "out_blocks.0",
        "out_blocks.1",
    ];
    assert_eq!(names, expected);
    for (index, (_, features)) in seen[..2].iter().enumerate() {
        golden.expect(&format!("input_block_{index}"), &rows(features));
        let coordinates = golden_cells(&golden, &format!("out.input_block_{index}_coords"));
        assert_eq!(features.voxels().cells(), coordinates);
    }
    for (index, (_, features)) in seen[2..4].iter().enumerate() {
        golden.expect(&format!("block_{index}"), &rows(features));
    }
    golden.expect("v", &rows(&y));
}

#[test]
fn items_of_a_batch_do_not_meet() -> Result<()> {
    let golden = Golden::read(&data(), "slat_flow_img");
    let config = config(&golden);
    let flow = StructuredLatentFlow::load(&config, &golden.weights())?;
    let x = input(&golden, config.resolution);
    let (time, condition) = (golden.tensor("in.t"), golden.tensor("in.cond"));
    let other = noise(x.features().dims(), 3).to_device(&device())?;
    let both = x.with(Tensor::cat(&[x.features(), &other], 0)?)?;
    let conditions = Tensor::cat(&[&condition, &(&condition * -0.5)?], 0)?;
    let times = Tensor::cat(&[&time, &(&time * 0.3)?], 0)?;
    let found = flow.forward(&both, &times, &conditions)?;
    let first = flow.forward(&x, &time, &condition)?;
    let second = flow.forward(
        &x.with(other)?,
        &times.narrow(0, 1, 1)?,
        &conditions.narrow(0, 1, 1)?,
    )?;
    let expected = Tensor::cat(&[first.features(), second.features()], 0)?;
    assert_close(found.features(), &expected, allowed(1e-5), "two at once");
    // One time and one condition for all.
    let found = flow.forward(&both, &time, &condition)?;
    let second = flow.forward(
        &both.with(both.features().narrow(0, 1, 1)?)?,
        &time,
        &condition,
    )?;
    let expected = Tensor::cat(&[first.features(), second.features()], 0)?;
    assert_close(
        found.features(),
        &expected,
        allowed(1e-5),
        "two of one condition",
    );
    Ok(())
}

/// Half precision goes the plain way and rounds in every layer.
#[test]
fn half_precision_stays_near() -> Result<()> {
    let golden = Golden::read(&data(), "slat_flow_img");
    let config = config(&golden);
    let weights = golden.weights().to_dtype(DType::F16);
    let flow = StructuredLatentFlow::load(&config, &weights)?;
    let x = input(&golden, config.resolution);
    let y = flow.forward(&x, &golden.tensor("in.t"), &golden.tensor("in.cond"))?;
    assert_eq!(y.features().dtype(), DType::F32);
    let expected = golden.tensor("out.v").unsqueeze(0)?;
    assert_close(y.features(), &expected, 3e-2, "half precision");
    // What the voxels remember of one network doesn't reach the next.
    let single = StructuredLatentFlow::load(&config, &golden.weights())?;
    let y = single.forward(&x, &golden.tensor("in.t"), &golden.tensor("in.cond"))?;
    golden.expect("v", &y.features().squeeze(0)?);
    Ok(())
}

/// Weights of any name and shape.
struct Anything;

impl candle_nn::var_builder::SimpleBackend for Anything {
    fn get(
        &self,
        shape: candle_core::Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        _: &Device,
    ) -> Result<Tensor> {
        let seed = name
            .bytes()
            .fold(7, |seed: u64, byte| seed.wrapping_mul(31) + u64::from(byte));
        let width = shape.dims().iter().skip(1).product::<usize>().max(1) as f64;
        (noise(shape.dims(), seed) * width.sqrt().recip())?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("{name} has no shape")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        false
    }
}

/// Weights of any name and shape.
pub(crate) fn anything() -> VarBuilder<'static> {
    VarBuilder::from_backend(Box::new(Anything), DType::F32, Device::Cpu)
}

/// Configurations of a flow with odd widths: like the extra large one's, without convolutions, two levels
/// deep, and without skips.
fn odd_configs() -> Vec<StructuredLatentFlowConfig> {
    let base = serde_json::json!({
        "resolution": 9, "in_channels": 3, "out_channels": 5, "model_channels": 40, "cond_channels": 7,
        "num_blocks": 1, "num_heads": 2, "patch_size": 2,
    });
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut args = base.clone();
        for (key, value) in changes {
            args[*key] = value.clone();
        }
        let file = serde_json::json!({"name": "SLatFlowModel", "args": args});
        StructuredLatentFlowConfig::parse(&file.to_string()).unwrap()
    };
    let channels = |channels: &[usize]| ("io_block_channels", serde_json::json!(channels));
    vec![
        with(&[
            channels(&[16]),
            ("num_io_res_blocks", 3.into()),
            ("qk_rms_norm", true.into()),
        ]),
        with(&[
            ("share_mod", true.into()),
            ("qk_rms_norm_cross", true.into()),
        ]),
        with(&[
            channels(&[6, 18]),
            ("patch_size", 4.into()),
            ("num_io_res_blocks", 1.into()),
        ]),
        with(&[channels(&[12]), ("use_skip_connection", false.into())]),
    ]
}

#[test]
fn structures_of_any_size_flow() -> Result<()> {
    for config in odd_configs() {
        let flow = StructuredLatentFlow::load(&config, &anything())?;
        for count in [0, 1, 2, 100] {
            let voxels = Arc::new(Voxels::new(9, cells(9, count, false, count as u64))?);
            let x = SparseTensor::new(noise(&[2, count, 3], 1), voxels)?;
            let y = flow.forward(&x, &noise(&[2], 2), &noise(&[2, 4, 7], 3))?;
            assert_eq!(y.features().dims(), [2, count, 5]);
            let values = y.features().flatten_all()?.to_vec1::<f32>()?;
            assert!(values.iter().all(|value| value.is_finite()), "{count}");
            assert!(values.is_empty() || values.iter().any(|value| value.abs() > 1e-3));
        }
    }
    Ok(())
}

#[test]
fn what_does_not_fit_the_flow_is_refused() -> Result<()> {
    let config = odd_configs().remove(0);
    let flow = StructuredLatentFlow::load(&config, &anything())?;
    let on = |resolution, channels| {
        let voxels = Arc::new(Voxels::new(resolution, vec![[0, 1, 2]]).unwrap());
        SparseTensor::new(noise(&[1, 1, channels], 1), voxels).unwrap()
    };
    let (time, condition) = (noise(&[1], 2), noise(&[1, 4, 7], 3));
    assert!(flow.forward(&on(9, 3), &time, &condition).is_ok());
    for (x, condition) in [
        (on(8, 3), condition.clone()),
        (on(9, 4), condition.clone()),
        (on(9, 3), noise(&[1, 4, 8], 3)),
        (on(9, 3), noise(&[4, 7], 3)),
    ] {
        assert!(flow.forward(&x, &time, &condition).is_err());
    }
    let two = noise(&[2], 2);
    assert!(flow.forward(&on(9, 3), &two, &condition).is_err());
    let voxels = Arc::new(Voxels::new(9, vec![[0, 1, 2]])?);
    assert!(SparseTensor::new(noise(&[1, 2, 3], 1), voxels).is_err());
    Ok(())
}

#[test]
fn what_a_configuration_may_not_ask_is_named() {
    let refused = |key: &str, value: serde_json::Value| {
        let mut args = serde_json::json!({
            "resolution": 64, "in_channels": 8, "out_channels": 8, "model_channels": 64,
            "cond_channels": 7, "num_blocks": 1, "io_block_channels": [16],
        });
        args[key] = value;
        let file = serde_json::json!({"name": "SLatFlowModel", "args": args});
        let error = StructuredLatentFlowConfig::parse(&file.to_string()).unwrap_err();
        assert!(error.to_string().contains(key), "{key}: {error}");
    };
    refused("pe_mode", "rope".into());
    refused("patch_size", 4.into());
    refused("num_io_res_blocks", 0.into());
    refused("num_io_res_blocks", u64::MAX.into());
    refused("model_channels", u64::MAX.into());
    refused("io_block_channels", serde_json::json!([usize::MAX]));
    refused("in_channels", 0.into());
    refused("share_mod", true.into());
    refused("resolution", 257.into());
    refused("num_heads", 7.into());
    let other = r#"{"name": "SLatMeshDecoder", "args": {}}"#;
    let error = StructuredLatentFlowConfig::parse(other)
        .unwrap_err()
        .to_string();
    assert!(error.contains("SLatMeshDecoder"), "{error}");
}
