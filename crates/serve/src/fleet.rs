//! The generators behind one server: which of them takes the next request, and how each is doing.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use generate::Generator;

/// A generator that failed is asked again after this, doubled with every failure in a row …
const FIRST_REST: Duration = Duration::from_secs(1);

/// … up to this.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// A generator that failed so often in a row is taken for broken.
const BROKEN_AFTER: u32 = 3;

/// How much the newest generation weighs in the mean time of one.
const NEWEST: f64 = 0.3;

/// What is known of one generator.
#[derive(Debug, Clone, Default)]
struct Health {
    /// Failures since it last made something.
    failures: u32,
    /// Why it failed last.
    reason: Option<String>,
    /// Until when others are asked first.
    rests_until: Option<Instant>,
    /// Mean seconds of one generation, once there was one.
    seconds: Option<f64>,
}

struct Device {
    generator: Arc<dyn Generator>,
    health: Mutex<Health>,
}

/// The generators.
pub(crate) struct Fleet {
    devices: Vec<Device>,
    /// Those that are not at work.
    idle: Mutex<Vec<usize>>,
}

/// A generator that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) label: String,
    pub(crate) failures: u32,
    pub(crate) reason: String,
}

/// A generator at work; it is idle again when this is dropped.
pub(crate) struct Lease {
    fleet: Arc<Fleet>,
    index: usize,
}

impl Fleet {
    pub(crate) fn new(generators: Vec<Arc<dyn Generator>>) -> Arc<Self> {
        let device = |generator| Device {
            generator,
            health: Mutex::default(),
        };
        Arc::new(Self {
            idle: Mutex::new((0..generators.len()).collect()),
            devices: generators.into_iter().map(device).collect(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.devices.len()
    }

    /// How many do not rest, whether they are at work or not.
    pub(crate) fn working(&self) -> usize {
        let now = Instant::now();
        let rests = |device: &&Device| lock(&device.health).rests(now);
        self.devices.len() - self.devices.iter().filter(rests).count()
    }

    /// The best idle generator: one that works before one that failed, the fastest of those, and of
    /// those that failed the one that rests least long. None if all are at work.
    pub(crate) fn lease(self: &Arc<Self>) -> Option<Lease> {
        let mut idle = lock(&self.idle);
        let now = Instant::now();
        let ranked = idle.iter().enumerate().min_by(|(_, one), (_, other)| {
            let [one, other] = [one, other].map(|index| self.health(**index).clone());
            one.compared_with(&other, now)
        });
        let place = ranked?.0;
        let index = idle.remove(place);
        Some(Lease {
            fleet: Arc::clone(self),
            index,
        })
    }

    /// Whether a generator that does not rest is idle.
    pub(crate) fn has_fresh(&self) -> bool {
        let now = Instant::now();
        let idle = lock(&self.idle);
        idle.iter().any(|index| !self.health(*index).rests(now))
    }

    /// The mean time of one generation by all of them, once one is known.
    pub(crate) fn usual_time(&self) -> Option<Duration> {
        let known = |device: &Device| lock(&device.health).seconds;
        let times: Vec<f64> = self.devices.iter().filter_map(known).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        Duration::try_from_secs_f64(mean).ok()
    }

    /// What ails it, if no generator works any more.
    pub(crate) fn troubles(&self) -> Option<Vec<Trouble>> {
        let trouble = |device: &Device| {
            let health = lock(&device.health);
            (health.failures >= BROKEN_AFTER).then(|| Trouble {
                label: device.generator.label().to_owned(),
                failures: health.failures,
                reason: health.reason.clone().unwrap_or_default(),
            })
        };
        self.devices.iter().map(trouble).collect()
    }

    fn health(&self, index: usize) -> MutexGuard<'_, Health> {
        lock(&self.devices[index].health)
    }
}

impl Health {
    fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| until > now)
    }

    fn compared_with(&self, other: &Self, now: Instant) -> Ordering {
        let rests = self.rests(now).cmp(&other.rests(now));
        let longest = |health: &Self| health.rests_until.filter(|_| health.rests(now));
        rests
            .then_with(|| longest(self).cmp(&longest(other)))
            .then_with(|| {
                // One that is not known yet is tried first.
                let seconds = |health: &Self| health.seconds.unwrap_or(0.0);
                seconds(self).total_cmp(&seconds(other))
            })
    }
}

impl Lease {
    pub(crate) fn generator(&self) -> &dyn Generator {
        self.fleet.devices[self.index].generator.as_ref()
    }

    /// It made something.
    pub(crate) fn made(&self, taken: Duration) {
        let mut health = self.fleet.health(self.index);
        let newest = taken.as_secs_f64();
        let mean = health
            .seconds
            .map_or(newest, |mean| mean + NEWEST * (newest - mean));
        *health = Health {
            seconds: Some(mean),
            ..Health::default()
        };
    }

    /// It failed through no fault of the prompt.
    pub(crate) fn failed(&self, reason: String) {
        let mut health = self.fleet.health(self.index);
        let rest = FIRST_REST * 2_u32.saturating_pow(health.failures.min(16));
        health.failures = health.failures.saturating_add(1);
        health.reason = Some(reason);
        health.rests_until = Some(Instant::now() + rest.min(LONGEST_REST));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        lock(&self.fleet.idle).push(self.index);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use generate::{Generation, Request};

    use super::*;

    struct Named(&'static str);

    impl Generator for Named {
        fn label(&self) -> &str {
            self.0
        }

        fn start(&self, _: Request) -> Generation {
            Generation::channel().1
        }
    }

    fn fleet() -> Arc<Fleet> {
        Fleet::new(vec![
            Arc::new(Named("one")) as Arc<dyn Generator>,
            Arc::new(Named("two")),
        ])
    }

    fn next(fleet: &Arc<Fleet>) -> (Lease, String) {
        let lease = fleet.lease().unwrap();
        let label = lease.generator().label().to_owned();
        (lease, label)
    }

    #[test]
    fn the_faster_one_is_asked_first_and_nobody_twice_at_once() {
        let fleet = fleet();
        let (one, _) = next(&fleet);
        let (two, label) = next(&fleet);
        assert_eq!(label, "two");
        assert!(fleet.lease().is_none());
        assert_eq!(fleet.usual_time(), None);
        one.made(Duration::from_secs(4));
        two.made(Duration::from_secs(2));
        assert_eq!(fleet.usual_time(), Some(Duration::from_secs(3)));
        drop((one, two));
        assert_eq!(next(&fleet).1, "two");
    }

    #[test]
    fn one_that_fails_rests_while_others_work_and_no_longer() {
        let fleet = fleet();
        let (one, _) = next(&fleet);
        assert_eq!(fleet.working(), 2);
        one.failed("out of memory".to_owned());
        drop(one);
        assert!(fleet.has_fresh());
        assert_eq!(fleet.working(), 1);
        let (two, label) = next(&fleet);
        assert_eq!(label, "two", "although nothing is known of it");
        assert!(!fleet.has_fresh());
        let (one, label) = next(&fleet);
        assert_eq!(label, "one", "rather one that failed than none");
        for _ in 0..2 {
            one.failed("out of memory".to_owned());
        }
        assert_eq!(fleet.troubles(), None, "the other works");
        for _ in 0..3 {
            two.failed("gone".to_owned());
        }
        let troubles = fleet.troubles().unwrap();
        assert_eq!(troubles[1].reason, "gone");
        assert_eq!(troubles[0].failures, 3);
        one.made(Duration::from_secs(1));
        assert_eq!(fleet.troubles(), None);
    }
}
