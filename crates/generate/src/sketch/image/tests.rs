//! Pictures made here, with known subjects.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use judge::{Judge, Prompt};
use proptest::prelude::*;
use render::{Camera, Orbit, Scene, WHITE};
use splat::{Frame, OutputProfile};

use super::*;
use crate::sketch::surface::lay;

const SIDE: u32 = 256;

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Where the test's object is: a disc with a bump to the upper right, so that no mirror image or
/// half turn of it looks the same.
fn is_object(x: u32, y: u32) -> bool {
    let within = |cx: f32, cy: f32, radius: f32| (x as f32 - cx).hypot(y as f32 - cy) < radius;
    within(128.0, 140.0, 70.0) || within(180.0, 80.0, 30.0)
}

/// Red above, blue below.
fn object_colour(y: u32) -> [u8; 3] {
    if y < 140 {
        [200, 30, 30]
    } else {
        [30, 40, 190]
    }
}

/// The object on a grey gradient, with a soft shadow below it.
fn photograph() -> RgbImage {
    RgbImage::from_fn(SIDE, SIDE, |x, y| {
        if is_object(x, y) {
            return Rgb(object_colour(y));
        }
        let gradient = 150.0 + 0.2 * y as f32 - 0.1 * x as f32;
        let from_shadow = ((x as f32 - 128.0) / 80.0).hypot((y as f32 - 212.0) / 14.0);
        let shadow = 45.0 * (-from_shadow * from_shadow).exp();
        Rgb([(gradient - shadow) as u8; 3])
    })
}

fn sticker() -> RgbaImage {
    RgbaImage::from_fn(SIDE, SIDE, |x, y| {
        let [red, green, blue] = object_colour(y);
        Rgba([red, green, blue, if is_object(x, y) { 255 } else { 0 }])
    })
}

fn overlap(mask: &mask::Mask) -> f32 {
    let (mut both, mut either) = (0, 0);
    for (index, inside) in mask.inside.iter().enumerate() {
        let truth = is_object(index as u32 % SIDE, index as u32 / SIDE);
        both += u32::from(*inside && truth);
        either += u32::from(*inside || truth);
    }
    both as f32 / either as f32
}

fn sculpture(bytes: &[u8]) -> Sculpture {
    inflate_picture(bytes, 3, 30_000, &|| false).unwrap()
}

#[test]
fn alpha_is_the_cutout() {
    let picture = decode::decode(&encoded(sticker(), ImageFormat::Png)).unwrap();
    let (cutout, note) = cutout::cut_out(picture);
    assert!(note.is_none());
    assert!(overlap(&cutout.mask) > 0.999);
}

#[test]
fn a_gradient_with_a_shadow_is_flooded_away() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let picture = decode::decode(&encoded(photograph(), format)).unwrap();
        let (cutout, note) = cutout::cut_out(picture);
        assert!(note.is_none(), "{format:?}: {note:?}");
        let overlap = overlap(&cutout.mask);
        assert!(overlap > 0.95, "{format:?}: {overlap}");
    }
}

#[test]
fn a_wall_that_meets_a_floor_is_ground_too() {
    let mut picture = photograph();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        if !is_object(x, y) {
            *pixel = if y < 150 {
                Rgb([205, 200, 190])
            } else {
                Rgb([120, 95, 70])
            };
        }
    }
    let picture = decode::decode(&encoded(picture, ImageFormat::Png)).unwrap();
    let (cutout, _) = cutout::cut_out(picture);
    let overlap = overlap(&cutout.mask);
    assert!(overlap > 0.95, "{overlap}");
}

#[test]
fn a_picture_without_a_subject_becomes_a_plaque_and_says_so() {
    let blank = RgbImage::from_pixel(64, 48, Rgb([90, 120, 90]));
    let sculpture = sculpture(&encoded(blank, ImageFormat::Png));
    assert!(sculpture.surfels.len() >= 20_000);
    assert!(
        sculpture.notes[0].contains("plaque"),
        "{:?}",
        sculpture.notes
    );
}

