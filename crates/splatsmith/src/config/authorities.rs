//! Authorities whose certificates an operator trusts.

use std::path::{Path, PathBuf};

use tls::Anchors;

use super::Problems;

/// A file of certificates, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authorities {
    file: Option<PathBuf>,
    /// What is in it.
    pub(crate) anchors: Anchors,
}

impl Authorities {
    /// Reads the file that `flag` names, if it names one.
    pub(crate) fn check(flag: &str, file: Option<&Path>, problems: &mut Problems) -> Self {
        let Some(file) = file else {
            return Self::default();
        };
        let anchors = Anchors::from_file(file).unwrap_or_else(|error| {
            problems.add(
                format!("{flag} {}: {error}", file.display()),
                "give a PEM file with the certificate of whoever signed the server's",
            );
            Anchors::default()
        });
        Self {
            file: Some(file.to_owned()),
            anchors,
        }
    }

    /// For the log.
    pub(crate) fn shown(&self) -> String {
        let file = self.file.as_ref();
        file.map_or_else(String::new, |file| file.display().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_names_no_authority_is_a_problem() {
        let mut problems = Problems::default();
        let none = Authorities::check("--gateway.ca", None, &mut problems);
        assert_eq!((none.shown().as_str(), problems.iter().count()), ("", 0));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        Authorities::check("--gateway.ca", Some(&file), &mut problems);
        std::fs::write(&file, "hello").expect("writable");
        Authorities::check("--gateway.ca", Some(&file), &mut problems);
        let lines: Vec<String> = problems.iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("cannot be read"), "{lines:?}");
        assert!(lines[1].contains("no certificate"), "{lines:?}");
    }
}
