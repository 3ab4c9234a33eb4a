//! The state of a miner as its events tell it, and the lines that show it.

use std::collections::{BTreeMap, HashMap};

use miner::{Activity, Event, Outcome, SourceState, Stamped, ValidatorInfo, short_source_name};
use owo_colors::OwoColorize;

/// A list of prompts longer than this has lost its tasks' endings; it is begun afresh.
const MOST_PROMPTS: usize = 10_000;

/// Characters of a prompt that are shown.
const PROMPT_WIDTH: usize = 40;

/// What is known about the miner right now. Fed with events, asked for lines.
#[derive(Debug, Default)]
pub(crate) struct Board {
    colour: bool,
    validators: BTreeMap<u16, Validator>,
    devices: Vec<Device>,
    queue: usize,
    prompts: HashMap<String, String>,
    stopping: Option<String>,
}

#[derive(Debug)]
struct Validator {
    state: SourceState,
    accepted: u64,
    skipped: u64,
    rejected: u64,
    violations: u64,
}

#[derive(Debug)]
struct Device {
    number: usize,
    /// The number of its generator's first.
    first: usize,
    label: String,
    activity: Activity,
}

impl Board {
    /// An empty board.
    pub(crate) fn new(colour: bool) -> Self {
        Self {
            colour,
            ..Self::default()
        }
    }

    /// Takes one event into account.
    pub(crate) fn observe(&mut self, stamped: &Stamped) {
        match &stamped.event {
            Event::Started {
                validators,
                generators,
                ..
            } => {
                for validator in validators {
                    self.seat(validator);
                }
                self.devices = Device::all(generators);
            }
            Event::Joined { validator } => self.seat(validator),
            Event::Source { uid, state } => {
                if let Some(validator) = self.validators.get_mut(uid) {
                    validator.state = state.clone();
                }
            }
            Event::Queue { length } => self.queue = *length,
            Event::Device { device, activity } => {
                self.device(*device, activity.clone());
            }
            Event::Opened {
                device,
                beside,
                generator,
            } => self.open(*device, *beside, generator),
            Event::Pulled { task, prompt, .. } => {
                if self.prompts.len() >= MOST_PROMPTS {
                    self.prompts.clear();
                }
                self.prompts.insert(task.clone(), shortened(prompt));
            }
            Event::Violation { uid, added, .. } => {
                if let Some(validator) = self.validators.get_mut(uid) {
                    validator.violations += added;
                }
            }
            Event::Answered {
                uid, task, outcome, ..
            } => {
                self.prompts.remove(task);
                if let Some(validator) = self.validators.get_mut(uid) {
                    validator.count(*outcome);
                }
            }
            Event::Retired { task, .. } => {
                self.prompts.remove(task);
            }
            Event::Stopping { reason } => self.stopping = Some(reason.clone()),
            _ => {}
        }
    }

    fn device(&mut self, number: usize, activity: Activity) {
        if activity == Activity::Closed {
            self.devices.retain(|device| device.number != number);
        } else if let Some(device) = self.devices.iter_mut().find(|one| one.number == number) {
            device.activity = activity;
        }
    }

    /// Another place of a generator, below those it has.
    fn open(&mut self, number: usize, beside: usize, label: &str) {
        let below = self.devices.iter().rposition(|one| one.first == beside);
        let row = below.map_or(self.devices.len(), |below| below + 1);
        self.devices.insert(row, Device::new(number, beside, label));
    }

    fn seat(&mut self, validator: &ValidatorInfo) {
        let cooling = SourceState::Cooling {
            until_ms: validator.cooldown_until_ms,
        };
        self.validators
            .insert(validator.uid, Validator::new(cooling));
    }

    /// What to show at `now_ms` (Unix milliseconds) in at most `height` lines: totals first, then
    /// devices, then as many validators as fit.
    pub(crate) fn lines(&self, now_ms: i64, height: usize) -> Vec<String> {
        let mut lines = vec![self.totals()];
        for device in &self.devices {
            lines.push(self.device_line(device, now_ms));
        }
        let room = height.saturating_sub(lines.len());
        let fitting = if self.validators.len() > room {
            room.saturating_sub(1)
        } else {
            self.validators.len()
        };
        for (uid, validator) in self.validators.iter().take(fitting) {
            lines.push(self.validator_line(*uid, validator, now_ms));
        }
        if fitting < self.validators.len() {
            let hidden = self.validators.len() - fitting;
            lines.push(format!("  … and {hidden} more validators"));
        }
        lines.truncate(height);
        lines
    }