#[test]
fn the_front_view_looks_like_the_picture() {
    let sculpture = sculpture(&encoded(photograph(), ImageFormat::Png));
    let cloud = OutputProfile::PULL_2025.apply(lay(&sculpture.surfels, 1), Frame::YUp);
    let scene = Scene::new(&cloud, Some(1.5)).unwrap();
    let orbit = Orbit {
        elevation_deg: 0.0,
        width: SIDE,
        height: SIDE,
        ..Orbit::default()
    };
    let view = render::render(&scene, &Camera::orbit(orbit).unwrap(), WHITE);
    let pixel = |x: u32, y: u32| {
        let at = 3 * (y * SIDE + x) as usize;
        [view.rgb[at], view.rgb[at + 1], view.rgb[at + 2]].map(i32::from)
    };
    let close = |found: [i32; 3], wanted: [u8; 3]| {
        found
            .iter()
            .zip(wanted)
            .all(|(found, wanted)| (found - i32::from(wanted)).abs() < 25)
    };
    // Centred, the disc's middle is a little left of and below the view's.
    assert!(
        close(pixel(115, 105), [200, 30, 30]),
        "above: {:?}",
        pixel(115, 105)
    );
    assert!(
        close(pixel(115, 175), [30, 40, 190]),
        "below: {:?}",
        pixel(115, 175)
    );
    assert!(
        close(pixel(175, 70), [200, 30, 30]),
        "the bump: {:?}",
        pixel(175, 70)
    );
    assert_eq!(pixel(65, 70), [255; 3], "no bump on the other side");
}

#[test]
fn it_passes_the_gates_with_room_to_spare() {
    for bytes in [
        encoded(photograph(), ImageFormat::Jpeg),
        encoded(sticker(), ImageFormat::Png),
    ] {
        let sculpture = sculpture(&bytes);
        assert!(sculpture.surfels.len() >= 20_000);
        let cloud = OutputProfile::PULL_2025.apply(lay(&sculpture.surfels, 1), Frame::YUp);
        let verdict = Judge::default()
            .assess(&cloud, &Prompt::Image(bytes.into()))
            .verdict;
        assert!(verdict.pass, "{verdict:?}");
    }
}

#[test]
fn the_surface_is_closed_and_faces_outwards() {
    let sculpture = sculpture(&encoded(sticker(), ImageFormat::Png));
    let front = sculpture
        .surfels
        .iter()
        .filter(|surfel| surfel.position[2] > 0.1);
    let inwards = front.filter(|surfel| surfel.normal[2] < 0.0).count();
    assert_eq!(inwards, 0);
    let unit = |normal: [f32; 3]| (glam::Vec3::from(normal).length() - 1.0).abs() < 1e-4;
    assert!(sculpture.surfels.iter().all(|surfel| unit(surfel.normal)));
}

#[test]
fn the_seed_decides() {
    let bytes = encoded(sticker(), ImageFormat::Png);
    let with = |seed| {
        inflate_picture(&bytes, seed, 20_000, &|| false)
            .unwrap()
            .surfels
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
}

#[test]
fn nobody_waits_for_a_cancelled_one() {
    let bytes = encoded(sticker(), ImageFormat::Png);
    let nothing = inflate_picture(&bytes, 1, 20_000, &|| true).unwrap();
    assert!(nothing.surfels.is_empty());
}

#[test]
fn tiny_and_invisible_pictures_do_no_harm() {
    for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 2)] {
        let bytes = encoded(RgbaImage::new(width, height), ImageFormat::Png);
        sculpture(&bytes);
        let bytes = encoded(RgbImage::new(width, height), ImageFormat::Png);
        sculpture(&bytes);
    }
}

#[test]
fn an_absurd_header_is_refused_before_anything_is_allocated() {
    let mut bytes = encoded(RgbImage::new(4, 4), ImageFormat::Png);
    // Width and height in IHDR; the checksum after it is then wrong too, but sizes come first.
    bytes[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let error = inflate_picture(&bytes, 1, 20_000, &|| false).unwrap_err();
    let line = error.to_string();
    assert!(line.contains("image") && !line.contains('\n'), "{line}");
}

#[test]
fn other_formats_are_refused_by_name() {
    for bytes in [&b"GIF89a\x01\x00\x01\x00"[..], b"<svg/>", b""] {
        let error = inflate_picture(bytes, 1, 20_000, &|| false).unwrap_err();
        assert!(error.to_string().contains("PNG"), "{error}");
        assert!(!error.is_retryable());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_pictures_never_panic(
        format in prop::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP]),
        cut in 0.0_f64..=1.0,
        flips in prop::collection::vec((0.0_f64..1.0, 0_u8..8), 0..6),
    ) {
        let small = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8 * 6, y as u8 * 8, 90]));
        let mut bytes = encoded(small, format);
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        for (place, bit) in flips {
            let at = (place * bytes.len() as f64) as usize;
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        if let Err(error) = inflate_picture(&bytes, 1, 2_000, &|| false) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
