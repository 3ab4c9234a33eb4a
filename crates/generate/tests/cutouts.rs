//! Real pictures cut out by a real network: `SPLATSMITH_ISNET` names the file that `scripts/fetch-isnet`
//! fetches. With `SPLATSMITH_SHEET` naming a folder the cut-outs are written there, on grey, beside what
//! comes of alpha alone, to be looked at.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use generate::cutout::{Check, CutoutLimits, cut_out};
use image::{Rgb, RgbImage, RgbaImage, imageops};
use models::Matting;

/// What the cut-outs are laid on: a ground that shows fringes.
const GROUND: [f32; 3] = [60.0, 70.0, 200.0];

fn laid(width: u32, height: u32, pixel: impl Fn(u32, u32) -> ([f32; 3], f32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (colour, alpha) = pixel(x, y);
        Rgb([0, 1, 2]
            .map(|channel| (colour[channel] * alpha + GROUND[channel] * (1.0 - alpha) + 0.5) as u8))
    })
}

fn of_cutout(image: &RgbaImage) -> RgbImage {
    laid(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0.map(f32::from);
        ([red, green, blue], alpha / 255.0)
    })
}

#[test]
fn pictures_as_validators_send_them_are_cut_out_and_judged() {
    let Some(isnet) = std::env::var_os("SPLATSMITH_ISNET").map(PathBuf::from) else {
        println!("skipped: no SPLATSMITH_ISNET");
        return;
    };
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/images");
    if !shared.exists() {
        println!("skipped: no ../shared");
        return;
    }
    let net = Matting::onnx(&isnet, None).unwrap();
    let sheet = std::env::var_os("SPLATSMITH_SHEET").map(PathBuf::from);
    for name in ["balloon", "clock", "pumpkin", "suv"] {
        let picture = image::open(shared.join(format!("{name}.png")))
            .unwrap()
            .into_rgb8();
        let (width, height) = picture.dimensions();
        let alpha = net.alpha(width, height, &picture).unwrap();
        let cutout = cut_out(&picture, &alpha, &CutoutLimits::default()).unwrap();
        println!("{name}:");
        for finding in &cutout.findings {
            println!("  {}: {} ({})", finding.check, finding.why, finding.pass);
        }
        if let Some(folder) = &sheet {
            let plain = laid(width, height, |x, y| {
                let colour = picture.get_pixel(x, y).0.map(f32::from);
                (colour, alpha[(y * width + x) as usize])
            });
            let mut row = RgbImage::new(3 * width, height);
            for (place, image) in [&picture, &plain, &of_cutout(&cutout.image)]
                .iter()
                .enumerate()
            {
                imageops::replace(&mut row, *image, place as i64 * i64::from(width), 0);
            }
            let row = imageops::resize(&row, 1536, 512, imageops::FilterType::Triangle);
            row.save(folder.join(format!("{name}.png"))).unwrap();
        }
        let failed = |check: Check| {
            cutout
                .findings
                .iter()
                .any(|finding| finding.check == check && !finding.pass)
        };
        match name {
            "balloon" => assert_eq!(cutout.doubt(), None),
            // This network takes the clock's face for ground.
            "clock" => assert!(failed(Check::Holes), "{:?}", cutout.findings),
            _ => {}
        }
        // The ground kept around the object is found out.
        let wide: Vec<f32> = dilated(&alpha, width as usize, 90);
        let kept = cut_out(&picture, &wide, &CutoutLimits::default()).unwrap();
        let backdrop = kept
            .findings
            .iter()
            .find(|finding| finding.check == Check::Backdrop);
        println!("  with its ground: {}", backdrop.unwrap().why);
        assert!(kept.doubt().is_some(), "{name}");
    }
}

/// `alpha` with everything solid that is this near to something solid, row by row and column by column.
fn dilated(alpha: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let height = alpha.len() / width;
    let solid: Vec<bool> = alpha.iter().map(|alpha| *alpha >= 0.5).collect();
    let across = |row: usize, column: usize| {
        (column.saturating_sub(reach)..(column + reach).min(width)).any(|x| solid[row * width + x])
    };
    let wide: Vec<bool> = (0..alpha.len())
        .map(|index| across(index / width, index % width))
        .collect();
    (0..alpha.len())
        .map(|index| {
            let (row, column) = (index / width, index % width);
            let near = (row.saturating_sub(reach)..(row + reach).min(height))
                .any(|y| wide[y * width + column]);
            if near { 1.0 } else { 0.0 }
        })
        .collect()
}
