//! Authorities an operator trusts beside those that everybody trusts.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use thiserror::Error;

/// A file of authorities larger than this is none: all that browsers trust come to some 250 kB.
const LARGEST_FILE: u64 = 4 << 20;

/// Certificates of authorities; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchors {
    certificates: Vec<CertificateDer<'static>>,
}

/// Why a file names no authority.
#[derive(Debug, Error)]
pub enum AnchorsError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than any such file.
    #[error("it is larger than {} MiB", LARGEST_FILE >> 20)]
    TooLarge,
    /// It is no PEM file.
    #[error("it is no PEM file: {0}")]
    Pem(pem::Error),
    /// It holds other things, such as a key.
    #[error("it holds no certificate (-----BEGIN CERTIFICATE-----)")]
    None,
    /// A certificate in it is none.
    #[error("its certificate number {number} is no authority's: {reason}")]
    Certificate {
        /// Counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: rustls::Error,
    },
}

impl Anchors {
    /// The certificates of a PEM file. What else is in it, such as keys, is left unread.
    ///
    /// # Errors
    /// When it cannot be read, or a certificate in it cannot be trusted as an authority's, or there is
    /// none.
    pub fn from_file(path: &Path) -> Result<Self, AnchorsError> {
        let mut text = Vec::new();
        File::open(path)?
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut text)?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(AnchorsError::TooLarge);
        }
        Self::from_pem(&text)
    }

    /// The certificates of a PEM text.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_pem(text: &[u8]) -> Result<Self, AnchorsError> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(text)
            .collect::<Result<_, _>>()
            .map_err(AnchorsError::Pem)?;
        if certificates.is_empty() {
            return Err(AnchorsError::None);
        }
        let mut trial = RootCertStore::empty();
        for (index, certificate) in certificates.iter().enumerate() {
            trial
                .add(certificate.clone())
                .map_err(|reason| AnchorsError::Certificate {
                    number: index + 1,
                    reason,
                })?;
        }
        Ok(Self { certificates })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    pub(crate) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pem(kind: &str, der: &[u8]) -> String {
        let text = STANDARD.encode(der);
        format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
    }

    fn key() -> String {
        pem(
            "PRIVATE KEY",
            &rcgen::KeyPair::generate().unwrap().serialize_der(),
        )
    }

    fn certificate() -> String {
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        pem("CERTIFICATE", made.cert.der())
    }

    #[test]
    fn certificates_are_found_among_other_things() {
        let text = format!("our own\n{}{}{}", certificate(), key(), certificate());
        let anchors = Anchors::from_pem(text.as_bytes()).unwrap();
        assert_eq!(anchors.certificates().len(), 2);
        assert!(!anchors.is_empty() && Anchors::default().is_empty());
        crate::client(&anchors).unwrap();
    }

    #[test]
    fn what_names_no_authority_is_said_so() {
        let why = |text: &str| Anchors::from_pem(text.as_bytes()).unwrap_err().to_string();
        assert!(why("").contains("no certificate"));
        assert!(why("hello").contains("no certificate"));
        assert!(why(&key()).contains("no certificate"));
        let broken = "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        assert!(why(broken).contains("number 1"), "{}", why(broken));
        let cut = &broken[..40];
        assert!(why(cut).contains("no PEM file"), "{}", why(cut));
    }

    #[test]
    fn files_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(matches!(
            Anchors::from_file(&path),
            Err(AnchorsError::Unreadable(_))
        ));
        std::fs::write(&path, certificate()).unwrap();
        assert_eq!(Anchors::from_file(&path).unwrap().certificates().len(), 1);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(LARGEST_FILE + 1).unwrap();
        assert!(matches!(
            Anchors::from_file(&path),
            Err(AnchorsError::TooLarge)
        ));
    }
}
