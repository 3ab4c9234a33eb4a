//! Seconds and memory of what runs on a device.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use candle_core::{DType, Device, Result, Tensor};
use models::free_memory;

/// How often memory is looked at while something runs.
const LOOK: Duration = Duration::from_millis(1);

/// Warm runs of each kind; fewer where they would take longer than `PATIENCE` together.
const RUNS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(4);

/// What one run of a stage took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Seconds of the first run, in which kernels are loaded too.
    pub(crate) first: f64,
    /// The median of the warm ones; `None` where there was time for none.
    pub(crate) warm: Option<f64>,
    /// The most bytes that were held beside what was there before.
    pub(crate) peak: i64,
    /// Whether the answer's numbers were.
    pub(crate) is_finite: bool,
}

/// Bytes that are held, counted from anywhere: only differences mean something.
pub(crate) fn held(device: &Device) -> Result<i64> {
    // What was freed goes back to the driver when the device is waited for.
    device.synchronize()?;
    Ok(level(device))
}

fn level(device: &Device) -> i64 {
    match free_memory(device) {
        Some(free) => -(free as i64),
        None if device.is_cpu() => resident(),
        None => 0,
    }
}

/// This process' memory; 0 where there is no /proc.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status.split_whitespace().nth(1);
    pages
        .and_then(|pages| pages.parse::<i64>().ok())
        .unwrap_or_default()
        * 4096
}

/// Does `work`, and tells the most bytes that were held meanwhile.
fn watched<T>(device: &Device, work: impl FnOnce() -> Result<T>) -> Result<(T, i64)> {
    let most = AtomicI64::new(held(device)?);
    let done = AtomicBool::new(false);
    let answer = std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(level(device), Ordering::Relaxed);
                std::thread::sleep(LOOK);
            }
        });
        let answer = work();
        // Before the device is waited for: until then it keeps what was freed.
        most.fetch_max(level(device), Ordering::Relaxed);
        let waited = device.synchronize();
        done.store(true, Ordering::Relaxed);
        waited.and(answer)
    })?;
    Ok((answer, most.into_inner()))
}

/// Seconds of one run, all its work on the device included.
fn timed(device: &Device, run: &dyn Fn() -> Result<Tensor>) -> Result<(f64, Tensor)> {
    device.synchronize()?;
    let begun = Instant::now();
    let answer = run()?;
    device.synchronize()?;
    Ok((begun.elapsed().as_secs_f64(), answer))
}

/// Runs until the time is known, and once more with an eye on memory; `before` is what was held before
/// the stage was loaded.
pub(crate) fn measure(
    device: &Device,
    before: i64,
    is_patient: bool,
    run: &dyn Fn() -> Result<Tensor>,
) -> Result<Taken> {
    let ((first, answer), most) = watched(device, || timed(device, run))?;
    let is_finite = is_finite(&answer)?;
    drop(answer);
    let mut taken = Taken {
        first,
        warm: None,
        peak: most - before,
        is_finite,
    };
    if !is_patient {
        return Ok(taken);
    }
    let (begun, mut seconds) = (Instant::now(), Vec::new());
    while seconds.len() < RUNS && (seconds.is_empty() || begun.elapsed() < PATIENCE) {
        seconds.push(timed(device, run)?.0);
    }
    seconds.sort_by(f64::total_cmp);
    taken.warm = Some(seconds[seconds.len() / 2]);
    // What the first run held is held by none of the following, but for a whole sampling it will do.
    if begun.elapsed() < PATIENCE {
        let (_, most) = watched(device, || timed(device, run))?;
        taken.peak = most - before;
    }
    Ok(taken)
}

fn is_finite(answer: &Tensor) -> Result<bool> {
    let sum = answer.to_dtype(DType::F32)?.abs()?.mean_all()?;
    Ok(sum.to_scalar::<f32>()?.is_finite())
}
