//! Our own networks from outside: the whole way on small random weights, and what is said where weights,
//! devices or prompts are no good.
//!
//! With `SPLATSMITH_TEST_DEVICE=gpu`, in a build that knows GPUs, all of it runs on the first of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken;
mod categories;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/endpoint.rs"]
mod endpoint;
#[allow(dead_code)]
#[path = "../../../models/tests/goldens/formula.rs"]
mod formula;
#[allow(dead_code)]
#[path = "../../../models/tests/goldens/golden.rs"]
mod golden;
#[path = "../../../models/tests/goldens/lay_out.rs"]
mod lay_out;
mod paint;
mod pictures;
mod together;

use std::path::{Path, PathBuf};

use common::Run;
use golden::Golden;
use image::{DynamicImage, Rgba, RgbaImage};
use splat::Container;

/// Where the goldens of the networks lie.
fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/data")
}

/// A TRELLIS of small random weights, in a folder of its own.
fn pipeline(folder: &Path, name: &str) -> PathBuf {
    let laid_out = folder.join(name);
    std::fs::create_dir(&laid_out).unwrap();
    let golden = Golden::read(&goldens().join("trellis"), name);
    lay_out::lay_out(&golden, &goldens(), &laid_out);
    laid_out
}

/// What says where to generate: as the tests of the networks are told, or else wherever the command would.
fn device() -> Option<&'static str> {
    match std::env::var("SPLATSMITH_TEST_DEVICE").as_deref() {
        Ok("gpu") => Some("--gpu=0"),
        Ok("cpu") => Some("--gpu=cpu"),
        _ => None,
    }
}

/// Runs `splatsmith generate …` on a machine without any weights of its own.
fn generate(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = common::command(folder);
    command
        .env("HF_HOME", folder.join("none"))
        .env_remove("HF_HUB_CACHE")
        .env_remove("TORCH_HOME")
        .arg("generate")
        .args(device().filter(|_| !arguments.iter().any(|typed| typed.starts_with("--gpu"))))
        .args(arguments);
    common::finished(&mut command)
}

/// A disc with alpha around it; `radius` of 32 reaches the border.
fn disc(radius: f32) -> RgbaImage {
    RgbaImage::from_fn(64, 64, |x, y| {
        let inside = (x as f32 - 31.5).hypot(y as f32 - 31.5) < radius;
        Rgba([220, (4 * y) as u8, 40, if inside { 255 } else { 0 }])
    })
}

fn write(folder: &Path, name: &str, picture: impl Into<DynamicImage>) {
    let picture: DynamicImage = picture.into();
    picture.save(folder.join(name)).unwrap();
}

#[test]
fn an_image_becomes_a_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    write(folder.path(), "disc.png", disc(24.0));
    let made = |output: &str, seed: &str, more: &[&str]| {
        let all = [
            "--image=disc.png",
            "--backend=trellis",
            "--no-validation",
            "--json",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--output={output}"),
            &format!("--seed={seed}"),
        ];
        let run = generate(folder.path(), &[&all[..], more].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        (
            run.json(),
            std::fs::read(folder.path().join(output)).unwrap(),
        )
    };
    let (report, first) = made("first.ply", "7", &[]);
    assert_eq!(report["backend"], "trellis");
    assert!(report["splats"].as_u64().unwrap() > 100, "{report}");
    let stages = report["stages"].as_array().unwrap();
    let stages: Vec<&str> = stages
        .iter()
        .map(|one| one["stage"].as_str().unwrap())
        .collect();
    assert_eq!(
        stages,
        ["condition", "structure", "latent", "decode", "finish"]
    );
    let settings = &report["recipe"]["settings"];
    assert_eq!(
        (&settings["structure.steps"], &settings["latent.steps"]),
        (&"6".into(), &"5".into())
    );
    let (cloud, container) = splat::read(&first).unwrap();
    assert_eq!(
        (cloud.len() as u64, container),
        (report["splats"].as_u64().unwrap(), Container::Ply)
    );
    let (_, again) = made("again.ply", "7", &[]);
    assert_eq!(first, again, "a seed is a cloud");
    let (report, other) = made(
        "other.ply",
        "8",
        &["--trellis.steps=2", "--trellis.latent.guidance=0"],
    );
    assert_ne!(first, other);
    assert_eq!(report["recipe"]["settings"]["latent.steps"], "2");
    assert_eq!(report["recipe"]["settings"]["latent.guidance"], "0");
}

