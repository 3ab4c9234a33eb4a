//! What a conversion came to, for people and for scripts.

use std::path::PathBuf;

use anyhow::Error;
use indicatif::HumanBytes;
use serde::Serialize;
use splat::Cloud;
use splat::inspect::Bounds;

use super::plan::Job;
use crate::ui::Console;

/// One end of a conversion.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    /// The container's name, or the mesh format's.
    pub(super) container: &'static str,
    /// Length of the file.
    pub(super) bytes: u64,
    pub(super) splats: usize,
    /// Degree of the spherical harmonics, 0 to 3.
    pub(super) sh_degree: u8,
    /// The longest side of the box around the centres; none where no centre is a number.
    pub(super) extent: Option<f64>,
}

impl Side {
    pub(super) fn of(cloud: &Cloud, container: &'static str, bytes: u64) -> Self {
        let columns = cloud.columns();
        Self {
            container,
            bytes,
            splats: cloud.len(),
            sh_degree: columns.sh.degree,
            extent: Bounds::of(&columns.positions).map(|bounds| bounds.longest_side()),
        }
    }
}

/// A file that was converted.
#[derive(Debug, Serialize)]
pub(super) struct Conversion {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
    pub(super) from: Side,
    pub(super) to: Side,
    /// The profile it was made for, if frame and size were to change.
    pub(super) profile: Option<&'static str>,
    pub(super) seconds: f64,
    /// What was left out of the input, and what the new container does not hold.
    pub(super) notes: Vec<String>,
}

impl Conversion {
    /// One line, and one for each note.
    pub(super) fn show(&self, console: &Console) {
        let (from, to) = (&self.from, &self.to);
        let size = match (self.profile, from.extent, to.extent) {
            (Some(profile), Some(from), Some(to)) => {
                format!(", extent {from:.3} → {to:.3} for {profile}")
            }
            _ => String::new(),
        };
        console.line(&format!(
            "{}: {} splats, {} → {}, {} → {}{size}",
            self.output.display(),
            to.splats,
            from.container,
            to.container,
            HumanBytes(from.bytes),
            HumanBytes(to.bytes),
        ));
        for note in &self.notes {
            console.line(&format!("note: {}: {note}", self.output.display()));
        }
    }
}

/// A file among several that could not be converted.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    input: PathBuf,
    error: String,
}

impl Refused {
    pub(super) fn new(job: &Job, error: &Error) -> Self {
        Self {
            input: job.input.clone(),
            error: format!("{error:#}"),
        }
    }
}

/// Either of them, one after the other, as scripts get them.
pub(super) fn list(results: &[Result<Conversion, Refused>]) -> impl Serialize {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Entry<'a> {
        Converted(&'a Conversion),
        Refused(&'a Refused),
    }
    let entries = results.iter().map(|result| match result {
        Ok(conversion) => Entry::Converted(conversion),
        Err(refused) => Entry::Refused(refused),
    });
    entries.collect::<Vec<_>>()
}
