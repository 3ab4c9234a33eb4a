//! What the commands about one asset have in common: profiles, containers, colours, prompts.

use std::path::{Path, PathBuf};

use splat::{Container, Frame, OutputProfile};

use super::Problems;

/// What is asked for: text, or a picture still to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PromptSource {
    /// A few words.
    Text(String),
    /// A picture file.
    Image(PathBuf),
}

/// The longest text prompt a validator takes, in characters (three-gen-subnet
/// `validation/engine/data_structures.py`).
const LONGEST_PROMPT: usize = 1024;

/// Exactly one of text and image; `flag` is how the text is given.
pub(crate) fn prompt(
    flag: &str,
    text: Option<&str>,
    image: Option<&Path>,
    problems: &mut Problems,
) -> Option<PromptSource> {
    match (text, image) {
        (Some(text), None) => {
            let length = text.chars().count();
            if text.trim().is_empty() || length > LONGEST_PROMPT {
                problems.add(
                    format!("{flag}: {length} characters are not a prompt"),
                    format!("describe one object in 1 to {LONGEST_PROMPT} characters"),
                );
                return None;
            }
            Some(PromptSource::Text(text.to_owned()))
        }
        (None, Some(path)) => Some(PromptSource::Image(path.to_path_buf())),
        (None, None) => {
            problems.add("no prompt is given", format!("give {flag} or --image FILE"));
            None
        }
        (Some(_), Some(_)) => {
            problems.add(
                "both a text and an image prompt are given",
                format!("give {flag} or --image FILE"),
            );
            None
        }
    }
}

/// The output profile of this name.
pub(crate) fn profile(flag: &str, name: &str, problems: &mut Problems) -> Option<OutputProfile> {
    let found = OutputProfile::by_name(name);
    if found.is_none() {
        let names = OutputProfile::ALL.map(|profile| profile.name).join(" or ");
        problems.add(
            format!("{flag} {name}: no such profile"),
            format!("give {names}"),
        );
    }
    found
}

/// A profile that turns a cloud as the cameras want it and leaves its size and place alone.
pub(crate) fn upright() -> OutputProfile {
    OutputProfile {
        frame: Frame::YUp,
        extent: None,
        ..OutputProfile::PULL_2025
    }
}

/// The container that a file's name asks for.
pub(crate) fn container(flag: &str, path: &Path, problems: &mut Problems) -> Option<Container> {
    let found = Container::from_path(path);
    if found.is_none() {
        problems.add(
            format!("{flag} {}: no container has this extension", path.display()),
            "name it .ply, .spz or .splat",
        );
    }
    found
}

/// The container of this name.
pub(crate) fn container_named(
    flag: &str,
    name: &str,
    problems: &mut Problems,
) -> Option<Container> {
    let found = Container::by_name(name);
    if found.is_none() {
        let names = Container::ALL.map(Container::name).join(", ");
        problems.add(
            format!("{flag} {name}: no such container"),
            format!("give one of {names}"),
        );
    }
    found
}

/// `white`, `black` or `#rrggbb` as red, green, blue from 0 to 1. `transparent` is none, but taken
/// wherever a colour is: it is named among the remedies.
pub(crate) fn colour(flag: &str, text: &str, problems: &mut Problems) -> Option<[f32; 3]> {
    match text {
        "white" => return Some([1.0; 3]),
        "black" => return Some([0.0; 3]),
        _ => {}
    }
    let hexadecimal = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let Some(value) = hexadecimal else {
        problems.add(
            format!("{flag} {text}: not a colour"),
            "give white, black, #rrggbb or transparent",
        );
        return None;
    };
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue].map(|channel| f32::from(channel) / 255.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_or_refused() {
        let mut problems = Problems::default();
        assert_eq!(
            colour("-b", "#ff0033", &mut problems),
            Some([1.0, 0.0, 0.2])
        );
        assert_eq!(colour("-b", "white", &mut problems), Some([1.0; 3]));
        assert_eq!(problems, Problems::default());
        for bad in ["#ff00", "mauve", "#gg0000", "#+12345", ""] {
            let mut problems = Problems::default();
            let _ = colour("-b", bad, &mut problems);
            assert_eq!(problems.iter().count(), 1, "{bad}");
        }
    }

    #[test]
    fn a_prompt_is_text_or_an_image() {
        let image = Path::new("a.png");
        for (text, image, usable) in [
            (Some("red sofa"), None, true),
            (None, Some(image), true),
            (Some("red sofa"), Some(image), false),
            (None, None, false),
            (Some("  "), None, false),
        ] {
            let mut problems = Problems::default();
            let found = prompt("PROMPT", text, image, &mut problems);
            assert_eq!(found.is_some(), usable, "{text:?} {image:?}");
            assert_eq!(problems == Problems::default(), usable);
        }
    }
}
