//! Image prompts, photographed from objects of our own: small clouds built of turned solids, in
//! colours and on grounds that vary with the seed.

mod models;
mod surface;

use std::sync::Arc;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use render::{Camera, Image, Orbit, Scene, VALIDATOR_EXTENT, render};

use crate::RehearsalError;
use models::Model;

/// Side of an image prompt in pixels.
const SIDE: u32 = 512;

/// Main colours, and colours for details: any pair goes together and stands out from the light grounds.
const MAIN: [[f32; 3]; 8] = [
    [0.85, 0.16, 0.14],
    [0.15, 0.38, 0.82],
    [0.16, 0.6, 0.3],
    [0.93, 0.62, 0.1],
    [0.55, 0.25, 0.7],
    [0.1, 0.6, 0.65],
    [0.9, 0.42, 0.6],
    [0.5, 0.32, 0.18],
];
const SECOND: [[f32; 3]; 5] = [
    [0.98, 0.86, 0.3],
    [0.62, 0.44, 0.5],
    [0.2, 0.2, 0.24],
    [0.72, 0.52, 0.28],
    [0.35, 0.78, 0.72],
];
/// Grounds: the colour at the top and at the bottom of the picture.
const GROUNDS: [[[f32; 3]; 2]; 4] = [
    [[1.0; 3], [1.0; 3]],
    [[0.88, 0.89, 0.91], [0.88, 0.89, 0.91]],
    [[0.97, 0.97, 0.98], [0.8, 0.81, 0.84]],
    [[0.72, 0.8, 0.88], [0.93, 0.93, 0.9]],
];
/// Grounds for objects that are white in part.
const DEEP_GROUNDS: [[[f32; 3]; 2]; 2] = [
    [[0.42, 0.55, 0.7], [0.42, 0.55, 0.7]],
    [[0.36, 0.48, 0.62], [0.5, 0.6, 0.68]],
];

/// Photographs every object once, as PNG files of 512×512; the colours, the ground and the angle
/// follow from `seed`. Takes CPU for a second or so: not for an async worker.
///
/// # Errors
/// When an object cannot be rendered or encoded, which a test rules out.
pub(crate) fn photograph(seed: u64) -> Result<Vec<Arc<[u8]>>, RehearsalError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5717_0d10);
    Model::ALL
        .into_iter()
        .map(|model| {
            let scenery = Scenery {
                model,
                main: pick(&mut rng, &MAIN),
                second: pick(&mut rng, &SECOND),
                ground: if model.is_partly_white() {
                    pick(&mut rng, &DEEP_GROUNDS)
                } else {
                    pick(&mut rng, &GROUNDS)
                },
                azimuth_deg: rng.random_range(-25.0..25.0),
            };
            scenery.picture().map(Arc::from)
        })
        .collect()
}

fn pick<T: Copy, const N: usize>(rng: &mut ChaCha8Rng, choices: &[T; N]) -> T {
    choices[rng.random_range(0..N)]
}

/// One picture before it is taken.
struct Scenery {
    model: Model,
    main: [f32; 3],
    second: [f32; 3],
    ground: [[f32; 3]; 2],
    azimuth_deg: f64,
}

impl Scenery {
    fn picture(&self) -> Result<Vec<u8>, RehearsalError> {
        let failed = |why: String| RehearsalError::Studio(why);
        let cloud = self.model.build(self.main, self.second);
        let scene =
            Scene::new(&cloud, Some(VALIDATOR_EXTENT)).map_err(|e| failed(e.to_string()))?;
        let camera = Camera::orbit(Orbit {
            azimuth_deg: self.azimuth_deg,
            width: SIDE,
            height: SIDE,
            ..Orbit::default()
        })
        .map_err(|e| failed(e.to_string()))?;
        let black = render(&scene, &camera, [0.0; 3]);
        let white = render(&scene, &camera, [1.0; 3]);
        composite(&black, &white, self.ground)
            .to_png()
            .map_err(|e| failed(e.to_string()))
    }
}

/// Puts an object before a ground. What differs between its pictures on black and on white is how
/// much of the ground shines through.
fn composite(black: &Image, white: &Image, [top, bottom]: [[f32; 3]; 2]) -> Image {
    let row_bytes = 3 * black.width.max(1) as usize;
    let rows = (black.height.max(2) - 1) as f32;
    let rgb = black
        .rgb
        .iter()
        .zip(&white.rgb)
        .enumerate()
        .map(|(index, (&object, &with_ground))| {
            let channel = index % 3;
            let down = (index / row_bytes) as f32 / rows;
            let ground = top[channel] + (bottom[channel] - top[channel]) * down;
            let shining_through = f32::from(with_ground.saturating_sub(object));
            (f32::from(object) + shining_through * ground).round() as u8
        })
        .collect();
    Image {
        width: black.width,
        height: black.height,
        rgb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_decodes_and_shows_something() {
        let pictures = photograph(11).unwrap();
        assert_eq!(pictures.len(), Model::ALL.len());
        for (picture, model) in pictures.iter().zip(Model::ALL) {
            if let Ok(folder) = std::env::var("REHEARSAL_PICTURES") {
                std::fs::write(format!("{folder}/{model:?}.png"), picture).unwrap();
            }
            let image = image::load_from_memory(picture).unwrap().to_rgb8();
            assert_eq!(image.dimensions(), (SIDE, SIDE));
            // The object is there, in the middle, and does not touch the border.
            let ground = image.get_pixel(2, SIDE / 2).0;
            let unlike = |x, y| {
                let pixel: [u8; 3] = image.get_pixel(x, y).0;
                pixel.iter().zip(ground).any(|(a, b)| a.abs_diff(b) > 45)
            };
            let covered = (0..SIDE * SIDE)
                .filter(|i| unlike(i % SIDE, i / SIDE))
                .count();
            let share = covered as f64 / f64::from(SIDE * SIDE);
            assert!((0.04..0.6).contains(&share), "{model:?}: {share}");
            let touches = (0..SIDE).any(|i| unlike(0, i) || unlike(SIDE - 1, i));
            assert!(!touches, "{model:?}");
        }
    }

    #[test]
    fn pictures_follow_from_the_seed() {
        let first = photograph(3).unwrap();
        assert_eq!(first, photograph(3).unwrap());
        assert_ne!(first, photograph(4).unwrap());
    }
}
