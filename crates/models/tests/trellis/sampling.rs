//! The sampler with all kinds of settings: few and many steps, rescaled time, intervals with guidance.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::Tensor;
use models::trellis::sampler::{Conditioned, sample};
use models::trellis::{SamplerSettings, SparseStructureFlow};

use crate::golden::{Golden, data};

pub(crate) fn check(folder: &Path) {
    let golden = Golden::read(folder, "sampling");
    let config = serde_json::from_value(golden.config["network"].clone()).unwrap();
    let flow = SparseStructureFlow::load(&config, &golden.weights()).unwrap();
    let conditions = ["in.cond", "in.neg_cond"].map(|key| golden.tensor(key));
    let samplers: Vec<SamplerSettings> =
        serde_json::from_value(golden.config["samplers"].clone()).unwrap();
    assert!(samplers.len() > 5);
    for (index, settings) in samplers.iter().enumerate() {
        let mut calls = 0;
        let found = sample(
            settings,
            &golden.tensor("in.noise"),
            |x, time, conditioned| {
                calls += 1;
                let time = Tensor::new(&[time as f32], x.device())?;
                let condition = &conditions[usize::from(conditioned == Conditioned::No)];
                flow.forward(x, &time, condition)
            },
            |_, _| ControlFlow::Continue(()),
        );
        golden.expect(&format!("sample_{index}"), &found.unwrap().unwrap());
        assert_eq!(calls, settings.calls(), "{settings:?}");
    }
}

#[test]
fn samples_of_all_settings_are_the_references() {
    check(&data().join("trellis"));
}
