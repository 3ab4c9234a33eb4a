//! What the tests of the command share: running it, and small assets of their own.

#![allow(dead_code)] // Each test binary uses its own part.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use splat::{Cloud, Container, Splat};

/// How long any process may take: longer than one needs on a slow machine that is busy with others, so
/// that only one that hangs is ended.
const LONGEST: Duration = Duration::from_secs(1200);

/// What one run of the command came to.
pub(crate) struct Run {
    /// The exit code; −1 when a signal ended it.
    pub(crate) code: i32,
    /// For scripts.
    pub(crate) stdout: String,
    /// For people.
    pub(crate) stderr: String,
}

impl Run {
    /// The JSON on stdout, which must hold nothing else.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {:?}\n{}", self.stdout, self.stderr))
    }

    /// Checks that the command ended with `code` and one line that says why.
    pub(crate) fn refused(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        let errors = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "));
        assert_eq!(errors.count(), 1, "{}", self.stderr);
        assert_eq!(self.stdout, "", "a refusal belongs on stderr");
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The command in a folder of its own, so that no settings file of the machine is read.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_splatsmith"));
    command.current_dir(folder).env_remove("SPLATSMITH_LOG");
    command
}

/// Runs the command to its end.
pub(crate) fn run<I: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = I>) -> Run {
    finished(command(folder).args(arguments))
}

/// Runs a process to its end, or ends it when it is not coming to one.
pub(crate) fn finished(command: &mut Command) -> Run {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Alive::start(command).finish()
}

/// A process beside the test, which ends with this.
pub(crate) struct Alive(Option<Child>);

impl Alive {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(command.spawn().expect("the command starts")))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("it has not been waited for")
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child().try_wait().expect("it can be asked")
    }

    /// Ends it at once.
    pub(crate) fn kill(self) {}

    /// Sends it a signal, such as `-INT`, which ends it as a person would.
    pub(crate) fn signal(&mut self, name: &str) {
        signal(self.child().id(), name);
    }

    /// Each line of its stderr as it comes. All are read, so that it never waits for its reader.
    pub(crate) fn lines(&mut self) -> mpsc::Receiver<String> {
        let stderr = self.child().stderr.take().expect("it was piped");
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // Nobody may be listening any more.
                let _ = say.send(line);
            }
        });
        lines
    }

    /// Waits until it ends, or ends it when it takes too long; what it came to.
    pub(crate) fn finish(mut self) -> Run {
        let child = self.0.take().expect("it has not been waited for");
        let id = child.id();
        let (ended, has_ended) = mpsc::channel::<()>();
        let watch = std::thread::spawn(move || {
            let waited = has_ended.recv_timeout(LONGEST);
            if waited == Err(mpsc::RecvTimeoutError::Timeout) {
                signal(id, "-KILL");
            }
        });
        let output = child.wait_with_output().expect("it can be waited for");
        drop(ended);
        watch.join().expect("it was watched");
        output.into()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn signal(process: u32, signal: &str) {
    let mut kill = Command::new("kill");
    let sent = kill.args([signal, &process.to_string()]).status();
    assert!(sent.expect("kill starts").success());
}

/// A closed shell of `count` splats, red above and blue below, turned in all directions: enough
/// for every gate when `count` is 7,000 or more.
pub(crate) fn shell(count: usize) -> Cloud {
    let golden_angle = std::f32::consts::PI * (3.0 - 5.0_f32.sqrt());
    (0..count)
        .map(|index| {
            let height = 1.0 - 2.0 * (index as f32 + 0.5) / count as f32;
            let (sine, cosine) = (golden_angle * index as f32).sin_cos();
            let radius = (1.0 - height * height).sqrt();
            Splat {
                position: [0.75 * radius * cosine, 0.75 * height, 0.75 * radius * sine],
                log_scale: [-3.6, -3.8, -4.5],
                rotation: [1.0, height, sine, cosine],
                opacity_logit: 2.0 + height,
                colour: if height > 0.0 {
                    [1.5, -1.0, -1.0]
                } else {
                    [-1.0, -1.0, 1.5]
                },
            }
        })
        .collect()
}

/// Writes [`shell`] to `folder/name`, in the container its extension asks for.
pub(crate) fn shell_file(folder: &Path, name: &str, count: usize) -> PathBuf {
    let container = Container::from_path(Path::new(name)).expect("a container");
    shell_file_in(folder, name, count, container)
}

/// Writes [`shell`] to `folder/name`, in `container`.
pub(crate) fn shell_file_in(
    folder: &Path,
    name: &str,
    count: usize,
    container: Container,
) -> PathBuf {
    let path = folder.join(name);
    let bytes = container.write(&shell(count)).expect("writes");
    std::fs::write(&path, bytes).expect("written");
    path
}

/// A picture of a disc on white, as a PNG.
pub(crate) fn disc_png() -> Vec<u8> {
    let side = 96;
    let picture = image::RgbImage::from_fn(side, side, |x, y| {
        let distance = (f64::from(x) - 48.0).hypot(f64::from(y) - 48.0);
        image::Rgb(if distance < 36.0 {
            [220, 120, 20]
        } else {
            [255; 3]
        })
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("encodes");
    bytes.into_inner()
}
