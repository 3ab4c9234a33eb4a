//! The table of settings: what is built in, what an operator changes, and what is wrong with a table.

use generate::categories::{Category, CategoryTable, TableError};
use proptest::prelude::*;

#[test]
fn the_built_in_table_is_whole() {
    let table = CategoryTable::built_in().unwrap();
    for category in Category::ALL {
        let settings = table.settings(category);
        assert_eq!(settings.image_steps, 4, "{category}");
        let shaped = settings.template.shape("purple elephant").unwrap();
        for word in [
            "purple elephant",
            "whole",
            "alone",
            "centred",
            "plain",
            "even",
        ] {
            assert!(shaped.contains(word), "{category}: {shaped} lacks {word}");
        }
    }
    assert!(
        table.settings(Category::Jewelry).matting.most_holes
            > table.settings(Category::Statues).matting.most_holes
    );
}

#[test]
fn an_operators_file_changes_what_it_names() {
    let built_in = CategoryTable::built_in().unwrap();
    let changes = "[all]\nimage_steps = 2\n[animals]\nimage_steps = 3\nstructure_guidance = 5\ntemplate = \"photo of {prompt}\"";
    let table = CategoryTable::with_changes(changes).unwrap();
    let (animals, plants) = (
        table.settings(Category::Animals),
        table.settings(Category::Plants),
    );
    assert_eq!((animals.image_steps, plants.image_steps), (3, 2));
    assert_eq!(animals.structure.guidance, 5.0);
    assert_eq!(animals.template.to_string(), "photo of {prompt}");
    let before = built_in.settings(Category::Plants);
    assert_eq!(
        (&plants.template, plants.matting, plants.latent),
        (&before.template, before.matting, before.latent)
    );
    assert_eq!(CategoryTable::with_changes("").unwrap(), built_in);
}

#[test]
fn candidates_may_differ_by_category() {
    let built_in = CategoryTable::built_in().unwrap();
    assert_eq!(
        (built_in.most_candidates(), built_in.candidates()),
        (1, "1".to_owned())
    );
    let changes = "[all]\ncandidates = 2\n[gems]\ncandidates = 1\n[plants]\ncandidates = 64";
    let table = CategoryTable::with_changes(changes).unwrap();
    assert_eq!(table.most_candidates(), 64);
    assert_eq!(table.candidates(), "plants 64, gems 1, others 2");
    let count = |category| table.settings(category).candidates;
    assert_eq!(
        [Category::Plants, Category::Gems, Category::Food].map(count),
        [64, 1, 2]
    );
    for wrong in ["0", "65", "-1", "1.5", "'two'", "[2]"] {
        let changes = format!("[food]\ncandidates = {wrong}");
        let refused = CategoryTable::with_changes(&changes)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("food.candidates") && refused.contains("from 1 to 64"),
            "{refused}"
        );
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let text = r#"
        loose = 1
        [robot]
        [all]
        [plants]
        image_steps = "four"
        colour = 1
        template = "no place"
        structure_guidance = nan
        latent_steps = 1.5
        [gems]
        least_coverage = 0.9
        most_coverage = 0.5
        most_holes = -0.1
        "#;
    let TableError::Problems(problems) = CategoryTable::with_changes(text).unwrap_err() else {
        panic!("another error");
    };
    let places: Vec<&str> = problems.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "gems.most_holes",
            "loose",
            "plants.colour",
            "plants.image_steps",
            "plants.latent_steps",
            "plants.structure_guidance",
            "plants.template",
            "robot",
        ]
    );
    let swapped = CategoryTable::with_changes("[gems]\nleast_coverage = 0.9\nmost_coverage = 0.5")
        .unwrap_err()
        .to_string();
    assert!(swapped.contains("gems.least_coverage"), "{swapped}");
    for broken in ["[all", "[all]\nx = ", &"#".repeat(2 << 20)] {
        let told = CategoryTable::with_changes(broken).unwrap_err().to_string();
        assert!(!told.contains('\n'), "{told}");
    }
}

/// A value for `key` that a table takes.
fn good_value(key: &'static str) -> BoxedStrategy<String> {
    match key {
        "candidates" => (1..=64_u32).prop_map(|it| it.to_string()).boxed(),
        "image_steps" => (1..=50_u32).prop_map(|it| it.to_string()).boxed(),
        "most_islands" => (1..=10_000_u32).prop_map(|it| it.to_string()).boxed(),
        "structure_steps" | "latent_steps" => (1..=200_u32).prop_map(|it| it.to_string()).boxed(),
        "structure_guidance" | "latent_guidance" => {
            (0.0..=30.0_f64).prop_map(|it| format!("{it:?}")).boxed()
        }
        // Never above the other.
        "least_coverage" => (0.0..=0.04_f64).prop_map(|it| format!("{it:?}")).boxed(),
        "most_coverage" => (0.05..=1.0_f64).prop_map(|it| format!("{it:?}")).boxed(),
        "template" => "[a-zé,'\"\\\\# ]{0,40}"
            .prop_map(|around| {
                serde_json::Value::from(format!("{around}{{prompt}}{around}")).to_string()
            })
            .boxed(),
        _ => (0.0..=1.0_f64).prop_map(|it| format!("{it:?}")).boxed(),
    }
}

