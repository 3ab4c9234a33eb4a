//! The judge's networks for pictures at full size, with random weights, beside torch's: seconds a batch, as
//! `cargo bench -p models --bench networks` prints them. Where `SPLATSMITH_MODELS_PYTHON` names a Python
//! that has torch, torchvision, timm and transformers, both sides take turns on as many threads; wall times of a busy
//! machine say little, their ratio and the CPU seconds more. An argument picks networks by name.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use models::{ConvNext, ConvNextConfig, Dinov2, Dinov2Config, Lpips};

/// Turns of each side; the medians are printed.
const TURNS: usize = 3;

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
    let mut torch = Torch::start().filter(|_| !test);
    println!(
        "{} threads; load {}; medians of {TURNS} turns{}",
        rayon::current_num_threads(),
        std::fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .trim(),
        if torch.is_some() {
            ""
        } else {
            "; no torch: SPLATSMITH_MODELS_PYTHON names no Python"
        },
    );
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
    let images = noise((batch, 3, side, side).into(), 1.0).unwrap();
    let turns = if test { 1 } else { TURNS };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for turn in 0..=turns {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let features = forward(&images).unwrap();
        assert!(
            features
                .sqr()
                .unwrap()
                .sum_all()
                .unwrap()
                .to_scalar::<f32>()
                .unwrap()
                .is_finite()
        );
        let ours_took = [wall.elapsed().as_secs_f64(), cpu_seconds() - cpu];
        let theirs_took = torch.as_mut().map(|torch| torch.run(name, batch));
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
    let weights = VarBuilder::from_backend(Box::new(Noise), DType::F32, Device::Cpu);
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

/// Weights made when they are asked for.
struct Noise;

impl SimpleBackend for Noise {
    fn get(&self, shape: Shape, _: &str, _: Init, _: DType, _: &Device) -> Result<Tensor> {
        noise(shape, 0.05)
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("the shape of {name} is not known")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

/// Values between `-size` and `size`.
fn noise(shape: Shape, size: f32) -> Result<Tensor> {
    let mut state = 1_u64;
    let step = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((state >> 40) as f32) / (1 << 23) as f32 - 1.0) * size
    };
    let values: Vec<f32> = std::iter::repeat_with(step)
        .take(shape.elem_count())
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu)
}

/// The same networks in another process.
struct Torch {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Torch {
    fn start() -> Option<Self> {
        let python = std::env::var_os("SPLATSMITH_MODELS_PYTHON")?;
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/networks.py"))
            .arg(rayon::current_num_threads().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self {
            child,
            questions,
            answers,
        })
    }

    /// Wall and CPU seconds of one batch.
    fn run(&mut self, name: &str, batch: usize) -> [f64; 2] {
        writeln!(self.questions, "{name} {batch}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let numbers: Vec<f64> = answer
            .split_whitespace()
            .map(|part| part.parse().unwrap())
            .collect();
        numbers
            .try_into()
            .unwrap_or_else(|_| panic!("torch answered {answer:?}"))
    }
}

impl Drop for Torch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The median of each column.
fn medians(turns: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|column| {
        let mut values: Vec<f64> = turns.iter().map(|turn| turn[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    })
}

/// What this process has spent on all its threads; 0 where there is no /proc.
fn cpu_seconds() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets, the user and system times are fields 12 and 13, in hundredths.
    let fields = status
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    fields
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

/// Lets the peak of memory start anew.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory held since; 0 where there is no /proc.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or_default();
    let kilobytes = line
        .split_whitespace()
        .next()
        .and_then(|number| number.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}
