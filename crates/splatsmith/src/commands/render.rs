//! `splatsmith render`: views, contact sheets and turntables.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use render::{Camera, Image, Orbit, Scene};

use super::pictures;
use crate::args::RenderArgs;
use crate::config::{Problems, colour, profile, upright};
use crate::files::{make_folder, read_cloud, write_atomic};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// More views than this are a film nobody watches.
const MOST_VIEWS: u32 = 1000;

/// Pixels of all views together that are held in memory for one sheet or film: 3 GB.
const MOST_PIXELS: u64 = 1 << 30;

/// How long one view of a turntable stays.
const FRAME_TIME: Duration = Duration::from_millis(80);

/// What the views become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    Png,
    Gif,
    Mp4,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "png" => Some(Self::Png),
            "gif" => Some(Self::Gif),
            "mp4" => Some(Self::Mp4),
            _ => None,
        }
    }

    /// A film that repeats its first view at the end stutters.
    fn is_turntable(self) -> bool {
        matches!(self, Self::Gif | Self::Mp4)
    }
}

/// What to render, checked.
struct Plan {
    kind: Kind,
    cameras: Vec<Camera>,
    background: [f32; 3],
    profile: splat::OutputProfile,
    extent: Option<f32>,
}

/// Renders to wherever `--output` points.
pub(crate) fn run(args: &RenderArgs, console: &Console) -> Result<Outcome, Failure> {
    let plan = check(args)?;
    let (cloud, _) = read_cloud(&args.file)?;
    let cloud = upright().apply(cloud, plan.profile.frame);
    let scene = Scene::new(&cloud, plan.extent)
        .with_context(|| format!("{}: cannot be rendered", args.file.display()))?;
    let progress = console.progress("rendering");
    let total = plan.cameras.len() as u64;
    if plan.kind == Kind::Folder {
        make_folder(&args.output)?;
    }
    let mut views: Vec<Image> = Vec::new();
    for (index, camera) in plan.cameras.iter().enumerate() {
        let view = render::render(&scene, camera, plan.background);
        if plan.kind == Kind::Folder {
            let png = view.to_png().map_err(anyhow::Error::from)?;
            write_atomic(&args.output.join(format!("view_{index:02}.png")), &png)?;
        } else {
            views.push(view);
        }
        progress.set("views", index as u64 + 1, total);
    }
    drop(progress);
    write_views(plan.kind, &views, &args.output)?;
    console.line(&format!("{}: {total} views", args.output.display()));
    Ok(Outcome::Pass)
}

fn check(args: &RenderArgs) -> Result<Plan, Problems> {
    let mut problems = Problems::default();
    let kind = kind(&args.output, &mut problems);
    let background = colour("--background", &args.background, &mut problems);
    let profile = profile("--profile", &args.profile, &mut problems);
    if args
        .extent
        .is_some_and(|extent| !(extent >= 0.0 && extent.is_finite()))
    {
        problems.add("--extent: not a length", "give 0 (as it is) or more");
    }
    let cameras = cameras(args, kind, &mut problems);
    let (Some(kind), Some(background), Some(profile)) = (kind, background, profile) else {
        return problems.or(None);
    };
    let extent = match args.extent {
        // The cameras stand where the 2025 validator's do, whose extent fills their view.
        None => Some(render::VALIDATOR_EXTENT),
        Some(extent) => Some(extent).filter(|extent| *extent > 0.0),
    };
    problems.or(Some(Plan {
        kind,
        cameras,
        background,
        profile,
        extent,
    }))
}

fn kind(output: &Path, problems: &mut Problems) -> Option<Kind> {
    match Kind::of(output) {
        Some(kind) => Some(kind),
        None if output.extension().is_none() || output.is_dir() => Some(Kind::Folder),
        None => {
            problems.add(
                format!(
                    "--output {}: no picture has this extension",
                    output.display()
                ),
                "name a folder, or a .png, .gif or .mp4 file",
            );
            None
        }
    }
}

fn cameras(args: &RenderArgs, kind: Option<Kind>, problems: &mut Problems) -> Vec<Camera> {
    if !(1..=MOST_VIEWS).contains(&args.views) {
        problems.add(
            format!("--views {}: out of range", args.views),
            format!("give 1 to {MOST_VIEWS}"),
        );
        return Vec::new();
    }
    let pixels = u64::from(args.size) * u64::from(args.size) * u64::from(args.views);
    if kind != Some(Kind::Folder) && pixels > MOST_PIXELS {
        problems.add(
            format!(
                "--views {} at --size {}: too large for one picture",
                args.views, args.size
            ),
            "render fewer or smaller views, or to a folder",
        );
        return Vec::new();
    }
    let gaps = if kind.is_some_and(Kind::is_turntable) {
        args.views
    } else {
        // As numpy's linspace(0, 360, views): the last view is the first one again.
        (args.views - 1).max(1)
    };
    let orbit = |index: u32| Orbit {
        azimuth_deg: args.azimuth + 360.0 * f64::from(index) / f64::from(gaps),
        elevation_deg: args.elevation,
        radius: args.radius,
        fov_y_deg: args.fov,
        width: args.size,
        height: args.size,
    };
    match (0..args.views)
        .map(|index| Camera::orbit(orbit(index)))
        .collect()
    {
        Ok(cameras) => cameras,
        Err(error) => {
            problems.add(error.to_string(), "see splatsmith render --help");
            Vec::new()
        }
    }
}

fn write_views(kind: Kind, views: &[Image], output: &Path) -> anyhow::Result<()> {
    match kind {
        Kind::Folder => Ok(()),
        Kind::Png => write_atomic(output, &pictures::sheet(views)?),
        Kind::Gif => write_atomic(output, &render::turntable_gif(views, FRAME_TIME)?),
        Kind::Mp4 => film(views, output),
    }
}

/// Hands the views to ffmpeg, which must be installed.
fn film(views: &[Image], output: &Path) -> anyhow::Result<()> {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let Some(first) = views.first() else {
        return Ok(());
    };
    let folder = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let half_done = tempfile::Builder::new()
        .prefix(".splatsmith-")
        .suffix(".mp4")
        .tempfile_in(folder.map_or_else(|| PathBuf::from("."), Path::to_path_buf))
        .with_context(|| format!("{}: its folder cannot be written to", output.display()))?;
    let mut ffmpeg = Command::new("ffmpeg")
        .args([
            "-loglevel",
            "error",
            "-y",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "rgb24",
        ])
        .args(["-s", &format!("{}x{}", first.width, first.height)])
        .args(["-r", &format!("1000/{}", FRAME_TIME.as_millis()), "-i", "-"])
        // H.264 in 4:2:0 wants even sides.
        .args([
            "-vf",
            "pad=ceil(iw/2)*2:ceil(ih/2)*2",
            "-pix_fmt",
            "yuv420p",
        ])
        .arg(half_done.path())
        .stdin(Stdio::piped())
        .spawn()
        .context("an .mp4 needs ffmpeg, which cannot be started: install it, or write a .gif")?;
    let written = match ffmpeg.stdin.take() {
        Some(mut pipe) => views.iter().try_for_each(|view| pipe.write_all(&view.rgb)),
        None => Ok(()),
    };
    let status = ffmpeg.wait().context("ffmpeg was lost")?;
    if !status.success() {
        anyhow::bail!("ffmpeg failed ({status})");
    }
    written.context("ffmpeg took no more views")?;
    half_done
        .persist(output)
        .map_err(|error| error.error)
        .with_context(|| format!("{}: cannot be written", output.display()))?;
    Ok(())
}
