//! One validator: its tasks, what it remembers of each miner, and its two services.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bittensor::{Axon, Caller, Keypair, PublicKey, Synapse as _};
use judge::Verdict;
use render::Image;
use subnet17::{
    Feedback, PullOutcome, PullTask, Rules, Ruling, Standing, SubmitOutcome, SubmitResults, Task,
    licence,
};
use tokio::sync::{mpsc, watch};

use crate::books::{Answer, Books, Stray, Tally, Unanswered};
use crate::registration::Registration;
use crate::report::ScoreBasis;
use crate::scorer::{Scorer, Scoring};
use crate::tasks::TaskStream;

/// Everybody's duel rating: rehearsals hold no duels, and 1500 is where a rating starts.
const RATING: f64 = 1500.0;

/// The largest body taken, in bytes: room for the 500 MB of base64 the scoring service takes.
pub(crate) const BODY_LIMIT: usize = 520 << 20;

/// A submission that has been scored, with what the score rests on.
#[derive(Debug, Clone)]
pub struct Scored {
    /// Place of the validator in the metagraph.
    pub validator: u16,
    /// What was asked for.
    pub task: Task,
    /// 0 to 1.
    pub score: f64,
    /// Whether the score reached the threshold.
    pub accepted: bool,
    /// The judge's opinion; `None` if the submission could not be read.
    pub verdict: Option<Verdict>,
    /// The validator's 16 views at 518×518; none if nothing could be drawn or the same bytes were
    /// scored long before.
    pub views: Vec<Image>,
}

/// What a validator shares with its network.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) rules: Rules,
    pub(crate) registration: Arc<Registration>,
    pub(crate) scorer: Arc<Scorer>,
    /// Tasks answered so far, everywhere.
    pub(crate) answered: watch::Sender<u64>,
    /// Who wants to see what is scored; a full channel misses some.
    pub(crate) scored: Option<mpsc::Sender<Scored>>,
}

/// One validator.
pub(crate) struct Validator {
    uid: u16,
    keypair: Arc<Keypair>,
    surroundings: Surroundings,
    state: Mutex<State>,
    /// The next miner that could have a new task gets none.
    dry: AtomicBool,
    /// How far its clock is ahead of the true time, in seconds.
    clock: AtomicI32,
}

struct State {
    tasks: TaskStream,
    standings: HashMap<PublicKey, Standing>,
    books: Books,
    basis: Option<ScoreBasis>,
    /// The miner being dealt with is put off for this long.
    put_off: Option<Duration>,
}

impl Validator {
    pub(crate) fn new(
        uid: u16,
        keypair: Keypair,
        tasks: TaskStream,
        surroundings: Surroundings,
    ) -> Arc<Self> {
        Arc::new(Self {
            uid,
            keypair: Arc::new(keypair),
            surroundings,
            state: Mutex::new(State {
                tasks,
                standings: HashMap::new(),
                books: Books::default(),
                basis: None,
                put_off: None,
            }),
            dry: AtomicBool::new(false),
            clock: AtomicI32::new(0),
        })
    }

    pub(crate) fn uid(&self) -> u16 {
        self.uid
    }

    pub(crate) fn hotkey(&self) -> PublicKey {
        self.keypair.public()
    }

    /// A fresh axon for this validator: it remembers no nonce of an earlier one.
    pub(crate) fn axon(self: &Arc<Self>) -> Axon {
        let (puller, submitter, doorkeeper) =
            (Arc::clone(self), Arc::clone(self), Arc::clone(self));
        Axon::new(Arc::clone(&self.keypair))
            .body_limit(BODY_LIMIT)
            .route::<PullTask, _, _>(move |caller: Caller, _| {
                let validator = Arc::clone(&puller);
                async move { Ok(validator.pull(&caller)) }
            })
            .route::<SubmitResults, _, _>(move |caller: Caller, submission| {
                let validator = Arc::clone(&submitter);
                async move { Ok(validator.take_in(caller, submission).await) }
            })
            .blacklist(SubmitResults::NAME, move |miner: &PublicKey| {
                doorkeeper.refuse_submission(miner)
            })
    }

