#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use image::{Rgb, RgbImage};

use super::*;

const SIDE: u32 = 256;
const LIMITS: fn() -> CutoutLimits = CutoutLimits::default;

/// A picture and its true alpha: colours of object and ground at each place, and how much of the object
/// there is (mixed there).
fn mixed(
    object: impl Fn(f32, f32) -> [f32; 3],
    ground: impl Fn(f32, f32) -> [f32; 3],
    share: impl Fn(f32, f32) -> f32,
) -> (RgbImage, Vec<f32>) {
    let mut alpha = Vec::new();
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let part = share(x, y).clamp(0.0, 1.0);
        alpha.push(part);
        let (object, ground) = (object(x, y), ground(x, y));
        Rgb([0, 1, 2].map(|channel| {
            let mixture = part * object[channel] + (1.0 - part) * ground[channel];
            (255.0 * mixture + 0.5) as u8
        }))
    });
    (picture, alpha)
}

/// How much of a disc covers a pixel, its edge `soft` pixels wide.
fn disc(x: f32, y: f32, middle: [f32; 2], radius: f32, soft: f32) -> f32 {
    0.5 + (radius - (x - middle[0]).hypot(y - middle[1])) / soft
}

/// A ball lit from above, of this colour.
fn ball(colour: [f32; 3], x: f32, y: f32) -> [f32; 3] {
    let light = 0.75 - 0.25 * (y - 128.0) / 80.0 - 0.15 * (x - 128.0) / 80.0;
    colour.map(|value| (value * light).clamp(0.0, 1.0))
}

fn grey(_: f32, y: f32) -> [f32; 3] {
    [0.80 + 0.0003 * y; 3]
}

fn red_ball() -> (RgbImage, Vec<f32>) {
    mixed(
        |x, y| ball([0.8, 0.2, 0.15], x, y),
        grey,
        |x, y| disc(x, y, [128.0, 128.0], 80.0, 2.0),
    )
}

fn finding(cutout: &Cutout, check: Check) -> Finding {
    let found = cutout
        .findings
        .iter()
        .find(|finding| finding.check == check);
    found
        .unwrap_or_else(|| panic!("no {check}: {:?}", cutout.findings))
        .clone()
}

/// The only checks that fail are these.
fn assert_fails(cutout: &Cutout, checks: &[Check], words: &str) {
    let failed: Vec<Check> = cutout
        .findings
        .iter()
        .filter(|finding| !finding.pass)
        .map(|finding| finding.check)
        .collect();
    assert_eq!(failed, checks, "{:?}", cutout.findings);
    let doubt = cutout.doubt().expect("a doubt");
    assert!(doubt.contains(words) && !doubt.contains('\n'), "{doubt}");
    assert!(cutout.excess() > 0.0);
}

#[test]
fn a_good_cut_out_passes_every_check() {
    let (picture, alpha) = red_ball();
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    let checks: Vec<Check> = cutout
        .findings
        .iter()
        .map(|finding| finding.check)
        .collect();
    use Check::*;
    assert_eq!(
        checks,
        [Coverage, Border, Holes, Islands, Backdrop, Softness]
    );
    assert_eq!(cutout.doubt(), None, "{:?}", cutout.findings);
    assert_eq!(cutout.excess(), 0.0);
    let coverage = finding(&cutout, Coverage).value;
    assert!((coverage - 0.307).abs() < 0.005, "{coverage}");
    assert!(finding(&cutout, Backdrop).value < 0.03);
    assert!(finding(&cutout, Coverage).why.contains("31 %"));
}

#[test]
fn edges_stay_soft_and_lose_the_colour_of_the_ground() {
    let object = [0.85, 0.25, 0.1];
    let (picture, alpha) = mixed(
        |_, _| object,
        |_, _| [0.1, 0.7, 0.2],
        |x, y| disc(x, y, [128.0, 128.0], 80.0, 5.0),
    );
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    let (mut soft, mut before, mut after) = (0, 0.0f32, 0.0f32);
    for ((pixel, seen), alpha) in cutout.image.pixels().zip(picture.pixels()).zip(&alpha) {
        if !(0.1..0.9).contains(alpha) {
            continue;
        }
        soft += 1;
        assert!((f32::from(pixel[3]) / 255.0 - alpha).abs() < 0.03);
        for channel in 0..3 {
            let wrong = |value: u8| (f32::from(value) / 255.0 - object[channel]).abs();
            before = before.max(wrong(seen[channel]));
            after = after.max(wrong(pixel[channel]));
        }
    }
    assert!(soft > 1200, "{soft}");
    assert!(before > 0.5, "{before}");
    assert!(after < 0.12, "{after}");
}

#[test]
fn where_nothing_is_mixed_colours_are_the_pictures() {
    let (picture, alpha) = red_ball();
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    let solid = cutout
        .image
        .pixels()
        .zip(picture.pixels())
        .filter(|(pixel, _)| pixel[3] == 255);
    let mut count = 0;
    for (pixel, seen) in solid {
        assert_eq!(pixel.0[..3], seen.0);
        count += 1;
    }
    assert!(count > 15_000);
}

