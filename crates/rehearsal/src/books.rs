//! What one validator has handed out and got back: the truth a report is made from, kept by the
//! validator's own eyes and not by what any miner says of itself.

use std::collections::{BTreeMap, BTreeSet};

use bittensor::PublicKey;
use serde::Serialize;
use subnet17::{Task, TaskKind};

/// How an answered task ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    /// Scored at or above the threshold.
    Accepted(f64),
    /// Scored below it.
    Rejected(f64),
    /// An empty result.
    Skipped,
    /// The licence signature does not verify.
    BadSignature,
    /// The scorer was too busy.
    Unscored,
}

/// A submission that did not end a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// It came too soon after another: the validation lock, or the pause after an accepted one.
    Ignored,
    /// It named a task that is not the one assigned, and never was.
    WrongTask,
    /// No task was assigned, and none had been answered before: refused with 403.
    Forbidden,
    /// Its task was answered before.
    Doubled,
}

/// A task this validator has assigned.
#[derive(Debug, Clone)]
struct Record {
    miner: PublicKey,
    prompt: String,
    /// Replies that carried it and were not destroyed on purpose.
    deliveries: u32,
    /// A submission of it is with the scorer.
    judging: bool,
    /// The validator lost its memory of it before it was answered.
    forgotten: bool,
    answer: Option<Answer>,
}

/// An assigned task that nobody has answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Unanswered {
    /// The validator that waits.
    pub validator: PublicKey,
    /// The miner it waits for.
    pub miner: PublicKey,
    /// The task's id.
    pub task: String,
    /// What was asked for; `(image)` for an image.
    pub prompt: String,
}

impl Record {
    /// Whether it reached its miner and an answer is still due.
    fn is_open(&self) -> bool {
        self.deliveries > 0 && self.answer.is_none() && !self.forgotten
    }
}

/// One validator's books.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    tasks: BTreeMap<String, Record>,
    submissions: u64,
    violations: u64,
    ignored: u64,
    wrong_task: u64,
    forbidden: u64,
    doubled: u64,
    faults: BTreeMap<&'static str, u64>,
    /// Miners whose task was forgotten, and who have not been given another since.
    bereft: BTreeSet<PublicKey>,
}

impl Books {
    /// A reply that carries `task` is on its way; repeats of an assigned task count once.
    pub(crate) fn handed_out(&mut self, task: &Task, miner: PublicKey) {
        let prompt = match task.kind {
            TaskKind::Text => task.prompt.to_string(),
            TaskKind::Image => "(image)".to_owned(),
        };
        let record = self.tasks.entry(task.id.clone()).or_insert_with(|| Record {
            miner,
            prompt,
            deliveries: 0,
            judging: false,
            forgotten: false,
            answer: None,
        });
        record.deliveries += 1;
        self.bereft.remove(&miner);
    }

    /// One of the replies that carried `task` never reached the miner.
    pub(crate) fn reply_destroyed(&mut self, task: &str) {
        if let Some(record) = self.tasks.get_mut(task) {
            record.deliveries = record.deliveries.saturating_sub(1);
        }
    }

    /// The validator no longer knows that it gave `task` to `miner`.
    pub(crate) fn forget(&mut self, task: &str, miner: PublicKey) {
        if let Some(record) = self.tasks.get_mut(task) {
            record.forgotten = true;
            self.bereft.insert(miner);
        }
    }

    pub(crate) fn is_answered(&self, task: &str) -> bool {
        self.tasks
            .get(task)
            .is_some_and(|record| record.answer.is_some())
    }

    /// Whether a miner that has no task, but submits, must be answering again what it has answered
    /// before: it has nothing else to submit, unless its task was forgotten.
    pub(crate) fn has_answer_from(&self, miner: &PublicKey) -> bool {
        let answers = |record: &Record| record.answer.is_some() && record.miner == *miner;
        !self.bereft.contains(miner) && self.tasks.values().any(answers)
    }

    /// A submission goes to the scorer; one that is not the first for its task is a double.
    pub(crate) fn judging(&mut self, task: &str) {
        self.submissions += 1;
        if let Some(record) = self.tasks.get_mut(task) {
            self.doubled += u64::from(record.judging || record.answer.is_some());
            record.judging = true;
        }
    }

    /// What the scorer said was ignored, and the task stays.
    pub(crate) fn judged_in_vain(&mut self, task: &str) {
        self.ignored += 1;
        if let Some(record) = self.tasks.get_mut(task) {
            record.judging = false;
        }
    }

    /// A submission has ended its task; `false` if another had ended it before.
    pub(crate) fn answered(&mut self, task: &str, answer: Answer) -> bool {
        let Some(record) = self.tasks.get_mut(task) else {
            return false;
        };
        self.submissions += u64::from(!record.judging);
        record.judging = false;
        let first = record.answer.is_none();
        record.answer.get_or_insert(answer);
        first
    }

    /// A submission has ended nothing.
    pub(crate) fn stray(&mut self, stray: Stray) {
        self.submissions += 1;
        match stray {
            Stray::Ignored => self.ignored += 1,
            Stray::WrongTask => self.wrong_task += 1,
            Stray::Forbidden => self.forbidden += 1,
            Stray::Doubled => self.doubled += 1,
        }
    }

    pub(crate) fn violation(&mut self) {
        self.violations += 1;
    }

