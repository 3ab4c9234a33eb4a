//! Resizing and normalising against torch.

use std::path::Path;

use crate::golden::{Golden, data};
use candle_core::{DType, Device, Tensor};
use models::{Filter, VALIDATOR_CLIP, resize, resize_by};

#[test]
fn the_validators_resizing_is_torchs() {
    let golden = Golden::read(&data(), "resize");
    let image = golden.tensor("in.image");
    let small = resize(&image, 28, 28, Filter::Bicubic).unwrap();
    golden.expect("bicubic28", &small);
    golden.expect(
        "bicubic28_clipnorm_x3",
        &VALIDATOR_CLIP.apply(&small).unwrap(),
    );
    golden.expect(
        "bicubic64",
        &resize(&image, 64, 64, Filter::Bicubic).unwrap(),
    );
    golden.expect(
        "bilinear56",
        &resize(&image, 56, 56, Filter::Bilinear).unwrap(),
    );
}

#[test]
fn an_image_of_the_right_size_stays_as_it_is() {
    let image = Golden::read(&data(), "resize").tensor("in.image");
    for filter in [Filter::Bilinear, Filter::Bicubic, Filter::BicubicAntialias] {
        let same = resize(&image, 40, 40, filter).unwrap();
        assert_eq!(
            same.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
            image.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        );
    }
}

#[test]
fn even_colours_stay_even() {
    let grey = Tensor::full(0.3f32, (1, 3, 7, 5), &Device::Cpu).unwrap();
    for filter in [Filter::Bilinear, Filter::Bicubic, Filter::BicubicAntialias] {
        for (height, width) in [(1, 1), (3, 2), (7, 11), (64, 33)] {
            let resized = resize(&grey, height, width, filter).unwrap();
            assert_eq!(resized.dims(), [1, 3, height, width]);
            for value in resized.flatten_all().unwrap().to_vec1::<f32>().unwrap() {
                assert!(
                    (value - 0.3).abs() < 1e-6,
                    "{filter:?} to {width}×{height}: {value}"
                );
            }
        }
    }
}

#[test]
fn narrow_types_stay_narrow_and_near() {
    let image = Golden::read(&data(), "resize").tensor("in.image");
    let exact = resize(&image, 28, 28, Filter::Bicubic).unwrap();
    let narrow = resize(
        &image.to_dtype(DType::F16).unwrap(),
        28,
        28,
        Filter::Bicubic,
    )
    .unwrap();
    assert_eq!(narrow.dtype(), DType::F16);
    let apart = (narrow.to_dtype(DType::F32).unwrap() - exact)
        .unwrap()
        .abs()
        .unwrap();
    assert!(apart.max_all().unwrap().to_scalar::<f32>().unwrap() < 2e-3);
}

#[test]
fn what_is_no_image_is_refused() {
    let image = Tensor::zeros((1, 3, 4, 4), DType::F32, &Device::Cpu).unwrap();
    assert!(resize(&image, 0, 4, Filter::Bicubic).is_err());
    assert!(resize(&image.get(0).unwrap(), 4, 4, Filter::Bicubic).is_err());
    let nothing = Tensor::zeros((1, 3, 0, 4), DType::F32, &Device::Cpu).unwrap();
    assert!(resize_by(&nothing, [(4, None), (4, Some(1.0))], Filter::Bilinear).is_err());
}

pub(crate) fn check(folder: &Path) {
    let golden = Golden::read(folder, "resize_more");
    let row = golden.tensor("in.row");
    for width in [224, 256, 336] {
        let resized = resize(&row, 2, width, Filter::Bicubic).unwrap();
        golden.expect(&format!("518_to_{width}"), &resized);
    }
    for width in [217, 1024] {
        let resized = resize(&row, 2, width, Filter::Bilinear).unwrap();
        golden.expect(&format!("518_to_{width}_linear"), &resized);
    }
    let image = golden.tensor("in.image");
    golden.expect(
        "enlarged",
        &resize(&image, 53, 71, Filter::Bicubic).unwrap(),
    );
    let antialiased = |height, width| resize(&image, height, width, Filter::BicubicAntialias);
    golden.expect("antialias_small", &antialiased(16, 9).unwrap());
    golden.expect("antialias_large", &antialiased(40, 41).unwrap());
    let to = [(16, Some(16.1 / 37.0)), (40, Some(40.1 / 23.0))];
    golden.expect("offset", &resize_by(&image, to, Filter::Bicubic).unwrap());
}

#[test]
fn other_sizes_and_filters_are_torchs_too() {
    check(&data());
}
