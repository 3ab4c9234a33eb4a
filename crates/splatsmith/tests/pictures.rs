//! `render` into every kind of file, read back by other decoders.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::BufReader;
use std::path::Path;

use common::{Run, command, run, shell_file};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{AnimationDecoder, Frame, RgbImage, RgbaImage};

/// `render a.spz` and these arguments, in a folder with an asset of that name.
fn render(folder: &Path, arguments: &[&str]) -> Run {
    run(folder, ["render", "a.spz"].iter().chain(arguments))
}

fn asset() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    shell_file(folder.path(), "a.spz", 8000);
    folder
}

fn rgb(path: &Path) -> RgbImage {
    let picture = image::open(path).unwrap();
    assert!(!picture.color().has_alpha(), "{}", path.display());
    picture.into_rgb8()
}

fn rgba(path: &Path) -> RgbaImage {
    let picture = image::open(path).unwrap();
    assert!(picture.color().has_alpha(), "{}", path.display());
    picture.into_rgba8()
}

fn frames(path: &Path) -> Vec<Frame> {
    let file = BufReader::new(std::fs::File::open(path).unwrap());
    let frames = match path.extension().unwrap().to_str().unwrap() {
        "gif" => GifDecoder::new(file).unwrap().into_frames(),
        "apng" => PngDecoder::new(file).unwrap().apng().unwrap().into_frames(),
        "webp" => {
            let mut decoder = WebPDecoder::new(file).unwrap();
            decoder.set_background_color(image::Rgba([0; 4])).unwrap();
            decoder.into_frames()
        }
        other => panic!("{other}"),
    };
    frames.collect_frames().unwrap()
}

