//! What the tests are at: a device that hangs says nothing by itself.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// Whatever takes longer is named, again and again.
const LONG: Duration = Duration::from_secs(10);

/// What each test is at, and since when.
static STAGES: Mutex<BTreeMap<String, (String, Instant)>> = Mutex::new(BTreeMap::new());

fn stages() -> MutexGuard<'static, BTreeMap<String, (String, Instant)>> {
    STAGES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This thread's test.
struct Test(String);

impl Drop for Test {
    fn drop(&mut self) {
        stages().remove(&self.0);
    }
}

thread_local! {
    static TEST: Test = Test(std::thread::current().name().unwrap_or("a test").to_owned());
}

/// Notes what this thread's test is at.
pub(crate) fn at(stage: &str) {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| drop(std::thread::spawn(watch)));
    TEST.with(|test| stages().insert(test.0.clone(), (stage.to_owned(), Instant::now())));
}

fn watch() {
    loop {
        std::thread::sleep(LONG);
        for (test, (stage, since)) in stages().iter() {
            if since.elapsed() > LONG {
                println!("{test}: {:.0?} at {stage}", since.elapsed());
            }
        }
    }
}
