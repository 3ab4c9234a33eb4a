//! Mining in numbers: a fold over the event stream.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Event, Giver, Outcome, Stamped, ValidatorInfo};
use crate::idleness::Idleness;

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
    idleness: Idleness,
}

#[derive(Debug)]
struct ValidatorTally {
    giver: Giver,
    counts: Counts,
    scores: Mean,
    answer_seconds: Mean,
    sends_from: Option<f64>,
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
        self.idleness.observe(stamped);
        match &stamped.event {
            Event::Started { validators, .. } => {
                for validator in validators {
                    self.admit(validator);
                }
            }
            Event::Joined { validator } => self.admit(validator),
            Event::Pulled {
                uid,
                replayed: false,
                ..
            } => self.count(*uid, |counts| counts.tasks_pulled += 1),
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
            generator_idle_share: self.idleness.share(),
            validators,
        }
    }
}

#[cfg(test)]
mod tests;
