//! Each stage of a candidate at full size, with random weights, on any device: seconds of loading, of the
//! first run and of warm ones, the bytes of the weights, and the most that were held beside what was there
//! before.
//!
//! `cargo bench -p models --features cuda,flash-attn --bench stages -- --device gpu` runs everything;
//! words pick by name, `operators` times single operators, `--report FILE` writes what was measured as JSON
//! as well. On the CPU, where a whole sampling takes an hour, only single steps are run unless more is named.
//! FLUX and T5 are read out of files in main memory, in each form they are published in; the weights of the
//! smaller networks are made when they are asked for.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod flux;
mod judge;
mod meter;
mod operators;
mod random;
mod trellis;
#[path = "../turns/mod.rs"]
mod turns;

use std::time::Instant;

use candle_core::{Device, Result, Tensor};
use meter::{Taken, held, measure};
use random::Place;

/// Something that a loaded network does.
pub(crate) struct Run {
    name: &'static str,
    /// Whether it is many steps.
    is_long: bool,
    does: Box<dyn Fn() -> Result<Tensor>>,
}

impl Run {
    pub(crate) fn new(name: &'static str, does: impl Fn() -> Result<Tensor> + 'static) -> Self {
        Self {
            name,
            is_long: false,
            does: Box::new(does),
        }
    }

    pub(crate) fn long(self) -> Self {
        Self {
            is_long: true,
            ..self
        }
    }
}

/// Loads what a stage takes.
pub(crate) type Load = Box<dyn Fn(&Place) -> Result<Vec<Run>>>;

/// A stage and what it is called.
pub(crate) type Stage = (&'static str, Load);

#[derive(Debug)]
struct Options {
    place: Place,
    report: Option<String>,
    picked: Vec<String>,
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let (mut device, mut report, mut picked) = (Device::Cpu, None, Vec::new());
        let mut test = false;
        let mut arguments = arguments.skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--device" => device = named(&arguments.next().unwrap_or_default()),
                "--report" => report = arguments.next(),
                // `cargo test --benches` only wants to know that it runs.
                "--test" => test = true,
                option if option.starts_with('-') => {}
                word => picked.push(word.to_owned()),
            }
        }
        let place = Place { device, test };
        Self {
            place,
            report,
            picked,
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.picked.is_empty() || self.names(name)
    }

    fn names(&self, name: &str) -> bool {
        self.picked.iter().any(|word| name.contains(word.as_str()))
    }
}

/// `cpu`, `gpu` or `gpu:1`.
fn named(device: &str) -> Device {
    match device.split_once(':').unwrap_or((device, "0")) {
        ("cpu", _) => Device::Cpu,
        ("gpu", number) => models::gpu(number.parse().unwrap()).unwrap(),
        _ => panic!("{device:?} is no device: cpu, gpu and gpu:1 are"),
    }
}

fn main() {
    let options = Options::parse(std::env::args());
    let place = &options.place;
    if place.device.is_cpu() {
        println!("{}", turns::machine(None));
    }
    warm_up(place).unwrap();
    println!(
        "{:38} {:>7} {:>9} {:>9} {:>9} {:>9}",
        "stage", "load s", "first s", "warm s", "weight MB", "peak MB"
    );
    let stages = [
        flux::stages(),
        trellis::stages(),
        judge::stages(),
        operators::stages(),
    ];
    let mut lines = Vec::new();
    for (name, load) in stages.into_iter().flatten() {
        if options.wants(name) {
            match stage(name, &load, &options) {
                Ok(measured) => lines.extend(measured),
                // Such as one that does not fit: the next may.
                Err(error) => println!("{name}: {}", first_line(&error.to_string())),
            }
        }
    }
    if let Some(path) = &options.report {
        std::fs::write(path, serde_json::to_string_pretty(&lines).unwrap()).unwrap();
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Loads a stage and does all it does, line by line.
fn stage(name: &str, load: &Load, options: &Options) -> Result<Vec<serde_json::Value>> {
    let place = &options.place;
    let device = &place.device;
    let before = held(device)?;
    let begun = Instant::now();
    let runs = load(place)?;
    device.synchronize()?;
    let loaded = begun.elapsed().as_secs_f64();
    let weights = held(device)? - before;
    let mut lines = Vec::new();
    for run in &runs {
        if run.is_long && device.is_cpu() && !place.test && !options.names(name) {
            continue;
        }
        let whole = format!(
            "{name}{}{}",
            if run.name.is_empty() { "" } else { ", " },
            run.name
        );
        match measure(device, before, !device.is_cpu(), &*run.does) {
            Ok(taken) => {
                print_line(&whole, loaded, weights, &taken);
                lines.push(serde_json::json!({
                    "stage": whole, "load_seconds": loaded, "first_seconds": taken.first,
                    "seconds": taken.warm, "weight_bytes": weights, "peak_bytes": taken.peak,
                    "is_finite": taken.is_finite,
                }));
            }
            Err(error) => println!("{whole}: {}", first_line(&error.to_string())),
        }
    }
    Ok(lines)
}

fn print_line(name: &str, loaded: f64, weights: i64, taken: &Taken) {
    const MB: i64 = 1_000_000;
    let warm = taken
        .warm
        .map_or("-".to_owned(), |warm| format!("{warm:.5}"));
    println!(
        "{name:38} {loaded:>7.2} {:>9.4} {warm:>9} {:>9} {:>9}{}",
        taken.first,
        weights / MB,
        taken.peak / MB,
        if taken.is_finite { "" } else { "  not finite" }
    );
}

/// What a device holds from its first product on belongs to no stage.
fn warm_up(place: &Place) -> Result<()> {
    for dtype in [candle_core::DType::F32, place.half(), place.brain()] {
        let x = place.noise((64, 64))?.to_dtype(dtype)?;
        x.matmul(&x)?
            .to_dtype(candle_core::DType::F32)?
            .sum_all()?
            .to_scalar::<f32>()?;
    }
    Ok(())
}
