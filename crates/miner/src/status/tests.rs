//! What is told of a ledger, by validator and by category.

use bittensor::Keypair;
use generate::Recipe;
use subnet17::TaskKind;

use super::*;
use crate::event::Outcome;
use crate::ledger::{Answer, Handout, Ledger, NewAnswer, Receipt};
use crate::lock::HotkeyLock;

struct Mine {
    ledger: Ledger,
    source: SourceId,
}

impl Mine {
    async fn in_folder(folder: &Path) -> Self {
        let home = folder.join("5Hotkey");
        std::fs::create_dir_all(&home).unwrap();
        let ledger = Ledger::open(&home.join("ledger.sqlite")).unwrap();
        let source = SourceId::from(Keypair::from_seed([7; 32]).public());
        let sources = vec![(source.clone(), 12)];
        ledger.register_sources(sources).await.unwrap();
        Self { ledger, source }
    }

    async fn pull(&self, id: &str) {
        self.pull_of(TaskKind::Text, id).await;
    }

    async fn pull_of(&self, kind: TaskKind, id: &str) {
        let handout = Handout {
            id: id.to_owned(),
            kind,
            prompt: "a chair".into(),
            threshold: 0.6,
            throttle: Duration::from_secs(30),
            cooldown_until: 0,
            violations: 2,
            ticket: None,
            wanted_seed: None,
        };
        let pulled = self.ledger.record_pull(&self.source, handout, now()).await;
        pulled.unwrap();
    }

    async fn answer(&self, category: Option<&str>, outcome: Outcome, score: f64) {
        let task = self.ledger.open_task(&self.source).await.unwrap().unwrap();
        let new = NewAnswer {
            answer: Answer::Asset("1.spz".to_owned()),
            seed: Some(1),
            verdict: Some(r#"{"score":0.7}"#.to_owned()),
            reason: None,
            recipe: Recipe {
                category: category.map(str::to_owned),
                ..Recipe::default()
            },
        };
        assert!(self.ledger.record_ready(task.key, new).await.unwrap());
        let attempt = self.ledger.begin_sending(task.key, now()).await.unwrap();
        let receipt = Receipt {
            outcome,
            score: Some(score),
            feedback: None,
            cooldown_until: 0,
        };
        let recorded = self
            .ledger
            .record_answer(&self.source, task.key, attempt.unwrap(), receipt);
        recorded.await.unwrap();
    }
}

#[tokio::test]
async fn tells_what_was_accepted_by_validator_and_by_category() {
    let folder = tempfile::tempdir().unwrap();
    let mine = Mine::in_folder(folder.path()).await;
    for (id, category, outcome, score) in [
        ("a", Some("furniture"), Outcome::Accepted, 0.7),
        ("b", Some("furniture"), Outcome::Accepted, 0.9),
        ("c", Some("furniture"), Outcome::Rejected, 0.0),
        ("d", None, Outcome::Unscored, 0.0),
    ] {
        mine.pull(id).await;
        mine.answer(category, outcome, score).await;
    }
    mine.pull("e").await;
    let found = status(folder.path(), 0).unwrap();
    let [status_of_one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(status_of_one.hotkey, "5Hotkey");
    assert!(!status_of_one.mining);
    let [source] = status_of_one.sources.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((source.uid, source.task.as_deref()), (12, Some("assigned")));
    assert_eq!(source.violations, Some(2));
    assert_eq!(source.threshold, Some(0.6));
    assert!(source.sends_from.is_some());
    assert_eq!(source.answers, status_of_one.answers);
    let [furniture, other] = status_of_one.categories.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(furniture.category.as_deref(), Some("furniture"));
    assert_eq!(
        (furniture.answers.accepted, furniture.answers.rejected),
        (2, 1)
    );
    let mean = furniture.answers.mean_score.unwrap();
    assert!((mean - 0.8).abs() < 1e-9, "{mean}");
    assert_eq!(
        (other.category.as_deref(), other.answers.unscored),
        (None, 1)
    );

    // Where a picture has a category it counts as words do.
    mine.answer(Some("furniture"), Outcome::Accepted, 0.8).await;
    mine.pull_of(TaskKind::Image, "f").await;
    mine.answer(Some("furniture"), Outcome::Rejected, 0.0).await;
    let furniture = &status(folder.path(), 0).unwrap()[0].categories[0];
    assert_eq!(furniture.category.as_deref(), Some("furniture"));
    assert_eq!(
        (furniture.answers.accepted, furniture.answers.rejected),
        (3, 2)
    );

    let later = status(folder.path(), now() + 60_000).unwrap();
    assert_eq!(later[0].answers, Answers::default());
}

#[tokio::test]
async fn knows_whether_somebody_mines() {
    let folder = tempfile::tempdir().unwrap();
    Mine::in_folder(folder.path()).await;
    let held = HotkeyLock::take(&folder.path().join("5Hotkey")).unwrap();
    assert!(status(folder.path(), 0).unwrap()[0].mining);
    drop(held);
    assert!(!status(folder.path(), 0).unwrap()[0].mining);
}

#[test]
fn reads_a_ledger_of_an_earlier_version_and_leaves_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("5Hotkey");
    std::fs::create_dir_all(&home).unwrap();
    let path = home.join("ledger.sqlite");
    drop(Ledger::open(&path).unwrap());
    let earlier = Connection::open(&path).unwrap();
    earlier
        .execute_batch("ALTER TABLE tasks DROP COLUMN category")
        .unwrap();
    drop(earlier);
    assert_eq!(status(folder.path(), 0).unwrap()[0].categories, []);
    let kept = Connection::open(&path).unwrap();
    assert!(!knows_categories(&kept).unwrap());
}

#[test]
fn nobody_has_mined_from_a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(status(&folder.path().join("nowhere"), 0).unwrap(), []);
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    assert_eq!(status(folder.path(), 0).unwrap(), []);
}
