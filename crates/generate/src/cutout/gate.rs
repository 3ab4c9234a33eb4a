//! Whether a cut-out can be sculpted from.

use image::RgbImage;

use super::backdrop;
use super::finding::{Check, Finding};
use super::limits::CutoutLimits;
use super::regions::{Regions, on_border};

/// Alpha from here on is the object.
const SOLID: f32 = 0.5;
/// Alpha between these is half transparent.
const SOFT: std::ops::Range<f32> = 0.1..0.9;
/// A piece counts when it has this share of the largest one.
const WORTH_COUNTING: f32 = 0.01;

/// Looks at a cut-out: `alpha` from 0 to 1 for each pixel, and where it was cut from something, that
/// `picture`. One finding for each check, in the order of [`Check`]; where there is no object at all, the
/// first says so and is the only one.
pub(super) fn inspect(
    alpha: &[f32],
    size: [usize; 2],
    picture: Option<&RgbImage>,
    limits: &CutoutLimits,
) -> Vec<Finding> {
    let solid = |index: usize| alpha[index] >= SOLID;
    let pixels = alpha.len().max(1);
    let area = (0..alpha.len()).filter(|&index| solid(index)).count();
    let mut findings = vec![coverage(share(area, pixels), limits)];
    if area == 0 {
        return findings;
    }
    let border = (0..alpha.len()).filter(|&index| on_border(size, index));
    let (mut outermost, mut touched) = (0, 0);
    for index in border {
        outermost += 1;
        touched += usize::from(solid(index));
    }
    findings.push(contact(share(touched, outermost), limits));
    let missing: usize = Regions::of(size, |index| !solid(index))
        .list
        .iter()
        .filter(|region| region.border == 0)
        .map(|region| region.area)
        .sum();
    findings.push(holes(share(missing, area + missing), limits));
    let pieces = Regions::of(size, solid);
    let least = pieces.largest() as f32 * WORTH_COUNTING;
    let count = pieces
        .list
        .iter()
        .filter(|piece| piece.area as f32 >= least)
        .count();
    findings.push(islands(count, limits));
    if let Some(picture) = picture {
        let kept = backdrop::kept(picture, alpha, SOLID);
        findings.push(backdrop_kept(share(kept, area), limits));
    }
    let (mut visible, mut soft) = (0, 0);
    for alpha in alpha {
        visible += usize::from(*alpha >= SOFT.start);
        soft += usize::from(SOFT.contains(alpha));
    }
    findings.push(softness(share(soft, visible), limits));
    findings
}

fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

fn percent(share: f32) -> String {
    match 100.0 * share {
        small if small > 0.0 && small < 10.0 => format!("{small:.1} %"),
        large => format!("{large:.0} %"),
    }
}

fn coverage(value: f32, limits: &CutoutLimits) -> Finding {
    let found = percent(value);
    let (limit, pass, why) = if value == 0.0 {
        let why = "nothing was cut out: no object was found".to_owned();
        (limits.least_coverage, false, why)
    } else if value < limits.least_coverage {
        let least = percent(limits.least_coverage);
        let why = format!("the object fills {found} of the picture, less than {least}: too small");
        (limits.least_coverage, false, why)
    } else if value > limits.most_coverage {
        let most = percent(limits.most_coverage);
        let why = format!(
            "the object fills {found} of the picture, more than {most}: its ground was not told apart"
        );
        (limits.most_coverage, false, why)
    } else {
        let why = format!("the object fills {found} of the picture");
        (limits.most_coverage, true, why)
    };
    Finding {
        check: Check::Coverage,
        value,
        limit,
        pass,
        why,
    }
}

/// A finding of what there must not be too much of: what was found, and what follows from too much.
fn at_most(check: Check, value: f32, limit: f32, found: String, follows: &str) -> Finding {
    let pass = value <= limit;
    Finding {
        check,
        value,
        limit,
        pass,
        why: if pass {
            found
        } else {
            format!("{found}, more than {}: {follows}", percent(limit))
        },
    }
}

fn contact(value: f32, limits: &CutoutLimits) -> Finding {
    let found = format!(
        "the object touches {} of the picture's border",
        percent(value)
    );
    let follows = "it is cut off there, or is ground";
    at_most(Check::Border, value, limits.most_border, found, follows)
}

fn holes(value: f32, limits: &CutoutLimits) -> Finding {
    let found = format!("{} of the object are holes", percent(value));
    let follows = "parts of it were taken for ground";
    at_most(Check::Holes, value, limits.most_holes, found, follows)
}

fn islands(count: usize, limits: &CutoutLimits) -> Finding {
    let pass = count <= limits.most_islands as usize;
    let found = match count {
        1 => "the object is of one piece".to_owned(),
        count => format!("the object is of {count} pieces"),
    };
    Finding {
        check: Check::Islands,
        value: count as f32,
        limit: limits.most_islands as f32,
        pass,
        why: if pass {
            found
        } else {
            format!(
                "{found}, more than {}: it fell apart, or there is more than one",
                limits.most_islands
            )
        },
    }
}

fn backdrop_kept(value: f32, limits: &CutoutLimits) -> Finding {
    let found = format!("{} of the object look like its ground", percent(value));
    let follows = "ground, a floor or a shadow was kept";
    at_most(Check::Backdrop, value, limits.most_backdrop, found, follows)
}

fn softness(value: f32, limits: &CutoutLimits) -> Finding {
    let found = format!("{} of the object are half transparent", percent(value));
    let follows = "it was hardly told from its ground";
    at_most(Check::Softness, value, limits.most_soft, found, follows)
}
