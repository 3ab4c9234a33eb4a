//! Where the time of the validator's sixteen views goes: a table per cloud and instruction set, as
//! `cargo bench -p render --bench phases` prints it. Times are medians of several runs; phases and
//! fragments are of one thread.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/common/clouds.rs"]
mod clouds;

use std::time::{Duration, Instant};

use render::{
    Camera, CpuRenderer, InstructionSet, Measured, Scene, VALIDATOR_EXTENT, VALIDATOR_SIZE, WHITE,
    validator_cameras,
};
use splat::Cloud;

const RUNS: usize = 7;

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let test = std::env::args().any(|argument| argument == "--test");
    let scale = if test { 100 } else { 1 };
    let mut clouds = vec![
        ("trellis-like 268k", clouds::trellis_like(267_776 / scale)),
        ("ball 400k", clouds::ball(400_000 / scale)),
    ];
    if let Some(cloud) = clouds::hamburger().filter(|_| !test) {
        clouds.insert(0, ("hamburger 53k", cloud));
    }
    let cameras = validator_cameras(VALIDATOR_SIZE / scale as u32).unwrap();
    let megahertz = megahertz();
    println!(
        "16 views of {0}×{0}, {1} threads, {megahertz:.0} MHz",
        cameras[0].width(),
        rayon::current_num_threads()
    );
    println!(
        "{:18} {:9} {:>7} {:>7}  {:>7} {:>6} {:>6} {:>6} {:>7}  {:>8} {:>8} {:>8} {:>7}",
        "cloud",
        "set",
        "all s",
        "CPU s",
        "scene",
        "proj",
        "sort",
        "bin",
        "blend ms",
        "listed",
        "tested",
        "blended",
        "cycles"
    );
    for (name, cloud) in &clouds {
        for set in InstructionSet::ALL {
            if set.is_available() {
                report(name, cloud, &cameras, set, megahertz);
            }
        }
    }
}

fn report(name: &str, cloud: &Cloud, cameras: &[Camera], set: InstructionSet, megahertz: f64) {
    let renderer = CpuRenderer::new(set);
    let mut wall: Vec<f64> = Vec::new();
    let mut scene_time: Vec<f64> = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT)).unwrap();
        scene_time.push(start.elapsed().as_secs_f64());
        std::hint::black_box(renderer.render_views(&scene, cameras, WHITE));
        wall.push(start.elapsed().as_secs_f64());
    }
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT)).unwrap();
    let runs: Vec<Measured> = (0..RUNS)
        .map(|_| orbit(&renderer, &scene, cameras))
        .collect();
    let phase = |of: fn(&Measured) -> Duration| {
        median(runs.iter().map(|run| of(run).as_secs_f64()).collect())
    };
    let blend = phase(|run| run.blend);
    let phases = [
        phase(|run| run.project),
        phase(|run| run.sort),
        phase(|run| run.bin),
        blend,
    ];
    let one = runs[0];
    let millions = |count: f64| count / 1e6 / cameras.len() as f64;
    println!(
        "{name:18} {:9} {:7.3} {:7.3}  {:7.1} {:6.0} {:6.0} {:6.0} {:7.0}  {:7.2}M {:7.2}M {:7.2}M {:7.2}",
        set.to_string(),
        median(wall),
        phases.iter().sum::<f64>(),
        median(scene_time) * 1e3,
        phases[0] * 1e3,
        phases[1] * 1e3,
        phases[2] * 1e3,
        phases[3] * 1e3,
        millions(one.listed as f64),
        millions(one.tested as f64),
        millions(one.blended as f64),
        blend * megahertz * 1e6 / one.blended as f64,
    );
}

fn orbit(renderer: &CpuRenderer, scene: &Scene, cameras: &[Camera]) -> Measured {
    cameras
        .iter()
        .map(|camera| renderer.measure(scene, camera))
        .fold(Measured::default(), |all, one| Measured {
            project: all.project + one.project,
            sort: all.sort + one.sort,
            bin: all.bin + one.bin,
            blend: all.blend + one.blend,
            seen: all.seen + one.seen,
            listed: all.listed + one.listed,
            tested: all.tested + one.tested,
            blended: all.blended + one.blended,
        })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What the processor says of itself, to count cycles by; 0 where it does not say.
fn megahertz() -> f64 {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("cpu MHz"))?;
            line.split(':').nth(1)?.trim().parse().ok()
        })
        .unwrap_or(0.0)
}
