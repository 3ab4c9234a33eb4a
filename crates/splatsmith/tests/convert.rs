//! `convert`, as people and scripts call it: every container, every profile, one file or many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/clouds.rs"]
mod clouds;
mod common;

use std::path::Path;

use clouds::{DOT_SPLAT, SAME, SPZ, SPZ_V3, Tolerance, assert_near, rows, varied};
use common::{Run, run, shell_file};
use render::{Image, Scene, VALIDATOR_EXTENT, WHITE, render_views, validator_cameras};
use serde_json::json;
use splat::{Cloud, Container, Frame, OutputProfile};

/// Every container with what it loses.
const CONTAINERS: [(&str, &str, Tolerance); 5] = [
    ("ply", "ply", SAME),
    ("spz", "spz", SPZ),
    ("spz-niantic", "spz", SPZ),
    ("spz-niantic-v3", "spz", SPZ_V3),
    ("splat", "splat", DOT_SPLAT),
];

/// Runs `convert` and expects it to succeed.
fn convert<const N: usize>(folder: &Path, arguments: [&str; N]) -> Run {
    let conversion = run(folder, ["convert"].iter().chain(&arguments));
    assert_eq!(conversion.code, 0, "{arguments:?}: {}", conversion.stderr);
    conversion
}

fn read(folder: &Path, name: &str) -> Cloud {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    splat::read_named(&bytes, Path::new(name)).unwrap().0
}

fn sum(one: Tolerance, other: Tolerance) -> Tolerance {
    Tolerance {
        position: one.position + other.position,
        log_scale: one.log_scale + other.log_scale,
        // Angles add up, and this is about half the square of one.
        rotation: (one.rotation.sqrt() + other.rotation.sqrt()).powi(2),
        opacity: one.opacity + other.opacity,
        colour: one.colour + other.colour,
        harmonics: one.harmonics + other.harmonics,
    }
}

#[test]
fn every_container_is_covered() {
    assert_eq!(
        CONTAINERS.map(|(name, ..)| name),
        Container::ALL.map(Container::name)
    );
}

#[test]
fn every_container_becomes_every_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for degree in [0, 3] {
        let cloud = varied(600, degree, 21);
        std::fs::write(folder.join("source.ply"), splat::ply::write(&cloud)).unwrap();
        for (first, extension, lost) in CONTAINERS {
            let one = format!("one.{extension}");
            convert(folder, ["source.ply", &one, "--to", first]);
            for (second, extension, lost_again) in CONTAINERS {
                let two = format!("two.{extension}");
                convert(folder, [&one, &two, "--to", second]);
                let keeps = [first, second]
                    .iter()
                    .all(|name| Container::by_name(name).unwrap().keeps_harmonics());
                let wanted = match keeps {
                    true => rows(&cloud),
                    false => rows(&cloud.clone().without_sh()),
                };
                let what = format!("degree {degree}, {first} to {second}");
                let found = rows(&read(folder, &two));
                assert_near(&found, &wanted, sum(lost, lost_again), &what);
            }
        }
    }
}

#[test]
fn every_profile_round_trips_in_every_container() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pull = OutputProfile::PULL_2025;
    let cloud = pull.apply(varied(600, 2, 22), Frame::YUp);
    std::fs::write(folder.join("source.ply"), splat::ply::write(&cloud)).unwrap();
    for (container, extension, lost) in CONTAINERS {
        for profile in OutputProfile::ALL {
            let there = format!("there.{extension}");
            let turn = [
                "source.ply",
                &there,
                "--to",
                container,
                "--profile",
                profile.name,
            ];
            convert(folder, turn);
            let back = [
                &there,
                "back.ply",
                "--profile",
                pull.name,
                "--from",
                profile.name,
            ];
            convert(folder, back);
            let mut wanted = cloud.clone();
            if container == "splat" {
                wanted = wanted.without_sh();
            }
            // A step is half again as long after the way back from 1 to 1.5; and rounding moves the
            // two ends of the box, by which everything is scaled, by half a step each.
            let tolerance = Tolerance {
                position: lost.position * 3.5,
                log_scale: lost.log_scale + 4.0 * lost.position,
                ..lost
            };
            let what = format!("{container}, {}", profile.name);
            assert_near(
                &rows(&read(folder, "back.ply")),
                &rows(&wanted),
                tolerance,
                &what,
            );
        }
    }
}

