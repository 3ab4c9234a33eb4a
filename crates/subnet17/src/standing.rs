//! One miner as one validator sees it: `neurons/validator/miner_data.py` and the pull and submit
//! callbacks of `neurons/validator/validator.py`, with the clock handed in.

use std::collections::VecDeque;
use std::time::Duration;

use crate::{Feedback, Rules, Task, economics};

/// A task and when it was handed out.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The task.
    pub task: Task,
    /// Unix seconds.
    pub at: f64,
}

/// What a validator remembers of one miner.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The task it works on. Handed out again at every pull until answered, without expiry.
    pub assignment: Option<Assignment>,
    /// Unix second from which it may pull; 0 = at once.
    pub cooldown_until: i64,
    /// Early pulls, less one for each correctly signed submission.
    pub cooldown_violations: u64,
    /// Until then no further submission is judged. Not cleared when judging ends.
    pub validation_locked_until: f64,
    /// When the last accepted result came, unix second; 0 = never.
    pub last_accepted: i64,
    /// Finishing times of accepted results within the window, oldest first.
    pub observations: VecDeque<i64>,
    /// Moving average of accepted scores.
    pub fidelity: f64,
}

/// Answer to a pull.
#[derive(Debug, Clone, PartialEq)]
pub enum PullOutcome {
    /// Too early: a violation, now counted. No task; tell `cooldown_until` and the count.
    OnCooldown,
    /// The task it already has, again and without any penalty.
    Repeated(Task),
    /// It may have a task: choose one and [`Standing::assign`] it.
    Free,
}

/// First answer to a submission, before anything is judged.
#[derive(Debug, Clone, PartialEq)]
pub enum SubmitOutcome {
    /// No such task is assigned: feedback with score 0, nothing else changes.
    WrongTask,
    /// The licence signature is wrong: the task is gone and the penalty applies.
    BadSignature,
    /// Empty results: the task is gone, the cooldown is the normal one.
    Skipped,
    /// Another submission is or was just being judged: ignored, the task stays.
    Locked,
    /// To be judged: continue with [`Standing::on_verdict`].
    Judge(Task),
}

/// What came of a judged submission.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ruling {
    /// Accepted with this score (at most 1).
    Accepted(f64),
    /// Below the threshold, with this score: the penalty applies.
    Rejected(f64),
    /// The scorer failed: normal cooldown, no penalty.
    ScorerFailed,
    /// Too soon after the last accepted result: ignored, the task stays.
    TooSoon,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            assignment: None,
            cooldown_until: 0,
            cooldown_violations: 0,
            validation_locked_until: 0.0,
            last_accepted: 0,
            observations: VecDeque::new(),
            fidelity: 1.0,
        }
    }
}

impl Standing {
    /// A pull at `now` (`pull_task`, `_check_miner_on_cooldown`, `_check_miner_has_assigned_task`).
    pub fn on_pull(&mut self, now: f64, rules: &Rules) -> PullOutcome {
        if self.is_on_cooldown(now) {
            self.cooldown_violations += 1;
            if self.cooldown_violations > rules.violation_grace {
                // The wire counts whole seconds: sped up, a penalty still costs at least one.
                self.cooldown_until += rules.violation_penalty.as_secs_f64().ceil() as i64;
            }
            return PullOutcome::OnCooldown;
        }
        match &self.assignment {
            Some(assignment) => PullOutcome::Repeated(assignment.task.clone()),
            None => PullOutcome::Free,
        }
    }

    /// Hands out a task (`assign_task`).
    pub fn assign(&mut self, task: Task, now: f64) {
        self.assignment = Some(Assignment { task, at: now });
    }

    /// Whether a submission is refused with 403 before its signature is even looked at
    /// (`blacklist_submitting_results`).
    pub fn blocks_submission(&self) -> bool {
        self.assignment.is_none()
    }