    /// `pull_task` of the real validator: registered? cooling down? at a task already? else a new
    /// one.
    fn pull(&self, caller: &Caller) -> PullTask {
        let rules = &self.surroundings.rules;
        let now = self.now();
        let miner = caller.hotkey;
        // The handler of the real validator knows its caller only from the body.
        let is_known = caller.body_hotkey == Some(miner);
        if !is_known || !self.surroundings.registration.admits(&miner) {
            return PullTask {
                cooldown_until: (now + rules.unregistered.as_secs_f64()).ceil() as i64,
                ..self.empty_pull()
            };
        }
        let mut guard = self.state();
        let state = &mut *guard;
        let standing = state.standings.entry(miner).or_default();
        let task = match standing.on_pull(now, rules) {
            PullOutcome::OnCooldown => {
                tracing::warn!(validator = self.uid, %miner, "pulled during its cooldown");
                state.books.violation();
                None
            }
            PullOutcome::Repeated(task) => Some(task),
            PullOutcome::Free if self.dry.swap(false, Ordering::Relaxed) => None,
            PullOutcome::Free if state.put_off.is_some() => {
                let pause = state.put_off.take().unwrap_or_default();
                standing.cooldown_until = (now + pause.as_secs_f64()).ceil() as i64;
                None
            }
            PullOutcome::Free => {
                let task = state.tasks.draw();
                standing.assign(task.clone(), now);
                Some(task)
            }
        };
        if let Some(task) = &task {
            state.books.handed_out(task, miner);
        }
        PullTask {
            task,
            cooldown_until: standing.cooldown_until,
            cooldown_violations: standing.cooldown_violations,
            ..self.empty_pull()
        }
    }

    fn empty_pull(&self) -> PullTask {
        let rules = &self.surroundings.rules;
        PullTask {
            task: None,
            validation_threshold: rules.acceptance_threshold,
            throttle_period: rules.throttle_on_wire(),
            cooldown_until: 0,
            cooldown_violations: 0,
        }
    }

    /// `blacklist_submitting_results`: asked before any signature is looked at.
    fn refuse_submission(&self, miner: &PublicKey) -> Option<String> {
        if !self.surroundings.registration.admits(miner) {
            self.state().books.stray(Stray::Forbidden);
            return Some(format!("Unrecognized hotkey {miner}"));
        }
        let mut state = self.state();
        let free = state
            .standings
            .get(miner)
            .is_none_or(Standing::blocks_submission);
        if !free {
            return None;
        }
        let again = state.books.has_answer_from(miner);
        state.books.stray(if again {
            Stray::Doubled
        } else {
            Stray::Forbidden
        });
        tracing::warn!(validator = self.uid, %miner, again, "submission without a task refused");
        // The words of `blacklist_submitting_results`.
        Some("submitted results while having no task assigned".to_owned())
    }

    /// Works a submission through to its end even if the caller hangs up, as the real one does.
    async fn take_in(self: Arc<Self>, caller: Caller, submission: SubmitResults) -> SubmitResults {
        let empty = SubmitResults::new(submission.answered_task(), "", submission.submit_time, "");
        let feedback = tokio::spawn(self.submit(caller, submission)).await;
        match feedback {
            Ok((feedback, cooldown_until)) => SubmitResults {
                feedback: Some(feedback),
                cooldown_until,
                ..empty
            },
            Err(_) => empty,
        }
    }

    /// `submit_results` of the real validator.
    async fn submit(self: Arc<Self>, caller: Caller, submission: SubmitResults) -> (Feedback, i64) {
        let miner = caller.hotkey;
        let ruling = match self.receive(&caller, &submission) {
            SubmitOutcome::Judge(task) => {
                let scorer = &self.surroundings.scorer;
                let scoring = scorer.score(task.clone(), submission.results).await;
                Some(self.rule(miner, task, scoring))
            }
            _ => None,
        };
        let now = self.now();
        let mut guard = self.state();
        let state = &mut *guard;
        let standing = state.standings.entry(miner).or_default();
        if let Some(pause) = state.put_off.take()
            && standing.assignment.is_none()
        {
            standing.cooldown_until += pause.as_secs_f64().ceil() as i64;
        }
        let feedback = standing.feedback(ruling, RATING, now, &self.surroundings.rules);
        (feedback, standing.cooldown_until)
    }

