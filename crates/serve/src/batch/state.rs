//! Where the batch pod stands.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bittensor::AddressPolicy;
use serde::Serialize;
use serde_json::{Value, json};
use splat::Container;
use tls::Anchors;
use utoipa::ToSchema;

use super::archive::Archive;
use super::{BatchPrompt, Fetcher};
use crate::fleet::Trouble;
use crate::workshop::Workshop;

/// How batches are answered.
#[derive(Debug, Clone)]
pub struct BatchConfig {
    /// What a batch's assets are stored in; it says their extension too.
    pub container: Container,
    /// Which addresses images are fetched from: whoever asks names them, and could make the server knock
    /// on its neighbours' doors.
    pub images: AddressPolicy,
    /// Whose certificates are trusted there beside those of the authorities that browsers trust.
    pub anchors: Anchors,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            container: Container::Ply,
            images: AddressPolicy::default(),
            anchors: Anchors::default(),
        }
    }
}

/// Where the pod stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PodState {
    /// Models are loaded.
    WarmingUp,
    /// It takes the first batch.
    Ready,
    /// It works on a batch.
    Generating,
    /// The batch can be fetched; it takes the next.
    Complete,
    /// No generator works: another machine is asked for.
    Replace,
}

impl PodState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WarmingUp => "warming_up",
            Self::Ready => "ready",
            Self::Generating => "generating",
            Self::Complete => "complete",
            Self::Replace => "replace",
        }
    }
}

/// What an orchestrator is told. Fields without a value are left out.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct PodStatus {
    pub(crate) status: PodState,
    /// Prompts of the batch that are done, while it is worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<usize>,
    /// Prompts of the batch, while it is worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<usize>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) payload: Option<Value>,
}

/// The batch pod.
pub(crate) struct Batch {
    pub(crate) container: Container,
    pub(crate) fetcher: Fetcher,
    inner: Mutex<Inner>,
}

struct Inner {
    phase: Phase,
    /// Whether the last who asked was told to replace this machine.
    is_to_be_replaced: bool,
    /// Whether the server has begun to end.
    is_closing: bool,
    /// Whether a batch was in hand then, or was taken since: it had been asked for before.
    is_promised: bool,
}

enum Phase {
    Idle,
    Generating {
        stems: BTreeSet<String>,
        done: Arc<AtomicUsize>,
    },
    Complete {
        stems: BTreeSet<String>,
        archive: Arc<Archive>,
        is_fetched: bool,
    },
}

/// A batch that was taken: whoever has it must bring it to its end.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) workshop: Arc<Workshop>,
    pub(crate) done: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Workshop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Workshop")
    }
}

