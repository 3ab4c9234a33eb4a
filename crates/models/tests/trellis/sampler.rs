//! The sampler against the reference's, every step of it.

use std::ops::ControlFlow;

use candle_core::Tensor;
use models::trellis::sampler::{Conditioned, sample};
use models::trellis::{SamplerSettings, SparseStructureFlow};

use crate::golden::{Golden, data};

#[test]
fn every_state_is_the_references() {
    let golden = Golden::read(&data(), "sampler_ss");
    let network = Golden::read(&data(), "ss_flow_img");
    let config = serde_json::from_value(network.config.clone()).unwrap();
    let flow = SparseStructureFlow::load(&config, &network.weights()).unwrap();
    let settings: SamplerSettings = serde_json::from_value(golden.config.clone()).unwrap();
    let condition = golden.tensor("in.cond");
    let nothing = condition.zeros_like().unwrap();
    let mut states = Vec::new();
    let sampled = sample(
        &settings,
        &golden.tensor("in.noise"),
        |x, time, conditioned| {
            let time = Tensor::new(&[time as f32], x.device())?;
            let condition = match conditioned {
                Conditioned::Yes => &condition,
                Conditioned::No => &nothing,
            };
            flow.forward(x, &time, condition)
        },
        |done, x| {
            assert_eq!(done as usize, states.len() + 1);
            states.push(x.clone());
            ControlFlow::Continue(())
        },
    );
    golden.expect("x_t", &Tensor::stack(&states, 0).unwrap());
    golden.expect("sample", &sampled.unwrap().unwrap());
}
