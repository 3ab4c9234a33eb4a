//! Plain hotkey files of our own.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use zeroize::Zeroizing;

use super::KeyfileError;
use crate::Keypair;

/// Writes a plain hotkey file at mode 0600, making the folders above it. Never overwrites.
pub fn write_plain(path: &Path, keypair: &Keypair) -> Result<(), KeyfileError> {
    let io = |source| KeyfileError::Io {
        path: path.into(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let json = plain_json(keypair);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(io)?;
    let written = file
        .write_all(json.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|source| {
        // Half a key helps nobody and would block the next attempt.
        let _ = fs::remove_file(path);
        io(source)
    })
}

/// The JSON text, laid out as the wallet tools do. Built by hand so that no copy of the secret stays
/// behind in a value tree.
fn plain_json(keypair: &Keypair) -> Zeroizing<String> {
    let public = hex::encode(keypair.public().as_bytes());
    let private = Zeroizing::new(hex::encode(keypair.secret_bytes().as_slice()));
    let address = keypair.public();
    let mut json = Zeroizing::new(String::with_capacity(1024));
    json.push_str(&format!(
        "{{\"accountId\": \"0x{public}\", \"publicKey\": \"0x{public}\", \"privateKey\": \"0x"
    ));
    json.push_str(&private);
    json.push_str("\", ");
    if let Some(seed) = keypair.seed() {
        let seed = Zeroizing::new(hex::encode(seed));
        json.push_str("\"secretSeed\": \"0x");
        json.push_str(&seed);
        json.push_str("\", ");
    }
    json.push_str(&format!("\"ss58Address\": \"{address}\"}}"));
    json
}
