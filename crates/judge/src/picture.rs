//! Prompt pictures as the validator reads them.
//!
//! three-gen-subnet `validation/server/pipeline.py` (`decode_and_validate_img`): a picture with four
//! bands is laid on white, any other is made RGB, whatever its palette or key says is transparent.

use std::io::Cursor;

use image::{ExtendedColorType, ImageDecoder, ImageReader, Limits, Rgba, RgbaImage};
use render::Image;
use thiserror::Error;

/// Image prompts are 1024² and below 2 MB in service; this leaves room for larger ones.
const MAX_SIDE: u32 = 8192;
/// What decoding may allocate: an RGBA picture of that size.
const MAX_ALLOCATION: u64 = 512 << 20;

/// A prompt picture that cannot be read.
#[derive(Debug, Error)]
#[error("the prompt picture cannot be read: {0}")]
pub(crate) struct PictureError(String);

/// Decodes a prompt picture onto white.
pub(crate) fn decode(bytes: &[u8]) -> Result<Image, PictureError> {
    // Some decoders explain themselves on several lines.
    let broken = |error: String| PictureError(error.lines().collect::<Vec<_>>().join("; "));
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_ALLOCATION);
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| broken(error.to_string()))?;
    reader.limits(limits);
    let decoder = reader
        .into_decoder()
        .map_err(|error| broken(error.to_string()))?;
    let has_bands = matches!(
        decoder.original_color_type(),
        ExtendedColorType::Rgba8 | ExtendedColorType::Rgba16
    );
    let decoded =
        image::DynamicImage::from_decoder(decoder).map_err(|error| broken(error.to_string()))?;
    let (width, height) = (decoded.width(), decoded.height());
    if width == 0 || height == 0 {
        return Err(PictureError("it has no pixels".to_owned()));
    }
    let rgb = if has_bands {
        on_white(&decoded.into_rgba8())
    } else {
        decoded.into_rgb8().into_raw()
    };
    Ok(Image { width, height, rgb })
}

/// Pillow's `alpha_composite` over white, in its integers (`AlphaComposite.c`).
fn on_white(picture: &RgbaImage) -> Vec<u8> {
    let blend = |colour: u8, alpha: u8| {
        let (colour, alpha) = (u32::from(colour), u32::from(alpha));
        let sum = (colour * alpha + 255 * (255 - alpha) + 128) << 7;
        ((((sum >> 8) + sum) >> 8) >> 7) as u8
    };
    picture
        .pixels()
        .flat_map(|&Rgba([red, green, blue, alpha])| {
            [red, green, blue].map(|colour| blend(colour, alpha))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayAlphaImage, ImageFormat, LumaA, Rgb, RgbImage};

    use super::*;

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let written = picture.into().write_to(&mut bytes, ImageFormat::Png);
        assert!(written.is_ok());
        bytes.into_inner()
    }

    fn pixels(bytes: &[u8]) -> Vec<u8> {
        decode(bytes).map(|image| image.rgb).unwrap_or_default()
    }

    #[test]
    fn four_bands_are_laid_on_white_as_pillow_does() {
        // Pillow 13: Image.alpha_composite(white, picture).
        let cases = [
            ([10, 20, 30, 0], [255, 255, 255]),
            ([10, 20, 30, 255], [10, 20, 30]),
            ([10, 20, 30, 128], [132, 137, 142]),
            ([200, 100, 0, 77], [238, 208, 178]),
            ([1, 254, 128, 1], [254, 255, 255]),
        ];
        for (rgba, rgb) in cases {
            assert_eq!(
                pixels(&png(RgbaImage::from_pixel(2, 1, Rgba(rgba))))[..3],
                rgb,
                "{rgba:?}"
            );
        }
    }

    #[test]
    fn other_transparency_is_not_seen() {
        let grey = GrayAlphaImage::from_pixel(2, 2, LumaA([90, 0]));
        assert_eq!(pixels(&png(grey)), [90; 12]);
        let plain = RgbImage::from_pixel(3, 1, Rgb([7, 8, 9]));
        assert_eq!(pixels(&png(plain)), [7, 8, 9, 7, 8, 9, 7, 8, 9]);
    }

    #[test]
    fn what_is_no_picture_is_said_to_be_none() {
        let whole = png(RgbImage::from_pixel(64, 64, Rgb([7, 8, 9])));
        for bytes in [&b""[..], b"GIF", &whole[..whole.len() / 2], &whole[..20]] {
            let refused = decode(bytes)
                .map(|image| image.width)
                .map_err(|error| error.to_string());
            assert!(refused.is_err_and(|why| why.contains("prompt picture")));
        }
    }
}