#[test]
fn too_little_too_much_and_nothing() {
    let (picture, _) = red_ball();
    let of = |radius: f32| -> Vec<f32> {
        (0..SIDE * SIDE)
            .map(|index| {
                let (x, y) = ((index % SIDE) as f32, (index / SIDE) as f32);
                disc(x, y, [128.0, 128.0], radius, 2.0).clamp(0.0, 1.0)
            })
            .collect()
    };
    let nothing = cut_out(&picture, &of(-10.0), &LIMITS()).unwrap();
    assert_fails(&nothing, &[Check::Coverage], "nothing was cut out");
    assert!(nothing.image.pixels().all(|pixel| pixel[3] == 0));
    let all = cut_out(&picture, &of(400.0), &LIMITS()).unwrap();
    assert_fails(&all, &[Check::Coverage, Check::Border], "not told apart");
    let (picture, alpha) = mixed(
        |x, y| ball([0.8, 0.2, 0.15], x, y),
        grey,
        |x, y| disc(x, y, [128.0, 128.0], 12.0, 2.0),
    );
    let small = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_fails(&small, &[Check::Coverage], "too small");
    let lenient = CutoutLimits {
        least_coverage: 0.001,
        ..LIMITS()
    };
    assert_eq!(cut_out(&picture, &alpha, &lenient).unwrap().doubt(), None);
}

#[test]
fn an_object_that_leaves_the_picture() {
    let (picture, alpha) = mixed(
        |x, y| ball([0.2, 0.3, 0.8], x, y),
        grey,
        |x, y| disc(x, y, [128.0, 230.0], 80.0, 2.0),
    );
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_fails(&cutout, &[Check::Border], "cut off there");
    let border = finding(&cutout, Check::Border).value;
    assert!((border - 152.0 / 1020.0).abs() < 0.01, "{border}");
}

#[test]
fn holes_eaten_into_an_object() {
    let ring = |x: f32, y: f32| {
        let outer = disc(x, y, [128.0, 128.0], 100.0, 2.0);
        outer.min(1.0 - disc(x, y, [128.0, 128.0], 70.0, 2.0))
    };
    let (picture, alpha) = mixed(|x, y| ball([0.8, 0.2, 0.15], x, y), grey, ring);
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_fails(&cutout, &[Check::Holes], "taken for ground");
    let holes = finding(&cutout, Check::Holes).value;
    assert!((holes - 0.49).abs() < 0.02, "{holes}");
    // A ring is one all the same, where rings are allowed.
    let jewellery = CutoutLimits {
        most_holes: 0.8,
        ..LIMITS()
    };
    assert_eq!(cut_out(&picture, &alpha, &jewellery).unwrap().doubt(), None);
}

#[test]
fn an_object_that_fell_apart() {
    let pieces = |x: f32, y: f32| {
        (0..5)
            .map(|piece| disc(x, y, [40.0 + 44.0 * piece as f32, 128.0], 18.0, 2.0))
            .fold(0.0, f32::max)
    };
    let (picture, alpha) = mixed(|x, y| ball([0.8, 0.2, 0.15], x, y), grey, pieces);
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_fails(&cutout, &[Check::Islands], "5 pieces, more than 3");
}

#[test]
fn a_backdrop_that_was_kept() {
    // A wide margin of the ground around the ball.
    let (picture, _) = red_ball();
    let wide: Vec<f32> = (0..SIDE * SIDE)
        .map(|index| {
            let (x, y) = ((index % SIDE) as f32, (index / SIDE) as f32);
            disc(x, y, [128.0, 128.0], 105.0, 2.0).clamp(0.0, 1.0)
        })
        .collect();
    let cutout = cut_out(&picture, &wide, &LIMITS()).unwrap();
    assert_fails(&cutout, &[Check::Backdrop], "look like its ground");
    let kept = finding(&cutout, Check::Backdrop).value;
    assert!((kept - 0.40).abs() < 0.05, "{kept}");
}

/// How dark the soft shadow under the ball is.
fn shadow(x: f32, y: f32) -> f32 {
    let apart = ((x - 128.0) / 85.0).hypot((y - 195.0) / 26.0);
    0.35 * (1.0 - apart).clamp(0.0, 1.0)
}

#[test]
fn a_shadow_that_was_kept() {
    let ground = |x: f32, y: f32| grey(x, y).map(|value| value - shadow(x, y));
    let object = |x: f32, y: f32| disc(x, y, [128.0, 120.0], 60.0, 2.0);
    let (picture, alpha) = mixed(|x, y| ball([0.8, 0.2, 0.15], x, y), ground, object);
    let right = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_eq!(right.doubt(), None);
    let with_floor: Vec<f32> = (0..SIDE * SIDE)
        .map(|index| {
            let (x, y) = ((index % SIDE) as f32, (index / SIDE) as f32);
            let floor = if shadow(x, y) > 0.02 { 1.0 } else { 0.0 };
            object(x, y).max(floor).clamp(0.0, 1.0)
        })
        .collect();
    let cutout = cut_out(&picture, &with_floor, &LIMITS()).unwrap();
    assert_fails(&cutout, &[Check::Backdrop], "a floor or a shadow");
}

