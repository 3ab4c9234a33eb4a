//! What the gate says.

use std::fmt;

use serde::Serialize;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Check {
    /// How much of the picture is the object.
    Coverage,
    /// How much of the picture's border it touches.
    Border,
    /// How much of it is missing inside.
    Holes,
    /// Of how many pieces it is.
    Islands,
    /// How much of it is ground.
    Backdrop,
    /// How much of it is half transparent.
    Softness,
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Coverage => "coverage",
            Self::Border => "border contact",
            Self::Holes => "holes",
            Self::Islands => "islands",
            Self::Backdrop => "backdrop kept",
            Self::Softness => "softness",
        })
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which.
    pub check: Check,
    /// What was found.
    pub value: f32,
    /// What is allowed.
    pub limit: f32,
    /// Whether it is allowed.
    pub pass: bool,
    /// What was found, in words; where it is not allowed, also what follows from it.
    pub why: String,
}

impl Finding {
    /// How far beyond its limit, as a share of the limit; 0 where it passes.
    fn excess(&self) -> f32 {
        if self.pass {
            return 0.0;
        }
        let apart = (self.value - self.limit).abs();
        (apart / self.limit.abs().max(1e-3)).min(1e3)
    }
}

/// How far all that failed is beyond its limits; 0 where all passed.
#[must_use]
pub fn excess(findings: &[Finding]) -> f32 {
    findings.iter().map(Finding::excess).sum()
}

/// Everything that failed, in one line; `None` where all passed.
#[must_use]
pub fn doubt(findings: &[Finding]) -> Option<String> {
    let failed: Vec<&str> = findings
        .iter()
        .filter(|finding| !finding.pass)
        .map(|finding| finding.why.as_str())
        .collect();
    (!failed.is_empty()).then(|| failed.join("; "))
}
