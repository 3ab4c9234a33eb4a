//! Flags, environment and `splatsmith.toml` as one schema.
//!
//! The flags are the schema. Each flag's environment variable is derived from its name, and a
//! setting from the file is handed to the same parser as if it had been typed, but only where
//! neither the command line nor the environment says anything. So a flag cannot exist in one
//! place and not in the others, and every source is checked by the same rules.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use toml::{Table, Value};

use super::Cli;
use crate::config::Problems;

/// The settings file read when `--config` names no other.
const SETTINGS_FILE: &str = "splatsmith.toml";

/// A settings file larger than this is not one.
const LARGEST_SETTINGS_FILE: u64 = 1 << 20;

/// Flags that say what one call is about. They make no sense as standing settings.
const PER_CALL: [&str; 8] = [
    "accept-non-commercial",
    "config",
    "help",
    "image",
    "output",
    "preview",
    "prompt",
    "version",
];

/// Why the command line did not become a [`Cli`].
#[derive(Debug)]
pub(crate) enum ParseError {
    /// clap's own message; also `--help` and `--version`.
    Clap(clap::Error),
    /// The settings file is unusable.
    File(Problems),
}

impl From<clap::Error> for ParseError {
    fn from(error: clap::Error) -> Self {
        Self::Clap(error)
    }
}

/// Parses `arguments`, program name first, and fills what they leave open from the environment
/// and then from the settings file.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, ParseError> {
    let command = with_environment(Cli::command());
    let matches = command.clone().try_get_matches_from(arguments)?;
    let mut problems = Problems::default();
    let Some((path, table)) = settings(&matches, &mut problems) else {
        problems.or(Some(())).map_err(ParseError::File)?;
        return Ok(Cli::from_arg_matches(&matches)?);
    };
    let from_file = arguments_from(&command, &matches, &path, &table, &mut problems);
    let from_file = problems.or(Some(from_file)).map_err(ParseError::File)?;
    let layered = insert(arguments, from_file);
    Ok(Cli::from_arg_matches(
        &command.try_get_matches_from(layered)?,
    )?)
}

/// Gives every standing flag its environment variable.
fn with_environment(mut command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|subcommand| subcommand.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, with_environment);
    }
    command.mut_args(with_variable)
}

fn with_variable(argument: clap::Arg) -> clap::Arg {
    match argument.get_long().map(str::to_owned) {
        Some(flag) if !PER_CALL.contains(&flag.as_str()) => {
            argument.env(variable(&flag)).hide_env(true)
        }
        _ => argument,
    }
}

/// `wallet.name` → `SPLATSMITH_WALLET_NAME`.
fn variable(flag: &str) -> String {
    format!(
        "SPLATSMITH_{}",
        flag.replace(['.', '-'], "_").to_uppercase()
    )
}

/// The settings file named by `--config`, or the one here, or none.
fn settings(matches: &ArgMatches, problems: &mut Problems) -> Option<(PathBuf, Table)> {
    let named = matches
        .subcommand()
        .and_then(|(_, inner)| inner.get_one::<PathBuf>("config"))
        .or_else(|| matches.get_one::<PathBuf>("config"));
    let path = match named {
        Some(path) => path.clone(),
        None if Path::new(SETTINGS_FILE).is_file() => PathBuf::from(SETTINGS_FILE),
        None => return None,
    };
    match read_table(&path) {
        Ok(table) => Some((path, table)),
        Err(what) => {
            problems.add(
                format!("{}: {what}", path.display()),
                "mend it, or name another with --config",
            );
            None
        }
    }
}

fn read_table(path: &Path) -> Result<Table, String> {
    let size = std::fs::metadata(path)
        .map_err(|error| error.to_string())?
        .len();
    if size > LARGEST_SETTINGS_FILE {
        return Err(format!("{size} bytes are too many for settings"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    text.parse::<Table>()
        .map_err(|error| error.to_string().replace('\n', " "))
}

/// The settings that hold for the command in `matches` and are given nowhere else, as flags.
fn arguments_from(
    command: &Command,
    matches: &ArgMatches,
    path: &Path,
    table: &Table,
    problems: &mut Problems,
) -> Vec<OsString> {
    let Some((name, given)) = matches.subcommand() else {
        return Vec::new();
    };
    let (chosen, given) = innermost(command.find_subcommand(name).unwrap_or(command), given);
    let mut arguments = Vec::new();
    for (flag, value) in flattened(command, name, table) {
        if PER_CALL.contains(&flag.as_str()) || !has_flag(command, &flag) {
            problems.add(
                format!("{}: there is no setting {flag}", path.display()),
                format!("see splatsmith {name} --help for what there is"),
            );
            continue;
        }
        let here = [chosen, command]
            .into_iter()
            .flat_map(Command::get_arguments)
            .find(|argument| argument.get_long() == Some(flag.as_str()));
        let Some(argument) = here else { continue };
        let source = given
            .try_contains_id(argument.get_id().as_str())
            .ok()
            .and_then(|_| given.value_source(argument.get_id().as_str()));
        if !matches!(
            source,
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        ) {
            arguments.extend(as_flags(&flag, &value, path, problems));
        }
    }
    arguments
}

/// The command that was chosen below `command`, and what was given to it.
fn innermost<'a>(command: &'a Command, given: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    match given.subcommand() {
        Some((name, inner)) => innermost(command.find_subcommand(name).unwrap_or(command), inner),
        None => (command, given),
    }
}

/// Whether `command` or one below it has the flag.
fn has_flag(command: &Command, flag: &str) -> bool {
    command
        .get_arguments()
        .any(|argument| argument.get_long() == Some(flag))
        || command.get_subcommands().any(|inner| has_flag(inner, flag))
}

/// `[wallet] name = "x"` as `wallet.name`; the tables of other commands left out, and the one of
/// this command laid over the common settings.
fn flattened(command: &Command, name: &str, table: &Table) -> BTreeMap<String, Value> {
    let is_command = |key: &str| command.find_subcommand(key).is_some();
    let mut flat = BTreeMap::new();
    for (key, value) in table {
        if !(is_command(key) && value.is_table()) {
            flatten(key, value, &mut flat);
        }
    }
    if let Some(Value::Table(own)) = table.get(name) {
        for (key, value) in own {
            flatten(key, value, &mut flat);
        }
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, Value>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                flatten(&format!("{path}.{key}"), value, flat);
            }
        }
        value => {
            flat.insert(path.to_owned(), value.clone());
        }
    }
}