/// Four of the validator's views.
fn views(cloud: &Cloud) -> Vec<Image> {
    let scene = Scene::new(cloud, Some(VALIDATOR_EXTENT)).unwrap();
    let cameras = validator_cameras(160).unwrap();
    render_views(
        &scene,
        &[0, 4, 9, 13].map(|index: usize| cameras[index].clone()),
        WHITE,
    )
}

/// The ratio of signal to noise between two sets of views, in decibels.
fn psnr(one: &[Image], other: &[Image]) -> f64 {
    let bytes =
        |views: &[Image]| -> Vec<u8> { views.iter().flat_map(|view| view.rgb.clone()).collect() };
    let (one, other) = (bytes(one), bytes(other));
    assert_eq!(one.len(), other.len());
    let squares = one
        .iter()
        .zip(&other)
        .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    let mean = squares.sum::<f64>() / one.len() as f64;
    10.0 * (255.0_f64.powi(2) / mean).log10()
}

#[test]
fn the_way_to_a_viewer_and_back_does_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    shell_file(folder, "source.ply", 8000);
    convert(folder, ["source.ply", "a.ply", "--profile", "pull-2025"]);
    let before = views(&read(folder, "a.ply"));
    // A picture of nothing would be the same either way.
    assert!(psnr(&before, &vec![blank(&before[0]); before.len()]) < 15.0);
    for (container, extension, least) in [
        ("ply", "ply", 70.0),
        ("spz", "spz", 38.0),
        ("spz-niantic-v3", "spz", 38.0),
        ("splat", "splat", 38.0),
    ] {
        let there = format!("there.{extension}");
        convert(
            folder,
            ["a.ply", &there, "--to", container, "--profile", "viewer"],
        );
        let over = views(&read(folder, &there));
        assert!(
            psnr(&before, &over) < 25.0,
            "{container}: a viewer's up is the validator's down"
        );
        let back = [
            &there,
            "back.ply",
            "--profile",
            "pull-2025",
            "--from",
            "viewer",
        ];
        convert(folder, back);
        let found = psnr(&before, &views(&read(folder, "back.ply")));
        println!("{container}: {found:.1} dB");
        assert!(found >= least, "{container}: {found} dB");
    }
}

fn blank(like: &Image) -> Image {
    let empty: Cloud = read_far_away();
    let scene = Scene::new(&empty, None).unwrap();
    let camera = &validator_cameras(like.width).unwrap()[0];
    render::render(&scene, camera, WHITE)
}

/// One splat where no camera looks.
fn read_far_away() -> Cloud {
    let mut columns = varied(1, 0, 1).into_columns();
    columns.positions[1][0] = 1000.0;
    Cloud::from_columns(columns).unwrap()
}

#[test]
fn from_one_spz_to_another_nothing_is_rounded_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("s.ply"), splat::ply::write(&varied(600, 3, 23))).unwrap();
    convert(folder, ["s.ply", "a.spz"]);
    convert(
        folder,
        ["a.spz", "b.spz", "--to", "spz-niantic", "--level", "9"],
    );
    convert(folder, ["b.spz", "c.spz", "--to", "spz", "--level", "19"]);
    let first = std::fs::read(folder.join("a.spz")).unwrap();
    assert!(
        std::fs::read(folder.join("b.spz"))
            .unwrap()
            .starts_with(&[0x1f, 0x8b])
    );
    let last = std::fs::read(folder.join("c.spz")).unwrap();
    assert_ne!(first, last, "the level changes the bytes of a file");
    assert_eq!(
        splat::spz::decode(&first).unwrap(),
        splat::spz::decode(&last).unwrap()
    );
}

