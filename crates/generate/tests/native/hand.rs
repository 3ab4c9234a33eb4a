//! A studio of devices in the hand of a test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use generate::native::{
    Made, Manner, Opener, Order, Preparation, Progress, Studio, StudioOptions, Subject, Trouble,
    Works,
};
use generate::{GenerateError, Generation, GenerationEvent};
use splat::{Cloud, Splat};

/// How long a test waits for what has to happen: bounds a hang, on however slow a machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// How often a device looks whether anybody still waits.
pub(crate) const MOMENT: Duration = Duration::from_millis(5);

/// What a device is told to do with what it has in hand.
pub(crate) enum Go {
    Make,
    Fail(Trouble),
    Crash,
}

/// A device in the hand of a test.
pub(crate) struct Hand {
    pub(crate) begun: mpsc::Receiver<(String, u64)>,
    pub(crate) go: mpsc::Sender<Go>,
    pub(crate) opened: Arc<AtomicU32>,
    pub(crate) shrunk: Arc<AtomicU32>,
}

impl Hand {
    /// What the device began.
    pub(crate) fn begun(&self) -> (String, u64) {
        self.begun.recv_timeout(PATIENCE).expect("it begins")
    }

    /// Whether it begins nothing for a while; a slow machine may yet.
    pub(crate) fn is_idle(&self) -> bool {
        self.begun.recv_timeout(Duration::from_millis(150)).is_err()
    }

    pub(crate) fn make(&self) -> (String, u64) {
        let begun = self.begun();
        self.go.send(Go::Make).unwrap();
        begun
    }

    pub(crate) fn fail(&self, trouble: Trouble) -> (String, u64) {
        let begun = self.begun();
        self.go.send(Go::Fail(trouble)).unwrap();
        begun
    }
}

struct Device {
    begun: mpsc::Sender<(String, u64)>,
    go: Arc<std::sync::Mutex<mpsc::Receiver<Go>>>,
    shrunk: Arc<AtomicU32>,
    /// How often it can shrink.
    room: u32,
}

impl Works for Device {
    fn make(&mut self, order: &Order<'_>, progress: &mut Progress<'_>) -> Result<Made, Trouble> {
        let Subject::Words(words) = order.subject else {
            panic!("words are asked for");
        };
        let _ = self.begun.send((words.clone(), order.seed));
        loop {
            if progress("splats", 0, 2).is_break() {
                return Err(Trouble::Cancelled);
            }
            let told = self.go.lock().unwrap().recv_timeout(MOMENT);
            match told {
                Ok(Go::Make) => break,
                Ok(Go::Fail(trouble)) => return Err(trouble),
                Ok(Go::Crash) => panic!("the device fell off the bus"),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
        }
        let splat = Splat {
            position: [order.seed as f32, 0.0, 0.0],
            log_scale: [-4.0; 3],
            rotation: [1.0, 0.0, 0.0, 0.0],
            opacity_logit: 1.0,
            colour: [0.0; 3],
        };
        Ok(Made {
            columns: Cloud::from_iter([splat]).into_columns(),
            ..Made::default()
        })
    }

    fn pace(&self) -> Duration {
        Duration::ZERO
    }

    fn shrink(&mut self) -> Option<String> {
        if self.shrunk.load(Ordering::SeqCst) == self.room {
            return None;
        }
        self.shrunk.fetch_add(1, Ordering::SeqCst);
        Some("FLUX comes and goes".to_owned())
    }

    fn forget(&mut self, _job: u64) {}
}

struct Door {
    name: String,
    begun: mpsc::Sender<(String, u64)>,
    go: Arc<std::sync::Mutex<mpsc::Receiver<Go>>>,
    opened: Arc<AtomicU32>,
    shrunk: Arc<AtomicU32>,
}

impl Opener for Door {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&mut self) -> Result<Box<dyn Works>, Trouble> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Device {
            begun: self.begun.clone(),
            go: Arc::clone(&self.go),
            shrunk: Arc::clone(&self.shrunk),
            room: 2,
        }))
    }
}

/// The next event of a generation.
pub(crate) fn event(generation: &mut Generation) -> Option<Result<GenerationEvent, GenerateError>> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let event = async { tokio::time::timeout(PATIENCE, generation.next()).await };
    runtime.block_on(event).expect("it never happened")
}

/// Which device begins next, and with what.
pub(crate) fn next(hands: &[Hand]) -> (usize, (String, u64)) {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        for (number, hand) in hands.iter().enumerate() {
            if let Ok(begun) = hand.begun.recv_timeout(MOMENT) {
                return (number, begun);
            }
        }
    }
    panic!("no device begins")
}

pub(crate) fn studio(devices: usize) -> (Studio, Vec<Hand>) {
    let prepare = |prompt: &_| Ok((generate::native::prepare(prompt)?, Manner::default()));
    studio_with(devices, Box::new(prepare))
}

/// A studio that makes prompts ready in its own way.
pub(crate) fn studio_with(devices: usize, prepare: Preparation) -> (Studio, Vec<Hand>) {
    let mut hands = Vec::new();
    let mut doors: Vec<Box<dyn Opener>> = Vec::new();
    for number in 0..devices {
        let (begun, begun_at) = mpsc::channel();
        let (go, told) = mpsc::channel();
        let (opened, shrunk) = (Arc::default(), Arc::default());
        hands.push(Hand {
            begun: begun_at,
            go,
            opened: Arc::clone(&opened),
            shrunk: Arc::clone(&shrunk),
        });
        doors.push(Box::new(Door {
            name: format!("fake:{number}"),
            begun,
            go: Arc::new(std::sync::Mutex::new(told)),
            opened,
            shrunk,
        }));
    }
    let options = StudioOptions {
        first_rest: Duration::from_millis(20),
        ..StudioOptions::new("trellis", prepare)
    };
    (Studio::open(options, doors).unwrap(), hands)
}
