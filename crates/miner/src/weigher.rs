//! Whether a judged cloud is worth sending: by what the validator's answers have taught, not by its
//! threshold alone.
//!
//! A rejection costs two cooldowns more than an empty answer, so sending pays where the probability of
//! acceptance exceeds `2q / (1 + 2q)`, `q` being the share of our answers the validator accepts
//! ([`subnet17::economics::submit_threshold`]). The probability comes from our score by a
//! [`Calibration`] learnt from the ledger. Without any answer both say the same: the validator's
//! threshold as it is. A gateway scores nothing and punishes nothing: there, the judge's word holds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use judge::{Calibration, Estimate, Verdict};
use rusqlite::Connection;
use serde::Serialize;
use subnet17::economics::submit_threshold;

use crate::clock::{self, UnixMillis};
use crate::error::LedgerError;
use crate::ledger::{Ledger, OpenTask, SourceId, observed};

/// How old what was learnt may be.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// Answers older than this teach nothing more: judges, generators and validators change. It also lets
/// a miner that has stopped sending to a validator try again.
const REMEMBERED_FOR: Duration = Duration::from_secs(14 * 24 * 3600);

/// How many answers are learnt from, the newest first.
const MOST_ANSWERS: u32 = 20_000;

/// What a judged cloud is worth at one validator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Weighing {
    /// Our score.
    pub score: f64,
    /// The probability, 0 to 1, that the validator accepts it.
    pub probability: f64,
    /// The probability from which sending pays.
    pub needed: f64,
    /// The score from which the probability is that; `None` where no score has it.
    pub sends_from: Option<f64>,
    /// How many answers of this validator the probability rests on.
    pub answers: usize,
    /// Whether it is sent.
    pub sends: bool,
}

impl Weighing {
    /// Weighs `score` at a validator that says it accepts from `threshold` on.
    fn of(score: f64, threshold: f64, estimate: &Estimate) -> Self {
        let probability = estimate.curve.probability(score, threshold);
        let needed = submit_threshold(estimate.accepted_share);
        let sends_from = sends_from(threshold, estimate);
        Self {
            score,
            probability,
            needed,
            sends_from,
            answers: estimate.answers,
            sends: sends_from.is_some_and(|line| score >= line),
        }
    }

    /// Why it is sent or not, in a few words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Self {
            score,
            probability,
            needed,
            answers,
            ..
        } = self;
        format!(
            "score {score:.3}: accepted with {:.0} %, sending pays from {:.0} % ({answers} answers)",
            probability * 100.0,
            needed * 100.0
        )
    }
}

/// The score from which sending pays at a validator that says it accepts from `threshold` on; `None`
/// where no score is good enough.
pub(crate) fn sends_from(threshold: f64, estimate: &Estimate) -> Option<f64> {
    let needed = submit_threshold(estimate.accepted_share);
    estimate.curve.score_at(needed, threshold)
}

/// What the answers in a ledger teach now.
pub(crate) fn learnt(connection: &Connection) -> Result<Calibration<SourceId>, LedgerError> {
    observed(connection, since(), MOST_ANSWERS)
}

/// From when on answers teach.
fn since() -> UnixMillis {
    clock::now() - clock::millis(REMEMBERED_FOR)
}

/// What was learnt, and when.
type Learnt = (Instant, Arc<Calibration<SourceId>>);

/// Learns from the ledger and weighs by it.
#[derive(Debug, Default)]
pub(crate) struct Weigher {
    learnt: Mutex<Option<Learnt>>,
}

impl Weigher {
    /// What the answer to `task` with this verdict is worth; `None` where only the verdict's own word
    /// counts: it has no score, a gate of it does not pass, or the task is a gateway's.
    pub(crate) async fn weigh(
        &self,
        ledger: &Ledger,
        task: &OpenTask,
        verdict: &Verdict,
    ) -> Result<Option<Weighing>, LedgerError> {
        let Some(score) = verdict.score else {
            return Ok(None);
        };
        if task.ticket.is_some() || verdict.failed_gate().is_some() {
            return Ok(None);
        }
        let calibration = self.calibration(ledger).await?;
        let estimate = calibration.of(&task.source);
        Ok(Some(Weighing::of(score, task.threshold, &estimate)))
    }

    async fn calibration(
        &self,
        ledger: &Ledger,
    ) -> Result<Arc<Calibration<SourceId>>, LedgerError> {
        let known = self.lock().clone();
        if let Some((at, calibration)) = known
            && at.elapsed() < FRESH_FOR
        {
            return Ok(calibration);
        }
        let calibration = Arc::new(ledger.learn(since(), MOST_ANSWERS).await?);
        *self.lock() = Some((Instant::now(), Arc::clone(&calibration)));
        Ok(calibration)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Learnt>> {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use judge::Observation;

    use super::*;

    fn estimate(answers: &[(f64, bool)]) -> Estimate {
        let answers = answers.iter().map(|&(score, accepted)| {
            let observation = Observation {
                score,
                threshold: 0.6,
                accepted,
            };
            ((), observation)
        });
        Calibration::learn(answers).of(&())
    }

    fn sends(score: f64, estimate: &Estimate) -> bool {
        Weighing::of(score, 0.6, estimate).sends
    }

    #[test]
    fn without_history_the_validator_s_threshold_holds_as_it_is() {
        let nothing = Estimate::default();
        let at = Weighing::of(0.6, 0.6, &nothing);
        assert_eq!((at.sends, at.sends_from, at.needed), (true, Some(0.6), 0.5));
        assert!(!sends(0.599_999, &nothing) && sends(0.600_001, &nothing));
        assert!(!sends(f64::NAN, &nothing));
    }

    #[test]
    fn the_line_goes_where_answers_divide() {
        let line = |rejected: f64, accepted: f64| {
            let answers = [[(rejected, false); 20], [(accepted, true); 20]].concat();
            Weighing::of(0.6, 0.6, &estimate(&answers)).sends_from
        };
        assert!(line(0.62, 0.7).is_some_and(|line| line > 0.62 && line < 0.7));
        assert!(line(0.5, 0.55).is_some_and(|line| line < 0.6));
    }

    #[test]
    fn where_nothing_is_accepted_a_turn_is_worth_little() {
        let weighed = |accepted| Weighing::of(0.62, 0.6, &estimate(&[(0.62, accepted); 20]));
        let (never, always) = (weighed(false), weighed(true));
        assert!(never.probability < 0.2 && always.probability > 0.8);
        assert!(never.needed < 0.2 && always.needed > 0.6);
    }

    #[test]
    fn the_more_a_turn_is_worth_the_surer_one_has_to_be() {
        let good = estimate(&[(0.7, true); 40]);
        let middling: Vec<(f64, bool)> = (0..40).map(|index| (0.7, index % 2 == 0)).collect();
        let middling = estimate(&middling);
        let needed = |estimate| Weighing::of(0.7, 0.6, estimate).needed;
        assert!(needed(&good) > needed(&middling));
        assert!((needed(&good) - 2.0 / 3.0).abs() < 0.02);
    }
}