#[test]
fn an_object_of_the_grounds_colour_is_not_taken_for_it() {
    // White on white: told apart by its shading alone. And grainy, as photographs are.
    let grain = |x: f32, y: f32| 0.01 * ((x * 12.9898 + y * 78.233).sin() * 43_758.547).fract();
    let white = |x: f32, y: f32| {
        let apart = (x - 128.0).hypot(y - 128.0) / 80.0;
        [0.94 - 0.22 * apart * apart + grain(x, y); 3]
    };
    let (picture, alpha) = mixed(
        white,
        |x, y| [0.96 + grain(x, y); 3],
        |x, y| disc(x, y, [128.0, 128.0], 80.0, 2.0),
    );
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_eq!(cutout.doubt(), None, "{:?}", cutout.findings);
}

#[test]
fn haze_instead_of_an_object() {
    let (picture, alpha) = red_ball();
    let hazy: Vec<f32> = alpha.iter().map(|alpha| 0.7 * alpha).collect();
    let cutout = cut_out(&picture, &hazy, &LIMITS()).unwrap();
    assert_fails(&cutout, &[Check::Softness], "half transparent");
}

#[test]
fn specks_veils_and_pinholes_go() {
    let (picture, mut alpha) = red_ball();
    let at = |x: u32, y: u32| (y * SIDE + x) as usize;
    // A speck in the corner, which would make the object's box the whole picture.
    for (x, y) in [(2, 2), (3, 2), (2, 3), (3, 3)] {
        alpha[at(x, y)] = 1.0;
    }
    // A veil that is nowhere solid.
    for x in 5..60 {
        alpha[at(x, 250)] = 0.3;
    }
    alpha[at(128, 128)] = 0.0;
    alpha[at(10, 128)] = 0.015;
    alpha[at(11, 128)] = f32::NAN;
    alpha[at(12, 128)] = f32::NEG_INFINITY;
    alpha[at(130, 128)] = f32::INFINITY;
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    assert_eq!(cutout.doubt(), None);
    for (x, y) in [(2, 2), (3, 3), (30, 250), (10, 128), (11, 128), (12, 128)] {
        assert_eq!(cutout.image.get_pixel(x, y)[3], 0, "{x}, {y}");
    }
    for (x, y) in [(128, 128), (130, 128)] {
        assert_eq!(cutout.image.get_pixel(x, y)[3], 255, "{x}, {y}");
    }
}

#[test]
fn pictures_of_any_form_are_taken_or_refused_in_words() {
    let one = RgbImage::from_pixel(1, 1, Rgb([9, 9, 9]));
    let cutout = cut_out(&one, &[1.0], &LIMITS()).unwrap();
    assert_eq!(cutout.image.get_pixel(0, 0).0, [9, 9, 9, 255]);
    assert!(cutout.doubt().is_some());
    let strip = RgbImage::from_pixel(3000, 1, Rgb([9, 9, 9]));
    let cutout = cut_out(&strip, &vec![f32::NAN; 3000], &LIMITS()).unwrap();
    assert_eq!(cutout.image.dimensions(), (LONGEST, 1));
    assert_eq!(
        cut_out(&RgbImage::new(0, 7), &[], &LIMITS()),
        Err(CutoutError::Empty)
    );
    let error = cut_out(&one, &[1.0, 1.0], &LIMITS())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "2 values of alpha for a picture of 1×1 pixels");
}

#[test]
fn a_picture_with_alpha_is_looked_at_without_its_ground() {
    let (picture, alpha) = red_ball();
    let cutout = cut_out(&picture, &alpha, &LIMITS()).unwrap();
    let findings = inspect(&cutout.image, &LIMITS());
    assert_eq!(doubt(&findings), None);
    assert!(
        findings
            .iter()
            .all(|finding| finding.check != Check::Backdrop)
    );
    let clear = inspect(&RgbaImage::new(20, 20), &LIMITS());
    assert!(doubt(&clear).is_some_and(|doubt| doubt.contains("nothing")));
    assert!(doubt(&inspect(&RgbaImage::new(0, 0), &LIMITS())).is_some());
}

#[test]
fn limits_are_read_from_toml_by_name() {
    let limits: CutoutLimits = toml::from_str("most_holes = 0.6\nmost_islands = 9").unwrap();
    let expected = CutoutLimits {
        most_holes: 0.6,
        most_islands: 9,
        ..LIMITS()
    };
    assert_eq!(limits, expected);
    assert!(toml::from_str::<CutoutLimits>("most_hols = 0.6").is_err());
}
