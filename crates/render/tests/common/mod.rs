//! What several tests share: reading goldens, and saying how far two pictures are apart.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;

use render::Image;
use splat::Cloud;

/// How two pictures differ.
pub(crate) struct Difference {
    /// Peak signal-to-noise ratio in dB, infinite for equal pictures.
    pub(crate) psnr: f64,
    /// Share of bytes that are equal.
    pub(crate) equal: f64,
    /// The largest difference of two bytes.
    pub(crate) worst: u8,
}

/// Compares two pictures of one size byte by byte.
pub(crate) fn difference(ours: &[u8], theirs: &[u8]) -> Difference {
    assert_eq!(ours.len(), theirs.len());
    let pairs = || {
        ours.iter()
            .zip(theirs)
            .map(|(left, right)| left.abs_diff(*right))
    };
    let squares: f64 = pairs().map(|one| f64::from(one).powi(2)).sum();
    Difference {
        psnr: 10.0 * (255.0 * 255.0 * ours.len() as f64 / squares).log10(),
        equal: pairs().filter(|&one| one == 0).count() as f64 / ours.len() as f64,
        worst: pairs().max().unwrap_or(0),
    }
}

pub(crate) fn read_png(path: &Path) -> Image {
    let picture = image::open(path).unwrap().to_rgb8();
    Image {
        width: picture.width(),
        height: picture.height(),
        rgb: picture.into_raw(),
    }
}

pub(crate) fn read_ply(path: &Path) -> Cloud {
    splat::ply::read(&std::fs::read(path).unwrap()).unwrap()
}
