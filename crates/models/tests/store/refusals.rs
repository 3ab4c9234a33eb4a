//! What hubs and disks can do wrong: one line each, nothing left, nothing written elsewhere.

use std::fs;

use models::store::Places;

use super::hub::{
    COMMIT, Faults, Hub, LATER, bytes_below, content, manifest, pulled_one, refused, sha256,
};

const FILE: &str = "[[model.file]]\npath = 'w.bin'\nlimit = 100000";

fn hub() -> Hub {
    let hub = Hub::new();
    hub.put("o/m/w.bin", &content(50_000));
    hub
}

#[test]
fn a_gated_model_says_where_to_accept_its_licence() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    for status in [401, 403] {
        hub.faults(Faults {
            status: Some((status, "GatedRepo")),
            ..Faults::default()
        });
        let error = refused(folder.path(), &manifest("", FILE), &hub.options());
        assert!(
            error.contains("accept the licence at https://huggingface.co/o/m and set HF_TOKEN"),
            "{error}"
        );
    }
}

#[test]
fn what_the_hub_does_not_have_is_named() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    for (code, words) in [
        ("RevisionNotFound", COMMIT),
        ("RepoNotFound", "such repository"),
        ("EntryNotFound", "such file"),
    ] {
        hub.faults(Faults {
            status: Some((404, code)),
            ..Faults::default()
        });
        let pinned = manifest(&format!("revision = '{COMMIT}'"), FILE);
        let error = refused(folder.path(), &pinned, &hub.options());
        assert!(
            error.contains(words) && error.contains("m: w.bin"),
            "{error}"
        );
    }
}

#[test]
fn nothing_is_fetched_offline() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let mut options = hub.options();
    options.offline = true;
    let error = refused(folder.path(), &manifest("", FILE), &options);
    assert!(error.contains("without --offline"), "{error}");
    assert_eq!(hub.asked(), []);
    pulled_one(folder.path(), &manifest("", FILE), &hub.options()).unwrap();
    assert!(
        !pulled_one(folder.path(), &manifest("", FILE), &options)
            .unwrap()
            .fetched
    );
}

#[test]
fn another_file_than_the_manifest_s_is_refused_before_it_is_sent() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let expected = sha256(b"another");
    let file = format!("[[model.file]]\npath = 'w.bin'\nsha256 = '{expected}'");
    let error = refused(folder.path(), &manifest("", &file), &hub.options());
    assert!(
        error.contains(&expected) && error.contains(&sha256(&content(50_000))),
        "{error}"
    );
    let error = refused(
        folder.path(),
        &manifest("", "[[model.file]]\npath = 'w.bin'\nsize = 49999"),
        &hub.options(),
    );
    assert!(
        error.contains("50000 bytes where 49999 are expected"),
        "{error}"
    );
    assert!(
        hub.asked()
            .iter()
            .all(|asked| !asked.path.starts_with("cdn/")),
        "asked for the content"
    );
    assert_eq!(bytes_below(folder.path()), 0);
}

#[test]
fn content_that_is_not_what_was_stated_is_thrown_away() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        etag: Some(sha256(b"another")),
        ..Faults::default()
    });
    let error = refused(folder.path(), &manifest("", FILE), &hub.options());
    assert!(error.contains("nothing of it is kept"), "{error}");
    assert_eq!(bytes_below(folder.path()), 0);
}

#[test]
fn no_server_can_fill_the_disk() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        endless: true,
        ..Faults::default()
    });
    // With a size stated, and with none but the manifest's limit.
    let error = refused(folder.path(), &manifest("", FILE), &hub.options());
    assert!(error.contains("where 50000 are expected"), "{error}");
    let url = format!("url = '{}/plain/o/m/w.bin'", hub.endpoint());
    let error = refused(folder.path(), &manifest(&url, FILE), &hub.options());
    assert!(
        error.contains("where 100000 at most are expected"),
        "{error}"
    );
    assert_eq!(bytes_below(folder.path()), 0);
    hub.faults(Faults {
        stated_size: Some(u64::MAX),
        ..Faults::default()
    });
    let error = refused(folder.path(), &manifest("", FILE), &hub.options());
    assert!(error.contains("100000 at most"), "{error}");
}

#[test]
fn names_from_servers_are_not_paths() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let inner = folder.path().join("inner");
    for faults in [
        Faults {
            etag: Some("../../../../escaped".to_owned()),
            ..Faults::default()
        },
        Faults {
            commit: Some("../../../../escaped".to_owned()),
            ..Faults::default()
        },
    ] {
        hub.faults(faults);
        let error = refused(&inner, &manifest("", FILE), &hub.options());
        assert!(error.contains("that is no hash"), "{error}");
    }
    assert!(
        fs::read_dir(folder.path())
            .unwrap()
            .all(|entry| entry.unwrap().file_name() == "inner")
    );
    assert_eq!(bytes_below(folder.path()), 0);
}

#[test]
fn another_commit_than_the_pinned_one_is_refused() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    hub.faults(Faults {
        commit: Some(LATER.to_owned()),
        ..Faults::default()
    });
    let pinned = manifest(&format!("revision = '{COMMIT}'"), FILE);
    let error = refused(folder.path(), &pinned, &hub.options());
    assert!(error.contains(LATER) && error.contains(COMMIT), "{error}");
}

#[test]
fn redirects_end() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    for (to, words) in [
        ("/o/m/resolve/main/w.bin", "redirects more than"),
        ("file:///etc/passwd", "neither http nor https"),
    ] {
        hub.faults(Faults {
            redirect: Some(to.to_owned()),
            ..Faults::default()
        });
        let error = refused(folder.path(), &manifest("", FILE), &hub.options());
        assert!(error.contains(words), "{error}");
    }
    assert!(hub.asked().len() <= 8 + 1, "followed for too long");
}

#[test]
fn what_changed_since_the_first_pull_is_refused() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let unpinned = manifest("", FILE);
    let first = pulled_one(folder.path(), &unpinned, &hub.options()).unwrap();
    fs::remove_dir_all(folder.path().join("models--o--m")).unwrap();
    let mut other = content(50_000);
    other[7] ^= 1;
    hub.put("o/m/w.bin", &other);
    let error = refused(folder.path(), &unpinned, &hub.options());
    assert!(
        error.contains(&first.hash.to_string()) && error.contains("since the first pull"),
        "{error}"
    );
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = hub().options();
    options.endpoint = "http://127.0.0.1:1".parse().unwrap();
    let error = refused(folder.path(), &manifest("", FILE), &options);
    assert!(error.contains("127.0.0.1:1"), "{error}");
}

#[test]
fn two_processes_do_not_pull_the_same_file() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let locks = folder.path().join(".locks/models--o--m");
    fs::create_dir_all(&locks).unwrap();
    let lock = fs::File::create(locks.join(format!("{}.lock", sha256(&content(50_000))))).unwrap();
    lock.lock().unwrap();
    let error = refused(folder.path(), &manifest("", FILE), &hub.options());
    assert!(error.contains("another process is pulling it"), "{error}");
    drop(lock);
    pulled_one(folder.path(), &manifest("", FILE), &hub.options()).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_line() {
    let (hub, folder) = (hub(), tempfile::tempdir().unwrap());
    let blobs = Places::under(folder.path()).hub.join("models--o--m/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let part = blobs.join(format!("{}.part", sha256(&content(50_000))));
    std::os::unix::fs::symlink("/dev/full", part).unwrap();
    let error = refused(folder.path(), &manifest("", FILE), &hub.options());
    assert!(
        error.contains("is full") && error.contains("`splatsmith models pull m` to go on"),
        "{error}"
    );
}
