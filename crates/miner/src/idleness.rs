//! How idle the generators were: a fold over the event stream.

use std::collections::BTreeMap;

use crate::clock::UnixMillis;
use crate::event::{Activity, Event, Stamped};

/// Watches the devices.
#[derive(Debug, Default)]
pub(crate) struct Idleness {
    devices: BTreeMap<usize, Device>,
    first_pull: Option<UnixMillis>,
}

#[derive(Debug, Default)]
struct Device {
    /// Since when it can be given work; `None` while it is closed.
    open_since: Option<UnixMillis>,
    was_open: Vec<(UnixMillis, UnixMillis)>,
    busy_since: Option<UnixMillis>,
    busy_ms: i64,
    last_busy: Option<UnixMillis>,
}

impl Idleness {
    pub(crate) fn observe(&mut self, stamped: &Stamped) {
        let at = stamped.at_ms;
        match &stamped.event {
            Event::Started { generators, .. } => {
                for device in 0..generators.len() {
                    self.open(device, at);
                }
            }
            Event::Opened { device, .. } => self.open(*device, at),
            Event::Pulled { .. } => {
                self.first_pull.get_or_insert(at);
            }
            Event::Device { device, activity } => {
                if let Some(device) = self.devices.get_mut(device) {
                    device.observe(activity, at);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, device: usize, at: UnixMillis) {
        let device = self.devices.entry(device).or_default();
        device.open_since.get_or_insert(at);
    }

    /// The share of time, 0 to 1, in which a device had nothing to do, from the first pulled task to the
    /// end of the last generation, averaged over the devices for as long as each was there.
    pub(crate) fn share(&self) -> f64 {
        let devices = || self.devices.values();
        let last = devices().filter_map(|device| device.last_busy).max();
        let (Some(start), Some(end)) = (self.first_pull, last) else {
            return 1.0;
        };
        let available: i64 = devices().map(|device| device.available(start, end)).sum();
        let busy: i64 = devices().map(|device| device.busy_ms).sum();
        if available == 0 {
            return 0.0;
        }
        (1.0 - busy as f64 / available as f64).clamp(0.0, 1.0)
    }
}

impl Device {
    /// Adds the time since the last look if the device was busy then.
    fn observe(&mut self, activity: &Activity, at: UnixMillis) {
        if let Some(since) = self.busy_since {
            self.busy_ms += (at - since).max(0);
            self.last_busy = Some(at);
        }
        self.busy_since = matches!(activity, Activity::Generating { .. }).then_some(at);
        if *activity == Activity::Closed
            && let Some(since) = self.open_since.take()
        {
            self.was_open.push((since, at));
        }
    }

    /// For how long it was there from `start` to `end`, in milliseconds.
    fn available(&self, start: UnixMillis, end: UnixMillis) -> i64 {
        let still = self.open_since.map(|since| (since, end));
        let spans = self.was_open.iter().copied().chain(still);
        spans
            .map(|(from, to)| (to.min(end) - from.max(start)).max(0))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(generators: usize) -> Event {
        Event::Started {
            validators: Vec::new(),
            ignored: Vec::new(),
            generators: vec!["one".to_owned(); generators],
            resumed: 0,
        }
    }

    fn pulled() -> Event {
        Event::Pulled {
            uid: 1,
            task: "t".to_owned(),
            prompt: "a chair".to_owned(),
            replayed: false,
        }
    }

    fn opened(device: usize) -> Event {
        Event::Opened {
            device,
            beside: 0,
            generator: "one".to_owned(),
        }
    }

    fn device(device: usize, is_busy: bool) -> Event {
        let activity = if is_busy {
            Activity::Generating {
                uid: 1,
                task: "t".to_owned(),
                stage: "",
                done: 0,
                total: 0,
            }
        } else {
            Activity::Idle
        };
        Event::Device { device, activity }
    }

    fn share(events: Vec<(UnixMillis, Event)>) -> f64 {
        let mut idleness = Idleness::default();
        for (at_ms, event) in events {
            idleness.observe(&Stamped { at_ms, event });
        }
        idleness.share()
    }

    #[test]
    fn it_counts_from_the_first_task_to_the_last_generation() {
        let share = share(vec![
            (0, started(2)),
            (1000, pulled()),
            (1000, device(0, true)),
            (1500, device(0, true)),
            (2000, device(0, false)),
            (2000, device(1, true)),
            (3000, device(1, false)),
            (9000, device(0, false)),
        ]);
        // 1 s of work each in 2 s.
        assert!((share - 0.5).abs() < 1e-9);
    }

    #[test]
    fn a_place_counts_for_as_long_as_it_is_there() {
        let closed = Event::Device {
            device: 1,
            activity: Activity::Closed,
        };
        let share = share(vec![
            (0, started(1)),
            (1000, pulled()),
            (1000, device(0, true)),
            (2000, opened(1)),
            (2500, device(1, true)),
            (3000, closed),
            (6000, opened(1)),
            (7000, device(0, false)),
        ]);
        // 6 s and 0.5 s of work, in 6 s and twice 1 s.
        assert!((share - (1.0 - 6.5 / 8.0)).abs() < 1e-9, "{share}");
    }
}
