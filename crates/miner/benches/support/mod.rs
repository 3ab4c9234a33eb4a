//! What the benchmarks share: a generator that has its cloud ready, and what `/proc` says.

use std::time::Duration;

use generate::{Candidate, Generation, GenerationEvent, Generator, Request};
use splat::{Cloud, Frame, Splat};

/// Has its cloud ready.
pub(crate) struct Ready {
    /// What every task is answered with.
    pub(crate) cloud: Cloud,
}

impl Generator for Ready {
    fn label(&self) -> &str {
        "ready"
    }

    fn start(&self, request: Request) -> Generation {
        let (sink, generation) = Generation::channel();
        let candidate = Candidate {
            cloud: self.cloud.clone(),
            frame: Frame::YDown,
            seed: request.seed,
            elapsed: Duration::ZERO,
            notes: Vec::new(),
            recipe: generate::Recipe::default(),
            stages: Vec::new(),
        };
        tokio::spawn(async move {
            sink.send(Ok(GenerationEvent::Candidate(Box::new(candidate))))
                .await
        });
        generation
    }
}

/// A cloud that packs about as badly as a real one.
pub(crate) fn cloud(splats: usize) -> Cloud {
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..splats)
        .map(|_| Splat {
            position: std::array::from_fn(|_| random()),
            log_scale: std::array::from_fn(|_| random() - 5.0),
            rotation: std::array::from_fn(|_| random()),
            opacity_logit: 8.0 * random(),
            colour: std::array::from_fn(|_| 2.0 * random()),
        })
        .collect()
}

/// User and system time of this process: fields 14 and 15 of `/proc/self/stat` (proc(5)), in ticks
/// of 10 ms, which is what Linux shows on every machine of today.
pub(crate) fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this benchmark needs Linux");
    // The second field is a name in brackets and may hold blanks.
    let after_name = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// The value in the middle of `values`, and those that 1 % and none are above: p50, p99 and the
/// largest.
pub(crate) fn spread(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (values.len() as f64 * share) as usize;
        let last = values.len().saturating_sub(1);
        values.get(place.min(last)).copied().unwrap_or(f64::NAN)
    };
    [at(0.5), at(0.99), at(1.0)]
}
