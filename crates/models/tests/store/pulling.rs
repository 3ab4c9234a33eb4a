//! Models come, lie where they should, and do not come twice.

use std::fs;
use std::path::Path;

use axum::http::Method;
use models::store::{FileState, ModelState, Places, Record, Store, file_state};

use super::hub::{COMMIT, Faults, Hub, LATER, content, manifest, pulled, pulled_one, sha256};

const BOTH: &str = "[[model.file]]\npath = 'deep/w.bin'\nlimit = 1000000\n[[model.file]]\npath = 'tokenizer.json'\nlimit = 1000";

fn filled() -> Hub {
    let hub = Hub::new();
    hub.put("o/m/deep/w.bin", &content(300_000));
    hub.put("o/m/tokenizer.json", b"{}");
    hub
}

fn read(folder: &Path, path: &str) -> Vec<u8> {
    fs::read(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn files_lie_as_huggingface_hub_lays_them() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    for outcome in pulled(folder.path(), &manifest("", BOTH), &hub.options()) {
        let pulled = outcome.unwrap();
        assert!(pulled.fetched && !pulled.vouched, "{pulled:?}");
    }
    let weights = content(300_000);
    let snapshot = format!("models--o--m/snapshots/{COMMIT}");
    assert_eq!(
        read(folder.path(), &format!("{snapshot}/deep/w.bin")),
        weights
    );
    assert_eq!(
        read(folder.path(), &format!("{snapshot}/tokenizer.json")),
        b"{}"
    );
    assert_eq!(
        read(
            folder.path(),
            &format!("models--o--m/blobs/{}", sha256(&weights))
        ),
        weights
    );
    assert_eq!(
        read(folder.path(), "models--o--m/refs/main"),
        COMMIT.as_bytes()
    );
    if cfg!(unix) {
        let link = fs::read_link(folder.path().join(format!("{snapshot}/deep/w.bin"))).unwrap();
        assert_eq!(
            link,
            Path::new(&format!("../../../blobs/{}", sha256(&weights)))
        );
    }
    let asked = hub.asked();
    assert!(
        asked.iter().any(
            |asked| asked.method == Method::HEAD && asked.path == "o/m/resolve/main/deep/w.bin"
        )
    );
    // Of the commit that was named, and the token goes to the hub alone.
    assert!(
        asked
            .iter()
            .any(|asked| asked.path == format!("o/m/resolve/{COMMIT}/deep/w.bin") && asked.token)
    );
    assert!(
        asked
            .iter()
            .filter(|asked| asked.path.starts_with("cdn/"))
            .all(|asked| !asked.token)
    );
    assert!(asked.iter().any(|asked| asked.path.starts_with("cdn/")));
}

#[test]
fn what_is_here_is_not_asked_for_again() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let manifest = manifest("", BOTH);
    assert!(
        pulled(folder.path(), &manifest, &hub.options())
            .iter()
            .all(Result::is_ok)
    );
    hub.asked();
    hub.move_main(LATER);
    let again = pulled(folder.path(), &manifest, &hub.options());
    assert!(
        again
            .iter()
            .all(|outcome| outcome.as_ref().is_ok_and(|pulled| !pulled.fetched)),
        "{again:?}"
    );
    assert_eq!(hub.asked(), []);
}

#[test]
fn what_the_python_tools_fetched_is_taken() {
    let (hub, folder) = (Hub::new(), tempfile::tempdir().unwrap());
    let weights = content(5000);
    let repository = folder.path().join("models--o--m");
    for part in [
        format!("snapshots/{LATER}"),
        "blobs".to_owned(),
        "refs".to_owned(),
    ] {
        fs::create_dir_all(repository.join(part)).unwrap();
    }
    fs::write(repository.join("refs/main"), LATER).unwrap();
    fs::write(repository.join("blobs").join(sha256(&weights)), &weights).unwrap();
    let pointer = repository.join("snapshots").join(LATER).join("w.bin");
    fs::copy(repository.join("blobs").join(sha256(&weights)), pointer).unwrap();

    let unpinned = manifest("", "[[model.file]]\npath = 'w.bin'");
    let taken = pulled_one(folder.path(), &unpinned, &hub.options()).unwrap();
    assert!(
        !taken.fetched && taken.path.to_string_lossy().contains(LATER),
        "{taken:?}"
    );
    // Pinned to another commit, but the content is known by its hash.
    let file = format!(
        "[[model.file]]\npath = 'w.bin'\nsize = 5000\nsha256 = '{}'",
        sha256(&weights)
    );
    let pinned = manifest(&format!("revision = '{COMMIT}'"), &file);
    let taken = pulled_one(folder.path(), &pinned, &hub.options()).unwrap();
    assert!(!taken.fetched && taken.vouched, "{taken:?}");
    assert_eq!(hub.asked(), []);
}

