//! Categories as a person sees them, the table of their settings, and the words around prompts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use generate::categories::{By, Category, CategoryTable, TableError, classify};
use generate::shaping::{MOST_PROMPT, ShapeError, Template};
use proptest::prelude::*;

/// Where a template holds the prompt.
const PLACE: &str = "{prompt}";

/// The share of prompts that must be classed as a person classes them.
const ENOUGH: f64 = 0.95;

fn labels(name: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (left, right) = line.split_once('\t').unwrap();
            (left.to_owned(), right.to_owned())
        })
        .collect()
}

/// Holds the lexicon against labels, by the lexicon alone.
fn check(labelled: &[(String, Category)]) {
    let wrong: Vec<String> = labelled
        .iter()
        .filter_map(|(prompt, label)| {
            let class = classify(prompt);
            assert_ne!(class.by, By::Embedding);
            (class.category != *label)
                .then(|| format!("{prompt}: {} instead of {label}", class.category))
        })
        .collect();
    let share = 1.0 - wrong.len() as f64 / labelled.len() as f64;
    println!("{:.1} % as a person classes them", share * 100.0);
    assert!(share >= ENOUGH, "{share}: {wrong:#?}");
}

#[test]
fn prompts_of_our_own_are_classed_as_a_person_does() {
    let labelled: Vec<(String, Category)> = labels("categories.tsv")
        .into_iter()
        .map(|(category, prompt)| (prompt, category.parse().unwrap()))
        .collect();
    assert_eq!(labelled.len(), 200);
    for category in Category::ALL {
        let count = labelled.iter().filter(|(_, it)| *it == category).count();
        assert!(count >= 8, "{category}: {count}");
    }
    check(&labelled);
}

fn fnv1a(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[test]
fn the_subnets_prompts_are_classed_as_a_person_does() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/prompts.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no ../shared");
        return;
    };
    let labels = labels("categories_shared.tsv");
    let labelled: Vec<(String, Category)> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|prompt| {
            let hash = fnv1a(prompt);
            let label = labels.iter().find(|(known, _)| *known == hash);
            let (_, category) = label.unwrap_or_else(|| panic!("{prompt} has no label"));
            (prompt.to_owned(), category.parse().unwrap())
        })
        .collect();
    assert_eq!(labelled.len(), labels.len());
    check(&labelled);
}

/// Prompts that were written and sorted for rehearsals, by others than the lexicon's.
#[test]
fn the_rehearsals_prompts_are_classed_as_they_are_sorted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rehearsal/data/prompts.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut labelled, mut section) = (Vec::new(), None);
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => section = Some(name.parse::<Category>().unwrap()),
            None => labelled.push((line.to_owned(), section.unwrap())),
        }
    }
    assert!(labelled.len() >= 150);
    check(&labelled);
}

#[test]
fn names_are_read_as_they_are_written() {
    for category in Category::ALL {
        assert_eq!(category.name().parse(), Ok(category));
        let json = serde_json::to_string(&category).unwrap();
        assert_eq!(json, format!("\"{category}\""));
    }
    let refused = "robot".parse::<Category>().unwrap_err().to_string();
    assert!(refused.contains("robots, animals"), "{refused}");
}

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

#[test]
fn a_template_holds_the_prompt_once() {
    for broken in [
        "",
        "no place",
        "{prompt} and {prompt}",
        "{prompt} {size}",
        "{prompt}\nplain",
        &format!("{{prompt}}{}", "x".repeat(500)),
    ] {
        let refused = broken.parse::<Template>();
        assert!(refused.is_err(), "{broken}");
    }
}

#[test]
fn a_prompt_cannot_reach_into_the_template() {
    let template: Template = "a photo of {prompt}, whole".parse().unwrap();
    for prompt in ["{prompt}", "{prompt} {0} %s ${x}", "}{", "\\{prompt\\}"] {
        assert_eq!(
            template.shape(prompt).unwrap(),
            format!("a photo of {prompt}, whole")
        );
    }
    assert_eq!(
        template.shape("  red\n\0 car\t").unwrap(),
        "a photo of red car, whole"
    );
    assert_eq!(template.shape(" \n"), Err(ShapeError::Empty));
    let long = "é".repeat(MOST_PROMPT + 1);
    assert_eq!(
        template.shape(&long),
        Err(ShapeError::TooLong(MOST_PROMPT + 1))
    );
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

proptest! {
    #[test]
    fn what_was_asked_is_never_changed(prompt in "\\PC{1,1100}", pick in 0..Category::ALL.len()) {
        let table = CategoryTable::built_in().unwrap();
        let template = &table.settings(Category::ALL[pick]).template;
        let words: Vec<&str> = prompt.split_whitespace().collect();
        match template.shape(&prompt) {
            Ok(shaped) => {
                prop_assert!(shaped.contains(&words.join(" ")), "{}", shaped);
                prop_assert!(shaped.len() <= 900 || shaped == words.join(" "));
                // Beyond the prompt there is the template alone.
                let around = shaped.replacen(&words.join(" "), PLACE, 1);
                prop_assert!(around == template.to_string() || around == PLACE);
            }
            Err(ShapeError::Empty) => prop_assert!(words.is_empty()),
            Err(ShapeError::TooLong(count)) => {
                prop_assert_eq!(count, prompt.chars().count());
                prop_assert!(count > MOST_PROMPT);
            }
        }
    }

    #[test]
    fn any_text_is_classed(prompt in "\\PC{0,200}") {
        let class = classify(&prompt);
        prop_assert!(Category::ALL.contains(&class.category));
    }
}
