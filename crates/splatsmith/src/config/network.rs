//! Which chain, by which nodes.

use bittensor::chain::endpoints;
use url::Url;

use super::{Problems, Setting};
use crate::args::NetworkArgs;

/// The network when nothing names one.
const DEFAULT_NETWORK: &str = "finney";

/// A checked choice of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkConfig {
    /// Name of the network, or the first node's address without what may be secret in it.
    pub(crate) name: String,
    /// Its nodes in the order to try them; at least one.
    pub(crate) endpoints: Vec<Url>,
}

impl NetworkConfig {
    /// Checks what was typed; where nothing was, the variables of the Bittensor SDK hold. Nodes
    /// that are named win over a network's name, and what is typed over a variable.
    pub(crate) fn check(args: &NetworkArgs, problems: &mut Problems) -> Option<Self> {
        Self::resolve(args, |name| std::env::var(name).ok(), problems)
    }

    fn resolve(
        args: &NetworkArgs,
        variable: impl Fn(&str) -> Option<String>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let (origin, given) = if !args.chain_endpoints.is_empty() {
            ("--subtensor.chain_endpoint", args.chain_endpoints.clone())
        } else if let Some(network) = &args.subtensor {
            ("--subtensor.network", vec![network.clone()])
        } else if let Some(endpoint) = set("BT_SUBTENSOR_CHAIN_ENDPOINT") {
            ("BT_SUBTENSOR_CHAIN_ENDPOINT", vec![endpoint])
        } else if let Some(network) = set("BT_SUBTENSOR_NETWORK") {
            ("BT_SUBTENSOR_NETWORK", vec![network])
        } else {
            ("--subtensor.network", vec![DEFAULT_NETWORK.to_owned()])
        };
        let must_be_address = origin.to_lowercase().ends_with("chain_endpoint");
        let mut nodes = Vec::new();
        for text in &given {
            match endpoints(text) {
                Ok(found) if !must_be_address || text.contains("://") => nodes.extend(found),
                Ok(_) => problems.add(
                    format!("{origin} {text}: not an address"),
                    format!("give a ws:// or wss:// address, or --subtensor.network {text}"),
                ),
                Err(error) => problems.add(
                    format!("{origin} {text}: {}", error.why),
                    "give finney, test, archive, local or a ws:// or wss:// address",
                ),
            }
        }
        let first = nodes.first()?;
        let name = match given.as_slice() {
            [name] if !name.contains("://") => name.clone(),
            _ => without_secrets(first),
        };
        Some(Self {
            name,
            endpoints: nodes,
        })
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let nodes: Vec<String> = self.endpoints.iter().map(without_secrets).collect();
        vec![
            ("subtensor.network", self.name.clone()),
            ("subtensor.chain_endpoint", nodes.join(",")),
        ]
    }
}

/// Providers of nodes put their customers' keys into the path or the query.
fn without_secrets(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: (&str, &str) = ("BT_SUBTENSOR_CHAIN_ENDPOINT", "ws://10.0.0.9:9944");
    const NETWORK: (&str, &str) = ("BT_SUBTENSOR_NETWORK", "test");

    fn resolved(
        network: Option<&str>,
        nodes: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<NetworkConfig, Problems> {
        let args = NetworkArgs {
            netuid: 17,
            subtensor: network.map(str::to_owned),
            chain_endpoints: nodes.iter().map(|&node| node.to_owned()).collect(),
            metagraph: None,
        };
        let variable = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut problems = Problems::default();
        let config = NetworkConfig::resolve(&args, variable, &mut problems);
        problems.or(config)
    }

    fn name(network: Option<&str>, nodes: &[&str], variables: &[(&str, &str)]) -> String {
        resolved(network, nodes, variables).expect("usable").name
    }

    #[test]
    fn nodes_win_over_names_and_flags_over_variables() {
        let both = [ENDPOINT, NETWORK];
        assert_eq!(name(None, &[], &[]), "finney");
        assert_eq!(name(None, &[], &[NETWORK]), "test");
        assert_eq!(name(None, &[], &both), "ws://10.0.0.9:9944");
        assert_eq!(name(Some("local"), &[], &both), "local");
        assert_eq!(name(Some("local"), &["ws://a:1"], &both), "ws://a:1");
        assert_eq!(name(None, &[], &[(NETWORK.0, "")]), "finney");
    }

    #[test]
    fn several_nodes_keep_their_order_and_their_secrets() {
        let config = resolved(None, &["wss://a/v1/key", "ws://b:2/?key=1"], &[]).expect("usable");
        assert_eq!(config.endpoints[0].as_str(), "wss://a/v1/key");
        assert_eq!(config.endpoints.len(), 2);
        let shown = format!("{:?}", config.settings());
        assert!(shown.contains("wss://a,ws://b:2"), "{shown}");
        assert!(!shown.contains("key"), "{shown}");
    }

    #[test]
    fn each_flaw_is_named_with_where_it_stands() {
        let what = |network, nodes: &[&str], variables: &[(&str, &str)]| {
            let problems = resolved(network, nodes, variables).expect_err("unusable");
            let texts: Vec<_> = problems.iter().map(|p| p.what.clone()).collect();
            texts.join("; ")
        };
        assert!(what(Some("moon"), &[], &[]).starts_with("--subtensor.network moon: "));
        let both = what(None, &["http://a", "finney"], &[]);
        assert!(
            both.contains("http://a: ") && both.contains("finney: not an address"),
            "{both}"
        );
        let variable = what(None, &[], &[(NETWORK.0, "moon")]);
        assert!(
            variable.starts_with("BT_SUBTENSOR_NETWORK moon: "),
            "{variable}"
        );
    }
}
