//! TRELLIS' operators at full size, with random weights, beside torch's and spconv's, as TRELLIS' own code
//! uses them: `cargo bench -p models --bench trellis`, where `SPLATSMITH_MODELS_PYTHON` and
//! `SPLATSMITH_TRELLIS` name a Python and a checkout; both sides take turns on as many threads. An argument
//! picks by name. Whole stages, on any device, are `--bench stages`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod turns;

use candle_core::{Device, Result, Tensor};
use models::ops::{Conv3d, RuleBook, SubmanifoldConvolution, windowed_attention};
use models::trellis::{SparseStructureFlow, SparseStructureFlowConfig, Voxels, shifted_windows};
use turns::{TURNS, Torch, machine, medians, noise, shell, timed, weights};

/// Tokens and width of the condition that an image is.
const CONDITION: (usize, usize, usize) = (1, 1374, 1024);

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let test = std::env::args().any(|argument| argument == "--test");
    let picked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let torch = std::env::var_os("SPLATSMITH_TRELLIS").filter(|_| !test);
    let mut torch = torch.and_then(|_| Torch::start("trellis.py"));
    println!("{}", machine(torch.as_ref()));
    println!(
        "{:15} {:>8} {:>8}  {:>8} {:>8}  {:>10} {:>9}",
        "operator", "ours s", "CPU s", "torch s", "CPU s", "ratio wall", "ratio CPU"
    );
    for (name, operator) in operators() {
        if picked.is_empty() || picked.iter().any(|part| name.contains(part.as_str())) {
            report(name, &*operator(test).unwrap(), test, torch.as_mut());
        }
    }
}

type Operator = Box<dyn Fn() -> Result<Tensor>>;
/// Makes an operator and its input; small ones to test.
type Make = Box<dyn Fn(bool) -> Result<Operator>>;

/// What takes the time, in the sizes it has in the published networks.
fn operators() -> Vec<(&'static str, Make)> {
    vec![
        // Around the blocks of the structured latent's flow, at both of its scales.
        (
            "submanifold_64",
            Box::new(|test| submanifold(if test { 8 } else { 64 }, 128, 128)),
        ),
        (
            "submanifold_32",
            Box::new(|test| submanifold(if test { 8 } else { 32 }, 2048, 128)),
        ),
        // In the Gaussian decoder.
        (
            "windowed",
            Box::new(|test| windowed(if test { 16 } else { 64 })),
        ),
        // In the structure's decoder, at its first and its last scale.
        (
            "conv3d_16",
            Box::new(|test| convolution(if test { 2 } else { 16 }, 512)),
        ),
        (
            "conv3d_64",
            Box::new(|test| convolution(if test { 2 } else { 64 }, 32)),
        ),
        // The structure's flow of one block.
        ("block", Box::new(block)),
    ]
}

/// Both sides' turns with one operator.
fn report(
    name: &str,
    operator: &dyn Fn() -> Result<Tensor>,
    test: bool,
    mut torch: Option<&mut Torch>,
) {
    let turns = if test { 1 } else { TURNS };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=turns {
        let ours_took = timed(operator).unwrap();
        let theirs_took = torch.as_mut().map(|torch| torch.run(name));
        // The first turn warms up.
        if turn > 0 {
            ours.push(ours_took);
            theirs.extend(theirs_took);
        }
    }
    let [wall, cpu] = medians(&ours);
    print!("{name:15} {wall:>8.3} {cpu:>8.2}");
    if theirs.is_empty() {
        println!();
    } else {
        let [their_wall, their_cpu] = medians(&theirs);
        let (by_wall, by_cpu) = (wall / their_wall, cpu / their_cpu);
        println!("  {their_wall:>8.3} {their_cpu:>8.2}  {by_wall:>10.2} {by_cpu:>9.2}");
    }
}

fn submanifold(side: u16, inputs: usize, outputs: usize) -> Result<Operator> {
    let cells = shell(side);
    let rules = RuleBook::new(side.into(), &cells)?;
    let layer = SubmanifoldConvolution::load(inputs, outputs, &weights())?;
    let x = noise((1, cells.len(), inputs), 1.0)?;
    Ok(Box::new(move || layer.forward(&x, &rules)))
}

fn windowed(side: u16) -> Result<Operator> {
    let voxels = Voxels::new(side.into(), shell(side))?;
    let windows = shifted_windows(&voxels, 8, 4);
    let qkv = noise((1, voxels.len(), 3, 12, 64), 1.0)?.permute((2, 0, 3, 1, 4))?;
    let (q, k, v) = (qkv.get(0)?, qkv.get(1)?, qkv.get(2)?);
    Ok(Box::new(move || windowed_attention(&q, &k, &v, &windows)))
}

fn convolution(side: usize, channels: usize) -> Result<Operator> {
    let layer = Conv3d::load(channels, channels, &weights())?;
    let x = noise((1, side, side, side, channels), 1.0)?;
    Ok(Box::new(move || layer.forward(&x)))
}

fn block(test: bool) -> Result<Operator> {
    let (resolution, width) = if test { (4, 64) } else { (16, 1024) };
    let config = structure_config(serde_json::json!({
        "resolution": resolution, "in_channels": 8, "out_channels": 8, "model_channels": width,
        "cond_channels": width, "num_blocks": 1, "num_heads": width / 64, "mlp_ratio": 4, "patch_size": 1,
        "pe_mode": "ape", "qk_rms_norm": true, "use_fp16": true,
    }));
    let flow = SparseStructureFlow::load(&config, &weights())?;
    let x = noise((1, 8, resolution, resolution, resolution), 1.0)?;
    let condition = noise((1, if test { 9 } else { CONDITION.1 }, width), 1.0)?;
    let time = Tensor::new(&[500f32], &Device::Cpu)?;
    Ok(Box::new(move || flow.forward(&x, &time, &condition)))
}

fn structure_config(args: serde_json::Value) -> SparseStructureFlowConfig {
    let json = serde_json::json!({"name": "SparseStructureFlowModel", "args": args});
    SparseStructureFlowConfig::parse(&json.to_string()).unwrap()
}
