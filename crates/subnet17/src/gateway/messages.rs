//! Asking for tasks, and the tasks.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Credential;
use crate::{Task, TaskKind};

/// A gateway's ids and tokens are uuids of 36 characters; this is generous.
const LONGEST_ID: usize = 64;
/// Gateways take prompts of 3 to 384 characters of one byte each (`[prompt]` in the config).
const LONGEST_TEXT: usize = 4096;
/// Images are at most 2 MiB (`[image]` in the config), in base64 a third more.
const LONGEST_IMAGE: usize = 8 << 20;
/// The one model parameter that every generator knows.
const SEED: &str = "seed";

/// The body of `/get_tasks` (`GetTasksRequest`, `api/request.rs`). The whole of it must stay below
/// 4096 bytes (`request_size_limit`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetTasks {
    /// Whose signature it is, as ss58. Older callers say `validator_hotkey`.
    #[serde(alias = "validator_hotkey")]
    pub worker_hotkey: String,
    /// Which of the hotkey's workers asks.
    pub worker_id: String,
    /// [`Credential::signature`].
    pub signature: String,
    /// [`Credential::timestamp`].
    pub timestamp: String,
    /// How many tasks at most; 0 brings none.
    pub requested_task_count: usize,
    /// Tasks for which models; at least one.
    pub model: Vec<String>,
    /// With tags, only tasks for one of them are handed out; without, only tasks for no tag
    /// (`TaskRouting::matches_worker`, `common/queue/mod.rs`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worker_tags: Vec<String>,
}

impl GetTasks {
    /// The signed time in it.
    #[must_use]
    pub fn credential(&self) -> Credential {
        Credential {
            timestamp: self.timestamp.clone(),
            signature: self.signature.clone(),
        }
    }
}

/// The answer to [`GetTasks`] (`GetTasksResponse`, `api/response.rs`). It also lists the cluster's
/// gateways with their addresses, which are not read: only what the operator named is called.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tasks {
    /// What was handed out, as many as were asked for at most.
    pub tasks: Vec<AssignedTask>,
}

/// A task and the right to answer it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AssignedTask {
    /// A uuid.
    pub id: String,
    /// The text, of a text task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Arc<str>>,
    /// The image file in base64, of an image task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Arc<str>>,
    /// Which model the client chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The client's seed, or one the gateway drew: the same seed is to give the same result.
    pub seed: i32,
    /// What the client wants of the model beyond the prompt: an object of at most 1024 characters
    /// whose keys the gateway does not fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_params: Option<serde_json::Map<String, serde_json::Value>>,
    /// A uuid that the result has to bring back.
    pub assignment_token: String,
}

/// Why an assigned task cannot be worked on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TaskFault {
    /// Neither a text nor an image, or both.
    #[error("a task needs either a text or an image")]
    Prompt,
    /// A field beyond what any gateway takes from its clients.
    #[error("a task's {field} of {length} bytes")]
    Size {
        /// Which.
        field: &'static str,
        /// How long it is.
        length: usize,
    },
    /// A model that was not asked for.
    #[error("a task for the model {0:?}, which was not asked for")]
    Model(String),
}

impl AssignedTask {
    /// What there is to make, once the task is found to be sound and for one of `models`.
    ///
    /// # Errors
    /// Why it is not.
    pub fn task(&self, models: &[String]) -> Result<Task, TaskFault> {
        let too_long = |field, length| Err(TaskFault::Size { field, length });
        for (field, text) in [
            ("id", &self.id),
            ("assignment token", &self.assignment_token),
        ] {
            if text.is_empty() || text.len() > LONGEST_ID {
                return too_long(field, text.len());
            }
        }
        if let Some(model) = &self.model
            && !models.contains(model)
        {
            return Err(TaskFault::Model(model.chars().take(LONGEST_ID).collect()));
        }
        match (&self.prompt, &self.image) {
            (Some(prompt), None) if prompt.len() > LONGEST_TEXT => too_long("text", prompt.len()),
            (None, Some(image)) if image.len() > LONGEST_IMAGE => too_long("image", image.len()),
            (Some(prompt), None) => Ok(Task::text(self.id.clone(), Arc::clone(prompt))),
            (None, Some(image)) => Ok(Task::image(self.id.clone(), Arc::clone(image))),
            _ => Err(TaskFault::Prompt),
        }
    }

    /// The seed as generators take it, 0 to 2³¹ − 1: the bits of the signed number without its sign.
    ///
    /// One among the model's parameters goes before the task's own, which the gateway draws for clients
    /// that name none there.
    #[must_use]
    pub fn seed(&self) -> u64 {
        let named = self.model_params.as_ref();
        let named = named.and_then(|params| params.get(SEED)?.as_i64());
        named.unwrap_or(self.seed.into()).cast_unsigned() & 0x7fff_ffff
    }

    /// The model's parameters that mean nothing here. Neither the gateway nor its documents say what
    /// there may be beside a seed, and no generator we know takes anything else.
    pub fn unknown_params(&self) -> impl Iterator<Item = &str> {
        let params = self.model_params.iter().flat_map(|params| params.keys());
        params.map(String::as_str).filter(|&name| name != SEED)
    }
}

