//! Yes-or-no conditions on a cloud: the validator's own, then ours for the degenerate clouds it
//! would let through to a score near zero.
//!
//! The validator's are those of three-gen-subnet `validation/engine/utils/gs_data_checker_utils.py`
//! (`is_input_data_valid`), in its order; failing one means score 0. Its fifth test, on the scales,
//! is left out because it cannot fail: it counts a single truth value ("all scales are below 0.05")
//! and compares that one against 80 % of the splats.

use render::{Image, SceneError};
use splat::{
    Cloud,
    inspect::{
        MAX_TRANSPARENT_SHARE, MIN_LOGIT_SPREAD, MIN_SPLATS, TRANSPARENT_OPACITY,
        all_rotations_identity,
    },
};

use crate::{
    assess::JudgeConfig,
    verdict::{Gate, Part},
};

/// `torch.allclose` as the validator calls it.
const RELATIVE_TOLERANCE: f64 = 1e-5;
const ABSOLUTE_TOLERANCE: f64 = 1e-8;

/// A splat all of whose deviations are below this share of the cloud's longest side is dust: a
/// thirtieth of a pixel in the validator's views.
const DUST: f64 = 1e-4;

/// Share of dust from which the cloud is degenerate.
const DUST_SHARE_MAX: f64 = 0.9;

/// Share of the pixels of all views that must differ from the background.
const VISIBLE_SHARE_MIN: f64 = 1e-3;

/// Names of the gates that are the validator's own.
const VALIDATORS: [&str; 4] = [
    "splat_count",
    "first_points",
    "transparent_share",
    "rotations",
];

/// Whether failing this gate makes the validator's score 0.
pub(crate) fn is_validators(name: &str) -> bool {
    VALIDATORS.contains(&name)
}

/// All gates that need no view, in the order the validator checks, then ours.
pub(crate) fn of_cloud(cloud: &Cloud) -> Vec<Gate> {
    vec![
        splat_count(cloud),
        first_points(cloud),
        transparent_share(cloud),
        rotations(cloud),
        finite(cloud),
        opacity_spread(cloud),
        dust(cloud),
    ]
}

fn splat_count(cloud: &Cloud) -> Gate {
    let count = cloud.len();
    Gate {
        name: "splat_count",
        value: count as f64,
        limit: MIN_SPLATS as f64,
        pass: count >= MIN_SPLATS,
        why: format!("{count} splats; the validator refuses fewer than {MIN_SPLATS}"),
    }
}

fn close(value: f32, to: f64) -> bool {
    (f64::from(value) - to).abs() <= ABSOLUTE_TOLERANCE + RELATIVE_TOLERANCE * to.abs()
}

/// The validator means to refuse a cloud whose coordinates are all 1, but looks at the first three
/// points instead of the three columns.
fn first_points(cloud: &Cloud) -> Gate {
    let ones = cloud
        .iter()
        .take(3)
        .filter(|splat| splat.position.iter().all(|&value| close(value, 1.0)))
        .count();
    Gate {
        name: "first_points",
        value: ones as f64,
        limit: 0.0,
        pass: ones == 0,
        why: format!(
            "{ones} of the first three centres lie at (1, 1, 1); the validator refuses any there"
        ),
    }
}

fn transparent_share(cloud: &Cloud) -> Gate {
    let transparent = cloud
        .columns()
        .opacity_logits
        .iter()
        .filter(|&&logit| sigmoid(logit) < TRANSPARENT_OPACITY)
        .count();
    let share = transparent as f64 / cloud.len().max(1) as f64;
    Gate {
        name: "transparent_share",
        value: share,
        limit: MAX_TRANSPARENT_SHARE,
        pass: share <= MAX_TRANSPARENT_SHARE,
        why: format!(
            "{:.1} % of the splats have an opacity below {TRANSPARENT_OPACITY}; the validator refuses more than {:.0} %",
            share * 100.0,
            MAX_TRANSPARENT_SHARE * 100.0
        ),
    }
}

fn rotations(cloud: &Cloud) -> Gate {
    let pass = !all_rotations_identity(cloud.columns());
    Gate {
        name: "rotations",
        value: if pass { 1.0 } else { 0.0 },
        limit: 1.0,
        pass,
        why: if pass {
            "splats are rotated; the validator refuses a cloud where none is".to_owned()
        } else {
            "every rotation is the identity; the validator refuses that".to_owned()
        },
    }
}

fn finite(cloud: &Cloud) -> Gate {
    let broken = cloud
        .iter()
        .filter(|splat| {
            let numbers = splat
                .position
                .iter()
                .chain(&splat.rotation)
                .chain(&splat.colour);
            // Opacity may be ±∞ and a scale −∞: 8-bit containers decode to the one, exp of the
            // other is 0.
            splat.opacity_logit.is_nan()
                || splat.log_scale.iter().any(|scale| !scale.exp().is_finite())
                || splat.rotation == [0.0; 4]
                || !numbers.into_iter().all(|number| number.is_finite())
        })
        .count();
    Gate {
        name: "finite",
        value: broken as f64,
        limit: 0.0,
        pass: broken == 0,
        why: format!(
            "{broken} splats hold a NaN, an infinity or a zero rotation; one is enough to blank every view, so Splatsmith allows none"
        ),
    }
}

