//! Where a hotkey's password comes from, short of asking for it.

use std::env;
use std::fmt;
use std::fs::File;
use std::path::{MAIN_SEPARATOR, Path};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::KeyfileError;
use super::file::read_at_most;

/// Nobody's password is longer, in bytes.
const LONGEST_PASSWORD: u64 = 4 << 10;

/// A password: wiped when dropped, never printed.
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// The password as typed. As in the wallet tools, blanks around it do not belong to it.
    pub fn typed(text: Zeroizing<String>) -> Self {
        Self(Zeroizing::new(text.trim().as_bytes().to_vec()))
    }

    /// The first line of a file, or of a pipe.
    ///
    /// # Errors
    /// When it cannot be read, has nothing in its first line, or more than 4 KiB in all.
    pub fn from_file(path: &Path) -> Result<Self, KeyfileError> {
        let io = |source| KeyfileError::Io {
            path: path.into(),
            source,
        };
        let file = File::open(path).map_err(io)?;
        let bytes = read_at_most(file, LONGEST_PASSWORD)
            .map_err(io)?
            .ok_or_else(|| KeyfileError::TooLarge(path.into()))?;
        let line = bytes
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Err(KeyfileError::EmptyPassword(path.into()));
        }
        Ok(Self(Zeroizing::new(line.to_vec())))
    }

    /// What the SDK has put into the environment for the keyfile at `path`, if anything.
    ///
    /// # Errors
    /// When the variable is there, but is not what the SDK would have put there.
    pub fn from_environment(path: &Path) -> Result<Option<Self>, KeyfileError> {
        let variable = Self::variable(path);
        let Some(value) = env::var_os(&variable) else {
            return Ok(None);
        };
        let password = value.to_str().and_then(|value| reveal(&variable, value));
        password
            .map(Some)
            .ok_or(KeyfileError::PasswordVariable { variable })
    }

    /// Name of the SDK's variable for the password of the keyfile at `path`: `BT_PW_` and the path in
    /// capitals, with `_` for each `/` and `.` (`Keyfile::env_var_name` of the wallet package).
    pub fn variable(path: &Path) -> String {
        let path = path.to_string_lossy().replace([MAIN_SEPARATOR, '.'], "_");
        format!("BT_PW_{}", path.to_uppercase())
    }

    /// The bytes to derive a key from.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The SDK hides a password from a glance only: XOR with the variable's own name, repeated, in base64.
fn reveal(variable: &str, value: &str) -> Option<Password> {
    let hidden = Zeroizing::new(STANDARD.decode(value).ok()?);
    let mask = variable.bytes().cycle();
    let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(
        hidden
            .iter()
            .zip(mask)
            .map(|(byte, mask)| byte ^ mask)
            .collect(),
    );
    std::str::from_utf8(&bytes).ok()?;
    Some(Password(bytes))
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As wallet 4.1.1 hides the password "correct horse" for this keyfile.
    const VARIABLE: &str = "BT_PW_WALLETS_W_HOTKEYS_H";
    const HIDDEN: &str = "ITstIjI8I2EkIzcnNg==";

    #[test]
    fn the_sdk_s_variable_is_named_and_read_as_the_sdk_does() {
        assert_eq!(
            Password::variable(Path::new("wallets/w/hotkeys/h")),
            VARIABLE
        );
        let path = Path::new("/people/ada/.bittensor/wallets/w/hotkeys/h");
        let variable = "BT_PW__PEOPLE_ADA__BITTENSOR_WALLETS_W_HOTKEYS_H";
        assert_eq!(Password::variable(path), variable);
        assert_eq!(reveal(VARIABLE, HIDDEN).unwrap().bytes(), b"correct horse");
        assert!(reveal(VARIABLE, "correct horse").is_none());
    }

    #[test]
    fn a_file_s_first_line_is_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let read = |text: &[u8]| {
            std::fs::write(&path, text).unwrap();
            Password::from_file(&path)
        };
        for text in ["  two words ", "  two words \n", "  two words \r\nmore\n"] {
            assert_eq!(read(text.as_bytes()).unwrap().bytes(), b"  two words ");
        }
        assert!(matches!(
            read(b"\nmore"),
            Err(KeyfileError::EmptyPassword(_))
        ));
        assert!(matches!(
            read(&[b'x'; 5000]),
            Err(KeyfileError::TooLarge(_))
        ));
    }

    #[test]
    fn debug_shows_no_password() {
        let typed = Password::typed(Zeroizing::new(" hunter2 \n".into()));
        assert_eq!(typed.bytes(), b"hunter2");
        assert_eq!(format!("{typed:?}"), "Password(redacted)");
    }
}
