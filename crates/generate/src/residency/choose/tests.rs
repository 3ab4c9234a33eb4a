//! The plans of the cards people have.

use super::*;

/// The whole pipeline beside the painter.
fn rest() -> Vec<Need> {
    let mut needs = Need::TRELLIS_IMAGE.to_vec();
    needs.extend([Need::BIREFNET, Need::JUDGE]);
    needs
}

fn on_card(gigabytes: u64) -> Plan {
    let plan = choose(&rest(), &Variant::published(), Budget::of_card(gigabytes));
    let plan = plan.expect("a plan");
    assert!(plan.peak() <= plan.budget.bytes, "{plan}");
    plan
}

/// The parts that do not stay, and where they are.
fn moving(plan: &Plan) -> Vec<(Part, Stay)> {
    let rows = plan.rows.iter().filter(|row| row.stay != Stay::Resident);
    rows.map(|row| (row.need.part, row.stay)).collect()
}

#[test]
fn on_24_gb_all_but_t5_stay_in_q8() {
    let plan = on_card(24);
    assert_eq!(plan.variant.as_deref(), Some("Q8_0"));
    assert_eq!(moving(&plan), [(Part::PromptReader, Stay::OnHost)]);
    // 2.3 GB of these are the judge's.
    let resident = plan.resident() as f64 / GB as f64;
    assert!((19.6..19.8).contains(&resident), "{resident}");
}

#[test]
fn where_there_is_a_little_more_room_t5_comes_for_each_prompt() {
    let budget = Budget {
        bytes: 265 * GB / 10,
    };
    let plan = choose(&rest(), &Variant::published(), budget).expect("a plan");
    assert_eq!(plan.variant.as_deref(), Some("Q8_0"));
    assert_eq!(moving(&plan), [(Part::PromptReader, Stay::Visiting)]);
}

#[test]
fn on_48_gb_everything_stays_unquantised() {
    let plan = on_card(48);
    assert_eq!(plan.variant.as_deref(), Some("bf16"));
    assert_eq!(moving(&plan), []);
    assert_eq!(plan.moved(), 0);
}

#[test]
fn on_16_gb_q4_stays_and_the_host_reads() {
    let plan = on_card(16);
    assert_eq!(plan.variant.as_deref(), Some("Q4_K"));
    let little = [
        (Part::PromptReader, Stay::OnHost),
        (Part::GaussianDecoder, Stay::Visiting),
    ];
    assert_eq!(moving(&plan), little);
}

#[test]
fn on_12_gb_the_painter_comes_and_goes_unless_somebody_else_judges() {
    let judged = on_card(12);
    assert_eq!(judged.variant.as_deref(), Some("Q4_K"));
    assert_eq!(judged.stay(Part::Painter), Some(Stay::Visiting));
    let mut needs = rest();
    needs.retain(|need| need.part != Part::Judge);
    let plan = choose(&needs, &Variant::published(), Budget::of_card(12)).expect("a plan");
    assert!(plan.keeps(Part::Painter), "{plan}");
    assert!(plan.moved() < 5 * GB, "{plan}");
}

#[test]
fn pictures_alone_need_5_gb() {
    let mut needs = Need::TRELLIS_IMAGE.to_vec();
    needs.push(Need::BIREFNET);
    let all_stay = plan(&needs, Budget::of_card(8)).expect("a plan");
    assert_eq!(all_stay.moved(), 0);
    assert!(all_stay.resident() < 5 * GB, "{all_stay}");
    let some_move = plan(&needs, Budget::of_card(5)).expect("a plan");
    assert!(
        some_move.moved() > 0 && some_move.peak() <= 5 * GB,
        "{some_move}"
    );
}

#[test]
fn what_cannot_fit_is_refused_with_numbers() {
    let refusal = plan(&rest(), Budget::of_card(3)).expect_err("too small");
    assert_eq!(refusal.stage, Stage::Structure);
    let words = refusal.to_string();
    for word in [
        "making the structure needs 5.78 GB",
        "structure networks 1.28 GB",
        "judge 2.30 GB",
        "3.00 GB may be used",
    ] {
        assert!(words.contains(word), "{word}: {words}");
    }
    let refusal = choose(&rest(), &Variant::published(), Budget::of_card(3));
    assert!(refusal.is_err());
}

#[test]
fn a_plan_tightens_until_nothing_is_left_to_move() {
    let mut plan = on_card(24);
    let mut peaks = vec![plan.peak()];
    while let Some(tighter) = plan.tighter() {
        assert!(tighter.peak() < plan.peak());
        assert_eq!(tighter.variant, plan.variant, "no other files are loaded");
        plan = tighter;
        peaks.push(plan.peak());
    }
    assert!(peaks.len() >= 3, "{peaks:?}");
    assert_eq!(plan.stay(Part::Judge), Some(Stay::Resident));
    assert!(
        plan.peak() < 18 * GB,
        "FLUX, the judge, and what they compute with"
    );
}

#[test]
fn the_same_needs_give_the_same_plan() {
    assert_eq!(on_card(12), on_card(12));
}

#[test]
fn where_reading_is_the_hosts_nothing_is_counted_for_it() {
    let needs = [
        Need::new(Part::PromptReader, 5 * GB),
        Need::new(Part::Painter, 6 * GB),
    ];
    let plan = plan(&needs, Budget { bytes: 7 * GB }).expect("a plan");
    assert_eq!(plan.stay(Part::PromptReader), Some(Stay::OnHost));
    assert_eq!(plan.needed_in(Stage::Read), None);
    assert_eq!(plan.needed_in(Stage::Paint), Some(7 * GB));
}

#[test]
fn the_table_says_what_is_where_before_anything_is_loaded() {
    let table = on_card(24).to_string();
    for word in [
        "FLUX",
        "12.70 GB",
        "stays",
        "T5",
        "on the host",
        "most at once",
        "24.00 GB",
    ] {
        assert!(table.contains(word), "{word}:\n{table}");
    }
}