impl Batch {
    pub(crate) fn new(container: Container, fetcher: Fetcher) -> Self {
        Self {
            container,
            fetcher,
            inner: Mutex::new(Inner {
                phase: Phase::Idle,
                is_to_be_replaced: false,
                is_closing: false,
                is_promised: false,
            }),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a batch. `None` if it is the one in hand or the finished one, by its set of stems: then
    /// whoever asks has missed the answer, and nothing begins anew.
    ///
    /// # Errors
    /// The state in which no batch is taken.
    pub(crate) fn begin(
        &self,
        prompts: &[BatchPrompt],
        workshop: Option<&Arc<Workshop>>,
    ) -> Result<Option<Work>, PodState> {
        let stems: BTreeSet<String> = prompts.iter().map(|prompt| prompt.stem.clone()).collect();
        let mut inner = self.inner();
        match &inner.phase {
            Phase::Generating { stems: known, .. } | Phase::Complete { stems: known, .. }
                if *known == stems =>
            {
                return Ok(None);
            }
            Phase::Generating { .. } => return Err(PodState::Generating),
            Phase::Idle | Phase::Complete { .. } => {}
        }
        let workshop = workshop.ok_or(PodState::WarmingUp)?;
        if inner.is_to_be_replaced && workshop.troubles().is_some() {
            return Err(PodState::Replace);
        }
        let done = Arc::<AtomicUsize>::default();
        inner.is_to_be_replaced = false;
        inner.is_promised |= inner.is_closing;
        inner.phase = Phase::Generating {
            stems,
            done: Arc::clone(&done),
        };
        Ok(Some(Work {
            workshop: Arc::clone(workshop),
            done,
        }))
    }

    /// The batch in hand is finished.
    pub(crate) fn complete(&self, archive: Archive) {
        let mut inner = self.inner();
        let phase = std::mem::replace(&mut inner.phase, Phase::Idle);
        inner.phase = match phase {
            Phase::Generating { stems, .. } => Phase::Complete {
                stems,
                archive: Arc::new(archive),
                is_fetched: false,
            },
            other => other,
        };
    }

    /// What an orchestrator is told that may ask for so many machines more.
    pub(crate) fn status(&self, workshop: Option<&Arc<Workshop>>, replacements: i64) -> PodStatus {
        let status = |status| PodStatus {
            status,
            progress: None,
            total: None,
            payload: None,
        };
        let mut inner = self.inner();
        let Some(workshop) = workshop else {
            return PodStatus {
                payload: Some(json!({ "stage": "loading models" })),
                ..status(PodState::WarmingUp)
            };
        };
        let troubles = workshop.troubles();
        // Asking for a machine when none is left would end the round: rather push through.
        inner.is_to_be_replaced = troubles.is_some() && replacements > 0;
        let payload = troubles.map(|troubles| diagnosis(&troubles));
        let told = match &inner.phase {
            _ if inner.is_to_be_replaced => status(PodState::Replace),
            Phase::Idle => status(PodState::Ready),
            Phase::Generating { stems, done } => PodStatus {
                progress: Some(done.load(Ordering::Relaxed)),
                total: Some(stems.len()),
                ..status(PodState::Generating)
            },
            Phase::Complete { .. } => status(PodState::Complete),
        };
        PodStatus { payload, ..told }
    }

    /// The finished batch; else the state there is.
    pub(crate) fn fetch(&self) -> Result<Arc<Archive>, PodState> {
        match &mut self.inner().phase {
            Phase::Idle => Err(PodState::Ready),
            Phase::Generating { .. } => Err(PodState::Generating),
            Phase::Complete {
                archive,
                is_fetched,
                ..
            } => {
                *is_fetched = true;
                Ok(Arc::clone(archive))
            }
        }
    }

    /// Remembers whether a batch was promised before the end.
    pub(crate) fn close(&self) {
        let mut inner = self.inner();
        inner.is_closing = true;
        inner.is_promised = matches!(inner.phase, Phase::Generating { .. });
    }

    /// Whether a promised batch has not been fetched.
    pub(crate) fn owes(&self) -> bool {
        let inner = self.inner();
        let is_fetched = match inner.phase {
            Phase::Complete { is_fetched, .. } => is_fetched,
            Phase::Generating { .. } => false,
            Phase::Idle => true,
        };
        inner.is_promised && !is_fetched
    }
}

fn diagnosis(troubles: &[Trouble]) -> Value {
    let of_one = |trouble: &Trouble| {
        json!({
            "generator": trouble.label,
            "failures_in_a_row": trouble.failures,
            "last_failure": trouble.reason,
        })
    };
    let generators: Vec<Value> = troubles.iter().map(of_one).collect();
    json!({ "reason": "every generator fails", "generators": generators })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Fleet;
    use crate::workshop::Numbers;

    fn batch() -> Batch {
        let fetcher = Fetcher::new(AddressPolicy::default(), &Anchors::default()).unwrap();
        Batch::new(Container::Ply, fetcher)
    }

    fn begin(batch: &Batch) {
        let numbers = Numbers {
            usual: None,
            most: 1,
        };
        let workshop = Workshop::new(Fleet::new(Vec::new()), None, numbers, None, 1);
        let prompt = BatchPrompt {
            stem: "a".to_owned(),
            image_url: "https://example.com/a.jpg".to_owned(),
        };
        let work = batch.begin(&[prompt], Some(&Arc::new(workshop)));
        assert!(matches!(work, Ok(Some(_))), "{work:?}");
    }

    #[test]
    fn a_batch_is_owed_until_it_is_fetched_also_when_it_came_with_the_end() {
        let in_time = batch();
        begin(&in_time);
        in_time.close();
        let late = batch();
        late.close();
        assert!(!late.owes());
        begin(&late);
        for batch in [in_time, late] {
            assert!(batch.owes(), "it is worked on");
            batch.complete(Archive::default());
            assert!(batch.owes(), "nobody has it");
            batch.fetch().unwrap();
            assert!(!batch.owes());
        }
    }
}