    /// A submission at `now` (`submit_results`, start of `_validate_results`). `is_signed` checks the
    /// licence signature against the assigned task's prompt and is asked only for the right task.
    pub fn on_submit(
        &mut self,
        task_id: &str,
        is_empty: bool,
        is_signed: impl FnOnce(&Task) -> bool,
        now: f64,
        rules: &Rules,
    ) -> SubmitOutcome {
        let task = match &self.assignment {
            Some(assignment) if assignment.task.id == task_id => assignment.task.clone(),
            _ => return SubmitOutcome::WrongTask,
        };
        if !is_signed(&task) {
            self.finish(now, rules.cooldown + rules.penalty, rules);
            return SubmitOutcome::BadSignature;
        }
        self.cooldown_violations = self.cooldown_violations.saturating_sub(1);
        if is_empty {
            self.finish(now, rules.cooldown, rules);
            return SubmitOutcome::Skipped;
        }
        if self.validation_locked_until > now {
            return SubmitOutcome::Locked;
        }
        self.validation_locked_until = now.floor() + rules.validation_lock.as_secs_f64();
        SubmitOutcome::Judge(task)
    }

    /// The scorer's answer at `now`: a score, or nothing where it failed (`_validate_results`,
    /// `_process_valid_result`, `_process_task_failure`).
    pub fn on_verdict(&mut self, score: Option<f64>, now: f64, rules: &Rules) -> Ruling {
        let Some(score) = score else {
            self.finish(now, rules.cooldown, rules);
            return Ruling::ScorerFailed;
        };
        let between = rules.cooldown.saturating_sub(rules.throttle).as_secs_f64();
        if self.last_accepted != 0 && self.last_accepted as f64 + between > now {
            return Ruling::TooSoon;
        }
        // A score that is no number is no acceptance.
        if score.is_nan() || score < rules.acceptance_threshold {
            self.finish(now, rules.cooldown + rules.penalty, rules);
            return Ruling::Rejected(score);
        }
        let score = score.min(1.0);
        self.finish(now, rules.cooldown, rules);
        self.observations.push_back(now as i64);
        self.fidelity = self.fidelity * (1.0 - rules.fidelity_alpha) + rules.fidelity_alpha * score;
        self.last_accepted = now as i64;
        Ruling::Accepted(score)
    }

    /// The feedback of a submission (`_add_feedback_and_strip`). The score shows only for an accepted
    /// result; a rejected one is told 0, as the validator does.
    pub fn feedback(
        &mut self,
        ruling: Option<Ruling>,
        rating: f64,
        now: f64,
        rules: &Rules,
    ) -> Feedback {
        let oldest = now.floor() - rules.observation_window.as_secs_f64();
        while self
            .observations
            .front()
            .is_some_and(|&finished| finished as f64 <= oldest)
        {
            self.observations.pop_front();
        }
        let observations = self.observations.len() as u64;
        Feedback {
            validation_failed: ruling == Some(Ruling::ScorerFailed),
            task_fidelity_score: match ruling {
                Some(Ruling::Accepted(score)) => score,
                _ => 0.0,
            },
            average_fidelity_score: self.fidelity,
            generations_within_the_window: observations,
            current_duel_rating: rating,
            current_miner_reward: economics::reward(observations, rating),
        }
    }

    /// Has everything remembered be so many seconds later than it was, for a test network whose clock
    /// is set.
    pub fn set_clock(&mut self, step: i64) {
        if let Some(assignment) = &mut self.assignment {
            assignment.at += step as f64;
        }
        for moment in [&mut self.cooldown_until, &mut self.last_accepted] {
            // 0 means never.
            if *moment != 0 {
                *moment += step;
            }
        }
        self.validation_locked_until += step as f64;
        for finished in &mut self.observations {
            *finished += step;
        }
    }

    /// Whether a pull at `now` would be a violation (`is_on_cooldown`).
    pub fn is_on_cooldown(&self, now: f64) -> bool {
        now < self.cooldown_until as f64
    }

    /// Ends the task and starts the cooldown, with credit for the time it took (`reset_task`).
    fn finish(&mut self, now: f64, cooldown: Duration, rules: &Rules) {
        let cooldown = cooldown.as_secs_f64();
        let until = match self.assignment.take() {
            None => now.trunc() + cooldown,
            Some(task) => (now + cooldown - rules.throttle.as_secs_f64()).max(task.at + cooldown),
        };
        self.cooldown_until = until as i64;
    }
}
