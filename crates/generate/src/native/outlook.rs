//! What a card would be planned for, before there is one: with what is here, and with what is still to be
//! pulled at its published size.

use std::path::PathBuf;

use models::flux::{FlowWeights, T5Weights};
use models::store::{FileState, Model, Store, Use, file_state};

use super::cutter;
use super::installed::{Installed, Weights};
use super::inventory::{Counted, Inventory, Painting};
use crate::residency::{Need, Part};

/// What is cut out with unless told otherwise.
const CUTTER: &str = "birefnet";

/// The models that FLUX needs besides its flow and T5.
const REST: [&str; 3] = ["flux-autoencoder", "t5-tokenizer", "clip-vit-l14"];

/// What is looked at.
#[derive(Debug, Clone)]
pub struct OutlookOptions {
    /// Where weights are.
    pub weights: Weights,
    /// A folder with a FLUX that is none of those pulled.
    pub flux: Option<PathBuf>,
    /// What to cut out with; none for what is usual.
    pub cutters: Vec<String>,
    /// Whether pictures alone are to be asked for.
    pub images_only: bool,
    /// Whether everything is here that judging by score takes.
    pub judge_is_here: bool,
}

/// The pipeline as it could be, and as it is.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// What is here at the sizes of its files, and what is not at its published size.
    pub whole: Inventory,
    /// What is here alone: what [`super::Native`] plans with. Or why it would not begin, and what to do
    /// about it.
    pub now: Result<Inventory, String>,
    /// What can be asked for with what is here, in words.
    pub takes: Option<&'static str>,
    /// Whether prompts are classed by CLIP, on the host, rather than by the lexicon alone.
    pub classed_by_clip: bool,
}

impl Outlook {
    /// Looks at names and sizes of files; loads nothing.
    ///
    /// # Errors
    /// When what was named cannot be used: a folder, or something to cut out with; in words.
    pub fn look(options: &OutlookOptions) -> Result<Self, String> {
        let store = options.weights.store();
        let choices = match options.cutters.as_slice() {
            [] => cutter::usual(store),
            named => named.to_vec(),
        };
        let scissors = Scissors::of(&options.cutters, &choices, store)?;
        let installed = Installed::look(&options.weights, options.flux.as_deref());
        let installed = match (installed, store, &options.flux) {
            (Ok(installed), ..) => Ok(wanted(installed, options.images_only)?),
            // What can be pulled is planned with.
            (Err(why), Some(_), None) => Err(why),
            (Err(why), ..) => return Err(why),
        };
        let now = match &installed {
            Ok(installed) => Ok(Inventory::of(installed, &choices)?),
            Err(why) => Err(why.clone()),
        };
        let mut whole = now.clone().unwrap_or_else(|_| nothing_here());
        scissors.complete(&mut whole);
        let reads = installed.as_ref().is_ok_and(|it| it.words.is_some());
        if let Some(store) = store
            && whole.paintings.is_empty()
            && !(reads || options.images_only)
        {
            whole.paintings = paintings(store);
        }
        whole.judge.is_here = options.judge_is_here;
        let clip = installed.as_ref().ok().map(|it| it.clip.is_some());
        let pulled = || store.is_some_and(|store| store.lacks("clip-vit-l14").is_empty());
        Ok(Self {
            whole,
            now: scissors.refusal.map_or(now, Err),
            takes: installed.as_ref().ok().map(Installed::takes),
            classed_by_clip: clip.unwrap_or_else(pulled),
        })
    }
}

/// Without what words take, if they are not asked for.
fn wanted(mut installed: Installed, images_only: bool) -> Result<Installed, String> {
    if images_only {
        if installed.images.is_none() {
            return Err("this pipeline reads words, and images alone are asked for".to_owned());
        }
        installed.painters.clear();
        installed.words = None;
    }
    Ok(installed)
}

fn nothing_here() -> Inventory {
    Inventory {
        parts: Need::TRELLIS_IMAGE.map(Counted::published).to_vec(),
        paintings: Vec::new(),
        lacks: vec!["trellis-image-large".to_owned()],
        judge: Counted::published(Need::JUDGE),
    }
}

