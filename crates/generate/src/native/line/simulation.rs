//! Devices that take simulated time: the very line the threads use, run for hours in no time at all.

use std::collections::{HashMap, HashSet};

use super::*;

/// What a candidate takes a device.
const WORK: Duration = Duration::from_millis(6_300);

/// A device: when it is done with what, whether it works, and how long it was at work.
#[derive(Default)]
struct Device {
    in_hand: Option<(Instant, Ticket)>,
    is_dead: bool,
    busy: Duration,
}

/// Requests of one candidate each, as many in line as `clients` send one after the other.
struct Workshop {
    line: Line,
    devices: Vec<Device>,
    begun: Instant,
    now: Instant,
    next: u64,
    clients: usize,
    /// Requests in the order their candidate was first begun.
    order: Vec<u64>,
    /// When each was finished.
    finished: HashMap<u64, Instant>,
}

impl Workshop {
    fn new(devices: usize, clients: usize) -> Self {
        let now = Instant::now();
        Self {
            line: Line::new(devices, Duration::from_secs(1)),
            devices: (0..devices).map(|_| Device::default()).collect(),
            begun: now,
            now,
            next: 0,
            clients,
            order: Vec::new(),
            finished: HashMap::new(),
        }
    }

    /// Lets every idle device take what there is.
    fn settle(&mut self) {
        while self.next < (self.finished.len() + self.clients) as u64 {
            self.line.push(self.next, 1, None);
            self.next += 1;
        }
        for (number, device) in self.devices.iter_mut().enumerate() {
            if device.in_hand.is_some() {
                continue;
            }
            let ready = |_, _| Readiness::Ready;
            let Some(ticket) = self.line.take(number, self.now, WORK, ready) else {
                continue;
            };
            if ticket.failures == 0 {
                self.order.push(ticket.job);
            }
            // A dead one fails at once.
            let takes = if device.is_dead { Duration::ZERO } else { WORK };
            device.in_hand = Some((self.now + takes, ticket));
        }
    }

    /// To the next thing that happens, but not past `until`.
    fn step(&mut self, until: Instant) {
        let devices = self.devices.iter().enumerate();
        let events = devices.filter_map(|(number, device)| match &device.in_hand {
            Some((at, _)) => Some(*at),
            None => self.line.rests_until(number, self.now),
        });
        let at = events.min().unwrap_or(until).min(until);
        let passed = at - self.now;
        self.now = at;
        for (number, device) in self.devices.iter_mut().enumerate() {
            if device.in_hand.is_some() && !device.is_dead {
                device.busy += passed;
            }
            let Some((_, ticket)) = device.in_hand.take_if(|(done, _)| *done <= at) else {
                continue;
            };
            if device.is_dead {
                let fate = self.line.failed(number, ticket, at);
                assert_eq!(fate, Fate::Again, "another device is well");
            } else {
                self.line.finished(number, &ticket);
                let twice = self.finished.insert(ticket.job, at);
                assert_eq!(twice, None, "made twice");
            }
        }
    }

    fn run(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        self.settle();
        while self.now < until {
            self.step(until);
            self.settle();
        }
    }

    /// What was made per second from `from` to `to` seconds after the start.
    fn throughput(&self, from: u64, to: u64) -> f64 {
        let [from, to] = [from, to].map(Duration::from_secs);
        let made = self.finished.values();
        let within = made.filter(|at| (from..to).contains(&(**at - self.begun)));
        within.count() as f64 / (to - from).as_secs_f64()
    }
}

#[test]
fn two_devices_are_busy_under_load() {
    let mut workshop = Workshop::new(2, 4);
    workshop.run(3600);
    for device in &workshop.devices {
        let share = device.busy.as_secs_f64() / 3600.0;
        assert!(share >= 0.95, "{share}");
    }
    assert!(workshop.order.is_sorted(), "first come, first served");
}

#[test]
fn a_dead_device_halves_what_is_made_and_loses_nothing() {
    let mut workshop = Workshop::new(2, 4);
    workshop.run(1000);
    workshop.devices[1].is_dead = true;
    workshop.run(1000);
    workshop.devices[1].is_dead = false;
    workshop.run(1000);
    let [before, during, after] =
        [(0, 1000), (1000, 2000), (2060, 3000)].map(|(from, to)| workshop.throughput(from, to));
    assert!((during / before - 0.5).abs() < 0.02, "{during} of {before}");
    assert!((after / before - 1.0).abs() < 0.02, "{after} of {before}");
    // What was begun is made, but for what is in hand or back in line at the end.
    let unfinished = |job: &&u64| !workshop.finished.contains_key(job);
    let open: HashSet<&u64> = workshop.order.iter().filter(unfinished).collect();
    assert!(open.len() <= 2, "{open:?}");
}

#[test]
fn unequal_devices_share_by_what_they_can_do() {
    // The second is at work elsewhere half of the time: nobody waits for it.
    let mut workshop = Workshop::new(2, 3);
    for _ in 0..20 {
        workshop.devices[1].is_dead = !workshop.devices[1].is_dead;
        workshop.run(180);
    }
    assert!(workshop.devices[0].busy.as_secs_f64() / 3600.0 >= 0.95);
    assert!(workshop.devices[1].busy.as_secs_f64() / 3600.0 >= 0.35);
}
