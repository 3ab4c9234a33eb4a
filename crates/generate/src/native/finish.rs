//! A device's splats as a cloud.

use render::visible;
use splat::{Cloud, Columns, Frame};

/// The cloud without splats that no picture can show, its frame, and a note that counts them. They are
/// those the validator's renderer leaves out: with a number that is none, or with an opacity below 1/255.
/// (An asset of a smaller extent than 1.5 is dimmed by the validator; the profile it is sent in sees to
/// that.)
///
/// # Errors
/// When the columns are no cloud, or nothing is left; in words.
pub(super) fn cloud_of(columns: Columns) -> Result<(Cloud, Frame, Option<String>), String> {
    let made = Cloud::from_columns(columns).map_err(|error| error.to_string())?;
    let visible = visible(&made);
    if visible.indices.is_empty() {
        return Err(format!(
            "none of its {} splats can be seen: {} are no numbers, {} are too faint",
            made.len(),
            visible.dropped,
            visible.faint
        ));
    }
    let note = (visible.indices.len() < made.len()).then(|| {
        format!(
            "left out {} of {} splats that contribute nothing ({} too faint, {} no numbers)",
            made.len() - visible.indices.len(),
            made.len(),
            visible.faint,
            visible.dropped
        )
    });
    let cloud = match note {
        None => made,
        Some(_) => {
            let kept = visible.indices.iter();
            kept.filter_map(|index| made.get(*index as usize)).collect()
        }
    };
    Ok((cloud, Frame::YDown, note))
}

#[cfg(test)]
mod tests {
    use splat::Splat;

    use super::*;

    fn splat(opacity_logit: f32) -> Splat {
        Splat {
            position: [0.1, 0.2, 0.3],
            log_scale: [-4.0; 3],
            rotation: [1.0, 0.0, 0.0, 0.0],
            opacity_logit,
            colour: [0.5; 3],
        }
    }

    fn columns(splats: impl IntoIterator<Item = Splat>) -> Columns {
        splats.into_iter().collect::<Cloud>().into_columns()
    }

    #[test]
    fn what_contributes_nothing_is_left_out_and_counted() {
        // The sigmoid of ln(1/254) is 1/255 exactly.
        let limit = (1.0_f32 / 254.0).ln();
        let broken = Splat {
            position: [f32::NAN, 0.0, 0.0],
            ..splat(1.0)
        };
        let endless = Splat {
            log_scale: [f32::INFINITY; 3],
            ..splat(1.0)
        };
        let all = [
            splat(2.0),
            splat(limit - 0.01),
            broken,
            endless,
            splat(limit + 0.01),
        ];
        let (cloud, frame, note) = cloud_of(columns(all)).expect("a cloud");
        assert_eq!(frame, Frame::YDown);
        let kept: Vec<f32> = cloud.iter().map(|splat| splat.opacity_logit).collect();
        assert_eq!(kept, [2.0, limit + 0.01]);
        let note = note.expect("a note");
        assert!(
            note.contains("3 of 5") && note.contains("1 too faint, 2 no"),
            "{note}"
        );
    }

    #[test]
    fn a_cloud_without_faults_stays_as_it_is() {
        let whole = columns((0..100).map(|number| splat(number as f32 / 10.0)));
        let (cloud, _, note) = cloud_of(whole.clone()).expect("a cloud");
        assert_eq!((cloud.columns(), note), (&whole, None));
    }

    #[test]
    fn a_cloud_of_nothing_is_refused() {
        for nothing in [columns([]), columns([splat(-20.0)])] {
            let reason = cloud_of(nothing).expect_err("nothing");
            assert!(reason.contains("can be seen"), "{reason}");
        }
        let mut uneven = columns([splat(1.0)]);
        uneven.opacity_logits.clear();
        assert!(cloud_of(uneven).is_err());
    }
}
