//! Durations as people write them.

use std::time::Duration;

use super::Problems;

/// The longest duration any flag takes: a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Reads `60s`, `2m 30s`, `1h` or plain seconds. Zero, more than a year and everything else is a
/// problem of `flag`.
pub(crate) fn duration(flag: &str, text: &str, problems: &mut Problems) -> Option<Duration> {
    let parsed = match text.trim().parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text.trim()).ok(),
    };
    let usable = parsed.filter(|duration| !duration.is_zero() && *duration <= LONGEST);
    if usable.is_none() {
        problems.add(
            format!("{flag} {text}: not a usable duration"),
            "write it like 30s, 2m or 1h30m, more than zero and at most a year",
        );
    }
    usable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let mut problems = Problems::default();
        for (text, seconds) in [("60s", 60), ("90", 90), ("1h30m", 5400), ("2m 5s", 125)] {
            assert_eq!(
                duration("--for", text, &mut problems),
                Some(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(problems, Problems::default());
    }

    #[test]
    fn names_the_flag_of_a_bad_one() {
        for text in ["0", "soon", "-5s", "400000days", ""] {
            let mut problems = Problems::default();
            assert_eq!(duration("--for", text, &mut problems), None, "{text}");
            assert!(
                problems
                    .iter()
                    .all(|problem| problem.what.starts_with("--for"))
            );
            assert_eq!(problems.iter().count(), 1);
        }
    }
}
