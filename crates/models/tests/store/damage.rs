//! What is wrong with files is found, and mended.

use std::fs;

use models::store::{Finding, Item, Manifest, Model, Places, Record, verify};

use super::hub::{Deaf, Faults, Hub, content, manifest, pulled_one, sha256};

const FILE: &str = "[[model.file]]\npath = 'w.bin'\nlimit = 100000";

fn found(places: &Places, manifest: &Manifest) -> Finding {
    let models: Vec<&Model> = manifest.models().iter().collect();
    let record = Record::load(&places.record).unwrap();
    verify(places, &models, &record, &Deaf).remove(0).1
}

#[test]
fn damage_of_any_kind_is_found_and_mended() {
    let (hub, folder) = (Hub::new(), tempfile::tempdir().unwrap());
    hub.put("o/m/w.bin", &content(50_000));
    let (manifest, places) = (manifest("", FILE), Places::under(folder.path()));
    assert_eq!(found(&places, &manifest), Finding::Missing);
    let path = pulled_one(folder.path(), &manifest, &hub.options())
        .unwrap()
        .path;
    let good = found(&places, &manifest);
    assert!(
        matches!(&good, Finding::Good { hash, vouched: false } if hash.to_string() == sha256(&content(50_000))),
        "{good:?}"
    );

    let mut changed = content(50_000);
    changed[123] ^= 1;
    for (damage, words) in [
        (&changed[..], "sha256"),
        (&changed[..49_999], "49999 bytes where 50000 are expected"),
    ] {
        fs::write(&path, damage).unwrap();
        let finding = found(&places, &manifest);
        let model = &manifest.models()[0];
        let complaint = finding
            .complaint(&Item {
                model,
                file: &model.files[0],
            })
            .unwrap();
        assert!(complaint.contains(words), "{complaint}");
        assert!(
            complaint.contains("`splatsmith models pull m`") && complaint.contains("w.bin"),
            "{complaint}"
        );
        assert!(
            pulled_one(folder.path(), &manifest, &hub.options())
                .unwrap()
                .fetched,
            "not mended"
        );
        assert_eq!(found(&places, &manifest), good);
    }
}

#[test]
fn a_good_part_and_a_bad_one_both_end_well() {
    let (hub, folder) = (Hub::new(), tempfile::tempdir().unwrap());
    hub.put("o/m/w.bin", &content(50_000));
    let (manifest, places) = (manifest("", FILE), Places::under(folder.path()));
    let blobs = places.hub.join("models--o--m/blobs");
    fs::create_dir_all(&blobs).unwrap();
    let part = blobs.join(format!("{}.part", sha256(&content(50_000))));
    // Of another file: found out by the hash, thrown away, and fetched anew by the next pull.
    fs::write(&part, b"of another file").unwrap();
    let error = pulled_one(folder.path(), &manifest, &hub.options())
        .expect_err("wrong")
        .to_string();
    assert!(error.contains("sha256"), "{error}");
    assert_eq!(found(&places, &manifest), Finding::Missing);
    // Longer than the file can be.
    fs::write(&part, content(60_000)).unwrap();
    pulled_one(folder.path(), &manifest, &hub.options()).unwrap();
    // Whole already.
    fs::remove_dir_all(&places.hub).unwrap();
    fs::create_dir_all(&blobs).unwrap();
    fs::write(&part, content(50_000)).unwrap();
    hub.faults(Faults {
        cut_after: Some((0, 99)),
        ..Faults::default()
    });
    pulled_one(folder.path(), &manifest, &hub.options()).unwrap();
}

#[test]
fn files_nobody_knows_are_neither_good_nor_bad() {
    let (folder, manifest) = (
        tempfile::tempdir().unwrap(),
        manifest("url = 'http://127.0.0.1:1/w'", FILE),
    );
    let places = Places::under(folder.path());
    fs::create_dir_all(&places.checkpoints).unwrap();
    fs::write(places.checkpoints.join("w.bin"), "abc").unwrap();
    let finding = found(&places, &manifest);
    assert!(matches!(finding, Finding::Unknown(_)), "{finding:?}");
    let model = &manifest.models()[0];
    let file = &model.files[0];
    assert_eq!(finding.complaint(&Item { model, file }), None);
}