#[test]
fn turntables_come_in_every_format() {
    let folder = asset();
    for name in ["t.gif", "t.webp", "t.apng"] {
        for background in ["#204060", "transparent"] {
            let arguments = [
                "-o",
                name,
                "--views",
                "5",
                "--size",
                "40",
                "--fps",
                "20",
                "--background",
                background,
                "--json",
            ];
            let done = render(folder.path(), &arguments);
            assert_eq!(done.code, 0, "{name}: {}", done.stderr);
            let path = folder.path().join(name);
            let json = done.json();
            assert_eq!(json["kind"], "film");
            assert_eq!((&json["views"], &json["fps"]), (&5.into(), &20.0.into()));
            assert_eq!(json["bytes"], std::fs::metadata(&path).unwrap().len());
            let frames = frames(&path);
            assert_eq!(frames.len(), 5, "{name}");
            for frame in &frames {
                assert_eq!(frame.delay().numer_denom_ms(), (50, 1), "{name}");
                assert_eq!(frame.buffer().dimensions(), (40, 40));
                let (corner, middle) = (frame.buffer()[(0, 0)].0, frame.buffer()[(20, 12)].0);
                assert!(
                    middle[0] > middle[2] && middle[3] == 255,
                    "{name}: {middle:?}"
                );
                if background == "transparent" {
                    assert_eq!(corner[3], 0, "{name}");
                } else {
                    let off = [0x20, 0x40, 0x60, 255];
                    let near = corner
                        .iter()
                        .zip(off)
                        .all(|(a, b): (&u8, u8)| a.abs_diff(b) < 4);
                    assert!(near, "{name}: {corner:?}");
                }
            }
            assert!(frames[0].buffer() != frames[2].buffer(), "{name} turns");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
}

#[test]
fn pictures_without_a_background_have_an_alpha_channel() {
    let folder = asset();
    let transparent = ["--size", "48", "--background", "transparent"];
    let into = |output: &str, views: &str| {
        let arguments = [&["-o", output, "--views", views], &transparent[..]].concat();
        let done = render(folder.path(), &arguments);
        assert_eq!(done.code, 0, "{}", done.stderr);
    };
    into("one.png", "1");
    into("views", "2");
    into("sheet.png", "4");
    let one = rgba(&folder.path().join("one.png"));
    assert_eq!(one, rgba(&folder.path().join("views/view_00.png")));
    assert_eq!((one[(0, 0)].0[3], one[(24, 14)].0[3]), (0, 255));
    let sheet = rgba(&folder.path().join("sheet.png"));
    assert_eq!(sheet.dimensions(), (100, 100));
    assert_eq!((sheet[(50, 20)].0[3], sheet[(24, 14)]), (0, one[(24, 14)]));
}

#[test]
fn the_grid_is_four_of_the_sixteen_views() {
    let folder = asset();
    assert_eq!(
        render(folder.path(), &["-o", "views", "--size", "60"]).code,
        0
    );
    let grid = render(
        folder.path(),
        &["-o", "g.png", "--grid", "--size", "60", "--json"],
    );
    assert_eq!(grid.code, 0, "{}", grid.stderr);
    assert_eq!(
        (&grid.json()["kind"], &grid.json()["views"]),
        (&"grid".into(), &4.into())
    );
    let mut expected = RgbImage::new(125, 125);
    for (view, x, y) in [(1, 0, 0), (5, 65, 0), (9, 0, 65), (13, 65, 65)] {
        let view = rgb(&folder.path().join(format!("views/view_{view:02}.png")));
        image::imageops::replace(&mut expected, &view, x, y);
    }
    assert!(rgb(&folder.path().join("g.png")) == expected);
}

#[test]
fn layers_show_coverage_depth_and_facing() {
    let folder = asset();
    let layer = |name: &str| {
        let output = format!("{name}.png");
        let arguments = [
            "-o", &output, "--layer", name, "--views", "1", "--size", "64",
        ];
        let done = render(
            folder.path(),
            &[&arguments[..], &["--elevation", "0"]].concat(),
        );
        assert_eq!(done.code, 0, "{}", done.stderr);
        rgb(&folder.path().join(output))
    };
    let at = |picture: &RgbImage, x, y| picture[(x, y)].0;
    let alpha = layer("alpha");
    assert_eq!(at(&alpha, 0, 0), [0; 3]);
    assert!(at(&alpha, 32, 20)[0] > 240);
    let depth = layer("depth");
    assert_eq!(at(&depth, 0, 0), [0; 3]);
    assert!(
        at(&depth, 32, 32)[0] > at(&depth, 32, 16)[0] + 8,
        "the middle is nearest"
    );
    let normal = layer("normal");
    assert!(at(&normal, 32, 32)[2] > 200, "the middle faces the camera");
    assert!(
        at(&normal, 46, 32)[0] > 150 && at(&normal, 18, 32)[0] < 100,
        "red is to the right"
    );
    assert!(
        at(&normal, 32, 18)[1] > 150 && at(&normal, 32, 46)[1] < 100,
        "green is up"
    );
    // The asset itself is on white, and everything else on black.
    assert_eq!(at(&layer("colour"), 0, 0), [255; 3]);
}

/// Runs `ffprobe` or `ffmpeg`; `None` where they are not installed.
fn tool(name: &str, folder: &Path, arguments: &[&str]) -> Option<String> {
    match std::process::Command::new(name)
        .current_dir(folder)
        .args(arguments)
        .output()
    {
        Ok(output) => {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(error) => {
            let required = std::env::var("SPLATSMITH_INTEROP_REQUIRED").is_ok_and(|set| set == "1");
            assert!(!required, "{name}: {error}");
            println!("skipped: no {name}");
            None
        }
    }
}

#[test]
fn ffmpeg_makes_an_mp4_of_even_sides() {
    let folder = asset();
    if tool("ffprobe", folder.path(), &["-version"]).is_none() {
        return;
    }
    let arguments = [
        "-o",
        "t.mp4",
        "--views",
        "7",
        "--size",
        "65",
        "--fps",
        "12.5",
        "--background",
        "#ffcc00",
    ];
    let done = render(folder.path(), &arguments);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let entries = "stream=codec_name,width,height,pix_fmt,color_space,r_frame_rate,nb_read_frames";
    let probe = [
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        entries,
        "-of",
        "default=nw=1",
        "t.mp4",
    ];
    let found = tool("ffprobe", folder.path(), &probe).unwrap();
    for line in [
        "codec_name=h264",
        "width=66",
        "height=66",
        "pix_fmt=yuv420p",
        "color_space=bt709",
        "r_frame_rate=25/2",
        "nb_read_frames=7",
    ] {
        assert!(found.lines().any(|found| found == line), "{line}: {found}");
    }
    let still = [
        "-v",
        "error",
        "-y",
        "-i",
        "t.mp4",
        "-frames:v",
        "1",
        "still.png",
    ];
    tool("ffmpeg", folder.path(), &still).unwrap();
    let still = image::open(folder.path().join("still.png"))
        .unwrap()
        .into_rgb8();
    for corner in [(0, 0), (65, 65)] {
        let [red, green, blue] = still[corner].0;
        assert!(
            red > 248 && green.abs_diff(0xcc) < 7 && blue < 7,
            "{:?}",
            still[corner]
        );
    }
}

#[cfg(unix)]
#[test]
fn a_failing_ffmpeg_is_quoted_and_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let folder = asset();
    let path = folder.path().join("ffmpeg");
    std::fs::write(&path, "#!/bin/sh\necho 'Unknown encoder' >&2\nexit 3\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = command(folder.path())
        .args([
            "render", "a.spz", "-o", "t.mp4", "--views", "9", "--size", "300",
        ])
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let film = Run::from(output);
    film.refused(1);
    assert!(film.stderr.contains("Unknown encoder"), "{}", film.stderr);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_cannot_be_is_refused_with_all_its_faults() {
    let folder = asset();
    let faults = |arguments: &[&str]| {
        let refused = render(folder.path(), arguments);
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (2, ""),
            "{}",
            refused.stderr
        );
        assert!(
            refused.stderr.lines().all(|line| line.contains("; ")),
            "{}",
            refused.stderr
        );
        refused.stderr.lines().count()
    };
    let everything = [
        "-o",
        "t.mp4",
        "--background",
        "transparent",
        "--grid",
        "--fps",
        "0",
        "--layer",
        "shape",
        "--views",
        "0",
        "--extent",
        "nan",
    ];
    // Both an .mp4 and a grid are opaque; an .mp4 is no picture; sixteen views make a grid.
    assert_eq!(faults(&everything), 8);
    assert_eq!(faults(&["-o", "s.png", "--fps", "10"]), 1);
    assert_eq!(faults(&["-o", "t.gif", "--fps", "60"]), 1);
    assert_eq!(
        faults(&["-o", "s.png", "--views", "100", "--size", "4000"]),
        1
    );
    assert_eq!(faults(&["-o", "g.png", "--grid", "--views", "8"]), 1);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_device_is_chosen_by_name() {
    let folder = asset();
    let on = |device: &str, more: &[&str]| {
        let plain = ["-o", "s.png", "--views", "1", "--size", "40", "--json"];
        let arguments = [&plain[..], &["--device", device], more].concat();
        render(folder.path(), &arguments)
    };
    assert_eq!(on("cpu", &[]).json()["device"], "the CPU");
    let depths = on("auto", &["--layer", "depth"]);
    assert_eq!(depths.json()["device"], "the CPU", "layers are made there");
    assert_eq!(on("tpu", &[]).code, 2);
    assert_eq!(on("gpu", &["--layer", "depth"]).code, 2);
    let gpu = on("gpu", &[]);
    if cfg!(feature = "gpu-render") {
        // Where there is none, that is said.
        assert!(
            gpu.code == 0 || gpu.stderr.contains("no GPU was found"),
            "{}",
            gpu.stderr
        );
    } else {
        assert_eq!(gpu.code, 2);
        assert!(
            gpu.stderr.contains("--features gpu-render"),
            "{}",
            gpu.stderr
        );
    }
}