    /// Everything up to judging, and its entry in the books.
    fn receive(&self, caller: &Caller, submission: &SubmitResults) -> SubmitOutcome {
        let id = submission.answered_task();
        let miner = caller.hotkey;
        let is_signed = |task: &Task| {
            let (signature, time) = (&submission.signature, submission.submit_time);
            // Both names are read from the body, as the real validator does.
            caller.body_hotkey == Some(miner)
                && caller.body_axon_hotkey.is_some_and(|validator| {
                    licence::verify(signature, time, &task.prompt, &validator, &miner)
                })
        };
        let is_empty = submission.results.is_empty();
        let rules = &self.surroundings.rules;
        let mut guard = self.state();
        let state = &mut *guard;
        let standing = state.standings.entry(miner).or_default();
        let outcome = standing.on_submit(id, is_empty, is_signed, self.now(), rules);
        let books = &mut state.books;
        let answer = match &outcome {
            SubmitOutcome::WrongTask if books.is_answered(id) => Err(Stray::Doubled),
            SubmitOutcome::WrongTask => Err(Stray::WrongTask),
            SubmitOutcome::Locked => Err(Stray::Ignored),
            SubmitOutcome::BadSignature => Ok(Answer::BadSignature),
            SubmitOutcome::Skipped => Ok(Answer::Skipped),
            SubmitOutcome::Judge(_) => {
                books.judging(id);
                return outcome;
            }
        };
        match answer {
            Err(stray) => {
                tracing::warn!(validator = self.uid, %miner, task = id, ?stray, "stray submission");
                books.stray(stray);
            }
            Ok(answer) => self.enter(books, id, answer),
        }
        outcome
    }

    /// The consequences of the score, or of there being none.
    fn rule(&self, miner: PublicKey, task: Task, scoring: Option<Scoring>) -> Ruling {
        let mut guard = self.state();
        let state = &mut *guard;
        let score = scoring.as_ref().map(|scoring| scoring.score);
        let standing = state.standings.entry(miner).or_default();
        let rules = &self.surroundings.rules;
        let ruling = standing.on_verdict(score, self.now(), rules);
        match ruling {
            Ruling::Accepted(score) => {
                self.enter(&mut state.books, &task.id, Answer::Accepted(score));
            }
            Ruling::Rejected(score) => {
                self.enter(&mut state.books, &task.id, Answer::Rejected(score));
            }
            Ruling::ScorerFailed => self.enter(&mut state.books, &task.id, Answer::Unscored),
            Ruling::TooSoon => state.books.judged_in_vain(&task.id),
        }
        if let Some(scoring) = scoring {
            state.basis = Some(scoring.basis);
            drop(guard);
            self.show(task, scoring, matches!(ruling, Ruling::Accepted(_)));
        }
        ruling
    }

    fn enter(&self, books: &mut Books, task: &str, answer: Answer) {
        if books.answered(task, answer) {
            self.surroundings.answered.send_modify(|count| *count += 1);
        }
    }

    fn show(&self, task: Task, scoring: Scoring, accepted: bool) {
        if let Some(audience) = &self.surroundings.scored {
            let scored = Scored {
                validator: self.uid,
                task,
                score: scoring.score,
                accepted,
                verdict: scoring.verdict,
                views: scoring.views,
            };
            // Previews are a courtesy: nobody waits for a slow audience.
            let _ = audience.try_send(scored);
        }
    }

    /// The next miner that could have a new task gets an honest `task: null`.
    pub(crate) fn run_dry(&self) {
        self.dry.store(true, Ordering::Relaxed);
    }

    /// The call that comes now is put off for this long, whoever makes it; after it, nobody is any
    /// more.
    pub(crate) fn put_off(&self, pause: Option<Duration>) {
        self.state().put_off = pause;
    }

    /// Nobody has a task any more, as after a restart from an old state.
    pub(crate) fn forget(&self) {
        let mut guard = self.state();
        let state = &mut *guard;
        for (miner, standing) in &mut state.standings {
            if let Some(assignment) = standing.assignment.take() {
                state.books.forget(&assignment.task.id, *miner);
            }
        }
    }

    /// Sets the clock to so many seconds after the true time, and its records with it.
    pub(crate) fn set_clock(&self, seconds: i32) {
        let step = seconds - self.clock.swap(seconds, Ordering::Relaxed);
        for standing in self.state().standings.values_mut() {
            standing.set_clock(i64::from(step));
        }
    }

    /// What the clock shows, in seconds since 1970, as Python's `time.time()`.
    pub(crate) fn now(&self) -> f64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let truly = since.map_or(0.0, |since| since.as_secs_f64());
        truly + f64::from(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn note_fault(&self, kind: &'static str) {
        self.state().books.fault(kind);
    }

    /// A reply that the axon has given never reached its caller.
    pub(crate) fn note_destroyed(&self, task: &str) {
        self.state().books.reply_destroyed(task);
    }

    pub(crate) fn tally(&self, held: impl Fn(&str) -> bool) -> Tally {
        self.state().books.tally(held)
    }

    pub(crate) fn basis(&self) -> Option<ScoreBasis> {
        self.state().basis
    }

    pub(crate) fn unanswered(&self) -> Vec<Unanswered> {
        self.state().books.unanswered(self.hotkey()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
