//! What several tests share: reading goldens, and saying how far two pictures are apart.
#![allow(dead_code)]

use std::path::Path;

use render::Image;
use splat::{Cloud, Splat};

/// How two pictures differ.
pub struct Difference {
    /// Peak signal-to-noise ratio in dB, infinite for equal pictures.
    pub psnr: f64,
    /// Share of bytes that are equal.
    pub equal: f64,
    /// The largest difference of two bytes.
    pub worst: u8,
}

pub fn difference(ours: &[u8], theirs: &[u8]) -> Difference {
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

pub fn read_png(path: &Path) -> Image {
    let picture = image::open(path).unwrap().to_rgb8();
    Image {
        width: picture.width(),
        height: picture.height(),
        rgb: picture.into_raw(),
    }
}

/// Binary little-endian PLY with nothing but float properties, as all our goldens are.
pub fn read_ply(path: &Path) -> Cloud {
    let bytes = std::fs::read(path).unwrap();
    let end = bytes
        .windows(11)
        .position(|window| window == b"end_header\n")
        .unwrap();
    let header = std::str::from_utf8(&bytes[..end]).unwrap();
    let names: Vec<&str> = header
        .lines()
        .filter_map(|line| line.strip_prefix("property float "))
        .collect();
    let rows: Vec<f32> = bytes[end + 11..]
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    let column = |name: &str| names.iter().position(|one| *one == name).unwrap();
    let places = [
        "x", "y", "z", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3",
        "opacity", "f_dc_0", "f_dc_1", "f_dc_2",
    ]
    .map(column);
    rows.chunks_exact(names.len())
        .map(|row| {
            let at = |index: usize| row[places[index]];
            Splat {
                position: [at(0), at(1), at(2)],
                log_scale: [at(3), at(4), at(5)],
                rotation: [at(6), at(7), at(8), at(9)],
                opacity_logit: at(10),
                colour: [at(11), at(12), at(13)],
            }
        })
        .collect()
}