    fn totals(&self) -> String {
        let sum = |count: fn(&Validator) -> u64| self.validators.values().map(count).sum::<u64>();
        let counts = self.counts(
            sum(|validator| validator.accepted),
            sum(|validator| validator.skipped),
            sum(|validator| validator.rejected),
            sum(|validator| validator.violations),
        );
        let stopping = self
            .stopping
            .as_ref()
            .map(|reason| format!("  stopping: {reason}"))
            .unwrap_or_default();
        let head = format!("{} validators  queue {}", self.validators.len(), self.queue);
        format!("{}  {counts}{stopping}", self.bold(&head))
    }

    fn device_line(&self, device: &Device, now_ms: i64) -> String {
        let doing = match &device.activity {
            Activity::Idle => self.dim("idle"),
            Activity::Waiting => self.dim("cannot begin yet"),
            Activity::Generating {
                uid,
                task,
                stage,
                done,
                total,
            } => {
                let prompt = self.prompts.get(task).map_or("", String::as_str);
                let step = if *total > 0 {
                    format!("{stage} {done}/{total}")
                } else {
                    (*stage).to_owned()
                };
                format!(
                    "for {}: {prompt}  {}",
                    short_source_name(*uid),
                    self.dim(&step)
                )
            }
            Activity::BackingOff { until_ms, reason } => self.red(&format!(
                "again in {}: {reason}",
                countdown(*until_ms, now_ms)
            )),
            Activity::Closed => self.dim("closed"),
            Activity::Stopped => self.red("stopped"),
        };
        format!("  {} #{}  {doing}", device.label, device.number)
    }

    fn validator_line(&self, uid: u16, validator: &Validator, now_ms: i64) -> String {
        let prompt = |task: &String| self.prompts.get(task).cloned().unwrap_or_default();
        let state = match &validator.state {
            SourceState::Cooling { until_ms } if *until_ms > now_ms => {
                format!("cooling {}", countdown(*until_ms, now_ms))
            }
            SourceState::Cooling { .. } => "ready".to_owned(),
            SourceState::Idle { until_ms } => format!("no task {}", countdown(*until_ms, now_ms)),
            SourceState::WaitingForRoom => "waits for room".to_owned(),
            SourceState::Pulling => "pulling".to_owned(),
            SourceState::Making { task } => format!("making {}", prompt(task)),
            SourceState::Submitting { task } => format!("submitting {}", prompt(task)),
            SourceState::InDoubt { until_ms } => {
                format!("in doubt {}", countdown(*until_ms, now_ms))
            }
            SourceState::BackingOff { until_ms } => {
                format!("backing off {}", countdown(*until_ms, now_ms))
            }
            SourceState::Stopped => "stopped".to_owned(),
        };
        let counts = self.counts(
            validator.accepted,
            validator.skipped,
            validator.rejected,
            validator.violations,
        );
        format!("  {:>5}  {state:<52}  {counts}", short_source_name(uid))
    }

    fn counts(&self, accepted: u64, skipped: u64, rejected: u64, violations: u64) -> String {
        let mut text = format!("accepted {accepted:>3}  skipped {skipped:>3}  ");
        let rejected_text = format!("rejected {rejected:>3}");
        text += &if rejected > 0 {
            self.red(&rejected_text)
        } else {
            rejected_text
        };
        if violations > 0 {
            text += &self.red(&format!("  violations {violations}"));
        }
        text
    }

    fn bold(&self, text: &str) -> String {
        if self.colour {
            text.bold().to_string()
        } else {
            text.to_owned()
        }
    }

    fn dim(&self, text: &str) -> String {
        if self.colour {
            text.dimmed().to_string()
        } else {
            text.to_owned()
        }
    }

    fn red(&self, text: &str) -> String {
        if self.colour {
            text.red().to_string()
        } else {
            text.to_owned()
        }
    }
}

impl Validator {
    fn new(state: SourceState) -> Self {
        Self {
            state,
            accepted: 0,
            skipped: 0,
            rejected: 0,
            violations: 0,
        }
    }

    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Skipped => self.skipped += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Unscored | Outcome::ReplyLost => {}
        }
    }
}

impl Device {
    /// The first device of each generator.
    fn all(generators: &[String]) -> Vec<Self> {
        let first = |(number, label): (usize, &String)| Self::new(number, number, label);
        generators.iter().enumerate().map(first).collect()
    }

    fn new(number: usize, first: usize, label: &str) -> Self {
        Self {
            number,
            first,
            label: label.to_owned(),
            activity: Activity::Idle,
        }
    }
}

/// `m:ss` until then, rounded up; `0:00` when it has passed.
fn countdown(until_ms: i64, now_ms: i64) -> String {
    let seconds = until_ms.saturating_sub(now_ms).max(0).saturating_add(999) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// One line of a prompt, without control characters: it comes from strangers.
pub(crate) fn shortened(prompt: &str) -> String {
    let clean: String = prompt
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if clean.chars().count() <= PROMPT_WIDTH {
        return clean;
    }
    clean.chars().take(PROMPT_WIDTH - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests;
