//! Verdicts on clouds that are well, and on clouds that are broken in every way we know.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use judge::{Assessment, Judge, JudgeConfig, Part, Prompt};
use splat::{Cloud, Splat};

/// Breaks the splat of this index, or leaves it.
type Change<'a> = &'a dyn Fn(usize, &mut Splat);

/// A ball of 8,000 small rotated splats.
fn ball() -> Vec<Splat> {
    (0..8000)
        .map(|index| {
            // Points spread evenly over the sphere by the golden angle.
            let height = 1.0 - 2.0 * (index as f32 + 0.5) / 8000.0;
            let (sin, cos) = (index as f32 * 2.399_963_2).sin_cos();
            let ring = (1.0 - height * height).sqrt();
            Splat {
                position: [0.75 * ring * cos, 0.75 * height, 0.75 * ring * sin],
                log_scale: [-4.0; 3],
                rotation: [0.9, 0.1 * sin, 0.2, 0.1 * cos],
                opacity_logit: 3.0 + height,
                colour: [height, 0.3, -0.4],
            }
        })
        .collect()
}

fn assess(splats: Vec<Splat>) -> Assessment {
    let cloud: Cloud = splats.into_iter().collect();
    Judge::new(JudgeConfig::default()).assess(&cloud, &Prompt::Text("a ball".into()))
}

/// Judges the ball after `change`, and expects exactly the named gates to fail.
fn failing(change: impl Fn(usize, &mut Splat)) -> (Assessment, Vec<&'static str>) {
    let mut splats = ball();
    for (index, splat) in splats.iter_mut().enumerate() {
        change(index, splat);
    }
    let assessment = assess(splats);
    let failed = assessment
        .verdict
        .gates
        .iter()
        .filter(|gate| !gate.pass)
        .map(|gate| gate.name)
        .collect();
    (assessment, failed)
}

#[test]
fn a_sound_cloud_passes_without_a_score() {
    let (assessment, failed) = failing(|_, _| {});
    let verdict = &assessment.verdict;
    assert_eq!(failed, Vec::<&str>::new());
    assert!(verdict.pass);
    assert_eq!(
        verdict.score, None,
        "networks are missing, so there is no score"
    );
    assert_eq!(assessment.views.len(), 16);
    assert_eq!(assessment.views[0], assessment.views[15]);
    let ssim = verdict.parts.ssim.value().unwrap();
    assert!(ssim > 0.8 && ssim < 1.0, "{ssim}");
    assert!(verdict.consistency().unwrap() > 0.5);
    assert_eq!(verdict.parts.iqa, Part::NotScored);
}

#[test]
fn the_validators_gates_score_zero() {
    let too_few = assess(ball().into_iter().take(6999).collect());
    assert_eq!(too_few.verdict.failed_gate().unwrap().name, "splat_count");
    assert_eq!(too_few.verdict.score, Some(0.0));
    assert!(!too_few.verdict.pass);

    let cases: [(&str, Change<'_>); 3] = [
        ("first_points", &|index, splat| {
            if index == 2 {
                splat.position = [1.0, 1.000_005, 0.999_995];
            }
        }),
        ("transparent_share", &|index, splat| {
            if index < 6401 {
                splat.opacity_logit = -7.0;
            }
        }),
        ("rotations", &|_, splat| {
            splat.rotation = [0.5, 0.0, 0.0, 0.0];
        }),
    ];
    for (name, change) in cases {
        let (assessment, failed) = failing(change);
        assert_eq!(failed, [name]);
        assert_eq!(assessment.verdict.score, Some(0.0), "{name}");
        assert!(!assessment.verdict.pass);
    }
}

#[test]
fn the_validators_limits_are_inclusive() {
    assert!(
        assess(ball().into_iter().take(7000).collect())
            .verdict
            .gates[0]
            .pass
    );
    let (_, failed) = failing(|index, splat| {
        if index < 6400 {
            splat.opacity_logit = -7.0;
        }
    });
    assert_eq!(failed, Vec::<&str>::new(), "80 % exactly is allowed");
    let (_, failed) = failing(|index, splat| {
        if index != 4000 {
            splat.rotation = [1.0, 0.0, 0.0, 0.0];
        }
    });
    assert_eq!(failed, Vec::<&str>::new(), "one rotated splat is enough");
}

#[test]
fn degenerate_clouds_fail_our_gates_without_a_score() {
    let cases: [(&[&str], Change<'_>); 6] = [
        (&["finite"], &|index, splat| {
            if index == 5000 {
                splat.colour[1] = f32::NAN;
            }
        }),
        (&["finite"], &|index, splat| {
            if index == 0 {
                splat.log_scale[2] = 200.0;
            }
        }),
        (&["opacity_spread"], &|_, splat| splat.opacity_logit = 2.0),
        (&["dust_share"], &|index, splat| {
            if index % 10 != 0 {
                splat.log_scale = [f32::NEG_INFINITY; 3];
            }
        }),
        (&["drawable", "visible"], &|_, splat| {
            splat.position = [0.2; 3];
        }),
        (&["visible"], &|_, splat| splat.colour = [2.0; 3]),
    ];
    for (expected, change) in cases {
        let (assessment, failed) = failing(change);
        assert_eq!(failed, expected);
        assert_eq!(assessment.verdict.score, None);
        assert!(!assessment.verdict.pass);
    }
}

#[test]
fn nothing_at_all_is_judged_without_a_panic() {
    let assessment = assess(Vec::new());
    assert!(!assessment.verdict.pass);
    assert!(assessment.views.is_empty());
    assert_eq!(assessment.verdict.score, Some(0.0));
    let broken = Splat {
        position: [f32::NAN; 3],
        log_scale: [f32::INFINITY; 3],
        rotation: [0.0; 4],
        opacity_logit: f32::NAN,
        colour: [f32::NEG_INFINITY; 3],
    };
    let odd = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN_POSITIVE,
        0.0,
        1.0,
        -3.0,
        40.0,
    ];
    let number = |index: usize| odd[(index * index + index / 7) % odd.len()];
    let absurd = |index: usize| Splat {
        position: [0, 1, 2].map(|axis| number(index + axis)),
        log_scale: [3, 4, 5].map(|axis| number(index + axis)),
        rotation: [6, 7, 8, 9].map(|part| number(index + part)),
        opacity_logit: number(index + 10),
        colour: [11, 12, 13].map(|channel| number(index + channel)),
    };
    assert!(!assess((0..9000).map(absurd).collect()).verdict.pass);
    let assessment = assess(vec![broken; 7000]);
    assert!(!assessment.verdict.pass);
    assert_eq!(assessment.verdict.consistency(), None);
}

#[test]
fn a_verdict_reads_well_for_people_and_scripts() {
    let verdict = assess(ball()).verdict;
    let table = verdict.to_string();
    println!("{}", verdict.table(true));
    for name in [
        "splat_count",
        "rotations",
        "visible",
        "iqa",
        "ssim",
        "not scored",
    ] {
        assert!(table.contains(name), "{name} is missing in\n{table}");
    }
    assert!(!table.contains('\u{1b}'));
    assert!(verdict.table(true).to_string().contains('\u{1b}'));
    let json = serde_json::to_value(&verdict).unwrap();
    assert!(json["score"].is_null() && json["parts"]["iqa"].is_null());
    assert!(json["parts"]["ssim"].is_number());
    assert_eq!(json["gates"][0]["name"], "splat_count");
    assert_eq!(json["gates"][0]["value"], 8000.0);
}
