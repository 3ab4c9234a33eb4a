//! Preparing images, to the byte: other sizes, soft edges, objects that leave the picture.

use std::path::Path;

use models::trellis::prepare_image;
use sha2::{Digest, Sha256};

use crate::golden::{Golden, data};

/// A form of [`cut_out`]: width, height, size in hundredths of the picture, and how far it is moved right and
/// down.
pub(crate) type CutOut = (i64, i64, i64, i64, i64);

/// An ellipse with a soft edge and loud colours, RGBA: the twin of `cut_out` in ../goldens/formula.py.
pub(crate) fn cut_out((width, height, size, right, down): CutOut, seed: u64) -> Vec<u8> {
    let place = |index: i64| (index % width, index / width);
    (0..width * height)
        .map(place)
        .flat_map(|(x, y)| {
            let (dx, dy) = (2 * (x - right) - width + 1, 2 * (y - down) - height + 1);
            let off = (dx * dx * height * height + dy * dy * width * width) * 10_000;
            let off = off / (width * width * height * height);
            let alpha = ((size * size - off).div_euclid(8) + 128).clamp(0, 250);
            let red = x * 5 + y * 3 + seed as i64;
            [red, (x * x + y) >> 3, (x ^ y) * 7, alpha].map(|value| value as u8)
        })
        .collect()
}

pub(crate) fn check(folder: &Path) {
    let golden = Golden::read(folder, "preprocessing");
    let images: Vec<CutOut> = serde_json::from_value(golden.config["images"].clone()).unwrap();
    let hashes: Vec<String> = serde_json::from_value(golden.config["sha256"].clone()).unwrap();
    assert_eq!(images.len(), hashes.len());
    for (index, (image, hash)) in images.into_iter().zip(hashes).enumerate() {
        let rgba = cut_out(image, golden.seed);
        let found = prepare_image(image.0 as u32, image.1 as u32, &rgba).unwrap();
        let rows: Vec<i32> = found
            .chunks_exact(518 * 3)
            .map(|row| row.iter().copied().map(i32::from).sum())
            .collect();
        let expected = golden
            .tensor(&format!("out.rows_{index}"))
            .to_vec1::<i32>()
            .unwrap();
        let wrong = rows
            .iter()
            .zip(&expected)
            .position(|(found, expected)| found != expected);
        assert_eq!(wrong, None, "{image:?}: the first row that differs");
        let digest: String = Sha256::digest(&found)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(digest, hash, "{image:?}");
    }
}

#[test]
fn images_of_all_forms_are_prepared_as_the_reference_does() {
    check(&data().join("trellis"));
}
