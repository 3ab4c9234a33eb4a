//! The words around prompts.

use generate::categories::{Category, CategoryTable};
use generate::shaping::{MOST_PROMPT, ShapeError, Template};
use proptest::prelude::*;

/// Where a template holds the prompt.
const PLACE: &str = "{prompt}";

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
}
