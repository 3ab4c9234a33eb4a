//! What a chain node answers: runtime metadata and, by it, SCALE values. The first byte chooses whose
//! metadata they are read by: one of the seeds', so that values get far, or what comes with them.

#![no_main]

use std::sync::LazyLock;

use bittensor::Metagraph;
use bittensor::chain::{ChainError, Runtime};
use libfuzzer_sys::fuzz_target;
use splatsmith_fuzz::check_line;

/// The first byte, the lengths of metadata and neurons, metadata, neurons, and the rest is the state.
struct Answers<'a> {
    choice: u8,
    metadata: &'a [u8],
    neurons: &'a [u8],
    state: &'a [u8],
}

impl<'a> Answers<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (&[choice, a, b, c, d], rest) = bytes.split_first_chunk::<5>()?;
        let metadata = usize::from(u16::from_le_bytes([a, b])).min(rest.len());
        let (metadata, rest) = rest.split_at(metadata);
        let neurons = usize::from(u16::from_le_bytes([c, d])).min(rest.len());
        let (neurons, state) = rest.split_at(neurons);
        Some(Self { choice, metadata, neurons, state })
    }
}

static KNOWN: LazyLock<Vec<Runtime>> = LazyLock::new(|| {
    let seeds: [&[u8]; 2] = [
        include_bytes!("../seeds/chain/plain"),
        include_bytes!("../seeds/chain/wrapped"),
    ];
    let runtime = |seed| {
        let answers = Answers::of(seed).expect("a seed");
        let runtime = Runtime::from_metadata(answers.metadata).expect("metadata");
        let read = runtime.metagraph(17, answers.neurons, answers.state);
        assert!(!read.expect("values").neurons.is_empty());
        runtime
    };
    seeds.into_iter().map(runtime).collect()
});

fuzz_target!(|bytes: &[u8]| {
    let Some(answers) = Answers::of(bytes) else {
        return;
    };
    if let Some(runtime) = KNOWN.get(usize::from(answers.choice)) {
        read(runtime, &answers);
        return;
    }
    match Runtime::from_metadata(answers.metadata) {
        Ok(runtime) => read(&runtime, &answers),
        Err(error) => refused(&error),
    }
});

fn read(runtime: &Runtime, answers: &Answers<'_>) {
    match runtime.metagraph(17, answers.neurons, answers.state) {
        Ok(metagraph) => {
            // The last good one is kept as a file.
            let json = metagraph.to_json().expect("writes");
            let again = Metagraph::from_json(json.as_bytes()).expect("reads again");
            assert_eq!(again, metagraph);
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &ChainError) {
    assert!(error.is_decoding());
    check_line(&error.to_string());
}
