//! The SDK's own axons, in a Python beside the test.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use bittensor::Metagraph;
use serde::Deserialize;

use crate::PATIENCE;

/// One call as the SDK's axon had it.
#[derive(Debug, Deserialize)]
pub struct Call {
    pub route: String,
    /// Empty for calls that went well.
    pub trouble: String,
    pub status: Option<u16>,
}

/// What one axon saw.
#[derive(Debug, Deserialize)]
pub struct Axon {
    pub calls: Vec<Call>,
    /// What was wrong with submissions, by the validator's own checks.
    pub flaws: serde_json::Map<String, serde_json::Value>,
    /// Pulls during a cooldown.
    pub early: u64,
    pub doubled: u64,
}

/// The SDK's axons at work; they end with this.
pub struct Axons {
    child: Child,
    /// What Python says, line by line, until it ends.
    lines: mpsc::Receiver<String>,
}

pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("SPLATSMITH_INTEROP_PYTHON").map(PathBuf::from);
    if python.is_none() {
        let required = std::env::var_os("SPLATSMITH_INTEROP_REQUIRED").is_some();
        assert!(
            !required,
            "SPLATSMITH_INTEROP_PYTHON must name a Python with the SDK here"
        );
        println!("skipped: SPLATSMITH_INTEROP_PYTHON names no Python with the SDK");
    }
    python
}

impl Axons {
    /// Axons with these troubles.
    pub fn start(python: &Path, troubles: impl Iterator<Item = &'static str>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/troubles.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(troubles)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts");
        let output = BufReader::new(child.stdout.take().unwrap());
        let (say, lines) = mpsc::channel();
        // Ends with Python, which ends with its `Axons`.
        std::thread::spawn(move || {
            let mut spoken = output.lines().map_while(Result::ok);
            spoken.try_for_each(|line| say.send(line).ok())
        });
        Self { child, lines }
    }

    /// The next line that is not the SDK's log.
    fn line(&mut self, begins: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("another line");
            if line.starts_with(begins) {
                return line;
            }
        }
    }

    pub fn metagraph(&mut self) -> Metagraph {
        Metagraph::from_json(self.line("{\"netuid\"").as_bytes()).unwrap()
    }

    /// Has those listen whose port was closed.
    pub fn open(&mut self) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(b"open\n").unwrap();
    }

    pub fn end(mut self) -> Vec<Axon> {
        drop(self.child.stdin.take());
        serde_json::from_str(&self.line("[{\"calls\"")).unwrap()
    }
}

impl Drop for Axons {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
