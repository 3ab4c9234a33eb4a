//! The judge's networks for pictures at full size, with random weights, beside torch's: seconds a batch, as
//! `cargo bench -p models --bench networks` prints them. Where `SPLATSMITH_MODELS_PYTHON` names a Python
//! that has torch, torchvision, timm and transformers, both sides take turns on as many threads; wall times of a busy
//! machine say little, their ratio and the CPU seconds more. An argument picks networks by name.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod turns;

use candle_core::{Result, Tensor};
use models::{ConvNext, ConvNextConfig, Dinov2, Dinov2Config, Lpips};
use turns::{TURNS, Torch, forget_peak, machine, medians, noise, peak_megabytes, timed, weights};

/// Name, batch and side of the images.
const CASES: [(&str, usize, usize); 6] = [
    ("dinov2", 1, 518),
    ("dinov2", 4, 518),
    ("dinov2", 16, 518),
    ("convnext", 1, 224),
    ("convnext", 16, 224),
    ("alexnet", 16, 256),
];

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let test = std::env::args().any(|argument| argument == "--test");
    let picked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let mut torch = Torch::start("networks.py").filter(|_| !test);
    println!("{}", machine(torch.as_ref()));
    println!(
        "{:9} {:>5}  {:>8} {:>8} {:>8}  {:>8} {:>8}  {:>10} {:>9}",
        "network",
        "batch",
        "ours s",
        "CPU s",
        "peak MB",
        "torch s",
        "CPU s",
        "ratio wall",
        "ratio CPU"
    );
    for (name, batch, side) in CASES {
        if picked.is_empty() || picked.iter().any(|part| name.contains(part.as_str())) {
            report(
                name,
                if test { 1 } else { batch },
                if test { 56 } else { side },
                test,
                torch.as_mut(),
            );
        }
    }
}

/// Both sides' turns with one network.
fn report(name: &str, batch: usize, side: usize, test: bool, mut torch: Option<&mut Torch>) {
    forget_peak();
    let forward = network(name, test);
    let images = noise((batch, 3, side, side), 1.0).unwrap();
    let turns = if test { 1 } else { TURNS };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=turns {
        let ours_took = timed(|| forward(&images)).unwrap();
        let question = format!("{name} {batch}");
        let theirs_took = torch.as_mut().map(|torch| torch.run(&question));
        // The first turn warms up.
        if turn > 0 {
            ours.push(ours_took);
            theirs.extend(theirs_took);
        }
    }
    let [wall, cpu] = medians(&ours);
    print!(
        "{name:9} {batch:>5}  {wall:>8.2} {cpu:>8.2} {:>8}",
        peak_megabytes()
    );
    if theirs.is_empty() {
        println!();
    } else {
        let [their_wall, their_cpu] = medians(&theirs);
        println!(
            "  {their_wall:>8.2} {their_cpu:>8.2}  {:>10.2} {:>9.2}",
            wall / their_wall,
            cpu / their_cpu
        );
    }
}

type Forward = Box<dyn Fn(&Tensor) -> Result<Tensor>>;

/// A network of random weights; a tiny one to test.
fn network(name: &str, test: bool) -> Forward {
    let weights = weights();
    if name == "alexnet" {
        let network = Lpips::load(&weights, &weights).unwrap();
        Box::new(move |images| {
            let seen = network.impressions(images)?;
            network.distances(&seen, &seen)
        })
    } else if name == "convnext" {
        let mut config = ConvNextConfig::LARGE_D;
        if test {
            config.dims = [8, 16, 24, 32];
        }
        let network = ConvNext::load(&config, &weights).unwrap();
        Box::new(move |images| network.trunk(images))
    } else {
        let mut config = Dinov2Config::SMALL;
        if test {
            (config.hidden_size, config.image_size) = (24, 56);
        }
        let network = Dinov2::load(&config, &weights).unwrap();
        Box::new(move |images| network.forward(images))
    }
}
