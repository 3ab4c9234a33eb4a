//! Mining in numbers: a fold over the event stream.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::clock::UnixMillis;
use crate::event::{Activity, Event, Giver, Outcome, Stamped, ValidatorInfo};

/// What a run came to. The JSON that `mine --json` ends with.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Over all validators.
    #[serde(flatten)]
    pub totals: Counts,
    /// The share of time, 0 to 1, in which a generator had nothing to do, from the first pulled
    /// task to the end of the last generation, averaged over the generators.
    pub generator_idle_share: f64,
    /// Validator by validator, by uid.
    pub validators: Vec<ValidatorSummary>,
}

/// One validator in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidatorSummary {
    /// Its number on the subnet.
    pub uid: u16,
    /// Who it is.
    #[serde(flatten)]
    pub giver: Giver,
    /// Its share of the totals.
    #[serde(flatten)]
    pub counts: Counts,
    /// Mean time from a task's arrival to the validator's reply, in seconds.
    pub mean_answer_seconds: Option<f64>,
    /// The score from which clouds were last sent to it, as its answers teach; `None` while none was
    /// scored, or where no score is good enough.
    pub sends_from: Option<f64>,
}

/// What can be counted, for one validator or for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counts {
    /// Tasks received for the first time.
    pub tasks_pulled: u64,
    /// Answers the validator has dealt with, empty ones among them.
    pub tasks_answered: u64,
    /// Answers scored at or above the threshold, or taken by a gateway.
    pub accepted: u64,
    /// Empty answers.
    pub skipped: u64,
    /// Answers scored below the threshold.
    pub rejected: u64,
    /// Pulls the validator counted as too early.
    pub violations: u64,
    /// Tasks that ended without an answer.
    pub lost: u64,
    /// Answers the validator has dealt with twice.
    pub doubled: u64,
    /// Mean score of accepted answers (validators tell a rejected one 0, whatever its score);
    /// `None` before the first.
    pub mean_score: Option<f64>,
}

/// Counts events as they pass.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    validators: BTreeMap<u16, ValidatorTally>,
    /// Those whose uid has been given to somebody else since.
    former: Vec<(u16, ValidatorTally)>,
    devices: Vec<DeviceTally>,
    first_pull: Option<UnixMillis>,
}

#[derive(Debug)]
struct ValidatorTally {
    giver: Giver,
    counts: Counts,
    scores: Mean,
    answer_seconds: Mean,
    sends_from: Option<f64>,
}

