//! Every defect is found where it is, and nowhere else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{shared, sound};
use splat::{
    Cloud, Columns, Frame, OutputProfile, Sh,
    inspect::{Inspection, Severity, inspect},
    ply,
};

fn look(cloud: &Cloud) -> Inspection {
    inspect(cloud, &OutputProfile::PULL_2025)
}

/// The names of the defects of a sound cloud to which `damage` was done, but for `sparse`.
fn defects_after(damage: impl Fn(&mut Columns)) -> Vec<&'static str> {
    let mut columns = sound(8_000).into_columns();
    damage(&mut columns);
    let inspection = look(&Cloud::from_columns(columns).unwrap());
    let names = inspection.defects.iter().map(|defect| defect.name);
    names.filter(|name| *name != "sparse").collect()
}

#[test]
fn a_sound_cloud_has_no_defect_but_being_sparse() {
    assert_eq!(defects_after(|_| {}), Vec::<&str>::new());
    let inspection = look(&sound(8_000));
    assert_eq!(
        inspection.defect("sparse").unwrap().severity,
        Severity::Warning
    );
    assert!(!inspection.has_errors());
    assert!(look(&sound(150_000)).defects.is_empty());
    assert_eq!(inspection.count, 8_000);
    assert!((inspection.extent.unwrap() - 1.5).abs() < 1e-3);
}

#[test]
fn not_a_number_is_told_by_property() {
    assert_eq!(
        defects_after(|c| c.positions[2][5] = f32::NAN),
        ["nan_or_inf_position"]
    );
    assert_eq!(
        defects_after(|c| c.positions[0][5] = f32::INFINITY),
        ["nan_or_inf_position"]
    );
    assert_eq!(
        defects_after(|c| c.log_scales[1][5] = f32::NEG_INFINITY),
        ["nan_or_inf_scale"]
    );
    assert_eq!(
        defects_after(|c| c.rotations[3][5] = f32::NAN),
        ["nan_or_inf_rotation"]
    );
    assert_eq!(
        defects_after(|c| c.colours[0][5] = f32::INFINITY),
        ["nan_or_inf_colour"]
    );
    assert_eq!(
        defects_after(|c| c.opacity_logits[5] = f32::NAN),
        ["nan_or_inf_opacity"]
    );
    let harmonics = |columns: &mut Columns| {
        columns.sh = Sh {
            degree: 1,
            values: vec![0.0; 8_000 * 9],
        };
        columns.sh.values[77] = f32::NAN;
    };
    assert_eq!(defects_after(harmonics), ["nan_or_inf_harmonics"]);
    let all = defects_after(|columns| columns.positions[0].fill(f32::NAN));
    assert_eq!(all, ["nan_or_inf_position"]);
}

#[test]
fn infinite_opacity_logits_are_legal() {
    let legal = |columns: &mut Columns| {
        columns.opacity_logits[3] = f32::INFINITY;
        columns.opacity_logits[4] = f32::NEG_INFINITY;
    };
    assert_eq!(defects_after(legal), Vec::<&str>::new());
}

#[test]
fn opacities_that_do_not_differ_or_are_nothing_are_told() {
    assert_eq!(
        defects_after(|c| c.opacity_logits.fill(2.0)),
        ["opacities_equal"]
    );
    assert_eq!(
        defects_after(|c| c.opacity_logits.fill(f32::INFINITY)),
        ["opacities_equal"]
    );
    // The failure the field knows: everything clamped to logit(1e-4).
    let clamped = defects_after(|c| c.opacity_logits.fill(-9.21));
    assert_eq!(clamped, ["transparent", "opacities_equal"]);
    let share = |count: usize| {
        defects_after(|columns| {
            for logit in columns.opacity_logits.iter_mut().take(count) {
                *logit = -7.0;
            }
        })
    };
    assert_eq!(share(6_400), Vec::<&str>::new());
    assert_eq!(share(6_401), ["transparent"]);
}

