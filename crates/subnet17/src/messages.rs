//! The synapses of the subnet, field by field as `neurons/common/protocol.py` declares them.
//!
//! Fields a peer adds are ignored; a `null` stands for a field's default, as an absent field does.

use std::sync::Arc;

use bittensor::{RequiredField, Synapse};
use serde::{Deserialize, Deserializer, Serialize};

/// `data_format` of every submission.
pub const DATA_FORMAT_PLY: &str = "ply";
/// `data_ver` of every submission.
pub const DATA_VERSION: u32 = 0;
/// `compression` of every submission: the 404 SPZ (zstd).
pub const COMPRESSION_SPZ: u32 = 2;

/// Whether the prompt is words or a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// `prompt` is the text.
    Text,
    /// `prompt` is the base64 of an image file.
    Image,
}

/// A prompt that a validator assigned.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Words or picture.
    #[serde(rename = "type")]
    pub kind: TaskKind,
    /// The validator's id for it (a uuid, but any text may come).
    pub id: String,
    /// The text, or base64 of the image file; megabytes are normal for images, so clones share it.
    #[serde(deserialize_with = "shared_text", serialize_with = "write_shared_text")]
    pub prompt: Arc<str>,
}

/// A miner asks for a task, the validator answers in the same message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PullTask {
    /// The task, or nothing while cooling down or unregistered.
    pub task: Option<Task>,
    /// Score below which a result is rejected, in 0..=1.
    #[serde(deserialize_with = "threshold_or_default")]
    pub validation_threshold: f64,
    /// Finishing earlier than this many seconds gains nothing.
    #[serde(deserialize_with = "or_default")]
    pub throttle_period: u64,
    /// Unix second from which the next pull is allowed; 0 where the validator did not say.
    #[serde(deserialize_with = "or_default")]
    pub cooldown_until: i64,
    /// How often this miner has pulled too early, net of what it has worked off.
    #[serde(deserialize_with = "or_default")]
    pub cooldown_violations: u64,
}

/// A miner delivers a result, or an empty one to skip; the validator answers in the same message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SubmitResults {
    /// Deprecated way to name the task; still read by validators when `task_id` is empty.
    #[serde(default)]
    pub task: Option<Task>,
    /// The task this answers.
    #[serde(default, deserialize_with = "or_default")]
    pub task_id: String,
    /// Base64 of the compressed SPZ, or empty to skip. Clones share it.
    #[serde(deserialize_with = "shared_text", serialize_with = "write_shared_text")]
    pub results: Arc<str>,
    /// Always [`DATA_FORMAT_PLY`].
    #[serde(default = "ply", deserialize_with = "ply_or_text")]
    pub data_format: String,
    /// Always [`DATA_VERSION`].
    #[serde(default, deserialize_with = "or_default")]
    pub data_ver: u32,
    /// Always [`COMPRESSION_SPZ`].
    #[serde(default = "spz", deserialize_with = "spz_or_number")]
    pub compression: u32,
    /// When it was signed, unix nanoseconds.
    pub submit_time: u64,
    /// Base64 of the [licence](crate::licence) signature.
    pub signature: String,
    /// The validator's answer.
    #[serde(default)]
    pub feedback: Option<Feedback>,
    /// The validator's answer: unix second from which the next pull is allowed.
    #[serde(default, deserialize_with = "or_default")]
    pub cooldown_until: i64,
}

/// What a validator says about a submission.
///
/// `task_fidelity_score` is above 0 only when the result was accepted: a validator answers a rejected,
/// skipped or ignored one with 0 (`neurons/validator/validator.py`, `_process_task_failure`).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Feedback {
    /// The scorer failed: no fault of the result.
    #[serde(deserialize_with = "or_default")]
    pub validation_failed: bool,
    /// Score of an accepted result, in 0..=1; 0 otherwise.
    #[serde(deserialize_with = "or_default")]
    pub task_fidelity_score: f64,
    /// Moving average of all accepted scores.
    #[serde(deserialize_with = "or_default")]
    pub average_fidelity_score: f64,
    /// Accepted results in the last four hours.
    #[serde(deserialize_with = "or_default")]
    pub generations_within_the_window: u64,
    /// Glicko-2 rating of the miner's duels.
    #[serde(deserialize_with = "or_default")]
    pub current_duel_rating: f64,
    /// Accepted results × rating.
    #[serde(deserialize_with = "or_default")]
    pub current_miner_reward: f64,
}

impl Task {
    /// A task with a text prompt.
    pub fn text(id: impl Into<String>, prompt: impl Into<Arc<str>>) -> Self {
        Self {
            kind: TaskKind::Text,
            id: id.into(),
            prompt: prompt.into(),
        }
    }

    /// A task with the base64 of an image file as its prompt.
    pub fn image(id: impl Into<String>, base64: impl Into<Arc<str>>) -> Self {
        Self {
            kind: TaskKind::Image,
            id: id.into(),
            prompt: base64.into(),
        }
    }
}

impl Default for PullTask {
    fn default() -> Self {
        Self {
            task: None,
            validation_threshold: DEFAULT_THRESHOLD,
            throttle_period: 0,
            cooldown_until: 0,
            cooldown_violations: 0,
        }
    }
}

impl SubmitResults {
    /// A submission as it leaves the miner; `results` empty skips the task.
    pub fn new(
        task_id: impl Into<String>,
        results: impl Into<Arc<str>>,
        submit_time: u64,
        signature: impl Into<String>,
    ) -> Self {
        Self {
            task: None,
            task_id: task_id.into(),
            results: results.into(),
            data_format: ply(),
            data_ver: DATA_VERSION,
            compression: COMPRESSION_SPZ,
            submit_time,
            signature: signature.into(),
            feedback: None,
            cooldown_until: 0,
        }
    }

