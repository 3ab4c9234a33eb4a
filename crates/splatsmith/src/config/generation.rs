//! What makes the clouds, and how many.

use ::generate::{MOST_AT_ONCE, MOST_CANDIDATES};
use splat::Frame;
use url::Url;

use super::{Authorities, JudgingConfig, NativeConfig, Problems, Setting};
use crate::args::GenerationArgs;

/// Where clouds come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Backend {
    /// Our own networks where their weights are here; else sketch, unless there are endpoints.
    Auto,
    /// Our own networks.
    Trellis,
    /// Our own weightless backend, one thread per instance.
    Sketch,
    /// Somebody's `POST /generate/`.
    Http(Url),
}

impl Backend {
    /// For the log: passwords in an address are not shown.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Auto => "auto".to_owned(),
            Self::Trellis => "trellis".to_owned(),
            Self::Sketch => "sketch".to_owned(),
            Self::Http(url) => redacted(url),
        }
    }
}

/// How prompts become clouds.
#[derive(Debug, Clone)]
pub(crate) struct GenerationConfig {
    /// Endpoints first; never empty.
    pub(crate) backends: Vec<Backend>,
    /// How many requests at a time an endpoint gets that does not say on how many it works, 1 to
    /// [`MOST_AT_ONCE`].
    pub(crate) parallel: usize,
    /// How our own networks work.
    pub(crate) native: NativeConfig,
    /// Which way is up in what endpoints make, where it is not what their kind is known for.
    pub(crate) frame: Option<Frame>,
    /// Whom to trust where endpoints are https.
    pub(crate) authorities: Authorities,
    /// Candidates per prompt, 1 to 64; `None` for what the table of categories says.
    pub(crate) candidates: Option<u32>,
    /// Whether candidates are judged before one is chosen.
    pub(crate) validate: bool,
    /// How.
    pub(crate) judging: JudgingConfig,
}

impl GenerationConfig {
    /// Checks what was typed.
    pub(crate) fn check(args: &GenerationArgs, problems: &mut Problems) -> Self {
        if let Some(candidates) = args.candidates
            && !(1..=MOST_CANDIDATES).contains(&candidates)
        {
            problems.add(
                format!("--candidates {candidates}: out of range"),
                format!("give 1 to {MOST_CANDIDATES}"),
            );
        }
        if !(1..=MOST_AT_ONCE).contains(&args.parallel) {
            problems.add(
                format!("--generation.parallel {}: out of range", args.parallel),
                format!("give 1 to {MOST_AT_ONCE}"),
            );
        }
        Self {
            backends: backends(args, problems),
            parallel: args.parallel,
            native: NativeConfig::check(&args.native, problems),
            frame: frame(&args.frame, problems),
            authorities: Authorities::check("--generation.ca", args.ca.as_deref(), problems),
            candidates: args.candidates,
            validate: !args.no_validation,
            judging: JudgingConfig::check(&args.judging, problems),
        }
    }

    /// The most candidates any prompt gets.
    pub(crate) fn most_candidates(&self) -> u32 {
        let by_category = || Some(self.native.categories.as_ref()?.most_candidates());
        self.candidates.or_else(by_category).unwrap_or(1)
    }

    /// For the log: `2`, or `plants 3, others 1`.
    fn candidates_in_words(&self) -> String {
        let typed = self.candidates.map(|count| count.to_string());
        let by_category = || Some(self.native.categories.as_ref()?.candidates());
        typed.or_else(by_category).unwrap_or_default()
    }

    fn may_be_native(&self) -> bool {
        let native = [Backend::Auto, Backend::Trellis];
        self.backends.iter().any(|backend| native.contains(backend))
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let backends: Vec<String> = self.backends.iter().map(Backend::shown).collect();
        let mut settings = vec![
            ("backend", backends.join(",")),
            ("generation.parallel", self.parallel.to_string()),
            ("generation.ca", self.authorities.shown()),
            ("candidates", self.candidates_in_words()),
            (
                "judging",
                if self.validate { "on" } else { "off" }.to_owned(),
            ),
        ];
        if self.may_be_native() {
            settings.extend(self.native.settings());
        }
        if self.validate {
            settings.extend(self.judging.settings());
        }
        settings
    }
}

fn frame(text: &str, problems: &mut Problems) -> Option<Frame> {
    match text {
        "auto" => None,
        "y-up" => Some(Frame::YUp),
        "y-down" => Some(Frame::YDown),
        _ => {
            problems.add(
                format!("--generation.frame {text}: no such frame"),
                "give auto, y-up or y-down",
            );
            None
        }
    }
}

