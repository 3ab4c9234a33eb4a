//! Which endpoints a network's name stands for.

use url::Url;

/// The chain's public entry point (bittensor 9.9, `core/settings.py`).
const FINNEY: &str = "wss://entrypoint-finney.opentensor.ai:443";
/// A node of the same chain that keeps all of its history.
const ARCHIVE: &str = "wss://archive.chain.opentensor.ai:443";
const TEST: &str = "wss://test.finney.opentensor.ai:443";
const LOCAL: &str = "ws://127.0.0.1:9944";

/// A network that is neither known by name nor an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no network: {why}")]
pub struct NetworkError {
    /// What was given.
    pub given: String,
    /// What is wrong with it.
    pub why: String,
}

/// The endpoints to try, in order, for the name of a network (`finney`, `test`, `archive`, `local`)
/// or a `ws://` or `wss://` address. Finney falls back on the archive node, which follows the same
/// chain.
///
/// # Errors
/// When it is neither.
pub fn endpoints(network: &str) -> Result<Vec<Url>, NetworkError> {
    let addresses: &[&str] = match network {
        "finney" => &[FINNEY, ARCHIVE],
        "archive" => &[ARCHIVE],
        "test" => &[TEST],
        "local" => &[LOCAL],
        address => &[address],
    };
    addresses.iter().map(|text| address(text)).collect()
}

fn address(text: &str) -> Result<Url, NetworkError> {
    let refused = |why: String| NetworkError {
        given: text.to_owned(),
        why,
    };
    let url = Url::parse(text).map_err(|error| {
        refused(format!(
            "{error}; give finney, test, archive, local or a ws:// or wss:// address"
        ))
    })?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(refused(
            "its address must begin with ws:// or wss://".into(),
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refused("its address names no host".into()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_the_official_nodes() {
        let first = |name: &str| endpoints(name).unwrap()[0].to_string();
        assert_eq!(first("finney"), "wss://entrypoint-finney.opentensor.ai/");
        assert_eq!(first("test"), "wss://test.finney.opentensor.ai/");
        assert_eq!(first("archive"), "wss://archive.chain.opentensor.ai/");
        assert_eq!(first("local"), "ws://127.0.0.1:9944/");
        assert_eq!(endpoints("finney").unwrap().len(), 2);
    }

    #[test]
    fn addresses_stand_for_themselves() {
        for text in [
            "ws://10.0.0.1:9944/",
            "wss://node.example/rpc?key=1",
            "ws://[::1]:9944/",
        ] {
            assert_eq!(endpoints(text).unwrap()[0].as_str(), text);
        }
        for text in ["", "moon", "http://node.example", "ws://", "wss://:443"] {
            assert_eq!(endpoints(text).unwrap_err().given, text, "{text}");
        }
    }
}
