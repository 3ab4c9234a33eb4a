//! Every animation read back by a decoder of another family: frames, size, times, loop and
//! transparency.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::Cursor;
use std::path::Path;

use common::{difference, read_png};
use image::AnimationDecoder;
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use render::{AnimationError, AnimationFormat, AnimationPlan, TransparentImage, animation};

const FORMATS: [AnimationFormat; 3] = [
    AnimationFormat::Gif,
    AnimationFormat::Apng,
    AnimationFormat::WebP,
];

/// A film that has been read back.
struct Film {
    /// RGBA bytes of each whole picture.
    frames: Vec<Vec<u8>>,
    /// How long each frame stays, in milliseconds.
    delays: Vec<u32>,
}

fn plan(frames: &[TransparentImage], rate: f64, transparent: bool) -> AnimationPlan {
    AnimationPlan {
        width: frames[0].width,
        height: frames[0].height,
        frames: frames.len() as u32,
        rate,
        transparent,
    }
}

fn written(format: AnimationFormat, plan: AnimationPlan, frames: &[TransparentImage]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut film = animation(format, plan, &mut file).unwrap();
    for batch in frames.chunks(3) {
        film.add(batch).unwrap();
    }
    film.finish().unwrap();
    file
}

fn decoded(format: AnimationFormat, file: &[u8]) -> Film {
    let file = Cursor::new(file);
    let frames = match format {
        AnimationFormat::Gif => GifDecoder::new(file).unwrap().into_frames(),
        AnimationFormat::Apng => {
            let decoder = PngDecoder::new(file).unwrap();
            assert!(decoder.is_apng().unwrap());
            decoder.apng().unwrap().into_frames()
        }
        AnimationFormat::WebP => {
            let mut decoder = WebPDecoder::new(file).unwrap();
            // Players clear to nothing; this decoder would clear to the colour in the header.
            decoder.set_background_color(image::Rgba([0; 4])).unwrap();
            decoder.into_frames()
        }
    };
    let frames = frames.collect_frames().unwrap();
    Film {
        delays: frames
            .iter()
            .map(|frame| {
                let (numerator, denominator) = frame.delay().numer_denom_ms();
                numerator / denominator
            })
            .collect(),
        frames: frames
            .into_iter()
            .map(|frame| frame.into_buffer().into_raw())
            .collect(),
    }
}

/// A disc that moves to the right, in few colours, on nothing.
fn discs(count: usize) -> Vec<TransparentImage> {
    (0..count)
        .map(|index| {
            let pixels = (0..40 * 40_usize).flat_map(|place| {
                let (x, y) = (place % 40, place / 40);
                let distance = x.abs_diff(10 + 4 * index).pow(2) + y.abs_diff(20).pow(2);
                if distance < 64 {
                    [200, 40, 90, 255]
                } else {
                    [0; 4]
                }
            });
            TransparentImage {
                width: 40,
                height: 40,
                rgba: pixels.collect(),
            }
        })
        .collect()
}

#[test]
fn frames_and_times_come_back() {
    let frames = discs(5);
    for format in FORMATS {
        let film = decoded(format, &written(format, plan(&frames, 30.0, true), &frames));
        let expected: &[u32] = match format {
            AnimationFormat::Gif => &[30, 40, 30, 30, 40],
            _ => &[33, 34, 33, 33, 34],
        };
        assert_eq!(film.delays, expected, "{format:?}");
        for (index, (found, frame)) in film.frames.iter().zip(&frames).enumerate() {
            for (found, expected) in found.chunks(4).zip(frame.rgba.chunks(4)) {
                assert_eq!(
                    found[3], expected[3],
                    "alpha in frame {index} of {format:?}"
                );
                if expected[3] == 255 && format != AnimationFormat::WebP {
                    assert_eq!(found, expected, "{format:?} loses nothing of few colours");
                }
            }
        }
    }
}

#[test]
fn they_play_without_end() {
    let frames = discs(2);
    let file = |format| written(format, plan(&frames, 10.0, true), &frames);
    let after = |file: &[u8], mark: &[u8], skip: usize, length: usize| {
        let start = file
            .windows(mark.len())
            .position(|window| window == mark)
            .expect("the loop's mark");
        file[start + mark.len() + skip..][..length].to_vec()
    };
    let gif = file(AnimationFormat::Gif);
    assert_eq!(after(&gif, b"NETSCAPE2.0", 0, 4), [3, 1, 0, 0]);
    let apng = file(AnimationFormat::Apng);
    assert_eq!(after(&apng, b"acTL", 0, 8), [0, 0, 0, 2, 0, 0, 0, 0]);
    // ANIM: its length, the background, then how often.
    let webp = file(AnimationFormat::WebP);
    assert_eq!(after(&webp, b"ANIM", 8, 2), [0, 0]);
}

