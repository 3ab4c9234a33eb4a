//! Whatever comes over a connection to an axon: request lines, headers, bodies. The seeds are signed
//! with a nonce from the future, which any axon takes once, so that what is behind the signature is
//! reached too.

#![no_main]

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::Duration;

use bittensor::{Axon, Caller, HandlerError, Keypair};
use libfuzzer_sys::fuzz_target;
use subnet17::{PullTask, SubmitResults};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

/// The seeds are signed for this axon.
const SEED: [u8; 32] = [17; 32];

/// Whatever is asked, it is answered in this time: nothing here waits for anything but the caller,
/// who has said all he will.
const PATIENCE: Duration = Duration::from_secs(5);

thread_local! {
    static RUNTIME: LazyCell<Runtime> = LazyCell::new(|| {
        Builder::new_current_thread().enable_all().build().expect("a runtime")
    });
    static HOTKEY: LazyCell<Arc<Keypair>> = LazyCell::new(|| Arc::new(Keypair::from_seed(SEED)));
}

fuzz_target!(|bytes: &[u8]| {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let talk = tokio::time::timeout(PATIENCE, talk(bytes));
            talk.await.expect("the axon hangs");
        });
    });
});

async fn talk(bytes: &[u8]) {
    let (mut ours, theirs) = tokio::io::duplex(1 << 16);
    let axon = HOTKEY.with(|hotkey| {
        Axon::new(Arc::clone(hotkey))
            .route(|_: Caller, pull: PullTask| async move { Ok(pull) })
            .route(|_: Caller, submit: SubmitResults| async move { refuse_some(submit) })
            .blacklist("SubmitResults", |hotkey| {
                hotkey.to_string().contains("zz").then(|| "a reason".to_owned())
            })
    });
    let serving = tokio::spawn(bittensor::fuzzing::converse(axon, theirs));
    let said = async {
        // The axon may hang up first.
        let _ = ours.write_all(bytes).await;
        let _ = ours.shutdown().await;
        let mut heard = Vec::new();
        let _ = ours.read_to_end(&mut heard).await;
        heard
    };
    let heard = said.await;
    assert!(heard.is_empty() || heard.starts_with(b"HTTP/1."), "no HTTP");
    serving.await.expect("the axon lives");
}

fn refuse_some(submit: SubmitResults) -> Result<SubmitResults, HandlerError> {
    if submit.answered_task().is_empty() {
        return Err(HandlerError::Failed("no task".into()));
    }
    Ok(submit)
}