impl fmt::Debug for AssignedTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.image.is_some() {
            TaskKind::Image
        } else {
            TaskKind::Text
        };
        formatter
            .debug_struct("AssignedTask")
            .field("id", &self.id)
            .field("kind", &kind)
            .field("model", &self.model)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: fn() -> Vec<String> = || vec!["404-3dgs".to_owned()];

    /// The gateway's own test expects exactly this text (`api/response.rs`).
    const TEXT: &str = r#"{"tasks":[{"id":"123e4567-e89b-12d3-a456-426614174000","prompt":"mechanic robot","model":"404-3dgs","seed":0,"assignment_token":"123e4567-e89b-12d3-a456-426614174999"}],"gateways":[]}"#;

    #[test]
    fn a_gateway_s_answer_is_read() {
        let tasks: Tasks = serde_json::from_str(TEXT).unwrap();
        let [assigned] = tasks.tasks.as_slice() else {
            panic!("{tasks:?}")
        };
        let task = assigned.task(&MODELS()).unwrap();
        assert_eq!(
            (task.kind, &*task.prompt),
            (TaskKind::Text, "mechanic robot")
        );
        assert_eq!(assigned.assignment_token.len(), 36);
        let image = TEXT.replace(r#""prompt":"mechanic robot""#, r#""image":"AQID""#);
        let tasks: Tasks = serde_json::from_str(&image).unwrap();
        let task = tasks.tasks[0].task(&MODELS()).unwrap();
        assert_eq!((task.kind, &*task.prompt), (TaskKind::Image, "AQID"));
    }

    #[test]
    fn a_request_has_the_gateway_s_fields_and_fits_its_limit() {
        let request = GetTasks {
            worker_hotkey: "5".repeat(48),
            worker_id: "w".repeat(64),
            signature: "s".repeat(88),
            timestamp: "404_GATEWAY_1743657200".to_owned(),
            requested_task_count: 1,
            model: MODELS(),
            worker_tags: vec!["t".repeat(32); 16],
        };
        let json = serde_json::to_value(&request).unwrap();
        let mut names: Vec<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "model",
                "requested_task_count",
                "signature",
                "timestamp",
                "worker_hotkey",
                "worker_id",
                "worker_tags"
            ]
        );
        assert!(json.to_string().len() < 4096);
        let older = r#"{"validator_hotkey":"5","worker_id":"w","signature":"s","timestamp":"t",
            "requested_task_count":10,"model":["404-3dgs"]}"#;
        let older: GetTasks = serde_json::from_str(older).unwrap();
        assert_eq!(
            (older.worker_hotkey.as_str(), older.worker_tags.len()),
            ("5", 0)
        );
    }

    fn assigned() -> AssignedTask {
        AssignedTask {
            id: "a".to_owned(),
            prompt: Some("a chair".into()),
            image: None,
            model: None,
            seed: 0,
            model_params: None,
            assignment_token: "t".to_owned(),
        }
    }

    #[test]
    fn an_unsound_task_is_refused_with_the_reason() {
        let fault = |change: fn(&mut AssignedTask)| {
            let mut task = assigned();
            change(&mut task);
            task.task(&MODELS()).unwrap_err()
        };
        assert_eq!(fault(|task| task.prompt = None), TaskFault::Prompt);
        assert_eq!(
            fault(|task| task.image = Some("AQID".into())),
            TaskFault::Prompt
        );
        assert!(matches!(
            fault(|task| task.id = "x".repeat(65)),
            TaskFault::Size {
                field: "id",
                length: 65
            }
        ));
        assert!(matches!(
            fault(|task| task.prompt = Some("x".repeat(5000).into())),
            TaskFault::Size { field: "text", .. }
        ));
        assert_eq!(
            fault(|task| task.model = Some("404-mesh".to_owned())),
            TaskFault::Model("404-mesh".to_owned())
        );
    }

    #[test]
    fn seeds_fit_31_bits() {
        let of = |seed| AssignedTask { seed, ..assigned() }.seed();
        assert_eq!(of(7), 7);
        assert_eq!(of(-1), 0x7fff_ffff);
        assert_eq!(of(i32::MIN), 0);
        assert_eq!(of(i32::MAX), 0x7fff_ffff);
    }

    #[test]
    fn a_seed_among_the_parameters_goes_before_the_drawn_one() {
        let with = |params: &str| AssignedTask {
            seed: 7,
            model_params: serde_json::from_str(params).unwrap(),
            ..assigned()
        };
        assert_eq!(with("{}").seed(), 7);
        let task = with(r#"{"steps": 12, "seed": 4294967295, "guidance": 3.5}"#);
        assert_eq!(task.seed(), 0x7fff_ffff);
        let unknown: Vec<&str> = task.unknown_params().collect();
        assert_eq!(unknown, ["guidance", "steps"]);
        for strange in [r#"{"seed": "12"}"#, r#"{"seed": 1.5}"#, r#"{"seed": null}"#] {
            assert_eq!(with(strange).seed(), 7, "{strange}");
        }
        assert_eq!(with(r#"{"seed": -1}"#).seed(), 0x7fff_ffff);
    }

    #[test]
    fn debug_output_holds_no_token_and_no_image() {
        let mut task = assigned();
        task.assignment_token = "secret-token".to_owned();
        task.image = Some("A".repeat(1 << 20).into());
        let text = format!("{task:?}");
        assert!(text.len() < 200 && !text.contains("secret"), "{text}");
    }
}
