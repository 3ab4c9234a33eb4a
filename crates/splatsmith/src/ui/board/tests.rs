//! What the board shows of what happened.

use super::*;

fn board(validators: u16) -> Board {
    let mut board = Board::default();
    for uid in 0..validators {
        board
            .validators
            .insert(uid, Validator::new(SourceState::Pulling));
    }
    board.devices = Device::all(&["sketch".to_owned()]);
    board
}

fn happens(board: &mut Board, event: Event) {
    board.observe(&Stamped { at_ms: 0, event });
}

#[test]
fn counts_down_cooldowns() {
    let mut board = board(1);
    let state = SourceState::Cooling { until_ms: 75_001 };
    happens(&mut board, Event::Source { uid: 0, state });
    assert!(board.lines(0, 10)[2].contains("cooling 1:16"));
    assert!(board.lines(80_000, 10)[2].contains("ready"));
}

#[test]
fn shows_what_a_device_makes() {
    let mut board = board(1);
    happens(
        &mut board,
        Event::Pulled {
            uid: 0,
            task: "t".to_owned(),
            prompt: "red\u{1b}[2J sofa".to_owned(),
            replayed: false,
        },
    );
    happens(
        &mut board,
        Event::Device {
            device: 0,
            activity: Activity::Generating {
                uid: 0,
                task: "t".to_owned(),
                stage: "splats",
                done: 3,
                total: 8,
            },
        },
    );
    let line = &board.lines(0, 10)[1];
    assert!(
        line.contains("red [2J sofa") && line.contains("splats 3/8"),
        "{line}"
    );
}

#[test]
fn counts_answers() {
    let mut board = board(2);
    for outcome in [Outcome::Accepted, Outcome::Accepted, Outcome::Rejected] {
        happens(
            &mut board,
            Event::Answered {
                uid: 1,
                task: "t".to_owned(),
                outcome,
                score: None,
                took_ms: None,
                cooldown_until_ms: 0,
            },
        );
    }
    let total = &board.lines(0, 10)[0];
    assert!(
        total.contains("accepted   2") && total.contains("rejected   1"),
        "{total}"
    );
}

#[test]
fn never_exceeds_the_terminal() {
    let board = board(200);
    for height in [1, 2, 3, 10] {
        assert!(board.lines(0, height).len() <= height);
    }
    assert!(board.lines(0, 10)[9].contains("193 more"));
}

#[test]
fn long_prompts_are_cut_between_characters() {
    assert_eq!(shortened("a sofa"), "a sofa");
    let long = "ü".repeat(100);
    assert_eq!(shortened(&long).chars().count(), PROMPT_WIDTH);
}

#[test]
fn places_of_a_generator_come_and_go_beside_each_other() {
    let mut board = board(1);
    board.devices = Device::all(&["http://pod:1".to_owned(), "sketch".to_owned()]);
    for device in [2, 3] {
        happens(
            &mut board,
            Event::Opened {
                device,
                beside: 0,
                generator: "http://pod:1".to_owned(),
            },
        );
    }
    let shown = |board: &Board| {
        let lines = board.lines(0, 10);
        let devices = lines.iter().filter(|line| line.contains('#'));
        devices
            .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(""))
            .collect::<Vec<_>>()
    };
    let pod = "http://pod:1";
    let all = [format!("{pod}#0"), format!("{pod}#2"), format!("{pod}#3")];
    assert_eq!(shown(&board)[..3], all);
    assert_eq!(shown(&board)[3], "sketch#1");
    happens(
        &mut board,
        Event::Device {
            device: 2,
            activity: Activity::Closed,
        },
    );
    assert_eq!(shown(&board), [&all[0], &all[2], "sketch#1"]);
}
