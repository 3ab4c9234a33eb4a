//! What tells the causes of a difference between two pictures of a view apart.

use std::fmt::Write as _;

use render::Image;

use crate::twin::{Trace, Twin};

/// Pixels that are looked at one by one.
const MOST: usize = 200;

/// Side of the tiles the GPU blends.
const TILE: u32 = 16;

/// Where `ours` and `theirs` differ, by how much, and what the plain twin makes of it: several lines.
///
/// A value within rounding of a whole byte, an alpha at 1/255 or a transmittance at 1e-4 are decided
/// either way by the last bit. Pixels with none of these speak of a mistake; pixels along the edges of
/// tiles, of one in the lists of splats.
pub(crate) fn account(twin: &Twin, background: [f32; 3], ours: &Image, theirs: &Image) -> String {
    let bytes = || ours.rgb.iter().zip(&theirs.rgb);
    let off = |wanted: &dyn Fn(u8) -> bool| {
        bytes()
            .filter(|(left, right)| wanted(left.abs_diff(**right)))
            .count()
    };
    let brighter = bytes().filter(|(left, right)| left > right).count();
    let mut pixels: Vec<(u8, u32, u32)> = Vec::new();
    for (place, (left, right)) in ours.rgb.chunks(3).zip(theirs.rgb.chunks(3)).enumerate() {
        let channels = left.iter().zip(right);
        let worst = channels.map(|(left, right)| left.abs_diff(*right)).max();
        if let Some(worst @ 1..) = worst {
            let place = place as u32;
            pixels.push((worst, place % ours.width, place / ours.width));
        }
    }
    let mut text = format!(
        "of {} bytes {} are off by 1, {} by 2, {} by more; {brighter} of ours are the brighter\n",
        ours.rgb.len(),
        off(&|one| one == 1),
        off(&|one| one == 2),
        off(&|one| one > 2),
    );
    let at_edge = |place: u32| matches!(place % TILE, 0) || place % TILE == TILE - 1;
    let edges = pixels
        .iter()
        .filter(|(_, column, row)| at_edge(*column) || at_edge(*row))
        .count();
    let _ = writeln!(
        text,
        "of {} pixels {edges} lie along the edge of a tile, where chance puts {}",
        pixels.len(),
        pixels.len() * 60 / 256,
    );
    pixels.sort_by_key(|(worst, ..)| std::cmp::Reverse(*worst));
    // The worst, and some of all the others.
    let step = pixels.len().div_ceil(MOST).max(1);
    let traces: Vec<Trace> = pixels
        .iter()
        .step_by(step)
        .map(|&(_, column, row)| twin.trace(column, row, background))
        .collect();
    let count = |holds: &dyn Fn(&Trace) -> bool| traces.iter().filter(|one| holds(one)).count();
    let mut layers: Vec<usize> = traces.iter().map(|trace| trace.layers).collect();
    layers.sort_unstable();
    let _ = writeln!(
        text,
        "of {} looked at, {} have a value within 0.02 of a whole byte, {} an alpha within 1e-3 of \
         1/255, {} a transmittance within 1e-3 of the stop, {} none of these; layers: {} in the \
         middle, {} at most",
        traces.len(),
        count(&near_byte),
        count(&near_skip),
        count(&near_stop),
        count(&|trace| !near_byte(trace) && !near_skip(trace) && !near_stop(trace)),
        layers.get(layers.len() / 2).unwrap_or(&0),
        layers.last().unwrap_or(&0),
    );
    if let (Some(&(worst, column, row)), Some(trace)) = (pixels.first(), traces.first()) {
        let place = (row * ours.width + column) as usize * 3;
        let _ = writeln!(
            text,
            "the worst pixel, {worst} off, is at column {column}, row {row}: {:?} beside {:?}, by the \
             twin {:?} of {} layers, {:e} from an alpha's skip, {:e} from the stop",
            &ours.rgb[place..place + 3],
            &theirs.rgb[place..place + 3],
            trace.value,
            trace.layers,
            trace.to_skip,
            trace.to_stop,
        );
    }
    text
}

fn near_byte(trace: &Trace) -> bool {
    let from_whole = |value: f32| (value - value.round()).abs();
    trace
        .value
        .into_iter()
        .any(|value| from_whole(value) < 0.02)
}

fn near_skip(trace: &Trace) -> bool {
    trace.to_skip < 1e-3
}

fn near_stop(trace: &Trace) -> bool {
    trace.to_stop < 1e-3
}
