//! The subject alone: by the picture's own alpha, else by flooding the ground from the border.

use std::collections::VecDeque;

use glam::Vec3;

use super::{
    decode::Picture,
    ground::{Ground, oklab},
    mask::Mask,
};

/// Alpha below this is outside.
const OPAQUE: f32 = 0.5;
/// A picture has an alpha channel worth the name when this share of it is transparent.
const LEAST_TRANSPARENT: f32 = 0.01;
/// Of the largest piece; smaller ones are dust.
const LEAST_PIECE: f32 = 0.03;
/// Coverage outside this range is no cut-out of an object.
const COVERAGE: std::ops::RangeInclusive<f32> = 0.005..=0.97;
/// A pixel is ground when it is as close to the fitted ground as this (see [`Ground::unlike`]) ...
const SURE: f32 = 1.0;
/// ... or as close as this, and hardly different from ground beside it (soft shadows).
const LIKELY: f32 = 2.6;
/// The difference to the pixel beside it, in Oklab, that still counts as smooth.
const SMOOTH: f32 = 0.012;
/// The flood does not pass gaps narrower than twice this many pixels: a highlight on the subject's
/// edge is often as bright as the ground, and would let it in.
const GAP: usize = 5;
/// Edge pixels are mixed with the ground; colours are taken from this many pixels further in.
const EDGE: usize = 2;

/// A picture and which of its pixels are the subject.
#[derive(Debug, Clone)]
pub(super) struct Cutout {
    /// Its colours are free of the ground's near the subject's edge.
    pub(super) picture: Picture,
    pub(super) mask: Mask,
}

/// Cuts the subject out. Where nothing can be told from the ground, the whole picture is the
/// subject, and a note says so.
pub(super) fn cut_out(mut picture: Picture) -> (Cutout, Option<String>) {
    let mask = by_alpha(&picture).unwrap_or_else(|| by_flood(&picture));
    let mask = mask.main_pieces(LEAST_PIECE);
    if !COVERAGE.contains(&mask.coverage()) {
        let note = format!(
            "no subject could be told from its ground ({:.0} % of the picture is left): made a \
             plaque of the whole picture",
            100.0 * mask.coverage()
        );
        let mask = plaque(&picture);
        return (Cutout { picture, mask }, Some(note));
    }
    spread_inner_colours(&mut picture, &mask);
    (Cutout { picture, mask }, None)
}

fn by_alpha(picture: &Picture) -> Option<Mask> {
    let inside: Vec<bool> = picture
        .alphas
        .iter()
        .map(|alpha| *alpha >= OPAQUE)
        .collect();
    let transparent = inside.iter().filter(|inside| !**inside).count();
    (transparent as f32 > LEAST_TRANSPARENT * inside.len() as f32)
        .then(|| Mask::new(picture.width, picture.height, inside))
}

/// Everything the flood from the border does not reach; so holes in the subject are filled.
fn by_flood(picture: &Picture) -> Mask {
    let lab: Vec<Vec3> = picture
        .colours
        .iter()
        .map(|colour| oklab(*colour))
        .collect();
    let ground = Ground::of_border(picture, &lab);
    let unlike: Vec<f32> = lab
        .iter()
        .enumerate()
        .map(|(index, colour)| ground.unlike(picture, index, *colour))
        .collect();
    let mut flooded: Vec<bool> = vec![false; lab.len()];
    let mut frontier: VecDeque<usize> = Mask::border(picture.width, picture.height)
        .filter(|index| unlike[*index] < SURE)
        .collect();
    for index in &frontier {
        flooded[*index] = true;
    }
    while let Some(index) = frontier.pop_front() {
        for neighbour in Mask::neighbours(picture.width, picture.height, index) {
            let smooth = || lab[neighbour].distance(lab[index]) < SMOOTH;
            let ground = unlike[neighbour] < SURE || (unlike[neighbour] < LIKELY && smooth());
            if ground && !flooded[neighbour] {
                flooded[neighbour] = true;
                frontier.push_back(neighbour);
            }
        }
    }
    let flood = Mask::new(picture.width, picture.height, flooded).without_inlets(GAP);
    let inside = flood.inside.iter().map(|flooded| !flooded).collect();
    // The outermost layer is half ground: anti-aliasing, and what the flood stopped at.
    Mask::new(picture.width, picture.height, inside)
        .opened()
        .eroded()
}

/// The whole picture but for a margin, which gives it a rim to be inflated from.
fn plaque(picture: &Picture) -> Mask {
    let (width, height) = (picture.width, picture.height);
    let margin = |side: usize| side / 50;
    let inside = (0..width * height)
        .map(|index| {
            let (x, y) = (index % width, index / width);
            let within = |at: usize, side: usize| {
                let margin = margin(side);
                at >= margin && at + margin < side
            };
            within(x, width) && within(y, height)
        })
        .collect();
    Mask::new(width, height, inside)
}

/// Replaces the colours of the outermost pixels by those of pixels further in, layer by layer.
fn spread_inner_colours(picture: &mut Picture, mask: &Mask) {
    let mut core = mask.clone();
    for _ in 0..EDGE {
        let smaller = core.eroded();
        if smaller.coverage() == 0.0 {
            break;
        }
        core = smaller;
    }
    let (width, height) = (mask.width, mask.height);
    let mut known = core.inside;
    let mut layer: Vec<usize> = (0..known.len()).filter(|index| known[*index]).collect();
    while !layer.is_empty() {
        let mut next = Vec::new();
        for &index in &layer {
            for neighbour in Mask::neighbours(width, height, index) {
                if mask.inside[neighbour] && !known[neighbour] {
                    known[neighbour] = true;
                    picture.colours[neighbour] = picture.colours[index];
                    next.push(neighbour);
                }
            }
        }
        layer = next;
    }
}
