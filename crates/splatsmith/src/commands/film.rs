//! Turntables: by the renderer's own encoders, or by ffmpeg. The file appears when it is complete.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result, bail};
use render::{Animation, AnimationPlan, TransparentImage, animation};

use crate::config::{Backdrop, FilmFormat};
use crate::files::AtomicFile;

/// x264's constant rate factor: 16 is near lossless to the eye.
const CRF: &str = "16";

/// A turntable that is being written.
pub(crate) struct Film {
    file: AtomicFile,
    encoder: Encoder,
}

enum Encoder {
    Own(Box<dyn Animation>),
    Ffmpeg(Ffmpeg),
}

impl Film {
    /// Begins the film that will be `path`. ffmpeg, where it is needed, is looked for here: before
    /// anything is rendered.
    pub(crate) fn begin(
        path: &Path,
        format: FilmFormat,
        plan: AnimationPlan,
        backdrop: Backdrop,
    ) -> Result<Self> {
        let file = AtomicFile::create(path)?;
        let encoder = match format {
            FilmFormat::Own(format) => {
                let writer = std::io::BufWriter::new(file.reopen()?);
                let film = animation(format, plan, writer);
                Encoder::Own(film.with_context(|| format!("{}", path.display()))?)
            }
            FilmFormat::Mp4 => Encoder::Ffmpeg(Ffmpeg::start(&file, plan, backdrop)?),
        };
        Ok(Self { file, encoder })
    }

    /// Adds frames behind those that came before.
    pub(crate) fn add(&mut self, frames: &[TransparentImage]) -> Result<()> {
        match &mut self.encoder {
            Encoder::Own(film) => Ok(film.add(frames)?),
            Encoder::Ffmpeg(ffmpeg) => ffmpeg.add(frames),
        }
    }

    /// Ends the film and gives it its name. Returns how many bytes it has.
    pub(crate) fn finish(self) -> Result<u64> {
        match self.encoder {
            Encoder::Own(film) => film.finish()?,
            Encoder::Ffmpeg(ffmpeg) => ffmpeg.finish()?,
        }
        self.file.commit()
    }
}

/// A running ffmpeg, which is killed when dropped.
struct Ffmpeg {
    process: Child,
    frames: Option<ChildStdin>,
    /// What it complains of. A file, so that many complaints cannot block it.
    complaints: File,
}

impl Ffmpeg {
    fn start(file: &AtomicFile, plan: AnimationPlan, backdrop: Backdrop) -> Result<Self> {
        let complaints = tempfile::tempfile().context("no temporary file can be made")?;
        let said = complaints
            .try_clone()
            .context("no temporary file can be made")?;
        let mut process = Command::new("ffmpeg")
            .args(["-loglevel", "error", "-y"])
            .args(["-f", "rawvideo", "-pix_fmt", "rgba"])
            .args(["-video_size", &format!("{}x{}", plan.width, plan.height)])
            .args(["-framerate", &plan.rate.to_string()])
            .args(["-i", "pipe:0"])
            .args(["-vf", &filter(backdrop)])
            .args(["-c:v", "libx264", "-crf", CRF, "-pix_fmt", "yuv420p"])
            // Players guess the colours of films that do not say.
            .args(["-colorspace", "bt709", "-color_primaries", "bt709"])
            .args(["-color_trc", "bt709", "-color_range", "tv"])
            .args(["-movflags", "+faststart", "-f", "mp4"])
            .arg(file.temporary_path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .context(
                "an .mp4 needs ffmpeg, which cannot be started: install it, or write a .webp or .gif",
            )?;
        Ok(Self {
            frames: process.stdin.take(),
            process,
            complaints,
        })
    }

    fn add(&mut self, frames: &[TransparentImage]) -> Result<()> {
        let Some(pipe) = &mut self.frames else {
            bail!("ffmpeg takes no frames");
        };
        let written = frames
            .iter()
            .try_for_each(|frame| pipe.write_all(&frame.rgba));
        match written {
            Ok(()) => Ok(()),
            // It has ended: what it said tells more than the broken pipe.
            Err(error) => Err(self
                .end()
                .err()
                .unwrap_or_else(|| anyhow::Error::new(error).context("ffmpeg took no more views"))),
        }
    }

    fn finish(mut self) -> Result<()> {
        self.end()
    }

    /// Closes the pipe and waits.
    fn end(&mut self) -> Result<()> {
        drop(self.frames.take());
        let status = self.process.wait().context("ffmpeg was lost")?;
        if status.success() {
            return Ok(());
        }
        let mut said = Vec::new();
        self.complaints
            .rewind()
            .and_then(|()| (&self.complaints).take(1 << 16).read_to_end(&mut said))
            .context("ffmpeg failed")?;
        let said = String::from_utf8_lossy(&said);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        bail!(
            "ffmpeg failed ({status}): {}",
            last.unwrap_or("it did not say why")
        );
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// H.264 in 4:2:0 wants even sides: an odd one gets a line of the background more.
fn filter(backdrop: Backdrop) -> String {
    let [red, green, blue] = match backdrop {
        Backdrop::Colour(colour) => colour.map(|value| (value * 255.0).round() as u8),
        Backdrop::Transparent => [0; 3],
    };
    format!(
        "pad=ceil(iw/2)*2:ceil(ih/2)*2:color=0x{red:02x}{green:02x}{blue:02x},\
         scale=out_color_matrix=bt709:out_range=tv"
    )
}