/// A value that no key but some of `takes` has.
fn bad_value(key: &'static str) -> BoxedStrategy<String> {
    let odd = prop_oneof![
        Just("-1".to_owned()),
        Just("nan".to_owned()),
        Just("inf".to_owned()),
        Just("1e300".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("true".to_owned()),
        Just("'half'".to_owned()),
        Just("[1]".to_owned()),
        Just("{ of = 1 }".to_owned()),
        Just("1979-05-27".to_owned()),
    ];
    let whole = [
        "candidates",
        "image_steps",
        "most_islands",
        "structure_steps",
        "latent_steps",
    ];
    if whole.contains(&key) {
        return prop_oneof![odd, Just("0".to_owned()), Just("1.5".to_owned())].boxed();
    }
    odd.boxed()
}

const KEYS: [&str; 12] = [
    "candidates",
    "template",
    "image_steps",
    "least_coverage",
    "most_coverage",
    "most_border",
    "most_holes",
    "most_islands",
    "structure_steps",
    "structure_guidance",
    "latent_steps",
    "latent_guidance",
];

/// The places of a table: its sections, `[all]` among them.
fn sections() -> impl Strategy<Value = String> {
    let names = Category::ALL.map(|it| it.name().to_owned());
    let names: Vec<String> = names.into_iter().chain(["all".to_owned()]).collect();
    prop::sample::select(names)
}

#[test]
fn a_table_is_written_as_it_is_read() {
    let built_in = CategoryTable::built_in().unwrap();
    let written = built_in.to_string();
    assert_eq!(CategoryTable::with_changes(&written).unwrap(), built_in);
    for words in [
        "[robots]",
        "least_coverage = 0.04\n",
        "structure_guidance = 7.5\n",
    ] {
        assert!(written.contains(words), "{written}");
    }
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    for (text, line) in [
        ("[all", 1),
        ("[all]\nimage_steps = 4\nx = ", 3),
        ("\n\n=", 3),
    ] {
        let error = CategoryTable::with_changes(text).unwrap_err();
        let TableError::Unreadable(found, _) = &error else {
            panic!("{error}");
        };
        assert_eq!(*found, line, "{error}");
        assert!(error.to_string().contains(&format!("line {line}")));
    }
}

proptest! {
    #[test]
    fn any_table_comes_back_as_it_was_written(
        changes in prop::collection::btree_map(
            (sections(), prop::sample::select(&KEYS[..])).prop_flat_map(|(section, key)| {
                (Just(section), Just(key), good_value(key))
            }),
            Just(()),
            0..12,
        )
    ) {
        let mut text = std::collections::BTreeMap::<_, std::collections::BTreeMap<_, _>>::new();
        for (section, key, value) in changes.into_keys() {
            text.entry(section).or_default().insert(key, value);
        }
        let lines = text.iter().flat_map(|(section, values)| {
            let values = values.iter().map(|(key, value)| format!("{key} = {value}"));
            std::iter::once(format!("[{section}]")).chain(values)
        });
        let text = lines.collect::<Vec<_>>().join("\n");
        let table = CategoryTable::with_changes(&text).unwrap();
        prop_assert_eq!(CategoryTable::with_changes(&table.to_string()).unwrap(), table);
    }

    #[test]
    fn a_wrong_value_is_refused_in_one_line_that_says_where(
        (section, key, value) in (sections(), prop::sample::select(&KEYS[..]))
            .prop_flat_map(|(section, key)| (Just(section), Just(key), bad_value(key)))
    ) {
        let text = format!("[{section}]\n{key} = {value}\n");
        let TableError::Problems(problems) = CategoryTable::with_changes(&text).unwrap_err() else {
            panic!("another error");
        };
        prop_assert_eq!(problems.len(), 1, "{:?}", problems);
        prop_assert_eq!(&problems[0].place, &format!("{section}.{key}"));
        prop_assert!(!problems[0].to_string().contains('\n'));
        let said = if key == "template" { "prompt" } else { " to " };
        let what = &problems[0].what;
        prop_assert!(what.contains(said) || what.contains("no text"), "{}", what);
    }

    #[test]
    fn no_text_makes_a_table_panic(text in "\\PC{0,80}", cut in 0..4000_usize) {
        let built_in = CategoryTable::built_in().unwrap().to_string();
        let cut = built_in.char_indices().nth(cut).map_or(0, |(place, _)| place);
        let spoilt = format!("{}{text}{}", &built_in[..cut], &built_in[cut..]);
        for text in [&text, &spoilt] {
            if let Err(error) = CategoryTable::with_changes(text) {
                let told = error.to_string();
                prop_assert!(!told.contains('\n'), "{}", told);
            }
        }
    }
}
