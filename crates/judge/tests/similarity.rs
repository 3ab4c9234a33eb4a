//! Structural similarity and outlier filter against torchmetrics 1.5.1 and pytod 0.0.3
//! (`goldens/ssim.py` makes the numbers).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use judge::{SsimError, adjacent_similarities, filtered_geometric_mean, ssim};
use render::Image;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    patterns: Vec<PatternPair>,
    views: Vec<ViewPair>,
    filtered: Vec<Filtered>,
}

#[derive(Deserialize)]
struct PatternPair {
    left: String,
    right: String,
    width: u32,
    height: u32,
    ssim: Similarity,
}

#[derive(Deserialize)]
struct ViewPair {
    left: usize,
    right: usize,
    ssim: Similarity,
}

/// torchmetrics' own answer, and what it would be without rounding.
#[derive(Deserialize)]
struct Similarity {
    single: f64,
    double: f64,
}

/// Single precision leaves torchmetrics itself up to 5e-4 from the exact value on nearly flat
/// images; we must be near the exact value, and no further from theirs than that.
fn assert_similar(found: f64, golden: &Similarity, name: &str) {
    let Similarity { single, double } = *golden;
    println!("{name}: {found:.6} for {single:.6} ({double:.6} exactly)");
    assert!(
        (found - double).abs() < 5e-5,
        "{name}: {found} for {double}"
    );
    assert!(
        (found - single).abs() < 5e-5 + (single - double).abs(),
        "{name}: {found} for {single}"
    );
}

#[derive(Deserialize)]
struct Filtered {
    values: Vec<f64>,
    mean: f64,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn golden() -> Golden {
    serde_json::from_slice(&std::fs::read(folder().join("ssim.json")).unwrap()).unwrap()
}

/// The formulas of `pattern` in `goldens/ssim.py`.
fn pattern(name: &str, width: u32, height: u32) -> Image {
    let value = |x: u32, y: u32, c: u32| match name {
        "white" => 255,
        "black" => 0,
        "ramp" => (3 * x + 5 * y + 40 * c) % 256,
        "noise" => ((x * 7919 + y * 104_729 + c * 1_299_709) ^ (x * y * 31)) % 256,
        "checks" => ((x / 8 + y / 8 + c) % 2) * 255,
        "faint" => 250 + (x + y + c) % 6,
        "negative" => 255 - ((x / 8 + y / 8 + c) % 2) * 255,
        _ => panic!("no pattern {name}"),
    };
    let rgb = (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| (0..3).map(move |c| value(x, y, c) as u8)))
        .collect();
    Image { width, height, rgb }
}

#[test]
fn patterns_match_torchmetrics() {
    for pair in golden().patterns {
        let [left, right] =
            [&pair.left, &pair.right].map(|name| pattern(name, pair.width, pair.height));
        let found = ssim(&left, &right).unwrap();
        assert_similar(
            found,
            &pair.ssim,
            &format!("{} and {}", pair.left, pair.right),
        );
    }
}

#[test]
fn views_match_torchmetrics() {
    for pair in golden().views {
        let [left, right] = [pair.left, pair.right].map(|index| {
            let path = format!("../../../render/tests/data/torus_v{index:02}.png");
            let picture = image::open(folder().join(path)).unwrap().to_rgb8();
            Image {
                width: picture.width(),
                height: picture.height(),
                rgb: picture.into_raw(),
            }
        });
        let found = ssim(&left, &right).unwrap();
        assert_similar(
            found,
            &pair.ssim,
            &format!("views {} and {}", pair.left, pair.right),
        );
    }
}

#[test]
fn the_outlier_filter_matches_pytod() {
    for list in golden().filtered {
        let found = filtered_geometric_mean(&list.values).unwrap();
        assert!(
            (found - list.mean).abs() < 1e-12,
            "{found} for {}",
            list.mean
        );
    }
}

#[test]
fn what_has_no_mean_has_none() {
    assert_eq!(
        filtered_geometric_mean(&[0.9; 5]),
        None,
        "five have no fifth neighbour"
    );
    assert_eq!(filtered_geometric_mean(&[-0.1; 16]), None);
    assert_eq!(filtered_geometric_mean(&[f64::NAN; 16]), None);
    assert_eq!(filtered_geometric_mean(&[0.0; 16]), Some(0.0));
}

#[test]
fn the_last_view_is_compared_with_the_first() {
    let [white, ramp] = ["white", "ramp"].map(|name| pattern(name, 32, 32));
    let found = adjacent_similarities(&[white.clone(), white.clone(), ramp.clone()]).unwrap();
    let apart = ssim(&white, &ramp).unwrap();
    assert_eq!(found[0], ssim(&white, &white).unwrap());
    assert_eq!(found[1], apart);
    assert!((found[2] - apart).abs() < 1e-7);
}

#[test]
fn images_that_cannot_be_compared_are_refused() {
    let white = pattern("white", 32, 32);
    assert_eq!(
        ssim(&white, &pattern("white", 32, 31)),
        Err(SsimError::Uneven {
            left: (32, 32),
            right: (32, 31)
        })
    );
    let small = pattern("white", 5, 64);
    assert_eq!(
        ssim(&small, &small),
        Err(SsimError::Size {
            width: 5,
            height: 64
        })
    );
    let mut short = white.clone();
    short.rgb.pop();
    assert!(ssim(&short, &white).is_err());
    assert_eq!(adjacent_similarities(&[white]), Err(SsimError::TooFew(1)));
}