/// What of the networks that cut out is still to be pulled.
struct Scissors {
    lacks: Vec<String>,
    /// Why the backend would not begin: one that was named is not here.
    refusal: Option<String>,
}

impl Scissors {
    /// `choices` are those `named`, else the usual ones that are here.
    fn of(named: &[String], choices: &[String], store: Option<&Store>) -> Result<Self, String> {
        let refusal = cutter::check(choices, store).err();
        let is_to_pull = |choice: &&String| {
            let model = store.and_then(|store| store.manifest().model(choice));
            model.is_some_and(|model| model.uses.contains(&Use::Cutout))
                && store.is_some_and(|store| !store.lacks(choice).is_empty())
        };
        let mut lacks: Vec<String> = choices.iter().filter(is_to_pull).cloned().collect();
        if let (Some(refusal), []) = (&refusal, lacks.as_slice()) {
            return Err(refusal.clone());
        }
        if named.is_empty() && choices.is_empty() && store.is_some() {
            lacks.push(CUTTER.to_owned());
        }
        Ok(Self { lacks, refusal })
    }

    fn complete(&self, inventory: &mut Inventory) {
        if self.lacks.is_empty() {
            return;
        }
        inventory
            .parts
            .retain(|counted| counted.need.part != Part::Cutter);
        inventory.parts.push(Counted::published(Need::BIREFNET));
        inventory.lacks.extend_from_slice(&self.lacks);
    }
}

/// FLUX where some of it is still to be pulled: in the forms of the flow that are here, else in all; each with
/// the T5 that is here, else with the one that is pulled with it.
fn paintings(store: &Store) -> Vec<Painting> {
    let flows = [FlowWeights::Bf16, FlowWeights::Q8, FlowWeights::Q4];
    let readers = [T5Weights::Bf16, T5Weights::Q8, T5Weights::Q5];
    let flows = flows.map(|flow| (flow, counted(store, flow.model())));
    let readers = readers.map(|reader| (reader, counted(store, reader.model())));
    let some_flow = flows.iter().any(|(_, (_, is_here))| *is_here);
    let some_reader = readers.iter().any(|(_, (_, is_here))| *is_here);
    let mut found = Vec::new();
    for (flow, (flow_bytes, flow_is_here)) in &flows {
        if some_flow && !flow_is_here {
            continue;
        }
        for (reader, (reader_bytes, reader_is_here)) in &readers {
            let model = store.manifest().model(flow.model());
            let is_usual = || model.is_some_and(|model| needs(model, reader.model()));
            if !(*reader_is_here || !some_reader && is_usual()) {
                continue;
            }
            let lacks = |name: &&str| !counted(store, name).1;
            let models = [flow.model(), reader.model()].into_iter().chain(REST);
            let part = |part, bytes, is_here| Counted {
                need: Need::new(part, bytes),
                is_here,
            };
            found.push(Painting {
                name: format!("FLUX {flow}, T5 {reader}"),
                parts: vec![
                    part(Part::PromptReader, *reader_bytes, *reader_is_here),
                    part(Part::Painter, *flow_bytes, *flow_is_here),
                    Counted {
                        need: Need::PAINTER_REST,
                        is_here: !REST.iter().any(lacks),
                    },
                ],
                lacks: models.filter(lacks).map(str::to_owned).collect(),
            });
        }
    }
    found
}

fn needs(model: &Model, other: &str) -> bool {
    model.needs.iter().any(|needed| needed == other)
}

/// The bytes of a model's own files, and whether they are here: what is not counts as it is published.
fn counted(store: &Store, name: &str) -> (u64, bool) {
    let Some(model) = store.manifest().model(name) else {
        return (0, false);
    };
    let mut all = (0, true);
    for file in &model.files {
        let state = file_state(store.places(), model, file, store.record());
        let is_here = matches!(state, FileState::Present(_));
        let bytes = if is_here {
            state.bytes()
        } else {
            file.size.or(file.about).unwrap_or_default()
        };
        all = (all.0 + bytes, all.1 && is_here);
    }
    all
}