fn as_flags(flag: &str, value: &Value, path: &Path, problems: &mut Problems) -> Vec<OsString> {
    let typed = |text: String| vec![OsString::from(format!("--{flag}={text}"))];
    match value {
        Value::Boolean(true) => vec![OsString::from(format!("--{flag}"))],
        Value::Boolean(false) => Vec::new(),
        Value::String(text) => typed(text.clone()),
        Value::Integer(number) => typed(number.to_string()),
        Value::Float(number) => typed(number.to_string()),
        Value::Array(values) => values
            .iter()
            .flat_map(|value| as_flags(flag, value, path, problems))
            .collect(),
        Value::Datetime(_) | Value::Table(_) => {
            problems.add(
                format!(
                    "{}: {flag} is not text, a number or a list of them",
                    path.display()
                ),
                "write it as you would on the command line",
            );
            Vec::new()
        }
    }
}

/// Puts `extra` after the last flag: before a `--`, if there is one.
fn insert(arguments: &[OsString], extra: Vec<OsString>) -> Vec<OsString> {
    let end = arguments
        .iter()
        .position(|argument| argument == "--")
        .unwrap_or(arguments.len());
    let mut layered = arguments.to_vec();
    layered.splice(end..end, extra);
    layered
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::args::Command as Chosen;

    fn parse_with(file: &str, typed: &[&str]) -> Result<Cli, ParseError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("settings.toml");
        fs::write(&path, file).expect("written");
        let mut arguments: Vec<OsString> = vec!["splatsmith".into(), "--config".into()];
        arguments.push(path.into());
        arguments.extend(typed.iter().map(OsString::from));
        parse(&arguments)
    }

    #[test]
    fn the_flags_are_well_formed() {
        with_environment(Cli::command()).debug_assert();
    }

    #[test]
    fn every_standing_flag_has_its_variable() {
        let command = with_environment(Cli::command());
        fn all(command: &Command) -> Vec<&clap::Arg> {
            let inner = command.get_subcommands().flat_map(all);
            command.get_arguments().chain(inner).collect()
        }
        for argument in all(&command)
            .into_iter()
            .filter(|argument| argument.get_long().is_some())
        {
            let flag = argument.get_long().expect("a long flag");
            assert_eq!(
                argument.get_env().is_some(),
                !PER_CALL.contains(&flag),
                "{flag}"
            );
        }
        assert_eq!(variable("wallet.name"), "SPLATSMITH_WALLET_NAME");
    }

    #[test]
    fn the_file_fills_what_was_not_typed() {
        let file = "[rehearse]\nvalidators = 3\nspeed = 7.5\n[wallet]\nname = \"w\"\n";
        let cli = parse_with(file, &["rehearse", "--speed", "9"]).expect("parsed");
        let Chosen::Rehearse(args) = cli.command else {
            panic!("not rehearse")
        };
        assert_eq!((args.validators, args.speed), (3, 9.0));
    }

    #[test]
    fn lists_and_switches_come_through() {
        let file = "no-validation = true\n[generation]\nendpoints = [\"http://a\", \"http://b\"]\n";
        let cli = parse_with(file, &["mine", "--metagraph", "m.json"]).expect("parsed");
        let Chosen::Mine(args) = cli.command else {
            panic!("not mine")
        };
        assert_eq!(args.generation.endpoints, ["http://a", "http://b"]);
        assert!(args.generation.no_validation);
    }

    #[test]
    fn settings_reach_commands_within_commands() {
        let file = "models-dir = \"/m\"\n[models]\nparallel = 2\n[mine]\nnetuid = 17\n";
        let cli = parse_with(file, &["models", "pull", "judge"]).expect("parsed");
        let Chosen::Models(args) = cli.command else {
            panic!("not models")
        };
        let crate::args::ModelsCommand::Pull(args) = args.command else {
            panic!("not pull")
        };
        assert_eq!(args.parallel, 2);
        assert_eq!(args.store.models_dir, Some(PathBuf::from("/m")));
        assert!(parse_with(file, &["models", "list", "--models-dir", "/n"]).is_ok());
    }

    #[test]
    fn every_unknown_setting_is_named() {
        let error = parse_with("walet = 1\n[mine]\nnettuid = 17\n", &["mine"]);
        let Err(ParseError::File(problems)) = error else {
            panic!("accepted")
        };
        assert_eq!(problems.iter().count(), 2, "{problems:?}");
    }

    #[test]
    fn a_broken_file_is_one_problem() {
        let Err(ParseError::File(problems)) = parse_with("netuid = = 17", &["mine"]) else {
            panic!("accepted")
        };
        assert_eq!(problems.iter().count(), 1);
        assert!(problems.iter().all(|problem| !problem.what.contains('\n')));
    }
}
