//! Our own networks from outside: the whole way on small random weights, and what is said where weights,
//! devices or prompts are no good.
//!
//! With `SPLATSMITH_TEST_DEVICE=gpu`, in a build that knows GPUs, all of it runs on the first of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

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
mod together;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use common::Run;
use generate::categories::Category;
use golden::Golden;
use image::{DynamicImage, Frame, Rgba, RgbaImage};
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
    command.output().expect("the command starts").into()
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

/// What random weights see in a picture is anything, but always the same, and its category's to be made.
#[test]
fn a_picture_has_a_category_where_clip_can_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let categories = Category::ALL;
    // Steps that tell the categories apart.
    let table = categories.iter().zip(3..).map(|(category, steps)| {
        format!("[{category}]\nstructure_steps = {steps}\nlatent_steps = 2\n")
    });
    std::fs::write(folder.path().join("table.toml"), table.collect::<String>()).unwrap();
    write(folder.path(), "disc.png", disc(24.0));
    std::fs::write(folder.path().join("opaque.png"), common::disc_png()).unwrap();
    let made = |picture: &str| {
        let all = [
            &format!("--image={picture}"),
            "--no-validation",
            "--json",
            "-o=e.ply",
            "--categories=table.toml",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
        ];
        let run = generate(folder.path(), &all);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stderr.contains("cannot tell"), "{}", run.stderr);
        run.json()["recipe"].clone()
    };
    // A CLIP that reads alone, as it was laid out, and none at all.
    let recipe = made("disc.png");
    assert_eq!(recipe["category"], serde_json::Value::Null, "{recipe}");
    assert_eq!(recipe["settings"]["structure.steps"], "6", "as published");

    paint::open_eyes(&goldens(), &flux);
    for (picture, is_cut) in [("disc.png", false), ("opaque.png", true)] {
        let recipe = made(picture);
        let seen: Category = recipe["category"].as_str().unwrap().parse().unwrap();
        let settings = &recipe["settings"];
        let place = categories.iter().position(|other| *other == seen).unwrap();
        let steps = (3 + place).to_string();
        assert_eq!(settings["structure.steps"], steps.as_str(), "{recipe}");
        assert_eq!(settings["classed.by"], "embedding", "{recipe}");
        let limits = settings.get("cutout.most_holes").is_some();
        assert_eq!(limits, is_cut, "{recipe}");
        assert_eq!(settings.get("image.words"), None, "nothing was painted");
        assert_eq!(made(picture), recipe, "what is seen is always the same");
    }
}

/// A CLIP that cannot be read costs the category and a warning.
#[test]
fn without_a_clip_that_can_be_read_a_picture_is_made_as_published() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    write(folder.path(), "disc.png", disc(24.0));
    std::fs::write(flux.join("clip.safetensors"), "no weights").unwrap();
    let run = generate(
        folder.path(),
        &[
            "--image=disc.png",
            "--no-validation",
            "--json",
            "-o=b.ply",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
        ],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("classed by CLIP"), "{}", run.stderr);
    let warnings = run.stderr.matches("CLIP cannot tell").count();
    assert_eq!(warnings, 1, "{}", run.stderr);
    assert!(run.stderr.contains("clip.safetensors"), "{}", run.stderr);
    let recipe = &run.json()["recipe"];
    assert_eq!(recipe["category"], serde_json::Value::Null, "{recipe}");
    assert_eq!(recipe["settings"]["structure.steps"], "6", "{recipe}");
}

