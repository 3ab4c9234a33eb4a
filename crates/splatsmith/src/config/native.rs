//! Where our own networks run and how they sample.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use generate::categories::{CategoryTable, MOST_TABLE, TableError};
use generate::native::{Devices, SamplerOverrides};
use models::flux::{LARGEST_SIDE, SMALLEST_SIDE};
use models::trellis::SamplerSettings;

use super::{Problems, Setting};
use crate::args::NativeArgs;

/// No card has more, in gigabytes.
const MOST_VRAM: u64 = 1024;

/// The native backend.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NativeConfig {
    /// Where it runs.
    pub(crate) devices: Devices,
    /// How each category is made; `None` where the table cannot be used.
    pub(crate) categories: Option<CategoryTable>,
    /// A pipeline that is none of those pulled.
    pub(crate) folder: Option<PathBuf>,
    /// A FLUX that is none of those pulled.
    pub(crate) flux_folder: Option<PathBuf>,
    /// Pixels of what FLUX paints, each way.
    pub(crate) flux_side: u32,
    /// Gigabytes of each device that may be used; `None` for what is free.
    pub(crate) vram: Option<u64>,
    /// What objects are cut out with; none for what is usual.
    pub(crate) cutters: Vec<String>,
    /// What is sampled otherwise than published: the structure.
    pub(crate) structure: SamplerOverrides,
    /// And the latent.
    pub(crate) latent: SamplerOverrides,
}

impl NativeConfig {
    /// Checks what was typed.
    pub(crate) fn check(args: &NativeArgs, problems: &mut Problems) -> Self {
        if let Some(vram) = args.vram {
            check_vram(vram, problems);
        }
        let structure = SamplerOverrides {
            steps: args.structure_steps.or(args.steps),
            guidance: args.structure_guidance,
            interval: interval(
                "--trellis.structure.interval",
                args.structure_interval.as_deref(),
                problems,
            ),
            rescale_t: args.structure_rescale_t,
        };
        let latent = SamplerOverrides {
            steps: args.latent_steps.or(args.steps),
            guidance: args.latent_guidance,
            interval: interval(
                "--trellis.latent.interval",
                args.latent_interval.as_deref(),
                problems,
            ),
            rescale_t: args.latent_rescale_t,
        };
        for (stage, overrides) in [("structure", &structure), ("latent", &latent)] {
            if let Err(error) = overrides.over(USUAL).check() {
                problems.add(
                    format!("--trellis.{stage}: {error}"),
                    "see --help for what each means",
                );
            }
        }
        Self {
            devices: devices(&args.gpu, problems),
            categories: categories(args.categories.as_deref(), problems),
            folder: args.files.folder.clone(),
            flux_folder: args.files.flux_folder.clone(),
            flux_side: side(args.flux_side, problems),
            vram: args.vram,
            cutters: args.files.cutout.clone(),
            structure,
            latent,
        }
    }

    /// For the log: only what is not as usual.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![("gpu", self.devices.to_string())];
        let folder = self.folder.as_ref();
        settings.extend(folder.map(|folder| ("trellis.folder", folder.display().to_string())));
        let flux = self.flux_folder.as_ref();
        settings.extend(flux.map(|folder| ("flux.folder", folder.display().to_string())));
        settings.extend(self.vram.map(|vram| ("vram", vram.to_string())));
        if !self.cutters.is_empty() {
            settings.push(("cutout", self.cutters.join(", ")));
        }
        let stages = [
            ("trellis.structure", &self.structure),
            ("trellis.latent", &self.latent),
        ];
        let changed = stages
            .into_iter()
            .filter(|(_, overrides)| **overrides != SamplerOverrides::default());
        settings.extend(changed.map(|(stage, overrides)| (stage, overrides.to_string())));
        settings
    }
}

/// What each override is checked with: any usable settings do.
const USUAL: SamplerSettings = SamplerSettings {
    steps: 25,
    guidance: 5.0,
    interval: (0.0, 1.0),
    rescale_t: 3.0,
};

fn devices(typed: &[String], problems: &mut Problems) -> Devices {
    if typed.is_empty() {
        return Devices::All;
    }
    let mut numbers = Vec::new();
    for gpu in typed {
        match (gpu.as_str(), gpu.parse::<usize>()) {
            ("all", _) if typed.len() == 1 => return Devices::All,
            ("cpu", _) if typed.len() == 1 => return Devices::Cpu,
            (_, Ok(number)) if numbers.contains(&number) => problems.add(
                format!("--gpu {number}: given twice"),
                "one thread owns a device: give each once",
            ),
            (_, Ok(number)) => numbers.push(number),
            _ => problems.add(
                format!("--gpu {gpu}: no number of a GPU"),
                "give 0, 1, …, several times for several, or all, or cpu",
            ),
        }
    }
    Devices::Gpus(numbers)
}