#[test]
fn words_become_a_cloud_where_there_is_a_model_that_reads() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_text");
    let spoken = format!("--trellis.folder={}", trellis.display());
    let arguments = [
        "a red boat",
        "--no-validation",
        "--json",
        "-o=boat.spz",
        &spoken,
    ];
    let run = generate(folder.path(), &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.json()["backend"], "trellis", "auto takes what is here");
    splat::read(&std::fs::read(folder.path().join("boat.spz")).unwrap()).unwrap();

    let trellis = pipeline(folder.path(), "pipeline_image");
    let seeing = format!("--trellis.folder={}", trellis.display());
    let run = generate(folder.path(), &["a red boat", "--no-validation", &seeing]);
    run.refused(1);
    assert!(
        run.stderr.contains("splatsmith models pull"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_purple_elephant_is_painted_cut_out_and_sculpted() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let seeing = format!("--trellis.folder={}", trellis.display());
    let painting = format!("--flux.folder={}", flux.display());
    let all = [
        "purple elephant",
        "--no-validation",
        "--json",
        "-o=e.ply",
        &seeing,
        &painting,
    ];
    let run = generate(
        folder.path(),
        &[&all[..], &["--trellis.structure.steps=6", "--flux.side=64"]].concat(),
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = run.json();
    let stages = report["stages"].as_array().unwrap();
    let stages: Vec<&str> = stages
        .iter()
        .map(|one| one["stage"].as_str().unwrap())
        .collect();
    assert_eq!(stages[..3], ["read", "paint", "cut out"]);
    assert_eq!(
        stages[stages.len() - 5..],
        ["condition", "structure", "latent", "decode", "finish"]
    );
    assert_eq!(report["recipe"]["category"], "animals");
    let settings = &report["recipe"]["settings"];
    assert_eq!(
        settings["structure.steps"], "6",
        "what is typed goes before the category's"
    );
    assert_eq!(
        settings["latent.steps"], "12",
        "the category's before the published"
    );
    splat::read(&std::fs::read(folder.path().join("e.ply")).unwrap()).unwrap();

    std::fs::remove_file(flux.join("ae.safetensors")).unwrap();
    let run = generate(folder.path(), &[&all[..], &["--backend=trellis"]].concat());
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("ae.safetensors"), "{}", run.stderr);
}

/// Garbage, as the weights are random, and refused as such; but every task is answered, by the rules.
#[test]
fn a_rehearsal_is_mined_with_our_own_networks() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let run = common::run(
        folder.path(),
        [
            "rehearse",
            "--validators=4",
            "--tasks=4",
            // No faster than it is: time runs out for no task, however long its clouds take.
            "--speed=1",
            "--json",
            "--backend=trellis",
            "--no-validation",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
            "--flux.side=64",
            "--trellis.steps=2",
        ]
        .into_iter()
        .chain(device()),
    );
    let report = run.json();
    assert!(report["tasks_answered"].as_u64() >= Some(4), "{report}");
    for sin in ["violations", "lost", "doubled"] {
        assert_eq!(report[sin], 0, "{sin}: {report}");
    }
    let sent = report["accepted"].as_u64().unwrap() + report["rejected"].as_u64().unwrap();
    assert!(sent > 0, "clouds were sent: {report}");
}

#[test]
fn without_weights_it_says_which_and_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = generate(folder.path(), &["a red boat", "--backend=trellis"]);
    run.refused(1);
    let remedy = "splatsmith models pull trellis-image-large";
    assert!(run.stderr.contains(remedy), "{}", run.stderr);
    let run = generate(folder.path(), &["a red boat", "--no-validation", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.json()["backend"], "sketch");
    assert!(
        run.stderr.contains(remedy),
        "why it is a sketch: {}",
        run.stderr
    );
}

#[test]
fn a_device_there_is_none_of_is_refused() {
    if models::GPU_KIND.is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let seeing = format!("--trellis.folder={}", trellis.display());
    let run = generate(
        folder.path(),
        &["a boat", "--backend=trellis", "--gpu=7", &seeing],
    );
    run.refused(1);
    assert!(
        run.stderr.contains("gpu:7") && run.stderr.contains("--features cuda"),
        "{}",
        run.stderr
    );
}