/// Nothing has as many splats as are asked for, so all the candidates are made that a prompt gets.
#[test]
fn a_category_says_how_many_candidates_its_prompts_get() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let table = "[all]\ncandidates = 2\n[animals]\ncandidates = 3\n[food]\ncandidates = 1\n";
    std::fs::write(folder.path().join("table.toml"), table).unwrap();
    let made = |words: &str, more: &[&str]| {
        let all = [
            words,
            "--json",
            "-o=e.ply",
            "--categories=table.toml",
            "--judge-by=screening",
            "--splat-floor=100000000",
            "--flux.side=64",
            "--trellis.steps=1",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
        ];
        let run = generate(folder.path(), &[&all[..], more].concat());
        assert_eq!(run.code, 1, "{}", run.stderr);
        let report = run.json();
        let category = report["recipe"]["category"].as_str().unwrap().to_owned();
        (category, report["candidates"].as_u64().unwrap())
    };
    let mut numbers = std::collections::BTreeSet::new();
    for prompt in ["purple elephant", "apple", "garden chair"] {
        // What a CLIP of random weights makes of words is not always what they say.
        let (category, candidates) = made(prompt, &[]);
        let said = match category.as_str() {
            "animals" => 3,
            "food" => 1,
            _ => 2,
        };
        assert_eq!(candidates, said, "{prompt}: {category}");
        numbers.insert(candidates);
    }
    assert!(numbers.len() > 1, "{numbers:?}");
    let (_, typed) = made("purple elephant", &["--candidates=1"]);
    assert_eq!(typed, 1, "what is typed goes before the category's");
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
            "--speed=40",
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

/// A PNG that claims to be `side` pixels square, and ends there.
fn claimed(side: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let crc = !header.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend(header);
    png.extend(crc.to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    png
}

fn animated_gif() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for radius in [10.0, 20.0] {
        encoder.encode_frame(Frame::new(disc(radius))).unwrap();
    }
    drop(encoder);
    bytes.into_inner()
}

#[test]
fn bad_pictures_give_a_clear_line_or_a_sensible_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let seeing = format!("--trellis.folder={}", trellis.display());
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write(
        folder.path(),
        "clear.png",
        RgbaImage::from_pixel(64, 64, Rgba([9, 9, 9, 0])),
    );
    write(
        folder.path(),
        "one.png",
        RgbaImage::from_pixel(1, 1, Rgba([200, 10, 10, 255])),
    );
    write(folder.path(), "border.png", disc(64.0 / 2.0 + 8.0));
    std::fs::write(folder.path().join("opaque.png"), common::disc_png()).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    put("cmyk.jpg", &std::fs::read(data.join("cmyk.jpg")).unwrap());
    put("moving.gif", &animated_gif());
    put("huge.png", &claimed(16_384));
    put("cut.png", &claimed(64));
    let run = |picture: &str| {
        let image = format!("--image={picture}");
        let few = "--trellis.steps=1";
        generate(
            folder.path(),
            &[&image, "--no-validation", "-o=out.ply", few, &seeing],
        )
    };
    for (picture, words) in [
        ("clear.png", "transparent all over"),
        ("huge.png", "Image size exceeds limit"),
        ("moving.gif", "neither PNG nor JPEG nor WebP"),
        ("cut.png", "unexpected end of file"),
        ("one.png", "next to nothing"),
    ] {
        let run = run(picture);
        assert_ne!(run.code, 0, "{picture}");
        assert!(run.stderr.contains(words), "{picture}: {}", run.stderr);
        assert!(
            !run.stderr.contains("panicked"),
            "{picture}: {}",
            run.stderr
        );
    }
    for (picture, words) in [
        ("border.png", "of the picture's border"),
        ("opaque.png", "models pull cutout"),
        ("cmyk.jpg", "the cut-out is doubtful"),
    ] {
        let run = run(picture);
        assert!(
            !run.stderr.contains("panicked"),
            "{picture}: {}",
            run.stderr
        );
        // Nothing may come of random weights: then it says so.
        assert!(
            run.code == 0 || run.stderr.contains("nothing came of it"),
            "{picture}: {}",
            run.stderr
        );
        if run.code == 0 {
            assert!(run.stderr.contains(words), "{picture}: {}", run.stderr);
        }
    }
}
