//! One generator at work, on as many tasks at a time as it says it can.
//!
//! For each there is a [`Hand`](hand::Hand). The first is the generator's for as long as it lives; more
//! come and go with what it says of its capacity. A hand that goes finishes what it has begun.

mod hand;
mod making;
mod record;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use generate::Generator;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::hand::{End, Hand};
use self::record::Record;
use crate::context::Context;
use crate::event::Event;
use crate::supervise::supervise;

/// Tasks in hand for each request a generator can work on: one being made, one ready to be begun.
pub(crate) const PLACES_PER_HAND: usize = 2;

/// The most requests a generator gets at a time, whatever it says.
const MOST_HANDS: usize = 64;

/// One generator and its number.
pub(crate) struct Device {
    pub number: usize,
    pub generator: Arc<dyn Generator>,
    pub context: Arc<Context>,
    /// The next number that is nobody's; all devices share it.
    pub numbers: Arc<AtomicUsize>,
}

impl Device {
    /// Works until told to stop, or until the generator has stopped.
    pub(crate) async fn run(self) {
        let mut capacity = self.generator.capacity();
        let mut hands = JoinSet::new();
        let mut at_work = BTreeSet::new();
        let mut numbers = vec![self.number];
        let mut is_over = false;
        let record = Arc::new(Record::new(self.context.config.generator_rest));
        loop {
            let wanted = (*capacity.borrow_and_update()).clamp(1, MOST_HANDS);
            for place in (0..wanted).filter(|_| !is_over) {
                if at_work.insert(place) {
                    let number = self.number_of(place, &mut numbers);
                    hands.spawn(self.hand(number, place, &record));
                }
            }
            tokio::select! {
                ended = hands.join_next() => match ended {
                    None => return,
                    Some(Ok((place, Some(End::Dismissed)))) => {
                        at_work.remove(&place);
                    }
                    Some(_) => is_over = true,
                },
                () = changed(&mut capacity) => {}
            }
        }
    }

    /// The number of the hand at `place` in the events; the first has the generator's own.
    fn number_of(&self, place: usize, numbers: &mut Vec<usize>) -> usize {
        while numbers.len() <= place {
            numbers.push(self.numbers.fetch_add(1, Ordering::Relaxed));
        }
        let number = numbers[place];
        if place > 0 {
            self.context.events.emit(Event::Opened {
                device: number,
                beside: self.number,
                generator: self.generator.label().to_owned(),
            });
        }
        number
    }

    /// A hand at work, started again after a crash; its place and how it ended.
    fn hand(
        &self,
        number: usize,
        place: usize,
        record: &Arc<Record>,
    ) -> impl Future<Output = (usize, Option<End>)> + use<> {
        let hand = Hand {
            number,
            place,
            generator: Arc::clone(&self.generator),
            record: Arc::clone(record),
            context: Arc::clone(&self.context),
        };
        let context = Arc::clone(&self.context);
        let work = supervise(context, format!("device {number}"), None, move || {
            hand.clone().run()
        });
        async move { (place, work.await) }
    }
}

/// Completes when the generator says another capacity.
async fn changed(capacity: &mut watch::Receiver<usize>) {
    if capacity.changed().await.is_err() {
        // It stays as it is.
        std::future::pending::<()>().await;
    }
}
