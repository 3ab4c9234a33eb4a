//! What was typed, made into one job per file, with every problem found before a file is touched.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use mesh::SampleOptions;
use splat::spz::{Compression, Flavour, Level};
use splat::{Container, Frame, OutputProfile};

use crate::args::ConvertArgs;
use crate::config::{Problems, container, container_named, profile};

/// One file to convert.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
    pub(super) container: Container,
}

/// What is to become of every file.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Frame and size; `None` leaves both.
    pub(super) profile: Option<OutputProfile>,
    /// The frame the inputs are in.
    pub(super) from: Frame,
    pub(super) compression: Compression,
    /// How meshes are covered.
    pub(super) sampling: SampleOptions,
}

/// The whole command.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    /// The folder OUT is, if it is one.
    pub(super) folder: Option<PathBuf>,
    pub(super) wanted: Wanted,
}

impl Plan {
    /// Checks everything that can be checked before a file is read.
    pub(super) fn check(args: &ConvertArgs) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let from = profile("--from", &args.from, &mut problems);
        let wanted = args.profile.as_deref();
        let wanted = wanted.and_then(|name| profile("--profile", name, &mut problems));
        let named = args.to.as_deref();
        let named = named.and_then(|name| container_named("--to", name, &mut problems));

        let folder = is_folder(args).then(|| args.output.clone());
        let target = match (&folder, named) {
            _ if args.to.is_some() && named.is_none() => None,
            (Some(_), Some(named)) => Some(named),
            (Some(_), None) => wanted.map(|profile| profile.container).or_else(|| {
                problems.add(
                    format!("OUT {}: a folder names no container", args.output.display()),
                    "give one with --to, such as --to spz",
                );
                None
            }),
            (None, Some(named)) => check_name(&args.output, named, &mut problems),
            (None, None) => container("OUT", &args.output, &mut problems),
        };
        if let Some(target) = target {
            check_level(args.level, target, &mut problems);
        }
        let jobs = target.map(|target| jobs(args, folder.as_deref(), target, &mut problems));
        let sampling = sampling(args, &mut problems);
        let (jobs, from) = problems.or(jobs.zip(from))?;
        Ok(Self {
            jobs,
            folder,
            wanted: Wanted {
                profile: wanted,
                from: from.frame,
                compression: Compression {
                    level: args.level.map(Level::new),
                    ..Compression::default()
                },
                sampling,
            },
        })
    }
}

fn sampling(args: &ConvertArgs, problems: &mut Problems) -> SampleOptions {
    let splats = args.splats.unwrap_or(mesh::DEFAULT_SPLATS);
    if !(1..=mesh::MAX_SPLATS).contains(&splats) {
        problems.add(
            format!("--splats {splats}: out of range"),
            format!("give 1 to {}", mesh::MAX_SPLATS),
        );
    }
    SampleOptions {
        splats,
        seed: args.seed,
    }
}

/// Whether OUT is to take files rather than to be one.
fn is_folder(args: &ConvertArgs) -> bool {
    let ends_in_slash = args.output.as_os_str().as_encoded_bytes().ends_with(b"/");
    args.inputs.len() > 1 || ends_in_slash || args.output.is_dir()
}

/// A file must not bear the extension of another container than it holds.
fn check_name(output: &Path, target: Container, problems: &mut Problems) -> Option<Container> {
    match Container::from_path(output) {
        Some(other) if other.extension() != target.extension() => {
            problems.add(
                format!("OUT {}: --to {target} is asked for", output.display()),
                format!("name it .{}", target.extension()),
            );
            None
        }
        _ => Some(target),
    }
}

fn check_level(level: Option<i32>, target: Container, problems: &mut Problems) {
    let Some(level) = level else { return };
    let Some(flavour) = target.flavour() else {
        return problems.add(
            format!("--level {level}: {target} is not compressed"),
            "leave it out",
        );
    };
    let highest = highest_level(flavour);
    if !(1..=highest).contains(&level) {
        problems.add(
            format!("--level {level}: {target} has no such level"),
            format!("give 1 (fast) to {highest} (small)"),
        );
    }
}

/// zstd has levels to 22, gzip to 9.
const fn highest_level(flavour: Flavour) -> i32 {
    match flavour {
        Flavour::Subnet => 22,
        Flavour::Niantic(_) => 9,
    }
}

fn jobs(
    args: &ConvertArgs,
    folder: Option<&Path>,
    container: Container,
    problems: &mut Problems,
) -> Vec<Job> {
    if let Some(folder) = folder.filter(|folder| folder.exists() && !folder.is_dir()) {
        problems.add(
            format!("OUT {}: not a folder", folder.display()),
            "name a folder after several files",
        );
        return Vec::new();
    }
    let job = |input: &PathBuf| Job {
        input: input.clone(),
        output: folder.map_or_else(
            || args.output.clone(),
            |folder| renamed(input, folder, container),
        ),
        container,
    };
    let jobs: Vec<Job> = args.inputs.iter().map(job).collect();
    let mut outputs = BTreeMap::new();
    for job in &jobs {
        if is_same_file(&job.input, &job.output) {
            problems.add(
                format!("OUT {}: is IN itself", job.output.display()),
                "write to another file: what is packed cannot be had back",
            );
        }
        if let Some(first) = outputs.insert(&job.output, &job.input) {
            let (first, second) = (first.display(), job.input.display());
            problems.add(
                format!(
                    "{first} and {second} would both become {}",
                    job.output.display()
                ),
                "convert them into folders of their own",
            );
        }
    }
    jobs
}

/// `a/b.ply` → `folder/b.spz`.
fn renamed(input: &Path, folder: &Path, container: Container) -> PathBuf {
    let mut name = input.file_stem().unwrap_or(OsStr::new("asset")).to_owned();
    name.push(".");
    name.push(container.extension());
    folder.join(name)
}

/// Whether both names lead to one file, over links too.
fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
