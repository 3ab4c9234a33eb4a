//! What forbids mining before it begins.

use std::sync::Arc;

use generate::Generator;

use crate::config::MinerConfig;
use crate::error::MinerError;

/// Everything that [`run`](crate::run) would refuse to begin with, each with its remedy; nothing is
/// begun.
///
/// On a live network that includes a backend without a model, and answers that nobody judged: there
/// they only cost penalties.
#[must_use]
pub fn obstacles(
    config: &MinerConfig,
    generators: &[Arc<dyn Generator>],
    is_judged: bool,
) -> Vec<String> {
    let mut problems = match config.validate() {
        Err(MinerError::Config(problems)) => problems,
        Err(error) => vec![error.to_string()],
        Ok(()) => Vec::new(),
    };
    if generators.is_empty() {
        problems.push("no generator: name at least one backend".to_owned());
    }
    let gateway = config.gateway.as_ref();
    let is_live = !config.test_network || gateway.is_some_and(|gateway| !gateway.is_local());
    if !is_live {
        return problems;
    }
    for generator in generators {
        if generator.is_rehearsal_only() && !config.allow_rehearsal_backend {
            problems.push(format!(
                "the backend {} is for rehearsals only: live validators would reject what it \
                 makes and penalise us for it; name another backend, or allow it in so many words",
                generator.label()
            ));
        }
    }
    if !is_judged && !config.allow_unjudged {
        problems.push(
            "mining unjudged on a live network sends what validators reject: turn judging on, \
             or allow it in so many words"
                .to_owned(),
        );
    }
    problems
}