    /// The task this answers: `task_id`, or the id of the deprecated `task` where that is empty
    /// (`model_post_init` in `protocol.py`).
    pub fn answered_task(&self) -> &str {
        match &self.task {
            Some(task) if self.task_id.is_empty() => &task.id,
            _ => &self.task_id,
        }
    }
}

impl Synapse for PullTask {
    const NAME: &'static str = "PullTask";
    const REQUIRED: &'static [RequiredField] = &[];

    fn size_hint(&self) -> usize {
        1024 + self
            .task
            .as_ref()
            .map_or(0, |task| task.id.len() + task.prompt.len())
    }
}

impl Synapse for SubmitResults {
    const NAME: &'static str = "SubmitResults";
    const REQUIRED: &'static [RequiredField] = &[
        RequiredField {
            name: "results",
            empty_json: "\"\"",
        },
        RequiredField {
            name: "submit_time",
            empty_json: "0",
        },
        RequiredField {
            name: "signature",
            empty_json: "\"\"",
        },
    ];

    fn size_hint(&self) -> usize {
        2048 + self.results.len()
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prompt: String = self.prompt.chars().take(80).collect();
        f.debug_struct("Task")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("prompt", &prompt)
            .field("prompt_bytes", &self.prompt.len())
            .finish()
    }
}

impl std::fmt::Debug for SubmitResults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubmitResults")
            .field("task_id", &self.task_id)
            .field("results_bytes", &self.results.len())
            .field("submit_time", &self.submit_time)
            .field("feedback", &self.feedback)
            .field("cooldown_until", &self.cooldown_until)
            .finish_non_exhaustive()
    }
}

const DEFAULT_THRESHOLD: f64 = 0.6;

fn ply() -> String {
    DATA_FORMAT_PLY.into()
}

fn spz() -> u32 {
    COMPRESSION_SPZ
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn threshold_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(DEFAULT_THRESHOLD))
}

fn ply_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(ply))
}

fn spz_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(COMPRESSION_SPZ))
}

/// Reads a text straight into shared memory: one copy out of the message, none after.
fn shared_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    struct Text;
    impl serde::de::Visitor<'_> for Text {
        type Value = Arc<str>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E>(self, text: &str) -> Result<Arc<str>, E> {
            Ok(text.into())
        }
    }
    deserializer.deserialize_str(Text)
}

fn write_shared_text<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_answer_reads_with_unknown_and_null_fields() {
        let json = r#"{"name":"PullTask","dendrite":{"hotkey":"x"},"later":[1,2],
            "task":{"type":"text","id":"a","prompt":"a red ceramic teapot, émaillé","extra":null},
            "validation_threshold":null,"throttle_period":30,"cooldown_until":null}"#;
        let pull: PullTask = serde_json::from_str(json).unwrap();
        assert_eq!(
            pull.task,
            Some(Task::text("a", "a red ceramic teapot, émaillé"))
        );
        assert_eq!((pull.validation_threshold, pull.throttle_period), (0.6, 30));
        assert_eq!((pull.cooldown_until, pull.cooldown_violations), (0, 0));
        assert_eq!(
            serde_json::from_str::<PullTask>("{}").unwrap(),
            PullTask::default()
        );
    }

    #[test]
    fn an_image_task_is_told_from_a_text_one() {
        let json = r#"{"task":{"type":"image","id":"b","prompt":"aGk="}}"#;
        let pull: PullTask = serde_json::from_str(json).unwrap();
        assert_eq!(pull.task, Some(Task::image("b", "aGk=")));
        let other = json.replace("image", "video");
        assert!(serde_json::from_str::<PullTask>(&other).is_err());
    }

    #[test]
    fn a_submission_needs_what_the_class_requires() {
        let json = r#"{"task_id":"a","results":"","submit_time":1,"signature":"s"}"#;
        let submit: SubmitResults = serde_json::from_str(json).unwrap();
        assert_eq!(submit, SubmitResults::new("a", "", 1, "s"));
        for field in ["results", "submit_time", "signature"] {
            let without = json.replace(field, "other");
            assert!(
                serde_json::from_str::<SubmitResults>(&without).is_err(),
                "{field}"
            );
        }
    }

    #[test]
    fn a_submission_is_written_field_by_field_as_the_sdk_does() {
        let json = serde_json::to_value(SubmitResults::new("a", "cg==", 7, "s")).unwrap();
        let expected = serde_json::json!({
            "task": null, "task_id": "a", "results": "cg==", "data_format": "ply", "data_ver": 0,
            "compression": 2, "submit_time": 7, "signature": "s", "feedback": null,
            "cooldown_until": 0,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn the_deprecated_task_names_the_answer_only_without_an_id() {
        let mut submit = SubmitResults::new("", "", 1, "s");
        submit.task = Some(Task::text("old", "p"));
        assert_eq!(submit.answered_task(), "old");
        submit.task_id = "new".into();
        assert_eq!(submit.answered_task(), "new");
    }

    #[test]
    fn debug_output_stays_short() {
        let task = Task::image("i", "A".repeat(1 << 20));
        assert!(format!("{task:?}").len() < 300);
        let submit = SubmitResults::new("i", "A".repeat(1 << 20), 1, "s");
        assert!(format!("{submit:?}").len() < 300);
    }
}
