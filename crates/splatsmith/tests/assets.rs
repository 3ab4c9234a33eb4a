//! inspect, convert, render and judge, as scripts and people call them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{command, run, shell_file};

#[test]
fn inspect_prints_json_alone_on_stdout() {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "shell.ply", 8000);
    let inspection = run(folder.path(), ["inspect", "shell.ply", "--json"]);
    assert_eq!(inspection.code, 0, "{}", inspection.stderr);
    let json = inspection.json();
    assert_eq!(json["count"], 8000);
    for name in ["bounds", "extent", "opacity", "scale", "defects"] {
        assert!(json.get(name).is_some(), "{name}");
    }
    let names: Vec<_> = json["defects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|defect| &defect["name"])
        .collect();
    assert_eq!(names, ["sparse"]);

    let human = run(folder.path(), ["inspect", "shell.ply"]);
    assert_eq!((human.code, human.stdout.as_str()), (0, ""));
    assert!(human.stderr.contains("8000"), "{}", human.stderr);
}

#[test]
fn convert_keeps_the_cloud_and_replaces_files_whole() {
    let folder = tempfile::tempdir().unwrap();
    let ply = shell_file(folder.path(), "a.ply", 8000);
    assert_eq!(run(folder.path(), ["convert", "a.ply", "b.spz"]).code, 0);
    assert_eq!(run(folder.path(), ["convert", "b.spz", "c.ply"]).code, 0);
    let read = |name: &str| splat::read(&std::fs::read(folder.path().join(name)).unwrap()).unwrap();
    let (before, after) = (read("a.ply").0, read("c.ply").0);
    assert_eq!(before.len(), after.len());
    for (a, b) in before.iter().zip(after.iter()) {
        for axis in 0..3 {
            // 12 fractional bits hold a position to half a step.
            assert!((a.position[axis] - b.position[axis]).abs() <= 1.0 / 4096.0);
        }
    }

    // A conversion that cannot be done leaves the file that was there.
    let original = std::fs::read(&ply).unwrap();
    std::fs::write(folder.path().join("broken.spz"), b"NGSP").unwrap();
    run(folder.path(), ["convert", "broken.spz", "a.ply"]).refused(1);
    run(folder.path(), ["convert", "a.ply", "a.obj"]).refused(2);
    assert_eq!(std::fs::read(&ply).unwrap(), original);
}

#[test]
fn convert_turns_for_viewers_and_back() {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "a.ply", 8000);
    let there = ["convert", "a.ply", "v.ply", "--profile", "viewer"];
    let back = [
        "convert",
        "v.ply",
        "b.ply",
        "--profile",
        "pull-2025",
        "--from",
        "viewer",
    ];
    assert_eq!(run(folder.path(), there).code, 0);
    assert_eq!(run(folder.path(), back).code, 0);
    let first = |name: &str| {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        splat::read(&bytes).unwrap().0.get(0).unwrap().position
    };
    let (a, v, b) = (first("a.ply"), first("v.ply"), first("b.ply"));
    assert!(a[1] > 0.0 && v[1] < 0.0, "the first splat is the top one");
    for axis in 0..3 {
        assert!((a[axis] - b[axis]).abs() < 1e-3, "{a:?} {b:?}");
    }
}

#[test]
fn render_writes_views_sheets_and_turntables() {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "a.spz", 8000);
    let views = [
        "render", "a.spz", "-o", "views", "--views", "5", "--size", "48",
    ];
    assert_eq!(run(folder.path(), views).code, 0);
    let view = |index: u32| {
        let path = folder.path().join(format!("views/view_{index:02}.png"));
        image::open(path).unwrap().to_rgb8()
    };
    assert_eq!(view(0), view(4), "the last view closes the circle");
    let middle = *view(0).get_pixel(24, 14);
    assert!(middle[0] > middle[2], "the upper half is red: {middle:?}");
    let middle = *view(0).get_pixel(24, 34);
    assert!(middle[2] > middle[0], "the lower half is blue: {middle:?}");
    assert_eq!(view(0).get_pixel(0, 0).0, [255; 3]);
    assert!(!folder.path().join("views/view_05.png").exists());

    let sheet = [
        "render",
        "a.spz",
        "-o",
        "s.png",
        "--views",
        "4",
        "--size",
        "32",
        "--background",
        "#000000",
    ];
    assert_eq!(run(folder.path(), sheet).code, 0);
    let sheet = image::open(folder.path().join("s.png")).unwrap().to_rgb8();
    assert_eq!(sheet.dimensions(), (68, 68));
    assert_eq!(sheet.get_pixel(0, 0).0, [0; 3]);

    let film = [
        "render", "a.spz", "-o", "t.gif", "--views", "3", "--size", "32",
    ];
    assert_eq!(run(folder.path(), film).code, 0);
    assert!(
        std::fs::read(folder.path().join("t.gif"))
            .unwrap()
            .starts_with(b"GIF89a")
    );
}

#[test]
fn an_mp4_needs_ffmpeg_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "a.spz", 8000);
    let output = command(folder.path())
        .args([
            "render", "a.spz", "-o", "t.mp4", "--views", "2", "--size", "32",
        ])
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let film = common::Run::from(output);
    film.refused(1);
    assert!(
        film.stderr.contains("ffmpeg") && film.stderr.contains(".gif"),
        "{}",
        film.stderr
    );
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "half a film was left behind");
}

#[test]
fn judge_answers_with_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "good.spz", 9000);
    shell_file(folder.path(), "few.ply", 500);
    let good = run(
        folder.path(),
        [
            "judge",
            "good.spz",
            "--prompt=a ball",
            "--models-dir=nowhere",
            "--json",
        ],
    );
    assert_eq!(good.code, 1, "{}", good.stderr);
    let verdict = good.json();
    assert_eq!(verdict["pass"], false, "what is not scored does not pass");
    assert_eq!(verdict["score"], serde_json::Value::Null);
    assert_eq!(verdict["parts"]["iqa"], serde_json::Value::Null);
    assert!(verdict["parts"]["ssim"].is_number());
    assert!(verdict["seconds"]["views"].is_number());
    let missing = verdict["not_scored"].as_array().unwrap();
    let parts: Vec<_> = missing.iter().map(|lack| lack["part"].as_str()).collect();
    assert_eq!(
        parts,
        [Some("iqa"), Some("alignment"), Some("lpips"), Some("clip")]
    );
    for lack in missing {
        let why = lack["why"].as_str().unwrap();
        assert!(why.contains("splatsmith models pull"), "{why}");
    }
    let table = run(
        folder.path(),
        [
            "judge",
            "good.spz",
            "--prompt=a ball",
            "--models-dir=nowhere",
        ],
    );
    for said in [
        "not scored",
        "quality_scorer.safetensors",
        "alexnet-owt-7be5be79.pth",
        "warn  splat_floor",
    ] {
        assert!(table.stderr.contains(said), "{said} in {}", table.stderr);
    }

    let few = run(
        folder.path(),
        ["judge", "few.ply", "--prompt", "a ball", "--json"],
    );
    assert_eq!(few.code, 1, "{}", few.stderr);
    assert_eq!(few.json()["pass"], false);

    run(
        folder.path(),
        ["judge", "missing.ply", "--prompt", "a ball"],
    )
    .refused(2);
    run(folder.path(), ["judge", "good.spz"]).refused(2);
}