/// The endpoints, if any, and what works here.
fn backends(args: &GenerationArgs, problems: &mut Problems) -> Vec<Backend> {
    let endpoints = args
        .endpoints
        .iter()
        .filter_map(|text| endpoint("--generation.endpoints", text, problems))
        .map(Backend::Http);
    let mut backends: Vec<Backend> = endpoints.collect();
    let here = backend(&args.backend, problems);
    if !args.endpoints.is_empty() && matches!(here, Some(Backend::Sketch | Backend::Http(_))) {
        problems.add(
            format!(
                "--backend {}: --generation.endpoints is given too",
                args.backend
            ),
            "give one of the two, or --backend trellis to generate here as well",
        );
    }
    backends.extend(here);
    backends
}

fn backend(text: &str, problems: &mut Problems) -> Option<Backend> {
    match text {
        "auto" => Some(Backend::Auto),
        "trellis" => Some(Backend::Trellis),
        "sketch" => Some(Backend::Sketch),
        url => endpoint("--backend", url, problems).map(Backend::Http),
    }
}

/// An `http://` or `https://` address, or a problem of `flag`.
fn endpoint(flag: &str, text: &str, problems: &mut Problems) -> Option<Url> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        problems.add(
            format!("{flag} {text}: not an http or https address"),
            "write it like http://127.0.0.1:8093",
        );
    }
    url
}

/// The address without its password and query, either of which may be a secret.
fn redacted(url: &Url) -> String {
    let mut shown = url.clone();
    if shown.password().is_some() {
        let _ = shown.set_password(Some("redacted"));
    }
    if shown.query().is_some() {
        shown.set_query(Some("redacted"));
    }
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> GenerationArgs {
        GenerationArgs {
            backend: "auto".to_owned(),
            endpoints: Vec::new(),
            parallel: 1,
            frame: "auto".to_owned(),
            ca: None,
            candidates: None,
            no_validation: false,
            native: crate::args::NativeArgs::default(),
            judging: crate::args::JudgingArgs::default(),
        }
    }

    #[test]
    fn what_works_here_is_left_to_what_is_here() {
        let mut problems = Problems::default();
        let config = GenerationConfig::check(&args(), &mut problems);
        assert_eq!(config.backends, [Backend::Auto]);
        let typed = GenerationArgs {
            backend: "trellis".to_owned(),
            ..args()
        };
        let config = GenerationConfig::check(&typed, &mut problems);
        assert_eq!(config.backends, [Backend::Trellis]);
        assert_eq!(problems, Problems::default());
    }

    #[test]
    fn endpoints_help_what_works_here() {
        for (backend, here) in [("auto", Backend::Auto), ("trellis", Backend::Trellis)] {
            let mut problems = Problems::default();
            let typed = GenerationArgs {
                backend: backend.to_owned(),
                endpoints: vec!["http://127.0.0.1:1".to_owned()],
                ..args()
            };
            let config = GenerationConfig::check(&typed, &mut problems);
            assert_eq!((config.backends.len(), &config.backends[1]), (2, &here));
            assert_eq!(problems, Problems::default());
        }
    }

    #[test]
    fn finds_every_problem_at_once() {
        let mut problems = Problems::default();
        let typed = GenerationArgs {
            backend: "moon".to_owned(),
            frame: "sideways".to_owned(),
            parallel: 17,
            candidates: Some(0),
            ..args()
        };
        GenerationConfig::check(&typed, &mut problems);
        assert_eq!(problems.iter().count(), 4, "{problems:?}");
    }

    #[test]
    fn an_operator_knows_better_which_way_is_up() {
        let mut problems = Problems::default();
        let typed = GenerationArgs {
            frame: "y-down".to_owned(),
            ..args()
        };
        let config = GenerationConfig::check(&typed, &mut problems);
        assert_eq!(config.frame, Some(Frame::YDown));
    }

    #[test]
    fn endpoints_and_another_backend_exclude_each_other() {
        let mut problems = Problems::default();
        let typed = GenerationArgs {
            backend: "sketch".to_owned(),
            endpoints: vec!["http://127.0.0.1:1".to_owned(), "ftp://x".to_owned()],
            ..args()
        };
        let config = GenerationConfig::check(&typed, &mut problems);
        assert_eq!(problems.iter().count(), 2, "{problems:?}");
        assert_eq!(config.backends.len(), 2);
    }

    #[test]
    fn secrets_in_addresses_are_not_shown() {
        let mut problems = Problems::default();
        let url = endpoint(
            "--backend",
            "http://me:hunter2@host/?key=abc",
            &mut problems,
        );
        let shown = Backend::Http(url.expect("a url")).shown();
        assert!(
            !shown.contains("hunter2") && !shown.contains("abc"),
            "{shown}"
        );
    }
}
