//! The live status of `mine` and `rehearse`: a board that redraws itself on a terminal, one log
//! line for each thing that happened elsewhere.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indicatif::{ProgressBar, ProgressStyle};
use miner::{Activity, Event, EventSender, Outcome, Stamped, source_name};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;
use tracing::{info, warn};

use super::board::shortened;
use super::{Board, Console};

/// How often the board is redrawn: countdowns move by the second.
const REDRAW: Duration = Duration::from_millis(250);

/// Lines of the board where the terminal does not say how high it is.
const DEFAULT_HEIGHT: usize = 24;

/// Shows what `events` tells until the miner has finished. Ends by itself with
/// [`Event::Finished`] or when the stream does.
pub(crate) fn follow(console: &Console, events: &EventSender) -> JoinHandle<()> {
    let receiver = events.subscribe();
    if console.is_terminal() {
        tokio::spawn(draw(console.clone(), receiver))
    } else {
        tokio::spawn(log(receiver))
    }
}

async fn draw(console: Console, mut events: Receiver<Stamped>) {
    let mut board = Board::new(console.colour());
    let mut bars = Lines::default();
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(Stamped { event: Event::Finished { .. }, .. }) | Err(RecvError::Closed) => break,
                Ok(stamped) => {
                    board.observe(&stamped);
                    // What the board has no place for is told above it.
                    if matches!(
                        stamped.event,
                        Event::Alarm { .. } | Event::Joined { .. } | Event::Left { .. }
                    ) {
                        log_one(&stamped.event);
                    }
                }
                // The board shows the latest of everything; what was missed comes again.
                Err(RecvError::Lagged(_)) => {}
            },
            _ = redraw.tick() => bars.show(&console, board.lines(now_ms(), height())),
        }
    }
    bars.show(&console, Vec::new());
}

/// One bar per line of the board, kept between redraws so that nothing flickers.
#[derive(Default)]
struct Lines(Vec<ProgressBar>);

impl Lines {
    fn show(&mut self, console: &Console, lines: Vec<String>) {
        for bar in self.0.drain(lines.len().min(self.0.len())..) {
            bar.finish_and_clear();
            console.bars().remove(&bar);
        }
        while self.0.len() < lines.len() {
            let bar = console.bars().add(ProgressBar::new_spinner());
            bar.set_style(
                ProgressStyle::with_template("{wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            self.0.push(bar);
        }
        for (bar, line) in self.0.iter().zip(lines) {
            if bar.message() != line {
                bar.set_message(line);
                bar.tick();
            }
        }
    }
}

/// Lines for the board; two are left for what stands above it.
fn height() -> usize {
    let height = console::Term::stderr()
        .size_checked()
        .map_or(DEFAULT_HEIGHT, |(height, _)| usize::from(height));
    height.saturating_sub(2).max(3)
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

async fn log(mut events: Receiver<Stamped>) {
    loop {
        match events.recv().await {
            Ok(Stamped {
                event: Event::Finished { .. },
                ..
            })
            | Err(RecvError::Closed) => break,
            Ok(stamped) => log_one(&stamped.event),
            Err(RecvError::Lagged(missed)) => warn!("{missed} events were too fast to be logged"),
        }
    }
}

/// What is worth a line in a log: what happened to a task or needs a person, not every step.
fn log_one(event: &Event) {
    match event {
        Event::Started {
            validators,
            ignored,
            generators,
            resumed,
        } => {
            info!(
                "mining: {} sources, generators {}, {resumed} tasks resumed",
                validators.len(),
                generators.join(", ")
            );
            for neuron in ignored {
                info!("validator {} is left out: {}", neuron.uid, neuron.reason);
            }
        }
        Event::Opened {
            device, generator, ..
        } => info!("{generator} works on one more request at a time (#{device})"),
        Event::Device {
            device,
            activity: Activity::Closed,
        } => info!("#{device}: its server works on one request less at a time"),
        Event::Joined { validator } => {
            info!("{}: pulled from, from now on", source_name(validator.uid));
        }
        Event::Left { uid, reason } => {
            info!("{}: pulled from no more: {reason}", source_name(*uid));
        }
        Event::Pulled {
            uid,
            task,
            prompt,
            replayed,
        } => {
            let again = if *replayed { " (again)" } else { "" };
            info!(
                "{}: task {task}{again}: {}",
                source_name(*uid),
                shortened(prompt)
            );
        }
        Event::PullFailed { uid, reason, .. } => {
            warn!("{}: pull failed: {reason}", source_name(*uid));
        }
        Event::Violation { uid, added, total } => {
            warn!(
                "{}: {added} violations more, {total} now",
                source_name(*uid)
            );
        }
        Event::Made {
            uid,
            task,
            splats,
            bytes,
            made_in_ms,
            ..
        } => info!(
            "{}: made {task}: {splats} splats, {bytes} bytes in {:.1} s",
            source_name(*uid),
            made_in_ms / 1000.0
        ),
        Event::Weighed {
            uid,
            task,
            weighing,
        } => info!("{}: {task}: {}", source_name(*uid), weighing.in_words()),
        Event::Skipped { uid, task, reason } => {
            info!("{}: skips {task}: {reason}", source_name(*uid));
        }
        Event::SubmitFailed {
            uid, task, reason, ..
        } => {
            warn!(
                "{}: {task} was not delivered, again soon: {reason}",
                source_name(*uid)
            );
        }
        Event::InDoubt {
            uid, task, reason, ..
        } => {
            warn!(
                "{}: whether {task} arrived is in doubt: {reason}",
                source_name(*uid)
            );
        }
        Event::Answered {
            uid,
            task,
            outcome,
            score,
            ..
        } => {
            let score = score
                .map(|score| format!(", score {score:.3}"))
                .unwrap_or_default();
            if *outcome == Outcome::Rejected {
                warn!("{}: {task} rejected{score}", source_name(*uid));
            } else {
                info!("{}: {task} {}{score}", source_name(*uid), outcome.name());
            }
        }
        Event::Doubled { uid, task } => warn!("{}: {task} was dealt with twice", source_name(*uid)),
        Event::Retired {
            uid, task, reason, ..
        } => {
            warn!("{}: {task} ended unanswered: {reason}", source_name(*uid));
        }
        Event::Alarm { uid, message } => match uid {
            Some(uid) => warn!("{}: {message}", source_name(*uid)),
            None => warn!("{message}"),
        },
        Event::Stopping { reason } => info!("stopping: {reason}"),
        _ => {}
    }
}
