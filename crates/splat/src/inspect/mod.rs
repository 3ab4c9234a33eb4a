//! What a cloud is like, in numbers, and what is wrong with it, by name.
//!
//! The limits are public constants, so that judging holds clouds to the same ones.

mod bounds;
mod defect;
mod statistics;
mod table;

use serde::Serialize;

use crate::{Cloud, OutputProfile};

pub use bounds::Bounds;
pub use defect::{
    Defect, EXTENT_TOLERANCE, IDENTITY_TOLERANCE, MAX_TRANSPARENT_SHARE, MIN_LOGIT_SPREAD,
    MIN_SPLATS, OFF_CENTRE_TOLERANCE, OUTLIER_RATIO, SPARSE_SPLATS, Severity, TRANSPARENT_OPACITY,
    all_rotations_identity,
};
pub use statistics::{OpacityStatistics, ScaleStatistics};

/// The outcome of looking at a cloud. Serialises to what `inspect --json` prints, and displays as
/// a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Splats.
    pub count: usize,
    /// Degree of the spherical harmonics, 0 to 3; the validator throws away all above 0.
    pub sh_degree: u8,
    /// Box around the centres; none where no position is finite.
    pub bounds: Option<Bounds>,
    /// Longest side of that box, in units.
    pub extent: Option<f64>,
    /// Opacities; none for an empty cloud or where all are not numbers.
    pub opacity: Option<OpacityStatistics>,
    /// Scales; none for an empty cloud or where none is a number.
    pub scale: Option<ScaleStatistics>,
    /// What is wrong, errors first.
    pub defects: Vec<Defect>,
}

impl Inspection {
    /// Whether any defect is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.defects
            .iter()
            .any(|defect| defect.severity == Severity::Error)
    }

    /// The defect of this name, if the cloud has it.
    #[must_use]
    pub fn defect(&self, name: &str) -> Option<&Defect> {
        self.defects.iter().find(|defect| defect.name == name)
    }
}

/// Measures a cloud and holds it against what `profile` wants.
#[must_use]
pub fn inspect(cloud: &Cloud, profile: &OutputProfile) -> Inspection {
    let columns = cloud.columns();
    let bounds = Bounds::of(&columns.positions);
    let mut inspection = Inspection {
        count: cloud.len(),
        sh_degree: columns.sh.degree,
        extent: bounds.as_ref().map(Bounds::longest_side),
        bounds,
        opacity: OpacityStatistics::of(&columns.opacity_logits),
        scale: ScaleStatistics::of(&columns.log_scales),
        defects: Vec::new(),
    };
    inspection.defects = defect::find(cloud, &inspection, profile);
    inspection
}