    pub(crate) fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    /// Tasks that reached a miner and were never answered.
    pub(crate) fn unanswered(&self, validator: PublicKey) -> impl Iterator<Item = Unanswered> + '_ {
        self.tasks
            .iter()
            .filter(|(_, record)| record.is_open())
            .map(move |(task, record)| Unanswered {
                validator,
                miner: record.miner,
                task: task.clone(),
                prompt: record.prompt.clone(),
            })
    }

    /// The page for the report. `held` says of a task whether its miner still has it in hand.
    pub(crate) fn tally(&self, held: impl Fn(&str) -> bool) -> Tally {
        let mut tally = Tally {
            tasks_assigned: self.tasks.len() as u64,
            submissions: self.submissions,
            violations: self.violations,
            dropped_by_lock: self.ignored,
            wrong_task: self.wrong_task,
            forbidden: self.forbidden,
            doubled: self.doubled,
            faults: self.faults.values().sum(),
            faults_by_kind: self.faults.clone(),
            ..Tally::default()
        };
        let mut scores = Vec::new();
        for (task, record) in &self.tasks {
            tally.tasks_pulled += u64::from(record.deliveries > 0 || record.answer.is_some());
            tally.tasks_answered += u64::from(record.answer.is_some());
            match record.answer {
                Some(Answer::Accepted(score)) => {
                    tally.accepted += 1;
                    scores.push(score);
                }
                Some(Answer::Rejected(score)) => {
                    tally.rejected += 1;
                    scores.push(score);
                }
                Some(Answer::BadSignature) => {
                    tally.rejected += 1;
                    tally.bad_signatures += 1;
                }
                Some(Answer::Skipped) => tally.skipped += 1,
                Some(Answer::Unscored) => tally.unscored += 1,
                None if record.forgotten => tally.forgotten += 1,
                None => tally.lost += u64::from(record.is_open() && !held(task)),
            }
        }
        tally.scored = scores.len() as u64;
        tally.mean_score =
            (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
        tally
    }
}

/// The counts of one validator, or of all of them together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Tasks that reached a miner.
    pub tasks_pulled: u64,
    /// Tasks a submission has ended, in whichever way.
    pub tasks_answered: u64,
    /// Answers that scored at or above the threshold.
    pub accepted: u64,
    /// Empty answers.
    pub skipped: u64,
    /// Answers that scored below the threshold or were badly signed.
    pub rejected: u64,
    /// Answers that could not be scored in time; no penalty.
    pub unscored: u64,
    /// Pulls during a cooldown.
    pub violations: u64,
    /// Tasks that reached a miner, were never answered, and are not in its hands any more.
    pub lost: u64,
    /// Submissions, empty or not, for a task that had been answered before.
    pub doubled: u64,
    /// Mean of the scores of accepted and rejected answers; `None` before the first.
    pub mean_score: Option<f64>,
    /// Tasks assigned, whether or not a reply with them ever arrived.
    pub tasks_assigned: u64,
    /// Submissions received, of any kind.
    pub submissions: u64,
    /// Submissions ignored by the validation lock, or too soon after an accepted one.
    pub dropped_by_lock: u64,
    /// Submissions for a task that was never assigned.
    pub wrong_task: u64,
    /// Submissions refused with 403 because there was nothing to answer.
    pub forbidden: u64,
    /// Answers with a bad licence signature; counted among the rejected too.
    pub bad_signatures: u64,
    /// Tasks that the validator forgot having given before they were answered.
    pub forgotten: u64,
    /// Calls that went wrong on purpose.
    pub faults: u64,
    /// Of those, how many of each kind.
    pub faults_by_kind: BTreeMap<&'static str, u64>,
    /// How many answers `mean_score` is the mean of.
    #[serde(skip)]
    pub(crate) scored: u64,
}

impl Tally {
    /// Adds another validator's counts; means are weighted by what they are means of.
    pub(crate) fn add(&mut self, other: &Self) {
        let sum = |tally: &Self| tally.mean_score.unwrap_or(0.0) * tally.scored as f64;
        let (total, scored) = (sum(self) + sum(other), self.scored + other.scored);
        self.mean_score = (scored > 0).then(|| total / scored as f64);
        self.scored = scored;
        for (own, others) in [
            (&mut self.tasks_pulled, other.tasks_pulled),
            (&mut self.tasks_answered, other.tasks_answered),
            (&mut self.accepted, other.accepted),
            (&mut self.skipped, other.skipped),
            (&mut self.rejected, other.rejected),
            (&mut self.unscored, other.unscored),
            (&mut self.violations, other.violations),
            (&mut self.lost, other.lost),
            (&mut self.doubled, other.doubled),
            (&mut self.tasks_assigned, other.tasks_assigned),
            (&mut self.submissions, other.submissions),
            (&mut self.dropped_by_lock, other.dropped_by_lock),
            (&mut self.wrong_task, other.wrong_task),
            (&mut self.forbidden, other.forbidden),
            (&mut self.bad_signatures, other.bad_signatures),
            (&mut self.forgotten, other.forgotten),
            (&mut self.faults, other.faults),
        ] {
            *own += others;
        }
        for (kind, count) in &other.faults_by_kind {
            *self.faults_by_kind.entry(kind).or_default() += count;
        }
    }
}
