//! The page of `mine --check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use comfy_table::{CellAlignment, Table};
use owo_colors::OwoColorize;

use super::tables::ruled;
use crate::commands::check::{Report, Validator};
use crate::commands::subnet::Origin;

/// UIDs named beside a reason for a refusal.
const UIDS_SHOWN: usize = 8;

/// One page for people.
pub(crate) fn check_page(report: &Report, colour: bool) -> String {
    let mut page = String::new();
    let mut line = |name: &str, text: String| {
        let _ = writeln!(page, "{name:>12}  {text}");
    };
    line(
        "wallet",
        format!(
            "{} / {} ({})",
            report.wallet,
            report.hotkey,
            report.hotkey_file.display()
        ),
    );
    line("address", shown(report.address.as_ref()));
    let uid = match (report.uid, report.address, &report.metagraph) {
        (Some(uid), ..) => format!("uid {uid}"),
        (None, Some(_), Some(Origin::File { .. } | Origin::Chain { .. } | Origin::Kept { .. })) => {
            "not among its neurons".to_owned()
        }
        _ => "uid unknown".to_owned(),
    };
    line(
        "subnet",
        format!("{} of {}, {uid}", report.netuid, report.network),
    );
    line("metagraph", origin(report.metagraph.as_ref()));
    line("blacklist", blacklist(&report.blacklist));
    if let Some(gateway) = &report.gateway {
        line("gateway", gateway.clone());
    }
    for generator in &report.generators {
        line(
            "generator",
            format!("{} {}", generator.label, generator.health),
        );
    }
    line("judging", judging(report));
    line("data folder", report.data_dir.display().to_string());
    if !report.validators.is_empty() {
        let _ = writeln!(page, "{}", validators(&report.validators));
    }
    for (reason, uids) in refusals(report) {
        let _ = writeln!(page, "not pulled from: {reason}: uid {uids}");
    }
    for warning in &report.warnings {
        let label = paint("warning:", colour, |text| text.yellow().to_string());
        let _ = writeln!(page, "{label} {warning}");
    }
    for obstacle in &report.obstacles {
        let label = paint("stops mining:", colour, |text| {
            text.red().bold().to_string()
        });
        let _ = writeln!(page, "{label} {obstacle}");
    }
    if report.ok {
        page.push_str(&paint("nothing would stop mining", colour, |text| {
            text.green().to_string()
        }));
    }
    page.trim_end().to_owned()
}

fn paint(text: &str, colour: bool, how: impl FnOnce(&str) -> String) -> String {
    if colour { how(text) } else { text.to_owned() }
}

fn shown(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

fn origin(origin: Option<&Origin>) -> String {
    match origin {
        None => "unknown".to_owned(),
        Some(Origin::Nowhere) => "no validators are pulled from".to_owned(),
        Some(Origin::File { path }) => format!("{}, which stays as it is", path.display()),
        Some(Origin::Chain { node, block }) => format!("block {block}, {node}"),
        Some(Origin::Kept { block, age, .. }) => {
            let age = humantime::format_duration(Duration::from_secs(*age));
            format!("block {block}, kept from {age} ago")
        }
    }
}

fn judging(report: &Report) -> String {
    match (report.judging, report.judge_lacks.as_slice()) {
        (false, _) => "OFF: every cloud is sent as it comes".to_owned(),
        (true, []) => "on, by the validator's score".to_owned(),
        (true, lacking) => format!(
            "on, by gates alone, for want of {}: `splatsmith models pull judge`",
            lacking.join(", ")
        ),
    }
}

fn blacklist(uids: &[u16]) -> String {
    if uids.is_empty() {
        return "nobody".to_owned();
    }
    uids.iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

fn validators(validators: &[Validator]) -> Table {
    let mut table = ruled(["validator", "stake", "axon", "connected in", "hotkey"]);
    for validator in validators {
        let reached = validator
            .connected_in_ms
            .map_or_else(|| "no connection".to_owned(), |ms| format!("{ms:.0} ms"));
        table.add_row([
            validator.uid.to_string(),
            format!("{:.0}", validator.stake),
            validator.axon.clone(),
            reached,
            validator.hotkey.to_string(),
        ]);
    }
    for column in table.column_iter_mut().take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The reasons why neurons are not pulled from, with some of their uids. Stakes differ from neuron to
/// neuron; that they are too small does not.
fn refusals(report: &Report) -> Vec<(String, String)> {
    let mut reasons: BTreeMap<String, Vec<u16>> = BTreeMap::new();
    for refused in &report.refused {
        let reason = match refused.reason.split_once(" is below ") {
            Some((_, least)) => format!("stake below {least}"),
            None => refused.reason.clone(),
        };
        reasons.entry(reason).or_default().push(refused.uid);
    }
    let some = |uids: Vec<u16>| {
        let more = uids.len().saturating_sub(UIDS_SHOWN);
        let some: Vec<_> = uids.iter().take(UIDS_SHOWN).map(u16::to_string).collect();
        match more {
            0 => some.join(", "),
            more => format!("{} and {more} more", some.join(", ")),
        }
    };
    let lines = reasons.into_iter();
    lines.map(|(reason, uids)| (reason, some(uids))).collect()
}

#[cfg(test)]
mod tests {
    use bittensor::Keypair;
    use miner::Ignored;

    use super::*;
    use crate::commands::check::Generator;

    fn report() -> Report {
        let refused = |uid, reason: &str| Ignored {
            uid,
            reason: reason.to_owned(),
        };
        let mut others: Vec<_> = (20..40)
            .map(|uid| refused(uid, &format!("stake {uid} is below 1000")))
            .collect();
        others.push(refused(9, "blacklisted"));
        Report {
            ok: false,
            wallet: "w".to_owned(),
            hotkey: "h".to_owned(),
            hotkey_file: "wallets/w/hotkeys/h".into(),
            address: Some(Keypair::from_seed([1; 32]).public()),
            uid: Some(42),
            network: "finney".to_owned(),
            netuid: 17,
            metagraph: Some(Origin::Kept {
                block: 6_543_210,
                age: 300,
                why: "refused".to_owned(),
            }),
            validators: vec![Validator {
                uid: 3,
                hotkey: Keypair::from_seed([3; 32]).public(),
                axon: "8.8.8.8:8091".to_owned(),
                stake: 5000.4,
                connected_in_ms: None,
            }],
            refused: others,
            blacklist: vec![180],
            gateway: None,
            generators: vec![Generator {
                label: "http://10.0.0.7:8093".to_owned(),
                usable: true,
                health: "is well".to_owned(),
            }],
            judging: true,
            judge_lacks: vec!["alexnet".to_owned()],
            data_dir: "data".into(),
            warnings: vec!["a warning".to_owned()],
            obstacles: vec!["an obstacle".to_owned()],
        }
    }

    #[test]
    fn a_page_says_it_all() {
        let page = check_page(&report(), false);
        for wanted in [
            "w / h (wallets/w/hotkeys/h)",
            "17 of finney, uid 42",
            "block 6543210, kept from 5m ago",
            "http://10.0.0.7:8093 is well",
            "no connection",
            "by gates alone, for want of alexnet",
            "blacklisted: uid 9",
            "stake below 1000: uid 20, 21, 22, 23, 24, 25, 26, 27 and 12 more",
            "warning: a warning",
            "stops mining: an obstacle",
        ] {
            assert!(page.contains(wanted), "{wanted} in\n{page}");
        }
        assert!(!page.contains("nothing would stop"));
    }
}