#[test]
fn renders_keep_their_looks_and_their_background() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let views = [1, 5, 9].map(|view| read_png(&folder.join(format!("torus_v{view:02}.png"))));
    let frames: Vec<TransparentImage> = views.iter().map(TransparentImage::from).collect();
    for (format, least) in [
        (AnimationFormat::Gif, 35.5),
        (AnimationFormat::Apng, f64::INFINITY),
        (AnimationFormat::WebP, 35.5),
    ] {
        let file = written(format, plan(&frames, 12.5, false), &frames);
        let film = decoded(format, &file);
        assert_eq!(film.delays, [80; 3], "{format:?}");
        for (found, view) in film.frames.iter().zip(&views) {
            assert!(found.chunks(4).all(|pixel| pixel[3] == 255));
            let rgb: Vec<u8> = found
                .chunks(4)
                .flat_map(|pixel| &pixel[..3])
                .copied()
                .collect();
            let psnr = difference(&rgb, &view.rgb).psnr;
            println!("{format:?}: {psnr:.2} dB, {} bytes", file.len());
            assert!(psnr >= least, "{format:?}: {psnr:.2} dB");
            assert_eq!(rgb[..3], [255; 3], "{format:?}: white stays white");
        }
    }
}

#[test]
fn half_covered_edges_survive_where_the_format_can() {
    let ramp = TransparentImage {
        width: 256,
        height: 4,
        rgba: (0..4 * 256)
            .flat_map(|place| [180, 30, 60, (place % 256) as u8])
            .collect(),
    };
    let frames = [ramp.clone(), ramp];
    for format in FORMATS {
        let film = decoded(format, &written(format, plan(&frames, 20.0, true), &frames));
        for frame in &film.frames {
            for (place, pixel) in frame.chunks(4).enumerate() {
                let alpha = (place % 256) as u8;
                match format {
                    AnimationFormat::Gif => assert_eq!(pixel[3], if alpha < 128 { 0 } else { 255 }),
                    _ => assert_eq!(pixel[3], alpha, "{format:?}"),
                }
            }
        }
    }
}

#[test]
fn what_was_not_planned_is_refused() {
    let frames = discs(2);
    let start = |format, plan| animation(format, plan, Vec::new()).map(drop);
    for format in FORMATS {
        for rate in [0.0, -3.0, f64::NAN, f64::INFINITY, 1000.0] {
            let refused = start(format, plan(&frames, rate, false));
            assert!(
                matches!(refused, Err(AnimationError::Rate { .. })),
                "{rate}"
            );
        }
        let none = AnimationPlan {
            frames: 0,
            ..plan(&frames, 10.0, false)
        };
        assert!(matches!(
            start(format, none),
            Err(AnimationError::Count { .. })
        ));
        let empty = AnimationPlan {
            width: 0,
            ..plan(&frames, 10.0, false)
        };
        let mut file = Vec::new();
        if let Ok(mut film) = animation(format, empty, &mut file) {
            assert!(film.add(&frames[..1]).is_err(), "{format:?}");
        }

        let mut film = animation(format, plan(&frames, 10.0, false), Vec::new()).unwrap();
        film.add(&frames[..1]).unwrap();
        let other = TransparentImage {
            width: 20,
            height: 80,
            ..frames[0].clone()
        };
        assert!(matches!(
            film.add(&[other]),
            Err(AnimationError::Uneven { index: 1 })
        ));
        let broken = TransparentImage {
            rgba: vec![0; 3],
            ..frames[0].clone()
        };
        assert!(matches!(film.add(&[broken]), Err(AnimationError::Image(_))));
        assert!(matches!(
            film.finish(),
            Err(AnimationError::Count {
                found: 1,
                planned: 2
            })
        ));

        let mut film = animation(format, plan(&frames, 10.0, false), Vec::new()).unwrap();
        film.add(&frames).unwrap();
        assert!(matches!(
            film.add(&frames),
            Err(AnimationError::Count { .. })
        ));
    }
    let fast = plan(&frames, 60.0, false);
    assert!(
        start(AnimationFormat::Gif, fast).is_err() && start(AnimationFormat::WebP, fast).is_ok()
    );
}
