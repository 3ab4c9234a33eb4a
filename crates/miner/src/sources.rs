//! The sources at work: one for each validator of the roster, and for each place at a gateway.
//!
//! The roster changes while they work. A validator that joins gets a source. The source of one that
//! leaves, or that serves elsewhere now, pulls no more and ends with what it has in hand; what it
//! cannot finish in time stays in the ledger, for whoever works at that validator next. At no time do
//! two sources have one hotkey, whose line in the ledger they would share, or one uid, by which
//! people know them.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use bittensor::{Metagraph, Neuron};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::error::LedgerError;
use crate::event::{Event, Giver, ValidatorInfo};
use crate::ledger::{Ledger, SourceId};
use crate::roster::Roster;
use crate::source::{GatewayPlace, Peer, Source, Validator};
use crate::supervise::supervise;

/// Everything that pulls.
pub(crate) struct Sources {
    context: Arc<Context>,
    roster: Roster,
    posts: Vec<Post>,
    /// Each ends with the number of its post; a place at a gateway has none.
    tasks: JoinSet<Option<u64>>,
    posted: u64,
}

/// A source at a validator.
struct Post {
    number: u64,
    neuron: Neuron,
    no_more_pulls: CancellationToken,
    /// Cancelled when its time for what is in hand is over.
    stop: CancellationToken,
}

impl Sources {
    /// None yet.
    pub(crate) fn new(context: Arc<Context>, roster: Roster) -> Self {
        Self {
            context,
            roster,
            posts: Vec::new(),
            tasks: JoinSet::new(),
            posted: 0,
        }
    }

    /// Has a source work at a place of a gateway for as long as this is kept.
    pub(crate) fn work_at(&mut self, place: Arc<GatewayPlace>) {
        let task = work(Arc::clone(&self.context), place);
        self.tasks.spawn(async move {
            task.await;
            None
        });
    }

    /// Has a source work at every validator of the first roster: those are known to everybody.
    pub(crate) fn begin(&mut self) {
        for neuron in self.roster.eligible.clone() {
            self.post(neuron);
        }
        self.count();
    }

    /// Keeps to what `updates` say, for as long as it is polled.
    pub(crate) async fn follow(
        &mut self,
        mut updates: Option<watch::Receiver<Arc<Metagraph>>>,
    ) -> Infallible {
        loop {
            let changed = async {
                match updates.as_mut() {
                    Some(updates) => updates.changed().await.is_ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                is_new = changed => match (&mut updates, is_new) {
                    (Some(newest), true) => {
                        let metagraph = Arc::clone(&newest.borrow_and_update());
                        self.adopt(&metagraph);
                    }
                    // Nobody reads the chain any more: what is known is all there will be.
                    _ => updates = None,
                },
                Some(ended) = self.tasks.join_next() => {
                    let number = ended.ok().flatten();
                    self.posts.retain(|post| Some(post.number) != number);
                }
            }
            self.fill().await;
        }
    }

    /// Waits until every source has ended; can be given up and begun again.
    pub(crate) async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Takes a new metagraph for the truth, and dismisses whom it has no place for.
    fn adopt(&mut self, metagraph: &Metagraph) {
        let own = self.context.keypair.public();
        self.roster = Roster::of(metagraph, &self.context.config, own);
        for post in &self.posts {
            if post.no_more_pulls.is_cancelled() {
                continue;
            }
            let Some(reason) = self.roster.departure(&post.neuron) else {
                continue;
            };
            post.no_more_pulls.cancel();
            self.context.events.emit(Event::Left {
                uid: post.neuron.uid,
                reason,
            });
            let (stop, patience) = (post.stop.clone(), self.context.config.leave_timeout);
            let over = stop.clone();
            tokio::spawn(over.run_until_cancelled_owned(async move {
                tokio::time::sleep(patience).await;
                stop.cancel();
            }));
        }
        self.count();
    }

    /// Posts a source with every validator that has none, unless one is still busy there.
    async fn fill(&mut self) {
        if self.context.no_more_pulls.is_cancelled() {
            return;
        }
        for neuron in self.roster.eligible.clone() {
            let is_taken =
                |post: &Post| post.neuron.hotkey == neuron.hotkey || post.neuron.uid == neuron.uid;
            if self.posts.iter().any(is_taken) {
                continue;
            }
            let context = Arc::clone(&self.context);
            let validator = context
                .insist("registering a validator", || {
                    register(&context.ledger, &neuron)
                })
                .await;
            self.context.events.emit(Event::Joined { validator });
            self.post(neuron);
        }
    }

    fn post(&mut self, neuron: Neuron) {
        let context = Arc::new(self.context.for_one_source());
        self.posted += 1;
        let number = self.posted;
        let config = &context.config;
        let is_owner = config.owner == Some(neuron.hotkey);
        let peer = Validator::new(neuron.uid, neuron.target(), &config.rules, is_owner);
        self.posts.push(Post {
            number,
            neuron,
            no_more_pulls: context.no_more_pulls.clone(),
            stop: context.stop.clone(),
        });
        let task = work(context, Arc::new(peer));
        self.tasks.spawn(async move {
            task.await;
            Some(number)
        });
    }

    /// Says whose word counts about our registration.
    fn count(&self) {
        let uids: BTreeSet<u16> = self.roster.eligible.iter().map(|n| n.uid).collect();
        self.context.registration.among(uids);
    }
}

/// Makes sure that the ledger knows a validator, and says what it knows of it.
async fn register(ledger: &Ledger, neuron: &Neuron) -> Result<ValidatorInfo, LedgerError> {
    let source = SourceId::from(neuron.hotkey);
    ledger
        .register_sources(vec![(source.clone(), neuron.uid)])
        .await?;
    describe(ledger, &source, neuron.uid, Giver::Hotkey(neuron.hotkey)).await
}

/// What the ledger, which has to know the source, knows of it.
pub(crate) async fn describe(
    ledger: &Ledger,
    source: &SourceId,
    uid: u16,
    giver: Giver,
) -> Result<ValidatorInfo, LedgerError> {
    Ok(ValidatorInfo {
        uid,
        giver,
        cooldown_until_ms: ledger.clocks(source).await?.cooldown_until,
        standing: ledger.standing(source).await?,
    })
}

/// A source at `peer`, started again after a crash.
fn work<P: Peer>(context: Arc<Context>, peer: Arc<P>) -> impl Future<Output = ()> + Send {
    let (shared, uid) = (Arc::clone(&context), peer.uid());
    let source = supervise(
        context,
        format!("the source of uid {uid}"),
        Some(uid),
        move || Source::new(Arc::clone(&shared), Arc::clone(&peer)).run(),
    );
    async move {
        source.await;
    }
}