#[test]
fn a_broken_connection_goes_on_where_it_broke() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        cut_after: Some((100_000, 2)),
        ..Faults::default()
    });
    let file = "[[model.file]]\npath = 'deep/w.bin'\nlimit = 1000000";
    let pulled = pulled_one(folder.path(), &manifest("", file), &hub.options()).unwrap();
    assert_eq!(fs::read(pulled.path).unwrap(), content(300_000));
    let starts: Vec<u64> = hub
        .asked()
        .iter()
        .filter(|asked| asked.path.starts_with("cdn/"))
        .map(|asked| {
            asked
                .range
                .as_deref()
                .map_or(0, |range| range[6..range.len() - 1].parse().unwrap())
        })
        .collect();
    assert_eq!(starts.len(), 3, "{starts:?}");
    assert!(
        starts[0] == 0 && starts[0] < starts[1] && starts[1] < starts[2],
        "{starts:?}"
    );
}

#[test]
fn what_a_broken_pull_left_is_used_by_the_next() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let places = Places::under(folder.path());
    let manifest = manifest("", "[[model.file]]\npath = 'deep/w.bin'\nlimit = 1000000");
    let state = |places: &Places| {
        let model = &manifest.models()[0];
        file_state(
            places,
            model,
            &model.files[0],
            &Record::load(&places.record).unwrap(),
        )
    };
    hub.faults(Faults {
        cut_after: Some((10_000, 99)),
        ..Faults::default()
    });
    let error = pulled_one(folder.path(), &manifest, &hub.options())
        .expect_err("broken")
        .to_string();
    assert!(
        error.contains("bytes are kept: run `splatsmith models pull m`"),
        "{error}"
    );
    let FileState::Partial(kept) = state(&places) else {
        panic!("{:?}", state(&places))
    };
    assert!(kept >= 10_000, "{kept}");
    hub.faults(Faults::default());
    hub.asked();
    pulled_one(folder.path(), &manifest, &hub.options()).unwrap();
    assert!(
        hub.asked()
            .iter()
            .any(|asked| asked.range == Some(format!("bytes={kept}-")))
    );
    assert_eq!(state(&places).summary(), ModelState::Present);
}

#[test]
fn a_server_without_ranges_begins_again() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        cut_after: Some((100_000, 1)),
        ignores_ranges: true,
        ..Faults::default()
    });
    let file = "[[model.file]]\npath = 'deep/w.bin'\nlimit = 1000000";
    let pulled = pulled_one(folder.path(), &manifest("", file), &hub.options()).unwrap();
    assert_eq!(fs::read(pulled.path).unwrap(), content(300_000));
}

#[test]
fn a_busy_hub_is_asked_again() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        busy: 3,
        ..Faults::default()
    });
    assert!(
        pulled(folder.path(), &manifest("", BOTH), &hub.options())
            .iter()
            .all(Result::is_ok)
    );
}

#[test]
fn the_other_name_is_taken_where_the_first_is_not_there() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let manifest = manifest(
        "",
        "[[model.file]]\npath = 'w.safetensors'\ninstead = 'deep/w.bin'",
    );
    let pulled = pulled_one(folder.path(), &manifest, &hub.options()).unwrap();
    assert!(pulled.path.ends_with("deep/w.bin"), "{pulled:?}");
    hub.asked();
    assert!(
        !pulled_one(folder.path(), &manifest, &hub.options())
            .unwrap()
            .fetched
    );
    assert_eq!(hub.asked(), []);
}

#[test]
fn a_web_address_is_kept_as_torch_hub_keeps_it() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        cut_after: Some((100_000, 1)),
        ..Faults::default()
    });
    let url = format!("url = '{}/plain/o/m/deep/w.bin'", hub.endpoint());
    let file = format!(
        "[[model.file]]\npath = 'w.pth'\nsize = 300000\nsha256 = '{}'",
        sha256(&content(300_000))
    );
    let pulled = pulled_one(folder.path(), &manifest(&url, &file), &hub.options()).unwrap();
    assert_eq!(pulled.path, folder.path().join("checkpoints/w.pth"));
    assert!(pulled.vouched);
    assert_eq!(hub.asked().len(), 2);
}

#[test]
fn the_store_finds_what_was_pulled_and_says_how_to_get_the_rest() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let manifest = manifest("", BOTH);
    let store = || Store::with(manifest.clone(), Places::under(folder.path())).unwrap();
    let missing = store()
        .path("m", "deep/w.bin")
        .expect_err("not here")
        .to_string();
    assert!(
        missing.contains("m: deep/w.bin is not here")
            && missing.contains("`splatsmith models pull m`"),
        "{missing}"
    );
    assert!(
        pulled(folder.path(), &manifest, &hub.options())
            .iter()
            .all(Result::is_ok)
    );
    let path = store().path("m", "deep/w.bin").unwrap();
    // It is no weights, and says so.
    let unreadable = store().weights("m").expect_err("no weights").to_string();
    assert!(
        unreadable.contains("neither safetensors nor")
            && unreadable.contains(&sha256(&content(300_000))),
        "{unreadable}"
    );
    fs::write(&path, "short").unwrap();
    let damaged = store()
        .path("m", "deep/w.bin")
        .expect_err("damaged")
        .to_string();
    assert!(
        damaged.contains("has 5 bytes (300000 bytes") && damaged.contains("models pull m"),
        "{damaged}"
    );
}
