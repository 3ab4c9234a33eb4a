//! Alpha as a network gives it, made ready: without its haze and its specks, its edges left soft.

use super::regions::Regions;

/// What a network means by nothing and by everything.
const NOTHING: f32 = 0.02;
const EVERYTHING: f32 = 0.98;
/// Alpha from here on can be seen.
const VISIBLE: f32 = 0.05;
/// Alpha from here on is the object.
const SOLID: f32 = 0.5;
/// A piece with less than this share of the largest piece's solid pixels is a speck.
const SPECK: f32 = 0.003;
/// A hole with less than this share of all solid pixels was made by mistake.
const PINHOLE: f32 = 0.0003;

/// Cleans `alpha` of a picture of this width and height. What is no number becomes 0.
pub(super) fn clean(alpha: &mut [f32], size: [usize; 2]) {
    for value in alpha.iter_mut() {
        // No number is not smaller than anything either.
        *value = if *value > 0.0 {
            ((*value - NOTHING) / (EVERYTHING - NOTHING)).clamp(0.0, 1.0)
        } else {
            0.0
        };
    }
    drop_specks(alpha, size);
    fill_pinholes(alpha, size);
}

/// A speck at the picture's edge would make the object's box as large as the picture.
fn drop_specks(alpha: &mut [f32], size: [usize; 2]) {
    let regions = Regions::of(size, |index| alpha[index] >= VISIBLE);
    let mut solid = vec![0usize; regions.list.len()];
    for (index, alpha) in alpha.iter().enumerate() {
        if let Some(region) = regions.at(index) {
            solid[region] += usize::from(*alpha >= SOLID);
        }
    }
    let least = solid.iter().max().map_or(0.0, |&most| most as f32 * SPECK);
    for (index, alpha) in alpha.iter_mut().enumerate() {
        let kept = regions.at(index).is_some_and(|region| {
            let solid = solid[region];
            solid > 0 && solid as f32 >= least
        });
        if !kept {
            *alpha = 0.0;
        }
    }
}

fn fill_pinholes(alpha: &mut [f32], size: [usize; 2]) {
    let solid = alpha.iter().filter(|alpha| **alpha >= SOLID).count();
    let regions = Regions::of(size, |index| alpha[index] < SOLID);
    let most = (solid as f32 * PINHOLE) as usize;
    for (index, alpha) in alpha.iter_mut().enumerate() {
        let pinhole = regions.at(index).is_some_and(|region| {
            let region = &regions.list[region];
            region.border == 0 && region.area <= most
        });
        if pinhole {
            *alpha = 1.0;
        }
    }
}