#[test]
fn rotations_that_are_all_identity_are_told() {
    let identity = |columns: &mut Columns| {
        let [w, x, y, z] = &mut columns.rotations;
        // Not normalised: the validator normalises before it looks.
        w.fill(3.0);
        [x, y, z].into_iter().for_each(|part| part.fill(0.0));
    };
    assert_eq!(defects_after(identity), ["rotations_identity"]);
    let but_one = |columns: &mut Columns| {
        identity(columns);
        columns.rotations[1][4] = 0.01;
    };
    assert_eq!(defects_after(but_one), Vec::<&str>::new());
    let zero = |columns: &mut Columns| {
        columns.rotations.iter_mut().for_each(|part| part[9] = 0.0);
    };
    assert_eq!(defects_after(zero), ["rotations_zero"]);
}

#[test]
fn too_few_is_an_error() {
    let inspection = look(&sound(6_999));
    assert_eq!(inspection.defects.len(), 1);
    assert_eq!(
        inspection.defect("too_few").unwrap().severity,
        Severity::Error
    );
    assert!(look(&sound(7_000)).defect("too_few").is_none());
    assert!(look(&Cloud::default()).has_errors());
}

#[test]
fn scales_beyond_sense_are_told() {
    let fill = |value: f32| {
        defects_after(move |columns| columns.log_scales.iter_mut().for_each(|c| c.fill(value)))
    };
    assert_eq!(fill(-20.0), ["scales_degenerate"]);
    assert_eq!(fill(1.0), ["scales_degenerate"]);
    assert_eq!(fill(-6.0), Vec::<&str>::new());
}

#[test]
fn place_and_size_are_held_against_the_profile() {
    let moved = |columns: &mut Columns| columns.positions[1].iter_mut().for_each(|y| *y += 0.1);
    assert_eq!(defects_after(moved), ["off_centre"]);
    let grown = |columns: &mut Columns| {
        columns
            .positions
            .iter_mut()
            .flatten()
            .for_each(|value| *value *= 1.1);
    };
    assert_eq!(defects_after(grown), ["wrong_extent"]);
    let stray = |columns: &mut Columns| {
        columns
            .positions
            .iter_mut()
            .flatten()
            .for_each(|value| *value *= 0.1);
        columns.positions[0][0] = 0.75;
        columns.positions[0][1] = -0.75;
    };
    assert_eq!(defects_after(stray), ["outliers"]);
    let fitted = OutputProfile::VIEWER.apply(sound(8_000), Frame::YUp);
    assert!(
        inspect(&fitted, &OutputProfile::VIEWER)
            .defect("wrong_extent")
            .is_none()
    );
    assert!(
        inspect(&fitted, &OutputProfile::PULL_2025)
            .defect("wrong_extent")
            .is_some()
    );
}

#[test]
fn json_has_the_documented_fields_and_no_bare_infinities() {
    let mut columns = sound(100).into_columns();
    columns.opacity_logits.fill(f32::NEG_INFINITY);
    columns.positions[0].fill(f32::INFINITY);
    let inspection = look(&Cloud::from_columns(columns).unwrap());
    let json = serde_json::to_value(&inspection).unwrap();
    for field in ["count", "bounds", "extent", "opacity", "scale", "defects"] {
        assert!(json.get(field).is_some(), "{field}");
    }
    assert!(json["bounds"].is_null());
    assert_eq!(json["defects"][0]["severity"], "error");
    assert_eq!(json["defects"][0]["name"], "nan_or_inf_position");
    assert!(json["defects"][0]["detail"].is_string());
    assert!(!json.to_string().contains("inf,"));
}

#[test]
fn the_table_shows_everything() {
    let table = look(&sound(6_000)).to_string();
    for word in [
        "splats",
        "6000",
        "box",
        "opacity",
        "scale",
        "error",
        "too_few",
        "scores fewer",
    ] {
        assert!(table.contains(word), "{word} in\n{table}");
    }
}

#[test]
fn the_validators_own_asset_has_no_error() {
    let Some(bytes) = shared("splats/hamburger.ply") else {
        return;
    };
    let inspection = look(&ply::read(&bytes).unwrap());
    println!("{inspection}");
    assert!(!inspection.has_errors());
}
