//! Preparing images, to the byte: other sizes, soft edges, objects that leave the picture.

use std::path::Path;

use models::trellis::prepare_image;
use sha2::{Digest, Sha256};

use crate::formula::{CutOut, cut_out};
use crate::golden::{Golden, data};

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