#[derive(Debug, Default)]
struct DeviceTally {
    busy_since: Option<UnixMillis>,
    busy_ms: i64,
    last_busy: Option<UnixMillis>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl Tally {
    pub(crate) fn observe(&mut self, stamped: &Stamped) {
        match &stamped.event {
            Event::Started {
                validators,
                generators,
                ..
            } => {
                for validator in validators {
                    self.admit(validator);
                }
                self.devices
                    .resize_with(generators.len(), DeviceTally::default);
            }
            Event::Joined { validator } => self.admit(validator),
            Event::Pulled { uid, replayed, .. } => {
                self.first_pull.get_or_insert(stamped.at_ms);
                if !replayed {
                    self.count(*uid, |counts| counts.tasks_pulled += 1);
                }
            }
            Event::Answered {
                uid,
                outcome,
                score,
                took_ms,
                ..
            } => self.answered(*uid, *outcome, *score, *took_ms),
            Event::Weighed { uid, weighing, .. } => {
                if let Some(validator) = self.validators.get_mut(uid) {
                    validator.sends_from = weighing.sends_from;
                }
            }
            Event::Violation { uid, added, .. } => {
                self.count(*uid, |counts| counts.violations += added);
            }
            Event::Doubled { uid, .. } => self.count(*uid, |counts| counts.doubled += 1),
            Event::Retired { uid, .. } => self.count(*uid, |counts| counts.lost += 1),
            Event::Device { device, activity } => {
                if let Some(tally) = self.devices.get_mut(*device) {
                    tally.observe(
                        matches!(activity, Activity::Generating { .. }),
                        stamped.at_ms,
                    );
                }
            }
            _ => {}
        }
    }

    fn admit(&mut self, validator: &ValidatorInfo) {
        let uid = validator.uid;
        if let Some(known) = self.validators.get(&uid)
            && known.giver == validator.giver
        {
            return;
        }
        let fresh = ValidatorTally {
            giver: validator.giver.clone(),
            counts: Counts::default(),
            scores: Mean::default(),
            answer_seconds: Mean::default(),
            sends_from: None,
        };
        if let Some(former) = self.validators.insert(uid, fresh) {
            self.former.push((uid, former));
        }
    }

    fn count(&mut self, uid: u16, change: impl FnOnce(&mut Counts)) {
        if let Some(validator) = self.validators.get_mut(&uid) {
            change(&mut validator.counts);
        }
    }

    fn answered(&mut self, uid: u16, outcome: Outcome, score: Option<f64>, took_ms: Option<f64>) {
        let Some(validator) = self.validators.get_mut(&uid) else {
            return;
        };
        let counts = &mut validator.counts;
        counts.tasks_answered += 1;
        match outcome {
            Outcome::Accepted => counts.accepted += 1,
            Outcome::Skipped => counts.skipped += 1,
            Outcome::Rejected => counts.rejected += 1,
            Outcome::Unscored | Outcome::ReplyLost => {}
        }
        if let (Outcome::Accepted, Some(score)) = (outcome, score) {
            validator.scores.add(score);
        }
        if let Some(took_ms) = took_ms {
            validator.answer_seconds.add(took_ms / 1000.0);
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        let mut totals = Counts::default();
        let mut scores = Mean::default();
        let mut validators = Vec::with_capacity(self.validators.len() + self.former.len());
        let former = self.former.iter().map(|(uid, tally)| (uid, tally));
        for (&uid, tally) in former.chain(&self.validators) {
            let counts = &tally.counts;
            totals.tasks_pulled += counts.tasks_pulled;
            totals.tasks_answered += counts.tasks_answered;
            totals.accepted += counts.accepted;
            totals.skipped += counts.skipped;
            totals.rejected += counts.rejected;
            totals.violations += counts.violations;
            totals.lost += counts.lost;
            totals.doubled += counts.doubled;
            scores.merge(tally.scores);
            validators.push(ValidatorSummary {
                uid,
                giver: tally.giver.clone(),
                counts: Counts {
                    mean_score: tally.scores.value(),
                    ..counts.clone()
                },
                mean_answer_seconds: tally.answer_seconds.value(),
                sends_from: tally.sends_from,
            });
        }
        validators.sort_by_key(|validator| validator.uid);
        totals.mean_score = scores.value();
        Summary {
            totals,
            generator_idle_share: self.idle_share(),
            validators,
        }
    }

    fn idle_share(&self) -> f64 {
        let last = self.devices.iter().filter_map(|device| device.last_busy);
        let (Some(start), Some(end)) = (self.first_pull, last.max()) else {
            return 1.0;
        };
        let available = (end - start).max(0) * self.devices.len() as i64;
        let busy: i64 = self.devices.iter().map(|device| device.busy_ms).sum();
        if available == 0 {
            return 0.0;
        }
        (1.0 - busy as f64 / available as f64).clamp(0.0, 1.0)
    }
}

impl DeviceTally {
    /// Adds the time since the last look if the device was busy then.
    fn observe(&mut self, busy: bool, at: UnixMillis) {
        if let Some(since) = self.busy_since {
            self.busy_ms += (at - since).max(0);
            self.last_busy = Some(at);
        }
        self.busy_since = busy.then_some(at);
    }
}

#[cfg(test)]
mod tests {
    use bittensor::Keypair;

    use super::*;
    use crate::event::Standing;

    fn started(uids: &[u16], generators: usize) -> Event {
        let validator = |&uid| ValidatorInfo {
            uid,
            giver: Giver::Hotkey(Keypair::from_seed([uid as u8; 32]).public()),
            cooldown_until_ms: 0,
            standing: Standing::default(),
        };
        Event::Started {
            validators: uids.iter().map(validator).collect(),
            ignored: Vec::new(),
            generators: vec!["one".to_owned(); generators],
            resumed: 0,
        }
    }

    fn pulled(uid: u16, replayed: bool) -> Event {
        Event::Pulled {
            uid,
            task: "t".to_owned(),
            prompt: "a chair".to_owned(),
            replayed,
        }
    }

    fn answered(uid: u16, outcome: Outcome, score: Option<f64>) -> Event {
        Event::Answered {
            uid,
            task: "t".to_owned(),
            outcome,
            score,
            took_ms: score.map(|_| 4000.0),
            cooldown_until_ms: 0,
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

    fn tally(events: Vec<(UnixMillis, Event)>) -> Summary {
        let mut tally = Tally::default();
        for (at_ms, event) in events {
            tally.observe(&Stamped { at_ms, event });
        }
        tally.summary()
    }

    #[test]
    fn answers_are_counted_by_outcome_for_each_validator_and_for_all() {
        let summary = tally(vec![
            (0, started(&[1, 2], 1)),
            (1, pulled(1, false)),
            (2, pulled(1, true)),
            (3, answered(1, Outcome::Accepted, Some(0.8))),
            (4, pulled(2, false)),
            (5, answered(2, Outcome::Accepted, Some(0.6))),
            (6, answered(2, Outcome::Rejected, Some(0.0))),
            (7, answered(2, Outcome::Skipped, None)),
            (8, answered(2, Outcome::ReplyLost, None)),
        ]);
        assert_eq!(summary.totals.tasks_pulled, 2);
        assert_eq!(summary.totals.tasks_answered, 5);
        assert_eq!(summary.totals.accepted, 2);
        assert_eq!(summary.totals.rejected, 1);
        assert_eq!(summary.totals.skipped, 1);
        assert!((summary.totals.mean_score.unwrap() - 0.7).abs() < 1e-9);
        assert_eq!(summary.validators[0].counts.tasks_answered, 1);
        assert_eq!(summary.validators[1].counts.tasks_answered, 4);
        assert_eq!(summary.validators[0].mean_answer_seconds, Some(4.0));
    }

    #[test]
    fn idleness_counts_from_the_first_task_to_the_last_generation() {
        let summary = tally(vec![
            (0, started(&[1], 2)),
            (1000, pulled(1, false)),
            (1000, device(0, true)),
            (1500, device(0, true)),
            (2000, device(0, false)),
            (2000, device(1, true)),
            (3000, device(1, false)),
            (9000, device(0, false)),
        ]);
        // 1 s of work each in 2 s.
        assert!((summary.generator_idle_share - 0.5).abs() < 1e-9);
    }

    #[test]
    fn who_takes_over_a_uid_is_counted_apart() {
        let joined = |key: u8| {
            let Event::Started { validators, .. } = started(&[1], 1) else {
                panic!("another event");
            };
            let mut validator = validators[0].clone();
            validator.giver = Giver::Hotkey(Keypair::from_seed([key; 32]).public());
            Event::Joined { validator }
        };
        let summary = tally(vec![
            (0, started(&[1], 1)),
            (1, pulled(1, false)),
            (2, joined(1)),
            (3, pulled(1, false)),
            (4, joined(9)),
            (5, pulled(1, false)),
        ]);
        assert_eq!(summary.totals.tasks_pulled, 3);
        let pulled = summary.validators.iter();
        let pulled: Vec<_> = pulled.map(|v| (v.uid, v.counts.tasks_pulled)).collect();
        assert_eq!(pulled, [(1, 2), (1, 1)]);
    }

    #[test]
    fn the_json_has_the_promised_fields() {
        let json = serde_json::to_value(tally(vec![(0, started(&[5], 1))])).unwrap();
        for field in [
            "tasks_pulled",
            "tasks_answered",
            "accepted",
            "skipped",
            "rejected",
            "violations",
            "lost",
            "doubled",
        ] {
            assert_eq!(json[field], 0, "{field}");
            assert_eq!(json["validators"][0][field], 0, "{field}");
        }
        assert!(json["generator_idle_share"].is_f64());
        assert!(json["mean_score"].is_null());
        assert_eq!(json["validators"][0]["uid"], 5);
    }
}
