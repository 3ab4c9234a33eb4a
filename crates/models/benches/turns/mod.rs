//! What the benches beside torch share: another process that takes turns, clocks, and random weights.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use rayon::prelude::*;

/// Turns of each side; the medians are printed.
pub(crate) const TURNS: usize = 3;

/// Weights made when they are asked for.
pub(crate) fn weights() -> VarBuilder<'static> {
    VarBuilder::from_backend(Box::new(Noise), DType::F32, Device::Cpu)
}

struct Noise;

impl SimpleBackend for Noise {
    /// As large as lets what comes out of a layer be about as large as what goes in.
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        // A root is taken of them.
        if name.ends_with("running_var") {
            return Tensor::ones(shape, dtype, device);
        }
        let inputs: usize = shape.dims().iter().skip(1).product();
        noise(shape, (3.0 / inputs as f32).sqrt().min(0.5))
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> Result<Tensor> {
        candle_core::bail!("the shape of {name} is not known")
    }

    fn contains_tensor(&self, _: &str) -> bool {
        true
    }
}

/// Values between `-size` and `size`.
pub(crate) fn noise(shape: impl Into<Shape>, size: f32) -> Result<Tensor> {
    let shape = shape.into();
    let mut values = values(shape.elem_count());
    values.par_iter_mut().for_each(|value| *value *= size);
    Tensor::from_vec(values, shape, &Device::Cpu)
}

/// Values between −1 and 1.
pub(crate) fn values(count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    let chunks = values.par_chunks_mut(1 << 16).enumerate();
    chunks.for_each(|(index, chunk)| {
        let mut state = index as u64 + 1;
        for value in chunk {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *value = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
        }
    });
    values
}

/// The cells of a shell in a grid, in raster order: on a side of 64, about as many as an asset has.
pub(crate) fn shell(side: u16) -> Vec<[u16; 3]> {
    let (middle, radius) = (f64::from(side - 1) / 2.0, 0.375 * f64::from(side));
    let off = |cell: &[u16; 3]| {
        let squares = cell.map(|at| (f64::from(at) - middle).powi(2));
        squares.iter().sum::<f64>().sqrt() - radius
    };
    (0..side)
        .flat_map(|x| (0..side).flat_map(move |y| (0..side).map(move |z| [x, y, z])))
        .filter(|cell| off(cell).abs() < 1.1)
        .collect()
}

/// Wall and CPU seconds of our side's turn, whose answer must be finite.
pub(crate) fn timed(run: impl FnOnce() -> Result<Tensor>) -> Result<[f64; 2]> {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let answer = run()?;
    let took = [wall.elapsed().as_secs_f64(), cpu_seconds() - cpu];
    let sum = answer.sqr()?.sum_all()?.to_scalar::<f32>()?;
    if !sum.is_finite() {
        candle_core::bail!("numbers have left their range");
    }
    Ok(took)
}

/// Torch in another process.
pub(crate) struct Torch {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Torch {
    /// Runs a script of this folder with the Python that `SPLATSMITH_MODELS_PYTHON` names, on as many
    /// threads as we have; `None` where that names none.
    pub(crate) fn start(script: &str) -> Option<Self> {
        let python = std::env::var_os("SPLATSMITH_MODELS_PYTHON")?;
        let mut child = Command::new(python)
            .arg(format!("{}/benches/{script}", env!("CARGO_MANIFEST_DIR")))
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

    /// Wall and CPU seconds of what `question` says.
    pub(crate) fn run(&mut self, question: &str) -> [f64; 2] {
        writeln!(self.questions, "{question}").unwrap();
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

/// A line about the machine.
pub(crate) fn machine(torch: Option<&Torch>) -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let torch = if torch.is_some() {
        ""
    } else {
        "; no torch: SPLATSMITH_MODELS_PYTHON names no Python"
    };
    let threads = rayon::current_num_threads();
    let load = load.trim();
    format!("{threads} threads; load {load}; medians of {TURNS} turns{torch}")
}

/// The median of each column.
pub(crate) fn medians(turns: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|column| {
        let mut values: Vec<f64> = turns.iter().map(|turn| turn[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    })
}

/// What this process has spent on all its threads; 0 where there is no /proc.
pub(crate) fn cpu_seconds() -> f64 {
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
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory held since; 0 where there is no /proc.
pub(crate) fn peak_megabytes() -> u64 {
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