#[test]
fn the_json_tells_both_ends() {
    let folder = tempfile::tempdir().unwrap();
    let ply = shell_file(folder.path(), "a.ply", 8000);
    let arguments = [
        "a.ply",
        "b.spz",
        "--to",
        "spz-niantic-v3",
        "--profile",
        "viewer",
        "--json",
    ];
    let result = convert(folder.path(), arguments).json();
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    assert_eq!(
        (&result["input"], &result["output"]),
        (&json!("a.ply"), &json!("b.spz"))
    );
    assert_eq!(result["profile"], "viewer");
    let (from, to) = (&result["from"], &result["to"]);
    assert_eq!(
        (&from["container"], &from["splats"]),
        (&json!("ply"), &json!(8000))
    );
    assert_eq!(
        (&to["container"], &to["splats"]),
        (&json!("spz-niantic-v3"), &json!(8000))
    );
    assert_eq!(from["bytes"], length(&ply));
    assert_eq!(to["bytes"], length(&folder.path().join("b.spz")));
    assert!(
        (from["extent"].as_f64().unwrap() - 1.5).abs() < 1e-2,
        "{from}"
    );
    assert!((to["extent"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{to}");
    assert_eq!(result["notes"], json!([]));
    let silent = convert(folder.path(), ["a.ply", "c.spz", "--json"]);
    assert_eq!(silent.stderr, "");
    assert_eq!(silent.json()["profile"], serde_json::Value::Null);
}

#[test]
fn what_a_container_cannot_hold_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut columns = varied(600, 1, 24).into_columns();
    columns.positions[0][7] = 5000.0;
    let cloud = Cloud::from_columns(columns).unwrap();
    std::fs::write(folder.join("s.ply"), splat::ply::write(&cloud)).unwrap();
    let rows = convert(folder, ["s.ply", "a.splat"]);
    assert!(
        rows.stderr.contains("note: ") && rows.stderr.contains("degree 1"),
        "{}",
        rows.stderr
    );
    let packed = convert(folder, ["s.ply", "a.spz"]);
    assert!(packed.stderr.contains("2048"), "{}", packed.stderr);
    let fitted = convert(
        folder,
        ["s.ply", "a.spz", "--profile", "pull-2025", "--json"],
    );
    assert_eq!(fitted.json()["notes"], json!([]));
}

#[test]
fn many_files_go_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    shell_file(folder, "a.ply", 300);
    shell_file(folder, "b.spz", 300);
    convert(
        folder,
        ["a.ply", "b.spz", "new/deep", "--to", "spz-niantic"],
    );
    for name in ["new/deep/a.spz", "new/deep/b.spz"] {
        assert_eq!(read(folder, name).len(), 300, "{name}");
    }
    // A profile has a container of its own.
    convert(folder, ["a.ply", "viewers/", "--profile", "viewer"]);
    assert_eq!(read(folder, "viewers/a.ply").len(), 300);

    std::fs::write(
        folder.join("broken.ply"),
        b"ply\nformat morse 1.0\nend_header\n",
    )
    .unwrap();
    let arguments = [
        "convert",
        "a.ply",
        "broken.ply",
        "b.spz",
        "new",
        "--to",
        "ply",
        "--json",
    ];
    let mixed = run(folder, arguments);
    assert_eq!(mixed.code, 1, "{}", mixed.stderr);
    assert_eq!(
        mixed.stderr.matches("error: ").count(),
        1,
        "{}",
        mixed.stderr
    );
    let list = mixed.json();
    assert_eq!(list[0]["to"]["splats"], 300);
    assert_eq!(list[1]["input"], "broken.ply");
    assert!(
        list[1]["error"].as_str().unwrap().contains("morse"),
        "{list}"
    );
    assert_eq!(read(folder, "new/b.ply").len(), 300);
    assert!(!folder.join("new/broken.ply").exists());
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let original = std::fs::read(shell_file(folder, "a.ply", 300)).unwrap();
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    shell_file(folder, "sub/a.spz", 300);
    #[cfg(unix)]
    std::os::unix::fs::symlink("a.ply", folder.join("link.ply")).unwrap();
    let refusals: [&[&str]; 11] = [
        &["a.ply", "a.ply"],
        &["a.ply", "./sub/../a.ply", "--profile", "viewer"],
        &["a.ply", ".", "--to", "ply"],
        &["a.ply", "sub/a.spz", "out", "--to", "spz"],
        &["a.ply", "out/"],
        &["a.ply", "b.spz", "--to", "ksplat"],
        &["a.ply", "b.ply", "--to", "spz"],
        &["a.ply", "b.ply", "--level", "3"],
        &["a.ply", "b.spz", "--level", "23"],
        &["a.ply", "b.spz", "--to", "spz-niantic", "--level", "10"],
        &["sub/a.spz", "sub/a.spz", "a.ply", "--to", "spz-niantic"],
    ];
    for arguments in refusals {
        let refusal = run(folder, ["convert"].iter().chain(arguments));
        assert_eq!(refusal.code, 2, "{arguments:?}: {}", refusal.stderr);
        refusal.refused(2);
        assert!(
            !folder.join("out").exists() && !folder.join("b.spz").exists(),
            "{arguments:?}"
        );
    }
    #[cfg(unix)]
    run(folder, ["convert", "link.ply", "a.ply"]).refused(2);
    assert_eq!(std::fs::read(folder.join("a.ply")).unwrap(), original);
}