/// Networks that have come apart write the same opacity for every splat.
fn opacity_spread(cloud: &Cloud) -> Gate {
    // Beyond ±30 opacities are 0 and 1 to the last bit, and the spread of infinities is no number.
    let logits = cloud.columns().opacity_logits.iter();
    let (low, high) = range(logits.map(|logit| logit.clamp(-30.0, 30.0)));
    let spread = (high - low).max(0.0);
    Gate {
        name: "opacity_spread",
        value: spread.into(),
        limit: MIN_LOGIT_SPREAD.into(),
        pass: spread >= MIN_LOGIT_SPREAD,
        why: format!(
            "opacity logits differ by {spread:.3} at most; Splatsmith takes a cloud where all are equal for a failed generation"
        ),
    }
}

fn dust(cloud: &Cloud) -> Gate {
    let columns = cloud.columns();
    let side = columns
        .positions
        .iter()
        .map(|axis| range(axis.iter().copied().filter(|value| value.is_finite())))
        .map(|(low, high)| f64::from(high) - f64::from(low))
        .fold(0.0, f64::max);
    let specks = cloud
        .iter()
        .filter(|splat| {
            splat
                .log_scale
                .iter()
                .all(|scale| f64::from(scale.exp()) < DUST * side)
        })
        .count();
    let share = specks as f64 / cloud.len().max(1) as f64;
    Gate {
        name: "dust_share",
        value: share,
        limit: DUST_SHARE_MAX,
        pass: share < DUST_SHARE_MAX,
        why: format!(
            "{:.1} % of the splats are smaller than {DUST} of the cloud; Splatsmith refuses {:.0} % and more",
            share * 100.0,
            DUST_SHARE_MAX * 100.0
        ),
    }
}

/// Whether views could be drawn at all.
pub(crate) fn drawable(error: Option<&SceneError>) -> Gate {
    Gate {
        name: "drawable",
        value: if error.is_none() { 1.0 } else { 0.0 },
        limit: 1.0,
        pass: error.is_none(),
        why: error.map_or_else(
            || "the cloud can be scaled to the validator's box and drawn".to_owned(),
            ToString::to_string,
        ),
    }
}

/// Whether anything is to be seen: pixels that are not background.
pub(crate) fn visible(views: &[Image]) -> Gate {
    let pixels: usize = views.iter().map(|view| view.rgb.len() / 3).sum();
    let covered: usize = views
        .iter()
        .flat_map(|view| view.rgb.chunks_exact(3))
        .filter(|pixel| *pixel != [255; 3])
        .count();
    let share = covered as f64 / pixels.max(1) as f64;
    Gate {
        name: "visible",
        value: share,
        limit: VISIBLE_SHARE_MIN,
        pass: share >= VISIBLE_SHARE_MIN,
        why: format!(
            "{:.2} % of the views' pixels differ from the white background; Splatsmith asks for {:.1} %",
            share * 100.0,
            VISIBLE_SHARE_MIN * 100.0
        ),
    }
}

/// A negative number has no logarithm: unless it is filtered out, the validator's geometric mean is
/// not a number, and its answer cannot be written.
pub(crate) fn similarity_defined(similarities: &[f64], mean: Part) -> Gate {
    let least = similarities.iter().copied().fold(f64::INFINITY, f64::min);
    Gate {
        name: "least_similarity",
        value: least,
        limit: 0.0,
        pass: mean != Part::NotScored,
        why: format!(
            "the two least alike neighbouring views have a similarity of {least:.3}; below 0 the validator's mean is not a number, unless it leaves them out"
        ),
    }
}

/// As [`similarity_defined`], of the cosines with a prompt picture; those with words are clipped.
pub(crate) fn alignment_defined(cosines: &[f32], mean: Part) -> Gate {
    let least = cosines.iter().copied().fold(f32::INFINITY, f32::min);
    Gate {
        name: "least_alignment",
        value: least.into(),
        limit: 0.0,
        pass: mean != Part::NotScored,
        why: format!(
            "the view least like the prompt has a cosine of {least:.3}; below 0 the validator's mean over a prompt picture is not a number, unless it leaves it out"
        ),
    }
}

/// What miners have screened with, in place of the validator's score: a least number of splats, and
/// a least CLIP cosine where it was measured.
pub(crate) fn screening(count: usize, clip: Part, config: &JudgeConfig) -> Vec<Gate> {
    let floor = Gate {
        name: "splat_floor",
        value: count as f64,
        limit: config.splat_floor as f64,
        pass: count >= config.splat_floor,
        why: format!("{count} splats; screening asks for {}", config.splat_floor),
    };
    let cosine = clip.value().map(|cosine| Gate {
        name: "clip_cosine",
        value: cosine,
        limit: config.clip_threshold,
        pass: cosine >= config.clip_threshold,
        why: format!(
            "four views have a mean CLIP cosine of {cosine:.3} with the prompt; screening asks for {}",
            config.clip_threshold
        ),
    });
    std::iter::once(floor).chain(cosine).collect()
}

fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Least and greatest; NaN counts as neither. `(∞, −∞)` of nothing.
fn range(values: impl Iterator<Item = f32>) -> (f32, f32) {
    values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}
