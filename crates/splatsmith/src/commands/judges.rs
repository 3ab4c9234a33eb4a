//! The judge, with whatever of its networks is here.

use std::sync::Arc;

use ::judge::Judge;
use ::models::scorer::Wanted;
use ::models::store::Store;
use ::models::{Device, Scorer};
use tracing::{info, warn};

use crate::config::{GenerationConfig, JudgingConfig};
use crate::ui::Console;

/// How to get what is missing.
const REMEDY: &str = "get them with `splatsmith models pull judge`";

/// A judge that scores what it can and says of the rest why it cannot: for who asks for a score.
pub(crate) fn scoring(config: &JudgingConfig, wanted: Wanted, console: &Console) -> Judge {
    let scorer = scorer(config, &::models::device(), wanted, console);
    Judge::with_scorer(config.rules, Arc::new(scorer))
}

/// A judge for work: by score if it has all it takes for one, and else by gates alone, since what cannot
/// be scored would all be refused. `None` if judging is off. Says which it is.
pub(crate) fn working(config: &GenerationConfig, console: &Console) -> Option<Arc<Judge>> {
    if !config.validate {
        warn!("JUDGING IS OFF (--no-validation): every cloud is sent as it comes");
        return None;
    }
    let judging = &config.judging;
    let scorer = scorer(
        judging,
        &config.native.devices.first(),
        Wanted::ALL,
        console,
    );
    for (part, why) in scorer.lacks() {
        info!("{part} cannot be scored: {why}");
    }
    let judge = if scorer.is_complete() {
        info!("judging is on: by the validator's score");
        Judge::with_scorer(judging.rules, Arc::new(scorer))
    } else {
        warn!(
            "judging is on, but only by gates and the likeness of neighbouring views: networks for the \
             score are missing; {REMEDY}"
        );
        Judge::new(judging.rules)
    };
    Some(Arc::new(judge))
}

/// The models that judging by score lacks here, by their files alone: nothing is read.
pub(crate) fn missing(config: &JudgingConfig) -> Vec<String> {
    let store = config.places.clone().map(Store::open);
    match store {
        Some(Ok(store)) => missing_in(&store),
        _ => vec!["all of them".to_owned()],
    }
}

/// The same, of a store.
pub(crate) fn missing_in(store: &Store) -> Vec<String> {
    let judging = store.manifest().meant_by("judge").unwrap_or_default();
    let lacking = judging
        .into_iter()
        .filter(|model| !store.lacks(&model.name).is_empty());
    lacking.map(|model| model.name.clone()).collect()
}

fn scorer(config: &JudgingConfig, device: &Device, wanted: Wanted, console: &Console) -> Scorer {
    let Some(places) = config.places.clone() else {
        return Scorer::absent("there is no folder for weights: name one with --models-dir");
    };
    let progress = console.progress("judge");
    progress.set("reading networks", 0, 1);
    let scorer = match Store::open(places) {
        Ok(store) => Scorer::open(&store, device, wanted),
        Err(error) => Scorer::absent(&error.to_string()),
    };
    drop(progress);
    scorer
}