/// Whether there is a card of so many gigabytes.
pub(crate) fn check_vram(vram: u64, problems: &mut Problems) {
    if !(1..=MOST_VRAM).contains(&vram) {
        problems.add(
            format!("--vram {vram}: no such card"),
            format!("give its gigabytes, 1 to {MOST_VRAM}"),
        );
    }
}

/// A side that FLUX can paint.
fn side(typed: Option<u32>, problems: &mut Problems) -> u32 {
    let side = typed.unwrap_or(512);
    if !(SMALLEST_SIDE..=LARGEST_SIDE).contains(&side) || !side.is_multiple_of(16) {
        problems.add(
            format!("--flux.side {side}: not painted"),
            format!("give a multiple of 16 from {SMALLEST_SIDE} to {LARGEST_SIDE}"),
        );
    }
    side
}

/// The built-in table with the changes of an operator's file.
pub(crate) fn categories(file: Option<&Path>, problems: &mut Problems) -> Option<CategoryTable> {
    let shown = file.unwrap_or_else(|| Path::new("built-in")).display();
    let place = format!("--categories {shown}");
    let changes = match file.map(table_text).transpose() {
        Ok(changes) => changes.unwrap_or_default(),
        Err(error) => {
            problems.add(format!("{place}: {error}"), "name a TOML file");
            return None;
        }
    };
    match CategoryTable::with_changes(&changes) {
        Ok(table) => return Some(table),
        Err(TableError::Problems(found)) => {
            for problem in found {
                problems.add(format!("{place}: {problem}"), "mend that value");
            }
        }
        Err(error) => problems.add(
            format!("{place}: {error}"),
            "see `splatsmith models categories` for its form",
        ),
    }
    None
}

/// A table's file, and little more than one of the largest.
fn table_text(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let file = File::open(file)?;
    file.take(MOST_TABLE as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// `0.5..1`
fn interval(flag: &str, text: Option<&str>, problems: &mut Problems) -> Option<(f64, f64)> {
    let text = text?;
    let ends = text
        .split_once("..")
        .and_then(|(from, to)| Some((from.trim().parse().ok()?, to.trim().parse().ok()?)));
    if ends.is_none() {
        problems.add(
            format!("{flag} {text}: not an interval"),
            "give two times from 0 to 1, such as 0.5..1",
        );
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &NativeArgs) -> (NativeConfig, usize) {
        let mut problems = Problems::default();
        let config = NativeConfig::check(args, &mut problems);
        (config, problems.iter().count())
    }

    #[test]
    fn all_gpus_and_published_samplers_unless_told_otherwise() {
        let (config, problems) = check(&NativeArgs::default());
        assert_eq!(config.devices, Devices::All);
        assert_eq!(config.structure, SamplerOverrides::default());
        assert_eq!((config.vram, problems), (None, 0));
    }

    #[test]
    fn each_stage_can_be_told_otherwise() {
        let (config, problems) = check(&NativeArgs {
            gpu: vec!["1".to_owned(), "0".to_owned()],
            vram: Some(12),
            steps: Some(12),
            latent_steps: Some(8),
            structure_guidance: Some(7.5),
            latent_interval: Some("0.5..0.95".to_owned()),
            ..NativeArgs::default()
        });
        assert_eq!(problems, 0);
        assert_eq!(config.devices, Devices::Gpus(vec![1, 0]));
        assert_eq!(
            (config.structure.steps, config.latent.steps),
            (Some(12), Some(8))
        );
        assert_eq!(config.latent.interval, Some((0.5, 0.95)));
        let settings = config.settings();
        let latent = settings.iter().find(|(name, _)| *name == "trellis.latent");
        assert!(latent.is_some_and(|(_, value)| value.contains("0.5..0.95")));
    }

    #[test]
    fn every_problem_comes_at_once() {
        let (_, problems) = check(&NativeArgs {
            gpu: ["all", "0", "0", "x"].map(str::to_owned).into(),
            vram: Some(0),
            steps: Some(0),
            structure_guidance: Some(f64::NAN),
            structure_interval: Some("half".to_owned()),
            ..NativeArgs::default()
        });
        // all among others, 0 twice, x; vram; steps of both stages; the interval.
        assert_eq!(problems, 7);
    }
}
