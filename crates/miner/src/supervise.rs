//! Keeps a task alive: a panic in it is an alarm and a new start, never the silent end of it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinError};

use crate::backoff::Backoff;
use crate::context::Context;

/// Aborts the task when dropped, so that nothing outlives the run.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs what `start` makes, and again after a panic, until it ends by itself. `None` if it was ended.
pub(crate) async fn supervise<T, F>(
    context: Arc<Context>,
    name: String,
    uid: Option<u16>,
    start: impl Fn() -> F + Send,
) -> Option<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    loop {
        let task = tokio::spawn(start());
        let _guard = AbortOnDrop(task.abort_handle());
        match task.await {
            Err(error) if error.is_panic() => {
                context.alarm(
                    uid,
                    format!(
                        "{name} crashed ({}) and is started again",
                        panic_text(error)
                    ),
                );
                tokio::time::sleep(backoff.fail()).await;
            }
            ended => return ended.ok(),
        }
    }
}

fn panic_text(error: JoinError) -> String {
    let Ok(payload) = error.try_into_panic() else {
        return "cancelled".to_owned();
    };
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
