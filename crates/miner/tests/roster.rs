//! Validators that come, go and move while the miner is at work.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub
)]

mod support;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bittensor::{Metagraph, Neuron};
use miner::{Event, Giver, Limit, MinerConfig};
use support::{Instant, Rig, Validator};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

fn metagraph(neurons: Vec<Neuron>) -> Metagraph {
    Metagraph {
        netuid: 17,
        neurons,
        speed: 1.0,
    }
}

/// A miner's configuration that begins with these neurons, and the way to change them.
fn changing(rig: &Rig, neurons: Vec<Neuron>) -> (MinerConfig, watch::Sender<Arc<Metagraph>>) {
    let first = metagraph(neurons);
    let (publish, updates) = watch::channel(Arc::new(first.clone()));
    let mut config = rig.config(Limit::Never);
    config.metagraph = first;
    config.updates = Some(updates);
    (config, publish)
}

fn is_answer(event: &Event, from: u16) -> bool {
    matches!(event, Event::Answered { uid, .. } if *uid == from)
}

fn assigned(validator: &Validator) -> usize {
    validator.seen.lock().unwrap().assigned.len()
}

#[tokio::test]
async fn validators_join_and_leave_without_a_restart() {
    let rig = Rig::new(3).await;
    let neuron = |uid: usize| rig.validators[uid].neuron();
    let (config, publish) = changing(&rig, vec![neuron(0), neuron(1)]);
    let mut run = rig.start_with(config, vec![Arc::default()]);
    run.until("an answer to 0", |event| is_answer(event, 0))
        .await;
    assert_eq!(assigned(&rig.validators[2]), 0);

    publish.send_replace(Arc::new(metagraph(vec![neuron(1), neuron(2)])));
    let left = run
        .until("0 to leave", |event| matches!(event, Event::Left { .. }))
        .await;
    assert!(
        matches!(&left, Event::Left { uid: 0, reason } if reason == "it is no longer registered"),
        "{left:?}"
    );
    run.until(
        "2 to join",
        |event| matches!(event, Event::Joined { validator } if validator.uid == 2),
    )
    .await;
    for _ in 0..2 {
        run.until("an answer to 2", |event| is_answer(event, 2))
            .await;
    }
    // What was in hand is finished.
    let finished = async {
        while rig.validators[0].open_tasks() > 0 {
            run.until("another event", |_| true).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), finished)
        .await
        .expect("what was in hand is finished");
    let pulled = assigned(&rig.validators[0]);
    for _ in 0..2 {
        run.until("an answer to 1", |event| is_answer(event, 1))
            .await;
    }
    assert_eq!(assigned(&rig.validators[0]), pulled, "pulled no more");

    publish.send_replace(Arc::new(metagraph(vec![neuron(0), neuron(1), neuron(2)])));
    run.until("an answer to 0 again", |event| is_answer(event, 0))
        .await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.validators.len(), 3);
    assert_eq!((summary.totals.lost, summary.totals.doubled), (0, 0));
}

#[tokio::test]
async fn who_takes_over_a_uid_is_pulled_from_once_the_former_one_is_done() {
    let mut rig = Rig::new(1).await;
    rig.validators.push(Validator::start(0).await);
    let (config, publish) = changing(&rig, vec![rig.validators[0].neuron()]);
    let mut run = rig.start_with(config, vec![Arc::default()]);
    run.until("an answer", |event| is_answer(event, 0)).await;
    let heir = rig.validators[1].neuron();
    publish.send_replace(Arc::new(metagraph(vec![heir.clone()])));
    let joined = run
        .until("the heir", |event| matches!(event, Event::Joined { .. }))
        .await;
    assert!(
        matches!(&joined, Event::Joined { validator } if validator.giver == Giver::Hotkey(heir.hotkey)),
        "{joined:?}"
    );
    run.until("an answer to the heir", |event| is_answer(event, 0))
        .await;
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(summary.validators.len(), 2, "each has a line of its own");
    assert!(assigned(&rig.validators[1]) > 0);
}

/// Passes connections on to `to`, for as long as it is kept.
async fn relay(to: Neuron) -> (u16, JoinSet<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut lines = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let far = to.target().address;
            lines.spawn(async move {
                let mut far = TcpStream::connect(far).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    (port, tasks)
}

#[tokio::test]
async fn an_answer_follows_its_validator_to_another_address() {
    let rig = Rig::new(1).await;
    let at_home = rig.validators[0].neuron();
    let (port, mut relay) = relay(at_home.clone()).await;
    let away = Neuron {
        port,
        ..at_home.clone()
    };
    let (mut config, publish) = changing(&rig, vec![away]);
    config.leave_timeout = Duration::from_secs(1);
    // The address is given up while the cloud is in the making.
    let generator = Instant::held();
    let mut run = rig.start_with(config, vec![Arc::clone(&generator)]);
    run.until("the pull", |event| matches!(event, Event::Pulled { .. }))
        .await;
    relay.shutdown().await;
    generator.let_go();
    run.until("a failed submission", |event| {
        matches!(event, Event::SubmitFailed { .. })
    })
    .await;
    publish.send_replace(Arc::new(metagraph(vec![at_home])));
    let left = run
        .until("the move", |event| matches!(event, Event::Left { .. }))
        .await;
    assert!(
        matches!(&left, Event::Left { reason, .. } if reason.contains("it serves at")),
        "{left:?}"
    );
    run.until("the answer", |event| is_answer(event, 0)).await;
    let made = *generator.made.lock().unwrap();
    run.shutdown.cancel();
    let (summary, _) = run.end().await;
    rig.assert_clean();
    assert_eq!(made, 1, "not made again");
    assert_eq!((summary.totals.lost, summary.totals.doubled), (0, 0));
}

#[tokio::test]
async fn a_metagraph_without_validators_is_waited_out() {
    let rig = Rig::new(1).await;
    let (config, publish) = changing(&rig, Vec::new());
    let mut run = rig.start_with(config, vec![Arc::default()]);
    run.until(
        "the alarm",
        |event| matches!(event, Event::Alarm { message, .. } if message.contains("no validator")),
    )
    .await;
    publish.send_replace(Arc::new(metagraph(vec![rig.validators[0].neuron()])));
    run.until("an answer", |event| is_answer(event, 0)).await;
    // The chain is read no more: what is known stays in use.
    drop(publish);
    run.until("another", |event| is_answer(event, 0)).await;
    run.shutdown.cancel();
    run.end().await;
    rig.assert_clean();
}
