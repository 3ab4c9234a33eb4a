//! Pictures that are no good, and odd ones that are.

use std::io::Cursor;
use std::path::Path;

use image::{Frame, Rgba, RgbaImage};

use crate::{common, disc, generate, pipeline, write};

/// A PNG that claims to be `side` pixels square, and ends there.
fn claimed(side: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let crc = !header.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    png.extend(header);
    png.extend(crc.to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    png
}

fn animated_gif() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for radius in [10.0, 20.0] {
        encoder.encode_frame(Frame::new(disc(radius))).unwrap();
    }
    drop(encoder);
    bytes.into_inner()
}

#[test]
fn bad_pictures_give_a_clear_line_or_a_sensible_cloud() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let seeing = format!("--trellis.folder={}", trellis.display());
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write(
        folder.path(),
        "clear.png",
        RgbaImage::from_pixel(64, 64, Rgba([9, 9, 9, 0])),
    );
    write(
        folder.path(),
        "one.png",
        RgbaImage::from_pixel(1, 1, Rgba([200, 10, 10, 255])),
    );
    write(folder.path(), "border.png", disc(64.0 / 2.0 + 8.0));
    std::fs::write(folder.path().join("opaque.png"), common::disc_png()).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    put("cmyk.jpg", &std::fs::read(data.join("cmyk.jpg")).unwrap());
    put("moving.gif", &animated_gif());
    put("huge.png", &claimed(16_384));
    put("cut.png", &claimed(64));
    let run = |picture: &str| {
        let image = format!("--image={picture}");
        let few = "--trellis.steps=1";
        generate(
            folder.path(),
            &[&image, "--no-validation", "-o=out.ply", few, &seeing],
        )
    };
    for (picture, words) in [
        ("clear.png", "transparent all over"),
        ("huge.png", "Image size exceeds limit"),
        ("moving.gif", "neither PNG nor JPEG nor WebP"),
        ("cut.png", "unexpected end of file"),
        ("one.png", "next to nothing"),
    ] {
        let run = run(picture);
        assert_ne!(run.code, 0, "{picture}");
        assert!(run.stderr.contains(words), "{picture}: {}", run.stderr);
        assert!(
            !run.stderr.contains("panicked"),
            "{picture}: {}",
            run.stderr
        );
    }
    for (picture, words) in [
        ("border.png", "of the picture's border"),
        ("opaque.png", "models pull cutout"),
        ("cmyk.jpg", "the cut-out is doubtful"),
    ] {
        let run = run(picture);
        assert!(
            !run.stderr.contains("panicked"),
            "{picture}: {}",
            run.stderr
        );
        // Nothing may come of random weights: then it says so.
        assert!(
            run.code == 0 || run.stderr.contains("nothing came of it"),
            "{picture}: {}",
            run.stderr
        );
        if run.code == 0 {
            assert!(run.stderr.contains(words), "{picture}: {}", run.stderr);
        }
    }
}
