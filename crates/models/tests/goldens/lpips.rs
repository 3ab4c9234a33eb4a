//! LPIPS on AlexNet against torchmetrics.

use std::path::Path;

use candle_core::Tensor;
use models::{Filter, Lpips, resize};

use crate::formula::picture;
use crate::golden::{Golden, data, device};

fn network(golden: &Golden) -> Lpips {
    // The golden names the backbone's weights as torchmetrics does below `net`.
    let named = golden.weights();
    let backbone = named
        .clone()
        .rename_f(|name| name.trim_start_matches("net.").to_owned());
    Lpips::load(&backbone, &named).unwrap()
}

/// Two pictures of this size.
fn shown(name: &str, [height, width]: [usize; 2], seed: u64) -> Tensor {
    let pictures = picture(name, &[2, 3, height, width], seed);
    pictures.to_device(&device()).unwrap()
}

pub(crate) fn check(folder: &Path) {
    let golden = Golden::read(folder, "lpips_256");
    let net = network(&golden);
    let pictures = ["left", "right"].map(|name| shown(name, [256; 2], golden.seed));
    let [left, right] = pictures
        .each_ref()
        .map(|images| net.impressions(images).unwrap());
    golden.expect("distance", &net.distances(&left, &right).unwrap());
    let layers = net.layer_distances(&left, &right).unwrap();
    golden.expect("layers", &Tensor::stack(&layers, 0).unwrap());
    let [left, right] = pictures.each_ref().map(|images| {
        net.impressions(&resize(images, 64, 80, Filter::Bilinear).unwrap())
            .unwrap()
    });
    golden.expect("small", &net.distances(&left, &right).unwrap());
}

#[test]
fn distances_are_torchmetrics() {
    check(&data());
}

#[test]
fn equal_pictures_are_no_distance_apart() {
    let golden = Golden::read(&data(), "lpips_256");
    let net = network(&golden);
    let left = net.impressions(&shown("left", [64; 2], 1)).unwrap();
    let alike = net
        .distances(&left, &left)
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    assert_eq!(alike, [0.0; 2]);
    let turned = left.next().unwrap();
    let apart = net
        .distances(&left, &turned)
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    assert!(
        apart[0] > 0.0 && (apart[0] - apart[1]).abs() < 1e-6,
        "{apart:?}"
    );
}

#[test]
fn pictures_too_small_to_see_are_refused() {
    let golden = Golden::read(&data(), "lpips_256");
    let net = network(&golden);
    assert!(
        net.impressions(&picture("left", &[1, 3, 20, 20], 1))
            .is_err()
    );
    assert!(
        net.impressions(&picture("left", &[1, 4, 64, 64], 1))
            .is_err()
    );
}
